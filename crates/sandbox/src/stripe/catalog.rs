//! Products and prices at Stripe: what may be written, what can never be changed, and what an idempotency key does.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::patch::Patch;
use crate::state::{Time, time};
use crate::stripe::objects::{Price, Product, Recurring};
use crate::stripe::rules::{check_name, check_price, merged, no_such};
use crate::stripe::{Books, Client, Refusal, Remembered};

/// What the backend asks for to make a product.
#[derive(Debug, Serialize)]
pub(crate) struct NewProduct {
    pub(crate) name: String,
    pub(crate) description: Patch<String>,
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "says_nothing")]
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// What the backend asks for to change a product.
#[derive(Debug)]
pub(crate) struct ProductChanges {
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) active: Option<bool>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// What the backend asks for to make a price. The amount is in the currency's smallest unit.
#[derive(Debug, Serialize)]
pub(crate) struct NewPrice {
    pub(crate) product: String,
    pub(crate) currency: String,
    pub(crate) unit_amount: u64,
    pub(crate) lookup_key: Patch<String>,
    pub(crate) active: Option<bool>,
    pub(crate) recurring: Option<Interval>,
    pub(crate) tax_behavior: Option<String>,
    #[serde(skip_serializing_if = "says_nothing")]
    pub(crate) metadata: Option<Map<String, Value>>,
}

/// How often a new price is to be paid; once an interval, unless something else is said.
#[derive(Debug, Serialize)]
pub(crate) struct Interval {
    pub(crate) interval: String,
    pub(crate) interval_count: Option<u64>,
}

impl Interval {
    pub(super) fn recurring(&self) -> Recurring {
        Recurring { interval: self.interval.clone(), interval_count: self.interval_count.unwrap_or(1) }
    }
}

/// What the backend asks for to change a price: never amount, currency or interval.
#[derive(Debug)]
pub(crate) struct PriceChanges {
    pub(crate) active: Option<bool>,
    pub(crate) lookup_key: Patch<String>,
    pub(crate) tax_behavior: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl Client<'_> {
    pub(crate) fn create_product(
        &mut self,
        new: &NewProduct,
        key: Option<String>,
    ) -> Result<Product, Refusal> {
        self.reach("POST /v1/products")?;
        self.once(key, new, |client| {
            check_name(&new.name)?;
            let metadata = merged(Map::new(), new.metadata.as_ref())?;
            let product = Product {
                id: client.ids.next("prod_", 14),
                name: new.name.clone(),
                description: new.description.clone().apply(None).filter(|text| !text.is_empty()),
                active: new.active.unwrap_or(true),
                default_price: None,
                metadata,
            };
            client.books()?.products.insert(product.id.clone(), product.clone());
            Ok(product)
        })
    }

    pub(crate) fn update_product(&mut self, id: &str, changes: ProductChanges) -> Result<Product, Refusal> {
        let books = self.reach(&format!("POST /v1/products/{id}"))?;
        let product = books.products.get_mut(id).ok_or_else(|| no_such(404, "product", id))?;
        if let Some(name) = &changes.name {
            check_name(name)?;
        }
        let metadata = merged(product.metadata.clone(), changes.metadata.as_ref())?;
        product.metadata = metadata;
        product.name = changes.name.unwrap_or_else(|| product.name.clone());
        product.active = changes.active.unwrap_or(product.active);
        // An empty text clears it too.
        product.description =
            changes.description.apply(product.description.take()).filter(|text| !text.is_empty());
        Ok(product.clone())
    }

    pub(crate) fn delete_product(&mut self, id: &str) -> Result<(), Refusal> {
        let books = self.reach(&format!("DELETE /v1/products/{id}"))?;
        if !books.products.contains_key(id) {
            return Err(no_such(404, "product", id));
        }
        if books.prices.values().any(|price| price.product == id) {
            return Err(Refusal::new(
                400,
                "This product cannot be deleted because it has one or more user-created prices.",
            ));
        }
        books.products.remove(id);
        Ok(())
    }

