//! A log over the changes of its key: the running epoch and the finished ones, searched as one.
//!
//! Each epoch is a log of its own with its own review index, a temporary one where none can be written (a copy that is not ours
//! to change). It proves nothing: that is the verifier's part.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned::BEGUN;
use octroi_verify::verify::{CHECKPOINT, VERIFIER_KEY};
use octroi_verify::walk::{SEGMENTS, Walk};
use octroi_verify::{Checkpoint, VerifierKey};

use super::decisions::{self, Place};
use super::index::{Counted, Dimension, Index, IndexError};
use super::query::{Filter, Record};
use super::rotate;
use crate::model::entry::RequestId;

/// One epoch of a log.
#[derive(Debug)]
pub struct Epoch {
    /// Counted from 1, as in the name of the log.
    pub number: u32,
    /// The folder of its log.
    pub log: PathBuf,
    /// Up to its end.
    pub index: Index,
    /// How much of it is signed.
    pub signed: Signed,
}

/// How much of an epoch is signed, as far as its own folder tells: by a checkpoint whose signature holds under the key there, and
/// whose root is that of the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// The first so many entries.
    UpTo(u64),
    /// So many entries were signed, and fewer are there.
    Missing(u64),
    /// It cannot be seen, and why.
    Unseen(String),
}

/// A page over all epochs.
#[derive(Debug)]
pub struct Page {
    /// The newest that match, oldest first, each with its epoch.
    pub records: Vec<(u32, Record)>,
    /// Entries of the newest epoch that were read: the result speaks of it up to here.
    pub read: u64,
    /// How many epochs were read, the newest first: with a page that is full the older ones are not.
    pub epochs: usize,
    /// How much is signed of the newest epoch, and of the others that were read, each with its number.
    pub signed: Vec<(u32, Signed)>,
    /// More, older ones match: ask again with `before` set to the place of the first record.
    pub more: bool,
    /// Whether an index was made for this answer alone, since none can be written beside the log.
    pub temporary: bool,
}

/// Counts over all epochs.
#[derive(Debug)]
pub struct Tally {
    /// The most frequent first.
    pub counted: Vec<Counted>,
    /// Entries of the newest epoch that were counted.
    pub read: u64,
    /// As in a [`Page`].
    pub signed: Vec<(u32, Signed)>,
    /// As in a [`Page`].
    pub temporary: bool,
}

/// The first entry that is left of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Its place: those of its epoch before it were removed.
    pub at: Place,
    /// The name of the epoch's log.
    pub origin: String,
    /// Its time.
    pub time: String,
    /// When the epoch began; of the first one whose beginning was removed nobody knows.
    pub started: Option<String>,
}

impl Beginning {
    /// Whether entries of this epoch were removed that may be of the time between two moments (the first of them within it).
    pub fn lacks(&self, since: &str, until: &str) -> bool {
        self.at.seq > 0 && since < self.time.as_str() && self.started.as_deref().is_none_or(|started| started < until)
    }
}

/// The key of a log is being changed, or was while it was read: what was read may be of either epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of the log is being changed: ask again; where that lasts, when the gateway has started")]
pub struct KeyChanging;

/// The epochs of a log, newest first. They are opened as far as an answer takes it.
#[derive(Debug)]
pub struct Epochs {
    dir: PathBuf,
    /// As they lay when they were listed.
    listed: Vec<(u32, PathBuf)>,
    /// Those that are asked about.
    logs: Vec<(u32, PathBuf)>,
}

impl Epochs {
    /// The epochs of the log in a folder.
    pub fn of(dir: &Path) -> Self {
        let listed = decisions::logs(dir);
        let mut logs = listed.clone();
        // The newest has no files yet when the one before has just ended.
        if logs.len() > 1 && [SEGMENTS, CHECKPOINT].iter().all(|name| dir.join(name).symlink_metadata().is_err()) {
            logs.remove(0);
        }
        Self { dir: dir.to_owned(), listed, logs }
    }

    /// Hands on what was read of them, unless the log's key was changed meanwhile: then the folders are those of others.
    ///
    /// # Errors
    /// [`KeyChanging`], in the place of whatever it led to.
    pub fn unmoved<T, E: From<KeyChanging>>(&self, read: Result<T, E>) -> Result<T, E> {
        let is_cut_off = rotate::is_cut_off(&self.dir).unwrap_or(false);
        if is_cut_off || decisions::logs(&self.dir) != self.listed { Err(KeyChanging.into()) } else { read }
    }

    /// One of them alone.
    #[must_use]
    pub fn only(mut self, epoch: u32) -> Option<Self> {
        self.logs.retain(|(number, _)| *number == epoch);
        (!self.logs.is_empty()).then_some(self)
    }

    /// The folder of the log.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of each with its number, newest first.
    pub fn logs(&self) -> &[(u32, PathBuf)] {
        &self.logs
    }

    /// Whether the log's key was changed.
    pub fn are_several(&self) -> bool {
        self.logs.len() > 1
    }

