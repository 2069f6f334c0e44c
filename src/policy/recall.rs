//! Facts into the record and back: a decision is taken again from its entry, under the same policy or another.
//!
//! Under the policy of the day, the facts come back as they were. Under another, what its sheets call otherwise is carried by
//! name: a label of the day that the other policy does not list may be any, and a type of data that it does not know makes the
//! decision one that cannot be taken again. What the day did not name was recorded as unknown: see `again`. Nothing is guessed.

use std::collections::HashMap;

use super::facts::by_label;
use super::phrase::Language;
use super::remembered::{FoundType, Recorded};
use super::scenario::nothing;
use super::text::say;
use super::{BackendSet, Policy};
use crate::limits::FACT_TYPES_MAX;
use crate::model::recorded::{Brought, FACTS_VERSION, RecordedFacts, RecordedTool, RecordedType};
use crate::model::{
    BackendId, Certainty, ClassSet, EntityId, Facts, LabelFact, Leak, LeakFact, ScanStatus, TypeFact, Word,
};

/// The facts of a request as they are recorded.
///
/// `unsought` is a type that the gateway knows and did not look for.
pub fn recorded(
    facts: &Facts,
    policy: &Policy,
    able: &BackendSet,
    (leak, unsought): (&Leak, Option<EntityId>),
) -> RecordedFacts {
    let catalogue = policy.catalogue();
    let mut types: Vec<&TypeFact> = facts.types.iter().chain(&facts.lowered).collect();
    types.sort_by_key(|fact| fact.entity);
    let named = |fact: &&TypeFact| {
        let name = catalogue.info(fact.entity)?.name.clone();
        let TypeFact { possibly, surely, confidence, .. } = **fact;
        Some(RecordedType { entity: name, possibly, surely, confidence })
    };
    let health = facts.health_of_a_person.or(facts.lowered_health);
    let backends = (0..).map(BackendId).zip(policy.backends());
    RecordedFacts {
        v: FACTS_VERSION,
        types: types.iter().filter_map(named).take(FACT_TYPES_MAX).collect(),
        unsought: unsought
            .and_then(|entity| catalogue.info(entity))
            .map(|info| info.name.clone())
            .into_iter()
            .collect(),
        cut: types.len() > FACT_TYPES_MAX,
        health: health.possibly.then(|| Word::fixed(if health.surely { "surely" } else { "possibly" })),
        label_unknown: facts.label == LabelFact::Unknown,
        purpose_declared: facts.purpose_declared,
        roles: facts.roles.clone(),
        residence: facts.residence.clone(),
        minors: facts.minors,
        unreadable: facts.unreadable,
        reference: facts.reference,
        hosted: facts
            .hosted
            .iter()
            .map(|(kind, host)| RecordedTool { tool: kind.clone(), host: host.clone() })
            .collect(),
        brought: leak.classes.iter().map(|(class, sure)| Brought { class: class.clone(), sure: *sure }).collect(),
        leak_history: facts.leak_history.least(),
        leak_most: match facts.leak {
            LeakFact::Between(_, most) => Some(most),
            LeakFact::Score(_) | LeakFact::Unknown => None,
        },
        able: backends.filter(|(id, _)| able.contains(*id)).map(|(_, backend)| backend.name.clone()).collect(),
    }
}

/// Why a decision cannot be taken again from its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lost {
    /// It was refused before anything was inspected, or the entry is of a gateway that did not record facts.
    NoFacts,
    /// The policy was frozen, or past its validity: only on premises was allowed, whatever the sheets say.
    Held,
    /// The facts are of a version that this build does not know, or more than an entry holds.
    Version,
    /// It holds a type of data that the policy does not know.
    Type,
    /// It depends on data that nobody looked for that day: whether it was there is unknown.
    Unsought,
    /// It depends on a label, a purpose or a host of a tool that this policy names and no sheet of that day did: which it was is
    /// unknown.
    Unnamed,
}

impl Lost {
    /// In words.
    pub fn said(self, language: Language) -> String {
        match self {
            Self::NoFacts => say!("no facts were recorded: refused before it was inspected"),
            Self::Held => {
                say!(
                    "the policy was frozen or past its validity: only on premises was allowed, whatever the sheets say"
                )
            }
            Self::Version => say!("its facts are of another version, or were more than an entry holds"),
            Self::Type => say!("it holds a type of data that this policy does not know"),
            Self::Unsought => {
                say!("it depends on data that nobody looked for that day: whether it was there is unknown")
            }
            Self::Unnamed => {
                say!("it depends on a label, purpose or host that no sheet of that day named: which it was is unknown")
            }
        }
        .said(language)
    }
}

impl serde::Serialize for Lost {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.said(Language::En))
    }
}

/// Takes decisions again under one policy.
#[derive(Debug)]
pub struct Recall<'p> {
    policy: &'p Policy,
    types: HashMap<&'p str, EntityId>,
    backends: HashMap<&'p str, BackendId>,
    /// Words that were met; names of configurations, so there are few.
    words: HashMap<String, Word>,
}

impl<'p> Recall<'p> {
    /// Prepares a policy.
    pub fn new(policy: &'p Policy) -> Self {
        let entities = (0..).map(EntityId).zip(&policy.catalogue().entities);
        let backends = (0..).map(BackendId).zip(policy.backends());
        Self {
            policy,
            types: entities.map(|(id, info)| (info.name.as_str(), id)).collect(),
            backends: backends.map(|(id, backend)| (backend.name.as_str(), id)).collect(),
            words: HashMap::new(),
        }
    }

