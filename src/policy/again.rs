//! A recorded decision taken again under another policy, as far as its record can tell.
//!
//! Two things the gateway of a day could not record, and another policy may ask for: types of data that nobody looked for, and
//! labels, purposes and hosts of tools that no sheet of the day named, which were recorded as unknown. Where it would make a
//! difference which they were, the decision is not taken again: nothing is guessed, and nothing is taken for absent.

use jiff::Timestamp;

use super::Policy;
use super::facts::by_label;
use super::recall::{Lost, Recall};
use super::remembered::Recorded;
use crate::limits::REPLAY_READINGS_MAX;
use crate::model::{Choice, EntityId, Facts, LabelFact, TypeFact, Word};

/// What the gateway of a day knew, in the terms of the policy under which decisions are taken again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// The types that it looked for, sorted.
    sought: Vec<EntityId>,
    /// What this policy names and no sheet of the day did.
    labels: Vec<Word>,
    purposes: Vec<Word>,
    hosts: Vec<Word>,
}

impl Recall<'_> {
    /// The day of a gateway that looked for these types, under this policy; without one, nothing is known of what it named.
    pub fn day(&self, sought: &[Word], then: Option<&Policy>) -> Day {
        let policy = self.policy();
        let mut sought: Vec<EntityId> =
            sought.iter().filter_map(|name| policy.catalogue().entity(name.as_str())).collect();
        sought.sort_unstable();
        // Labels are heard whatever their case; purposes are not, and hosts are in lower case.
        let folded = |word: &Word| word.as_str().to_lowercase();
        let exact = |word: &Word| word.as_str().to_owned();
        let new = |of: fn(&Policy) -> &[Word], heard: &dyn Fn(&Word) -> String| -> Vec<Word> {
            let known: Vec<String> = then.into_iter().flat_map(of).map(heard).collect();
            of(policy).iter().filter(|word| !known.contains(&heard(word))).cloned().collect()
        };
        Day {
            sought,
            labels: new(Policy::labels, &folded),
            purposes: new(Policy::purposes, &exact),
            hosts: new(Policy::hosts, &exact),
        }
    }

    /// The facts of a recorded decision, and the backends that could have the request under this policy.
    ///
    /// # Errors
    /// [`Lost`] when its record does not tell.
    pub fn again(&mut self, recorded: &Recorded<'_>, day: &Day, now: Timestamp) -> Result<(Facts, Vec<Choice>), Lost> {
        if recorded.was_held() {
            return Err(Lost::Held);
        }
        let (facts, able) = self.facts(recorded)?;
        let policy = self.policy();
        let decide = |facts: &Facts| super::decide(policy, facts, &able, now).choices;
        let choices = decide(&facts);
        let differs = |reading: &Facts| decide(reading) != choices;
        let unsought = self.unsought(recorded, &day.sought);
        let named = day.readings(&facts, policy).ok_or(Lost::Unnamed)?;
        if named.iter().any(differs) {
            return Err(Lost::Unnamed);
        }
        let may_differ = |reading: &Facts| found(reading, &unsought).iter().any(differs);
        if may_differ(&facts) || named.iter().any(may_differ) {
            return Err(Lost::Unsought);
        }
        Ok((facts, choices))
    }
}

impl Day {
    /// The request with each thing that was recorded as unknown being one of those that this policy names and the day did not; the
    /// request as recorded is none of them. Nothing where there are more than are tried.
    fn readings(&self, facts: &Facts, policy: &Policy) -> Option<Vec<Facts>> {
        let is_unknown = |word: &Word| *word == Word::UNKNOWN;
        let unknown_host = |(_, host): &(Word, Option<Word>)| host.as_ref().is_some_and(is_unknown);
        let unknown_purpose = facts.purpose.as_ref().is_some_and(is_unknown);
        if facts.label != LabelFact::Unknown && !unknown_purpose && !facts.hosted.iter().any(unknown_host) {
            return Some(Vec::new());
        }
        let mut readings = vec![facts.clone()];
        let mut spread = |values: &[Word], set: &dyn Fn(&mut Facts, &Word)| {
            let one = |facts: &Facts, word: &Word| {
                let mut reading = facts.clone();
                set(&mut reading, word);
                reading
            };
            let more: Vec<Facts> =
                readings.iter().flat_map(|facts| values.iter().map(move |word| one(facts, word))).collect();
            readings.extend(more);
            readings.len() <= REPLAY_READINGS_MAX
        };
        let mut within = true;
        if unknown_purpose {
            within &= spread(&self.purposes, &|facts, purpose| facts.purpose = Some(purpose.clone()));
        }
        for (index, tool) in facts.hosted.iter().enumerate() {
            if within && unknown_host(tool) {
                within = spread(&self.hosts, &|facts, host| {
                    facts.hosted.get_mut(index).into_iter().for_each(|(_, at)| *at = Some(host.clone()));
                });
            }
        }
        // Last, since what a label says is said of all the rest.
        if within && facts.label == LabelFact::Unknown {
            within = spread(&self.labels, &|facts, label| {
                facts.label = LabelFact::Named(label.clone());
                by_label(facts, policy);
            });
        }
        readings.remove(0);
        within.then_some(readings)
    }
}

/// The request with types of data that nobody looked for after all there: once or often, surely or perhaps.
fn found(facts: &Facts, unsought: &[EntityId]) -> Vec<Facts> {
    if unsought.is_empty() {
        return Vec::new();
    }
    let readings = [(u32::MAX, 0, 79), (1, 1, 100), (u32::MAX, u32::MAX, 100)];
    let with = |(possibly, surely, confidence): (u32, u32, u8)| {
        let mut with = facts.clone();
        with.types.extend(unsought.iter().map(|entity| TypeFact { entity: *entity, possibly, surely, confidence }));
        with.types.sort_by_key(|fact| fact.entity);
        with
    };
    readings.into_iter().map(with).collect()
}
