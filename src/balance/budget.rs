//! The retry budget: a tenth of what is asked, and a little for quiet hours, so that a sick tier is not made sicker.

use super::Micros;

/// What is left of the budget. Counted in tenths of a retry.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    tenths: u64,
    at: Micros,
}

/// Retries that may be saved up.
const SAVED_MAX: u64 = 100;
/// Retries at the beginning.
const AT_FIRST: u64 = 10;
/// Microseconds after which one more is given, whatever is asked.
const ONE_EACH: Micros = 1_000_000;

impl Retries {
    /// A budget from now on.
    pub const fn new(now: Micros) -> Self {
        Self { tenths: AT_FIRST * 10, at: now }
    }

    /// A request begins: a tenth of a retry is earned.
    pub fn earn(&mut self, now: Micros) {
        let whole = now.saturating_sub(self.at) / ONE_EACH;
        self.at = self.at.saturating_add(whole.saturating_mul(ONE_EACH));
        self.tenths = self.tenths.saturating_add(whole.saturating_mul(10)).saturating_add(1).min(SAVED_MAX * 10);
    }

    /// Takes one retry, if one is left.
    pub const fn take(&mut self) -> bool {
        match self.tenths.checked_sub(10) {
            Some(left) => {
                self.tenths = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_what_is_asked_is_retried() {
        let mut retries = Retries::new(0);
        let mut taken = 0;
        for _ in 0..10_000 {
            retries.earn(0);
            taken += usize::from(retries.take());
        }
        assert!((1_000..=1_010).contains(&taken), "{taken}");
    }

    #[test]
    fn a_quiet_hour_gives_some() {
        let mut retries = Retries::new(0);
        while retries.take() {}
        retries.earn(5_000_000);
        let left = std::iter::from_fn(|| retries.take().then_some(())).count();
        assert_eq!(left, 5);
        retries.earn(u64::MAX);
        let saved = std::iter::from_fn(|| retries.take().then_some(())).count();
        assert_eq!(u64::try_from(saved).unwrap(), SAVED_MAX);
    }
}
