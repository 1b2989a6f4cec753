//! Makes a plan so: one request after the other on one connection, because the backend takes one write at a time.
//!
//! Every create carries an idempotency key that follows from the account, who the object is and what it is to be: the
//! same apply after a crash makes nothing twice. Stripe remembers such a key for a day, whatever became of the object
//! since; an answer that names what was there before, or what is not there any more, is such an old one, and the object
//! is made anew under another key.

mod outcome;

use std::collections::{HashMap, HashSet};

use crate::api::{Api, stripe};
use crate::catalog::apply::outcome::is_about_no;
use crate::catalog::plan::{Action, Change, Kind, Plan, Ref, Step, replaced_by};
use crate::error::{AbortPolicy, Code, Failure};
use crate::wire::{Environment, IdempotencyKey, Mirror, NewPrice, NewProduct, ObjectId};
pub(crate) use outcome::{Applied, Progress, Touched, Undone};

/// How often something is made anew because its key brought an old answer. Every time is a day in which the same was
/// made and taken away.
const MOST_OLD_ANSWERS: u32 = 20;

/// Applies plans to one environment of one account.
pub(crate) struct Applier<'a> {
    api: &'a Api,
    environment: Environment,
    account: &'a str,
    /// Every id that was there before.
    there: HashSet<String>,
    /// The products that were made, by key, and what they were made of.
    products: HashMap<String, (String, NewProduct)>,
    /// The prices that were made, by lookup key.
    prices: HashMap<String, String>,
    /// How many old answers came for a product or price.
    old_answers: HashMap<String, u32>,
    /// See [`Applied::touched`].
    touched: Touched,
}

impl<'a> Applier<'a> {
    /// For an account whose mirror was just brought up to date.
    pub(crate) fn new(api: &'a Api, environment: Environment, account: &'a str, mirror: &Mirror) -> Self {
        let products = mirror.products.iter().map(|product| product.product_id.clone());
        let there = products.chain(mirror.prices.iter().map(|price| price.price_id.clone())).collect();
        Self {
            api,
            environment,
            account,
            there,
            products: HashMap::new(),
            prices: HashMap::new(),
            old_answers: HashMap::new(),
            touched: Touched::Not,
        }
    }

