use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::commands::common::arguments::SubjectListArgs;
use crate::runner::{Command, CommandSpec, Ctx, Gateway};

/// List the subscriptions of one environment, from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --subject-type team --subject-id team_northwind --json"))]
pub(crate) struct Subscriptions<G: Gateway> {
    #[command(flatten)]
    list: SubjectListArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Subscriptions<G> {
    type Reply = Reply<G::Subscriptions>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.list.environment.resolve()?;
        let limit = self.list.limit.limit;
        ctx.send(api::subscriptions(G::PROVIDER, environment, &self.list.subject(), limit)).await
    }
}
