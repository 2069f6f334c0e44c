//! What ends the lines of a broken sheet changes nothing of what is told of it.

use proptest::prelude::*;

use super::*;
use crate::policy::starter;

const ENDS: [&str; 6] = ["\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\r\n"];

/// What is told, without the places: the other ends have other widths.
fn told(sheet: &str) -> Vec<String> {
    let faults = compiled(&sources(sheet, starter::example_inventory())).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{} {}", fault.code(), fault)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_a_broken_sheet_the_same_is_told(pack in any::<prop::sample::Index>(), french in any::<bool>(), at in any::<prop::sample::Index>(), put in "[ \"a-z0-9,(){}#:;.\\n\\-é«’]{0,2}|[ -~]", cut in 0..3_usize, end in 0..ENDS.len()) {
        let packs = starter::packs_in(if french { Language::Fr } else { Language::En });
        let (_, text) = packs.get(pack.index(packs.len())).unwrap();
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let sheet: String = characters.iter().take(at).copied().chain(put.chars()).chain(characters.iter().skip(at + cut).copied()).collect();
        let other = sheet.replace('\n', ENDS[end]);
        prop_assert_eq!(told(&sheet), told(&other), "{:?} at {}", put, at);
    }
}
