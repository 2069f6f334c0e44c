//! Times as people write them for keys.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads when a key ends: a day that it includes (UTC), or a time.
///
/// # Errors
/// What should be written instead.
pub fn moment(text: &str) -> Result<Timestamp, &'static str> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let day = text.parse::<Date>().ok().and_then(|day| day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok());
    day.map(|day| day.timestamp()).ok_or("write a day such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z")
}

/// Reads a span: minutes, hours or days.
///
/// # Errors
/// What should be written instead.
pub fn span(text: &str) -> Result<SignedDuration, &'static str> {
    let seconds = [('m', 60), ('h', 3_600), ('d', 86_400)].into_iter().find_map(|(unit, seconds)| {
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        Some(i64::from(number) * seconds)
    });
    seconds.map(SignedDuration::from_secs).ok_or("write minutes, hours or days: `30m`, `24h`, `7d`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_meant() {
        for (text, time) in [
            ("2027-01-31", Some("2027-02-01T00:00:00Z")),
            ("2027-01-31T18:00:00Z", Some("2027-01-31T18:00:00Z")),
            ("2027-01-31T18:00:00+02:00", Some("2027-01-31T16:00:00Z")),
            ("2027-02-30", None),
            ("tomorrow", None),
        ] {
            assert_eq!(moment(text).ok(), time.map(|time| time.parse().unwrap()), "{text}");
        }
        for (text, seconds) in
            [("0m", Some(0)), ("24h", Some(86_400)), ("7d", Some(604_800)), ("h", None), ("-1h", None)]
        {
            assert_eq!(span(text).ok().map(|span| span.as_secs()), seconds, "{text}");
        }
    }
}
