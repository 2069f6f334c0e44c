//! A log that is served: read file by file, from a web server or a folder of tiles, with its finished epochs below it.
//!
//! Its files come one by one and may be of two publications, where it was published under its next key meanwhile: that is told, and is
//! no finding.

use std::io;

use crate::fleet::{
    EPOCHS, check_known, check_links, check_listed, check_removals, check_trusted, epoch_of, for_origin, listed, named,
    place_exports,
};
use crate::note::{NOTE_BYTES_MAX, VerifierKey};
use crate::problem::{Problem, ProblemKind};
use crate::published::Files;
use crate::report::Report;
use crate::verify::{CHECKPOINT, Progress, Trust, VERIFIER_KEY, verify_published, verify_tiles};

/// Finished epochs that are asked for.
const SERVED_EPOCHS_MAX: usize = 10_000;

/// Verifies a log that was published as tiles, wherever its files are, with the finished epochs that lie there under `epochs`: as
/// [`verify_all`](crate::verify_all) does a folder. Where none lie there and nothing names one, the log is verified alone.
///
/// # Errors
/// The first [`Problem`].
pub fn verify_served(
    files: &dyn Files,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Report>, Problem> {
    check_known(&trust.known)?;
    let names = || [CHECKPOINT, VERIFIER_KEY].map(|name| served(files, name));
    let before = names();
    let running = before.first().cloned().flatten().unwrap_or_default();
    verify_running(files, &running, trust, progress).map_err(|problem| {
        // Its files come one by one, and those of two publications are no log. Only what changed meanwhile shows that.
        if names() == before {
            return problem;
        }
        let detail = format!("{problem}: but the log was published under another key while it was read: ask again");
        Problem::new(CHECKPOINT, ProblemKind::Unreadable, detail)
    })
}

/// The first line of a small file.
fn served(files: &dyn Files, name: &str) -> Option<String> {
    let text = files.read(name, NOTE_BYTES_MAX as u64).ok()?;
    Some(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
}

fn verify_running(
    files: &dyn Files,
    running: &str,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Report>, Problem> {
    let mut logs: Vec<(String, Option<Below<'_>>)> = vec![(running.to_owned(), None)];
    let (name, number) = epoch_of(running);
    // From the newest on: what comes before one that is not there is missed by its successor.
    for epoch in (1..number).rev().take(SERVED_EPOCHS_MAX) {
        let below = Below { files, folder: format!("{EPOCHS}/{epoch}") };
        match served(&below, CHECKPOINT) {
            Some(origin) if epoch_of(&origin).0 == name => logs.push((origin, Some(below))),
            _ => break,
        }
    }
    let is_there = |name: &str| logs.iter().any(|(origin, _)| origin == name);
    // A policy may list logs that are served elsewhere.
    let of_it = listed(trust).into_iter().filter(|origin| epoch_of(origin).0 == name);
    let others = named(trust).into_iter().chain(of_it).any(|origin| !is_there(&origin));
    if logs.len() == 1 && !others {
        return verify_published(files, trust, progress).map(|report| vec![report]);
    }
    let (mut reports, mut announced) = (Vec::with_capacity(logs.len()), Vec::new());
    for (origin, below) in logs.iter().rev() {
        let trust = for_origin(origin, trust, &announced);
        let report = match below {
            None => verify_tiles(files, &trust, progress),
            Some(below) => verify_tiles(below, &trust, progress)
                .map_err(|problem| Problem { file: format!("{}/{}", below.folder, problem.file), ..problem }),
        }?;
        let next = report.announced.as_deref().filter(|_| report.key_given);
        announced.extend(next.and_then(|key| VerifierKey::parse(key).ok()));
        reports.push(report);
    }
    place_exports(&mut reports)?;
    check_links(&reports)?;
    check_removals(&[], &mut reports)?;
    check_listed(&reports, trust)?;
    check_trusted(&reports, trust)?;
    Ok(reports)
}

/// The files below a folder of others.
struct Below<'a> {
    files: &'a dyn Files,
    folder: String,
}

impl Files for Below<'_> {
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        self.files.read(&format!("{}/{name}", self.folder), bytes_max)
    }
}
