use proptest::prelude::*;

use super::samples::{assert_describes, exported, mirrors, price, product, texts};
use crate::catalog::{CATALOG_KEY, DesiredCatalog, file};
use crate::wire::{Metadata, Mirror, MirroredPrice};

/// A hand-written file. `AFTER` is the same file after an export.
const BEFORE: &str = r#"# Our shop.

version = 1  # for ever

# What most people buy.
[products.pro]  # since 2024
name        = 'Pro Plan'   # as on the website
active      = true
metadata    = { tier = "pro", gone = "x", never = "" }   # for the app

    [products.pro.prices.monthly]
    currency = "USD"
    amount = "19"          # before tax
    interval = "month"
    interval_count = 1

    [products.pro.prices.std]
    currency = "eur"
    unit_amount = 1_900 # smallest unit
    lookup_key = "pro_std"

    # Not for sale any more.
    [products.pro.prices.promo]
    currency = "usd"
    amount = "1.00"
    active = false

    # Never was.
    [products.pro.prices.ghost]
    currency = "usd"
    amount = "2.00"

[products.lite]
name = "Lite"
description = "Small"  # very

# The end.
"#;

const AFTER: &str = r#"# Our shop.

version = 1  # for ever

# What most people buy.
[products.pro]  # since 2024
name        = "Pro Plan 2"   # as on the website
active      = true
metadata    = { tier = "max", never = "", new = "y" }   # for the app

    [products.pro.prices.monthly]
    currency = "USD"
    amount = "29.00"          # before tax
    interval = "month"
    interval_count = 1

    [products.pro.prices.std]
    currency = "eur"
    unit_amount = 2900 # smallest unit
    lookup_key = "pro_std"

    # Not for sale any more.
    [products.pro.prices.promo]
    currency = "usd"
    amount = "1.00"
    active = false

[products.pro.prices.yearly]
currency = "usd"
amount = "190.00"
interval = "year"

[products.max]
name = "Max"
[products.max.prices.once]
currency = "jpy"
amount = "500"

# The end.
"#;

fn changed_mirror() -> Mirror {
    let mut pro = product("prod_1", "Pro Plan 2");
    pro.metadata = texts(&[(CATALOG_KEY, "pro"), ("tier", "max"), ("new", "y")]);
    let with_lookup_key = |mut price: MirroredPrice, key: &str| {
        price.lookup_key = Some(key.into());
        price
    };
    let mut std = with_lookup_key(price("price_2", "prod_1", 2900, None), "pro_std");
    std.currency = "eur".into();
    let mut promo = with_lookup_key(price("price_3", "prod_1", 100, None), "pro_promo");
    promo.active = false;
    let mut once = price("price_5", "prod_2", 500, None);
    once.currency = "jpy".into();
    Mirror {
        products: vec![pro, product("prod_2", "Max")],
        prices: vec![
            with_lookup_key(price("price_1", "prod_1", 2900, Some("month")), "pro_monthly"),
            std,
            promo,
            price("price_4", "prod_1", 19_000, Some("year")),
            once,
        ],
    }
}

#[test]
fn unchanged_entries_keep_their_formatting() {
    let output = exported(&changed_mirror(), Some(BEFORE));
    assert_eq!(output.text, AFTER);
    assert_eq!(output.removed, ["products.pro.prices.ghost", "products.lite"]);
    assert_eq!(exported(&changed_mirror(), Some(AFTER)).text, AFTER);
    let with_crlf = format!("\u{feff}{}", BEFORE.replace('\n', "\r\n"));
    assert_eq!(
        exported(&changed_mirror(), Some(&with_crlf)).text,
        format!("\u{feff}{}", AFTER.replace('\n', "\r\n"))
    );
}

#[test]
fn inline_tables_stay_inline() {
    let before = r#"version = 1
products.lite = { name = "Lite" } # gone
products.pro = { name = "Pro Plan", metadata.tier = "pro", prices = { std = { currency = "eur", unit_amount = 1900 }, ghost = { currency = "usd", amount = "1" } } }
"#;
    let after = r#"version = 1
products.pro = { name = "Pro Plan 2", metadata.tier = "max", metadata.new = "y", prices = { std = { currency = "eur", unit_amount = 2900 }, monthly = { currency = "usd", amount = "29.00", interval = "month" }, yearly = { currency = "usd", amount = "190.00", interval = "year" } } }

[products.max]
name = "Max"
[products.max.prices.once]
currency = "jpy"
amount = "500"
"#;
    assert_eq!(exported(&changed_mirror(), Some(before)).text, after);
}

