//! What stands near a candidate, and what does not.

use super::*;

#[test]
fn near_and_far() {
    let contexts = Contexts::new([
        (1, "sécurité sociale"),
        (1, "NIR"),
        (70, "ΑΦΜ"),
        (71, "ЕГН"),
        (72, "เลขประจำตัวประชาชน"),
        (73, "주민등록번호"),
        (74, "Kontonummer"),
        (75, "n° d'étranger"),
    ]);
    let far = format!("nir {} 123", "x ".repeat(60));
    for (name, text, key, detector, expected) in [
        ("before", "numéro de Sécurité-sociale : 123", None, 1, true),
        ("behind", "123 (nir)", None, 1, true),
        ("no accent", "SECURITE SOCIALE 123", None, 1, true),
        ("within a word", "souvenir 123", None, 1, false),
        ("key", "123", Some("patientNir"), 1, true),
        ("too far", far.as_str(), None, 1, false),
        ("apart", "sécurité 123 sociale", None, 1, false),
        ("plural", "NIRS 123", None, 1, false),
        ("long plural", "Kontonummers 123", None, 74, true),
        ("Greek", "ΑΦΜ: 123", None, 70, true),
        ("Greek in small letters", "αφμ 123", None, 70, true),
        ("Cyrillic", "егн 123", None, 71, true),
        ("Thai within a run", "หมายเลขประจำตัวประชาชนคือ 123", None, 72, true),
        ("Korean with a particle", "주민등록번호는 123", None, 73, true),
        ("Korean key", "123", Some("주민등록번호"), 73, true),
        ("apostrophe", "n° d’étranger 123", None, 75, true),
        ("compound with number", "die Nirnummer 123", None, 1, true),
        ("compound with nr", "123", Some("nirnr"), 1, true),
        ("what joins left out", "123", Some("nEtranger"), 75, true),
        ("somebody else's", "NIR 123", None, 70, false),
        ("the type of a pseudonym", "<NIR_K7Q2M9F3> 123", None, 1, false),
        ("beside a pseudonym", "nir <PERSON_K7Q2M9F3> 123", None, 1, true),
        ("in brackets only", "<NIR_K7> 123", None, 1, true),
        ("column head", "id;nir;name\n1;999;x\n2;123;y", None, 1, true),
    ] {
        let start = text.find("123").unwrap();
        let page = Page { text, key };
        let mut near = Near::new(&contexts);
        assert_eq!(near.is_within(&page, &(start..start + 3), (detector, usize::MAX)), expected, "{name}");
    }
}

#[test]
fn reach() {
    let contexts = Contexts::new([(1, "passport")]);
    for (name, text, key, expected) in [
        ("close", "my passport is 123", None, true),
        ("close behind", "123 (passport)", None, true),
        ("far", "my passport, as I wrote in my letter of last week, is 123", None, false),
        ("key", "123", Some("passport"), true),
        ("column head", "id,passport,a longer remark, and one\n1,123,,", None, true),
    ] {
        let start = text.find("123").unwrap();
        let mut near = Near::new(&contexts);
        let page = Page { text, key };
        assert_eq!(near.is_within(&page, &(start..start + 3), (1, 16)), expected, "{name}");
    }
}

#[test]
fn an_answer_does_not_depend_on_earlier_ones() {
    let contexts = Contexts::new([(1, "nir"), (2, "compte bancaire"), (3, "เลขประจำตัว")]);
    let text = "nir 1, le compte bancaire 22 et souvenir 333 เลขประจำตัว 4444 ".repeat(40);
    let page = Page { text: &text, key: None };
    let numbers: Vec<Range<usize>> =
        text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, digit)| at..at + digit.len()).collect();
    let mut memory = Near::new(&contexts);
    for range in numbers.iter().chain(numbers.iter().rev().step_by(7)).chain(numbers.iter().step_by(11)) {
        for detector in 1..=3 {
            let fresh = Near::new(&contexts).is_within(&page, range, (detector, usize::MAX));
            assert_eq!(memory.is_within(&page, range, (detector, usize::MAX)), fresh, "{range:?} {detector}");
            let mut alone = Near::new(&contexts);
            assert!(alone.around(&page, range.start));
            memory.around(&page, range.start);
            assert_eq!(memory.owners, alone.owners, "{range:?}");
            assert!(!fresh || !memory.is_far(range, detector), "{range:?} {detector}");
        }
    }
}
