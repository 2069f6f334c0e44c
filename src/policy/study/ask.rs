//! A question in words: `health and FR resident to openai-us`.
//!
//! What stands before `to` is what a scenario gives. It is read by the parser of sheets, from tokens with their places in the
//! question, so that faults are shown in what was asked. Articles may be left out, names of data, labels and apps that the
//! sheets name may stand alone, in quotes or not, and everyday words (`NIR`, `personal data`, `two e-mails`) are taken for what they mean: the answer says the request as it was understood.

use std::ops::Range;

use super::super::comparatives::spelled;
use super::super::diagnostic::{Diagnostic, File};
use super::super::everyday::{meant, stripped};
use super::super::lexer::{Kind, Token, lex_within};
use super::super::parser::{Parser, folded};
use super::super::phrase::{GIVENS, Phrase};
use super::super::resolve::{Names, Resolver};
use super::super::resolved::Atom;
use super::super::surface;
use super::super::tree::{Expectation, Name, Scenario};
use super::Study;
use super::report::Answer;
use super::unsure::Sure;
use crate::model::{BackendId, Facts, Word};

/// What stands between a request and a backend.
const TO: [&str; 4] = [" to ", " vers ", " → ", " -> "];
/// Words between what is given and its value: `score de fuite de 700`, `the app is "x"`.
const BETWEEN: &[&str] = &["est", "is", "de", "of", "in", "en", "dans", "au", "aux", "du", "a"];
const ARTICLES: &[&str] = &["le", "la", "les", "un", "une", "des", "a", "an", "the"];
/// Who lives where, folded.
pub(super) const RESIDENT: &[&str] = &["resident", "residents", "residant"];
/// Conditions that a scenario gives in fewer words.
const SHORT: [(Phrase, Phrase); 4] = [
    (Phrase::MinorsConcerned, Phrase::Minors),
    (Phrase::FieldUnreadable, Phrase::UnreadableField),
    (Phrase::ReferenceIncluded, Phrase::AReference),
    (Phrase::ScanIncomplete, Phrase::ScanIncomplete),
];

impl Study {
    /// Answers a question in words: at the backends that it names, or at all.
    ///
    /// # Errors
    /// What was not understood.
    pub fn ask(&self, question: &str, changes: bool) -> Result<Answer, Vec<Diagnostic>> {
        let (facts, backends) = self.question(question).map_err(|faults| {
            let Some((message, said)) = self.reworded(question) else { return faults };
            let mut faults = vec![self.asked_otherwise(question, message, &said)];
            // What else is wrong shows in the question as it is asked.
            faults.extend(self.question(&said).err().unwrap_or_default());
            faults
        })?;
        Ok(self.answer(&facts, &backends, changes))
    }

    /// The request, and the backends that are named.
    pub(super) fn question(&self, question: &str) -> Result<(Facts, Vec<BackendId>), Vec<Diagnostic>> {
        let (request, named) = split(question);
        let sure = Sure::of(question, request.clone(), self.language);
        let file = File::new("question", &sure.text, self.language);
        let mut faults = Vec::new();
        let tokens = self.as_given(&file, &lex_within(&file, request, &mut faults).tokens);
        let mut parser = Parser::new(&file, tokens, &mut faults);
        parser.tell_reserved();
        let mut given = parser.only_givens();
        let doubted = sure.doubted(&mut given);
        let backends: Vec<Word> = self.gathered.inventory.entries.iter().map(|entry| entry.name.clone()).collect();
        let groups = std::collections::BTreeMap::new();
        let names = Names {
            catalogue: &self.catalogue,
            served: &self.served,
            vocabulary: &self.vocabulary,
            world: &self.gathered.world,
            backends: &backends,
            entries_known: true,
            labels: self.policy.labels(),
            groups: &groups,
        };
        let named = named.map(|named| self.backends_named(&file, &lex_within(&file, named, &mut faults).tokens));
        let asked = |backend| Expectation { allowed: true, backend, must: None, seals: false };
        let then = named.into_iter().flatten().map(asked).collect();
        let title = Name { text: String::new(), span: 0..0 };
        let scenario = Scenario { title, given, then };
        let mut resolver = Resolver { names: &names, file: &file, pack: false, faults: &mut faults };
        let resolved = resolver.scenario(&scenario);
        let doubted: Vec<_> = doubted
            .into_iter()
            .filter_map(|(name, count, doubt)| Some((resolver.what(&name)?, count, doubt)))
            .collect();
        match resolved {
            Some(mut scenario) if faults.is_empty() => {
                sure.put(&doubted, &self.catalogue, &mut scenario.facts);
                Ok((scenario.facts, scenario.then.iter().map(|expected| expected.backend).collect()))
            }
            _ => Err(super::super::sorted(faults)),
        }
    }

