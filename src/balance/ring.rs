//! Home by hash: each endpoint stands at several points of a ring, and a conversation's home is the next point behind its hash.
//!
//! When an endpoint comes or goes, only the conversations next to its points move (Karger et al., 1997). With the bound on the
//! load, which sends on to the next point, this is consistent hashing with bounded loads (Mirrokni, Thorup and
//! Zadimoghaddam, 2018). Every gateway that knows the same endpoints finds the same home, with nothing shared.

use super::random::mixed;

/// Points of one endpoint.
const POINTS: u64 = 48;

/// The ring: positions in ascending order, each with the slot of its endpoint.
#[derive(Debug, Default)]
pub(super) struct Ring(Vec<(u64, u32)>);

impl Ring {
    /// Places endpoints by their ids.
    pub(super) fn new(endpoints: impl Iterator<Item = (u32, u64)>) -> Self {
        let mut points: Vec<_> = endpoints
            .flat_map(|(slot, id)| (0..POINTS).map(move |point| (mixed(id ^ mixed(point.wrapping_add(1))), slot)))
            .collect();
        points.sort_unstable();
        Self(points)
    }

    /// The endpoints behind a hash, nearest first; one may come several times.
    pub(super) fn behind(&self, key: u64) -> impl Iterator<Item = u32> {
        let at = self.0.partition_point(|(position, _)| *position < key);
        let (before, behind) = self.0.split_at_checked(at).unwrap_or((&[], &[]));
        behind.iter().chain(before).map(|(_, slot)| *slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_conversations_move_when_an_endpoint_goes() {
        let all = Ring::new((0..10).map(|slot| (slot, u64::from(slot) + 100)));
        let fewer = Ring::new((0..9).map(|slot| (slot, u64::from(slot) + 100)));
        let home = |ring: &Ring, key: u64| ring.behind(mixed(key)).next().unwrap();
        let moved = (0..2_000).filter(|key| home(&all, *key) != 9 && home(&all, *key) != home(&fewer, *key)).count();
        assert_eq!(moved, 0, "only the conversations of the one that went");
        for slot in 0..10 {
            let count = (0..2_000).filter(|key| home(&all, *key) == slot).count();
            assert!((80..400).contains(&count), "{slot}: {count}");
        }
    }
}
