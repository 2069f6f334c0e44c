//! The sheets of a policy and the packs they use: which there are, and what must hold of them together.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::diagnostic::{Diagnostic, File};
use super::nearest::{did_you_mean, nearest};
use super::parser::{language_of, parse};
use super::phrase::{Language, Phrase};
use super::reference::{Countries, Reference};
use super::text::{Text, say};
use super::tree::{Area, Name, Sheet};
use super::{SourceFile, Sources, canonical, engine, starter};
use crate::limits::{
    POLICY_EXCEPTIONS_MAX, POLICY_FAULTS_MAX, POLICY_LABELS_MAX, POLICY_PREFERS_MAX, POLICY_RULES_MAX,
};
use crate::model::entry::Digest;
use crate::model::{Country, Word};

/// The time zones between which home lies: one and the same where it has one.
#[derive(Debug, Clone)]
pub(super) struct Zones {
    /// Where each day begins, and ends, before it does at home.
    pub(super) first: TimeZone,
    /// Where it does after.
    pub(super) last: TimeZone,
}

/// The sheets in the order given, then each pack that one of them uses, once.
pub(super) fn read_sheets(sources: &Sources, faults: &mut Vec<Diagnostic>) -> Vec<(File, Sheet)> {
    let mut sheets = Vec::new();
    for source in &sources.sheets {
        let file = File::new(&source.name, &source.text, language_of(&source.text));
        let Some(sheet) = parse(&file, faults) else { continue };
        if sheet.pack {
            let fault = Diagnostic::new(
                "octroi::policy::pack-as-sheet",
                &file,
                sheet.title.span.clone(),
                "this is a pack, not a sheet",
            );
            faults.push(fault.help(say!("put it into policies/packs/ and name it in a sheet: {} …", Phrase::UsePack)));
        }
        sheets.push((file, sheet));
    }
    if sources.sheets.is_empty() {
        let file = File::new("policies", "", Language::En);
        let fault = Diagnostic::new("octroi::policy::no-sheet", &file, 0..0, "there is no policy sheet");
        faults.push(fault.help("without one nothing is allowed: write policies/main.policy, or run `octroi init`"));
    }
    let mut packs: Vec<(File, Sheet)> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (file, sheet) in &sheets {
        for name in sheet.uses.iter().filter(|_| !sheet.pack) {
            // Each name that is no pack is compared with all that are: no more of them than are shown.
            if !seen.insert(&name.text) || faults.len() > POLICY_FAULTS_MAX {
                continue;
            }
            match find_pack(&name.text, sources, file.language()) {
                Some(pack) => packs.extend(parse(&pack, faults).map(|tree| (pack, tree))),
                None => faults.push(no_pack(file, name, sources)),
            }
        }
    }
    for (file, pack) in &packs {
        check_pack(file, pack, faults);
    }
    sheets.extend(packs);
    sheets
}

/// The operator's pack of a name, else the one octroi brings, in the language of the sheet that uses it.
fn find_pack(name: &str, sources: &Sources, language: Language) -> Option<File> {
    let own = sources.packs.iter().find(|pack| stem(&pack.name) == name);
    own.map(|pack| File::new(&pack.name, &pack.text, language_of(&pack.text))).or_else(|| shipped(name, language))
}

/// A pack that octroi brings, in a language.
fn shipped(name: &str, language: Language) -> Option<File> {
    let (_, text) = starter::packs_in(language).into_iter().find(|(shipped, _)| *shipped == name)?;
    Some(File::new(&format!("policies/packs/{name}.policy"), text, language_of(text)))
}

/// The digest of what sheets and packs say. A pack that octroi brings says the same in every language, its reasons told in each, so
/// it counts as its English text: a sheet keeps its digest in another language, with its packs.
pub(super) fn digest(sheets: &[(File, Sheet)]) -> Digest {
    canonical::digest(&counted(sheets))
}

/// The canonical JSON of which that digest is: a list of the sheets in their order, then of the packs.
pub(super) fn said(sheets: &[(File, Sheet)]) -> String {
    canonical::text(&counted(sheets))
}

fn counted(sheets: &[(File, Sheet)]) -> Vec<Cow<'_, Sheet>> {
    sheets.iter().map(|(file, sheet)| in_english(file, sheet).map_or(Cow::Borrowed(sheet), Cow::Owned)).collect()
}

