//! What the kernel says of the clock that dates the entries.

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
    #[test]
    fn says_one_of_its_words() {
        let (word, error) = super::state();
        assert!(["synchronised", "unsynchronised", "unknown"].contains(&word));
        assert!(error.is_none() || word == "synchronised");
    }
}
