//! Truths of the inventory for want of which a request is refused: evidence that has ended or that nobody has looked at yet, and what
//! was never declared.
//!
//! Each is tried, not guessed: taken as renewed or declared, the policy compiled with it, and the request decided again. That one is
//! asked for does not make it true: nothing here says that it is so.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::declared::{Attestation, Dated, Declared, Entry, Today};
use super::super::resolved::Quality;
use super::super::text::{Text, say};
use super::Study;
use super::lacks::asked;
use crate::model::{Country, Word};

/// A truth of an entry: what stands under a key, or one of its certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Key(&'static str),
    Certificate(usize),
}

/// Those that may lack; the places in the order of an entry.
const KEYS: [&str; 16] = [
    "processing",
    "storage",
    "logs",
    "support",
    "run-by-owner",
    "controlled-from",
    "exposed-to",
    "sub-processors",
    "certificates",
    "transfer-basis",
    "adequacy",
    "retention",
    "training",
    "contract",
    "keys",
    "attestation",
];

/// An entry with all that could be declared of it in force.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) entry: Entry,
    /// Whether anything in it was never declared.
    pub(super) filled: bool,
}

/// Countries that are tried for what was never declared.
const COUNTRIES_MAX: usize = 4;

/// The ways in which the evidence of an entry can be whole: what was ever declared stands; and what was not is declared, so that the
/// backend is where some statement wants it. None where nothing of it is amiss.
pub(super) fn wholes(study: &Study, entry: &Entry, fired: &BTreeSet<Word>) -> Vec<Whole> {
    let today = study.gathered.today(study.now);
    let mut lasting = entry.clone();
    renew(&mut lasting, today);
    let all = truths(entry);
    let stale = !told(entry, today, &all).is_empty();
    let missing = all.iter().any(|truth| is_missing(entry, *truth).is_some());
    let filled = countries(study, fired).into_iter().filter(|_| missing).map(|country| {
        let mut entry = lasting.clone();
        fill(&mut entry, country);
        Whole { entry, filled: true }
    });
    let filled: Vec<Whole> = filled.collect();
    stale.then_some(Whole { entry: lasting, filled: false }).into_iter().chain(filled).collect()
}

/// The fewest truths of a whole entry without which the request does not pass, in words.
pub(super) fn needed(study: &Study, entry: &Entry, whole: &Entry, passes: &dyn Fn(&Entry) -> bool) -> Vec<Text> {
    let mut wanted = truths(entry);
    let with = |wanted: &[Truth]| {
        let mut changed = entry.clone();
        for one in wanted {
            take(*one, whole, &mut changed);
        }
        passes(&changed)
    };
    for truth in wanted.clone() {
        let fewer: Vec<Truth> = wanted.iter().copied().filter(|one| *one != truth).collect();
        if with(&fewer) {
            wanted = fewer;
        }
    }
    let missing: Vec<String> = wanted.iter().filter_map(|one| is_missing(entry, *one)).collect();
    let declare = (!missing.is_empty()).then(|| say!("declare in the inventory, if it is so: {}", missing.join(", ")));
    declare.into_iter().chain(told(entry, study.gathered.today(study.now), &wanted)).collect()
}

/// All that may be amiss with an entry.
fn truths(entry: &Entry) -> Vec<Truth> {
    let certificates = 0..entry.certificates.ever().map_or(0, Vec::len);
    KEYS.map(Truth::Key).into_iter().chain(certificates.map(Truth::Certificate)).collect()
}

