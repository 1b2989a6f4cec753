//! What goes over the wire: the backend's shapes, and small values with their rules. No IO.

mod address;
mod bodies;
mod connection;
mod duration;
mod environment;
mod generation;
mod json;
mod list;
mod lists;
mod metadata;
mod mirror;
mod money;
mod patch;
mod price;
pub(crate) mod razorpay;
mod stripe;
mod validated;
mod with_id;

pub(crate) use address::{Address, is_public_https};
pub(crate) use bodies::{NewPrice, NewProduct, PriceChanges, ProductChanges};
pub(crate) use connection::{Account, CONNECTIONS, Config, Connection, Key, Status, sync_error};
pub(crate) use duration::parse_duration;
pub(crate) use environment::Environment;
#[allow(unreachable_pub, reason = "the sandbox, where there is one, shows it to other crates")]
pub use generation::Generation;
pub(crate) use json::{DEEPEST as DEEPEST_JSON, Json, Members, is_too_deep, scalar_length};
pub(crate) use list::{Body, List, read_body};
pub(crate) use lists::{Customer, Customers, Subject, Transaction, Transactions};
pub(crate) use metadata::{Field, Metadata, Notes, OfStripe};
pub(crate) use mirror::{Mirror, MirroredPrice, MirroredProduct};
pub(crate) use money::{Decimals, Money, decimals};
pub(crate) use patch::Patch;
pub(crate) use price::{Interval, Recurring, TaxBehavior, UnitAmount};
pub(crate) use stripe::{
    Catalog, ConnectionReply, Price, PriceReply, Prices, Product, ProductDeleted, ProductReply, Products,
    Subscription, Subscriptions, SyncResult, SyncResults,
};
pub(crate) use validated::{
    Currency, Description, IdempotencyKey, ItemDescription, ItemName, LookupKey, ObjectId, ProductName,
    trimmed,
};
pub(crate) use with_id::WithId;
