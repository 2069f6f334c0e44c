//! Scenarios as tests of the sheet: which change of the sheet they would miss, and the scenarios that would notice.

use std::collections::{BTreeMap, BTreeSet};

use super::super::in_quotes::as_written;
use super::super::phrase::Phrase;
use super::super::program::Program;
use super::super::resolved::Resolved;
use super::super::text::{Text, say};
use super::super::{Policy, run_scenarios};
use super::mutations::Weakened;
use super::report::{Mutant, Suggestion};
use super::search::{Effort, Found, anywhere};
use super::side::{Side, opens, settled_first, standing};
use super::space::Place;
use super::{Study, diff, sentence};
use crate::model::{Action, BackendId, Facts, Plan, Word};

impl Study {
    /// Weakens or takes out each rule of the sheets, one at a time, and says which of these changes no scenario notices.
    ///
    /// A change that no request can notice is left out: `lint` tells of it. One that only shows on requests that no scenario can tell
    /// is said, and is no finding.
    pub fn mutants(&self) -> Vec<Mutant> {
        let mut found = Vec::new();
        // What takes a rule out and shows on no request is no weakening, nor is less than that. Asked only where a search was given
        // up; where something is asked after the duties, less may be more.
        let mut idle: BTreeMap<Word, bool> = BTreeMap::new();
        let mut is_idle = |weakened: &Weakened| match weakened {
            Weakened::Rule(rule, _) if !self.policy.program().asks_still() => {
                *idle.entry(rule.name.clone()).or_insert_with(|| self.changes_nothing(rule))
            }
            _ => false,
        };
        for (what, today, weakened) in self.mutations() {
            let Some(policy) = self.compiled(&today) else { continue };
            if run_scenarios(&policy, self.now).iter().any(|result| !result.failures.is_empty()) {
                continue;
            }
            // First a request that a scenario can tell; else any, which at least shows it.
            let told = self.noticed(&policy, &today, &weakened, true);
            let any = match told {
                Noticed::By(..) => Noticed::Never,
                _ => self.noticed(&policy, &today, &weakened, false),
            };
            let change = what.said(self.language);
            let given =
                |facts: &Facts| sentence::given(facts, &self.catalogue, self.language, false).unwrap_or_default();
            let mutant = Mutant { change, example: String::new(), suggestion: None, undecided: false, untold: false };
            found.extend(match (told, any) {
                (Noticed::By(facts, backend), _) => {
                    let suggestion = self.suggestion(&what, &facts, backend);
                    Some(Mutant { example: given(&facts), untold: suggestion.is_none(), suggestion, ..mutant })
                }
                (Noticed::Never, Noticed::By(facts, _)) => {
                    Some(Mutant { example: given(&facts), untold: true, ..mutant })
                }
                (Noticed::Never, Noticed::Never) => None,
                _ if is_idle(&weakened) => None,
                _ => match self.compared(&policy, &today) {
                    Compared::Same => None,
                    Compared::Shown(facts, backend) => {
                        // Another request may show it where this one cannot be told.
                        let suggestion = backend.and_then(|backend| self.suggestion(&what, &facts, backend));
                        // One that only a doubt shows is nothing that a scenario can be asked for.
                        let untold = suggestion.is_none()
                            && sentence::given(&facts, &self.catalogue, self.language, true).is_none();
                        let undecided = suggestion.is_none() && !untold;
                        Some(Mutant { example: given(&facts), suggestion, undecided, untold, ..mutant })
                    }
                    Compared::Undecided => {
                        let example = say!("undecided: the search for a request on which it shows was given up");
                        Some(Mutant { example: example.said(self.language), undecided: true, ..mutant })
                    }
                },
            });
        }
        found
    }

    /// Scenarios, as sentences of the sheet, that would notice what no scenario notices now and reach what none reaches.
    pub fn suggest(&self) -> Vec<Suggestion> {
        self.suggestions(self.mutants()).0
    }

    /// The scenarios that would notice these changes, each once, and those that reach what is then still missing; and for what the
    /// search was given up.
    pub fn suggestions(&self, mutants: Vec<Mutant>) -> (Vec<Suggestion>, Vec<String>) {
        let mut suggestions: Vec<Suggestion> = mutants.into_iter().filter_map(|mutant| mutant.suggestion).collect();
        suggestions.dedup_by(|one, other| one.text == other.text);
        let (reaching, given_up) = self.reaching(&suggestions);
        suggestions.extend(reaching);
        (suggestions, given_up)
    }

    /// What the comparison of two policies says of a weaker one: it is led by what was changed, and proves where a search for one
    /// request that a scenario can tell is given up.
    fn compared(&self, policy: &Policy, today: &Resolved) -> Compared {
        let old = Side { told: false, ..self.side() };
        let effort = Effort::new(policy.backends().len(), &|_| ());
        let opened = diff::opened(old, Side { policy, today, now: self.now, told: false }, &effort);
        let shows = |change: &&diff::Change| matches!(change.kind, diff::Kind::Possible | diff::Kind::Milder);
        match opened.changes.iter().find(shows) {
            Some(change) => {
                let facts = change.example.clone();
                let weaker = Side { policy, today, now: self.now, told: true };
                let backend = change.backend.as_ref().and_then(|name| self.policy.id_of(name.as_str()));
                let tells = |backend: &BackendId| {
                    let before = self.side().plan(&facts);
                    opens(standing(&before, *backend), standing(&weaker.plan(&facts), *backend), &facts)
                };
                let backend = backend.filter(tells);
                Compared::Shown(Box::new(facts), backend)
            }
            None if opened.undecided.is_empty() => Compared::Same,
            None => Compared::Undecided,
        }
    }

