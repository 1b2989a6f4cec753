//! What the caller says about a change: a coding agent, a script or a person.

use serde::{Deserialize, Serialize};

/// The longest text of a brief, in characters.
const LONGEST: usize = 2000;

/// The caller's words about a change. They explain it, and never weaken what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Brief {
    /// What the change is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What and who is affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) impact: Option<String>,
    /// What the caller would answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recommendation: Option<String>,
}

impl Brief {
    /// A brief of texts from outside. Empty texts count as missing, and long ones are cut.
    pub(crate) fn new(
        reason: Option<String>,
        impact: Option<String>,
        recommendation: Option<String>,
    ) -> Self {
        let text = |text: Option<String>| {
            let text = text?;
            let text = text.trim();
            let end = text.char_indices().nth(LONGEST).map(|(at, _)| at);
            let cut = end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]));
            Some(cut).filter(|text| !text.is_empty())
        };
        Self { reason: text(reason), impact: text(impact), recommendation: text(recommendation) }
    }

    /// The texts as lines for a terminal, each with its indentation. None of them looks like a line of the program.
    pub(crate) fn lines(&self) -> Vec<(usize, String)> {
        let texts: Vec<_> = self.texts().map(|(name, text)| (2, format!("{name}: {text}"))).collect();
        let title = (!texts.is_empty()).then(|| (0, "The caller says:".to_owned()));
        title.into_iter().chain(texts).collect()
    }

    /// Each text with its name.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("Reason", &self.reason), ("Impact", &self.impact), ("Recommendation", &self.recommendation)]
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}
