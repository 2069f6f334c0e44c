//! What is said of a word that is not understood: the phrases that it is near to, each with what it means.

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::nearest::{closeness, did_you_mean_one};
use super::parser::{Broken, Parser, folded};
use super::phrase::{CLAUSES, DUTIES, EXCEPTION_PARTS, HEADER, Phrase, STATEMENTS};
use super::text::{Part, Text, say};

impl Parser<'_> {
    /// Reports that none of these phrases stands here, with the nearest of them.
    pub(super) fn unknown(&mut self, phrases: &[Phrase], wanted: impl Into<Text>) -> Broken {
        if self.is_reported() {
            return Broken;
        }
        let wanted = wanted.into();
        // Where the next line begins a clause, it is none of what is missing: that is told where it is.
        if self.token(0).first
            && self.at > 0
            && !phrases.iter().any(|phrase| begins_lines(*phrase))
            && self.stands_clause()
        {
            return self.fault("octroi::policy::missing", say!("expected {}", wanted), listed(phrases));
        }
        let written = match self.kind() {
            Kind::Word(word) => Some(word.clone()),
            _ => None,
        };
        let help = match &written {
            Some(word) => self.suggest(word, phrases).or_else(|| listed(phrases)),
            None => listed(phrases),
        };
        let fault = match written {
            Some(word) => {
                let message = say!("`{}` is not understood here", word);
                Diagnostic::new("octroi::policy::unknown-word", self.file, self.span(), message)
                    .label(say!("expected {}", wanted))
            }
            None => Diagnostic::new("octroi::policy::missing", self.file, self.span(), say!("expected {}", wanted)),
        };
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
        Broken
    }

    /// Whether a word stands here with which people begin a restriction.
    pub(super) fn restricts(&self) -> bool {
        matches!(self.kind(), Kind::Word(word) if RESTRICTIONS.contains(&folded(word).as_str()))
    }

    fn stands_clause(&self) -> bool {
        let others: &[Phrase] = &[Phrase::Given, Phrase::Then];
        [CLAUSES, EXCEPTION_PARTS, others].into_iter().flatten().any(|phrase| self.stands(0, *phrase))
    }

    /// Compares the next words with phrases: as a whole, by the words that they share, and by the first word.
    pub(super) fn suggest(&self, word: &str, phrases: &[Phrase]) -> Option<Text> {
        if phrases.contains(&Phrase::NeverBackends) && self.denies() {
            return Some(how_to_forbid());
        }
        // Whoever restricts is never told of what opens.
        if phrases.contains(&Phrase::AllowBackends) && self.restricts() {
            return Some(how_to_restrict());
        }
        let written: Vec<&str> = (0..SUGGEST_WORDS_MAX)
            .map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if ahead == 0 || !self.token(ahead).first => Some(word.as_str()),
                _ => None,
            })
            .collect();
        let near = |phrase: &Phrase| {
            let surface = phrase.surface(self.language);
            let words: Vec<&str> = surface.split(' ').collect();
            let whole = written.get(..words.len()).unwrap_or(&written).join(" ");
            let shared =
                words.iter().filter(|known| is_content(known) && written.iter().any(|w| same(w, known))).count();
            let first = words.first().copied().unwrap_or_default();
            let begins = || (word.chars().count() > 3).then(|| closeness(word, first)).flatten();
            let rank = closeness(&whole, surface)
                .or_else(|| (shared > 0).then(|| SHARED.saturating_sub(shared)))
                .or_else(|| begins().map(|apart| SHARED + apart))?;
            Some((rank, surface, *phrase))
        };
        let mut near: Vec<(usize, &str, Phrase)> = phrases.iter().filter_map(near).collect();
        near.sort_unstable();
        if near.is_empty() && phrases == DUTIES {
            // Whoever writes `encrypt` has to choose, and cannot by the words alone.
            let told = |phrase: &Phrase| {
                let (surface, meaning) = (phrase.surface(self.language), phrase.meaning(self.language));
                Part::Plain(format!("`{surface}` ({meaning})"))
            };
            return Some(say!("one of {}", phrases.iter().map(told).collect::<Vec<Part>>()));
        }
        let near = near.into_iter().take(3);
        did_you_mean_one(near.map(|(_, surface, phrase)| (surface, phrase.meaning(self.language).to_owned())).collect())
    }
}

fn begins_lines(phrase: Phrase) -> bool {
    [STATEMENTS, HEADER, CLAUSES, EXCEPTION_PARTS].iter().any(|list| list.contains(&phrase))
}

/// What is said to whoever denies where a rule demands.
pub(super) fn how_to_forbid() -> Text {
    say!("to keep data away write `{} …`, or `{} {} …`", Phrase::NeverBackends, Phrase::Must, Phrase::Block)
}

/// What is said to whoever restricts where a statement begins.
fn how_to_restrict() -> Text {
    let (rule, because) = (Phrase::Rule, Phrase::Because);
    let (never, only) = (Phrase::NeverBackends, Phrase::OnlyBackends);
    say!(
        "a restriction is a rule of its own: `{} its-name {} \"why\" {} …`, or `{} …` in the place of that",
        rule,
        because,
        never,
        only
    )
}

/// Words with which people begin a restriction, folded.
const RESTRICTIONS: [&str; 33] = [
    "forbid",
    "deny",
    "block",
    "prohibit",
    "disallow",
    "ban",
    "never",
    "refuse",
    "reject",
    "exclude",
    "restrict",
    "only",
    "not",
    "no",
    "don't",
    "do",
    "interdire",
    "interdiction",
    "interdit",
    "refuser",
    "exclure",
    "bloquer",
    "proscrire",
    "jamais",
    "seulement",
    "uniquement",
    "n'autoriser",
    "ne",
    "pas",
    "aucun",
    "aucune",
    "restreindre",
    "limiter",
];

/// Words that are compared to suggest a phrase.
const SUGGEST_WORDS_MAX: usize = 8;
/// Further than any phrase that is near as a whole.
const SHARED: usize = 1_000;

/// Whether a word of a phrase says something by itself.
fn is_content(word: &str) -> bool {
    word.chars().count() > 3 && !["dans", "avec", "depuis", "moins", "with", "from", "least", "données"].contains(&word)
}

fn same(written: &str, known: &str) -> bool {
    folded(written) == folded(known)
}

fn listed(phrases: &[Phrase]) -> Option<Text> {
    let surfaces: Vec<Part> = phrases.iter().map(|phrase| Part::Text(say!("`{}`", *phrase))).collect();
    match phrases {
        [] => None,
        [phrase] if begins_lines(*phrase) => Some(say!("write `{}` here, with what belongs to it", *phrase)),
        [phrase] => Some(say!("write `{}` here", *phrase)),
        _ => Some(say!("one of {}", surfaces)),
    }
}
