//! Where statements begin: each is read up to where the next one does, and nothing of one is ever taken for a part of another.
//!
//! Lines may end anywhere, so a line that begins with the word of a statement need not begin one: `use` and `pack` may stand on two
//! lines, and a backend may be called `group`. It does where what stands behind is what a statement takes, and no more so before it.

use super::lexer::{Kind, Token};
use super::parser::Parser;
use super::phrase::{CLAUSES, EXCEPTION_PARTS, GATES, OUTCOMES, Phrase, STATEMENTS};
use super::surface::TABLE;

impl Parser<'_> {
    /// Finds the lines that begin a statement, spelt as it may be.
    pub(super) fn find_openings(&mut self) {
        let here = std::mem::take(&mut self.at);
        let mut found = Vec::new();
        while !self.ended() {
            if self.token(0).first && self.opens_statement() {
                found.push(self.at);
            }
            self.at += 1;
        }
        self.at = here;
        (self.openings, self.limit) = (found, 0);
        self.bound();
    }

    /// Goes to the next statement; false at the end of the sheet. Where nothing was taken since the last one, a token is left out.
    pub(super) fn next_statement(&mut self, before: &mut Option<usize>) -> bool {
        self.bound();
        if before.is_some_and(|before| self.at <= before) {
            self.step();
            self.bound();
        }
        *before = Some(self.at);
        !self.ended()
    }

    /// Lets the parser see as far as the next line that begins a statement.
    fn bound(&mut self) {
        if self.at < self.limit {
            return;
        }
        let behind = self.openings.partition_point(|opening| *opening <= self.at);
        self.limit = self.openings.get(behind).copied().unwrap_or(usize::MAX);
        let end = self.before(self.limit).map_or(0, |token| token.span.end);
        self.stop = Token { kind: Kind::End, span: end..end, first: true };
    }

    fn opens_statement(&mut self) -> bool {
        let Some((words, phrase)) = self.statement_here() else { return false };
        if self.splits_phrase() {
            return false;
        }
        match phrase {
            // A block without its name, behind which its first line stands.
            Phrase::Rule | Phrase::Exception => self.takes_behind(words) || self.behind_is(words, &[Phrase::Because]),
            Phrase::Scenario => self.takes_behind(words) || self.behind_is(words, &[Phrase::Given]),
            _ if words > 1 => true,
            _ => self.takes_behind(words),
        }
    }

    /// The statement whose words stand here, and how many they are.
    fn statement_here(&self) -> Option<(usize, Phrase)> {
        let Some(phrase) = self.sees_one(STATEMENTS) else {
            let clause = [CLAUSES, EXCEPTION_PARTS].iter().any(|list| self.sees_one(list).is_some());
            return if !clause && self.begins_statement() { self.meant(STATEMENTS) } else { None };
        };
        let exact = self.stands(0, phrase).then(|| phrase.words(self.language).count());
        let words = exact.or_else(|| self.otherwise(phrase)).unwrap_or(1);
        Some((words, phrase))
    }

    /// Whether the words of a statement stand here with what it takes behind them.
    pub(super) fn takes_behind_statement(&mut self) -> bool {
        self.statement_here().is_some_and(|(words, _)| words > 1 || self.takes_behind(words))
    }

    /// Whether something stands behind so many words, on their line, that is no joint and begins nothing else: behind a name only
    /// such do.
    fn takes_behind(&mut self, words: usize) -> bool {
        let next = self.token(words);
        if next.first || !matches!(next.kind, Kind::Word(_) | Kind::Text(_) | Kind::Number(_)) {
            return false;
        }
        let joints = [Phrase::And, Phrase::Or, Phrase::Not, Phrase::Then, Phrase::Given, Phrase::Level];
        let others: [&[Phrase]; 6] = [&joints, &OUTCOMES, CLAUSES, EXCEPTION_PARTS, GATES, STATEMENTS];
        !others.iter().any(|list| self.behind_is(words, list))
    }

    fn behind_is(&mut self, words: usize, list: &[Phrase]) -> bool {
        let here = self.at;
        self.at += words;
        let is = self.sees_one(list).is_some();
        self.at = here;
        is
    }

    /// Whether the line begins in the midst of a phrase.
    fn splits_phrase(&self) -> bool {
        let word = |token: Option<&Token>, word: &str| matches!(token, Some(Token { kind: Kind::Word(written), .. }) if written == word);
        TABLE.iter().any(|(phrase, ..)| {
            let words: Vec<&str> = phrase.words(self.language).collect();
            (1..words.len()).any(|before| {
                (0..).zip(&words).all(|(index, known)| match before.checked_sub(index) {
                    Some(back @ 1..) => word(self.earlier(back), known),
                    _ => word(Some(self.token(index - before)), known),
                })
            })
        })
    }
}
