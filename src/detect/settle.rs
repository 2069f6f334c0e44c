//! Settles what overlaps: leaves out what a stronger finding explains, and what is one of our own pseudonyms. It never leaves out
//! the data of somebody because they stand within a secret.

use std::ops::Range;

use super::page::Hit;
use crate::model::finding::SURELY;
use crate::model::pseudonym::is_code;

/// How much surer one of two findings of the same bytes must be to explain the other away. What is nearly as likely stays:
/// policy must see that it may be either.
const MARGIN: u8 = 10;

/// What the type of a detector brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bears {
    /// No class of data: a URL, a place.
    Nothing,
    /// Secrets and nothing else.
    Secret,
    /// Another class.
    Data,
}

/// Sorts hits by place, longest first, and removes doubles and what a stronger hit explains.
///
/// A hit is explained by one that holds it and is at least as sure (a SIREN within a SIRET, a host within a URL), and by one of
/// the same bytes that is clearly surer. What brings no class of data holds what does (the e-mail address or the secret within
/// the URL) without explaining it. Nor does a secret explain whose data it holds (the login of a connection string, the claims
/// of a token): it is one value, and they are found over the whole of it, for what is left of it would tell them.
pub(super) fn settle(hits: &mut Vec<Hit>, bears: impl Fn(u16) -> Bears) {
    sort(hits);
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    // Hits that reach beyond where we are. Few: a hit is at most as long as its detector's bound.
    let mut open: Vec<Hit> = Vec::new();
    let mut widened = false;
    for mut hit in hits.drain(..) {
        open.retain(|other| other.range.end > hit.range.start);
        let data = bears(hit.detector) == Bears::Data;
        let tells = |other: &Hit| data && hit.confidence >= SURELY && bears(other.detector) == Bears::Secret;
        let explained = open.iter().any(|other| {
            let apart = bears(hit.detector) != Bears::Nothing && bears(other.detector) == Bears::Nothing;
            !(apart && other.range != hit.range || tells(other)) && explains(other, &hit)
        });
        if explained {
            continue;
        }
        let whole = open.iter().find(|other| tells(other) && holds(other, &hit)).map(|other| other.range.clone());
        if open.len() < OPEN_MAX {
            open.push(hit.clone());
        }
        if let Some(whole) = whole {
            widened = true;
            hit.range = whole;
        }
        kept.push(hit);
    }
    *hits = kept;
    if widened {
        sort(hits);
        hits.dedup_by(|hit, before| (&hit.range, hit.detector) == (&before.range, before.detector));
    }
}

/// By place, the longest first; of the same bytes the surest.
fn sort(hits: &mut [Hit]) {
    hits.sort_by(|a, b| {
        (a.range.start, b.range.end, b.confidence, a.detector).cmp(&(
            b.range.start,
            a.range.end,
            a.confidence,
            b.detector,
        ))
    });
}

/// Overlapping hits that are compared with the next; it keeps the pass linear whatever the text.
const OPEN_MAX: usize = 32;

fn holds(outer: &Hit, hit: &Hit) -> bool {
    outer.range.start <= hit.range.start && hit.range.end <= outer.range.end
}

fn explains(stronger: &Hit, hit: &Hit) -> bool {
    if !holds(stronger, hit) {
        return false;
    }
    if stronger.range == hit.range {
        return stronger.detector == hit.detector || stronger.confidence >= hit.confidence.saturating_add(MARGIN);
    }
    stronger.detector == hit.detector || stronger.confidence >= hit.confidence
}

