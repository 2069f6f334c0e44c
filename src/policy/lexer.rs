//! Text of a sheet to tokens with spans. Comments run from `#` to the end of the line and are kept aside, so that a
//! formatter can put them back. A line ends where any program would end it, see [`super::lines`].
//!
//! What people write otherwise (other quotes, other dates, a sign that is not seen) is one fault, and read as what it was meant
//! for, so that nothing behind it is a fault too.

use std::ops::Range;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::dates::{self, Meant};
use super::diagnostic::{Diagnostic, File};
use super::lines::{ends_line, lines, quotes_near};
use super::phrase::{CLAUSES, EXCEPTION_PARTS, Language, Phrase, STATEMENTS};
use super::signs::{advice, called, is_dash, is_hidden, misleads};
use super::text::{Text, say};

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
    /// It may stand behind a phrase or a name, and says nothing.
    Colon,
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

/// Lines that a text may run over before its quote counts as forgotten.
const OVER_LINES_MAX: usize = 3;

/// Splits a sheet into tokens. A character that has no place is reported and skipped.
pub(super) fn lex(file: &File, faults: &mut Vec<Diagnostic>) -> Lexed {
    lex_within(file, 0..file.text().len(), faults)
}

/// Splits a part of a file into tokens; their spans are those of the file.
pub(super) fn lex_within(file: &File, part: Range<usize>, faults: &mut Vec<Diagnostic>) -> Lexed {
    let text = file.text().get(..part.end).unwrap_or_default();
    let mut lexer = Lexer { file, text, at: part.start, first: true, open: 0, faults };
    let mut lexed = Lexed { tokens: Vec::new(), comments: Vec::new() };
    while let Some(next) = lexer.rest().chars().next() {
        let start = lexer.at;
        match next {
            c if ends_line(c) => {
                lexer.at += c.len_utf8();
                lexer.first = true;
            }
            c if c.is_whitespace() || c == '\u{feff}' => lexer.at += c.len_utf8(),
            '#' => {
                lexer.take(|c| !ends_line(c));
                lexer.shown_as_it_stands(start);
                lexed.comments.push(start..lexer.at);
            }
            _ => {
                if let Some(kind) = lexer.token(next) {
                    lexer.open = match kind {
                        Kind::Open => lexer.open.saturating_add(1),
                        Kind::Close => lexer.open.saturating_sub(1),
                        _ => lexer.open,
                    };
                    lexed.tokens.push(Token { kind, span: start..lexer.at, first: lexer.first });
                    lexer.first = false;
                }
            }
        }
    }
    let end = text.trim_end().len().max(part.start);
    lexed.tokens.push(Token { kind: Kind::End, span: end..end, first: true });
    lexed
}

