//! The cores of this machine, as comparisons take them: each has one, and those that lie idle where its corpus is large.
//!
//! All comparisons together compute on as many threads as there are cores, so that requests at one time cannot multiply them. A
//! helper looks before each piece of work whether another comparison waits for a core, and leaves its own to it. Who computed a
//! piece changes nothing of what is found; a helper that is lost to a panic makes the whole an error, never a piece left out.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Builder, ScopedJoinHandle};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::space::JudgeError;
use crate::limits;

/// Cores that comparisons share.
#[derive(Debug, Clone)]
pub struct Cores {
    places: Arc<Semaphore>,
    /// Comparisons that have no core yet.
    waiting: Arc<AtomicUsize>,
    /// Windows of a corpus from which on helpers are worth their start.
    windows_min: usize,
}

/// A core that is taken; given back when dropped.
#[derive(Debug)]
pub struct Core {
    _place: OwnedSemaphorePermit,
}

impl Cores {
    /// So many cores.
    pub fn new(cores: usize) -> Self {
        let places = Arc::new(Semaphore::new(cores.min(Semaphore::MAX_PERMITS)));
        Self { places, waiting: Arc::default(), windows_min: limits::LEAK_SHARED_WINDOWS_MIN }
    }

    /// Those of this machine.
    pub fn of_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// Those of this machine beside the one that the caller computes on.
    pub fn beside_this() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, NonZero::get) - 1)
    }

    /// None: the caller computes alone.
    pub fn none() -> Self {
        Self::new(0)
    }

    /// The same cores, shared by corpora of any size.
    #[cfg(test)]
    pub(super) fn for_any_size(self) -> Self {
        Self { windows_min: 0, ..self }
    }

    /// Waits for a core.
    pub async fn take(&self) -> Option<Core> {
        let _waits = Waits::new(&self.waiting);
        // The semaphore is never closed.
        Arc::clone(&self.places).acquire_owned().await.ok().map(|place| Core { _place: place })
    }

    /// Cores that nobody has.
    pub fn idle(&self) -> usize {
        self.places.available_permits()
    }

    /// A core that lies idle, unless somebody waits.
    fn spare(&self) -> Option<Core> {
        if self.is_wanted() {
            return None;
        }
        Arc::clone(&self.places).try_acquire_owned().ok().map(|place| Core { _place: place })
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Does pieces of work, numbered from 0, on this core and, in a corpus of so many `windows`, on those that lie idle. Each
    /// thread that takes part begins with nothing and hands over what it made, in no order; each piece is done once.
    ///
    /// # Errors
    /// The first of a piece, when `stop` says so (it is asked before each piece of this thread), or when a thread is lost.
    pub fn share<T: Default + Send>(
        &self,
        (pieces, windows): (usize, usize),
        work: &(impl Fn(usize, &mut T) -> Result<(), JudgeError> + Sync),
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<T>, JudgeError> {
        let shared = Shared { pieces, next: AtomicUsize::new(0), is_over: AtomicBool::new(false) };
        let helpers_max = if windows < self.windows_min { 0 } else { limits::LEAK_THREADS_MAX - 1 };
        std::thread::scope(|scope| {
            // Helpers end at their next piece whatever ends this thread's work, a panic too.
            let _over = Over(&shared.is_over);
            let mut helpers: Vec<ScopedJoinHandle<'_, Result<T, JudgeError>>> = Vec::new();
            let mut own = T::default();
            while let Some(piece) = shared.take() {
                if stop() {
                    return Err(JudgeError::Stopped);
                }
                if shared.is_worth_help()
                    && helpers.iter().filter(|helper| !helper.is_finished()).count() < helpers_max
                    && let Some(core) = self.spare()
                {
                    let shared = &shared;
                    let help = move || {
                        let _core = core;
                        self.help(shared, work)
                    };
                    // Where the system gives no thread this one goes on alone.
                    helpers.extend(Builder::new().name("leak-helper".to_owned()).spawn_scoped(scope, help));
                }
                work(piece, &mut own)?;
            }
            let mut made = vec![own];
            for helper in helpers {
                made.push(helper.join().map_err(|_| JudgeError::Lost)??);
            }
            Ok(made)
        })
    }

    /// A helper's part: as long as there is work, and nobody waits for the core.
    fn help<T: Default>(
        &self,
        shared: &Shared,
        work: &(impl Fn(usize, &mut T) -> Result<(), JudgeError> + Sync),
    ) -> Result<T, JudgeError> {
        let mut made = T::default();
        while !self.is_wanted()
            && let Some(piece) = shared.take()
        {
            work(piece, &mut made).inspect_err(|_| shared.is_over.store(true, Ordering::Relaxed))?;
        }
        Ok(made)
    }
}

/// Work that several threads do.
struct Shared {
    pieces: usize,
    next: AtomicUsize,
    is_over: AtomicBool,
}

impl Shared {
    /// A piece that nobody did yet.
    fn take(&self) -> Option<usize> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        Some(self.next.fetch_add(1, Ordering::Relaxed)).filter(|piece| *piece < self.pieces)
    }

    /// Whether a piece is left for somebody else.
    fn is_worth_help(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.pieces
    }
}

