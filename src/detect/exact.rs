//! Exact values of an enterprise's own lists: customers, accounts, staff numbers, at any length of list.
//!
//! A list holds keyed hashes only (SipHash-2-4 under a key derived from the gateway's root): without the key no value can be
//! told from any other, and with it only by trying. Values are compared without case, accents, blanks and punctuation, so that
//! `FR14 2004…` of a list is found as `FR142004…` and `DUPONT, Jean` as `Dupont Jean`. One probe a candidate: a place among
//! buckets of eight, then eight numbers side by side.
//!
//! ```text
//! "octroi match list 1\n"   columns: u32   rows: u32   buckets: u32   lengths: u64
//! columns x (length: u16, name of the entity type)
//! (buckets + 1) x u32       where each bucket begins among the rows
//! rows x u64                hash, its lowest four bits replaced by the column      8.5 bytes a row
//! ```
//! All numbers are little-endian.

use std::ops::Range;

use siphasher::sip::SipHasher24;
use smallvec::SmallVec;

use super::fold;

/// What a file begins with.
const MAGIC: &[u8] = b"octroi match list 1\n";
/// Columns of one list: four bits.
pub(super) const COLUMNS_MAX: usize = 16;
/// Letters and digits of a value; shorter ones stand everywhere.
const VALUE_BYTES_MIN: usize = 5;
/// Letters and digits of a value that are compared.
const VALUE_BYTES_MAX: usize = 63;
/// Words of a candidate: an IBAN has up to nine groups.
const WORDS_MAX: usize = 9;
/// Bytes between two words of a candidate.
const GAP_BYTES_MAX: usize = 3;
/// Rows of a bucket, on average.
const BUCKET_ROWS: usize = 8;

/// The secret of a list.
#[derive(Clone, Copy)]
pub struct MatchKey(pub [u8; 16]);

impl std::fmt::Debug for MatchKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MatchKey(..)")
    }
}

/// Gathers the rows of a list.
#[derive(Debug)]
pub struct ListBuilder {
    key: MatchKey,
    entities: Vec<String>,
    rows: Vec<u64>,
    lengths: u64,
}

/// A list, ready to be asked.
pub struct MatchList {
    key: MatchKey,
    /// The entity type of each column.
    entities: Vec<String>,
    lengths: u64,
    /// Where each bucket begins, and the end of the last.
    buckets: Box<[u32]>,
    rows: Box<[u64]>,
}

impl std::fmt::Debug for MatchList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MatchList({:?}, {} rows)", self.entities, self.rows.len())
    }
}

/// A file is no list, or more is asked than a list can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The bytes are not those of a list.
    #[error("not a match list of this version")]
    Form,
    /// More columns than four bits number.
    #[error("a match list has at most 16 columns")]
    Columns,
    /// More rows than 32 bits number.
    #[error("a match list has at most 4,294,967,295 rows")]
    Rows,
}

impl ListBuilder {
    /// A list of columns, each with its entity type.
    ///
    /// # Errors
    /// More than sixteen columns, or none.
    pub fn new(key: MatchKey, entities: Vec<String>) -> Result<Self, ListError> {
        if entities.is_empty() || entities.len() > COLUMNS_MAX {
            return Err(ListError::Columns);
        }
        Ok(Self { key, entities, rows: Vec::new(), lengths: 0 })
    }

    /// Adds a value of a column. `false`: it has fewer than five or more than 63 letters and digits and would not be found.
    pub fn add(&mut self, column: usize, value: &str) -> bool {
        let mut canonical = Canonical::new();
        let mut at = 0;
        while let Some((word, folded)) = fold::next_word(value, at) {
            at = word.end;
            canonical.extend_from_slice(&folded);
        }
        if !(VALUE_BYTES_MIN..=VALUE_BYTES_MAX).contains(&canonical.len()) || column >= self.entities.len() {
            return false;
        }
        self.lengths |= 1 << canonical.len();
        self.rows.push(hash(self.key, &canonical) & !0xF | column as u64);
        true
    }

    /// Takes over the rows of a list with the same columns. `false`: it has others.
    pub fn resume(&mut self, list: &MatchList) -> bool {
        if list.entities != self.entities {
            return false;
        }
        self.lengths |= list.lengths;
        self.rows.extend_from_slice(&list.rows);
        true
    }

