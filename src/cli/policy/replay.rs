//! `replay`: the recorded decisions of the audit log, taken again under a candidate. What would flip, and how often.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::further::Further;
use super::shadow::told;
use super::{Exit, Folder, Printer, Reading, counted, form, now, say, show};
use crate::app::{Archive, Officer};
use crate::audit::decisions::{Kind, Reader, read_entries};
use crate::model::entry::Digest;
use crate::model::{Action, Choice, ClassId, ClassSet, Country, Facts};
use crate::policy::study::Study;
use crate::policy::{self, Day, Language, Lost, Policy, Recall, Recorded, RecordedChoice};
use crate::telemetry::shadow::{Difference, Gets, apart};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Replay {
    /// The candidate, a policy folder; else --policies
    new: Option<PathBuf>,
    #[command(flatten)]
    pub(super) folder: Folder,
    /// From when: a number of days or hours (30d, 12h), or a date
    #[arg(long, default_value = "30d")]
    since: String,
    /// Take them as the candidate will stand, or stood, on this day at home; else as it stands now, whatever their day was
    #[arg(long, value_name = "DATE", value_parser = |text: &str| policy::day(text, Language::En))]
    on: Option<Date>,
    /// The folder of the audit log
    #[arg(long, default_value = "audit")]
    audit: PathBuf,
}

/// Decisions that would come out otherwise in the same way. A decision counts in the row of each class that it carries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Flip {
    change: &'static str,
    app: String,
    class: String,
    /// Countries of the backend where it went, and of the one where it would go.
    from: String,
    to: String,
}

#[derive(Debug, Default)]
struct Tally {
    decisions: u64,
    same: u64,
    changes: BTreeMap<&'static str, u64>,
    lost: BTreeMap<Lost, u64>,
    flips: BTreeMap<Flip, u64>,
    malformed: u64,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    flip: Flip,
    decisions: u64,
}

#[derive(Serialize)]
struct Replayed {
    since: String,
    /// The instant as of which the candidate decides.
    as_of: String,
    decisions: u64,
    same: u64,
    changes: BTreeMap<&'static str, u64>,
    lost: BTreeMap<Lost, u64>,
    flips: Vec<Row>,
    seconds: f64,
}

/// Exit 0: nothing would flip. 1: something would, or could not be told.
pub(super) fn replay(arguments: &Replay, printer: Printer) -> anyhow::Result<Exit> {
    let now = now();
    let policies = arguments.new.clone().unwrap_or_else(|| arguments.folder.policies.clone());
    let folder = Folder { policies, json: arguments.folder.json };
    let candidate = Reading { folder, on: arguments.on }.study()?;
    let since = since(&arguments.since, now, &candidate)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let policy = candidate.policy();
    let days = Days { archive: Archive::of(&arguments.audit), known: Mutex::default() };
    let started = Instant::now();
    let (audit, from) = (arguments.audit.as_path(), format!("{since:.9}"));
    let log = || format!("the audit log in `{}`", audit.display());
    let mut further: Vec<Further> = (0..threads).map(|_| Further::default()).collect();
    read_entries(audit, Kind::Attempt, Some(&from), &mut further).with_context(log)?;
    let mut went = Further::default();
    for read in further {
        went.add(read);
    }
    let mut readers: Vec<Again<'_>> =
        (0..threads).map(|_| Again::new((&days, policy, &went), candidate.instant())).collect();
    read_entries(audit, Kind::Decision, Some(&from), &mut readers).with_context(log)?;
    let mut tally = Tally { malformed: went.malformed, ..Tally::default() };
    for reader in readers {
        tally.add(reader.tally);
    }
    if tally.malformed > 0 {
        bail!("{} entries are no decisions or attempts of this version: run `octroi audit verify`", tally.malformed);
    }
    let mut flips: Vec<Row> = tally.flips.into_iter().map(|(flip, decisions)| Row { flip, decisions }).collect();
    flips.sort_by(|one, other| other.decisions.cmp(&one.decisions).then_with(|| one.flip.cmp(&other.flip)));
    let replayed = Replayed {
        since: since.to_string(),
        as_of: candidate.instant().to_string(),
        decisions: tally.decisions,
        same: tally.same,
        changes: tally.changes,
        lost: tally.lost,
        flips,
        seconds: started.elapsed().as_secs_f64(),
    };
    show(printer, arguments.folder.json, &replayed, || {
        print(&replayed, (&candidate.clock(since), candidate.language()), printer);
        let taken = say(
            candidate.language(),
            "taken as the candidate stands on",
            "reprises selon le nouveau dossier tel qu'il est le",
        );
        printer.say(format!("{taken} {}", candidate.clock(candidate.instant())));
    });
    // What was refused before it was inspected is refused by any policy, and what was held by none of their rules.
    let untold = replayed.lost.keys().any(|why| !matches!(why, Lost::NoFacts | Lost::Held));
    Ok(if replayed.changes.is_empty() && !untold { Exit::Well } else { Exit::Findings })
}

