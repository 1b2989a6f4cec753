use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::commands::common::{EnvironmentArgs, to_json};
use crate::commands::stripe::effects::{self, MirrorIndex};
use crate::commands::stripe::new_object::{self, NewObject};
use crate::commands::stripe::object_args::ObjectArgs;
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::{
    Change, Check, CommandSpec, Completes, Ctx, ExistingObjects, FileArgs, HasIdList, Required, Verb, Write,
    WriteReply, check_required,
};
use crate::wire::{
    Currency, Environment, IdempotencyKey, Interval, LookupKey, Money, NewPrice, ObjectId, Patch, PriceReply,
    Product, Recurring, TaxBehavior, UnitAmount,
};

/// Create a one-time or recurring price
///
/// A price's amount, currency and interval never change: create another price instead.
///
/// With your own --idempotency-key, running the command again within a day prints the first price and creates no second one.
/// Without it, the tool generates a key, and an error shows it.
///
/// A file with many objects needs one confirmation and prints one line of JSON per object. Running the same file again within a
/// day creates no duplicates. See `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --product prod_dxFhxxNRvjmfxv --currency eur --unit-amount 2900 --interval month --lookup-key pro_monthly_eur --idempotency-key pro-monthly-eur-1 --json"))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Id of the product (required)
    #[arg(long, value_name = "PRODUCT_ID", required_unless_present = "from_file", add = Completes::Ids(Product::IDS))]
    product: Option<ObjectId>,
    /// Three-letter currency code, such as usd (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    currency: Option<Currency>,
    /// Amount in the currency's smallest unit: 1999 for 19.99 USD, 500 for 500 JPY (required)
    #[arg(long, value_name = "AMOUNT", required_unless_present = "from_file")]
    unit_amount: Option<UnitAmount>,
    /// Billing interval of a recurring price [default: one-time]
    #[arg(long)]
    interval: Option<Interval>,
    /// Number of intervals between payments, up to three years; needs --interval [default: 1]
    #[arg(long, value_name = "N")]
    interval_count: Option<u32>,
    /// Lookup key, by which your application finds the price; at most 200 characters, `null` for none
    #[arg(long, value_name = "LOOKUP_KEY")]
    lookup_key: Option<Patch<LookupKey>>,
    /// Whether the amount includes tax
    #[arg(long, value_name = "BEHAVIOR")]
    tax_behavior: Option<TaxBehavior>,
    /// Idempotency key, such as pro-monthly-1; 1 to 200 characters [default: generated]
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
    /// Skip the sync after a repeated create of an object that has changed
    #[arg(long)]
    no_sync: bool,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Create {
    type Object = NewPrice;
    type Request = NewObject<NewPrice>;
    type Answer = PriceReply;
    type Shown = WriteReply<PriceReply>;
    const VERB: Verb = Verb::Create;
    const REQUIRED: &'static [Required] =
        &[("--product", "productId"), ("--currency", "currency"), ("--unit-amount", "unitAmount")];

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.object.file)
    }

    fn combined(&self, object: NewPrice) -> Result<NewPrice, Failure> {
        Ok(NewPrice {
            product_id: self.product.clone().or(object.product_id),
            currency: self.currency.clone().or(object.currency),
            unit_amount: self.unit_amount.or(object.unit_amount),
            lookup_key: Patch::from(self.lookup_key.clone()).or(object.lookup_key),
            active: self.object.active(object.active),
            recurring: self.recurring(object.recurring)?,
            tax_behavior: self.tax_behavior.or(object.tax_behavior),
            metadata: self.object.metadata(object.metadata)?,
            idempotency_key: object.idempotency_key,
        })
    }

    async fn resolve(&self, ctx: &Ctx, object: NewPrice) -> Result<Self::Request> {
        let mut body = self.combined(object)?;
        check_required(Self::REQUIRED, &body)?;
        ctx.warn(money(&body).and_then(|money| not_payable(&money)).as_slice());
        let in_file = body.idempotency_key.take();
        Ok(NewObject::new(self.environment()?, body, self.idempotency_key.as_ref(), in_file))
    }

    fn change(&self, price: &Self::Request) -> Change {
        let environment = price.environment;
        let product = price.body.product_id.as_ref().map_or("", ObjectId::as_str);
        let money = money(&price.body).map(|money| money.to_string()).unwrap_or_default();
        let every = match price.body.recurring {
            None => String::new(),
            Some(recurring) => format!(" every {recurring}"),
        };
        let what = format!("Create price of {product}: {money}{every} at Stripe");
        let check = Check::mirror(&["prices", "list", environment.as_str(), "--product", product]);
        Change::new(&STRIPE, environment, what, check).summary(to_json(&price.body))
    }

    fn call(&self, price: &Self::Request) -> Result<Call<PriceReply>> {
        let body = NewPrice { idempotency_key: Some(price.key.clone()), ..price.body.clone() };
        Ok(stripe::create_price(price.environment, &body)?)
    }

    async fn examine(&self, ctx: &Ctx, prices: &[&Self::Request]) -> Result<Effects> {
        let mirror = effects::read_mirror(ctx, self.environment()?).await?;
        let mirror = MirrorIndex::new(&mirror);
        let objects = prices.iter().map(|price| mirror.new_price(&price.body)).collect();
        Ok(Effects { objects, ..Effects::default() })
    }

    fn idempotency_key(price: &Self::Request) -> Option<&IdempotencyKey> {
        Some(&price.key)
    }

    fn explain(&self, ctx: &Ctx, price: &Self::Request, failure: Failure) -> Failure {
        let failure = new_object::explain(price, "price", failure);
        let environment = price.environment;
        if failure.what.starts_with("No such product") {
            let list = ctx.command(&STRIPE, &["products", "list", environment.as_str()]);
            return failure.hint(format!("`{list}` lists the ids of existing products"));
        }
        new_object::explain_lookup_key(ctx, environment, failure)
    }

    async fn find_existing(&self, ctx: &Ctx, prices: &[Self::Request]) -> Result<ExistingObjects> {
        let product = match prices {
            [price] => price.body.product_id.as_ref().map(ObjectId::as_str),
            _ => None,
        };
        Ok(new_object::find_existing(ctx, stripe::prices(self.environment()?, product)).await)
    }

    async fn update_mirror(&self, ctx: &Ctx, outdated: &[String]) -> Result<()> {
        new_object::update_mirror(ctx, self.environment()?, self.no_sync, outdated).await;
        Ok(())
    }

    fn derive_keys(&self, prices: &mut [Self::Request]) -> Result<()> {
        Ok(new_object::derive_keys("price", self.idempotency_key.as_ref(), prices)?)
    }
}

