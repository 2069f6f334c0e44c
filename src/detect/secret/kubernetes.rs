//! Values of a Kubernetes `Secret`: base64 under `data:`, plain under `stringData:`.
//!
//! The manifest may name its kind before or behind its data; a line of three dashes ends it.

use std::ops::Range;

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes before and behind `kind: Secret` that belong to the manifest.
const BEFORE_BYTES: usize = 600;
const AFTER_BYTES: usize = 4096;
/// Characters of a value.
const VALUE_BYTES_MIN: usize = 10;

/// Finds the values of Kubernetes secrets.
#[derive(Debug)]
pub(in crate::detect) struct Kubernetes;

impl Detector for Kubernetes {
    fn card(&self) -> Card {
        Card { id: "generic_secret", country: "*", method: "values under `data` of a Kubernetes Secret" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["kind: secret", "kind: 'secret'", "kind: \"secret\"", "kind:secret"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(start) = *mark else { return };
        let kind = page.right(start, 32, |byte| byte != b'\n' && byte != b'\r');
        let line = page.text.get(start..kind).unwrap_or_default().trim_end_matches([' ', '"', '\'']);
        if !line.to_ascii_lowercase().ends_with("secret") {
            return;
        }
        // Neither side reaches beyond the next manifest, so that no stretch is read for many.
        let from = page.text.ceil_char_boundary(start.saturating_sub(BEFORE_BYTES));
        let before = page.text.get(from..start).unwrap_or_default();
        let from = from + ["\n---", "kind:"].iter().filter_map(|bound| before.rfind(bound)).max().unwrap_or(0);
        let to = page.text.floor_char_boundary((kind + AFTER_BYTES).min(page.text.len()));
        let after = page.text.get(kind..to).unwrap_or_default();
        let to = kind + ["\n---", "kind:"].iter().filter_map(|bound| after.find(bound)).min().unwrap_or(after.len());
        values(page, from..to, report);
    }
}

/// Reports the values of every data block of a manifest.
fn values(page: &Page<'_>, manifest: Range<usize>, report: &mut Report<'_>) {
    let text = page.text.get(manifest.clone()).unwrap_or_default();
    let mut at = manifest.start;
    // The indentation of the data block that we are in.
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim();
        let indent = line.len() - line.trim_start().len();
        if matches!(body, "data:" | "stringData:") {
            block = Some(indent);
            continue;
        }
        let Some(outer) = block else { continue };
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        if indent <= outer {
            block = None;
            continue;
        }
        let value = body.split_once(": ").map_or(body, |(_, value)| value).trim().trim_matches(['"', '\'']);
        let code = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        if code
            && value.len() >= VALUE_BYTES_MIN
            && let Some(offset) = line.rfind(value)
        {
            report.push(start + offset..start + offset + value.len(), 88);
        }
    }
}
