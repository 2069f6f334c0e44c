//! Laying a sheet out: twice is once, no note is lost, the digest is kept, and another language says the same and comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::policy::{Language, SourceFile, digest_of, format};

fn sheet(text: &str) -> SourceFile {
    SourceFile { name: "main.policy".to_owned(), text: text.to_owned() }
}

fn laid(text: &str, language: Option<Language>) -> Option<String> {
    format(&sheet(text), language).ok()
}

fn digest(text: &str) -> String {
    digest_of(&sheet(text)).expect("what is laid out can be read").to_string()
}

/// The bytes of the notes, in order; a `#` within quotes begins none.
fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    // Whatever any program takes for the end of a line.
    let ends = |c| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    for line in text.split(ends) {
        let mut quoted = false;
        for (at, character) in line.char_indices() {
            match character {
                '"' => quoted = !quoted,
                '#' if !quoted => {
                    notes.push(line[at..].trim_end().to_owned());
                    break;
                }
                _ => {}
            }
        }
    }
    notes
}

fuzz_target!(|input: &str| {
    let Some(once) = laid(input, None) else { return };
    assert_eq!(laid(&once, None).as_deref(), Some(once.as_str()), "laid out twice");
    assert_eq!(notes(&once), notes(input), "a note is lost");
    let said = digest(input);
    assert_eq!(digest(&once), said, "it says something else");
    if !input.contains('\r') {
        for end in ["\r", "\r\n", "\u{b}", "\u{2028}"] {
            let other = laid(&input.replace('\n', end), None);
            assert_eq!(other.as_deref(), Some(once.as_str()), "lines end otherwise");
        }
    }
    for language in Language::ALL {
        let other = laid(&once, Some(language)).expect("what was read is said in every language");
        assert_eq!(notes(&other), notes(input), "a note is lost in {language:?}");
        assert_eq!(digest(&other), said, "it says something else in {language:?}");
        let back = Language::ALL.into_iter().filter_map(|own| laid(&other, Some(own))).any(|back| back == once);
        assert!(back, "it does not come back");
    }
});
