//! Transfers: what was processed outside the EEA, or by somebody who is controlled from outside it. What stayed is no transfer (GDPR
//! Chapter V); how much that was stands beside the table. A country that nobody declared is not taken for one within.

use std::collections::BTreeMap;

use super::{Language, Note, Rollup, Section, Text};
use crate::audit::index::RollupKey;
use crate::policy::in_eea;

/// Every transfer by country, basis and class; a sending without findings stands under no class.
pub(super) fn transfers(rollups: &[Rollup]) -> Section {
    let mut sums: BTreeMap<[String; 4], u64> = BTreeMap::new();
    let mut stayed = 0_u64;
    for Rollup { key, count, .. } in
        rollups.iter().filter(|row| !row.key.backend.is_empty() && row.key.exception.is_empty())
    {
        if stays(key) {
            stayed = stayed.saturating_add(if key.class.is_empty() { *count } else { 0 });
            continue;
        }
        let key = [key.country.clone(), key.control.clone(), key.basis.clone(), key.class.clone()];
        *sums.entry(key).or_default() += count;
    }
    // The row without a class counts every sending; what is left of it once those with findings are known is not told by
    // counts of classes, so it is named for what it is.
    let rows = sums.into_iter().map(|(key, count)| key.into_iter().chain([count.to_string()]).collect());
    let columns = vec![Text::Country, Text::Control, Text::Basis, Text::Class, Text::Sendings];
    let note = (stayed > 0).then_some(Note::Stayed(stayed));
    Section { heading: Text::Transfers, columns, rows: rows.collect(), bars: false, note }
}

/// Whether it was processed within the EEA alone, by one that is controlled from there.
fn stays(key: &RollupKey) -> bool {
    key.country.split('+').chain([key.control.as_str()]).all(in_eea)
}

impl Language {
    /// A sentence about a table.
    pub(super) fn note(self, note: Note) -> String {
        match (self, note) {
            (Self::English, Note::Stayed(count)) => format!(
                "{count} sendings stayed within the European Economic Area (processed there, by recipients controlled from there): they are no transfers and are not in this table."
            ),
            (Self::French, Note::Stayed(count)) => format!(
                "{count} envois sont restés dans l’Espace économique européen (traités là, par des destinataires contrôlés de là) : ce ne sont pas des transferts, ils ne figurent pas dans ce tableau."
            ),
            (Self::English, Note::Asked) => {
                "An opening of sealed content is recorded before it is tried: those that did not succeed are listed too (a key that does not fit, content that was erased). The log does not say which."
                    .to_owned()
            }
            (Self::French, Note::Asked) => {
                "Une levée des scellés est consignée avant d’être tentée : celles qui n’ont pas abouti figurent aussi dans la liste (clé qui ne convient pas, contenu effacé). Le journal ne dit pas lesquelles."
                    .to_owned()
            }
        }
    }
}
