//! What the tools show: plain words and numbers, ready for a page or for JSON.

use jiff::civil::Date;
use serde::Serialize;

use super::super::text::say;
use super::bindings::beyond;
use super::caused::{caused, searched};
use super::cells::Moved;
use super::diff::{GivenUp, Kind};
use super::search::Looked;
use super::{Study, sentence};
use crate::model::{EntityId, Facts, LabelFact, Removal};

/// Types that a cell names before it counts the rest.
const NAMES_MAX: usize = 6;

/// One row of the matrix: a class of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    /// The class, in the language of the sheet.
    pub class: String,
    /// The law it comes from.
    pub law: String,
    /// One cell for each backend, in the order of [`Study::columns`].
    pub cells: Vec<MatrixCell>,
}

/// What may be done with a class at a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixCell {
    /// `as it is`, `changed` or `refused`, for a request that carries one value of the class and nothing else: of most of its types.
    pub verdict: &'static str,
    /// What is done to it.
    pub changes: Vec<String>,
    /// The rules that refuse it, or other reasons.
    pub why: Vec<String>,
    /// Types of the class that come out otherwise, and how.
    pub except: Vec<String>,
    /// A request with this class that is refused where others are allowed, or the other way round, in words; absent when there is
    /// none, which is proven, and where types differ.
    pub otherwise: Option<String>,
    /// What is done to that request on the way, where it is allowed.
    pub otherwise_changes: Vec<String>,
    /// Whether it was proven that there is none, or an example was found.
    pub exact: bool,
}

/// What would become of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The request as understood.
    pub given: String,
    /// The rules that fired.
    pub fired: Vec<String>,
    /// Whether every backend that was named may have it; where none was named, whether one may.
    pub allowed: bool,
    /// Every backend asked about.
    pub backends: Vec<BackendAnswer>,
    /// Names in the question that no sheet names: slips, perhaps.
    pub unknown: Vec<String>,
}

/// What would become of a request at one backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BackendAnswer {
    /// Its name.
    pub backend: String,
    /// How near it is.
    pub tier: String,
    /// Whether it may have the request, whichever value a class that was asked about stands for.
    pub allowed: bool,
    /// `as it is`, `changed` or `refused`: of most of the types of a class that was asked about, as in the matrix.
    pub verdict: &'static str,
    /// Types of a class that was asked about which come out otherwise, and how.
    pub except: Vec<String>,
    /// What is done to the data first.
    pub changes: Vec<String>,
    /// Why not: rules with their reasons.
    pub why: Vec<String>,
    /// The smallest change that would let it pass.
    pub smallest_change: Option<String>,
    /// That change was looked for, and none of at most three things was found.
    pub none_found: bool,
}

/// What the scenarios of a sheet reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many scenarios there are.
    pub scenarios: usize,
    /// How many rules the sheets have, packs not counted.
    pub rules: usize,
    /// Rules that fire in none.
    pub silent: Vec<String>,
    /// Rules that are outside their window today, which neither scenarios nor changes of the sheet can try.
    pub dormant: Vec<String>,
    /// How many atoms the sheets ask for, packs not counted.
    pub boundaries: usize,
    /// Atoms with the truths that no scenario has seen.
    pub unseen: Vec<(String, Vec<String>)>,
}

/// A change of the sheet that no scenario notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutant {
    /// The change.
    pub change: String,
    /// A request on which it shows.
    pub example: String,
    /// A scenario that would notice, when a scenario can.
    pub suggestion: Option<Suggestion>,
    /// No scenario notices, and the search for a request on which it shows was given up: there may be none.
    pub undecided: bool,
    /// It shows only on requests that no scenario can tell, such as one of which a detector is not sure: no scenario is missing.
    pub untold: bool,
}

impl Mutant {
    /// Whether a scenario is missing, or may be.
    pub fn is_finding(&self) -> bool {
        !self.untold
    }
}

/// A scenario as it would stand in the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Its text.
    pub text: String,
    /// The request that it tells.
    #[serde(skip)]
    pub(super) facts: Facts,
}

/// What differs between two policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// The version of the old sheet.
    pub old_version: u32,
    /// The version of the new one.
    pub new_version: u32,
    /// Newly possible flows.
    pub opened: Vec<Difference>,
    /// Newly refused flows.
    pub refused: Vec<Difference>,
    /// No flow is opened, and that is proven over all requests.
    pub no_flow_is_opened: bool,
    /// The list of newly refused flows is complete.
    pub whole: bool,
    /// Searches for newly possible flows that were given up: what they were for, by backend and cause.
    pub undecided: Vec<String>,
    /// Searches for newly refused flows that were given up.
    pub refused_undecided: Vec<String>,
    /// What differs in the matrix today: of one value of a class, and nothing else.
    pub matrix: Vec<Moved>,
}

impl Differences {
    /// Of two policies that cannot be compared request by request: nothing is claimed.
    pub fn undecided(old: &Study, new: &Study, why: String) -> Self {
        Self {
            old_version: old.policy.version(),
            new_version: new.policy.version(),
            opened: Vec::new(),
            refused: Vec::new(),
            no_flow_is_opened: false,
            whole: false,
            undecided: vec![why.clone()],
            refused_undecided: vec![why],
            matrix: Vec::new(),
        }
    }
}

/// One difference, with a request on which it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In one sentence.
    pub sentence: String,
    /// The backend; absent for a fall back and for addresses into which values may be put.
    pub backend: Option<String>,
    /// The rule or statement that makes it.
    pub cause: String,
    /// The request, in words.
    pub example: String,
    /// The day from which it shows, for what does not show today.
    pub from: Option<String>,
    /// Where a name stands for other servers or models: which it stands for newly, or no longer.
    pub binding: Vec<String>,
}

