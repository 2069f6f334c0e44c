//! On what terms a backend works: what is kept and learnt, the contract, the keys, the attestation.

use super::declared::{Attestation, Contract};
use super::inventory::EntryReader;
use super::parser::folded;
use super::text::{Text, say};
use super::toml_file::Node;

/// Instruments of transfer as lawyers call them, folded.
const CALLED: &[(&str, &[&str])] = &[
    (
        "standard-contractual-clauses",
        &[
            "scc",
            "sccs",
            "cct",
            "ccts",
            "clauses contractuelles types",
            "clauses contractuelles type",
            "clauses types",
            "standard contractual clauses",
            "contractual clauses",
        ],
    ),
    (
        "binding-corporate-rules",
        &["bcr", "bcrs", "rec", "regles d'entreprise contraignantes", "binding corporate rules"],
    ),
    ("code-of-conduct", &["code de conduite", "code of conduct"]),
    ("certification", &["certificat", "certificate"]),
    ("ad-hoc-clauses", &["clauses ad hoc", "clauses specifiques", "ad hoc clauses"]),
];

/// The instrument that lawyers call so.
pub(super) fn instrument_meant(written: &str) -> Option<&'static str> {
    let said = folded(written).replace(['-', '_'], " ");
    CALLED.iter().find(|(_, names)| names.contains(&said.trim())).map(|(kind, _)| *kind)
}

impl<'t> EntryReader<'_, '_, 't> {
    /// `"none"`, or `{ days = 30 }`.
    pub(super) fn retention(&mut self, node: &Node<'t>) -> Option<bool> {
        if let toml::de::DeValue::Table(table) = node.get_ref() {
            self.reader.only(table, &["days"]);
            self.reader.required(table, "days", node.span())?;
            return Some(false);
        }
        let meant = |value: &toml::de::DeValue<'_>| match value {
            toml::de::DeValue::Integer(days) if days.as_str() == "0" => Some(say!("write `\"none\"`")),
            toml::de::DeValue::Integer(days) => Some(say!("write `{ days = {} }`", days.as_str())),
            toml::de::DeValue::Boolean(false) => Some(say!("write `\"none\"`")),
            _ => Some(say!("write \"none\" or { days = 30 }")),
        };
        let name = self.reader.text_or(node, meant)?;
        if name.text == "none" {
            return Some(true);
        }
        let help = Some(say!("write \"none\" or { days = 30 }"));
        let message = say!("`{}` is no retention", name.text);
        self.reader.fault("octroi::policy::unknown-name", name.span, message, help);
        None
    }

    /// `true`, or `{ reference = "…", dated = 2026-03-01 }`: the contract of GDPR Art. 28.
    pub(super) fn contract(&mut self, node: &Node<'t>) -> Option<Contract> {
        if let toml::de::DeValue::Table(table) = node.get_ref() {
            self.reader.only(table, &["reference", "dated"]);
            self.reader.required(table, "reference", node.span()).and_then(|node| self.reader.text(node))?;
            let dated = match table.get("dated") {
                Some(node) => Some(self.reader.date(node)?),
                None => None,
            };
            return Some(Contract { on_file: true, dated });
        }
        self.reader.boolean(node).map(|on_file| Contract { on_file, dated: None })
    }

    /// Who holds the keys that the data is encrypted with at the provider's.
    pub(super) fn keys(&mut self, node: &Node<'t>) -> Option<bool> {
        let known = ["provider", "customer", "customer-only"];
        let name = self.reader.text(node)?;
        if !known.contains(&name.text.as_str()) {
            self.reader.unlisted(&name, "answer to who holds the keys", known);
            return None;
        }
        Some(name.text == "customer-only")
    }

    /// `"none"`, or `{ tee = "TDX", gpu = "NVIDIA CC", until = … }`.
    pub(super) fn attestation(&mut self, node: &Node<'t>) -> Option<Attestation> {
        if let toml::de::DeValue::Table(table) = node.get_ref() {
            self.reader.only(table, &["tee", "gpu", "until", "reference"]);
            self.reader.required(table, "tee", node.span()).and_then(|node| self.reader.text(node))?;
            let until = self.reader.required(table, "until", node.span()).and_then(|node| self.reader.date(node));
            return until.map(Attestation::Until);
        }
        let meant = |value: &toml::de::DeValue<'_>| match value {
            toml::de::DeValue::Boolean(false) => Some(say!("write `\"none\"`")),
            _ => Some(say!("say what proves it and until when: { tee = \"TDX\", until = 2027-01-31 }")),
        };
        let name = self.reader.text_or(node, meant)?;
        if name.text != "none" {
            self.reader.unlisted(&name, "attestation", ["none"]);
            return None;
        }
        Some(Attestation::None)
    }

    pub(super) fn training(&mut self, node: &Node<'t>) -> Option<bool> {
        let known = ["never", "opt-out", "yes"];
        let meant = |value: &toml::de::DeValue<'_>| {
            let trains = value.as_bool()?;
            Some(if trains { say!("write `\"yes\"`") } else { say!("write `\"never\"`") })
        };
        let name = self.reader.text_or(node, meant)?;
        if !known.contains(&name.text.as_str()) {
            self.reader.unlisted(&name, "answer to whether it trains on the data", known);
            return None;
        }
        Some(name.text == "never")
    }
}

/// Words for no country in particular.
pub(super) fn global(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "global",
        "globally",
        "world",
        "worldwide",
        "anywhere",
        "any",
        "multi-region",
        "mondial",
        "monde",
        "partout",
        "multi-région",
        "*",
    ];
    WORDS.contains(&name.trim().to_lowercase().as_str())
}

/// What is said of such a word.
pub(super) fn no_country(name: &str) -> (Text, Text) {
    let message = say!("`{}` names no country: it is all that there are, and nobody has said which", name);
    let help = say!(
        "list each country where the data may be (`[\"FR\", \"US\"]`), or the provider's region (`[\"aws:eu-west-3\"]`); where it may be any, leave the key out: it then counts as unknown, against the backend"
    );
    (message, help)
}
