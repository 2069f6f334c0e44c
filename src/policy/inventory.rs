//! `backends.toml`: the declared truths of each place data can go.
//!
//! Every value may be dated on its own, `{ value = [...], until = 2027-06-30, verified = ..., by = ..., evidence = ... }`, or
//! stands under the dates of its entry. What is missing, past its date, or to be verified on a day that has not come is unknown,
//! and [`super::truth`] counts the unknown against the backend. What stands here holds for the hosts, keys, addresses and models of the entry and for nothing else.

use std::ops::Range;

use jiff::civil::Date;
use toml::de::DeTable;

use super::canonical;
use super::declared::{Certificate, Dated, Declared, Entry, Instrument, Notes, SubProcessor};
use super::diagnostic::{Diagnostic, File};
use super::inventory_keys::mend;
use super::inventory_terms::{global, instrument_meant, no_country};
use super::reference::Reference;
use super::text::say;
use super::toml_document::Document;
use super::toml_file::{Node, Reader, json};
use super::tree::Name;
use crate::limits::BACKENDS_MAX;
use crate::model::backend::AddressRange;
use crate::model::entry::Digest;
use crate::model::{Binding, Country, Word};

/// The whole file.
#[derive(Debug, Clone)]
pub(super) struct Inventory {
    pub(super) entries: Vec<Entry>,
    pub(super) digest: Digest,
}

/// Instruments of transfer (GDPR Art. 46) by their words.
pub const INSTRUMENTS: [&str; 5] =
    ["standard-contractual-clauses", "binding-corporate-rules", "code-of-conduct", "certification", "ad-hoc-clauses"];

/// Reads the inventory, with every fault of it.
pub(super) fn read(file: &File, reference: &Reference, faults: &mut Vec<Diagnostic>) -> Inventory {
    let told = faults.len();
    let document = Document::read(file, faults);
    let mut table = document.table();
    let digest = canonical::digest(&json(table.get_ref()));
    let entries = read_entries(table.get_mut(), reference, &mut Reader { file, faults });
    if entries.is_empty() && faults.len() == told {
        let message = say!("this inventory names no backend: one that it does not declare is never used");
        let fault = Diagnostic::new("octroi::policy::missing", file, 0..0, message);
        faults.push(fault.help(say!("each has a table of its own, which begins so: [backend.its-name]")));
    }
    document.read_copies(faults, |table, faults| {
        read_entries(table, reference, &mut Reader { file, faults });
    });
    Inventory { entries, digest }
}

