//! The keys of the inventory. One that is misspelt is told and read as the one that is meant, so that what stands behind it hides no
//! fault of its own; nothing of such a file comes into force.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::toml_file::Reader;
use crate::limits::BACKENDS_MAX;

/// Those of an entry.
const KEYS: &[&str] = &[
    "hosts",
    "spki",
    "ca",
    "addresses",
    "models",
    "path-ids",
    "processing",
    "storage",
    "logs",
    "support",
    "operator",
    "run-by-owner",
    "controlled-from",
    "exposed-to",
    "sub-processors",
    "certificates",
    "transfer-basis",
    "adequacy",
    "retention",
    "training",
    "contract",
    "keys",
    "attestation",
    "verified",
    "by",
    "until",
    "evidence",
    "note",
];

/// Reports the keys that are not known, and gives them the names that are meant.
pub(super) fn mend(table: &mut DeTable<'_>, reader: &mut Reader<'_>) {
    reader.mend_keys(table, &["version", "backend"]);
    let Some(DeValue::Table(backends)) = table.get_mut("backend").map(Spanned::get_mut) else { return };
    for (_, node) in backends.iter_mut().take(BACKENDS_MAX) {
        if let DeValue::Table(entry) = node.get_mut() {
            reader.mend_keys(entry, KEYS);
        }
    }
}
