//! Every path against a plain sum, on random and on extreme vectors.

use proptest::prelude::*;

use super::*;
use crate::leak::simd::Path;

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap()
}

/// What a scan yields, computed without any layout.
fn plain(vectors: &[(Vec<i8>, i32)], queries: &Queries, live: &Live, hits_max: usize) -> Pass {
    let mut pass = Pass::default();
    for (query, vector) in queries.vectors().chunks_exact(queries.dimension()).enumerate() {
        let mut best: Option<Best> = None;
        for (row, (values, bias)) in vectors.iter().enumerate().filter(|(row, _)| live.is_live(*row)) {
            let dot: i64 = values.iter().zip(vector).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            let score = i32::try_from(dot - i64::from(*bias)).unwrap();
            if best.is_none_or(|best| score > best.score) {
                best = Some(Best { row: narrow(row), score });
            }
            if score >= queries.thresholds()[query] {
                pass.counted += 1;
                pass.hits.push(Hit { query: narrow(query), row: narrow(row), score });
            }
        }
        pass.best.push(best);
    }
    assert!(pass.counted <= hits_max as u64, "the reference keeps all hits");
    pass
}

fn rows_of(dimension: usize, vectors: &[(Vec<i8>, i32)]) -> Rows {
    let mut rows = Rows::new(dimension).unwrap();
    for (at, (vector, bias)) in vectors.iter().enumerate() {
        assert_eq!(rows.push(vector, *bias).unwrap() as usize, at);
    }
    rows
}

/// Vectors with many extremes: -128 and 127 are where saturating instructions go wrong. A seed each, since a strategy for each byte
/// takes longer than all that is tested.
fn vector(dimension: usize) -> impl Strategy<Value = Vec<i8>> + Clone {
    (1_u64..).prop_map(move |mut chance| {
        let mut byte = || {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let [kind, byte, ..] = chance.to_le_bytes();
            match kind % 5 {
                0 => i8::MIN,
                1 => i8::MAX,
                2 => 0,
                _ => byte.cast_signed(),
            }
        };
        (0..dimension).map(|_| byte()).collect()
    })
}

#[expect(clippy::type_complexity, reason = "parts of one case")]
fn case() -> impl Strategy<Value = (usize, Vec<(Vec<i8>, i32)>, Vec<(Vec<i8>, i32)>, Vec<bool>)> {
    (prop::sample::select(vec![64_usize, 64, 128, 384]), 0_usize..40, 0_usize..20).prop_flat_map(
        |(dimension, rows, queries)| {
            let vector = vector(dimension);
            let bias = prop_oneof![Just(0), Just(BIAS_MAX), Just(-BIAS_MAX), -10_000..10_000];
            (
                Just(dimension),
                prop::collection::vec((vector.clone(), bias), rows),
                prop::collection::vec(
                    (vector, prop_oneof![Just(i32::MAX), Just(i32::MIN), -100_000..100_000]),
                    queries,
                ),
                prop::collection::vec(any::<bool>(), rows),
            )
        },
    )
}

proptest! {
    #[test]
    fn every_path_equals_the_plain_sum((dimension, vectors, asked, bits) in case()) {
        let rows = rows_of(dimension, &vectors);
        let mut queries = Queries::new(dimension).unwrap();
        for (vector, threshold) in &asked {
            queries.push(vector, *threshold).unwrap();
        }
        let mut live = Live::new(vectors.len(), false);
        for (row, bit) in bits.iter().enumerate() {
            live.set(row, *bit);
        }
        let expected = plain(&vectors, &queries, &live, usize::MAX);
        for path in Path::available() {
            let pass = CpuScan::with(&rows, path).pass(&queries, &live, usize::MAX).unwrap();
            prop_assert_eq!(&pass, &expected, "{}", path.name());
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was_pushed(vectors in prop::collection::vec((vector(64), -5..5), 1..40)) {
        let rows = rows_of(64, &vectors);
        for (at, expected) in vectors.iter().enumerate() {
            prop_assert_eq!(&rows.row(at).unwrap(), expected);
        }
        prop_assert!(rows.row(vectors.len()).is_none());
    }
}

#[test]
fn too_many_hits_raise_the_thresholds_and_are_counted() {
    let vectors: Vec<(Vec<i8>, i32)> = (0..100).map(|at| (vec![1; 64], -at)).collect();
    let rows = rows_of(64, &vectors);
    let mut queries = Queries::new(64).unwrap();
    queries.push(&[1; 64], 0).unwrap();
    let live = Live::new(100, true);
    let found = scan(&CpuScan::new(&rows), &queries, &live, 10).unwrap();
    assert!(!found.hits.is_empty() && found.hits.len() <= 10, "{} hits", found.hits.len());
    assert_eq!(found.hits.len() as u64 + found.left_out, 100);
    assert_eq!(found.best, [Some(Best { row: 99, score: 64 + 99 })]);
    assert!(found.hits.iter().all(|hit| hit.score >= found.thresholds[0]));
    let complete = (0..100).filter(|at| 64 + at >= found.thresholds[0]).count();
    assert_eq!(complete, found.hits.len(), "all that reach the raised threshold are there");
}

#[test]
fn equal_rows_beyond_the_bound_leave_the_best_and_a_count() {
    let rows = rows_of(64, &vec![(vec![3; 64], 7); 50]);
    let mut queries = Queries::new(64).unwrap();
    queries.push(&[2; 64], 1).unwrap();
    let found = scan(&CpuScan::new(&rows), &queries, &Live::new(50, true), 10).unwrap();
    assert_eq!((found.hits.len(), found.left_out), (0, 50));
    assert_eq!(found.best, [Some(Best { row: 0, score: 64 * 6 - 7 })]);
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let rows = rows_of(64, &[(vec![0; 64], 0)]);
    let live = Live::new(1, true);
    assert_eq!(Queries::new(100).unwrap_err(), ScanError::Dimension(100));
    assert_eq!(Queries::new(2048).unwrap_err(), ScanError::Dimension(2048));
    assert_eq!(Queries::new(64).unwrap().push(&[0; 63], 0), Err(ScanError::Length { expected: 64, found: 63 }));
    assert_eq!(Rows::new(64).unwrap().push(&[0; 64], BIAS_MAX + 1), Err(ScanError::Bias));
    let scanner = CpuScan::new(&rows);
    let wide = Queries::new(128).unwrap();
    assert_eq!(scanner.pass(&wide, &live, 1), Err(ScanError::Length { expected: 64, found: 128 }));
    let queries = Queries::new(64).unwrap();
    assert_eq!(scanner.pass(&queries, &Live::new(2, true), 1), Err(ScanError::Live { expected: 1, found: 2 }));
}

#[test]
fn a_bitmap_has_no_bits_beyond_its_rows() {
    for rows in [0, 1, 63, 64, 65, 130] {
        let mut live = Live::new(rows, true);
        assert_eq!(live.count(), rows as u64, "{rows} rows");
        live.set(rows, true);
        live.grow(rows + 70);
        assert_eq!(live.count(), rows as u64, "{rows} rows, grown");
        live.set(rows + 69, true);
        assert!(live.is_live(rows + 69) && !live.is_live(rows + 68));
    }
}
