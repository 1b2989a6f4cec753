//! Writes to Stripe's products and prices, with Stripe's rules and idempotency keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::patch::Patch;
use crate::state::{Time, format_time};
use crate::stripe::objects::{Price, Product, Recurring};
use crate::stripe::rules::{check_name, check_price, merge_metadata, not_found};
use crate::stripe::{AccountData, IdempotencyRecord, StripeClient, StripeError};

/// The backend's request to create a product.
#[derive(Debug, Serialize)]
pub(crate) struct NewProduct {
    pub(crate) name: String,
    pub(crate) description: Patch<String>,
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "is_empty_metadata")]
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// The backend's request to update a product.
#[derive(Debug)]
pub(crate) struct ProductChanges {
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) active: Option<bool>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// The backend's request to create a price. The amount is in the currency's smallest unit.
#[derive(Debug, Serialize)]
pub(crate) struct NewPrice {
    pub(crate) product: String,
    pub(crate) currency: String,
    pub(crate) unit_amount: u64,
    pub(crate) lookup_key: Patch<String>,
    pub(crate) active: Option<bool>,
    pub(crate) recurring: Option<NewRecurring>,
    pub(crate) tax_behavior: Option<String>,
    #[serde(skip_serializing_if = "is_empty_metadata")]
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// The billing interval of a new price. The default count is 1.
#[derive(Debug, Serialize)]
pub(crate) struct NewRecurring {
    pub(crate) interval: String,
    pub(crate) interval_count: Option<u64>,
}

impl NewRecurring {
    pub(super) fn to_recurring(&self) -> Recurring {
        Recurring { interval: self.interval.clone(), interval_count: self.interval_count.unwrap_or(1) }
    }
}

/// The backend's request to update a price. Its amount, currency and interval never change.
#[derive(Debug)]
pub(crate) struct PriceChanges {
    pub(crate) active: Option<bool>,
    pub(crate) lookup_key: Patch<String>,
    pub(crate) tax_behavior: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl StripeClient<'_> {
    pub(crate) fn create_product(
        &mut self,
        new: &NewProduct,
        key: Option<String>,
    ) -> Result<Product, StripeError> {
        self.request("POST /v1/products")?;
        self.idempotent(key, new, |client| {
            check_name(&new.name)?;
            let metadata = merge_metadata(Map::new(), new.metadata.as_ref())?;
            let product = Product {
                id: client.ids.next_id("prod_", 14),
                name: new.name.clone(),
                description: new.description.clone().apply(None).filter(|text| !text.is_empty()),
                active: new.active.unwrap_or(true),
                default_price: None,
                metadata,
            };
            client.data()?.products.insert(product.id.clone(), product.clone());
            Ok(product)
        })
    }

    pub(crate) fn update_product(
        &mut self,
        id: &str,
        changes: ProductChanges,
    ) -> Result<Product, StripeError> {
        let data = self.request(&format!("POST /v1/products/{id}"))?;
        let product = data.products.get_mut(id).ok_or_else(|| not_found(404, "product", id))?;
        if let Some(name) = &changes.name {
            check_name(name)?;
        }
        let metadata = merge_metadata(product.metadata.clone(), changes.metadata.as_ref())?;
        product.metadata = metadata;
        product.name = changes.name.unwrap_or_else(|| product.name.clone());
        product.active = changes.active.unwrap_or(product.active);
        // An empty string clears it, too.
        product.description =
            changes.description.apply(product.description.take()).filter(|text| !text.is_empty());
        Ok(product.clone())
    }

    pub(crate) fn delete_product(&mut self, id: &str) -> Result<(), StripeError> {
        let data = self.request(&format!("DELETE /v1/products/{id}"))?;
        if !data.products.contains_key(id) {
            return Err(not_found(404, "product", id));
        }
        if data.prices.values().any(|price| price.product == id) {
            return Err(StripeError::new(
                400,
                "This product cannot be deleted because it has one or more user-created prices.",
            ));
        }
        data.products.remove(id);
        Ok(())
    }

    pub(crate) fn create_price(&mut self, new: &NewPrice, key: Option<String>) -> Result<Price, StripeError> {
        self.request("POST /v1/prices")?;
        self.idempotent(key, new, |client| {
            check_price(new)?;
            let metadata = merge_metadata(Map::new(), new.metadata.as_ref())?;
            let id = client.ids.next_id("price_", 24);
            let data = client.data()?;
            // Stripe reports an unknown product in a body with 400 instead of 404.
            if !data.products.contains_key(&new.product) {
                return Err(not_found(400, "product", &new.product));
            }
            let lookup_key = new.lookup_key.clone().apply(None);
            data.check_lookup_key(lookup_key.as_deref(), None)?;
            let price = Price {
                id: id.clone(),
                product: new.product.clone(),
                active: new.active.unwrap_or(true),
                currency: new.currency.clone(),
                unit_amount: Some(new.unit_amount),
                unit_amount_decimal: Some(new.unit_amount.to_string()),
                lookup_key,
                billing_scheme: "per_unit".to_owned(),
                tax_behavior: new.tax_behavior.clone().unwrap_or_else(|| UNSPECIFIED.to_owned()),
                recurring: new.recurring.as_ref().map(NewRecurring::to_recurring),
                metadata,
            };
            data.prices.insert(id, price.clone());
            Ok(price)
        })
    }

