//! Counting records by the words of dimensions.
//!
//! What a request may have several of, and that has several words itself, is counted as it was: a request that went to two
//! backends stands in a row with each of them and that one's country, and in none with the country of the other. So it is where
//! one of the words is a condition: by backend, of what went to the US, is by the backends in the US. Which words belong
//! together the index knows by a word for the whole ([`Dimension::TOGETHER`]); what stands in one row and does not belong
//! together is of one request.

use std::collections::{BTreeMap, HashMap};

use octroi_verify::entry;
use octroi_verify::review::{BLOCK, Bits, Dimension, parts};
use rusqlite::types::Type;

use super::build::row_of;
use super::{Index, IndexError};
use crate::audit::query::Filter;

/// How many records have these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// A word of each dimension that was asked for.
    pub words: Vec<String>,
    /// Records.
    pub count: u64,
}

/// Dimensions whose words are taken together.
struct Axis {
    /// Their places among those that were asked for.
    places: Vec<usize>,
    /// Words for those places, and the sets of the index of which a record is in one at least.
    rows: Vec<(Vec<String>, Vec<i64>)>,
}

/// The words of each dimension of what belongs together.
pub(super) type Parts = Vec<Vec<String>>;

impl Index {
    /// Counts the records that match, by the words of one or more dimensions: the most frequent first. A record without a word
    /// in one of them is in no row.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn count(&self, filter: &Filter, by: &[Dimension]) -> Result<Vec<Counted>, IndexError> {
        let mut plan = self.plan(filter)?;
        if let Some(id) = filter.id {
            let Some(row) = row_of(&self.connection, entry::Request(u128::from_be_bytes(id.0)))? else {
                return Ok(Vec::new());
            };
            (plan.first, plan.last) = (plan.first.max(row.seq), plan.last.min(row.seq));
            if plan.first > plan.last {
                return Ok(Vec::new());
            }
        }
        let mut counts: HashMap<Vec<String>, u64> = HashMap::new();
        let axes = self.axes(filter, by)?;
        let mut chosen = vec![String::new(); by.len()];
        for block in plan.first / BLOCK..=plan.last / BLOCK {
            let Some(mut bits) = self.matching_or_all(&plan, block)? else { continue };
            self.outside(&plan, block)?.iter().for_each(|number| bits.remove(*number));
            self.count_into(&mut counts, (&bits, block), &axes, &mut chosen)?;
        }
        let mut counted: Vec<_> = counts.into_iter().map(|(words, count)| Counted { words, count }).collect();
        counted.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.words.cmp(&other.words)));
        Ok(counted)
    }

    fn count_into(
        &self,
        counts: &mut HashMap<Vec<String>, u64>,
        (bits, block): (&Bits, u64),
        axes: &[Axis],
        chosen: &mut [String],
    ) -> Result<(), IndexError> {
        let Some((axis, rest)) = axes.split_first() else {
            let count = bits.count();
            if count > 0 {
                *counts.entry(chosen.to_vec()).or_default() += count;
            }
            return Ok(());
        };
        for (words, sets) in &axis.rows {
            let Some(mut both) = self.any(sets, block)? else { continue };
            if bits.count_with(&both) == 0 {
                continue;
            }
            both.and(bits);
            for (place, word) in axis.places.iter().zip(words) {
                if let Some(chosen) = chosen.get_mut(*place) {
                    chosen.clone_from(word);
                }
            }
            self.count_into(counts, (&both, block), rest, chosen)?;
        }
        Ok(())
    }

    fn axes(&self, filter: &Filter, by: &[Dimension]) -> Result<Vec<Axis>, IndexError> {
        let mut axes = Vec::new();
        let mut alone: Vec<(usize, Dimension)> = by.iter().copied().enumerate().collect();
        for (whole, members) in Dimension::TOGETHER {
            let member = |of: Dimension| members.iter().position(|member| *member == of);
            let asked: Vec<(usize, usize)> =
                alone.iter().filter_map(|(place, of)| Some((*place, member(*of)?))).collect();
            let conditions = conditions(filter, members);
            if !asked.is_empty() && asked.len() + conditions.len() > 1 {
                axes.push(self.axis(whole, &asked, &conditions)?);
                alone.retain(|(_, of)| member(*of).is_none());
            }
        }
        for (place, dimension) in alone {
            let rows = self.words(dimension)?.into_iter().map(|(id, word)| (vec![word], vec![id])).collect();
            axes.push(Axis { places: vec![place], rows });
        }
        Ok(axes)
    }

    /// The words that stand together at these places of a whole that meets the conditions.
    fn axis(
        &self,
        whole: Dimension,
        asked: &[(usize, usize)],
        conditions: &[(usize, &str)],
    ) -> Result<Axis, IndexError> {
        let mut rows: BTreeMap<Vec<String>, Vec<i64>> = BTreeMap::new();
        for (id, parts) in self.wholes(whole, conditions)? {
            let mut chosen = vec![Vec::new()];
            for (_, member) in asked {
                let words = parts.get(*member).map_or(&[][..], Vec::as_slice);
                let words = words.iter().filter(|word| !word.is_empty());
                let with = |word: &String| {
                    let with = |one: &Vec<String>| one.iter().chain([word]).cloned().collect::<Vec<_>>();
                    chosen.iter().map(with).collect::<Vec<_>>()
                };
                chosen = words.flat_map(with).collect();
            }
            for words in chosen {
                rows.entry(words).or_default().push(id);
            }
        }
        Ok(Axis { places: asked.iter().map(|(place, _)| *place).collect(), rows: rows.into_iter().collect() })
    }

    /// The wholes of a kind that meet conditions, each with the words of its dimensions.
    pub(super) fn wholes(
        &self,
        whole: Dimension,
        conditions: &[(usize, &str)],
    ) -> Result<Vec<(i64, Parts)>, IndexError> {
        let mut wholes = Vec::new();
        for (id, text) in self.words(whole)? {
            let parts = parts(&text).ok_or_else(|| {
                rusqlite::Error::FromSqlConversionFailure(1, Type::Text, "no words that belong together".into())
            })?;
            let meets = |(member, wanted): &(usize, &str)| {
                parts.get(*member).is_some_and(|words| words.iter().any(|word| word == wanted))
            };
            if conditions.iter().all(meets) {
                wholes.push((id, parts));
            }
        }
        Ok(wholes)
    }

    /// The records of a block that are in one of these sets; `None` where the index has none of them there.
    pub(super) fn any(&self, sets: &[i64], block: u64) -> Result<Option<Bits>, IndexError> {
        let mut either: Option<Bits> = None;
        for set in sets {
            let Some(bits) = self.bits(*set, block)? else { continue };
            match &mut either {
                Some(either) => either.or(&bits),
                None => either = Some(bits),
            }
        }
        Ok(either)
    }
}

/// The conditions on dimensions that belong together, each with its place among these.
pub(super) fn conditions<'a>(filter: &'a Filter, members: &[Dimension]) -> Vec<(usize, &'a str)> {
    let member = |of: Dimension| members.iter().position(|member| *member == of);
    filter.words().filter_map(|(of, word)| Some((member(of)?, word))).collect()
}
