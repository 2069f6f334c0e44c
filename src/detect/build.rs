//! Builds the engine from data files and code: resolves every row, reports every fault, and runs every example.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::context::Context;
use super::engine::{Description, Engine, Logic, Served, Woken};
use super::inflect::Inflection;
use super::lexicon::{Lexicon, Meaning};
use super::literals::Literals;
use super::named::{self, Numbers, Recogniser};
use super::near::Contexts;
use super::page::Wake;
use super::row::Row;
use super::rows::Rows;
use super::scan::Openings;
use super::secret::keyed::{KeyRow, Keyed};
use super::secret::label::{LabelRow, Labelled};
use super::source::{DetectorError, Fault, RawFile, RawKeyed, RawLabelled, RawLexicon, RawPattern, Sample, Source};
use super::{Card, address, detectors, person};
use crate::model::{Catalogue, Word};

/// What detectors that are code are reported under.
const CODE: &str = "built in";

/// Builds the engine; all faults of all files otherwise.
#[expect(clippy::too_many_lines, reason = "one step after another, each a line or two")]
pub(super) fn build(sources: &[Source<'_>], catalogue: &Catalogue) -> Result<Engine, Vec<DetectorError>> {
    let mut builder =
        Builder { catalogue, served: Vec::new(), files: Vec::new(), ids: BTreeSet::new(), errors: Vec::new() };
    let mut logic = Vec::new();
    for detector in detectors() {
        if let Some(number) = builder.serving(&detector.card(), detector.entity()) {
            logic.push(Logic { number, wake: detector.wake(), detector });
        }
    }
    let person = builder.code(&person::CARD);
    let names = builder.names(person);
    let files: Vec<(&str, RawFile)> = sources.iter().filter_map(|source| builder.read(source)).collect();
    let mut phrases: Vec<(String, Meaning)> = Vec::new();
    let (mut numbers, mut prefixed) = (Vec::new(), Vec::new());
    let mut context: Vec<(u16, &str)> = Vec::new();
    let (mut keyed, mut labelled) = (Vec::new(), Labelled::default());
    let inflections: Vec<&Inflection> = files.iter().flat_map(|(_, raw)| &raw.inflections).collect();
    for (file, raw) in &files {
        for pattern in &raw.patterns {
            if let Some(row) = builder.pattern(file, pattern) {
                context.extend(pattern.context.values().flatten().map(|word| (row.detector, word.as_str())));
                if pattern.prefix.is_empty() { numbers.push(row) } else { prefixed.push(row) }
            }
        }
        for lexicon in &raw.lexicons {
            let inflection = inflections.iter().copied().find(|inflection| inflection.language == lexicon.language);
            builder.lexicon((file, lexicon), inflection, &mut phrases);
        }
        keyed.extend(raw.keyed.iter().filter_map(|raw| builder.keyed(file, raw)));
        for raw in &raw.labelled {
            builder.labelled(file, raw, &mut labelled, &mut phrases);
        }
    }
    for (cue, words) in person::CUES {
        phrases.extend(words.iter().map(|word| ((*word).to_owned(), Meaning::Cue(*cue))));
    }
    phrases.extend(person::kin_phrases().map(|phrase| (phrase, Meaning::Cue(person::Cue::Kin))));
    phrases.extend(person::keys::all().map(|key| (key.to_owned(), Meaning::Cue(person::Cue::Key))));
    phrases.extend(address::heads().map(|head| (head.to_owned(), Meaning::AddressHead)));
    phrases.extend(super::spelt::wakes().map(|word| (word, Meaning::Spelt)));
    let numbers = builder.compile(numbers);
    let prefixed = builder.compile(prefixed);
    let keyed = Keyed::new(keyed).unwrap_or_else(|fault| {
        builder.fault(CODE, "keyed secrets together", fault);
        Keyed::default()
    });
    let (literals, woken) = literals(&logic, &prefixed, &labelled);
    let mut contexts = Contexts::new(context);
    contexts.weigh(|owners| numbers.worth_of(owners.iter().map(|&owner| usize::from(owner))));
    let openings = Openings::new(prefixed.prefixes().filter(|prefix| is_opening(prefix)));
    let Builder { served, mut errors, .. } = builder;
    let (Some(person), Some(names)) = (person, names) else { return Err(errors) };
    // A word of two rows belongs to the surer.
    let sureness = |meaning: &Meaning| match meaning {
        Meaning::Term(detector) => served.get(usize::from(*detector)).and_then(|served| served.terms).unwrap_or(0),
        Meaning::Cue(_) | Meaning::Label(_) | Meaning::Spelt | Meaning::AddressHead => 0,
    };
    phrases.sort_by_key(|(_, meaning)| std::cmp::Reverse(sureness(meaning)));
    let lexicon = Lexicon::new(phrases.iter().map(|(phrase, meaning)| (phrase.as_str(), *meaning)));
    let digest = digest(sources, &served);
    let woken_by =
        |wake: Wake| logic.iter().enumerate().filter(|(_, logic)| logic.wake == wake).map(|(place, _)| place).collect();
    let engine = Engine {
        served,
        by_number: woken_by(Wake::Number),
        by_uuid: woken_by(Wake::Uuid),
        logic: logic.into(),
        person,
        names,
        numbers: Arc::new(numbers),
        prefixed: Arc::new(prefixed),
        keyed: Arc::new(keyed),
        labelled: Arc::new(labelled),
        contexts: Arc::new(contexts),
        lists: Vec::new(),
        digest,
        openings: Arc::new(openings),
        lexicon: Arc::new(lexicon),
        literals: literals.map(Arc::new),
        woken: woken.into(),
    };
    errors.extend(files.iter().flat_map(|(file, raw)| rehearse(&engine, file, raw)));
    if errors.is_empty() { Ok(engine) } else { Err(errors) }
}

/// Tells apart what reads other things into a text: another build, other files, other numbers of types.
fn digest(sources: &[Source<'_>], served: &[Served]) -> u64 {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    for source in sources {
        (source.name, source.toml).hash(&mut hasher);
    }
    for served in served {
        served.entity.hash(&mut hasher);
    }
    hasher.finish()
}

struct Builder<'a> {
    catalogue: &'a Catalogue,
    served: Vec<Served>,
    /// The file that each detector is written in.
    files: Vec<String>,
    ids: BTreeSet<String>,
    errors: Vec<DetectorError>,
}

