use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{Named, Thing};
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Done, Write};
use crate::wire::{Price, PriceReply};

/// Archive a price: nobody can buy at it any more, subscriptions that have it go on
///
/// `prices update ID --active true` brings it back.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test price_fga9NIpQxmSldzmQaOwez8tE --json"))]
pub(crate) struct Archive {
    #[command(flatten)]
    price: Named<Price>,
}

impl Write for Archive {
    type Resolved = Thing;
    type Answer = PriceReply;
    type Shown = Done<PriceReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.price.environment().map(Effect::Write)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Thing> {
        Ok(self.price.resolve()?)
    }

    fn change(&self, price: &Thing) -> Change {
        let Thing { environment, id } = price;
        Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: format!("Archive price {id} at Stripe"),
            means: Some("Nobody can buy at it any more; subscriptions that have it go on.".into()),
            account: None,
            check: Check::mirror(&["prices", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, price: &Thing) -> Result<Call<PriceReply>> {
        Ok(stripe::archive_price(price.environment, &price.id))
    }

    async fn conclude(&self, _ctx: &Ctx, _price: Thing, reply: Reply<PriceReply>) -> Result<Self::Shown> {
        let note = format!("Stripe price archived: {}", reply.data.price.price_id);
        Ok(Done { reply, note })
    }
}
