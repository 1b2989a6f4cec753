use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::plan::{ProductArchive, archive_product};
use crate::commands::common::{IdArgs, Target};
use crate::commands::stripe::catalog::{StripeCatalog, change_lines, read_stripe};
use crate::commands::stripe::planned_change;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::runner::{Change, Check, CommandSpec, Ctx, MultiWrite, MultiWriteReply, PlannedRequests};
use crate::ui::Line;
use crate::wire::{Environment, Product, ProductReply};

/// Archive a product and its prices, so that nobody can buy them anymore
///
/// It archives the active prices first, then the product. Existing subscriptions continue. Stripe archives no default price,
/// so the product's default price stays active, with a warning; Stripe does not sell it while its product is archived.
/// `products update ID --active true` activates the product again, but not its prices.
///
/// If the command is interrupted, run it again: it continues.
#[derive(Args)]
#[command(add = CommandSpec::writes_many::<Self>("test prod_dxFhxxNRvjmfxv --json")
    .note("if it is interrupted, the same command continues"))]
pub(crate) struct Archive {
    #[command(flatten)]
    product: IdArgs<Product>,
}

/// The archive, and the data from which it was planned.
pub(crate) struct Prepared {
    environment: Environment,
    current: StripeCatalog,
    archive: ProductArchive,
}

impl Prepared {
    fn what(&self) -> String {
        let ProductArchive { id, name, prices, .. } = &self.archive;
        let and_prices = match prices {
            0 => String::new(),
            1 => " and its price".to_owned(),
            count => format!(" and {count} prices"),
        };
        format!("Archive product {id} ({name}){and_prices} at Stripe")
    }
}

impl MultiWrite for Archive {
    type Prepared = Prepared;
    type DryRun = PlannedRequests;
    type Shown = MultiWriteReply<ProductReply>;

    async fn dry_run(&self, ctx: &Ctx) -> Result<PlannedRequests> {
        let Prepared { environment, current, archive } = self.prepare(ctx).await?;
        planned_change::requests(ctx, environment, &current, archive.change.as_ref()).await
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<Prepared> {
        let Target { environment, id } = self.product.resolve()?;
        let current = read_stripe(ctx, environment, true).await?;
        let Some(archive) = archive_product(&current.mirror, &id) else {
            return Err(not_found(ctx, environment, &id).await?.into());
        };
        Ok(Prepared { environment, current, archive })
    }

    fn change(&self, prepared: &Prepared) -> Option<Change> {
        prepared.archive.change.as_ref()?;
        let check = Check::mirror(&["products", "get", prepared.environment.as_str(), &prepared.archive.id]);
        let change = Change::new(&STRIPE, prepared.environment, prepared.what(), check)
            .details("Nobody can buy it anymore; existing subscriptions continue.".to_owned());
        Some(Change { account: Some(prepared.current.account.clone()), ..change })
    }

    fn preview<'a>(&self, prepared: &'a Prepared) -> Vec<Line<'a>> {
        prepared.archive.change.iter().flat_map(change_lines).collect()
    }

    async fn effects(&self, ctx: &Ctx, prepared: &Prepared) -> Result<Effects> {
        planned_change::effects(
            ctx,
            prepared.environment,
            &prepared.current,
            prepared.archive.change.as_ref(),
        )
        .await
    }

    async fn make(&self, ctx: &Ctx, prepared: Prepared) -> Result<Self::Shown> {
        let what = prepared.what();
        let Prepared { environment, current, archive } = prepared;
        let ProductArchive { id, change, stays_active, .. } = archive;
        let note = if let Some(change) = change {
            planned_change::make(ctx, environment, &current, change, &what).await?;
            format!("✓ Stripe product archived: {id}")
        } else {
            format!("✓ Stripe product {id} is archived already; nothing to do.")
        };
        let reply = ctx.send(stripe::product(environment, &id)).await;
        let reply = reply.map_err(|error| planned_change::not_shown(error, note.trim_start_matches("✓ ")))?;
        let warning = |price: String| Warning {
            code: WarningCode::DefaultPriceActive,
            text: format!(
                "{price} stays active, because it is the default price of {id}; Stripe does not sell it while its product \
                 is archived"
            ),
        };
        Ok(MultiWriteReply {
            reply,
            notes: vec![note],
            warnings: stays_active.into_iter().map(warning).collect(),
        })
    }
}

/// The failure of a product that the catalog does not have, as the backend reports it.
async fn not_found(ctx: &Ctx, environment: Environment, id: &str) -> Result<Failure> {
    ctx.send(stripe::product(environment, id)).await?;
    let code = Code::Backend("PAYMENT_PRODUCT_NOT_FOUND".to_owned());
    Ok(Failure::new(code, format!("Stripe {environment} product not found: {id}")).exit(Exit::NotFound))
}
