//! Errors that a test makes a provider return to the backend.

use serde::{Deserialize, Serialize};

/// Makes a provider answer with an error, or drop the connection.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProviderFault {
    /// The affected calls: a prefix of the method and path, such as `GET /v1/account`. Empty for all calls.
    on: String,
    /// The status of the answer. Without it, the connection breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) message: String,
    /// Whether the call takes effect first, so that only its answer is lost. Only for Stripe's checkout sessions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    after_effect: bool,
    /// How many calls it affects. Without it, all until [`ProviderFaults::clear`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

/// The active faults of a provider, oldest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct ProviderFaults(Vec<ProviderFault>);

impl ProviderFaults {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, fault: ProviderFault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that prevents this call, if any. Counts it as used.
    pub(crate) fn take(&mut self, call: &str) -> Option<ProviderFault> {
        self.take_if(|fault| !fault.after_effect && call.starts_with(&fault.on))
    }

    /// The fault that affects only the answer to this call, if any. Counts it as used.
    pub(crate) fn take_answer(&mut self, call: &str) -> Option<ProviderFault> {
        self.take_if(|fault| fault.after_effect && call.starts_with(&fault.on))
    }

    fn take_if(&mut self, matches: impl Fn(&ProviderFault) -> bool) -> Option<ProviderFault> {
        let index = self.0.iter().position(matches)?;
        let fault = self.0.get_mut(index)?;
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(index);
            }
        }
        Some(taken)
    }
}
