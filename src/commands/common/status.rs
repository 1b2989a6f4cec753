use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::command::{Command, Ctx, Gateway};

/// Show connection, key, account, webhook and last sync of each environment
#[derive(Args)]
pub(crate) struct Status<G: Gateway> {
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Status<G> {
    type Reply = Reply<G::Status>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(api::status(G::PROVIDER)).await
    }
}
