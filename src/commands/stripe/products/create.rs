use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{EnvironmentArgs, missing, to_json};
use crate::commands::stripe::keyed::{self, KeyArgs, Keyed};
use crate::commands::stripe::object::ObjectArgs;
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, CommandSpec, Ctx, Done, Entries, KeyInUse, Verb, Write};
use crate::ui::View;
use crate::wire::{Description, NewProduct, Patch, ProductName, ProductReply, Products};

/// Create a product
///
/// With an idempotency key of your own the same command can be run again, and makes one product: Stripe remembers the
/// key for a day. Without one, a key is made for this run, so that it can be sent again after trouble; it is told where
/// you need it. A key that was used before gives the product as it was then: `payments sync` shows it as it is.
///
/// A file of many (an array or JSONL) makes one after the other, after one question, and writes a line of JSON for each; see
/// `insforge help output`. Each has a key of its own that follows from what it is, so that for a day the same file again
/// makes nothing twice.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --name Studio --idempotency-key studio-1 --json")
    .tables(Products::TABLES))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Its name, as customers see it; at most 250 characters (required)
    #[arg(long, required_unless_present = "from_file")]
    name: Option<ProductName>,
    /// Its description, or `null` for none
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<Description>>,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Create {
    type Resolved = Keyed<NewProduct>;
    type Answer = ProductReply;
    type Shown = Done<ProductReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.object.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, NewProduct::default())
    }

    fn change(&self, product: &Self::Resolved) -> Change {
        let name = product.body.name.as_ref().map_or("", |name| name.as_str().trim());
        Change {
            effect: Effect::Write(product.environment),
            provider: &STRIPE,
            what: format!("Create product {name} at Stripe"),
            means: to_json(&product.body),
            account: None,
            check: Check::mirror(&["products", "list", product.environment.as_str()]),
        }
    }

    fn call(&self, product: &Self::Resolved) -> Result<Call<ProductReply>> {
        let body = NewProduct { idempotency_key: Some(product.key.clone()), ..product.body.clone() };
        Ok(stripe::create_product(product.environment, &body)?)
    }

    fn key(product: &Self::Resolved) -> Option<KeyInUse<'_>> {
        Some(product.in_use())
    }

    fn explain(&self, _ctx: &Ctx, product: &Self::Resolved, failure: Failure) -> Failure {
        keyed::explain(product, "product", failure)
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _product: Self::Resolved,
        reply: Reply<ProductReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Stripe product created: {}", reply.data.product.product_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Create {
    type Object = NewProduct;
    const VERB: Verb = Verb::Create;

    async fn read(&self) -> Result<Option<Entries<NewProduct>>> {
        self.object.read().await
    }

    fn with(&self, _ctx: &Ctx, file: NewProduct) -> Result<Self::Resolved> {
        let environment = self.environment.resolve()?;
        let body = NewProduct {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            active: self.object.active(file.active),
            metadata: self.object.metadata(file.metadata)?,
            idempotency_key: None,
        };
        if body.name.is_none() {
            return Err(missing("--name").into());
        }
        Ok(self.key.keyed(environment, body, file.idempotency_key))
    }

    fn key_each(&self, all: &mut [Self::Resolved]) -> Result<()> {
        Ok(self.key.key_each("product", all)?)
    }
}