    /// Makes the changes in their order. What fails stops what needs it; the rest is made all the same.
    pub(crate) async fn apply(&mut self, plan: Plan, tell: impl Fn(Progress<'_>)) -> Applied {
        let mut applied = Applied::default();
        let mut failed: HashSet<String> = HashSet::new();
        let mut abort_policy = AbortPolicy::default();
        let of = plan.changes.len();
        for (done, change) in plan.changes.into_iter().enumerate() {
            tell(Progress { done, of, next: &change });
            let undone = match change.depends_on() {
                _ if abort_policy.should_abort() => Undone::NotTried,
                Some(product) if failed.contains(product) => Undone::Waits(product.to_owned()),
                _ => match self.make(&change).await {
                    Ok(id) => {
                        abort_policy.record_success();
                        applied.done.push((change, id));
                        continue;
                    }
                    Err(failure) => {
                        abort_policy.record_failure(&failure);
                        // A price may have a product's key as its lookup key.
                        if change.kind == Kind::Product {
                            failed.insert(change.key.clone());
                        }
                        Undone::Failed(failure)
                    }
                },
            };
            applied.not_done.push((change, undone));
        }
        self.correct(&mut applied.done);
        applied.touched = self.touched;
        applied
    }

    /// A product that a price showed to be gone was made anew after it was noted.
    fn correct(&self, done: &mut [(Change, String)]) {
        let creates = |change: &Change| change.action == Action::Create && change.kind == Kind::Product;
        for (change, id) in done.iter_mut().filter(|(change, _)| creates(change)) {
            if let Some((made, _)) = self.products.get(&change.key) {
                id.clone_from(made);
            }
        }
    }

    /// What was made and is not in a mirror that was brought up to date since: its answer was an old one. Whether there
    /// was any that can be made under another key the next time; it was not done then.
    pub(crate) fn forget_what_is_gone(&mut self, mirror: &Mirror, done: &mut Vec<(Change, String)>) -> bool {
        let products: HashSet<&str> = mirror.products.iter().map(|row| row.product_id.as_str()).collect();
        let prices: HashSet<&str> = mirror.prices.iter().map(|row| row.price_id.as_str()).collect();
        let gone_products = self.products.iter().filter(|(_, (id, _))| !products.contains(id.as_str()));
        let gone_prices = self.prices.iter().filter(|(_, id)| !prices.contains(id.as_str()));
        let gone: Vec<String> = gone_products
            .map(|(key, _)| product_identity(key))
            .chain(gone_prices.map(|(key, _)| price_identity(key)))
            .collect();
        let mut others_left = false;
        for identity in &gone {
            let count = self.old_answers.entry(identity.clone()).or_default();
            *count += 1;
            others_left |= *count <= MOST_OLD_ANSWERS;
        }
        let is_there = |id: &str| products.contains(id) || prices.contains(id);
        done.retain(|(change, id)| change.action != Action::Create || is_there(id));
        self.there.extend(products.into_iter().chain(prices).map(str::to_owned));
        others_left
    }

    /// One change, request by request; the id of what it is about.
    async fn make(&mut self, change: &Change) -> Result<String, Failure> {
        'again: loop {
            let mut id = change.id.clone();
            for step in &change.steps {
                let made = self.send(step).await;
                self.touched = self.touched.max(match &made {
                    Ok(_) => Touched::Surely,
                    Err(failure) if failure.may_have_succeeded() => Touched::Perhaps,
                    Err(_) => Touched::Not,
                });
                id = match made {
                    Ok(made) => made.or(id),
                    Err(failure) if self.was_an_old_answer(step, &failure) => continue 'again,
                    Err(failure) => return Err(failure),
                };
            }
            return Ok(id.unwrap_or_default());
        }
    }

    /// Whether this price was made with an old answer, and is not there any more. Then it is made under another key: its
    /// change begins again, for each of its requests can be sent twice.
    fn was_an_old_answer(&mut self, step: &Step, failure: &Failure) -> bool {
        let Step::UpdatePrice { price: Ref::Made(key), .. } = step else { return false };
        if !is_about_no("price", failure) || self.prices.remove(key).is_none() {
            return false;
        }
        let count = self.old_answers.entry(price_identity(key)).or_default();
        *count += 1;
        *count <= MOST_OLD_ANSWERS
    }

    /// One request; the id of what it made.
    async fn send(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        match step {
            Step::CreateProduct { key, body } => self.create_product(key, body).await.map(Some),
            Step::UpdateProduct { id, changes } => {
                let call = stripe::update_product(self.environment, id, changes).map_err(unwritable)?;
                self.api.send(&call.repeatable_here()).await?;
                Ok(None)
            }
            Step::CreatePrice { key, product, body } => {
                // Every time is an older answer; [`Self::make_product_anew`] is the end of it.
                loop {
                    match (self.create_price(key, product, body).await, product) {
                        (Err(failure), Ref::Made(product_key)) if is_about_no("product", &failure) => {
                            self.make_product_anew(product_key, failure).await?;
                        }
                        (created, _) => break created.map(Some),
                    }
                }
            }
            Step::UpdatePrice { price, changes, replaced_by: by } => {
                let id = self.price(price)?;
                let mut changes = changes.clone();
                if let Some(by) = by {
                    changes = replaced_by(changes, &self.price(by)?)?;
                }
                let call = stripe::update_price(self.environment, &id, &changes).map_err(unwritable)?;
                self.api.send(&call.repeatable_here()).await?;
                Ok(None)
            }
            Step::ArchivePrice { id } => {
                self.api.send(&stripe::archive_price(self.environment, id)).await?;
                Ok(None)
            }
        }
    }

