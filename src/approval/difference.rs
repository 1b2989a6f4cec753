//! What has changed between a question and its answer, in plain words.

use crate::approval::{Dependents, Effects, FieldChange, ObjectChange, PlannedRequest, Question};

/// How many differences are named.
const NAMED: usize = 3;

impl Question {
    /// What has changed since the question was shown, as the end of a failure's reason; `None` if nothing has.
    pub(crate) fn difference(&self, now: &Self) -> Option<String> {
        if self == now {
            return None;
        }
        if self.account != now.account {
            let name = |question: &Self| question.account.clone().unwrap_or_else(|| "unknown".to_owned());
            return Some(format!("the account is now {}, and it was {}", name(now), name(self)));
        }
        let (before, after) = (&self.effects, &now.effects);
        let mut found = objects(&before.objects, &after.objects);
        found.extend(dependents(before, after));
        found.extend(plan(&before.plan, &after.plan));
        // The requests of a plan differ if the plan does.
        if found.is_empty() {
            found = requests(&before.requests, &after.requests);
        }
        if found.is_empty() {
            return Some("what the question shows has changed".to_owned());
        }
        let more = found.len().saturating_sub(NAMED);
        found.truncate(NAMED);
        if more > 0 {
            found.push(format!("and {more} more"));
        }
        Some(found.join("; "))
    }
}

/// The differences of the objects that change.
fn objects(before: &[ObjectChange], now: &[ObjectChange]) -> Vec<String> {
    let is_same = |one: &ObjectChange, other: &ObjectChange| match (&one.id, &other.id) {
        (None, None) => (&one.kind, &one.name) == (&other.kind, &other.name),
        _ => (&one.kind, &one.id) == (&other.kind, &other.id),
    };
    let mut found = Vec::new();
    for old in before {
        match now.iter().find(|new| is_same(old, new)) {
            Some(new) if old == new => {}
            Some(new) if new.is_not_mirrored() => found.push(format!("{} is gone", old.title())),
            Some(new) if old.is_not_mirrored() => found.push(format!("{} is in the mirror now", new.title())),
            Some(new) => found.extend(fields(old, new)),
            None => found.push(format!("{} would not change any more", old.title())),
        }
    }
    let added = now.iter().filter(|new| !before.iter().any(|old| is_same(old, new)));
    found.extend(added.map(|new| format!("{} would change, too", new.title())));
    found
}

/// The differences of one object.
fn fields(old: &ObjectChange, new: &ObjectChange) -> Vec<String> {
    // The id is enough, and the name may be what has changed.
    let name = old.name.clone().filter(|_| old.id.is_none());
    let object = ObjectChange { name, ..old.clone() }.title();
    let moved = |name: &str, before: Option<&String>, now: Option<&String>| {
        let text =
            |value: Option<&String>| value.map_or_else(|| "not set".to_owned(), |value| format!("`{value}`"));
        format!("{name} of {object} is now {}, and it was {}", text(now), text(before))
    };
    let mut found = Vec::new();
    // An update of the name has a field for it.
    if old.name != new.name && old.fields.iter().all(|field| field.name != "name") {
        found.push(moved("the name", old.name.as_ref(), new.name.as_ref()));
    }
    let same_name =
        |one: &FieldChange, all: &[FieldChange]| all.iter().find(|two| two.name == one.name).cloned();
    for before in &old.fields {
        let now = same_name(before, &new.fields);
        if now.as_ref() == Some(before) {
            continue;
        }
        let was = before.before.as_ref().or(before.after.as_ref());
        let is = now.as_ref().and_then(|now| now.before.as_ref().or(now.after.as_ref()));
        found.push(moved(&before.name, was, is));
    }
    for now in new.fields.iter().filter(|now| same_name(now, &old.fields).is_none()) {
        found.push(moved(&now.name, None, now.before.as_ref().or(now.after.as_ref())));
    }
    found
}

