//! Tests of the rules for names.

use super::*;
use crate::detect::lexicon::{Lexicon, Meaning};
use crate::detect::page::Sink;
use crate::detect::scan;

fn find<'a>(text: &'a str, key: Option<&str>) -> Vec<&'a str> {
    let phrases = CUES.iter().flat_map(|(cue, words)| words.iter().map(|word| (*word, Meaning::Cue(*cue))));
    let keys = keys::all().map(|key| (key, Meaning::Cue(Cue::Key)));
    let lexicon = Lexicon::new(phrases.chain(keys).collect::<Vec<_>>());
    let mut sink = Sink::new(crate::detect::page::Used::default());
    let page = Page { text, key };
    let mut report = Report { sink: &mut sink, detector: 0 };
    under_key(&page, &mut report);
    scan::words(text, &lexicon, |range, meaning| {
        if let Meaning::Cue(cue) = meaning {
            announced(&page, cue, &range, &mut report);
        }
    });
    let mut found: Vec<&str> =
        sink.hits.into_iter().filter(|hit| hit.confidence >= 50).map(|hit| &text[hit.range]).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn announced_names() {
    for (name, text, expected) in [
        ("French title", "Bonjour, Mme Sophie Durand a appelé.", vec!["Sophie Durand"]),
        ("M. with its stop", "j'ai vu M. Dupont hier", vec!["Dupont"]),
        ("capitals", "Mr. DUPONT-MARTIN called", vec!["DUPONT-MARTIN"]),
        ("particle", "Herr Ludwig van der Berg sagt", vec!["Ludwig van der Berg"]),
        ("apostrophe", "Mme Jeanne d’Arc et Mr O'Neill Smith", vec!["Jeanne d’Arc", "O'Neill Smith"]),
        ("initials", "Dr J. R. House wrote", vec!["J. R. House"]),
        ("introduction", "Hello, my name is Anna Kowalska and", vec!["Anna Kowalska"]),
        ("French introduction", "Je m'appelle Jérôme Lefèvre.", vec!["Jérôme Lefèvre"]),
        ("typographic apostrophe", "Je m’appelle Jérôme", vec!["Jérôme"]),
        ("key", "Patient: Marie Lambert, 54 ans", vec!["Marie Lambert"]),
        ("patient without colon", "la patiente Marie Lambert souffre", vec!["Marie Lambert"]),
        ("greeting", "Dear John,\nplease", vec!["John"]),
        ("greeting with title", "Dear Mr Smith,", vec!["Smith"]),
        ("signature", "Merci d'avance.\nCordialement,\nClaire Petit\n", vec!["Claire Petit"]),
        ("header", "From: Alice Martin <a@x.fr>", vec!["Alice Martin"]),
        ("JSON", r#"{"last_name": "Durand"}"#, vec!["Durand"]),
        (
            "Italian title",
            "Cliente: Sig.ra Ottilia Vannesi, dott.ssa Bianchi, il sig. Pinto",
            vec!["Bianchi", "Ottilia Vannesi", "Pinto"],
        ),
        ("Italian holder", "Intestataria NAVARRA CLAUDIA, IBAN", vec!["NAVARRA CLAUDIA"]),
        ("German greeting", "Sehr geehrter Herr Müller,", vec!["Müller"]),
    ] {
        assert_eq!(find(text, None), expected, "{name}");
    }
}

#[test]
fn false_friends() {
    for (name, text) in [
        ("role", "Sr. Developer wanted, Mr President"),
        ("nobody", "Dear customer, Dear Team, Hello World!"),
        ("article", "M. le Président, Mme la Ministre"),
        ("code", "const name: String = from(User::Default); m.foo()"),
        ("pseudonym", "Mme PERSON_K7Q2M9F3 and Dr <PERSON_ABCDEFGH>"),
        ("tool", r#"{"name": "get_weather", "from": "Paris"}"#),
        ("sentence", "this is important. My name is not given"),
        ("metre", "5 m. Dupont"),
        ("signature in code", "let ok = sig.Verify(key); Sig Sauer P226"),
    ] {
        assert_eq!(find(text, None), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn names_under_keys() {
    for (text, key, expected) in [
        ("Durand", "lastName", vec!["Durand"]),
        ("Marie Lambert", "name", vec!["Marie Lambert"]),
        ("Weather", "name", vec![]),
        ("Marie said no", "patient_name", vec![]),
    ] {
        assert_eq!(find(text, Some(key)), expected, "{key}: {text}");
    }
}
