use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::plan::ObjectKind;
use crate::commands::common::{Target, UpdateIdArgs, to_json};
use crate::commands::stripe::effects;
use crate::commands::stripe::object_args::ObjectArgs;
use crate::error::Failure;
use crate::runner::{Change, Check, CommandSpec, Ctx, Entry, FileArgs, Verb, Write, WriteReply};
use crate::ui::View;
use crate::wire::{
    Description, Environment, Patch, Product, ProductChanges, ProductName, ProductReply, Products, WithId,
};

/// Change a product
///
/// A file can have changes for many products, each with its `id`. It needs one confirmation, and prints one line of JSON per
/// object; see `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test prod_dxFhxxNRvjmfxv --description 'Everything, for you' --json")
    .tables(Products::TABLES).rows(super::ROWS_OF_ONE))]
pub(crate) struct Update {
    #[command(flatten)]
    product: UpdateIdArgs<Product>,
    /// New name; at most 250 characters
    #[arg(long)]
    name: Option<ProductName>,
    /// New description; `null` removes it
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<Description>>,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Update {
    type Object = WithId<ProductChanges>;
    type Request = (Target, ProductChanges);
    type Answer = ProductReply;
    type Shown = WriteReply<ProductReply>;
    const VERB: Verb = Verb::Update;

    fn environment(&self) -> Result<Environment, Failure> {
        self.product.environment()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.object.file)
    }

    async fn resolve(&self, _ctx: &Ctx, object: Self::Object) -> Result<Self::Request> {
        let product = self.product.resolve(object.id.as_deref())?;
        let object = object.changes;
        let changes = ProductChanges {
            name: self.name.clone().or(object.name),
            description: Patch::from(self.description.clone()).or(object.description),
            active: self.object.active(object.active),
            metadata: self.object.metadata(object.metadata)?,
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("add at least one of --name, --description, --active, --metadata, --metadata-field")
                .into());
        }
        Ok((product, changes))
    }

    fn change(&self, (Target { environment, id }, changes): &Self::Request) -> Change {
        let check = Check::mirror(&["products", "get", environment.as_str(), id]);
        Change::new(&STRIPE, *environment, format!("Update product {id} at Stripe"), check)
            .summary(to_json(changes))
    }

    fn call(&self, (product, changes): &Self::Request) -> Result<Call<ProductReply>> {
        Ok(stripe::update_product(product.environment, &product.id, changes)?)
    }

    async fn examine(&self, ctx: &Ctx, updates: &[&Self::Request]) -> Result<Effects> {
        let ids: Vec<&str> = updates.iter().map(|(product, _)| product.id.as_str()).collect();
        effects::of_objects(ObjectKind::Product, ctx, self.environment()?, &ids, |mirror, position, id| {
            mirror.changed_product(id, &updates[position].1)
        })
        .await
    }

    fn check_entries(&self, file: &str, entries: &mut [Entry<Self::Object>]) -> Result<(), Failure> {
        self.product.check_entries(file, entries)
    }
}
