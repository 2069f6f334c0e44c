//! Who waits is served fairly: a bounded queue whose turns are shared out by weight, first between classes of work, then
//! between tenants, then between the apps of a tenant.
//!
//! Start-time fair queuing (Goyal, Vin and Cheng, 1996) on each level of a small tree: a child has a virtual time, which moves
//! by the cost of what it was given over its weight, and the child that is furthest behind comes first. One that was away
//! comes back at the time of the others, so that nobody saves up turns. Requests are not alike: what waits may fit only some
//! endpoints, so whoever has a turn and finds no use for it keeps it, and the next in the order is asked.
//!
//! ```text
//! root -> class (interactive, batch) -> tenant -> app -> line, first come first served
//! ```
//!
//! INVARIANT: at most so many wait as the bound says. A full queue gives way to whoever has less in it than its share: the
//! newest of the heaviest branch is pushed out.

use std::collections::VecDeque;

/// One step from the root to a line: whose branch, and its weight among its siblings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<K> {
    /// Whose.
    pub key: K,
    /// 1 or more.
    pub weight: u32,
}

/// The place of one that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn(u64);

/// What waits.
#[derive(Debug)]
pub struct Queue<K, T> {
    root: Node<K, T>,
    next: u64,
}

#[derive(Debug)]
struct Node<K, T> {
    weight: u64,
    /// Virtual time up to which it was served.
    served: u64,
    /// Virtual time at which its children are.
    now: u64,
    /// How many wait below it.
    count: usize,
    children: Vec<(K, Self)>,
    line: VecDeque<Waiting<T>>,
}

#[derive(Debug)]
struct Waiting<T> {
    turn: Turn,
    cost: u64,
    item: T,
}

/// Virtual time for one unit of cost at weight 1: weights up to this are told apart.
const SCALE: u64 = 1_024;
/// What one item may cost at most, so that times stay far below 2^64.
const COST_MAX: u64 = 1 << 24;

impl<K: PartialEq + Clone, T> Queue<K, T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { root: Node::new(1, 0), next: 0 }
    }

    /// How many wait.
    pub const fn len(&self) -> usize {
        self.root.count
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.root.count == 0
    }

    /// Joins the line at the end of a path, all paths of one queue being equally long; at most `bound` wait then. Gives the
    /// turn, and what was pushed out for it.
    ///
    /// # Errors
    /// The item, when the queue is full and no branch has more of it than this one's share.
    pub fn join(&mut self, path: &[Step<K>], cost: u64, item: T, bound: usize) -> Result<(Turn, Option<T>), T> {
        let mut pushed_out = None;
        if self.root.count >= bound {
            pushed_out = self.root.push_out(path);
            if pushed_out.is_none() {
                return Err(item);
            }
        }
        let turn = Turn(self.next);
        self.next = self.next.wrapping_add(1);
        self.root.join(path, Waiting { turn, cost: cost.clamp(1, COST_MAX), item });
        Ok((turn, pushed_out))
    }

    /// Leaves; `None` for one that no longer waits.
    pub fn leave(&mut self, turn: Turn) -> Option<T> {
        let left = self.root.leave(turn);
        self.rest();
        left
    }

    /// What waits at a turn.
    pub fn at(&mut self, turn: Turn) -> Option<&mut T> {
        self.root.at(turn)
    }

    /// Asks those who wait, in the order of their turns, until `take` has a use for one. That one is gone then.
    pub fn serve(&mut self, mut take: impl FnMut(&mut T) -> bool) -> bool {
        let served = self.root.serve(&mut take).is_some();
        self.rest();
        served
    }

    /// An empty queue owes nobody anything.
    fn rest(&mut self) {
        if self.is_empty() {
            self.root = Node::new(1, 0);
        }
    }
}

impl<K: PartialEq + Clone, T> Default for Queue<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq + Clone, T> Node<K, T> {
    const fn new(weight: u64, served: u64) -> Self {
        Self { weight, served, now: 0, count: 0, children: Vec::new(), line: VecDeque::new() }
    }

