//! A question in words: `health and FR resident to openai-us`.
//!
//! What stands before `to` is what a scenario gives; names of data, labels and apps may stand alone, and `FR resident` is a
//! residence. It is rewritten to a scenario and read by the parser of sheets, so that faults are shown as everywhere.

use super::super::diagnostic::{Diagnostic, File};
use super::super::parser::parse;
use super::super::phrase::{GIVENS, Phrase};
use super::super::resolve::{Names, Resolver};
use super::super::surface;
use super::Study;
use super::report::Answer;
use crate::model::{BackendId, Facts, Word};

impl Study {
    /// Answers a question in words: at the backends that it names, or at all.
    ///
    /// # Errors
    /// What was not understood.
    pub fn ask(&self, question: &str, changes: bool) -> Result<Answer, Vec<Diagnostic>> {
        let (facts, backends) = self.question(question)?;
        Ok(self.answer(&facts, &backends, changes))
    }

    /// The request, and the backends that are named.
    fn question(&self, question: &str) -> Result<(Facts, Vec<BackendId>), Vec<Diagnostic>> {
        let language = self.language;
        let question = question.trim().trim_end_matches(['?', '.']).trim();
        let (given, backend) = ["to", "vers", "→", "->"]
            .iter()
            .find_map(|to| question.rsplit_once(&format!(" {to} ")))
            .map_or((question, None), |(given, backend)| (given, Some(backend.trim())));
        let said = |phrase: Phrase| phrase.surface(language);
        let and = format!(" {} ", said(Phrase::And));
        let parts: Vec<String> = split(given, &[&and, ","]).map(|part| self.part(part.trim())).collect();
        // Several may be named as people do: `a, b and c`.
        let backend = backend.map(|named| named.replace(&and, ", "));
        let any = self.policy.backends().first().map_or("x", |backend| backend.name.as_str());
        let text = format!(
            "{} \"?\" {} 1 {} \"?\" {} 2099-12-31\n{} \"?\"\n{} {}\n{} {} {}\n",
            said(Phrase::Policy),
            said(Phrase::Version),
            said(Phrase::Owner),
            said(Phrase::ReviewBefore),
            said(Phrase::Scenario),
            said(Phrase::Given),
            parts.join(&and),
            said(Phrase::Then),
            said(Phrase::Allowed),
            backend.as_deref().unwrap_or(any),
        );
        let file = File::new("question", &text, language);
        let mut faults = Vec::new();
        let sheet = parse(&file, &mut faults);
        let backends: Vec<Word> = self.gathered.inventory.entries.iter().map(|entry| entry.name.clone()).collect();
        let groups = std::collections::BTreeMap::new();
        let names = Names {
            catalogue: &self.catalogue,
            served: &self.served,
            vocabulary: &self.vocabulary,
            world: &self.gathered.world,
            backends: &backends,
            labels: self.policy.labels(),
            groups: &groups,
        };
        let scenario = sheet.and_then(|sheet| {
            let scenario = sheet.scenarios.into_iter().next()?;
            Resolver { names: &names, file: &file, pack: false, faults: &mut faults }.scenario(&scenario)
        });
        match scenario {
            Some(scenario) if faults.is_empty() => {
                let named = scenario.then.iter().map(|expected| expected.backend).filter(|_| backend.is_some());
                Ok((scenario.facts, named.collect()))
            }
            _ => Err(super::super::sorted(faults)),
        }
    }

    /// One part of a question as a scenario says it.
    fn part(&self, part: &str) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language);
        let bare = part.trim_matches('"');
        let begins = |phrase: &Phrase| {
            let behind = part.strip_prefix(phrase.surface(self.language));
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        };
        if GIVENS.iter().any(begins) && self.named(part).is_none() {
            return part.to_owned();
        }
        let resident = ["resident", "résident", "residents", "résidents"];
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            [country, word] | [word, country] if resident.contains(word) => {
                return format!("{} {country}", said(Phrase::Residence));
            }
            _ => {}
        }
        // A class or a type comes before a label of that name, which stands in quotes then.
        if part == bare && self.named(part).is_some() {
            return format!("{} {part}", said(Phrase::Data));
        }
        if let Some(label) = self.policy.labels().iter().find(|label| label.as_str().eq_ignore_ascii_case(bare)) {
            return format!("{} \"{label}\"", said(Phrase::Label));
        }
        format!("{} {part}", said(Phrase::Data))
    }

    /// The class or type that a part names.
    fn named(&self, part: &str) -> Option<&str> {
        let name = surface::identifier(part, self.language);
        let class = self.catalogue.classes.iter().map(|info| info.name.as_str());
        class.chain(self.catalogue.entities.iter().map(|info| info.name.as_str())).find(|known| *known == name)
    }
}

/// The parts of a text between separators that stand outside quotation marks.
fn split<'t>(text: &'t str, separators: &[&str]) -> impl Iterator<Item = &'t str> {
    let (mut ends, mut quoted, mut at) = (Vec::new(), false, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let separator = separators.iter().find(|separator| !quoted && rest.starts_with(**separator));
        quoted ^= rest.starts_with(['"', '«', '»', '“', '”']);
        match separator {
            Some(separator) => {
                ends.push((at, at + separator.len()));
                at += separator.len();
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    let starts = std::iter::once(0).chain(ends.clone().into_iter().map(|(_, behind)| behind));
    let ends = ends.into_iter().map(|(end, _)| end).chain([text.len()]);
    starts.zip(ends).filter_map(|(start, end)| text.get(start..end))
}