/// Whether a range is one of our own pseudonyms or lies within one: `TYPE_` and eight characters of base32, any brackets.
pub(super) fn is_pseudonym(text: &str, range: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let is_token = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    // Brackets at either end belong to the token.
    let inner = text.get(range.clone()).unwrap_or_default();
    // Nearly every finding has a small letter, or something between two letters or digits that no token has.
    let mut spoken = inner.bytes().skip_while(|byte| !byte.is_ascii_alphanumeric()).skip_while(is_token);
    if spoken.any(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let trimmed = inner.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let behind = inner.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let start = range.start + inner.len() - behind.len();
    let end = start + trimmed.len();
    let before =
        bytes.get(..start).unwrap_or_default().iter().rev().take(TOKEN_BYTES_MAX).take_while(|b| is_token(b)).count();
    let after = bytes.get(end..).unwrap_or_default().iter().take(TOKEN_BYTES_MAX).take_while(|b| is_token(b)).count();
    let Some(token) = text.get(start - before..end + after) else { return false };
    let Some((kind, code)) = token.rsplit_once('_') else { return false };
    is_code(code.as_bytes())
        && kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Bytes of a pseudonym.
const TOKEN_BYTES_MAX: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(detector: u16, range: Range<usize>, confidence: u8) -> Hit {
        Hit { detector, range, confidence }
    }

    #[test]
    fn rows() {
        for (name, mut hits, expected) in [
            ("a SIREN within a SIRET", vec![hit(1, 0..9, 90), hit(2, 0..14, 97)], vec![hit(2, 0..14, 97)]),
            ("surer within", vec![hit(1, 4..9, 99), hit(2, 0..14, 60)], vec![hit(2, 0..14, 60), hit(1, 4..9, 99)]),
            ("same bytes, clear", vec![hit(1, 0..9, 55), hit(2, 0..9, 90)], vec![hit(2, 0..9, 90)]),
            ("same bytes, close", vec![hit(1, 0..9, 85), hit(2, 0..9, 90)], vec![hit(2, 0..9, 90), hit(1, 0..9, 85)]),
            ("side by side", vec![hit(1, 5..9, 85), hit(1, 0..5, 90)], vec![hit(1, 0..5, 90), hit(1, 5..9, 85)]),
            ("overlap", vec![hit(1, 0..6, 85), hit(2, 4..9, 90)], vec![hit(1, 0..6, 85), hit(2, 4..9, 90)]),
            ("double", vec![hit(1, 0..6, 85), hit(1, 0..6, 60)], vec![hit(1, 0..6, 85)]),
            ("a host within a URL", vec![hit(9, 8..14, 60), hit(8, 0..20, 97)], vec![hit(8, 0..20, 97)]),
            ("mail in a URL", vec![hit(1, 8..14, 97), hit(8, 0..20, 97)], vec![hit(8, 0..20, 97), hit(1, 8..14, 97)]),
            (
                "two of one type in a secret",
                vec![hit(1, 8..14, 97), hit(6, 0..20, 99), hit(1, 2..6, 80)],
                vec![hit(6, 0..20, 99), hit(1, 0..20, 97)],
            ),
            (
                "a SIREN within a SIRET in a secret",
                vec![hit(1, 2..11, 90), hit(2, 2..16, 97), hit(6, 0..20, 99)],
                vec![hit(6, 0..20, 99), hit(2, 0..20, 97)],
            ),
            ("noise in a secret", vec![hit(1, 8..14, 60), hit(6, 0..20, 99)], vec![hit(6, 0..20, 99)]),
            ("a secret in a secret", vec![hit(7, 8..14, 97), hit(6, 0..20, 99)], vec![hit(6, 0..20, 99)]),
        ] {
            settle(&mut hits, |detector| match detector {
                0..6 => Bears::Data,
                6..8 => Bears::Secret,
                _ => Bears::Nothing,
            });
            assert_eq!(hits, expected, "{name}");
        }
    }

    #[test]
    fn pseudonyms() {
        for (text, part, expected) in [
            ("to <EMAIL_K7Q2M9F3> now", "<EMAIL_K7Q2M9F3>", true),
            ("to [NATIONAL_ID_1A3B5C78]", "1A3B5C78", true),
            ("PERSON_ABCDEF9H", "PERSON_ABCDEF9H", false),
            ("PERSON_ABCD5FGH", "PERSON_ABCD5FGH", true),
            ("PERSON_ABCD5FGI", "PERSON_ABCD5FGI", false),
            ("CLIENT_BERTRAND", "BERTRAND", false),
            ("TEL_20123456", "20123456", false),
            ("PASSPORT_P1234567", "P1234567", false),
            ("card 4111111111111111", "4111111111111111", false),
            ("CARD_4111111111111111", "4111111111111111", false),
        ] {
            let start = text.find(part).unwrap();
            assert_eq!(is_pseudonym(text, &(start..start + part.len())), expected, "{text}");
        }
    }
}
