//! Filling the index from the log.

use jiff::Timestamp;
use octroi_verify::entry::{self, Kind, Request};
use octroi_verify::merkle::{Hash, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned;
use octroi_verify::review::{Enveloped, HOUR_NS, Opened, facts};
use octroi_verify::segment::{Batch, FRAME_HEAD_BYTES};
use octroi_verify::tiles::{Growing, TILE_LEVEL_MAX, TILE_WIDTH, Tile, Tiles as _};
use octroi_verify::walk::{self, Step, Walk, segment_name};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::gathered::{Basis, Filling, Row};
use super::place::has_room;
use super::{FILE, Index, IndexError, Place, Watermark, decode_places, unsigned};

/// Entries after which what was gathered is written: bounds the memory.
const FLUSH_ENTRIES: u64 = 131_072;

/// How often it is begun again because another wrote meanwhile. Each time the other came further, so this is only met where many
/// ask again and again.
const RIVALS_MAX: u32 = 1_000;

impl Index {
    /// Reads what the log has got since the last time. An index that does not fit the log is made anew.
    ///
    /// # Errors
    /// [`IndexError`] when the database refuses or the log cannot be read.
    pub fn catch_up(&mut self) -> Result<Watermark, IndexError> {
        self.catch_up_with(&mut |_| {})
    }

    /// The same; `progress` is told how many entries are indexed.
    ///
    /// # Errors
    /// [`IndexError`] when the database refuses or the log cannot be read.
    pub fn catch_up_with(&mut self, progress: &mut dyn FnMut(u64)) -> Result<Watermark, IndexError> {
        self.unpin();
        match self.fill(u64::MAX, progress) {
            // What could be opened need not be writable.
            Err(error) if error.is_unwritable() && !self.is_temporary => {
                // What a full disk kept from being taken in would keep its room.
                self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap_or_default();
                *self = Self::elsewhere(&self.log)?;
                self.fill(u64::MAX, progress)
            }
            filled => filled,
        }
        .and_then(|_| self.pin())
        .map_err(|error| error.of(&self.log))
    }

    /// From here on every answer is of one state of the index, whatever others write to it.
    fn pin(&self) -> Result<Watermark, IndexError> {
        self.connection.execute_batch("BEGIN")?;
        self.watermark()
    }

    /// The next answer is of the newest state.
    fn unpin(&self) {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK").unwrap_or_default();
        }
    }

    /// Reads on until so many entries are indexed; a batch is never divided. Where another fills the same index at the same time,
    /// each goes on from what the other has written.
    pub(super) fn fill(&mut self, entries_max: u64, progress: &mut dyn FnMut(u64)) -> Result<Watermark, IndexError> {
        for _ in 0..RIVALS_MAX {
            let basis = Basis::of(&self.connection)?;
            match self.go_on(entries_max, progress) {
                Ok(true) => return self.watermark(),
                Ok(false) => {}
                // What was read of it while another wrote may not fit together.
                Err(_) if Basis::of(&self.connection)? != basis => {}
                Err(error) => return Err(error),
            }
        }
        Err(IndexError::Written { file: self.log.join(FILE).display().to_string() })
    }

    /// The same, unless another writes meanwhile: then `false`.
    fn go_on(&mut self, entries_max: u64, progress: &mut dyn FnMut(u64)) -> Result<bool, IndexError> {
        let log = self.log.clone();
        let folder = log.as_path();
        let mut walk = Walk::open(&folder)?;
        let Some((basis, mut growing)) = self.begun(&mut walk)? else { return Ok(false) };
        let first = first_of(&walk);
        let mut filling = Filling::new(basis, first);
        if basis.entries < first {
            // Of what was pruned the hashes are left: they make its tiles, and no row.
            pruned::read(&log, first, &mut |_, hash| {
                growing.push(hash, &mut filling.tiles);
                Ok(())
            })?;
        }
        let mut fault = None;
        while walk.place().seq < entries_max {
            let number = walk.place().segment;
            let batch_of = match walk.next() {
                Ok(Step::Segment(_)) => continue,
                Ok(Step::Torn(_) | Step::End) => break,
                Ok(Step::Batch(batch)) => batch,
                // What comes before it can be found.
                Err(problem) => {
                    fault = Some(problem);
                    break;
                }
            };
            self.take(&mut filling, &mut growing, number, &batch_of)?;
            let at = walk.place();
            if filling.entries >= FLUSH_ENTRIES {
                if !self.flush(&mut filling, &growing, at)? {
                    return Ok(false);
                }
                progress(at.seq);
            }
        }
        match (self.flush(&mut filling, &growing, walk.place())?, fault) {
            (true, Some(problem)) => Err(problem.into()),
            (written, _) => Ok(written),
        }
    }

    /// Goes to where the index ends, or begins one that does not fit the log anew: what it goes on from, and the tree so far. `None`
    /// when another began one in this moment.
    fn begun(&self, walk: &mut Walk<'_>) -> Result<Option<(Basis, Growing)>, IndexError> {
        // One state of the file: another may write it while it is read.
        let state = self.connection.unchecked_transaction()?;
        let basis = Basis::of(&state)?;
        if self.resume(walk)? {
            return Ok(Some((basis, self.growing(basis.entries)?)));
        }
        drop(state);
        if !self.begin_from(|connection| Ok(Basis::of(connection)? == basis))? {
            return Ok(None);
        }
        Ok(Some((Basis::default(), self.growing(0)?)))
    }

    /// Goes to where the index ends; `false` when there is no such place in the log.
    fn resume(&self, walk: &mut Walk<'_>) -> Result<bool, IndexError> {
        let entries = self.watermark()?.entries;
        let (segment, offset) = (self.meta("segment")?, self.meta("offset")?);
        let (Some(segment), Some(offset)) = (segment.and_then(|number| u32::try_from(number).ok()), offset) else {
            return Ok(entries == 0);
        };
        // Rows of entries that were pruned since lead nowhere.
        if self.meta("pruned")?.map(unsigned) != Some(first_of(walk)) {
            return Ok(false);
        }
        let place = walk::Place { segment, offset: unsigned(offset), seq: entries };
        // The last entry indexed must be the one that stands there now: a log may have been exchanged under the index.
        let last =
            self.connection.query_row("SELECT value FROM meta WHERE key = 'last'", [], |row| row.get::<_, Vec<u8>>(0));
        let last = decode_places(&last.optional()?.unwrap_or_default()).pop();
        let begins = walk.headers().iter().any(|header| walk::start_of(header) == place);
        let fits = match last {
            Some(last) => self.read(last).is_ok_and(|bytes| {
                // Where the next entry is looked for is where the last one ends, or where a segment begins: another place
                // would pass over entries.
                let end = last.offset.saturating_add((FRAME_HEAD_BYTES + bytes.len()) as u64);
                let follows = begins || (last.segment, end) == (place.segment, place.offset);
                follows && last.seq.saturating_add(1) == entries && self.leaf(last.seq) == Some(leaf_hash(&bytes))
            }),
            None => entries == 0,
        };
        Ok(fits && walk.seek(place))
    }

    fn take(
        &self,
        filling: &mut Filling,
        growing: &mut Growing,
        segment: u32,
        batch: &Batch<'_>,
    ) -> Result<(), IndexError> {
        for (offset, seq, bytes) in batch.entries() {
            let name = segment_name(segment);
            let malformed = |detail: String| Problem::new(&name, ProblemKind::Malformed, detail).at(offset).entry(seq);
            let entry = entry::open(bytes).map_err(|error| malformed(error.to_string()))?;
            let Enveloped { entry: body } =
                serde_json::from_slice(bytes).map_err(|_| malformed("not an entry".to_owned()))?;
            let time = entry.time.parse::<Timestamp>().map_err(|_| malformed("not a time".to_owned()))?;
            let time = i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
            let at = Place { seq, segment, offset };
            growing.push(leaf_hash(bytes), &mut filling.tiles);
            filling.entries += 1;
            filling.last = Some(at);
            let request = entry.about.request;
            match (entry.about.kind, request) {
                (Kind::Decision, Some(id)) => {
                    let (taken, opened) = facts::decision(&body);
                    filling.put(seq, time, taken, 1);
                    let row = Row { seq, id: Some(id), time, places: vec![at] };
                    filling.open(id, row, opened);
                }
                (Kind::Attempt | Kind::Outcome, Some(id)) => {
                    let Some((mut row, mut opened)) = self.opened(filling, id)? else { continue };
                    row.places.push(at);
                    if entry.about.kind == Kind::Attempt {
                        let taken = facts::attempt(&body, &mut opened);
                        filling.put(row.seq, row.time, taken, 1);
                        filling.open(id, row, opened);
                    } else {
                        filling.put(row.seq, row.time, facts::outcome(&body, &opened), 1);
                        if let Some(key) = opened.last {
                            let sums = filling.rollups.entry((row.time.div_euclid(HOUR_NS), key)).or_default();
                            // A backend counts as it likes.
                            let add = |sum: u64, more: u64| sum.saturating_add(more).min(i64::MAX.cast_unsigned());
                            sums.input_tokens = add(sums.input_tokens, body.input_tokens.unwrap_or(0));
                            sums.output_tokens = add(sums.output_tokens, body.output_tokens.unwrap_or(0));
                            sums.bytes_out = add(sums.bytes_out, body.bytes_out);
                        }
                        filling.rows.push(row);
                    }
                }
                _ => {
                    filling.put(seq, time, facts::other(&body), 0);
                    filling.rows.push(Row { seq, id: None, time, places: vec![at] });
                }
            }
        }
        Ok(())
    }

    /// The row of a request whose decision was met before: now, or by an earlier filling.
    fn opened(&self, filling: &mut Filling, id: Request) -> Result<Option<(Row, Opened)>, IndexError> {
        if let Some(found) = filling.opened.remove(&id) {
            return Ok(Some(found));
        }
        let Some(row) = row_of(&self.connection, id)? else { return Ok(None) };
        let Some(first) = row.places.first() else { return Ok(None) };
        let mut opened = Opened::default();
        for (index, place) in row.places.iter().enumerate() {
            let bytes = self.read(*place)?;
            let Ok(Enveloped { entry: body }) = serde_json::from_slice(&bytes) else {
                return Err(IndexError::Unfit(first.seq));
            };
            if index == 0 {
                opened = facts::decision(&body).1;
            } else {
                facts::attempt(&body, &mut opened);
            }
        }
        Ok(Some((row, opened)))
    }

    /// Writes what was gathered, and how far the index is, in one transaction; `false` when somebody else has written since what it
    /// goes on from was read: then nothing of it is.
    fn flush(&mut self, filling: &mut Filling, growing: &Growing, at: walk::Place) -> Result<bool, IndexError> {
        let seen = filling.basis;
        if filling.entries > 0 && !self.is_temporary && !has_room(&self.log) {
            return Err(IndexError::NoRoom { file: self.log.join(FILE).display().to_string() });
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if Basis::of(&transaction)? != seen {
            return Ok(false);
        }
        let basis = Basis { entries: at.seq, pruned: Some(filling.first) };
        // A search that finds nothing new leaves the file as it is.
        if basis != seen || filling.entries > 0 {
            filling.write(&transaction, growing, at)?;
            transaction.commit()?;
        }
        filling.written(basis);
        Ok(true)
    }

    /// The tree so far, from its tiles.
    fn growing(&self, entries: u64) -> Result<Growing, IndexError> {
        let partial = (0..=TILE_LEVEL_MAX).filter_map(|level| {
            let width = entries.checked_shr(8 * u32::from(level)).unwrap_or(0) % TILE_WIDTH;
            let number = entries.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            let hashes = (width > 0).then(|| self.hashes(level, number))?;
            Some(Tile { level, number, hashes })
        });
        Growing::restore(entries, partial).ok_or(IndexError::Unfit(entries))
    }

    fn leaf(&self, seq: u64) -> Option<Hash> {
        self.hashes(0, seq / TILE_WIDTH).get(usize::try_from(seq % TILE_WIDTH).ok()?).copied()
    }
}

/// The first entry that is left.
fn first_of(walk: &Walk<'_>) -> u64 {
    walk.headers().first().map_or(0, |header| header.first_seq)
}

/// Finds the row of a request.
pub(super) fn row_of(connection: &Connection, id: Request) -> Result<Option<Row>, IndexError> {
    let find = "SELECT seq, time, places FROM request WHERE id = ?1";
    let row = connection.query_row(find, params![id.0.to_be_bytes()], |row| {
        let places = decode_places(&row.get::<_, Vec<u8>>(2)?);
        Ok(Row { seq: unsigned(row.get(0)?), id: Some(id), time: row.get(1)?, places })
    });
    Ok(row.optional()?)
}
