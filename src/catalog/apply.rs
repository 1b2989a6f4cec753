//! Applies a plan, one request after the other, because the backend accepts one write at a time.
//!
//! Every create has an idempotency key that is derived from the account, the object's key and its body. A repeated apply
//! therefore creates no duplicates. But Stripe answers a repeated key for a day with its first response, even if the
//! object was deleted or archived since. The id of such a stale response existed before the apply, or no longer exists;
//! the object is then created again under another key.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::api::{Api, Call, stripe};
use crate::catalog::plan::{
    CatalogPlan, ChangeAction, ObjectKind, ObjectRef, PlannedChange, Step, replaced_by,
};
use crate::error::{AbortPolicy, Code, Failure};
use crate::wire::{
    Environment, Generation, IdempotencyKey, Mirror, NewPrice, NewProduct, ObjectId, PriceChanges,
    PriceReply, ProductChanges, ProductReply,
};

/// The number of stale responses after which an object is not created again. Each one takes a day in which the same object
/// was created and removed.
const MAX_STALE_RESPONSES: u32 = 20;

/// The placeholder for the id of a price that does not exist yet.
const NEW_PRICE_ID: &str = "NEW_PRICE_ID";
/// The same for a product.
const NEW_PRODUCT_ID: &str = "NEW_PRODUCT_ID";
/// The placeholder for an idempotency key that is derived from the id of a product that does not exist yet.
const DERIVED_KEY: &str = "DERIVED_FROM_NEW_PRODUCT_ID";

/// The outcome of an apply.
#[derive(Debug, Default)]
pub(crate) struct ApplyOutcome {
    /// The applied changes in order, each with the id of its object.
    pub(crate) done: Vec<(PlannedChange, String)>,
    /// The changes that were not applied completely, as far as the responses show.
    pub(crate) not_done: Vec<(PlannedChange, NotApplied)>,
    /// Whether any request succeeded, including those of incomplete changes.
    pub(crate) stripe_changed: StripeChanged,
}

/// Whether an apply changed anything at Stripe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StripeChanged {
    #[default]
    No,
    /// A request had no response.
    Maybe,
    Yes,
}

/// Why a change was not applied completely.
#[derive(Debug)]
pub(crate) enum NotApplied {
    /// A request failed.
    Failed(Failure),
    /// The product with this key could not be created.
    WaitsFor(String),
    /// An earlier failure would repeat.
    NotTried,
}

impl NotApplied {
    /// Whether the change may have been applied all the same.
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.may_be_applied)
    }

    /// The same after a sync has shown that the change was not applied.
    pub(crate) fn settled(self) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(failure.without_unknown_outcome()),
            other => other,
        }
    }

    /// The fields `error` and `code`.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Failed(failure) => json!({"error": failure.what, "code": failure.code.as_str()}),
            Self::WaitsFor(product) => {
                json!({"error": format!("product {product} could not be created"), "code": null})
            }
            Self::NotTried => json!({"error": "not tried", "code": null}),
        }
    }
}

/// The progress of an apply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApplyProgress<'a> {
    pub(crate) done: usize,
    pub(crate) total: usize,
    pub(crate) next: &'a PlannedChange,
}

/// Applies plans to one environment of one account.
pub(crate) struct Applier<'a> {
    api: &'a Api,
    environment: Environment,
    account: &'a str,
    /// The ids of all objects that exist.
    existing_ids: HashSet<String>,
    /// The id and body of each created product, by key.
    created_products: HashMap<String, (String, NewProduct)>,
    /// The id of each created price, by lookup key.
    created_prices: HashMap<String, String>,
    /// The number of stale responses of an object, by [`product_object`] or [`price_object`].
    stale_responses: HashMap<String, u32>,
    /// See [`ApplyOutcome::stripe_changed`].
    stripe_changed: StripeChanged,
}

impl<'a> Applier<'a> {
    /// The mirror must be synced.
    pub(crate) fn new(api: &'a Api, environment: Environment, account: &'a str, mirror: &Mirror) -> Self {
        let products = mirror.products.iter().map(|product| product.product_id.clone());
        let existing_ids = products.chain(mirror.prices.iter().map(|price| price.price_id.clone())).collect();
        Self {
            api,
            environment,
            account,
            existing_ids,
            created_products: HashMap::new(),
            created_prices: HashMap::new(),
            stale_responses: HashMap::new(),
            stripe_changed: StripeChanged::No,
        }
    }

