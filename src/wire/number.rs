//! A number as the backend sent it. A negative, fractional or huge number is no reason to refuse a whole answer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A number of an answer, with the digits that were sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Number(serde_json::Number);

impl Number {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The number, if it is whole and not negative: `1.0` is 1.
    pub(crate) fn whole(&self) -> Option<u64> {
        let (whole, zeros) = self.as_str().split_once('.').unwrap_or((self.as_str(), ""));
        whole.parse().ok().filter(|_| zeros.bytes().all(|digit| digit == b'0'))
    }

    /// Whether it is 1.
    pub(crate) fn is_one(&self) -> bool {
        self.whole() == Some(1)
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `month`, `3 months`: how often something is paid. Without a count it is 1.
pub(super) fn every(count: Option<&Number>, unit: &str) -> String {
    match count {
        Some(count) if !count.is_one() => format!("{count} {unit}s"),
        _ => unit.to_owned(),
    }
}

/// Reads null like a missing field.
pub(super) fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_and_keeps_its_digits() {
        for (text, whole) in [
            ("0", Some(0)),
            ("1999", Some(1999)),
            ("1.0", Some(1)),
            ("1.50", None),
            ("-500", None),
            ("9223372036854776000", Some(9_223_372_036_854_776_000)),
            ("123456789012345678901234567890", None),
            ("1e+400", None),
        ] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!((number.to_string().as_str(), number.whole()), (text, whole));
        }
        assert!(serde_json::from_str::<Number>("\"1\"").is_err());
    }

    #[test]
    fn a_count_has_the_plural_of_its_unit() {
        let count = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        assert_eq!(every(None, "month"), "month");
        assert_eq!(every(Some(&count("1.0")), "month"), "month");
        assert_eq!(every(Some(&count("29")), "day"), "29 days");
        assert_eq!(every(Some(&count("0")), "week"), "0 weeks");
        assert_eq!(every(Some(&count("-2")), "year"), "-2 years");
    }
}
