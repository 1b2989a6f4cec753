use proptest::prelude::*;

use super::read;
use crate::catalog::{WantedPrice, WantedProduct};
use crate::error::{Code, Exit};
use crate::wire::{Interval, Metadata, Recurring, TaxBehavior};

/// Each mistake with everything that is said of it: `###`, the file, `---`, the error.
const MISTAKES: &str = include_str!("mistakes.txt");

fn told(text: &str) -> String {
    match read(text, "payments.toml") {
        Ok(wanted) => format!("{wanted:?}"),
        Err(failure) => {
            assert_eq!((&failure.code, failure.exit), (&Code::CatalogInvalid, Exit::Usage));
            let hint = failure.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("{}\n{}{hint}", failure.what, failure.why.unwrap_or_default())
        }
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let mut cases = 0;
    for case in MISTAKES.split("###\n").skip(1) {
        let (text, expected) = case.split_once("---\n").expect("a file and an error");
        let (text, told) = (text.replace("\\t", "\t"), told(&text.replace("\\t", "\t")));
        assert_eq!(told.replace('\t', "\\t"), expected.trim_end(), "of\n{text}\nit is told\n{told}");
        cases += 1;
    }
    assert!(cases > 60, "only {cases} cases were seen");
}

#[test]
fn limits_hold_to_the_character() {
    let price = |line: &str| format!("version = 1\nproducts.p.name = \"P\"\n[products.p.prices]\n{line}");
    let product = |lines: &str| format!("version = 1\n[products.p]\n{lines}\n");
    let names = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("n{n} = \"x\"")).collect();
        product(&format!("name = \"P\"\nmetadata = {{ {} }}", names.join(", ")))
    };
    let key =
        |length: usize| price(&format!("{} = {{ currency = \"usd\", amount = \"1\" }}", "k".repeat(length)));
    for (right, wrong, why) in [
        (names(48), names(49), "at most 48 metadata names"),
        (key(100), key(101), "at most 100 characters, and this has 101"),
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
            "no currency has amounts above",
        ),
        (
            price("m = { currency = \"usd\", amount = \"1\", interval = \"year\", interval_count = 3 }"),
            price(
                "m = { currency = \"usd\", amount = \"1\", interval = \"year\", interval_count = 9999999999 }",
            ),
            "three years between payments: 3 years, not 9999999999",
        ),
    ] {
        assert!(read(&right, "f").is_ok(), "{}", told(&right));
        let error = read(&wrong, "f").unwrap_err();
        assert!(error.what.contains(why), "{error}");
    }
}

#[test]
fn what_is_left_out_is_what_stripe_takes_for_it() {
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
    // A mark in front, and lines that end as Windows ends them.
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let wanted = read(text, "f").unwrap();
    assert_eq!(read(&windows, "f").unwrap(), wanted);

    let [b, a] = &wanted.products[..] else { panic!("{wanted:?}") };
    assert_eq!((a.key.as_str(), a.active, a.prices.len()), ("a", false, 0));
    let WantedProduct { name, description: None, active: true, metadata: None, .. } = b else {
        panic!("{b:?}")
    };
    assert_eq!(name.as_str(), "Pro Plan");
    let [WantedPrice { recurring, .. }, once] = &b.prices[..] else { panic!("{b:?}") };
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
    /// Whatever is in a file, it is read or refused with a place that is in it.
    #[test]
    fn every_file_is_read_or_refused(
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
            let mut place = failure.what.splitn(4, ':').skip(1).map(str::parse::<usize>);
            let (line, column) = (place.next().unwrap().unwrap(), place.next().unwrap().unwrap());
            let length = text.split('\n').nth(line - 1).unwrap().chars().count();
            prop_assert!(column <= length + 1, "{:?}: {}", text, failure);
        }
    }
}
