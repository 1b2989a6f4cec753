use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::catalog::plan::{self, Options};
use crate::catalog::{LeftOut, export, file, managed};
use crate::commands::stripe::catalog::plan::{HowToCompare, Planned};
use crate::commands::stripe::catalog::survey::survey;
use crate::error::Failure;
use crate::runner::{Command, Ctx, run_blocking};
use crate::ui::{Page, Rows, Show};
use crate::wire::Environment;

/// Show what would change in one environment if it became as the other
///
/// `diff test live` shows what a promotion would change; applying the file to live is the promotion. Only what is managed
/// in the first environment is looked at.
#[derive(Args)]
pub(super) struct Diff {
    /// What is to be
    #[arg(value_name = "FROM")]
    from: Environment,
    /// Where it would change something
    #[arg(value_name = "TO")]
    to: Environment,
    #[command(flatten)]
    how: HowToCompare,
}

impl Command for Diff {
    type Reply = Compared;
    const HAS_IDS: bool = false;
    /// It syncs twice.
    const DEADLINE: Duration = Duration::from_secs(300);

    fn doing(&self) -> Cow<'static, str> {
        format!("Comparing {} with {}…", self.from, self.to).into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let Self { from, to, how: HowToCompare { prune, no_sync, .. } } = *self;
        if from == to {
            return Err(Failure::usage(format!("{from} is always as {to} is"))
                .hint("compare two environments: `insforge payments catalog diff test live`")
                .into());
        }
        let model = survey(ctx, from, !no_sync).await?;
        let (wanted, left_out) = run_blocking(move || {
            let exported = export(&managed(model.mirror), None, from.as_str())?;
            Ok((file::read(&exported.text, from.as_str())?, exported.left_out))
        })
        .await?;
        let found = survey(ctx, to, !no_sync).await?;
        let changes = plan::plan(&wanted, &found.mirror, Options { prune, environment: to })?;
        let planned = Planned {
            title: format!("Stripe {to}, account {}, if it became as {from}", found.account),
            account: found.account,
            environment: to,
            changes,
            as_is: format!("Stripe {to} is as {from}."),
            exit_code: self.how.exit_code,
            notes: left_out.iter().map(LeftOut::note).collect(),
        };
        Ok(Compared { planned, left_out })
    }
}

/// A plan whose file was another environment, and what of that no file can say: it would not come along.
pub(super) struct Compared {
    planned: Planned,
    left_out: Vec<LeftOut>,
}

impl Show for Compared {
    const ROWS: Rows = Planned::ROWS;

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        let mut all = self.planned.json()?.into_owned();
        if let Value::Object(all) = &mut all {
            all.insert("leftOut".to_owned(), json!(self.left_out));
        }
        Ok(Cow::Owned(all))
    }

    fn page(&self) -> Page<'_> {
        self.planned.page()
    }

    fn notes(&self) -> Vec<String> {
        self.planned.notes()
    }

    fn reports_differences(&self) -> bool {
        self.planned.reports_differences()
    }
}
