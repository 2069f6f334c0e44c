//! How a text is written before it is cut into pieces, step by step as the tokenizer's file lists them.

use regex_syntax::hir::{Class as Set, HirKind};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::charsmap::CharsMap;
use crate::leak::encoder::ModelError;

/// Steps of a file.
const STEPS_MAX: usize = 16;

/// A step as the file says it.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum RawNormal {
    BertNormalizer {
        #[serde(default = "yes")]
        clean_text: bool,
        #[serde(default = "yes")]
        handle_chinese_chars: bool,
        #[serde(default)]
        strip_accents: Option<bool>,
        #[serde(default = "yes")]
        lowercase: bool,
    },
    Sequence {
        normalizers: Vec<Self>,
    },
    Precompiled {
        precompiled_charsmap: Option<String>,
    },
    Nmt,
    #[serde(rename = "NFC")]
    Nfc,
    #[serde(rename = "NFKC")]
    Nfkc,
    Lowercase,
    Strip {
        strip_left: bool,
        strip_right: bool,
    },
    Replace {
        pattern: RawPattern,
        content: String,
    },
    #[serde(other)]
    Other,
}

/// What is replaced.
#[derive(Debug, Deserialize)]
pub(super) enum RawPattern {
    String(String),
    Regex(String),
}

fn yes() -> bool {
    true
}

#[derive(Debug)]
enum Step {
    CharsMap(Box<CharsMap>),
    Nmt,
    Nfc,
    Nfkc,
    Lower,
    Strip {
        left: bool,
        right: bool,
    },
    /// Two blanks and more become this.
    Blanks(String),
    Replace {
        from: String,
        to: String,
    },
}

/// The steps.
#[derive(Debug, Default)]
pub(super) struct Normal {
    steps: Vec<Step>,
}

impl Normal {
    /// Reads the steps.
    ///
    /// # Errors
    /// A step that is not done here, too many of them, a table that is malformed.
    pub(super) fn new(raw: Option<RawNormal>) -> Result<Self, ModelError> {
        let mut normal = Self::default();
        if let Some(raw) = raw {
            normal.add(raw)?;
        }
        Ok(normal)
    }

    fn add(&mut self, raw: RawNormal) -> Result<(), ModelError> {
        if self.steps.len() >= STEPS_MAX {
            return Err(ModelError::Tokenizer("too many steps of normalisation"));
        }
        let step = match raw {
            RawNormal::Sequence { normalizers } => return normalizers.into_iter().try_for_each(|raw| self.add(raw)),
            RawNormal::Precompiled { precompiled_charsmap: None } => return Ok(()),
            RawNormal::Precompiled { precompiled_charsmap: Some(map) } => {
                Step::CharsMap(Box::new(CharsMap::new(&map)?))
            }
            RawNormal::Nmt => Step::Nmt,
            RawNormal::Nfc => Step::Nfc,
            RawNormal::Nfkc => Step::Nfkc,
            RawNormal::Lowercase => Step::Lower,
            RawNormal::Strip { strip_left: left, strip_right: right } => Step::Strip { left, right },
            RawNormal::Replace { pattern: RawPattern::Regex(regex), content } if regex == " {2,}" => {
                Step::Blanks(content)
            }
            RawNormal::Replace { pattern: RawPattern::String(from), content } if !from.is_empty() => {
                Step::Replace { from, to: content }
            }
            RawNormal::BertNormalizer { .. } | RawNormal::Replace { .. } | RawNormal::Other => {
                return Err(ModelError::Unsupported {
                    what: "tokenizer part",
                    found: "a step of normalisation".to_owned(),
                });
            }
        };
        self.steps.push(step);
        Ok(())
    }

    /// A text as it is cut into pieces.
    pub(super) fn of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for step in &self.steps {
            text = match step {
                Step::CharsMap(map) => map.of(&text),
                Step::Nmt => text.chars().filter(|c| !is_dropped(*c)).map(spaced).collect(),
                Step::Nfc | Step::Nfkc if text.is_ascii() => text,
                Step::Nfc => text.nfc().collect(),
                Step::Nfkc => text.nfkc().collect(),
                Step::Lower => text.chars().flat_map(char::to_lowercase).collect(),
                Step::Strip { left, right } => {
                    let cut = if *left { text.trim_start() } else { &text };
                    let cut = if *right { cut.trim_end() } else { cut };
                    cut.to_owned()
                }
                Step::Blanks(to) => blanks(&text, to),
                Step::Replace { from, to } => text.replace(from.as_str(), to),
            };
        }
        text
    }
}

/// Control characters that the training data of translation systems was cleaned of.
fn is_dropped(c: char) -> bool {
    matches!(u32::from(c), 0x01..=0x08 | 0x0B | 0x0E..=0x1F | 0x7F | 0x8F | 0x9F)
}

/// What counts as a blank there.
fn spaced(c: char) -> char {
    match u32::from(c) {
        0x09 | 0x0A | 0x0C | 0x0D | 0x1680 | 0x200B..=0x200F | 0x2028 | 0x2029 | 0x2581 | 0xFEFF | 0xFFFD => ' ',
        _ => c,
    }
}

/// Replaces runs of two blanks and more.
fn blanks(text: &str, to: &str) -> String {
    if !text.contains("  ") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("  ") {
        let (before, run) = rest.split_at(at);
        out.push_str(before);
        out.push_str(to);
        rest = run.trim_start_matches(' ');
    }
    out.push_str(rest);
    out
}

/// Whether a character goes on with the one before it: what people see as one sign.
#[derive(Debug)]
pub(super) struct Joined(Vec<(u32, u32)>);

impl Joined {
    pub(super) fn new() -> Result<Self, ModelError> {
        let fault = || ModelError::Tokenizer("the tables of characters");
        let parsed = regex_syntax::parse(r"[\p{gcb=Extend}\p{gcb=SpacingMark}\p{gcb=ZWJ}]").map_err(|_| fault())?;
        match parsed.kind() {
            HirKind::Class(Set::Unicode(set)) => {
                Ok(Self(set.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()))
            }
            _ => Err(fault()),
        }
    }

    pub(super) fn goes_on(&self, c: char) -> bool {
        let code = u32::from(c);
        code >= 0x300 && {
            let at = self.0.partition_point(|(_, last)| *last < code);
            self.0.get(at).is_some_and(|(first, _)| *first <= code)
        }
    }
}