fn print(replayed: &Replayed, (since, language): (&str, Language), printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    let decisions = many(replayed.decisions);
    let taken = (["decision since", "decisions since"], ["décision depuis le", "décisions depuis le"]);
    printer.line(format!(
        "{} {since}, {} {:.1} s{} {}",
        counted(language, decisions, taken),
        form(language, decisions, (["taken again in"; 2], ["reprise en", "reprises en"])),
        replayed.seconds,
        said(":", " :"),
        counted(language, many(replayed.same), SAME)
    ));
    for (change, count) in &replayed.changes {
        printer.line(format!("{count:>9}  {}", told(change, many(*count), language)));
    }
    for (why, count) in &replayed.lost {
        let untaken = form(language, many(*count), (["not taken again"; 2], ["non reprise", "non reprises"]));
        printer.line(format!("{count:>9}  {untaken}{} {}", said(":", " :"), why.said(language)));
    }
    for Row { flip, decisions } in &replayed.flips {
        let Flip { change, app, class, from, to } = flip;
        let [class, from, to] = [class, from, to].map(|word| word_of(word, 2, language));
        let change = word_of(change, many(*decisions), language);
        printer.line(format!("{decisions:>9}  {change:<14}  {app}  {class}  {from} → {to}"));
    }
}

/// What is said of decisions that do not change.
pub(super) const SAME: ([&str; 2], [&str; 2]) =
    (["comes out the same", "come out the same"], ["reste la même", "restent les mêmes"]);

/// A count as a number of things.
pub(super) fn many(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A word of the table, of so many decisions; classes and types as sheets write them.
pub(super) fn word_of(word: &str, count: usize, language: Language) -> &str {
    if language == Language::En {
        return word;
    }
    let of = |one: &'static str, many: &'static str| form(language, count, ([""; 2], [one, many]));
    match word {
        "refused" => of("refusée", "refusées"),
        "allowed" => of("permise", "permises"),
        "moved" => of("déplacée", "déplacées"),
        "more-changed" => of("plus changée", "plus changées"),
        "less-changed" => of("moins changée", "moins changées"),
        "others" => of("autre", "autres"),
        "none" => "aucune",
        "unknown" => "inconnu",
        data => policy::data_name(data, language),
    }
}

/// `30d`, `12h`, a date, which begins at home, or an instant.
fn since(text: &str, now: Timestamp, home: &Study) -> anyhow::Result<Timestamp> {
    let hours = |digits: &str, each: i64| digits.parse::<u32>().ok().map(|count| i64::from(count) * each);
    let back = text.strip_suffix('d').and_then(|days| hours(days, 24));
    let back = back.or_else(|| text.strip_suffix('h').and_then(|count| hours(count, 1)));
    if let Some(hours) = back {
        return now.checked_sub(SignedDuration::from_hours(hours)).context("`--since` is too long ago");
    }
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let language = home.language();
    let wrong = match (policy::day(text, language), language) {
        (Ok(day), _) => return home.midnight(day).context("`--since` is too long ago"),
        (Err(help), Language::En) => {
            format!("`--since` is a number of days or hours (30d, 12h) or a date, and not `{text}`\n  help: {help}")
        }
        (Err(help), Language::Fr) => format!(
            "`--since` est un nombre de jours ou d'heures (30d, 12h) ou une date, et non `{text}`\n  conseil : {help}"
        ),
    };
    bail!(wrong)
}

/// What gateways knew under the policies of the log, in the terms of the candidate.
struct Days {
    archive: Archive,
    known: Mutex<HashMap<[String; 3], Arc<Day>>>,
}

impl Days {
    /// The day of a gateway with the files of these digests. Where they are not kept it is taken for one that had no detectors of
    /// its own, and whose sheets named nothing.
    fn of(&self, digests: [&str; 3], recall: &Recall<'_>, now: Timestamp) -> Arc<Day> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let day = known.entry(digests.map(str::to_owned)).or_insert_with(|| {
            let [Some(policy), Some(inventory), Some(reference)] = digests.map(Digest::parse) else {
                return Arc::default();
            };
            let kept = Officer::read(&self.archive.place([policy, inventory, reference])).ok();
            let then = kept.as_ref().and_then(|officer| officer.policy(now).ok());
            let sought = kept.or_else(|| Officer::read(Path::new("")).ok()).map(|officer| officer.sought());
            recall.day(&sought.unwrap_or_default(), then.as_ref()).into()
        });
        Arc::clone(day)
    }
}

