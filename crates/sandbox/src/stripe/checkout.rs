//! Checkout sessions: the pages on which customers pay. Messages that are not in the recordings imitate Stripe's.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::state::{LineItem, later, whole_seconds};
use crate::stripe::objects::{CheckoutSession, Price};
use crate::stripe::rules::{merge_metadata, not_found};
use crate::stripe::{AccountData, StripeClient, StripeError};

/// How many hours a customer can pay a session.
const LIFETIME_HOURS: i64 = 24;

/// The backend's request to create a session.
#[derive(Debug, Serialize)]
pub(crate) struct NewCheckoutSession {
    /// `payment` or `subscription`.
    pub(crate) mode: String,
    pub(crate) line_items: Vec<LineItem>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    /// The metadata of the session, and of the payment intent or subscription that it creates.
    pub(crate) metadata: Map<String, Value>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    /// Whether a payment creates a customer.
    pub(crate) creates_customer: bool,
    pub(crate) client_reference_id: String,
}

impl CheckoutSession {
    /// The address of the page.
    pub(crate) fn url(&self) -> String {
        format!("https://checkout.stripe.com/c/pay/{}", self.id)
    }
}

impl StripeClient<'_> {
    pub(crate) fn create_checkout_session(
        &mut self,
        new: &NewCheckoutSession,
        key: String,
    ) -> Result<CheckoutSession, StripeError> {
        let call = "POST /v1/checkout/sessions";
        self.request(call)?;
        let session = self.idempotent(Some(key), new, |client| {
            let metadata = merge_metadata(Map::new(), Some(&new.metadata))?;
            let (currency, amount_total) = client.data()?.check_order(new)?;
            let prefix = match client.environment {
                Environment::Test => "cs_test_",
                Environment::Live => "cs_live_",
            };
            let created = whole_seconds(client.now);
            let expires_at = later(&created, LIFETIME_HOURS);
            let session = CheckoutSession {
                id: client.ids.next_id(prefix, 24),
                mode: new.mode.clone(),
                status: "open".to_owned(),
                payment_status: "unpaid".to_owned(),
                currency,
                amount_total,
                line_items: new.line_items.clone(),
                customer: new.customer.clone(),
                customer_email: new.customer_email.clone(),
                creates_customer: new.creates_customer,
                client_reference_id: Some(new.client_reference_id.clone()),
                payment_metadata: metadata.clone(),
                metadata,
                success_url: new.success_url.clone(),
                cancel_url: new.cancel_url.clone(),
                payment_intent: None,
                subscription: None,
                created,
                expires_at,
            };
            client.data()?.checkout_sessions.push(session.clone());
            Ok(session)
        })?;
        self.check_answer(call)?;
        Ok(session)
    }
}

impl AccountData {
    /// Checks the customer and the prices of a session. Returns the currency and the total amount.
    fn check_order(&self, new: &NewCheckoutSession) -> Result<(String, u64), StripeError> {
        let refuse = |message: String| Err(StripeError::new(400, message));
        if let Some(customer) = new.customer.as_ref().filter(|id| !self.customers.contains_key(*id)) {
            return Err(not_found(400, "customer", customer));
        }
        let mut prices: Vec<(&Price, u64)> = Vec::new();
        for item in &new.line_items {
            let id = &item.price;
            let price = self.prices.get(id).ok_or_else(|| not_found(400, "price", id))?;
            if !price.active {
                return refuse(
                    "The price specified is inactive. This field only accepts active prices.".to_owned(),
                );
            }
            if self.products.get(&price.product).is_some_and(|product| !product.active) {
                return refuse(format!(
                    "Price `{id}` is not available to be purchased because its product is not active."
                ));
            }
            prices.push((price, item.quantity));
        }
        let recurring = |(price, _): &(&Price, u64)| price.recurring.is_some();
        let is_subscription = new.mode == "subscription";
        if !is_subscription && prices.iter().any(recurring) {
            return refuse(
                "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or \
                 use only one-time prices."
                    .to_owned(),
            );
        }
        if is_subscription && !prices.iter().any(recurring) {
            return refuse(
                "You must provide at least one recurring price in `subscription` mode when using prices."
                    .to_owned(),
            );
        }
        check_same_interval(&prices)?;
        let currency = prices.first().map(|(price, _)| price.currency.clone()).unwrap_or_default();
        if let Some((other, _)) = prices.iter().find(|(price, _)| price.currency != currency) {
            return refuse(format!(
                "The price specified supports currencies of `{}` which doesn't include the expected currency of \
                 `{currency}`.",
                other.currency
            ));
        }
        let total = prices.iter().fold(0_u64, |total, (price, quantity)| {
            total.saturating_add(price.unit_amount.unwrap_or_default().saturating_mul(*quantity))
        });
        Ok((currency, total))
    }
}

/// Checks that a subscription has one billing interval.
fn check_same_interval(prices: &[(&Price, u64)]) -> Result<(), StripeError> {
    let mut intervals = prices.iter().filter_map(|(price, _)| price.recurring.as_ref());
    let Some(first) = intervals.next() else { return Ok(()) };
    let is_same = intervals
        .all(|other| (&other.interval, other.interval_count) == (&first.interval, first.interval_count));
    if is_same {
        Ok(())
    } else {
        let message = "Checkout does not support multiple prices with different billing intervals.";
        Err(StripeError::new(400, message))
    }
}
