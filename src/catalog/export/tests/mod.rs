mod edit;
mod samples;

use proptest::prelude::*;

use self::samples::{assert_describes, exported, mirrors, price, product, texts};
use super::{Adoption, export, normalized};
use crate::catalog::{CATALOG_KEY, REPLACED_BY, file};
use crate::error::{Code, Exit};
use crate::wire::{LookupKey, Metadata, Mirror, MirroredPrice};

/// A mirror with everything that a file can describe, and some objects that it cannot.
fn sample_mirror() -> Mirror {
    let mut pro = product("prod_1", " Pro Plan ");
    pro.description = Some("All of \"it\"\nand more".into());
    pro.metadata = texts(&[("tier", "pro"), ("insforge_subject", "x"), (CATALOG_KEY, "pro")]);
    let mut old = product("prod_2", "Old");
    old.active = false;
    let mut paused = product("prod_3", "Paused");
    (paused.active, paused.metadata) = (false, texts(&[(CATALOG_KEY, "paused")]));
    let monthly = price("price_1", "prod_1", 1900, Some("month"));
    let mut yearly = price("price_2", "prod_1", 19_000, Some("year"));
    yearly.metadata = texts(&[(CATALOG_KEY, "pro_yearly")]);
    yearly.lookup_key = Some("pro_yearly".into());
    let mut quarter = price("price_3", "prod_1", 5_000, Some("month"));
    (quarter.recurring_interval_count, quarter.lookup_key) = (Some(3.into()), Some("legacy-q".into()));
    quarter.tax_behavior = Some("exclusive".into());
    let mut krona = price("price_4", "prod_1", 50_050, None);
    krona.currency = "ISK".into();
    let mut tiered = price("price_5", "prod_1", 1, None);
    tiered.billing_scheme = Some("tiered".into());
    let mut fraction = price("price_6", "prod_1", 1, None);
    fraction.unit_amount = None;
    let mut replaced = price("price_7", "prod_1", 1500, Some("month"));
    replaced.metadata = texts(&[(CATALOG_KEY, "pro_monthly"), (REPLACED_BY, "price_1")]);
    let mut archived = price("price_8", "prod_1", 1, None);
    archived.active = false;
    let other_currency =
        MirroredPrice { currency: "jpy".into(), ..price("price_9", "prod_1", 500, Some("month")) };
    let orphan = price("price_10", "prod_0", 1, None);
    let history = price("price_11", "prod_2", 1, None);
    Mirror {
        products: vec![paused, old, pro],
        prices: vec![
            orphan,
            history,
            other_currency,
            archived,
            replaced,
            fraction,
            tiered,
            krona,
            quarter,
            yearly,
            monthly,
        ],
    }
}

const SAMPLE_FILE: &str = r#"# The catalog at Stripe. `insforge payments catalog plan test` shows how Stripe differs from this file,
# and `insforge payments catalog apply test` makes Stripe match it.
version = 1

[products.paused]
name = "Paused"
active = false

[products.pro]
name = "Pro Plan"
description = "All of \"it\"\nand more"
metadata = { tier = "pro" }
[products.pro.prices.monthly_jpy]
currency = "jpy"
amount = "500"
interval = "month"
[products.pro.prices.monthly_usd]
currency = "usd"
amount = "19.00"
interval = "month"
[products.pro.prices.every_3_months]
currency = "usd"
amount = "50.00"
interval = "month"
interval_count = 3
tax_behavior = "exclusive"
lookup_key = "legacy-q"
[products.pro.prices.yearly]
currency = "usd"
amount = "190.00"
interval = "year"
[products.pro.prices.once]
currency = "isk"
unit_amount = 50050
"#;