    /// Applies the changes in order. A failed change stops only the changes that depend on it.
    pub(crate) async fn apply(
        &mut self,
        plan: CatalogPlan,
        on_progress: impl Fn(ApplyProgress<'_>),
    ) -> ApplyOutcome {
        let mut outcome = ApplyOutcome::default();
        let mut failed: HashSet<String> = HashSet::new();
        let mut abort_policy = AbortPolicy::default();
        let total = plan.changes.len();
        for (done, change) in plan.changes.into_iter().enumerate() {
            on_progress(ApplyProgress { done, total, next: &change });
            let not_applied = match change.depends_on() {
                _ if abort_policy.should_abort() => NotApplied::NotTried,
                Some(product) if failed.contains(product) => NotApplied::WaitsFor(product.to_owned()),
                _ => match self.apply_change(&change).await {
                    Ok(id) => {
                        abort_policy.record_success();
                        outcome.done.push((change, id));
                        continue;
                    }
                    Err(failure) => {
                        abort_policy.record_failure(&failure);
                        // A lookup key can equal the key of another product.
                        if change.kind == ObjectKind::Product {
                            failed.insert(change.key.clone());
                        }
                        NotApplied::Failed(failure.with_unknown_outcome())
                    }
                },
            };
            outcome.not_done.push((change, not_applied));
        }
        self.update_product_ids(&mut outcome.done);
        outcome.stripe_changed = self.stripe_changed;
        outcome
    }

    /// Updates the ids of products that were created again for one of their prices.
    fn update_product_ids(&self, done: &mut [(PlannedChange, String)]) {
        let creates = |change: &PlannedChange| {
            change.action == ChangeAction::Create && change.kind == ObjectKind::Product
        };
        for (change, id) in done.iter_mut().filter(|(change, _)| creates(change)) {
            if let Some((created, _)) = self.created_products.get(&change.key) {
                id.clone_from(created);
            }
        }
    }

    /// Removes creates from `done` whose objects are not in a mirror that was synced since. Their responses were stale.
    /// Returns whether any of them can be created under another idempotency key.
    pub(crate) fn remove_missing(
        &mut self,
        mirror: &Mirror,
        done: &mut Vec<(PlannedChange, String)>,
    ) -> bool {
        let products: HashSet<&str> = mirror.products.iter().map(|row| row.product_id.as_str()).collect();
        let prices: HashSet<&str> = mirror.prices.iter().map(|row| row.price_id.as_str()).collect();
        let missing_products =
            self.created_products.iter().filter(|(_, (id, _))| !products.contains(id.as_str()));
        let missing_prices = self.created_prices.iter().filter(|(_, id)| !prices.contains(id.as_str()));
        let missing: Vec<String> = missing_products
            .map(|(key, _)| product_object(key))
            .chain(missing_prices.map(|(key, _)| price_object(key)))
            .collect();
        let mut can_retry = false;
        for object in &missing {
            can_retry |= self.count_stale_response(object);
        }
        let exists = |id: &str| products.contains(id) || prices.contains(id);
        done.retain(|(change, id)| change.action != ChangeAction::Create || exists(id));
        self.existing_ids.extend(products.into_iter().chain(prices).map(str::to_owned));
        can_retry
    }

    /// Sends the requests of one change. Returns the id of its object.
    async fn apply_change(&mut self, change: &PlannedChange) -> Result<String, Failure> {
        'retry: loop {
            let mut id = change.existing_replacement().map(str::to_owned).or_else(|| change.id.clone());
            for step in &change.steps {
                let result = self.send(step).await;
                self.stripe_changed = self.stripe_changed.max(match &result {
                    Ok(_) => StripeChanged::Yes,
                    Err(failure) if failure.may_be_applied => StripeChanged::Maybe,
                    Err(_) => StripeChanged::No,
                });
                id = match result {
                    Ok(created) => created.or(id),
                    // Every step can be sent twice, so the change starts again.
                    Err(failure) if self.can_recreate_price(step, &failure) => continue 'retry,
                    Err(failure) => return Err(failure),
                };
            }
            return Ok(id.unwrap_or_default());
        }
    }

    /// Whether the response to the create of this price was stale, and the price can be created under another key.
    fn can_recreate_price(&mut self, step: &Step, failure: &Failure) -> bool {
        let Step::UpdatePrice { price: ObjectRef::Created(key), .. } = step else { return false };
        is_missing("price", failure)
            && self.created_prices.remove(key).is_some()
            && self.count_stale_response(&price_object(key))
    }

