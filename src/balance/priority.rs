//! Which work goes before other work where there is not enough for all.

/// Whether others may go before a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody does: it may be later.
    Batch,
}

impl Priority {
    /// Their words in `octroi.toml`, in `octroi-priority` and in lines of the queue.
    pub const NAMES: [&str; 2] = [Self::Interactive.name(), Self::Batch.name()];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }

    /// The one with a word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Interactive, Self::Batch].into_iter().find(|priority| priority.name() == word)
    }

    /// Turns of it beside those of the other, where requests wait.
    pub const fn weight(self) -> u32 {
        match self {
            Self::Interactive => 8,
            Self::Batch => 1,
        }
    }

    /// What it may take of the gateway's own work, 0 to 1.
    pub(super) const fn share(self) -> f64 {
        match self {
            Self::Interactive => 1.0,
            Self::Batch => 0.75,
        }
    }
}