fn read_entries(table: &mut DeTable<'_>, reference: &Reference, reader: &mut Reader<'_>) -> Vec<Entry> {
    mend(table, reader);
    let mut entries = Vec::new();
    if let Some(backends) = table.get("backend").and_then(|node| reader.table(node)) {
        if backends.len() > BACKENDS_MAX {
            let message = say!("there are more than {} backends", BACKENDS_MAX);
            reader.fault("octroi::policy::too-large", 0..0, message, None);
        }
        for (name, node) in backends.iter().take(BACKENDS_MAX) {
            let Some(table) = reader.table(node) else { continue };
            let mut one = EntryReader {
                reader: &mut *reader,
                reference,
                table,
                span: name.span(),
                verified: None,
                until: None,
                notes: Notes::default(),
            };
            entries.push(one.entry(name.get_ref()));
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

pub(super) struct EntryReader<'a, 'r, 't> {
    pub(super) reader: &'a mut Reader<'r>,
    reference: &'a Reference,
    table: &'a DeTable<'t>,
    span: Range<usize>,
    verified: Option<Date>,
    until: Option<Date>,
    notes: Notes,
}

impl<'a, 't> EntryReader<'a, '_, 't> {
    fn entry(&mut self, name: &str) -> Entry {
        self.until = self.optional("until", |this, node| this.reader.date(node));
        for key in ["verified", "by"] {
            self.reader.required(self.table, key, self.span.clone());
        }
        self.verified = self.optional("verified", |this, node| this.reader.date(node));
        self.notes.verified.extend(self.verified);
        self.optional("by", |this, node| this.reader.text(node));
        self.notes.no_evidence = self.optional("evidence", Self::evidence).is_none();
        let entry = Entry {
            name: Word::configured(name),
            binding: self.binding(),
            places: ["processing", "storage", "logs", "support"].map(|key| self.dated(key, Self::countries)),
            operator: self.dated("operator", Self::word),
            run_by_owner: self.dated("run-by-owner", |this, node| this.reader.boolean(node)),
            controlled_from: self.dated("controlled-from", Self::country),
            exposed_to: self.dated("exposed-to", Self::regimes),
            sub_processors: self.dated("sub-processors", |this, node| this.tables(node, Self::sub_processor)),
            certificates: self.dated("certificates", |this, node| this.tables(node, Self::certificate)),
            instruments: self.dated("transfer-basis", |this, node| this.tables(node, Self::instrument)),
            adequacy: self.dated("adequacy", |this, node| this.tables(node, Self::coverage)),
            retention_none: self.dated("retention", Self::retention),
            training_never: self.dated("training", Self::training),
            contract: self.dated("contract", Self::contract),
            keys_ours: self.dated("keys", Self::keys),
            attestation: self.dated("attestation", Self::attestation),
            notes: std::mem::take(&mut self.notes),
        };
        if entry.places.first().and_then(Declared::ever).is_some_and(Vec::is_empty) {
            let help =
                Some(say!("if nobody knows where it is processed, leave the key out: it then counts as unknown"));
            let at = self.table.get("processing").map_or_else(|| self.span.clone(), toml::Spanned::span);
            self.reader.fault("octroi::policy::missing", at, "`processing` names no country", help);
        }
        if entry.binding.hosts.is_empty()
            && let Some(node) =
                self.table.get("hosts").filter(|node| node.get_ref().as_array().is_some_and(|list| list.is_empty()))
        {
            let help = Some(say!(
                "write the name of its server, as in \"api.example.com\": a backend without one is never used"
            ));
            self.reader.fault("octroi::policy::missing", node.span(), "`hosts` names no server", help);
        }
        self.narrowed();
        entry
    }

    /// Reports the lists that narrow which servers are meant, and name nothing: without the key any would do, and with such a list
    /// too.
    fn narrowed(&mut self) {
        for key in ["addresses", "spki", "ca"] {
            let node = self.table.get(key);
            if let Some(node) = node.filter(|node| node.get_ref().as_array().is_some_and(|list| list.is_empty())) {
                let help = Some(say!("name what it may be; where any will do, take the key out"));
                self.reader.fault("octroi::policy::missing", node.span(), say!("`{}` names nothing", key), help);
            }
        }
    }

    fn optional<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &Node<'t>) -> Option<T>) -> Option<T> {
        let node = self.table.get(key)?;
        read(self, node)
    }

    /// A value, plain or as `{ value = …, until = … }`; it stands from the later to the earlier of its own dates and the
    /// entry's.
    fn dated<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &Node<'t>) -> Option<T>) -> Declared<T> {
        Declared(self.value(key, read))
    }

    fn value<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &Node<'t>) -> Option<T>) -> Option<Dated<T>> {
        let table: &'a DeTable<'t> = self.table;
        let node = table.get(key)?;
        let wrapped = match node.get_ref() {
            toml::de::DeValue::Table(inner) if inner.contains_key("value") => Some(inner),
            _ => None,
        };
        let Some(inner) = wrapped else {
            return read(self, node).map(|value| Dated { value, verified: self.verified, until: self.until });
        };
        self.reader.only(inner, &["value", "until", "verified", "by", "evidence"]);
        if let Some(node) = inner.get("evidence") {
            self.evidence(node);
        }
        let verified = inner.get("verified").and_then(|node| self.reader.date(node));
        self.notes.verified.extend(verified);
        if let Some(node) = inner.get("by") {
            self.reader.text(node);
        }
        let own = inner.get("until").map(|node| self.reader.date(node));
        let value = read(self, inner.get("value")?)?;
        // An unreadable date has been reported; it must not read as "no end".
        let until = match (own, self.until) {
            (Some(own), Some(entry)) => own.map(|own| own.min(entry)),
            (Some(own), None) => own,
            (None, entry) => entry,
        };
        // Both must have been looked at: the later day counts.
        Some(Dated { value, verified: verified.max(self.verified), until })
    }

    fn word(&mut self, node: &Node<'t>) -> Option<Word> {
        self.reader.text(node).map(|name| Word::configured(&name.text))
    }

    fn country(&mut self, node: &Node<'t>) -> Option<Country> {
        let name = self.reader.text(node)?;
        self.reference.assigned(&name, self.reader)
    }

    /// All or none: a list with one unreadable member is not a shorter list.
    fn every<T>(&mut self, node: &Node<'t>, mut read: impl FnMut(&mut Self, &Name) -> Option<T>) -> Option<Vec<T>> {
        let names = self.reader.texts(node)?;
        let read: Vec<T> = names.iter().filter_map(|name| read(self, name)).collect();
        (read.len() == names.len()).then_some(read)
    }

    /// Countries, and cloud regions as `provider:region`. One region that nobody knows makes the whole list unknown.
    fn countries(&mut self, node: &Node<'t>) -> Option<Vec<Country>> {
        let mut countries = Vec::new();
        let lists = self.every(node, |this, name| {
            if global(&name.text) {
                let (message, help) = no_country(&name.text);
                this.reader.fault("octroi::policy::unknown-name", name.span.clone(), message, Some(help));
                return None;
            }
            if !name.text.contains(':') {
                return this.reference.assigned(name, this.reader).map(|country| vec![country]);
            }
            let known = this.reference.region(&name.text).map(<[Country]>::to_vec);
            if known.is_none() {
                this.notes.unknown_regions.push(Word::configured(&name.text));
            }
            known
        })?;
        countries.extend(lists.into_iter().flatten());
        countries.sort_unstable();
        countries.dedup();
        Some(countries)
    }

    /// `"contract 12"`, or `{ document = "contract 12", sha256 = "…" }`.
    fn evidence(&mut self, node: &Node<'t>) -> Option<()> {
        if let toml::de::DeValue::Table(table) = node.get_ref() {
            self.reader.only(table, &["document", "sha256"]);
            self.reader.required(table, "document", node.span()).and_then(|node| self.reader.text(node))?;
            let digest = self.reader.required(table, "sha256", node.span()).and_then(|node| self.reader.text(node))?;
            return self.fingerprint(&digest).map(|_| ());
        }
        self.reader.text(node).map(|_| ())
    }

    fn regimes(&mut self, node: &Node<'t>) -> Option<Vec<Word>> {
        self.every(node, |this, name| {
            let known = this.reference.regimes.keys().find(|known| known.as_str() == name.text).cloned();
            if known.is_none() {
                match this.reference.regime_of(&name.text) {
                    Some(meant) => this.reader.meant(name, "legal regime", meant.as_str()),
                    None => {
                        this.reader.unlisted(name, "legal regime", this.reference.regimes.keys().map(Word::as_str));
                    }
                }
            }
            known
        })
    }

    fn tables<T>(
        &mut self,
        node: &Node<'t>,
        read: impl Fn(&mut Self, &DeTable<'t>, Range<usize>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let nodes = self.reader.rows(node)?;
        let read: Vec<T> = nodes
            .iter()
            .filter_map(|node| {
                let table = self.reader.table(node)?;
                read(self, table, node.span())
            })
            .collect();
        (read.len() == nodes.len()).then_some(read)
    }

    fn sub_processor(&mut self, table: &DeTable<'t>, span: Range<usize>) -> Option<SubProcessor> {
        self.reader.only(table, &["name", "controlled-from", "exposed-to", "countries"]);
        self.reader.required(table, "name", span).and_then(|node| self.reader.text(node))?;
        let controlled_from = table.get("controlled-from").and_then(|node| self.country(node));
        let exposed_to = table.get("exposed-to").and_then(|node| self.regimes(node));
        // Where it works and nobody says, or in a region that nobody knows, is unknown; the rest of the list stands.
        let places = table.get("countries").and_then(|node| self.countries(node));
        Some(SubProcessor { controlled_from, exposed_to, places })
    }

    fn certificate(&mut self, table: &DeTable<'t>, span: Range<usize>) -> Option<Certificate> {
        self.reader.only(table, &["scheme", "level", "scope", "status", "valid-until"]);
        let scheme = self.reader.required(table, "scheme", span.clone()).and_then(|node| self.reader.text(node));
        let scheme = scheme.and_then(|name| {
            let known = self.reference.schemes.get_key_value(&*name.text).map(|(scheme, _)| scheme.clone());
            if known.is_none() {
                self.reader.unlisted(&name, "certificate scheme", self.reference.schemes.keys().map(Word::as_str));
            }
            known
        });
        let level = table.get("level").and_then(|node| self.reader.text(node));
        let levels = scheme.as_ref().and_then(|scheme| self.reference.schemes.get(scheme));
        if let (Some(level), Some(levels)) = (&level, levels.filter(|levels| !levels.is_empty()))
            && !levels.iter().any(|known| *known == *level.text)
        {
            self.reader.unlisted(level, "level of this scheme", levels.iter().map(Word::as_str));
        }
        if let (None, Some(scheme)) = (table.get("scope"), &scheme) {
            self.notes.unscoped.push(scheme.clone());
        }
        let status = table.get("status").and_then(|node| self.reader.text(node));
        if let Some(status) = status.as_ref().filter(|status| status.text != "obtained" && status.text != "in progress")
        {
            self.reader.unlisted(status, "status", ["obtained", "in progress"]);
        }
        let obtained = status.is_none_or(|status| status.text == "obtained");
        // One in progress is not obtained, whatever day it is hoped for: it counts as none, and needs no day.
        let until = match table.get("valid-until") {
            None if !obtained => Date::MIN,
            _ => self.reader.required(table, "valid-until", span).and_then(|node| self.reader.date(node))?,
        };
        let level = level.map(|level| Word::configured(&level.text));
        Some(Certificate { scheme: scheme?, level, obtained, until })
    }

    fn instrument(&mut self, table: &DeTable<'t>, span: Range<usize>) -> Option<Instrument> {
        self.reader.only(table, &["kind", "dated", "until", "countries", "reference"]);
        let kind = self.reader.required(table, "kind", span.clone()).and_then(|node| self.reader.text(node));
        let kind = kind.and_then(|name| {
            let known = INSTRUMENTS.iter().find(|known| **known == name.text);
            if known.is_none() {
                match instrument_meant(&name.text) {
                    Some(meant) => self.reader.meant(&name, "instrument of transfer", meant),
                    None => self.reader.unlisted(&name, "instrument of transfer", INSTRUMENTS),
                }
            }
            known.map(|known| Word::fixed(known))
        });
        let dated = self.reader.required(table, "dated", span.clone()).and_then(|node| self.reader.date(node));
        let until = self.reader.required(table, "until", span).and_then(|node| self.reader.date(node));
        let countries = match table.get("countries") {
            Some(node) => Some(self.countries(node)?),
            None => None,
        };
        Some(Instrument { kind: kind?, dated: dated?, until: until?, countries })
    }

    fn coverage(&mut self, table: &DeTable<'t>, span: Range<usize>) -> Option<Dated<Country>> {
        self.reader.only(table, &["country", "until", "reference"]);
        let country = self.reader.required(table, "country", span.clone()).and_then(|node| self.country(node));
        let until = self.reader.required(table, "until", span).and_then(|node| self.reader.date(node));
        Some(Dated { value: country?, verified: None, until: Some(until?) })
    }

    fn binding(&mut self) -> Binding {
        self.reader.required(self.table, "hosts", self.span.clone());
        let words = |this: &mut Self, node: &Node<'t>| this.every(node, |_, name| Some(Word::configured(&name.text)));
        let hosts = self.optional("hosts", |this, node| this.every(node, Self::host)).unwrap_or_default();
        Binding {
            hosts,
            spki: self.optional("spki", |this, node| this.every(node, Self::fingerprint)).unwrap_or_default(),
            authorities: self.optional("ca", |this, node| this.every(node, Self::fingerprint)).unwrap_or_default(),
            addresses: self.optional("addresses", |this, node| this.every(node, Self::range)).unwrap_or_default(),
            models: self.optional("models", words).unwrap_or_default(),
            path_ids: self.optional("path-ids", words).unwrap_or_default(),
        }
    }

    /// A host name or address, without scheme, port or path.
    fn host(&mut self, name: &Name) -> Option<Word> {
        let host = name.text.to_lowercase();
        let plain = host.parse::<std::net::IpAddr>().is_ok()
            || (!host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'));
        if plain {
            return Some(Word::configured(&host));
        }
        let help = Some(say!("write the bare name, as in \"api.example.com\""));
        self.reader.fault("octroi::policy::wrong-type", name.span.clone(), "this is no host name", help);
        None
    }

    fn fingerprint(&mut self, name: &Name) -> Option<[u8; 32]> {
        let digits = name.text.strip_prefix("sha256:").unwrap_or(&name.text);
        if let Some(digest) = Digest::parse(digits) {
            return Some(digest.0);
        }
        let help = Some(say!("write \"sha256:\" and 64 hexadecimal digits"));
        self.reader.fault("octroi::policy::wrong-type", name.span.clone(), "this is no SHA-256 digest", help);
        None
    }

    fn range(&mut self, name: &Name) -> Option<AddressRange> {
        let range = AddressRange::parse(&name.text);
        if range.is_none() {
            let help = Some(say!("write \"10.0.0.0/8\" or one address"));
            self.reader.fault("octroi::policy::wrong-type", name.span.clone(), "this is no range of addresses", help);
        }
        range
    }
}
