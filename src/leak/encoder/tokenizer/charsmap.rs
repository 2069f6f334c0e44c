//! `SentencePiece`'s compiled normalisation: a double array from strings to what stands for them.
//!
//! ```text
//! bytes of the array (u32), units of the array (u32 each), the replacements end to end, each with a zero behind it
//! ```
//! Signs of less than six bytes are looked up whole, with the marks that belong to them, then character by character; the
//! shortest entry that a sign begins with stands for all of it. So does the reference implementation.

use base64::Engine as _;

use super::normal::Joined;
use crate::leak::encoder::ModelError;

/// Bytes of a sign that is looked up whole.
const SIGN_BYTES: usize = 6;
/// Bytes of the map: those in use have half a megabyte.
const MAP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The map.
#[derive(Debug)]
pub(super) struct CharsMap {
    units: Vec<u32>,
    replacements: String,
    /// What each ASCII character alone becomes; `None`: itself.
    ascii: Vec<Option<String>>,
    joined: Joined,
}

impl CharsMap {
    /// Reads a map from base64.
    pub(super) fn new(map: &str) -> Result<Self, ModelError> {
        let fault = || ModelError::Tokenizer("the table of normalisation");
        if map.len() > 2 * MAP_BYTES_MAX {
            return Err(fault());
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(map).map_err(|_| fault())?;
        let (size, rest) = bytes.split_first_chunk::<4>().ok_or_else(fault)?;
        let (units, replacements) = rest.split_at_checked(u32::from_le_bytes(*size) as usize).ok_or_else(fault)?;
        let units = units.as_chunks::<4>().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        let replacements = String::from_utf8(replacements.to_vec()).map_err(|_| fault())?;
        let mut map = Self { units, replacements, ascii: Vec::new(), joined: Joined::new()? };
        map.ascii = (0..128_u8).map(|byte| map.look(&[byte]).map(str::to_owned)).collect();
        Ok(map)
    }

    /// A text with every sign replaced that has an entry.
    pub(super) fn of(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let mut end = start + c.len_utf8();
            if c == '\r' {
                if let Some((_, next)) = chars.next_if(|(_, next)| *next == '\n') {
                    end += next.len_utf8();
                }
            } else if c >= ' ' {
                while let Some((_, next)) = chars.next_if(|(_, next)| self.joined.goes_on(*next)) {
                    end += next.len_utf8();
                }
            }
            let sign = text.get(start..end).unwrap_or_default();
            if sign.len() == 1 {
                self.push_char(c, &mut out);
                continue;
            }
            match self.look(sign.as_bytes()).filter(|_| sign.len() < SIGN_BYTES) {
                Some(to) => out.push_str(to),
                None => sign.chars().for_each(|c| self.push_char(c, &mut out)),
            }
        }
        out
    }

    fn push_char(&self, c: char, out: &mut String) {
        let to = if c.is_ascii() {
            self.ascii.get(c as usize).and_then(Option::as_deref)
        } else {
            self.look(c.encode_utf8(&mut [0; 4]).as_bytes())
        };
        match to {
            Some(to) => out.push_str(to),
            None => out.push(c),
        }
    }

    /// What stands for the shortest entry that these bytes begin with.
    fn look(&self, key: &[u8]) -> Option<&str> {
        let unit = |at: usize| self.units.get(at).copied();
        let offset = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
        let mut at = offset(unit(0)?);
        for byte in key.iter().take_while(|byte| **byte != 0) {
            at ^= usize::from(*byte);
            let found = unit(at)?;
            if found & (1 << 31 | 0xFF) != u32::from(*byte) {
                return None;
            }
            at ^= offset(found);
            if found >> 8 & 1 == 1 {
                let start = (unit(at)? & !(1 << 31)) as usize;
                let rest = self.replacements.get(start..)?;
                return rest.split('\0').next();
            }
        }
        None
    }
}
