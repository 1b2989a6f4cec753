//! What goes wrong at a provider.

use serde::{Deserialize, Serialize};

/// Something that a provider answers with an error, or not at all.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Outage {
    /// A call or the beginning of one, `GET /v1/account`; everything when empty.
    on: String,
    /// The connection breaks when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) message: String,
    /// How often; until it is over when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

/// All that goes wrong there, first come first served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Outages(Vec<Outage>);

impl Outages {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn begin(&mut self, outage: Outage) {
        self.0.push(outage);
    }

    pub(crate) fn end(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with this call, if anything does.
    pub(crate) fn strike(&mut self, call: &str) -> Option<Outage> {
        let at = self.0.iter().position(|outage| call.starts_with(&outage.on))?;
        let outage = self.0.get_mut(at)?;
        let struck = outage.clone();
        if let Some(times) = &mut outage.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(at);
            }
        }
        Some(struck)
    }
}