#[test]
fn an_invalid_file_is_not_exported_over() {
    for before in ["", "version = 1\nproducts = 1", "version = 1\n["] {
        assert!(
            crate::catalog::export(&changed_mirror(), Some(before), "f").unwrap_err().what.starts_with("f:"),
            "{before}"
        );
    }
}

/// A catalog in another TOML notation.
fn in_notation(catalog: &DesiredCatalog, notation: u8) -> String {
    let quoted = |text: &str| crate::catalog::export::render::text(text).to_string();
    let mut text = "version = 1 # c\n".to_owned();
    let mut lines = Vec::new();
    for product in &catalog.products {
        let path = format!("products.{}", product.key);
        lines.push((path.clone(), "name".to_owned(), quoted(product.name.as_str())));
        lines.push((path.clone(), "active".into(), product.active.to_string()));
        for (name, value) in product.metadata.iter().flat_map(Metadata::iter) {
            let name = toml_edit::Key::new(name).display_repr().into_owned();
            lines.push((format!("{path}.metadata"), name, quoted(value)));
        }
        for price in &product.prices {
            let path = format!("{path}.prices.{}", price.key);
            lines.push((path.clone(), "currency".into(), quoted(price.currency.as_str())));
            lines.push((path.clone(), "unit_amount".into(), price.unit_amount.get().to_string()));
            lines.push((path.clone(), "lookup_key".into(), quoted(price.lookup_key.as_str())));
            if let Some(recurring) = price.recurring {
                lines.push((path.clone(), "interval".into(), quoted(recurring.interval.as_str())));
                let count = recurring.interval_count.unwrap_or(1).to_string();
                lines.push((path, "interval_count".into(), count));
            }
        }
    }
    let below = |path: &str| path.trim_start_matches("products.").to_owned();
    match notation {
        // Dotted keys from the root.
        0 => text.extend(lines.iter().map(|(path, name, value)| format!("{path}.{name} = {value} # c\n"))),
        // Dotted keys below one header.
        1 => {
            text.push_str("# c\n[products]\n");
            text.extend(
                lines.iter().map(|(path, name, value)| format!("{}.{name} = {value}\n", below(path))),
            );
        }
        // Dotted keys in an inline table.
        2 => {
            let inner = lines.iter().map(|(path, name, value)| format!("{}.{name} = {value}", below(path)));
            text.extend(["products = {", &inner.collect::<Vec<_>>().join(", "), "}\n"]);
        }
        // Headers in reverse order.
        _ => {
            let mut headers: Vec<&String> = lines.iter().map(|(path, _, _)| path).collect();
            headers.dedup();
            for header in headers.into_iter().rev() {
                text.extend(["# c\n[", header, "]\n"]);
                let own = lines.iter().filter(|(path, _, _)| path == header);
                text.extend(own.map(|(_, name, value)| format!("{name} = {value}\n")));
            }
        }
    }
    text
}

#[test]
fn an_export_of_thousands_of_prices_takes_linear_time() {
    let many = |from: u64, to: u64| Mirror {
        products: vec![product("prod_1", "Pro")],
        prices: (from..to).map(|n| price(&format!("price_{n:05}"), "prod_1", n, Some("month"))).collect(),
    };
    let timed = |mirror: &Mirror, before: Option<&str>| {
        let start = std::time::Instant::now();
        (exported(mirror, before), start.elapsed())
    };
    let (output, took) = timed(&many(0, 5000), None);
    assert_eq!(output.prices, 5000);
    assert!(output.text.contains("[products.pro.prices.monthly_usd_4999]\n"));
    assert!(!output.text.contains("monthly_usd_5000]"));
    assert!(took.as_secs() < 5, "{took:?}");
    let (again, took) = timed(&many(0, 5000), Some(&output.text));
    assert_eq!((again.text, again.removed.len()), (output.text, 0));
    assert!(took.as_secs() < 5, "{took:?}");
    let (grown, took) = timed(&many(0, 5000), Some(&exported(&many(0, 2), None).text));
    assert_eq!(grown.prices, 5000);
    assert!(took.as_secs() < 5, "{took:?}");
}

proptest! {
    #[test]
    fn every_toml_notation_can_be_edited(mirror in mirrors(), later in mirrors(), notation in 0..4_u8) {
        let catalog = file::read(&exported(&mirror, None).text, "f").unwrap();
        let before = in_notation(&catalog, notation);
        let output = exported(&later, Some(&before));
        assert_describes(&output, &later);
        prop_assert_eq!(exported(&later, Some(&output.text)).text, output.text);
    }
}
