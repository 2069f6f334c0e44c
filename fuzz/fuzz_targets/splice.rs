//! The splicer: whatever the edits, it refuses or replaces exactly what they name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::wire::{Edit, splice};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    text: String,
    edits: Vec<(u32, u8, String)>,
}

fuzz_target!(|input: Input| {
    let edits: Vec<Edit> = input
        .edits
        .iter()
        .map(|(start, length, replacement)| Edit {
            span: *start..start.saturating_add(u32::from(*length)),
            replacement: replacement.clone(),
        })
        .collect();
    let removed: usize = edits.iter().map(|edit| edit.span.len()).sum();
    let added: usize = edits.iter().map(|edit| edit.replacement.len()).sum();
    if let Ok(spliced) = splice(&input.text, edits) {
        assert_eq!(spliced.len() + removed, input.text.len() + added);
    }
    assert_eq!(splice(&input.text, Vec::new()).as_deref(), Ok(input.text.as_str()));
});
