//! Sessions of the customer portal, on which customers manage their subscriptions.

use crate::stripe::rules::not_found;
use crate::stripe::{AccountData, StripeClient, StripeError};

/// The backend's request to create a session.
#[derive(Debug)]
pub(crate) struct NewPortalSession {
    pub(crate) customer: String,
    /// The id of the portal's configuration; `None` for the default.
    pub(crate) configuration: Option<String>,
}

/// A session of the customer portal. Nothing happens in it, so Stripe's data does not have it.
#[derive(Debug)]
pub(crate) struct PortalSession {
    pub(crate) url: String,
}

impl StripeClient<'_> {
    pub(crate) fn create_portal_session(
        &mut self,
        new: &NewPortalSession,
    ) -> Result<PortalSession, StripeError> {
        let data = self.request("POST /v1/billing_portal/sessions")?;
        if !data.customers.contains_key(&new.customer) {
            return Err(not_found(400, "customer", &new.customer));
        }
        if let Some(configuration) = &new.configuration
            && !data.has_portal_configuration(configuration)
        {
            return Err(not_found(400, "configuration", configuration));
        }
        let id = self.ids.next_id("bps_", 24);
        Ok(PortalSession { url: format!("https://billing.stripe.com/p/session/{id}") })
    }
}

impl AccountData {
    /// Whether the portal has this configuration. Configurations come from the dashboard, which the sandbox does not have.
    /// So the ids of applications are valid here, unless a test has listed the valid ones.
    fn has_portal_configuration(&self, id: &str) -> bool {
        match self.portal_configurations.as_slice() {
            [] => id.starts_with("bpc_"),
            known => known.iter().any(|known| known == id),
        }
    }
}
