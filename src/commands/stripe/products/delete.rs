use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::command::{Change, Ctx, Done, Write};
use crate::commands::common::Named;
use crate::error::{Code, Failure};
use crate::guard::Effect;
use crate::wire::{Environment, ProductDeleted};

/// Delete a product that has no prices
///
/// Stripe deletes no product that has prices, archived ones too: take such a one out of sale with `products update ID
/// --active false`. It asks before.
#[derive(Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    product: Named,
}

impl Write for Delete {
    type Resolved = Environment;
    type Answer = ProductDeleted;
    type Shown = Done<ProductDeleted>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.product.environment().map(Effect::Destroy)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Environment> {
        Ok(self.product.resolve()?.0)
    }

    fn change(&self, environment: &Environment) -> Change {
        let id = self.product.id();
        Change {
            effect: Effect::Destroy(*environment),
            provider: &STRIPE,
            what: format!("Delete product {id}"),
            means: Some("A deleted product cannot be brought back.".into()),
            account: None,
            look: format!("insforge payments products get {environment} {}", self.product.quoted()),
        }
    }

    fn call(&self, environment: &Environment) -> Result<Call<ProductDeleted>> {
        Ok(stripe::delete_product(*environment, self.product.id()))
    }

    /// Stripe's reason is good; what to do instead is not in it (exchange 189).
    fn explain(&self, environment: &Environment, failure: Failure) -> Failure {
        if failure.status != Some(400) || !failure.what.contains("prices") {
            return failure;
        }
        let id = self.product.quoted();
        failure.hint(format!(
            "take it out of sale instead: insforge payments products update {environment} {id} --active false"
        ))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _environment: Environment,
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