impl Study {
    /// The columns of the matrix.
    pub fn columns(&self) -> Vec<String> {
        self.policy.backends().iter().map(|backend| backend.name.to_string()).collect()
    }

    /// A type's name in the language of the sheet.
    pub(super) fn type_name(&self, entity: EntityId) -> String {
        let name = self.catalogue.info(entity).map_or("", |info| info.name.as_str());
        super::super::surface::written(name, self.language).to_owned()
    }

    /// Names, or the first few and how many there are besides.
    pub(super) fn listed(&self, names: &[String]) -> String {
        match names.get(..NAMES_MAX) {
            Some(first) if names.len() > NAMES_MAX + 1 => {
                say!("{} and {} more", first.join(", "), names.len() - first.len()).said(self.language)
            }
            _ => names.join(", "),
        }
    }

    /// Why a backend was taken out, a line each.
    pub(super) fn reasons(&self, why: &Removal) -> Vec<String> {
        super::super::scenario::reasons(why, self.language)
    }

    /// What a newer policy makes possible and what it refuses. Exact.
    ///
    /// # Errors
    /// When the two do not have the same types and classes of data: they cannot be compared request by request.
    pub fn diff(&self, new: &Self) -> Result<Differences, String> {
        self.diff_watched(new, &|_| ())
    }

    /// As [`Self::diff`], for somebody who watches how far it is: the search may take long.
    ///
    /// # Errors
    /// As there.
    pub fn diff_watched(&self, new: &Self, watch: &dyn Fn(Looked)) -> Result<Differences, String> {
        if self.catalogue != new.catalogue {
            return Err(say!("the two do not know the same types and classes of data").said(new.language));
        }
        let super::over_time::Changes { opened, refused } = self.changes(new, watch);
        let no_flow_is_opened = opened.changes.is_empty() && opened.undecided.is_empty();
        let whole = refused.undecided.is_empty();
        let told = |(day, change): &(Option<Date>, super::diff::Change), opens: bool| {
            let mut told = new.difference(change, opens);
            if change.kind == Kind::Elsewhere {
                self.bound(new, opens, &mut told);
            }
            if let Some(day) = day {
                told.sentence = say!("from {}: {}", day.to_string(), told.sentence).said(new.language);
                told.from = Some(day.to_string());
            }
            told
        };
        let said = |searches: Vec<GivenUp>| searches.iter().map(|search| searched(search, new.language)).collect();
        Ok(Differences {
            old_version: self.policy.version(),
            new_version: new.policy.version(),
            opened: opened.changes.iter().map(|change| told(change, true)).collect(),
            refused: refused.changes.iter().map(|change| told(change, false)).collect(),
            no_flow_is_opened,
            whole,
            undecided: said(opened.undecided),
            refused_undecided: said(refused.undecided),
            matrix: self.moved(new),
        })
    }

    /// Says which servers or models a name stands for newly, or no longer.
    fn bound(&self, new: &Self, opens: bool, told: &mut Difference) {
        let of = |study: &'_ Self| {
            let id = told.backend.as_deref().and_then(|name| study.policy.id_of(name))?;
            study.policy.backend(id).map(|backend| backend.binding.clone())
        };
        let (Some(before), Some(after)) = (of(self), of(new)) else { return };
        let beyond = if opens { beyond(&before, &after) } else { beyond(&after, &before) };
        let mut keys: Vec<&str> = beyond.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        if keys.is_empty() {
            return;
        }
        told.cause = keys.join(", ");
        told.binding = beyond.iter().map(|(_, what)| what.said(new.language)).collect();
        let colon = say!("{}: {}", told.sentence, told.binding.join(", "));
        told.sentence = colon.said(new.language);
    }

    fn difference(&self, change: &super::diff::Change, opens: bool) -> Difference {
        let example = match change.kind {
            Kind::Addresses => say!("any request").said(self.language),
            _ => sentence::given(&change.example, &self.catalogue, self.language, false).unwrap_or_default(),
        };
        let backend = change.backend.as_ref().map(ToString::to_string);
        let place = backend.clone().unwrap_or_default();
        let text = match (&backend, change.kind, opens) {
            (_, Kind::Addresses, true) => say!("values may be put into addresses of {}", change.cause),
            (_, Kind::Addresses, false) => say!("values may no longer be put into addresses of {}", change.cause),
            (None, _, true) => say!("{}: the next tier may serve", example),
            (None, _, false) => say!("{}: the next tier may no longer serve", example),
            (Some(_), Kind::Possible, true) => say!("{} → {}: was refused, is possible", example, place),
            (Some(_), Kind::Possible, false) => say!("{} → {}: was possible, is refused", example, place),
            (Some(_), Kind::Milder, true) => say!("{} → {}: less is changed on the way", example, place),
            (Some(_), Kind::Milder, false) => say!("{} → {}: more is changed on the way", example, place),
            (Some(_), Kind::Nearer, true) => {
                say!("{} → {}: nothing nearer is left that could serve it", example, place)
            }
            (Some(_), Kind::Nearer, false) => say!("{} → {}: something nearer could serve it again", example, place),
            (Some(_), Kind::Elsewhere, true) => say!("{} → {}: the name stands for more than it did", example, place),
            (Some(_), Kind::Elsewhere, false) => say!("{} → {}: the name stands for less than it did", example, place),
        };
        let sentence = text.said(self.language);
        let cause = match (&change.example.label, change.cause.as_str()) {
            _ if change.kind == Kind::Addresses => caused("allow values in addresses of", self.language),
            (LabelFact::Named(label), "the label") => say!("the label \"{}\"", label).said(self.language),
            (_, cause) => caused(cause, self.language),
        };
        Difference { sentence, backend, cause, example, from: None, binding: Vec::new() }
    }
}
