//! What is true of the world and not of an organisation: countries and groups, adequacy decisions, legal regimes, certificate schemes.
//! Dated, sourced, shipped with the program, replaceable file by file, with a digest of its own.
//! Longer than 400 lines: what each file of it says is read beside what is asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::called::{alias, country_help};
use super::diagnostic::{Diagnostic, File};
use super::nearest::nearest;
use super::parser::folded;
use super::phrase::Language;
use super::text::{Text, say};
use super::toml_document::Document;
use super::toml_file::{Node, Reader, json};
use super::tree::Name;
use super::{SourceFile, canonical};
use crate::model::entry::Digest;
use crate::model::{Country, Word};

/// A set of countries and territories.
pub(super) type Countries = BTreeSet<Country>;

/// The files as shipped: name and text.
pub(super) const SHIPPED: &[(&str, &str)] = &[
    ("adequacy.toml", include_str!("../../policies/reference/adequacy.toml")),
    ("certificates.toml", include_str!("../../policies/reference/certificates.toml")),
    ("classes.toml", include_str!("../../policies/reference/classes.toml")),
    ("countries.toml", include_str!("../../policies/reference/countries.toml")),
    ("entities.toml", include_str!("../../policies/reference/entities.toml")),
    ("facts.toml", include_str!("../../policies/reference/facts.toml")),
    ("regimes.toml", include_str!("../../policies/reference/regimes.toml")),
    ("regions.toml", include_str!("../../policies/reference/regions.toml")),
];

/// The shipped reference data, read once.
static UNCHANGED: LazyLock<Arc<Reference>> =
    LazyLock::new(|| Arc::new(Reference::read_all(&[], Language::En, &mut Vec::new())));

/// The countries of the shipped reference data, each with its name in English.
pub fn countries() -> Vec<(Country, String)> {
    let text = SHIPPED.iter().find(|(shipped, _)| *shipped == "countries.toml").map_or("", |(_, text)| text);
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    let listed = table.get("country").and_then(toml::Value::as_table);
    let named = listed
        .into_iter()
        .flatten()
        .filter_map(|(code, entry)| Some((Country::parse(code)?, entry.get("name")?.as_str()?.to_owned())));
    named.collect()
}

/// The file in force: the operator's, else the shipped one.
pub(super) fn file(name: &str, overrides: &[SourceFile], language: Language) -> File {
    if let Some(own) = overrides.iter().find(|own| own.name.rsplit(['/', '\\']).next() == Some(name)) {
        return File::new(&own.name, &own.text, language);
    }
    let text = SHIPPED.iter().find(|(shipped, _)| *shipped == name).map_or("", |(_, text)| text);
    File::new(&format!("policies/reference/{name}"), text, language)
}

/// What all files in force say, by their names: the digest is of this.
pub(super) fn all(overrides: &[SourceFile]) -> Value {
    let said = |name: &str| {
        let file = file(name, overrides, Language::En);
        json(Document::read(&file, &mut Vec::new()).table().get_ref())
    };
    Value::Object(SHIPPED.iter().map(|(name, _)| ((*name).to_owned(), said(name))).collect())
}

/// All reference data but the catalogue of types and classes.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) countries: BTreeMap<Country, CountryInfo>,
    pub(super) decisions: Vec<Decision>,
    pub(super) regimes: BTreeMap<Word, Countries>,
    /// Certificate schemes with their levels.
    pub(super) schemes: BTreeMap<Word, Vec<Word>>,
    /// Countries of a cloud region, by `provider:region`; empty: nobody knows.
    pub(super) regions: BTreeMap<String, Vec<Country>>,
    /// What names mean: the law of a class, the full name of a scheme or regime.
    pub(super) meanings: BTreeMap<String, String>,
    /// The same in French, where the data has it.
    french: BTreeMap<String, String>,
    /// Countries by their names in English and French, without accents and capitals.
    names: BTreeMap<String, Country>,
    pub(super) digest: Digest,
}

/// What is known of a country or territory.
#[derive(Debug)]
pub(super) struct CountryInfo {
    pub(super) eu: bool,
    pub(super) eea: bool,
    pub(super) part_of: Option<Country>,
    pub(super) zone: Option<TimeZone>,
}

