use std::borrow::Cow;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::commands::common::ForProvider;
use crate::commands::common::arguments::ScopeArgs;
use crate::runner::{Command, CommandSpec, Ctx, filter_reply};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, short_date};
use crate::wire::{self, Connection, RowFilter, fields};

/// Show the connection, key, account, webhook and last sync of each environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<ForProvider<Self>>(Self::EXAMPLE))]
pub(crate) struct Status {
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Status {
    pub(super) const EXAMPLE: &str = "--json";
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
    const ROWS: RowLists = &[
        (wire::CONNECTIONS[0], KIND, fields::CONNECTION),
        (wire::CONNECTIONS[1], KIND, fields::CONNECTION_WITH_MERCHANT),
    ];
    /// The tables without and with the names of merchants.
    const TABLES: Tables = &[
        &[
            Column::new("Env"),
            Column::new("Status"),
            Column::spare("Key"),
            Column::new("Account"),
            Column::new("Webhook"),
            Column::new("Last Sync"),
            Column::spare("Synced At"),
        ],
        &[
            Column::new("Env"),
            Column::new("Status"),
            Column::spare("Key"),
            Column::new("Account"),
            Column::text("Merchant"),
            Column::new("Webhook"),
            Column::new("Last Sync"),
            Column::spare("Synced At"),
        ],
    ];

    fn page(&self) -> Page<'_> {
        let merchants = self.connections.iter().any(|connection| connection.merchant_name.is_present);
        let rows = self.connections.iter().map(move |connection| connection_row(connection, merchants));
        Section::new(Self::TABLES[usize::from(merchants)], rows).of(KIND).into()
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

/// The kind of the rows.
const KIND: &str = "connection";

fn connection_row(connection: &Connection, merchants: bool) -> Vec<Cow<'_, str>> {
    let merchant = merchants.then(|| dash(connection.merchant_name.name.as_deref()));
    let webhook = connection.webhook_endpoint_id.as_deref().map(|id| match id {
        // Nobody but the dashboard knows whether this webhook exists.
        wire::MANUAL_WEBHOOK => "Manual",
        _ => "Configured",
    });
    let before = [
        connection.environment.as_str().into(),
        connection.status.as_str().into(),
        dash(connection.masked_key.as_deref()),
        dash(connection.account_id.as_deref()),
    ];
    let after = [
        dash(webhook),
        dash(connection.last_sync_status.as_deref()),
        short_date(connection.last_synced_at.as_deref()),
    ];
    before.into_iter().chain(merchant).chain(after).collect()
}
