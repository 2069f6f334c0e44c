//! Holds a review index against the entries of its log while they pass by.
//!
//! Of each entry it is known what the index must hold, and that is looked up; so nothing may be missing or changed. What is
//! there is counted as well, and both counts must agree at the end; so nothing may be there beyond it. Memory grows with the
//! words, the hours and the kinds of sendings that the index counts, not with the entries.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::compare::{nanoseconds, roots};
use super::facts::{self, Body, Dimension, Enveloped, Opened, RollupKey, Taken};
use super::record::Value;
use super::sqlite::{Database, Fault};
use super::{FILE, HOUR_NS, PLACE_BYTES, VERSION, place};
use crate::entry::{Entry, Kind, Request};
use crate::merkle::{Hash, leaf_hash};
use crate::problem::{Problem, ProblemKind};
use crate::tiles::{Growing, Tile};

/// Sets of numbers kept in memory, in bytes.
const CACHE_BYTES: usize = 64 << 20;

/// An index that is checked.
pub(crate) struct Check {
    /// When it was last written before it was opened.
    written: Written,
    pub(super) database: Database,
    pub(super) roots: HashMap<&'static str, u32>,
    pub(super) words: HashMap<(i64, String), i64>,
    /// How far the index is.
    pub(super) entries: u64,
    /// Entries at the beginning that were pruned before it was made.
    pub(super) pruned: u64,
    pub(super) open: HashMap<Request, Open>,
    pub(super) hourly: HashMap<(i64, RollupKey), [i64; 4]>,
    pub(super) spans: HashMap<i64, (u64, u64)>,
    pub(super) growing: Growing,
    pub(super) full: Vec<Tile>,
    pub(super) sets: HashMap<(i64, u64), Vec<u8>>,
    pub(super) set_bytes: usize,
    /// What the log says must be there.
    pub(super) must: Counts,
    pub(super) last: Vec<u8>,
}

/// A request that may go on.
pub(super) struct Open {
    seq: u64,
    time: i64,
    opened: Opened,
    words: BTreeSet<(Dimension, String)>,
}

/// How much there is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) ids: u64,
    pub(super) places: u64,
    pub(super) members: u64,
    pub(super) tiles: u64,
}

/// What was found of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// Entries that it covers: each is found by it as the log has it.
    pub entries: u64,
}

pub(super) type Found<T> = Result<T, Fault>;

impl Check {
    /// Opens the index in the folder of a log; `None` when there is none.
    pub(crate) fn open(log: &Path) -> Result<Option<Self>, Problem> {
        let path = log.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let written = Written::now(&path);
        Self::begin(&path, written.clone()).map(Some).map_err(|fault| problem(fault, None, &written))
    }

    fn begin(path: &Path, written: Written) -> Found<Self> {
        let database = Database::open(path)?;
        let roots = roots(&database)?;
        let mut check = Self {
            written,
            database,
            roots,
            words: HashMap::new(),
            entries: 0,
            pruned: 0,
            open: HashMap::new(),
            hourly: HashMap::new(),
            spans: HashMap::new(),
            growing: Growing::default(),
            full: Vec::new(),
            sets: HashMap::new(),
            set_bytes: 0,
            must: Counts::default(),
            last: Vec::new(),
        };
        if check.number("version")? != Some(VERSION) {
            return Err(Fault::Form("it is of another version: make it anew with `octroi audit reindex`"));
        }
        let number = |value: Option<i64>| u64::try_from(value.unwrap_or(0)).unwrap_or(u64::MAX);
        check.entries = number(check.number("entries")?);
        check.pruned = number(check.number("pruned")?);
        check.read_words()?;
        Ok(check)
    }

    /// An entry passes by.
    pub(crate) fn take(
        &mut self,
        (segment, offset): (u32, u64),
        entry: &Entry<'_>,
        bytes: &[u8],
    ) -> Result<(), Problem> {
        if entry.seq >= self.entries {
            return Ok(());
        }
        let seq = entry.seq;
        self.taken((segment, offset), entry, bytes).map_err(|fault| problem(fault, Some(seq), &self.written))
    }

    /// An entry passes by of which only the hash was kept.
    pub(crate) fn take_hash(&mut self, seq: u64, hash: Hash) -> Result<(), Problem> {
        if seq >= self.entries {
            return Ok(());
        }
        if seq >= self.pruned {
            // What it holds of entries that are gone nobody can hold against them. It is nobody's doing but the pruning's.
            let detail = "it is older than the last pruning: the next search or `octroi audit reindex` makes it anew";
            return Err(Problem::new(FILE, ProblemKind::StaleIndex, detail));
        }
        self.leaf(hash).map_err(|fault| problem(fault, Some(seq), &self.written))
    }