impl Builder<'_> {
    fn fault(&mut self, file: &str, id: &str, fault: Fault) {
        self.errors.push(DetectorError { file: file.to_owned(), id: id.to_owned(), fault });
    }

    fn read<'s>(&mut self, source: &Source<'s>) -> Option<(&'s str, RawFile)> {
        match toml::from_str(source.toml) {
            Ok(raw) => Some((source.name, raw)),
            Err(error) => {
                self.fault(source.name, "", Fault::Unreadable(error.message().to_owned()));
                None
            }
        }
    }

    /// Numbers a detector of the type that its id is.
    fn code(&mut self, card: &Card) -> Option<u16> {
        self.serving(card, card.id)
    }

    fn serving(&mut self, card: &Card, entity: &str) -> Option<u16> {
        let named = Named { file: CODE, id: card.id, entity, country: card.country };
        self.register(&named, card.method, Vec::new())
    }

    /// The recogniser, under the number of the rules for names.
    fn names(&mut self, person: Option<u16>) -> Option<Recogniser> {
        let numbers = Numbers {
            person: person?,
            location: self.code(&named::LOCATION)?,
            organisation: self.code(&named::ORGANISATION)?,
            address: self.code(&address::ADDRESS)?,
            fr_address: self.code(&address::FR_ADDRESS)?,
        };
        let names = Recogniser::shipped(numbers);
        if names.is_none() {
            self.fault(CODE, "person", Fault::Unreadable("the model of names cannot be read".to_owned()));
        }
        names
    }

    /// Numbers a detector.
    fn register(&mut self, named: &Named<'_>, method: &str, languages: Vec<Word>) -> Option<u16> {
        if !self.ids.insert(named.id.to_owned()) {
            self.fault(named.file, named.id, Fault::Duplicate);
            return None;
        }
        let Some(entity) = self.catalogue.entity(named.entity) else {
            self.fault(named.file, named.id, Fault::UnknownEntity(named.entity.to_owned()));
            return None;
        };
        let Ok(number) = u16::try_from(self.served.len()) else {
            self.fault(named.file, named.id, Fault::TooMany);
            return None;
        };
        let implied = self.catalogue.info(entity).map(|info| info.classes).unwrap_or_default();
        let classes = (0..=u8::MAX)
            .zip(&self.catalogue.classes)
            .filter(|(class, _)| implied.contains(crate::model::ClassId(*class)))
            .map(|(_, info)| info.name.clone());
        let description = Description {
            id: Word::configured(named.id),
            entity: Word::configured(named.entity),
            country: Word::configured(named.country),
            classes: classes.collect(),
            method: Word::configured(method),
            languages,
        };
        self.files.push(named.file.to_owned());
        self.served.push(Served { entity, terms: None, description });
        Some(number)
    }

    fn pattern(&mut self, file: &str, raw: &RawPattern) -> Option<Row> {
        let check = raw.validator.as_ref().map_or_else(String::new, |name| format!(", check `{name}`"));
        let context = if raw.confidence < super::engine::CONFIDENCE_MIN { ", context required" } else { "" };
        let named = Named { file, id: &raw.id, entity: &raw.entity, country: &raw.country };
        let languages = raw.context.keys().map(|language| Word::configured(language)).collect();
        let number = self.register(&named, &format!("pattern{check}{context}"), languages)?;
        match Row::resolve(raw, number) {
            Ok(row) => Some(row),
            Err(faults) => {
                for fault in faults {
                    self.fault(file, &raw.id, fault);
                }
                None
            }
        }
    }

    fn lexicon(
        &mut self,
        (file, raw): (&str, &RawLexicon),
        inflection: Option<&Inflection>,
        phrases: &mut Vec<(String, Meaning)>,
    ) {
        if raw.confidence > 100 {
            self.fault(file, &raw.id, Fault::Confidence);
        }
        let named = Named { file, id: &raw.id, entity: &raw.entity, country: "*" };
        let compounds = raw.heads.iter().flat_map(|head| raw.tails.iter().map(move |tail| format!("{head}{tail}")));
        let terms: Vec<String> = raw.terms.iter().cloned().chain(compounds).collect();
        let method = format!("lexicon of {} terms", terms.len());
        let Some(number) = self.register(&named, &method, vec![Word::configured(&raw.language)]) else { return };
        if let Some(served) = self.served.last_mut() {
            served.terms = Some(raw.confidence);
        }
        for term in terms {
            let forms = if !raw.endings.is_empty() {
                raw.endings.iter().map(|ending| format!("{term}{ending}")).collect()
            } else if let Some(inflection) = inflection {
                inflection.forms(&term)
            } else {
                plural(&term).into_iter().collect()
            };
            phrases.extend([term].into_iter().chain(forms).map(|form| (form, Meaning::Term(number))));
        }
    }

    fn keyed(&mut self, file: &str, raw: &RawKeyed) -> Option<KeyRow> {
        let named = Named { file, id: &raw.id, entity: &raw.entity, country: "*" };
        let number = self.register(&named, "name of the key and shape of the value", Vec::new())?;
        match KeyRow::resolve(raw, number) {
            Ok(row) => Some(row),
            Err(faults) => {
                for fault in faults {
                    self.fault(file, &raw.id, fault);
                }
                None
            }
        }
    }

    fn labelled(&mut self, file: &str, raw: &RawLabelled, rows: &mut Labelled, phrases: &mut Vec<(String, Meaning)>) {
        let named = Named { file, id: &raw.id, entity: &raw.entity, country: "*" };
        let languages = raw.labels.keys().map(|language| Word::configured(language)).collect();
        let Some(detector) = self.register(&named, "label before the value", languages) else { return };
        if raw.labels.values().all(Vec::is_empty) || raw.within.iter().any(|within| within.len() < 3) {
            self.fault(file, &raw.id, Fault::NoWords);
        }
        let Ok(place) = u16::try_from(rows.rows.len()) else { return };
        let labels = raw.labels.values().flatten();
        phrases.extend(labels.clone().map(|label| (label.clone(), Meaning::Label(place))));
        let labels = Context::new(labels.map(String::as_str));
        let within = raw.within.iter().map(|within| within.to_ascii_lowercase()).collect();
        rows.rows.push(LabelRow { detector, kind: raw.kind, labels, within });
    }

    fn compile(&mut self, rows: Vec<Row>) -> Rows {
        Rows::new(rows).unwrap_or_else(|faults| {
            for (detector, fault) in faults {
                let file = self.files.get(usize::from(detector)).cloned().unwrap_or_default();
                let id = self.served.get(usize::from(detector)).map(|served| served.description.id.to_string());
                self.fault(&file, &id.unwrap_or_default(), fault);
            }
            Rows::default()
        })
    }
}

