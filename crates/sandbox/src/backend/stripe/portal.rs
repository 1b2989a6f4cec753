//! Sessions of Stripe's customer portal. The backend stores a row for every attempt.

use serde_json::{Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::validate::StringRules;
use crate::environment::Environment;
use crate::state::PortalSessionRow;
use crate::stripe::NewPortalSession;

impl Handler<'_> {
    pub(super) fn create_portal_session(&mut self, caller: &Caller) -> Result<(u16, Value), ApiError> {
        let environment = self.environment()?;
        let mut fields = self.body()?;
        let subject = fields.required_subject("subject");
        let return_url = fields.optional_url("returnUrl", "Return URL must be a valid URL");
        let configuration = fields.optional_string("configuration", StringRules::up_to(255));
        fields.reject_unknown_fields();
        fields.finish()?;
        match caller {
            Caller::ApiKey => return Err(ApiError::user_token_required("Customer portal session creation")),
            Caller::Anonymous => {
                return Err(ApiError::new(
                    401,
                    "AUTH_INVALID_CREDENTIALS",
                    "Customer portal sessions require an authenticated user",
                ));
            }
            Caller::User { role } if !matches!(role.as_str(), "authenticated" | "project_admin") => {
                return Err(ApiError::new(403, "AUTH_UNAUTHORIZED", "Unsupported customer portal role"));
            }
            Caller::User { .. } => {}
        }
        let now = self.context.now;
        let mut row = PortalSessionRow {
            id: self.state.insforge.ids.uuid(),
            status: "initialized".to_owned(),
            // The schema requires it.
            subject: subject.ok_or_else(|| ApiError::invalid_input("subject: Required"))?,
            customer: None,
            return_url,
            configuration,
            url: None,
            last_error: None,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        };
        let opened = self.open_portal_session(&mut row, environment);
        let status = if opened.is_ok() { "created" } else { "failed" };
        status.clone_into(&mut row.status);
        row.last_error = opened.as_ref().err().map(|error| error.message().to_owned());
        let response = json!({"customerPortalSession": response_row(&row, environment)});
        self.state.insforge.stripe_mut(environment).portal_sessions.push(row);
        opened.map(|()| (201, response))
    }

    /// Creates the session at Stripe, for the customer of the billing subject.
    fn open_portal_session(
        &mut self,
        row: &mut PortalSessionRow,
        environment: Environment,
    ) -> Result<(), ApiError> {
        let customer =
            self.state.insforge.stripe(environment).subjects.customer_of(&row.subject).map(str::to_owned);
        let customer = customer.ok_or_else(|| {
            let message = "No Stripe customer is mapped to this billing subject";
            ApiError::new(404, "PAYMENT_NOT_FOUND", message)
        })?;
        let key = self.require_key()?;
        let new = NewPortalSession { customer, configuration: row.configuration.clone() };
        let session = self.state.stripe(&key, environment, self.context.now).create_portal_session(&new)?;
        row.customer = Some(new.customer);
        row.url = Some(session.url);
        Ok(())
    }
}

/// The row in a response.
fn response_row(row: &PortalSessionRow, environment: Environment) -> Value {
    json!({
        "id": row.id,
        "environment": environment.as_str(),
        "status": row.status,
        "subjectType": row.subject.r#type,
        "subjectId": row.subject.id,
        "customerId": row.customer,
        "returnUrl": row.return_url,
        "configuration": row.configuration,
        "url": row.url,
        "lastError": row.last_error,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    })
}
