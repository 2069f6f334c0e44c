//! What a month lacks: entries of it that were pruned. A report says so above its counts; how many requests they were of nobody knows.

use std::path::Path;

use super::{Illegible, Language, LeftOut, Month};
use crate::audit::epochs::{Beginning, Epochs};
use crate::audit::index::IndexError;

/// The epochs of which entries that may be of the month were removed, oldest first, each with the first entry that is left.
pub(super) fn of(month: Month, log: &Path) -> Result<Vec<Beginning>, IndexError> {
    let Some((since, until)) = month.bounds() else { return Ok(Vec::new()) };
    let (since, until) = (format!("{since:.9}"), format!("{until:.9}"));
    let mut beginnings = Epochs::of(log).beginnings()?;
    beginnings.retain(|beginning| beginning.lacks(&since, &until));
    beginnings.reverse();
    Ok(beginnings)
}

impl Language {
    /// That a table does not list all, and how the rest is got.
    pub(super) fn left_out(self, LeftOut { heading, count, before }: LeftOut) -> String {
        let (table, epoch, seq) = (heading.say(self), before.epoch, before.seq);
        match self {
            Self::English => format!(
                "{table}: {count} more, which came before the entry {before}, are not listed. `octroi audit export --epoch {epoch} --to {seq}` writes the entries before it."
            ),
            Self::French => format!(
                "{table} : {count} de plus, antérieurs à l’entrée {before}, ne sont pas dans la liste. `octroi audit export --epoch {epoch} --to {seq}` écrit les entrées antérieures."
            ),
        }
    }

    /// That entries of a table cannot be read any more.
    pub(super) fn illegible(self, Illegible { heading, count, first }: Illegible) -> String {
        let table = heading.say(self);
        match self {
            Self::English => format!(
                "{table}: {count} entries that the review index names cannot be read in the log and are not listed, the first of them {first}."
            ),
            Self::French => format!(
                "{table} : {count} entrées que l’index cite sont illisibles dans le journal et ne sont pas dans la liste, dont la première est {first}."
            ),
        }
    }

    /// That counts are not complete, since entries of this epoch that may be of the month were removed.
    pub(super) fn incomplete(self, gone: &Beginning) -> String {
        let (count, log, time) = (gone.at.seq, &gone.origin, &gone.time);
        match self {
            Self::English => format!(
                "This month is incomplete: the first {count} entries of {log} were pruned, and what is left begins at {time}; what came before is in none of these counts."
            ),
            Self::French => format!(
                "Ce mois est incomplet : les {count} premières entrées de {log} ont été retirées (conservation échue), et ce qui reste commence à {time} ; rien d’antérieur n’est compté ici."
            ),
        }
    }
}
