//! Text of a sheet to tokens with spans. Comments run from `#` to the end of the line and are kept aside, so that a
//! formatter can put them back.

use std::ops::Range;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::diagnostic::{Diagnostic, File};
use super::text::say;

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
            '«' | '“' | '”' | '„' | '‟' | '‘' | '’' => Some(self.curly()),
            '0'..='9' => self.number(),
            c if c.is_alphabetic() => Some(Kind::Word(self.word())),
            c => self.stray(c),
        }
    }

    /// A character that has no place; what it was probably meant for is read so, and nothing more is reported of it.
    fn stray(&mut self, c: char) -> Option<Kind> {
        let start = self.at;
        let note = self.rest().starts_with("//");
        self.at += c.len_utf8();
        let help = match c {
            '.' => "a clause ends without a full stop",
            ';' => "separate them with a comma",
            _ if note => "a note begins with #",
            _ => {
                "a sheet is made of words, \"texts in straight quotes\", numbers, dates, commas and brackets; a comment begins with #"
            }
        };
        let span = start..self.at;
        let message = "this character has no meaning here";
        self.faults.push(Diagnostic::new("octroi::policy::stray-character", self.file, span, message).help(help));
        if note {
            self.take(|c| c != '\n');
        }
        (c == ';').then_some(Kind::Comma)
    }

    /// A text in the quotes that word processors make. It is read as the text that it is, so that this is all that is reported.
    fn curly(&mut self) -> Kind {
        let start = self.at;
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        let closes = |c: char| matches!(c, '»' | '“' | '”' | '’' | '"');
        let text = self.take(|c| !closes(c) && c != '\n').trim().to_owned();
        if let Some(closing) = self.rest().chars().next().filter(|c| closes(*c)) {
            self.at += closing.len_utf8();
        }
        let message = say!("these quotes are not straight");
        let fault = Diagnostic::new("octroi::policy::curly-quotes", self.file, start..self.at, message);
        self.faults.push(fault.help(say!("write \"{}\"", text)));
        Kind::Text(text)
    }

    fn mark(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// A word may hold dots between letters or digits, for backends are named so, and apostrophes: `l'application`.
    fn word(&mut self) -> String {
        let mut word: String = self.take(fits_word).nfc().collect();
        while let Some(joint) = self.rest().chars().next().filter(|joint| matches!(joint, '.' | '\'' | '\u{2019}')) {
            let behind = self.rest().get(joint.len_utf8()..).unwrap_or_default();
            if !behind.starts_with(char::is_alphanumeric) {
                break;
            }
            self.at += joint.len_utf8();
            word.push(if joint == '.' { '.' } else { '\'' });
            word.extend(self.take(fits_word).nfc());
        }
        word
    }

    fn text(&mut self) -> Kind {
        let start = self.at;
        self.at += 1;
        let text = self.take(|c| c != '"' && c != '\n').nfc().collect();
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
        let joint = self.rest().chars().next().filter(|joint| matches!(joint, '/' | '.'));
        if joint.is_some() && self.rest().chars().nth(1).is_some_and(|c| c.is_ascii_digit()) {
            self.take(|c| c.is_ascii_digit() || matches!(c, '/' | '.' | '-'));
            return Some(self.written_otherwise(start));
        }
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

    /// A date as people write it, `27/06/2027` or `6.27.2027`, or a number with a fraction. It is read as what it probably is.
    fn written_otherwise(&mut self, start: usize) -> Kind {
        let written = self.file.text().get(start..self.at).unwrap_or_default();
        let parts: Vec<u64> = written.split(['/', '.', '-']).filter_map(|part| part.parse().ok()).collect();
        let date = |year: u64, month: u64, day: u64| format!("{year:04}-{month:02}-{day:02}").parse::<Date>().ok();
        let dates: Vec<Date> = match *parts.as_slice() {
            [first, second, year] if year >= 1_000 => {
                [date(year, second, first), date(year, first, second)].into_iter().flatten().collect()
            }
            [year, month, day] if year >= 1_000 => date(year, month, day).into_iter().collect(),
            _ => Vec::new(),
        };
        let span = start..self.at;
        let (code, message) = ("octroi::policy::bad-number", say!("this is neither a number nor a date"));
        let fault = Diagnostic::new(code, self.file, span, message);
        let (fault, kind) = match *dates.as_slice() {
            [one, other] if one != other => (
                fault.help(say!("write {} or {}: a date is year-month-day", one.to_string(), other.to_string())),
                Kind::Date(one),
            ),
            [one, ..] => (fault.help(say!("write {}: a date is year-month-day", one.to_string())), Kind::Date(one)),
            [] => {
                let help = "write a whole number, or a date as year-month-day: 2027-06-30";
                (fault.help(help), Kind::Number(parts.first().copied().unwrap_or(0)))
            }
        };
        self.faults.push(fault);
        kind
    }
}

/// Accents may stand apart from their letters, as some systems write them: the word is the same.
fn fits_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_' || is_combining_mark(c)
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
        assert_eq!(found.len(), 6, "{found:?}");
    }

    #[test]
    fn what_people_write_otherwise_is_one_fault_and_read_as_meant() {
        let date = Kind::Date("2027-06-30".parse().unwrap());
        let text = |text: &str| Kind::Text(text.to_owned());
        for (written, expected) in [
            ("30/06/2027", date.clone()),
            ("06/30/2027", date.clone()),
            ("30.6.2027", date.clone()),
            ("2027/06/30", date),
            ("1.1", Kind::Number(1)),
            ("«\u{a0}notre règle\u{a0}»", text("notre règle")),
            ("“our rule”", text("our rule")),
            ("„unsere“", text("unsere")),
            ("‘x’", text("x")),
        ] {
            assert_eq!(kinds(written), (vec![expected, Kind::End], 1), "{written}");
        }
        assert_eq!(kinds("a // a note\nb").1, 1);
    }
}
