//! Rounds with commands that change one object: creates, updates, archives, deletes and replacements.

use serde_json::{Value, json};

use super::report::Mistake;
use super::round::{Claim, CommandLine, Ran, Round};
use super::shop::{Kind, LABEL, Truth};

/// A change, and how to see that it was applied.
struct Goal<'a> {
    command: CommandLine,
    /// Whether the objects at the provider show it.
    is_reached: &'a dyn Fn(&Truth) -> bool,
    /// Whether the reply of a check shows it.
    is_seen: &'a dyn Fn(&Value) -> bool,
    /// Whether the command can be run again after a kill. Without, the user checks first.
    is_repeatable: bool,
    /// A failure without another statement says that nothing was changed.
    is_planned: bool,
    /// Syncs, and shows the objects.
    check: Vec<CommandLine>,
}

pub fn create_product(round: &mut Round<'_>) {
    round.report.creates += 1;
    create(round, Kind::Product, &[]);
}

pub fn create_price(round: &mut Round<'_>) {
    round.report.creates += 1;
    let label = round.name.clone();
    let product = round.shop.product(&format!("{label} product"));
    let mut more = vec!["--product".to_owned(), product];
    if round.rng.bool() {
        more.extend(["--lookup-key".to_owned(), label]);
    }
    create(round, Kind::Price, &more);
}

pub fn create_item(round: &mut Round<'_>) {
    if round.shop.is_older {
        return create_price(round);
    }
    round.report.razorpay_creates += 1;
    create(round, Kind::Item, &[]);
}

pub fn create_plan(round: &mut Round<'_>) {
    if round.shop.is_older {
        return create_price(round);
    }
    round.report.razorpay_creates += 1;
    create(round, Kind::Plan, &[]);
}

/// Creates one object, with or without an idempotency key of the user.
fn create(round: &mut Round<'_>, kind: Kind, more: &[String]) {
    let label = round.name.clone();
    let has_key = kind.is_stripes() && round.rng.u8(0..3) > 0;
    // A create of a killed run must not arrive after the user has checked for it.
    round.late_creates = has_key;
    let of_provider = if kind.is_stripes() { "" } else { "razorpay " };
    let group = format!("payments {of_provider}{}", kind.plural());
    let command = CommandLine::new::<&str>(&[]).with(&group).with("create test");
    let amount = round.rng.u32(100..100_000);
    let command = match kind {
        Kind::Product => command.with("--name").with_arg(&label),
        Kind::Price => command
            .with(&format!("--currency usd --unit-amount {amount} --metadata-field"))
            .with_arg(format!("{LABEL}={label}")),
        Kind::Item => command.with(&format!("--amount {amount} --currency inr --name")).with_arg(&label),
        Kind::Plan => command
            .with(&format!("--period monthly --interval 1 --item-amount {amount} --item-currency inr"))
            .with("--item-name")
            .with_arg(&label)
            .with("--notes")
            .with_arg(json!({LABEL: label}).to_string()),
    };
    let mut command = more.iter().fold(command, CommandLine::with_arg);
    if has_key {
        command = command.with("--idempotency-key").with_arg(format!("key of {label}"));
    }
    // Only text says whether the object existed before.
    let is_text = has_key && round.rng.u8(0..3) == 0;
    if !is_text {
        command = command.with("--json");
    }
    let goal = Goal {
        command,
        is_reached: &|truth| truth.count(kind, &label) > 0,
        is_seen: &|reply| lists(reply, kind, &label),
        is_repeatable: has_key,
        is_planned: false,
        check: vec![
            CommandLine::new::<&str>(&[]).with(&format!("payments {of_provider}sync test")),
            CommandLine::new::<&str>(&[]).with(&format!("{group} list test")),
        ],
    };
    let created = reach(round, &goal);
    let truth = round.end();
    round.expect_count(truth.count(kind, &label), 1, "the object");
    let Some(ran) = created else { return };
    if is_text {
        let existed = ran.before.count(kind, &label) > 0;
        let note = if existed { " already exists: " } else { " created: " };
        let is_true = [note, " created now or earlier: "].iter().any(|note| ran.stderr.contains(note));
        round.state(is_true, "the note says whether it existed");
    } else if let Ok(reply) = serde_json::from_str::<Value>(&ran.stdout) {
        let row = &reply[kind.name()];
        let is_own = kind.id(row).and_then(|id| truth.get(kind, id)).and_then(|row| kind.label(row));
        round.state(is_own == Some(&label), "the reply has the id of the object");
    }
}

