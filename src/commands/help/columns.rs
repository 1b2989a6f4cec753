//! Which columns the table of a command has.

use crate::commands::common::doctor;
use crate::commands::{current, explain, razorpay, stripe};
use crate::ui::{Show, Tables, View};
use crate::wire::razorpay::{ItemReply, PlanReply};
use crate::wire::{
    self, Catalog, ConnectionReply, Connections, Customers, KeyList, PriceReply, Prices, ProductReply,
    Products, Subscriptions, SyncResults, Transactions,
};

/// The names for `--columns`, as one writes them there; none where a command has no table.
pub(crate) fn columns(path: &[impl AsRef<str>]) -> Vec<String> {
    let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let mut names: Vec<String> = Vec::new();
    for column in tables(&path).iter().copied().flatten() {
        let name = column.name.to_lowercase().replace(' ', "-");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn tables(path: &[&str]) -> Tables {
    match path {
        ["current"] => current::ConnectionReport::TABLES,
        ["explain"] => explain::Explained::TABLES,
        #[cfg(feature = "sandbox")]
        ["sandbox", "serve"] => crate::commands::sandbox::ServeReply::TABLES,
        ["payments", "razorpay", command @ ..] => of_any(command).unwrap_or_else(|| of_razorpay(command)),
        ["payments", "stripe", command @ ..] | ["payments", command @ ..] => {
            of_any(command).unwrap_or_else(|| of_stripe(command))
        }
        _ => &[],
    }
}

/// What every provider has.
fn of_any(command: &[&str]) -> Option<Tables> {
    Some(match command {
        ["status"] => Connections::TABLES,
        ["doctor"] => doctor::DoctorReport::TABLES,
        ["customers"] => Customers::TABLES,
        ["transactions" | "history"] => Transactions::TABLES,
        _ => return None,
    })
}

fn of_stripe(command: &[&str]) -> Tables {
    match command {
        // One key for each environment.
        ["config"] | ["config", "list"] => &KeyList::TABLES[..1],
        ["sync"] => SyncResults::TABLES,
        ["subscriptions"] => Subscriptions::TABLES,
        ["webhooks", "configure"] => ConnectionReply::TABLES,
        ["catalog"] => Catalog::TABLES,
        ["catalog", "apply"] => stripe::catalog::ApplyReport::TABLES,
        ["catalog", "ids"] => stripe::catalog::PriceIds::TABLES,
        ["products", "list" | "create" | "update"] => Products::TABLES,
        ["products", "get"] => ProductReply::TABLES,
        ["prices", "list"] => Prices::TABLES,
        ["prices", "get" | "create" | "update" | "archive"] => PriceReply::TABLES,
        _ => &[],
    }
}

fn of_razorpay(command: &[&str]) -> Tables {
    match command {
        ["config"] | ["config", "list"] => KeyList::TABLES,
        ["sync"] => wire::razorpay::SyncResults::TABLES,
        ["subscriptions"] => wire::razorpay::Subscriptions::TABLES,
        ["webhooks", "setup" | "rotate-secret"] => razorpay::webhooks::WebhookSettings::TABLES,
        ["catalog"] => wire::razorpay::Catalog::TABLES,
        ["items", ..] => ItemReply::TABLES,
        ["plans", ..] => PlanReply::TABLES,
        _ => &[],
    }
}