    /// The requests of a change as JSON, without the effect of stale responses. [`NEW_PRICE_ID`] and [`NEW_PRODUCT_ID`] are
    /// the ids of objects that do not exist yet.
    pub(crate) fn requests(&self, change: &PlannedChange) -> Result<Vec<Value>, Failure> {
        let id = |object: &ObjectRef| match object {
            ObjectRef::Existing(id) => id.clone(),
            ObjectRef::Created(_) => NEW_PRICE_ID.to_owned(),
        };
        let request = |step: &Step| match step {
            Step::CreateProduct { key, body } => self.json(&self.new_product(&product_object(key), body)?),
            Step::UpdateProduct { id, changes } => self.json(&self.changed_product(id, changes)?),
            Step::CreatePrice { key, product, body } => {
                let ObjectRef::Existing(product) = product else {
                    let body = with_product(body, NEW_PRODUCT_ID.to_owned())?;
                    let mut request = self.json(&self.new_price(&price_object(key), &body)?)?;
                    if let Some(idempotency_key) = request.pointer_mut("/body/idempotencyKey") {
                        *idempotency_key = DERIVED_KEY.into();
                    }
                    return Ok(request);
                };
                let body = with_product(body, product.clone())?;
                self.json(&self.new_price(&price_object(key), &body)?)
            }
            Step::UpdatePrice { price, changes, replaced_by } => {
                let replacement = replaced_by.as_ref().map(&id);
                self.json(&self.changed_price(&id(price), changes, replacement.as_deref())?)
            }
            Step::ArchivePrice { id } => self.json(&stripe::archive_price(self.environment, id)),
        };
        change.steps.iter().map(request).collect()
    }

    fn json<T>(&self, call: &Call<T>) -> Result<Value, Failure> {
        let generation = self.api.expected_generation().unwrap_or(Generation::Newer);
        Ok(call.masked_json(generation).map_err(not_serializable)?.unwrap_or_default())
    }

    fn new_product(&self, object: &str, body: &NewProduct) -> Result<Call<ProductReply>, Failure> {
        let idempotency_key = Some(self.idempotency_key(object, body)?);
        let new = NewProduct { idempotency_key, ..body.clone() };
        stripe::create_product(self.environment, &new).map_err(not_serializable)
    }

    fn new_price(&self, object: &str, body: &NewPrice) -> Result<Call<PriceReply>, Failure> {
        let idempotency_key = Some(self.idempotency_key(object, body)?);
        let new = NewPrice { idempotency_key, ..body.clone() };
        stripe::create_price(self.environment, &new).map_err(not_serializable)
    }

    fn changed_product(&self, id: &str, changes: &ProductChanges) -> Result<Call<ProductReply>, Failure> {
        let call = stripe::update_product(self.environment, id, changes).map_err(not_serializable)?;
        Ok(call.assume_repeatable())
    }

    /// `replacement` is the id of the price that replaces it.
    fn changed_price(
        &self,
        id: &str,
        changes: &PriceChanges,
        replacement: Option<&str>,
    ) -> Result<Call<PriceReply>, Failure> {
        let mut changes = changes.clone();
        if let Some(replacement) = replacement {
            changes = replaced_by(changes, replacement)?;
        }
        let call = stripe::update_price(self.environment, id, &changes).map_err(not_serializable)?;
        Ok(call.assume_repeatable())
    }

    /// Sends one request. Returns the id of a created object.
    async fn send(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        match step {
            Step::CreateProduct { key, body } => self.create_product(key, body).await.map(Some),
            Step::UpdateProduct { id, changes } => {
                self.api.send(&self.changed_product(id, changes)?).await?;
                Ok(None)
            }
            Step::CreatePrice { key, product, body } => {
                // [`Self::recreate_product`] ends the loop.
                loop {
                    match (self.create_price(key, product, body).await, product) {
                        (Err(failure), ObjectRef::Created(product_key))
                            if is_missing("product", &failure) =>
                        {
                            self.recreate_product(product_key, failure).await?;
                        }
                        (created, _) => break created.map(Some),
                    }
                }
            }
            Step::UpdatePrice { price, changes, replaced_by: replacement } => {
                let id = self.price_id(price)?;
                let replacement = replacement.as_ref().map(|price| self.price_id(price)).transpose()?;
                self.api.send(&self.changed_price(&id, changes, replacement.as_deref())?).await?;
                Ok(None)
            }
            Step::ArchivePrice { id } => {
                self.api.send(&stripe::archive_price(self.environment, id)).await?;
                Ok(None)
            }
        }
    }