/// The differences of what depends on the objects. A row begins with its id.
fn dependents(before: &Effects, now: &Effects) -> Vec<String> {
    if before.dependents == now.dependents {
        return Vec::new();
    }
    let rows = |effects: &Effects| -> Vec<String> {
        effects.dependents.iter().flat_map(|Dependents { items, .. }| items.iter().cloned()).collect()
    };
    let (old_rows, new_rows) = (rows(before), rows(now));
    let id = |row: &str| row.split([' ', ':']).next().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for old in old_rows.iter().filter(|old| !new_rows.contains(old)) {
        found.push(match new_rows.iter().find(|new| id(new) == id(old)) {
            Some(new) => format!("a dependent object is now `{new}`, and it was `{old}`"),
            None => format!("`{old}` no longer depends on it"),
        });
    }
    let added = new_rows.iter().filter(|new| !old_rows.iter().any(|old| id(old) == id(new)));
    found.extend(added.map(|new| format!("`{new}` depends on it now")));
    if !found.is_empty() {
        return found;
    }
    let what = |effects: &Effects| -> String {
        let all: Vec<&str> = effects.dependents.iter().map(|Dependents { what, .. }| what.as_str()).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    };
    let (old, new) = (what(before), what(now));
    vec![if old == new {
        format!("other objects depend on it now: {new}")
    } else {
        format!("what depends on it is now: {new}; it was: {old}")
    }]
}

/// The differences of a plan.
fn plan(before: &[String], now: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !now.contains(line));
    let gone = gone.map(|line| format!("the plan no longer has `{}`", line.trim()));
    let new = now.iter().filter(|line| !before.contains(line));
    let found: Vec<String> =
        gone.chain(new.map(|line| format!("the plan now has `{}`", line.trim()))).collect();
    if found.is_empty() && before != now { vec!["the plan has another order now".to_owned()] } else { found }
}

