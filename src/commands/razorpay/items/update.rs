use anyhow::Result;
use clap::Args;

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::commands::common::{FileArgs, Target, Thing, boolean, to_json};
use crate::error::{Exit, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, CommandSpec, Ctx, Done, Entries, Verb, Write};
use crate::wire::razorpay::{Item, ItemAmount, ItemChanges, ItemReply};
use crate::wire::{Currency, ItemDescription, ItemName, Patch, WithId};

/// Change an item
///
/// What it costs can change too; plans keep the price that they were made with.
///
/// A file of many (an array or JSONL), each with its `id`, changes one after the other, after one question, and writes a
/// line of JSON for each; see `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test item_rTnF3Iv7WglSJS --amount 59900 --json"))]
pub(crate) struct Update {
    #[command(flatten)]
    item: Target<Item>,
    /// Its new name; at most 255 characters
    #[arg(long)]
    name: Option<ItemName>,
    /// What it costs from now on, in the currency's smallest unit
    #[arg(long, allow_negative_numbers = true)]
    amount: Option<ItemAmount>,
    /// The three-letter ISO code of the currency
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// Its new description; `null` empties it
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    /// Whether it can be bought
    #[arg(long, value_name = "BOOL", value_parser = boolean(), ignore_case = true)]
    active: Option<bool>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Update {
    type Resolved = (Thing, ItemChanges);
    type Answer = ItemReply;
    type Shown = Done<ItemReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.item.environment().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, WithId::default())
    }

    fn change(&self, (item, changes): &Self::Resolved) -> Change {
        let Thing { environment, id } = item;
        Change {
            effect: Effect::Write(*environment),
            provider: &RAZORPAY,
            what: format!("Update item {id} at Razorpay"),
            means: to_json(changes),
            account: None,
            check: Check::mirror(&["items", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, (item, changes): &Self::Resolved) -> Result<Call<ItemReply>> {
        Ok(razorpay::update_item(item.environment, &item.id, changes)?)
    }

    /// Razorpay answers with a 400 where there is no such item (exchange 305).
    fn explain(&self, ctx: &Ctx, (item, _): &Self::Resolved, failure: Failure) -> Failure {
        if failure.status != Some(400) || !failure.what.contains("does not exist") {
            return failure;
        }
        let list = ctx.command(&RAZORPAY, &["items", "list", item.environment.as_str()]);
        failure.exit(Exit::NotFound).hint(format!("`{list}` shows their ids"))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<ItemReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Razorpay item updated: {}", reply.data.item.item_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Update {
    type Object = WithId<ItemChanges>;
    const VERB: Verb = Verb::Update;

    async fn read(&self) -> Result<Option<Entries<WithId<ItemChanges>>>> {
        Ok(self.item.check(self.file.read().await?)?)
    }

    fn with(&self, _ctx: &Ctx, file: WithId<ItemChanges>) -> Result<Self::Resolved> {
        let item = self.item.resolve(file.id.as_deref())?;
        let file = file.changes;
        let changes = ItemChanges {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            amount: self.amount.or(file.amount),
            currency: self.currency.clone().or(file.currency),
            active: self.active.or(file.active),
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("give at least one of --name, --amount, --currency, --description, --active")
                .into());
        }
        Ok((item, changes))
    }
}
