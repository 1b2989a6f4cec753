//! Products and prices: reads come from the mirror, writes go to Stripe and what it answers into the mirror.

use serde_json::{Value, json};

use crate::backend::form::{Form, POSITIVE, Text};
use crate::backend::refusal::Refusal;
use crate::backend::stripe::rows;
use crate::backend::{Scene, query};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::patch::Patch;
use crate::state::Synced;
use crate::stripe::{Interval, NewPrice, NewProduct, Price, PriceChanges, Product, ProductChanges};

const NAME: Text = Text { required: Some("Product name is required"), longest: None, too_long: None };
const DESCRIPTION: Text = Text { required: None, longest: Some(5000), too_long: None };
const LOOKUP_KEY: Text = Text {
    required: Some("String must contain at least 1 character(s)"),
    longest: Some(200),
    too_long: None,
};
const PRODUCT_ID: Text =
    Text { required: Some("Stripe product id is required"), longest: None, too_long: None };
const IDEMPOTENCY_KEY: Text = Text {
    required: Some("Idempotency key is required"),
    longest: Some(200),
    too_long: Some("Idempotency key must be 200 characters or fewer"),
};
const TAX_BEHAVIORS: [&str; 3] = ["exclusive", "inclusive", "unspecified"];

/// The field that names a product.
const fn product_field(generation: Generation) -> &'static str {
    match generation {
        Generation::Newer => "productId",
        Generation::Older => "stripeProductId",
    }
}

