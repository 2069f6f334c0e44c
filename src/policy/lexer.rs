//! Text of a sheet to tokens with spans. Comments run from `#` to the end of the line and are kept aside, so that a
//! formatter can put them back.

use std::ops::Range;

use jiff::civil::Date;

use super::diagnostic::{Diagnostic, File};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte range in the sheet.
    pub(super) span: Range<usize>,
    /// Whether it is the first of its line; parsing resumes at such tokens after a fault.
    pub(super) first: bool,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: letters, digits, `-`, `_`, inner dots and apostrophes; a curly apostrophe is read as a straight one.
    Word(String),
    /// A text in double quotes.
    Text(String),
    /// A whole number.
    Number(u64),
    /// `2027-06-30`
    Date(Date),
    Comma,
    Open,
    Close,
    /// Behind the last token.
    End,
}

/// The tokens of a sheet, ended by [`Kind::End`], and the spans of its comments.
#[derive(Debug)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Range<usize>>,
}

/// Splits a sheet into tokens. A character that has no place is reported and skipped.
pub(super) fn lex(file: &File, faults: &mut Vec<Diagnostic>) -> Lexed {
    let mut lexer = Lexer { file, at: 0, first: true, faults };
    let mut lexed = Lexed { tokens: Vec::new(), comments: Vec::new() };
    while let Some(next) = lexer.rest().chars().next() {
        let start = lexer.at;
        match next {
            '\n' => {
                lexer.at += 1;
                lexer.first = true;
            }
            c if c.is_whitespace() || c == '\u{feff}' => lexer.at += c.len_utf8(),
            '#' => {
                lexer.take(|c| c != '\n');
                lexed.comments.push(start..lexer.at);
            }
            _ => {
                if let Some(kind) = lexer.token(next) {
                    lexed.tokens.push(Token { kind, span: start..lexer.at, first: lexer.first });
                    lexer.first = false;
                }
            }
        }
    }
    let end = file.text().trim_end().len();
    lexed.tokens.push(Token { kind: Kind::End, span: end..end, first: true });
    lexed
}

struct Lexer<'a> {
    file: &'a File,
    at: usize,
    first: bool,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.file.text().get(self.at..).unwrap_or_default()
    }

    /// Takes characters while they fit.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn token(&mut self, next: char) -> Option<Kind> {
        match next {
            ',' => Some(self.mark(Kind::Comma)),
            '(' => Some(self.mark(Kind::Open)),
            ')' => Some(self.mark(Kind::Close)),
            '"' => Some(self.text()),
            '0'..='9' => self.number(),
            c if c.is_alphabetic() => Some(Kind::Word(self.word())),
            c => {
                let span = self.at..self.at + c.len_utf8();
                self.at = span.end;
                let fault = Diagnostic::new("octroi::policy::stray-character", self.file, span, "this character has no meaning here")
                    .help("a sheet is made of words, \"texts in straight quotes\", numbers, dates, commas and brackets; a comment begins with #");
                self.faults.push(fault);
                None
            }
        }
    }

    fn mark(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// A word may hold dots between letters or digits, for backends are named so, and apostrophes: `l'application`.
    fn word(&mut self) -> String {
        let mut word = self.take(fits_word).to_owned();
        while let Some(joint) = self.rest().chars().next().filter(|joint| matches!(joint, '.' | '\'' | '\u{2019}')) {
            let behind = self.rest().get(joint.len_utf8()..).unwrap_or_default();
            if !behind.starts_with(char::is_alphanumeric) {
                break;
            }
            self.at += joint.len_utf8();
            word.push(if joint == '.' { '.' } else { '\'' });
            word.push_str(self.take(fits_word));
        }
        word
    }

    fn text(&mut self) -> Kind {
        let start = self.at;
        self.at += 1;
        let text = self.take(|c| c != '"' && c != '\n').to_owned();
        if self.rest().starts_with('"') {
            self.at += 1;
            return Kind::Text(text);
        }
        let fault = Diagnostic::new("octroi::policy::open-quote", self.file, start..self.at, "this text is not closed")
            .label("opened here")
            .help("close it with \" on the same line");
        self.faults.push(fault);
        Kind::Text(text)
    }

    fn number(&mut self) -> Option<Kind> {
        let start = self.at;
        let digits = self.take(|c| c.is_ascii_digit() || c == '-');
        if digits.contains('-') {
            if let Ok(date) = digits.parse::<Date>() {
                return Some(Kind::Date(date));
            }
        } else if let Ok(number) = digits.parse::<u64>() {
            return Some(Kind::Number(number));
        }
        let fault = Diagnostic::new(
            "octroi::policy::bad-number",
            self.file,
            start..self.at,
            "this is neither a number nor a date",
        )
        .help("write a whole number, or a date as year-month-day: 2027-06-30");
        self.faults.push(fault);
        None
    }
}

fn fits_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> (Vec<Kind>, usize) {
        let mut faults = Vec::new();
        let lexed = lex(&File::new("t", text, super::super::Language::En), &mut faults);
        (lexed.tokens.into_iter().map(|token| token.kind).collect(), faults.len())
    }

    #[test]
    fn words_texts_numbers_dates_and_marks() {
        let word = |text: &str| Kind::Word(text.to_owned());
        let (found, faults) = kinds("rule a-b.c 12 2027-06-30 \"x é\", (fr_nir) 2s # note \"");
        let date = "2027-06-30".parse::<Date>().unwrap();
        let expected = vec![
            word("rule"),
            word("a-b.c"),
            Kind::Number(12),
            Kind::Date(date),
            Kind::Text("x é".to_owned()),
            Kind::Comma,
            Kind::Open,
            word("fr_nir"),
            Kind::Close,
            Kind::Number(2),
            word("s"),
            Kind::End,
        ];
        assert_eq!((found, faults), (expected, 0));
    }

    #[test]
    fn faults_do_not_stop_the_rest() {
        let (found, faults) = kinds("a ; 2027-13-01 b \"open\nc");
        assert_eq!(faults, 3);
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
