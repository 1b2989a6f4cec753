use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{Named, Thing};
use crate::error::{Code, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Done, Write};
use crate::wire::{Product, ProductDeleted};

/// Delete a product that has no prices
///
/// Stripe deletes no product that has prices, archived ones too: take such a one out of sale with `products update ID
/// --active false`. It asks before.
#[derive(Args)]
#[command(add = CommandSpec::destroys::<Self>("test prod_UgmtwPFqr91f5b --yes --json")
    .exits(1, "1 because a product that has prices cannot be deleted; `--active false` takes it off sale"))]
pub(crate) struct Delete {
    #[command(flatten)]
    product: Named<Product>,
}

impl Write for Delete {
    type Resolved = Thing;
    type Answer = ProductDeleted;
    type Shown = Done<ProductDeleted>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.product.environment().map(Effect::Destroy)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Thing> {
        Ok(self.product.resolve()?)
    }

    fn change(&self, product: &Thing) -> Change {
        let Thing { environment, id } = product;
        Change {
            effect: Effect::Destroy(*environment),
            provider: &STRIPE,
            what: format!("Delete product {id} at Stripe"),
            means: Some("A deleted product cannot be brought back.".into()),
            account: None,
            check: Check::mirror(&["products", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, product: &Thing) -> Result<Call<ProductDeleted>> {
        Ok(stripe::delete_product(product.environment, &product.id))
    }

    /// Stripe's reason is good; what to do instead is not in it (exchange 189).
    fn explain(&self, ctx: &Ctx, product: &Thing, failure: Failure) -> Failure {
        if failure.status != Some(400) || !failure.what.contains("prices") {
            return failure;
        }
        let Thing { environment, id } = product;
        let instead = ["products", "update", environment.as_str(), id, "--active", "false"];
        failure.hint(format!("take it out of sale instead: {}", ctx.command(&STRIPE, &instead)))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _product: Thing,
        reply: Reply<ProductDeleted>,
    ) -> Result<Self::Shown> {
        let id = &reply.data.product_id;
        if !reply.data.deleted {
            return Err(Failure::new(Code::Failed, format!("Stripe did not delete product {id}")).into());
        }
        let note = format!("Stripe product deleted: {id}");
        Ok(Done { reply, note })
    }
}
