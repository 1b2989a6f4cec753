//! The application's subscriptions: creating, verifying, canceling, pausing and resuming them. Razorpay comes first, so
//! that a refusal leaves no row.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::razorpay::orders::{CheckoutPage, notes_with_subject, reject_reserved_notes};
use crate::backend::razorpay::runtime::{RuntimeCaller, Verification, nullable};
use crate::backend::razorpay::{config, rows};
use crate::backend::validate::{POSITIVE, StringRules};
use crate::environment::Environment;
use crate::razorpay::{NewSubscription, RazorpayClient, RazorpayError, Subscription};
use crate::state::razorpay::{MirroredSubscription, RazorpayMirror};
use crate::state::{BillingSubject, Time, format_time};

const NOT_POSITIVE: &str = "Number must be greater than 0";

/// The times that Razorpay accepts, in Unix time: the years 2000 to 2120.
const TIMES: std::ops::RangeInclusive<u64> = 946_684_800..=4_765_046_400;

pub(super) fn create(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
) -> Result<Value, ApiError> {
    let mut fields = handler.body()?;
    let plan_id =
        StringRules { required_message: Some("Razorpay plan id is required"), ..StringRules::default() };
    let plan = fields.required_string("planId", plan_id);
    let total_count = fields.optional_integer("totalCount", POSITIVE, NOT_POSITIVE);
    let end_at = fields.optional_integer("endAt", POSITIVE, NOT_POSITIVE);
    let quantity = fields.optional_integer("quantity", POSITIVE, NOT_POSITIVE);
    let start_at = fields.optional_integer("startAt", POSITIVE, NOT_POSITIVE);
    fields.optional_integer("expireBy", POSITIVE, NOT_POSITIVE);
    fields.optional_boolean("customerNotify");
    let offer = nullable(&mut fields, "offerId", StringRules::up_to(255));
    let description = CheckoutPage::description(&mut fields);
    let subject = fields.required_subject("subject");
    let page = CheckoutPage::read(&mut fields, description);
    let notes = fields.optional_metadata("notes");
    fields.reject_unknown_fields();
    fields.reject_if(total_count.is_none() && end_at.is_none(), "Either totalCount or endAt is required");
    reject_reserved_notes(&mut fields, notes.as_ref());
    fields.finish()?;
    caller.require_user("Razorpay subscription creation")?;
    let key = config::require_key(handler.state, environment)?;
    for field in ["totalCount", "quantity"] {
        IntegerType::Bigint.check(&handler.request.json[field])?;
    }
    let new = NewSubscription {
        plan,
        total_count,
        end_at: time("end_at", end_at)?,
        start_at: time("start_at", start_at)?,
        quantity,
        offer,
        notes: notes_with_subject(&notes.unwrap_or_default(), subject.as_ref()),
        prefill: page.prefill.clone(),
    };
    let now = handler.context.now;
    let subscription = handler.state.razorpay(&key, environment, now).create_subscription(new)?;
    let insforge = &mut handler.state.insforge;
    let id = insforge.ids.uuid();
    let row = insforge.razorpay_mut(environment).upsert_subscription(subscription, subject, id, now);
    let options = [("key", json!(key.id)), ("subscription_id", json!(row.subscription.id))];
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(json!({
        "subscription": rows::subscription(row, environment),
        "checkoutOptions": page.add_to(options),
    }))
}

/// Converts Unix time. Razorpay refuses times that are far away.
fn time(name: &str, seconds: Option<u64>) -> Result<Option<Time>, RazorpayError> {
    let Some(seconds) = seconds else { return Ok(None) };
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.filter(|_| TIMES.contains(&seconds)).map(|time| Some(format_time(time))).ok_or_else(|| {
        RazorpayError::bad_request(format!("{name} must be between {} and {}.", TIMES.start(), TIMES.end()))
    })
}

