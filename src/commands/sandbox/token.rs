use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::runner::{Command, CommandSpec, Ctx};
use crate::sandbox;
use crate::ui::{Line, Page, Show, json_text};
use crate::wire::fields::Fields;
use crate::wire::parse_duration;

/// Print a signed token of a user of your application
///
/// Every sandbox accepts it. It is the access token with which the application opens checkout and portal sessions, or
/// creates orders and subscriptions. Only the token is written to stdout. The command contacts no backend.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--user 11111111-1111-4111-8111-111111111111 --json")
    .note("contacts no backend; the token is valid for sandboxes only"))]
pub(crate) struct Token {
    /// Id of the user, a UUID
    #[arg(long, value_name = "UUID", value_parser = read_user)]
    user: Uuid,
    /// Role of the user
    #[arg(long, value_enum, default_value_t)]
    role: Role,
    /// How long the token is valid, such as 30m, 1h or 24h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    expires: Duration,
}

/// The role of a user.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Role {
    /// A signed-in user
    #[default]
    #[value(name = "authenticated")]
    Authenticated,
    /// An administrator of the project
    #[value(name = "project_admin")]
    ProjectAdmin,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::ProjectAdmin => "project_admin",
        }
    }
}

fn read_user(text: &str) -> Result<Uuid, String> {
    text.parse()
        .map_err(|_| "the id of a user is a UUID, such as 11111111-1111-4111-8111-111111111111".to_owned())
}

impl Command for Token {
    type Reply = TokenReply;
    const HAS_IDS: bool = false;

    async fn run(&self, _ctx: &Ctx) -> Result<TokenReply> {
        let (user, role) = (self.user.to_string(), self.role.as_str());
        let token = sandbox::token(&user, role, self.expires);
        let expires_at = Timestamp::now().checked_add(self.expires)?;
        Ok(TokenReply { token, user, role, expires_at: format!("{expires_at:.0}") })
    }
}

/// A signed token.
pub(crate) struct TokenReply {
    token: String,
    user: String,
    role: &'static str,
    expires_at: String,
}

impl Show for TokenReply {
    const FIELDS: Fields = &["token", "user", "role", "expiresAt"];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let Self { token, user, role, expires_at } = self;
        json_text(&json!({"token": token, "user": user, "role": role, "expiresAt": expires_at}))
    }

    fn page(&self) -> Page<'_> {
        Page { lines: vec![Line::plain(self.token.as_str())], ..Page::default() }
    }
}
