//! Events of payment intents and invoices.

use crate::backend::api_error::ApiError;
use crate::backend::webhooks::Applied;
use crate::backend::webhooks::stripe::StripeEvent;
use crate::backend::webhooks::stripe::object::Object;
use crate::backend::webhooks::stripe::transactions::{NewTransaction, Source};
use crate::generation::Generation;
use crate::state::{References, State};

/// Stores the payment of a checkout session. Other payment intents, such as those of invoices, are ignored.
pub(super) fn payment_intent(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    let failed = event.r#type == "payment_intent.payment_failed";
    store_payment_intent(event, state, event.object, failed)
}

pub(super) fn store_payment_intent(
    event: &StripeEvent,
    state: &mut State,
    object: Object,
    failed: bool,
) -> Result<Applied, ApiError> {
    let mode = object.get("metadata").text("insforge_checkout_mode");
    if mode.as_deref() != Some("payment") {
        return Ok(Applied::Ignored);
    }
    let new = NewTransaction {
        source: Source::PaymentIntent,
        r#type: if failed { "failed_payment" } else { "one_time_payment" },
        status: if failed { "failed" } else { "succeeded" },
        subject: object.subject(),
        customer: object.id("customer"),
        email: object.text("receipt_email"),
        references: References {
            payment_intent: object.text("id"),
            charge: object.id("latest_charge"),
            ..References::default()
        },
        amount: object.number(if failed { "amount" } else { "amount_received" }),
        currency: object.text("currency"),
        description: object.text("description"),
        at: object.time("created"),
        created: object.time("created"),
    };
    new.store(event, state)?;
    Ok(Applied::Handled)
}

/// Stores the payment of an invoice.
pub(super) fn invoice(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    store_invoice(event, state, event.object, event.r#type == "invoice.payment_failed")?;
    Ok(Applied::Handled)
}

pub(super) fn store_invoice(
    event: &StripeEvent,
    state: &mut State,
    object: Object,
    failed: bool,
) -> Result<(), ApiError> {
    let details = object.get("parent").get("subscription_details");
    let subscription = details.id("subscription").or_else(|| subscription_of_lines(object));
    let customer = object.id("customer");
    let own = details.subject().or_else(|| object.subject());
    let mirror = event.mirror(state);
    let mapped = || customer.as_ref().and_then(|customer| mirror.subjects.subject_of(customer).cloned());
    let subject = own.clone().or_else(mapped);
    let price = object.first("lines").get("pricing").get("price_details");
    let intent = object.all("payments").find_map(|payment| payment.get("payment").id("payment_intent"));
    let created = object.time("created");
    let paid_at = object.get("status_transitions").time("paid_at").filter(|_| !failed);
    let new = NewTransaction {
        source: Source::Invoice,
        r#type: if subscription.is_some() { "subscription_invoice" } else { "one_time_payment" },
        status: if failed { "failed" } else { "succeeded" },
        subject,
        references: References {
            payment_intent: intent,
            invoice: object.text("id"),
            subscription,
            product: price.id("product"),
            price: price.id("price"),
            ..References::default()
        },
        customer: customer.clone(),
        email: object.text("customer_email"),
        amount: object.number(if failed { "amount_due" } else { "amount_paid" }),
        currency: object.text("currency"),
        description: object.text("description").or_else(|| object.text("number")),
        at: paid_at.or_else(|| created.clone()),
        created,
    };
    new.store(event, state)?;
    // Older backends learn a customer's billing subject only from checkout sessions.
    if let (Some(own), Some(customer), Generation::Newer) = (&own, &customer, event.context.generation) {
        event.mirror(state).subjects.map_if_new(own, customer);
    }
    Ok(())
}

/// The subscription that the first line with one names.
fn subscription_of_lines(invoice: Object) -> Option<String> {
    invoice.all("lines").find_map(|line| {
        let parent = line.get("parent");
        let details = ["subscription_item_details", "invoice_item_details"];
        let of_parent = details.into_iter().find_map(|name| parent.get(name).id("subscription"));
        line.id("subscription").or(of_parent)
    })
}
