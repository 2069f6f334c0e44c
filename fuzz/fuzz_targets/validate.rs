//! Every validator, on any text: no panic, and the same verdict twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::detect::validate::{check, names};

fuzz_target!(|value: &str| {
    for name in names() {
        let verdict = check(name, value);
        assert!(verdict.is_some(), "a name of the table is not in it");
        assert_eq!(verdict, check(name, value), "{name} changes its mind");
    }
});