/// The English text of a pack that octroi brings in this language.
fn in_english(file: &File, sheet: &Sheet) -> Option<Sheet> {
    let read = |language| parse(&shipped(&sheet.title.text, language)?, &mut Vec::new());
    let translated = sheet.pack && file.language() != Language::En;
    let same =
        translated && read(file.language()).is_some_and(|own| canonical::digest(&own) == canonical::digest(sheet));
    if same { read(Language::En) } else { None }
}

/// Whether a sheet uses a pack.
pub(super) fn names_pack(sheet: &SourceFile, name: &str) -> bool {
    let file = File::new(&sheet.name, &sheet.text, language_of(&sheet.text));
    parse(&file, &mut Vec::new()).is_some_and(|sheet| sheet.uses.iter().any(|used| used.text == name))
}

fn no_pack(file: &File, name: &Name, sources: &Sources) -> Diagnostic {
    let mut known: Vec<&str> = sources.packs.iter().map(|pack| stem(&pack.name)).collect();
    known.extend(starter::packs().into_iter().map(|(shipped, _)| shipped));
    // A copy of one that octroi brings is the same.
    known.sort_unstable();
    known.dedup();
    let help = did_you_mean(&nearest(&name.text, known.iter().copied()))
        .unwrap_or_else(|| say!("known here: {}", known.join(", ")));
    let message = say!("there is no pack `{}`", name.text);
    Diagnostic::new("octroi::policy::unknown-name", file, name.span.clone(), message).help(help)
}

pub(super) fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.strip_suffix(".policy").unwrap_or(file)
}

/// A pack restricts and does nothing else, so that using one can never open a flow.
fn check_pack(file: &File, pack: &Sheet, faults: &mut Vec<Diagnostic>) {
    let title = pack.title.span.clone();
    if !pack.pack {
        let message = say!("a pack begins with `{}`, and not with `{}`", Phrase::Pack, Phrase::Policy);
        let fault = Diagnostic::new("octroi::policy::pack-opens", file, title.clone(), message);
        let name = stem(file.name()).to_owned();
        faults.push(fault.help(say!("begin the file: {} {} {} 1 …", Phrase::Pack, name, Phrase::Version)));
    }
    let mut refuse = |span: std::ops::Range<usize>, what: Phrase| {
        let message = say!("a pack cannot contain `{}`: it may only restrict", what);
        let fault = Diagnostic::new("octroi::policy::pack-opens", file, span, message);
        faults.push(fault.help("move it into the organisation's own sheet"));
    };
    pack.allows.iter().for_each(|allow| refuse(allow.span.clone(), Phrase::AllowBackends));
    pack.tools.iter().for_each(|tool| refuse(tool.tool.span.clone(), Phrase::AllowHosted));
    pack.addresses.iter().for_each(|values| refuse(values.span.clone(), Phrase::AllowValues));
    pack.fall_backs.iter().for_each(|clause| refuse(clause.span.clone(), Phrase::FallBack));
    pack.labels.iter().for_each(|label| refuse(label.span.clone(), Phrase::Labels));
    pack.says.iter().for_each(|says| refuse(says.label.span.clone(), Phrase::LabelSays));
    pack.groups.iter().for_each(|group| refuse(group.name.span.clone(), Phrase::Group));
    pack.exceptions.iter().for_each(|exception| refuse(exception.name.span.clone(), Phrase::Exception));
    pack.uses.iter().for_each(|name| refuse(name.span.clone(), Phrase::UsePack));
    if pack.home.is_some() {
        refuse(pack.home_span.clone(), Phrase::Home);
    }
    if pack.pack && pack.title.text != stem(file.name()) {
        let message = say!("this pack calls itself `{}` and its file `{}`", pack.title.text, stem(file.name()));
        let fault = Diagnostic::new("octroi::policy::pack-name", file, title, message);
        faults.push(fault.help(say!("name the file `{}.policy`, or the pack as its file", pack.title.text)));
    }
}

