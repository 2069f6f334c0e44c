//! Reports for those who answer for the processing: a month of the log as tables, in a page that prints well, or as CSV.
//!
//! Numbers come from the hourly rollups and the sets of the index, and the integrity statement from a verification of the
//! whole log: a report on a log that does not hold says so first. Months are of UTC. *Sendings* are counted, not requests: a
//! request that was tried at two backends was transferred twice.

mod french;
mod gone;
mod listed;
mod page;
mod sound;
mod transfers;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use octroi_verify::problem::Problem;
use octroi_verify::report::Report as Verified;

use super::decisions::Place;
use super::epochs::Beginning;
use super::index::{Dimension, Index, IndexError, Rollup};
use super::query::{Filter, Record, items, word};

use listed::{LISTED_MAX, Missing, listed};
use transfers::transfers;

pub use listed::{Illegible, LeftOut};
pub use page::{csv, html};
pub use sound::{Unread, of_folder};
pub use words::{Language, Text};

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Records of processing (GDPR Art. 30).
    Processing,
    /// Transfers to third countries (GDPR Chapter V).
    Transfers,
    /// Extract of the log on the use of the models (AI Act Art. 12, 19, 26).
    Models,
    /// Who read the log.
    Access,
}

/// A month of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// Reads `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        Some(Self { first: Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()? })
    }

    /// Its first moment, and that of the next month.
    pub fn bounds(self) -> Option<(Timestamp, Timestamp)> {
        let next = self.first.checked_add(jiff::Span::new().months(1)).ok()?;
        let at = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        Some((at(self.first)?, at(next)?))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// What it is about.
    pub kind: Kind,
    /// The month.
    pub month: Month,
    /// Its tables, the integrity statement first.
    pub sections: Vec<Section>,
    /// What is wrong with the log, or with the index that the tables are of.
    pub problem: Option<Problem>,
    /// The epochs of which entries that may be of the month were removed, oldest first: its counts are not complete.
    pub incomplete: Vec<Beginning>,
    /// What is of the month and is not listed, since there is more than a page takes.
    pub left_out: Vec<LeftOut>,
    /// Epochs that could not be read to their end.
    pub unread: Vec<Unread>,
    /// Entries that would be listed and cannot be read.
    pub illegible: Vec<Illegible>,
    /// Entries that the tables are of.
    pub indexed: u64,
}

/// A table, with bars where the first column is what is compared.
#[derive(Debug)]
pub struct Section {
    /// What it shows.
    pub heading: Text,
    /// Names of the columns.
    pub columns: Vec<Text>,
    /// Cells: words of the log and numbers.
    pub rows: Vec<Vec<String>>,
    /// Whether the last column is drawn as bars.
    pub bars: bool,
    /// What a reader of it must know.
    pub note: Option<Note>,
}

/// A sentence about a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Openings are listed that did not succeed, too.
    Asked,
    /// So many sendings stayed within the EEA, and are not in it.
    Stayed(u64),
}

