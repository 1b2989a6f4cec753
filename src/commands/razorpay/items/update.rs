use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::razorpay::{self, RAZORPAY};
use crate::approval::Effects;
use crate::commands::common::{Target, UpdateIdArgs, boolean, to_json};
use crate::commands::razorpay::effects;
use crate::error::{Exit, Failure};
use crate::runner::{Change, Check, CommandSpec, Ctx, Entry, FileArgs, Verb, Write, WriteReply};
use crate::wire::razorpay::{Item, ItemAmount, ItemChanges, ItemReply};
use crate::wire::{Currency, Environment, ItemDescription, ItemName, Patch, WithId};

/// Change an item, including its amount
///
/// Existing plans keep the amount that they were created with.
///
/// A file can have changes for many items, each with its `id`. It needs one confirmation, and prints one line of JSON per
/// object; see `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test item_rTnF3Iv7WglSJS --amount 59900 --json"))]
pub(crate) struct Update {
    #[command(flatten)]
    item: UpdateIdArgs<Item>,
    /// New name; at most 255 characters
    #[arg(long)]
    name: Option<ItemName>,
    /// New amount in the currency's smallest unit: 49900 for 499.00 INR
    #[arg(long)]
    amount: Option<ItemAmount>,
    /// Three-letter currency code, such as INR
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// New description; `null` removes it
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    /// Whether the item can be bought
    #[arg(long, value_name = "BOOL", value_parser = boolean(), ignore_case = true)]
    active: Option<bool>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Update {
    type Object = WithId<ItemChanges>;
    type Request = (Target, ItemChanges);
    type Answer = ItemReply;
    type Shown = WriteReply<ItemReply>;
    const VERB: Verb = Verb::Update;

    fn environment(&self) -> Result<Environment, Failure> {
        self.item.environment()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.file)
    }

    async fn resolve(&self, _ctx: &Ctx, object: Self::Object) -> Result<Self::Request> {
        let item = self.item.resolve(object.id.as_deref())?;
        let object = object.changes;
        let changes = ItemChanges {
            name: self.name.clone().or(object.name),
            description: Patch::from(self.description.clone()).or(object.description),
            amount: self.amount.or(object.amount),
            currency: self.currency.clone().or(object.currency),
            active: self.active.or(object.active),
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("add at least one of --name, --amount, --currency, --description, --active")
                .into());
        }
        Ok((item, changes))
    }

    fn change(&self, (Target { environment, id }, changes): &Self::Request) -> Change {
        let check = Check::mirror(&["items", "get", environment.as_str(), id]);
        Change::new(&RAZORPAY, *environment, format!("Update item {id} at Razorpay"), check)
            .summary(to_json(changes))
    }

    fn call(&self, (item, changes): &Self::Request) -> Result<Call<ItemReply>> {
        Ok(razorpay::update_item(item.environment, &item.id, changes)?)
    }

    async fn examine(&self, ctx: &Ctx, updates: &[&Self::Request]) -> Result<Effects> {
        effects::of_items(ctx, self.environment()?, updates).await
    }

    /// Adds where the ids of existing items are.
    fn explain(&self, ctx: &Ctx, (item, _): &Self::Request, failure: Failure) -> Failure {
        if failure.exit != Exit::NotFound {
            return failure;
        }
        let list = ctx.command(&RAZORPAY, &["items", "list", item.environment.as_str()]);
        failure.hint(format!("`{list}` lists the ids of existing items"))
    }

    fn check_entries(&self, file: &str, entries: &mut [Entry<Self::Object>]) -> Result<(), Failure> {
        self.item.check_entries(file, entries)
    }
}
