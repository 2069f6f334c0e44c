//! Recursive descent over the tokens of a sheet: the cursor, and the faults it makes.
//!
//! A fault does not end parsing: the parser goes on behind it ([`super::mend`]), so that one run reports all. Every loop ends,
//! whatever the sheet says: those that may meet a fault go round by [`Parser::further`], which leaves a token behind in each
//! round, all others only as long as they take a phrase or a comma. Behind more faults than anybody is shown, the sheet counts
//! as ended.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::concrete::{Break, Concrete, Item, Mark};
use super::diagnostic::{Diagnostic, File};
use super::lexer::{Kind, Lexed, Token, lex};
use super::lines::{ends_line, lines};
use super::phrase::{CLAUSES, Language, Phrase, STATEMENTS};
use super::signs::is_hidden;
use super::text::{Text, say};
use super::tree::{Sheet, Strays};
use crate::limits::{POLICY_FAULTS_MAX, POLICY_FILE_BYTES_MAX};

/// Parses a sheet or pack as far as it can be understood. It is whole when no fault was added.
pub(super) fn parse(file: &File, faults: &mut Vec<Diagnostic>) -> Option<Sheet> {
    parse_concrete(file, faults).map(|(sheet, _)| sheet)
}

/// As [`parse`], with what each token was taken for.
pub(super) fn parse_concrete(file: &File, faults: &mut Vec<Diagnostic>) -> Option<(Sheet, Concrete)> {
    if file.text().len() > POLICY_FILE_BYTES_MAX {
        let message = say!("this file is larger than {} bytes", POLICY_FILE_BYTES_MAX);
        faults.push(Diagnostic::new("octroi::policy::too-large", file, 0..0, message));
        return None;
    }
    let told = faults.len();
    let Lexed { tokens, comments } = lex(file, faults);
    let mut parser = Parser::new(file, tokens, faults);
    parser.told = told;
    parser.tell_reserved();
    parser.find_openings();
    let mut sheet = parser.sheet();
    sheet.strays = std::mem::take(&mut parser.strays);
    let Parser { tokens, marks, breaks, .. } = parser;
    Some((sheet, Concrete { tokens, comments, marks, breaks }))
}

/// The language in which a sheet is written: that of its first word; where no language has it, the one that most of its lines
/// begin in.
pub fn language_of(text: &str) -> Language {
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || is_hidden(c));
    while rest.starts_with('#') {
        rest = rest.split_once(ends_line).map_or("", |(_, behind)| behind).trim_start();
    }
    let word = folded(rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
    let begins = |language: &Language| [Phrase::Policy, Phrase::Pack].iter().any(|p| p.surface(*language) == word);
    Language::ALL.into_iter().find(begins).unwrap_or_else(|| guessed(rest))
}

fn guessed(text: &str) -> Language {
    let phrases = || STATEMENTS.iter().chain(CLAUSES).chain(&[Phrase::Given, Phrase::Then]);
    let of = |language: Language| {
        let surfaces: Vec<String> = phrases().map(|phrase| folded(phrase.surface(language))).collect();
        let begins = |line: &&str| {
            let line = folded(line.trim_start());
            surfaces.iter().any(|surface| {
                let behind = line.strip_prefix(surface.as_str());
                behind.is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
            })
        };
        lines(text).take(GUESS_LINES_MAX).filter(begins).count()
    };
    // The first of those with as many.
    Language::ALL.into_iter().rev().max_by_key(|language| of(*language)).unwrap_or_default()
}

/// Lines by which a language is guessed.
const GUESS_LINES_MAX: usize = 200;

/// A fault has been reported; the caller resumes further on.
#[derive(Debug)]
pub(super) struct Broken;

pub(super) type Parsed<T> = Result<T, Broken>;

pub(super) struct Parser<'a> {
    pub(super) file: &'a File,
    pub(super) language: Language,
    tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) faults: &'a mut Vec<Diagnostic>,
    /// Faults of the files before this one.
    told: usize,
    pub(super) depth: usize,
    /// Brackets that are open.
    pub(super) brackets: usize,
    /// Whether something of this statement was left out.
    pub(super) torn: bool,
    /// Where the last part of an expression that was left out ends.
    pub(super) lost: Option<usize>,
    /// Where the line of this statement or clause begins, in bytes of it.
    pub(super) margin: Option<usize>,
    /// Whether what is read is left out.
    pub(super) passing: bool,
    /// What was written otherwise than the sheet writes it, and how the sheet does, in the order of the sheet.
    pub(super) renamed: Vec<(Range<usize>, String)>,
    /// What was read of what was left out.
    pub(super) strays: Strays,
    pub(super) marks: Vec<Mark>,
    breaks: Vec<(usize, Break)>,
    /// The tokens at which a line begins a statement.
    pub(super) openings: Vec<usize>,
    /// Where the statement at hand ends: nothing from there on is seen.
    pub(super) limit: usize,
    /// What is seen there.
    pub(super) stop: Token,
}

