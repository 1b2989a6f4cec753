use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api;
use crate::commands::common::arguments::{SubjectListArgs, status_help};
use crate::runner::{Command, CommandSpec, Completes, Ctx, Gateway, ListQuery, ListReply, list};

/// List the subscriptions of one environment, from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --subject-type team --subject-id team_northwind --json"))]
pub(crate) struct Subscriptions<G: Gateway> {
    #[command(flatten)]
    list: SubjectListArgs,
    #[arg(
        long,
        value_name = "STATUS",
        help = status_help("subscriptions", G::SUBSCRIPTION_STATUSES),
        value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new(),
        add = Completes::Words(G::SUBSCRIPTION_STATUSES),
    )]
    status: Vec<String>,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Subscriptions<G> {
    type Reply = ListReply<G::Subscriptions>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.list.environment.resolve()?;
        let limit = &self.list.limit;
        let call = api::subscriptions(G::PROVIDER, environment, &self.list.subject(), limit.limit);
        list(ctx, ListQuery::limited(call, limit.rows(), &self.list.filter(&self.status))).await
    }
}
