//! Finding and counting by the index; what is found is read from the log.

use jiff::Timestamp;
use octroi_verify::entry;
use octroi_verify::merkle::leaf_hash;
use octroi_verify::proof::Nodes as _;
use octroi_verify::review::{BLOCK, Bits, Dimension, HOUR_NS, RollupKey, place};
use octroi_verify::segment::{ReadAt, entry_at};
use octroi_verify::tiles::FromTiles;
use octroi_verify::walk::segment_name;
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use super::build::row_of;
use super::count::conditions;
use super::gathered::Row;
use super::{Index, IndexError, Place, Watermark, decode_places, signed, unsigned};
use crate::audit::query::{Filter, Record};

/// One page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The newest that match, oldest first.
    pub records: Vec<Record>,
    /// More, older ones match: ask again with `before` set to the first record's number.
    pub more: bool,
    /// How far the index is.
    pub watermark: Watermark,
}

/// Sums of the hourly rollups over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The hour, counted from 1970.
    pub hour: i64,
    /// What is counted together.
    pub key: RollupKey,
    /// Sendings, or refusals.
    pub count: u64,
    /// Tokens in.
    pub input_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
    /// Bytes sent to clients.
    pub bytes_out: u64,
}

/// Conditions in the form of the index.
pub(super) struct Plan {
    /// Sets of the index: a record is in one at least of each of these.
    words: Vec<Vec<i64>>,
    since: i64,
    until: i64,
    /// First and last record that can match.
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Index {
    /// Finds the newest `limit` records that match, among those that begin before entry `before`.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn page(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Answer, IndexError> {
        let watermark = self.watermark()?;
        if let Some(id) = filter.id {
            let row = row_of(&self.connection, entry::Request(u128::from_be_bytes(id.0)))?;
            let wanted = |row: &Row| limit > 0 && before.is_none_or(|before| row.seq < before);
            let row = match row.filter(wanted) {
                Some(row) if self.meets(&row, filter)? => Some(row),
                _ => None,
            };
            let records = row.iter().map(|row| self.record(row)).collect::<Result<_, _>>()?;
            return Ok(Answer { records, more: false, watermark });
        }
        let rows = self.rows(filter, limit.saturating_add(1), before)?;
        let more = rows.len() > limit;
        let mut records = rows.iter().take(limit).map(|row| self.record(row)).collect::<Result<Vec<_>, _>>()?;
        records.reverse();
        Ok(Answer { records, more, watermark })
    }

    /// Whether a row meets the conditions besides its request.
    fn meets(&self, row: &Row, filter: &Filter) -> Result<bool, IndexError> {
        let rest = Filter { id: None, ..filter.clone() };
        if rest == Filter::default() {
            return Ok(true);
        }
        let plan = self.plan(&rest)?;
        let only = Plan { first: row.seq, last: row.seq, ..plan };
        let in_time = row.time >= only.since && row.time < only.until;
        Ok(in_time && self.matching(&only, row.seq / BLOCK)?.is_some())
    }

    /// The newest rows that match, newest first.
    fn rows(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Vec<Row>, IndexError> {
        let mut plan = self.plan(filter)?;
        match before {
            Some(0) => return Ok(Vec::new()),
            Some(before) => plan.last = plan.last.min(before - 1),
            None => {}
        }
        self.rows_of(&plan, limit)
    }

    fn rows_of(&self, plan: &Plan, limit: usize) -> Result<Vec<Row>, IndexError> {
        let mut rows = Vec::new();
        let mut one = self.connection.prepare("SELECT seq, id, time, places FROM request WHERE seq = ?1")?;
        if plan.words.is_empty() {
            let mut all = self.connection.prepare(
                "SELECT seq, id, time, places FROM request
                 WHERE seq BETWEEN ?1 AND ?2 AND time >= ?3 AND time < ?4 ORDER BY seq DESC LIMIT ?5",
            )?;
            let wanted = params![signed(plan.first), signed(plan.last), plan.since, plan.until, signed(limit as u64)];
            let found = all.query_map(wanted, row)?;
            return Ok(found.collect::<Result<_, _>>()?);
        }
        let (first, last) = (plan.first / BLOCK, plan.last / BLOCK);
        for block in (first..=last).rev() {
            let Some(bits) = self.matching(plan, block)? else { continue };
            for number in bits.descending() {
                let seq = block * BLOCK + u64::from(number);
                let found = one.query_row(params![signed(seq)], row).optional()?;
                let found = found.ok_or(IndexError::Unfit(seq))?;
                if found.time >= plan.since && found.time < plan.until {
                    rows.push(found);
                }
                if rows.len() >= limit {
                    return Ok(rows);
                }
            }
        }
        Ok(rows)
    }

    /// The records of a kind that belong to no request, of a time, oldest first; the newest `limit` of them.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn of_kind(&self, during: &Filter, kind: &str, limit: usize) -> Result<Vec<Record>, IndexError> {
        match self.legible(during, kind, limit)? {
            (_, illegible) if !illegible.is_empty() => Err(IndexError::Unfit(illegible.into_iter().min().unwrap_or(0))),
            (records, _) => Ok(records),
        }
    }

