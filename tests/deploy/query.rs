//! As much of `PromQL` as finds the metrics and labels that an expression names, and a page of metrics to find them on.

use std::collections::{BTreeMap, BTreeSet};

/// Labels that the scraper adds.
const SCRAPED: [&str; 2] = ["job", "instance"];

/// Words of the language that the rules use; any other word is a metric, so that a slip is found.
const WORDS: [&str; 19] = [
    "and",
    "or",
    "unless",
    "by",
    "offset",
    "sum",
    "min",
    "max",
    "rate",
    "increase",
    "delta",
    "time",
    "topk",
    "count",
    "histogram_quantile",
    "max_over_time",
    "changes",
    "without",
    "bool",
];

/// What a gateway exposes: each sample's name with its labels, and one value of it.
#[derive(Debug)]
pub(crate) struct Exposed(BTreeMap<String, (BTreeSet<String>, f64)>);

impl Exposed {
    /// Reads a page of metrics.
    pub(crate) fn read(page: &str) -> Self {
        let mut samples = BTreeMap::<String, (BTreeSet<String>, f64)>::new();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
            let entry = samples.entry(name.to_owned()).or_default();
            entry.1 = value.parse().unwrap();
            entry.0.extend(matched(labels.trim_end_matches('}')));
        }
        // Prometheus' own.
        samples.insert("up".to_owned(), (BTreeSet::new(), 1.0));
        assert!(samples.len() > 20, "{samples:?}");
        Self(samples)
    }

    /// The value of the last sample with this name.
    pub(crate) fn value(&self, name: &str) -> f64 {
        self.0.get(name).unwrap_or_else(|| panic!("no metric `{name}`")).1
    }

    /// What an expression names that is not there.
    pub(crate) fn faults(&self, expression: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let mut known: BTreeSet<String> = SCRAPED.iter().map(ToString::to_string).collect();
        let mut grouped = Vec::new();
        let mut rest = expression;
        while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '[') {
            // A number's own letters, and ranges, name nothing.
            if rest[at..].starts_with('[') {
                rest = rest[at..].split_once(']').unwrap().1;
                continue;
            }
            let before = rest[..at].chars().next_back();
            rest = &rest[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            if before.is_some_and(|c| c.is_ascii_digit()) {
                continue;
            }
            if word == "by" || word == "without" {
                let (labels, after) = rest.trim_start().strip_prefix('(').unwrap().split_once(')').unwrap();
                grouped.extend(labels.split(',').map(|label| label.trim().to_owned()));
                rest = after;
            } else if !WORDS.contains(&word) {
                let Some((labels, _)) = self.0.get(word) else {
                    faults.push(format!("no metric `{word}`"));
                    continue;
                };
                known.extend(labels.iter().cloned());
                if let Some((matchers, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                    let wrong =
                        matched(matchers).filter(|label| !labels.contains(label) && !SCRAPED.contains(&label.as_str()));
                    faults.extend(wrong.map(|label| format!("`{word}` has no label `{label}`")));
                    rest = after;
                }
            }
        }
        let wrong = grouped.into_iter().filter(|label| !known.contains(label));
        faults.extend(wrong.map(|label| format!("no label `{label}` to sum by")));
        faults
    }
}

/// Names in `name="value",other=~"value"`.
fn matched(matchers: &str) -> impl Iterator<Item = String> {
    // Every second piece between quotes is a value.
    let names = matchers.split('"').step_by(2).map(|piece| piece.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>().into_iter()
}
