//! Scenarios: what a sheet's author expects, looked up, made into facts, and put to the policy.
//!
//! What a scenario does not name is surely absent, the scan is complete and the leak score is 0. `allowed` means in the
//! result, in whatever tier; `refused` is its opposite.

use jiff::Timestamp;

use super::engine::{HOSTED_RULE, UNLOCATED};
use super::facts::{by_label_as_told, tell_of_somebody};
use super::phrase::{Language, Phrase};
use super::resolve::Resolver;
use super::resolved::{Expected, Scenario, What};
use super::surface;
use super::text::{Part, Text, say};
use super::told::class_duties;
use super::tree::{self, Given};
use super::{BackendSet, Policy, engine};
use crate::model::{
    Action, BackendId, Certainty, Choice, ClassSet, Facts, LabelFact, LeakFact, Plan, Removal, ScanStatus, TypeFact,
    Word,
};

/// How a scenario of a sheet came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioResult {
    /// Its title.
    pub title: Word,
    /// The sheet it stands in.
    pub file: Word,
    /// Its line, from 1.
    pub line: u32,
    /// What did not come out as told, a sentence each; empty when all did.
    pub failures: Vec<String>,
}

/// Runs the scenarios of the sheets.
pub fn run_scenarios(policy: &Policy, now: Timestamp) -> Vec<ScenarioResult> {
    policy.scenarios().iter().map(|scenario| run(policy, scenario, now)).collect()
}

fn run(policy: &Policy, scenario: &Scenario, now: Timestamp) -> ScenarioResult {
    let everyone: BackendSet = (0..).take(policy.backends().len()).map(BackendId).collect();
    let mut facts = scenario.facts.clone();
    by_label_as_told(&mut facts, policy);
    let plan = engine::evaluate(policy, &facts, &everyone, now, engine::Undetected::Assumed);
    let mut failures = Vec::new();
    for expected in &scenario.then {
        let Expected { backend, allowed, .. } = expected;
        if let Some(choice) = plan.choices.iter().find(|choice| choice.backend == *backend).filter(|_| *allowed) {
            let undone = undone(policy, &plan, (&scenario.facts, &facts), (choice, expected));
            failures.extend(undone.map(|undone| undone.said(scenario.language)));
            continue;
        }
        if !*allowed && plan.choices.iter().all(|choice| choice.backend != *backend) {
            continue;
        }
        let name = policy.backends().get(usize::from(backend.0)).map_or("", |backend| backend.name.as_str());
        let why = plan.removed.iter().find(|removed| removed.backend == *backend);
        let text = match why {
            Some(removed) => {
                let why = reasons(&removed.why, scenario.language).join(", ");
                say!("`{}` was to be allowed and is refused: {}", name, why)
            }
            None => say!("`{}` was to be refused and is allowed", name),
        };
        failures.push(text.said(scenario.language));
    }
    let Scenario { title, file, line, .. } = scenario.clone();
    ScenarioResult { title, file, line, failures }
}

/// What a scenario expects to be done on the way to a backend, and is not. Of what it gives a label may have taken something away.
fn undone(
    policy: &Policy,
    plan: &Plan,
    (given, facts): (&Facts, &Facts),
    (choice, expected): (&Choice, &Expected),
) -> Option<Text> {
    let catalogue = policy.catalogue();
    let name = policy.backends().get(usize::from(choice.backend.0)).map_or("", |backend| backend.name.as_str());
    if expected.seals && !choice.duties.log_sealed {
        return Some(say!("`{}` was to have the content logged sealed, and has not", name));
    }
    let classes = class_duties(policy, plan, facts, choice.backend);
    for (what, action) in &expected.must {
        let of = |fact: &&TypeFact| match what {
            What::Type(entity) => fact.entity == *entity,
            What::Class(class) => catalogue.info(fact.entity).is_some_and(|info| info.classes.contains(*class)),
        };
        let types = facts.types.iter().filter(of).map(|fact| choice.duties.action(fact.entity));
        let told = classes.iter().filter(|(class, _)| match what {
            What::Class(asked) => catalogue.class_info(*class).is_some_and(|info| info.closure.contains(*asked)),
            What::Type(_) => false,
        });
        // A class that is told and of which nothing is demanded is kept.
        let mut told = told.map(|(_, action)| *action).peekable();
        let declared = |facts: &Facts| matches!(what, What::Class(class) if facts.declared.contains(*class));
        let kept = declared(facts) && told.peek().is_none();
        let done = types.chain(told).chain(kept.then_some(Action::Keep));
        let least = done.min();
        if least.is_none_or(|least| least < *action) {
            let was_given = declared(given) || given.types.iter().any(|fact| of(&fact));
            let what = match what {
                What::Type(entity) => catalogue.info(*entity).map(|info| &info.name),
                What::Class(class) => catalogue.class_info(*class).map(|info| &info.name),
            };
            let what = Part::Data(what.map_or("", |name| name.as_str()).to_owned());
            return Some(match least {
                None if was_given => {
                    say!("`{}` must {} {}, and the label takes it away", name, Phrase::of(*action), what)
                }
                None => say!("`{}` must {} {}, and it is not given", name, Phrase::of(*action), what),
                Some(Action::Keep) => say!("`{}` must {} {}, and it crosses as it is", name, Phrase::of(*action), what),
                Some(least) => {
                    say!("`{}` must {} {}, and what is done is: {}", name, Phrase::of(*action), what, Phrase::of(least))
                }
            });
        }
    }
    None
}

