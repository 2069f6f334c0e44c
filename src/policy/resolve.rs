//! Looks every name of a sheet up and reports those that mean nothing, with the nearest that do.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Vocabulary;
use super::diagnostic::{Diagnostic, File};
use super::phrase::Phrase;
use super::resolved::{Allow, AllowTool, Atom, Condition, FallBackClause, Gate, Predicate, Quality, Resolved, What};
use super::text::{Text, say};
use super::tree::{self, Ask, Expr, Name, Sheet, Strays, Trait};
use super::truth::World;
use crate::limits::POLICY_FAULTS_MAX;
use crate::model::{Catalogue, EntityId, Word};

/// What names may mean.
pub(super) struct Names<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) served: &'a [EntityId],
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) world: &'a World,
    /// In the order of their ids.
    pub(super) backends: &'a [Word],
    /// Whether these are all of the inventory: else one that is not among them may be there.
    pub(super) entries_known: bool,
    pub(super) labels: &'a [Word],
    pub(super) groups: &'a BTreeMap<String, Vec<Word>>,
}

/// Resolves one sheet or pack.
pub(super) struct Resolver<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) file: &'a File,
    pub(super) pack: bool,
    pub(super) faults: &'a mut Vec<Diagnostic>,
}

impl Resolver<'_> {
    /// Adds a sheet's statements to the policy.
    pub(super) fn sheet(&mut self, sheet: &Sheet, into: &mut Resolved) {
        for allow in &sheet.allows {
            into.written = into.written.saturating_add(1);
            let (backends, gate) = (self.predicate(&allow.backends), self.gate(&allow.gate));
            if let (Some(backends), Some(gate), false) = (backends, gate, allow.torn) {
                into.allows.push(Allow { number: into.written, backends, gate });
            }
        }
        for tool in &sheet.tools {
            self.tool(tool, into);
        }
        for host in sheet.addresses.iter().flat_map(|values| &values.hosts) {
            self.value_host(host, into);
        }
        for rule in &sheet.rules {
            if let Some(rule) = self.rule(rule) {
                into.rules.push(rule);
            }
        }
        for exception in &sheet.exceptions {
            into.exceptions.extend(self.exception(exception));
        }
        for says in &sheet.says {
            into.says.extend(self.label_says(says));
        }
        for clause in &sheet.fall_backs {
            if let Some(gate) = self.plain_gate(&clause.gate, clause.span.clone()) {
                into.fall_backs.push(FallBackClause { after_ms: clause.after_ms, gate });
            }
        }
        self.strays(&sheet.strays);
        // A pack's scenarios name example backends; they are run on the example inventory, not on an organisation's.
        if !self.pack {
            for scenario in &sheet.scenarios {
                if let Some(scenario) = self.scenario(scenario) {
                    into.scenarios.push(scenario);
                }
            }
        }
    }

    /// Looks the names up of what was read in the midst of what could not be.
    fn strays(&mut self, strays: &Strays) {
        for condition in &strays.conditions {
            self.condition(condition);
        }
        for predicate in &strays.predicates {
            self.predicate(predicate);
        }
        for name in &strays.data {
            self.what(name);
        }
    }

    pub(super) fn fault(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<Text>,
        help: Option<Text>,
    ) {
        if self.flooded() {
            return;
        }
        let fault = Diagnostic::new(code, self.file, span, message);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    /// Whether more is wrong than is shown: nothing further is compared with what it may mean.
    pub(super) fn flooded(&self) -> bool {
        self.faults.len() > POLICY_FAULTS_MAX
    }

    fn tool(&mut self, allow: &tree::AllowTool, into: &mut Resolved) {
        let kinds = &self.names.vocabulary.hosted;
        if !kinds.is_empty() && !kinds.iter().any(|kind| *kind == *allow.tool.text) {
            self.unlisted(&allow.tool, "kind of hosted tool", self.names.vocabulary.hosted.iter().map(Word::as_str));
        }
        for name in [Some(&allow.tool), allow.host.as_ref()].into_iter().flatten() {
            if name.text.to_lowercase() == Word::UNKNOWN.as_str() {
                let message =
                    say!("`{}` stands for every tool and host that no sheet names, and cannot be allowed", &name.text);
                self.fault("octroi::policy::no-meaning", name.span.clone(), message, None);
            }
        }
        if allow.tool.text == "mcp" && allow.host.is_none() {
            let help = Some(say!("name it: {} mcp {} \"tools.example.com\"", Phrase::AllowHosted, Phrase::At));
            let message = say!("an `mcp` tool may reach any host, and this line names none");
            self.fault("octroi::policy::missing", allow.tool.span.clone(), message, help);
        }
        if let Some(gate) = self.plain_gate(&allow.gate, allow.tool.span.clone()) {
            let host = allow.host.as_ref().map(|host| Word::configured(&host.text.to_lowercase()));
            into.tools.push(AllowTool { tool: Word::configured(&allow.tool.text), host, gate });
        }
    }

    pub(super) fn gate(&mut self, gate: &tree::Gate) -> Option<Gate> {
        let when = gate.when.as_ref().map(|condition| self.condition(condition));
        let unless = gate.unless.as_ref().map(|condition| self.condition(condition));
        // Both are looked at before either may fail, so that both are reported.
        let when = match when {
            Some(when) => Some(when?),
            None => None,
        };
        let unless = match unless {
            Some(unless) => Some(unless?),
            None => None,
        };
        Some(Gate { when, unless, from: gate.from, until: gate.until })
    }

    /// A gate that is asked once, before there are duties.
    pub(super) fn plain_gate(&mut self, gate: &tree::Gate, span: Range<usize>) -> Option<Gate> {
        let gate = self.gate(gate)?;
        if gate.asks_still() {
            let message =
                say!("`{}` has no meaning here: it is asked after the duties of a backend", Phrase::StillIncludes);
            self.fault(
                "octroi::policy::no-meaning",
                span,
                message,
                Some(say!("use it in a rule or in `{}`", Phrase::AllowBackends)),
            );
            return None;
        }
        Some(gate)
    }

    pub(super) fn types_of(&self, what: What) -> Vec<EntityId> {
        match what {
            What::Type(entity) => vec![entity],
            What::Class(class) => (0_u16..)
                .zip(&self.names.catalogue.entities)
                .filter(|(_, info)| info.classes.contains(class))
                .map(|(index, _)| EntityId(index))
                .collect(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<What> {
        let class = self.names.catalogue.class(name).map(What::Class);
        class.or_else(|| self.names.catalogue.entity(name).map(What::Type))
    }

    fn condition(&mut self, condition: &tree::Condition) -> Option<Condition> {
        self.every(condition, Self::ask)
    }

    pub(super) fn predicate(&mut self, predicate: &tree::Predicate) -> Option<Predicate> {
        self.every(predicate, Self::quality)
    }

    /// Resolves every atom, also behind one that failed.
    fn every<A, B>(&mut self, expr: &Expr<A>, one: fn(&mut Self, &A) -> Option<B>) -> Option<Expr<B>> {
        match expr {
            Expr::Is(atom) => one(self, atom).map(Expr::Is),
            Expr::Not(inner) => self.every(inner, one).map(|inner| Expr::Not(Box::new(inner))),
            Expr::All(parts) | Expr::Any(parts) => {
                let found: Vec<Expr<B>> = parts.iter().filter_map(|part| self.every(part, one)).collect();
                if found.len() != parts.len() {
                    return None;
                }
                Some(if matches!(expr, Expr::All(_)) { Expr::All(found) } else { Expr::Any(found) })
            }
        }
    }

    fn ask(&mut self, ask: &Ask) -> Option<Atom> {
        let word = |name: &Name| Word::configured(&name.text);
        Some(match ask {
            Ask::Includes { what, at_least, confidence } => {
                Atom::Includes { what: self.what(what)?, at_least: *at_least, confidence: *confidence }
            }
            Ask::HealthOfAPerson => Atom::HealthOfAPerson,
            Ask::StillIdentified(what) => Atom::Still(self.what(what)?),
            Ask::LabelIs(name) => match self.known_label(name) {
                Some(label) => Atom::Label(vec![label]),
                // A pack cannot know the labels of a sheet. One that no sheet lists counts as possibly any.
                None if self.pack => Atom::Label(vec![word(name)]),
                None => Atom::Label(vec![self.names.labels.get(self.label(name)?)?.clone()]),
            },
            Ask::LabelAtLeast(name) => {
                let from = self.label(name)?;
                Atom::Label(self.names.labels.get(from..)?.to_vec())
            }
            Ask::LeakAtLeast(score) => Atom::LeakAtLeast(*score),
            Ask::LeakHistoryAtLeast(score) => Atom::LeakHistoryAtLeast(*score),
            Ask::App(name) => Atom::App(word(name)),
            Ask::AppInGroup(name) => Atom::Group(self.group(name)?),
            Ask::Tenant(name) => Atom::Tenant(word(name)),
            Ask::Role(name) => Atom::Role(word(name)),
            Ask::Purpose(name) => Atom::Purpose(word(name)),
            Ask::ResidenceIn(areas) => Atom::Residence(self.areas(areas)?.into_iter().collect()),
            Ask::Minors => Atom::Minors,
            Ask::ScanIncomplete => Atom::ScanIncomplete,
            Ask::Unreadable => Atom::Unreadable,
            Ask::Reference => Atom::Reference,
            Ask::Hosted => Atom::Hosted,
        })
    }

    /// A label that a sheet lists, in the sheet's spelling; case plays no part.
    pub(super) fn known_label(&self, name: &Name) -> Option<Word> {
        let wanted = name.text.to_lowercase();
        self.names.labels.iter().find(|label| label.as_str().to_lowercase() == wanted).cloned()
    }

    /// The apps of a group. A pack may name one that no sheet has: nobody is in it.
    fn group(&mut self, name: &Name) -> Option<Vec<Word>> {
        if let Some(apps) = self.names.groups.get(&name.text) {
            return Some(apps.clone());
        }
        if self.pack {
            return Some(Vec::new());
        }
        self.unlisted(name, "group of apps", self.names.groups.keys().map(String::as_str));
        None
    }

    fn quality(&mut self, quality: &Trait) -> Option<Quality> {
        Some(match quality {
            Trait::OnPremises => Quality::OnPremises,
            Trait::Domestic => Quality::Domestic,
            Trait::LocatedIn(areas) => Quality::LocatedIn(self.areas(areas)?),
            Trait::ControlledFrom(areas) => Quality::ControlledFrom(self.areas(areas)?),
            Trait::ExposedTo(name) => {
                let regimes = &self.names.world.reference.regimes;
                let Some((regime, _)) = regimes.get_key_value(&*name.text) else {
                    self.no_regime(name);
                    return None;
                };
                Quality::ExposedTo(regime.clone())
            }
            Trait::Certified { scheme: name, level } => {
                let schemes = &self.names.world.reference.schemes;
                let Some((scheme, levels)) = schemes.get_key_value(&*name.text) else {
                    self.unlisted(name, "certificate scheme of the reference data", schemes.keys().map(Word::as_str));
                    return None;
                };
                if let Some(level) = level.as_ref().filter(|level| !levels.iter().any(|known| *known == *level.text)) {
                    self.unlisted(level, "level of this scheme", levels.iter().map(Word::as_str));
                    return None;
                }
                let level = level.as_ref().map(|level| Word::configured(&level.text));
                Quality::Certified { scheme: scheme.clone(), level }
            }
            Trait::TransferBasis => Quality::TransferBasis,
            Trait::Contract => Quality::Contract,
            Trait::KeysOurs => Quality::KeysOurs,
            Trait::Attested => Quality::Attested,
            Trait::RetentionNone => Quality::RetentionNone,
            Trait::TrainingNever => Quality::TrainingNever,
            Trait::Named(name) => Quality::Named(self.backend(name).map(|(_, word)| word)?),
        })
    }

    /// A backend of the inventory and its number.
    pub(super) fn backend(&mut self, name: &Name) -> Option<(usize, Word)> {
        let found = self.names.backends.binary_search_by(|known| known.as_str().cmp(&name.text)).ok();
        if found.is_none() && self.names.entries_known {
            self.unlisted(name, "backend of the inventory", self.names.backends.iter().map(Word::as_str));
        }
        found.and_then(|index| Some((index, self.names.backends.get(index)?.clone())))
    }
}