/// An adequacy decision.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) country: Country,
    /// Whether it covers every recipient of the country.
    pub(super) whole: bool,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
    pub(super) instrument: String,
    /// Whether somebody asks a court to annul it. It counts until it is.
    pub(super) contested: bool,
}

impl Reference {
    /// Reads all files, with every fault of them.
    pub(super) fn read(overrides: &[SourceFile], language: Language, faults: &mut Vec<Diagnostic>) -> Arc<Self> {
        if overrides.is_empty() {
            return Arc::clone(&UNCHANGED);
        }
        Arc::new(Self::read_all(overrides, language, faults))
    }

    fn read_all(overrides: &[SourceFile], language: Language, faults: &mut Vec<Diagnostic>) -> Self {
        for own in overrides {
            let name = own.name.rsplit(['/', '\\']).next().unwrap_or_default();
            if !SHIPPED.iter().any(|(shipped, _)| *shipped == name) {
                let known: Vec<&str> = SHIPPED.iter().map(|(shipped, _)| *shipped).collect();
                let file = File::new(&own.name, &own.text, language);
                let message = say!("`{}` is no reference file", name);
                let fault = Diagnostic::new("octroi::policy::unknown-name", &file, 0..0, message);
                faults.push(fault.help(say!("known: {}", known.join(", "))));
            }
        }
        let mut reference = Self {
            countries: BTreeMap::new(),
            decisions: Vec::new(),
            regimes: BTreeMap::new(),
            schemes: BTreeMap::new(),
            regions: BTreeMap::new(),
            meanings: BTreeMap::new(),
            names: BTreeMap::new(),
            french: BTreeMap::new(),
            digest: Digest([0; 32]),
        };
        // Countries first: the others are checked against them.
        for name in ["countries.toml", "adequacy.toml", "certificates.toml", "regimes.toml", "regions.toml"] {
            let file = file(name, overrides, language);
            let document = Document::read(&file, faults);
            let table = document.table();
            reference.read_one(name, &mut Reader { file: &file, faults }, table.get_ref());
            document.read_copies(faults, |table, faults| {
                reference.read_one(name, &mut Reader { file: &file, faults }, table);
            });
        }
        let classes = file("classes.toml", overrides, language);
        // Its faults, as those of the types and facts, are reported by `catalogue`.
        reference.read_articles(Document::read(&classes, &mut Vec::new()).table().get_ref());
        reference.digest = canonical::digest(&all(overrides));
        reference
    }

    /// The EEA, outermost regions of the EU included.
    pub(super) fn eea(&self) -> Countries {
        self.countries.iter().filter(|(_, info)| info.eea).map(|(country, _)| *country).collect()
    }

    /// The EU, outermost regions included.
    pub(super) fn eu(&self) -> Countries {
        self.countries.iter().filter(|(_, info)| info.eu).map(|(country, _)| *country).collect()
    }

    /// A country, and on demand the territories of it that have codes of their own.
    pub(super) fn country(&self, country: Country, overseas: bool) -> Countries {
        let territories = self.countries.iter().filter(|(_, info)| overseas && info.part_of == Some(country));
        territories.map(|(territory, _)| *territory).chain([country]).collect()
    }

    /// Looks a code up; an unassigned one is reported.
    pub(super) fn assigned(&self, name: &Name, reader: &mut Reader<'_>) -> Option<Country> {
        let found = Country::parse(&name.text).filter(|country| self.countries.contains_key(country));
        if found.is_none() {
            reader.fault(
                "octroi::policy::unknown-country",
                name.span.clone(),
                not_a_country(&name.text),
                country_help(&name.text),
            );
        }
        found
    }

    fn read_one(&mut self, name: &str, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        match name {
            "countries.toml" => self.read_countries(reader, table),
            "adequacy.toml" => self.read_decisions(reader, table),
            "certificates.toml" => self.read_schemes(reader, table),
            "regimes.toml" => self.read_regimes(reader, table),
            _ => self.read_regions(reader, table),
        }
    }

