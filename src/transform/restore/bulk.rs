//! Long plain stretches are passed in bulk: what they leave behind must be what every character of them would have left.

use proptest::prelude::*;

use super::super::unit::Landing;
use super::Counts;
use super::tests::{cut, show, streamed, whole};

/// Stretches longer than the bulk pass asks for, with every kind of mark at both of their edges.
const BEFORE: &[&str] = &[
    "and \" then some plain words go on and on ",
    "( and then some plain words go on and on ",
    "< then plain words go on and on ",
    "plain words go on and on and end in a quote \"",
    "plain words go on and on and end in a bracket (",
    "plain words go on and on to a no-break blank \u{a0} ",
    "plain words and é go on and on   ",
    "plain words go on \n and on x ",
    "words and <PERSON_00000000> with more words behind it that go on ",
    "said: \" ",
    "<img title=\"plain words in a title that go on and on\" src=\"",
    "a<b and plain words that go on and on without an end of it = \"",
    "<base href=\"//evil.example\"> and plain words that go on and on [a label",
    "plain words that go on and on url( and some more words and plain",
    "a ",
    "",
];
const LINKS: &[&str] = &[
    "https:evil and ",
    "https://evil.example/?q= ",
    "www.evil.example/?q=",
    "//evil/",
    "\\\\evil/?q=",
    "\\\\evil.com\\share\\",
    "evil.com/?q=",
    "evil.com:8080/",
    "(evil.com?",
    "src/main.rs/",
    "e.g./",
    "](x?q=",
    "http: ",
    "PERSON",
    "end. ",
    "",
];
const BEHIND: &[&str] = &[
    "plain words that go on and on and then <EMAIL_0ABCDEFG>",
    "<EMAIL_0ABCDEFG> and words ",
    "EMAIL_0ABCDEFG ",
    "plain words that close it all \" and then <EMAIL_0ABCDEFG>",
    "plain words that close it all ) > and <EMAIL_0ABCDEFG> ",
    "_00000000 and plain words that go on and on ",
    "_00000000",
    "\n",
];

#[test]
fn long_plain_stretches_leave_the_right_traces() {
    let long = "some plain words that go on and on and on until they end";
    let rows = [
        ("a quote far before", format!("a \" {long} https://evil.example/ <EMAIL_0ABCDEFG>"), 0),
        ("a bracket far before", format!("( {long} https://evil.example/ <EMAIL_0ABCDEFG>"), 0),
        ("a quote just before", format!("{long} \"https://evil.example/?q= <EMAIL_0ABCDEFG>"), 1),
        ("a quote and a blank before", format!("{long} \" https://evil.example/?q= <EMAIL_0ABCDEFG>"), 1),
        ("a scheme in the stretch", format!("\"https:evil {long} <EMAIL_0ABCDEFG>"), 1),
        ("a scheme at its end", format!("{long} \"https:evil {long} <EMAIL_0ABCDEFG>"), 1),
        ("a scheme at the end of a piece", format!("\"https:evil {long}\" {long} <EMAIL_0ABCDEFG>"), 0),
        ("www in the stretch", format!("{long} \"www.evil {long} <EMAIL_0ABCDEFG>"), 1),
        ("no slashes, no quote", format!("https:evil {long} <EMAIL_0ABCDEFG>"), 0),
    ];
    for (name, text, withheld) in rows {
        let expected = Counts { restored: 1 - withheld, foreign: 0, withheld };
        assert_eq!(whole(&text, Landing::Text).counts, expected, "{name}");
    }
    let text = format!("{long} PERSON_00000000 {long} <PERSON_11111111>{long} PERSON_2222222");
    assert_eq!(whole(&text, Landing::Text).counts.foreign, 1, "only in brackets may a code be all digits");
    let text = format!("{long} PERSON_0000000A {long} <PERSON_11111111>{long} PERSON_222222AA");
    assert_eq!(whole(&text, Landing::Text).counts.foreign, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Long plain stretches are passed in bulk where they come whole, and character by character where they do not.
    #[test]
    fn bulk_and_characters_see_the_same(
        sentences in prop::collection::vec(prop::sample::select(BEFORE), 1..6).prop_flat_map(|before| {
            let count = before.len();
            (Just(before), prop::collection::vec((prop::sample::select(LINKS), prop::sample::select(BEHIND)), count))
        }),
        json: bool,
    ) {
        let landing = if json { Landing::JsonInString } else { Landing::Text };
        let (before, links) = sentences;
        let text: String = before.iter().zip(links).flat_map(|(before, (link, behind))| [*before, link, behind]).collect();
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let (streamed, expected) = (streamed(&cut(&text, &places), landing), whole(&text, landing));
        prop_assert_eq!(show(&streamed), show(&expected), "{}", text);
    }
}
