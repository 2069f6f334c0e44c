//! The smallest change that would let a refused request pass: of the inventory's truths, of what is done to the data on its way,
//! or of the data itself. A line that admits is the last resort: evidence that has ended is renewed, and not signed around.
//!
//! Each is tried, not guessed: a truth is taken as declared, a duty as demanded by the sheet, the policy is compiled with it, and
//! the request decided again.

use jiff::Timestamp;

use super::super::compile::Gathered;
use super::super::declared::{Certificate, Dated, Declared, Entry};
use super::super::in_quotes::as_written;
use super::super::phrase::{Language, Phrase};
use super::super::resolved::{Allow, Gate, Predicate, Quality, Rule};
use super::super::text::{Part, Text, say};
use super::sentence::class_name;
use super::side::{Side, standing};
use super::{Study, evidence};
use crate::model::{Action, BackendId, ClassId, EntityId, Facts, ScanStatus, TypeFact, Word};

/// At most this many truths are changed at once; more is another backend.
const CHANGES_MAX: usize = 3;
/// Findings that are taken out one by one to find how many must go; of more, all are named.
const COUNT_MAX: u32 = 64;

/// What would have to become true of a backend so that it may have the request, or what would have to be done to the data,
/// fewest first; or what would have to be gone from the request.
pub(super) fn smallest(study: &Study, facts: &Facts, backend: BackendId, language: Language) -> Option<String> {
    let index = usize::from(backend.0);
    if let Some(renewed) = evidence::renewed(study, facts, index, language) {
        return Some(renewed);
    }
    let lacking = lacking(study, facts, index);
    let parts = |qualities: &[&Quality]| -> Vec<String> {
        qualities
            .iter()
            .filter_map(|q| renewal(study, index, q).or_else(|| name(q)))
            .map(|text| text.said(language))
            .collect()
    };
    let duties = Duties::smallest(study, facts, index, &[]);
    for size in 1..=CHANGES_MAX {
        if let Some(duties) = duties.as_ref().filter(|duties| duties.items.len() <= size) {
            return Some(duties.said(study));
        }
        for chosen in choices(lacking.len(), size) {
            let qualities: Vec<&Quality> = chosen.iter().filter_map(|at| lacking.get(*at)).collect();
            if passes(study, facts, index, (&qualities, None)) {
                return Some(parts(&qualities).join(", "));
            }
        }
    }
    let both = || {
        choices(lacking.len(), 1).into_iter().chain(choices(lacking.len(), 2)).find_map(|chosen| {
            let qualities: Vec<&Quality> = chosen.iter().filter_map(|at| lacking.get(*at)).collect();
            let duties = Duties::smallest(study, facts, index, &qualities)?;
            Some([parts(&qualities), vec![duties.said(study)]].concat().join(", "))
        })
    };
    // Truths beside less data: fewest truths first, none at all before any.
    let less = || {
        (0..=CHANGES_MAX).flat_map(|size| choices(lacking.len(), size)).find_map(|chosen| {
            let qualities: Vec<&Quality> = chosen.iter().filter_map(|at| lacking.get(*at)).collect();
            let passes = |facts: &Facts| passes(study, facts, index, (&qualities, None));
            Some([parts(&qualities), vec![without(study, facts, &passes, language)?]].concat().join(", "))
        })
    };
    let admitted = || admitted(study, facts, index, language);
    let declared = || evidence::declared(study, facts, index, language);
    duties.map(|duties| duties.said(study)).or_else(both).or_else(less).or_else(declared).or_else(admitted)
}

/// The line of the sheet that lacks, where nothing else refuses the request.
fn admitted(study: &Study, facts: &Facts, index: usize, language: Language) -> Option<String> {
    let mut changed = study.gathered.clone();
    let name = changed.inventory.entries.get(index)?.name.clone();
    let backends = Predicate::Is(Quality::Named(name.clone()));
    changed.resolved.allows.push(Allow { number: usize::MAX, backends, gate: Gate::default() });
    stands(study, facts, &changed, &name).then(|| {
        let name = as_written(name.as_str());
        say!("admit it with a line: `{} {} {}`", Phrase::AllowBackends, Phrase::Named, name).said(language)
    })
}

