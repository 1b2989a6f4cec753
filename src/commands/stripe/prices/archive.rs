use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::command::{Change, Ctx, Done, Write};
use crate::commands::common::Named;
use crate::error::Failure;
use crate::guard::Effect;
use crate::wire::{Environment, PriceReply};

/// Archive a price: nobody can buy at it any more, subscriptions that have it go on
///
/// `prices update ID --active true` brings it back.
#[derive(Args)]
pub(crate) struct Archive {
    #[command(flatten)]
    price: Named,
}

impl Write for Archive {
    type Resolved = Environment;
    type Answer = PriceReply;
    type Shown = Done<PriceReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.price.environment().map(Effect::Write)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Environment> {
        Ok(self.price.resolve()?.0)
    }

    fn change(&self, environment: &Environment) -> Change {
        let id = self.price.id();
        Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: format!("Archive price {id}"),
            means: Some("Nobody can buy at it any more; subscriptions that have it go on.".into()),
            account: None,
            look: format!("insforge payments prices get {environment} {}", self.price.quoted()),
        }
    }

    fn call(&self, environment: &Environment) -> Result<Call<PriceReply>> {
        Ok(stripe::archive_price(*environment, self.price.id()))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _environment: Environment,
        reply: Reply<PriceReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Stripe price archived: {}", reply.data.price.price_id);
        Ok(Done { reply, note })
    }
}
