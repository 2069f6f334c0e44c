//! The smallest change that would let a refused request pass: of the inventory's truths, of what is done to the data on its way, of
//! the data itself or of how it is sent. A line that admits is the last resort: evidence that has ended is renewed, and what was never
//! declared is declared, and not signed around.
//!
//! Each is tried, not guessed: a truth is taken as declared, a duty as demanded by the sheet, the policy is compiled with it, and
//! the request decided again. Whatever is named suffices, all of it together; that it is asked for does not make it so.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::Policy;
use super::super::declared::Entry;
use super::super::in_quotes::as_written;
use super::super::phrase::Phrase;
use super::super::resolved::{Allow, Gate, Predicate, Quality};
use super::super::text::say;
use super::by_type::{OfClass, with_one};
use super::evidence::{self, Whole};
use super::lacks::{declare, lacking, obtained};
use super::less::{bare, circumstances, without};
use super::side::{Side, standing};
use super::what_if::Duties;
use super::{Study, choices};
use crate::limits::EXPLAIN_TRIALS_MAX;
use crate::model::{BackendId, EntityId, Facts, Word};

/// At most this many things are changed at once; more is another backend, or another request.
pub(super) const CHANGES_MAX: usize = 3;

/// What would have to become true of a backend so that it may have the request, or what would have to be done to the data; or what
/// would have to be otherwise in the request. A class that is asked about stands for any of these types.
pub(super) fn smallest(
    study: &Study,
    facts: &Facts,
    class: Option<(&OfClass, &[EntityId])>,
    backend: BackendId,
) -> Option<String> {
    Trials::new(study, facts, class, usize::from(backend.0))?.smallest()
}

/// A request that is refused, and the files that are tried on it.
pub(super) struct Trials<'a> {
    pub(super) study: &'a Study,
    pub(super) facts: &'a Facts,
    class: Option<(&'a OfClass, &'a [EntityId])>,
    /// The place of the backend in the inventory.
    index: usize,
    pub(super) entry: &'a Entry,
    /// The rules that fire.
    fired: BTreeSet<Word>,
    lacking: Vec<Quality>,
    wholes: Vec<Whole>,
    compiled: RefCell<BTreeMap<Files, Option<Rc<Policy>>>>,
    left: Cell<usize>,
}

/// What is otherwise in the officer's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Files {
    /// A line admits the backend.
    line: bool,
    /// Its evidence is whole, by the place of how.
    whole: Option<usize>,
    /// Truths that it lacks, by their places.
    truths: Vec<usize>,
}

impl<'a> Trials<'a> {
    fn new(
        study: &'a Study,
        facts: &'a Facts,
        class: Option<(&'a OfClass, &'a [EntityId])>,
        index: usize,
    ) -> Option<Self> {
        let entry = study.gathered.inventory.entries.get(index)?;
        let mut fired: BTreeSet<Word> = study.side().plan(facts).fired.iter().cloned().collect();
        if let Some((of_class, types)) = class {
            let of = of_class.values.iter().filter(|(entity, ..)| entity.is_some_and(|entity| types.contains(&entity)));
            fired.extend(of.flat_map(|(.., plan)| plan.fired.iter().cloned()));
        }
        let lacking = lacking(study, index, &fired);
        let wholes = evidence::wholes(study, entry, &fired);
        let left = Cell::new(EXPLAIN_TRIALS_MAX);
        Some(Self { study, facts, class, index, entry, fired, lacking, wholes, compiled: RefCell::default(), left })
    }

    /// In the order in which an officer would rather do it.
    fn smallest(&self) -> Option<String> {
        [false, true].into_iter().find_map(|line| {
            self.left.set(EXPLAIN_TRIALS_MAX);
            self.as_sent(line).or_else(|| self.sent_otherwise(line))
        })
    }

    /// The request as it is sent: truths of the backend, and what is done to the data on its way.
    fn as_sent(&self, line: bool) -> Option<String> {
        let plain = Files { line, ..Files::default() };
        let duties = Duties::smallest(self, &plain);
        let said = |files: &Files, duties: &Duties| self.said(files, self.facts, Some(duties), &[]);
        for parts in 1..=CHANGES_MAX {
            let enough = |duties: &&Duties| duties.parts() + usize::from(line) <= parts;
            if let Some(duties) = duties.as_ref().filter(enough) {
                return Some(said(&plain, duties));
            }
            if let Some(files) = self.files(line, parts).find(|files| self.passes(files, self.facts)) {
                return Some(self.said(&files, self.facts, None, &[]));
            }
        }
        let both = || {
            let beside = (1..CHANGES_MAX).flat_map(|parts| self.files(line, parts)).filter(|files| *files != plain);
            let mut found = beside.filter_map(|files| Some((Duties::smallest(self, &files)?, files)));
            found.next().map(|(duties, files)| said(&files, &duties))
        };
        duties.as_ref().map(|duties| said(&plain, duties)).or_else(both)
    }

    /// Less data or other circumstances, and truths beside them: fewest truths first, none at all before any.
    fn sent_otherwise(&self, line: bool) -> Option<String> {
        let study = self.study;
        let beside = |most: usize| (0..=most).flat_map(move |parts| self.files(line, parts));
        let less = |files: &Files, facts: &Facts| {
            // Where even an empty request does not pass, nothing that is left out helps.
            let may = self.passes(files, &bare(facts));
            may.then(|| without(study, facts, &|facts| self.passes(files, facts))).flatten()
        };
        for files in beside(CHANGES_MAX - 1) {
            if let Some((facts, text)) = less(&files, self.facts) {
                return Some(self.said(&files, &facts, None, &[text]));
            }
        }
        let others = circumstances(study, self.facts, &self.fired);
        for files in beside(CHANGES_MAX - 1) {
            if let Some((facts, text)) = others.iter().find(|(facts, _)| self.passes(&files, facts)) {
                return Some(self.said(&files, facts, None, &[text.said(study.language)]));
            }
        }
        for files in beside(CHANGES_MAX - 2) {
            for (facts, text) in &others {
                if let Some((facts, less)) = less(&files, facts) {
                    return Some(self.said(&files, &facts, None, &[less, text.said(study.language)]));
                }
            }
        }
        None
    }

