//! Goes on behind a fault, so that one run tells every other: a word that is surely a misspelling is taken for what it stands
//! for, and what cannot be read is left out, up to the next words that can.
//!
//! Whatever is left out makes the statement [torn](Parser::torn): its names are looked up, and nothing is said of it as a whole,
//! for what was left out may be what is missed. Nothing here ever mends a sheet: what was reported stays a fault.

use super::lexer::Kind;
use super::lines::ends_line;
use super::nearest::closeness;
use super::parser::{Parsed, Parser, folded};
use super::phrase::{CLAUSES, CONDITIONS, DUTIES, EXCEPTION_PARTS, GIVENS, OUTCOMES, PREDICATES, Phrase, STATEMENTS};
use super::text::Text;
use super::tree::{Expr, Name};

/// Letters of a phrase for each that may be wrong in what surely means it: of fewer, another word is as likely.
const LETTERS_FOR_ONE: usize = 4;
/// Letters of a word in which another letter is another word.
const SHORT: usize = 2;
/// Words of the longest phrase, and more.
const PHRASE_WORDS_MAX: usize = 8;

impl Parser<'_> {
    /// Takes one of these phrases, which must stand here, or what surely is one misspelt: a fault that does not stop parsing.
    pub(super) fn one_of(&mut self, phrases: &[Phrase], wanted: impl Into<Text>) -> Parsed<Phrase> {
        if let Some(phrase) = self.eat_one(phrases) {
            return Ok(phrase);
        }
        let broken = self.unknown(phrases, wanted);
        let meant = self.meant(phrases).filter(|(_, phrase)| self.is_followed(*phrase));
        let (words, phrase) = meant.ok_or(broken)?;
        (0..words).for_each(|_| self.step());
        self.eat_colon();
        Ok(phrase)
    }

    /// The one phrase that the words here surely are, misspelt, and how many they are. Where two are as near, none is.
    pub(super) fn meant(&self, phrases: &[Phrase]) -> Option<(usize, Phrase)> {
        // `l'approbation est` is near to `l'application est`, and no slip for it.
        if self.is_reserved(0) {
            return None;
        }
        let written: Vec<String> = (0..PHRASE_WORDS_MAX)
            .map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(ahead).first => Some(folded(word)),
                _ => None,
            })
            .collect();
        let near = |phrase: Phrase| {
            let surface = phrase.surface(self.language);
            let count = phrase.words(self.language).count();
            let words = written.get(..count)?;
            let (letters, blanks) = (surface.chars().count(), count.saturating_sub(1));
            let reach = letters / LETTERS_FOR_ONE;
            // Most words are of another length, and cost no more than this.
            let length = words.iter().map(|word| word.chars().count()).sum::<usize>() + blanks;
            if length.abs_diff(letters) > reach {
                return None;
            }
            // Each word is near to its own: `the app does` is not `the app is`, nor `hors UE` `hors de`.
            let near = |(word, known): (&String, &str)| {
                let short = known.chars().count() <= SHORT && word.chars().count() == known.chars().count();
                closeness(word, known).filter(|apart| *apart == 0 || !short)
            };
            let apart = words.iter().zip(phrase.words(self.language)).map(near);
            let wrong = apart.sum::<Option<usize>>()?;
            (wrong <= reach).then_some((wrong, count, phrase))
        };
        let mut near: Vec<_> = phrases.iter().filter_map(|phrase| near(*phrase)).collect();
        near.sort_unstable();
        let (wrong, count, phrase) = *near.first()?;
        let alone = near.get(1).is_none_or(|(other, ..)| *other > wrong);
        alone.then_some((count, phrase))
    }

    /// Leaves out what cannot be read, up to the next line that begins a statement or one of these phrases, or to one of these in
    /// the middle of a line with what it takes behind it. Phrases that the caller does not read would stop it where it cannot go on.
    pub(super) fn skip_to(&mut self, stops: &[&[Phrase]]) {
        self.torn = true;
        while !self.ended() && !self.stops_at(stops) && !self.is_at_margin() {
            self.pass();
        }
    }

    /// Whether a line begins here that is indented no more than that of the statement or clause before it: it is none of it.
    fn is_at_margin(&self) -> bool {
        self.token(0).first && self.margin.is_some_and(|margin| self.column() <= margin)
    }

    /// As [`Self::skip_to`], where the line itself begins with what is not understood, or ends so: the next one that begins no further
    /// right is looked at again, unless it begins as a clause does. Such clauses belong to the block that the line may have begun.
    pub(super) fn skip_line(&mut self, stops: &[&[Phrase]]) {
        self.torn = true;
        let own = self.indent();
        // A stray word begins no block: what is not written as a clause of one is none. Whoever restricts without a rule does so line
        // by line.
        let stray = !self.token(0).first;
        let line_by_line = stray || self.restricts();
        self.pass();
        while !self.ended() && !self.stops_at(stops) {
            let begins = self.token(0).first && self.column() <= own;
            let blocks: [&[Phrase]; 3] = [CLAUSES, EXCEPTION_PARTS, &[Phrase::Given, Phrase::Then]];
            let of_block = if stray {
                blocks.iter().any(|list| list.iter().any(|phrase| self.stands(0, *phrase)))
            } else {
                blocks.iter().any(|list| self.sees_one(list).is_some())
            };
            if begins && (!of_block || (line_by_line && self.restricts())) {
                return;
            }
            self.pass();
        }
    }

    /// Bytes before the first token of this line.
    fn indent(&self) -> usize {
        let before = (1..).map_while(|back| self.earlier(back));
        let mut line = std::iter::once(self.token(0)).chain(before);
        self.column_of(line.find(|token| token.first).map_or(0, |token| token.span.start))
    }

    /// Bytes of its line before this token.
    pub(super) fn column(&self) -> usize {
        self.column_of(self.span().start)
    }

    fn column_of(&self, start: usize) -> usize {
        let before = self.file.text().get(..start).unwrap_or_default();
        before.len() - before.char_indices().rfind(|(_, c)| ends_line(*c)).map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn stops_at(&mut self, stops: &[&[Phrase]]) -> bool {
        if self.token(0).first {
            return self.begins_statement() || stops.iter().any(|list| self.begins(list));
        }
        let mut listed = stops.iter().flat_map(|list| list.iter().copied());
        let Some(phrase) = listed.find(|phrase| self.stands(0, *phrase)) else { return false };
        let behind = phrase.words(self.language).count();
        // Two words of ours are no prose, whatever is wrong behind them.
        let unquoted = phrase == Phrase::ApprovedBy && matches!(self.token(behind).kind, Kind::Word(_));
        unquoted || self.is_followed(phrase)
    }

    /// Whether a statement begins here, spelt as it may be. `role is` is no slip for `rule`, nor `label "X"` for `labels` where a
    /// scenario goes on.
    pub(super) fn begins_statement(&self) -> bool {
        let known =
            || [CONDITIONS, PREDICATES].iter().any(|list| self.sees_one(list).is_some()) || self.is_next_given();
        self.sees_one(STATEMENTS).is_some() || (!known() && self.meant(STATEMENTS).is_some())
    }

    /// Whether what a scenario gives stands here in quotes, behind a word or a comma that leaves it open.
    fn is_next_given(&self) -> bool {
        let ends = |phrase: Phrase| phrase.words(self.language).last();
        let open = match self.previous().map(|token| &token.kind) {
            Some(Kind::Comma) => true,
            Some(Kind::Word(word)) => [Phrase::Given, Phrase::And].into_iter().any(|phrase| ends(phrase) == Some(word)),
            _ => false,
        };
        let given = GIVENS.iter().find(|phrase| self.stands(0, **phrase)).filter(|_| open);
        given.is_some_and(|phrase| {
            let words = phrase.words(self.language).count();
            // `label "X" brings` is a statement behind a comma too many.
            let says = [Phrase::Brings, Phrase::Lowers].into_iter().any(|verb| self.stands(words + 1, verb));
            matches!(self.token(words).kind, Kind::Text(_)) && !says
        })
    }

    /// Whether one of these phrases begins here, or one misspelt with what it takes behind it.
    pub(super) fn begins(&mut self, list: &[Phrase]) -> bool {
        let meant = if self.sees_one(list).is_some() { return true } else { self.meant(list) };
        meant.is_some_and(|(words, phrase)| self.is_followed_at(words, phrase))
    }

    /// Whether what stands behind a phrase is what it takes: else it is a word of something that cannot be read.
    pub(super) fn is_followed(&mut self, phrase: Phrase) -> bool {
        self.is_followed_at(phrase.words(self.language).count(), phrase)
    }

    /// The same of a phrase that is written in so many words.
    pub(super) fn is_followed_at(&mut self, words: usize, phrase: Phrase) -> bool {
        let here = self.at;
        let behind_words = self.previous().is_some_and(|token| matches!(token.kind, Kind::Word(_)));
        self.at += words;
        let begins = |list: &[Phrase]| self.sees_one(list).is_some() || self.meant(list).is_some();
        let followed = match phrase {
            Phrase::Because | Phrase::Owner | Phrase::ApprovedBy | Phrase::Labels | Phrase::LabelSays => {
                matches!(self.kind(), Kind::Text(_))
            }
            Phrase::Version => matches!(self.kind(), Kind::Number(_)),
            Phrase::FromDate | Phrase::UntilDate | Phrase::ReviewBefore => {
                matches!(self.kind(), Kind::Date(_)) || self.date_in_words().is_some()
            }
            Phrase::When | Phrase::Unless => {
                !behind_words || *self.kind() == Kind::Open || begins(CONDITIONS) || self.stands(0, Phrase::Not)
            }
            Phrase::Must => begins(DUTIES),
            Phrase::Keep => false,
            Phrase::Given => begins(GIVENS) || self.is_data(),
            Phrase::Then => begins(&OUTCOMES) || self.stands(1, Phrase::Must),
            _ => true,
        };
        self.at = here;
        followed
    }

    /// Leaves out one part of an expression, which was reported, up to the next part or the end of the clause. What is returned
    /// stands for it in a statement that is torn.
    pub(super) fn lose_part<A>(&mut self, begins: &[Phrase]) -> Expr<A> {
        let from = self.at;
        let begun = |parser: &Self| parser.at > from && parser.stands_whole(begins).is_some();
        self.skip_within(|parser| parser.joins_part(begins) || begun(parser));
        self.lost = Some(self.at);
        Expr::All(Vec::new())
    }

    /// Leaves out what cannot be read of an expression, up to where it ends: its bracket, or the next clause.
    pub(super) fn lose_rest(&mut self) {
        self.skip_within(|_| false);
    }

    fn skip_within(&mut self, ends: impl Fn(&mut Self) -> bool) {
        self.torn = true;
        let mut opened = 0_usize;
        while !self.ended() {
            let (opens, closes) = (*self.kind() == Kind::Open, *self.kind() == Kind::Close);
            let ends_here = closes && opened == 0 && self.in_brackets();
            if ends_here || self.begins_elsewhere() || self.is_at_margin() || (opened == 0 && ends(self)) {
                return;
            }
            opened = (opened + usize::from(opens)).saturating_sub(usize::from(closes));
            self.step();
        }
    }

    /// Whether something else than this clause begins here.
    fn begins_elsewhere(&mut self) -> bool {
        self.stops_at(&[CLAUSES, EXCEPTION_PARTS, &[Phrase::Given, Phrase::Then]])
    }

    /// Whether `and` or `or` stands here, with or without a comma, and behind it another part that can be read.
    fn joins_part(&mut self, begins: &[Phrase]) -> bool {
        let here = self.at;
        self.at += usize::from(*self.kind() == Kind::Comma);
        let is_joint = self.stands(0, Phrase::And) || self.stands(0, Phrase::Or);
        let joins = is_joint
            && self.behind(|parser| {
                *parser.kind() == Kind::Open
                    || parser.stands(0, Phrase::Not)
                    || parser.sees_one(begins).is_some()
                    || parser.meant(begins).is_some()
                    || begins.iter().any(|phrase| parser.begins_like(*phrase))
            });
        self.at = here;
        joins
    }

    /// Whether the first word of a phrase stands here.
    pub(super) fn begins_like(&self, phrase: Phrase) -> bool {
        let first = phrase.words(self.language).next();
        matches!((self.kind(), first), (Kind::Word(word), Some(first)) if folded(word) == folded(first))
    }

    /// Leaves out one thing that a scenario gives, up to the next or to what follows from it.
    pub(super) fn lose_given(&mut self) {
        self.torn = true;
        while !self.ended() && !self.stops_at(&[&[Phrase::Then], &OUTCOMES]) && !self.is_at_margin() {
            let joint = *self.kind() == Kind::Comma || self.stands(0, Phrase::And);
            if joint && self.behind(|parser| parser.sees_one(GIVENS).is_some() || parser.meant(GIVENS).is_some()) {
                return;
            }
            self.step();
        }
    }

    /// Leaves out one thing that a scenario expects, up to the next.
    pub(super) fn lose_expectation(&mut self) {
        self.torn = true;
        while !self.ended() && !self.stops_at(&[]) && !self.stands(0, Phrase::Then) && !self.is_at_margin() {
            let expects = |parser: &mut Self| {
                // Of two words, the first says what is expected of the second.
                let pair = [0, 1].map(|ahead| parser.token(ahead)).map(|token| matches!(token.kind, Kind::Word(_)));
                parser.sees_one(&OUTCOMES).is_some()
                    || parser.meant(&OUTCOMES).is_some()
                    || parser.stands(1, Phrase::Must)
                    || (pair == [true, true] && !parser.token(1).first)
            };
            let joint = *self.kind() == Kind::Comma || self.stands(0, Phrase::And);
            if joint && self.behind(expects) {
                return;
            }
            self.step();
        }
    }

    /// Whether something holds one token further on.
    pub(super) fn behind(&mut self, holds: impl FnOnce(&mut Self) -> bool) -> bool {
        self.at += 1;
        let held = holds(self);
        self.at -= 1;
        held
    }

    /// A name that stands for one that was reported: nothing is called so.
    pub(super) fn lost_name(&mut self) -> Name {
        self.torn = true;
        let at = self.previous().map_or(0, |token| token.span.end);
        Name { text: String::new(), span: at..at }
    }
}
