//! What stands where nothing may: it is told once, and what is left out behind it is read as far as it can be, so that no fault
//! hides another.
//!
//! What is read so says nothing: its names are looked up, and the statement is [torn](Parser::torn). A comma before a clause is no
//! stray: it says nothing, and nothing is said of it.

use super::lexer::Kind;
use super::parser::Parser;
use super::phrase::{
    CLAUSES, CONDITIONS, EXCEPTION_PARTS, GIVENS, HEADER, Language, OUTCOMES, PREDICATES, Phrase, STATEMENTS,
};
use super::text::{Text, say};

/// Words that begin a further condition in prose, folded.
const CONJUNCTIONS: &[&str] = &["que", "qu'", "if", "that", "si", "when", "where", "quand", "lorsque"];
/// Tokens that may stand between an item of a list and its comma, and are still of that item.
const ITEM_TOKENS_MAX: usize = 4;

impl Parser<'_> {
    /// Goes over what is left out: a condition or predicate in it is read, anything else is one token.
    pub(super) fn pass(&mut self) {
        let joined = match self.previous().map(|token| &token.kind) {
            Some(Kind::Open) => true,
            Some(Kind::Word(_)) => self.is_behind_joint(),
            _ => false,
        };
        let begins = |parser: &Self, list: &[Phrase]| match parser.stands_whole(list) {
            None if joined => list.iter().copied().find(|phrase| parser.stands(0, *phrase)),
            found => found,
        };
        let (here, brackets) = (self.at, std::mem::take(&mut self.brackets));
        self.passing = true;
        if begins(self, CONDITIONS).is_some() {
            let stray = self.condition();
            self.strays.conditions.push(stray);
        } else if begins(self, PREDICATES).is_some() {
            let stray = self.predicate();
            self.strays.predicates.push(stray);
        }
        (self.brackets, self.passing) = (brackets, false);
        if self.at == here {
            self.step();
        }
    }

    fn is_behind_joint(&self) -> bool {
        let joints = [Phrase::And, Phrase::Or].map(|joint| joint.surface(self.language));
        matches!(self.previous().map(|token| &token.kind), Some(Kind::Word(word)) if joints.contains(&word.as_str()))
    }

    /// One of these phrases that stands here and is more than a word: it begins what it says, wherever it stands.
    pub(super) fn stands_whole(&self, phrases: &[Phrase]) -> Option<Phrase> {
        let whole = |phrase: &Phrase| self.stands(0, *phrase) && phrase.words(self.language).count() > 1;
        phrases.iter().copied().find(whole)
    }

    /// Tells what stands behind a part of an expression and neither ends nor joins it, and leaves it out. Whether another part
    /// stands here then, without a joint.
    pub(super) fn lose_stray(&mut self, begins: &[Phrase]) -> bool {
        if self.ends_part() {
            return false;
        }
        self.torn = true;
        if self.passing {
            // What is left out has been told.
            self.lose_part::<()>(begins);
        } else if *self.kind() == Kind::Comma {
            let next = self.token(1);
            if next.first || next.kind == Kind::End {
                self.is_idle_comma();
                return false;
            }
            // `, ou`: a joint of the other language, which is told as such.
            let other = |phrase: &Phrase| {
                let mut others = Language::ALL.into_iter().filter(|other| *other != self.language);
                others.any(|other| matches!(&next.kind, Kind::Word(word) if word == phrase.surface(other)))
            };
            if let Some(joint) = [Phrase::And, Phrase::Or].into_iter().find(other) {
                self.step();
                return self.eat(joint) && !self.ends_part();
            }
            let help = say!("write `{}` or `{}` in its place", Phrase::And, Phrase::Or);
            self.fault("octroi::policy::missing", say!("a comma alone joins nothing here"), Some(help));
            self.step();
            return true;
        } else if self.sees_one(begins).is_none() {
            self.stray(&say!("`{}`, `{}` or the next clause", Phrase::And, Phrase::Or), &[CLAUSES]);
            self.lose_part::<()>(begins);
        } else if self.lost != Some(self.at) {
            let message = say!("`{}` or `{}` is missing before this", Phrase::And, Phrase::Or);
            self.fault("octroi::policy::missing", message, None);
        }
        !self.ends_part() && self.sees_one(begins).is_some()
    }

    /// Reports a word that nothing asks for, with the nearest of what could stand here.
    fn stray(&mut self, wanted: &Text, phrases: &[&[Phrase]]) {
        let before = self.faults.len();
        let joints = [&[Phrase::And, Phrase::Or], *phrases.first().unwrap_or(&[].as_slice())].concat();
        let word = match self.kind() {
            Kind::Word(word) => Some(word.clone()),
            _ => None,
        };
        let near = word.as_ref().and_then(|word| self.suggest(word, &joints));
        let help = near.unwrap_or_else(|| say!("take it out, or say what it has to do with the rest"));
        let message = match &word {
            Some(word) => say!("`{}` is not understood here", word),
            None => say!("expected {}", wanted),
        };
        self.fault("octroi::policy::unknown-word", message, Some(help));
        if word.is_some()
            && self.faults.len() > before
            && let Some(fault) = self.faults.pop()
        {
            self.faults.push(fault.label(say!("expected {}", wanted)));
        }
    }

    /// Whether a part of an expression may end before what stands here.
    fn ends_part(&mut self) -> bool {
        let ends_line = self.token(0).first && !self.in_brackets();
        let joins = self.sees(Phrase::And) || self.sees(Phrase::Or) || *self.kind() == Kind::Close;
        if ends_line || self.ended() || joins || self.sees_one(STATEMENTS).is_some() {
            return true;
        }
        let joined = self.stands(1, Phrase::And) || self.stands(1, Phrase::Or);
        match self.kind() {
            Kind::Comma => joined || self.comma_says_nothing() || self.comma_parts_scenario(),
            _ => self.begins_clause(),
        }
    }

    /// Whether a clause of a block begins here, spelt as it may be.
    pub(super) fn begins_clause(&mut self) -> bool {
        let others = [Phrase::Given, Phrase::Then, Phrase::IssuedBy];
        [CLAUSES, EXCEPTION_PARTS, &others].iter().any(|list| self.begins(list))
    }

    /// Whether a comma stands here before a clause: it says nothing.
    pub(super) fn comma_says_nothing(&mut self) -> bool {
        *self.kind() == Kind::Comma
            && self.behind(|parser| {
                // Within a line, what is near to a clause may be the next name of a list.
                let others = [Phrase::Given, Phrase::Then, Phrase::IssuedBy];
                let lists: [&[Phrase]; 3] = [CLAUSES, EXCEPTION_PARTS, &others];
                let sees = |list: &&[Phrase]| parser.sees_one(list).is_some();
                lists.iter().any(sees) || (parser.token(0).first && parser.begins_clause())
            })
    }

    /// Takes a comma that says nothing.
    pub(super) fn eat_idle_comma(&mut self) {
        if self.comma_says_nothing() {
            self.step();
        }
    }

    fn comma_parts_scenario(&mut self) -> bool {
        self.behind(|parser| [GIVENS, &OUTCOMES].iter().any(|list| parser.sees_one(list).is_some()))
    }

    /// Tells what stands between an item of a list and its comma, and leaves it out.
    pub(super) fn lose_before_comma(&mut self) {
        if !matches!(self.kind(), Kind::Word(_) | Kind::Text(_) | Kind::Number(_)) || self.token(0).first {
            return;
        }
        let belongs = |token: &Kind| matches!(token, Kind::Word(_) | Kind::Text(_) | Kind::Number(_));
        let rest = (0..=ITEM_TOKENS_MAX).take_while(|ahead| {
            let token = self.token(*ahead);
            belongs(&token.kind) && !token.first
        });
        let tokens = rest.count();
        if self.token(tokens).kind != Kind::Comma || self.is_of_list(tokens) {
            return;
        }
        self.stray(&Text::from("a comma"), &[]);
        self.torn = true;
        (0..tokens).for_each(|_| self.step());
    }

    /// Whether among so many tokens from here something begins that ends a list, or belongs to its last item.
    fn is_of_list(&mut self, tokens: usize) -> bool {
        let here = self.at;
        let others = [Phrase::And, Phrase::Or, Phrase::Refused, Phrase::Allowed, Phrase::Must];
        let lists: [&[Phrase]; 5] = [STATEMENTS, CONDITIONS, PREDICATES, GIVENS, &others];
        let found = (0..tokens).any(|_| {
            let ends = lists.iter().any(|list| self.sees_one(list).is_some()) || self.begins_clause();
            let ends = ends || self.adverb().is_some();
            self.at += 1;
            ends
        });
        self.at = here;
        found
    }

    /// Tells what stands behind one thing that a scenario gives and is no part of it, and leaves it out up to the next. Whether
    /// another stands here, without a joint.
    pub(super) fn lose_behind_given(&mut self) -> bool {
        let joined = *self.kind() == Kind::Comma || self.sees(Phrase::And) || self.begins(&[Phrase::Then]);
        if joined || self.token(0).first || self.sees_one(STATEMENTS).is_some() || self.sees_one(&OUTCOMES).is_some() {
            return false;
        }
        if self.sees_one(GIVENS).is_some() {
            let message = say!("`{}` or a comma is missing before this", Phrase::And);
            self.fault("octroi::policy::missing", message, None);
            return true;
        }
        self.stray(&say!("`{}`, a comma or `{}`", Phrase::And, Phrase::Then), &[GIVENS]);
        self.lose_given();
        false
    }

    /// Tells what stands behind one thing that a scenario expects and is no part of it, and leaves it out up to the next.
    pub(super) fn lose_behind_expectation(&mut self) {
        let joined = *self.kind() == Kind::Comma || self.sees(Phrase::And) || self.stands(0, Phrase::Then);
        if joined || self.token(0).first || self.sees_one(STATEMENTS).is_some() || self.sees_one(&OUTCOMES).is_some() {
            return;
        }
        self.stray(&say!("`{}` or the next statement", Phrase::And), &[&OUTCOMES]);
        self.lose_expectation();
    }

    /// Reports a comma with nothing behind it that it could separate.
    fn is_idle_comma(&mut self) {
        let message = say!("this comma has nothing to separate");
        self.fault("octroi::policy::missing", message, Some(say!("take it out")));
        self.step();
    }

    /// Takes a comma behind the last item of a list, with the next statement behind it: a fault that does not stop parsing. A line that
    /// only begins with a word of a statement goes on with the list: a backend may be called `home`.
    pub(super) fn comma_ends_statement(&mut self) -> bool {
        let idle = *self.kind() == Kind::Comma && self.behind(|parser| parser.ended());
        if idle {
            self.is_idle_comma();
        }
        idle
    }

    /// Whether a text in quotes stands behind another without a comma: a fault that does not stop parsing.
    pub(super) fn lacks_comma(&mut self) -> bool {
        let before = matches!(self.previous().map(|token| &token.kind), Some(Kind::Text(_)));
        let lacks = before && matches!(self.kind(), Kind::Text(_)) && !self.token(0).first;
        if lacks {
            self.fault("octroi::policy::missing", say!("a comma is missing before this"), None);
        }
        lacks
    }

    /// Takes what stands behind `and` in prose, and says nothing: `and if`, `et que`. It is a fault that does not stop parsing.
    pub(super) fn lose_conjunction(&mut self) {
        // `SI` is Slovenia.
        let Some(word) = self.words_at(0).into_iter().next() else { return };
        if !self.token(0).first && CONJUNCTIONS.contains(&word.as_str()) {
            let message = say!("`{}` is not understood here", word);
            self.fault("octroi::policy::unknown-word", message, Some(say!("leave it out")));
            self.step();
        }
    }

    /// Reads the data behind a duty that was reported.
    pub(super) fn stray_data(&mut self) {
        self.torn = true;
        if self.token(0).first || !matches!(self.kind(), Kind::Word(_)) {
            return;
        }
        self.step();
        if self.token(0).first || !matches!(self.kind(), Kind::Word(_)) || self.ends_part() {
            return;
        }
        if let Ok(names) = self.data_list("a type or class of data", &[]) {
            self.strays.data.extend(names);
        }
    }

    /// Whether a part of the header begins here, spelt as it may be, with what it takes behind it.
    pub(super) fn begins_part(&mut self) -> bool {
        let exact = HEADER.iter().copied().find(|part| self.stands(0, *part));
        let exact = exact.map(|part| (part.words(self.language).count(), part));
        let otherwise = HEADER.iter().find_map(|part| Some((self.otherwise(*part)?, *part)));
        let part = exact.or(otherwise).or_else(|| self.meant(HEADER));
        part.is_some_and(|(words, part)| self.is_followed_at(words, part))
    }

    /// Leaves out an item of a list that was reported, up to its comma.
    pub(super) fn lose_item(&mut self) {
        self.torn = true;
        while !self.ended() && !self.token(0).first && *self.kind() != Kind::Comma && !self.ends_part() {
            self.step();
        }
    }
}
