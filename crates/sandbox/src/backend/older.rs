//! The field names of the older generation.

use serde_json::{Map, Value, json};

use crate::stripe::mask;

/// Converts a response of the newer generation to the older one.
pub(super) fn rename_fields(body: Value) -> Value {
    match body {
        Value::Array(values) => values.into_iter().map(rename_fields).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().flat_map(|(name, value)| rename_field(&name, value)).collect())
        }
        other => other,
    }
}

fn rename_field(name: &str, value: Value) -> Map<String, Value> {
    let older = match name {
        "productId" => "stripeProductId",
        "priceId" => "stripePriceId",
        "subscriptionId" => "stripeSubscriptionId",
        "subscriptionItemId" => "stripeSubscriptionItemId",
        "checkoutSessionId" => "stripeCheckoutSessionId",
        "paymentIntentId" => "stripePaymentIntentId",
        "customerId" | "providerCustomerId" => "stripeCustomerId",
        "providerCreatedAt" => "stripeCreatedAt",
        "accountId" => "stripeAccountId",
        "accountEmail" => "stripeAccountEmail",
        "transactions" => "paymentHistory",
        // The keys in metadata belong to the user.
        "metadata" => return Map::from_iter([(name.to_owned(), value)]),
        // Older backends support only Stripe.
        "provider" => return Map::new(),
        // Older backends return keys only masked.
        "value" => {
            let masked = value.as_str().map(mask);
            return Map::from_iter([
                ("hasKey".to_owned(), json!(masked.is_some())),
                ("maskedKey".to_owned(), json!(masked)),
            ]);
        }
        other => other,
    };
    Map::from_iter([(older.to_owned(), rename_fields(value))])
}