/// Ends the work of all when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Somebody who waits for a core; who gives up waits no more.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::*;

    fn is_helper() -> bool {
        thread::current().name() == Some("leak-helper")
    }

    #[test]
    fn each_piece_is_done_once_whoever_does_it() {
        for (cores, pieces) in [(0, 0), (0, 5), (1, 1), (1, 100), (2, 1000), (6, 1000)] {
            let cores = Cores::new(cores).for_any_size();
            let work = |piece: usize, made: &mut Vec<usize>| {
                made.push(piece);
                Ok(())
            };
            let mut done = cores.share((pieces, 1), &work, &|| false).unwrap().concat();
            done.sort_unstable();
            assert_eq!(done, (0..pieces).collect::<Vec<_>>());
        }
        let cores = Cores::new(3);
        let work = |_: usize, own: &mut bool| {
            *own = is_helper();
            Ok(())
        };
        let small = (100, limits::LEAK_SHARED_WINDOWS_MIN - 1);
        assert_eq!(cores.share(small, &work, &|| false), Ok(vec![false]), "a small corpus is one thread's");
        assert_eq!(cores.idle(), 3);
    }

    #[test]
    fn a_helper_that_is_lost_is_an_error() {
        let (cores, both) = (Cores::new(1).for_any_size(), Barrier::new(2));
        let began = Mutex::new(false);
        let work = |_: usize, own: &mut bool| {
            if !std::mem::replace(own, true) {
                both.wait();
            }
            *began.lock().unwrap() |= is_helper();
            assert!(!is_helper(), "a helper is lost (this panic is meant)");
            Ok(())
        };
        assert_eq!(cores.share((10, 1), &work, &|| false), Err(JudgeError::Lost));
        assert!(began.into_inner().unwrap());
        assert_eq!(cores.idle(), 1, "its core is free again");
    }

    #[test]
    fn errors_and_being_told_to_stop_end_the_work() {
        let cores = Cores::new(1).for_any_size();
        let fails = |piece: usize, (): &mut ()| if piece == 3 { Err(JudgeError::Stopped) } else { Ok(()) };
        assert_eq!(cores.share((10, 1), &fails, &|| false), Err(JudgeError::Stopped));
        assert_eq!(cores.share((10, 1), &|_, (): &mut ()| Ok(()), &|| true), Err(JudgeError::Stopped));
    }

    #[test]
    fn a_helper_leaves_its_core_to_who_waits() {
        let (cores, both, held) = (Cores::new(1).for_any_size(), Barrier::new(2), Mutex::new(None));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let runtime = Mutex::new(runtime);
        let work = |_: usize, done: &mut (bool, usize)| {
            if done.1 == 0 {
                both.wait();
                if is_helper() {
                    while !cores.is_wanted() {
                        thread::yield_now();
                    }
                } else {
                    *held.lock().unwrap() = runtime.lock().unwrap().block_on(cores.take());
                }
            }
            *done = (is_helper(), done.1 + 1);
            Ok(())
        };
        let done = cores.share((100, 1), &work, &|| false).unwrap();
        assert_eq!(done, [(false, 99), (true, 1)]);
        assert!(held.into_inner().unwrap().is_some());
    }
}