#[test]
fn a_new_file_has_every_object_that_it_can_describe() {
    let file = exported(&sample_mirror(), None);
    assert_eq!(file.text, SAMPLE_FILE);
    assert_eq!((file.products, file.prices, file.removed), (2, 5, Vec::<String>::new()));
    let left_out: Vec<_> =
        file.left_out.iter().map(|skipped| (skipped.id.as_str(), skipped.reason.as_str())).collect();
    assert_eq!(
        left_out,
        [
            ("price_10", "its product is not in the mirror"),
            ("price_5", "it is tiered"),
            ("price_6", "its amount has a fraction of the currency's smallest unit"),
            ("price_7", "price_1 replaced it, but it is still the default price of its product"),
        ]
    );
    let adopt = file.adopt.iter().map(|adopt| match adopt {
        Adoption::Product { id, changes } => format!("{id} {}", serde_json::to_string(changes).unwrap()),
        Adoption::Price { id, catalog_key, changes } => {
            format!("{id} {catalog_key} {}", serde_json::to_string(changes).unwrap())
        }
    });
    assert_eq!(
        adopt.collect::<Vec<_>>(),
        [
            r#"price_9 pro_monthly_jpy {"lookupKey":"pro_monthly_jpy","metadata":{"catalog_key":"pro_monthly_jpy"}}"#,
            r#"price_1 pro_monthly_usd {"lookupKey":"pro_monthly_usd","metadata":{"catalog_key":"pro_monthly_usd"}}"#,
            r#"price_3 legacy-q {"metadata":{"catalog_key":"legacy-q"}}"#,
            r#"price_4 pro_once {"lookupKey":"pro_once","metadata":{"catalog_key":"pro_once"}}"#,
        ]
    );
    assert_eq!(exported(&Mirror::default(), None).text.lines().last(), Some("version = 1"));
}

#[test]
fn new_keys_come_from_names_and_intervals() {
    let products = ["Pro Plan", "pro-plan!", "日本", "", "Café Olé", "Pro Plan"];
    let mut mirror = Mirror::default();
    for (n, name) in products.into_iter().enumerate() {
        mirror.products.push(product(&format!("prod_{n}"), if name.is_empty() { "?" } else { name }));
        mirror.prices.push(price(&format!("price_{n}"), &format!("prod_{n}"), 1, Some("day")));
        mirror.prices.push(price(&format!("price_{n}b"), &format!("prod_{n}"), 2, Some("day")));
        mirror.prices.push(price(&format!("price_{n}c"), &format!("prod_{n}"), 3, Some("day")));
    }
    let output = exported(&mirror, None);
    let desired = file::read(&output.text, "f").unwrap();
    let mut keys: Vec<_> = desired.products.iter().map(|product| product.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["caf_ol", "pro_plan", "pro_plan_2", "pro_plan_3", "product", "product_2"]);
    for product in &desired.products {
        let keys: Vec<_> = product.prices.iter().map(|price| price.key.as_str()).collect();
        assert_eq!(keys, ["daily", "daily_usd", "daily_usd_2"]);
    }
    mirror.products.reverse();
    mirror.prices.reverse();
    assert_eq!(exported(&mirror, None).text, output.text);
}

/// In a new file and in an edited one.
#[test]
fn invisible_characters_are_escaped() {
    let unsafe_text = "a\u{200b}b\u{feff}c\u{202e}d\u{85}e\u{2028}f\u{7f}\"g\u{e0041}h\u{200d}❤\u{fe0f}";
    let mut of = product("prod_1", unsafe_text);
    (of.description, of.metadata) = (Some(unsafe_text.into()), texts(&[(unsafe_text, unsafe_text)]));
    let mirror = Mirror { products: vec![of.clone()], prices: Vec::new() };
    let before = "version = 1\n[products.pro]\nname = \"Pro\"\nmetadata = { tier = \"x\" }\n";
    let table = "version = 1\n[products.pro]\nname = \"Pro\"\n[products.pro.metadata]\ntier = \"x\"\n";
    of.metadata.insert(CATALOG_KEY.into(), "pro".into());
    let managed = Mirror { products: vec![of], prices: Vec::new() };
    for (mirror, before) in [(&mirror, None), (&managed, Some(before)), (&managed, Some(table))] {
        let output = exported(mirror, before);
        assert!(crate::ui::is_clean(&output.text.replace('\n', "")), "{:?}", output.text);
        assert_describes(&output, mirror);
    }
}

