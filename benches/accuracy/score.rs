//! Counts and figures: exact, nearly exact and overlapping findings, and the characters that leak.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::Eye;
use super::data::Text;

/// One finding.
pub(crate) struct Sheet {
    pub(crate) range: Range<usize>,
    pub(crate) kind: String,
    pub(crate) confidence: u8,
}

/// Counts of one type in one source.
#[derive(Default)]
struct Count {
    gold: usize,
    found: usize,
    exact: usize,
    near: usize,
    hit: usize,
    right: usize,
    characters: usize,
    leaked: usize,
    /// Findings and right ones, by tens of confidence.
    bands: BTreeMap<u8, (usize, usize)>,
}

/// Counts of all types and sources.
#[derive(Default)]
pub(crate) struct Table {
    counts: BTreeMap<(String, String), Count>,
}

/// The annotated type that a detector's type stands for.
pub(crate) fn plain(kind: &str) -> &str {
    match kind {
        "fr_address" => "address",
        "fr_phone" => "phone",
        "date_of_birth" => "date",
        kind => kind,
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

impl Table {
    /// Reads a text and compares what was found with what is annotated.
    pub(crate) fn read(&mut self, source: &str, text: &Text, eye: &Eye<'_>) {
        let found = eye.found(&text.body);
        let mut kinds: Vec<&str> = text.spans.iter().map(|(_, kind)| plain(kind)).collect();
        kinds.extend(found.iter().map(|found| plain(&found.kind)));
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let gold: Vec<&Range<usize>> =
                text.spans.iter().filter(|(_, of)| plain(of) == kind).map(|(range, _)| range).collect();
            let mut own: Vec<&Sheet> = found.iter().filter(|found| plain(&found.kind) == kind).collect();
            // An address in France is found as two types.
            own.dedup_by(|a, b| a.range == b.range);
            let count = self.counts.entry((source.to_owned(), kind.to_owned())).or_default();
            count.gold += gold.len();
            count.found += own.len();
            for gold in &gold {
                let best =
                    own.iter().filter(|own| overlap(&own.range, gold) > 0).max_by_key(|own| overlap(&own.range, gold));
                count.hit += usize::from(best.is_some());
                if let Some(best) = best {
                    let shared = overlap(&best.range, gold);
                    let union = best.range.len() + gold.len() - shared;
                    count.exact += usize::from(best.range == **gold);
                    count.near += usize::from(shared * 10 >= union * 9);
                } else if eye.shows(kind) {
                    near("missed", source, text, gold);
                }
                // Whatever the type: what is covered by any finding does not leak.
                let letters = text
                    .body
                    .get((*gold).clone())
                    .unwrap_or_default()
                    .char_indices()
                    .filter(|(_, c)| !c.is_whitespace());
                for (at, _) in letters {
                    count.characters += 1;
                    let place = gold.start + at;
                    count.leaked += usize::from(!found.iter().any(|found| found.range.contains(&place)));
                }
            }
            for own in own {
                let right = gold.iter().any(|gold| overlap(&own.range, gold) > 0);
                count.right += usize::from(right);
                let band = count.bands.entry(own.confidence / 10 * 10).or_default();
                band.0 += 1;
                band.1 += usize::from(right);
                if !right && eye.shows(kind) {
                    near(&format!("wrong {}", own.confidence), source, text, &own.range);
                }
            }
        }
    }

    /// The figures as a table, for the types that the sources annotate.
    pub(crate) fn render(&self, kinds: &[&str]) -> String {
        let mut out = String::from(
            "| source | type | gold | found | exact F1 | IoU 0.9 F1 | overlap P | overlap R | overlap F1 | leaked |\n|---|---|---|---|---|---|---|---|---|---|\n",
        );
        let mut bands: BTreeMap<(&str, u8), (usize, usize)> = BTreeMap::new();
        for kind in kinds {
            for ((source, _), count) in self.counts.iter().filter(|((_, of), count)| of == kind && count.gold > 0) {
                let (precision, recall) = (ratio(count.right, count.found), ratio(count.hit, count.gold));
                let mean = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
                let twice = |part: usize| 2.0 * ratio(part, count.gold + count.found);
                _ = writeln!(
                    out,
                    "| {source} | {kind} | {} | {} | {:.3} | {:.3} | {precision:.3} | {recall:.3} | {mean:.3} | {:.1} % |",
                    count.gold,
                    count.found,
                    twice(count.exact),
                    twice(count.near),
                    100.0 * ratio(count.leaked, count.characters)
                );
                for (band, (all, right)) in &count.bands {
                    let sum = bands.entry((kind, *band)).or_default();
                    sum.0 += all;
                    sum.1 += right;
                }
            }
        }
        _ = writeln!(
            out,
            "\nPrecision by confidence (all sources of the table):\n\n| type | confidence | findings | right |\n|---|---|---|---|"
        );
        for ((kind, band), (all, right)) in bands {
            _ = writeln!(out, "| {kind} | {band} to {} | {all} | {:.1} % |", band + 9, 100.0 * ratio(right, all));
        }
        out
    }
}

/// A part of a whole, 0 of nothing.
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let ratio = part as f64 / whole.max(1) as f64;
    ratio
}

/// Shows an error in its place.
fn near(what: &str, source: &str, text: &Text, range: &Range<usize>) {
    let from = text.body.floor_char_boundary(range.start.saturating_sub(40));
    let to = text.body.ceil_char_boundary((range.end + 30).min(text.body.len()));
    let part = |range: Range<usize>| text.body.get(range).unwrap_or_default().replace('\n', "\\n");
    println!("{what} [{source}] {}[[{}]]{}", part(from..range.start), part(range.clone()), part(range.end..to));
}
