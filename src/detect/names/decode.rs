//! From scores to names: how likely each tag is for each token of a run, and the spans that follow.
//!
//! Forward and backward over the run give for every token the probability of every tag; a token belongs to the kind that is
//! likelier than its being no name at all, weighted so that doubt is shown rather than hidden. Probabilities are normalised at
//! every step: a run of any length stays within range.

use std::ops::Range;

/// Tags: none, and beginning and inside of each kind.
pub(crate) const TAGS: usize = 7;
/// Kinds of names.
pub(crate) const KINDS: usize = 3;

/// What a name names. Its tags are `1 + 2 * kind` (first token) and the next (further tokens).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Somebody.
    Person,
    /// Somewhere.
    Location,
    /// A body: company, authority, club.
    Organisation,
}

/// All kinds, in the order of their tags.
pub(crate) const ALL: [Kind; KINDS] = [Kind::Person, Kind::Location, Kind::Organisation];

/// One value for each tag.
pub(crate) type PerTag = [f32; TAGS];

/// Whether a tag may follow another: the inside of a name only follows a name of its kind.
pub(crate) const fn may_follow(from: usize, to: usize) -> bool {
    to == 0 || to % 2 == 1 || from == to || from + 1 == to
}

/// A span of tokens of one run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    /// What it names.
    pub(crate) kind: Kind,
    /// Its tokens, counted from the start of the run.
    pub(crate) tokens: Range<usize>,
    /// How likely its tokens are of its kind: the mean, 0 to 1.
    pub(crate) probability: f32,
}

/// Buffers of a decoding, kept between runs.
#[derive(Debug, Default)]
pub(crate) struct Lattice {
    /// Scores of the tags for each token, then their exponentials.
    pub(crate) scores: Vec<PerTag>,
    forward: Vec<PerTag>,
    /// How likely each tag is for each token.
    pub(crate) likely: Vec<PerTag>,
}

impl Lattice {
    /// Computes [`Lattice::likely`] from the scores. `steps` holds the exponentials of the transitions, 0 where there is none.
    pub(crate) fn solve(&mut self, steps: &[PerTag; TAGS]) {
        self.forward.clear();
        let mut last = one_hot();
        for scores in &mut self.scores {
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            for score in scores.iter_mut() {
                *score = (*score - top).exp();
            }
            let mut next = [0.0; TAGS];
            for (from, row) in last.iter().zip(steps) {
                for (to, step) in next.iter_mut().zip(row) {
                    *to += from * step;
                }
            }
            for (to, score) in next.iter_mut().zip(scores.iter()) {
                *to *= score;
            }
            normalise(&mut next);
            self.forward.push(next);
            last = next;
        }
        // Behind a run stands something that is no name.
        let mut behind: PerTag = [0.0; TAGS];
        for (to, row) in behind.iter_mut().zip(steps) {
            *to = row.first().copied().unwrap_or_default();
        }
        self.likely.clear();
        self.likely.resize(self.scores.len(), [0.0; TAGS]);
        let forward = self.forward.iter().zip(&self.scores).rev();
        for ((alpha, scores), likely) in forward.zip(self.likely.iter_mut().rev()) {
            for ((to, alpha), beta) in likely.iter_mut().zip(alpha).zip(&behind) {
                *to = alpha * beta;
            }
            normalise(likely);
            let mut before = [0.0; TAGS];
            for (from, row) in before.iter_mut().zip(steps) {
                for ((step, score), beta) in row.iter().zip(scores).zip(&behind) {
                    *from += step * score * beta;
                }
            }
            normalise(&mut before);
            behind = before;
        }
    }

    /// Reads the spans off. A kind wins a token when it is likelier than `doubt` times no name.
    pub(crate) fn spans(&self, doubt: f32, mut found: impl FnMut(Span)) {
        let mut open: Option<(Span, f32)> = None;
        let mut close = |open: Option<(Span, f32)>| {
            if let Some((mut span, sum)) = open {
                span.probability = sum / u16::try_from(span.tokens.len()).map_or(f32::MAX, f32::from);
                found(span);
            }
        };
        for (at, likely) in self.likely.iter().enumerate() {
            let [none, kinds @ ..] = likely;
            let (pairs, _) = kinds.as_chunks::<2>();
            let best = ALL.into_iter().zip(pairs).max_by(|(_, a), (_, b)| (a[0] + a[1]).total_cmp(&(b[0] + b[1])));
            let Some((kind, [first, further])) = best else { continue };
            if first + further <= none * doubt {
                close(open.take());
                continue;
            }
            match &mut open {
                Some((span, sum)) if span.kind == kind && further >= first => {
                    span.tokens.end = at + 1;
                    *sum += first + further;
                }
                _ => {
                    close(open.take());
                    open = Some((Span { kind, tokens: at..at + 1, probability: 0.0 }, first + further));
                }
            }
        }
        close(open.take());
    }
}

/// Before a run stands something that is no name.
const fn one_hot() -> PerTag {
    let mut tags = [0.0; TAGS];
    tags[0] = 1.0;
    tags
}

fn normalise(values: &mut PerTag) {
    let sum: f32 = values.iter().sum();
    if sum > 0.0 {
        for value in values {
            *value /= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inside_of_a_name_follows_a_name_of_its_kind() {
        for (from, to, expected) in [
            (0, 0, true),
            (0, 1, true),
            (0, 2, false),
            (1, 2, true),
            (2, 2, true),
            (1, 4, false),
            (2, 3, true),
            (3, 4, true),
            (2, 1, true),
        ] {
            assert_eq!(may_follow(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn likelihoods_are_those_of_all_paths() {
        let steps: [PerTag; TAGS] = std::array::from_fn(|from| {
            std::array::from_fn(|to| {
                if may_follow(from, to) { 1.0 + f32::from(u8::try_from(from * 3 + to).unwrap()) / 10.0 } else { 0.0 }
            })
        });
        let raw = [
            [0.0, 1.0, 0.2, 0.5, 0.1, 0.0, 0.3],
            [0.5, 0.1, 1.2, 0.0, 0.4, 0.2, 0.0],
            [1.0, 0.0, 0.3, 0.7, 0.2, 0.1, 0.9],
        ];
        let mut lattice = Lattice { scores: raw.to_vec(), ..Lattice::default() };
        lattice.solve(&steps);
        let mut sums = [[0.0_f32; TAGS]; 3];
        for path in 0..TAGS.pow(3) {
            let tags = [path % TAGS, path / TAGS % TAGS, path / TAGS / TAGS];
            let mut weight = 1.0;
            let mut last = 0;
            for (scores, tag) in raw.iter().zip(tags) {
                weight *= steps[last][tag] * scores[tag].exp();
                last = tag;
            }
            weight *= steps[last][0];
            for (sum, tag) in sums.iter_mut().zip(tags) {
                sum[tag] += weight;
            }
        }
        for (expected, likely) in sums.iter().zip(&lattice.likely) {
            let total: f32 = expected.iter().sum();
            for (expected, likely) in expected.iter().zip(likely) {
                assert!((expected / total - likely).abs() < 1e-4, "{expected} {likely}");
            }
        }
    }
}
