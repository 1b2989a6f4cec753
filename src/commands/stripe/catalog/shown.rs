//! A plan, for people: each change with what differs, before → after.

use serde_json::{Map, Value};

use crate::catalog::plan::{Action, Change, Kind, Plan, Summary};
use crate::ui::{Line, Mark};
use crate::wire::{Interval, Money, Recurring};

/// The whole plan in lines.
pub(super) fn plan_lines(plan: &Plan) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for change in &plan.changes {
        lines.extend(change_lines(change));
    }
    if !plan.unmanaged.is_empty() {
        if !lines.is_empty() {
            lines.push(Line::plain(""));
        }
        lines.push(Line::new(Mark::Heading, 0, "Left alone"));
        for left in &plan.unmanaged {
            let text = format!("{} {}  {}: {}", kind(left.kind), left.id, left.name, left.reason);
            lines.push(Line::new(Mark::Dimmed, 1, text));
        }
    }
    lines
}

/// `2 to create, 1 to replace`
pub(super) fn summary(summary: Summary) -> String {
    let Summary { create, update, replace, archive } = summary;
    let all = [(create, "create"), (update, "update"), (replace, "replace"), (archive, "archive")];
    let some: Vec<String> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{count} to {verb}"))
        .collect();
    if some.is_empty() { "nothing to do".to_owned() } else { some.join(", ") }
}

/// `2 created, 1 replaced`
pub(super) fn summary_done<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let words = [
        (Action::Create, "created"),
        (Action::Update, "updated"),
        (Action::Replace, "replaced"),
        (Action::Archive, "archived"),
    ];
    let actions: Vec<Action> = changes.map(|change| change.action).collect();
    let count = |wanted: Action| actions.iter().filter(|action| **action == wanted).count();
    let some = words.into_iter().map(|(action, word)| (count(action), word)).filter(|(count, _)| *count > 0);
    some.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// `price pro_monthly`
pub(super) fn name(change: &Change) -> String {
    format!("{} {}", kind(change.kind), change.key)
}

pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Product => "product",
        Kind::Price => "price",
    }
}

pub(super) const fn mark(action: Action) -> Mark {
    match action {
        Action::Create => Mark::Add,
        Action::Update => Mark::Change,
        Action::Replace => Mark::Replace,
        Action::Archive => Mark::Remove,
    }
}

fn change_lines(change: &Change) -> Vec<Line<'_>> {
    let fields =
        |value: &Option<Value>| value.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (env(&fields(&change.before), change), env(&fields(&change.after), change));
    let id = change.id.as_ref().filter(|id| **id != change.key).map(|id| format!("  {id}"));
    let cost = match change.action {
        Action::Create => price_in_short(&after),
        Action::Archive => price_in_short(&before),
        Action::Update | Action::Replace => None,
    };
    let cost = cost.map(|cost| format!("  {cost}"));
    let headline = [Some(name(change)), cost, id].into_iter().flatten().collect::<String>();
    let mut lines = vec![Line::new(mark(change.action), 1, headline)];
    let detail = |text: String| Line::new(Mark::None, 3, text);
    match change.action {
        Action::Create => {
            let told = after.iter().filter(|fact| !fact.is_usual && !fact.is_cost());
            lines.extend(told.map(|fact| detail(format!("{}: {}", fact.name, fact.text))));
        }
        Action::Archive => {}
        Action::Update | Action::Replace => {
            let mut names: Vec<&str> = Vec::new();
            for fact in before.iter().chain(&after).filter(|fact| fact.name != "currency") {
                if !names.contains(&fact.name) {
                    names.push(fact.name);
                }
            }
            for name in names {
                let of = |env: &[Fact]| {
                    env.iter()
                        .find(|fact| fact.name == name)
                        .map_or_else(|| "nothing".to_owned(), |f| f.text.clone())
                };
                let (was, will) = (of(&before), of(&after));
                if was != will {
                    lines.push(detail(format!("{name}: {was} → {will}")));
                }
            }
        }
    }
    lines.extend(change.also.iter().map(|id| Line::new(Mark::None, 3, format!("{id} gives way too"))));
    // That something is new, or which of its fields differ, is to be seen.
    let speaks = matches!(change.action, Action::Replace | Action::Archive) || lines.len() == 1;
    if speaks && change.action != Action::Create {
        lines.push(Line::new(Mark::Dimmed, 3, change.reason.as_str()));
    }
    lines
}

/// One thing that a body says, as people say it.
struct Fact {
    name: &'static str,
    text: String,
    /// It goes without saying where something is made.
    is_usual: bool,
}

impl Fact {
    /// It is what stands behind the name of a price.
    fn is_cost(&self) -> bool {
        matches!(self.name, "amount" | "every")
    }
}

/// `19.00 USD every month`
fn price_in_short(env: &[Fact]) -> Option<String> {
    let find = |name: &str| env.iter().find(|fact| fact.name == name).map(|fact| fact.text.as_str());
    let amount = find("amount")?;
    Some(find("every").map_or_else(|| amount.to_owned(), |every| format!("{amount} every {every}")))
}

/// What a body says: an amount with its currency is one thing.
fn env(body: &Map<String, Value>, change: &Change) -> Vec<Fact> {
    const NAMES: [(&str, &str); 11] = [
        ("name", "name"),
        ("description", "description"),
        ("currency", "currency"),
        ("unitAmount", "amount"),
        ("recurring", "every"),
        ("product", "product"),
        ("taxBehavior", "tax behavior"),
        ("lookupKey", "lookup key"),
        ("active", "active"),
        ("metadata", "metadata"),
        ("identity", "identity"),
    ];
    let currency = body.get("currency").and_then(Value::as_str);
    let amount = body.get("unitAmount").and_then(Value::as_i64);
    let money = amount.zip(currency).map(|(amount, currency)| Money::new(amount, currency).to_string());
    let known = NAMES.iter().filter_map(|(field, name)| Some((*field, *name, body.get(*field)?)));
    known
        .filter(|(field, ..)| *field != "currency" || money.is_none())
        .map(|(field, name, value)| Fact {
            name,
            text: money
                .as_ref()
                .filter(|_| field == "unitAmount")
                .map_or_else(|| text(field, value), Clone::clone),
            is_usual: match field {
                "taxBehavior" => value == "unspecified",
                "lookupKey" => value == change.key.as_str(),
                "active" => value == true,
                "product" => true,
                _ => value.is_null(),
            },
        })
        .collect()
}

fn text(field: &str, value: &Value) -> String {
    match value {
        Value::Null if field == "recurring" => "never, it is paid once".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::String(text) if field == "currency" => text.to_uppercase(),
        Value::String(text) if matches!(field, "taxBehavior" | "lookupKey" | "product") => text.clone(),
        Value::Object(_) if field == "recurring" => rhythm(value).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn rhythm(value: &Value) -> Option<String> {
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
    fn a_currency_alone_and_each_price_that_gives_way_are_shown() {
        let change: Change = serde_json::from_value(json!({
            "action": "replace", "kind": "price", "key": "pro", "id": "price_1", "reason": "Because",
            "before": {"currency": "eur", "unitAmount": 1900}, "after": {"currency": "usd", "unitAmount": 1900},
            "also": ["price_2"],
        }))
        .unwrap();
        let lines: Vec<String> = change_lines(&change).iter().map(|line| format!("{line:?}")).collect();
        assert!(lines[1].contains("amount: 19.00 EUR → 19.00 USD"), "{lines:?}");
        assert!(lines[2].contains("price_2 gives way too"), "{lines:?}");
    }
}
