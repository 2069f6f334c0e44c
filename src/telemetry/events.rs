//! The events: each emits one log line and moves its metrics. WARN: recovered by itself. ERROR: somebody must act.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    AttemptLabels, BackendLabel, EntityLabels, LeafLabels, OperationLabel, ReloadLabels, RequestLabels, Telemetry,
};
use crate::model::Word;
use crate::model::entry::{Change, FindingCount, RequestId};

/// The answer to a request has ended.
#[derive(Debug)]
pub struct RequestEnded<'a> {
    /// Which request.
    pub id: RequestId,
    /// Operation of the API.
    pub operation: Word,
    /// Configured model name, or `unknown`.
    pub model: Word,
    /// The app, or `unknown` when the caller is not proven.
    pub app: Word,
    /// Status sent.
    pub status: u16,
    /// `ok`, or the code of the refusal or of the broken end.
    pub code: Word,
    /// Who answered.
    pub backend: Option<&'a Word>,
    /// Accept to first byte.
    pub first_byte: Duration,
    /// Accept to end.
    pub total: Duration,
    /// Bytes sent to the client.
    pub bytes_out: u64,
    /// Pseudonyms restored.
    pub restored: u32,
    /// Strings that look like pseudonyms of another request.
    pub foreign: u32,
    /// Pseudonyms left in addresses.
    pub withheld: u32,
    /// Tokens in.
    pub input_tokens: Option<u64>,
    /// Tokens out.
    pub output_tokens: Option<u64>,
}

impl Telemetry {
    /// Logs and counts the end of a request.
    pub fn request_ended(&self, ended: &RequestEnded<'_>) {
        let labels = RequestLabels {
            operation: ended.operation.clone(),
            app: ended.app.clone(),
            status: u32::from(ended.status),
            code: ended.code.clone(),
        };
        self.requests.get_or_create(&labels).inc();
        let operation = OperationLabel { operation: ended.operation.clone() };
        self.duration.get_or_create(&operation).observe(ended.total.as_secs_f64());
        self.first_byte.get_or_create(&operation).observe(ended.first_byte.as_secs_f64());
        self.restored.inc_by(u64::from(ended.restored));
        self.foreign.inc_by(u64::from(ended.foreign));
        self.withheld.inc_by(u64::from(ended.withheld));
        self.gen_ai(ended);
        tracing::info!(
            request = %ended.id,
            operation = %ended.operation,
            model = %ended.model,
            app = %ended.app,
            status = ended.status,
            code = %ended.code,
            backend = ended.backend.map(Word::as_str),
            first_byte_us = micros(ended.first_byte),
            total_us = micros(ended.total),
            bytes_out = ended.bytes_out,
            restored = ended.restored,
            "Request ended"
        );
    }

    /// Counts what was found in a request.
    pub fn found(&self, findings: &[FindingCount]) {
        for finding in findings {
            let labels = EntityLabels { entity: finding.entity.clone(), action: Word::fixed("found") };
            self.findings.get_or_create(&labels).inc_by(u64::from(finding.count));
        }
    }

    /// Counts the leaves of a request, or the texts of an answer, that no table names, by the place of the table that is nearest.
    pub fn unknown_leaves(&self, dialect: &Word, counts: &BTreeMap<&'static str, u64>) {
        for (path, count) in counts {
            let labels = LeafLabels { dialect: dialect.clone(), path: Word::fixed(path) };
            self.unknown_leaves.get_or_create(&labels).inc_by(*count);
        }
    }

    /// Counts what was changed before sending.
    pub fn changed(&self, changes: &[Change]) {
        for change in changes {
            let labels = EntityLabels { entity: change.entity.clone(), action: change.action.clone() };
            self.changes.get_or_create(&labels).inc_by(u64::from(change.count));
        }
    }