    /// All files in which so many things are otherwise: renewed evidence before what is agreed on, and that before what is declared.
    fn files(&self, line: bool, parts: usize) -> impl Iterator<Item = Files> {
        let own = parts.checked_sub(usize::from(line));
        let of = move |whole: Option<usize>| {
            let truths = own.and_then(|own| own.checked_sub(usize::from(whole.is_some())));
            let chosen = truths.map(|truths| choices(self.lacking.len(), truths)).unwrap_or_default();
            chosen.into_iter().map(move |truths| Files { line, whole, truths })
        };
        let wholes = |filled: bool| {
            let these = self.wholes.iter().enumerate().filter(move |(_, whole)| whole.filled == filled);
            these.map(|(at, _)| Some(at))
        };
        wholes(false).chain([None]).chain(wholes(true)).flat_map(of)
    }

    /// Whether a request passes under such files; not where too many were tried.
    fn passes(&self, files: &Files, facts: &Facts) -> bool {
        let known = self.compiled.borrow().get(files).cloned();
        let policy = known.unwrap_or_else(|| {
            let policy = self.compile(files, self.whole(files), None).map(Rc::new);
            self.compiled.borrow_mut().insert(files.clone(), policy.clone());
            policy
        });
        policy.is_some_and(|policy| self.stands(&policy, facts))
    }

    /// The same, with duties that a rule would demand.
    pub(super) fn passes_with(&self, files: &Files, duties: &Duties) -> bool {
        let policy = self.compile(files, self.whole(files), Some(duties));
        policy.is_some_and(|policy| self.stands(&policy, self.facts))
    }

    fn whole(&self, files: &Files) -> &Entry {
        files.whole.and_then(|at| self.wholes.get(at)).map_or(self.entry, |whole| &whole.entry)
    }

    fn compile(&self, files: &Files, entry: &Entry, duties: Option<&Duties>) -> Option<Policy> {
        self.left.set(self.left.get().checked_sub(1)?);
        let study = self.study;
        let mut changed = study.gathered.clone();
        let name = &self.entry.name;
        let changed_entry = changed.inventory.entries.get_mut(self.index)?;
        *changed_entry = entry.clone();
        for quality in files.truths.iter().filter_map(|at| self.lacking.get(*at)) {
            declare(changed_entry, quality, study.now);
        }
        changed.resolved.rules.extend(duties.map(|duties| duties.rule(study, name)));
        if files.line {
            let backends = Predicate::Is(Quality::Named(name.clone()));
            changed.resolved.allows.push(Allow { number: usize::MAX, backends, gate: Gate::default() });
        }
        changed.policy(&study.catalogue, &study.vocabulary, study.now).ok()
    }

    /// Whether a request passes under a policy: of a class that it names, each value.
    fn stands(&self, policy: &Policy, facts: &Facts) -> bool {
        let study = self.study;
        let side = Side { policy, today: &study.today, now: study.now, told: study.told };
        stands(side, self.entry.name.as_str(), (facts, self.class))
    }

    /// What would have to be done, in words; `sent` is what of it is done to the request, with which it is `facts`.
    fn said(&self, files: &Files, facts: &Facts, duties: Option<&Duties>, sent: &[String]) -> String {
        let (study, language) = (self.study, self.study.language);
        let truths = files.truths.iter().filter_map(|at| self.lacking.get(*at));
        let truths = truths.filter_map(|quality| obtained(study, self.entry, quality));
        let whole = files.whole.and_then(|at| self.wholes.get(at)).map(|whole| {
            // What was found is told with the fewest truths, however much was tried before.
            self.left.set(EXPLAIN_TRIALS_MAX);
            let passes =
                |entry: &Entry| self.compile(files, entry, duties).is_some_and(|policy| self.stands(&policy, facts));
            evidence::needed(study, self.entry, &whole.entry, &passes)
        });
        let line = files.line.then(|| {
            let name = as_written(self.entry.name.as_str());
            say!("admit it with a line: `{} {} {}`", Phrase::AllowBackends, Phrase::Named, name)
        });
        let texts = truths.chain(whole.into_iter().flatten()).map(|text| text.said(language));
        let duties = duties.map(|duties| duties.said(study));
        let line = line.map(|text| text.said(language));
        texts.chain(duties).chain(sent.iter().cloned()).chain(line).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a request passes at a backend: of a class that it names, each of these values.
pub(super) fn stands(side: Side<'_>, backend: &str, (facts, class): (&Facts, Option<(&OfClass, &[EntityId])>)) -> bool {
    let Some(backend) = side.policy.id_of(backend) else { return false };
    let stands = |facts: &Facts| standing(&side.plan(facts), backend).is_some();
    match class {
        Some((class, types)) if facts.declared.contains(class.class) => {
            let beside = Facts { declared: class.beside, ..facts.clone() };
            types.iter().all(|entity| stands(&with_one(beside.clone(), *entity, side.policy.catalogue())))
        }
        _ => stands(facts),
    }
}