    /// The file.
    ///
    /// # Errors
    /// More rows than 32 bits number.
    pub fn finish(mut self) -> Result<Vec<u8>, ListError> {
        let count = (self.rows.len() / BUCKET_ROWS).max(1);
        self.rows.sort_unstable_by_key(|&row| (bucket(row, count), row));
        self.rows.dedup();
        let small = |number: usize| u32::try_from(number).map_err(|_| ListError::Rows);
        let mut out = MAGIC.to_vec();
        for number in [self.entities.len(), self.rows.len(), count] {
            out.extend_from_slice(&small(number)?.to_le_bytes());
        }
        out.extend_from_slice(&self.lengths.to_le_bytes());
        for entity in &self.entities {
            out.extend_from_slice(&u16::try_from(entity.len()).map_err(|_| ListError::Form)?.to_le_bytes());
            out.extend_from_slice(entity.as_bytes());
        }
        for place in 0..=count {
            let begin = self.rows.partition_point(|&row| bucket(row, count) < place);
            out.extend_from_slice(&small(begin)?.to_le_bytes());
        }
        self.rows.iter().for_each(|row| out.extend_from_slice(&row.to_le_bytes()));
        Ok(out)
    }
}

impl MatchList {
    /// Reads a file.
    ///
    /// # Errors
    /// Bytes that are no list.
    pub fn read(key: MatchKey, file: &[u8]) -> Result<Self, ListError> {
        let mut rest = file.strip_prefix(MAGIC).ok_or(ListError::Form)?;
        let columns = number(&mut rest)? as usize;
        let (rows, count) = (number(&mut rest)? as usize, number(&mut rest)? as usize);
        let lengths = u64::from(number(&mut rest)?) | u64::from(number(&mut rest)?) << 32;
        if columns == 0 || columns > COLUMNS_MAX || count == 0 {
            return Err(ListError::Form);
        }
        let mut entities = Vec::new();
        for _ in 0..columns {
            let (length, behind) = rest.split_first_chunk::<2>().ok_or(ListError::Form)?;
            let (name, behind) =
                behind.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or(ListError::Form)?;
            entities.push(std::str::from_utf8(name).map_err(|_| ListError::Form)?.to_owned());
            rest = behind;
        }
        let (begins, rest) = rest.split_at_checked(4 * (count + 1)).ok_or(ListError::Form)?;
        let buckets: Box<[u32]> = begins.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let (numbers, tail) = rest.as_chunks::<8>();
        let ordered = buckets.is_sorted() && buckets.last() == u32::try_from(rows).ok().as_ref();
        if numbers.len() != rows || !tail.is_empty() || !ordered {
            return Err(ListError::Form);
        }
        let rows = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        Ok(Self { key, entities, lengths, buckets, rows })
    }

    /// The entity type of each column.
    pub fn entities(&self) -> &[String] {
        &self.entities
    }

    /// Tells lists apart.
    pub(super) fn digest(&self) -> u64 {
        self.rows.iter().fold(self.rows.len() as u64, |digest, &row| {
            (digest.rotate_left(5) ^ row).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        })
    }

    /// Reports every value of the list that a text holds: where, and its column. Of those that begin at one word, the longest.
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(Range<usize>, usize)) {
        let mut from = 0;
        while let Some((first, folded)) = fold::next_word(text, from) {
            from = first.end;
            let mut canonical = Canonical::new();
            canonical.extend_from_slice(&folded);
            let mut end = first.end;
            let mut longest = None;
            for _ in 0..WORDS_MAX {
                if canonical.len() > VALUE_BYTES_MAX {
                    break;
                }
                if let Some(column) = self.column(&canonical) {
                    longest = Some((end, column));
                }
                let Some((word, folded)) =
                    fold::next_word(text, end).filter(|(word, _)| word.start - end <= GAP_BYTES_MAX)
                else {
                    break;
                };
                end = word.end;
                canonical.extend_from_slice(&folded);
            }
            if let Some((end, column)) = longest {
                found(first.start..end, column);
                from = end;
            }
        }
    }

    /// The column that holds a value.
    fn column(&self, canonical: &[u8]) -> Option<usize> {
        if self.lengths >> canonical.len() & 1 == 0 {
            return None;
        }
        let hash = hash(self.key, canonical);
        let place = bucket(hash, self.buckets.len() - 1);
        let (begin, end) = (*self.buckets.get(place)? as usize, *self.buckets.get(place + 1)? as usize);
        let row = self.rows.get(begin..end)?.iter().find(|&&row| row & !0xF == hash & !0xF)?;
        usize::try_from(row & 0xF).ok()
    }
}

/// A value without case, accents, blanks and punctuation.
type Canonical = SmallVec<[u8; 128]>;

/// The bucket of a hash.
const fn bucket(hash: u64, count: usize) -> usize {
    (((hash >> 32) * count as u64) >> 32) as usize
}

fn number(rest: &mut &[u8]) -> Result<u32, ListError> {
    let (number, behind) = rest.split_first_chunk::<4>().ok_or(ListError::Form)?;
    *rest = behind;
    Ok(u32::from_le_bytes(*number))
}

