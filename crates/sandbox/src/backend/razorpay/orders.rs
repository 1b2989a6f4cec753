//! Orders. The backend stores a row first, then creates the order at Razorpay. If Razorpay refuses, the row stays.

use serde_json::{Map, Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::razorpay::runtime::{RuntimeCaller, Verification, nullable};
use crate::backend::razorpay::{RESERVED_NOTES, config, rows, sync};
use crate::backend::validate::{POSITIVE, StringRules, Validator};
use crate::environment::Environment;
use crate::razorpay::{NewOrder, Order, Prefill};
use crate::state::razorpay::{Key, OrderRow};
use crate::state::{BillingSubject, Time};

/// The longest receipt at Razorpay.
const MAX_RECEIPT: usize = 40;

/// The body of a request.
struct OrderRequest {
    amount: u64,
    currency: String,
    receipt: Option<String>,
    subject: Option<BillingSubject>,
    page: CheckoutPage,
    notes: Map<String, Value>,
}

/// What the application shows on Razorpay's checkout page.
pub(super) struct CheckoutPage {
    pub(super) description: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) prefill: Prefill,
}

impl CheckoutPage {
    pub(super) fn description(fields: &mut Validator) -> Option<String> {
        nullable(fields, "description", StringRules { max_length: Some(2048), ..StringRules::default() })
    }

    /// Reads the fields that follow the subject.
    pub(super) fn read(fields: &mut Validator, description: Option<String>) -> Self {
        let name = nullable(fields, "customerName", StringRules::up_to(255));
        let email = fields.nullable_email("customerEmail");
        let contact = nullable(fields, "customerContact", StringRules::up_to(32));
        let callback_url = fields.nullable_url("callbackUrl", "Callback URL must be a valid URL");
        Self { description, callback_url, prefill: Prefill { name, email, contact } }
    }

    /// Adds the options that a checkout page can have.
    pub(super) fn add_to(&self, mut options: Map<String, Value>) -> Value {
        let texts = |pairs: &[(&str, &Option<String>)]| -> Map<String, Value> {
            let given = pairs.iter().filter_map(|(name, text)| Some((*name, text.as_ref()?)));
            given
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name.to_owned(), text.clone().into()))
                .collect()
        };
        let Prefill { name, email, contact } = &self.prefill;
        options.extend(texts(&[("description", &self.description), ("callback_url", &self.callback_url)]));
        let prefill = texts(&[("name", name), ("email", email), ("contact", contact)]);
        options.insert("prefill".to_owned(), prefill.into());
        options.into()
    }
}

/// The notes with which Razorpay stores an object: the application's, and the billing subject.
pub(super) fn notes_with_subject(
    notes: &Map<String, Value>,
    subject: Option<&BillingSubject>,
) -> Map<String, Value> {
    let mut notes = notes.clone();
    if let Some(subject) = subject {
        subject.add_to_metadata(&mut notes);
    }
    notes
}

/// Reports notes with keys that the backend itself uses. Depends on the whole object.
pub(super) fn reject_reserved_notes(fields: &mut Validator, notes: Option<&Map<String, Value>>) {
    let reserved = notes.into_iter().flat_map(Map::keys).any(|key| key.starts_with("insforge_"));
    fields.reject_field_if("notes", reserved, RESERVED_NOTES);
}

pub(super) fn create(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
) -> Result<Value, ApiError> {
    let request = read(handler)?;
    caller.require_application()?;
    IntegerType::Bigint.check(&handler.request.json["amount"])?;
    let row = new_row(handler, &request);
    let id = row.id.clone();
    handler.state.insforge.razorpay_mut(environment).orders.push(row);
    let created = create_at_razorpay(handler, environment, &request, &id);
    let now = handler.context.now.to_owned();
    let orders = &mut handler.state.insforge.razorpay_mut(environment).orders;
    let row = orders.iter_mut().find(|row| row.id == id);
    let row = row.ok_or_else(|| ApiError::new(500, "INTERNAL_ERROR", "The row was deleted"))?;
    row.updated_at = now;
    match created {
        Ok((order, key)) => {
            let options = [
                ("key", json!(key.id)),
                ("amount", json!(order.amount)),
                ("currency", json!(order.currency)),
                ("order_id", json!(order.id)),
            ];
            let options = options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            set_created(row, order);
            Ok(json!({
                "order": rows::order(row, environment),
                "checkoutOptions": request.page.add_to(options),
            }))
        }
        Err((error, message)) => {
            "failed".clone_into(&mut row.status);
            row.last_error = Some(message);
            Err(error)
        }
    }
}

