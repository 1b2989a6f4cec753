//! What a person is asked to approve. The page, the terminal and `insforge approve` show the same question.

use serde::{Deserialize, Serialize};

use crate::approval::Brief;
use crate::error::first_of;
use crate::secret::redact;
use crate::ui::{clean_line, clean_lines, cut};

/// How many of the dependent objects a question lists.
const LISTED: usize = 10;

/// One change, with everything that a person has to know about it. It is shown after [`Question::cleaned`], and compared
/// before: two different values can be the same text when they are cleaned or cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// In the imperative: `Delete product prod_1 at Stripe`.
    pub(crate) what: String,
    pub(crate) environment: String,
    /// The address of the backend.
    pub(crate) backend: String,
    /// `acct_1 (shop@example.com)`; `None` if no account is known.
    pub(crate) account: Option<String>,
    /// What the person types in a terminal: the account's last four characters, or the environment's name.
    pub(crate) typed: String,
    /// Why an approval is needed: `the guard in …/project.json`.
    pub(crate) because: Vec<String>,
    /// The consequences, one in each line.
    pub(crate) consequences: Vec<String>,
    pub(crate) effects: Effects,
    pub(crate) brief: Brief,
    /// The command line that asks, if it can be shown.
    pub(crate) command: Option<String>,
}

/// What a change does, from the mirror. An approval is only valid while this stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Effects {
    pub(crate) objects: Vec<ObjectChange>,
    pub(crate) dependents: Vec<Dependents>,
    /// The lines of a plan, for a command that makes several changes.
    pub(crate) plan: Vec<String>,
    /// Exactly the requests that are sent after the approval, in order.
    pub(crate) requests: Vec<PlannedRequest>,
}

/// An object before and after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectChange {
    /// `product`, `price`.
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
    /// `None` for an object that is created.
    pub(crate) id: Option<String>,
    pub(crate) fields: Vec<FieldChange>,
}

/// A field before and after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldChange {
    pub(crate) name: String,
    /// `None` if the field is not set, or unknown.
    pub(crate) before: Option<String>,
    /// `None` if the field is removed, with its object or alone.
    pub(crate) after: Option<String>,
}

/// What depends on an object that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependents {
    /// `2 prices of prod_1`.
    pub(crate) what: String,
    /// Each of them, or the first ones.
    pub(crate) items: Vec<String>,
}

/// A request, with its secrets masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedRequest {
    /// `DELETE /api/payments/stripe/test/catalog/products/prod_1`.
    pub(crate) line: String,
    /// The body as JSON.
    pub(crate) body: Option<String>,
}

impl PlannedRequest {
    /// A request as `--dry-run` shows it.
    pub(crate) fn of(dry_run: &serde_json::Value) -> Self {
        let text = |name: &str| dry_run.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let body = dry_run.get("body").filter(|body| !body.is_null());
        Self {
            line: format!("{} {}", text("method"), text("path")),
            body: body.map(|body| format!("{body:#}")),
        }
    }
}

impl ObjectChange {
    /// `product Pro (prod_1)`, `new product Pro`
    pub(crate) fn title(&self) -> String {
        let Self { kind, name, id, .. } = self;
        match (name, id) {
            (Some(name), Some(id)) => format!("{kind} {name} ({id})"),
            (Some(name), None) => format!("new {kind} {name}"),
            (None, Some(id)) => format!("{kind} {id}"),
            (None, None) => format!("new {kind}"),
        }
    }
}

impl FieldChange {
    /// `active: true → false`, `name: Pro` for what is created, `name: Pro (removed)`.
    pub(crate) fn line(&self) -> String {
        let Self { name, before, after } = self;
        match (before, after) {
            (Some(before), Some(after)) if before == after => format!("{name}: {before}"),
            (Some(before), Some(after)) => format!("{name}: {before} → {after}"),
            (Some(before), None) => format!("{name}: {before} (removed)"),
            (None, Some(after)) => format!("{name}: {after}"),
            (None, None) => format!("{name}: -"),
        }
    }
}

impl Question {
    /// Masks secrets and replaces unsafe characters in every text, and cuts long names and long lists.
    pub(crate) fn cleaned(mut self) -> Self {
        let clean = |text: &mut String| *text = cut(&clean_line(&redact(text))).into_owned();
        clean(&mut self.backend);
        self.account.iter_mut().for_each(clean);
        self.because.iter_mut().for_each(clean);
        let long = |text: &mut String| *text = clean_line(&redact(text)).into_owned();
        // Two long values can differ after the place where they would be cut.
        long(&mut self.what);
        self.consequences.iter_mut().for_each(long);
        self.command.iter_mut().for_each(long);
        let Brief { reason, impact, recommendation } = &mut self.brief;
        [reason, impact, recommendation].into_iter().flatten().for_each(long);
        let Effects { objects, dependents, plan, requests } = &mut self.effects;
        for object in objects {
            object.name.iter_mut().chain(&mut object.id).for_each(long);
            for field in &mut object.fields {
                long(&mut field.name);
                field.before.iter_mut().chain(&mut field.after).for_each(long);
            }
        }
        for dependent in dependents {
            long(&mut dependent.what);
            let listed = first_of(std::mem::take(&mut dependent.items).into_iter(), LISTED);
            dependent.items = listed;
            dependent.items.iter_mut().for_each(long);
        }
        plan.iter_mut().for_each(long);
        for request in requests {
            long(&mut request.line);
            request.body.iter_mut().for_each(|body| *body = clean_lines(&redact(body)).into_owned());
        }
        self
    }

    /// `Delete product prod_1 at Stripe, test`
    pub(crate) fn sentence(&self) -> String {
        format!("{}, {}", self.what, self.environment)
    }

    /// What the person types in a terminal, in words.
    pub(crate) fn typed_name(&self) -> &'static str {
        if self.account.is_some() {
            "the last four characters of the account"
        } else {
            "the environment's name"
        }
    }

    /// How the person approves in a terminal. It repeats where, because a long question is no longer in sight.
    pub(crate) fn how_to_approve(&self) -> String {
        let account = self.account.as_deref().map(|account| format!(" {account}")).unwrap_or_default();
        format!("To approve this in {}, type {}{account}", self.environment, self.typed_name())
    }

    /// The question as lines for a terminal, each with its indentation.
    pub(crate) fn lines(&self) -> Vec<(usize, String)> {
        let mut lines = vec![
            (0, self.sentence()),
            (2, format!("Account: {}", self.account.as_deref().unwrap_or("unknown"))),
            (2, format!("Backend: {}", self.backend)),
        ];
        lines.extend(self.consequences.iter().map(|line| (2, line.clone())));
        let Effects { objects, dependents, plan, requests } = &self.effects;
        lines.extend(plan.iter().map(|line| (2, line.clone())));
        for object in objects {
            lines.push((2, object.title()));
            lines.extend(object.fields.iter().map(|field| (4, field.line())));
        }
        for dependent in dependents {
            lines.push((2, format!("Depends on it: {}", dependent.what)));
            lines.extend(dependent.items.iter().map(|item| (4, item.clone())));
        }
        for PlannedRequest { line, body } in requests {
            lines.push((2, format!("Request: {line}")));
            let body = body.iter().map(|body| body.lines().map(str::trim).collect::<Vec<_>>().join(" "));
            lines.extend(body.map(|body| (4, body)));
        }
        lines.extend(self.because.iter().map(|because| (2, format!("Approval required by {because}"))));
        lines.extend(self.brief.lines());
        lines
    }
}
