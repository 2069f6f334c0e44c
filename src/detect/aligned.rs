//! Where the cells of a line lie that blanks part, and which of them stand under the same head: tables as programs print them
//! (`pandas`, `column -t`, PowerShell).
//!
//! ```text
//!    last_name first_name  age
//! 0   Aubertin    Camille   34
//! ```
//! Two blanks part cells. A cell stands under the head that begins or ends where it does, counted in characters: words that
//! merely lie below one another are no table.

use std::ops::Range;

use smallvec::SmallVec;

/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;
/// Columns of a table.
const COLUMNS_MAX: usize = 64;

/// A stretch of a line without two blanks in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Its characters, counted from the start of the line.
    place: Range<usize>,
}

/// The cells of a line.
pub(super) type Cells = SmallVec<[Cell; 8]>;

impl Cell {
    /// Whether a cell of another line begins or ends where this one does.
    pub(super) fn heads(&self, other: &Self) -> bool {
        self.place.start == other.place.start || self.place.end == other.place.end
    }

    /// Its words, as cells.
    pub(super) fn words(&self, text: &str) -> Cells {
        let mut place = self.place.start;
        let mut at = self.range.start;
        let words = text.get(self.range.clone()).unwrap_or_default().split(' ');
        let cell = |word: &str| {
            let chars = word.chars().count();
            let cell = Self { range: at..at + word.len(), place: place..place + chars };
            (at, place) = (at + word.len() + 1, place + chars + 1);
            cell
        };
        words.map(cell).collect()
    }
}

/// Whether a text may hold such a table at all.
pub(super) fn may_stand_in(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"  ").is_some()
}

/// The cells of a line; `None` for what is no row of a table.
pub(super) fn cells(text: &str, line: &Range<usize>) -> Option<Cells> {
    let own = text.get(line.clone()).filter(|own| own.len() <= LINE_BYTES_MAX)?;
    let mut cells = Cells::new();
    // A cell is open, and as many blanks stand behind it.
    let mut open: Option<Cell> = None;
    for (place, (offset, c)) in own.char_indices().enumerate() {
        if c == ' ' {
            continue;
        }
        let (at, end) = (line.start + offset, line.start + offset + c.len_utf8());
        match &mut open {
            Some(cell) if place - cell.place.end < 2 => {
                (cell.range.end, cell.place.end) = (end, place + 1);
            }
            _ => {
                cells.extend(open.replace(Cell { range: at..end, place: place..place + 1 }));
                if cells.len() > COLUMNS_MAX {
                    return None;
                }
            }
        }
    }
    cells.extend(open);
    Some(cells)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<&str> {
        cells(text, &(0..text.len())).unwrap().iter().map(|cell| &text[cell.range.clone()]).collect()
    }

    #[test]
    fn cells_are_parted_by_two_blanks() {
        assert_eq!(read("0  Aubertin  Camille Zoé    34"), ["0", "Aubertin", "Camille Zoé", "34"]);
        assert_eq!(read("    a b"), ["a b"]);
        assert!(read("    ").is_empty());
    }

    #[test]
    fn a_head_begins_or_ends_where_its_cells_do() {
        let (head, right, left) = ("  prénom  âge", "     Zoé   34", "  Zoé     34");
        let of = |text: &str| cells(text, &(0..text.len())).unwrap();
        let heads = |row: &Cells| of(head).iter().zip(row).all(|(head, cell)| head.heads(cell));
        assert!(heads(&of(right)));
        assert!(of(head)[0].heads(&of(left)[0]));
        assert!(!of(head)[0].heads(&of(right)[1]));
        let words = of("  nom prénom")[0].words("  nom prénom");
        assert!(words[1].heads(&of(" Roux    Zoé")[1]));
    }
}