fn read(handler: &Handler) -> Result<OrderRequest, ApiError> {
    let mut fields = handler.body()?;
    let amount = fields.required_integer("amount", POSITIVE, "Number must be greater than 0");
    let currency = fields.required_currency("currency");
    let receipt = nullable(&mut fields, "receipt", StringRules::up_to(MAX_RECEIPT));
    let description = CheckoutPage::description(&mut fields);
    let subject = fields.optional_subject("subject");
    let page = CheckoutPage::read(&mut fields, description);
    let notes = fields.optional_metadata("notes");
    fields.reject_unknown_fields();
    reject_reserved_notes(&mut fields, notes.as_ref());
    fields.finish()?;
    Ok(OrderRequest { amount, currency, receipt, subject, page, notes: notes.unwrap_or_default() })
}

fn new_row(handler: &mut Handler, request: &OrderRequest) -> OrderRow {
    let id = handler.state.insforge.ids.uuid();
    let now: Time = handler.context.now.to_owned();
    let Prefill { name, email, contact } = request.page.prefill.clone();
    OrderRow {
        receipt: Some(request.receipt.clone().unwrap_or_else(|| id.replace('-', ""))),
        id,
        status: "initialized".to_owned(),
        subject: request.subject.clone(),
        customer_name: name,
        customer_email: email,
        customer_contact: contact,
        order: None,
        amount: request.amount,
        amount_paid: None,
        amount_due: None,
        currency: request.currency.to_lowercase(),
        attempts: None,
        verified_payment: None,
        verified_at: None,
        description: request.page.description.clone(),
        callback_url: request.page.callback_url.clone(),
        notes: request.notes.clone(),
        last_error: None,
        created_at: now.clone(),
        updated_at: now,
    }
}

/// Creates the order of a row. An error has the message to store.
fn create_at_razorpay(
    handler: &mut Handler,
    environment: Environment,
    request: &OrderRequest,
    id: &str,
) -> Result<(Order, Key), (ApiError, String)> {
    let key = config::require_key(handler.state, environment).map_err(|error| {
        let message = error.message().to_owned();
        (error, message)
    })?;
    let mut notes = notes_with_subject(&request.notes, request.subject.as_ref());
    notes.insert("insforge_order_id".to_owned(), id.into());
    let new = NewOrder {
        amount: request.amount,
        currency: request.currency.to_uppercase(),
        receipt: request.receipt.clone().unwrap_or_else(|| id.replace('-', "")),
        notes,
        description: request.page.description.clone(),
        prefill: request.page.prefill.clone(),
    };
    match handler.state.razorpay(&key, environment, handler.context.now).create_order(new) {
        Ok(order) => Ok((order, key)),
        Err(error) => {
            let message = sync::javascript_message(&error).to_owned();
            Err((error.into(), message))
        }
    }
}

fn set_created(row: &mut OrderRow, order: Order) {
    row.status = order.status;
    row.order = Some(order.id);
    row.amount_paid = Some(order.amount_paid);
    row.amount_due = Some(order.amount_due);
    row.attempts = Some(order.attempts);
    row.notes = order.notes;
}

/// Records that the application has checked a payment. A later payment replaces it.
pub(super) fn verify(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
) -> Result<Value, ApiError> {
    let verification = Verification::read(handler, "orderId", "Razorpay order id is required")?;
    caller.require_application()?;
    let key = config::require_key(handler.state, environment)?;
    let Verification { object, payment, .. } = &verification;
    verification.check(&key, &format!("{object}|{payment}"), "payment")?;
    let now = handler.context.now;
    let orders = &mut handler.state.insforge.razorpay_mut(environment).orders;
    let row = orders.iter_mut().find(|row| row.order.as_ref() == Some(object));
    let row = row.ok_or_else(|| {
        ApiError::new(404, "PAYMENT_NOT_FOUND", format!("Razorpay {environment} order not found: {object}"))
    })?;
    if row.status != "paid" {
        "attempted".clone_into(&mut row.status);
    }
    row.verified_payment = Some(payment.clone());
    row.verified_at = Some(now.to_owned());
    now.clone_into(&mut row.updated_at);
    Ok(json!({"verified": true, "order": rows::order(row, environment)}))
}