impl Scene<'_> {
    pub(super) fn catalog(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        Ok(json!({"products": self.product_rows(environment), "prices": self.price_rows(environment, None)}))
    }

    pub(super) fn products(&self) -> Result<Value, Refusal> {
        Ok(json!({"products": self.product_rows(self.environment()?)}))
    }

    pub(super) fn product(&self, id: &str) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        self.check_product_id(id)?;
        let row = self.state.insforge.stripe(environment).products.get(id).ok_or_else(|| {
            let message = format!("Stripe {environment} product not found: {id}");
            Refusal::new(404, "PAYMENT_PRODUCT_NOT_FOUND", message)
        })?;
        let prices = self.price_rows(environment, Some(id));
        Ok(json!({"product": rows::mirrored_product(row, environment), "prices": prices}))
    }

    pub(super) fn create_product(&mut self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let mut form = self.form()?;
        let new = NewProduct {
            name: form.text("name", NAME),
            description: form.nullable_text("description", DESCRIPTION),
            active: form.switch("active"),
            metadata: form.metadata("metadata"),
        };
        let key = form.optional_text("idempotencyKey", IDEMPOTENCY_KEY);
        form.refuse_unknown();
        form.finish()?;
        let key = key.map(|key| format!("insforge:{environment}:product:{key}"));
        let stripe_key = self.key()?;
        let product =
            self.state.stripe(&stripe_key, environment, self.world.now).create_product(&new, key)?;
        Ok(json!({"product": self.keep_product(product, environment)}))
    }

    pub(super) fn update_product(&mut self, id: &str) -> Result<Value, Refusal> {
        self.check_product_id(id)?;
        let environment = self.environment()?;
        let mut form = self.form()?;
        let changes = ProductChanges {
            name: form.optional_text("name", NAME),
            description: form.nullable_text("description", DESCRIPTION),
            active: form.switch("active"),
            metadata: form.metadata("metadata"),
        };
        form.refuse_unknown();
        form.refuse_if(form.is_empty(), "At least one product field is required");
        form.finish()?;
        let key = self.key()?;
        let product = self.state.stripe(&key, environment, self.world.now).update_product(id, changes)?;
        Ok(json!({"product": self.keep_product(product, environment)}))
    }

    pub(super) fn delete_product(&mut self, id: &str) -> Result<Value, Refusal> {
        self.check_product_id(id)?;
        let environment = self.environment()?;
        let key = self.key()?;
        self.state.stripe(&key, environment, self.world.now).delete_product(id)?;
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.prices.retain(|_, row| row.object.product != id);
        mirror.products.remove(id);
        Ok(json!({"productId": id, "deleted": true}))
    }

    pub(super) fn prices(&self) -> Result<Value, Refusal> {
        let query = query(&self.request.target);
        let mut form = Form::over(&query, self.generation());
        let product = form.optional_text(product_field(self.generation()), PRODUCT_ID);
        form.refuse_unknown();
        form.finish()?;
        Ok(json!({"prices": self.price_rows(self.environment()?, product.as_deref())}))
    }

    pub(super) fn price(&self, id: &str) -> Result<Value, Refusal> {
        self.check_price_id(id)?;
        let environment = self.environment()?;
        let row = self.state.insforge.stripe(environment).prices.get(id).ok_or_else(|| {
            let message = format!("Stripe {environment} price not found: {id}");
            Refusal::new(404, "PAYMENT_PRICE_NOT_FOUND", message)
        })?;
        Ok(json!({"price": rows::mirrored_price(row, environment)}))
    }

    pub(super) fn create_price(&mut self) -> Result<Value, Refusal> {
        let mut form = self.form()?;
        let product = form.text(product_field(self.generation()), PRODUCT_ID);
        let currency = form.currency("currency").to_lowercase();
        let unit_amount = form.required_whole("unitAmount", 0.0, "Number must be greater than or equal to 0");
        let new = NewPrice {
            product,
            currency,
            unit_amount,
            lookup_key: form.nullable_text("lookupKey", LOOKUP_KEY),
            active: form.switch("active"),
            recurring: form.nested("recurring", |form| Interval {
                interval: form.required_choice("interval", &["day", "week", "month", "year"]),
                interval_count: form.whole("intervalCount", POSITIVE, "Number must be greater than 0"),
            }),
            tax_behavior: form.choice("taxBehavior", &TAX_BEHAVIORS),
            metadata: form.metadata("metadata"),
        };
        let key = form.optional_text("idempotencyKey", IDEMPOTENCY_KEY);
        form.refuse_unknown();
        form.finish()?;
        let environment = self.environment()?;
        let key = key.map(|key| format!("insforge:{environment}:price:{key}"));
        let stripe_key = self.key()?;
        let price = self.state.stripe(&stripe_key, environment, self.world.now).create_price(&new, key)?;
        Ok(json!({"price": self.keep_price(price, environment)}))
    }

    pub(super) fn update_price(&mut self, id: &str) -> Result<Value, Refusal> {
        self.check_price_id(id)?;
        let mut form = self.form()?;
        let changes = PriceChanges {
            active: form.switch("active"),
            lookup_key: form.nullable_text("lookupKey", LOOKUP_KEY),
            tax_behavior: form.choice("taxBehavior", &TAX_BEHAVIORS),
            metadata: form.metadata("metadata"),
        };
        form.refuse_unknown();
        form.refuse_if(form.is_empty(), "At least one price field is required");
        form.finish()?;
        let price = self.change_price(id, changes)?;
        Ok(json!({"price": price}))
    }

    /// Stripe deletes no price; it is only not active any more.
    pub(super) fn archive_price(&mut self, id: &str) -> Result<Value, Refusal> {
        self.check_price_id(id)?;
        let archived =
            PriceChanges { active: Some(false), lookup_key: Patch::Keep, tax_behavior: None, metadata: None };
        Ok(json!({"price": self.change_price(id, archived)?, "archived": true}))
    }

    fn change_price(&mut self, id: &str, changes: PriceChanges) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let key = self.key()?;
        let price = self.state.stripe(&key, environment, self.world.now).update_price(id, changes)?;
        Ok(self.keep_price(price, environment))
    }

    fn check_product_id(&self, id: &str) -> Result<(), Refusal> {
        let field = product_field(self.generation());
        if id.is_empty() {
            Err(Refusal::invalid(format!("{field}: Stripe product id is required")))
        } else {
            Ok(())
        }
    }

    fn check_price_id(&self, id: &str) -> Result<(), Refusal> {
        let field = match self.generation() {
            Generation::Newer => "priceId",
            Generation::Older => "stripePriceId",
        };
        if id.is_empty() {
            Err(Refusal::invalid(format!("{field}: Stripe price id is required")))
        } else {
            Ok(())
        }
    }

    /// By name, then by id.
    fn product_rows(&self, environment: Environment) -> Vec<Value> {
        let mut rows: Vec<&Synced<Product>> =
            self.state.insforge.stripe(environment).products.values().collect();
        rows.sort_by(|a, b| (&a.object.name, &a.object.id).cmp(&(&b.object.name, &b.object.id)));
        rows.into_iter().map(|row| rows::mirrored_product(row, environment)).collect()
    }

    /// By product, then by id.
    fn price_rows(&self, environment: Environment, product: Option<&str>) -> Vec<Value> {
        let all = self.state.insforge.stripe(environment).prices.values();
        let mut rows: Vec<&Synced<Price>> =
            all.filter(|row| product.is_none_or(|product| row.object.product == product)).collect();
        rows.sort_by(|a, b| (&a.object.product, &a.object.id).cmp(&(&b.object.product, &b.object.id)));
        rows.into_iter().map(|row| rows::mirrored_price(row, environment)).collect()
    }

    /// What Stripe answered goes into the mirror as it is, even where it is the answer of long ago.
    fn keep_product(&mut self, object: Product, environment: Environment) -> Value {
        let synced_at = self.world.now.to_owned();
        let row = rows::product(&object, &synced_at, environment);
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.products.insert(object.id.clone(), Synced { object, synced_at });
        row
    }

    fn keep_price(&mut self, object: Price, environment: Environment) -> Value {
        let synced_at = self.world.now.to_owned();
        let row = rows::price(&object, &synced_at, environment);
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.prices.insert(object.id.clone(), Synced { object, synced_at });
        row
    }
}
