//! Layout and surfaces: laid out twice is laid out once, no note is lost, and every language says the same.

use proptest::prelude::*;

use super::*;
use crate::policy::canonical;
use crate::policy::concrete::Item;
use crate::policy::diagnostic::File;
use crate::policy::parser::{language_of, parse, parse_concrete};

fn laid(text: &str, language: Option<Language>) -> String {
    format(&file("main.policy", text), language).unwrap_or_else(|faults| panic!("{text}\n{faults:?}"))
}

/// The digest of a sheet alone.
fn digest_of(text: &str) -> String {
    let mut faults = Vec::new();
    let sheet = parse(&File::new("main.policy", text, language_of(text)), &mut faults).unwrap();
    assert!(faults.is_empty(), "{text}\n{faults:?}");
    canonical::digest(&sheet).to_string()
}

const LINE_ENDS: [(&str, &str); 8] = [
    ("line feed", "\n"),
    ("carriage return", "\r"),
    ("both", "\r\n"),
    ("vertical tab", "\u{b}"),
    ("form feed", "\u{c}"),
    ("next line", "\u{85}"),
    ("line separator", "\u{2028}"),
    ("paragraph separator", "\u{2029}"),
];

fn notes_of(text: &str) -> Vec<String> {
    let file = File::new("main.policy", text, language_of(text));
    let (_, concrete) = parse_concrete(&file, &mut Vec::new()).unwrap();
    concrete.comments.iter().map(|span| text.get(span.clone()).unwrap().trim_end().to_owned()).collect()
}

/// What must hold of every sheet that can be read.
fn check_layout(text: &str) {
    let once = laid(text, None);
    assert_eq!(laid(&once, None), once, "laid out twice");
    assert_eq!(digest_of(&once), digest_of(text), "{once}");
    assert_eq!(notes_of(&once), notes_of(text), "{once}");
    for language in Language::ALL {
        let other = laid(text, Some(language));
        assert_eq!(language_of(&other), language);
        assert_eq!(laid(&other, None), other);
        assert_eq!(digest_of(&other), digest_of(text), "{other}");
        assert_eq!(notes_of(&other), notes_of(text), "{other}");
        assert_eq!(laid(&other, Some(language_of(text))), once);
    }
}

/// A sheet with every production of the grammar.
pub(super) const EVERYTHING: &str = "# first
policy \"Test\" version 7 owner \"dpo\" review before 2027-06-30 # beside the header
home FR with overseas
labels \"Public\", \"Synthetic\",
  # within a list
  \"Secret\"
the label \"Synthetic\" lowers personal issued by \"bench\"
the label \"Secret\" brings trade-secret
use pack unknown-means-home
group clinical of apps \"ward\", \"notes\"

allow backends on premises
allow backends located in any of FR, DE and controlled from EEA when app in group clinical unless minors are concerned from 2026-01-01 until 2027-01-01
allow hosted tool mcp at \"tools.example.com\" when app is \"x\"
allow values in addresses of \"intranet.example\", \"wiki.example:8443\"
fall back if unavailable or after 2 s of waiting when leak score at least 10
rule all because \"everything\"
  when (data includes at least 3 person or data includes health of a person), and not label at least \"Secret\"
  unless purpose is any of \"a\", \"b\" and residence in FR
  on backends located outside EEA or exposed to US or not certified HDS level \"2024\"
  only backends with transfer basis and with contract and with keys of ours and attested
  never backends named cloud-us # beside
  # on its own
  must pseudonymise unlinkably person, email
  must log sealed
  keep iban because \"asked for\"
  prefer backends domestic
  until 2027-01-01
exception pilot for rule all because \"a pilot\" when app is \"pilot\" until 2027-02-28 approved by \"DPO\", \"CISO\"
scenario \"s\" given data 3 person, health and app \"x\", label \"Secret\" then refused cloud-us, gpu-paris and allowed cloud-fr
# last
";

#[test]
fn everything_is_laid_out() {
    check_layout(EVERYTHING);
    insta::assert_snapshot!("surfaces__english", laid(EVERYTHING, None));
    insta::assert_snapshot!("surfaces__french", laid(EVERYTHING, Some(Language::Fr)));
}

#[test]
fn shipped_sheets_are_laid_out() {
    for (name, text) in starter::packs().into_iter().chain(starter::packs_in(Language::Fr)) {
        check_layout(text);
        assert_eq!(laid(text, None), text, "{name} is not as `octroi policy fmt` writes it");
    }
    let demo = starter::demo(&[7; 32]);
    let begun = starter::init("FR", Language::En).unwrap();
    let sheets: Vec<&(String, String)> = demo.iter().chain(&begun).filter(|(path, _)| path == "main.policy").collect();
    assert_eq!(sheets.len(), 2);
    for (_, text) in sheets {
        check_layout(text);
    }
    for language in Language::ALL {
        let fill = |text: &str| {
            let text = text.replace("{home}", "FR").replace("{review}", "2027-06-30");
            text.replace("{until}", "2027-06-30").replace("{today}", "2026-11-23").replace("{packs}", "")
        };
        check_layout(&fill(starter::beginning(language).0));
    }
}

#[test]
fn every_token_is_in_the_tree() {
    let file = File::new("main.policy", EVERYTHING, Language::En);
    let (_, concrete) = parse_concrete(&file, &mut Vec::new()).unwrap();
    let mut spans: Vec<_> = concrete.tokens.iter().map(|token| token.span.clone()).chain(concrete.comments).collect();
    spans.sort_by_key(|span| (span.start, span.end));
    let mut at = 0;
    for span in spans {
        let between = EVERYTHING.get(at..span.start).unwrap();
        assert!(between.trim().is_empty(), "{between:?}");
        at = span.end;
    }
    let marked = concrete.marks.iter().filter(|mark| matches!(mark.item, Item::Phrase(_))).count();
    assert!(marked > 60);
}