/// Who is being registered, and where it is written.
struct Named<'a> {
    file: &'a str,
    id: &'a str,
    entity: &'a str,
    country: &'a str,
}

/// The regular plural of a term, where it has one that is worth looking for.
fn plural(term: &str) -> Option<String> {
    let capitals = !term.chars().any(char::is_lowercase);
    (!capitals && !term.ends_with(['s', 'x', 'z']) && term.ends_with(char::is_alphabetic)).then(|| format!("{term}s"))
}

/// One automaton over all literals, and for each of them what it wakes.
fn literals(logic: &[Logic], rows: &Rows, labelled: &Labelled) -> (Option<Literals>, Vec<Woken>) {
    let prefixes = rows.prefixes().filter(|prefix| !is_opening(prefix));
    let mut words: BTreeSet<String> = prefixes.chain(labelled.within()).map(str::to_owned).collect();
    for logic in logic {
        if let Wake::Literals(literals) = logic.wake {
            words.extend(literals.iter().map(|literal| literal.to_ascii_lowercase()));
        }
    }
    let prefixes: Vec<&str> = rows.prefixes().collect();
    let woken = words
        .iter()
        .map(|word| {
            let wakes = |logic: &Logic| {
                // The longest literal is found; it wakes the shorter ones that begin it too.
                let begins = |one: &&str| word.get(..one.len()).is_some_and(|head| head.eq_ignore_ascii_case(one));
                matches!(logic.wake, Wake::Literals(all) if all.iter().any(begins))
            };
            let logic = logic.iter().enumerate().filter(|(_, logic)| wakes(logic)).map(|(place, _)| place).collect();
            // The longest prefix that begins the literal stands for all that do.
            let prefix = prefixes.iter().rposition(|prefix| word.starts_with(prefix)).filter(|_| !is_opening(word));
            Woken { logic, prefix, label: labelled.woken_by(word) }
        })
        .collect();
    (Literals::new(words.iter().map(String::as_str)), woken)
}

