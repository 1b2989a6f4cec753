//! The currencies that Stripe supports, in the order of its error message.
//! Source: <https://docs.stripe.com/currencies>.

use crate::stripe::StripeError;

const CURRENCIES: [&str; 140] = [
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn",
    "bhd", "bif", "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "clp", "cny",
    "cop", "crc", "cve", "czk", "djf", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel",
    "gip", "gmd", "gnf", "gtq", "gyd", "hkd", "hnl", "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd",
    "jod", "jpy", "kes", "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl",
    "mad", "mdl", "mga", "mkd", "mmk", "mnt", "mop", "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn",
    "nio", "nok", "npr", "nzd", "omr", "pab", "pen", "pgk", "php", "pkr", "pln", "pyg", "qar", "ron", "rsd",
    "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle", "sos", "srd", "std", "szl", "thb", "tjs",
    "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd",
    "xof", "xpf", "yer", "zar", "zmw",
];

/// Rejects a currency that Stripe does not support.
pub(super) fn check_currency(currency: &str) -> Result<(), StripeError> {
    if CURRENCIES.contains(&currency) {
        return Ok(());
    }
    let all = CURRENCIES.join(", ");
    let message = format!("Invalid currency: {currency}. Stripe currently supports these currencies: {all}");
    Err(StripeError::new(400, message))
}

/// The currencies without a smaller unit. Source: <https://docs.stripe.com/currencies#zero-decimal>.
const ZERO_DECIMAL: [&str; 16] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof",
    "xpf",
];

/// An amount as Stripe's texts show it, such as `$1,900.00`.
pub(super) fn format_amount(amount: u64, currency: &str) -> String {
    let number = if ZERO_DECIMAL.contains(&currency) {
        group_thousands(amount)
    } else {
        format!("{}.{:02}", group_thousands(amount / 100), amount % 100)
    };
    match currency {
        "usd" => format!("${number}"),
        "eur" => format!("€{number}"),
        "gbp" => format!("£{number}"),
        "jpy" => format!("¥{number}"),
        "inr" => format!("₹{number}"),
        _ => format!("{number} {}", currency.to_uppercase()),
    }
}

fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_look_like_in_stripes_texts() {
        assert_eq!(format_amount(990, "usd"), "$9.90");
        assert_eq!(format_amount(123_456_705, "eur"), "€1,234,567.05");
        assert_eq!(format_amount(99_999, "jpy"), "¥99,999");
        assert_eq!(format_amount(100, "sek"), "1.00 SEK");
    }
}
