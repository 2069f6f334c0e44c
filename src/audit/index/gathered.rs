//! What was gathered from the log for the index, and how it is written: all of it, or nothing where another wrote first.
//!
//! Two commands may fill one index at the same time. Each notes what it goes on from, its [`Basis`], and looks again in the transaction
//! that writes: what is added to sums would be added twice otherwise, and an older row would take the place of a newer one.

use std::collections::HashMap;

use octroi_verify::entry::Request;
use octroi_verify::relations::OPEN_MAX;
use octroi_verify::review::{Bits, Dimension, HOUR_NS, Opened, RollupKey, Taken, place};
use octroi_verify::tiles::{Growing, Tile};
use octroi_verify::walk;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{IndexError, Place, encode_places, meta, signed, unsigned};

/// What a filling goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Basis {
    /// Entries indexed.
    pub(super) entries: u64,
    /// The first entry that the log had then.
    pub(super) pruned: Option<u64>,
}

impl Basis {
    /// How far an index is now.
    pub(super) fn of(connection: &Connection) -> Result<Self, IndexError> {
        let entries = meta(connection, "entries")?.map_or(0, unsigned);
        Ok(Self { entries, pruned: meta(connection, "pruned")?.map(unsigned) })
    }
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
pub(super) struct Sums {
    n: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) bytes_out: u64,
}

/// What was gathered and is not written yet.
#[derive(Default)]
pub(super) struct Filling {
    pub(super) basis: Basis,
    pub(super) first: u64,
    pub(super) entries: u64,
    pub(super) last: Option<Place>,
    /// Requests whose outcome is still to come.
    pub(super) opened: HashMap<Request, (Row, Opened)>,
    pub(super) rows: Vec<Row>,
    bits: HashMap<(Dimension, String, u64), Vec<u16>>,
    spans: HashMap<i64, (u64, u64)>,
    pub(super) rollups: HashMap<(i64, RollupKey), Sums>,
    pub(super) tiles: Vec<Tile>,
}

impl Filling {
    /// Nothing yet, to go on from there in a log that begins with this entry.
    pub(super) fn new(basis: Basis, first: u64) -> Self {
        Self { basis, first, ..Self::default() }
    }

    pub(super) fn put(&mut self, seq: u64, time: i64, taken: Taken, count: u64) {
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

    pub(super) fn open(&mut self, id: Request, row: Row, opened: Opened) {
        self.opened.insert(id, (row, opened));
    }

    /// Writes it, and how far the index is then.
    pub(super) fn write(
        &mut self,
        connection: &Connection,
        growing: &Growing,
        at: walk::Place,
    ) -> Result<(), IndexError> {
        let mut row = connection.prepare("INSERT OR REPLACE INTO request VALUES (?1, ?2, ?3, ?4)")?;
        // A request in work has its row too: it is found before it has ended.
        for one in self.rows.iter().chain(self.opened.values().map(|(row, _)| row)) {
            let id = one.id.map(|id| id.0.to_be_bytes());
            row.execute(params![signed(one.seq), id, one.time, encode_places(&one.places)])?;
        }
        let mut tile = connection.prepare("INSERT OR REPLACE INTO tile VALUES (?1, ?2, ?3)")?;
        for full in self.tiles.iter().chain(&growing.partial()) {
            tile.execute(params![full.level, signed(full.number), full.bytes()])?;
        }
        self.write_sets(connection)?;
        let mut span = connection.prepare(
            "INSERT INTO span VALUES (?1, ?2, ?3)
             ON CONFLICT (hour) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)",
        )?;
        for (hour, (first, last)) in self.spans.drain() {
            span.execute(params![hour, signed(first), signed(last)])?;
        }
        write_rollups(connection, self)?;
        let mut meta = connection.prepare("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
        for (key, value) in [
            ("pruned", signed(self.first)),
            ("entries", signed(at.seq)),
            ("segment", i64::from(at.segment)),
            ("offset", signed(at.offset)),
        ] {
            meta.execute(params![key, value])?;
        }
        if let Some(last) = self.last.take() {
            meta.execute(params!["last", encode_places(&[last])])?;
        }
        Ok(())
    }

    fn write_sets(&mut self, connection: &Connection) -> Result<(), IndexError> {
        let mut ids = HashMap::new();
        let mut read = connection.prepare("SELECT data FROM bits WHERE word = ?1 AND block = ?2")?;
        let mut write = connection.prepare("INSERT OR REPLACE INTO bits VALUES (?1, ?2, ?3)")?;
        for ((dimension, word, block), numbers) in self.bits.drain() {
            let word = word_id(connection, &mut ids, dimension, word)?;
            let key = params![word, signed(block)];
            let before = read.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()?;
            let mut bits = before.map(|bytes| Bits::decode(&bytes)).unwrap_or_default();
            for number in numbers {
                bits.insert(number);
            }
            write.execute(params![word, signed(block), bits.encode()])?;
        }
        Ok(())
    }

    /// Goes on behind what is written.
    pub(super) fn written(&mut self, basis: Basis) {
        self.basis = basis;
        self.rows.clear();
        self.tiles.clear();
        // They have their rows by now: an outcome finds them there, at the cost of reading their entries again.
        if self.opened.len() > OPEN_MAX {
            self.opened.clear();
        }
        self.entries = 0;
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
