//! The results of a filter, as jq writes them with `-r`: strings without quotes, everything else as JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use jaq_json::{Num, Val};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use crate::ui::jq::FilterFormat;
use crate::ui::json::write_value;
use crate::ui::sanitize;

/// Writes a value and a line break.
pub(super) fn write(out: &mut dyn Write, value: &Val, format: FilterFormat) -> io::Result<()> {
    match value {
        Val::TStr(text) | Val::BStr(text) if format.terminal => {
            writeln!(out, "{}", sanitize::lines(&String::from_utf8_lossy(text)))
        }
        Val::TStr(text) | Val::BStr(text) => {
            out.write_all(text)?;
            out.write_all(b"\n")
        }
        value => write_value(out, &AsJson(value), format.as_lines),
    }
}

/// A result that serializes as JSON.
struct AsJson<'a>(&'a Val);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Val::Null => to.serialize_unit(),
            Val::Bool(value) => to.serialize_bool(*value),
            Val::Num(number) => serialize_number(number, to),
            Val::TStr(text) | Val::BStr(text) => to.serialize_str(&String::from_utf8_lossy(text)),
            Val::Arr(values) => to.collect_seq(values.iter().map(AsJson)),
            Val::Obj(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields.iter() {
                    map.serialize_entry(&self::name(name), &AsJson(value))?;
                }
                map.end()
            }
        }
    }
}

/// A member's name. jaq's objects can have names that are not strings.
fn name(name: &Val) -> Cow<'_, str> {
    match name {
        Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text),
        other => other.to_string().into(),
    }
}

/// A number of the input is unchanged. A calculated number is whole if possible. NaN and infinity are written as jq
/// writes them.
fn serialize_number<S: Serializer>(number: &Num, to: S) -> Result<S::Ok, S::Error> {
    /// Larger floats have no fraction, and more digits than they are exact in.
    const WHOLE: f64 = 1e17;
    match number {
        Num::Int(whole) => to.serialize_i64(*whole as i64),
        Num::Float(float) if float.is_nan() => to.serialize_unit(),
        #[allow(clippy::cast_possible_truncation, reason = "it has no fraction and fits")]
        Num::Float(float) if float.fract() == 0.0 && float.abs() < WHOLE => to.serialize_i64(*float as i64),
        Num::Float(float) => to.serialize_f64(float.clamp(f64::MIN, f64::MAX)),
        Num::BigInt(_) | Num::Dec(_) => match number.to_string().parse::<Number>() {
            Ok(number) => number.serialize(to),
            Err(_) => to.serialize_unit(),
        },
    }
}