/// Whether a list has an object with this label.
fn lists(reply: &Value, kind: Kind, label: &str) -> bool {
    let rows = reply[kind.plural()].as_array();
    rows.is_some_and(|rows| rows.iter().any(|row| kind.label(row) == Some(label)))
}

/// Changes an object that exists.
pub fn change(round: &mut Round<'_>) {
    round.report.changes += 1;
    let label = round.name.clone();
    let renamed = format!("{label} renamed");
    let kinds = if round.shop.is_older { 4 } else { 6 };
    match round.rng.u8(0..kinds) {
        0 => {
            let id = round.shop.product(&label);
            let command =
                CommandLine::new(&["payments", "products", "update", "test", &id, "--name", &renamed]);
            update(round, Kind::Product, &id, command, |row| row["name"] == renamed);
        }
        1 => {
            let product = round.shop.product(&label);
            let id = round.shop.price(&product, &label, 500, None);
            let command = CommandLine::new(&["payments", "prices", "archive", "test", &id]);
            update(round, Kind::Price, &id, command, |row| row["active"] == false);
        }
        2 => delete_product(round),
        3 => archive_product(round),
        4 => {
            let id = round.shop.item(&label, 500);
            let command = CommandLine::new(&[
                "payments", "razorpay", "items", "update", "test", &id, "--amount", "900",
            ]);
            update(round, Kind::Item, &id, command, |row| row["amount"] == 900);
        }
        _ => {
            let product = round.shop.product(&label);
            let id = round.shop.price(&product, &label, 500, None);
            let command =
                CommandLine::new(&["payments", "prices", "update", "test", &id, "--lookup-key", &renamed]);
            update(round, Kind::Price, &id, command, |row| row["lookupKey"] == renamed);
        }
    }
}

/// Changes one object. `is_changed` reads a row at the provider or in a reply.
fn update(
    round: &mut Round<'_>,
    kind: Kind,
    id: &str,
    command: CommandLine,
    is_changed: impl Fn(&Value) -> bool,
) {
    let is_reached = |truth: &Truth| truth.get(kind, id).is_some_and(&is_changed);
    let goal = Goal {
        command: command.with("--json"),
        is_reached: &is_reached,
        is_seen: &|reply| is_changed(&reply[kind.name()]),
        is_repeatable: true,
        is_planned: false,
        check: Vec::new(),
    };
    reach(round, &goal);
    let truth = round.end();
    round.expect_count(usize::from(is_reached(&truth)), 1, "the change");
}

fn delete_product(round: &mut Round<'_>) {
    let label = round.name.clone();
    let id = round.shop.product(&label);
    let is_reached = |truth: &Truth| truth.get(Kind::Product, &id).is_none();
    let goal = Goal {
        command: CommandLine::new(&["payments", "products", "delete", "test", &id, "--yes", "--json"]),
        is_reached: &is_reached,
        is_seen: &|reply| reply["product"].is_null(),
        is_repeatable: true,
        is_planned: false,
        check: Vec::new(),
    };
    reach(round, &goal);
    let truth = round.end();
    round.expect_count(truth.count(Kind::Product, &label), 0, "the deleted product");
}

fn archive_product(round: &mut Round<'_>) {
    let label = round.name.clone();
    let id = round.shop.product(&label);
    for price in 0..2 {
        round.shop.price(&id, &format!("{label} {price}"), 500, None);
    }
    round.stop_within = 6;
    let is_reached = |truth: &Truth| {
        let prices = truth.all(Kind::Price).iter().filter(|row| row["product"] == id);
        prices.chain(truth.get(Kind::Product, &id)).all(|row| row["active"] == false)
    };
    let goal = Goal {
        command: CommandLine::new(&["payments", "products", "archive", "test", &id, "--json"]),
        is_reached: &is_reached,
        is_seen: &|reply| reply["product"]["active"] == false,
        is_repeatable: true,
        is_planned: true,
        check: Vec::new(),
    };
    reach(round, &goal);
    let truth = round.end();
    round.expect_count(usize::from(is_reached(&truth)), 1, "the archived product and prices");
}

