//! The older generation's names for the same fields.

use serde_json::{Map, Value, json};

use crate::stripe::masked;

/// An answer as an older backend gives it.
pub(super) fn renamed(body: Value) -> Value {
    match body {
        Value::Array(values) => values.into_iter().map(renamed).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().flat_map(|(name, value)| field(&name, value)).collect())
        }
        other => other,
    }
}

fn field(name: &str, value: Value) -> Map<String, Value> {
    let older = match name {
        "productId" => "stripeProductId",
        "priceId" => "stripePriceId",
        "subscriptionId" => "stripeSubscriptionId",
        "subscriptionItemId" => "stripeSubscriptionItemId",
        "customerId" | "providerCustomerId" => "stripeCustomerId",
        "providerCreatedAt" => "stripeCreatedAt",
        "accountId" => "stripeAccountId",
        "accountEmail" => "stripeAccountEmail",
        "transactions" => "paymentHistory",
        // Stripe's own words are nobody's to rename.
        "metadata" => return Map::from_iter([(name.to_owned(), value)]),
        // There is no other.
        "provider" => return Map::new(),
        // Keys never left an older backend.
        "value" => {
            let masked = value.as_str().map(masked);
            return Map::from_iter([
                ("hasKey".to_owned(), json!(masked.is_some())),
                ("maskedKey".to_owned(), json!(masked)),
            ]);
        }
        other => other,
    };
    Map::from_iter([(older.to_owned(), renamed(value))])
}
