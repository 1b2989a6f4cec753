use anyhow::Result;
use clap::Args;

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::commands::common::{EnvironmentArgs, FileArgs, missing, to_json};
use crate::commands::razorpay::NO_IDEMPOTENCY_KEY;
use crate::commands::razorpay::catalog::{self, Likeness};
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, CommandSpec, Ctx, Done, Entries, Verb, Write};
use crate::wire::razorpay::{Item, ItemAmount, ItemReply, NewItem};
use crate::wire::{Currency, Environment, ItemDescription, ItemName, Patch};

/// Create an item
///
/// Razorpay takes no idempotency key: two runs make two items. Where the answer is lost, the catalog is looked through for
/// what this run may have made, before anybody runs it again.
///
/// A file of many (an array or JSONL) makes one after the other, after one question, and writes a line of JSON for each; see
/// `insforge help output`. It syncs first: what the catalog has already of the same name and amount is not made again.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --name Seat --amount 49900 --currency INR --json")
    .note(NO_IDEMPOTENCY_KEY))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Its name, as customers see it; at most 255 characters (required)
    #[arg(long, required_unless_present = "from_file")]
    name: Option<ItemName>,
    /// What it costs, in the currency's smallest unit: 49900 for 499.00 INR (required)
    #[arg(long, required_unless_present = "from_file", allow_negative_numbers = true)]
    amount: Option<ItemAmount>,
    /// The three-letter ISO code of the currency (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    currency: Option<Currency>,
    /// Its description, or `null` for none
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Create {
    type Resolved = (Environment, NewItem);
    type Answer = ItemReply;
    type Shown = Done<ItemReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, NewItem::default())
    }

    fn change(&self, (environment, item): &Self::Resolved) -> Change {
        Change {
            effect: Effect::Write(*environment),
            provider: &RAZORPAY,
            what: format!("Create item {} at Razorpay", named(item)),
            means: to_json(item),
            account: None,
            check: Check::mirror(&["items", "list", environment.as_str()]),
        }
    }

    fn call(&self, (environment, item): &Self::Resolved) -> Result<Call<ItemReply>> {
        Ok(razorpay::create_item(*environment, item)?)
    }

    async fn look(&self, ctx: &Ctx, (environment, item): &Self::Resolved, failure: Failure) -> Failure {
        match likeness(*environment, item) {
            Some(likeness) => likeness.look::<Item>(ctx, failure).await,
            None => failure,
        }
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<ItemReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Razorpay item created: {}", reply.data.item.item_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Create {
    type Object = NewItem;
    const VERB: Verb = Verb::Create;

    async fn read(&self) -> Result<Option<Entries<NewItem>>> {
        self.file.read().await
    }

    fn with(&self, _ctx: &Ctx, file: NewItem) -> Result<Self::Resolved> {
        let environment = self.environment.resolve()?;
        let item = NewItem {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            amount: self.amount.or(file.amount),
            currency: self.currency.clone().or(file.currency),
        };
        check(&item, ["--name", "--amount", "--currency"])?;
        Ok((environment, item))
    }

    async fn there_already(&self, ctx: &Ctx, all: &[Self::Resolved]) -> Result<Vec<Option<String>>> {
        let wanted = all.iter().map(|(environment, item)| likeness(*environment, item));
        catalog::there_already::<Item>(ctx, self.environment.resolve()?, wanted).await
    }
}

/// Whether it has what an item needs, by itself or in a plan; else the flag that gives it.
pub(in crate::commands::razorpay) fn check(
    item: &NewItem,
    [name, amount, currency]: [&str; 3],
) -> Result<(), Failure> {
    let needed =
        [(name, item.name.is_some()), (amount, item.amount.is_some()), (currency, item.currency.is_some())];
    needed.into_iter().find(|(_, given)| !given).map_or(Ok(()), |(flag, _)| Err(missing(flag)))
}

/// Its name and price, for whoever is to say yes to it.
pub(in crate::commands::razorpay) fn named(item: &NewItem) -> String {
    let name = item.name.as_ref().map_or("", |name| name.as_str().trim());
    item.price().map_or_else(|| name.to_owned(), |price| format!("{name}: {price}"))
}

/// What a new item looks like.
pub(in crate::commands::razorpay) fn likeness(
    environment: Environment,
    item: &NewItem,
) -> Option<Likeness<'_>> {
    Some(Likeness { environment, name: item.name.as_ref()?.as_str(), price: item.price()?, every: None })
}
