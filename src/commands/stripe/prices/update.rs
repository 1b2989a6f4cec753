use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::OptionHints;
use crate::commands::common::{Target, Thing, to_json};
use crate::commands::stripe::keyed;
use crate::commands::stripe::object::ObjectArgs;
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, CommandSpec, Ctx, Done, Entries, Verb, Write};
use crate::wire::{LookupKey, Patch, Price, PriceChanges, PriceReply, TaxBehavior, WithId};

const FIXED: OptionHints = OptionHints(&[(
    &["--unit-amount", "--amount", "--currency", "--interval", "--interval-count", "--product"],
    "a price's amount, currency, interval and product never change: create another price with \
     `insforge payments prices create`, then archive this one with `insforge payments prices archive ID`",
)]);

/// Change a price: never its amount, currency or interval
///
/// A file of many (an array or JSONL), each with its `id`, changes one after the other, after one question, and writes a
/// line of JSON for each; see `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test price_fga9NIpQxmSldzmQaOwez8tE --lookup-key pro_annual --json"))]
#[command(add = FIXED)]
pub(crate) struct Update {
    #[command(flatten)]
    price: Target<Price>,
    /// The name by which your application finds it; `null` takes it away
    #[arg(long, value_name = "LOOKUP_KEY")]
    lookup_key: Option<Patch<LookupKey>>,
    /// Whether the amount includes tax; once exclusive or inclusive, it stays so
    #[arg(long, value_name = "BEHAVIOR")]
    tax_behavior: Option<TaxBehavior>,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Update {
    type Resolved = (Thing, PriceChanges);
    type Answer = PriceReply;
    type Shown = Done<PriceReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.price.environment().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.object.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, WithId::default())
    }

    fn change(&self, (price, changes): &Self::Resolved) -> Change {
        let Thing { environment, id } = price;
        Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: format!("Update price {id} at Stripe"),
            means: to_json(changes),
            account: None,
            check: Check::mirror(&["prices", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, (price, changes): &Self::Resolved) -> Result<Call<PriceReply>> {
        Ok(stripe::update_price(price.environment, &price.id, changes)?)
    }

    fn explain(&self, ctx: &Ctx, (price, _): &Self::Resolved, failure: Failure) -> Failure {
        keyed::explain_lookup_key(ctx, price.environment, failure)
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<PriceReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Stripe price updated: {}", reply.data.price.price_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Update {
    type Object = WithId<PriceChanges>;
    const VERB: Verb = Verb::Update;

    async fn read(&self) -> Result<Option<Entries<WithId<PriceChanges>>>> {
        Ok(self.price.check(self.object.read().await?)?)
    }

    fn with(&self, _ctx: &Ctx, file: WithId<PriceChanges>) -> Result<Self::Resolved> {
        let price = self.price.resolve(file.id.as_deref())?;
        let file = file.changes;
        let changes = PriceChanges {
            active: self.object.active(file.active),
            lookup_key: Patch::from(self.lookup_key.clone()).or(file.lookup_key),
            tax_behavior: self.tax_behavior.or(file.tax_behavior),
            metadata: self.object.metadata(file.metadata)?,
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("give at least one of --active, --lookup-key, --tax-behavior, --metadata, --metadata-field")
                .into());
        }
        Ok((price, changes))
    }
}
