//! More than one log: the epochs of a gateway, the gateways of a deployment.
//!
//! The key of an epoch announces that of the next in its last entries; the first entry of the next names the size and root of
//! the one before. So neither can be exchanged alone: a log that was signed anew with a later key does not fit the root that
//! its successor remembers, and a log that was deleted is missed by the one after it, by a policy that lists it, or by
//! whoever kept a checkpoint of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::copies;
use crate::entry::{ENTRY_BYTES_MAX, Kind};
use crate::folders::{check_places, folders, unless_changing};
use crate::note::{NOTE_BYTES_MAX, VerifierKey};
use crate::policy::Policy;
use crate::problem::{Problem, ProblemKind};
use crate::published::{Files, is_published};
use crate::regular;
use crate::report::{Removal, Report};
use crate::review::FILE;
use crate::shown::shown;
use crate::verify::{CHECKPOINT, Known, Progress, Trust, verify_dir, verify_log};

/// The folder of finished epochs within a log's folder.
pub const EPOCHS: &str = "epochs";
/// The folder beside a log with what its gateway is to take into it.
const NOTES: &str = "access";
/// Files there that are looked at.
const NOTES_MAX: usize = 1 << 16;
/// What may be the matter with an epoch that its predecessor announced.
pub(crate) const CUT_OFF: &str = "a rotation that was cut off is finished by the next start";

