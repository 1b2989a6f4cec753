//! Amounts as people write them: `19.00` in USD, `500` in JPY.

use crate::wire::{Decimals, UnitAmount, decimals};

/// Reads an amount. It may have fewer decimals than its currency, never more: `19` is 19.00 USD.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub(crate) fn parse(text: &str, currency: &str) -> Result<UnitAmount, String> {
    let Decimals { digits, shown } = decimals(currency);
    if text.starts_with('-') {
        return Err("an amount is not negative".into());
    }
    let (units, minor) = text.split_once('.').map_or((text, None), |(units, minor)| (units, Some(minor)));
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !number(units) || !minor.is_none_or(number) {
        let example = if shown == 0 { "500" } else { "19.00" };
        return Err(format!("an amount in {} is written like {example}", currency.to_uppercase()));
    }
    let minor = minor.unwrap_or_default();
    if minor.len() > shown {
        let most = match shown {
            0 => "no decimals".to_owned(),
            shown => format!("{shown} decimals"),
        };
        return Err(format!("{} has {most}, and this amount has {}", currency.to_uppercase(), minor.len()));
    }
    format!("{units}{minor:0<digits$}").parse()
}

/// Writes an amount. `None` where it is finer than what the currency shows: 50050 in ISK is no number of krónur.
pub(crate) fn written(amount: UnitAmount, currency: &str) -> Option<String> {
    let Decimals { digits, shown } = decimals(currency);
    let text = format!("{:0>width$}", amount.get(), width = digits + 1);
    let (units, minor) = text.split_at(text.len() - digits);
    let (kept, hidden) = minor.split_at(shown);
    if hidden.chars().any(|c| c != '0') {
        return None;
    }
    Some(if kept.is_empty() { units.to_owned() } else { format!("{units}.{kept}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_in_every_kind_of_currency() {
        for (text, currency, amount) in [
            ("19.00", "usd", 1900),
            ("19", "usd", 1900),
            ("19.5", "USD", 1950),
            ("0.05", "eur", 5),
            ("0", "usd", 0),
            ("500", "jpy", 500),
            ("500", "isk", 50_000),
            ("5", "ugx", 500),
            ("1.234", "kwd", 1234),
            ("9999999999.99", "usd", 999_999_999_999),
        ] {
            assert_eq!(parse(text, currency).unwrap().get(), amount, "{text} {currency}");
        }
        for (text, currency, why) in [
            ("19.005", "usd", "USD has 2 decimals, and this amount has 3"),
            ("19.00", "jpy", "JPY has no decimals, and this amount has 2"),
            ("500.0", "isk", "ISK has no decimals, and this amount has 1"),
            ("1.2345", "kwd", "KWD has 3 decimals, and this amount has 4"),
            ("-1", "usd", "an amount is not negative"),
            ("10000000000", "usd", "no currency has amounts above 999999999999"),
            ("5 JPY", "jpy", "an amount in JPY is written like 500"),
        ] {
            assert_eq!(parse(text, currency).unwrap_err(), why);
        }
        for text in ["", ".", "19.", ".5", "1,900", "19,00", "$19", "1e3", "+1", "1.2.3", " 1", "1_000", "٣"]
        {
            assert_eq!(parse(text, "usd").unwrap_err(), "an amount in USD is written like 19.00", "{text}");
        }
        assert_eq!(written("50050".parse().unwrap(), "isk"), None);
        assert_eq!(written("50000".parse().unwrap(), "isk").as_deref(), Some("500"));
        assert_eq!(written("5".parse().unwrap(), "usd").as_deref(), Some("0.05"));
        assert_eq!(written("1230".parse().unwrap(), "kwd").as_deref(), Some("1.230"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(amount in 0..=999_999_999_999_u64, currency in "[a-z]{3}|isk|ugx|jpy|kwd") {
            let amount: UnitAmount = amount.to_string().parse().unwrap();
            match written(amount, &currency) {
                Some(text) => prop_assert_eq!(parse(&text, &currency), Ok(amount)),
                None => prop_assert!(!amount.get().is_multiple_of(100) && ["isk", "ugx"].contains(&currency.as_str())),
            }
        }
    }
}