/// Makes everything that was ever declared stand.
fn renew(entry: &mut Entry, today: Today) {
    fn stand<T>(declared: &mut Declared<T>) {
        if let Some(dated) = &mut declared.0 {
            (dated.verified, dated.until) = (None, None);
        }
    }
    entry.places.iter_mut().for_each(stand);
    stand(&mut entry.run_by_owner);
    stand(&mut entry.controlled_from);
    stand(&mut entry.exposed_to);
    stand(&mut entry.sub_processors);
    stand(&mut entry.certificates);
    stand(&mut entry.instruments);
    stand(&mut entry.adequacy);
    stand(&mut entry.retention_none);
    stand(&mut entry.training_never);
    stand(&mut entry.contract);
    stand(&mut entry.keys_ours);
    stand(&mut entry.attestation);
    let last = today.latest;
    entry.certificates.0.iter_mut().flat_map(|all| &mut all.value).for_each(|one| one.until = one.until.max(last));
    entry.instruments.0.iter_mut().flat_map(|all| &mut all.value).for_each(|one| one.until = one.until.max(last));
    for claim in entry.adequacy.0.iter_mut().flat_map(|all| &mut all.value) {
        (claim.verified, claim.until) = (None, None);
    }
    if let Some(Dated { value: Attestation::Until(until), .. }) = &mut entry.attestation.0 {
        *until = (*until).max(last);
    }
}

/// Declares what is asked of a backend and was never declared: that it is in a country, and free of foreign laws.
fn fill(entry: &mut Entry, country: Country) {
    fn set<T>(declared: &mut Declared<T>, value: T) {
        declared.0.get_or_insert(Dated { value, verified: None, until: None });
    }
    entry.places.iter_mut().for_each(|place| set(place, vec![country]));
    set(&mut entry.controlled_from, country);
    set(&mut entry.exposed_to, Vec::new());
    set(&mut entry.sub_processors, Vec::new());
}

/// Takes a truth over from another entry.
fn take(truth: Truth, from: &Entry, to: &mut Entry) {
    let key = match truth {
        Truth::Key(key) => key,
        Truth::Certificate(at) => {
            let lasting = from.certificates.ever().and_then(|all| all.get(at));
            let own = to.certificates.0.as_mut().and_then(|all| all.value.get_mut(at));
            lasting.zip(own).into_iter().for_each(|(lasting, own)| own.until = lasting.until);
            return;
        }
    };
    match key {
        "run-by-owner" => to.run_by_owner.clone_from(&from.run_by_owner),
        "controlled-from" => to.controlled_from.clone_from(&from.controlled_from),
        "exposed-to" => to.exposed_to.clone_from(&from.exposed_to),
        "sub-processors" => to.sub_processors.clone_from(&from.sub_processors),
        // Of certificates the dates of each are truths of their own.
        "certificates" => {
            if let Some(all) = &mut to.certificates.0 {
                (all.verified, all.until) = (None, None);
            }
        }
        "transfer-basis" => to.instruments.clone_from(&from.instruments),
        "adequacy" => to.adequacy.clone_from(&from.adequacy),
        "retention" => to.retention_none.clone_from(&from.retention_none),
        "training" => to.training_never.clone_from(&from.training_never),
        "contract" => to.contract.clone_from(&from.contract),
        "keys" => to.keys_ours.clone_from(&from.keys_ours),
        "attestation" => to.attestation.clone_from(&from.attestation),
        place => {
            let places = KEYS.iter().zip(&from.places).zip(&mut to.places);
            places.filter(|((key, _), _)| **key == place).for_each(|((_, from), to)| to.clone_from(from));
        }
    }
}

/// The key of a truth that was never declared.
fn is_missing(entry: &Entry, truth: Truth) -> Option<String> {
    let Truth::Key(key) = truth else { return None };
    let missing = match key {
        "controlled-from" => entry.controlled_from.0.is_none(),
        "exposed-to" => entry.exposed_to.0.is_none(),
        "sub-processors" => entry.sub_processors.0.is_none(),
        place => KEYS.iter().zip(&entry.places).any(|(key, declared)| *key == place && declared.0.is_none()),
    };
    missing.then(|| format!("`{key}`"))
}

