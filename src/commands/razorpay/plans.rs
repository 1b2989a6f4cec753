use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::commands::common::{EnvironmentArgs, FileArgs, missing, to_json};
use crate::commands::razorpay::catalog::{self, Get, Likeness, List, Row};
use crate::commands::razorpay::items;
use crate::error::{Exit, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Bulk, Change, Check, Ctx, Done, Entries, Verb, Write, execute, execute_bulk};
use crate::ui::{Column, Page, Rows, Tables, View, dash, short_date, yes_no};
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
            Self::Create(create) => execute_bulk(create, ctx).await,
        }
    }
}

impl Row for Plan {
    const ONE: &'static str = "plan";
    const MANY: &'static str = "plans";
    const ID: &'static str = "planId";
    const NOT_FOUND: &'static str = "PAYMENT_PLAN_NOT_FOUND";
    const COLUMNS: &'static [Column] = &[
        Column::new("Env"),
        Column::new("Plan ID"),
        Column::new("Item ID"),
        Column::new("Name"),
        Column::new("Amount"),
        Column::new("Every"),
        Column::new("Active"),
        Column::spare("Synced At"),
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
        Some(Money::new(self.amount?, self.currency.as_deref()?))
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
    const ROWS: Rows = &[("plan", "plan")];
    const TABLES: Tables = &[Plan::COLUMNS];

    fn page(&self) -> Page<'_> {
        catalog::section([&self.plan]).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.plan.plan_id]
    }
}

/// Create a plan, and an item for it
///
/// A plan cannot be changed afterwards. Razorpay takes no idempotency key: two runs make two plans. Where the answer is
/// lost, the catalog is looked through for what this run may have made, before anybody runs it again.
///
/// A file of many (an array or JSONL) makes one after the other, after one question, and writes a line of JSON for each; see
/// `insforge help output`. It syncs first: what the catalog has already of the same name, amount and rhythm is not made again.
#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// What it is counted in (required)
    #[arg(long, required_unless_present = "from_file")]
    period: Option<PlanPeriod>,
    /// It is paid every so many periods; of daily ones 7 at least (required)
    #[arg(long, value_name = "COUNT", required_unless_present = "from_file", allow_negative_numbers = true)]
    interval: Option<PlanInterval>,
    /// The name of its item, as customers see it; at most 255 characters (required)
    #[arg(long, value_name = "NAME", required_unless_present = "from_file")]
    item_name: Option<ItemName>,
    /// What it costs each time, in the currency's smallest unit: 49900 for 499.00 INR (required)
    #[arg(long, value_name = "AMOUNT", required_unless_present = "from_file", allow_negative_numbers = true)]
    item_amount: Option<ItemAmount>,
    /// The three-letter ISO code of the currency (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    item_currency: Option<Currency>,
    /// The description of its item, or `null` for none
    #[arg(long, value_name = "TEXT")]
    item_description: Option<Patch<ItemDescription>>,
    /// Notes as a JSON object of texts, such as '{"tier":"gold"}'
    #[arg(long, value_name = "JSON")]
    notes: Option<Notes>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Create {
    type Resolved = (Environment, NewPlan);
    type Answer = PlanReply;
    type Shown = Done<PlanReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, NewPlan::default())
    }

    fn change(&self, (environment, plan): &Self::Resolved) -> Change {
        let name = plan.item.as_ref().map(items::named).unwrap_or_default();
        let rhythm =
            plan.period.zip(plan.interval).map(|(period, interval)| BillingCycle { period, interval });
        let every = rhythm.map(|rhythm| format!(" every {rhythm}")).unwrap_or_default();
        Change {
            effect: Effect::Write(*environment),
            provider: &RAZORPAY,
            what: format!("Create plan {name}{every} at Razorpay"),
            means: to_json(plan),
            account: None,
            check: Check::mirror(&["plans", "list", environment.as_str()]),
        }
    }

    fn call(&self, (environment, plan): &Self::Resolved) -> Result<Call<PlanReply>> {
        Ok(razorpay::create_plan(*environment, plan)?)
    }

    async fn look(&self, ctx: &Ctx, (environment, plan): &Self::Resolved, failure: Failure) -> Failure {
        match likeness(*environment, plan) {
            Some(likeness) => likeness.look::<Plan>(ctx, failure).await,
            None => failure,
        }
    }

    /// The answer names the plan's item by its id alone.
    async fn conclude(
        &self,
        _ctx: &Ctx,
        (_, plan): Self::Resolved,
        mut reply: Reply<PlanReply>,
    ) -> Result<Self::Shown> {
        let name = plan.item.and_then(|item| item.name);
        reply.data.plan.item_name = name.map(|name| name.as_str().trim().to_owned());
        let note = format!("Razorpay plan created: {}", reply.data.plan.plan_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Create {
    type Object = NewPlan;
    const VERB: Verb = Verb::Create;

    async fn read(&self) -> Result<Option<Entries<NewPlan>>> {
        self.file.read().await
    }

    fn with(&self, _ctx: &Ctx, file: NewPlan) -> Result<Self::Resolved> {
        let environment = self.environment.resolve()?;
        let in_file = file.item.unwrap_or_default();
        let item = NewItem {
            name: self.item_name.clone().or(in_file.name),
            description: Patch::from(self.item_description.clone()).or(in_file.description),
            amount: self.item_amount.or(in_file.amount),
            currency: self.item_currency.clone().or(in_file.currency),
        };
        let period = self.period.or(file.period).ok_or_else(|| missing("--period"))?;
        let interval = self.interval.or(file.interval).ok_or_else(|| missing("--interval"))?;
        BillingCycle { period, interval }.check().map_err(|why| {
            Failure::usage(format!("Razorpay takes no such plan: {why}"))
                .hint("give a longer --interval, or --period weekly")
        })?;
        items::check(&item, ["--item-name", "--item-amount", "--item-currency"])?;
        let notes = self.notes.clone().or(file.notes);
        let plan = NewPlan { period: Some(period), interval: Some(interval), item: Some(item), notes };
        Ok((environment, plan))
    }

    async fn there_already(&self, ctx: &Ctx, all: &[Self::Resolved]) -> Result<Vec<Option<String>>> {
        let wanted = all.iter().map(|(environment, plan)| likeness(*environment, plan));
        catalog::there_already::<Plan>(ctx, self.environment.resolve()?, wanted).await
    }
}

/// What a new plan looks like: its item, paid this often.
fn likeness(environment: Environment, plan: &NewPlan) -> Option<Likeness<'_>> {
    let rhythm = BillingCycle { period: plan.period?, interval: plan.interval? };
    let likeness = items::likeness(environment, plan.item.as_ref()?)?;
    Some(Likeness { every: Some(rhythm.to_string()), ..likeness })
}
