//! What a question does not say of itself: types of its classes that come out otherwise, rules that would refuse too, and names
//! that no sheet names.

use std::collections::BTreeSet;

use super::super::nearest::nearest;
use super::super::resolved::{Atom, Condition};
use super::super::scenario::reasons;
use super::super::text::say;
use super::super::told::class_duties;
use super::Study;
use super::side::standing;
use crate::model::{Action, BackendId, ClassId, ClassSet, Facts, Plan, Removal, TypeFact, Word};

impl Study {
    /// Values of the classes that a question names which the backend may not have, though it may have others, by what refuses them;
    /// and those to which more is done than to the class, by what is done.
    pub(super) fn by_type(&self, facts: &Facts, backend: BackendId) -> (Vec<String>, Vec<String>) {
        let classes: Vec<(ClassId, ClassSet)> =
            (0_u8..).map(ClassId).zip(self.catalogue.classes.iter().map(|info| info.closure)).collect();
        let told = classes.iter().filter(|(class, _)| facts.declared.contains(*class));
        // What another class of the question implies is not what was asked.
        let own = told.filter(|(class, _)| {
            let mut others = classes.iter().filter(|(other, _)| other != class && facts.declared.contains(*other));
            !others.any(|(_, closure)| closure.contains(*class))
        });
        let own: Vec<(ClassId, ClassSet)> = own.copied().collect();
        let plan = self.side().plan(facts);
        let duties = class_duties(&self.policy, &plan, facts, backend);
        let (mut refused, mut stricter): (Named<Removal>, Named<Action>) = Default::default();
        for (class, closure) in &own {
            // A value stands in the place of its class, beside what else is named.
            let others = own.iter().filter(|(other, _)| other != class);
            let beside = others.fold(ClassSet::default(), |all, (_, closure)| all.union(*closure));
            let of_class = duties.iter().filter(|(told, _)| closure.contains(*told)).map(|(_, action)| *action);
            let usual = of_class.max().unwrap_or_default();
            for entity in self.types_of(*class) {
                let mut one = Facts { declared: beside, ..facts.clone() };
                one.types.push(TypeFact { entity, possibly: 1, surely: 1, confidence: 100 });
                one.types.sort_by_key(|fact| fact.entity);
                let plan = self.side().plan(&one);
                let removed = plan.removed.iter().find(|removed| removed.backend == backend);
                let name = self.type_name(entity);
                match (removed, standing(&plan, backend)) {
                    (Some(removed), _) => put(&mut refused, removed.why.clone(), name),
                    (None, Some(duties)) if duties.action(entity) > usual => {
                        put(&mut stricter, duties.action(entity), name);
                    }
                    _ => {}
                }
            }
        }
        let why = |why: &Removal| reasons(why, self.language).join(self.language.semicolon());
        let refused = refused.iter().map(|(removal, names)| format!("{} ({})", self.listed(names), why(removal)));
        let stricter = stricter.iter().map(|(action, names)| format!("{} {}", self.done(*action), self.listed(names)));
        (refused.collect(), stricter.collect())
    }

    /// The rules that would take a backend out that no `allow` admits.
    pub(super) fn also_refused(&self, plan: &Plan, backend: BackendId) -> Vec<String> {
        let rules = self.today.rules.iter().enumerate().filter(|(index, _)| self.side().removes(*index, backend));
        let fired = rules.filter(|(_, rule)| plan.fired.contains(&rule.name));
        let rules: Vec<(Word, Word)> = fired.map(|(_, rule)| (rule.name.clone(), rule.because.clone())).collect();
        if rules.is_empty() { Vec::new() } else { reasons(&Removal::Rules(rules.into()), self.language) }
    }

    /// Names of a request that no statement and no scenario of the sheets names, a sentence each. An app that nothing names is an app
    /// like any other; a slip in a name is one too.
    pub(super) fn unknown(&self, facts: &Facts) -> Vec<String> {
        let (mut apps, mut purposes) = (BTreeSet::new(), BTreeSet::new());
        let mut see = |condition: &Condition| {
            condition.visit(true, &mut |atom, _| match atom {
                Atom::App(app) => drop(apps.insert(app.clone())),
                Atom::Group(group) => apps.extend(group.iter().cloned()),
                Atom::Purpose(purpose) => drop(purposes.insert(purpose.clone())),
                _ => {}
            });
        };
        let resolved = &self.gathered.resolved;
        let exceptions = resolved.exceptions.iter().filter_map(|exception| exception.when.as_ref());
        resolved.conditions().chain(exceptions).for_each(&mut see);
        apps.extend(self.policy.says.iter().flat_map(|says| says.issuers.iter().cloned()));
        for scenario in &resolved.scenarios {
            apps.insert(scenario.facts.app.clone());
            purposes.extend(scenario.facts.purpose.clone());
        }
        let near = |name: &Word, known: &BTreeSet<Word>| {
            let near = nearest(name.as_str(), known.iter().map(Word::as_str));
            near.first().map(|near| (*near).to_owned())
        };
        let mut told = Vec::new();
        if !facts.app.as_str().is_empty() && !apps.contains(&facts.app) {
            let app = &facts.app;
            told.push(match near(app, &apps) {
                Some(near) => say!("no sheet names the app `{}`: did you mean `{}`?", app, near),
                None => say!("no sheet names the app `{}`", app),
            });
        }
        if let Some(purpose) = facts.purpose.as_ref().filter(|purpose| !purposes.contains(*purpose)) {
            told.push(match near(purpose, &purposes) {
                Some(near) => say!("no sheet names the purpose `{}`: did you mean `{}`?", purpose, near),
                None => say!("no sheet names the purpose `{}`", purpose),
            });
        }
        told.iter().map(|text| text.said(self.language)).collect()
    }
}

/// Names, by what becomes of them.
type Named<K> = Vec<(K, Vec<String>)>;

/// Adds a name to those of its kind.
fn put<K: PartialEq>(found: &mut Named<K>, kind: K, name: String) {
    match found.iter_mut().find(|(known, _)| *known == kind) {
        Some((_, names)) => names.push(name),
        None => found.push((kind, vec![name])),
    }
}
