//! The types of requests and responses, and small values with their rules. No IO.

mod address;
mod answer;
mod connection;
mod duration;
mod environment;
pub(crate) mod fields;
mod generation;
mod idempotency_key;
mod json;
mod list;
mod lists;
mod metadata;
mod money;
mod number;
mod patch;
mod price;
pub(crate) mod razorpay;
mod row_filter;
mod stripe;
mod validated;
mod with_id;

pub(crate) use address::{Address, is_public_https, is_reserved};
pub(crate) use answer::{invalid_answer, redacted_body, without_value};
pub(crate) use connection::{
    Account, CATALOG_FAILED, CONNECTIONS, Connection, Connections, KeyList, MANUAL_WEBHOOK, MaskedKey,
    is_about_the_key, sync_error,
};
pub(crate) use duration::{parse_duration, seconds};
pub(crate) use environment::Environment;
pub(crate) use generation::Generation;
pub(crate) use idempotency_key::IdempotencyKey;
pub(crate) use json::{
    DEEPEST as DEEPEST_JSON, Json, Members, is_too_deep, position_of, scalar_length, too_deep_at,
    value_length, without_position, without_type_names,
};
pub(crate) use list::{List, SharedBytes, read_body, retain_elements};
pub(crate) use lists::{Customer, Customers, Subject, Transaction, Transactions};
pub(crate) use metadata::{Metadata, MetadataEntry, Notes};
pub(crate) use money::{Decimals, Money, decimals};
pub(crate) use number::Number;
pub(crate) use patch::Patch;
pub(crate) use price::{Interval, Recurring, TaxBehavior, UnitAmount};
pub(crate) use row_filter::{RowFilter, parse_since};
pub(crate) use stripe::*;
pub(crate) use validated::{
    Currency, Description, ItemDescription, ItemName, LookupKey, ObjectId, ProductName, trimmed,
};
pub(crate) use with_id::WithId;
