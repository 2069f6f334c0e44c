//! Names that mean nothing, and what was probably meant: data, labels, legal regimes, and whatever else is on a list.

use super::everyday;
use super::in_quotes::as_written;
use super::nearest::{alike, did_you_mean_one, nearest};
use super::parser::folded;
use super::phrase::Phrase;
use super::resolve::Resolver;
use super::resolved::What;
use super::surface;
use super::text::{Text, say};
use super::tree::Name;
use crate::model::{ClassId, ClassInfo, Country, Word};

/// Everyday words for what is no class of data but a condition of its own.
const MINORS: &[&str] = &["mineur", "mineurs", "enfant", "enfants", "minor", "minors", "child", "children"];

impl Resolver<'_> {
    /// What a name means: the law of a class, the full name of a scheme or regime.
    fn meaning(&self, name: &str) -> String {
        let language = self.file.language();
        let identifier = surface::identifier(name, language);
        self.names.world.reference.meaning(identifier, language).cloned().unwrap_or_default()
    }

    /// These names as a question, as the sheet writes them, each with what it means.
    fn asked(&self, near: Vec<&str>) -> Option<Text> {
        did_you_mean_one(near.into_iter().map(|name| (as_written(name), self.meaning(name))).collect())
    }

    /// The same of classes and types of data: a type means its classes, those that no other of them brings.
    fn data_asked(&self, near: Vec<&str>) -> Option<Text> {
        let (catalogue, language) = (self.names.catalogue, self.file.language());
        let meaning = |word: &str| {
            let known = self.meaning(word);
            let entity = catalogue.entity(surface::identifier(word, language)).filter(|_| known.is_empty());
            let Some(info) = entity.and_then(|entity| catalogue.info(entity)) else { return known };
            let own: Vec<&ClassInfo> = (0_u8..)
                .map(ClassId)
                .zip(&catalogue.classes)
                .filter(|(class, _)| info.classes.contains(*class))
                .map(|(_, class)| class)
                .collect();
            let brought = |class: &ClassInfo| {
                own.iter().any(|other| other.name != class.name && other.closure.0 & class.closure.0 == class.closure.0)
            };
            let names = own.iter().filter(|class| !brought(class)).map(|class| class.name.as_str());
            names.map(|name| surface::written(name, language)).collect::<Vec<_>>().join(", ")
        };
        did_you_mean_one(near.into_iter().map(|word| (word, meaning(word))).collect())
    }

    pub(super) fn unlisted<'k>(
        &mut self,
        name: &Name,
        what: &'static str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) {
        if self.flooded() {
            return;
        }
        let pattern = name.text.contains('*').then(|| say!("each is named by itself: there are no patterns"));
        let help = pattern.or_else(|| self.asked(alike(&name.text, known.clone()))).or_else(|| {
            let all: Vec<String> = known.into_iter().map(as_written).collect();
            (!all.is_empty() && all.len() <= 12).then(|| say!("known here: {}", all.join(", ")))
        });
        let message = say!("`{}` is no {}", name.text, Text::from(what));
        self.fault("octroi::policy::unknown-name", name.span.clone(), message, help);
    }

    /// A class or type that something can bring.
    pub(super) fn what(&mut self, name: &Name) -> Option<What> {
        let written = surface::written(&name.text, self.file.language());
        let Some(what) = self.find(&name.text) else {
            if self.flooded() {
                return None;
            }
            let message = say!("`{}` is no {}", written, Text::from("class or type of data"));
            let help = self.data_meant(written);
            self.fault("octroi::policy::unknown-name", name.span.clone(), message, Some(help));
            return None;
        };
        let served = self.types_of(what).iter().any(|entity| self.names.served.contains(entity));
        let declared = match what {
            What::Class(class) => self.names.catalogue.class_info(class).is_some_and(|info| info.declared),
            What::Type(_) => false,
        };
        if !served && !declared {
            let message = say!("no detector of this build finds `{}`, and nothing declares it", written);
            let help = say!("a rule about it would never fire; name a type that is found, or add a detector");
            self.fault("octroi::policy::unserved", name.span.clone(), message, Some(help));
            return None;
        }
        Some(what)
    }

    /// What was probably meant by a word that is no class or type: the same but for accents, an everyday word for it, a part of a
    /// type's name (`NIR`), a word that looks like it.
    fn data_meant(&self, written: &str) -> Text {
        let (catalogue, language) = (self.names.catalogue, self.file.language());
        let said = folded(written);
        let bare = everyday::stripped(&said);
        let identifiers = catalogue.classes.iter().map(|info| info.name.as_str());
        let identifiers = identifiers.chain(catalogue.entities.iter().map(|info| info.name.as_str()));
        let known: Vec<&str> = identifiers.map(|known| surface::written(known, language)).collect();
        let near = alike(bare, known.iter().copied());
        if near.iter().any(|known| folded(known) == bare) {
            return self.data_asked(near).unwrap_or_else(|| say!("write `{}`", bare));
        }
        if MINORS.contains(&bare) {
            return say!("write the condition `{}`", Phrase::MinorsConcerned);
        }
        let everyday = everyday::meant(written).filter(|identifier| self.find(identifier).is_some());
        let everyday = everyday.map(|identifier| surface::written(identifier, language));
        let parts = known.iter().copied().filter(|known| known.split(['_', '-']).any(|part| part == bare));
        let parts: Vec<&str> = parts.collect();
        let stem = known.iter().copied().find(|known| known.len() > 3 && said.starts_with(&folded(known)));
        let listed = || {
            let classes = catalogue.classes.iter().map(|info| surface::written(info.name.as_str(), language));
            let classes: Vec<&str> = classes.collect();
            say!("the classes are {}; `octroi detectors` lists every type", classes.join(", "))
        };
        let found = match everyday {
            Some(word) => vec![word],
            None if (1..=3).contains(&parts.len()) => parts,
            None if !near.is_empty() => near,
            None => stem.into_iter().collect(),
        };
        self.data_asked(found).unwrap_or_else(listed)
    }

    /// The place of a label in the list of labels.
    pub(super) fn label(&mut self, name: &Name) -> Option<usize> {
        let wanted = name.text.to_lowercase();
        let labels = self.names.labels;
        let found = labels.iter().position(|label| label.as_str().to_lowercase() == wanted);
        if found.is_none() && !self.flooded() {
            let message = say!("`{}` is no {}", name.text, Text::from("label of this policy"));
            let near = nearest(&name.text, labels.iter().map(Word::as_str));
            let help = match self.data_asked(near) {
                Some(near) => say!("{} Else add it to the line `{}`", near, Phrase::Labels),
                None => say!("add it to the line `{}`, lowest first", Phrase::Labels),
            };
            self.fault("octroi::policy::unknown-name", name.span.clone(), message, Some(help));
        }
        found
    }

    /// A country, the EEA or the EU, as a sheet writes it.
    fn place(&self, name: &str) -> Option<Text> {
        let bare = name.rsplit('\'').next().unwrap_or(name);
        let named = match bare.to_uppercase().as_str() {
            "EEA" | "EEE" => Some(Phrase::Eea),
            "EU" | "UE" | "EUROPE" => Some(Phrase::Eu),
            _ => None,
        };
        let reference = &self.names.world.reference;
        let listed = || Country::parse(bare).filter(|code| reference.countries.contains_key(code));
        let country = || listed().or_else(|| reference.code_of(bare));
        named.map(|phrase| say!("{}", phrase)).or_else(|| country().map(|code| say!("{}", code.as_str())))
    }

    /// A regime that there is not; a country is called by several names.
    pub(super) fn no_regime(&mut self, name: &Name) {
        let reference = &self.names.world.reference;
        let place = self.place(&name.text);
        let help = match reference.regime_of(&name.text) {
            Some(meant) => self.asked(vec![meant.as_str()]),
            None if place.is_none() => {
                let regimes = reference.regimes.keys().map(Word::as_str);
                return self.unlisted(name, "legal regime of the reference data", regimes);
            }
            None => place.map(|place| {
                let regimes: Vec<&str> = reference.regimes.keys().map(Word::as_str).collect();
                let (located, controlled) = (Phrase::LocatedIn, Phrase::ControlledFrom);
                say!(
                    "the regimes are {}; of a place write `{} {}` or `{} {}`",
                    regimes.join(", "),
                    located,
                    &place,
                    controlled,
                    &place
                )
            }),
        };
        let message = say!("`{}` is no {}", name.text, Text::from("legal regime of the reference data"));
        self.fault("octroi::policy::unknown-name", name.span.clone(), message, help);
    }
}