    /// One backend was tried; `cause` is `ok` or why it did not serve.
    pub fn attempted(&self, id: RequestId, backend: &Word, cause: &Word) {
        let labels = AttemptLabels { backend: backend.clone(), cause: cause.clone() };
        self.attempts.get_or_create(&labels).inc();
        if *cause != *"ok" {
            tracing::warn!(request = %id, backend = %backend, cause = %cause, "Attempt failed");
        }
    }

    /// A backend came into use or fell out of it.
    pub fn backend_up(&self, backend: &Word, up: bool) {
        let gauge = self.backend_up.get_or_create(&BackendLabel { backend: backend.clone() }).clone();
        if gauge.set(i64::from(up)) != i64::from(up) {
            tracing::warn!(backend = %backend, up, "Backend changed");
        }
    }

    /// How many servers a backend has, and how many of them are in use.
    pub fn endpoints(&self, backend: &Word, up: usize, all: usize) {
        let label = BackendLabel { backend: backend.clone() };
        for (family, count) in [(&self.endpoints_up, up), (&self.endpoints, all)] {
            family.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The state of the audit log, as its head and health say, and of which epoch it is.
    pub fn audit(&self, entries: u64, epoch: u32, up: bool) {
        self.audit_epoch.set(i64::from(epoch));
        self.audit_entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        if self.audit_up.set(i64::from(up)) != i64::from(up) && !up {
            tracing::error!("Audit log cannot write: requests are refused until it can");
        }
    }

    /// Memory that bodies take, and that they may take.
    pub fn body_bytes(&self, bytes: usize, max: usize) {
        self.body_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.body_bytes_max.set(i64::try_from(max).unwrap_or(i64::MAX));
    }

    /// Something was loaded again, or was not.
    pub fn reloaded(&self, what: &'static str, problem: Option<&str>) {
        let result = Word::fixed(if problem.is_none() { "ok" } else { "rejected" });
        self.reloads.get_or_create(&ReloadLabels { what: Word::fixed(what), result }).inc();
        match problem {
            None => tracing::info!(what, "Reloaded"),
            Some(problem) => tracing::error!(what, problem, "Reload rejected: what was loaded before stays in force"),
        }
    }

    /// The candidate beside the live policy could not be read. Nothing of it is enforced, and nothing waits for it.
    pub fn candidate_rejected(&self, problem: &str) {
        let labels = ReloadLabels { what: Word::fixed("shadow"), result: Word::fixed("rejected") };
        self.reloads.get_or_create(&labels).inc();
        tracing::warn!(problem, "Candidate beside the live policy is not evaluated");
    }

    /// Seconds since the epoch until which the policy is valid; infinite when it does not expire.
    pub fn policy_valid_until(&self, seconds: f64) {
        self.policy_valid_until.set(seconds);
    }

    /// Seconds since the epoch until which an emergency freeze lasts; 0 without one.
    pub fn policy_frozen_until(&self, seconds: f64) {
        let before = self.policy_frozen_until.set(seconds);
        if before <= 0.0 && seconds > 0.0 {
            tracing::warn!("Policy is frozen: only backends on premises are used");
        } else if before > 0.0 && seconds <= 0.0 {
            tracing::warn!("Policy is no longer frozen");
        }
    }

    /// Whether the newest files were rejected.
    pub fn policy_rejected(&self, rejected: bool) {
        self.policy_rejected.set(i64::from(rejected));
    }

    /// How many scenarios the policy in force does not do.
    pub fn policy_scenarios_failing(&self, scenarios: usize) {
        self.policy_scenarios_failing.set(i64::try_from(scenarios).unwrap_or(i64::MAX));
    }

    /// Seconds since the epoch until which the listener's certificate is valid.
    pub fn certificate_valid_until(&self, seconds: f64) {
        self.certificate_valid_until.set(seconds);
    }

    /// A request failed inside the gateway and was refused.
    pub fn panicked(&self, id: RequestId) {
        self.panics.inc();
        tracing::error!(request = %id, "Request failed inside the gateway and was refused");
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