/// SipHash-2-4 (Aumasson and Bernstein 2012) with 64 bits.
fn hash(key: MatchKey, bytes: &[u8]) -> u64 {
    let (halves, _) = key.0.as_chunks::<8>();
    let half = |place: usize| halves.get(place).map_or(0, |half| u64::from_le_bytes(*half));
    SipHasher24::new_with_keys(half(0), half(1)).hash(bytes)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: MatchKey = MatchKey([7; 16]);

    fn list(values: &[(usize, &str)]) -> MatchList {
        let mut builder = ListBuilder::new(KEY, vec!["iban".to_owned(), "person".to_owned()]).unwrap();
        for (column, value) in values {
            assert!(builder.add(*column, value), "{value}");
        }
        MatchList::read(KEY, &builder.finish().unwrap()).unwrap()
    }

    fn found<'t>(list: &MatchList, text: &'t str) -> Vec<(&'t str, usize)> {
        let mut all = Vec::new();
        list.find(text, |range, column| all.push((&text[range], column)));
        all
    }

    #[test]
    fn the_hash_is_siphash() {
        // Appendix A of the paper: key 00..0f, message 00..0e.
        let key = MatchKey(std::array::from_fn(|place| u8::try_from(place).unwrap()));
        let message: Vec<u8> = (0..15).collect();
        assert_eq!(hash(key, &message), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn values_are_found_in_any_spelling() {
        let list = list(&[(0, "FR14 2004 1010 0505 0001 3M02 606"), (1, "DUPONT, Jean"), (1, "Müller-Lüdenscheid")]);
        for (text, expected) in [
            ("iban fr1420041010050500013m02606.", vec![("fr1420041010050500013m02606", 0)]),
            ("FR14-2004-1010-0505-0001-3M02-606", vec![("FR14-2004-1010-0505-0001-3M02-606", 0)]),
            ("von Dupont Jean und MUELLER", vec![("Dupont Jean", 1)]),
            ("Muller Ludenscheid", vec![("Muller Ludenscheid", 1)]),
            ("FR14 2004 1010 0505 0001 3M02 607", vec![]),
            ("Dupont et Jean", vec![]),
        ] {
            assert_eq!(found(&list, text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_holds_no_value_and_says_when_it_is_none() {
        let mut builder = ListBuilder::new(KEY, vec!["person".to_owned()]).unwrap();
        assert!(builder.add(0, "Jean Dupont"));
        assert!(!builder.add(0, "Jean"));
        assert!(!builder.add(1, "Jean Dupont"));
        let file = builder.finish().unwrap();
        assert!(!file.windows(4).any(|window| window.eq_ignore_ascii_case(b"dupo")));
        assert!(found(&MatchList::read(MatchKey([8; 16]), &file).unwrap(), "Jean Dupont").is_empty());
        for end in 0..file.len() {
            assert_eq!(MatchList::read(KEY, &file[..end]).err(), Some(ListError::Form));
        }
    }

    #[test]
    fn a_row_takes_nine_bytes() {
        let mut builder = ListBuilder::new(KEY, vec!["person".to_owned()]).unwrap();
        (0..100_000).for_each(|number| assert!(builder.add(0, &format!("value {number}"))));
        assert!(builder.finish().unwrap().len() < 900_000);
    }

    proptest! {
        #[test]
        fn every_value_is_found_and_no_other(values in proptest::collection::btree_set("[a-z]{6,12}( [a-z0-9]{2,8}){0,3}", 1..40)) {
            let canonical = |value: &str| value.replace(' ', "");
            let (known, other): (Vec<&String>, Vec<&String>) = values.iter().partition(|value| value.len() % 2 == 0);
            let mut builder = ListBuilder::new(KEY, vec!["person".to_owned()]).unwrap();
            for value in &known {
                prop_assert!(builder.add(0, value));
            }
            let list = MatchList::read(KEY, &builder.finish().unwrap()).unwrap();
            for value in &known {
                prop_assert_eq!(found(&list, value), vec![(value.as_str(), 0)]);
            }
            let spelled: Vec<String> = known.iter().map(|value| canonical(value)).collect();
            for value in other.iter().filter(|value| !spelled.iter().any(|known| canonical(value).contains(known.as_str()))) {
                prop_assert!(found(&list, value).is_empty());
            }
        }

        #[test]
        fn no_file_is_read_with_a_panic(file in proptest::collection::vec(any::<u8>(), 0..200)) {
            let whole = [MAGIC, &file].concat();
            if let Ok(list) = MatchList::read(KEY, &whole) {
                list.find("Jean Dupont 123456", |_, _| ());
            }
        }
    }
}
