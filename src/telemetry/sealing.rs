//! Content that the policy wants kept under seal and that could not be: the operator is woken, since an answer that has left
//! cannot be called back.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::Telemetry;

/// The counters of sealing.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    answers: Counter,
    requests: Counter,
}

impl Sealing {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "audit_unsealed_answers",
            "Answers that were to be kept under seal and could not be: they had left",
            self.answers.clone(),
        );
        r.register(
            "audit_unsealed_requests",
            "Requests refused because what they hold could not be kept under seal",
            self.requests.clone(),
        );
    }
}

impl Telemetry {
    /// An answer could not be sealed, and its outcome says so.
    pub fn unsealed_answer(&self) {
        self.sealing.answers.inc();
    }

    /// What a request holds could not be sealed, so nothing left.
    pub fn unsealed_request(&self) {
        self.sealing.requests.inc();
    }
}