/// The home of the policy and its time zones.
pub(super) fn home(
    sheets: &[(File, Sheet)],
    reference: &Reference,
    faults: &mut Vec<Diagnostic>,
) -> (Countries, Zones) {
    let mut found: Option<(Country, bool)> = None;
    for (file, sheet) in sheets {
        let fault = |span: std::ops::Range<usize>, message: Text| {
            Diagnostic::new("octroi::policy::unknown-country", file, span, message)
        };
        let example = || say!("for example: {} FR", Phrase::Home);
        match &sheet.home {
            None => {}
            Some(Area::Country { code, overseas }) => {
                let country = Country::parse(&code.text).filter(|country| reference.countries.contains_key(country));
                let Some(country) = country else {
                    let help = super::called::country_help(&code.text).unwrap_or_else(example);
                    faults.push(fault(code.span.clone(), super::reference::not_a_country(&code.text)).help(help));
                    continue;
                };
                if found.replace((country, *overseas)).is_some_and(|before| before != (country, *overseas)) {
                    faults.push(fault(code.span.clone(), say!("the sheets name different homes")));
                }
            }
            Some(_) => {
                faults
                    .push(fault(sheet.home_span.clone(), say!("`{}` must be a country", Phrase::Home)).help(example()));
            }
        }
    }
    let named = sheets.iter().any(|(_, sheet)| sheet.home.is_some());
    if let Some((file, sheet)) = sheets.first().filter(|_| !named) {
        let message = "no sheet says where home is";
        let fault = Diagnostic::new("octroi::policy::no-home", file, sheet.title.span.clone(), message);
        faults.push(fault.help(say!("add a line: {} FR", Phrase::Home)));
    }
    // A home without one known zone lies between the first and the last on Earth: what opens ends with the first and begins with
    // the last, and what restricts the other way round.
    let zone = found.and_then(|(country, _)| reference.countries.get(&country)?.zone.clone());
    let zones = zone.map_or_else(
        || Zones { first: TimeZone::fixed(jiff::tz::offset(14)), last: TimeZone::fixed(jiff::tz::offset(-12)) },
        |zone| Zones { first: zone.clone(), last: zone },
    );
    (found.map(|(country, overseas)| reference.country(country, overseas)).unwrap_or_default(), zones)
}

pub(super) fn labels(sheets: &[(File, Sheet)], faults: &mut Vec<Diagnostic>) -> Vec<Word> {
    let mut labels: Vec<Word> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut listing: Option<&File> = None;
    for (file, sheet) in sheets.iter().filter(|(_, sheet)| !sheet.pack) {
        for label in &sheet.labels {
            let mut fault = |message: &'static str| {
                faults.push(Diagnostic::new("octroi::policy::twice", file, label.span.clone(), message));
            };
            if *listing.get_or_insert(file).name() != *file.name() {
                fault("labels are listed in two sheets: their order would be unclear");
            }
            if !known.insert(label.text.to_lowercase()) {
                fault("this label is listed twice");
            }
            if labels.len() == POLICY_LABELS_MAX {
                let message = say!("there are more than {} labels", POLICY_LABELS_MAX);
                faults.push(Diagnostic::new("octroi::policy::too-large", file, label.span.clone(), message));
                return labels;
            }
            labels.push(Word::configured(&label.text));
        }
    }
    labels
}

/// The groups of apps that sheets name.
pub(super) fn groups(sheets: &[(File, Sheet)], faults: &mut Vec<Diagnostic>) -> BTreeMap<String, Vec<Word>> {
    let (mut groups, mut seen) = (BTreeMap::new(), Seen::default());
    for (file, sheet) in sheets.iter().filter(|(_, sheet)| !sheet.pack) {
        for group in &sheet.groups {
            let apps = group.apps.iter().map(|app| Word::configured(&app.text)).collect();
            groups.insert(group.name.text.clone(), apps);
            faults.extend(
                seen.add(file, &group.name, |name, place| say!("there is another group `{}`, {}", name, place)),
            );
        }
    }
    groups
}

