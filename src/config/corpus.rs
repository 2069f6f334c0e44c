//! `[corpus]`: where protected documents are, and how long a comparison may take.

use std::time::Duration;

use toml::Spanned;

use super::CorpusConfig;
use super::raw::RawCorpus;
use super::resolve::Resolver;
use crate::limits;

impl Resolver<'_> {
    /// The corpus, with the defaults of what is not said.
    pub(super) fn corpus(&self, raw: &RawCorpus) -> CorpusConfig {
        let time = |set: &Option<Spanned<u64>>, unit: fn(u64) -> Duration, default: Duration| {
            set.as_ref().map_or(default, |set| unit(*set.get_ref()))
        };
        CorpusConfig {
            folder: self.under(raw.folder.as_ref(), "corpus"),
            budget: time(&raw.budget_ms, Duration::from_millis, limits::LEAK_BUDGET),
            history: time(&raw.history_s, Duration::from_secs, limits::LEAK_HISTORY),
        }
    }
}
