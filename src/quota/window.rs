//! What is counted over which time.

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Requests of a minute.
    RequestsMinute,
    /// Tokens of requests of a minute.
    InputMinute,
    /// Tokens of answers of a minute.
    OutputMinute,
    /// Tokens of requests of a day.
    InputDay,
    /// Tokens of answers of a day.
    OutputDay,
    /// Money of a month.
    MoneyMonth,
    /// Requests at once.
    Concurrent,
}

impl What {
    /// The word in keys of stores and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestsMinute => "requests_minute",
            Self::InputMinute => "input_tokens_minute",
            Self::OutputMinute => "output_tokens_minute",
            Self::InputDay => "input_tokens_day",
            Self::OutputDay => "output_tokens_day",
            Self::MoneyMonth => "money_month",
            Self::Concurrent => "concurrent",
        }
    }

    /// What a client is told.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::RequestsMinute => "requests per minute",
            Self::InputMinute => "input tokens per minute",
            Self::OutputMinute => "output tokens per minute",
            Self::InputDay => "input tokens per day",
            Self::OutputDay => "output tokens per day",
            Self::MoneyMonth => "money per month",
            Self::Concurrent => "requests at once",
        }
    }

    /// Whether it is of a minute.
    pub(super) const fn is_of_a_minute(self) -> bool {
        matches!(self, Self::RequestsMinute | Self::InputMinute | Self::OutputMinute)
    }

    /// Whether it counts tokens of a minute.
    pub(super) fn is_tokens(self) -> bool {
        matches!(self, Self::InputMinute | Self::OutputMinute)
    }
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Time for which a place among requests at once is held without being renewed: a gateway that died gives its places back.
pub(super) const LEASE_MS: i64 = 60_000;
/// Time for which a counter is kept behind the end of its window: the window after it looks back at it.
pub(super) const KEPT_MS: i64 = 120_000;
/// Parts of a whole.
const WHOLE: u64 = 1000;

/// The window of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its number: minutes or days since the epoch, months since year 0, 0 for what has no window.
    pub number: i64,
    /// When it ends, in milliseconds since the epoch.
    pub ends_ms: i64,
    /// When it began.
    pub begins_ms: i64,
    /// How many thousandths of the window before count too.
    pub before: u64,
    /// Whether it counts who is there now, and nothing over time.
    pub held: bool,
}

impl Window {
    /// The window of `what` at an instant in milliseconds since the epoch.
    pub fn at(what: What, now_ms: i64) -> Self {
        match what {
            What::RequestsMinute | What::InputMinute | What::OutputMinute => {
                let (number, gone) = (now_ms.div_euclid(MINUTE_MS), now_ms.rem_euclid(MINUTE_MS));
                let before = u64::try_from(MINUTE_MS - gone).unwrap_or(0) * WHOLE / 60_000;
                Self { number, begins_ms: number * MINUTE_MS, ends_ms: (number + 1) * MINUTE_MS, before, held: false }
            }
            What::InputDay | What::OutputDay => {
                let number = now_ms.div_euclid(DAY_MS);
                Self { number, begins_ms: number * DAY_MS, ends_ms: (number + 1) * DAY_MS, before: 0, held: false }
            }
            What::MoneyMonth => month(now_ms),
            What::Concurrent => {
                Self { number: 0, begins_ms: now_ms, ends_ms: now_ms + LEASE_MS, before: 0, held: true }
            }
        }
    }

    /// What counts as used.
    pub(super) const fn used(&self, current: u64, previous: u64) -> u64 {
        current.saturating_add(previous.saturating_mul(self.before) / WHOLE)
    }

    /// Milliseconds until nothing is used any more, if nothing more is taken.
    pub(super) fn reset_ms(&self, now_ms: i64, previous: u64) -> u64 {
        let rest = u64::try_from(self.ends_ms - now_ms).unwrap_or(0);
        if self.held {
            0
        } else if self.before > 0 || previous > 0 {
            // What is taken in this minute counts for a part of the next.
            rest + 60_000
        } else {
            rest
        }
    }

    /// Milliseconds until so much can be taken, if nothing else is.
    pub(super) fn wait_ms(&self, now_ms: i64, (current, previous): (u64, u64), (limit, amount): (u64, u64)) -> u64 {
        if self.held {
            return 1000;
        }
        let rest = u64::try_from(self.ends_ms - now_ms).unwrap_or(0);
        if self.before == 0 || amount > limit {
            return rest;
        }
        let free = limit - amount;
        if current <= free {
            // The part of the minute before that may still count: free - current of previous.
            let allowed = ((free - current) * 60_000).checked_div(previous).unwrap_or(60_000);
            return rest.saturating_sub(allowed);
        }
        // In the next minute this one is the one before.
        let allowed = (free * 60_000).checked_div(current).unwrap_or(60_000);
        rest + 60_000_u64.saturating_sub(allowed)
    }
}

/// A month of UTC.
fn month(now_ms: i64) -> Window {
    let unknown = Window { number: 0, begins_ms: i64::MIN, ends_ms: i64::MAX, before: 0, held: false };
    let Ok(now) = jiff::Timestamp::from_millisecond(now_ms) else { return unknown };
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = date.first_of_month();
    let next = first.checked_add(jiff::Span::new().months(1)).and_then(|next| next.to_zoned(jiff::tz::TimeZone::UTC));
    let (Ok(first), Ok(next)) = (first.to_zoned(jiff::tz::TimeZone::UTC), next) else { return unknown };
    Window {
        number: i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
        begins_ms: first.timestamp().as_millisecond(),
        ends_ms: next.timestamp().as_millisecond(),
        before: 0,
        held: false,
    }
}
