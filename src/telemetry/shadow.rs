//! What a candidate policy would have done: counts of how its decisions differ from those in force.

use std::collections::{BTreeMap, BTreeSet};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Telemetry;
use crate::model::{Action, Word};

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
    /// Its first choice is the same and gets the same data; behind it other backends are allowed, or get other data.
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

/// What one backend of a plan would get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gets<'a> {
    /// Its name.
    pub backend: &'a str,
    /// Types that are changed, by name.
    pub duties: BTreeMap<&'a str, Action>,
    /// What is sent is kept under seal.
    pub sealed: bool,
}

impl Gets<'_> {
    /// Whether more is done to some type, or it is sealed and the other is not.
    fn is_stricter(&self, other: &Self) -> bool {
        let of = |entity: &str| other.duties.get(entity).copied().unwrap_or_default();
        self.duties.iter().any(|(entity, action)| of(entity) < *action) || (self.sealed && !other.sealed)
    }
}

/// How two plans that send a request to one backend differ; `at` is its place in the first. What only other backends would get
/// otherwise changes nothing for the request. What is done more strictly to one type outweighs what is done more mildly to another.
pub fn apart(was: &[Gets<'_>], at: usize, is: &[Gets<'_>]) -> Option<Difference> {
    let then = was.get(at)?;
    let now = is.iter().find(|now| now.backend == then.backend)?;
    if now.is_stricter(then) {
        return Some(Difference::MoreChanged);
    }
    if then.is_stricter(now) {
        return Some(Difference::LessChanged);
    }
    // Equal ranks are chosen by load: their order says nothing.
    let (was, is): (BTreeSet<_>, BTreeSet<_>) = (was.iter().collect(), is.iter().collect());
    (was != is).then_some(Difference::Others)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn gets(backend: &'static str, duties: &[(&'static str, Action)]) -> Gets<'static> {
        Gets { backend, duties: duties.iter().copied().collect(), sealed: false }
    }

    /// What counts is what the backend gets that has the request; of those behind it only that something differs.
    #[test]
    fn what_differs_is_said_of_the_backend_that_has_the_request() {
        let (mild, strict) = ([("email", Action::Pseudonymise)], [("email", Action::Redact)]);
        let was = [gets("home", &[]), gets("us", &mild)];
        assert_eq!(apart(&was, 0, &was), None);
        assert_eq!(apart(&was, 0, &[gets("home", &[]), gets("us", &strict)]), Some(Difference::Others));
        assert_eq!(apart(&was, 0, &[gets("home", &[])]), Some(Difference::Others));
        // Where it went to the second, the second counts.
        assert_eq!(apart(&was, 1, &[gets("home", &[]), gets("us", &strict)]), Some(Difference::MoreChanged));
        assert_eq!(apart(&was, 1, &[gets("home", &[]), gets("us", &[])]), Some(Difference::LessChanged));
        let both = [gets("home", &[]), gets("us", &[("iban", Action::Redact)])];
        assert_eq!(apart(&was, 1, &both), Some(Difference::MoreChanged), "more outweighs less");
        let sealed = Gets { sealed: true, ..gets("home", &[]) };
        assert_eq!(apart(&was, 0, &[sealed, gets("us", &mild)]), Some(Difference::MoreChanged));
    }
}
