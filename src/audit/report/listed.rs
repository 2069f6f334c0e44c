//! Tables of entries that belong to no request, one a row: accesses, policies. Of more than a page takes the newest are listed, and the
//! report says how many are not, and where they stand: nobody can read so often that a reading of theirs goes unseen.

use super::{Section, Text};
use crate::audit::decisions::Place;
use crate::audit::index::{Dimension, Index, IndexError};
use crate::audit::query::Filter;

/// Accesses and policies of an epoch that a report lists at most, the newest; how many there are besides it says, and where.
pub(super) const LISTED_MAX: usize = 10_000;

/// Entries of a kind that a report does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// The table that they would stand in.
    pub heading: Text,
    /// How many.
    pub count: u64,
    /// They come before this entry, the first that is listed.
    pub before: Place,
}

/// Entries that would be listed and cannot be read: the index names them, and the log has others there or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegible {
    /// The table that they would stand in.
    pub heading: Text,
    /// How many of an epoch.
    pub count: u64,
    /// The first of them.
    pub first: Place,
}

/// What the tables of a report lack.
#[derive(Debug, Default)]
pub(super) struct Missing {
    pub(super) left_out: Vec<LeftOut>,
    pub(super) illegible: Vec<Illegible>,
}

impl Missing {
    /// Notes the entries of an epoch that cannot be read.
    pub(super) fn illegible(&mut self, heading: Text, epoch: u32, seqs: &[u64]) {
        let illegible =
            |first: &u64| Illegible { heading, count: seqs.len() as u64, first: Place { epoch, seq: *first } };
        self.illegible.extend(seqs.iter().min().map(illegible));
    }
}

/// The entries of a kind that belong to no request, one a row; of more than a page takes the newest, and how many are left out.
pub(super) fn listed(
    indexes: &[(u32, Index)],
    (kind, during, missing): (&'static str, &Filter, &mut Missing),
    (heading, columns): (Text, Vec<Text>),
    cells: impl Fn(&serde_json::Value) -> Vec<String>,
) -> Result<Section, IndexError> {
    let mut rows = Vec::new();
    for (epoch, index) in indexes {
        let (records, illegible) = index.legible(during, kind, LISTED_MAX)?;
        missing.illegible(heading, *epoch, &illegible);
        let listed = records.len() + illegible.len();
        if let Some(first) = records.first().filter(|_| listed == LISTED_MAX) {
            let before = Place { epoch: *epoch, seq: first.seq };
            let all = index.count(during, &[Dimension::Kind])?;
            let all = all.iter().filter(|one| one.words == [kind]).map(|one| one.count).sum::<u64>();
            let count = all.saturating_sub(listed as u64);
            missing.left_out.extend((count > 0).then_some(LeftOut { heading, count, before }));
        }
        for record in records {
            for body in record.of_kind(kind) {
                let first = [record.time.clone(), Place { epoch: *epoch, seq: record.seq }.to_string()];
                rows.push(first.into_iter().chain(cells(body)).collect());
            }
        }
    }
    Ok(Section { heading, columns, rows, bars: false, note: None })
}
