//! Checkout sessions. The backend stores a row first, then creates the session at Stripe. If Stripe refuses, the row stays,
//! and another request with its idempotency key tries again.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::stripe::IDEMPOTENCY_KEY;
use crate::backend::validate::{POSITIVE, StringRules};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::signature::hex_sha256;
use crate::state::{BillingSubject, CheckoutSessionRow, LineItem};
use crate::stripe::{CheckoutSession, NewCheckoutSession};

const PRICE_ID: StringRules = StringRules {
    required_message: Some("Stripe price id is required"),
    max_length: None,
    too_long_message: None,
};

/// The body of a request, with its defaults.
struct CheckoutRequest {
    mode: String,
    line_items: Vec<LineItem>,
    success_url: String,
    cancel_url: String,
    subject: Option<BillingSubject>,
    customer_email: Option<String>,
    metadata: Map<String, Value>,
    idempotency_key: Option<String>,
}

impl Handler<'_> {
    pub(super) fn create_checkout_session(&mut self, caller: &Caller) -> Result<(u16, Value), ApiError> {
        let environment = self.environment()?;
        let request = self.read_checkout_request()?;
        match caller {
            Caller::ApiKey => return Err(ApiError::user_token_required("Checkout session creation")),
            Caller::User { role } if !matches!(role.as_str(), "authenticated" | "project_admin") => {
                return Err(ApiError::new(403, "AUTH_UNAUTHORIZED", "Unsupported checkout role"));
            }
            Caller::User { .. } | Caller::Anonymous => {}
        }
        let hash = request.hash(environment);
        let rows = &self.state.insforge.stripe(environment).checkout_sessions;
        let earlier = request.idempotency_key.as_ref();
        let earlier =
            earlier.and_then(|key| rows.iter().find(|row| row.idempotency_key.as_ref() == Some(key)));
        let id = match earlier {
            // Older backends store more metadata with the session, and then compare it with the request's.
            Some(row)
                if row.request_hash.as_ref() != Some(&hash)
                    || row.session.is_some() && self.generation() == Generation::Older =>
            {
                return Err(ApiError::new(
                    409,
                    "PAYMENT_CHECKOUT_ALREADY_EXISTS",
                    "Idempotency key is already used for another checkout request",
                ));
            }
            Some(row) if row.session.is_some() => {
                return Ok((201, json!({"checkoutSession": response_row(row, environment)})));
            }
            Some(row) => row.id.clone(),
            None => self.add_checkout_row(&request, hash, environment),
        };
        let opened = self.open_checkout_session(&request, &id, environment);
        let (generation, now) = (self.generation(), self.context.now);
        let rows = &mut self.state.insforge.stripe_mut(environment).checkout_sessions;
        let row = rows.iter_mut().find(|row| row.id == id);
        let row = row.ok_or_else(|| ApiError::new(500, "INTERNAL_ERROR", "The row was deleted"))?;
        now.clone_into(&mut row.updated_at);
        match opened {
            Ok(session) => {
                row.set_opened(session, generation);
                Ok((201, json!({"checkoutSession": response_row(row, environment)})))
            }
            Err(error) => {
                "failed".clone_into(&mut row.status);
                row.last_error = Some(error.message().to_owned());
                Err(error)
            }
        }
    }

    fn read_checkout_request(&self) -> Result<CheckoutRequest, ApiError> {
        let price_field = match self.generation() {
            Generation::Newer => "priceId",
            Generation::Older => "stripePriceId",
        };
        let mut fields = self.body()?;
        let mode = fields.required_choice("mode", &["payment", "subscription"]);
        let line_items = fields.required_list("lineItems", 100, |item| {
            let price = item.required_string(price_field, PRICE_ID);
            let quantity = item.optional_integer("quantity", POSITIVE, "Number must be greater than 0");
            item.check_maximum("quantity", 999);
            LineItem { price, quantity: quantity.unwrap_or(1) }
        });
        let success_url = fields.required_url("successUrl", "Success URL must be a valid URL");
        let cancel_url = fields.required_url("cancelUrl", "Cancel URL must be a valid URL");
        let subject = fields.optional_subject("subject");
        let customer_email = fields.nullable_email("customerEmail");
        let metadata = fields.optional_metadata("metadata");
        let idempotency_key = fields.optional_string("idempotencyKey", IDEMPOTENCY_KEY);
        fields.reject_unknown_fields();
        let needs_subject = mode == "subscription" && subject.is_none();
        fields.reject_field_if("subject", needs_subject, "Subscription checkout requires a billing subject");
        fields.reject_reserved_metadata("metadata", metadata.as_ref());
        fields.finish()?;
        let metadata = metadata.unwrap_or_default();
        Ok(CheckoutRequest {
            mode,
            line_items,
            success_url,
            cancel_url,
            subject,
            customer_email,
            metadata,
            idempotency_key,
        })
    }

    /// Stores a row for a new session. Returns its id.
    fn add_checkout_row(
        &mut self,
        request: &CheckoutRequest,
        hash: String,
        environment: Environment,
    ) -> String {
        let id = self.state.insforge.ids.uuid();
        let row = CheckoutSessionRow {
            id: id.clone(),
            mode: request.mode.clone(),
            status: "initialized".to_owned(),
            payment_status: None,
            subject: request.subject.clone(),
            customer_email: request.customer_email.clone(),
            line_items: request.line_items.clone(),
            success_url: request.success_url.clone(),
            cancel_url: request.cancel_url.clone(),
            idempotency_key: request.idempotency_key.clone(),
            request_hash: Some(hash),
            metadata: request.metadata_with_subject(),
            session: None,
            customer: None,
            payment_intent: None,
            subscription: None,
            url: None,
            last_error: None,
            created_at: self.context.now.to_owned(),
            updated_at: self.context.now.to_owned(),
        };
        self.state.insforge.stripe_mut(environment).checkout_sessions.push(row);
        id
    }

    /// Creates the session at Stripe.
    fn open_checkout_session(
        &mut self,
        request: &CheckoutRequest,
        row_id: &str,
        environment: Environment,
    ) -> Result<CheckoutSession, ApiError> {
        let stripe_key = self.require_key()?;
        let customer = request.subject.as_ref().and_then(|subject| {
            self.state.insforge.stripe(environment).subjects.customer_of(subject).map(str::to_owned)
        });
        let key = request.idempotency_key.as_deref().unwrap_or(row_id);
        let mut metadata = request.metadata_with_subject();
        metadata.insert(SESSION_ID.to_owned(), row_id.into());
        let new = NewCheckoutSession {
            mode: request.mode.clone(),
            line_items: request.line_items.clone(),
            success_url: request.success_url.clone(),
            cancel_url: request.cancel_url.clone(),
            metadata,
            creates_customer: request.mode == "payment" && request.subject.is_some() && customer.is_none(),
            customer_email: request.customer_email.clone().filter(|_| customer.is_none()),
            customer,
            client_reference_id: row_id.to_owned(),
        };
        let key = format!("insforge:{environment}:checkout_session:{key}");
        let mut stripe = self.state.stripe(&stripe_key, environment, self.context.now);
        Ok(stripe.create_checkout_session(&new, key)?)
    }
}

