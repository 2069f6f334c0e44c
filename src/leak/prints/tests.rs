//! Runs: what stands in a document word for word is found, however often either repeats itself.

use proptest::prelude::*;

use super::*;

fn all(prints: &Prints, asked: &[u32]) -> Vec<Run> {
    let end = prints.tokens().len();
    prints.runs(asked, |_| Some(0..end))
}

#[test]
fn growing_keeps_every_place() {
    let mut prints = Prints::new(PROSE);
    let words: Vec<u32> = (0..20_000).map(|n: u32| n.wrapping_mul(2_654_435_761)).collect();
    for document in words.chunks(100) {
        prints.add(document);
    }
    for document in words.chunks(100) {
        let runs = all(&prints, &document[30..60]);
        assert!(runs.iter().any(|run| run.asked == (0..30)), "{runs:?}");
    }
}

#[test]
fn what_very_many_documents_share_is_boilerplate() {
    let mut prints = Prints::new(PROSE);
    let shared: Vec<u32> = (0..30).collect();
    for document in 0..PLACES_MAX as u32 {
        prints.add(&shared);
        assert!(!all(&prints, &shared).is_empty(), "{document}");
    }
    prints.add(&shared);
    assert_eq!(all(&prints, &shared), []);
}

#[test]
fn what_one_document_repeats_is_no_boilerplate() {
    let line: Vec<u32> = (0..12).collect();
    let mut prints = Prints::new(PROSE);
    prints.add(&line.repeat(500));
    let runs = all(&prints, &line.repeat(100));
    assert_eq!(runs.first().map(|run| run.asked.clone()), Some(0..1_200));
    assert!(runs.len() <= AHEAD, "{} runs", runs.len());
    assert_eq!(all(&prints, &line).first().map(|run| run.asked.clone()), Some(0..12));
}

/// Of a short document that says one word, each word of a request that does is the beginning of a run: what is covered already is
/// followed so many times and no more, and every word stays covered.
#[test]
fn what_a_request_repeats_is_followed_some_times() {
    let (word, words) = ([7_u32; 60], 100_000);
    let mut prints = Prints::new(PROSE);
    prints.add(&word);
    let runs = all(&prints, &vec![7; words]);
    assert!(runs.len() <= RUNS_MAX + words / (word.len() - 2 * PROSE.words), "{} runs", runs.len());
    let covered = runs.iter().fold(0, |end, run| if run.asked.start <= end { run.asked.end.max(end) } else { end });
    assert_eq!(covered, words);
}

#[test]
fn versions_that_are_gone_make_no_boilerplate() {
    let mut prints = Prints::new(PROSE);
    let words: Vec<u32> = (0..300).map(|n: u32| n.wrapping_mul(2_654_435_761)).collect();
    for version in 0..3 * PLACES_MAX {
        let start = prints.add(&words).unwrap();
        assert!(
            prints.runs(&words[40..80], |place| (place >= start).then_some(start..start + 300)).len() == 1,
            "{version}"
        );
        prints.remove(start..start + words.len());
        assert_eq!(all(&prints, &words), [], "{version}");
    }
}

proptest! {
    /// The promise of winnowing: eight words in a row are found wherever they stand.
    #[test]
    fn eight_words_are_found(
        document in proptest::collection::vec(0_u32..50, 8..200),
        before in proptest::collection::vec(100_u32..150, 0..20),
        behind in proptest::collection::vec(200_u32..250, 0..20),
        from in any::<prop::sample::Index>(),
        len in 8_usize..40,
    ) {
        let mut prints = Prints::new(PROSE);
        prints.add(&document);
        let from = from.index(document.len() - 7);
        let part = &document[from..document.len().min(from + len)];
        let asked = [&before[..], part, &behind[..]].concat();
        let runs = all(&prints, &asked);
        prop_assert!(runs.iter().any(|run| run.asked == (before.len()..before.len() + part.len())), "{:?}", runs);
        for run in runs {
            prop_assert_eq!(&asked[run.asked.clone()], &document[run.place..run.place + run.asked.len()]);
        }
    }
}
