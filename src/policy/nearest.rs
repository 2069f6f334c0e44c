//! What was probably meant: the nearest words of a closed list, by edit distance.

use super::parser::folded;
use super::text::{Part, Text, say};

/// Letters that a beginning has at least.
const BEGUN_LETTERS: usize = 2;

/// At most three words of the list, nearest first, none further away than a third of the length and two more.
///
/// Where none is, those that begin with it: who writes `C5` means one of `C5-Type1` and `C5-Type2`.
pub fn nearest<'a>(word: &str, list: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let list: Vec<&str> = list.into_iter().collect();
    let mut near: Vec<(usize, &str)> =
        list.iter().filter_map(|known| Some((closeness(word, known)?, *known))).collect();
    if near.is_empty() {
        let begun = folded(word);
        let begins = |known: &&str| begun.chars().count() >= BEGUN_LETTERS && folded(known).starts_with(&begun);
        near.extend(list.into_iter().filter(begins).map(|known| (known.len(), known)));
    }
    near.sort_unstable();
    near.dedup();
    // What is the same but for accents and capitals is meant.
    let same = near.iter().any(|(apart, _)| *apart == 0);
    near.into_iter().filter(|(apart, _)| *apart == 0 || !same).take(3).map(|(_, known)| known).collect()
}

/// As [`nearest`], of names that are codes: in one of two or three letters each counts, and `MRI` is no `mrz`, nor `EU` `RU`. Of
/// three, one in capitals may have another letter: who writes `EAA` means `EEA`.
pub(super) fn alike<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    let own = letters(written);
    let is_other = |known: &str| {
        let theirs = letters(known);
        let capitals = own.len() == CODE && known.chars().all(char::is_uppercase);
        own.len() <= CODE && theirs.len() == own.len() && theirs != own && !capitals
    };
    nearest(written, known).into_iter().filter(|known| !is_other(known)).collect()
}

/// Letters of a code.
const CODE: usize = 3;

/// How near a word is to a known one, 0 being the same but for accents and capitals; `None` when it is another word.
pub(super) fn closeness(word: &str, known: &str) -> Option<usize> {
    let written = folded(word);
    // Of three letters two others are another word.
    let reach = match written.chars().count() {
        0..=3 => 1,
        letters => letters / 3 + 1,
    };
    let apart = distance(&written, &folded(known));
    (apart <= reach.min(known.chars().count().saturating_sub(1))).then_some(apart)
}

/// The words as a question: `did you mean `a` or `b`?`; `None` when there are none.
pub(super) fn did_you_mean(near: &[&str]) -> Option<Text> {
    let quoted: Vec<Part> = near.iter().map(|word| Part::Plain(format!("`{word}`"))).collect();
    (!quoted.is_empty()).then(|| say!("did you mean {}?", Part::Either(quoted)))
}

/// As [`did_you_mean`], each word with what it means.
pub(super) fn did_you_mean_one<W: std::fmt::Display>(near: Vec<(W, String)>) -> Option<Text> {
    let quoted = near.into_iter().map(|(word, meaning)| match meaning.as_str() {
        "" => Part::Plain(format!("`{word}`")),
        meaning => Part::Plain(format!("`{word}` ({meaning})")),
    });
    let quoted: Vec<Part> = quoted.collect();
    (!quoted.is_empty()).then(|| say!("did you mean {}?", Part::Either(quoted)))
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, a) in from.chars().enumerate() {
        let mut line = Vec::with_capacity(to.len() + 1);
        line.push(row + 1);
        for (column, b) in to.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + usize::from(a != *b)).min(at(&last, column + 1) + 1);
            best = best.min(at(&line, column) + 1);
            let swapped = previous == Some(*b) && column.checked_sub(1).and_then(|left| to.get(left)) == Some(&a);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
        previous = Some(a);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Language;

    #[test]
    fn distances() {
        for (from, to, expected) in
            [("", "", 0), ("a", "", 1), ("helth", "health", 1), ("hte", "the", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn suggestions() {
        let list = ["health", "personal", "email", "phone"];
        assert_eq!(nearest("helth", list), ["health"]);
        assert_eq!(nearest("Personnal", list), ["personal"]);
        assert_eq!(nearest("sante", ["date", "santé"]), ["santé"], "accents aside it is the same");
        assert!(nearest("NIR", ["bic", "nrp", "pin"]).is_empty());
        assert!(nearest("giraffe", list).is_empty());
        for (written, known, meant) in [
            ("MRI", "mrz", false),
            ("EU", "RU", false),
            ("UE", "EU", true),
            ("EAA", "EEA", true),
            ("ibn", "iban", true),
        ] {
            assert_eq!(!alike(written, [known]).is_empty(), meant, "{written}");
        }
        assert_eq!(nearest("C5", ["HDS", "C5-Type2", "C5-Type1"]), ["C5-Type1", "C5-Type2"], "a beginning");
        let asked = did_you_mean(&["a", "b", "c"]).unwrap();
        assert_eq!(asked.said(Language::En), "did you mean `a`, `b` or `c`?");
        assert_eq!(asked.said(Language::Fr), "vouliez-vous dire `a`, `b` ou `c` ?");
    }
}