/// Records that the application has checked the first payment.
pub(super) fn verify(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
) -> Result<Value, ApiError> {
    let required = "Razorpay subscription id is required";
    let verification = Verification::read(handler, "subscriptionId", required)?;
    caller.require_application()?;
    let key = config::require_key(handler.state, environment)?;
    let Verification { object, payment, .. } = &verification;
    verification.check(&key, &format!("{payment}|{object}"), "subscription")?;
    let now = handler.context.now;
    let subscriptions = &mut handler.state.insforge.razorpay_mut(environment).subscriptions;
    let row = subscriptions.iter_mut().find(|row| row.subscription.id == *object);
    let row = row.ok_or_else(|| {
        let message = format!("Razorpay {environment} subscription not found: {object}");
        ApiError::new(404, "PAYMENT_NOT_FOUND", message)
    })?;
    if row.subscription.status == "created" {
        "authenticated".clone_into(&mut row.subscription.status);
    }
    row.authorization_payment = Some(payment.clone());
    row.authorization_verified_at = Some(now.to_owned());
    Ok(json!({"verified": true, "subscription": rows::subscription(row, environment)}))
}

pub(super) fn cancel(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
    id: &str,
) -> Result<Value, ApiError> {
    let mut fields = handler.body()?;
    let at_cycle_end = fields.optional_boolean("cancelAtCycleEnd").unwrap_or_default();
    fields.reject_unknown_fields();
    fields.finish()?;
    change(handler, environment, caller, id, |razorpay| razorpay.cancel_subscription(id, at_cycle_end))
}

pub(super) fn pause(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
    id: &str,
) -> Result<Value, ApiError> {
    reject_fields(handler)?;
    change(handler, environment, caller, id, |razorpay| razorpay.pause_subscription(id))
}

pub(super) fn resume(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
    id: &str,
) -> Result<Value, ApiError> {
    reject_fields(handler)?;
    change(handler, environment, caller, id, |razorpay| razorpay.resume_subscription(id))
}

fn reject_fields(handler: &Handler) -> Result<(), ApiError> {
    let mut fields = handler.body()?;
    fields.reject_unknown_fields();
    fields.finish()
}

/// Changes a subscription that the backend knows, and stores Razorpay's answer.
fn change(
    handler: &mut Handler,
    environment: Environment,
    caller: &RuntimeCaller,
    id: &str,
    change: impl FnOnce(&mut RazorpayClient) -> Result<Subscription, RazorpayError>,
) -> Result<Value, ApiError> {
    caller.require_user("Razorpay subscription management")?;
    let known = &handler.state.insforge.razorpay(environment).subscriptions;
    if !known.iter().any(|row| row.subscription.id == id) {
        let message = format!("Razorpay {environment} subscription not found or not manageable: {id}");
        return Err(ApiError::new(404, "PAYMENT_NOT_FOUND", message));
    }
    let key = config::require_key(handler.state, environment)?;
    let now = handler.context.now;
    let subscription = change(&mut handler.state.razorpay(&key, environment, now))?;
    let insforge = &mut handler.state.insforge;
    let subject = BillingSubject::from_metadata(&subscription.notes);
    let id = insforge.ids.uuid();
    let row = insforge.razorpay_mut(environment).upsert_subscription(subscription, subject, id, now);
    Ok(json!({"subscription": rows::subscription(row, environment)}))
}

impl RazorpayMirror {
    /// Stores a subscription, which becomes the first of the list. It keeps its subject if it has no new one. `id` is for
    /// a new row.
    pub(in crate::backend) fn upsert_subscription(
        &mut self,
        subscription: Subscription,
        subject: Option<BillingSubject>,
        id: String,
        now: &str,
    ) -> &MirroredSubscription {
        let before = self.subscriptions.iter().position(|row| row.subscription.id == subscription.id);
        let before = before.map(|index| self.subscriptions.remove(index));
        let row = match before {
            Some(row) => MirroredSubscription {
                subscription,
                subject: subject.or(row.subject),
                synced_at: now.to_owned(),
                ..row
            },
            None => MirroredSubscription {
                subscription,
                subject,
                id,
                authorization_payment: None,
                authorization_verified_at: None,
                created_at: now.to_owned(),
                synced_at: now.to_owned(),
            },
        };
        self.subscriptions.insert(0, row);
        &self.subscriptions[0]
    }
}
