//! Products and prices. Reads use the mirror. Writes go to Stripe, and store its answer in the mirror.

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::stripe::{IDEMPOTENCY_KEY, rows};
use crate::backend::validate::{POSITIVE, StringRules, Validator};
use crate::backend::{Handler, parse_query};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::patch::Patch;
use crate::state::Synced;
use crate::stripe::{NewPrice, NewProduct, NewRecurring, Price, PriceChanges, Product, ProductChanges};

const NAME: StringRules = StringRules {
    required_message: Some("Product name is required"),
    max_length: None,
    too_long_message: None,
};
const DESCRIPTION: StringRules =
    StringRules { required_message: None, max_length: Some(5000), too_long_message: None };
const LOOKUP_KEY: StringRules = StringRules {
    required_message: Some("String must contain at least 1 character(s)"),
    max_length: Some(200),
    too_long_message: None,
};
const PRODUCT_ID: StringRules = StringRules {
    required_message: Some("Stripe product id is required"),
    max_length: None,
    too_long_message: None,
};
const TAX_BEHAVIORS: [&str; 3] = ["exclusive", "inclusive", "unspecified"];

/// The name of the field for a product's id.
const fn product_field(generation: Generation) -> &'static str {
    match generation {
        Generation::Newer => "productId",
        Generation::Older => "stripeProductId",
    }
}