/// A change of the data on its way to one backend, as a rule of the sheet would demand it.
#[derive(Debug, Clone)]
struct Duties {
    action: Action,
    items: Vec<Item>,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Findings of a type.
    Type(TypeFact),
    /// A class that was declared.
    Class(ClassId),
}

impl Duties {
    /// The mildest action and the fewest types that let the request pass. Only a sheet that asks what is *still identified*
    /// can be content with a change: `data includes` is the request as it arrived.
    fn smallest(study: &Study, facts: &Facts, index: usize, qualities: &[&Quality]) -> Option<Self> {
        if !study.policy.program().asks_still() {
            return None;
        }
        let types = facts.types.iter().filter(|fact| fact.possibly > 0).map(|fact| Item::Type(*fact));
        let classes = (0_u8..).map(ClassId).take(study.catalogue.classes.len());
        let classes = classes.filter(|class| facts.declared.contains(*class)).map(Item::Class);
        let items: Vec<Item> = types.chain(classes).collect();
        let can = |action: &Action| study.vocabulary.actions.contains(action);
        for action in [Action::Pseudonymise, Action::Redact].into_iter().filter(can) {
            let mut duties = Self { action, items: items.clone() };
            if !duties.pass(study, facts, index, qualities) {
                continue;
            }
            for item in &items {
                let fewer = Self { action, items: duties.items.iter().filter(|one| *one != item).cloned().collect() };
                if !fewer.items.is_empty() && fewer.pass(study, facts, index, qualities) {
                    duties = fewer;
                }
            }
            return Some(duties);
        }
        None
    }

    fn pass(&self, study: &Study, facts: &Facts, index: usize, qualities: &[&Quality]) -> bool {
        passes(study, facts, index, (qualities, Some(self)))
    }

    /// As a rule about one backend.
    fn rule(&self, backend: &Word) -> Rule {
        let mut actions: Vec<(EntityId, Action)> = Vec::new();
        let mut class_actions: Vec<(ClassId, Action)> = Vec::new();
        for item in &self.items {
            match item {
                Item::Type(fact) => actions.push((fact.entity, self.action)),
                Item::Class(class) => class_actions.push((*class, self.action)),
            }
        }
        Rule {
            name: Word::fixed("what-if"),
            because: Word::fixed("what-if"),
            pack: false,
            gate: Gate::default(),
            unspared: None,
            on: Some(Predicate::Is(Quality::Named(backend.clone()))),
            only: None,
            never: None,
            actions,
            class_actions,
            seals: false,
            prefers: Vec::new(),
        }
    }

    fn said(&self, study: &Study) -> String {
        let part = |item: &Item| match item {
            Item::Type(fact) => amount(study, fact, fact.possibly),
            Item::Class(class) => class_name(*class, &study.catalogue, study.language),
        };
        // A type of a class that is named too goes without saying.
        let info = |fact: &TypeFact| study.catalogue.info(fact.entity).map(|info| info.classes).unwrap_or_default();
        let said = |item: &&Item| match item {
            Item::Type(fact) => {
                let of = |other: &Item| matches!(other, Item::Class(class) if info(fact).contains(*class));
                !self.items.iter().any(of)
            }
            Item::Class(_) => true,
        };
        let parts: Vec<String> = self.items.iter().filter(said).map(part).collect();
        format!("{} {}", study.done(self.action), parts.join(", "))
    }
}

/// So many findings of a type: `2 email`.
fn amount(study: &Study, fact: &TypeFact, count: u32) -> String {
    let name = study.catalogue.info(fact.entity).map_or("", |info| info.name.as_str());
    format!("{count} {}", super::super::surface::written(name, study.language))
}