/// Verifies every log in a folder, and that they fit together.
///
/// # Errors
/// The first [`Problem`]; its file is relative to the folder.
pub fn verify_all(dir: &Path, trust: &Trust, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Report>, Problem> {
    let listed = folders(dir)?;
    verify_listed(dir, listed.clone(), trust, progress).map_err(|problem| unless_changing(dir, &listed, problem))
}

fn verify_listed(
    dir: &Path,
    mut folders: Vec<PathBuf>,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Report>, Problem> {
    check_known(&trust.known)?;
    if folders.is_empty() && dir.is_dir() {
        // Whoever names a log knows that it was there.
        check_listed(&[], trust)?;
    }
    if folders.is_empty() {
        return Ok(vec![verify_dir(dir, trust, progress)?]);
    }
    let mut reports = Vec::with_capacity(folders.len());
    let mut announced = Vec::new();
    // An epoch comes before the one that it announces: its name ends with a smaller number.
    folders.sort_by_cached_key(|folder| epoch_of(&origin_of(folder)));
    let copies = copies::of(&folders);
    for folder in &folders {
        let mut trust = for_origin(&origin_of(folder), trust, &announced);
        let others = copies::shorter(&copies, folder);
        trust.known.extend(others.iter().map(|copy| copy.known.clone()));
        let report = verify_log(folder, &trust, progress);
        let report = report.map_err(|problem| within(dir, folder, copies::named(problem, &others, (dir, folder))))?;
        // What a log announced whose own key is trusted is trusted; that it follows is looked at below.
        let next = report.announced.as_deref().filter(|_| report.key_given);
        announced.extend(next.and_then(|key| VerifierKey::parse(key).ok()));
        reports.push(report);
    }
    place_exports(&mut reports)?;
    check_links(&reports)?;
    check_removals(&folders, &mut reports)?;
    check_listed(&reports, trust)?;
    check_trusted(&reports, trust)?;
    check_places(&folders).map_err(|(folder, problem)| within(dir, folder, problem))?;
    check_indexed(dir, &folders, &reports)?;
    Ok(reports)
}

/// What is gone of the beginning of a log must be on record: in that log, or in a later epoch where it is finished. The command
/// that removed it leaves a note, which the gateway takes into the log; until then nobody signed it, and it shows nothing.
pub(crate) fn check_removals(folders: &[PathBuf], reports: &mut [Report]) -> Result<(), Problem> {
    let said: Vec<(String, u64)> = reports
        .iter()
        .flat_map(|report| {
            let own = |removal: &Removal| removal.log.clone().unwrap_or_else(|| report.origin.clone());
            report.removals.iter().map(move |removal| (own(removal), removal.to))
        })
        .collect();
    // No gateway takes notes beside a published log.
    let own = folders.iter().filter(|folder| !is_published(folder));
    let waiting: Vec<Removal> = own.flat_map(|folder| waiting(folder)).collect();
    let alone = reports.len() == 1;
    for report in reports.iter_mut().filter(|report| report.pruned > 0) {
        let says = |log: &str, to: u64| log == report.origin && to >= report.pruned;
        let is_said = said.iter().any(|(log, to)| says(log, *to));
        let is_noted = waiting.iter().any(|removal| says(removal.log.as_deref().unwrap_or_default(), removal.to));
        report.recorded = is_said;
        // The key of a finished epoch is gone: a later one speaks of it.
        if is_said || (alone && report.announced.is_some() && !is_noted) {
            continue;
        }
        let mut detail = format!("the first {} entries are gone, and no `prune` entry says so", report.pruned);
        if is_noted {
            detail += ", only a note beside the log that nobody signed: where the gateway wrote it, it takes it into the log within \
                       seconds, or when it starts; verify again then";
        }
        return Err(Problem::new(&report.origin, ProblemKind::MissingEntries, detail).entry(0));
    }
    Ok(())
}

/// Notes on removed entries that wait for the gateway, beside a log; others may leave files there, too.
fn waiting(folder: &Path) -> Vec<Removal> {
    #[derive(Deserialize)]
    struct Note {
        kind: String,
        #[serde(flatten)]
        removal: Removal,
    }
    let names = fs::read_dir(folder.join(NOTES)).into_iter().flatten().flatten().take(NOTES_MAX);
    // A pipe would keep whoever opens it waiting.
    let files = names.filter(|name| name.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.filter_map(|name| name.file_name().into_string().ok()).filter(|name| name.starts_with("prune-"));
    let read = |name: String| Files::read(&folder, &format!("{NOTES}/{name}"), ENTRY_BYTES_MAX as u64).ok();
    let notes = names.filter_map(read).filter_map(|text| serde_json::from_slice::<Note>(&text).ok());
    notes.filter(|note| note.kind == Kind::Prune.name()).map(|note| note.removal).collect()
}

/// An index that somebody relies on must be there, of every epoch: a search and a report go through all of them.
fn check_indexed(dir: &Path, folders: &[PathBuf], reports: &[Report]) -> Result<(), Problem> {
    let missing = reports.iter().zip(folders).find(|(report, _)| report.indexed == Some(None));
    missing.map_or(Ok(()), |(_, folder)| Err(within(dir, folder, no_index(dir))))
}

/// Says that a log has no index, and what makes one.
pub fn no_index(dir: &Path) -> Problem {
    let detail = format!("there is none beside this log: `octroi audit reindex {}` makes it", shown(dir));
    Problem::new(FILE, ProblemKind::NoIndex, detail)
}

/// Each export must be of one of the logs; it is told in the report of that one.
pub(crate) fn place_exports(reports: &mut [Report]) -> Result<(), Problem> {
    let count = reports.first().map_or(0, |report| report.exports.len());
    for index in 0..count {
        let exports = || reports.iter().filter_map(|report| report.exports.get(index));
        if exports().all(|export| export.problem.is_some()) {
            // The log that holds most of it is the one that it was taken from.
            let nearest = exports().max_by_key(|export| export.matched);
            return nearest.and_then(|export| export.problem.clone()).map_or(Ok(()), Err);
        }
    }
    for report in reports {
        report.exports.retain(|export| export.problem.is_none());
    }
    Ok(())
}

/// A kept checkpoint that cannot be read would be of no log, and so compared with none; the log is not to blame for it.
pub(crate) fn check_known(known: &[Known]) -> Result<(), Problem> {
    match known.iter().find(|known| known.origin().is_none()) {
        Some(known) => Err(Problem::new(&known.name, ProblemKind::Unreadable, "it is not a checkpoint")),
        None => Ok(()),
    }
}

/// What of the trust is about the log of this name; keys that trusted logs announced are trusted, too. Of a log that it says
/// nothing of, it is seen first whether another one is missing ([`check_links`], [`check_listed`]): that one would speak of it.
pub(crate) fn for_origin(origin: &str, trust: &Trust, announced: &[VerifierKey]) -> Trust {
    let known = trust.known.iter().filter(|known| known.origin().as_deref() == Some(origin)).cloned().collect();
    let mut key = trust.key.clone().filter(|key| key.name() == origin);
    let mut policy = trust.policy.clone();
    if let Some(next) = announced.iter().find(|next| next.name() == origin) {
        match &mut policy {
            // Its witnesses must sign the later epochs as well.
            Some(policy) if !policy.logs().iter().any(|log| log.name() == origin) => {
                *policy = policy.with_log(next.clone());
            }
            Some(_) => {}
            None => key = key.or_else(|| Some(next.clone())),
        }
    } else if !policy.iter().flat_map(Policy::logs).any(|log| log.name() == origin) {
        policy = None;
    }
    Trust { key, policy, known, exports: trust.exports.clone(), index: trust.index }
}

pub(crate) fn origin_of(folder: &Path) -> String {
    let text = regular::read(&folder.join(CHECKPOINT), NOTE_BYTES_MAX as u64).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}

/// The log that an origin names, and the epoch of it.
pub(crate) fn epoch_of(origin: &str) -> (String, u64) {
    let (log, epoch) = origin.rsplit_once('/').unwrap_or((origin, ""));
    (log.to_owned(), epoch.parse().unwrap_or(0))
}

/// Each epoch must be the one that its successor remembers, and its successor the one that it announced.
pub(crate) fn check_links(reports: &[Report]) -> Result<(), Problem> {
    for report in reports {
        let Some(begun) = &report.begun else { continue };
        // Of several copies the longest is the whole one.
        let copies = reports.iter().filter(|before| before.origin == begun.previous);
        let Some(before) = copies.max_by_key(|before| before.signed) else {
            let detail = format!("`{}` follows it, and it is not there", report.origin);
            return Err(Problem::new(&begun.previous, ProblemKind::MissingLog, detail));
        };
        let problem = |detail: String| Err(Problem::new(&before.origin, ProblemKind::Rewritten, detail));
        if before.key.public() == report.key.public() {
            return problem(format!("it is signed with the key of the later `{}`", report.origin));
        }
        if (before.signed, before.root) != (begun.size, begun.root) {
            return problem(format!("`{}` was begun after {} other entries", report.origin, begun.size));
        }
        if before.announced.as_deref() != Some(report.key.to_string().as_str()) {
            return problem(format!("it did not announce the key of `{}`", report.origin));
        }
    }
    reports.iter().try_for_each(|report| check_successor(report, reports))
}

/// What an epoch announced must be there: the log with that key, begun behind it.
fn check_successor(report: &Report, reports: &[Report]) -> Result<(), Problem> {
    let Some(announced) = &report.announced else { return Ok(()) };
    let follows = |next: &&Report| next.begun.as_ref().is_some_and(|begun| begun.previous == report.origin);
    let name = announced.split('+').next().unwrap_or_default();
    match reports.iter().find(|next| next.key.to_string() == *announced) {
        Some(next) if follows(&next) => Ok(()),
        Some(next) if next.signed.saturating_add(next.unsigned) == 0 => {
            let detail = format!("`{}` announced it, and its first entry is not there ({CUT_OFF})", report.origin);
            Err(Problem::new(&next.origin, ProblemKind::MissingEntries, detail))
        }
        Some(next) => {
            let detail = format!("it does not begin where `{}`, which announced it, ends", report.origin);
            Err(Problem::new(&next.origin, ProblemKind::Rewritten, detail))
        }
        None if reports.iter().any(|next| next.origin == name) => {
            let detail = format!("it has another key than `{}` announced for it", report.origin);
            Err(Problem::new(name, ProblemKind::Rewritten, detail))
        }
        None => {
            let detail = format!("`{}` announced it, and it is not there ({CUT_OFF})", report.origin);
            Err(Problem::new(name, ProblemKind::MissingLog, detail))
        }
    }
}

/// Every log that a policy lists, or of which somebody kept a checkpoint, must be there.
pub(crate) fn check_listed(reports: &[Report], trust: &Trust) -> Result<(), Problem> {
    let is_there = |origin: &String| reports.iter().any(|report| report.origin == *origin);
    let Some(origin) = listed(trust).into_iter().chain(named(trust)).find(|origin| !is_there(origin)) else {
        return check_keys(reports, trust);
    };
    let mut detail = "the policy, a key or a kept checkpoint names this log, and it is not there".to_owned();
    let (name, number) = epoch_of(&origin);
    let earlier = |report: &&Report| epoch_of(&report.origin).0 == name && epoch_of(&report.origin).1 < number;
    if let Some(before) = reports.iter().rev().find(earlier) {
        detail +=
            &format!(", nor did `{}` announce it: is this a copy from before the key was changed?", before.origin);
    }
    Err(Problem::new(origin, ProblemKind::MissingLog, detail))
}

/// Of several logs of one name that a policy lists, each with its own key, one does not stand for another.
fn check_keys(reports: &[Report], trust: &Trust) -> Result<(), Problem> {
    let is_there = |key: &VerifierKey| reports.iter().any(|report| report.key == *key);
    let Some(key) = trust.policy.iter().flat_map(Policy::logs).find(|key| !is_there(key)) else { return Ok(()) };
    let detail = format!("the policy lists it with the key `{key}`, and what is there of this name has another");
    Err(Problem::new(key.name(), ProblemKind::MissingLog, detail))
}

/// The logs that a policy lists.
pub(crate) fn listed(trust: &Trust) -> Vec<String> {
    trust.policy.iter().flat_map(Policy::logs).map(|key| key.name().to_owned()).collect()
}

/// The logs of which there is a checkpoint or a key.
pub(crate) fn named(trust: &Trust) -> Vec<String> {
    let kept = trust.known.iter().filter_map(Known::origin);
    kept.chain(trust.key.iter().map(|key| key.name().to_owned())).collect()
}

/// With a policy every log must be one that it lists, that such a log announced, or that such a log was begun behind: its first entry
/// has the size and the root of the one before ([`check_links`]), so whoever trusts the later one has the earlier one whole.
pub(crate) fn check_trusted(reports: &[Report], trust: &Trust) -> Result<(), Problem> {
    if trust.policy.is_none() {
        return Ok(());
    }
    let mut trusted: Vec<&str> = Vec::new();
    // The later epochs first: each may vouch for the one before it.
    for report in reports.iter().rev().filter(|report| report.key_given) {
        let mut next = Some(report);
        while let Some(report) = next.filter(|report| !trusted.contains(&report.origin.as_str())) {
            trusted.push(&report.origin);
            let previous = report.begun.as_ref().map(|begun| &begun.previous);
            next = reports.iter().find(|before| Some(&before.origin) == previous);
        }
    }
    match reports.iter().find(|report| !trusted.contains(&report.origin.as_str())) {
        None => Ok(()),
        Some(report) => {
            let detail = "the policy does not list this log, and none that it lists announced it or goes on from it";
            Err(Problem::new(&report.origin, ProblemKind::Policy, detail))
        }
    }
}

/// Names the file of a problem from the folder that was asked for.
fn within(dir: &Path, folder: &Path, problem: Problem) -> Problem {
    let file = match folder.strip_prefix(dir) {
        Ok(prefix) if prefix != Path::new("") => format!("{}/{}", shown(prefix), problem.file),
        _ => problem.file,
    };
    Problem { file, ..problem }
}