    /// The log has ended: what is there must be all that must be.
    pub(crate) fn end(&mut self, size: u64) -> Result<Indexed, Problem> {
        if self.entries > size {
            let fault = Fault::Form("it says that it covers entries that the log does not have");
            return Err(problem(fault, Some(size), &self.written));
        }
        self.compare().map_err(|fault| problem(fault, None, &self.written))?;
        Ok(Indexed { entries: self.entries })
    }

    fn taken(&mut self, (segment, offset): (u32, u64), entry: &Entry<'_>, bytes: &[u8]) -> Found<()> {
        let body: Enveloped = serde_json::from_slice(bytes).map_err(|_| Fault::Form("the entry cannot be read"))?;
        let (body, seq) = (body.entry, entry.seq);
        let mut at = Vec::with_capacity(PLACE_BYTES);
        at.extend_from_slice(&seq.to_le_bytes());
        at.extend_from_slice(&segment.to_le_bytes());
        at.extend_from_slice(&offset.to_le_bytes());
        self.leaf(leaf_hash(bytes))?;
        self.last.clone_from(&at);
        let time = nanoseconds(entry.time).ok_or(Fault::Form("the entry has no time"))?;
        match (entry.about.kind, entry.about.request) {
            (Kind::Decision, Some(id)) => {
                let (taken, opened) = facts::decision(&body);
                self.row(seq, (Some(id), time), &at)?;
                let mut open = Open { seq, time, opened, words: BTreeSet::new() };
                self.members(&mut open, taken, 1)?;
                if !entry.about.refuses {
                    self.open.insert(id, open);
                }
            }
            (Kind::Attempt | Kind::Outcome, Some(id)) => self.further(id, entry.about.kind, &body, &at)?,
            _ => {
                self.row(seq, (None, time), &at)?;
                let mut alone = Open { seq, time, opened: Opened::default(), words: BTreeSet::new() };
                self.members(&mut alone, facts::other(&body), 0)?;
            }
        }
        Ok(())
    }

    /// An attempt or an outcome: it belongs to the row of its decision.
    fn further(&mut self, id: Request, kind: Kind, body: &Body, at: &[u8]) -> Found<()> {
        let open = match self.open.remove(&id) {
            Some(open) => Some(open),
            // Of a refusal, or of a decision that was pruned.
            None => self.refused(id)?,
        };
        let Some(mut open) = open else { return Ok(()) };
        let row = self.database.row(self.root("request"), signed(open.seq))?;
        if !row
            .is_some_and(|row| places(&row).is_some_and(|places| places.chunks_exact(PLACE_BYTES).any(|one| one == at)))
        {
            return Err(Fault::Form("the row of its request does not lead to it"));
        }
        self.must.places += 1;
        if kind == Kind::Attempt {
            let taken = facts::attempt(body, &mut open.opened);
            self.members(&mut open, taken, 1)?;
            self.open.insert(id, open);
            return Ok(());
        }
        if let Some(key) = open.opened.last.take() {
            let sums = self.hourly.entry((open.time.div_euclid(HOUR_NS), key)).or_default();
            let [_, input, output, out] = sums;
            let add = |sum: &mut i64, more: u64| *sum = sum.saturating_add(signed(more));
            add(input, body.input_tokens.unwrap_or(0));
            add(output, body.output_tokens.unwrap_or(0));
            add(out, body.bytes_out);
        }
        let taken = facts::outcome(body, &open.opened);
        self.members(&mut open, taken, 1)
    }

    /// The refusal of this id: its row was held against its entry when that passed by.
    fn refused(&self, id: Request) -> Found<Option<Open>> {
        let id = Value::Blob(id.0.to_be_bytes().to_vec());
        let Some(found) = self.database.find(self.root("request_id"), &[id])? else { return Ok(None) };
        let Some(Value::Int(seq)) = found.get(1) else { return Err(Fault::Form("its index of requests is not one")) };
        let Some(row) = self.database.row(self.root("request"), *seq)? else { return Ok(None) };
        let Some(Value::Int(time)) = row.get(2) else { return Ok(None) };
        let seq = u64::try_from(*seq).unwrap_or(u64::MAX);
        Ok(Some(Open { seq, time: *time, opened: Opened::default(), words: BTreeSet::new() }))
    }

    /// The row of a record.
    fn row(&mut self, seq: u64, (id, time): (Option<Request>, i64), at: &[u8]) -> Found<()> {
        let row = self.database.row(self.root("request"), signed(seq))?;
        let row = row.ok_or(Fault::Form("it has no row for it"))?;
        let wanted = id.map_or(Value::Null, |id| Value::Blob(id.0.to_be_bytes().to_vec()));
        let first = places(&row).and_then(|places| places.get(..PLACE_BYTES));
        if row.get(1) != Some(&wanted) || row.get(2) != Some(&Value::Int(time)) || first != Some(at) {
            return Err(Fault::Form("its row for it says something else"));
        }
        self.must.rows += 1;
        self.must.places += 1;
        if id.is_some() {
            let found = self.database.find(self.root("request_id"), &[wanted, Value::Int(signed(seq))])?;
            found.ok_or(Fault::Form("it is not found by its request"))?;
            self.must.ids += 1;
        }
        Ok(())
    }

