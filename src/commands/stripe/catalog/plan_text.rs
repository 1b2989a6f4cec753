//! Formats a plan for people, with the differing fields of each change.

use serde_json::{Map, Value};

use crate::catalog::plan::{
    CatalogPlan, ChangeAction, ObjectKind, PlanSummary, PlannedChange, UnmanagedObject,
};
use crate::ui::{Line, Mark, counted};
use crate::wire::{Interval, Money, Recurring};

/// The lines of a plan.
pub(super) fn plan_lines(plan: &CatalogPlan) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for change in &plan.changes {
        lines.extend(change_lines(change));
    }
    if !plan.unmanaged.is_empty() {
        if !lines.is_empty() {
            lines.push(Line::plain(""));
        }
        lines.push(Line::new(Mark::Heading, 0, "Left unchanged"));
        let (differing, others): (Vec<&UnmanagedObject>, Vec<_>) =
            plan.unmanaged.iter().partition(|object| object.differs);
        for object in differing {
            let text = format!("{} {}  {}: {}", kind(object.kind), object.id, object.name, object.reason);
            lines.push(Line::new(Mark::Dimmed, 1, text));
        }
        lines.extend(unmanaged_summary(&others).map(|text| Line::new(Mark::Dimmed, 1, text)));
    }
    lines
}

/// The unmanaged objects in one line: `1 product and 2 prices are unmanaged`.
pub(super) fn unmanaged_summary(objects: &[&UnmanagedObject]) -> Option<String> {
    if let [object] = objects {
        return Some(format!("{} {}  {}: {}", kind(object.kind), object.id, object.name, object.reason));
    }
    let count = |kind: ObjectKind| objects.iter().filter(|object| object.kind == kind).count();
    let counts = [(count(ObjectKind::Product), "product"), (count(ObjectKind::Price), "price")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    (!counts.is_empty()).then(|| format!("{} are unmanaged; --json lists them", counts.join(" and ")))
}

/// A summary such as `2 to create, 1 to replace`.
pub(super) fn summary(summary: PlanSummary) -> String {
    let PlanSummary { create, update, replace, archive } = summary;
    let all = [(create, "create"), (update, "update"), (replace, "replace"), (archive, "archive")];
    let some: Vec<String> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{count} to {verb}"))
        .collect();
    if some.is_empty() { "no changes".to_owned() } else { some.join(", ") }
}

/// A summary such as `2 created, 1 replaced`.
pub(super) fn done_summary<'a>(changes: impl Iterator<Item = &'a PlannedChange>) -> String {
    let verbs = [
        (ChangeAction::Create, "created"),
        (ChangeAction::Update, "updated"),
        (ChangeAction::Replace, "replaced"),
        (ChangeAction::Archive, "archived"),
    ];
    let actions: Vec<ChangeAction> = changes.map(|change| change.action).collect();
    let count = |kind: ChangeAction| actions.iter().filter(|action| **action == kind).count();
    let some = verbs.into_iter().map(|(action, verb)| (count(action), verb)).filter(|(count, _)| *count > 0);
    some.map(|(count, verb)| format!("{count} {verb}")).collect::<Vec<_>>().join(", ")
}

/// A name such as `price pro_monthly`.
pub(super) fn name(change: &PlannedChange) -> String {
    format!("{} {}", kind(change.kind), change.key)
}

pub(super) const fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Product => "product",
        ObjectKind::Price => "price",
    }
}

pub(super) const fn mark(action: ChangeAction) -> Mark {
    match action {
        ChangeAction::Create => Mark::Add,
        ChangeAction::Update => Mark::Change,
        ChangeAction::Replace => Mark::Replace,
        ChangeAction::Archive => Mark::Remove,
    }
}

