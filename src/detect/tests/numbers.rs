//! The patterns at numbers against the plain way: every automaton run at every place, every check digit asked, every word looked
//! for. What is found must be the same, to the byte and the point of confidence.

use proptest::prelude::*;

use super::*;
use crate::detect::source::RawFile;

/// An engine, and one that does without shapes and without a look around.
fn both() -> &'static [Engine; 2] {
    static BOTH: LazyLock<[Engine; 2]> = LazyLock::new(|| {
        let [engine, mut plain] = [(); 2].map(|()| Engine::new(embedded(), &catalogue()).unwrap().without_names());
        std::sync::Arc::get_mut(&mut plain.numbers).unwrap().plain = true;
        [engine, plain]
    });
    &BOTH
}

/// What the data files are about: their examples, and their words.
fn material() -> &'static [Vec<String>; 2] {
    static MATERIAL: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
        let (mut values, mut words) = (Vec::new(), Vec::new());
        let files = embedded().iter().map(|source| toml::from_str::<RawFile>(source.toml).unwrap());
        for pattern in files.flat_map(|file| file.patterns) {
            let samples = pattern.examples.iter().chain(&pattern.counter_examples);
            values.extend(samples.map(|sample| sample.text().into_owned()));
            words.extend(pattern.context.into_values().flatten());
        }
        [values, words]
    });
    &MATERIAL
}

/// A text of values with a byte changed here and there, words and loose digits.
fn text() -> impl Strategy<Value = String> {
    let [values, words] = material();
    let changed = (proptest::sample::select(&values[..]), any::<proptest::sample::Index>(), "[0-9A-Za-z .:/_-]?");
    let changed = changed.prop_map(|(value, place, byte)| {
        let at = value.floor_char_boundary(place.index(value.len() + 1));
        let behind = value.ceil_char_boundary((at + usize::from(byte.len() % 2 == at % 2)).min(value.len()));
        format!("{}{byte}{}", &value[..at], &value[behind..])
    });
    let word = proptest::sample::select(&words[..]);
    let digits = "[0-9]{1,4}([ ./-]{0,2}[0-9A-Z]{1,4}){0,6}";
    let part = prop_oneof![4 => changed, 2 => word, 2 => digits, 1 => "[ -~é]{1,20}"];
    let gap =
        prop_oneof![8 => Just(" "), 1 => Just(", "), 1 => Just(";"), 1 => Just("\n"), 1 => Just(""), 1 => Just(" : ")];
    proptest::collection::vec((part, gap), 1..8)
        .prop_map(|parts| parts.into_iter().flat_map(|(part, gap)| [part, gap.to_owned()]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_as_the_plain_way(text in text()) {
        let [engine, plain] = both();
        prop_assert_eq!(engine.find(&text), plain.find(&text));
    }
}

/// The same over real texts.
#[test]
fn the_same_as_the_plain_way_in_real_texts() {
    let [engine, plain] = both();
    for file in ["wikigold.en.jsonl.gz", "meddocan_dev.es.jsonl.gz", "ler_dev.de.jsonl.gz"] {
        let Some(texts) = lexica::texts_of(file, 40) else { return };
        for text in texts {
            assert_eq!(engine.find(&text), plain.find(&text), "{file}");
        }
    }
}
