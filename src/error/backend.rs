//! The backend's codes: those of the recorded backends and of the sandbox, and codes in their style for answers without one.

use crate::error::Exit;
use crate::error::table::{CodeInfo, Origin};

/// A code that is not in the table below.
pub(super) const UNLISTED: CodeInfo = CodeInfo {
    code: "",
    origin: Origin::Backend,
    exits: &[Exit::Failed],
    statuses: &[],
    meaning: "a code of the backend's",
    cause: "the backend's message has the reason",
    remedy: "read the message and the hint",
};

/// What to do about a code of the backend's.
pub(crate) fn remedy_of(code: &str) -> Option<&'static str> {
    BACKEND.iter().find(|info| info.code == code).map(|info| info.remedy)
}

pub(super) static BACKEND: [CodeInfo; 26] = [
    CodeInfo {
        code: "AUTH_INVALID_API_KEY",
        origin: Origin::Backend,
        exits: &[Exit::NotAuthenticated],
        statuses: &[401],
        meaning: "the backend refuses the project's API key",
        cause: "the key was replaced, or belongs to another backend; an overloaded backend sometimes responds like this, too",
        remedy: "run `insforge current` to see which key is used, then store the project's API key (ik_…) with \
                 `insforge login`",
    },
    CodeInfo {
        code: "AUTH_INVALID_CREDENTIALS",
        origin: Origin::Backend,
        exits: &[Exit::NotAuthenticated],
        statuses: &[401],
        meaning: "the request had no credentials that the backend accepts",
        cause: "a proxy removed the Authorization header, or the route needs a user of the application",
        remedy: "run `insforge current` to see whether the key is accepted, and check the proxies in front of the backend",
    },
    CodeInfo {
        code: "AUTH_UNAUTHORIZED",
        origin: Origin::Backend,
        exits: &[Exit::NotAuthenticated, Exit::Denied, Exit::Failed],
        statuses: &[401, 403],
        meaning: "the token is invalid (401), or its role lacks the permission (403)",
        cause: "the API key is a session token or a user's token; before 2.1.8 it can also be the provider that refuses \
                its key",
        remedy: "use the project's admin API key (ik_…); if the message is about the provider's key, set that with \
                 `insforge payments config set`",
    },
    CodeInfo {
        code: "PAYMENT_CONFIG_INVALID",
        origin: Origin::Backend,
        exits: &[Exit::Failed, Exit::Denied],
        statuses: &[400, 401, 403],
        meaning: "the provider's key is missing, is for another environment, is refused (401) or lacks a permission (403)",
        cause: "no key was configured, or it expired or was restricted at the provider; the project's API key is fine",
        remedy: "set the provider's key with `insforge payments config set`",
    },
    CodeInfo {
        code: "PAYMENT_CONFIG_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::Failed, Exit::NotFound],
        statuses: &[400, 404],
        meaning: "no provider key is configured for the environment",
        cause: "the key was never set, or was removed",
        remedy: "run `insforge payments config` to see which keys are configured, and `insforge payments config set` to set one",
    },
    CodeInfo {
        code: "PAYMENT_PRODUCT_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound],
        statuses: &[404],
        meaning: "the mirror has no such product",
        cause: "the id belongs to the other environment or account, or the product was created at Stripe after the last sync",
        remedy: "find the id with `insforge payments products list`; run `insforge payments sync` to update the mirror",
    },
    CodeInfo {
        code: "PAYMENT_PRICE_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound],
        statuses: &[404],
        meaning: "the mirror has no such price",
        cause: "the id belongs to the other environment or account, or the price was created at Stripe after the last sync",
        remedy: "find the id with `insforge payments prices list`; run `insforge payments sync` to update the mirror",
    },
    CodeInfo {
        code: "PAYMENT_ITEM_NOT_FOUND",
        origin: Origin::Tool,
        exits: &[Exit::NotFound],
        statuses: &[],
        meaning: "the mirror has no such item",
        cause: "the id belongs to the other environment or account, or the item was created at Razorpay after the last sync",
        remedy: "find the id with `insforge payments razorpay items list`; run `insforge payments razorpay sync` to update \
                 the mirror",
    },
    CodeInfo {
        code: "PAYMENT_PLAN_NOT_FOUND",
        origin: Origin::Tool,
        exits: &[Exit::NotFound],
        statuses: &[],
        meaning: "the mirror has no such plan",
        cause: "the id belongs to the other environment or account, or the plan was created at Razorpay after the last sync",
        remedy: "find the id with `insforge payments razorpay plans list`; run `insforge payments razorpay sync` to update \
                 the mirror",
    },
    CodeInfo {
        code: "PAYMENT_METHOD_DECLINED",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[402],
        meaning: "the provider declined a card or another payment method",
        cause: "insufficient funds, an expired card, or a bank that refuses",
        remedy: "look for the reason in the provider's dashboard",
    },
    CodeInfo {
        code: "UPSTREAM_FAILURE",
        origin: Origin::Backend,
        exits: &[Exit::Failed, Exit::NotFound, Exit::TryAgain],
        statuses: &[400, 404, 409, 500, 502, 503, 504],
        meaning: "the provider refused the request or is unreachable; status and message are the provider's",
        cause: "400: an invalid value, an object that does not exist, or an idempotency key that was used for another \
                request; 404: no such object; \
                409: the object is being changed; 500 to 504: the provider is down",
        remedy: "read the message; if `retryable` is true, run the command again",
    },
    CodeInfo {
        code: "RATE_LIMITED",
        origin: Origin::Backend,
        exits: &[Exit::TryAgain],
        statuses: &[429],
        meaning: "the provider or the backend received too many requests",
        cause: "several programs use the account at the same time",
        remedy: "wait a moment, then run it again",
    },
    CodeInfo {
        code: "INVALID_INPUT",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[400],
        meaning: "the backend refuses a value of the request; the message names each field",
        cause: "a field of --from-file that the backend does not know, or a value that it does not accept; before 2.1.8 \
                also a request that the provider refuses",
        remedy: "use --dry-run to see the request",
    },
    CodeInfo {
        code: "NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound, Exit::Failed],
        statuses: &[404],
        meaning: "the backend has no such route, or, before 2.1.8, no such object",
        cause: "an id that does not exist, or a backend of another version",
        remedy: "check the id, and run `insforge current` to see the backend's version and generation",
    },
    CodeInfo {
        code: "ALREADY_EXISTS",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[409],
        meaning: "the request conflicts with the state of an object",
        cause: "before 2.1.8: the provider is changing the same object",
        remedy: "wait a moment, then run the command again",
    },
    CodeInfo {
        code: "FORBIDDEN",
        origin: Origin::Backend,
        exits: &[Exit::Denied],
        statuses: &[403],
        meaning: "the backend does not give access to this resource",
        cause: "the resource is reserved, or the key's role lacks the permission; before 2.1.8 it can also be the \
                provider's key that lacks a permission",
        remedy: "use the project's admin API key (ik_…); if the message is about the provider's key, set one that has the \
                 permission with `insforge payments config set`",
    },
    CodeInfo {
        code: "INTERNAL_ERROR",
        origin: Origin::Backend,
        exits: &[Exit::Failed, Exit::TryAgain],
        statuses: &[402, 429, 500],
        meaning: "the backend has an internal error",
        cause: "the backend is overloaded, lost its connection to the provider, or has a bug",
        remedy: "read the backend's log",
    },
    CodeInfo {
        code: "SECRET_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound],
        statuses: &[404],
        meaning: "the backend has no such secret",
        cause: "no webhook is configured, so there is no signing secret",
        remedy: "create the endpoint with `insforge payments webhooks configure`",
    },
    CodeInfo {
        code: "HOST_NOT_ALLOWED",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[421],
        meaning: "the sandbox refuses requests for the host of this address",
        cause: "the sandbox was started for this machine only, and the address is that of a tunnel or a container",
        remedy: "if you trust the host, start the sandbox with --allow-host HOST",
    },
    CodeInfo {
        code: "HTTP_nnn",
        origin: Origin::Tool,
        exits: &[Exit::TryAgain],
        statuses: &[429, 502, 503, 504, 520, 521, 522, 523, 524],
        meaning: "the response has the status nnn (429, 502 to 504 or 520 to 524) and is not InsForge's",
        cause: "a gateway or proxy in front of the backend limits the requests, or does not reach the backend",
        remedy: "wait a moment, then run the command again; if it stays like this, check what is in front of the backend",
    },
    CodeInfo {
        code: "PAYMENT_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound],
        statuses: &[404],
        meaning: "the application's user may not manage this subscription, or the billing subject has no customer",
        cause: "the subject has not paid yet, the id is misspelled, or a policy of row-level security hides the row",
        remedy: "check the subject and the id; this tool does not send such requests, applications do",
    },
    CodeInfo {
        code: "PAYMENT_CHECKOUT_ALREADY_EXISTS",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[409],
        meaning: "an idempotency key was used for another checkout request",
        cause: "the application sends the same key for different carts; this tool does not create checkout sessions",
        remedy: "let the application use a new key for each different request",
    },
    CodeInfo {
        code: "DATABASE_DUPLICATE",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[409],
        meaning: "a row with the same unique values exists already",
        cause: "a provider's event moves a customer to another billing subject, for example",
        remedy: "read the message, which names the constraint; the provider sends a failed event again",
    },
    CodeInfo {
        code: "SECRET_ALREADY_EXISTS",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[409],
        meaning: "the project has a secret with this name already",
        cause: "the secret was created before, by a person or by the backend itself",
        remedy: "change the secret instead of creating it",
    },
    CodeInfo {
        code: "SANDBOX_NOT_FOUND",
        origin: Origin::Backend,
        exits: &[Exit::NotFound],
        statuses: &[404],
        meaning: "the sandbox has no object with this id",
        cause: "the id is misspelled, or it is from another sandbox: each state file has its own objects",
        remedy: "check the id, and with `insforge sandbox status` which sandbox the command uses",
    },
    CodeInfo {
        code: "SANDBOX_NOT_POSSIBLE",
        origin: Origin::Backend,
        exits: &[Exit::Failed],
        statuses: &[409],
        meaning: "the sandbox's object cannot be used for this action",
        cause: "a session or an order is already paid or has expired, a payment is already refunded, or a subscription has \
                ended",
        remedy: "read the message; `insforge sandbox events` shows what happened before",
    },
];
