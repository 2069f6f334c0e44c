//! What is known of a word by itself: forename, surname, place, title, company form; and how it is usually written.
//!
//! ```text
//! one slot = 4 bytes, little-endian: twenty bits of the word's hash, then twelve flags; 0 = empty
//! ```
//! A word's slot is the first free one from its place on. Words are not in the table, only these hashes: about one word in
//! three hundred thousand is taken for another.

/// It is a given name somewhere.
pub(crate) const FORENAME: u16 = 1;
/// It is a family name somewhere.
pub(crate) const SURNAME: u16 = 1 << 1;
/// It is a country, a region or a town, or part of such a name.
pub(crate) const PLACE: u16 = 1 << 2;
/// It is put before names: `Mme`, `Dr`, `Captain`.
pub(crate) const TITLE: u16 = 1 << 3;
/// It marks a company: `GmbH`, `SARL`.
pub(crate) const COMPANY: u16 = 1 << 4;
/// It is a kind of street.
pub(crate) const STREET: u16 = 1 << 5;
/// It names kinds of bodies and buildings: `hôpital`, `university`.
pub(crate) const BODY: u16 = 1 << 6;
/// It joins the parts of names: `de`, `van`, `of`.
pub(crate) const PARTICLE: u16 = 1 << 7;
/// Where a capital means something, it stands in small letters, nine times in ten.
pub(crate) const SMALL: u16 = 1 << 8;
/// Where a capital means something, it has one, nine times in ten. With [`SMALL`]: both occur.
pub(crate) const CAPITAL: u16 = 1 << 9;
/// It is frequent.
pub(crate) const FREQUENT: u16 = 1 << 10;
/// It is among the most common names of a country.
pub(crate) const POPULAR: u16 = 1 << 11;

/// The table of words.
#[derive(Clone, Copy)]
pub(crate) struct Lexicon<'a> {
    slots: &'a [[u8; 4]],
}

impl std::fmt::Debug for Lexicon<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon({} slots)", self.slots.len())
    }
}

impl<'a> Lexicon<'a> {
    /// Reads a table as it lies in the model; `None` when its length is no power of two.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (slots, rest) = bytes.as_chunks::<4>();
        (rest.is_empty() && slots.len().is_power_of_two()).then_some(Self { slots })
    }

    /// What is known of a word, given by its hash.
    pub(crate) fn flags(&self, hash: u64) -> u16 {
        let (mut place, print) = place(hash, self.slots.len());
        // A table is never full, so that this ends; the bound says so.
        for _ in 0..PROBES_MAX {
            let slot = self.slots.get(place).map_or(0, |slot| u32::from_le_bytes(*slot));
            if slot == 0 || slot >> 12 == print {
                return (slot & 0xFFF) as u16;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        0
    }
}

/// Slots that are looked at for one word.
pub(crate) const PROBES_MAX: usize = 64;

/// The first slot of a word and its print.
pub(crate) const fn place(hash: u64, slots: usize) -> (usize, u32) {
    ((hash & 0xFFFF_FFFF) as usize & (slots - 1), (hash >> 44) as u32)
}
