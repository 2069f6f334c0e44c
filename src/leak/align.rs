//! Local alignment of two runs of words: which words of a request answer to which of a passage, in order.
//!
//! Smith and Waterman's recurrence over words instead of bases. A word that is the same earns its weight, one that is
//! replaced or missing costs a little, so that a passage with words replaced, dropped or put in is still one stretch. Regions
//! are short (a window and its surroundings), so the whole table is made.

use std::ops::Range;

use super::sketch::Term;

/// Words of a region; what is longer is cut.
pub const REGION_WORDS_MAX: usize = 256;
/// Cost of a word that is replaced.
const REPLACED: i32 = 24;
/// Cost of a word that is missing on one side.
const MISSING: i32 = 20;

/// The best stretch that two regions share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Its score: weights of the words that are the same, less the costs.
    pub score: i32,
    /// Words of the request.
    pub asked: Range<usize>,
    /// Words of the passage.
    pub known: Range<usize>,
    /// Words that are the same, in order.
    pub same: usize,
}

/// Aligns a region of a request with a region of a document.
pub fn align(asked: &[Term], known: &[Term]) -> Alignment {
    let asked = asked.get(..REGION_WORDS_MAX.min(asked.len())).unwrap_or_default();
    let known = known.get(..REGION_WORDS_MAX.min(known.len())).unwrap_or_default();
    let width = known.len() + 1;
    let mut table = vec![Cell::default(); width * (asked.len() + 1)];
    let mut best = (0_i32, 0_usize);
    for (row, one) in asked.iter().enumerate() {
        let Some((above, below)) = table.split_at_mut_checked((row + 1) * width) else { break };
        let above = above.get(row * width..).unwrap_or_default();
        let mut left = Cell::default();
        for (column, ((other, corner), cell)) in
            known.iter().zip(above.windows(2)).zip(below.iter_mut().skip(1)).enumerate()
        {
            let [diagonal, up] = corner else { break };
            *cell = Cell::best(*diagonal, *up, left, *one, *other);
            left = *cell;
            if cell.score > best.0 {
                best = (cell.score, (row + 1) * width + column + 1);
            }
        }
    }
    trace(&table, width, best.1)
}

/// One state of the recurrence.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    score: i32,
    came: Came,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Came {
    #[default]
    Nowhere,
    Same,
    Replaced,
    Asked,
    Known,
}

impl Cell {
    fn best(diagonal: Self, up: Self, left: Self, one: Term, other: Term) -> Self {
        let (step, came) = if one.token == other.token {
            (i32::from(one.weight.max(other.weight)) + 4, Came::Same)
        } else {
            (-REPLACED, Came::Replaced)
        };
        let mut best = Self::default();
        for (score, came) in
            [(diagonal.score + step, came), (up.score - MISSING, Came::Asked), (left.score - MISSING, Came::Known)]
        {
            if score > best.score {
                best = Self { score, came };
            }
        }
        best
    }
}

/// Walks back from the best cell.
fn trace(table: &[Cell], width: usize, from: usize) -> Alignment {
    let score = table.get(from).map_or(0, |cell| cell.score);
    let (mut at, mut same) = (from, 0);
    let mut begin = from;
    while let Some(cell) = table.get(at).filter(|cell| cell.came != Came::Nowhere) {
        at -= match cell.came {
            Came::Same | Came::Replaced => width + 1,
            Came::Asked => width,
            Came::Known | Came::Nowhere => 1,
        };
        same += usize::from(cell.came == Came::Same);
        begin = at;
    }
    Alignment { score, asked: begin / width..from / width, known: begin % width..from % width, same }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(tokens: &[u32]) -> Vec<Term> {
        tokens.iter().map(|token| Term { token: *token, weight: 100 }).collect()
    }

    #[test]
    fn rows() {
        for (name, asked, known, asked_range, known_range, same) in [
            ("equal", &[1, 2, 3][..], &[1, 2, 3][..], 0..3, 0..3, 3),
            ("inside", &[9, 1, 2, 3, 8], &[7, 7, 1, 2, 3], 1..4, 2..5, 3),
            ("one replaced", &[1, 2, 9, 4, 5], &[1, 2, 3, 4, 5], 0..5, 0..5, 4),
            ("one missing", &[1, 2, 4, 5], &[1, 2, 3, 4, 5], 0..4, 0..5, 4),
            ("one put in", &[1, 2, 9, 3], &[1, 2, 3], 0..4, 0..3, 3),
            ("nothing", &[1], &[2], 0..0, 0..0, 0),
            ("empty", &[], &[2], 0..0, 0..0, 0),
        ] {
            let found = align(&terms(asked), &terms(known));
            assert_eq!((found.asked, found.known, found.same), (asked_range, known_range, same), "{name}");
        }
    }

    proptest! {
        #[test]
        fn an_alignment_is_symmetric_bounded_and_true(
            one in proptest::collection::vec(0_u32..12, 0..60),
            other in proptest::collection::vec(0_u32..12, 0..60),
        ) {
            let (a, b) = (terms(&one), terms(&other));
            let found = align(&a, &b);
            prop_assert_eq!(found.score, align(&b, &a).score);
            prop_assert!(found.asked.end <= one.len() && found.known.end <= other.len());
            prop_assert!(found.same <= found.asked.len().min(found.known.len()));
            prop_assert!(found.score <= 104 * i32::try_from(found.same).unwrap());
            // The stretch alone aligns as well as within its region.
            let alone = align(&a[found.asked.clone()], &b[found.known.clone()]);
            prop_assert_eq!(alone.score, found.score);
        }

        #[test]
        fn a_text_aligns_whole_with_itself(one in proptest::collection::vec(any::<u32>(), 1..100)) {
            let found = align(&terms(&one), &terms(&one));
            prop_assert_eq!(found.same, one.len());
        }
    }
}
