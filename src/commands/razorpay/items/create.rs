use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::razorpay::{self, RAZORPAY};
use crate::approval::Effects;
use crate::commands::common::{EnvironmentArgs, to_json};
use crate::commands::razorpay::NO_IDEMPOTENCY_KEY;
use crate::commands::razorpay::catalog::{self, MatchKey};
use crate::commands::razorpay::effects;
use crate::error::Failure;
use crate::runner::{
    Change, Check, CommandSpec, Ctx, ExistingObjects, FileArgs, Required, Verb, Write, WriteReply,
    check_required,
};
use crate::wire::razorpay::{Item, ItemAmount, ItemReply, NewItem};
use crate::wire::{Currency, Environment, ItemDescription, ItemName, Patch};

/// Create an item
///
/// Razorpay has no idempotency keys: two runs create two items. If the outcome is unknown, the
/// command searches the catalog for the item that it may have created.
///
/// A file with many objects needs one confirmation, and prints one line of JSON per object; see `insforge help output`. It
/// syncs first and does not create items whose name and amount are already in the catalog.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --name Seat --amount 49900 --currency INR --json")
    .note(NO_IDEMPOTENCY_KEY))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Name, as customers see it; at most 255 characters (required)
    #[arg(long, required_unless_present = "from_file")]
    name: Option<ItemName>,
    /// Amount in the currency's smallest unit: 49900 for 499.00 INR (required)
    #[arg(long, required_unless_present = "from_file")]
    amount: Option<ItemAmount>,
    /// Three-letter currency code, such as INR (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    currency: Option<Currency>,
    /// Description, or `null` for none
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Create {
    type Object = NewItem;
    type Request = (Environment, NewItem);
    type Answer = ItemReply;
    type Shown = WriteReply<ItemReply>;
    const VERB: Verb = Verb::Create;
    const REQUIRED: &'static [Required] =
        &[("--name", "name"), ("--amount", "amount"), ("--currency", "currency")];

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.file)
    }

    fn combined(&self, object: NewItem) -> Result<NewItem, Failure> {
        Ok(NewItem {
            name: self.name.clone().or(object.name),
            description: Patch::from(self.description.clone()).or(object.description),
            amount: self.amount.or(object.amount),
            currency: self.currency.clone().or(object.currency),
        })
    }

    async fn resolve(&self, _ctx: &Ctx, object: NewItem) -> Result<Self::Request> {
        let item = self.combined(object)?;
        check_required(Self::REQUIRED, &item)?;
        Ok((self.environment()?, item))
    }

    fn change(&self, (environment, item): &Self::Request) -> Change {
        let what = format!("Create item {} at Razorpay", name_and_price(item));
        let check = Check::mirror(&["items", "list", environment.as_str()]);
        Change::new(&RAZORPAY, *environment, what, check).summary(to_json(item))
    }

    fn call(&self, (environment, item): &Self::Request) -> Result<Call<ItemReply>> {
        Ok(razorpay::create_item(*environment, item)?)
    }

    async fn examine(&self, _ctx: &Ctx, items: &[&Self::Request]) -> Result<Effects> {
        let objects = items.iter().map(|(_, item)| effects::new_item(item)).collect();
        Ok(Effects { objects, ..Effects::default() })
    }

    async fn investigate(&self, ctx: &Ctx, (environment, item): &Self::Request, failure: Failure) -> Failure {
        catalog::investigate::<Item>(ctx, *environment, match_key(item), failure).await
    }

    async fn find_existing(&self, ctx: &Ctx, items: &[Self::Request]) -> Result<ExistingObjects> {
        let keys = items.iter().map(|(_, item)| match_key(item));
        catalog::find_existing::<Item>(ctx, self.environment()?, keys).await
    }
}

/// `Gold: 499.00 INR`
pub(in crate::commands::razorpay) fn name_and_price(item: &NewItem) -> String {
    let name = item.name.as_ref().map_or("", |name| name.as_str().trim());
    item.price().map_or_else(|| name.to_owned(), |price| format!("{name}: {price}"))
}

fn match_key(item: &NewItem) -> Option<MatchKey> {
    Some(MatchKey::new(item.name.as_ref()?.as_str(), &item.price()?, None))
}