    async fn create_product(&mut self, key: &str, body: &NewProduct) -> Result<String, Failure> {
        let identity = product_identity(key);
        loop {
            let idempotency_key = Some(self.idempotency_key(&identity, body)?);
            let new = NewProduct { idempotency_key, ..body.clone() };
            let call = stripe::create_product(self.environment, &new).map_err(unwritable)?;
            let id = self.api.send(&call).await?.data.product.product_id;
            if self.is_new(&identity, &id)? {
                self.products.insert(key.to_owned(), (id.clone(), body.clone()));
                return Ok(id);
            }
        }
    }

    async fn create_price(&mut self, key: &str, product: &Ref, body: &NewPrice) -> Result<String, Failure> {
        let identity = price_identity(key);
        let product = match product {
            Ref::Known(id) => id.clone(),
            Ref::Made(key) => {
                self.products.get(key).map(|(id, _)| id.clone()).ok_or_else(|| never_made(key))?
            }
        };
        let product_id =
            ObjectId::try_from(product).map_err(|why| Failure::new(Code::ResponseInvalid, why))?;
        let body = NewPrice { product_id: Some(product_id), ..body.clone() };
        loop {
            let idempotency_key = Some(self.idempotency_key(&identity, &body)?);
            let new = NewPrice { idempotency_key, ..body.clone() };
            let call = stripe::create_price(self.environment, &new).map_err(unwritable)?;
            let id = self.api.send(&call).await?.data.price.price_id;
            if self.is_new(&identity, &id)? {
                self.prices.insert(key.to_owned(), id.clone());
                return Ok(id);
            }
        }
    }

    /// Its answer was an old one: the product does not exist any more, which this failure says.
    async fn make_product_anew(&mut self, key: &str, failure: Failure) -> Result<(), Failure> {
        let (_, body) = self.products.remove(key).ok_or_else(|| never_made(key))?;
        let count = self.old_answers.entry(product_identity(key)).or_default();
        *count += 1;
        if *count > MOST_OLD_ANSWERS {
            return Err(failure);
        }
        self.create_product(key, &body).await.map(drop)
    }

    /// Whether a create made what it answers with; an old answer is counted.
    fn is_new(&mut self, identity: &str, id: &str) -> Result<bool, Failure> {
        if self.there.insert(id.to_owned()) {
            return Ok(true);
        }
        let count = self.old_answers.entry(identity.to_owned()).or_default();
        *count += 1;
        if *count > MOST_OLD_ANSWERS {
            return Err(Failure::new(Code::ResponseInvalid, "Creating it makes nothing new")
                .why(format!("the answer names {id}, which was there before"))
                .hint("look at it in Stripe's dashboard"));
        }
        Ok(false)
    }

    fn idempotency_key(
        &self,
        identity: &str,
        body: &impl serde::Serialize,
    ) -> Result<IdempotencyKey, Failure> {
        let wanted = serde_json::to_string(body).map_err(unwritable)?;
        let count = self.old_answers.get(identity).copied().unwrap_or_default().to_string();
        Ok(IdempotencyKey::derived(&[self.account, self.environment.as_str(), identity, &wanted, &count]))
    }

    fn price(&self, price: &Ref) -> Result<String, Failure> {
        match price {
            Ref::Known(id) => Ok(id.clone()),
            Ref::Made(key) => self.prices.get(key).cloned().ok_or_else(|| never_made(key)),
        }
    }
}

fn product_identity(key: &str) -> String {
    format!("product {key}")
}

fn price_identity(key: &str) -> String {
    format!("price {key}")
}

#[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unwritable(error: serde_json::Error) -> Failure {
    Failure::new(Code::Failed, "The request cannot be written as JSON").why(error.to_string())
}

fn never_made(key: &str) -> Failure {
    Failure::new(Code::Failed, format!("`{key}` was to be made before and was not"))
}
