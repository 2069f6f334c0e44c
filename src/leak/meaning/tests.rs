//! Cohorts are what a computation from nothing gives, and what is far off scores nothing.

use proptest::prelude::*;

use super::cohort::Nearest;
use super::*;
use crate::leak::model::ModelDigest;
use crate::leak::space::DocumentId;

const DIMENSION: usize = 64;
const MODEL: ModelDigest = ModelDigest([9; 32]);

fn id(number: usize) -> DocumentId {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&(number as u64).to_le_bytes());
    DocumentId(id)
}

/// Rows that lie about one of a few directions.
fn rows(seed: u64, count: usize) -> Vec<i8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i8::try_from((state >> 33) % 21).unwrap() - 10
    };
    (0..count)
        .flat_map(|_| {
            let own: Vec<i8> = (0..DIMENSION).map(|_| next()).collect();
            own.into_iter()
                .enumerate()
                .map(|(at, value)| value + if at % 3 == usize::try_from(seed % 3).unwrap() { 12 } else { 0 })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn settle(index: &mut Index) {
    while let Some(settled) = index.settle().unwrap() {
        index.take(settled).unwrap();
    }
}

fn dot(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The mean over the nearest 50 of other documents, each version once, with the prior in place of those that lack.
fn plain(documents: &[(usize, Vec<i8>, bool)], of: usize, row: &[i8]) -> i32 {
    let others = documents.iter().filter(|(number, _, counted)| *number != of && *counted);
    let mut scores: Vec<i32> =
        others.flat_map(|(_, rows, _)| rows.chunks(DIMENSION)).map(|other| dot(row, other)).collect();
    scores.extend([i32::from(PRIOR); COHORT]);
    scores.sort_unstable_by(|a, b| b.cmp(a));
    scores.iter().take(COHORT).sum::<i32>() / i32::try_from(COHORT).unwrap()
}

#[test]
fn the_nearest_are_kept() {
    let mut list = Nearest::default();
    assert_eq!((list.floor(), list.mean()), (PRIOR, i32::from(PRIOR)));
    list.take(PRIOR - 1);
    list.take(PRIOR);
    assert_eq!(list, Nearest::default(), "what is no nearer than the prior changes nothing");
    for score in (0..200).map(|at| PRIOR + at) {
        list.take(score);
    }
    assert_eq!(list.floor(), PRIOR + 150);
    list.take(i16::MAX);
    list.take(PRIOR + 151);
    assert_eq!(list.floor(), PRIOR + 151);
}

#[test]
fn passages_cover_all_words() {
    for (words, expected) in [(0, 0), (1, 1), (48, 1), (49, 1), (96, 1), (97, 2), (145, 3)] {
        assert_eq!(passages(words), expected, "{words} words");
        let covered: Vec<usize> = (0..passages(words)).flat_map(|passage| range(passage, words)).collect();
        assert!((0..words).all(|word| covered.contains(&word)), "{words} words");
    }
    assert_eq!((range(2, 1_000), window(2)), (96..192, 4));
}

#[test]
fn each_text_has_passages_of_its_own_and_short_ones_are_read_with_what_follows() {
    for (name, ends, expected) in [
        ("none", &[][..], &[][..]),
        ("one", &[30], &[(0, 30)]),
        ("two", &[30, 200], &[(0, 30), (30, 126), (78, 174), (126, 200)]),
        ("short ones", &[10, 20, 60], &[(0, 60)]),
        ("a short end", &[40, 45], &[(0, 40), (40, 45)]),
    ] {
        let found: Vec<(usize, usize)> = cut(ends).into_iter().map(|range| (range.start, range.end)).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_margin_is_worth_review_and_never_more() {
    for (margin, expected) in
        [(-1000, 0), (MARGIN_MIN - 1, 0), (MARGIN_MIN, 300), (MARGIN_MAX, 499), (1000, 499), (i32::MAX / 2, 499)]
    {
        assert_eq!(worth(margin, MARGIN_MIN), expected, "{margin}");
    }
}

#[test]
fn a_passage_that_is_near_is_seen_once_its_cohort_is_known() {
    let mut index = Index::new(MODEL, DIMENSION);
    let row: Vec<i8> = (0..64).map(|at| if at % 2 == 0 { 16 } else { -16 }).collect();
    let other: Vec<i8> = (0..64).map(|at| if at < 32 { 16 } else { -16 }).collect();
    index.add(id(1), &[other, row.clone()].concat(), true).unwrap();
    assert!(index.near(std::slice::from_ref(&row), MARGIN_MIN).unwrap().is_empty() && !index.is_whole(1));
    settle(&mut index);
    assert!(index.is_whole(1) && !index.is_whole(2) && index.knows(id(1)));
    let seen = index.near(&[vec![0; 64], row.clone()], MARGIN_MIN).unwrap();
    let margin = (64 * 256 - i32::from(PRIOR)) * 1000 / UNIT;
    assert_eq!(seen, [Sight { document: id(1), passage: 1, asked: 1, margin }]);
    // Fifty others that say the same: it is the field's, and no sign of this document.
    for number in 2..60 {
        index.add(id(number), &row, true).unwrap();
    }
    settle(&mut index);
    assert!(index.near(std::slice::from_ref(&row), MARGIN_MIN).unwrap().is_empty());
    for number in 2..60 {
        index.remove(id(number));
    }
    settle(&mut index);
    assert_eq!(index.near(std::slice::from_ref(&row), MARGIN_MIN).unwrap().len(), 1);
    index.remove(id(1));
    assert!(index.near(&[row], MARGIN_MIN).unwrap().is_empty(), "what is removed counts at once");
    assert!(index.add(id(7), &[0; 63], true).is_err());
}

/// Sixty-four passages beside two hundred, all of them equal: more pairs than anybody keeps, and each as near as the next.
#[test]
fn a_document_that_repeats_itself_is_seen() {
    let mut index = Index::new(MODEL, DIMENSION);
    let row: Vec<i8> = (0..64).map(|at| if at % 2 == 0 { 16 } else { -16 }).collect();
    index.add(id(1), &row.repeat(200), true).unwrap();
    settle(&mut index);
    let margin = (64 * 256 - i32::from(PRIOR)) * 1000 / UNIT;
    let seen = index.near(&vec![row; 64], MARGIN_MIN).unwrap();
    assert_eq!(seen, [Sight { document: id(1), passage: 0, asked: 0, margin }]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn cohorts_are_those_of_a_computation_from_nothing(
        steps in proptest::collection::vec((0_usize..9, 1_usize..40, any::<bool>(), any::<bool>()), 1..14),
    ) {
        let mut index = Index::new(MODEL, DIMENSION);
        let mut documents: Vec<(usize, Vec<i8>, bool)> = Vec::new();
        for (step, (number, count, counted, is_settled)) in steps.into_iter().enumerate() {
            if let Some(at) = documents.iter().position(|(held, ..)| *held == number) {
                documents.remove(at);
                index.remove(id(number));
            } else {
                let rows = rows(step as u64 * 31 + number as u64, count);
                index.add(id(number), &rows, counted).unwrap();
                documents.push((number, rows, counted));
            }
            if is_settled {
                settle(&mut index);
            }
        }
        settle(&mut index);
        prop_assert!(index.is_whole(documents.len()));
        for (number, rows, _) in &documents {
            for (window, row) in rows.chunks(DIMENSION).enumerate() {
                prop_assert_eq!(index.bias(id(*number), window), Some(plain(&documents, *number, row)));
            }
        }
    }
}