/// Whether the pass over words finds this prefix; the others are literals.
fn is_opening(prefix: &str) -> bool {
    prefix.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Runs the examples of a file.
fn rehearse(engine: &Engine, file: &str, raw: &RawFile) -> Vec<DetectorError> {
    let patterns = raw.patterns.iter().map(|raw| (&raw.id, &raw.examples, &raw.counter_examples));
    let lexicons = raw.lexicons.iter().map(|raw| (&raw.id, &raw.examples, &raw.counter_examples));
    let keyed = raw.keyed.iter().map(|raw| (&raw.id, &raw.examples, &raw.counter_examples));
    let labelled = raw.labelled.iter().map(|raw| (&raw.id, &raw.examples, &raw.counter_examples));
    let mut errors = Vec::new();
    for (id, examples, counter_examples) in patterns.chain(lexicons).chain(keyed).chain(labelled) {
        // Another detector may be surer of an example; it must be found all the same.
        let candidates = |sample: &Sample| engine.candidates(&sample.text());
        let finds = |sample: &Sample| candidates(sample).iter().any(|detector| detector == &**id);
        // Languages share words; each has one row.
        let shared =
            |sample: &Sample| candidates(sample).iter().any(|detector| engine.are_alike(detector.as_str(), id));
        let missed = |sample: &Sample| !finds(sample) && !shared(sample);
        let missed = (1..).zip(examples).filter(|(_, sample)| missed(sample)).map(|(place, _)| Fault::Missed(place));
        let alarms =
            (1..).zip(counter_examples).filter(|(_, sample)| finds(sample)).map(|(place, _)| Fault::FalseAlarm(place));
        let faults = missed.chain(alarms);
        errors.extend(faults.map(|fault| DetectorError { file: file.to_owned(), id: id.clone(), fault }));
    }
    errors
}
