use std::fmt;

use crate::wire::Number;

/// The decimals of a currency.
///
/// Stripe's smallest units differ from ISO 4217 (<https://docs.stripe.com/currencies>): sixteen currencies have no
/// decimals, five have three. ISK and UGX are special: they have no decimals, but their amounts still end with two digits
/// that are always zero.
pub(crate) fn decimals(currency: &str) -> Decimals {
    const NONE: [&str; 15] = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof",
        "xpf",
    ];
    const THREE: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];
    let currency = currency.to_ascii_lowercase();
    let currency = currency.as_str();
    match currency {
        "isk" | "ugx" => Decimals { digits: 2, shown: 0 },
        _ if NONE.contains(&currency) => Decimals { digits: 0, shown: 0 },
        _ if THREE.contains(&currency) => Decimals { digits: 3, shown: 3 },
        _ => Decimals { digits: 2, shown: 2 },
    }
}

/// How many decimals amounts of a currency have; see [`decimals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimals {
    /// How many digits of an amount are decimals.
    pub(crate) digits: usize,
    /// How many of them are shown even if they are zero.
    pub(crate) shown: usize,
}

/// An amount of money, shown as `19.99 USD`, `500 JPY` or `1.234 KWD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Money<'a> {
    /// A decimal number in the currency's smallest unit. Stripe's decimal prices have fractions (`0.5`).
    amount: String,
    currency: &'a str,
}

impl<'a> Money<'a> {
    /// An amount of an answer, in the currency's smallest unit.
    pub(crate) fn of(amount: &Number, currency: &'a str) -> Self {
        Self { amount: amount.to_string(), currency }
    }

    /// Creates an amount from a whole number of the currency's smallest unit.
    pub(crate) fn new(amount: i64, currency: &'a str) -> Self {
        Self { amount: amount.to_string(), currency }
    }

    /// The number that payments in this currency must be a multiple of, if this amount is not a multiple of it. Stripe
    /// takes no fractions of a króna or a Ugandan shilling, and the last of three decimals must be zero
    /// (<https://docs.stripe.com/currencies#special-cases>).
    pub(crate) fn unmet_multiple(&self) -> Option<u32> {
        let multiple = match decimals(self.currency) {
            Decimals { digits: 2, shown: 0 } => 100,
            Decimals { digits: 3, .. } => 10,
            _ => return None,
        };
        let zeros = if multiple == 100 { "00" } else { "0" };
        (!self.amount.ends_with(zeros) && self.amount != "0").then_some(multiple)
    }

    /// Parses an amount that may have a fraction of the smallest unit, as in Stripe's `unit_amount_decimal`.
    ///
    /// `None` if the text is not a plain decimal number.
    pub(crate) fn decimal(amount: &str, currency: &'a str) -> Option<Self> {
        is_plain(amount).then(|| Self { amount: amount.to_owned(), currency })
    }
}

/// Whether the text is a decimal number without an exponent.
fn is_plain(amount: &str) -> bool {
    let digits = amount.strip_prefix('-').unwrap_or(amount);
    digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.matches('.').count() <= 1
        && digits.chars().any(|c| c.is_ascii_digit())
}

impl fmt::Display for Money<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !is_plain(&self.amount) {
            return write!(f, "{} {}", self.amount, self.currency.to_ascii_uppercase());
        }
        let Decimals { digits, shown } = decimals(self.currency);
        let (sign, amount) =
            self.amount.strip_prefix('-').map_or(("", self.amount.as_str()), |rest| ("-", rest));
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let whole = format!("{whole:0>width$}", width = digits + 1);
        let (units, minor) = whole.split_at(whole.len() - digits);
        let all_decimals = format!("{minor}{fraction}");
        // Trailing zeros beyond the currency's decimals are dropped; other digits are kept.
        let kept = all_decimals.trim_end_matches('0').len().max(shown.min(all_decimals.len()));
        write!(f, "{sign}{units}")?;
        if kept > 0 {
            write!(f, ".{}", &all_decimals[..kept])?;
        }
        write!(f, " {}", self.currency.to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::UnitAmount;
    use proptest::prelude::*;

    #[test]
    fn amounts_have_the_decimals_that_stripe_uses() {
        for (amount, currency, shown) in [
            (1999, "usd", "19.99 USD"),
            (1900, "USD", "19.00 USD"),
            (5, "eur", "0.05 EUR"),
            (0, "usd", "0.00 USD"),
            (-500, "usd", "-5.00 USD"),
            (-5, "usd", "-0.05 USD"),
            (500, "jpy", "500 JPY"),
            (1234, "kwd", "1.234 KWD"),
            (1230, "kwd", "1.230 KWD"),
            (50_000, "isk", "500 ISK"),
            (50_050, "isk", "500.5 ISK"),
            (500, "ugx", "5 UGX"),
            (99_999_999, "usd", "999999.99 USD"),
            (i64::MIN, "usd", "-92233720368547758.08 USD"),
        ] {
            assert_eq!(Money::new(amount, currency).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn a_displayed_amount_can_be_parsed_back(amount in any::<i64>(), currency in "[a-z]{3}|isk|ugx|jpy|kwd|bhd") {
            let shown = Money::new(amount, &currency).to_string();
            let (number, code) = shown.split_once(' ').unwrap();
            prop_assert_eq!(code.to_lowercase(), currency.as_str());
            let (units, minor) = number.split_once('.').unwrap_or((number, ""));
            let digits = decimals(&currency).digits;
            prop_assert!(minor.len() <= digits, "{}", shown);
            prop_assert_eq!(format!("{units}{minor:0<digits$}").parse::<i64>().unwrap(), amount);
        }

        #[test]
        fn unit_amounts_round_trip_through_json(amount in 0..=999_999_999_999_u64) {
            let read: UnitAmount = serde_json::from_str(&amount.to_string()).unwrap();
            prop_assert_eq!(read.get(), amount);
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), amount.to_string());
            prop_assert_eq!(amount.to_string().parse::<UnitAmount>().unwrap(), read);
        }
    }

    #[test]
    fn every_number_of_an_answer_is_shown() {
        for (amount, shown) in [
            ("-500", "-5.00 USD"),
            ("1.0", "0.01 USD"),
            ("9223372036854776000", "92233720368547760.00 USD"),
            ("1e+30", "1e+30 USD"),
        ] {
            let amount: Number = serde_json::from_str(amount).unwrap();
            assert_eq!(Money::of(&amount, "usd").to_string(), shown);
        }
    }

    #[test]
    fn decimal_prices_keep_their_fraction() {
        for (amount, currency, shown) in [
            ("1999", "usd", "19.99 USD"),
            ("0.5", "usd", "0.005 USD"),
            ("1900.000", "usd", "19.00 USD"),
            ("12.25", "jpy", "12.25 JPY"),
            ("12.0", "jpy", "12 JPY"),
            ("-0.5", "usd", "-0.005 USD"),
        ] {
            assert_eq!(Money::decimal(amount, currency).unwrap().to_string(), shown);
        }
        for garbage in ["", ".", "1e3", "1.2.3", "--1", "x"] {
            assert_eq!(Money::decimal(garbage, "usd"), None);
        }
    }
}