    /// The tokens of a request as a scenario says it, part by part.
    fn as_given(&self, file: &File, tokens: &[Token]) -> Vec<Token> {
        let joins = |token: &Token| self.joins(token);
        let mut given = Vec::new();
        for part in tokens.split_inclusive(joins) {
            let (joint, part) = part.split_last().map_or((None, part), |(last, rest)| (Some(last), rest));
            let from = given.len();
            if !part.is_empty() {
                given.extend(self.part(file, part));
            }
            // What is read as begun by a line of its own would not be read as its value.
            given.iter_mut().skip(from).for_each(|token: &mut Token| token.first = false);
            given.extend(joint.cloned());
        }
        given
    }

    /// Whether a token stands between parts.
    fn joins(&self, token: &Token) -> bool {
        match &token.kind {
            Kind::Comma | Kind::End => true,
            Kind::Word(word) => word == Phrase::And.surface(self.language),
            _ => false,
        }
    }

    /// The names of backends: several may be named as people do, `a, b and c`.
    fn backends_named(&self, file: &File, tokens: &[Token]) -> Vec<Name> {
        let parts = tokens.split(|token| self.joins(token));
        let name = |part: &[Token]| {
            let span = part.first()?.span.start..part.last()?.span.end;
            let text = file.text().get(span.clone())?.trim_matches('"').to_owned();
            Some(Name { text, span })
        };
        parts.filter_map(name).collect()
    }

    /// One part of a question as a scenario says it.
    fn part(&self, file: &File, part: &[Token]) -> Vec<Token> {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { return Vec::new() };
        let span = first.span.start..last.span.end;
        let written = file.text().get(span.clone()).unwrap_or_default();
        let bare = written.trim_matches('"');
        // A class or a type comes before a label of that name, which stands in quotes then.
        let is_data = written == bare && self.named(written).is_some();
        if let Some(label) =
            self.policy.labels().iter().find(|label| !is_data && label.as_str().eq_ignore_ascii_case(bare))
        {
            let name = Token { kind: Kind::Text(label.to_string()), span: span.clone(), first: false };
            return self.worded(Phrase::Label, span.start..span.start, vec![name]);
        }
        if let Some(app) = self.app(bare).filter(|_| !is_data) {
            let name = Token { kind: Kind::Text(app.to_string()), span: span.clone(), first: false };
            return self.worded(Phrase::App, span.start..span.start, vec![name]);
        }
        let words: Vec<String> = part.iter().map_while(word).collect();
        if let Some(area) = area_of_residents(part, &words) {
            return self.worded(Phrase::Residence, span, vec![area.clone()]);
        }
        for (condition, phrase) in SHORT {
            if words.len() == part.len() && words.join(" ") == folded(condition.surface(self.language)) {
                return self.worded(phrase, span, Vec::new());
            }
        }
        if self.named(written).is_none()
            && meant(written).is_none()
            && let Some((phrase, count)) = self.begins(&words)
        {
            let rest = part.get(count..).unwrap_or_default();
            let between = |token: &&Token| word(token).is_some_and(|word| BETWEEN.contains(&word.as_str()));
            let skip = usize::from(rest.len() > 1 && rest.first().as_ref().is_some_and(between));
            let rest = rest.get(skip..).unwrap_or_default();
            let rest = match phrase {
                Phrase::Data => self.data(file, rest),
                Phrase::App | Phrase::Tenant | Phrase::Role | Phrase::Purpose | Phrase::Label => quoted(file, rest),
                _ => rest.to_vec(),
            };
            let end = part.get(count.saturating_sub(1)).map_or(span.end, |token| token.span.end);
            return self.worded(phrase, span.start..end, rest);
        }
        let data = self.data(file, part);
        self.worded(Phrase::Data, span.start..span.start, data)
    }

    /// The app of this name, of those that the sheets name.
    fn app(&self, bare: &str) -> Option<Word> {
        let mut found = None;
        let exceptions = self.gathered.resolved.exceptions.iter().filter_map(|exception| exception.when.as_ref());
        for condition in self.gathered.resolved.conditions().chain(exceptions) {
            condition.visit(true, &mut |atom, _| match atom {
                Atom::App(app) if app.as_str() == bare => found = Some(app.clone()),
                Atom::Group(apps) => {
                    found = apps.iter().find(|app| app.as_str() == bare).cloned().or_else(|| found.take());
                }
                _ => {}
            });
        }
        let issuers = self.policy.says.iter().flat_map(|says| &says.issuers);
        found.or_else(|| issuers.into_iter().find(|app| app.as_str() == bare).cloned())
    }

    /// A phrase as if it stood at a place, and what stands behind it.
    fn worded(&self, phrase: Phrase, span: Range<usize>, behind: Vec<Token>) -> Vec<Token> {
        let words = phrase.words(self.language);
        let token = |word: &str| Token { kind: Kind::Word(word.to_owned()), span: span.clone(), first: false };
        words.map(token).chain(behind).collect()
    }

