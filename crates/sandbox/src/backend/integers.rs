//! The integers of the database, which refuses numbers that the backend's schemas accept.

use serde_json::Value;

use crate::backend::api_error::ApiError;

/// A type of PostgreSQL.
#[derive(Clone, Copy)]
pub(super) enum IntegerType {
    /// 32 bits.
    Integer,
    /// 64 bits.
    Bigint,
}

impl IntegerType {
    /// Checks that a number of the request fits, with the database's error.
    pub(super) fn check(self, number: &Value) -> Result<(), ApiError> {
        let (name, max) = match self {
            Self::Integer => ("integer", 2_147_483_647.0),
            // The next number that JavaScript has is 2⁶³, which does not fit.
            Self::Bigint => ("bigint", 9_223_372_036_854_774_784.0),
        };
        let Some(number) = number.as_f64().filter(|number| *number > max) else { return Ok(()) };
        let text = javascript_text(number);
        let message = if text.contains('e') {
            format!("invalid input syntax for type {name}: \"{text}\"")
        } else {
            format!("value \"{text}\" is out of range for type {name}")
        };
        Err(ApiError::new(500, "INTERNAL_ERROR", message))
    }
}

/// A large integer as JavaScript prints it: as few digits as identify it, and an exponent from 10²¹ on.
fn javascript_text(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: usize = exponent.parse().unwrap_or_default();
    if exponent >= 21 {
        return format!("{digits}e+{exponent}");
    }
    let digits = digits.replace('.', "");
    format!("{digits:0<width$}", width = exponent + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_beyond_the_type_are_refused_in_the_databases_words() {
        let refusal = |r#type: IntegerType, number: Value| {
            r#type.check(&number).err().map(|error| error.message().to_owned())
        };
        for number in [json!(1), json!(2_147_483_647), json!(null)] {
            assert_eq!(refusal(IntegerType::Integer, number), None);
        }
        assert_eq!(
            refusal(IntegerType::Integer, json!(2_147_483_648_u64)).as_deref(),
            Some("value \"2147483648\" is out of range for type integer")
        );
        assert_eq!(refusal(IntegerType::Bigint, json!(9_007_199_254_740_992_u64)), None);
        assert_eq!(
            refusal(IntegerType::Bigint, json!(9_223_372_036_854_775_807_u64)).as_deref(),
            Some("value \"9223372036854776000\" is out of range for type bigint")
        );
        assert_eq!(
            refusal(IntegerType::Bigint, json!(1e30)).as_deref(),
            Some("invalid input syntax for type bigint: \"1e+30\"")
        );
    }
}
