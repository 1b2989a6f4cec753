use proptest::prelude::*;

use super::read;
use crate::catalog::{DesiredPrice, DesiredProduct};
use crate::error::{Code, Exit, Mistake};
use crate::wire::{Interval, Metadata, Recurring, TaxBehavior};

/// Invalid files and their errors: `###`, the file, `---`, the error.
const CASES: &str = include_str!("diagnostics.txt");

fn error_of(text: &str) -> String {
    match read(text, "payments.toml") {
        Ok(catalog) => format!("no error: {catalog:?}"),
        Err(failure) => {
            assert_eq!((&failure.code, failure.exit), (&Code::CatalogInvalid, Exit::Usage));
            let hint = failure.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("{}\n{}{hint}", failure.what, failure.why.unwrap_or_default())
        }
    }
}

#[test]
fn errors_have_a_place_and_a_hint() {
    let mut cases = 0;
    for case in CASES.split("###\n").skip(1) {
        let (text, expected) = case.split_once("---\n").expect("a file and an error");
        let text = text.replace("\\t", "\t");
        let error = error_of(&text);
        assert_eq!(error.replace('\t', "\\t"), expected.trim_end(), "file\n{text}\nerror\n{error}");
        cases += 1;
    }
    assert!(cases > 60, "only {cases} cases");
}

#[test]
fn every_error_is_reported_in_the_order_of_the_file() {
    let mistakes = |text: &str| {
        let failure = read(text, "payments.toml").unwrap_err();
        let all: Vec<String> = failure.mistakes.iter().map(ToString::to_string).collect();
        let text = format!("{}\n{}", failure.what, failure.why.unwrap());
        (all.join("\n"), text)
    };
    // A misspelled field is not also missing.
    let (all, text) = mistakes(
        "[products.pro]\nnam = \"Pro\"\nactive = 1\n[products.pro.prices.m]\ncurrency = \"dollar\"\n\
         [products.b.prices.m]\nammount = \"1\"\n",
    );
    assert_eq!(
        all,
        "line 1, column 1: missing field `version`; add version = 1 as the first line\n\
         line 2, column 1: unknown field `nam` in a product; did you mean `name`?\n\
         line 3, column 10: `active` must be true or false without quotes, not an integer\n\
         line 4, column 22: missing field `amount` in `products.pro.prices.m`; add a line such as amount = \"19.00\", or \
         unit_amount = 1900 in the currency's smallest unit\n\
         line 5, column 12: a currency must be a three-letter ISO code, such as usd or eur\n\
         line 6, column 11: missing field `name` in `products.b`; add a line such as name = \"Pro Plan\"\n\
         line 6, column 20: missing field `currency` in `products.b.prices.m`; add a line such as currency = \"usd\"\n\
         line 7, column 1: unknown field `ammount` in a price; did you mean `amount`?"
    );
    assert!(
        text.starts_with("payments.toml has 8 mistakes\npayments.toml:1:1: missing field `version`\n"),
        "{text}"
    );
    let (all, _) = mistakes("version = 1\nx = \n[products.a]\ny = ]\nnam = 1\n");
    assert_eq!(all.lines().map(|line| &line[..6]).collect::<Vec<_>>(), ["line 2", "line 4"], "{all}");
    let many: Vec<String> = (0..12).map(|n| format!("x{n} = 1")).collect();
    let (all, text) = mistakes(&format!("version = 1\n{}", many.join("\n")));
    assert_eq!((all.lines().count(), text.ends_with("\n\nand 2 more")), (12, true), "{text}");
}

