//! Reference data: what is true of the world and not of an organisation. Countries and groups, adequacy decisions, legal
//! regimes, certificate schemes. Dated, sourced, shipped with the program, replaceable file by file, with a digest of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use toml::de::DeTable;

use super::SourceFile;
use super::canonical;
use super::diagnostic::{Diagnostic, File};
use super::toml_file::{Node, Reader, json, parse_toml};
use super::tree::Name;
use crate::model::entry::Digest;
use crate::model::{Country, Word};

/// A set of countries and territories.
pub(super) type Countries = BTreeSet<Country>;

/// The files as shipped: name and text.
const SHIPPED: &[(&str, &str)] = &[
    ("adequacy.toml", include_str!("../../policies/reference/adequacy.toml")),
    ("certificates.toml", include_str!("../../policies/reference/certificates.toml")),
    ("classes.toml", include_str!("../../policies/reference/classes.toml")),
    ("countries.toml", include_str!("../../policies/reference/countries.toml")),
    ("entities.toml", include_str!("../../policies/reference/entities.toml")),
    ("facts.toml", include_str!("../../policies/reference/facts.toml")),
    ("regimes.toml", include_str!("../../policies/reference/regimes.toml")),
];

/// The file in force: the operator's, else the shipped one.
pub(super) fn file(name: &str, overrides: &[SourceFile]) -> File {
    if let Some(own) = overrides.iter().find(|own| own.name.rsplit(['/', '\\']).next() == Some(name)) {
        return File::new(&own.name, &own.text);
    }
    let text = SHIPPED.iter().find(|(shipped, _)| *shipped == name).map_or("", |(_, text)| text);
    File::new(&format!("policies/reference/{name}"), text)
}

/// All reference data but the catalogue of types and classes.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) countries: BTreeMap<Country, CountryInfo>,
    pub(super) decisions: Vec<Decision>,
    pub(super) regimes: BTreeMap<Word, Countries>,
    pub(super) schemes: BTreeSet<Word>,
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
}

impl Reference {
    /// Reads all files, with every fault of them.
    pub(super) fn read(overrides: &[SourceFile], faults: &mut Vec<Diagnostic>) -> Self {
        for own in overrides {
            let name = own.name.rsplit(['/', '\\']).next().unwrap_or_default();
            if !SHIPPED.iter().any(|(shipped, _)| *shipped == name) {
                let known: Vec<&str> = SHIPPED.iter().map(|(shipped, _)| *shipped).collect();
                let file = File::new(&own.name, &own.text);
                let fault = Diagnostic::new(
                    "octroi::policy::unknown-name",
                    &file,
                    0..0,
                    format!("`{name}` is no reference file"),
                );
                faults.push(fault.help(format!("known: {}", known.join(", "))));
            }
        }
        let mut reference = Self {
            countries: BTreeMap::new(),
            decisions: Vec::new(),
            regimes: BTreeMap::new(),
            schemes: BTreeSet::new(),
            digest: Digest([0; 32]),
        };
        let mut all = Map::new();
        // Countries first: the others are checked against them.
        for name in ["countries.toml", "adequacy.toml", "certificates.toml", "regimes.toml"] {
            let file = file(name, overrides);
            let document = parse_toml(&file, faults);
            let table = document.get_ref();
            let mut reader = Reader { file: &file, faults };
            match name {
                "countries.toml" => reference.read_countries(&mut reader, table),
                "adequacy.toml" => reference.read_decisions(&mut reader, table),
                "certificates.toml" => reference.read_schemes(&mut reader, table),
                _ => reference.read_regimes(&mut reader, table),
            }
            all.insert(name.to_owned(), json(table));
        }
        for name in ["classes.toml", "entities.toml", "facts.toml"] {
            let file = file(name, overrides);
            // Their faults are reported by `catalogue`; here only what they say is hashed.
            let document = parse_toml(&file, &mut Vec::new());
            all.insert(name.to_owned(), json(document.get_ref()));
        }
        reference.digest = canonical::digest(&Value::Object(all));
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
        let Some(decisions) = table.get("decision").and_then(|node| reader.nodes(node)) else { return };
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
                self.decisions.push(Decision { country, whole, from, until: until.flatten() });
            }
        }
    }

    fn read_schemes(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "scheme"]);
        let Some(schemes) = table.get("scheme").and_then(|node| reader.table(node)) else { return };
        for (name, node) in schemes {
            if let Some(entry) = reader.table(node) {
                reader.only(entry, &["name", "country", "note"]);
            }
            self.schemes.insert(Word::configured(name.get_ref()));
        }
    }

    fn read_regimes(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        reader.only(table, &["version", "regime"]);
        let Some(regimes) = table.get("regime").and_then(|node| reader.table(node)) else { return };
        for (name, node) in regimes {
            let Some(entry) = reader.table(node) else { continue };
            reader.only(entry, &["name", "laws", "countries", "note"]);
            let countries = reader.required(entry, "countries", node.span()).and_then(|node| reader.texts(node));
            let countries: Countries =
                countries.unwrap_or_default().iter().filter_map(|name| self.assigned(name, reader)).collect();
            self.regimes.insert(Word::configured(name.get_ref()), countries);
        }
    }
}

pub(super) fn not_a_country(code: &str) -> String {
    format!("`{code}` is no country: two letters of ISO 3166-1 are")
}

/// Codes that people write and the standard does not have.
pub(super) fn country_help(code: &str) -> Option<String> {
    let meant = match code.to_uppercase().as_str() {
        "UK" | "GBR" | "ENGLAND" => "GB",
        "EL" | "GRC" => "GR",
        "USA" => "US",
        "FRA" | "FRANCE" => "FR",
        "DEU" | "GER" | "GERMANY" => "DE",
        upper if upper != code && Country::parse(upper).is_some() => return Some(format!("did you mean `{upper}`?")),
        _ => return None,
    };
    Some(format!("did you mean `{meant}`?"))
}

fn read_zone(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<TimeZone> {
    let name = reader.text(node)?;
    let zone = TimeZone::posix(&name.text).ok();
    if zone.is_none() {
        let message = "this is no time zone in POSIX form";
        reader.fault(
            "octroi::policy::wrong-type",
            name.span,
            message,
            Some("for example \"CET-1CEST,M3.5.0,M10.5.0/3\"".to_owned()),
        );
    }
    zone
}