    pub(crate) fn create_price(&mut self, new: &NewPrice, key: Option<String>) -> Result<Price, Refusal> {
        self.reach("POST /v1/prices")?;
        self.once(key, new, |client| {
            check_price(new)?;
            let metadata = merged(Map::new(), new.metadata.as_ref())?;
            let id = client.ids.next("price_", 24);
            let books = client.books()?;
            // A product that a body names is a bad parameter, not a missing resource.
            if !books.products.contains_key(&new.product) {
                return Err(no_such(400, "product", &new.product));
            }
            let lookup_key = new.lookup_key.clone().apply(None);
            books.check_lookup_key(lookup_key.as_deref(), None)?;
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
                recurring: new.recurring.as_ref().map(Interval::recurring),
                metadata,
            };
            books.prices.insert(id, price.clone());
            Ok(price)
        })
    }

    pub(crate) fn update_price(&mut self, id: &str, changes: PriceChanges) -> Result<Price, Refusal> {
        let books = self.reach(&format!("POST /v1/prices/{id}"))?;
        let price = books.prices.get(id).ok_or_else(|| no_such(404, "price", id))?;
        let is_default = |product: &Product| product.default_price.as_deref() == Some(id);
        if changes.active == Some(false) && books.products.get(&price.product).is_some_and(is_default) {
            return Err(Refusal::new(
                400,
                "This price cannot be archived because it is the default price of its product.",
            ));
        }
        let new_behavior = changes.tax_behavior.filter(|behavior| *behavior != price.tax_behavior);
        if new_behavior.is_some() && price.tax_behavior != UNSPECIFIED {
            return Err(Refusal::new(
                400,
                "The tax behavior of a price cannot be changed once it is `exclusive` or `inclusive`.",
            ));
        }
        let metadata = merged(price.metadata.clone(), changes.metadata.as_ref())?;
        let lookup_key = changes.lookup_key.apply(price.lookup_key.clone());
        books.check_lookup_key(lookup_key.as_deref(), Some(id))?;
        let price = books.prices.get_mut(id).ok_or_else(|| no_such(404, "price", id))?;
        price.metadata = metadata;
        price.active = changes.active.unwrap_or(price.active);
        if let Some(behavior) = new_behavior {
            price.tax_behavior = behavior;
        }
        price.lookup_key = lookup_key;
        Ok(price.clone())
    }

    /// Makes something, or gives the answer of the first time that this key was used: that object as it was then, even
    /// if it was changed or deleted since.
    fn once<T: Serialize + DeserializeOwned>(
        &mut self,
        key: Option<String>,
        parameters: &impl Serialize,
        make: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Some(key) = key else { return make(self) };
        let parameters = serde_json::to_value(parameters).unwrap_or_default();
        let now = self.now.to_owned();
        let forgotten = a_day_before(&now);
        let books = self.books()?;
        books.idempotency.retain(|_, remembered| remembered.at > forgotten);
        if let Some(first) = books.idempotency.get(&key) {
            if first.parameters != parameters {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Keys for idempotent requests can only be used with the same parameters they were first \
                         used with. Try using a key other than '{key}' if you meant to execute a different request."
                    ),
                ));
            }
            return serde_json::from_value(first.answer.clone())
                .map_err(|error| Refusal::new(500, error.to_string()));
        }
        let object = make(self)?;
        let answer = serde_json::to_value(&object).unwrap_or_default();
        self.books()?.idempotency.insert(key, Remembered { at: now, parameters, answer });
        Ok(object)
    }

    fn books(&mut self) -> Result<&mut Books, Refusal> {
        let account = self.stripe.accounts.get_mut(&self.account_id);
        account
            .map(|account| account.books(self.environment))
            .ok_or_else(|| Refusal::new(401, "No such account"))
    }
}

/// An empty object leaves no trace in the form that goes to Stripe.
#[allow(clippy::ref_option, reason = "serde asks in this way")]
fn says_nothing(metadata: &Option<Map<String, Value>>) -> bool {
    metadata.as_ref().is_none_or(Map::is_empty)
}

/// A tax behavior that can still be decided.
const UNSPECIFIED: &str = "unspecified";
impl Books {
    /// A lookup key names one price.
    fn check_lookup_key(&self, lookup_key: Option<&str>, own: Option<&str>) -> Result<(), Refusal> {
        let Some(lookup_key) = lookup_key else { return Ok(()) };
        let taken = self
            .prices
            .values()
            .find(|price| price.lookup_key.as_deref() == Some(lookup_key) && Some(price.id.as_str()) != own);
        taken.map_or(Ok(()), |price| {
            let id = &price.id;
            Err(Refusal::new(400, format!("A price (`{id}`) already uses that lookup key.")))
        })
    }
}

/// Stripe forgets idempotency keys after a day.
fn a_day_before(now: &str) -> Time {
    let day = jiff::SignedDuration::from_hours(24);
    now.parse::<jiff::Timestamp>().map(|now| time(now - day)).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::state::State;

    fn create(state: &mut State, now: &str, name: &str) -> Result<String, Refusal> {
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
    fn an_idempotency_key_is_remembered_for_a_day() {
        let mut state = State::empty();
        let first = create(&mut state, "2026-11-23T20:00:00.000Z", "One").unwrap();
        assert_eq!(create(&mut state, "2026-11-24T19:59:59.999Z", "One").unwrap(), first);
        create(&mut state, "2026-11-24T19:59:59.999Z", "Other").unwrap_err();
        let second = create(&mut state, "2026-11-24T20:00:00.000Z", "Other").unwrap();
        assert_ne!(second, first);
    }
}