#[test]
fn limits_are_exact() {
    let price = |line: &str| format!("version = 1\nproducts.p.name = \"P\"\n[products.p.prices]\n{line}");
    let product = |lines: &str| format!("version = 1\n[products.p]\n{lines}\n");
    let names = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("n{n} = \"x\"")).collect();
        product(&format!("name = \"P\"\nmetadata = {{ {} }}", names.join(", ")))
    };
    let key =
        |length: usize| price(&format!("{} = {{ currency = \"usd\", amount = \"1\" }}", "k".repeat(length)));
    for (valid, invalid, message) in [
        (names(48), names(49), "at most 48 names"),
        (key(100), key(101), "at most 100 characters, but this one has 101"),
        (
            product(&format!("name = \" {} \"", "n".repeat(250))),
            product(&format!("name = \"{}\"", "n".repeat(251))),
            "at most 250",
        ),
        (
            product(&format!("name = \"P\"\ndescription = \"{}\"", "d".repeat(5000))),
            product(&format!("name = \"P\"\ndescription = \"{}\"", "d".repeat(5001))),
            "at most 5000",
        ),
        (
            product(&format!("name = \"P\"\nmetadata.{} = \"{}\"", "m".repeat(40), "x".repeat(500))),
            product(&format!("name = \"P\"\nmetadata.{} = \"{}\"", "m".repeat(40), "x".repeat(501))),
            "at most 500",
        ),
        (
            price("m = { currency = \"usd\", unit_amount = 999999999999 }"),
            price("m = { currency = \"usd\", unit_amount = 1000000000000 }"),
            "an amount cannot be above",
        ),
        (
            price("m = { currency = \"usd\", amount = \"1\", interval = \"year\", interval_count = 3 }"),
            price(
                "m = { currency = \"usd\", amount = \"1\", interval = \"year\", interval_count = 9999999999 }",
            ),
            "three years between payments: 3 years, not 9999999999",
        ),
    ] {
        assert!(read(&valid, "f").is_ok(), "{}", error_of(&valid));
        let error = read(&invalid, "f").unwrap_err();
        assert!(error.what.contains(message), "{error}");
    }
}

#[test]
fn missing_fields_have_the_defaults_of_stripe() {
    let text = r#"
        version = 1
        [products.b]
        name = "  Pro Plan "
        description = ""
        metadata = {}
        [products.b.prices.monthly]
        currency = "USD"
        amount = "19"
        interval = "month"
        [products.b.prices.once]
        currency = "isk"
        amount = "500"
        lookup_key = "setup"
        tax_behavior = "inclusive"
        active = false
        metadata.b = ""
        metadata.a = "1"
        [products.a]
        name = "A"
        active = false
    "#;
    // A byte order mark, and CRLF.
    let with_crlf = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let desired = read(text, "f").unwrap();
    assert_eq!(read(&with_crlf, "f").unwrap(), desired);

    let [b, a] = &desired.products[..] else { panic!("{desired:?}") };
    assert_eq!((a.key.as_str(), a.active, a.prices.len()), ("a", false, 0));
    let DesiredProduct { name, description: None, active: true, metadata: None, .. } = b else {
        panic!("{b:?}")
    };
    assert_eq!(name.as_str(), "Pro Plan");
    let [DesiredPrice { recurring, .. }, once] = &b.prices[..] else { panic!("{b:?}") };
    let monthly = &b.prices[0];
    assert_eq!((monthly.lookup_key.as_str(), monthly.currency.as_str()), ("b_monthly", "usd"));
    assert_eq!(*recurring, Some(Recurring { interval: Interval::Month, interval_count: Some(1) }));
    assert_eq!((monthly.unit_amount.get(), monthly.tax_behavior), (1900, TaxBehavior::Unspecified));
    assert_eq!((once.lookup_key.as_str(), once.unit_amount.get(), once.active), ("setup", 50_000, false));
    let metadata: Vec<_> = once.metadata.iter().flat_map(Metadata::iter).collect();
    assert_eq!(metadata, [("a", "1"), ("b", "")]);
    assert_eq!(once.recurring, None);

    assert_eq!(read("version = 1", "f").unwrap().products, []);
}

proptest! {
    #[test]
    fn every_file_is_valid_or_has_an_error_with_a_place_in_it(
        parts in prop::collection::vec(
            "version = 1\n|\\[products\\.[a-c]\\]\n|\\[products\\.[a-c]\\.prices\\.[a-c]\\]\n|name = \"ä\"\n\
             |currency = \"(usd|isk)\"\n|amount = \"[0-9.]{1,4}\"\n|(unit_amount|interval_count) = -?[0-9]{1,20}\n\
             |interval = '(month|tag)'\n|metadata = \\{ [a-c] = '日' \\}\n|[a-z=\\[\\]{}\"'\n\t.日é]{1,6}",
            0..12,
        )
    ) {
        let text = parts.concat();
        for text in [text.clone(), format!("version = 1\n{text}")] {
            let Err(failure) = read(&text, "f") else { continue };
            prop_assert!(!failure.mistakes.is_empty());
            for Mistake { line, column, .. } in &failure.mistakes {
                let length = text.split('\n').nth(line - 1).unwrap().chars().count();
                prop_assert!(column.unwrap() <= length + 1, "{:?}: {:?}", text, failure.mistakes);
            }
        }
    }
}