#[test]
fn a_duplicate_key_is_a_conflict() {
    let mut mirror = sample_mirror();
    mirror.products[1].metadata = texts(&[(CATALOG_KEY, "pro")]);
    let failure = export(&mirror, None, "f").unwrap_err();
    assert_eq!((failure.code, failure.exit), (Code::CatalogConflict, Exit::Failed));
    assert_eq!(failure.what, "The products prod_1 and prod_2 have the same key `pro`");
    let mut mirror = sample_mirror();
    for price in &mut mirror.prices[..3] {
        price.lookup_key = Some("pro_yearly".into());
    }
    assert_eq!(
        export(&mirror, None, "f").unwrap_err().what,
        "The prices price_10 and price_11 have the same key `pro_yearly`"
    );
    let failure = export(&sample_mirror(), Some("version = 2"), "f").unwrap_err();
    assert!(failure.what.starts_with("f:1:11: "), "{failure}");
}

#[test]
fn a_price_that_the_mirror_has_twice_is_exported_once() {
    let once = exported(&sample_mirror(), None);
    let mut mirror = sample_mirror();
    mirror.prices.extend(mirror.prices.clone());
    let twice = exported(&mirror, None);
    assert_eq!((twice.text, twice.prices, twice.left_out), (once.text, once.prices, once.left_out));
}

proptest! {
    #[test]
    fn an_exported_file_describes_the_mirror(mirror in mirrors(), later in mirrors()) {
        let output = exported(&mirror, None);
        assert_describes(&output, &mirror);
        prop_assert_eq!(&exported(&mirror, Some(&output.text)).text, &output.text);

        // The catalog at Stripe changes, and the file follows.
        let edited = exported(&later, Some(&output.text));
        assert_describes(&edited, &later);
        let again = exported(&later, Some(&edited.text));
        prop_assert_eq!(&again.text, &edited.text);
        prop_assert_eq!(again.removed, Vec::<String>::new());

        let mut reversed = mirror.clone();
        reversed.products.reverse();
        reversed.prices.reverse();
        prop_assert_eq!(&exported(&reversed, None).text, &output.text);
    }

    #[test]
    fn after_an_adoption_nothing_is_left_to_adopt_and_keys_stay(mirror in mirrors()) {
        let output = exported(&mirror, None);
        let mut adopted = mirror.clone();
        for adopt in &output.adopt {
            match adopt {
                Adoption::Product { id, changes } => {
                    let object = adopted.products.iter_mut().find(|object| object.product_id == *id).unwrap();
                    let values = changes.metadata.iter().flat_map(Metadata::iter);
                    object.metadata.extend(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                Adoption::Price { id, catalog_key, changes } => {
                    let object = adopted.prices.iter_mut().find(|object| object.price_id == *id).unwrap();
                    let values = changes.metadata.iter().flat_map(Metadata::iter);
                    object.metadata.extend(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
                    object.lookup_key = Some(catalog_key.as_str().to_owned());
                }
            }
        }
        let again = exported(&adopted, None);
        prop_assert_eq!(again.adopt.len(), 0, "{:?}", again.adopt);
        let (one, other) = (file::read(&output.text, "f").unwrap(), file::read(&again.text, "f").unwrap());
        let keys = |desired| normalized(&desired).products.into_iter().flat_map(|product| {
            let key = product.key;
            product.prices.into_iter().map(move |price| (key.clone(), price.lookup_key, price.unit_amount.get()))
        }).collect::<Vec<_>>();
        let sorted = |mut keys: Vec<(String, LookupKey, u64)>| {
            keys.sort_by_key(|(product, key, amount)| format!("{product} {key} {amount}"));
            keys
        };
        prop_assert_eq!(sorted(keys(one)), sorted(keys(other)));
    }
}
