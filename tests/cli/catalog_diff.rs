//! `catalog diff` is a gate: it passes only if the environments were compared and are equal.

use serde_json::{Value, json};

use super::harness::stripe_catalog::text;
use super::harness::{RunOutput, User};

/// A user with a key for each environment.
fn user() -> User {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a")
        .exits(0);
    user
}

/// A user whose live catalog was promoted from test.
fn promoted() -> User {
    let user = user();
    payments(&user, "catalog export test --adopt -q").exits(0);
    payments(&user, "catalog apply live --yes -q").exits(0);
    user
}

fn payments(user: &User, line: &str) -> RunOutput {
    let args = shell_words::split(&format!("payments {line}")).expect("arguments");
    user.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[track_caller]
fn gate(user: &User, line: &str, code: i32) -> String {
    let text = payments(user, &format!("catalog diff {line} --exit-code")).exits(code).stdout;
    for of_files in ["payments.toml", "the file"] {
        assert!(!text.contains(of_files), "{of_files}: {text}");
    }
    text
}

/// The id of the product with this name.
fn product(user: &User, environment: &str, name: &str) -> String {
    let list = payments(user, &format!("products list {environment} --json")).exits(0).json();
    let all = list["products"].as_array().expect("products").clone();
    text(&all.iter().find(|product| product["name"] == name).expect("the product")["productId"])
}

#[test]
fn without_managed_objects_the_gate_does_not_pass() {
    let user = user();
    let text = gate(&user, "test live", 7);
    assert!(text.contains("Not compared, in test\n"), "{text}");
    assert!(text.contains(": it has no catalog_key\n"), "{text}");
    assert!(text.ends_with("No changes, but 8 objects of test cannot be compared.\n"), "{text}");
    let text = gate(&user, "test live --managed-only", 7);
    assert!(text.contains("Nothing was compared: test has no products with catalog_key."), "{text}");
    // Nothing can be bought in either.
    payments(&user, "catalog diff live live").exits(64);
    let report = payments(&user, "catalog diff test live --json").exits(0).json();
    assert_eq!(report["leftOut"].as_array().expect("objects").len(), 8);
}

#[test]
fn equal_environments_pass_and_a_new_unmanaged_object_does_not() {
    let user = promoted();
    gate(&user, "test live", 0);
    gate(&user, "live test", 0);
    payments(&user, "products create --name Draft -q").exits(0);
    let text = gate(&user, "test live", 7);
    assert!(text.contains("Not compared, in test\n") && text.contains(": it has no catalog_key\n"), "{text}");
    let ran = payments(&user, "catalog diff test live");
    ran.exits(0).stderr_has(&["catalog export test --adopt` makes", "--managed-only ignores the others"]);
    gate(&user, "test live --managed-only", 0);
}

#[test]
fn an_archived_object_is_a_difference_in_both_directions() {
    let user = promoted();
    let team = product(&user, "test", "Team Plan");
    payments(&user, &format!("products update {team} --active false -q")).exits(0);
    let prices = payments(&user, "prices list --json").exits(0).json();
    let prices = prices["prices"].as_array().expect("prices").clone();
    let yearly = prices.iter().find(|price| price["lookupKey"] == "pro_yearly").expect("a price");
    payments(&user, &format!("prices archive {} -q", text(&yearly["priceId"]))).exits(0);
    let text = gate(&user, "test live", 7);
    assert_eq!(text.matches("active: yes → no").count(), 2, "{text}");
    let text = gate(&user, "live test", 7);
    assert_eq!(text.matches("active: no → yes").count(), 2, "{text}");
}

#[test]
fn an_archived_product_that_the_other_environment_lacks_is_no_difference() {
    let user = promoted();
    let create = "products create --name Old --active false --metadata-field catalog_key=old -q";
    payments(&user, create).exits(0);
    gate(&user, "test live", 0);
    payments(&user, "products create --name New --metadata-field catalog_key=new -q").exits(0);
    let text = gate(&user, "test live", 7);
    assert!(text.contains("+ product new") && !text.contains("product old"), "{text}");
    // In the other direction, live lacks an active product.
    let text = gate(&user, "live test", 7);
    assert!(text.contains("New: is not in live; --prune archives it"), "{text}");
}

#[test]
fn another_default_price_is_listed() {
    let user = promoted();
    let diff = payments(&user, "catalog diff test live --json").exits(0).json();
    let of_default = |object: &&Value| text(&object["reason"]).contains("default price");
    let listed: Vec<&Value> =
        diff["unmanaged"].as_array().expect("objects").iter().filter(of_default).collect();
    let pro = product(&user, "live", "Pro Plan");
    assert_eq!(listed.len(), 1, "{diff}");
    assert_eq!((&listed[0]["kind"], &listed[0]["id"]), (&json!("product"), &json!(pro)));
    let reason = "its default price is none, but pro_monthly in test; only Stripe's dashboard can change it";
    assert_eq!(listed[0]["reason"], reason);
    let text = gate(&user, "test live", 0);
    assert!(text.ends_with("No changes, but 1 object above differs.\n"), "{text}");
}