    fn opened(&self) -> impl Iterator<Item = Result<Epoch, IndexError>> {
        // One that is not in its place gives every other a wrong number.
        let stray = || self.logs.iter().find_map(|(number, log)| decisions::stray(&self.dir, *number, log));
        let fault = decisions::unlisted(&self.dir).or_else(stray);
        let logs = if fault.is_some() { &[] } else { self.logs.as_slice() };
        let opened = logs.iter().map(|(number, log)| Epoch::open(*number, log.clone()));
        fault.map(|problem| Err(problem.into())).into_iter().chain(opened)
    }

    /// Finds the newest `limit` records that match, among those that begin before a place.
    ///
    /// # Errors
    /// [`IndexError`]; [`IndexError::Unknown`] for a word that no epoch holds.
    pub fn page(&self, filter: &Filter, limit: usize, before: Option<Place>) -> Result<Page, IndexError> {
        self.unmoved(self.read_page(filter, limit, before))
    }

    fn read_page(&self, filter: &Filter, limit: usize, before: Option<Place>) -> Result<Page, IndexError> {
        let (records, signed) = (Vec::new(), Vec::new());
        let mut page = Page { records, read: 0, epochs: 0, signed, more: false, temporary: false };
        let mut unknown = Unknown::default();
        for epoch in self.opened() {
            let epoch = epoch?;
            let is_newest = page.signed.is_empty();
            if is_newest {
                page.read = epoch.index.watermark()?.entries;
                page.signed.push((epoch.number, epoch.signed.clone()));
            }
            let before = match before {
                Some(place) if place.epoch < epoch.number => continue,
                Some(place) if place.epoch == epoch.number => Some(place.seq),
                _ => None,
            };
            if !is_newest {
                page.signed.push((epoch.number, epoch.signed.clone()));
            }
            page.temporary |= epoch.index.is_temporary();
            page.epochs += 1;
            let left = limit.saturating_sub(page.records.len());
            let Some((older, more)) = unknown.pass(epoch.page(filter, left, before))? else { continue };
            page.records.splice(0..0, older.into_iter().map(|record| (epoch.number, record)));
            page.more |= more;
            if page.more {
                break;
            }
        }
        unknown.end()?;
        Ok(page)
    }

    /// Counts the records of all epochs that match, by the words of one or more dimensions.
    ///
    /// # Errors
    /// [`IndexError`]; [`IndexError::Unknown`] for a word that no epoch holds.
    pub fn count(&self, filter: &Filter, by: &[Dimension]) -> Result<Tally, IndexError> {
        self.unmoved(self.read_count(filter, by))
    }

    fn read_count(&self, filter: &Filter, by: &[Dimension]) -> Result<Tally, IndexError> {
        let mut counts: HashMap<Vec<String>, u64> = HashMap::new();
        let mut unknown = Unknown::default();
        let (mut read, mut temporary, mut signatures) = (None, false, Vec::new());
        for epoch in self.opened() {
            let Epoch { number, index, log, signed } = epoch?;
            signatures.push((number, signed));
            read.get_or_insert(index.watermark()?.entries);
            temporary |= index.is_temporary();
            let counted = index.count(filter, by).map_err(|error| error.of(&log));
            for one in unknown.pass(counted)?.into_iter().flatten() {
                *counts.entry(one.words).or_default() += one.count;
            }
        }
        unknown.end()?;
        let mut counted: Vec<_> = counts.into_iter().map(|(words, count)| Counted { words, count }).collect();
        counted.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.words.cmp(&other.words)));
        Ok(Tally { counted, read: read.unwrap_or(0), signed: signatures, temporary })
    }

    /// The records of a kind that belong to no request, of all epochs, each with that of its epoch; the newest `limit` of each,
    /// oldest first.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn of_kind(&self, kind: &str, limit: usize) -> Result<Vec<(u32, Record)>, IndexError> {
        self.unmoved(self.read_kind(kind, limit))
    }

    fn read_kind(&self, kind: &str, limit: usize) -> Result<Vec<(u32, Record)>, IndexError> {
        let mut records = Vec::new();
        for epoch in self.opened() {
            let Epoch { number, index, log, .. } = epoch?;
            let older = index.of_kind(&Filter::default(), kind, limit).map_err(|error| error.of(&log))?;
            records.splice(0..0, older.into_iter().map(|record| (number, record)));
        }
        Ok(records)
    }

    /// With which entry each epoch begins now, newest first; nothing of one without entries.
    ///
    /// # Errors
    /// A [`Problem`] when a segment cannot be read.
    pub fn beginnings(&self) -> Result<Vec<Beginning>, Problem> {
        #[derive(serde::Deserialize)]
        struct Begun {
            time: String,
        }
        let mut beginnings = Vec::new();
        for (epoch, log) in self.logs.iter().filter(|(_, log)| log.join(SEGMENTS).is_dir()) {
            let Some(header) = Walk::open(&log.as_path())?.headers().first().cloned() else { continue };
            let Some(time) = decisions::first_time(&log.as_path(), header.number)? else { continue };
            let started = if header.first_seq == 0 {
                Some(time.clone())
            } else {
                let begun = super::read_text(log, BEGUN).ok();
                begun.and_then(|text| serde_json::from_str::<Begun>(&text).ok()).map(|begun| begun.time)
            };
            let at = Place { epoch: *epoch, seq: header.first_seq };
            beginnings.push(Beginning { at, origin: header.origin, time, started });
        }
        Ok(beginnings)
    }

    /// What the log holds of one request, with the epoch that holds it.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn find(&self, id: RequestId) -> Result<Option<(Epoch, Record)>, IndexError> {
        self.unmoved(self.read_request(id))
    }

    fn read_request(&self, id: RequestId) -> Result<Option<(Epoch, Record)>, IndexError> {
        let filter = Filter { id: Some(id), ..Filter::default() };
        for epoch in self.opened() {
            let epoch = epoch?;
            if let Some(record) = epoch.page(&filter, 1, None)?.0.pop() {
                return Ok(Some((epoch, record)));
            }
        }
        Ok(None)
    }
}

