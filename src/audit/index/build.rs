//! Filling the index from the log.

use std::collections::HashMap;

use jiff::Timestamp;
use octroi_verify::entry::{self, Kind, Request};
use octroi_verify::merkle::{Hash, leaf_hash};
use octroi_verify::problem::{Problem, ProblemKind};
use octroi_verify::pruned;
use octroi_verify::relations::OPEN_MAX;
use octroi_verify::review::{Bits, Dimension, Enveloped, HOUR_NS, Opened, RollupKey, Taken, facts, place};
use octroi_verify::segment::{Batch, FRAME_HEAD_BYTES};
use octroi_verify::tiles::{Growing, TILE_LEVEL_MAX, TILE_WIDTH, Tile, Tiles as _};
use octroi_verify::walk::{self, Step, Walk, segment_name};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Index, IndexError, Place, Watermark, decode_places, encode_places, signed, unsigned};

/// Entries after which what was gathered is written: bounds the memory.
const FLUSH_ENTRIES: u64 = 131_072;

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
        match self.fill(u64::MAX, progress) {
            // What could be opened need not be writable.
            Err(error) if error.is_unwritable() && !self.is_temporary => {
                *self = Self::elsewhere(&self.log)?;
                self.fill(u64::MAX, progress)
            }
            filled => filled,
        }
        .map_err(|error| error.of(&self.log))
    }

    /// Reads on until so many entries are indexed; a batch is never divided.
    pub(super) fn fill(&mut self, entries_max: u64, progress: &mut dyn FnMut(u64)) -> Result<Watermark, IndexError> {
        let log = self.log.clone();
        let folder = log.as_path();
        let mut walk = Walk::open(&folder)?;
        if !self.resume(&mut walk)? {
            self.begin()?;
        }
        let before = self.watermark()?.entries;
        let mut filling = Filling::default();
        let mut growing = self.growing(before)?;
        let first = first_of(&walk);
        if before < first {
            // Of what was pruned the hashes are left: they make its tiles, and no row.
            pruned::read(&log, first, &mut |_, hash| {
                growing.push(hash, &mut filling.tiles);
                Ok(())
            })?;
        }
        self.set_meta("pruned", signed(first))?;
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
                self.flush(&mut filling, &growing, at)?;
                progress(at.seq);
            }
        }
        self.flush(&mut filling, &growing, walk.place())?;
        match fault {
            Some(problem) => Err(problem.into()),
            None => self.watermark(),
        }
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

    /// Writes what was gathered, and how far the index is, in one transaction.
    fn flush(&mut self, filling: &mut Filling, growing: &Growing, at: walk::Place) -> Result<(), IndexError> {
        let transaction = self.connection.transaction()?;
        let mut ids = HashMap::new();
        {
            let mut row = transaction.prepare("INSERT OR REPLACE INTO request VALUES (?1, ?2, ?3, ?4)")?;
            // A request in work has its row too: it is found before it has ended.
            for one in filling.rows.iter().chain(filling.opened.values().map(|(row, _)| row)) {
                let id = one.id.map(|id| id.0.to_be_bytes());
                row.execute(params![signed(one.seq), id, one.time, encode_places(&one.places)])?;
            }
            let mut tile = transaction.prepare("INSERT OR REPLACE INTO tile VALUES (?1, ?2, ?3)")?;
            for full in filling.tiles.iter().chain(&growing.partial()) {
                tile.execute(params![full.level, signed(full.number), full.bytes()])?;
            }
            let mut read = transaction.prepare("SELECT data FROM bits WHERE word = ?1 AND block = ?2")?;
            let mut write = transaction.prepare("INSERT OR REPLACE INTO bits VALUES (?1, ?2, ?3)")?;
            for ((dimension, word, block), numbers) in filling.bits.drain() {
                let word = word_id(&transaction, &mut ids, dimension, word)?;
                let key = params![word, signed(block)];
                let before = read.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()?;
                let mut bits = before.map(|bytes| Bits::decode(&bytes)).unwrap_or_default();
                for number in numbers {
                    bits.insert(number);
                }
                write.execute(params![word, signed(block), bits.encode()])?;
            }
            let mut span = transaction.prepare(
                "INSERT INTO span VALUES (?1, ?2, ?3)
                 ON CONFLICT (hour) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)",
            )?;
            for (hour, (first, last)) in filling.spans.drain() {
                span.execute(params![hour, signed(first), signed(last)])?;
            }
            write_rollups(&transaction, filling)?;
            for (key, value) in
                [("entries", signed(at.seq)), ("segment", i64::from(at.segment)), ("offset", signed(at.offset))]
            {
                transaction.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![key, value])?;
            }
            if let Some(last) = filling.last.take() {
                let last = encode_places(&[last]);
                transaction.execute("INSERT OR REPLACE INTO meta VALUES ('last', ?1)", params![last])?;
            }
        }
        transaction.commit()?;
        filling.rows.clear();
        filling.tiles.clear();
        // They have their rows by now: an outcome finds them there, at the cost of reading their entries again.
        if filling.opened.len() > OPEN_MAX {
            filling.opened.clear();
        }
        filling.entries = 0;
        Ok(())
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