    pub(crate) fn update_price(&mut self, id: &str, changes: PriceChanges) -> Result<Price, StripeError> {
        let data = self.request(&format!("POST /v1/prices/{id}"))?;
        let price = data.prices.get(id).ok_or_else(|| not_found(404, "price", id))?;
        let is_default = |product: &Product| product.default_price.as_deref() == Some(id);
        if changes.active == Some(false) && data.products.get(&price.product).is_some_and(is_default) {
            return Err(StripeError::new(
                400,
                "This price cannot be archived because it is the default price of its product.",
            ));
        }
        let new_behavior = changes.tax_behavior.filter(|behavior| *behavior != price.tax_behavior);
        if new_behavior.is_some() && price.tax_behavior != UNSPECIFIED {
            return Err(StripeError::new(
                400,
                "The tax behavior of a price cannot be changed once it is `exclusive` or `inclusive`.",
            ));
        }
        let metadata = merge_metadata(price.metadata.clone(), changes.metadata.as_ref())?;
        let lookup_key = changes.lookup_key.apply(price.lookup_key.clone());
        data.check_lookup_key(lookup_key.as_deref(), Some(id))?;
        let price = data.prices.get_mut(id).ok_or_else(|| not_found(404, "price", id))?;
        price.metadata = metadata;
        price.active = changes.active.unwrap_or(price.active);
        if let Some(behavior) = new_behavior {
            price.tax_behavior = behavior;
        }
        price.lookup_key = lookup_key;
        Ok(price.clone())
    }

    /// Creates an object, or repeats the answer to the first request with this idempotency key. The repeated object is as it
    /// was then, even if it was changed or deleted since.
    pub(super) fn idempotent<T: Serialize + DeserializeOwned>(
        &mut self,
        key: Option<String>,
        parameters: &impl Serialize,
        create: impl FnOnce(&mut Self) -> Result<T, StripeError>,
    ) -> Result<T, StripeError> {
        let Some(key) = key else { return create(self) };
        let parameters = serde_json::to_value(parameters).unwrap_or_default();
        let now = self.now.to_owned();
        let expired = one_day_before(&now);
        let data = self.data()?;
        data.idempotency.retain(|_, record| record.at > expired);
        if let Some(first) = data.idempotency.get(&key) {
            if first.parameters != parameters {
                return Err(StripeError::new(
                    400,
                    format!(
                        "Keys for idempotent requests can only be used with the same parameters they were first \
                         used with. Try using a key other than '{key}' if you meant to execute a different request."
                    ),
                ));
            }
            return serde_json::from_value(first.answer.clone())
                .map_err(|error| StripeError::new(500, error.to_string()));
        }
        let object = create(self)?;
        let answer = serde_json::to_value(&object).unwrap_or_default();
        self.data()?.idempotency.insert(key, IdempotencyRecord { at: now, parameters, answer });
        Ok(object)
    }

    pub(super) fn data(&mut self) -> Result<&mut AccountData, StripeError> {
        let account = self.stripe.accounts.get_mut(&self.account_id);
        account
            .map(|account| account.data(self.environment))
            .ok_or_else(|| StripeError::new(401, "No such account"))
    }
}

/// Empty metadata does not appear in the form-encoded request to Stripe.
#[allow(clippy::ref_option, reason = "serde requires this signature")]
fn is_empty_metadata(metadata: &Option<Map<String, Value>>) -> bool {
    metadata.as_ref().is_none_or(Map::is_empty)
}

/// The tax behavior that can still change.
const UNSPECIFIED: &str = "unspecified";
impl AccountData {
    /// Checks that no other price than `own` has this lookup key.
    fn check_lookup_key(&self, lookup_key: Option<&str>, own: Option<&str>) -> Result<(), StripeError> {
        let Some(lookup_key) = lookup_key else { return Ok(()) };
        let taken = self
            .prices
            .values()
            .find(|price| price.lookup_key.as_deref() == Some(lookup_key) && Some(price.id.as_str()) != own);
        taken.map_or(Ok(()), |price| {
            let id = &price.id;
            Err(StripeError::new(400, format!("A price (`{id}`) already uses that lookup key.")))
        })
    }
}

/// The time before which Stripe has deleted idempotency keys.
fn one_day_before(now: &str) -> Time {
    let day = jiff::SignedDuration::from_hours(24);
    now.parse::<jiff::Timestamp>().map(|now| format_time(now - day)).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::state::State;

    fn create(state: &mut State, now: &str, name: &str) -> Result<String, StripeError> {
        let new = NewProduct {
            name: name.to_owned(),
            description: Patch::Keep,
            active: None,
            metadata: Some(Map::new()),
        };
        let mut stripe = state.stripe("sk_test_shop_1", Environment::Test, now);
        stripe.create_product(&new, Some("key".to_owned())).map(|product| product.id)
    }

    #[test]
    fn an_idempotency_key_expires_after_a_day() {
        let mut state = State::empty();
        let first = create(&mut state, "2026-11-23T20:00:00.000Z", "One").unwrap();
        assert_eq!(create(&mut state, "2026-11-24T19:59:59.999Z", "One").unwrap(), first);
        create(&mut state, "2026-11-24T19:59:59.999Z", "Other").unwrap_err();
        let second = create(&mut state, "2026-11-24T20:00:00.000Z", "Other").unwrap();
        assert_ne!(second, first);
    }
}
