//! Looks at the tokens of an address: numbers, words, what stands between them.

use std::ops::Range;

use super::super::fold;
use super::super::names::lexicon::{FREQUENT, SMALL};
use super::super::names::token::{Case, Token};
use super::words::{self, Compound, NUMBER, PARTICLE, REPEAT, STRONG_ENDS, WEAK_ENDS};

/// The tokens of a stretch of text.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    /// What each token does, read once.
    pub(super) roles: &'a [u16],
    /// Whether a number of five digits stands somewhere.
    pub(super) coded: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn token(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    /// What the word at `at` does.
    pub(super) fn roles(&self, at: usize) -> u16 {
        self.roles.get(at).copied().unwrap_or_default()
    }

    pub(super) fn is(&self, at: usize, role: u16) -> bool {
        self.roles(at) & role != 0
    }

    /// The mark at `at`, NUL for what is none.
    pub(super) fn mark(&self, at: usize) -> char {
        self.token(at).and_then(|token| char::from_u32(token.mark())).unwrap_or('\0')
    }

    pub(super) fn is_line(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.case == Case::Line)
    }

    pub(super) fn word(&self, at: usize) -> &'a str {
        self.token(at).and_then(|token| self.text.get(token.start as usize..token.end as usize)).unwrap_or_default()
    }

    /// How many digits the number at `at` has; 0 for what is none.
    pub(super) fn digits(&self, at: usize) -> usize {
        self.token(at).filter(|token| token.case == Case::Digits).map_or(0, |token| (token.end - token.start) as usize)
    }

    pub(super) fn is_capital(&self, at: usize) -> bool {
        self.token(at).is_some_and(Token::is_capital)
    }

    /// Two capital letters, as in a Dutch postcode.
    pub(super) fn is_letters(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.case == Case::Upper && token.len == 2)
    }

    /// A word in small letters that is common in texts.
    pub(super) fn is_common(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.is(SMALL) && token.is(FREQUENT))
    }

    /// The bytes of a range of tokens, without marks at its end.
    pub(super) fn bytes(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let tokens = self.tokens.get(span.clone())?;
        let closing = |token: &&Token| token.mark() == 0 && token.case != Case::Line || token.mark() == u32::from(')');
        Some(tokens.first()?.start as usize..tokens.iter().rev().find(closing)?.end as usize)
    }

    /// Skips a stop that abbreviates the word before it.
    pub(super) fn behind_stop(&self, at: usize) -> usize {
        let glued = self.token(at).is_some_and(|token| token.glued);
        if self.mark(at) == '.' && glued { at + 1 } else { at }
    }

    /// Skips a comma, or a line end, or both.
    pub(super) fn behind_comma(&self, at: usize) -> usize {
        if matches!(self.mark(at), ',' | ';') { at + 1 } else { at }
    }

    /// The end of a house number that begins at `at`: `14`, `14 bis`, `12-14`, `31a`, `3/B`, `12/4`.
    pub(super) fn number(&self, at: usize) -> Option<usize> {
        let token = self.token(at)?;
        // `s/n`: without a number.
        if matches!(self.word(at), "s" | "S") && self.mark(at + 1) == '/' && matches!(self.word(at + 2), "n" | "N") {
            return Some(at + 3);
        }
        let short = match token.case {
            Case::Digits => (1..=4).contains(&self.digits(at)),
            Case::Alphanumeric => {
                let word = self.word(at);
                let digits = word.bytes().take_while(u8::is_ascii_digit).count();
                (1..=4).contains(&digits)
                    && word.chars().count() - digits <= 3
                    && word.chars().skip(digits).all(char::is_alphabetic)
            }
            _ => false,
        };
        // A decimal, a version, an amount, a time.
        let before = at.checked_sub(1).map_or('\0', |before| self.mark(before));
        if !short
            || token.glued && !matches!(before, '\0' | '(' | '"' | '°' | 'º' | '.' | '\'' | '>' | ',' | ':' | '/' | '-')
        {
            return None;
        }
        if token.glued
            && matches!(before, '.' | ',' | ':' | '/' | '-')
            && at.checked_sub(2).is_some_and(|at| self.digits(at) > 0)
        {
            return None;
        }
        if matches!(self.mark(at + 1), '.' | ':' | '%' | '€' | '$')
            && self.token(at + 2).is_none_or(|next| next.glued && next.case == Case::Digits)
        {
            return None;
        }
        let mut end = at + 1;
        while matches!(self.mark(end), 'ª' | 'º' | '°') && self.token(end).is_some_and(|token| token.glued) {
            end += 1;
        }
        // A letter or `bis`, apart; then a range or a part.
        let apart = |at: usize| {
            self.is(at, REPEAT) || self.token(at).is_some_and(|token| token.case == Case::Initial && token.len == 1)
        };
        let alone = |at: usize| {
            self.token(at + 1).is_none_or(|next| !next.glued || matches!(self.mark(at + 1), ',' | '.' | ')' | ';'))
        };
        if apart(end) && alone(end) {
            // `10 A 5,`: stairs and dwelling in Finland.
            let dwelling = self.is_capital(end) && (1..=3).contains(&self.digits(end + 1)) && self.mark(end + 2) == ',';
            end += 1 + usize::from(dwelling);
        }
        while matches!(self.mark(end), '-' | '/' | '–') && self.token(end).is_some_and(|token| token.glued) {
            let next = end + 1;
            let part = self.token(next).is_some_and(|token| {
                token.glued
                    && token.end - token.start <= 4
                    && (token.case == Case::Digits
                        || token.case == Case::Alphanumeric
                        || token.case == Case::Initial
                        || self.is(next, REPEAT))
            });
            if !part {
                break;
            }
            end = next + 1;
        }
        Some(end)
    }

    /// Skips `n°`, `nr.`, `num.` before a number.
    pub(super) fn behind_number_word(&self, at: usize) -> usize {
        if !self.is(at, NUMBER) {
            return at;
        }
        let mut end = at + 1;
        let joined = |at: usize| matches!(self.mark(at), '.' | '°' | 'º') || matches!(self.word(at), "º" | "ª" | "o");
        while joined(end) && self.token(end).is_some_and(|token| token.glued) {
            end += 1;
        }
        if self.digits(end) > 0 || self.token(end).is_some_and(|token| token.case == Case::Alphanumeric) {
            end
        } else {
            at
        }
    }

    /// The end of a name of a street or town that begins at `at`. With `small`, words in small letters are names too, up to
    /// three of them.
    pub(super) fn name(&self, at: usize, small: bool, words_max: usize) -> Option<usize> {
        let (mut next, mut end, mut words) = (at, at, 0);
        let mut steps = 0;
        while words < words_max && steps < 3 * words_max {
            steps += 1;
            let Some(token) = self.token(next) else { break };
            let joins = token.glued && next > at;
            match token.case {
                Case::Title | Case::Upper | Case::Mixed | Case::Initial => {
                    // `Rue Pasteur Bonjour`: a word that is common in small letters begins something else.
                    let last = matches!(self.mark(next + 1), ',' | '-') || self.digits(next + 1) > 0;
                    let common = words > 0 && self.is_common(next) && token.case == Case::Title && !joins && !last;
                    // `Avda NºCol`.
                    let numbers = self.word(next).contains(['º', '°', 'ª'])
                        || self.is(next, NUMBER) && matches!(self.mark(next + 1), '°' | 'º' | '.');
                    if common && !self.is(next, PARTICLE) || numbers {
                        break;
                    }
                    words += 1;
                    end = next + 1;
                    // An abbreviation keeps its stop when the name goes on.
                    if self.mark(end) == '.' && token.len <= 3 && self.is_capital(end + 1) {
                        next = end + 1;
                        continue;
                    }
                }
                Case::Lower if self.is(next, PARTICLE) && !(small && words > 0 && !joins) => {}
                Case::Lower if small && words < 3 && (words == 0 || joins || !self.is_common(next)) => {
                    words += 1;
                    end = next + 1;
                }
                Case::Lower if joins && words > 0 => end = next + 1,
                // `rue du 11 Novembre`, `8-Mai-1945`.
                Case::Digits if self.digits(next) <= 2 && self.is_month(next + 1) => {}
                Case::Digits if joins && self.mark(next - 1) == '-' && words > 0 => end = next + 1,
                Case::Mark if matches!(self.mark(next), '-' | '\'' | '’' | '‐') && joins => {}
                _ => break,
            }
            next += 1;
        }
        (words > 0).then_some(end)
    }

    /// `novembre`, `mai`, `de Julio`: what a day in a street's name is followed by.
    fn is_month(&self, at: usize) -> bool {
        let at = at + usize::from(self.mark(at) == '-' || self.mark(at) == '.' || self.is(at, PARTICLE));
        let word = self.word(at);
        let heads = [
            "nov", "mai", "may", "jui", "jul", "aou", "aoû", "sep", "oct", "okt", "jun", "ott", "apr", "abr", "mar",
            "déc", "dec", "dez",
        ];
        word.chars().count() > 2 && heads.iter().any(|head| word.to_lowercase().starts_with(head))
    }

    /// Whether the word at `at` is a German, Dutch or Nordic street name in one word: `Lindenstr`, `Keizersgracht`.
    pub(super) fn compound(&self, at: usize) -> Compound {
        let Some(token) = self.token(at) else { return Compound::No };
        if !matches!(token.case, Case::Title | Case::Lower | Case::Upper) || token.len < 6 {
            return Compound::No;
        }
        if !words::may_end_a_street(token.tail) {
            return Compound::No;
        }
        let Some((_, folded)) = fold::next_word(self.text, token.start as usize) else { return Compound::No };
        let ends =
            |ends: &[&str]| ends.iter().any(|end| folded.ends_with(end.as_bytes()) && folded.len() >= end.len() + 3);
        if ends(STRONG_ENDS) {
            Compound::Strong
        } else if ends(WEAK_ENDS) && !folded.ends_with(b"string") {
            Compound::Weak
        } else {
            Compound::No
        }
    }

    /// Whether the text around is Italian: `via` is Latin for too many others.
    pub(super) fn is_italian(&self, at: usize) -> bool {
        let word = |at: usize| self.word(at);
        let own = |at: &usize| {
            matches!(
                word(*at),
                "di" | "il"
                    | "della"
                    | "dello"
                    | "dei"
                    | "degli"
                    | "delle"
                    | "che"
                    | "è"
                    | "sono"
                    | "gli"
                    | "nel"
                    | "alla"
                    | "mia"
                    | "mio"
            )
        };
        (at.saturating_sub(40)..at + 40).filter(own).count() > 1
    }
}
