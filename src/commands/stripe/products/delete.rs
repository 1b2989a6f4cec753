use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::commands::common::{IdArgs, Target};
use crate::error::{Code, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Verb, Write, WriteReply};
use crate::wire::{Environment, Product, ProductDeleted};

/// Delete a product that has no prices
///
/// Stripe refuses to delete a product that has prices, even archived ones. Deactivate such a product instead: `products
/// update ID --active false`. Always asks for confirmation.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test prod_UgmtwPFqr91f5b --yes --json")
    .exits(1, "1 because a product that has prices cannot be deleted; `--active false` takes it off sale"))]
pub(crate) struct Delete {
    #[command(flatten)]
    product: IdArgs<Product>,
}

impl Write for Delete {
    type Object = ();
    type Request = Target;
    type Answer = ProductDeleted;
    type Shown = WriteReply<ProductDeleted>;
    const VERB: Verb = Verb::Delete;
    const EFFECT: Effect = Effect::Destroy;

    fn environment(&self) -> Result<Environment, Failure> {
        self.product.environment()
    }

    async fn resolve(&self, _ctx: &Ctx, _object: ()) -> Result<Target> {
        Ok(self.product.resolve()?)
    }

    fn change(&self, Target { environment, id }: &Target) -> Change {
        let check = Check::mirror(&["products", "get", environment.as_str(), id]);
        Change::new(&STRIPE, *environment, format!("Delete product {id} at Stripe"), check)
            .details("A deleted product cannot be restored.".to_owned())
    }

    fn call(&self, product: &Target) -> Result<Call<ProductDeleted>> {
        Ok(stripe::delete_product(product.environment, &product.id))
    }

    /// Adds what to do instead, which Stripe's message does not say (exchange 189).
    fn explain(&self, ctx: &Ctx, Target { environment, id }: &Target, failure: Failure) -> Failure {
        if failure.status != Some(400) || !failure.what.contains("prices") {
            return failure;
        }
        let instead = ["products", "update", environment.as_str(), id, "--active", "false"];
        failure.hint(format!("deactivate it instead: {}", ctx.command(&STRIPE, &instead)))
    }

    async fn complete(&self, _ctx: &Ctx, product: Target, shown: Self::Shown) -> Result<Self::Shown> {
        if shown.reply.data.deleted {
            Ok(shown)
        } else {
            Err(Failure::new(Code::Failed, format!("Stripe did not delete product {}", product.id)).into())
        }
    }
}
