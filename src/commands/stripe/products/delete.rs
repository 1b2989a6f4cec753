use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::plan::ObjectKind;
use crate::commands::common::{IdArgs, Target};
use crate::commands::stripe::effects;
use crate::error::{Code, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Verb, Write, WriteReply};
use crate::ui::clean_line;
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

/// The product to delete.
pub(crate) struct Deletion {
    product: Target,
    /// Its name, if a question shows it and the mirror has it.
    name: Option<String>,
}

impl Write for Delete {
    type Object = ();
    type Request = Deletion;
    type Answer = ProductDeleted;
    type Shown = WriteReply<ProductDeleted>;
    const VERB: Verb = Verb::Delete;
    const EFFECT: Effect = Effect::Destroy;

    fn environment(&self) -> Result<Environment, Failure> {
        self.product.environment()
    }

    async fn resolve(&self, ctx: &Ctx, _object: ()) -> Result<Deletion> {
        let product = self.product.resolve()?;
        // Only a person reads the name. Without it, the question has the id.
        let name = if ctx.interactive && !ctx.yes && !ctx.dry_run {
            // Boxed, because the future of every command would be larger.
            let read = Box::pin(ctx.send_optional(stripe::product(product.environment, &product.id)));
            let reply = ctx.while_busy("Reading the product…", read).await;
            reply.ok().and_then(|reply| reply.data.product.name)
        } else {
            None
        };
        Ok(Deletion { product, name })
    }

    fn change(&self, Deletion { product: Target { environment, id }, name }: &Deletion) -> Change {
        let check = Check::mirror(&["products", "get", environment.as_str(), id]);
        let name = name.as_ref().map(|name| format!("Name: {}", clean_line(name)));
        Change::new(&STRIPE, *environment, format!("Delete product {id} at Stripe"), check)
            .summary(name)
            .details("A deleted product cannot be restored.".to_owned())
    }

    fn call(&self, Deletion { product, .. }: &Deletion) -> Result<Call<ProductDeleted>> {
        Ok(stripe::delete_product(product.environment, &product.id))
    }

    async fn examine(&self, ctx: &Ctx, deletions: &[&Deletion]) -> Result<Effects> {
        let ids: Vec<&str> = deletions.iter().map(|deletion| deletion.product.id.as_str()).collect();
        effects::of_objects(ObjectKind::Product, ctx, self.environment()?, &ids, |mirror, _, id| {
            mirror.deleted_product(id)
        })
        .await
    }

    /// Adds what to do instead, which Stripe's message does not say (exchange 189).
    fn explain(&self, ctx: &Ctx, deletion: &Deletion, failure: Failure) -> Failure {
        let Target { environment, id } = &deletion.product;
        if failure.status != Some(400) || !failure.what.contains("prices") {
            return failure;
        }
        let instead = ["products", "update", environment.as_str(), id, "--active", "false"];
        failure.hint(format!("deactivate it instead: {}", ctx.command(&STRIPE, &instead)))
    }

    async fn complete(&self, _ctx: &Ctx, deletion: Deletion, shown: Self::Shown) -> Result<Self::Shown> {
        if shown.reply.data.deleted {
            Ok(shown)
        } else {
            Err(Failure::new(Code::Failed, format!("Stripe did not delete product {}", deletion.product.id))
                .into())
        }
    }
}