/// The metadata key for the id of the backend's row.
const SESSION_ID: &str = "insforge_checkout_session_id";

impl CheckoutRequest {
    /// A hash of everything but the idempotency key. The order of the metadata does not matter.
    fn hash(&self, environment: Environment) -> String {
        let metadata: BTreeMap<&String, &Value> = self.metadata.iter().collect();
        let parts = json!([
            environment.as_str(),
            self.mode,
            self.line_items,
            self.success_url,
            self.cancel_url,
            self.subject,
            self.customer_email,
            metadata,
        ]);
        hex_sha256(parts.to_string().as_bytes())
    }

    fn metadata_with_subject(&self) -> Map<String, Value> {
        let mut metadata = self.metadata.clone();
        metadata.insert("insforge_checkout_mode".to_owned(), self.mode.clone().into());
        if let Some(subject) = &self.subject {
            subject.add_to_metadata(&mut metadata);
        }
        metadata
    }
}

impl CheckoutSessionRow {
    /// Records that Stripe has created the session.
    fn set_opened(&mut self, session: CheckoutSession, generation: Generation) {
        if generation == Generation::Older {
            self.metadata.insert(SESSION_ID.to_owned(), self.id.clone().into());
        }
        self.url = Some(session.url());
        self.status = session.status;
        self.payment_status = Some(session.payment_status);
        self.session = Some(session.id);
        self.customer = session.customer;
        self.payment_intent = session.payment_intent;
        self.subscription = session.subscription;
        self.last_error = None;
    }
}

/// The row in a response.
fn response_row(row: &CheckoutSessionRow, environment: Environment) -> Value {
    json!({
        "id": row.id,
        "environment": environment.as_str(),
        "mode": row.mode,
        "status": row.status,
        "paymentStatus": row.payment_status,
        "subjectType": row.subject.as_ref().map(|subject| &subject.r#type),
        "subjectId": row.subject.as_ref().map(|subject| &subject.id),
        "customerEmail": row.customer_email,
        "checkoutSessionId": row.session,
        "customerId": row.customer,
        "paymentIntentId": row.payment_intent,
        "subscriptionId": row.subscription,
        "url": row.url,
        "lastError": row.last_error,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    })
}
