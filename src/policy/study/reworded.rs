//! A question that was asked in another form or language than it is answered in: as a scenario of a sheet is written, or in words of
//! the other language. It is said as it is asked, and not answered: whoever asks must see what was understood.

use super::super::comparatives::{Compare, compare, spelled};
use super::super::diagnostic::{Diagnostic, File};
use super::super::lexer::{Kind, Token, lex};
use super::super::parser::folded;
use super::super::phrase::{GIVENS, Language, Phrase};
use super::super::surface::NAMES;
use super::super::text::{Text, say};
use super::Study;
use super::ask::{RESIDENT, word};

/// What else of a question is said in words of the vocabulary.
const OTHERS: &[Phrase] = &[
    Phrase::And,
    Phrase::HealthOfAPerson,
    Phrase::MinorsConcerned,
    Phrase::FieldUnreadable,
    Phrase::ReferenceIncluded,
];
/// What begins a scenario's text, what it gives and what it expects.
const FORM: [Phrase; 2] = [Phrase::Given, Phrase::Then];
/// What stands between a request and a backend, in the order of [`Language::ALL`].
const TO: [&str; Language::ALL.len()] = ["to", "vers"];

impl Study {
    /// The question as it is asked, and what is to be said of how it was; nothing where it is in the form and language of questions.
    pub(super) fn reworded(&self, question: &str) -> Option<(Text, String)> {
        let file = File::new("question", question, self.language);
        let tokens = lex(&file, &mut Vec::new()).tokens;
        let tokens = tokens.get(..tokens.len().saturating_sub(1)).unwrap_or_default();
        let at = |phrase: Phrase| {
            let of = |from: usize| stands(tokens.get(from..)?, phrase).map(|words| (from, from + words));
            (0..tokens.len()).find_map(of)
        };
        let [given, then] = FORM.map(at);
        let (from, to) = (given.map_or(0, |(_, behind)| behind), then.map_or(tokens.len(), |(then, _)| then));
        let (bounded, exact) = without_bounds(tokens.get(from..to)?);
        let (mut said, translated) = self.translated(question, &exact);
        if let Some((_, behind)) = then {
            let names = tokens.get(behind..)?.iter().filter_map(|token| match &token.kind {
                Kind::Word(word) => self.gathered.inventory.entries.iter().find(|entry| entry.name.as_str() == word),
                _ => None,
            });
            let names: Vec<&str> = names.map(|entry| entry.name.as_str()).collect();
            if !names.is_empty() {
                said = format!("{said} {} {}", self.own(&TO), names.join(", "));
            }
        }
        let message = if given.is_some() || then.is_some() {
            say!("a question says what is given and where to, and not what is expected")
        } else if bounded {
            say!("a question is about one request: it gives a number, and no bound of it")
        } else if translated {
            say!("the sheets are in English, and so are questions about them")
        } else {
            return None;
        };
        (!said.trim().is_empty()).then_some((message, said))
    }

    /// The fault of such a question, with the question as it is asked.
    pub(super) fn asked_otherwise(&self, question: &str, message: Text, said: &str) -> Diagnostic {
        let file = File::new("question", question, self.language);
        let span = question.len() - question.trim_start().len()..question.trim_end().len();
        Diagnostic::new("octroi::policy::question", &file, span, message).help(say!("ask: {}", said))
    }

    /// Some tokens of a question with the words of other languages in that of the sheets, and whether there were any.
    fn translated(&self, question: &str, tokens: &[Token]) -> (String, bool) {
        let (mut said, mut at, mut found) = (String::new(), 0, false);
        while let Some(token) = tokens.get(at) {
            let rest = tokens.get(at..).unwrap_or_default();
            let (text, count) = match self.foreign(rest) {
                Some((own, count)) => {
                    found = true;
                    (own, count)
                }
                None => match token.kind {
                    Kind::Number(number) => (number.to_string(), 1),
                    _ => (question.get(token.span.clone()).unwrap_or_default().to_owned(), 1),
                },
            };
            if !said.is_empty() && token.kind != Kind::Comma {
                said.push(' ');
            }
            said.push_str(&text);
            at += count;
        }
        (said, found)
    }

