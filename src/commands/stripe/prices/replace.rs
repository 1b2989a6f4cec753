use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::PriceTerms;
use crate::catalog::plan::{PriceReplacement, replace_price};
use crate::commands::common::{IdArgs, Target};
use crate::commands::stripe::catalog::{StripeCatalog, change_lines, read_stripe};
use crate::commands::stripe::planned_change;
use crate::commands::stripe::prices::create::not_payable;
use crate::commands::stripe::prices::reference;
use crate::error::{Warning, WarningCode};
use crate::runner::{Change, Check, CommandSpec, Ctx, MultiWrite, MultiWriteReply, PlannedRequests};
use crate::ui::Line;
use crate::wire::{Environment, MirroredPrice, Money, Number, Price, PriceReply, UnitAmount};

/// Replace a price by a price with another amount
///
/// A price's amount never changes. This command creates a price with the same product, currency, interval, tax behavior and
/// metadata, moves the lookup key to it, and archives the old price. Other settings at Stripe, such as a nickname, are not
/// copied. Existing subscriptions keep the old price.
///
/// If the command is interrupted, run it again: it continues and creates nothing twice. Stripe archives no default price,
/// so a default price stays active, with a warning.
#[derive(Args)]
#[command(add = CommandSpec::writes_many::<Self>("test pro_yearly --unit-amount 19900 --json")
    .note("if it is interrupted, the same command continues"))]
pub(crate) struct Replace {
    #[command(flatten)]
    price: IdArgs<Price>,
    /// New amount in the currency's smallest unit: 1999 for 19.99 USD, 500 for 500 JPY
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    unit_amount: UnitAmount,
}

/// The replacement, and the data from which it was planned.
pub(crate) struct Prepared {
    environment: Environment,
    current: StripeCatalog,
    replacement: PriceReplacement,
}

impl Prepared {
    fn what(&self) -> String {
        let PriceReplacement { price, new_amount, .. } = &self.replacement;
        let (old, new) =
            (price_text(price, price.unit_amount.clone()), price_text(price, Some((*new_amount).into())));
        format!("Replace price {} ({old}) by {new} at Stripe", price.price_id)
    }
}

impl MultiWrite for Replace {
    type Prepared = Prepared;
    type DryRun = PlannedRequests;
    type Shown = MultiWriteReply<PriceReply>;

    async fn dry_run(&self, ctx: &Ctx) -> Result<PlannedRequests> {
        let Prepared { environment, current, replacement } = self.prepare(ctx).await?;
        planned_change::requests(ctx, environment, &current, replacement.change.as_ref()).await
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<Prepared> {
        let prepared = self.read(ctx).await?;
        let PriceReplacement { price, new_amount, .. } = &prepared.replacement;
        let money = Money::of(&(*new_amount).into(), &price.currency);
        ctx.warn(not_payable(&money).as_slice());
        Ok(prepared)
    }

    async fn prepare_again(&self, ctx: &Ctx, _prepared: &Prepared) -> Result<Prepared> {
        self.read(ctx).await
    }

    fn change(&self, prepared: &Prepared) -> Option<Change> {
        prepared.replacement.change.as_ref()?;
        let id = &prepared.replacement.price.price_id;
        let check = Check::mirror(&["prices", "get", prepared.environment.as_str(), id]);
        let change = Change::new(&STRIPE, prepared.environment, prepared.what(), check).details(
            "New customers pay the new amount; existing subscriptions keep the old price.".to_owned(),
        );
        Some(Change { account: Some(prepared.current.account.clone()), ..change })
    }

    fn preview<'a>(&self, prepared: &'a Prepared) -> Vec<Line<'a>> {
        prepared.replacement.change.iter().flat_map(change_lines).collect()
    }

    async fn effects(&self, ctx: &Ctx, prepared: &Prepared) -> Result<Effects> {
        planned_change::effects(
            ctx,
            prepared.environment,
            &prepared.current,
            prepared.replacement.change.as_ref(),
        )
        .await
    }

    async fn make(&self, ctx: &Ctx, prepared: Prepared) -> Result<Self::Shown> {
        let what = prepared.what();
        let Prepared { environment, current, replacement } = prepared;
        let PriceReplacement { price, new_amount, change, new_id, stays_active } = replacement;
        let mut note = format!(
            "✓ Stripe price {} costs {} already; nothing to do.",
            price.price_id,
            price_text(&price, Some(new_amount.into()))
        );
        let mut id = new_id.unwrap_or_else(|| price.price_id.clone());
        if let Some(change) = change {
            let is_new = id == price.price_id && price.unit_amount != Some(new_amount.into());
            let made = planned_change::make(ctx, environment, &current, change, &what).await?;
            id = if is_new { made } else { id };
            note = if id == price.price_id {
                format!("✓ The replacement by Stripe price {id} is complete.")
            } else {
                format!("✓ Stripe price replaced: {} → {id}", price.price_id)
            };
        }
        let reply = ctx.send(stripe::price(environment, &id)).await;
        let reply = reply.map_err(|error| planned_change::not_shown(error, note.trim_start_matches("✓ ")))?;
        let warnings =
            stays_active.iter().map(|old| default_stays_active(ctx, environment, old, &id)).collect();
        Ok(MultiWriteReply { reply, notes: vec![note], warnings })
    }
}

impl Replace {
    /// Reads Stripe and plans the replacement.
    async fn read(&self, ctx: &Ctx) -> Result<Prepared> {
        let Target { environment, id } = self.price.resolve()?;
        let current = read_stripe(ctx, environment, true).await?;
        let replacement = replace_price(&current.mirror, &id, self.unit_amount, environment)?
            .ok_or_else(|| reference::unknown(ctx, environment, &id))?;
        Ok(Prepared { environment, current, replacement })
    }
}

/// An amount with the interval of a price: `19.00 EUR every month`.
fn price_text(price: &MirroredPrice, amount: Option<Number>) -> String {
    let money = amount.map(|amount| Money::of(&amount, &price.currency).to_string()).unwrap_or_default();
    match PriceTerms::of(price).ok().and_then(|terms| terms.recurring) {
        Some(recurring) => format!("{money} every {recurring}"),
        None => money,
    }
}

fn default_stays_active(ctx: &Ctx, environment: Environment, old: &str, new: &str) -> Warning {
    let archive = ctx.command(&STRIPE, &["prices", "archive", environment.as_str(), old]);
    let text = format!(
        "{old} stays active, because it is the default price of its product; choose {new} as the default price in Stripe's \
         dashboard, then run: {archive}"
    );
    Warning { code: WarningCode::DefaultPriceActive, text }
}
