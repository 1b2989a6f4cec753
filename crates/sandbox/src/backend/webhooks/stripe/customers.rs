//! Events of customers.

use crate::backend::webhooks::Applied;
use crate::backend::webhooks::stripe::StripeEvent;
use crate::state::{Card, Customer, MirroredCustomer, State};

/// Stores the customer.
pub(super) fn store(event: &StripeEvent, state: &mut State) -> Applied {
    let object = event.object;
    let Some(id) = object.text("id") else { return Applied::Ignored };
    if object.is_true("deleted") {
        mark_deleted(event, state, id);
        return Applied::Handled;
    }
    let method = object.get("invoice_settings").get("default_payment_method");
    let card = [method.get("card"), object.get("default_source")]
        .into_iter()
        .find_map(|card| Some(Card { brand: card.text("brand")?, last4: card.text("last4")? }));
    let addresses = [object.get("address"), object.get("shipping").get("address")];
    let customer = Customer {
        email: object.text("email"),
        name: object.text("name"),
        phone: object.text("phone"),
        metadata: object.map("metadata"),
        created: object.time("created"),
        card,
        country: addresses.into_iter().find_map(|address| address.text("country")),
        ..nameless(id)
    };
    put(event, state, customer, false);
    Applied::Handled
}

/// Removes the mapping. A real `customer.deleted` has the full object without `deleted`. The backend then takes it for an empty
/// customer that is not deleted.
pub(super) fn delete(event: &StripeEvent, state: &mut State) -> Applied {
    let Some(id) = event.object.text("id") else { return Applied::Ignored };
    event.mirror(state).subjects.remove(&id);
    if event.object.is_true("deleted") {
        mark_deleted(event, state, id);
    } else {
        put(event, state, nameless(id), false);
    }
    Applied::Handled
}

/// Marks a customer as deleted, and keeps what is known of it.
fn mark_deleted(event: &StripeEvent, state: &mut State, id: String) {
    let known = event.mirror(state).customers.get(&id).map(|row| row.customer.clone());
    put(event, state, known.unwrap_or_else(|| nameless(id)), true);
}

/// A customer of which only the id is known.
fn nameless(id: String) -> Customer {
    Customer {
        id,
        email: None,
        name: None,
        phone: None,
        metadata: serde_json::Map::new(),
        created: None,
        card: None,
        country: None,
    }
}

fn put(event: &StripeEvent, state: &mut State, customer: Customer, deleted: bool) {
    let row = MirroredCustomer { customer, deleted, synced_at: event.context.now.to_owned() };
    event.mirror(state).customers.insert(row.customer.id.clone(), row);
}