/// A record.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) id: Option<Request>,
    pub(super) time: i64,
    pub(super) places: Vec<Place>,
}

/// Sums of a rollup.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    input_tokens: u64,
    output_tokens: u64,
    bytes_out: u64,
}

/// What was gathered and is not written yet.
#[derive(Default)]
struct Filling {
    entries: u64,
    last: Option<Place>,
    /// Requests whose outcome is still to come.
    opened: HashMap<Request, (Row, Opened)>,
    rows: Vec<Row>,
    bits: HashMap<(Dimension, String, u64), Vec<u16>>,
    spans: HashMap<i64, (u64, u64)>,
    rollups: HashMap<(i64, RollupKey), Sums>,
    tiles: Vec<Tile>,
}

impl Filling {
    fn put(&mut self, seq: u64, time: i64, taken: Taken, count: u64) {
        let (block, number) = place(seq);
        for (dimension, word) in taken.words {
            self.bits.entry((dimension, word, block)).or_default().push(number);
        }
        let hour = time.div_euclid(HOUR_NS);
        let span = self.spans.entry(hour).or_insert((seq, seq));
        *span = (span.0.min(seq), span.1.max(seq));
        for key in taken.rollups {
            self.rollups.entry((hour, key)).or_default().n += count;
        }
    }

    fn open(&mut self, id: Request, row: Row, opened: Opened) {
        self.opened.insert(id, (row, opened));
    }
}

fn write_rollups(connection: &Connection, filling: &mut Filling) -> Result<(), IndexError> {
    let mut add = connection.prepare(
        "INSERT INTO hourly VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT DO UPDATE SET n = n + excluded.n, input_tokens = min(input_tokens + excluded.input_tokens, 9223372036854775807),
             output_tokens = min(output_tokens + excluded.output_tokens, 9223372036854775807), bytes_out = min(bytes_out + excluded.bytes_out, 9223372036854775807)",
    )?;
    for ((hour, key), sums) in filling.rollups.drain() {
        let RollupKey {
            tenant,
            app,
            purpose,
            decision,
            reason,
            backend,
            country,
            control,
            basis,
            class,
            exception,
            spared,
        } = key;
        add.execute(params![
            hour,
            tenant,
            app,
            purpose,
            decision,
            reason,
            backend,
            country,
            control,
            basis,
            class,
            exception,
            spared,
            signed(sums.n),
            signed(sums.input_tokens),
            signed(sums.output_tokens),
            signed(sums.bytes_out),
        ])?;
    }
    Ok(())
}

fn word_id(
    connection: &Connection,
    ids: &mut HashMap<(Dimension, String), i64>,
    dimension: Dimension,
    word: String,
) -> Result<i64, IndexError> {
    let key = (dimension, word);
    if let Some(id) = ids.get(&key) {
        return Ok(*id);
    }
    let word = params![dimension.number(), key.1];
    connection.execute("INSERT OR IGNORE INTO word (dimension, text) VALUES (?1, ?2)", word)?;
    let find = "SELECT id FROM word WHERE dimension = ?1 AND text = ?2";
    let id = connection.query_row(find, word, |row| row.get(0))?;
    ids.insert(key, id);
    Ok(id)
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
