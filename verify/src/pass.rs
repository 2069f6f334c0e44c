//! One pass over the entries of a log, wherever they come from: what is checked of each, and what is remembered.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::checkpoint::Checkpoint;
use crate::entry::{self, EntryError, Kind};
use crate::export::Export;
use crate::merkle::{Frontier, Hash, leaf_hash};
use crate::problem::{Problem, ProblemKind};
use crate::pruned::BEGUN;
use crate::relations::Relations;
use crate::review::check::Check;
use crate::walk::{SEGMENTS, segment_number};

/// How an epoch says that it follows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Origin of the epoch before.
    pub previous: String,
    /// Its entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// Entries that were removed when their retention ended, as an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Removal {
    /// The log that they were of; `None` for the one that says so.
    pub log: Option<String>,
    /// Behind the last of them.
    pub to: u64,
}

/// Logs of whose removed entries one log can speak.
const REMOVALS_MAX: usize = 1 << 12;

/// The state of a pass.
pub(crate) struct Pass<'a> {
    /// Checkpoints that the log must reach and agree with.
    expected: &'a [(String, Checkpoint)],
    exports: &'a mut [Export],
    /// The review index, where it is asked for.
    index: Option<&'a mut Check>,
    pub(crate) frontier: Frontier,
    pub(crate) relations: Relations,
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    pub(crate) bytes: u64,
    pub(crate) first_time: Option<String>,
    pub(crate) last_time: Option<String>,
    pub(crate) clock_steps_back: u64,
    /// The verifier key of the next epoch, when this one announced it.
    pub(crate) announced: Option<String>,
    pub(crate) begun: Option<Begun>,
    /// What entries say was removed.
    pub(crate) removals: Vec<Removal>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        expected: &'a [(String, Checkpoint)],
        exports: &'a mut [Export],
        index: Option<&'a mut Check>,
    ) -> Self {
        Self {
            expected,
            exports,
            index,
            frontier: Frontier::default(),
            relations: Relations::default(),
            kinds: BTreeMap::new(),
            bytes: 0,
            first_time: None,
            last_time: None,
            clock_steps_back: 0,
            announced: None,
            begun: None,
            removals: Vec::new(),
        }
    }

    /// Takes the next entry: its place is named in problems.
    pub(crate) fn take(&mut self, (name, offset, seq): (&str, u64, u64), bytes: &[u8]) -> Result<(), Problem> {
        let problem = |kind, detail: String| Problem::new(name, kind, detail).at(offset).entry(seq);
        let entry =
            entry::open(bytes).map_err(|error: EntryError| problem(ProblemKind::Malformed, error.to_string()))?;
        if entry.seq != seq {
            let kind = if entry.seq > seq { ProblemKind::MissingEntries } else { ProblemKind::Repeated };
            return Err(problem(kind, format!("it says of itself that it is entry {}", entry.seq)));
        }
        let malformed = |detail| problem(ProblemKind::Malformed, detail);
        self.relations.take(&entry.about).map_err(|(kind, detail)| problem(kind, detail.to_owned()))?;
        self.frontier.push(leaf_hash(bytes));
        self.check_roots(name)?;
        for export in self.exports.iter_mut() {
            export.pass(seq, bytes)?;
        }
        if let Some(index) = &mut self.index {
            let segment = name.strip_prefix(SEGMENTS).and_then(|name| segment_number(name.strip_prefix('/')?));
            index.take((segment.unwrap_or(0), offset), &entry, bytes)?;
        }
        if entry.about.kind == Kind::Key {
            self.key(bytes).ok_or_else(|| problem(ProblemKind::Malformed, "what it says of a key".to_owned()))?;
        }
        if entry.about.kind == Kind::Prune {
            #[derive(Deserialize)]
            struct Outer {
                entry: Removal,
            }
            let removal = serde_json::from_slice::<Outer>(bytes).map_err(|error| malformed(error.to_string()))?.entry;
            self.removed(removal);
        }
        self.note(&entry, bytes.len());
        Ok(())
    }

    /// Takes an entry that was removed and of which the hash was kept.
    pub(crate) fn take_hash(&mut self, name: &str, seq: u64, hash: Hash) -> Result<(), Problem> {
        self.frontier.push(hash);
        for export in self.exports.iter_mut() {
            export.pass_hash(seq, &hash)?;
        }
        if let Some(index) = &mut self.index {
            index.take_hash(seq, hash)?;
        }
        self.check_roots(name)
    }

    /// Takes the first entry of an epoch, of which the hash is kept with those of all that were removed.
    pub(crate) fn take_beginning(&mut self, bytes: &[u8], hash: Hash) -> Result<(), Problem> {
        let problem = |kind, detail: &str| Problem::new(BEGUN, kind, detail.to_owned()).entry(0);
        if leaf_hash(bytes) != hash {
            return Err(problem(ProblemKind::Rewritten, "it is not the entry whose hash is in the tree"));
        }
        let entry = entry::open(bytes).map_err(|error| problem(ProblemKind::Malformed, &error.to_string()))?;
        if entry.about.kind == Kind::Key {
            self.key(bytes).ok_or_else(|| problem(ProblemKind::Malformed, "what it says of a key"))?;
        }
        Ok(())
    }

    /// Of each log the farthest is remembered, and of no more logs than one has epochs.
    fn removed(&mut self, removal: Removal) {
        if let Some(before) = self.removals.iter_mut().find(|before| before.log == removal.log) {
            before.to = before.to.max(removal.to);
        } else if self.removals.len() < REMOVALS_MAX {
            self.removals.push(removal);
        }
    }

    fn note(&mut self, entry: &entry::Entry<'_>, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        let count = self.kinds.entry(entry.about.kind.name()).or_insert(0);
        *count = count.saturating_add(1);
        if self.last_time.as_deref().is_some_and(|before| entry.time < before) {
            self.clock_steps_back = self.clock_steps_back.saturating_add(1);
        }
        let last = self.last_time.get_or_insert_default();
        last.clear();
        last.push_str(entry.time);
        if self.first_time.is_none() {
            self.first_time = Some(entry.time.to_owned());
        }
    }

    /// Remembers what an entry says of the log's keys.
    fn key(&mut self, bytes: &[u8]) -> Option<()> {
        #[derive(Deserialize)]
        struct Outer {
            entry: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            event: String,
            vkey: String,
            previous: Option<String>,
            previous_size: Option<u64>,
            previous_root: Option<String>,
        }
        let Outer { entry } = serde_json::from_slice(bytes).ok()?;
        if entry.event == "announced" {
            self.announced = Some(entry.vkey);
        } else if let Some(previous) = entry.previous {
            let root = Hash::from_base64(&entry.previous_root?)?;
            self.begun = Some(Begun { previous, size: entry.previous_size?, root });
        }
        Some(())
    }

    /// Compares the root with that of each checkpoint of this very size.
    pub(crate) fn check_roots(&self, name: &str) -> Result<(), Problem> {
        let size = self.frontier.size();
        let here = self.expected.iter().filter(|(_, checkpoint)| checkpoint.size == size);
        for (source, checkpoint) in here {
            if checkpoint.root != self.frontier.root() {
                let detail = format!("the entries up to here are not those that the {source} was signed over");
                return Err(Problem::new(name, ProblemKind::Rewritten, detail).entry(size.saturating_sub(1)));
            }
        }
        Ok(())
    }

    /// At the end: every checkpoint and every export must have been reached.
    pub(crate) fn check_reached(&mut self, name: &str) -> Result<(), Problem> {
        let size = self.frontier.size();
        if let Some((source, checkpoint)) = self.expected.iter().find(|(_, checkpoint)| checkpoint.size > size) {
            let detail = format!("the {source} covers {} entries, {size} are there", checkpoint.size);
            return Err(Problem::new(name, ProblemKind::Truncated, detail).entry(size));
        }
        self.exports.iter_mut().for_each(Export::end);
        Ok(())
    }
}
