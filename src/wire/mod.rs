//! What goes over the wire: the backend's shapes, and small values with their rules. No IO.

mod address;
mod environment;
mod lists;
mod money;
mod stripe;

pub(crate) use address::Address;
pub(crate) use environment::Environment;
pub(crate) use lists::{Customer, Customers, Subject, Transaction, Transactions};
pub(crate) use money::Money;
pub(crate) use stripe::{
    Catalog, Config, Connection, Key, Price, PriceReply, Prices, Product, ProductReply, Products, Status,
    Subscription, Subscriptions, SyncResult, SyncResults,
};
