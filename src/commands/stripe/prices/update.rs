use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::plan::ObjectKind;
use crate::commands::OptionHints;
use crate::commands::common::{Target, UpdateIdArgs, to_json};
use crate::commands::stripe::effects;
use crate::commands::stripe::new_object;
use crate::commands::stripe::object_args::ObjectArgs;
use crate::commands::stripe::prices::reference;
use crate::error::{Exit, Failure};
use crate::runner::{Change, Check, CommandSpec, Ctx, Entry, FileArgs, Verb, Write, WriteReply};
use crate::wire::{Environment, LookupKey, Patch, Price, PriceChanges, PriceReply, TaxBehavior, WithId};

const FIXED: OptionHints = OptionHints(&[
    (
        &["--unit-amount", "--amount"],
        "a price's amount never changes: `insforge payments prices replace ID --unit-amount N` creates another price and \
         archives this one",
    ),
    (
        &["--currency", "--interval", "--interval-count", "--product"],
        "a price's currency, interval and product never change: create another price with `insforge payments prices \
         create`, then archive this one with `insforge payments prices archive ID`",
    ),
]);

/// Change a price, except its amount, currency and interval
///
/// A file can have changes for many prices, each with its `id`. It needs one confirmation, and prints one line of JSON per
/// object; see `insforge help output`.
#[derive(Args)]
#[command(add = FIXED)]
#[command(add = CommandSpec::writes::<Self>("test price_fga9NIpQxmSldzmQaOwez8tE --lookup-key pro_annual --json"))]
pub(crate) struct Update {
    #[command(flatten)]
    price: UpdateIdArgs<Price>,
    /// Lookup key, by which your application finds the price; `null` removes it
    #[arg(long, value_name = "LOOKUP_KEY")]
    lookup_key: Option<Patch<LookupKey>>,
    /// Whether the amount includes tax; final once it is exclusive or inclusive
    #[arg(long, value_name = "BEHAVIOR")]
    tax_behavior: Option<TaxBehavior>,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Update {
    type Object = WithId<PriceChanges>;
    type Request = (Target, PriceChanges);
    type Answer = PriceReply;
    type Shown = WriteReply<PriceReply>;
    const VERB: Verb = Verb::Update;

    fn environment(&self) -> Result<Environment, Failure> {
        self.price.environment()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.object.file)
    }

    async fn resolve(&self, ctx: &Ctx, object: Self::Object) -> Result<Self::Request> {
        let price = self.price.resolve(object.id.as_deref())?;
        let object_has_id = object.id.is_some();
        let object = object.changes;
        let changes = PriceChanges {
            active: self.object.active(object.active),
            lookup_key: Patch::from(self.lookup_key.clone()).or(object.lookup_key),
            tax_behavior: self.tax_behavior.or(object.tax_behavior),
            metadata: self.object.metadata(object.metadata)?,
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("add at least one of --active, --lookup-key, --tax-behavior, --metadata, --metadata-field")
                .into());
        }
        // In a file, `id` is an id: of two entries for one price, the file's check has to find the second.
        Ok((if object_has_id { price } else { reference::resolve(ctx, price).await? }, changes))
    }

    fn change(&self, (Target { environment, id }, changes): &Self::Request) -> Change {
        let check = Check::mirror(&["prices", "get", environment.as_str(), id]);
        Change::new(&STRIPE, *environment, format!("Update price {id} at Stripe"), check)
            .summary(to_json(changes))
    }

    fn call(&self, (price, changes): &Self::Request) -> Result<Call<PriceReply>> {
        Ok(stripe::update_price(price.environment, &price.id, changes)?)
    }

    fn explain(&self, ctx: &Ctx, (price, _): &Self::Request, failure: Failure) -> Failure {
        if failure.exit == Exit::NotFound && !reference::is_id(&price.id) {
            return failure.hint("use the id in the file: its `id` cannot be a lookup key");
        }
        let failure = new_object::explain_lookup_key(ctx, price.environment, failure);
        new_object::explain_default_price(ctx, price.environment, failure)
    }

    async fn examine(&self, ctx: &Ctx, updates: &[&Self::Request]) -> Result<Effects> {
        let ids: Vec<&str> = updates.iter().map(|(price, _)| price.id.as_str()).collect();
        effects::of_objects(ObjectKind::Price, ctx, self.environment()?, &ids, |mirror, position, id| {
            mirror.changed_price(id, &updates[position].1)
        })
        .await
    }

    fn check_entries(&self, file: &str, entries: &mut [Entry<Self::Object>]) -> Result<(), Failure> {
        self.price.check_entries(file, entries)
    }
}