pub(super) struct Lexer<'a> {
    file: &'a File,
    /// The file up to where reading ends.
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) first: bool,
    /// Brackets that are open.
    pub(super) open: usize,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes characters while they fit.
    pub(super) fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn fault(&mut self, code: &'static str, span: Range<usize>, message: Text, help: Option<Text>) {
        let fault = Diagnostic::new(code, self.file, span, message);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    fn token(&mut self, next: char) -> Option<Kind> {
        if self.lists() {
            return None;
        }
        match next {
            ',' => Some(self.mark(Kind::Comma)),
            ':' => Some(self.mark(Kind::Colon)),
            '(' => Some(self.mark(Kind::Open)),
            ')' => Some(self.mark(Kind::Close)),
            '"' => Some(self.text()),
            '«' | '“' | '”' | '„' | '‟' | '‘' | '’' | '\'' => Some(self.quoted_otherwise(next)),
            '0'..='9' => Some(self.number()),
            c if c.is_alphabetic() => Some(Kind::Word(self.word())),
            // A pattern, as other programs have them, is the name of nothing.
            '*' => Some(Kind::Word(self.take(|c| fits_word(c) || matches!(c, '*' | '.')).to_owned())),
            c => self.stray(c),
        }
    }

    /// Reports a sign by which what was read since `start` could be shown otherwise than it stands.
    fn shown_as_it_stands(&mut self, start: usize) {
        let read = self.text.get(start..self.at).unwrap_or_default();
        if let Some((at, sign)) = read.char_indices().find(|(_, c)| misleads(*c)) {
            let span = start + at..start + at + sign.len_utf8();
            let message = say!("the sign {} may not stand here: it hides what is written", called(sign));
            self.fault("octroi::policy::hidden-sign", span, message, advice(sign));
        }
    }

    /// A text in the quotes that word processors make, or in single ones. It is read as the text that it is, so that this is all
    /// that is reported.
    fn quoted_otherwise(&mut self, opening: char) -> Kind {
        let start = self.at;
        self.at += opening.len_utf8();
        let line = self.rest().split(ends_line).next().unwrap_or_default();
        // An apostrophe within a word closes nothing.
        let closes = |at: usize, c: char| match c {
            '\'' | '’' => {
                let behind = line.get(at + c.len_utf8()..).unwrap_or_default();
                (c == '’' || opening == '\'') && !behind.starts_with(char::is_alphanumeric)
            }
            _ => matches!(c, '»' | '“' | '”' | '"'),
        };
        let closing = line.char_indices().find(|(at, c)| closes(*at, *c));
        let length = closing.map_or(line.len(), |(at, _)| at);
        self.at += closing.map_or(length, |(at, c)| at + c.len_utf8());
        let text: String = line.get(..length).unwrap_or_default().trim().nfc().collect();
        let message = if matches!(opening, '\'' | '‘' | '’') {
            say!("a text stands in straight double quotes")
        } else {
            say!("these quotes are not straight")
        };
        let help = say!("write \"{}\"", text);
        self.fault("octroi::policy::curly-quotes", start..self.at, message, Some(help));
        Kind::Text(text)
    }

    fn mark(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// A word may hold dots between letters or digits, for backends are named so, and apostrophes: `l'application`.
    fn word(&mut self) -> String {
        let start = self.at;
        let mut word = self.piece();
        while let Some(joint) = self.rest().chars().next().filter(|joint| matches!(joint, '.' | '\'' | '\u{2019}')) {
            let behind = self.rest().get(joint.len_utf8()..).unwrap_or_default();
            if !behind.starts_with(char::is_alphanumeric) {
                break;
            }
            self.at += joint.len_utf8();
            word.push(if joint == '.' { '.' } else { '\'' });
            word.push_str(&self.piece());
        }
        let read = self.text.get(start..self.at).unwrap_or_default();
        if let Some((at, sign)) = read.char_indices().find(|(_, c)| is_hidden(*c) || is_dash(*c)) {
            let span = start + at..start + at + sign.len_utf8();
            let message = say!("the sign {} has no meaning here", called(sign));
            // In a name with several, each is one to mend.
            let help = if is_dash(sign) { Some(say!("write `{}`", word.as_str())) } else { advice(sign) };
            let span = if is_dash(sign) { start..self.at } else { span };
            self.fault("octroi::policy::stray-character", span, message, help);
        }
        word
    }

    /// A piece of a word; what is no letter in it is read as what it looks like.
    fn piece(&mut self) -> String {
        let taken = self.take(|c| fits_word(c) || is_hidden(c) || is_dash(c));
        taken.chars().filter(|c| !is_hidden(*c)).map(|c| if is_dash(c) { '-' } else { c }).nfc().collect()
    }

    fn text(&mut self) -> Kind {
        let start = self.at;
        self.at += 1;
        let text: String = self.take(|c| c != '"' && !ends_line(c)).nfc().collect();
        if let Some(end) = self.lacks_quote(start) {
            let text: String = self.text.get(start + 1..end).unwrap_or_default().nfc().collect();
            self.at = end;
            let help = say!("write \"{}\"", text.as_str());
            self.fault("octroi::policy::open-quote", start..end, say!("this text is not closed"), Some(help));
            return Kind::Text(text);
        }
        if self.rest().starts_with('"') {
            self.at += 1;
            self.shown_as_it_stands(start);
            return Kind::Text(text);
        }
        if let Some(inside) = self.over_lines() {
            self.at += inside.len() + 1;
            let whole = [text.as_str(), inside].concat();
            let whole = whole.split_whitespace().collect::<Vec<_>>().join(" ");
            let help = say!("write \"{}\"", whole);
            let message = say!("this text runs over several lines");
            self.fault("octroi::policy::open-quote", start..self.at, message, Some(help));
            return Kind::Text(whole.nfc().collect());
        }
        let fault = Diagnostic::new("octroi::policy::open-quote", self.file, start..self.at, "this text is not closed")
            .label("opened here")
            .help("close it with \" on the same line");
        self.faults.push(fault);
        Kind::Text(text)
    }

    /// Where a text ends that lacks its closing quote and is closed by the one that opens the next: `"lab, "office"`.
    fn lacks_quote(&self, start: usize) -> Option<usize> {
        let read = self.text.get(start + 1..self.at)?;
        let item = read.trim_end().strip_suffix(',').filter(|item| !item.contains(',') && !item.trim().is_empty())?;
        let odd = self.rest().starts_with('"') && quotes_near(self.text.get(start..)?) % 2 == 1;
        odd.then_some(start + 1 + item.trim_end().len())
    }

    /// What stands before the closing quote of a text that was opened on this line, when it closes soon and no line between
    /// begins as a line of a sheet does.
    fn over_lines(&self) -> Option<&'a str> {
        let (inside, _) = self.rest().split_once('"')?;
        let further: Vec<&str> = lines(inside).skip(1).collect();
        let a_text = further.len() <= OVER_LINES_MAX && !further.iter().any(|line| begins_line(line));
        (a_text && !further.is_empty()).then_some(inside)
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        let digits = self.take(|c| c.is_ascii_digit() || c == '-');
        let joint = self.rest().chars().next().filter(|joint| matches!(joint, '/' | '.') || is_dash(*joint));
        let behind = joint.and_then(|joint| self.rest().get(joint.len_utf8()..)).unwrap_or_default();
        if behind.starts_with(|c: char| c.is_ascii_digit()) {
            self.take(|c| c.is_ascii_digit() || matches!(c, '/' | '.' | '-') || is_dash(c));
            return self.written_otherwise(start);
        }
        if let Ok(number) = digits.parse::<u64>() {
            return Kind::Number(number);
        }
        digits.parse::<Date>().map_or_else(|_| self.written_otherwise(start), Kind::Date)
    }

    /// A date as people write it, or a number with a fraction: reported, and read as what it probably is.
    fn written_otherwise(&mut self, start: usize) -> Kind {
        let written = self.text.get(start..self.at).unwrap_or_default();
        let Meant { message, help, date, number } = dates::meant(written);
        self.fault("octroi::policy::bad-number", start..self.at, message, Some(help));
        date.map_or(Kind::Number(number), Kind::Date)
    }
}

