//! Words of a command line: times, and words of a query that the log does not hold. An empty list would read as "it never
//! happened".

use anyhow::bail;

use super::read::Query;
use crate::audit::query;
use crate::cli::meant;
use crate::policy::{Language, day};

/// Reads a time of the command line.
pub(super) fn time(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| match day(text, Language::En) {
        Ok(day) => format!("write a date, a time and its zone: {day}T00:00:00Z"),
        Err(help) => format!("write a date, a time and its zone, such as 2026-11-23T08:00:00Z; {help}"),
    })
}

/// Refuses such a word, with those that were probably meant.
pub(super) fn known(query: &Query) -> anyhow::Result<()> {
    let asked = query.names();
    if asked.iter().all(|(_, asked)| asked.is_none()) {
        return Ok(());
    }
    let dir = query.dir.display();
    let words = query::words(&query.dir).map_err(|problem| anyhow::anyhow!("the audit log in `{dir}`: {problem}"))?;
    let listed = [&words.apps, &words.classes, &words.backends, &words.countries, &words.rules, &words.exceptions];
    for ((name, asked), listed) in asked.into_iter().zip(listed) {
        if let Some(word) = asked.filter(|word| !listed.contains(*word)) {
            let meant = meant(word, listed.iter().map(String::as_str));
            bail!("no request in the log in `{dir}` has the {name} `{word}`\n  help: {meant}");
        }
    }
    Ok(())
}
