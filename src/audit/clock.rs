//! What the kernel says of the clock that dates the entries.
//!
//! Heartbeats ask it each time. Decisions say what it said within the last second: the call takes a lock of the kernel that
//! everybody who reads the time waits for, and many requests a second would ask the same.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::committer::now;

/// How old a reading is at most.
const READ_INTERVAL: Duration = Duration::from_secs(1);
/// The words, by the number under which a reading is remembered.
const WORDS: [&str; 3] = ["unknown", "synchronised", "unsynchronised"];

/// Asks the kernel at most once a second.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    /// Milliseconds from `began` to the last reading, times four, and the number of its word; `u64::MAX` before the first.
    read: AtomicU64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { began: now(), read: AtomicU64::new(u64::MAX) }
    }

    /// `synchronised`, `unsynchronised` or `unknown`, within the last second.
    pub(super) fn state(&self) -> &'static str {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX / 8);
        let read = self.read.load(Ordering::Relaxed);
        let age = Duration::from_millis(at.saturating_sub(read / 4));
        let known = WORDS.get(usize::try_from(read % 4).unwrap_or(usize::MAX)).filter(|_| age < READ_INTERVAL);
        if let Some(word) = known {
            return word;
        }
        let (word, _) = state();
        let number = WORDS.iter().position(|known| *known == word).unwrap_or_default();
        // Two that meet here both asked: either answer is of now.
        self.read.store(at * 4 + number as u64, Ordering::Relaxed);
        word
    }
}

/// `synchronised`, `unsynchronised` or `unknown`, and the error at most in microseconds while it is synchronised.
#[cfg(target_os = "linux")]
pub(super) fn state() -> (&'static str, Option<u64>) {
    #[expect(unsafe_code, reason = "adjtimex has no safe wrapper among our dependencies")]
    // SAFETY: `timex` is plain numbers, for which zeros are valid; with `modes` 0 the call reads and changes nothing, and
    // writes within the struct that it is given.
    let (status, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    match status {
        -1 => ("unknown", None),
        libc::TIME_ERROR => ("unsynchronised", None),
        _ if timex.status & libc::STA_UNSYNC != 0 => ("unsynchronised", None),
        _ => ("synchronised", u64::try_from(timex.maxerror).ok()),
    }
}

/// Nothing is known elsewhere.
#[cfg(not(target_os = "linux"))]
pub(super) const fn state() -> (&'static str, Option<u64>) {
    ("unknown", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_said_again_for_a_second() {
        let watch = Watch::new();
        let (now, _) = state();
        assert_eq!(watch.state(), now, "before the first reading it asks");
        watch.read.store(2, Ordering::Relaxed);
        let said = watch.state();
        assert!(said == "unsynchronised" || watch.began.elapsed() >= READ_INTERVAL);
    }

    #[test]
    fn says_one_of_its_words() {
        let (word, error) = state();
        assert!(["synchronised", "unsynchronised", "unknown"].contains(&word));
        assert!(error.is_none() || word == "synchronised");
    }
}