impl<'a> Parser<'a> {
    /// A parser of some tokens of a file.
    pub(super) fn new(file: &'a File, tokens: Vec<Token>, faults: &'a mut Vec<Diagnostic>) -> Self {
        let stop = Token { kind: Kind::End, span: 0..0, first: true };
        let (marks, breaks, told) = (Vec::new(), Vec::new(), faults.len());
        Self {
            file,
            language: file.language(),
            tokens,
            at: 0,
            faults,
            told,
            depth: 0,
            brackets: 0,
            torn: false,
            lost: None,
            margin: None,
            passing: false,
            renamed: Vec::new(),
            strays: Strays::default(),
            marks,
            breaks,
            openings: Vec::new(),
            limit: usize::MAX,
            stop,
        }
    }

    pub(super) fn token(&self, ahead: usize) -> &Token {
        if self.at + ahead >= self.limit {
            return &self.stop;
        }
        self.tokens.get(self.at + ahead).unwrap_or_else(|| self.tokens.last().unwrap_or(&self.stop))
    }

    /// The token before a place.
    pub(super) fn before(&self, place: usize) -> Option<&Token> {
        place.checked_sub(1).and_then(|before| self.tokens.get(before))
    }

    /// The token before this one.
    pub(super) fn previous(&self) -> Option<&Token> {
        self.before(self.at)
    }

    /// The token so many before the one here.
    pub(super) fn earlier(&self, back: usize) -> Option<&Token> {
        self.at.checked_sub(back).and_then(|at| self.tokens.get(at))
    }

    /// What was written from a byte to the end of the last token, as the sheet writes it.
    pub(super) fn written_since(&self, from: usize) -> String {
        let end = self.previous().map_or(from, |token| token.span.end);
        let within = |span: &Range<usize>| from <= span.start && span.end <= end;
        let mut renamed: Vec<_> = self.renamed.iter().filter(|(span, _)| within(span)).collect();
        // Of two, one within the other, the longer is meant.
        renamed.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let (mut written, mut at) = (String::new(), from);
        for (span, name) in renamed {
            if at <= span.start {
                written.push_str(self.file.text().get(at..span.start).unwrap_or_default());
                written.push_str(name);
                at = span.end;
            }
        }
        written.push_str(self.file.text().get(at..end).unwrap_or_default());
        written
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.token(0).kind
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.token(0).span.clone()
    }

    pub(super) fn ended(&self) -> bool {
        *self.kind() == Kind::End
    }

    pub(super) fn step(&mut self) {
        if !self.ended() {
            self.advance(1);
        }
    }

    /// Goes over some tokens; to the end, where more is wrong than is shown.
    fn advance(&mut self, tokens: usize) {
        let end = self.tokens.len().saturating_sub(1);
        let over = self.faults.len().saturating_sub(self.told) > POLICY_FAULTS_MAX;
        self.at = if over { end.max(self.at) } else { self.at + tokens };
    }

    /// Begins a round of a loop, unless the sheet has ended. A round that took nothing, whatever it met, has its token skipped:
    /// no loop of this kind can stand still.
    pub(super) fn further(&mut self, before: &mut Option<usize>) -> bool {
        if before.is_some_and(|before| self.at <= before) {
            self.step();
        }
        *before = Some(self.at);
        !self.ended()
    }

    /// Undoes one [`Self::step`].
    pub(super) fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Whether the phrase stands `ahead` tokens from here.
    pub(super) fn stands(&self, ahead: usize, phrase: Phrase) -> bool {
        phrase
            .words(self.language)
            .enumerate()
            .all(|(index, word)| matches!(&self.token(ahead + index).kind, Kind::Word(written) if written == word))
    }

    /// Whether the phrase stands here, or something that can only be a slip for it.
    pub(super) fn sees(&self, phrase: Phrase) -> bool {
        self.stands(0, phrase) || self.slip(phrase).is_some() || self.otherwise(phrase).is_some()
    }