    /// What the next words are in the language of the sheets, and how many they are, where they are words of another and none of it.
    fn foreign(&self, tokens: &[Token]) -> Option<(String, usize)> {
        if let Some(residents) = self.residents(tokens) {
            return Some((residents, 2));
        }
        let mut longest: Option<(String, usize)> = None;
        let phrases = GIVENS.iter().chain(OTHERS).map(|phrase| Language::ALL.map(|language| phrase.surface(language)));
        for row in phrases.chain(NAMES.iter().copied()).chain([TO]) {
            let own = self.own(&row);
            for other in row.iter().filter(|other| **other != own) {
                let words = other.split(' ').count();
                let same = tokens.get(..words).is_some_and(|tokens| is(tokens, other));
                if same && longest.as_ref().is_none_or(|(_, count)| *count < words) {
                    longest = Some((own.to_owned(), words));
                }
            }
        }
        // A word of both languages is one of this one.
        longest.filter(|(_, count)| !self.is_own(tokens.get(..*count).unwrap_or_default()))
    }

    /// `FR resident` in a French question, `résident FR` in an English one.
    fn residents(&self, tokens: &[Token]) -> Option<String> {
        let [one, other, ..] = tokens else { return None };
        let (Kind::Word(one), Kind::Word(other)) = (&one.kind, &other.kind) else { return None };
        let code = |word: &str| word.len() == 2 && word.chars().all(|c| c.is_ascii_uppercase());
        let resides = |word: &str| RESIDENT.contains(&folded(word).as_str());
        match self.language {
            Language::Fr if code(one) && resides(other) => Some(format!("résident {one}")),
            Language::En if resides(one) && code(other) => Some(format!("{other} resident")),
            _ => None,
        }
    }

    fn is_own(&self, tokens: &[Token]) -> bool {
        let phrases = GIVENS.iter().chain(OTHERS).map(|phrase| phrase.surface(self.language));
        phrases.chain(NAMES.iter().map(|row| self.own(row))).any(|own| is(tokens, own))
    }

    /// The word of a row in the language of the sheets.
    fn own<'w>(&self, row: &[&'w str; Language::ALL.len()]) -> &'w str {
        let at = Language::ALL.iter().position(|language| *language == self.language).unwrap_or(0);
        row.get(at).copied().unwrap_or_default()
    }
}

/// Whether some tokens bound a number, such as `more than 2`, and the tokens with the nearest number that is within.
fn without_bounds(tokens: &[Token]) -> (bool, Vec<Token>) {
    let (mut left, mut at, mut bounded) = (Vec::new(), 0, false);
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        let words: Vec<String> = rest.iter().map_while(word).collect();
        let bound = compare(&words).and_then(|(how, count)| {
            let token = rest.get(count)?;
            let number = match token.kind {
                Kind::Number(number) => number,
                _ => spelled(&word(token)?)?,
            };
            let within = match how {
                Compare::Above => number.saturating_add(1),
                Compare::Below => number.saturating_sub(1),
                Compare::AtLeast | Compare::AtMost | Compare::Exactly => number,
            };
            Some((Token { kind: Kind::Number(within), ..token.clone() }, count + 1))
        });
        bounded |= bound.is_some();
        let (token, count) = bound.unwrap_or_else(|| (token.clone(), 1));
        left.push(token);
        at += count;
    }
    (bounded, left)
}

/// How many words of a phrase stand at the beginning of some tokens, in any language.
fn stands(tokens: &[Token], phrase: Phrase) -> Option<usize> {
    let surfaces = Language::ALL.into_iter().map(|language| phrase.surface(language));
    surfaces.into_iter().find_map(|surface| {
        let words = surface.split(' ').count();
        tokens.get(..words).filter(|tokens| is(tokens, surface)).map(|_| words)
    })
}

/// Whether some tokens are these words, but for accents and capitals.
fn is(tokens: &[Token], words: &str) -> bool {
    let known: Vec<String> = words.split(' ').map(folded).collect();
    known.len() == tokens.len()
        && tokens
            .iter()
            .zip(&known)
            .all(|(token, known)| matches!(&token.kind, Kind::Word(word) if folded(word) == *known))
}