/// The qualities that some `allow`, `only` or `never` asks and the backend does not surely have.
fn lacking(study: &Study, facts: &Facts, index: usize) -> Vec<Quality> {
    let truths = study.gathered.truths(study.now);
    let Some(truth) = truths.get(index) else { return Vec::new() };
    let plan = study.side().plan(facts);
    let mut found: Vec<Quality> = Vec::new();
    let mut ask = |predicate: &Predicate| {
        predicate.visit(true, &mut |quality, positive| {
            let holds = truth.holds(&super::super::tree::Expr::Is(quality.clone()));
            let missing = positive && !holds.surely;
            if missing && name(quality).is_some() && !found.contains(quality) {
                found.push(quality.clone());
            }
        });
    };
    for rule in study.today.rules.iter().filter(|rule| plan.fired.contains(&rule.name)) {
        rule.only.iter().for_each(&mut ask);
    }
    study.today.allows.iter().for_each(|allow| ask(&allow.backends));
    found
}

/// Every choice of `size` among `count`.
fn choices(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        found = found
            .iter()
            .flat_map(|chosen| {
                let from = chosen.last().map_or(0, |last| last + 1);
                (from..count).map(|next| chosen.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    found
}

fn passes(study: &Study, facts: &Facts, index: usize, (qualities, duties): (&[&Quality], Option<&Duties>)) -> bool {
    let mut changed = study.gathered.clone();
    let Some(entry) = changed.inventory.entries.get_mut(index) else { return false };
    let name = entry.name.clone();
    for quality in qualities {
        declare(entry, quality, study.now);
    }
    changed.resolved.rules.extend(duties.map(|duties| duties.rule(&name)));
    stands(study, facts, &changed, &name)
}

/// Whether the request passes to a backend of another declaration.
pub(super) fn passes_as(study: &Study, facts: &Facts, index: usize, as_declared: Entry) -> bool {
    let mut changed = study.gathered.clone();
    let Some(entry) = changed.inventory.entries.get_mut(index) else { return false };
    let name = entry.name.clone();
    *entry = as_declared;
    stands(study, facts, &changed, &name)
}

/// Whether the request passes to a backend under other files.
fn stands(study: &Study, facts: &Facts, changed: &Gathered, name: &Word) -> bool {
    let Ok(policy) = changed.policy(&study.catalogue, &study.vocabulary, study.now) else { return false };
    let Some(backend) = policy.id_of(name.as_str()) else { return false };
    let side = Side { policy: &policy, today: &study.today, now: study.now, told: study.told };
    standing(&side.plan(facts), backend).is_some()
}

/// Makes a quality surely true of an entry.
fn declare(entry: &mut Entry, quality: &Quality, now: Timestamp) {
    fn said<T>(value: T) -> Declared<T> {
        Declared(Some(Dated { value, verified: None, until: None }))
    }
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().years(1));
    match quality {
        Quality::Certified { scheme, level } => {
            let mut all = entry.certificates.ever().cloned().unwrap_or_default();
            all.push(Certificate { scheme: scheme.clone(), level: level.clone(), obtained: true, until });
            entry.certificates = said(all);
        }
        Quality::Contract => entry.contract = said(super::super::declared::Contract { on_file: true, dated: None }),
        Quality::KeysOurs => entry.keys_ours = said(true),
        Quality::Attested => entry.attestation = said(super::super::declared::Attestation::Until(until)),
        Quality::RetentionNone => entry.retention_none = said(true),
        Quality::TrainingNever => entry.training_never = said(true),
        Quality::TransferBasis => {
            entry.instruments = said(vec![super::super::declared::Instrument {
                kind: Word::fixed("standard-contractual-clauses"),
                dated: until.saturating_sub(jiff::Span::new().years(2)),
                until,
                countries: None,
            }]);
        }
        _ => {}
    }
}

/// A certificate that the entry had until a day that is over.
fn renewal(study: &Study, index: usize, quality: &Quality) -> Option<Text> {
    let Quality::Certified { scheme, level } = quality else { return None };
    let today = study.gathered.today(study.now);
    let mut had = study.gathered.inventory.entries.get(index)?.certificates.ever()?.iter();
    let fits = |level_had: &Option<Word>| level.is_none() || level_had == level;
    let ended = had.any(|one| one.scheme == *scheme && one.obtained && fits(&one.level) && !today.lasts(one.until));
    ended.then(|| say!("renew the certificate {}", scheme))
}

/// What the officer would do to make a quality true; `None` for what cannot be brought about on paper.
fn name(quality: &Quality) -> Option<Text> {
    Some(match quality {
        Quality::Certified { scheme, level: None } => say!("certify {}", scheme),
        Quality::Certified { scheme, level: Some(level) } => say!("certify {} level {}", scheme, level),
        Quality::Contract => say!("put a processor contract on file"),
        Quality::KeysOurs => say!("hold the keys alone"),
        Quality::Attested => say!("have the machine attested"),
        Quality::RetentionNone => say!("agree that nothing is kept"),
        Quality::TrainingNever => say!("agree that nothing is learnt"),
        Quality::TransferBasis => say!("agree on a transfer basis"),
        _ => return None,
    })
}

/// The data without which the request would pass.
fn without(study: &Study, facts: &Facts, passes: &dyn Fn(&Facts) -> bool, language: Language) -> Option<String> {
    let count = facts.types.len();
    for size in 1..=count.min(CHANGES_MAX) {
        for chosen in choices(count, size) {
            let mut less = facts.clone();
            let mut gone: Vec<TypeFact> = Vec::new();
            for at in chosen.iter().rev() {
                gone.push(less.types.remove(*at));
            }
            if passes(&less) {
                let fewest = |fact: &TypeFact| match gone.as_slice() {
                    [only] => fewest(facts, only, passes),
                    _ => fact.possibly,
                };
                let parts: Vec<String> = gone.iter().rev().map(|fact| amount(study, fact, fewest(fact))).collect();
                return Some(say!("take out {}", parts.join(", ")).said(language));
            }
        }
    }
    if let Some(text) = whole(facts, passes) {
        return Some(text.said(language));
    }
    let mut bare = facts.clone();
    bare.declared = crate::model::ClassSet::default();
    (facts.declared != bare.declared && passes(&bare)).then(|| say!("send it without this data").said(language))
}

/// What of a request that nobody could read would have to be otherwise, alone or all of it.
fn whole(facts: &Facts, passes: &dyn Fn(&Facts) -> bool) -> Option<Text> {
    let read = |facts: &Facts| Facts {
        reference: false,
        unreadable: false,
        scan: ScanStatus::Complete,
        hosted: Vec::new(),
        ..facts.clone()
    };
    let all = read(facts);
    let parts = [
        (Facts { reference: false, ..facts.clone() }, say!("send what it names in the request itself")),
        (Facts { unreadable: false, ..facts.clone() }, say!("send what cannot be read as text, or leave it out")),
        (
            Facts { scan: ScanStatus::Complete, ..facts.clone() },
            say!("send it in several requests, so that all is read"),
        ),
        (Facts { hosted: Vec::new(), ..facts.clone() }, say!("leave the hosted tool out")),
    ];
    let others: Vec<(Facts, Text)> = parts.into_iter().filter(|(less, _)| less != facts).collect();
    if let Some((_, text)) = others.iter().find(|(less, _)| passes(less)) {
        return Some(text.clone());
    }
    let texts: Vec<Part> = others.into_iter().map(|(_, text)| Part::Text(text)).collect();
    (texts.len() > 1 && passes(&all)).then(|| say!("{}", texts))
}

/// How many findings of a type have to go at least: a rule may ask for a number of them.
fn fewest(facts: &Facts, gone: &TypeFact, passes: impl Fn(&Facts) -> bool) -> u32 {
    let less = |count: u32| {
        let mut less = facts.clone();
        for fact in less.types.iter_mut().filter(|fact| fact.entity == gone.entity) {
            fact.possibly = fact.possibly.saturating_sub(count);
            fact.surely = fact.surely.min(fact.possibly);
        }
        less
    };
    (1..gone.possibly.min(COUNT_MAX)).find(|count| passes(&less(*count))).unwrap_or(gone.possibly)
}