    /// The words here, where they are the phrase but for accents and capitals, or the phrase in another language.
    fn slip(&self, phrase: Phrase) -> Option<usize> {
        let Kind::Word(first) = self.kind() else { return None };
        let words = |language: Language| phrase.words(language).count();
        let written = |count: usize| {
            let words = (0..count).map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) => Some(word.as_str()),
                _ => None,
            });
            words.collect::<Vec<_>>().join(" ")
        };
        let surface = phrase.surface(self.language);
        // Most words begin otherwise, and cost no more than this.
        let begins = |surface: &str| first.chars().next().map(folded_char) == surface.chars().next().map(folded_char);
        if begins(surface) && folded(&written(words(self.language))) == folded(surface) {
            return Some(words(self.language));
        }
        let mut others = Language::ALL.into_iter().filter(|other| *other != self.language);
        others.find_map(|other| {
            let theirs = phrase.surface(other);
            if begins(theirs) && written(words(other)) == theirs {
                return Some(words(other));
            }
            // The word of the one language with those of the other: `seulement backends`.
            let (Some((head, _)), Some((_, rest))) = (theirs.split_once(' '), surface.split_once(' ')) else {
                return None;
            };
            let mixed = begins(theirs) && written(words(self.language)) == format!("{head} {rest}");
            mixed.then(|| words(self.language))
        })
    }

    /// Takes the phrase if it stands here; a slip for it is a fault that does not stop parsing.
    pub(super) fn eat(&mut self, phrase: Phrase) -> bool {
        let (own, otherwise) = (phrase.words(self.language).count(), self.otherwise(phrase));
        // `located outside of` is the longer of the two.
        let longer = otherwise.is_some_and(|words| words > own);
        let exact = self.stands(0, phrase) && !longer;
        let slip = if exact { Some(own) } else { self.slip(phrase).filter(|_| !longer) };
        let Some(words) = slip.or(otherwise) else { return false };
        if !exact {
            let last = self.token(words.saturating_sub(1)).span.end;
            let span = self.span().start..last;
            let written = self.file.text().get(span.clone()).unwrap_or_default().to_owned();
            let message = say!("`{}` is written `{}` in this sheet", written, phrase);
            let fault = Diagnostic::new("octroi::policy::spelling", self.file, span, message);
            self.faults.push(match slip {
                Some(_) => fault
                    .help(say!("accents and small letters count, and a sheet is in the language of its first word")),
                None => fault,
            });
        }
        self.marks.push(Mark { from: self.at, tokens: words, item: Item::Phrase(phrase) });
        self.advance(words);
        self.eat_colon();
        true
    }

    /// Takes a colon, which says nothing.
    pub(super) fn eat_colon(&mut self) {
        if *self.kind() == Kind::Colon {
            self.step();
        }
    }

    /// Notes that a line begins here when the sheet is laid out.
    pub(super) fn line(&mut self, how: Break) {
        self.breaks.push((self.at, how));
    }

    /// Takes the longest of these phrases that stands here.
    pub(super) fn eat_one(&mut self, phrases: &[Phrase]) -> Option<Phrase> {
        let seen = self.sees_one(phrases)?;
        self.eat(seen).then_some(seen)
    }

    /// The longest of these phrases that stands here, or that other words stand here for: `app is in group` is no app's name.
    pub(super) fn sees_one(&self, phrases: &[Phrase]) -> Option<Phrase> {
        let exact = phrases.iter().copied().filter(|phrase| self.stands(0, *phrase));
        let exact = exact.map(|phrase| (phrase.words(self.language).count(), phrase)).max_by_key(|(words, _)| *words);
        let slip = |phrase: Phrase| match exact {
            None => self.slip(phrase).or_else(|| self.otherwise(phrase)),
            Some((least, _)) => self.otherwise(phrase).filter(|words| *words > least),
        };
        let slips = phrases.iter().filter_map(|phrase| Some((slip(*phrase)?, *phrase)));
        slips.max_by_key(|(words, _)| *words).or(exact).map(|(_, phrase)| phrase)
    }

    /// Takes a phrase that must stand here.
    pub(super) fn expect(&mut self, phrase: Phrase) -> Parsed<()> {
        self.one_of(&[phrase], say!("`{}`", phrase)).map(|_| ())
    }

    pub(super) fn eat_comma(&mut self) -> bool {
        let comma = *self.kind() == Kind::Comma;
        if comma {
            self.step();
        }
        comma
    }

    /// Reports a fault at the current token, unless something of it has been reported.
    pub(super) fn fault(&mut self, code: &'static str, message: impl Into<Text>, help: Option<Text>) -> Broken {
        // What is missing at the end of a line is missing there, and not where the next one begins.
        let lacks = code == "octroi::policy::missing" && self.token(0).first;
        let behind = self.previous().filter(|_| lacks).map(|token| token.span.end..token.span.end);
        let span = behind.unwrap_or_else(|| self.span());
        if self.is_told(&span) {
            return Broken;
        }
        let mut fault = Diagnostic::new(code, self.file, span, message);
        if let Some(help) = help {
            fault = fault.help(help);
        }
        self.faults.push(fault);
        Broken
    }

    pub(super) fn is_reported(&self) -> bool {
        self.is_told(&self.span())
    }

    /// Whether something of this part was reported. Of what is missing at one place, the first thing is.
    pub(super) fn is_told(&self, span: &Range<usize>) -> bool {
        self.faults.iter().any(|fault| fault.lies_in(self.file, span))
    }
}

/// A text without accents and capitals: what is the same so is a slip, and no other word.
pub(super) fn folded(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

fn folded_char(c: char) -> Option<char> {
    std::iter::once(c).nfd().next().and_then(|base| base.to_lowercase().next())
}
