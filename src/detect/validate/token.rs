//! Keys and tokens without a check digit: what can be told from the characters alone.
//!
//! Placeholders of manuals (`xxxx`, `…EXAMPLE`, one character repeated) are not secrets. No entropy is computed where a
//! prefix already names the issuer: it would only lose real keys.

use super::{Candidate, Verdict};
use crate::detect::secret::value;

/// Refuses placeholders.
pub(super) fn token(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(!is_placeholder(candidate))
}

/// Refuses placeholders and values of one kind of character: a random token of 32 has digits and letters of both cases.
pub(super) fn token_mixed(candidate: &Candidate<'_>) -> Verdict {
    let has = |kind: fn(&u8) -> bool| candidate.raw.as_bytes().iter().any(kind);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    Verdict::of(mixed && !is_placeholder(candidate))
}

/// An access key id of AWS: base 32 after the prefix, not the one of the manual.
pub(super) fn aws_access_key(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(!is_placeholder(candidate) && candidate.raw.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Refuses placeholders and what is too regular to be random: three bits a byte at least.
pub(super) fn token_random(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(value::entropy(candidate.raw.as_bytes()) >= 3.0 && !is_placeholder(candidate))
}

/// Refuses placeholders and what is made of words: `hf_transformer_model_…` has the shape of a token.
pub(super) fn token_prose(candidate: &Candidate<'_>) -> Verdict {
    Verdict::of(!value::is_spoken(candidate.raw.as_bytes()) && !is_placeholder(candidate))
}

fn is_placeholder(candidate: &Candidate<'_>) -> bool {
    let mut seen = 0_u64;
    for &byte in candidate.compact {
        seen |= 1_u64.checked_shl(u32::from(byte.saturating_sub(b'0'))).unwrap_or(0);
    }
    let holds = |word: &[u8]| candidate.compact.windows(word.len()).any(|window| window == word);
    seen.count_ones() < 8
        || value::is_placeholder(candidate.raw.as_bytes())
        || holds(b"EXAMPLE")
        || holds(b"XXXXXX")
        || holds(b"YOURAPIKEY")
        || holds(b"PLACEHOLDER")
}
