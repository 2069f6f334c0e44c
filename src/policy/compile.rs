//! From the officer's files to a policy: parse all, look everything up, report every fault, compile.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::compiled::Policy;
use super::declared::Today;
use super::diagnostic::{Diagnostic, File};
use super::inventory::{self, Inventory};
use super::phrase::Language;
use super::program::Program;
use super::reference::Reference;
use super::resolve::{Names, Resolver};
use super::resolved::{Allow, Atom, Exception, Resolved, Rule};
use super::sheets::{Zones, check_whole, digest, groups, home, labels, read_sheets};
use super::text::say;
use super::toml_faults::BROKEN_LINE;
use super::tree::{self, Sheet};
use super::truth::{Truth, World};
use super::{SourceFile, Sources, Vocabulary, sorted};
use crate::limits::POLICY_ALTERNATIVES_MAX;
use crate::model::entry::Digest;
use crate::model::{Catalogue, EntityId, Word};

/// Compiles the officer's files as they stand at `now`.
///
/// # Errors
/// Every fault of every file, by file and place.
pub fn compile(
    sources: &Sources,
    catalogue: &Catalogue,
    served: &[EntityId],
    vocabulary: &Vocabulary,
    now: Timestamp,
) -> Result<Policy, Vec<Diagnostic>> {
    gather(sources, catalogue, served, vocabulary)?.policy(catalogue, vocabulary, now)
}

/// All files, understood and without a fault, before they are put to a day.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    sheets: Vec<(File, Sheet)>,
    digest: Digest,
    pub(super) resolved: Resolved,
    pub(super) inventory: Inventory,
    pub(super) world: World,
    zones: Zones,
    labels: Vec<Word>,
    /// Whether all but the sheets was understood: inventory, reference data, home and labels.
    pub(super) grounded: bool,
}

/// Reads all files and looks every name up.
pub(super) fn gather(
    sources: &Sources,
    catalogue: &Catalogue,
    served: &[EntityId],
    vocabulary: &Vocabulary,
) -> Result<Gathered, Vec<Diagnostic>> {
    let (gathered, faults) = gather_all(sources, catalogue, served, vocabulary);
    if faults.is_empty() { Ok(gathered) } else { Err(faults) }
}

/// The same with every fault, and what was understood. Beside a fault it is good for notices, where it is grounded for questions
/// about a statement that was read whole too, and for no decision.
pub(super) fn gather_all(
    sources: &Sources,
    catalogue: &Catalogue,
    served: &[EntityId],
    vocabulary: &Vocabulary,
) -> (Gathered, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let language = sources.language();
    let reference = Reference::read(&sources.reference, language, &mut faults);
    let inventory = read_inventory(sources.inventory.as_ref(), &reference, language, &mut faults);
    let entries_known = entries_known(sources.inventory.as_ref(), &faults);
    let sheets = read_sheets(sources, &mut faults);
    let groups = groups(&sheets, &mut faults);
    let (home, zones) = home(&sheets, &reference, &mut faults);
    let labels = labels(&sheets, &mut faults);
    let grounded =
        faults.iter().all(|fault| sheets.iter().any(|(file, _)| *fault.file() == *file.name())) && !home.is_empty();
    let eea = reference.eea();
    let world = World { reference, home, eea };
    let backends: Vec<Word> = inventory.entries.iter().map(|entry| entry.name.clone()).collect();
    let names = Names {
        catalogue,
        served,
        vocabulary,
        world: &world,
        backends: &backends,
        entries_known,
        labels: &labels,
        groups: &groups,
    };
    let mut resolved = Resolved::default();
    for (file, sheet) in &sheets {
        Resolver { names: &names, file, pack: sheet.pack, faults: &mut faults }.sheet(sheet, &mut resolved);
    }
    check_whole(&sheets, &mut faults);
    let digest = digest(&sheets);
    (Gathered { sheets, digest, resolved, inventory, world, zones, labels, grounded }, sorted(faults))
}

/// Whether the names of all entries of the inventory are known: that of a header which the format rejects is not.
fn entries_known(inventory: Option<&SourceFile>, faults: &[Diagnostic]) -> bool {
    inventory.is_none_or(|file| !faults.iter().any(|fault| fault.file() == file.name && fault.code() == BROKEN_LINE))
}

impl Gathered {
    /// The day at home, to tell an officer: where it is not known, the earliest that it can be.
    pub(super) fn day(&self, now: Timestamp) -> Date {
        self.today(now).earliest
    }

    /// What day it is at home, as far as that is known.
    pub(super) fn today(&self, now: Timestamp) -> Today {
        let day = |zone: &TimeZone| now.to_zoned(zone.clone()).date();
        Today { earliest: day(&self.zones.last), latest: day(&self.zones.first) }
    }