/// Whether a line begins with a phrase that begins lines, in any language.
pub(super) fn begins_line(line: &str) -> bool {
    let line = line.trim_start();
    let phrases = STATEMENTS.iter().chain(CLAUSES).chain(EXCEPTION_PARTS).chain(&[Phrase::Given, Phrase::Then]);
    let mut surfaces = phrases.flat_map(|phrase| Language::ALL.map(|language| phrase.surface(language)));
    surfaces.any(|surface| {
        line.strip_prefix(surface).is_some_and(|behind| !behind.starts_with(|c: char| fits_word(c) || c == '\''))
    })
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
        let lexed = lex(&File::new("t", text, Language::En), &mut faults);
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
        assert_eq!(found.len(), 7, "{found:?}");
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
        assert_eq!(kinds("«\u{a0}l’article 9\u{a0}» 'the law’s art. 9' ‘l'article’").0.len(), 4);
        let word = |text: &str| Kind::Word(text.to_owned());
        for (written, expected) in [
            ("2027-02-30", Kind::Date("2027-02-28".parse().unwrap())),
            ("30/02/2027", Kind::Date("2027-02-28".parse().unwrap())),
            ("2027-13-01", Kind::Date("2027-01-01".parse().unwrap())),
            ("2027–06–30", Kind::Date("2027-06-30".parse().unwrap())),
            ("'the law’s art. 9'", text("the law’s art. 9")),
            ("\"RGPD art. 9,\n  CSP L.1111-8\"", text("RGPD art. 9, CSP L.1111-8")),
            ("sante–hds", word("sante-hds")),
            ("san\u{200b}te\u{ad}hds", word("santehds")),
        ] {
            assert_eq!(kinds(written), (vec![expected, Kind::End], 1), "{written}");
        }
        assert_eq!(kinds("\"open\nrule r because \"x\"").0.len(), 6, "a line of the sheet is no part of a text");
    }

    #[test]
    fn a_note_ends_with_its_line_whatever_ends_it() {
        for end in ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let (found, faults) = kinds(&format!("a # note{end}b // note{end}c"));
            assert_eq!((found.len(), faults), (4, 1), "{end:?}");
        }
        for hidden in ["\u{202e}", "\u{2066}", "\u{0}", "\u{1b}"] {
            assert_eq!(kinds(&format!("a # no{hidden}te")).1, 1, "{hidden:?}");
            assert_eq!(kinds(&format!("\"no{hidden}te\"")).1, 1, "{hidden:?}");
        }
    }
}
