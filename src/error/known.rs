//! Every code that the tool or the backend can give, for `explain`, the help and the hints.

mod warnings;

use crate::error::{Code, Exit};
use warnings::WARNINGS;

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Tool,
    /// It comes from the backend, and passes through unchanged.
    Backend,
}

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Backend => "backend",
        }
    }
}

/// A code, and all there is to say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) code: &'static str,
    pub(crate) origin: Origin,
    /// It says what is weaker than it should be, and no run fails because of it.
    pub(crate) warning: bool,
    pub(crate) meaning: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) fix: &'static str,
    /// Whether running the same command again is safe and may succeed; `None` where each error says it itself.
    pub(crate) retryable: Option<bool>,
    /// What a run exits with because of it, the usual one first; none of a warning.
    pub(crate) exits: &'static [Exit],
}

/// All of them: the tool's own, the backend's, and the warnings.
pub(crate) fn known() -> impl Iterator<Item = Known> {
    static OWN: [Code; Code::OWN.len()] = Code::OWN;
    // A sync without any key takes the backend's word for it.
    let own = OWN.iter().filter(|code| **code != Code::ConfigNotFound).map(own);
    own.chain(BACKEND.iter().copied()).chain(WARNINGS.iter().copied())
}

/// What to do about a code of the backend's.
pub(crate) fn fix_of(code: &str) -> Option<&'static str> {
    BACKEND.iter().find(|known| known.code == code).map(|known| known.fix)
}

fn own(code: &'static Code) -> Known {
    let advice = code.advice();
    Known {
        code: code.as_str(),
        origin: Origin::Tool,
        warning: false,
        meaning: code.meaning(),
        cause: advice.cause,
        fix: advice.fix,
        retryable: Some(code.exit() == Exit::TryAgain),
        exits: exits(code),
    }
}

/// What failures with a code of the tool's own exit with.
const fn exits(code: &Code) -> &'static [Exit] {
    match code {
        // A file of settings has an address of its own; one from a flag is part of the command line.
        Code::AddressInvalid => &[Exit::Failed, Exit::Usage],
        Code::Failed => &[Exit::Failed, Exit::OfCommand(126), Exit::OfCommand(127)],
        _ => match code.exit() {
            Exit::Usage => &[Exit::Usage],
            Exit::NothingLinked => &[Exit::NothingLinked],
            Exit::NotAuthenticated => &[Exit::NotAuthenticated],
            Exit::NotFound => &[Exit::NotFound],
            Exit::TryAgain => &[Exit::TryAgain],
            Exit::PartlyDone => &[Exit::PartlyDone],
            Exit::NotConfirmed => &[Exit::NotConfirmed],
            Exit::Denied => &[Exit::Denied],
            Exit::Interrupted => &[Exit::Interrupted],
            Exit::Done | Exit::Failed | Exit::Different | Exit::OfCommand(_) => &[Exit::Failed],
        },
    }
}

const fn backend(
    code: &'static str,
    exits: &'static [Exit],
    [meaning, cause, fix]: [&'static str; 3],
) -> Known {
    let retryable = match exits {
        [Exit::TryAgain] => Some(true),
        [.., Exit::TryAgain] => None,
        _ => Some(false),
    };
    Known { code, origin: Origin::Backend, warning: false, meaning, cause, fix, retryable, exits }
}

/// A code in the backend's manner, which this tool gives where the backend has no word for it.
const fn likened(known: Known) -> Known {
    Known { origin: Origin::Tool, ..known }
}

const fn warning(code: &'static str, [meaning, cause, fix]: [&'static str; 3]) -> Known {
    let (origin, retryable) = (Origin::Tool, Some(false));
    Known { code, origin, warning: true, meaning, cause, fix, retryable, exits: &[] }
}

