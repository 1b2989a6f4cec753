use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{Target, Thing, to_json};
use crate::commands::stripe::object::ObjectArgs;
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, CommandSpec, Ctx, Done, Entries, Verb, Write};
use crate::ui::View;
use crate::wire::{Description, Patch, Product, ProductChanges, ProductName, ProductReply, Products, WithId};

/// Change a product
///
/// A file of many (an array or JSONL), each with its `id`, changes one after the other, after one question, and writes a
/// line of JSON for each; see `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test prod_dxFhxxNRvjmfxv --description 'Everything, for you' --json")
    .tables(Products::TABLES))]
pub(crate) struct Update {
    #[command(flatten)]
    product: Target<Product>,
    /// Its new name; at most 250 characters
    #[arg(long)]
    name: Option<ProductName>,
    /// Its new description; `null` empties it
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<Description>>,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Update {
    type Resolved = (Thing, ProductChanges);
    type Answer = ProductReply;
    type Shown = Done<ProductReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.product.environment().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.object.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, WithId::default())
    }

    fn change(&self, (product, changes): &Self::Resolved) -> Change {
        let Thing { environment, id } = product;
        Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: format!("Update product {id} at Stripe"),
            means: to_json(changes),
            account: None,
            check: Check::mirror(&["products", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, (product, changes): &Self::Resolved) -> Result<Call<ProductReply>> {
        Ok(stripe::update_product(product.environment, &product.id, changes)?)
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<ProductReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Stripe product updated: {}", reply.data.product.product_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Update {
    type Object = WithId<ProductChanges>;
    const VERB: Verb = Verb::Update;

    async fn read(&self) -> Result<Option<Entries<WithId<ProductChanges>>>> {
        Ok(self.product.check(self.object.read().await?)?)
    }

    fn with(&self, _ctx: &Ctx, file: WithId<ProductChanges>) -> Result<Self::Resolved> {
        let product = self.product.resolve(file.id.as_deref())?;
        let file = file.changes;
        let changes = ProductChanges {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            active: self.object.active(file.active),
            metadata: self.object.metadata(file.metadata)?,
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("give at least one of --name, --description, --active, --metadata, --metadata-field")
                .into());
        }
        Ok((product, changes))
    }
}
