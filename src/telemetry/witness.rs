//! What the log's witnesses say: the operator is woken when one of them remembers another log than there is.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Telemetry;
use crate::model::Word;

/// How a witness answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnessed {
    /// It signed.
    Signed,
    /// It has signed more entries of this log than there are: the log was rolled back.
    RolledBack,
    /// It has signed other entries: the log has two histories.
    Forked,
    /// It did not answer, or does not know the log.
    Failed,
}

impl Witnessed {
    const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::RolledBack => "rolled-back",
            Self::Forked => "forked",
            Self::Failed => "failed",
        }
    }
}

/// Labels of `octroi_audit_witness`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    witness: Word,
    result: Word,
}

/// The families of the witnesses.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    answers: Family<Labels, Counter>,
    cosigned: Gauge<i64>,
}

impl Witnesses {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("audit_witness", "Answers of the log's witnesses", self.answers.clone());
        r.register("audit_cosigned_entries", "Entries that enough witnesses signed", self.cosigned.clone());
    }
}

impl Telemetry {
    /// A witness was shown a checkpoint.
    pub fn witnessed(&self, witness: &Word, answer: Witnessed) {
        let labels = Labels { witness: witness.clone(), result: Word::fixed(answer.name()) };
        self.witnesses.answers.get_or_create(&labels).inc();
    }

    /// Enough witnesses have signed so many entries.
    pub fn cosigned(&self, entries: u64) {
        self.witnesses.cosigned.set(i64::try_from(entries).unwrap_or(i64::MAX));
    }
}
