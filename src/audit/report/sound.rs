//! What a report rests on: the log as it is read and verified. Where it does not hold the report says so first, and is of what can be
//! read of it: an auditor of a damaged log needs the rest of it more than of any other.

use std::path::{Path, PathBuf};

use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::report::Report as Verified;

use super::{Kind, Month, Report, Section, Text, french, gather, gone};
use crate::audit::decisions;
use crate::audit::epochs::{Epochs, KeyChanging};
use crate::audit::index::{self, FILE, Index, IndexError};
use crate::audit::report::Language;

/// An epoch that could not be read to its end.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Its number.
    pub epoch: u32,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Verifies and indexes a log, and gathers a report on it: of one that is damaged on what can be read of it.
///
/// # Errors
/// [`IndexError`] when the database refuses.
pub fn of_folder(kind: Kind, month: Month, log: &Path) -> Result<Report, IndexError> {
    let epochs = Epochs::of(log);
    epochs.unmoved(of_epochs(kind, month, log, epochs.logs()))
}

fn of_epochs(kind: Kind, month: Month, log: &Path, logs: &[(u32, PathBuf)]) -> Result<Report, IndexError> {
    let (mut indexes, mut unread) = (Vec::new(), Vec::new());
    // A change of the key within the month begins another log: what the finished ones hold is of the month as well.
    if let (Some(problem), Some((epoch, _))) = (decisions::unlisted(log), logs.first()) {
        unread.push(Unread { epoch: *epoch, problem });
    }
    for (epoch, folder) in logs.iter().rev() {
        if let Some(problem) = decisions::stray(log, *epoch, folder) {
            unread.push(Unread { epoch: *epoch, problem });
            continue;
        }
        let mut index = Index::open(folder)?;
        match index.catch_up() {
            // What was indexed before stays, and what came before the fault is indexed.
            Err(IndexError::Log(problem)) => unread.push(Unread { epoch: *epoch, problem }),
            other => drop(other?),
        }
        indexes.push((*epoch, index));
    }
    let mut verified = match verified(log) {
        Err(IndexError::Log(problem)) => Err(problem),
        verified => verified?,
    };
    if verified.as_ref().is_err_and(octroi_verify::is_changing) {
        return Err(KeyChanging.into());
    }
    if let (Ok(_), Some(first)) = (&verified, unread.first()) {
        verified = Err(first.problem.clone());
    }
    let incomplete = match gone::of(month, log) {
        // The fault is told already, or is gone since.
        Err(IndexError::Log(_)) if verified.is_err() => Vec::new(),
        incomplete => incomplete?,
    };
    Ok(Report { incomplete, unread, ..gather(kind, month, &indexes, &verified)? })
}

/// Verifies a log. The tables are the index's: one that is kept is compared with what it was made from. Where one cannot be written
/// it may be there of some epochs alone.
fn verified(log: &Path) -> Result<Result<Vec<Verified>, Problem>, IndexError> {
    let logs = decisions::logs(log);
    let (kept, lacking): (Vec<_>, Vec<_>) = logs.iter().partition(|(_, epoch)| epoch.join(FILE).exists());
    let with = |index| octroi_verify::Trust { index, ..octroi_verify::Trust::default() };
    let mut verified = octroi_verify::verify_all(log, &with(lacking.is_empty()), &mut |_| {});
    // Another command may write an index while it is read there; SQLite reads one state of it.
    let is_written = matches!(&verified, Err(problem) if problem.kind == ProblemKind::StaleIndex);
    if is_written {
        verified = octroi_verify::verify_all(log, &with(false), &mut |_| {});
    }
    if verified.is_ok() && (is_written || !lacking.is_empty()) {
        for (_, epoch) in kept {
            if let Some(problem) = index::compare(epoch)? {
                return Ok(Err(problem));
            }
        }
    }
    Ok(verified)
}

/// What a verification found: the statement on which the rest rests.
pub(super) fn integrity(verified: &Result<Vec<Verified>, Problem>) -> Section {
    let columns = vec![
        Text::Log,
        Text::Sound,
        Text::Signed,
        Text::Pruned,
        Text::Root,
        Text::Unfinished,
        Text::Gaps,
        Text::ClockSetBack,
    ];
    let row = |report: &Verified| {
        let kind = |name: &str| report.kinds.get(name).copied().unwrap_or(0).to_string();
        vec![
            report.origin.clone(),
            "✓".to_owned(),
            report.signed.to_string(),
            report.pruned.to_string(),
            // A base64 text may begin as a formula does, and would be guarded in the CSV.
            format!("sha256:{}", report.root),
            report.unfinished.to_string(),
            kind("gap"),
            report.clock_steps_back.to_string(),
        ]
    };
    let rows = match verified {
        Ok(reports) => reports.iter().map(row).collect(),
        // Nothing of what such a log says of itself is told as if it held: neither how much was signed.
        Err(problem) => {
            let mut cells = vec![problem.to_string(), "✗".to_owned()];
            cells.resize(columns.len(), String::new());
            vec![cells]
        }
    };
    Section { heading: Text::Integrity, columns, rows, bars: false, note: None }
}

impl Language {
    /// That a log does not hold, and what the tables are of then.
    pub(super) fn unsound(self, indexed: u64) -> String {
        match self {
            Self::English => format!(
                "The log or its review index does not hold (✗ below). The tables are of the {indexed} entries that the index has of it; they are no evidence."
            ),
            Self::French => format!(
                "Le journal ou son index n’est pas intègre (✗ ci-dessous). Les tableaux portent sur les {indexed} entrées que l’index en connaît ; ils ne font pas foi."
            ),
        }
    }

    /// That an epoch could not be read to its end.
    pub(super) fn unread(self, unread: &Unread) -> String {
        let Unread { epoch, problem } = unread;
        match self {
            Self::English => format!(
                "Epoch {epoch} cannot be read to its end: what the index does not have of it is in none of these counts. {problem}"
            ),
            Self::French => format!(
                "L’époque {epoch} n’est pas lisible jusqu’au bout : ce que l’index n’en connaît pas n’est compté nulle part ici. {}",
                french::problem(problem)
            ),
        }
    }
}