    pub(super) fn compiled(&self, today: &Resolved) -> Option<Policy> {
        let truths = self.gathered.truths(self.now);
        let program = Program::new(today, &truths, self.catalogue.entities.len()).ok()?;
        Some(Policy { program, says: today.says.clone(), ..self.policy.clone() })
    }

    /// A request, such as a scenario can tell if `told`, that the weakened policy lets pass to a backend where this one
    /// refuses it, or with less done to it.
    fn noticed(&self, policy: &Policy, today: &Resolved, what: &Weakened, told: bool) -> Noticed {
        let space = super::Space::new(&[(&self.policy, &self.today), (policy, today)], told);
        let side = self.side();
        let weaker = Side { policy, today, now: self.now, told: true };
        // It can only show where what was weakened does something.
        let idle = |place: &Place, backend: BackendId| {
            let look = side.look(&space, place);
            match what {
                Weakened::Rule(rule, _) => !look.may_fire(rule) || !look.may_matter(rule, backend),
                Weakened::Allow(gate) => look.must_open(gate),
                Weakened::Admitted(_) | Weakened::Label(_) => false,
            }
        };
        let mut noticed = Noticed::Never;
        for backend in self.backends().filter(|backend| what.concerns((&side, &weaker), *backend)) {
            let mut dims = BTreeSet::new();
            side.depends(&space, backend, &mut dims);
            weaker.depends(&space, backend, &mut dims);
            let dims = settled_first(what.gate(), &space, !self.policy.says.is_empty(), &dims);
            let passes = |place: &Place| !weaker.look(&space, place).may_allow(backend);
            // What shows best comes first: a refusal that is gone, or for a rule that only demands what is no longer done on the way.
            let refused =
                |place: &Place| idle(place, backend) || passes(place) || side.look(&space, place).must_admit(backend);
            let lets_pass = |facts: &Facts| {
                standing(&side.plan(facts), backend).is_none() && standing(&weaker.plan(facts), backend).is_some()
            };
            let silent = |place: &Place| match what {
                Weakened::Rule(rule, _) => !side.look(&space, place).may_fire(rule) || passes(place),
                Weakened::Allow(_) | Weakened::Admitted(_) | Weakened::Label(_) => true,
            };
            let does_less = |facts: &Facts| {
                opens(standing(&side.plan(facts), backend), standing(&weaker.plan(facts), backend), facts)
            };
            let mut searches: Vec<Search<'_>> = vec![(&refused, &lets_pass)];
            if what.demands() {
                searches.insert(usize::from(what.refuses()), (&silent, &does_less));
            }
            for (excluded, has) in searches {
                let passes = Some((weaker, backend));
                match anywhere(&space, &dims, excluded, has, passes) {
                    Found::Example(example) => return Noticed::By(example, backend),
                    Found::Unknown => noticed = Noticed::Undecided,
                    Found::None => {}
                }
            }
        }
        noticed
    }

    fn suggestion(&self, what: &Text, facts: &Facts, backend: BackendId) -> Option<Suggestion> {
        let title = say!("notices: {}", what.said(self.language));
        let then = self.stands(&self.side().plan(facts), backend);
        self.scenario(&title, facts.clone(), &[then])
    }

    /// What becomes of a backend, as a `then` says it.
    pub(super) fn stands(&self, plan: &Plan, backend: BackendId) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language);
        let name = as_written(self.policy.backend(backend).map_or("", |backend| backend.name.as_str()));
        let Some(duties) = standing(plan, backend) else { return format!("{} {name}", said(Phrase::Refused)) };
        let sealed = duties.log_sealed.then(|| said(Phrase::LogSealed).to_owned());
        let done = duties.actions.iter().filter(|(_, action)| *action != Action::Keep);
        let done = done.map(|(entity, action)| format!("{} {}", self.done(*action), self.type_name(*entity)));
        let clauses: Vec<String> =
            done.chain(sealed).map(|duty| format!("{name} {} {duty}", said(Phrase::Must))).collect();
        if clauses.is_empty() {
            return format!("{} {name}", said(Phrase::Allowed));
        }
        clauses.join(&format!("\n  {} ", said(Phrase::And)))
    }

    /// A scenario as it would stand in the sheet; none where no scenario can tell of the request.
    pub(super) fn scenario(&self, title: &Text, facts: Facts, then: &[String]) -> Option<Suggestion> {
        let given = sentence::given(&facts, &self.catalogue, self.language, true)?;
        let said = |phrase: Phrase| phrase.surface(self.language);
        let title = title.said(self.language).replace(['`', '"'], "");
        let then = then.join(&format!("\n  {} ", said(Phrase::And)));
        let text = format!(
            "{} \"{title}\"\n  {} {given}\n  {} {then}\n",
            said(Phrase::Scenario),
            said(Phrase::Given),
            said(Phrase::Then),
        );
        Some(Suggestion { text, facts })
    }
}

/// What a search passes over, and what it looks for.
type Search<'a> = (&'a dyn Fn(&Place) -> bool, &'a dyn Fn(&Facts) -> bool);

/// What a comparison of two policies says of the weaker.
enum Compared {
    /// It lets nothing more pass: proven over all requests.
    Same,
    /// On this request it does, to this backend also where a scenario tells of the request.
    Shown(Box<Facts>, Option<BackendId>),
    Undecided,
}

/// Whether a request notices a weakening.
enum Noticed {
    /// This one does, at this backend.
    By(Box<Facts>, BackendId),
    /// None does: proven over all requests.
    Never,
    /// None was found, and a search was given up.
    Undecided,
}
