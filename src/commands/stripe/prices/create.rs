use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{EnvironmentArgs, missing, to_json};
use crate::commands::stripe::keyed::{self, KeyArgs, Keyed};
use crate::commands::stripe::object::ObjectArgs;
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, Ctx, Done, Entries, KeyInUse, Verb, Write};
use crate::wire::{
    Currency, Interval, LookupKey, Money, NewPrice, ObjectId, Patch, PriceReply, Recurring, TaxBehavior,
    UnitAmount,
};

/// Create a one-time or recurring price
///
/// Amount, currency and interval of a price never change: another amount is another price. With an idempotency key of
/// your own the same command can be run again, and makes one price: Stripe remembers the key for a day. Without one, a
/// key is made for this run, so that it can be sent again after trouble; it is told where you need it. A key that was
/// used before gives the price as it was then: `payments sync` shows it as it is.
///
/// A file of many (an array or JSONL) makes one after the other, after one question, and writes a line of JSON for each; see
/// `insforge help output`. Each has a key of its own that follows from what it is, so that for a day the same file again
/// makes nothing twice.
#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// The product that it is the price of (required)
    #[arg(long, value_name = "PRODUCT_ID", required_unless_present = "from_file")]
    product: Option<ObjectId>,
    /// Three-letter currency code, such as usd (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    currency: Option<Currency>,
    /// The amount in the currency's smallest unit: 1999 for 19.99 USD, 500 for 500 JPY (required)
    #[arg(long, value_name = "AMOUNT", required_unless_present = "from_file", allow_negative_numbers = true)]
    unit_amount: Option<UnitAmount>,
    /// Paid again and again, this often; without it, once
    #[arg(long)]
    interval: Option<Interval>,
    /// Every so many intervals, three years at most; needs --interval
    #[arg(long, value_name = "N")]
    interval_count: Option<u32>,
    /// A name by which your application finds it, or `null` for none; at most 200 characters
    #[arg(long, value_name = "LOOKUP_KEY")]
    lookup_key: Option<Patch<LookupKey>>,
    /// Whether the amount includes tax
    #[arg(long, value_name = "BEHAVIOR")]
    tax_behavior: Option<TaxBehavior>,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Create {
    type Resolved = Keyed<NewPrice>;
    type Answer = PriceReply;
    type Shown = Done<PriceReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.object.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, NewPrice::default())
    }

    fn change(&self, price: &Self::Resolved) -> Change {
        let product = price.body.product_id.as_ref().map_or("", ObjectId::as_str);
        let money = money(&price.body).map(|money| money.to_string()).unwrap_or_default();
        let every = match price.body.recurring {
            None => String::new(),
            Some(recurring) => format!(" every {recurring}"),
        };
        Change {
            effect: Effect::Write(price.environment),
            provider: &STRIPE,
            what: format!("Create price of {product}: {money}{every} at Stripe"),
            means: to_json(&price.body),
            account: None,
            check: Check::mirror(&["prices", "list", price.environment.as_str(), "--product", product]),
        }
    }

    fn call(&self, price: &Self::Resolved) -> Result<Call<PriceReply>> {
        let body = NewPrice { idempotency_key: Some(price.key.clone()), ..price.body.clone() };
        Ok(stripe::create_price(price.environment, &body)?)
    }

    fn key(price: &Self::Resolved) -> Option<KeyInUse<'_>> {
        Some(price.in_use())
    }

    fn explain(&self, ctx: &Ctx, price: &Self::Resolved, failure: Failure) -> Failure {
        let failure = keyed::explain(price, "price", failure);
        let environment = price.environment;
        if failure.what.starts_with("No such product") {
            let list = ctx.command(&STRIPE, &["products", "list", environment.as_str()]);
            return failure.hint(format!("`{list}` shows their ids"));
        }
        keyed::explain_lookup_key(ctx, environment, failure)
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _price: Self::Resolved,
        reply: Reply<PriceReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Stripe price created: {}", reply.data.price.price_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Create {
    type Object = NewPrice;
    const VERB: Verb = Verb::Create;

    async fn read(&self) -> Result<Option<Entries<NewPrice>>> {
        self.object.read().await
    }

    fn with(&self, ctx: &Ctx, file: NewPrice) -> Result<Self::Resolved> {
        let environment = self.environment.resolve()?;
        let body = NewPrice {
            product_id: self.product.clone().or(file.product_id),
            currency: self.currency.clone().or(file.currency),
            unit_amount: self.unit_amount.or(file.unit_amount),
            lookup_key: Patch::from(self.lookup_key.clone()).or(file.lookup_key),
            active: self.object.active(file.active),
            recurring: self.recurring(file.recurring)?,
            tax_behavior: self.tax_behavior.or(file.tax_behavior),
            metadata: self.object.metadata(file.metadata)?,
            idempotency_key: None,
        };
        for (flag, given) in [
            ("--product", body.product_id.is_some()),
            ("--currency", body.currency.is_some()),
            ("--unit-amount", body.unit_amount.is_some()),
        ] {
            if !given {
                return Err(missing(flag).into());
            }
        }
        ctx.warn(money(&body).and_then(|money| not_payable(&money)).as_slice());
        Ok(self.key.keyed(environment, body, file.idempotency_key))
    }

    fn key_each(&self, all: &mut [Self::Resolved]) -> Result<()> {
        Ok(self.key.key_each("price", all)?)
    }
}

impl Create {
    /// What the flags say of its rhythm, over what the file says. Another interval is another rhythm: the file's count
    /// is not for it.
    fn recurring(&self, file: Option<Recurring>) -> Result<Option<Recurring>, Failure> {
        let file = file.filter(|_| self.interval.is_none());
        let interval_count = self.interval_count.or(file.and_then(|file| file.interval_count));
        let Some(interval) = self.interval.or(file.map(|file| file.interval)) else {
            return match interval_count {
                None => Ok(None),
                Some(_) => Err(Failure::usage("--interval-count needs an interval to count")
                    .hint("give it with --interval day, week, month or year")),
            };
        };
        let recurring = Recurring { interval, interval_count };
        recurring
            .check()
            .map_err(|limit| Failure::usage(limit).hint("give another --interval or --interval-count"))?;
        Ok(Some(recurring))
    }
}

fn money(price: &NewPrice) -> Option<Money<'_>> {
    let amount = i64::try_from(price.unit_amount?.get()).ok()?;
    Some(Money::new(amount, price.currency.as_ref()?.as_str()))
}

/// Such a price can be made, and a quantity of it may be payable; one alone is not.
fn not_payable(money: &Money<'_>) -> Option<Warning> {
    let step = money.finer_than_payable()?;
    let text =
        format!("Stripe takes no payment of {money}: in this currency amounts are multiples of {step}");
    Some(Warning { code: WarningCode::AmountNotPayable, text })
}