    /// The sets that a record is in, and what is counted of it.
    fn members(&mut self, open: &mut Open, taken: Taken, count: i64) -> Found<()> {
        let hour = open.time.div_euclid(HOUR_NS);
        let span = self.spans.entry(hour).or_insert((open.seq, open.seq));
        *span = (span.0.min(open.seq), span.1.max(open.seq));
        for key in taken.rollups {
            let [sum, ..] = self.hourly.entry((hour, key)).or_default();
            *sum = sum.saturating_add(count);
        }
        let (block, number) = place(open.seq);
        for (dimension, word) in taken.words {
            let known = self.words.get(&(dimension.number(), word.clone())).copied();
            let known = known.ok_or(Fault::Form("it lacks a word of it"))?;
            if !self.is_member(known, block, number)? {
                return Err(Fault::Form("a search by one of its words would not find it"));
            }
            // An attempt may say again what the decision said.
            if open.words.insert((dimension, word)) {
                self.must.members += 1;
            }
        }
        Ok(())
    }

    fn is_member(&mut self, word: i64, block: u64, number: u16) -> Found<bool> {
        if !self.sets.contains_key(&(word, block)) {
            let key = [Value::Int(word), Value::Int(signed(block))];
            let found = self.database.find(self.root("bits"), &key)?;
            let data = found.and_then(|mut row| row.pop());
            let data = if let Some(Value::Blob(data)) = data { data } else { Vec::new() };
            if self.set_bytes > CACHE_BYTES {
                self.sets.clear();
                self.set_bytes = 0;
            }
            self.set_bytes += data.len() + 64;
            self.sets.insert((word, block), data);
        }
        Ok(self.sets.get(&(word, block)).is_some_and(|set| super::bits::holds(set, number)))
    }

    fn leaf(&mut self, hash: Hash) -> Found<()> {
        let mut full = std::mem::take(&mut self.full);
        self.growing.push(hash, &mut full);
        for tile in full.drain(..) {
            self.tile(&tile)?;
        }
        self.full = full;
        Ok(())
    }

    pub(super) fn tile(&mut self, tile: &Tile) -> Found<()> {
        let key = [Value::Int(i64::from(tile.level)), Value::Int(signed(tile.number))];
        let found = self.database.find(self.root("tile"), &key)?;
        if found.and_then(|mut row| row.pop()) != Some(Value::Blob(tile.bytes())) {
            return Err(Fault::Form("a tile of hashes is not that of the log"));
        }
        self.must.tiles += 1;
        Ok(())
    }

    fn number(&self, key: &str) -> Found<Option<i64>> {
        Ok(match self.meta(key)? {
            Some(Value::Int(number)) => Some(number),
            _ => None,
        })
    }

    pub(super) fn meta(&self, key: &str) -> Found<Option<Value>> {
        let found = self.database.find(self.root("meta"), &[Value::Text(key.to_owned())])?;
        Ok(found.and_then(|mut row| row.pop()))
    }

    pub(super) fn root(&self, table: &str) -> u32 {
        self.roots.get(table).copied().unwrap_or(0)
    }
}

/// The places in the row of a record.
pub(super) fn places(row: &[Value]) -> Option<&[u8]> {
    match row.get(3) {
        Some(Value::Blob(places)) if places.len().is_multiple_of(PLACE_BYTES) => Some(places),
        _ => None,
    }
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn problem(fault: Fault, seq: Option<u64>, written: &Written) -> Problem {
    if !written.is_still_so() {
        // Two states of it were read, and they need not fit together: that is held against nobody.
        let detail = "it was written while it was read: ask again when nobody searches the log";
        return Problem::new(FILE, ProblemKind::StaleIndex, detail);
    }
    let problem = match fault {
        Fault::Unsettled => {
            let detail = "a change of it is in work or was cut off: the next search finishes it or takes it back";
            Problem::new(FILE, ProblemKind::StaleIndex, detail)
        }
        Fault::Io(error) => crate::walk::unreadable(FILE, &error),
        Fault::Form(detail) => Problem::new(FILE, ProblemKind::Index, detail),
    };
    match seq {
        Some(seq) => problem.entry(seq),
        None => problem,
    }
}

/// When an index was last written, by what the system says of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    path: PathBuf,
    /// Length and time of the file and of those that SQLite keeps beside it.
    files: [Option<(u64, SystemTime)>; 3],
}

impl Written {
    fn now(path: &Path) -> Self {
        let files = ["", "-wal", "-journal"].map(|end| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            let data = std::fs::metadata(name).ok()?;
            Some((data.len(), data.modified().ok()?))
        });
        Self { path: path.to_owned(), files }
    }

    fn is_still_so(&self) -> bool {
        Self::now(&self.path) == *self
    }
}
