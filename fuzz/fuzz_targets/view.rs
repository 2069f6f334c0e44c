//! Detection: whatever the text, what is found lies in it, and the normalised view leads back to whole characters.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use octroi::detect::view::View;
use octroi::detect::{Engine, embedded};
use octroi::policy::catalogue;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(embedded(), &catalogue(&[]).unwrap()).unwrap());

fuzz_target!(|text: &str| {
    if let Some(view) = View::of(text) {
        let mut before = 0;
        for (at, char) in view.text().char_indices() {
            let original = view.original(at..at + char.len_utf8());
            assert!(text.get(original.clone()).is_some(), "the view leads outside the text");
            assert!(original.start >= before, "the view runs backwards");
            before = original.start;
        }
    }
    let found = ENGINE.find(text);
    for one in &found {
        assert!(!one.range.is_empty(), "an empty finding");
        assert!(text.get(one.range.clone()).is_some(), "a finding outside the text");
        assert!(one.confidence <= 100);
    }
    assert_eq!(found, ENGINE.find(text), "the same text, other findings");
});