impl Handler<'_> {
    pub(super) fn catalog(&self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        Ok(json!({"products": self.product_rows(environment), "prices": self.price_rows(environment, None)}))
    }

    pub(super) fn products(&self) -> Result<Value, ApiError> {
        Ok(json!({"products": self.product_rows(self.environment()?)}))
    }

    pub(super) fn product(&self, id: &str) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        self.check_product_id(id)?;
        let row = self.state.insforge.stripe(environment).products.get(id).ok_or_else(|| {
            let message = format!("Stripe {environment} product not found: {id}");
            ApiError::new(404, "PAYMENT_PRODUCT_NOT_FOUND", message)
        })?;
        let prices = self.price_rows(environment, Some(id));
        Ok(json!({"product": rows::mirrored_product(row, environment), "prices": prices}))
    }

    pub(super) fn create_product(&mut self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let mut fields = self.body()?;
        let new = NewProduct {
            name: fields.required_string("name", NAME),
            description: fields.nullable_string("description", DESCRIPTION),
            active: fields.optional_boolean("active"),
            metadata: fields.optional_metadata("metadata"),
        };
        let key = fields.optional_string("idempotencyKey", IDEMPOTENCY_KEY);
        fields.reject_unknown_fields();
        fields.finish()?;
        let key = key.map(|key| format!("insforge:{environment}:product:{key}"));
        let stripe_key = self.require_key()?;
        let product =
            self.state.stripe(&stripe_key, environment, self.context.now).create_product(&new, key)?;
        Ok(json!({"product": self.upsert_product(product, environment)}))
    }

    pub(super) fn update_product(&mut self, id: &str) -> Result<Value, ApiError> {
        self.check_product_id(id)?;
        let environment = self.environment()?;
        let mut fields = self.body()?;
        let changes = ProductChanges {
            name: fields.optional_string("name", NAME),
            description: fields.nullable_string("description", DESCRIPTION),
            active: fields.optional_boolean("active"),
            metadata: fields.optional_metadata("metadata"),
        };
        fields.reject_unknown_fields();
        fields.reject_if(fields.is_empty(), "At least one product field is required");
        fields.finish()?;
        let key = self.require_key()?;
        let product = self.state.stripe(&key, environment, self.context.now).update_product(id, changes)?;
        Ok(json!({"product": self.upsert_product(product, environment)}))
    }

    pub(super) fn delete_product(&mut self, id: &str) -> Result<Value, ApiError> {
        self.check_product_id(id)?;
        let environment = self.environment()?;
        let key = self.require_key()?;
        self.state.stripe(&key, environment, self.context.now).delete_product(id)?;
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.prices.retain(|_, row| row.object.product != id);
        mirror.products.remove(id);
        Ok(json!({"productId": id, "deleted": true}))
    }

    pub(super) fn prices(&self) -> Result<Value, ApiError> {
        let query = parse_query(&self.request.target);
        let mut fields = Validator::for_fields(&query, self.generation());
        let product = fields.optional_string(product_field(self.generation()), PRODUCT_ID);
        fields.reject_unknown_fields();
        fields.finish()?;
        Ok(json!({"prices": self.price_rows(self.environment()?, product.as_deref())}))
    }

    pub(super) fn price(&self, id: &str) -> Result<Value, ApiError> {
        self.check_price_id(id)?;
        let environment = self.environment()?;
        let row = self.state.insforge.stripe(environment).prices.get(id).ok_or_else(|| {
            let message = format!("Stripe {environment} price not found: {id}");
            ApiError::new(404, "PAYMENT_PRICE_NOT_FOUND", message)
        })?;
        Ok(json!({"price": rows::mirrored_price(row, environment)}))
    }

    pub(super) fn create_price(&mut self) -> Result<Value, ApiError> {
        let mut fields = self.body()?;
        let product = fields.required_string(product_field(self.generation()), PRODUCT_ID);
        let currency = fields.required_currency("currency").to_lowercase();
        let unit_amount =
            fields.required_integer("unitAmount", 0.0, "Number must be greater than or equal to 0");
        let new = NewPrice {
            product,
            currency,
            unit_amount,
            lookup_key: fields.nullable_string("lookupKey", LOOKUP_KEY),
            active: fields.optional_boolean("active"),
            recurring: fields.optional_object("recurring", |fields| NewRecurring {
                interval: fields.required_choice("interval", &["day", "week", "month", "year"]),
                interval_count: fields.optional_integer(
                    "intervalCount",
                    POSITIVE,
                    "Number must be greater than 0",
                ),
            }),
            tax_behavior: fields.optional_choice("taxBehavior", &TAX_BEHAVIORS),
            metadata: fields.optional_metadata("metadata"),
        };
        let key = fields.optional_string("idempotencyKey", IDEMPOTENCY_KEY);
        fields.reject_unknown_fields();
        fields.finish()?;
        let environment = self.environment()?;
        let key = key.map(|key| format!("insforge:{environment}:price:{key}"));
        let stripe_key = self.require_key()?;
        let price = self.state.stripe(&stripe_key, environment, self.context.now).create_price(&new, key)?;
        Ok(json!({"price": self.upsert_price(price, environment)}))
    }

    pub(super) fn update_price(&mut self, id: &str) -> Result<Value, ApiError> {
        self.check_price_id(id)?;
        let mut fields = self.body()?;
        let changes = PriceChanges {
            active: fields.optional_boolean("active"),
            lookup_key: fields.nullable_string("lookupKey", LOOKUP_KEY),
            tax_behavior: fields.optional_choice("taxBehavior", &TAX_BEHAVIORS),
            metadata: fields.optional_metadata("metadata"),
        };
        fields.reject_unknown_fields();
        fields.reject_if(fields.is_empty(), "At least one price field is required");
        fields.finish()?;
        let price = self.change_price(id, changes)?;
        Ok(json!({"price": price}))
    }

    /// Deactivates a price. Stripe cannot delete prices.
    pub(super) fn archive_price(&mut self, id: &str) -> Result<Value, ApiError> {
        self.check_price_id(id)?;
        let changes =
            PriceChanges { active: Some(false), lookup_key: Patch::Keep, tax_behavior: None, metadata: None };
        Ok(json!({"price": self.change_price(id, changes)?, "archived": true}))
    }

    fn change_price(&mut self, id: &str, changes: PriceChanges) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let key = self.require_key()?;
        let price = self.state.stripe(&key, environment, self.context.now).update_price(id, changes)?;
        Ok(self.upsert_price(price, environment))
    }

    fn check_product_id(&self, id: &str) -> Result<(), ApiError> {
        let field = product_field(self.generation());
        if id.is_empty() {
            Err(ApiError::invalid_input(format!("{field}: Stripe product id is required")))
        } else {
            Ok(())
        }
    }

    fn check_price_id(&self, id: &str) -> Result<(), ApiError> {
        let field = match self.generation() {
            Generation::Newer => "priceId",
            Generation::Older => "stripePriceId",
        };
        if id.is_empty() {
            Err(ApiError::invalid_input(format!("{field}: Stripe price id is required")))
        } else {
            Ok(())
        }
    }

    /// The product rows, sorted by name and id.
    fn product_rows(&self, environment: Environment) -> Vec<Value> {
        let mut rows: Vec<&Synced<Product>> =
            self.state.insforge.stripe(environment).products.values().collect();
        rows.sort_by(|a, b| (&a.object.name, &a.object.id).cmp(&(&b.object.name, &b.object.id)));
        rows.into_iter().map(|row| rows::mirrored_product(row, environment)).collect()
    }

    /// The price rows, sorted by product and id.
    fn price_rows(&self, environment: Environment, product: Option<&str>) -> Vec<Value> {
        let all = self.state.insforge.stripe(environment).prices.values();
        let mut rows: Vec<&Synced<Price>> =
            all.filter(|row| product.is_none_or(|product| row.object.product == product)).collect();
        rows.sort_by(|a, b| (&a.object.product, &a.object.id).cmp(&(&b.object.product, &b.object.id)));
        rows.into_iter().map(|row| rows::mirrored_price(row, environment)).collect()
    }

    /// Stores Stripe's answer in the mirror, even if it is an old answer to a repeated idempotency key.
    fn upsert_product(&mut self, object: Product, environment: Environment) -> Value {
        let synced_at = self.context.now.to_owned();
        let row = rows::product(&object, &synced_at, environment);
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.products.insert(object.id.clone(), Synced { object, synced_at });
        row
    }

    fn upsert_price(&mut self, object: Price, environment: Environment) -> Value {
        let synced_at = self.context.now.to_owned();
        let row = rows::price(&object, &synced_at, environment);
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.prices.insert(object.id.clone(), Synced { object, synced_at });
        row
    }
}
