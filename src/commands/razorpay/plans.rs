use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::Call;
use crate::api::razorpay::{self, RAZORPAY};
use crate::approval::Effects;
use crate::commands::common::{EnvironmentArgs, to_json};
use crate::commands::razorpay::NO_IDEMPOTENCY_KEY;
use crate::commands::razorpay::catalog::{self, Get, List, MatchKey};
use crate::commands::razorpay::catalog_object::{CatalogObject, section};
use crate::commands::razorpay::{effects, items};
use crate::error::{Exit, Failure};
use crate::runner::{
    Change, Check, CommandSpec, Ctx, ExistingObjects, FileArgs, Required, Verb, Write, WriteReply,
    check_required, execute, execute_write,
};
use crate::ui::{Column, Page, RowLists, Tables, View, dash, short_date, yes_no};
use crate::wire::fields::{self, Fields};
use crate::wire::razorpay::{
    BillingCycle, Catalog, ItemAmount, NewItem, NewPlan, Plan, PlanInterval, PlanPeriod, PlanReply,
};
use crate::wire::{Currency, Environment, ItemDescription, ItemName, Money, Notes, Patch};

#[derive(Subcommand)]
pub(crate) enum Plans {
    /// List the plans of one environment
    List(List<Plan>),
    /// Show one plan
    Get(Get<Plan>),
    Create(Create),
}

impl Plans {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::List(list) => execute(list, ctx).await,
            Self::Get(get) => execute(get, ctx).await,
            Self::Create(create) => execute_write(create, ctx).await,
        }
    }
}

impl CatalogObject for Plan {
    const GET_EXAMPLE: &'static str = "test plan_HCFF36AXlLFr2A --json";
    const SINGULAR: &'static str = "plan";
    const PLURAL: &'static str = "plans";
    const ID: &'static str = "planId";
    const NOT_FOUND: &'static str = "PAYMENT_PLAN_NOT_FOUND";
    const FIELDS: Fields = fields::PLAN;
    const COLUMNS: &'static [Column<'static>] = &[
        Column::spare("Env"),
        Column::new("Plan ID"),
        Column::spare("Item ID"),
        Column::text("Name"),
        Column::money("Amount"),
        Column::new("Every"),
        Column::new("Active"),
        Column::extra("Synced At"),
    ];

    fn all(catalog: &Catalog) -> &[Self] {
        &catalog.plans
    }

    fn id(&self) -> &str {
        &self.plan_id
    }

    fn name(&self) -> Option<&str> {
        self.item_name.as_deref()
    }

    fn price(&self) -> Option<Money<'_>> {
        Some(Money::of(self.amount.as_ref()?, self.currency.as_deref()?))
    }

    fn every(&self) -> Option<String> {
        self.billing_cycle()
    }

    fn created_at(&self) -> Option<&str> {
        self.provider_created_at.as_deref()
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.environment.as_str().into(),
            self.plan_id.as_str().into(),
            dash(self.item_id.as_deref()),
            dash(self.name()),
            dash(self.price().map(|price| price.to_string())),
            dash(self.billing_cycle()),
            yes_no(self.active),
            short_date(self.synced_at.as_deref()),
        ]
    }
}

impl View for PlanReply {
    const NOUN: &'static str = "plan";
    const ROWS: RowLists = &[("plan", "plan", fields::PLAN)];
    const TABLES: Tables = &[Plan::COLUMNS];

    fn page(&self) -> Page<'_> {
        section([&self.plan]).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.plan.plan_id]
    }
}

