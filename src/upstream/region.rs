//! The region that a backend must prove: a header of its answers, held against the value that the operator expects.
//!
//! Behind one host of a cloud a request may be served elsewhere than the deployment's name says, and some providers tell where.
//! An answer that tells of another place, or a successful one that tells nothing, is not passed on, and from then on the backend
//! is in quarantine: unavailable until the configuration is loaded again, by whoever found out what happened. A health check
//! looks too, so that a mismatch may be seen before any request goes there.
//!
//! This is proof after the fact: the request that met the mismatch was there. The record of its next attempt says `region`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::header::HeaderName;
use http::{HeaderMap, StatusCode};
use tokio::sync::Notify;

use super::SetupFault;

/// A header and the value that it must have. Clones share the quarantine, so that it holds for all endpoints of a backend.
#[derive(Clone)]
pub struct Region {
    header: String,
    value: String,
    quarantine: Arc<Quarantine>,
}

/// How an answer did not prove its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// It told of another region.
    Another,
    /// It succeeded and told of none.
    Nothing,
}

/// Whether it has begun, and why.
#[derive(Debug, Default)]
struct Quarantine {
    why: OnceLock<Unproven>,
    begun: Notify,
}

impl Region {
    /// Expects `value` (in any case) in the header of this name.
    pub fn new(header: impl Into<String>, value: impl Into<String>) -> Self {
        Self { header: header.into(), value: value.into(), quarantine: Arc::default() }
    }

    /// Checks that such a header can come.
    pub(super) fn check(&self) -> Result<(), SetupFault> {
        let fault = |reason| SetupFault::Header { name: self.header.clone(), reason };
        HeaderName::try_from(self.header.as_str()).map_err(|_| fault("is not a header name"))?;
        if self.value.trim().is_empty() { Err(fault("proves no region without a value")) } else { Ok(()) }
    }

    /// The header that tells it.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Whether the backend is in quarantine.
    pub(super) fn is_broken(&self) -> bool {
        self.unproven().is_some()
    }

    /// Why the backend is in quarantine.
    pub fn unproven(&self) -> Option<Unproven> {
        self.quarantine.why.get().copied()
    }

    /// Ends when the quarantine has begun.
    pub async fn broken(&self) -> Unproven {
        loop {
            // Asked for before it is looked at, so that what begins between the two wakes it.
            let begun = self.quarantine.begun.notified();
            match self.unproven() {
                Some(why) => return why,
                None => begun.await,
            }
        }
    }

    /// Holds the head of an answer against what is expected; where it differs, the quarantine begins. An error that tells of no
    /// region may come from something before the model, and is let through.
    pub(super) fn holds(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let mut told = headers.get_all(self.header.as_str()).iter().peekable();
        let silent = told.peek().is_none();
        let same = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(self.value.trim().as_bytes());
        let holds = if silent { !status.is_success() } else { told.all(same) };
        if !holds {
            // The first is why.
            self.quarantine.why.get_or_init(|| if silent { Unproven::Nothing } else { Unproven::Another });
            self.quarantine.begun.notify_waiters();
        }
        holds
    }

    /// Whether a check's answer tells of another region: a page of health need not tell of any.
    pub(super) fn differs(&self, headers: &HeaderMap) -> bool {
        !self.holds(StatusCode::NOT_FOUND, headers)
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Self) -> bool {
        // One in quarantine equals none, so that loading the configuration again makes the backend anew.
        self.header == other.header && self.value == other.value && !self.is_broken() && !other.is_broken()
    }
}

impl Eq for Region {}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("header", &self.header)
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_prove_their_region_or_begin_a_quarantine() {
        for (name, status, told, expected) in [
            ("as expected", 200, &["francecentral"][..], true),
            ("in capitals", 200, &["FranceCentral"], true),
            ("another", 200, &["eastus"], false),
            ("both", 200, &["francecentral", "eastus"], false),
            ("nothing", 200, &[], false),
            ("an error that says nothing", 429, &[], true),
            ("an error from elsewhere", 429, &["eastus"], false),
        ] {
            let region = Region::new("X-MS-Region", "francecentral");
            let mut headers = HeaderMap::new();
            for value in told {
                headers.append("x-ms-region", value.parse().unwrap());
            }
            assert_eq!(region.holds(StatusCode::from_u16(status).unwrap(), &headers), expected, "{name}");
            assert_eq!(region.is_broken(), !expected, "{name}");
            assert_eq!(region == region.clone(), expected, "{name}: a reload makes it anew");
            let silent = told.is_empty();
            let why = if silent { Unproven::Nothing } else { Unproven::Another };
            assert_eq!(region.unproven(), (!expected).then_some(why), "{name}");
        }
    }
}