pub fn replace_price(round: &mut Round<'_>) {
    round.report.replacements += 1;
    let label = round.name.clone();
    let product = round.shop.product(&label);
    let has_lookup_key = round.rng.bool();
    let old = round.shop.price(&product, &label, 1900, has_lookup_key.then_some(label.as_str()));
    let reference = if has_lookup_key { &label } else { &old };
    round.stop_within = 7;
    let is_reached = |truth: &Truth| {
        let new: Vec<&Value> =
            truth.labeled(Kind::Price, &label).filter(|row| row["active"] == true).collect();
        let key = if has_lookup_key { json!(label) } else { Value::Null };
        new.len() == 1 && new[0]["unitAmount"] == 2900 && new[0]["lookupKey"] == key
    };
    let command = CommandLine::new(&["payments", "prices", "replace", "test", reference]);
    let goal = Goal {
        command: command.with("--unit-amount 2900 --json"),
        is_reached: &is_reached,
        is_seen: &|reply| reply["price"]["unitAmount"] == 2900,
        is_repeatable: true,
        is_planned: true,
        check: Vec::new(),
    };
    reach(round, &goal);
    let truth = round.end();
    let prices = truth.all(Kind::Price).iter().filter(|row| row["product"] == product);
    round.expect_count(prices.count(), 2, "the old and the new price");
    round.expect_count(usize::from(is_reached(&truth)), 1, "the replacement");
}

/// Runs a command until the program says that its change is applied. Returns the run that said so with its result.
fn reach(round: &mut Round<'_>, goal: &Goal<'_>) -> Option<Ran> {
    let mut command = goal.command.clone();
    let mut may_be_applied = false;
    while !round.is_over() {
        let ran = round.run(&command);
        let claim = ran.claim();
        let is_reached = (goal.is_reached)(&ran.after);
        if let Some(next) = next_of(&ran) {
            round.report.followed += 1;
            command.args = next;
        }
        match claim {
            Claim::Applied => {
                round.state(is_reached, "the change was applied");
                return (ran.code == Some(0)).then_some(ran);
            }
            // The object of a delete or an archive is gone because an earlier run was successful.
            Claim::NotApplied if ran.code == Some(4) && may_be_applied && is_reached => return None,
            Claim::NotApplied => round.state(ran.changed_nothing(), "the change was not applied"),
            Claim::Nothing if goal.is_planned && ran.code == Some(8) => {
                round.state(ran.changed_nothing(), "no request of the change was applied");
            }
            Claim::Nothing if ran.code.is_some() || goal.is_repeatable => may_be_applied = true,
            // Without an idempotency key, only the mirror shows whether a killed run has created the object.
            Claim::Nothing => {
                if check(round, goal, &goal.check) {
                    return None;
                }
            }
            Claim::Unknown => {
                may_be_applied = true;
                if next_of(&ran).is_none() && follow_hint(round, goal, &ran) {
                    return None;
                }
            }
        }
    }
    None
}

/// The arguments of the command line that the error names as safe to run.
pub fn next_of(ran: &Ran) -> Option<Vec<String>> {
    let next = ran.error.as_ref()?["next"].as_array()?;
    Some(next.iter().skip(1).filter_map(|arg| arg.as_str().map(str::to_owned)).collect())
}

/// Does what the hint about an unknown outcome says. Returns whether the change turns out to be applied.
fn follow_hint(round: &mut Round<'_>, goal: &Goal<'_>, ran: &Ran) -> bool {
    let hint = ran.hint();
    let is_reached = (goal.is_reached)(&ran.after);
    if hint.contains("it is safe to run the command again")
        || hint.contains("continues and creates no duplicates")
    {
        return false;
    }
    if hint.contains("it was created; run it again only to create another") {
        round.state(is_reached, "it was created");
        return true;
    }
    if hint.contains("was probably not created; run it again") {
        round.state(!is_reached, "it was probably not created");
        return false;
    }
    let Some(commands) = hint.split('`').nth(1) else {
        round.fail(Mistake::FalseStatement, "the hint about an unknown outcome names no command");
        return false;
    };
    let commands = shell_words::split(commands).expect("words");
    let commands: Vec<CommandLine> =
        commands.split(|word| word == "&&").map(|words| CommandLine::new(&words[1..])).collect();
    check(round, goal, &commands)
}

/// Runs commands until all are successful. Returns whether the reply of the last one shows the change.
fn check(round: &mut Round<'_>, goal: &Goal<'_>, commands: &[CommandLine]) -> bool {
    let mut reply = Value::Null;
    for command in commands {
        let command = command.clone().with("--json");
        loop {
            if round.is_over() {
                return false;
            }
            let ran = round.check(&command);
            if ran.code == Some(0) {
                reply = serde_json::from_str(&ran.stdout).unwrap_or_default();
                break;
            }
            // The object is gone.
            if ran.code == Some(4) {
                reply = Value::Null;
                break;
            }
        }
    }
    (goal.is_seen)(&reply)
}
