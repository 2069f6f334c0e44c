//! What a question does not say of itself: what becomes of each type of its classes, rules that would refuse too, and names that no
//! sheet names. A class stands for any value of it, as in the matrix: never for something that has the class and no type.

use std::collections::BTreeSet;

use super::super::facts::tell_of_somebody;
use super::super::nearest::nearest;
use super::super::resolved::{Atom, Condition};
use super::super::scenario::reasons;
use super::super::text::say;
use super::Study;
use super::matrix::{Alone, Outcome};
use super::sentence::class_name;
use super::side::standing;
use crate::model::{
    BackendId, Catalogue, Certainty, ClassId, ClassSet, EntityId, Facts, Plan, Removal, TypeFact, Word,
};

/// A class that a question names, with the decision on each of its values in its place. One of which no value is ever found is not
/// among them: it stands for itself.
#[derive(Debug)]
pub(super) struct OfClass {
    pub(super) class: ClassId,
    /// What the rest of the question has, that its values stand beside.
    pub(super) beside: ClassSet,
    pub(super) values: Vec<Alone>,
}

/// What becomes of a class at a backend, and of which of its types: of most of them first.
pub(super) type Groups = Vec<(Outcome, Vec<EntityId>)>;

impl Study {
    /// The classes of a question, each for any value of it; and the question with what all of these have, whichever they are.
    pub(super) fn by_class(&self, facts: &Facts) -> (Vec<OfClass>, Facts) {
        if !self.told {
            return (Vec::new(), facts.clone());
        }
        let closures = || (0_u8..).map(ClassId).zip(self.catalogue.classes.iter().map(|info| info.closure));
        let told = || closures().filter(|(class, _)| facts.declared.contains(*class));
        // What another class of the question implies is not what was asked.
        let implied = |class| told().any(|(other, closure)| other != class && closure.contains(class));
        let own: Vec<(ClassId, ClassSet, Vec<EntityId>)> = told()
            .filter(|(class, _)| !implied(*class))
            .map(|(class, closure)| {
                let types = self.types_of(class);
                let of = types.iter().filter_map(|entity| self.catalogue.info(*entity));
                let common = of.map(|info| info.classes.0).reduce(|all, classes| all & classes).unwrap_or_default();
                (class, closure.union(ClassSet(common)), types)
            })
            .collect();
        let all = |but: Option<ClassId>| {
            let others = own.iter().filter(|(class, ..)| Some(*class) != but);
            Facts { declared: others.fold(ClassSet::default(), |all, (_, has, _)| all.union(*has)), ..facts.clone() }
        };
        let of = |(class, _, types): &(ClassId, ClassSet, Vec<EntityId>)| {
            let beside = all(Some(*class));
            let value = |entity: &EntityId| {
                let facts = with_one(beside.clone(), *entity, &self.catalogue);
                let plan = self.side().plan(&facts);
                (Some(*entity), facts, plan)
            };
            OfClass { class: *class, beside: beside.declared, values: types.iter().map(value).collect() }
        };
        let classes = own.iter().filter(|(.., types)| !types.is_empty()).map(of).collect();
        (classes, all(None))
    }

    /// Scenarios that give a class and expect of a backend what not all types of the class come to there, a sentence each. In a scenario a
    /// class is data of which no type is known; a question, and the matrix, take it for any value.
    pub fn by_type_otherwise(&self) -> Vec<String> {
        let mut told = Vec::new();
        for scenario in self.policy.scenarios() {
            let plan = self.side().plan(&scenario.facts);
            let (classes, _) = self.by_class(&scenario.facts);
            for expected in &scenario.then {
                let stands = standing(&plan, expected.backend).is_some();
                let name = self.policy.backend(expected.backend).map_or("", |backend| backend.name.as_str());
                for of in &classes {
                    let other =
                        of.values.iter().filter(|(.., plan)| standing(plan, expected.backend).is_some() != stands);
                    let types: Vec<String> =
                        other.filter_map(|(entity, ..)| Some(self.type_name((*entity)?))).collect();
                    if types.is_empty() {
                        continue;
                    }
                    let (file, line) = (&scenario.file, scenario.line.to_string());
                    let class = class_name(of.class, &self.catalogue, self.language);
                    let types = self.listed(&types);
                    told.push(if stands {
                        say!(
                            "{}:{}: \"{}\": `{}` is given as a class and is allowed at `{}`, and of its types would be refused there: {}; give the type to say what becomes of it",
                            file, line, scenario.title, class, name, types
                        )
                    } else {
                        say!(
                            "{}:{}: \"{}\": `{}` is given as a class and is refused at `{}`, and of its types would be allowed there: {}; give the type to say what becomes of it",
                            file, line, scenario.title, class, name, types
                        )
                    });
                }
            }
        }
        told.iter().map(|text| text.said(self.language)).collect()
    }

    /// Why a decision took a backend out, a line each: where no `allow` admits it, with the rules that would take it out too.
    pub(super) fn whys(&self, why: &Removal, plan: &Plan, backend: BackendId) -> Vec<String> {
        let also = if *why == Removal::NotAllowed { self.also_refused(plan, backend) } else { Vec::new() };
        [self.reasons(why), also].concat()
    }

    fn also_refused(&self, plan: &Plan, backend: BackendId) -> Vec<String> {
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

/// A request with a value of a type beside what it has. Health alone is told as nobody's, whatever its type, and is somebody's where
/// other data names one.
pub(super) fn with_one(mut facts: Facts, entity: EntityId, catalogue: &Catalogue) -> Facts {
    let alone = facts.types.is_empty();
    if !facts.types.iter().any(|fact| fact.entity == entity) {
        facts.types.push(TypeFact { entity, possibly: 1, surely: 1, confidence: 100 });
        facts.types.sort_by_key(|fact| fact.entity);
    }
    if !alone && tell_of_somebody(&facts.types, catalogue) {
        facts.health_of_a_person = Certainty::TRUE;
    }
    facts
}
