//! Amounts with decimals: `19.00` in USD, `500` in JPY.

use crate::wire::{Decimals, UnitAmount, decimals};

/// Parses an amount. It can have fewer decimals than its currency: `19` is 19.00 USD.
///
/// # Errors
/// A message for the user.
pub(crate) fn parse(text: &str, currency: &str) -> Result<UnitAmount, String> {
    let Decimals { digits, shown } = decimals(currency);
    if text.starts_with('-') {
        return Err("an amount cannot be negative".into());
    }
    let (units, minor) = text.split_once('.').map_or((text, None), |(units, minor)| (units, Some(minor)));
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !number(units) || !minor.is_none_or(number) {
        let example = if shown == 0 { "500" } else { "19.00" };
        return Err(format!(
            "invalid amount in {}: expected a number such as {example}",
            currency.to_uppercase()
        ));
    }
    let minor = minor.unwrap_or_default();
    if minor.len() > shown {
        let most = match shown {
            0 => "no decimals".to_owned(),
            shown => format!("{shown} decimals"),
        };
        return Err(format!("{} has {most}, but this amount has {}", currency.to_uppercase(), minor.len()));
    }
    format!("{units}{minor:0<digits$}").parse()
}

/// Formats an amount. `None` if it is finer than the currency's decimals: 50050 in ISK is not a whole number of krónur.
pub(crate) fn format(amount: UnitAmount, currency: &str) -> Option<String> {
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
    fn amounts_have_the_decimals_of_their_currency() {
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
            ("19.005", "usd", "USD has 2 decimals, but this amount has 3"),
            ("19.00", "jpy", "JPY has no decimals, but this amount has 2"),
            ("500.0", "isk", "ISK has no decimals, but this amount has 1"),
            ("1.2345", "kwd", "KWD has 3 decimals, but this amount has 4"),
            ("-1", "usd", "an amount cannot be negative"),
            ("10000000000", "usd", "an amount cannot be above 999999999999"),
            ("5 JPY", "jpy", "invalid amount in JPY: expected a number such as 500"),
        ] {
            assert_eq!(parse(text, currency).unwrap_err(), why);
        }
        for text in ["", ".", "19.", ".5", "1,900", "19,00", "$19", "1e3", "+1", "1.2.3", " 1", "1_000", "٣"]
        {
            assert_eq!(
                parse(text, "usd").unwrap_err(),
                "invalid amount in USD: expected a number such as 19.00",
                "{text}"
            );
        }
        assert_eq!(format("50050".parse().unwrap(), "isk"), None);
        assert_eq!(format("50000".parse().unwrap(), "isk").as_deref(), Some("500"));
        assert_eq!(format("5".parse().unwrap(), "usd").as_deref(), Some("0.05"));
        assert_eq!(format("1230".parse().unwrap(), "kwd").as_deref(), Some("1.230"));
    }

    proptest! {
        #[test]
        fn a_formatted_amount_parses_to_itself(amount in 0..=999_999_999_999_u64, currency in "[a-z]{3}|isk|ugx|jpy|kwd") {
            let amount: UnitAmount = amount.to_string().parse().unwrap();
            match format(amount, &currency) {
                Some(text) => prop_assert_eq!(parse(&text, &currency), Ok(amount)),
                None => prop_assert!(!amount.get().is_multiple_of(100) && ["isk", "ugx"].contains(&currency.as_str())),
            }
        }
    }
}