/// The differences of the requests.
fn requests(before: &[PlannedRequest], now: &[PlannedRequest]) -> Vec<String> {
    let has = |all: &[PlannedRequest], line: &str| all.iter().any(|request| request.line == line);
    let mut found: Vec<String> = Vec::new();
    for request in before.iter().filter(|request| !now.contains(request)) {
        found.push(if has(now, &request.line) {
            format!("the request `{}` has another body now", request.line)
        } else {
            format!("the request `{}` would not be sent any more", request.line)
        });
    }
    let added = now.iter().filter(|request| !has(before, &request.line));
    found.extend(added.map(|request| format!("the request `{}` would be sent, too", request.line)));
    if found.is_empty() && before != now {
        vec!["the requests have another order now".to_owned()]
    } else {
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::Brief;

    /// The archive of a price, with a product, a subscription and a request.
    fn question() -> Question {
        let object = ObjectChange::existing("price", Some("pro".to_owned()), "price_1").with([
            FieldChange::kept("amount", "19.00 USD"),
            FieldChange::replaced("active", "true", "false"),
        ]);
        let subscriptions =
            Dependents::new("1 active subscription on price_1", vec!["sub_1: active".to_owned()]);
        let request = PlannedRequest { line: "DELETE /prices/price_1".to_owned(), body: None };
        Question {
            what: "Archive price price_1 at Stripe".to_owned(),
            environment: "test".to_owned(),
            backend: "https://a.example".to_owned(),
            account: Some("acct_1".to_owned()),
            typed: "ct_1".to_owned(),
            because: Vec::new(),
            consequences: Vec::new(),
            effects: Effects {
                objects: vec![object],
                dependents: vec![subscriptions],
                plan: vec!["  - price pro".to_owned()],
                requests: vec![request],
            },
            brief: Brief::default(),
            command: None,
        }
    }

    /// The difference after a change of the question.
    fn after(change: impl FnOnce(&mut Question)) -> String {
        let (before, mut now) = (question(), question());
        change(&mut now);
        before.difference(&now).expect("a difference")
    }

    #[test]
    fn nothing_has_moved() {
        assert_eq!(question().difference(&question()), None);
    }

    #[test]
    fn another_account_is_named_first() {
        let moved = after(|now| {
            now.account = Some("acct_2".to_owned());
            now.effects = Effects::default();
        });
        assert_eq!(moved, "the account is now acct_2, and it was acct_1");
        assert_eq!(after(|now| now.account = None), "the account is now unknown, and it was acct_1");
    }

    #[test]
    fn the_fields_that_moved_are_named() {
        let moved = after(|now| now.effects.objects[0].name = Some("max".to_owned()));
        assert_eq!(moved, "the name of price price_1 is now `max`, and it was `pro`");
        let moved = after(|now| now.effects.objects[0].fields[1].before = Some("false".to_owned()));
        assert_eq!(moved, "active of price price_1 is now `false`, and it was `true`");
        let moved = after(|now| drop(now.effects.objects[0].fields.remove(0)));
        assert_eq!(moved, "amount of price price_1 is now not set, and it was `19.00 USD`");
        let moved = after(|now| now.effects.objects[0].change("lookup key", None, None));
        assert_eq!(moved, "lookup key of price price_1 is now `none`, and it was not set");
    }

    #[test]
    fn objects_can_be_gone_or_new() {
        let missing = || ObjectChange::not_mirrored("price", "price_1");
        let moved = after(|now| now.effects.objects = vec![missing()]);
        assert_eq!(moved, "price pro (price_1) is gone");
        let mut before = question();
        before.effects.objects = vec![missing()];
        assert_eq!(
            before.difference(&question()).as_deref(),
            Some("price pro (price_1) is in the mirror now")
        );
        assert_eq!(after(|now| now.effects.objects.clear()), "price pro (price_1) would not change any more");
        let moved =
            after(|now| now.effects.objects.push(ObjectChange::created("price", Some("max".to_owned()))));
        assert_eq!(moved, "new price max would change, too");
    }

    #[test]
    fn what_depends_on_it_can_change() {
        let rows = |rows: &[&str]| {
            let rows = rows.iter().map(|row| (*row).to_owned()).collect();
            after(|now| now.effects.dependents = vec![Dependents::new("subscriptions", rows)])
        };
        assert_eq!(rows(&["sub_1: active", "sub_2: active"]), "`sub_2: active` depends on it now");
        assert_eq!(rows(&[]), "`sub_1: active` no longer depends on it");
        assert_eq!(
            rows(&["sub_1: past_due"]),
            "a dependent object is now `sub_1: past_due`, and it was `sub_1: active`"
        );
        let moved = after(|now| "2 active subscriptions".clone_into(&mut now.effects.dependents[0].what));
        assert_eq!(
            moved,
            "what depends on it is now: 2 active subscriptions; it was: 1 active subscription on price_1"
        );
        // A person sees the first of many rows, and the approval is for all of them.
        let many = |last: &str| {
            let mut question = question();
            let rows = (0..20).map(|number| format!("sub_{number:03}: active")).chain([last.to_owned()]);
            question.effects.dependents = vec![Dependents::new("21 subscriptions", rows.collect())];
            question
        };
        let (one, other) = (many("sub_x: active"), many("sub_y: active"));
        assert_eq!(one.clone().cleaned(), other.clone().cleaned());
        assert_eq!(
            one.difference(&other).as_deref(),
            Some("`sub_x: active` no longer depends on it; `sub_y: active` depends on it now")
        );
    }

    #[test]
    fn plans_and_requests_can_change() {
        let moved = after(|now| "  - price max".clone_into(&mut now.effects.plan[0]));
        assert_eq!(moved, "the plan no longer has `- price pro`; the plan now has `- price max`");
        let moved = after(|now| "DELETE /prices/price_2".clone_into(&mut now.effects.requests[0].line));
        assert_eq!(
            moved,
            "the request `DELETE /prices/price_1` would not be sent any more; the request `DELETE /prices/price_2` would \
             be sent, too"
        );
        let moved = after(|now| now.effects.requests[0].body = Some("{}".to_owned()));
        assert_eq!(moved, "the request `DELETE /prices/price_1` has another body now");
        let moved = after(|now| "other".clone_into(&mut now.what));
        assert_eq!(moved, "what the question shows has changed");
    }

    #[test]
    fn only_the_first_differences_are_named() {
        let moved = after(|now| {
            let new = |number: u32| ObjectChange::existing("price", None, &format!("price_{number}"));
            now.effects.objects.extend((2..9).map(new));
        });
        assert!(moved.starts_with("price price_2 would change, too; price price_3"), "{moved}");
        assert!(moved.ends_with("; and 4 more"), "{moved}");
    }
}
