//! Looks areas up: countries of the reference data, with or without their territories, and those that are known by name.

use super::called::country_help;
use super::nearest::{alike, did_you_mean, nearest};
use super::phrase::Phrase;
use super::reference::{Countries, not_a_country};
use super::resolve::Resolver;
use super::text::{Text, say};
use super::tree::Area;
use crate::model::Country;

impl Resolver<'_> {
    pub(super) fn areas(&mut self, areas: &[Area]) -> Option<Countries> {
        let mut together = Countries::new();
        let mut lost = false;
        for area in areas {
            match self.area(area) {
                Some(countries) => together.extend(countries),
                None => lost = true,
            }
        }
        (!lost).then_some(together)
    }

    /// What was probably meant by something that is no area: its name in this sheet's language, or a country's code.
    fn area_help(&self, written: &str) -> Option<Text> {
        let language = self.file.language();
        let named = [(Phrase::Eea, "EEA", "EEE"), (Phrase::Eu, "EU", "UE")];
        let bare = written.rsplit('\'').next().unwrap_or(written);
        let upper = bare.to_uppercase();
        if let Some((phrase, ..)) = named.iter().find(|(_, en, fr)| [*en, *fr, "EUROPE"].contains(&upper.as_str())) {
            return Some(say!("write `{}`", *phrase));
        }
        let near = || {
            let near = named.iter().filter(|(_, en, fr)| !alike(bare, [*en, *fr]).is_empty());
            let near: Vec<&str> = near.map(|(phrase, ..)| phrase.surface(language)).collect();
            if near.is_empty() { nearest(bare, [Phrase::Home.surface(language)]) } else { near }
        };
        let code = self.names.world.reference.code_of(bare);
        code.map(|code| say!("did you mean `{}`?", code.as_str()))
            .or_else(|| country_help(bare))
            .or_else(|| did_you_mean(&near()))
    }

    pub(super) fn area(&mut self, area: &Area) -> Option<Countries> {
        let world = self.names.world;
        match area {
            Area::Eea => Some(world.eea.clone()),
            Area::Eu => Some(world.reference.eu()),
            Area::Home => Some(world.home.clone()),
            Area::Country { code, overseas } => {
                let found =
                    Country::parse(&code.text).filter(|country| world.reference.countries.contains_key(country));
                if found.is_none() {
                    let help = self.area_help(&code.text);
                    self.fault("octroi::policy::unknown-country", code.span.clone(), not_a_country(&code.text), help);
                }
                found.map(|country| world.reference.country(country, *overseas))
            }
        }
    }
}
