use std::borrow::Cow;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::commands::common::ForProvider;
use crate::commands::common::arguments::ScopeArgs;
use crate::runner::{Command, CommandSpec, Ctx, filter_reply};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, short_date};
use crate::wire::{self, Connection, RowFilter};

/// Show the connection, key, account, webhook and last sync of each environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<ForProvider<Self>>("--json"))]
pub(crate) struct Status {
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Command for ForProvider<Status> {
    type Reply = Reply<wire::Connections>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let filter = RowFilter { environment: self.args.scope.only()?, ..RowFilter::default() };
        let reply = ctx.send(api::status(self.provider)).await?;
        Ok(filter_reply(reply, &filter, wire::Connections::ROWS)?.0)
    }
}

impl View for wire::Connections {
    const NOUN: &'static str = "payment environments";
    const ROWS: RowLists = &[(wire::CONNECTIONS[0], "connection"), (wire::CONNECTIONS[1], "connection")];
    const TABLES: Tables = &[&[
        Column::new("Env"),
        Column::new("Status"),
        Column::new("Key"),
        Column::new("Account"),
        Column::new("Webhook"),
        Column::new("Last Sync"),
        Column::spare("Synced At"),
    ]];

    fn page(&self) -> Page<'_> {
        Section::new(Self::TABLES[0], self.connections.iter().map(connection_row)).into()
    }

    /// The reasons of failed syncs, which the table does not have.
    fn notes(&self) -> Vec<String> {
        let configured = self.connections.iter().filter(|connection| connection.is_configured());
        configured
            .filter_map(|connection| {
                let reason = connection.last_sync_error()?;
                Some(format!("{}: the last sync failed: {reason}", connection.environment))
            })
            .collect()
    }
}

fn connection_row(connection: &Connection) -> Vec<Cow<'_, str>> {
    vec![
        connection.environment.as_str().into(),
        connection.status.as_str().into(),
        dash(connection.masked_key.as_deref()),
        dash(connection.account_id.as_deref()),
        dash(connection.webhook_endpoint_id.as_ref().map(|_| "Configured")),
        dash(connection.last_sync_status.as_deref()),
        short_date(connection.last_synced_at.as_deref()),
    ]
}
