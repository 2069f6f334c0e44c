//! What a candidate policy would have done: counts of how its decisions differ from those in force.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Telemetry;
use crate::model::Word;

/// How the candidate's decision on a request differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// It would allow no backend; the policy in force does.
    Refused,
    /// It would allow a backend; the policy in force does not.
    Allowed,
    /// Its first choice is another backend.
    Moved,
    /// Its first choice is the same, and more is done to the data.
    MoreChanged,
    /// Its first choice is the same, and less is done to the data.
    LessChanged,
    /// Its first choice is the same and gets the same data; behind it other backends are allowed.
    Others,
}

impl Difference {
    /// Every difference.
    pub const ALL: [Self; 6] =
        [Self::Refused, Self::Allowed, Self::Moved, Self::MoreChanged, Self::LessChanged, Self::Others];

    /// The closed word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Allowed => "allowed",
            Self::Moved => "moved",
            Self::MoreChanged => "more-changed",
            Self::LessChanged => "less-changed",
            Self::Others => "others",
        }
    }
}

/// Labels of `octroi_shadow_decisions`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    outcome: Word,
}

/// Labels of `octroi_shadow_differences`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DifferenceLabels {
    app: Word,
    class: Word,
    change: Word,
}

/// The families of the candidate.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    decisions: Family<DecisionLabels, Counter>,
    differences: Family<DifferenceLabels, Counter>,
}

impl Shadow {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("shadow_decisions", "Decisions of the candidate policy, by outcome", self.decisions.clone());
        r.register(
            "shadow_differences",
            "Decisions of the candidate that differ, by app, class of data and change; one for each class of the request",
            self.differences.clone(),
        );
    }
}

impl Telemetry {
    /// Another candidate is evaluated now, or none: what is counted from here on is of it alone.
    pub fn shadow_began(&self) {
        self.shadow.decisions.clear();
        self.shadow.differences.clear();
    }

    /// The candidate failed inside on a request. The live decision stands.
    pub fn shadow_failed(&self) {
        self.shadow.decisions.get_or_create(&DecisionLabels { outcome: Word::fixed("failed") }).inc();
        tracing::error!("Candidate policy failed inside on a request; the live decision stands");
    }

    /// The candidate decided on a request: the same, or otherwise. Each class that the request carries counts.
    pub fn shadowed(&self, app: &Word, classes: &[Word], difference: Option<Difference>) {
        let outcome = Word::fixed(difference.map_or("same", Difference::name));
        self.shadow.decisions.get_or_create(&DecisionLabels { outcome: outcome.clone() }).inc();
        if difference.is_none() {
            return;
        }
        let none = [Word::fixed("none")];
        for class in if classes.is_empty() { &none } else { classes } {
            let labels = DifferenceLabels { app: app.clone(), class: class.clone(), change: outcome.clone() };
            self.shadow.differences.get_or_create(&labels).inc();
        }
    }
}