    /// What a scenario gives that these words begin with, articles aside, and how many words it is.
    fn begins(&self, words: &[String]) -> Option<(Phrase, usize)> {
        let begins = |phrase: &Phrase| {
            let surface = folded(phrase.surface(self.language));
            let core: Vec<&str> = stripped_of_articles(&surface).split(' ').collect();
            let ahead = words.iter().take_while(|word| ARTICLES.contains(&word.as_str())).count();
            let stands = core.iter().enumerate().all(|(at, known)| {
                let written = words.get(ahead + at).map(String::as_str).unwrap_or_default();
                written == *known || (at == 0 && stripped_of_articles(written) == *known)
            });
            stands.then_some((*phrase, ahead + core.len()))
        };
        GIVENS.iter().filter_map(begins).max_by_key(|(_, count)| *count)
    }

    /// The name of data that some tokens mean, a number before it kept, in digits or in a word of any language.
    fn data(&self, file: &File, tokens: &[Token]) -> Vec<Token> {
        let counted = tokens.split_first().and_then(|(first, rest)| {
            let number = match first.kind {
                Kind::Number(number) => number,
                _ => spelled(&word(first)?)?,
            };
            Some((Token { kind: Kind::Number(number), ..first.clone() }, rest))
        });
        let (number, rest) = counted.map_or((None, tokens), |(number, rest)| (Some(number), rest));
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return tokens.to_vec() };
        let span = first.span.start..last.span.end;
        let words: Vec<String> = rest.iter().map_while(word).collect();
        let of_a_person = folded(Phrase::HealthOfAPerson.surface(self.language));
        if words.len() < rest.len() || words.join(" ") == of_a_person {
            return tokens.to_vec();
        }
        let written = file.text().get(span.clone()).unwrap_or_default();
        let bare = stripped(&words.join(" ")).to_owned();
        let known = self.named(written).or_else(|| self.alike(&bare)).or_else(|| meant(written));
        let name = known.map_or(bare, |known| surface::written(known, self.language).to_owned());
        let name = if known.is_none() { written.to_owned() } else { name };
        number.into_iter().chain([Token { kind: Kind::Word(name), span, first: false }]).collect()
    }

    /// The class or type that a part names.
    fn named(&self, part: &str) -> Option<&str> {
        let name = surface::identifier(part, self.language);
        self.identifiers().find(|known| *known == name)
    }

    /// The class or type of a word but for accents and capitals.
    fn alike(&self, bare: &str) -> Option<&str> {
        self.identifiers().find(|known| folded(surface::written(known, self.language)) == bare || folded(known) == bare)
    }

    fn identifiers(&self) -> impl Iterator<Item = &str> {
        let class = self.catalogue.classes.iter().map(|info| info.name.as_str());
        class.chain(self.catalogue.entities.iter().map(|info| info.name.as_str()))
    }
}

/// Words that are a name, which a scenario has in quotes: as they are written.
fn quoted(file: &File, words: &[Token]) -> Vec<Token> {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Vec::new() };
    if words.iter().any(|token| !matches!(token.kind, Kind::Word(_) | Kind::Number(_))) {
        return words.to_vec();
    }
    let span = first.span.start..last.span.end;
    let written = file.text().get(span.clone()).unwrap_or_default().to_owned();
    vec![Token { kind: Kind::Text(written), span, first: false }]
}

/// The request of a question and the backend that it asks about.
fn split(question: &str) -> (Range<usize>, Option<Range<usize>>) {
    let end = question.trim_end().trim_end_matches(['?', '.']).trim_end().len();
    let asked = question.get(..end).unwrap_or_default();
    // What stands in quotes is a name.
    let outside = |at: &usize| asked.get(..*at).unwrap_or_default().matches('"').count() % 2 == 0;
    let places = TO.iter().flat_map(|to| asked.match_indices(to).map(|(at, to)| (at, at + to.len())));
    let last = places.filter(|(at, _)| outside(at)).max();
    match last {
        Some((at, behind)) => {
            let name = asked.get(behind..).unwrap_or_default();
            let from = end - name.trim_start().len();
            (0..at, Some(from..end))
        }
        None => (0..end, None),
    }
}

/// A word, folded.
pub(super) fn word(token: &Token) -> Option<String> {
    match &token.kind {
        Kind::Word(word) => Some(folded(word)),
        _ => None,
    }
}

/// The area in `FR resident`, `résident FR`, `residents of FR`.
fn area_of_residents<'t>(part: &'t [Token], words: &[String]) -> Option<&'t Token> {
    let resides = |word: &String| RESIDENT.contains(&word.as_str());
    if words.len() != part.len() {
        return None;
    }
    match words {
        [_, word] if resides(word) => part.first(),
        [word, _] if resides(word) => part.last(),
        [word, between, _] if resides(word) && BETWEEN.contains(&between.as_str()) => part.last(),
        _ => None,
    }
}

/// A folded phrase without its article.
fn stripped_of_articles(folded: &str) -> &str {
    let behind = folded.split_once(' ').filter(|(first, _)| ARTICLES.contains(first)).map(|(_, behind)| behind);
    behind.or_else(|| folded.strip_prefix("l'")).unwrap_or(folded)
}