impl Create {
    /// How often the price is paid: by the options, or else by the file. The file's count only belongs to the file's
    /// interval.
    fn recurring(&self, file: Option<Recurring>) -> Result<Option<Recurring>, Failure> {
        let file = file.filter(|_| self.interval.is_none());
        let interval_count = self.interval_count.or(file.and_then(|file| file.interval_count));
        let Some(interval) = self.interval.or(file.map(|file| file.interval)) else {
            return match interval_count {
                None => Ok(None),
                Some(_) => Err(Failure::usage("--interval-count needs --interval")
                    .hint("add --interval day, week, month or year")),
            };
        };
        let recurring = Recurring { interval, interval_count };
        recurring.check().map_err(|limit| {
            Failure::usage("Invalid billing interval")
                .why(limit)
                .hint("use another --interval or --interval-count")
        })?;
        Ok(Some(recurring))
    }
}

fn money(price: &NewPrice) -> Option<Money<'_>> {
    let amount = i64::try_from(price.unit_amount?.get()).ok()?;
    Some(Money::new(amount, price.currency.as_ref()?.as_str()))
}

/// Warns of a price that can be created, and of which several together may be payable, but not one alone.
pub(super) fn not_payable(money: &Money<'_>) -> Option<Warning> {
    let step = money.unmet_multiple()?;
    let text =
        format!("Stripe accepts no payment of {money}: amounts in this currency are multiples of {step}");
    Some(Warning { code: WarningCode::AmountNotPayable, text })
}