/// Create a plan and its item
///
/// A plan cannot be changed later. Razorpay has no idempotency keys: two runs create two plans. If the outcome is unknown, the
/// command searches the catalog for the plan that it may have created.
///
/// A file with many objects needs one confirmation, and prints one line of JSON per object; see `insforge help output`. It
/// syncs first and does not create plans whose name, amount and period are already in the catalog.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --period monthly --interval 1 --item-name Basic --item-amount 49900 --item-currency INR --json")
    .note(NO_IDEMPOTENCY_KEY))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Unit of the billing interval (required)
    #[arg(long, required_unless_present = "from_file")]
    period: Option<PlanPeriod>,
    /// Number of periods between payments; at least 7 for daily (required)
    #[arg(long, value_name = "COUNT", required_unless_present = "from_file")]
    interval: Option<PlanInterval>,
    /// Name of the item, as customers see it; at most 255 characters (required)
    #[arg(long, value_name = "NAME", required_unless_present = "from_file")]
    item_name: Option<ItemName>,
    /// Amount of each payment in the currency's smallest unit: 49900 for 499.00 INR (required)
    #[arg(long, value_name = "AMOUNT", required_unless_present = "from_file")]
    item_amount: Option<ItemAmount>,
    /// Three-letter currency code, such as INR (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    item_currency: Option<Currency>,
    /// Description of the item, or `null` for none
    #[arg(long, value_name = "TEXT")]
    item_description: Option<Patch<ItemDescription>>,
    /// Notes as a JSON object of strings, such as '{"tier":"gold"}'
    #[arg(long, value_name = "JSON")]
    notes: Option<Notes>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Create {
    type Object = NewPlan;
    type Request = (Environment, NewPlan);
    type Answer = PlanReply;
    type Shown = WriteReply<PlanReply>;
    const VERB: Verb = Verb::Create;
    const REQUIRED: &'static [Required] = &[
        ("--period", "period"),
        ("--interval", "interval"),
        ("--item-name", "item.name"),
        ("--item-amount", "item.amount"),
        ("--item-currency", "item.currency"),
    ];

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.file)
    }

    fn combined(&self, object: NewPlan) -> Result<NewPlan, Failure> {
        let in_file = object.item.unwrap_or_default();
        let item = NewItem {
            name: self.item_name.clone().or(in_file.name),
            description: Patch::from(self.item_description.clone()).or(in_file.description),
            amount: self.item_amount.or(in_file.amount),
            currency: self.item_currency.clone().or(in_file.currency),
        };
        Ok(NewPlan {
            period: self.period.or(object.period),
            interval: self.interval.or(object.interval),
            item: Some(item),
            notes: self.notes.clone().or(object.notes),
        })
    }

    async fn resolve(&self, _ctx: &Ctx, object: NewPlan) -> Result<Self::Request> {
        let plan = self.combined(object)?;
        billing_cycle(&plan).map_or(Ok(()), BillingCycle::check).map_err(|why| {
            Failure::usage(format!("Razorpay does not accept this plan: {why}"))
                .hint("use a longer --interval, or --period weekly")
        })?;
        check_required(Self::REQUIRED, &plan)?;
        Ok((self.environment()?, plan))
    }

    fn change(&self, (environment, plan): &Self::Request) -> Change {
        let item = plan.item.as_ref().map(items::name_and_price).unwrap_or_default();
        let every = billing_cycle(plan).map(|cycle| format!(" every {cycle}")).unwrap_or_default();
        let what = format!("Create plan {item}{every} at Razorpay");
        let check = Check::mirror(&["plans", "list", environment.as_str()]);
        Change::new(&RAZORPAY, *environment, what, check).summary(to_json(plan))
    }

    fn call(&self, (environment, plan): &Self::Request) -> Result<Call<PlanReply>> {
        Ok(razorpay::create_plan(*environment, plan)?)
    }

    async fn examine(&self, _ctx: &Ctx, plans: &[&Self::Request]) -> Result<Effects> {
        let objects = plans.iter().map(|(_, plan)| effects::new_plan(plan)).collect();
        Ok(Effects { objects, ..Effects::default() })
    }

    async fn investigate(&self, ctx: &Ctx, (environment, plan): &Self::Request, failure: Failure) -> Failure {
        catalog::investigate::<Plan>(ctx, *environment, match_key(plan), failure).await
    }

    /// Adds the item's name, which the answer does not have.
    async fn complete(
        &self,
        _ctx: &Ctx,
        (_, plan): Self::Request,
        shown: Self::Shown,
    ) -> Result<Self::Shown> {
        let mut shown = shown;
        let name = plan.item.and_then(|item| item.name);
        shown.reply.data.plan.item_name = name.map(|name| name.as_str().trim().to_owned());
        Ok(shown)
    }

    async fn find_existing(&self, ctx: &Ctx, plans: &[Self::Request]) -> Result<ExistingObjects> {
        let keys = plans.iter().map(|(_, plan)| match_key(plan));
        catalog::find_existing::<Plan>(ctx, self.environment()?, keys).await
    }
}

fn billing_cycle(plan: &NewPlan) -> Option<BillingCycle> {
    Some(BillingCycle { period: plan.period?, interval: plan.interval? })
}

fn match_key(plan: &NewPlan) -> Option<MatchKey> {
    let item = plan.item.as_ref()?;
    Some(MatchKey::new(item.name.as_ref()?.as_str(), &item.price()?, Some(billing_cycle(plan)?.to_string())))
}