    /// Noon of a day at home: where home has several clocks, of the latest of them, when it is that day at all of them or nearly.
    pub(super) fn noon(&self, day: Date) -> Option<Timestamp> {
        Some(day.at(12, 0, 0, 0).to_zoned(self.zones.last.clone()).ok()?.timestamp())
    }

    /// When a day begins at home: where home has several clocks, by the first of them.
    pub(super) fn midnight(&self, day: Date) -> Option<Timestamp> {
        Some(day.to_zoned(self.zones.first.clone()).ok()?.timestamp())
    }

    /// Whether it is one time everywhere at home.
    pub(super) fn has_one_clock(&self) -> bool {
        self.zones.first == self.zones.last
    }

    /// Date and time at home; nothing where home has several clocks.
    pub(super) fn clock(&self, instant: Timestamp) -> Option<String> {
        self.has_one_clock().then(|| instant.to_zoned(self.zones.first.clone()).strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// The next instant at which something begins or ends: a declared truth, an adequacy decision, a window, an exception.
    /// A last day ends with that day at home; where nobody knows when that is, what hangs on it changes when it may be over and
    /// again when it surely is.
    pub(super) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let (mut first_days, mut last_days): (Vec<Date>, Vec<Date>) = (Vec::new(), Vec::new());
        for decision in &self.world.reference.decisions {
            first_days.push(decision.from);
            last_days.extend(decision.until);
        }
        for entry in &self.inventory.entries {
            entry.dates(&mut first_days, &mut last_days);
        }
        self.resolved.dates(&mut first_days, &mut last_days);
        let behind = last_days.into_iter().filter_map(|day| day.checked_add(1.day()).ok());
        let days: Vec<Date> = first_days.into_iter().chain(behind).collect();
        let midnights = |zone: &TimeZone| -> Vec<_> {
            days.iter().filter_map(|day| day.to_zoned(zone.clone()).ok()).map(|midnight| midnight.timestamp()).collect()
        };
        [midnights(&self.zones.first), midnights(&self.zones.last)]
            .into_iter()
            .flatten()
            .filter(|instant| instant.duration_since(now) > SignedDuration::ZERO)
            .min()
    }

    /// What is true of each backend on the day of an instant.
    pub(super) fn truths(&self, now: Timestamp) -> Vec<Truth<'_>> {
        let today = self.today(now);
        self.inventory.entries.iter().map(|entry| Truth { entry, world: &self.world, today }).collect()
    }

    /// The language of the first sheet.
    pub(super) fn language(&self) -> Language {
        self.sheets.first().map(|(file, _)| file.language()).unwrap_or_default()
    }

    /// The packs that are used: name and text.
    pub(super) fn packs(&self) -> impl Iterator<Item = (&str, &str)> {
        let packs = self.sheets.iter().filter(|(_, sheet)| sheet.pack);
        packs.map(|(file, sheet)| (sheet.title.text.as_str(), file.text()))
    }

    /// When each sheet and pack is to be reviewed.
    pub(super) fn reviews(&self) -> Vec<(String, Date)> {
        let sheets = self.sheets.iter();
        sheets.filter_map(|(_, sheet)| Some((sheet.title.text.clone(), sheet.review_before?))).collect()
    }

    /// Where an `allow` stands, by its number among those of the sheets.
    pub(super) fn allow(&self, number: usize) -> Option<(&File, Range<usize>)> {
        let all = self.sheets.iter().flat_map(|(file, sheet)| sheet.allows.iter().map(move |allow| (file, allow)));
        let (file, allow) = all.into_iter().nth(number.checked_sub(1)?)?;
        Some((file, allow.span.clone()))
    }