/// What the recorded backends answer, and the sandbox with them.
static BACKEND: [Known; 18] = [
    backend(
        "AUTH_INVALID_API_KEY",
        &[Exit::NotAuthenticated],
        [
            "the backend refuses the project's API key",
            "the key was replaced, or belongs to another backend; an overloaded backend answers so, too",
            "`insforge current` shows which key is used and where it comes from; give it the project's API key (ik_…)",
        ],
    ),
    backend(
        "AUTH_INVALID_CREDENTIALS",
        &[Exit::NotAuthenticated],
        [
            "the request carried no credentials that the backend takes",
            "a proxy took the Authorization header away, or the route wants a user of the application",
            "`insforge current` shows whether the key is accepted; check what is between here and the backend",
        ],
    ),
    backend(
        "AUTH_UNAUTHORIZED",
        &[Exit::NotAuthenticated, Exit::Denied],
        [
            "the token is no good (401), or is of somebody who may not do this (403)",
            "a session's token or a user's was given as the API key",
            "use the project's admin API key (ik_…)",
        ],
    ),
    backend(
        "PAYMENT_CONFIG_INVALID",
        &[Exit::Failed, Exit::Denied],
        [
            "the provider's key is missing, is for another environment, is refused (401) or lacks a permission (403)",
            "no key was configured, or it expired or was restricted at the provider; the project's API key is fine",
            "give the backend the provider's key with `insforge payments config set`",
        ],
    ),
    backend(
        "PAYMENT_CONFIG_NOT_FOUND",
        &[Exit::Failed, Exit::NotFound],
        [
            "no provider key is configured for what was asked",
            "the environment was never given a key, or it was removed",
            "`insforge payments config` shows which keys there are; `insforge payments config set` gives one",
        ],
    ),
    backend(
        "PAYMENT_PRODUCT_NOT_FOUND",
        &[Exit::NotFound],
        [
            "the mirror has no such product",
            "the id is of the other environment or account, or was made at Stripe after the last sync",
            "look at the list for its id; `insforge payments sync` brings the mirror up to date",
        ],
    ),
    backend(
        "PAYMENT_PRICE_NOT_FOUND",
        &[Exit::NotFound],
        [
            "the mirror has no such price",
            "the id is of the other environment or account, or was made at Stripe after the last sync",
            "look at the list for its id; `insforge payments sync` brings the mirror up to date",
        ],
    ),
    likened(backend(
        "PAYMENT_ITEM_NOT_FOUND",
        &[Exit::NotFound],
        [
            "the mirror has no such item",
            "the id is of the other environment or account, or was made at Razorpay after the last sync",
            "look at the list for its id; `insforge payments razorpay sync` brings the mirror up to date",
        ],
    )),
    likened(backend(
        "PAYMENT_PLAN_NOT_FOUND",
        &[Exit::NotFound],
        [
            "the mirror has no such plan",
            "the id is of the other environment or account, or was made at Razorpay after the last sync",
            "look at the list for its id; `insforge payments razorpay sync` brings the mirror up to date",
        ],
    )),
    backend(
        "PAYMENT_METHOD_DECLINED",
        &[Exit::Failed],
        [
            "the provider declined a card or another payment method",
            "no money, an expired card, or a bank that refuses",
            "the provider declined a payment method; its dashboard says why",
        ],
    ),
    backend(
        "UPSTREAM_FAILURE",
        &[Exit::Failed, Exit::NotFound, Exit::TryAgain],
        [
            "the provider said no, or is out of reach; status and message are its own",
            "400: it takes no such value, or this idempotency key was used for something else; 404: it has no such thing; \
             409: it is at work on it; 500 to 504: it is down",
            "read the message; where `retryable` is true, run it again",
        ],
    ),
    backend(
        "RATE_LIMITED",
        &[Exit::TryAgain],
        [
            "the provider or the backend wants fewer requests",
            "several programs use one account at a time",
            "wait a moment, then run it again",
        ],
    ),
    backend(
        "INVALID_INPUT",
        &[Exit::Failed],
        [
            "the backend takes no such request; the message names each field",
            "a field of --from-file that the backend does not know, or a value that it does not take",
            "--dry-run shows what is sent",
        ],
    ),
    backend(
        "NOT_FOUND",
        &[Exit::NotFound, Exit::Failed],
        [
            "the backend has no such route, or, before 2.1.8, no such thing",
            "an id that is not there, or a backend of another version",
            "look at the list for the id; `insforge current` shows the backend's version and generation",
        ],
    ),
    backend(
        "FORBIDDEN",
        &[Exit::Denied],
        [
            "the backend keeps this to itself",
            "it is reserved, or the key is of a role that may not do it",
            "use the project's admin API key (ik_…)",
        ],
    ),
    backend(
        "INTERNAL_ERROR",
        &[Exit::Failed, Exit::TryAgain],
        [
            "something went wrong in the backend",
            "it is overloaded, lost its connection to the provider, or has a bug",
            "the backend's log says more",
        ],
    ),
    backend(
        "SECRET_NOT_FOUND",
        &[Exit::NotFound],
        [
            "the backend has no such secret",
            "no webhook was configured, so there is no signing secret",
            "make the endpoint with `insforge payments webhooks configure`",
        ],
    ),
    likened(backend(
        "HTTP_nnn",
        &[Exit::Failed, Exit::NotAuthenticated, Exit::Denied, Exit::NotFound, Exit::TryAgain],
        [
            "the answer had status nnn and no code: something else than the backend's payments answered",
            "a gateway or a proxy before the backend, or an address that is not a backend's",
            "check the address; where `retryable` is true, run it again",
        ],
    )),
];