/// Why a backend was taken out, a sentence for each reason.
pub(super) fn reasons(why: &Removal, language: Language) -> Vec<String> {
    let texts = match why {
        Removal::NotAllowed => vec![say!("no `allow` surely admits it")],
        Removal::Rules(rules) => rules.iter().map(|(name, because)| reason(name, because)).collect(),
        Removal::Duty(duty) if *duty == *UNLOCATED => {
            vec![say!("this cannot be done: change data that no detector could locate")]
        }
        Removal::Duty(duty) => vec![say!("this cannot be done: {}", duty)],
        Removal::Expired => vec![say!("the policy is past its validity: only on premises is allowed")],
        Removal::Frozen => vec![say!("the policy is frozen: only on premises is allowed")],
    };
    texts.iter().map(|text| text.said(language)).collect()
}

/// Why a rule refuses; of the one that no sheet writes, in the language of the sheet.
fn reason(name: &Word, because: &Word) -> Text {
    if name.as_str() == HOSTED_RULE {
        return say!(
            "no `{}` admits this tool: one that runs at the provider is refused unless a sheet names it and its host",
            Phrase::AllowHosted
        );
    }
    say!("rule `{}`: {}", name, because)
}

/// A request of which nothing is known to be there.
pub(super) fn nothing() -> Facts {
    Facts {
        tenant: Word::fixed(""),
        app: Word::fixed(""),
        purpose: None,
        purpose_declared: false,
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        label: LabelFact::Absent,
        types: Vec::new(),
        declared: ClassSet::default(),
        suspected: ClassSet::default(),
        health_of_a_person: Certainty::FALSE,
        scan: ScanStatus::Complete,
        unreadable: false,
        reference: false,
        hosted: Vec::new(),
        leak: LeakFact::Score(0),
        lowered: Vec::new(),
        lowered_classes: ClassSet::default(),
        lowered_health: Certainty::FALSE,
        leak_history: LeakFact::Score(0),
        located: ClassSet::default(),
        pseudonymised: Vec::new(),
    }
}

impl Resolver<'_> {
    /// Looks a scenario up.
    pub(super) fn scenario(&mut self, scenario: &tree::Scenario) -> Option<Scenario> {
        let mut facts = nothing();
        let mut lost = false;
        for given in &scenario.given {
            lost |= self.give(&mut facts, given).is_none();
        }
        facts.types.sort_by_key(|fact| fact.entity);
        // What a scenario gives stands together, as in one message: an illness is then of whom it names.
        if tell_of_somebody(&facts.types, self.names.catalogue) {
            facts.health_of_a_person = Certainty::TRUE;
        }
        let mut then = Vec::new();
        for expectation in &scenario.then {
            match self.backend(&expectation.backend) {
                Some((index, _)) => {
                    let mut must = Vec::new();
                    for (target, duty) in
                        expectation.must.iter().flat_map(|duty| duty.targets.iter().map(move |t| (t, duty)))
                    {
                        match self.what(target) {
                            Some(what) => must.push((what, duty.action)),
                            None => lost = true,
                        }
                    }
                    let backend = BackendId(u16::try_from(index).ok()?);
                    then.push(Expected { backend, allowed: expectation.allowed, must, seals: expectation.seals });
                }
                None => lost = true,
            }
        }
        let line = self.file.line(scenario.title.span.start);
        (!lost).then(|| Scenario {
            title: Word::configured(&scenario.title.text),
            file: Word::configured(self.file.name()),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            language: self.file.language(),
            facts,
            then,
        })
    }

    fn give(&mut self, facts: &mut Facts, given: &Given) -> Option<()> {
        match given {
            Given::Data { count, what: name } => match self.what(name)? {
                What::Class(_) if *count > 1 => {
                    let message = say!(
                        "`{}` is a class: only a type can be counted",
                        surface::written(&name.text, self.file.language())
                    );
                    self.fault("octroi::policy::out-of-range", name.span.clone(), message, None);
                    return None;
                }
                What::Class(class) => {
                    let closure = self.names.catalogue.class_info(class)?.closure;
                    facts.declared = facts.declared.union(closure);
                }
                What::Type(entity) => {
                    facts.types.retain(|fact| fact.entity != entity);
                    facts.types.push(TypeFact { entity, possibly: *count, surely: *count, confidence: 100 });
                }
            },
            Given::HealthOfAPerson => {
                facts.health_of_a_person = Certainty::TRUE;
                let health =
                    self.names.catalogue.class("health").and_then(|class| self.names.catalogue.class_info(class));
                facts.declared = facts.declared.union(health?.closure);
            }
            Given::App(name) => facts.app = Word::configured(&name.text),
            Given::Tenant(name) => facts.tenant = Word::configured(&name.text),
            Given::Role(name) => facts.roles.push(Word::configured(&name.text)),
            Given::Purpose(name) => facts.purpose = Some(Word::configured(&name.text)),
            Given::Label(name) => {
                let label = self.label(name)?;
                facts.label = LabelFact::Named(self.names.labels.get(label)?.clone());
            }
            Given::LeakScore(score) => facts.leak = LeakFact::Score(*score),
            Given::LeakHistory(score) => facts.leak_history = LeakFact::Score(*score),
            Given::Residence(area) => {
                let countries = self.area(area)?;
                facts.residence.extend(countries);
            }
            Given::Minors => facts.minors = true,
            Given::ScanIncomplete => facts.scan = ScanStatus::Partial,
            Given::Unreadable => facts.unreadable = true,
            Given::Reference => facts.reference = true,
            Given::Hosted { tool, host } => {
                let host = host.as_ref().map(|host| Word::configured(&host.text.to_lowercase()));
                facts.hosted.push((Word::configured(&tool.text), host));
            }
        }
        Some(())
    }
}
