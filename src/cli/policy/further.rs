//! Where requests went after the first backend that was tried: what a replay compares with, read from the attempts of the log.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use crate::audit::decisions::Reader;
use crate::policy::RecordedSending;

/// Where requests went that the first backend did not serve.
#[derive(Debug, Default)]
pub(super) struct Further {
    /// By request, the last backend that was tried, with the number of that attempt.
    last: HashMap<String, (u32, String)>,
    /// Entries that are no attempts of this version.
    pub(super) malformed: u64,
}

#[derive(Deserialize)]
struct Attempted<'a> {
    #[serde(borrow)]
    entry: Attempt<'a>,
}

#[derive(Deserialize)]
struct Attempt<'a> {
    #[serde(borrow)]
    request: Cow<'a, str>,
    number: u32,
    #[serde(borrow)]
    sending: RecordedSending<'a>,
}

impl Further {
    /// Takes over what another has read.
    pub(super) fn add(&mut self, other: Self) {
        self.malformed += other.malformed;
        for (request, (number, backend)) in other.last {
            self.note(request, number, backend);
        }
    }

    fn note(&mut self, request: String, number: u32, backend: String) {
        let last = self.last.entry(request).or_default();
        if number >= last.0 {
            *last = (number, backend);
        }
    }

    /// The backend where a request went after the first of its plan, if it did.
    pub(super) fn of(&self, request: &str) -> Option<&str> {
        self.last.get(request).map(|(_, backend)| backend.as_str())
    }
}

impl Reader for Further {
    fn take(&mut self, _seq: u64, _time: &str, entry: &[u8]) {
        let Ok(Attempted { entry }) = serde_json::from_slice::<Attempted<'_>>(entry) else {
            self.malformed += 1;
            return;
        };
        self.note(entry.request.into_owned(), entry.number, entry.sending.backend.into_owned());
    }
}