/// An exception names a rule that there is, its own or a pack's, and has a name of its own.
fn check_exceptions(sheets: &[(File, Sheet)], faults: &mut Vec<Diagnostic>) {
    let rules: BTreeSet<&str> =
        sheets.iter().flat_map(|(_, sheet)| &sheet.rules).map(|rule| rule.name.text.as_str()).collect();
    let mut seen = Seen::default();
    for (file, exception) in sheets.iter().flat_map(|(file, sheet)| sheet.exceptions.iter().map(move |e| (file, e))) {
        if faults.len() > POLICY_FAULTS_MAX {
            return;
        }
        if seen.places.len() == POLICY_EXCEPTIONS_MAX {
            let message = say!("there are more than {} exceptions", POLICY_EXCEPTIONS_MAX);
            faults.push(Diagnostic::new("octroi::policy::too-large", file, exception.name.span.clone(), message));
            return;
        }
        let message = |name: &str, place| say!("there is another exception `{}`, {}", name, place);
        faults.extend(seen.add(file, &exception.name, message));
        let Some(rule) = exception.rule.as_ref().filter(|rule| !rules.contains(&*rule.text)) else { continue };
        let message = say!("there is no rule `{}`", rule.text);
        let mut fault = Diagnostic::new("octroi::policy::unknown-name", file, rule.span.clone(), message);
        let near = did_you_mean(&nearest(&rule.text, rules.iter().copied()));
        let all =
            || say!("rules here: {}", rules.iter().take(RULES_LISTED_MAX).copied().collect::<Vec<_>>().join(", "));
        if let Some(help) = near.or_else(|| (!rules.is_empty()).then(all)) {
            fault = fault.help(help);
        }
        faults.push(fault);
    }
}

/// Rules of a folder that are named to whoever names one that is none of them.
const RULES_LISTED_MAX: usize = 12;

/// Faults that need all sheets.
pub(super) fn check_whole(sheets: &[(File, Sheet)], faults: &mut Vec<Diagnostic>) {
    let mut seen = Seen::default();
    let mut titles = Seen::default();
    let (mut rules, mut prefers) = (0_usize, 0_usize);
    for (file, sheet) in sheets {
        for rule in &sheet.rules {
            rules += 1;
            prefers += rule.prefers.len();
            let mut fault = |code: &'static str, message: Text| {
                faults.push(Diagnostic::new(code, file, rule.name.span.clone(), message));
            };
            if rule.name.text == engine::HOSTED_RULE {
                fault("octroi::policy::twice", say!("`{}` is a name of octroi's own", engine::HOSTED_RULE));
            }
            if rules == POLICY_RULES_MAX + 1 {
                fault("octroi::policy::too-large", say!("there are more than {} rules", POLICY_RULES_MAX));
            }
            if prefers > POLICY_PREFERS_MAX - 1 && !rule.prefers.is_empty() {
                fault(
                    "octroi::policy::too-large",
                    say!("there are more than {} `{}`", POLICY_PREFERS_MAX - 1, Phrase::PreferBackends),
                );
            }
            let message = |name: &str, place| say!("there is another rule `{}`, {}", name, place);
            if faults.len() <= POLICY_FAULTS_MAX {
                faults.extend(seen.add(file, &rule.name, message));
            }
        }
        // The scenarios of a pack are run beside it alone.
        for scenario in sheet.scenarios.iter().filter(|_| !sheet.pack) {
            let message = |name: &str, place| say!("there is another scenario \"{}\", {}", name, place);
            if faults.len() <= POLICY_FAULTS_MAX {
                faults.extend(titles.add(file, &scenario.title, message));
            }
        }
    }
    check_exceptions(sheets, faults);
    let allowed = sheets.iter().any(|(_, sheet)| !sheet.allows.is_empty());
    if let Some((file, sheet)) = sheets.first().filter(|_| !allowed) {
        let message = say!("nothing is allowed: there is no `{} …`", Phrase::AllowBackends);
        let fault = Diagnostic::new("octroi::policy::no-allow", file, sheet.title.span.clone(), message);
        faults.push(fault.help(say!("begin with: {} {}", Phrase::AllowBackends, Phrase::OnPremises)));
    }
}

/// Names that have been met, with the file and the byte where.
#[derive(Default)]
struct Seen<'s> {
    places: BTreeMap<&'s str, (&'s File, usize)>,
}

impl<'s> Seen<'s> {
    /// Adds a name; a fault when it was met before, which says where. One that could not be read was reported.
    fn add(&mut self, file: &'s File, name: &'s Name, message: impl Fn(&str, Text) -> Text) -> Option<Diagnostic> {
        if name.text.is_empty() {
            return None;
        }
        let (other, before) = self.places.insert(&name.text, (file, name.span.start))?;
        let at = say!("in {} on line {}", other.name(), other.line(before));
        let fault = Diagnostic::new("octroi::policy::twice", file, name.span.clone(), message(&name.text, at));
        Some(fault.help(say!("give one of them another name, or take one out")))
    }
}
