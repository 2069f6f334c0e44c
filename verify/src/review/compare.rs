//! The end of a check: what is in an index is all that must be, and no more; and what it is made of.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Counts, Found, places, signed};
use super::facts::RollupKey;
use super::record::Value;
use super::sqlite::{Database, Fault, Row};
use super::{PLACE_BYTES, TABLES};

impl Check {
    /// Everything that is there, against what must be.
    pub(super) fn compare(&mut self) -> Found<()> {
        for tile in self.growing.partial() {
            self.tile(&tile)?;
        }
        let mut there = Counts::default();
        let scan = |table, each: &mut dyn FnMut(Row) -> Found<()>| self.database.scan(self.root(table), each);
        scan("request", &mut |(_, row)| {
            there.rows += 1;
            there.places += (places(&row).map_or(0, <[u8]>::len) / PLACE_BYTES) as u64;
            Ok(())
        })?;
        scan("request_id", &mut |_| {
            there.ids += 1;
            Ok(())
        })?;
        scan("tile", &mut |_| {
            there.tiles += 1;
            Ok(())
        })?;
        let mut used = HashSet::new();
        scan("bits", &mut |(_, row)| {
            let [Value::Int(word), _, Value::Blob(data)] = row.as_slice() else {
                return Err(Fault::Form("a set of it is not one"));
            };
            let count = super::Bits::decode(data).count();
            there.members += count;
            if count > 0 {
                used.insert(*word);
            }
            Ok(())
        })?;
        if there != self.must {
            return Err(Fault::Form(if there.members == self.must.members {
                "it has rows that the log does not have"
            } else {
                "a search would find records that do not have the word"
            }));
        }
        // Somebody who asks what words there are would be told of one that the log does not have.
        if self.words.values().any(|word| !used.contains(word)) {
            return Err(Fault::Form("a word of it is of no record"));
        }
        self.compare_sums()?;
        self.compare_spans()?;
        if self.entries > 0 && !self.last.is_empty() && self.meta("last")? != Some(Value::Blob(self.last.clone())) {
            return Err(Fault::Form("it does not go on where it ends"));
        }
        Ok(())
    }

    fn compare_sums(&mut self) -> Found<()> {
        let differs = || Fault::Form("its counts are not those of the log");
        let (mut left, root) = (std::mem::take(&mut self.hourly), self.root("hourly"));
        self.database.scan(root, &mut |(_, row)| {
            let mut row = row.into_iter();
            let Some(Value::Int(hour)) = row.next() else { return Err(differs()) };
            let mut text = || match row.next() {
                Some(Value::Text(text)) => Ok(text),
                _ => Err(differs()),
            };
            let key = RollupKey {
                tenant: text()?,
                app: text()?,
                purpose: text()?,
                decision: text()?,
                reason: text()?,
                backend: text()?,
                country: text()?,
                control: text()?,
                basis: text()?,
                class: text()?,
                exception: text()?,
                spared: text()?,
            };
            let sums = left.remove(&(hour, key)).ok_or_else(differs)?;
            if row.eq(sums.map(Value::Int)) { Ok(()) } else { Err(differs()) }
        })?;
        if left.is_empty() { Ok(()) } else { Err(differs()) }
    }

    fn compare_spans(&mut self) -> Found<()> {
        let differs = || Fault::Form("the hours of it are not those of the log");
        let (mut left, root) = (std::mem::take(&mut self.spans), self.root("span"));
        self.database.scan(root, &mut |(hour, row)| {
            let span = hour.and_then(|hour| left.remove(&hour)).ok_or_else(differs)?;
            let told = row.get(1..) == Some(&[Value::Int(signed(span.0)), Value::Int(signed(span.1))]);
            if told { Ok(()) } else { Err(differs()) }
        })?;
        if left.is_empty() { Ok(()) } else { Err(differs()) }
    }

    /// The words, which must be found by their text as well.
    pub(super) fn read_words(&mut self) -> Found<()> {
        let twice = || Fault::Form("a word of it is there twice, or is none");
        let mut words = HashMap::new();
        self.database.scan(self.root("word"), &mut |(id, row)| {
            let (Some(id), [_, Value::Int(dimension), Value::Text(text)]) = (id, row.as_slice()) else {
                return Err(twice());
            };
            if words.insert((*dimension, text.clone()), id).is_some() { Err(twice()) } else { Ok(()) }
        })?;
        let mut listed = 0;
        self.database.scan(self.root(BY_TEXT), &mut |(_, row)| {
            let [Value::Int(dimension), Value::Text(text), Value::Int(id)] = row.as_slice() else {
                return Err(twice());
            };
            listed += 1;
            if words.get(&(*dimension, text.clone())) == Some(id) { Ok(()) } else { Err(twice()) }
        })?;
        if listed != words.len() {
            return Err(Fault::Form("a word of it is not found by its text"));
        }
        self.words = words;
        Ok(())
    }
}

/// What SQLite names its own index of the words.
const BY_TEXT: &str = "sqlite_autoindex_word_1";
/// Those that have their rows in themselves.
const WITHOUT_ROWID: [&str; 4] = ["meta", "bits", "hourly", "tile"];

/// Where each table begins. A trigger, a view in the place of a table, or another statement makes another database.
pub(super) fn roots(database: &Database) -> Found<HashMap<&'static str, u32>> {
    let another = || Fault::Form("its tables are not those of an index");
    let mut roots = HashMap::new();
    for (kind, name, root, sql) in database.schema()? {
        if name.starts_with("sqlite_autoindex_") && sql.is_none() && kind == "index" {
            if name == BY_TEXT {
                roots.insert(BY_TEXT, root);
            } else if !WITHOUT_ROWID.iter().any(|table| name == format!("sqlite_autoindex_{table}_1")) {
                return Err(another());
            }
            continue;
        }
        let (known, statement) = TABLES.iter().find(|(known, _)| *known == name).ok_or_else(another)?;
        if sql.as_deref() != Some(statement) || roots.insert(known, root).is_some() {
            return Err(another());
        }
    }
    if roots.len() == TABLES.len() + 1 { Ok(roots) } else { Err(another()) }
}

/// Nanoseconds since 1970 of the time of an entry, whose form was checked.
pub(super) fn nanoseconds(time: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Days from 1970 in the calendar of Gregory, with years that begin in March.
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(number(20..29)?)
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (time, seconds) in [
            ("1970-01-01T00:00:00.000000000Z", 0),
            ("2000-02-29T12:00:00.000000000Z", 951_825_600),
            ("2026-11-23T09:00:00.000000000Z", 1_795_424_400),
            ("2100-03-01T00:00:00.000000000Z", 4_107_542_400),
            ("1969-12-31T23:59:59.000000000Z", -1),
        ] {
            assert_eq!(nanoseconds(time), Some(seconds * 1_000_000_000), "{time}");
        }
        assert_eq!(nanoseconds("1970-01-01T00:00:00.000000007Z"), Some(7));
    }
}
