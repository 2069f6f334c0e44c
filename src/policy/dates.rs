//! Dates as people write them: `27/06/2027`, `6.27.2027`, a day that there is not. Each is told how it is written, and is taken for
//! what it probably is.

use jiff::civil::Date;

use super::parser::folded;
use super::phrase::Language;
use super::text::{Text, say};

/// A date as it stands on a command line.
///
/// # Errors
/// How it is written, in one sentence.
pub fn day(written: &str, language: Language) -> Result<Date, String> {
    let told = |help: Text| help.said(language);
    if let Some(date) = spelled(written) {
        return Err(told(date));
    }
    written.trim().parse().map_err(|_| {
        let dated = written.split(['/', '-', '.']).filter(|part| part.trim().parse::<u64>().is_ok()).count() == 3;
        told(if dated { meant(written.trim()).help } else { say!("a date is year-month-day: 2027-06-30") })
    })
}

/// How a date with the name of its month is written: `30 avril 2027`, `April 30, 2027`.
pub(super) fn spelled(written: &str) -> Option<Text> {
    let date = in_words(written);
    let named = date.is_some() || with_month(written).is_some();
    named.then(|| match date {
        Some(date) => say!("write {}: a date is year-month-day", date.to_string()),
        None => say!("a date is year-month-day: 2027-06-30"),
    })
}

/// The date that names its month, or the end of a month or year.
pub(super) fn in_words(written: &str) -> Option<Date> {
    if let Some(end) = end_of(written) {
        return Some(end);
    }
    let (month, numbers) = with_month(written)?;
    in_month(month, &numbers)
}

/// The last day of what is said to end: `the end of 2027`, `fin juin 2027`.
fn end_of(written: &str) -> Option<Date> {
    let said = folded(written);
    let behind = ENDS.iter().find_map(|end| said.strip_prefix(end)?.strip_prefix(' '))?;
    let year = behind.rsplit(' ').next()?.parse::<u64>().ok().filter(|year| *year >= 1_000)?;
    let is_year = behind.split(' ').count() == 1;
    let month = if is_year { 12 } else { with_month(behind).filter(|(_, numbers)| numbers.len() == 1)?.0 };
    date(year, month, 1).map(Date::last_of_month)
}

/// Words for the end of a month or year, folded, the longest first.
const ENDS: [&str; 7] = ["the end of", "end of", "la fin de", "fin de", "la fin", "fin", "end"];

fn in_month(month: u64, numbers: &[u64]) -> Option<Date> {
    let (years, days): (Vec<u64>, Vec<u64>) = numbers.iter().partition(|number| **number >= 1_000);
    years.first().zip(days.first()).and_then(|(year, day)| date(*year, month, *day))
}

/// The month that is named, and the numbers beside it.
fn with_month(written: &str) -> Option<(u64, Vec<u64>)> {
    let words: Vec<String> =
        folded(written).split_whitespace().map(|word| word.trim_matches([',', '.']).to_owned()).collect();
    let month = words.iter().find_map(|word| {
        let begins =
            |name: &&str| word.len() >= 3 && word.chars().all(char::is_alphabetic) && name.starts_with(word.as_str());
        MONTHS.iter().zip(1..).find(|(names, _)| names.iter().any(begins)).map(|(_, month)| month)
    })?;
    let numbers =
        words.iter().filter_map(|word| word.trim_end_matches(|c: char| c.is_alphabetic()).parse::<u64>().ok());
    Some((month, numbers.collect()))
}

/// The months, in the languages of sheets, folded.
const MONTHS: [[&str; Language::ALL.len()]; 12] = [
    ["january", "janvier"],
    ["february", "fevrier"],
    ["march", "mars"],
    ["april", "avril"],
    ["may", "mai"],
    ["june", "juin"],
    ["july", "juillet"],
    ["august", "aout"],
    ["september", "septembre"],
    ["october", "octobre"],
    ["november", "novembre"],
    ["december", "decembre"],
];

/// What a number or date that is written otherwise was probably meant for.
pub(super) struct Meant {
    /// What is wrong.
    pub(super) message: Text,
    /// How it is written.
    pub(super) help: Text,
    /// The date, where it is one.
    pub(super) date: Option<Date>,
    /// The number, where it is no date.
    pub(super) number: u64,
}

/// Reads digits with dots, slashes and dashes between them that are neither a number nor a date.
pub(super) fn meant(written: &str) -> Meant {
    let parts: Vec<u64> = written.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let (year_month_day, dates): ([u64; 3], Vec<Option<Date>>) = match *parts.as_slice() {
        [first, second, year] if year >= 1_000 => {
            ([year, second, first], vec![date(year, second, first), date(year, first, second)])
        }
        [year, month, day] if year >= 1_000 => ([year, month, day], vec![date(year, month, day)]),
        _ => ([0; 3], Vec::new()),
    };
    let dates: Vec<Date> = dates.into_iter().flatten().collect();
    let number = parts.first().copied().unwrap_or(0);
    let message = say!("this is neither a number nor a date");
    match *dates.as_slice() {
        [one, other] if one != other => {
            let help = say!("write {} or {}: a date is year-month-day", one.to_string(), other.to_string());
            Meant { message, help, date: Some(one), number }
        }
        [one, ..] => {
            let help = say!("write {}: a date is year-month-day", one.to_string());
            Meant { message, help, date: Some(one), number }
        }
        [] => {
            let Some((help, near)) = no_such_day(year_month_day) else {
                let help = say!("write a whole number, or a date as year-month-day: 2027-06-30");
                return Meant { message, help, date: None, number };
            };
            Meant { message: say!("there is no day {}", written), help, date: Some(near), number }
        }
    }
}

fn date(year: u64, month: u64, day: u64) -> Option<Date> {
    format!("{year:04}-{month:02}-{day:02}").parse::<Date>().ok()
}

/// What to say of a day that there is not, and the day to go on with; nothing for what is no date at all.
fn no_such_day([year, month, day]: [u64; 3]) -> Option<(Text, Date)> {
    if year < 1_000 {
        return None;
    }
    match date(year, month, 1).filter(|_| (1..=31).contains(&day)).map(Date::last_of_month) {
        Some(last) => Some((say!("the last day of that month is {}", last.to_string()), last)),
        None => Some((say!("a date is year-month-day: 2027-06-30"), date(year, 1, 1)?)),
    }
}
