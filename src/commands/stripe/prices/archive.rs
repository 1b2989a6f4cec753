use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::catalog::plan::ObjectKind;
use crate::commands::common::{IdArgs, Target};
use crate::commands::stripe::effects;
use crate::commands::stripe::new_object;
use crate::commands::stripe::prices::reference;
use crate::error::Failure;
use crate::runner::{Change, Check, CommandSpec, Ctx, Verb, Write, WriteReply};
use crate::wire::{Environment, Price, PriceReply};

/// Archive a price, so that nobody can buy it anymore
///
/// Existing subscriptions continue. `prices update ID --active true` activates the price again.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test price_fga9NIpQxmSldzmQaOwez8tE --json").fields(&["archived"]))]
pub(crate) struct Archive {
    #[command(flatten)]
    price: IdArgs<Price>,
}

impl Write for Archive {
    type Object = ();
    type Request = Target;
    type Answer = PriceReply;
    type Shown = WriteReply<PriceReply>;
    const VERB: Verb = Verb::Archive;

    fn environment(&self) -> Result<Environment, Failure> {
        self.price.environment()
    }

    async fn resolve(&self, ctx: &Ctx, _object: ()) -> Result<Target> {
        reference::resolve(ctx, self.price.resolve()?).await
    }

    fn change(&self, Target { environment, id }: &Target) -> Change {
        let check = Check::mirror(&["prices", "get", environment.as_str(), id]);
        Change::new(&STRIPE, *environment, format!("Archive price {id} at Stripe"), check)
            .details("Nobody can buy it anymore; existing subscriptions continue.".to_owned())
    }

    fn explain(&self, ctx: &Ctx, price: &Target, failure: Failure) -> Failure {
        new_object::explain_default_price(ctx, price.environment, failure)
    }

    async fn examine(&self, ctx: &Ctx, prices: &[&Target]) -> Result<Effects> {
        let ids: Vec<&str> = prices.iter().map(|price| price.id.as_str()).collect();
        effects::of_objects(ObjectKind::Price, ctx, self.environment()?, &ids, |mirror, _, id| {
            mirror.archived_price(id)
        })
        .await
    }

    fn call(&self, price: &Target) -> Result<Call<PriceReply>> {
        Ok(stripe::archive_price(price.environment, &price.id))
    }
}