#[test]
fn a_word_of_one_language_is_quoted_where_it_would_be_another() {
    let sheet = "policy \"t\" version 1 owner \"o\" review before 2027-01-01\nrule r because \"x\" must redact \"personne\", person\n";
    check_layout(sheet);
    assert!(laid(sheet, Some(Language::Fr)).contains("caviarder \"personne\", personne"));
}

/// What stands behind a note on the next line is read, whatever ended the line, and a sheet says the same with every end.
#[test]
fn no_line_end_makes_a_rule_vanish() {
    for (name, end) in LINE_ENDS {
        let sheet = EVERYTHING.replace('\n', end);
        assert_eq!(digest_of(&sheet), digest_of(EVERYTHING), "{name}");
        assert_eq!(laid(&sheet, None), laid(EVERYTHING, None), "{name}");
        check_layout(&sheet);
        let statements = format!("{HEADER}{ALLOW_ALL}# note\nrule r because \"x\" only backends on premises\n");
        let policy = good(&sources(&statements.replace('\n', end), example()));
        assert_eq!(allowed(&policy, &with(&policy, &["email"])), ["gpu-paris"], "{name}");
        let fault =
            compiled(&sources(&format!("{HEADER}# note\nnonsense\n").replace('\n', end), example())).unwrap_err();
        assert_eq!(fault.iter().map(Diagnostic::place).max(), Some((5, 1)), "{name}");
        assert!(render(fault.last().unwrap()).contains("5 | nonsense"), "{name}");
        let (pack, text) = starter::packs()[0];
        let scenarios = |text: &str| run_scenarios(&good(&starter::trial(pack, text)), now()).len();
        assert_eq!(scenarios(&text.replace('\n', end)), scenarios(text), "{name}");
        assert!(scenarios(text) > 0);
    }
}

/// A colon behind a phrase or a name says nothing.
#[test]
fn a_colon_does_no_harm() {
    let sheet = "politique : \"t\" version 1 responsable : \"o\" à revoir avant le 2027-01-01\n\nrègle sante-hds :\n  # note\n  parce que : \"x\"\n  quand : les données comprennent santé\n  jamais les hébergeurs : sur site\n\nscénario \"s\" :\n  étant donné : des données santé\n  alors : refusé x\n";
    check_layout(sheet);
    assert_eq!(laid(sheet, None), sheet.replace(" :", ""));
    assert_eq!(digest_of(sheet), digest_of(&sheet.replace(" :", "")));
}

#[test]
fn curly_apostrophes_are_read() {
    let sheet = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-01-01\nrègle r parce que \"x\"\n quand l’application est \"a\" jamais les hébergeurs sur site\n";
    check_layout(sheet);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the sources")]
fn every_sentence_has_a_french_one() {
    let folder = std::path::Path::new(file!()).parent().unwrap().parent().unwrap().to_owned();
    let mut missing = Vec::new();
    let inside = std::fs::read_dir(folder.join("study")).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap().chain(inside) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("text.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let wanted = ["one_of(", "unknown(", "named(", "name(", "name_of(", "text(", "one_word(", "data(", "number("];
        let wanted = wanted.iter().flat_map(|call| source.split(*call).skip(1)).filter(|piece| {
            // A call says what is wanted in a string without `say!`: first, or behind the phrases.
            piece.starts_with('"') || piece.split_once(", ").is_some_and(|(_, behind)| behind.starts_with('"'))
        });
        let wanted = wanted.map(|piece| piece.split_once('"').map_or("", |(before, _)| piece.split_at(before.len()).1));
        let is_parser = path.file_name().unwrap().to_string_lossy().starts_with("parse");
        for piece in source.split("say!(").skip(1).chain(wanted.filter(|_| is_parser)) {
            let Some(rest) = piece.trim_start().strip_prefix('"') else { continue };
            let closes = |at: &usize| !rest.split_at(*at).0.ends_with('\\');
            let end = rest.match_indices('"').map(|(at, _)| at).find(closes).unwrap();
            let sentence = rest.split_at(end).0.replace("\\\"", "\"");
            if !french::has(&sentence) {
                missing.push(format!("{}: {sentence}", path.display()));
            }
        }
    }
    missing.sort();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_sheets_are_laid_out(draft in random::draft(true), notes in proptest::collection::vec((0..400_usize, "[a-z,( ]{0,8}", 0..LINE_ENDS.len()), 0..6), end in 0..LINE_ENDS.len()) {
        let order: Vec<usize> = (0..draft.rules.len()).collect();
        let mut sheet = draft.sheet(&order);
        for (at, note, end) in notes {
            // A note may stand wherever a line may end.
            let blanks: Vec<usize> = sheet.match_indices(' ').map(|(at, _)| at).filter(|at| sheet.split_at(*at).0.matches('"').count() % 2 == 0 && !in_note(&sheet, *at)).collect();
            if let Some(at) = blanks.get(at % blanks.len().max(1)) {
                sheet.insert_str(*at, &format!(" #{note}{}", LINE_ENDS[end].1));
            }
        }
        check_layout(&sheet);
        let other = sheet.replace('\n', LINE_ENDS[end].1);
        check_layout(&other);
        // CR and LF are one end, CR and another are two.
        if !sheet.contains('\r') {
            prop_assert_eq!(laid(&other, None), laid(&sheet, None));
        }
    }
}

fn in_note(sheet: &str, at: usize) -> bool {
    sheet.split_at(at).0.rsplit(lines::ends_line).next().unwrap_or_default().contains('#')
}
