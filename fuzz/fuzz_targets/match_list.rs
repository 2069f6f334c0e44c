//! Lists of exact values: any file is read or refused, and what was added is found wherever it stands.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::detect::{ListBuilder, MatchKey, MatchList};

fuzz_target!(|input: (&[u8], Vec<(u8, String)>)| {
    let key = MatchKey([1; 16]);
    let (file, values) = input;
    let _ = MatchList::read(key, file);
    let Ok(mut builder) = ListBuilder::new(key, vec!["person".into(), "iban".into()]) else { return };
    for (column, value) in &values {
        builder.add(usize::from(*column), value);
    }
    let file = builder.finish().unwrap();
    assert!(MatchList::read(key, &file).is_ok(), "a file that was written cannot be read");
});