    /// The policy under which decisions are taken again.
    pub(super) const fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// The facts of a decision, with what this policy's labels say of them, and the backends that can serve it.
    ///
    /// # Errors
    /// [`Lost`] when the entry does not say enough.
    pub fn facts(&mut self, entry: &Recorded<'_>) -> Result<(Facts, BackendSet), Lost> {
        let (mut facts, able) = self.as_found(entry)?;
        by_label(&mut facts, self.policy);
        Ok((facts, able))
    }

    /// The same, before any label is heard.
    ///
    /// # Errors
    /// [`Lost`] when the entry does not say enough.
    pub(super) fn as_found(&mut self, entry: &Recorded<'_>) -> Result<(Facts, BackendSet), Lost> {
        let vector = entry.facts.as_ref().ok_or(Lost::NoFacts)?;
        if !(1..=FACTS_VERSION).contains(&vector.v) || vector.cut {
            return Err(Lost::Version);
        }
        let mut types = Vec::with_capacity(vector.types.len());
        for found in &vector.types {
            let entity = *self.types.get(&*found.entity).ok_or(Lost::Type)?;
            let FoundType { possibly, surely, confidence, .. } = *found;
            types.push(TypeFact { entity, possibly, surely, confidence });
        }
        let (mut declared, mut suspected) = (ClassSet::default(), ClassSet::default());
        for brought in &vector.brought {
            let class = self.policy.catalogue().class(&brought.class).ok_or(Lost::Type)?;
            let closure = self.policy.catalogue().class_info(class).map(|info| info.closure).unwrap_or_default();
            let set = if brought.sure { &mut declared } else { &mut suspected };
            *set = set.union(closure);
        }
        types.sort_by_key(|fact| fact.entity);
        let facts = Facts {
            tenant: self.word(&entry.tenant),
            app: self.word(&entry.app),
            purpose: entry.purpose.as_ref().map(|purpose| self.word(purpose)),
            purpose_declared: vector.purpose_declared || (vector.v < 3 && self.names_no(entry.purpose.as_deref())),
            roles: vector.roles.iter().map(|role| self.word(role)).collect(),
            residence: vector.residence.clone(),
            minors: vector.minors,
            label: self.label(entry.label.as_deref(), vector.label_unknown),
            types,
            health_of_a_person: match vector.health {
                Some("surely") => Certainty::TRUE,
                Some(_) => Certainty::UNKNOWN,
                None => Certainty::FALSE,
            },
            scan: match &*entry.scan.status {
                "complete" => ScanStatus::Complete,
                "partial" => ScanStatus::Partial,
                _ => ScanStatus::Failed,
            },
            unreadable: vector.unreadable,
            reference: vector.reference,
            hosted: vector
                .hosted
                .iter()
                .map(|tool| (self.word(&tool.tool), tool.host.as_ref().map(|host| self.word(host))))
                .collect(),
            declared,
            suspected,
            leak_history: vector.leak_history.map_or(LeakFact::Unknown, LeakFact::Score),
            leak: match (entry.leak_score, vector.leak_most) {
                (Some(least), Some(most)) => LeakFact::Between(least, most),
                (Some(score), None) => LeakFact::Score(score),
                (None, _) => LeakFact::Unknown,
            },
            ..nothing()
        };
        let able = vector.able.iter().filter_map(|name| self.backends.get(&**name).copied()).collect();
        Ok((facts, able))
    }

    /// The types that this policy asks for and the gateway did not look for: those that the entry names, and those that are
    /// not among the `sought` of its day.
    pub(super) fn unsought(&self, entry: &Recorded<'_>, sought: &[EntityId]) -> Vec<EntityId> {
        let Some(vector) = entry.facts.as_ref() else { return Vec::new() };
        // Entries of the first version do not say it.
        let named: Vec<&str> =
            if vector.v < 2 { vec!["organisation"] } else { vector.unsought.iter().map(|name| &**name).collect() };
        let found = |entity: EntityId| {
            let name = self.policy.catalogue().info(entity).map_or("", |info| info.name.as_str());
            vector.types.iter().any(|found| found.entity == *name)
        };
        let named = named.into_iter().filter_map(|name| self.types.get(name).copied());
        let mut unsought: Vec<EntityId> = named.filter(|entity| self.policy.asks_for(*entity)).collect();
        unsought.extend(self.policy.asked().iter().filter(|entity| sought.binary_search(entity).is_err()));
        unsought.sort_unstable();
        unsought.dedup();
        unsought.retain(|entity| !found(*entity));
        unsought
    }

    /// A label of the day that this policy does not list may be any of its own.
    fn label(&self, label: Option<&str>, unknown: bool) -> LabelFact {
        match label {
            _ if unknown => LabelFact::Unknown,
            None => LabelFact::Absent,
            Some(label) => {
                let listed = self.policy.labels().iter().find(|listed| listed.as_str() == label);
                listed.map_or(LabelFact::Unknown, |listed| LabelFact::Named(listed.clone()))
            }
        }
    }

    /// Whether a purpose is one that this policy does not name. Entries before the third version do not say whether it was the
    /// registered one; another may then be pursued beside it.
    fn names_no(&self, purpose: Option<&str>) -> bool {
        purpose.is_some_and(|purpose| self.policy.purposes().iter().all(|named| named.as_str() != purpose))
    }

    fn word(&mut self, text: &str) -> Word {
        if let Some(word) = self.words.get(text) {
            return word.clone();
        }
        let word = Word::configured(text);
        self.words.insert(text.to_owned(), word.clone());
        word
    }
}