/// Takes decisions again.
struct Again<'p> {
    days: &'p Days,
    policy: &'p Policy,
    went: &'p Further,
    recall: Recall<'p>,
    now: Timestamp,
    tally: Tally,
    /// The digests of the last decision, and its day: most have the same.
    last: ([String; 3], Arc<Day>),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    entry: Recorded<'a>,
}

impl<'p> Again<'p> {
    fn new((days, policy, went): (&'p Days, &'p Policy, &'p Further), now: Timestamp) -> Self {
        let last = (Default::default(), Arc::default());
        Self { days, policy, went, recall: Recall::new(policy), now, tally: Tally::default(), last }
    }

    fn day(&mut self, recorded: &Recorded<'_>) -> Arc<Day> {
        let digests = recorded.digests();
        if self.last.0 != digests {
            let day = self.days.of(digests, &self.recall, self.now);
            self.last = (digests.map(str::to_owned), day);
        }
        Arc::clone(&self.last.1)
    }

    fn note(&mut self, recorded: &Recorded<'_>, facts: &Facts, choices: &[Choice]) {
        let name = |choice: &Choice| self.policy.backend(choice.backend).map_or("", |backend| backend.name.as_str());
        let first = recorded.sending.as_ref().map(|sending| &*sending.backend);
        let went = self.went.of(&recorded.request).or(first);
        let at = went.and_then(|went| recorded.plan.iter().position(|planned| planned.backend == went)).unwrap_or(0);
        // Those before it in its plan did not serve that day, and are not where it would have gone.
        let passed = recorded.plan.get(..at).unwrap_or_default();
        let left: Vec<&Choice> =
            choices.iter().filter(|choice| passed.iter().all(|passed| passed.backend != name(choice))).collect();
        let Some(change) = self.change((&recorded.plan, at), (choices, &left)) else {
            self.tally.same += 1;
            return;
        };
        *self.tally.changes.entry(change).or_default() += 1;
        let from = recorded.plan.get(at).map_or_else(|| "–".to_owned(), |planned| countries(&planned.countries));
        let backend = left.first().and_then(|choice| self.policy.backend(choice.backend));
        let to = backend.map_or_else(|| "–".to_owned(), |backend| countries(&backend.processing));
        for class in classes(self.policy, facts) {
            let flip = Flip { change, app: recorded.app.to_string(), class, from: from.clone(), to: to.clone() };
            *self.tally.flips.entry(flip).or_default() += 1;
        }
    }

    /// The gravest difference between what was, and where in its plan the request went, and what would be, and what would be left.
    fn change(
        &self,
        (before, at): (&[RecordedChoice<'_>], usize),
        (after, left): (&[Choice], &[&Choice]),
    ) -> Option<&'static str> {
        let name = |choice: &Choice| self.policy.backend(choice.backend).map_or("", |backend| backend.name.as_str());
        let (Some(was), Some(is)) = (before.get(at), left.first()) else {
            return match (before.is_empty(), left.is_empty()) {
                (false, true) => Some("refused"),
                (true, false) => Some("allowed"),
                _ => None,
            };
        };
        if was.backend != name(is) {
            // Equal ranks are chosen by load: both may have been first.
            let alike = left.iter().filter(|one| (one.tier, one.rank) == (is.tier, is.rank));
            if !alike.into_iter().any(|one| was.backend == name(one)) {
                return Some("moved");
            }
        }
        if !left.iter().any(|one| was.backend == name(one)) {
            return Some("moved");
        }
        let then: Vec<Gets<'_>> = before.iter().map(|choice| Self::got(choice)).collect();
        let now: Vec<Gets<'_>> = after.iter().map(|choice| self.would_get(choice)).collect();
        apart(&then, at, &now).map(Difference::name)
    }

    /// What a backend got, as far as its entry tells: not whether it was kept under seal.
    fn got<'a>(choice: &'a RecordedChoice<'_>) -> Gets<'a> {
        let action = |name: &str| Action::ALL.into_iter().find(|known| known.name() == name).unwrap_or_default();
        let duties = choice.duties.iter().map(|(entity, name)| (&**entity, action(name)));
        let duties = duties.filter(|(_, action)| *action > Action::Keep).collect();
        Gets { backend: &choice.backend, duties, sealed: false }
    }

    fn would_get(&self, choice: &Choice) -> Gets<'p> {
        let policy = self.policy;
        let duties = choice.duties.actions.iter().filter(|(_, action)| *action > Action::Keep);
        let type_name = |id| policy.catalogue().info(id).map_or("", |info| info.name.as_str());
        Gets {
            backend: policy.backend(choice.backend).map_or("", |backend| backend.name.as_str()),
            duties: duties.map(|(entity, action)| (type_name(*entity), *action)).collect(),
            sealed: false,
        }
    }
}

impl Reader for Again<'_> {
    fn take(&mut self, _seq: u64, _time: &str, entry: &[u8]) {
        let Ok(Envelope { entry }) = serde_json::from_slice::<Envelope<'_>>(entry) else {
            self.tally.malformed += 1;
            return;
        };
        self.tally.decisions += 1;
        let day = self.day(&entry);
        match self.recall.again(&entry, &day, self.now) {
            Ok((facts, choices)) => self.note(&entry, &facts, &choices),
            Err(lost) => *self.tally.lost.entry(lost).or_default() += 1,
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        fn merge<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(key).or_default() += count;
            }
        }
        self.decisions += other.decisions;
        self.same += other.same;
        self.malformed += other.malformed;
        merge(&mut self.changes, other.changes);
        merge(&mut self.lost, other.lost);
        merge(&mut self.flips, other.flips);
    }
}

fn countries(countries: &[Country]) -> String {
    let codes: Vec<&str> = countries.iter().map(Country::as_str).collect();
    if codes.is_empty() { "unknown".to_owned() } else { codes.join("+") }
}

/// The classes that a request carries, by name; `none` when it carries none.
fn classes(policy: &Policy, facts: &Facts) -> Vec<String> {
    let catalogue = policy.catalogue();
    let found = facts.types.iter().filter_map(|fact| catalogue.info(fact.entity));
    let set: ClassSet = found.fold(facts.declared, |set, info| set.union(info.classes));
    let all = (0_u8..).map(ClassId).zip(&catalogue.classes);
    let names: Vec<String> =
        all.filter(|(class, _)| set.contains(*class)).map(|(_, info)| info.name.to_string()).collect();
    if names.is_empty() { vec!["none".to_owned()] } else { names }
}