    async fn create_product(&mut self, key: &str, body: &NewProduct) -> Result<String, Failure> {
        let object = product_object(key);
        loop {
            let id = self.api.send(&self.new_product(&object, body)?).await?.data.product.product_id;
            if self.is_new(&object, &id)? {
                self.created_products.insert(key.to_owned(), (id.clone(), body.clone()));
                return Ok(id);
            }
        }
    }

    async fn create_price(
        &mut self,
        key: &str,
        product: &ObjectRef,
        body: &NewPrice,
    ) -> Result<String, Failure> {
        let object = price_object(key);
        let product = match product {
            ObjectRef::Existing(id) => id.clone(),
            ObjectRef::Created(key) => {
                self.created_products.get(key).map(|(id, _)| id.clone()).ok_or_else(|| not_created(key))?
            }
        };
        let body = with_product(body, product)?;
        loop {
            let id = self.api.send(&self.new_price(&object, &body)?).await?.data.price.price_id;
            if self.is_new(&object, &id)? {
                self.created_prices.insert(key.to_owned(), id.clone());
                return Ok(id);
            }
        }
    }

    /// Creates a product again whose response was stale. `failure` says that the product does not exist.
    async fn recreate_product(&mut self, key: &str, failure: Failure) -> Result<(), Failure> {
        let (_, body) = self.created_products.remove(key).ok_or_else(|| not_created(key))?;
        if !self.count_stale_response(&product_object(key)) {
            return Err(failure);
        }
        self.create_product(key, &body).await.map(drop)
    }

    /// Whether a create returned a new id. An existing id is a stale response.
    fn is_new(&mut self, object: &str, id: &str) -> Result<bool, Failure> {
        if self.existing_ids.insert(id.to_owned()) {
            return Ok(true);
        }
        if self.count_stale_response(object) {
            return Ok(false);
        }
        Err(Failure::new(Code::ResponseInvalid, "The create returned an existing object")
            .why(format!("the response names {id}, which existed before"))
            .hint("check this object in Stripe's dashboard"))
    }

    /// Counts a stale response. Returns whether the object can be created again.
    fn count_stale_response(&mut self, object: &str) -> bool {
        let count = self.stale_responses.entry(object.to_owned()).or_default();
        *count += 1;
        *count <= MAX_STALE_RESPONSES
    }

    /// A key that the same create always gets, until it has a stale response.
    fn idempotency_key(&self, object: &str, body: &impl serde::Serialize) -> Result<IdempotencyKey, Failure> {
        let body = serde_json::to_string(body).map_err(not_serializable)?;
        let count = self.stale_responses.get(object).copied().unwrap_or_default().to_string();
        Ok(IdempotencyKey::derived(&[self.account, self.environment.as_str(), object, &body, &count]))
    }

    fn price_id(&self, price: &ObjectRef) -> Result<String, Failure> {
        match price {
            ObjectRef::Existing(id) => Ok(id.clone()),
            ObjectRef::Created(key) => self.created_prices.get(key).cloned().ok_or_else(|| not_created(key)),
        }
    }
}

/// The body of a new price, with its product.
fn with_product(body: &NewPrice, product: String) -> Result<NewPrice, Failure> {
    let product_id = ObjectId::try_from(product).map_err(|why| Failure::new(Code::ResponseInvalid, why))?;
    Ok(NewPrice { product_id: Some(product_id), ..body.clone() })
}

/// A name for a product that no price has.
fn product_object(key: &str) -> String {
    format!("product {key}")
}

/// A name for a price that no product has.
fn price_object(key: &str) -> String {
    format!("price {key}")
}

/// Whether Stripe does not know a product or price, although the response to its create was a success (exchange 164).
fn is_missing(kind: &str, failure: &Failure) -> bool {
    matches!(failure.status, Some(400 | 404)) && failure.what.contains(&format!("No such {kind}"))
}

#[allow(clippy::needless_pass_by_value, reason = "map_err passes the error by value")]
fn not_serializable(error: serde_json::Error) -> Failure {
    Failure::new(Code::Failed, "Cannot write the request as JSON").why(error.to_string())
}

fn not_created(key: &str) -> Failure {
    Failure::new(Code::Failed, format!("`{key}` was not created by an earlier step"))
}