/// Gathers a report from the indexes of a log's epochs, each with its number, oldest first and up to date, and the result of a verification.
///
/// # Errors
/// [`IndexError`]; a month beyond the calendar is reported as empty.
pub fn gather(
    kind: Kind,
    month: Month,
    indexes: &[(u32, Index)],
    verified: &Result<Vec<Verified>, Problem>,
) -> Result<Report, IndexError> {
    let (since, until) = month.bounds().unwrap_or((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
    let during = Filter { since: Some(since), until: Some(until), ..Filter::default() };
    let mut rollups = Vec::new();
    for (_, index) in indexes {
        rollups.extend(index.rollups(since, until)?);
    }
    let count = |heading, dimension, column| -> Result<Section, IndexError> {
        let rows = counted(indexes, &during, dimension)?;
        Ok(Section { heading, columns: vec![column, Text::Requests], rows, bars: true, note: None })
    };
    let mut sections = vec![sound::integrity(verified)];
    let mut missing = Missing::default();
    match kind {
        Kind::Processing => {
            sections.push(processing(&rollups));
            sections.push(transfers(&rollups));
            sections.push(exceptions(&rollups));
            sections.push(count(Text::Refusals, Dimension::Reason, Text::Reason)?);
        }
        Kind::Transfers => {
            sections.push(by(&rollups, Text::ByCountry, Text::Country, |row| row.key.country.clone()));
            sections.push(transfers(&rollups));
            sections.push(exceptions(&rollups));
            sections.push(by(&rollups, Text::ByBackend, Text::Backend, |row| row.key.backend.clone()));
            sections.push(count(Text::Refusals, Dimension::Reason, Text::Reason)?);
            sections.push(ended(indexes, (since, until), &mut missing)?);
            sections.push(count(Text::Rules, Dimension::Rule, Text::Rule)?);
            sections.push(count(Text::Marks, Dimension::Mark, Text::Mark)?);
        }
        Kind::Models => {
            sections.push(count(Text::ByModel, Dimension::Model, Text::Model)?);
            sections.push(count(Text::ByOperation, Dimension::Operation, Text::Operation)?);
            sections.push(count(Text::ByClass, Dimension::Class, Text::Class)?);
            sections.push(count(Text::Ends, Dimension::End, Text::End)?);
            sections.push(count(Text::Marks, Dimension::Mark, Text::Mark)?);
            let columns = vec![Text::Time, Text::Entry, Text::Policy, Text::InForce, Text::RefusedFor];
            let of = ("policy", &during, &mut missing);
            sections.push(listed(indexes, of, (Text::Policies, columns), |body| {
                let policy = [short(word(body, "policy")), word(body, "name").to_owned()];
                let policy: Vec<_> = policy.into_iter().filter(|word| !word.is_empty()).collect();
                vec![policy.join(" "), truth(body, "in_force"), word(body, "reason").to_owned()]
            })?);
        }
        Kind::Access => {
            sections.push(count(Text::Kinds, Dimension::Kind, Text::Kind)?);
            sections.push(accesses(indexes, &during, &mut missing)?);
        }
    }
    let mut indexed = 0_u64;
    for (_, index) in indexes {
        indexed = indexed.saturating_add(index.held()?);
    }
    let Missing { left_out, illegible } = missing;
    let (problem, incomplete, unread) = (verified.as_ref().err().cloned(), Vec::new(), Vec::new());
    Ok(Report { kind, month, sections, problem, incomplete, left_out, unread, illegible, indexed })
}

/// Who read, and what.
fn accesses(indexes: &[(u32, Index)], during: &Filter, missing: &mut Missing) -> Result<Section, IndexError> {
    let columns =
        vec![Text::Recorded, Text::Entry, Text::Asked, Text::Action, Text::Reader, Text::Keys, Text::Conditions];
    let accesses = listed(indexes, ("access", during, missing), (Text::Accesses, columns), |body| {
        let words = items(body, "words").filter_map(serde_json::Value::as_str);
        let words: Vec<&str> = words.chain(Some(word(body, "subject")).filter(|id| !id.is_empty())).collect();
        let keys = approvers(word(body, "approver"));
        let said = ["at", "action", "reader"].map(|key| word(body, key).to_owned());
        said.into_iter().chain([keys, words.join(" ")]).collect()
    })?;
    let asks = |cells: &Vec<String>| cells.get(3).is_some_and(|action| action == "reveal");
    let note = accesses.rows.iter().any(asks).then_some(Note::Asked);
    Ok(Section { note, ..accesses })
}

/// The keys with which an opening was asked for: ids of our own, digests of public keys, which name nobody by themselves.
fn approvers(said: &str) -> String {
    let keys: Vec<&str> = said.split('+').collect();
    // One share opens nothing.
    let twice = keys.len() > 1 && keys.iter().all(|key| keys.first() == Some(key));
    format!("{}{}", keys.join(", "), if twice { TWICE } else { "" })
}

/// What is said of an opening that cannot have succeeded.
const TWICE: &str = " (one key twice: not opened)";

/// How many records have each word of a dimension, over all epochs: the most frequent first.
fn counted(indexes: &[(u32, Index)], during: &Filter, dimension: Dimension) -> Result<Vec<Vec<String>>, IndexError> {
    let mut sums: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for (_, index) in indexes {
        for one in index.count(during, &[dimension])? {
            *sums.entry(one.words).or_default() += one.count;
        }
    }
    let mut counted: Vec<_> = sums.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counted.into_iter().map(|(words, count)| words.into_iter().chain([count.to_string()]).collect()).collect())
}

/// What each app does for each purpose, one recipient a row, so that no class stands beside one who did not get it. Requests
/// that were refused have a row without a recipient.
fn processing(rollups: &[Rollup]) -> Section {
    #[derive(Default)]
    struct Sum {
        sent: u64,
        refused: u64,
        classes: BTreeSet<String>,
    }
    let mut sums: BTreeMap<[String; 6], Sum> = BTreeMap::new();
    for Rollup { key, count, .. } in rollups.iter().filter(|row| row.key.exception.is_empty()) {
        let mut of = [&key.tenant, &key.app, &key.purpose, &key.backend, &key.country, &key.basis].map(String::clone);
        if key.decision == "refuse" && !key.reason.is_empty() {
            // Refusals of different kinds are of different requests: their classes are not told as those of one.
            let [_, _, _, recipient, ..] = &mut of;
            *recipient = format!("({})", key.reason);
        }
        let sum = sums.entry(of).or_default();
        if !key.class.is_empty() {
            sum.classes.insert(key.class.clone());
        } else if key.decision == "refuse" {
            sum.refused += count;
        } else {
            sum.sent += count;
        }
    }
    let rows = sums.into_iter().map(|(key, sum)| {
        let classes = sum.classes.into_iter().collect::<Vec<_>>().join(", ");
        key.into_iter().chain([classes, sum.refused.to_string(), sum.sent.to_string()]).collect()
    });
    let columns = vec![
        Text::Tenant,
        Text::App,
        Text::Purpose,
        Text::Backend,
        Text::Country,
        Text::Basis,
        Text::Classes,
        Text::Refused,
        Text::Sendings,
    ];
    Section { heading: Text::Processing, columns, rows: rows.collect(), bars: false, note: None }
}

/// What exceptions spared a rule: each with the rule, who asked, and where it went. Requests that were refused all the same
/// have a row without a recipient.
fn exceptions(rollups: &[Rollup]) -> Section {
    let mut sums: BTreeMap<[String; 6], [u64; 2]> = BTreeMap::new();
    for Rollup { key, count, .. } in rollups.iter().filter(|row| !row.key.exception.is_empty()) {
        let of = [&key.exception, &key.spared, &key.app, &key.backend, &key.country, &key.basis].map(String::clone);
        let [refused, sent] = sums.entry(of).or_default();
        *if key.decision == "refuse" { refused } else { sent } += count;
    }
    let rows = sums.into_iter().map(|(key, counts)| key.into_iter().chain(counts.map(|n| n.to_string())).collect());
    let columns = vec![
        Text::Exception,
        Text::Spared,
        Text::App,
        Text::Backend,
        Text::Country,
        Text::Basis,
        Text::Refused,
        Text::Sendings,
    ];
    Section { heading: Text::Exceptions, columns, rows: rows.collect(), bars: false, note: None }
}

fn by(rollups: &[Rollup], heading: Text, column: Text, key: impl Fn(&Rollup) -> String) -> Section {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let all = |row: &&Rollup| row.key.class.is_empty() && row.key.exception.is_empty() && !row.key.backend.is_empty();
    for row in rollups.iter().filter(all) {
        *sums.entry(key(row)).or_default() += row.count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let rows = sums.into_iter().map(|(word, count)| vec![word, count.to_string()]).collect();
    Section { heading, columns: vec![column, Text::Sendings], rows, bars: true, note: None }
}

/// Evidence that was over while a policy was in force: that of the month's policies, and of the one with which it began.
fn ended(
    indexes: &[(u32, Index)],
    (since, until): (Timestamp, Timestamp),
    missing: &mut Missing,
) -> Result<Section, IndexError> {
    let before = Filter { until: Some(since), ..Filter::default() };
    let during = Filter { since: Some(since), until: Some(until), ..Filter::default() };
    let mut rows: BTreeMap<[String; 3], (String, Place)> = BTreeMap::new();
    // A policy that was refused was not in force; what was before it stayed.
    let (mut earlier, mut policies) = (Vec::new(), Vec::new());
    for (epoch, index) in indexes {
        let numbered = |records: Vec<Record>| records.into_iter().map(|record| (*epoch, record));
        for (of, records) in [(&before, &mut earlier), (&during, &mut policies)] {
            let (legible, illegible) = index.legible(of, "policy", LISTED_MAX)?;
            records.extend(numbered(legible));
            missing.illegible(Text::Ended, *epoch, &illegible);
        }
    }
    let in_force = |(_, record): &(u32, Record)| record.of_kind("policy").any(|body| truth(body, "in_force") == "✓");
    let began = earlier.into_iter().rfind(in_force);
    for (epoch, record) in began.into_iter().chain(policies).filter(in_force) {
        for one in record.of_kind("policy").flat_map(|body| items(body, "ended")) {
            let key = ["backend", "what", "on"].map(|member| word(one, member).to_owned());
            rows.entry(key).or_insert_with(|| (record.time.clone(), Place { epoch, seq: record.seq }));
        }
    }
    let rows = rows.into_iter().map(|(key, (time, at))| key.into_iter().chain([time, at.to_string()]).collect());
    let columns = vec![Text::Backend, Text::Evidence, Text::EndedOn, Text::Time, Text::Entry];
    Ok(Section { heading: Text::Ended, columns, rows: rows.collect(), bars: false, note: None })
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn truth(body: &serde_json::Value, key: &str) -> String {
    let truth = body.get(key).and_then(serde_json::Value::as_bool);
    if truth == Some(true) { "✓" } else { "✗" }.to_owned()
}

#[cfg(test)]
mod tests;