impl Epoch {
    fn open(number: u32, log: PathBuf) -> Result<Self, IndexError> {
        // The checkpoint comes first: what a gateway signs meanwhile is no entry that is missing.
        let checkpoint = checkpoint_of(&log);
        let mut index = Index::open(&log)?;
        index.catch_up()?;
        let signed = match checkpoint {
            Err(why) => Signed::Unseen(why),
            Ok(checkpoint) if checkpoint.size > index.watermark()?.entries => Signed::Missing(checkpoint.size),
            Ok(checkpoint) => match index.is_of(&checkpoint) {
                Some(true) => Signed::UpTo(checkpoint.size),
                Some(false) => {
                    let detail = "the entries are not those that it is signed over: run `octroi audit verify`";
                    return Err(Problem::new(CHECKPOINT, ProblemKind::Rewritten, detail).into());
                }
                None => Signed::Unseen("the review index lacks hashes".to_owned()),
            },
        };
        Ok(Self { number, log, index, signed })
    }

    fn page(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<(Vec<Record>, bool), IndexError> {
        let answer = self.index.page(filter, limit, before).map_err(|error| error.of(&self.log))?;
        Ok((answer.records, answer.more))
    }
}

/// The newest checkpoint of a log, when it is signed with the key in its folder.
fn checkpoint_of(log: &Path) -> Result<Checkpoint, String> {
    // Of the system the word for it is enough; what is no file says so itself.
    let told = |error: &io::Error| match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    };
    let read = |name: &str| super::read_text(log, name).map_err(|error| format!("`{name}`: {}", told(&error)));
    let (text, key) = (read(CHECKPOINT)?, read(VERIFIER_KEY)?);
    let key = VerifierKey::parse(&key).map_err(|error| format!("`{VERIFIER_KEY}`: {error}"))?;
    Checkpoint::open(&text, &key).map_err(|error| format!("`{CHECKPOINT}`: {error}"))
}

/// Words that an epoch does not hold are told where none does.
#[derive(Default)]
struct Unknown {
    first: Option<(&'static str, String)>,
    listed: BTreeSet<String>,
    held: bool,
}

impl Unknown {
    fn pass<T>(&mut self, answer: Result<T, IndexError>) -> Result<Option<T>, IndexError> {
        match answer {
            Err(IndexError::Unknown { dimension, word, listed }) => {
                self.first.get_or_insert((dimension, word));
                self.listed.extend(listed);
                Ok(None)
            }
            answer => {
                self.held = true;
                answer.map(Some)
            }
        }
    }

    fn end(self) -> Result<(), IndexError> {
        match self.first {
            Some((dimension, word)) if !self.held => {
                Err(IndexError::Unknown { dimension, word, listed: self.listed.into_iter().collect() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_lacks_what_came_between_its_start_and_what_is_left() {
        let begins = |seq, started: Option<&str>| Beginning {
            at: Place { epoch: 2, seq },
            origin: "octroi/test/2".to_owned(),
            time: "2026-11-10".to_owned(),
            started: started.map(str::to_owned),
        };
        for (name, beginning, since, until, lacks) in [
            ("whole", begins(0, Some("2026-11-10")), "2026-11-01", "2026-12-01", false),
            ("of the month", begins(7, Some("2026-11-05")), "2026-11-01", "2026-12-01", true),
            ("the month before its start", begins(7, Some("2026-11-05")), "2026-10-01", "2026-11-01", false),
            ("of a start that nobody knows", begins(7, None), "2026-10-01", "2026-11-01", true),
            ("the month behind it", begins(7, None), "2026-12-01", "2027-01-01", false),
        ] {
            assert_eq!(beginning.lacks(since, until), lacks, "{name}");
        }
    }
}