/// What is to be done about truths that do not stand, those of one day together.
fn told(entry: &Entry, today: Today, truths: &[Truth]) -> Vec<Text> {
    let (mut over, mut early) = (BTreeMap::<Date, Vec<String>>::new(), BTreeMap::<Date, Vec<String>>::new());
    for truth in truths {
        let (name, verified, until) = dates(entry, *truth);
        if let Some(until) = until.filter(|until| !today.lasts(*until)) {
            over.entry(until).or_default().push(name);
        } else if let Some(verified) = verified.filter(|verified| !today.has_begun(*verified)) {
            early.entry(verified).or_default().push(name);
        }
    }
    let over = over.iter().map(|(day, names)| say!("renew what ended on {}: {}", day.to_string(), names.join(", ")));
    let early = early.iter().map(|(day, names)| {
        say!("verify now what is said to be verified on {}: {}", day.to_string(), names.join(", "))
    });
    over.chain(early).collect()
}

/// A truth by its name, from when it is verified, and until when it stands.
fn dates(entry: &Entry, truth: Truth) -> (String, Option<Date>, Option<Date>) {
    fn of<T>(declared: &Declared<T>) -> (Option<Date>, Option<Date>) {
        declared.0.as_ref().map_or((None, None), |dated| (dated.verified, dated.until))
    }
    let key = match truth {
        Truth::Key(key) => key,
        Truth::Certificate(at) => {
            let one = entry.certificates.ever().and_then(|all| all.get(at));
            let scheme = one.map_or_else(String::new, |one| one.scheme.to_string());
            return (scheme, None, one.map(|one| one.until));
        }
    };
    // Each stands no longer than what it lists.
    let sooner = |(verified, until): (Option<Date>, Option<Date>), own: Option<Date>| {
        (verified, until.into_iter().chain(own).min())
    };
    let (verified, until) = match key {
        "run-by-owner" => of(&entry.run_by_owner),
        "controlled-from" => of(&entry.controlled_from),
        "exposed-to" => of(&entry.exposed_to),
        "sub-processors" => of(&entry.sub_processors),
        "certificates" => of(&entry.certificates),
        "transfer-basis" => {
            sooner(of(&entry.instruments), entry.instruments.ever().into_iter().flatten().map(|one| one.until).min())
        }
        "adequacy" => {
            sooner(of(&entry.adequacy), entry.adequacy.ever().into_iter().flatten().filter_map(|one| one.until).min())
        }
        "retention" => of(&entry.retention_none),
        "training" => of(&entry.training_never),
        "contract" => of(&entry.contract),
        "keys" => of(&entry.keys_ours),
        "attestation" => sooner(
            of(&entry.attestation),
            entry.attestation.ever().and_then(|one| if let Attestation::Until(day) = one { Some(*day) } else { None }),
        ),
        place => {
            let declared = KEYS.iter().zip(&entry.places).find(|(key, _)| **key == place);
            declared.map_or((None, None), |(_, declared)| of(declared))
        }
    };
    (format!("`{key}`"), verified, until)
}

/// Countries in which a backend would be, or from which it would be controlled, as some statement wants it.
fn countries(study: &Study, fired: &BTreeSet<Word>) -> Vec<Country> {
    let world = &study.gathered.world;
    let mut found: Vec<Country> = Vec::new();
    let mut put = |country: Option<&Country>| {
        if let Some(country) = country.filter(|country| !found.contains(country)) {
            found.push(*country);
        }
    };
    asked(study, fired, &mut |quality, wanted| {
        let area = match quality {
            Quality::LocatedIn(area) | Quality::ControlledFrom(area) => area,
            Quality::OnPremises | Quality::Domestic => &world.home,
            _ => return,
        };
        let mut outside = world.home.iter().chain(&world.eea).filter(|country| !area.contains(*country));
        put(if wanted { area.first() } else { outside.next() });
    });
    put(world.home.first());
    found.truncate(COUNTRIES_MAX);
    found
}