    /// The exceptions as they are written, with whoever approved them, each with its file.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = (&File, &tree::Exception)> {
        self.sheets.iter().flat_map(|(file, sheet)| sheet.exceptions.iter().map(move |exception| (file, exception)))
    }

    /// Takes the statements out whose condition is too wide, so that the others can be asked about.
    pub(super) fn narrow(&mut self) {
        let exceptions = std::mem::take(&mut self.resolved.exceptions);
        self.resolved.allows.retain(fits);
        self.resolved.rules.retain(|rule| rule_fits(rule, &exceptions));
        self.resolved.exceptions = exceptions;
    }

    /// Each statement whose condition is too wide, in its place.
    fn too_wide(&self, today: &Resolved) -> Vec<Diagnostic> {
        let allows = today.allows.iter().filter(|allow| !fits(allow));
        let mut found: Vec<(&File, Range<usize>)> = allows.filter_map(|allow| self.allow(allow.number)).collect();
        for rule in today.rules.iter().filter(|rule| !rule_fits(rule, &today.exceptions)) {
            let written = self.sheets.iter().flat_map(|(file, sheet)| sheet.rules.iter().map(move |rule| (file, rule)));
            let named = written.filter(|(_, written)| *written.name.text == *rule.name.as_str());
            found.extend(named.map(|(file, written)| (file, written.name.span.clone())));
        }
        // What else has a condition is not told apart: the sheet is named.
        if found.is_empty() {
            found.extend(self.sheets.first().map(|(file, sheet)| (file, sheet.title.span.clone())));
        }
        let too_wide = |(file, span): (&File, Range<usize>)| {
            let message = say!(
                "this condition has more than {} alternatives once its brackets are multiplied out",
                POLICY_ALTERNATIVES_MAX
            );
            Diagnostic::new("octroi::policy::too-wide", file, span, message).help("split it into several rules")
        };
        found.into_iter().map(too_wide).collect()
    }

    pub(super) fn policy(
        &self,
        catalogue: &Catalogue,
        vocabulary: &Vocabulary,
        now: Timestamp,
    ) -> Result<Policy, Vec<Diagnostic>> {
        let truths = self.truths(now);
        let today = self.resolved.on(self.today(now));
        let program = Program::new(&today, &truths, catalogue.entities.len()).map_err(|_| self.too_wide(&today))?;
        let first = self.sheets.first().map(|(_, sheet)| sheet);
        let rules = &today.rules;
        Ok(Policy {
            name: first.map_or(Word::UNKNOWN, |sheet| Word::configured(&sheet.title.text)),
            version: first.map_or(0, |sheet| sheet.version),
            digests: [self.digest, self.inventory.digest, self.world.reference.digest],
            valid_until: self.next_change(now),
            notices: self.notices(self.day(now), vocabulary),
            ended: self.ended(self.today(now)),
            catalogue: catalogue.clone(),
            backends: truths.iter().map(Truth::backend).collect(),
            located_in_eea: truths.iter().map(Truth::located_in_eea).collect(),
            purposes: purposes(&self.resolved),
            asked: self.resolved.asked(catalogue),
            hosts: self.resolved.tools.iter().filter_map(|tool| tool.host.clone()).collect(),
            value_hosts: today.hosts.iter().flat_map(|host| host.spellings.iter().cloned()).collect(),
            countries: self.world.reference.countries.keys().copied().collect(),
            because: rules.iter().map(|rule| (rule.name.clone(), rule.because.clone())).collect(),
            scenarios: self.resolved.scenarios.clone(),
            labels: self.labels.clone(),
            says: today.says.clone(),
            actions: vocabulary.actions.clone(),
            seals: vocabulary.seals,
            program,
        })
    }
}

fn read_inventory(
    source: Option<&SourceFile>,
    reference: &Reference,
    language: Language,
    faults: &mut Vec<Diagnostic>,
) -> Inventory {
    if let Some(source) = source {
        return inventory::read(&File::new(&source.name, &source.text, language), reference, faults);
    }
    let file = File::new("policies/backends.toml", "", language);
    let fault = Diagnostic::new("octroi::policy::no-inventory", &file, 0..0, "there is no inventory of backends");
    faults.push(fault.help("a backend that no inventory declares is never used: write policies/backends.toml"));
    // That it is empty is told by this.
    inventory::read(&file, reference, &mut Vec::new())
}

/// Whether the condition of an `allow` is narrow enough to be compiled.
fn fits(allow: &Allow) -> bool {
    Program::new(&Resolved { allows: vec![allow.clone()], ..Resolved::default() }, &[], 0).is_ok()
}

/// The same of a rule, with what is excepted from it.
fn rule_fits(rule: &Rule, exceptions: &[Exception]) -> bool {
    let exceptions = exceptions.iter().filter(|exception| exception.rule == rule.name).cloned().collect();
    Program::new(&Resolved { rules: vec![rule.clone()], exceptions, ..Resolved::default() }, &[], 0).is_ok()
}

/// The purposes that something asks for on any day, exceptions included, sorted.
fn purposes(resolved: &Resolved) -> Vec<Word> {
    let mut purposes = Vec::new();
    let exceptions = resolved.exceptions.iter().filter_map(|exception| exception.when.as_ref());
    for condition in resolved.conditions().chain(exceptions) {
        condition.visit(true, &mut |atom, _| {
            if let Atom::Purpose(purpose) = atom {
                purposes.push(purpose.clone());
            }
        });
    }
    purposes.sort_unstable();
    purposes.dedup();
    purposes
}