    fn join(&mut self, path: &[Step<K>], waiting: Waiting<T>) {
        self.count += 1;
        let Some((step, rest)) = path.split_first() else {
            self.line.push_back(waiting);
            return;
        };
        let now = self.now;
        let known = self.children.iter().position(|(key, _)| *key == step.key);
        let index = known.unwrap_or_else(|| {
            self.children.push((step.key.clone(), Self::new(1, now)));
            self.children.len() - 1
        });
        let Some((_, child)) = self.children.get_mut(index) else { return };
        child.weight = u64::from(step.weight.max(1));
        if child.count == 0 {
            child.served = child.served.max(now);
        }
        child.join(rest, waiting);
    }

    fn at(&mut self, turn: Turn) -> Option<&mut T> {
        let own = self.line.iter_mut().find(|waiting| waiting.turn == turn).map(|waiting| &mut waiting.item);
        own.or_else(|| self.children.iter_mut().find_map(|(_, child)| child.at(turn)))
    }

    fn leave(&mut self, turn: Turn) -> Option<T> {
        let own = self.line.iter().position(|waiting| waiting.turn == turn).and_then(|at| self.line.remove(at));
        let left = own.map(|waiting| waiting.item);
        let left = left.or_else(|| self.children.iter_mut().find_map(|(_, child)| child.leave(turn)))?;
        self.count -= 1;
        self.tidy();
        Some(left)
    }

    /// Serves one; gives what it cost.
    fn serve(&mut self, take: &mut dyn FnMut(&mut T) -> bool) -> Option<u64> {
        if let Some(at) = self.line.iter_mut().position(|waiting| take(&mut waiting.item)) {
            self.count -= 1;
            return self.line.remove(at).map(|waiting| waiting.cost);
        }
        let mut order: Vec<(u64, usize)> =
            self.children.iter().enumerate().map(|(at, (_, it))| (it.served, at)).collect();
        order.sort_unstable();
        for (_, at) in order {
            let Some((_, child)) = self.children.get_mut(at).filter(|(_, child)| child.count > 0) else { continue };
            let Some(cost) = child.serve(take) else { continue };
            self.now = self.now.max(child.served);
            child.served = child.served.saturating_add(cost.saturating_mul(SCALE) / child.weight);
            self.count -= 1;
            self.tidy();
            return Some(cost);
        }
        None
    }

    /// Forgets children who wait for nothing and were given no more than others.
    fn tidy(&mut self) {
        let now = self.now;
        self.children.retain(|(_, child)| child.count > 0 || child.served > now);
    }

    /// Takes out the newest of the heaviest branch, if that has more than its share beside one more on this path.
    fn push_out(&mut self, path: &[Step<K>]) -> Option<T> {
        let (step, rest) = path.split_first()?;
        let own = self.children.iter().position(|(key, _)| *key == step.key);
        let heaviest = self.heaviest()?;
        let own_then = own.and_then(|at| self.children.get(at)).map_or(0, |(_, child)| child.count).saturating_add(1);
        let (_, heavy) = self.children.get_mut(heaviest)?;
        let outweighs = (heavy.count as u64).saturating_mul(u64::from(step.weight.max(1)))
            > (own_then as u64).saturating_mul(heavy.weight);
        let gone = if own != Some(heaviest) && outweighs {
            heavy.newest()
        } else {
            // Within its own branch others may have more than their share.
            self.children.get_mut(own?)?.1.push_out(rest)
        }?;
        self.count -= 1;
        self.tidy();
        Some(gone)
    }

    fn newest(&mut self) -> Option<T> {
        let gone = match self.heaviest() {
            Some(at) => self.children.get_mut(at)?.1.newest()?,
            None => self.line.pop_back()?.item,
        };
        self.count -= 1;
        self.tidy();
        Some(gone)
    }

    /// The child with the most for its weight.
    fn heaviest(&self) -> Option<usize> {
        let waiting = self.children.iter().enumerate().filter(|(_, (_, child))| child.count > 0);
        let most = waiting.max_by(|(_, (_, one)), (_, (_, other))| {
            let of = |count: usize, weight: u64| (count as u64).saturating_mul(weight);
            of(one.count, other.weight).cmp(&of(other.count, one.weight))
        });
        most.map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests;