    /// The same of a log that may be damaged: those that can be read, and the numbers of the others.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn legible(&self, during: &Filter, kind: &str, limit: usize) -> Result<(Vec<Record>, Vec<u64>), IndexError> {
        let mut plan = self.plan(during)?;
        match self.word(Dimension::Kind, kind) {
            Err(IndexError::Unknown { .. }) => return Ok((Vec::new(), Vec::new())),
            word => plan.words.push(vec![word?]),
        }
        let (mut records, mut illegible) = (Vec::new(), Vec::new());
        for row in self.rows_of(&plan, limit)?.iter().rev() {
            match self.record(row) {
                Err(IndexError::Unfit(seq)) => illegible.push(seq),
                record => records.push(record?),
            }
        }
        Ok((records, illegible))
    }

    /// The rollups of the hours from `since` on and before `until`.
    ///
    /// # Errors
    /// [`IndexError::Database`].
    pub fn rollups(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Rollup>, IndexError> {
        let hour = |time: Timestamp| nanoseconds(time).div_euclid(HOUR_NS);
        let mut find = self.connection.prepare(
            "SELECT hour, tenant, app, purpose, decision, reason, backend, country, control, basis, class, exception,
                    spared, n, input_tokens, output_tokens, bytes_out
             FROM hourly WHERE hour >= ?1 AND hour < ?2 ORDER BY hour",
        )?;
        let found = find.query_map(params![hour(since), hour(until)], |row| {
            let key = RollupKey {
                tenant: row.get(1)?,
                app: row.get(2)?,
                purpose: row.get(3)?,
                decision: row.get(4)?,
                reason: row.get(5)?,
                backend: row.get(6)?,
                country: row.get(7)?,
                control: row.get(8)?,
                basis: row.get(9)?,
                class: row.get(10)?,
                exception: row.get(11)?,
                spared: row.get(12)?,
            };
            Ok(Rollup {
                hour: row.get(0)?,
                key,
                count: unsigned(row.get(13)?),
                input_tokens: unsigned(row.get(14)?),
                output_tokens: unsigned(row.get(15)?),
                bytes_out: unsigned(row.get(16)?),
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Reads an entry from the log.
    pub(super) fn read(&self, place: Place) -> Result<Vec<u8>, IndexError> {
        let folder = self.log.as_path();
        let file = octroi_verify::walk::Folder::open(&folder, &segment_name(place.segment));
        let unfit = IndexError::Unfit(place.seq);
        let Ok(file) = file else { return Err(unfit) };
        let Ok(Some(bytes)) = entry_at(file.as_ref() as &dyn ReadAt, place.offset) else { return Err(unfit) };
        // An entry that was changed since it was indexed has another hash.
        let known = FromTiles(self).node(0, place.seq).is_none_or(|hash| hash == leaf_hash(&bytes));
        if known && entry::open(&bytes).is_ok_and(|entry| entry.seq == place.seq) { Ok(bytes) } else { Err(unfit) }
    }

    fn record(&self, row: &Row) -> Result<Record, IndexError> {
        let unfit = || IndexError::Unfit(row.seq);
        let mut entries = Vec::with_capacity(row.places.len());
        for place in &row.places {
            let bytes = self.read(*place)?;
            // A row that leads to another request's entries tells of that one under this one's id.
            if entry::open(&bytes).ok().and_then(|entry| entry.about.request) != row.id {
                return Err(unfit());
            }
            entries.push(serde_json::from_slice::<Value>(&bytes).map_err(|_| unfit())?);
        }
        let time = entries.first().and_then(|entry| entry.get("time")).and_then(Value::as_str).ok_or_else(unfit)?;
        Ok(Record { seq: row.seq, time: time.to_owned(), entries })
    }

    pub(super) fn plan(&self, filter: &Filter) -> Result<Plan, IndexError> {
        let mut words = Vec::new();
        for (dimension, word) in filter.words() {
            words.push(vec![self.word(dimension, word)?]);
        }
        // A backend and a country are of one sending: another that went there is not meant.
        for (whole, members) in Dimension::TOGETHER {
            let conditions = conditions(filter, members);
            if conditions.len() > 1 {
                words.push(self.wholes(whole, &conditions)?.into_iter().map(|(id, _)| id).collect());
            }
        }
        let (since, until) = (filter.since.map_or(i64::MIN, nanoseconds), filter.until.map_or(i64::MAX, nanoseconds));
        let (from, to) = (since.div_euclid(HOUR_NS), until.saturating_sub(1).div_euclid(HOUR_NS));
        let spans = "SELECT min(first), max(last) FROM span WHERE hour BETWEEN ?1 AND ?2";
        let (first, last): (Option<i64>, Option<i64>) =
            self.connection.query_row(spans, params![from, to], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Nothing in that time: a plan that no record meets.
        let (first, last) = (first.map_or(u64::MAX, unsigned), last.map_or(0, unsigned));
        let empty = first > last;
        let (since, until) = if empty { (i64::MAX, i64::MIN) } else { (since, until) };
        Ok(Plan { words, since, until, first: first.min(last), last })
    }

    /// The records of a block that match all words; `None` when there are none.
    fn matching(&self, plan: &Plan, block: u64) -> Result<Option<Bits>, IndexError> {
        let mut all = window(plan, block);
        for sets in &plan.words {
            let Some(bits) = self.any(sets, block)? else { return Ok(None) };
            all.and(&bits);
        }
        Ok((all.count() > 0).then_some(all))
    }

    /// The same; without words every record.
    pub(super) fn matching_or_all(&self, plan: &Plan, block: u64) -> Result<Option<Bits>, IndexError> {
        if !plan.words.is_empty() {
            return self.matching(plan, block);
        }
        let mut all = Bits::default();
        for (id, _) in self.words(Dimension::Kind)? {
            if let Some(bits) = self.bits(id, block)? {
                bits.descending().for_each(|number| all.insert(number));
            }
        }
        all.and(&window(plan, block));
        Ok((all.count() > 0).then_some(all))
    }

    /// Records of a block that lie in the plan's range and not in its time: at its edges, and where a clock was set back.
    pub(super) fn outside(&self, plan: &Plan, block: u64) -> Result<Vec<u16>, IndexError> {
        let mut numbers = Vec::new();
        let mut hours = self.connection.prepare(
            "SELECT first, last FROM span
             WHERE (hour * ?1 < ?2 OR (hour + 1) * ?1 > ?3) AND last >= ?4 AND first <= ?5",
        )?;
        let mut late = self
            .connection
            .prepare("SELECT seq FROM request WHERE seq BETWEEN ?1 AND ?2 AND (time < ?3 OR time >= ?4)")?;
        let (from, to) = (plan.first.max(block * BLOCK), plan.last.min(block * BLOCK + BLOCK - 1));
        let edges = params![HOUR_NS, plan.since, plan.until, signed(from), signed(to)];
        let spans = hours.query_map(edges, |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))?;
        for span in spans {
            let (first, last) = span?;
            let range = params![signed(first.max(from)), signed(last.min(to)), plan.since, plan.until];
            for seq in late.query_map(range, |row| row.get(0))? {
                numbers.push(place(unsigned(seq?)).1);
            }
        }
        Ok(numbers)
    }

    pub(super) fn bits(&self, word: i64, block: u64) -> Result<Option<Bits>, IndexError> {
        let find = "SELECT data FROM bits WHERE word = ?1 AND block = ?2";
        let data = self.connection.query_row(find, params![word, signed(block)], |row| row.get::<_, Vec<u8>>(0));
        Ok(data.optional()?.map(|bytes| Bits::decode(&bytes)))
    }

    /// The words of a dimension.
    pub(super) fn words(&self, dimension: Dimension) -> Result<Vec<(i64, String)>, IndexError> {
        let mut find = self.connection.prepare("SELECT id, text FROM word WHERE dimension = ?1 ORDER BY text")?;
        let found = find.query_map(params![dimension.number()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn word(&self, dimension: Dimension, word: &str) -> Result<i64, IndexError> {
        let words = self.words(dimension)?;
        if let Some((id, _)) = words.iter().find(|(_, listed)| listed == word) {
            return Ok(*id);
        }
        let listed = words.into_iter().map(|(_, listed)| listed).collect();
        Err(IndexError::Unknown { dimension: dimension.name(), word: word.to_owned(), listed })
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let id: Option<Vec<u8>> = row.get(1)?;
    let id = id.and_then(|id| id.try_into().ok()).map(|id| entry::Request(u128::from_be_bytes(id)));
    let places = decode_places(&row.get::<_, Vec<u8>>(3)?);
    Ok(Row { seq: unsigned(row.get(0)?), id, time: row.get(2)?, places })
}

/// The numbers of a block that the plan's range has.
fn window(plan: &Plan, block: u64) -> Bits {
    let (from, to) = (plan.first.max(block * BLOCK), plan.last.min(block * BLOCK + BLOCK - 1));
    if from > to { Bits::default() } else { Bits::range(place(from).1, place(to).1) }
}

fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(if time.as_nanosecond() < 0 { i64::MIN } else { i64::MAX })
}
