//! The values of a filter, as jq writes them: text as it is, everything else as JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use jaq_json::{Num, Val};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use crate::ui::jq::Written;
use crate::ui::json::{write_json, write_json_line};
use crate::ui::sanitize;

/// Writes a value and a line break.
pub(super) fn write(out: &mut dyn Write, value: &Val, how: Written) -> io::Result<()> {
    match value {
        Val::TStr(text) | Val::BStr(text) if how.terminal => {
            writeln!(out, "{}", sanitize::lines(&String::from_utf8_lossy(text)))
        }
        Val::TStr(text) | Val::BStr(text) => {
            out.write_all(text)?;
            out.write_all(b"\n")
        }
        value if how.lines => write_json_line(out, &Json(value)),
        value => write_json(out, &Json(value)),
    }
}

/// A value in JSON's terms.
struct Json<'a>(&'a Val);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Val::Null => to.serialize_unit(),
            Val::Bool(value) => to.serialize_bool(*value),
            Val::Num(number) => serialize_number(number, to),
            Val::TStr(text) | Val::BStr(text) => to.serialize_str(&String::from_utf8_lossy(text)),
            Val::Arr(values) => to.collect_seq(values.iter().map(Json)),
            Val::Obj(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields.iter() {
                    map.serialize_entry(&self::name(name), &Json(value))?;
                }
                map.end()
            }
        }
    }
}

/// jaq's objects can have other names than text.
fn name(name: &Val) -> Cow<'_, str> {
    match name {
        Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text),
        other => other.to_string().into(),
    }
}

/// A number that came stays as it is. One that was calculated is whole where it can be, and what JSON has no number for
/// is what jq makes of it.
fn serialize_number<S: Serializer>(number: &Num, to: S) -> Result<S::Ok, S::Error> {
    /// From here on a float has no room for a fraction, and more digits than it is sure of.
    const WHOLE: f64 = 1e17;
    match number {
        Num::Int(whole) => to.serialize_i64(*whole as i64),
        Num::Float(float) if float.is_nan() => to.serialize_unit(),
        #[allow(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
        Num::Float(float) if float.fract() == 0.0 && float.abs() < WHOLE => to.serialize_i64(*float as i64),
        Num::Float(float) => to.serialize_f64(float.clamp(f64::MIN, f64::MAX)),
        Num::BigInt(_) | Num::Dec(_) => match number.to_string().parse::<Number>() {
            Ok(number) => number.serialize(to),
            Err(_) => to.serialize_unit(),
        },
    }
}
