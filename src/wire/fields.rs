//! The fields of the backend's objects in the order of its JSON, for `--columns` and `help --json`. The types of this layer
//! have only the fields that the program uses; a test compares these lists with the recordings.

/// Names of fields.
pub(crate) type Fields = &'static [&'static str];

pub(crate) const PRODUCT: Fields =
    &["environment", "productId", "name", "description", "active", "defaultPriceId", "metadata", "syncedAt"];

pub(crate) const PRICE: Fields = &[
    "environment",
    "priceId",
    "productId",
    "active",
    "currency",
    "unitAmount",
    "unitAmountDecimal",
    "type",
    "lookupKey",
    "billingScheme",
    "taxBehavior",
    "recurringInterval",
    "recurringIntervalCount",
    "metadata",
    "syncedAt",
];

pub(crate) const CUSTOMER: Fields = &[
    "environment",
    "provider",
    "providerCustomerId",
    "email",
    "name",
    "phone",
    "deleted",
    "metadata",
    "providerCreatedAt",
    "syncedAt",
    "paymentsCount",
    "lastPaymentAt",
    "totalSpend",
    "totalSpendCurrency",
    "paymentMethodBrand",
    "paymentMethodLast4",
    "countryCode",
];

pub(crate) const SUBSCRIPTION: Fields = &[
    "environment",
    "subscriptionId",
    "customerId",
    "subjectType",
    "subjectId",
    "status",
    "currentPeriodStart",
    "currentPeriodEnd",
    "cancelAtPeriodEnd",
    "cancelAt",
    "canceledAt",
    "trialStart",
    "trialEnd",
    "latestInvoiceId",
    "metadata",
    "syncedAt",
    "createdAt",
    "updatedAt",
    "items",
];

pub(crate) const TRANSACTION: Fields = &[
    "environment",
    "provider",
    "type",
    "status",
    "subjectType",
    "subjectId",
    "providerCustomerId",
    "customerEmailSnapshot",
    "providerReferenceId",
    "providerReferenceType",
    "amount",
    "amountRefunded",
    "currency",
    "description",
    "paidAt",
    "failedAt",
    "refundedAt",
    "providerCreatedAt",
    "createdAt",
    "updatedAt",
];

/// A connection to Stripe. Razorpay's has the merchant's name in place of the mail address.
pub(crate) const CONNECTION: Fields = &[
    "environment",
    "status",
    "accountId",
    "accountEmail",
    "accountLivemode",
    "webhookEndpointId",
    "webhookEndpointUrl",
    "webhookConfiguredAt",
    "maskedKey",
    "lastSyncedAt",
    "lastSyncStatus",
    "lastSyncError",
    "lastSyncCounts",
];

/// What this tool shows of a key.
pub(crate) const KEY: Fields = &["environment", "hasKey", "maskedKey"];

pub(crate) const SYNC_RESULT: Fields = &["environment", "connection", "subscriptions"];

pub(crate) const CONNECTION_WITH_MERCHANT: Fields = &[
    "environment",
    "status",
    "accountId",
    "merchantName",
    "accountLivemode",
    "webhookEndpointId",
    "webhookEndpointUrl",
    "webhookConfiguredAt",
    "maskedKey",
    "lastSyncedAt",
    "lastSyncStatus",
    "lastSyncError",
    "lastSyncCounts",
];

pub(crate) const TYPED_KEY: Fields = &["environment", "keyType", "hasKey", "maskedKey"];

pub(crate) const RAZORPAY_SYNC_RESULT: Fields =
    &["environment", "status", "connection", "syncCounts", "error"];

pub(crate) const ITEM: Fields = &[
    "environment",
    "itemId",
    "name",
    "description",
    "active",
    "amount",
    "unitAmount",
    "currency",
    "type",
    "providerCreatedAt",
    "syncedAt",
];

pub(crate) const PLAN: Fields = &[
    "environment",
    "planId",
    "itemId",
    "period",
    "interval",
    "amount",
    "unitAmount",
    "currency",
    "active",
    "notes",
    "providerCreatedAt",
    "syncedAt",
];

pub(crate) const RAZORPAY_SUBSCRIPTION: Fields = &[
    "environment",
    "subscriptionId",
    "planId",
    "customerId",
    "subjectType",
    "subjectId",
    "status",
    "currentStart",
    "currentEnd",
    "endedAt",
    "quantity",
    "chargeAt",
    "startAt",
    "endAt",
    "totalCount",
    "authAttempts",
    "paidCount",
    "remainingCount",
    "shortUrl",
    "hasScheduledChanges",
    "changeScheduledAt",
    "offerId",
    "authorizationPaymentId",
    "authorizationVerifiedAt",
    "notes",
    "providerCreatedAt",
    "syncedAt",
    "createdAt",
    "updatedAt",
];

/// The older generation's names, each with the newer one.
const OLDER: [(&str, &str); 9] = [
    ("stripeProductId", "productId"),
    ("stripePriceId", "priceId"),
    ("stripeSubscriptionId", "subscriptionId"),
    ("stripeCustomerId", "customerId"),
    ("stripeCustomerId", "providerCustomerId"),
    ("stripeCreatedAt", "providerCreatedAt"),
    ("stripeAccountId", "accountId"),
    ("stripeAccountEmail", "accountEmail"),
    ("paymentHistory", "transactions"),
];

/// The fields of the older generation's transactions that the newer one replaced by `providerReferenceId` and
/// `providerReferenceType`.
const OLDER_REFERENCES: [&str; 8] = [
    "stripeCheckoutSessionId",
    "stripePaymentIntentId",
    "stripeInvoiceId",
    "stripeChargeId",
    "stripeRefundId",
    "stripeSubscriptionId",
    "stripeProductId",
    "stripePriceId",
];

/// The older generation's name of a field that has another name there.
pub(crate) fn older_name(newer: &str) -> Option<&'static str> {
    OLDER.iter().find(|(_, name)| *name == newer).map(|(older, _)| *older)
}

/// The names that the older generation has for these fields.
pub(crate) fn older_names(fields: Fields) -> impl Iterator<Item = &'static str> {
    let references = if fields.contains(&"providerReferenceId") { &OLDER_REFERENCES[..] } else { &[] };
    fields.iter().filter_map(|field| older_name(field)).chain(references.iter().copied())
}

/// Whether only the older generation has a field of this name.
pub(crate) fn is_older(name: &str) -> bool {
    OLDER.iter().any(|(older, _)| *older == name)
}