pub(in crate::commands::stripe) fn change_lines(change: &PlannedChange) -> Vec<Line<'_>> {
    let object =
        |value: &Option<Value>| value.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(&object(&change.before), change), fields(&object(&change.after), change));
    let id = change.id.as_ref().filter(|id| **id != change.key).map(|id| format!("  {id}"));
    let amount = match change.action {
        ChangeAction::Create => amount_text(&after),
        ChangeAction::Archive => amount_text(&before),
        ChangeAction::Update | ChangeAction::Replace => None,
    };
    let amount = amount.map(|amount| format!("  {amount}"));
    let headline = [Some(name(change)), amount, id].into_iter().flatten().collect::<String>();
    let mut lines = vec![Line::new(mark(change.action), 1, headline)];
    let detail = |text: String| Line::new(Mark::None, 3, text);
    match change.action {
        ChangeAction::Create => {
            let shown = after.iter().filter(|field| !field.is_default && !field.is_in_headline());
            lines.extend(shown.map(|field| detail(format!("{}: {}", field.name, field.text))));
        }
        ChangeAction::Archive => {}
        ChangeAction::Update | ChangeAction::Replace => {
            let mut names: Vec<&str> = Vec::new();
            for field in before.iter().chain(&after).filter(|field| field.name != "currency") {
                if !names.contains(&field.name) {
                    names.push(field.name);
                }
            }
            for name in names {
                let text_of = |fields: &[FieldText]| {
                    let field = fields.iter().find(|field| field.name == name);
                    field.map_or_else(|| "none".to_owned(), |field| field.text.clone())
                };
                let (old, new) = (text_of(&before), text_of(&after));
                if old != new {
                    lines.push(detail(format!("{name}: {old} → {new}")));
                }
            }
        }
    }
    lines.extend(change.also.iter().map(|id| Line::new(Mark::None, 3, format!("also replaces {id}"))));
    // Other reasons only repeat what the lines above show.
    let shows_reason =
        matches!(change.action, ChangeAction::Replace | ChangeAction::Archive) || lines.len() == 1;
    if shows_reason && change.action != ChangeAction::Create {
        lines.extend(change.reason.split("; ").map(|part| Line::new(Mark::Dimmed, 3, part)));
    }
    lines
}

/// One field of an object, formatted for people.
struct FieldText {
    name: &'static str,
    text: String,
    /// Whether a create omits it.
    is_default: bool,
}

impl FieldText {
    /// Whether the headline of a price shows it.
    fn is_in_headline(&self) -> bool {
        matches!(self.name, "amount" | "interval")
    }
}

/// An amount such as `19.00 USD every month`.
fn amount_text(fields: &[FieldText]) -> Option<String> {
    let find = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.text.as_str());
    let amount = find("amount")?;
    Some(find("interval").map_or_else(|| amount.to_owned(), |interval| format!("{amount} every {interval}")))
}

/// The fields of an object. An amount and its currency are one field.
fn fields(object: &Map<String, Value>, change: &PlannedChange) -> Vec<FieldText> {
    const LABELS: [(&str, &str); 10] = [
        ("name", "name"),
        ("description", "description"),
        ("currency", "currency"),
        ("unitAmount", "amount"),
        ("recurring", "interval"),
        ("product", "product"),
        ("taxBehavior", "tax behavior"),
        ("lookupKey", "lookup key"),
        ("active", "active"),
        ("metadata", "metadata"),
    ];
    let currency = object.get("currency").and_then(Value::as_str);
    let amount = object.get("unitAmount").and_then(Value::as_i64);
    let money = amount.zip(currency).map(|(amount, currency)| Money::new(amount, currency).to_string());
    let known = LABELS.iter().filter_map(|(field, name)| Some((*field, *name, object.get(*field)?)));
    known
        .filter(|(field, ..)| *field != "currency" || money.is_none())
        .map(|(field, name, value)| FieldText {
            name,
            text: money
                .as_ref()
                .filter(|_| field == "unitAmount")
                .map_or_else(|| format_value(field, value), Clone::clone),
            is_default: match field {
                "taxBehavior" => value == "unspecified",
                "lookupKey" => value == change.key.as_str(),
                "active" => value == true,
                "product" => true,
                _ => value.is_null(),
            },
        })
        .collect()
}

fn format_value(field: &str, value: &Value) -> String {
    match value {
        Value::Null if field == "recurring" => "one-time".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Bool(boolean) => (if *boolean { "yes" } else { "no" }).to_owned(),
        Value::String(text) if field == "currency" => text.to_uppercase(),
        Value::String(text) if matches!(field, "taxBehavior" | "lookupKey" | "product") => text.clone(),
        Value::Object(_) if field == "recurring" => recurring_text(value).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn recurring_text(value: &Value) -> Option<String> {
    let interval: Interval = serde_json::from_value(value.get("interval")?.clone()).ok()?;
    let count =
        value.get("intervalCount").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
    Some(Recurring { interval, interval_count: count }.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_currency_and_every_replaced_price_are_shown() {
        let change: PlannedChange = serde_json::from_value(json!({
            "action": "replace", "kind": "price", "key": "pro", "id": "price_1", "reason": "Because",
            "before": {"currency": "eur", "unitAmount": 1900}, "after": {"currency": "usd", "unitAmount": 1900},
            "also": ["price_2"],
        }))
        .unwrap();
        let lines: Vec<String> = change_lines(&change).iter().map(|line| format!("{line:?}")).collect();
        assert!(lines[1].contains("amount: 19.00 EUR → 19.00 USD"), "{lines:?}");
        assert!(lines[2].contains("also replaces price_2"), "{lines:?}");
    }
}
