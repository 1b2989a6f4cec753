use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::command::{Command, Ctx, Gateway};
use crate::commands::common::EnvironmentArgs;
use crate::commands::common::arguments::{LimitArgs, SubjectArgs};

/// List the subscriptions of one environment, as the mirror has them
#[derive(Args)]
pub(crate) struct Subscriptions<G: Gateway> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Subscriptions<G> {
    type Reply = Reply<G::Subscriptions>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        ctx.send(api::subscriptions(G::PROVIDER, environment, &self.subject.filter(), self.limit.limit)).await
    }
}