    fn read_countries(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "country"]);
        let Some(countries) = table.get("country").and_then(|node| reader.table(node)) else { return };
        for (code, node) in countries {
            let name = Name { text: code.get_ref().to_string(), span: code.span() };
            let Some(country) = Country::parse(&name.text) else {
                reader.fault("octroi::policy::unknown-country", name.span, not_a_country(&name.text), None);
                continue;
            };
            let Some(entry) = reader.table(node) else { continue };
            reader.only(entry, &["name", "name-fr", "groups", "part-of", "zone"]);
            for key in ["name", "name-fr"] {
                let known = entry.get(key).and_then(|node| node.get_ref().as_str());
                self.names.extend(known.map(|known| (folded(known), country)));
            }
            let groups = entry.get("groups").and_then(|node| reader.texts(node)).unwrap_or_default();
            let part_of = entry.get("part-of").and_then(|node| reader.text(node));
            let zone = entry.get("zone").and_then(|node| read_zone(reader, node));
            let info = CountryInfo {
                eu: groups.iter().any(|group| group.text == "EU"),
                eea: groups.iter().any(|group| group.text == "EEA"),
                part_of: part_of.and_then(|name| Country::parse(&name.text)),
                zone,
            };
            self.countries.insert(country, info);
        }
    }

    fn read_decisions(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "decision"]);
        let Some(decisions) = table.get("decision").and_then(|node| reader.rows(node)) else { return };
        for node in decisions {
            let Some(entry) = reader.table(node) else { continue };
            reader.only(entry, &["country", "instrument", "scope", "limits", "from", "until", "contested", "note"]);
            let country = reader.required(entry, "country", node.span()).and_then(|node| reader.text(node));
            let country = country.and_then(|name| self.assigned(&name, reader));
            let scope = reader.required(entry, "scope", node.span()).and_then(|node| reader.text(node));
            if let Some(scope) = scope.as_ref().filter(|scope| scope.text != "whole" && scope.text != "limited") {
                reader.unlisted(scope, "scope", ["whole", "limited"]);
            }
            let from = reader.required(entry, "from", node.span()).and_then(|node| reader.date(node));
            let until = entry.get("until").map(|node| reader.date(node));
            // An unreadable end date must not read as "no end".
            if let (Some(country), Some(scope), Some(from), true) = (country, scope, from, until != Some(None)) {
                let whole = scope.text == "whole";
                let instrument = entry.get("instrument").and_then(|node| reader.text(node));
                let instrument = instrument.map_or_else(String::new, |name| name.text);
                let contested = entry.get("contested").and_then(|node| reader.boolean(node)).unwrap_or(false);
                let until = until.flatten();
                self.decisions.push(Decision { country, whole, from, until, instrument, contested });
            }
        }
    }

    fn read_schemes(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "scheme"]);
        let Some(schemes) = table.get("scheme").and_then(|node| reader.table(node)) else { return };
        for (name, node) in schemes {
            let Some(entry) = reader.table(node) else { continue };
            reader.only(entry, &["name", "name-fr", "country", "levels", "note"]);
            self.read_names(name.get_ref(), entry, reader);
            let levels = entry.get("levels").and_then(|node| reader.texts(node)).unwrap_or_default();
            let levels = levels.iter().map(|level| Word::configured(&level.text)).collect();
            self.schemes.insert(Word::configured(name.get_ref()), levels);
        }
    }

    fn read_regimes(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "regime"]);
        let Some(regimes) = table.get("regime").and_then(|node| reader.table(node)) else { return };
        for (name, node) in regimes {
            let Some(entry) = reader.table(node) else { continue };
            reader.only(entry, &["name", "name-fr", "laws", "countries", "note"]);
            let countries = reader.required(entry, "countries", node.span()).and_then(|node| reader.texts(node));
            let countries: Countries =
                countries.unwrap_or_default().iter().filter_map(|name| self.assigned(name, reader)).collect();
            self.read_names(name.get_ref(), entry, reader);
            self.regimes.insert(Word::configured(name.get_ref()), countries);
        }
    }

    /// What something is called in full.
    fn read_names(&mut self, name: &str, entry: &DeTable<'_>, reader: &mut Reader<'_>) {
        for (key, names) in [("name", &mut self.meanings), ("name-fr", &mut self.french)] {
            names.extend(entry.get(key).and_then(|node| reader.text(node)).map(|full| (name.to_owned(), full.text)));
        }
    }

    fn read_regions(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "region"]);
        let Some(providers) = table.get("region").and_then(|node| reader.table(node)) else { return };
        for (provider, node) in providers {
            let Some(regions) = reader.table(node) else { continue };
            for (region, node) in regions {
                let Some(entry) = reader.table(node) else { continue };
                reader.only(entry, &["in", "kind", "note"]);
                let names = reader.required(entry, "in", node.span()).and_then(|node| reader.texts(node));
                let mut countries = Vec::new();
                for name in names.unwrap_or_default() {
                    match name.text.as_str() {
                        "EU" => countries.extend(self.eu()),
                        "EEA" => countries.extend(self.eea()),
                        _ => countries.extend(self.assigned(&name, reader)),
                    }
                }
                self.regions.insert(format!("{}:{}", provider.get_ref(), region.get_ref()), countries);
            }
        }
    }

    /// The countries of `provider:region`; `None` when nobody knows.
    pub(super) fn region(&self, name: &str) -> Option<&[Country]> {
        let listed = self.regions.get(name).or_else(|| {
            let stands_for = |pattern: &String| pattern.strip_suffix('*').is_some_and(|begin| name.starts_with(begin));
            self.regions.iter().find(|(pattern, _)| stands_for(pattern)).map(|(_, countries)| countries)
        });
        listed.map(Vec::as_slice).filter(|countries| !countries.is_empty())
    }

    /// Regions that a name which is none was probably meant for; `None` when it is one, though nobody knows where it is.
    pub(super) fn regions_like(&self, name: &str) -> Option<Vec<&str>> {
        let stands_for = |pattern: &String| pattern.strip_suffix('*').is_some_and(|begin| name.starts_with(begin));
        if self.regions.contains_key(name) || self.regions.keys().any(stands_for) {
            return None;
        }
        let bare = |text: &str| text.replace(['-', '_', ' '], "").to_lowercase();
        let same: Vec<&str> =
            self.regions.keys().filter(|known| bare(known) == bare(name)).map(String::as_str).collect();
        Some(if same.is_empty() { nearest(name, self.regions.keys().map(String::as_str)) } else { same })
    }

    /// The country of a name, as English or French calls it; accents and capitals do not matter.
    pub(super) fn code_of(&self, name: &str) -> Option<Country> {
        self.names.get(&folded(name)).copied()
    }

    /// The regime of a country that is called otherwise: `UK`, `Royaume-Uni`.
    pub(super) fn regime_of(&self, name: &str) -> Option<&Word> {
        let bare = name.rsplit('\'').next().unwrap_or(name);
        let code = alias(bare).and_then(Country::parse).or_else(|| self.code_of(bare))?;
        self.regimes.keys().find(|regime| regime.as_str() == code.as_str())
    }

    /// What a name means, in a language where the data has it.
    pub(super) fn meaning(&self, name: &str, language: Language) -> Option<&String> {
        let french = self.french.get(name).filter(|_| language == Language::Fr);
        french.or_else(|| self.meanings.get(name))
    }

    /// The laws that classes come from; their faults are reported where the catalogue is read.
    fn read_articles(&mut self, table: &DeTable<'_>) {
        let DeValue::Table(classes) = (match table.get("class") {
            Some(node) => node.get_ref(),
            None => return,
        }) else {
            return;
        };
        for (name, node) in classes {
            let DeValue::Table(entry) = node.get_ref() else { continue };
            for (key, articles) in [("article", &mut self.meanings), ("article-fr", &mut self.french)] {
                if let Some(article) = entry.get(key).and_then(|article| article.get_ref().as_str()) {
                    articles.insert(name.get_ref().to_string(), article.to_owned());
                }
            }
        }
    }
}

pub(super) fn not_a_country(code: &str) -> Text {
    say!("`{}` is no country: two letters of ISO 3166-1 are", code)
}

fn read_zone(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<TimeZone> {
    let name = reader.text(node)?;
    let zone = TimeZone::posix(&name.text).ok();
    if zone.is_none() {
        let message = say!("this is no time zone in POSIX form");
        reader.fault(
            "octroi::policy::wrong-type",
            name.span,
            message,
            Some(say!("for example \"CET-1CEST,M3.5.0,M10.5.0/3\"")),
        );
    }
    zone
}
