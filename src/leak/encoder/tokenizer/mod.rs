//! `tokenizer.json`: text to ids, as the model was trained on them.
//!
//! What is read is BERT's kind (`WordPiece`). Anything in the file that this code does not do is an error when it is loaded:
//! ids that differ from the model's own would give vectors that mean nothing.

mod classes;
#[cfg(test)]
mod tests;
mod wordpiece;

use std::collections::HashMap;

use serde::Deserialize;

use wordpiece::{Rules, WordPiece};

use super::{ModelError, TOKENS_MAX};

/// Bytes of the file: the largest in use have 17 MB.
pub const TOKENIZER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Pieces of a vocabulary.
const PIECES_MAX: usize = 1_000_000;

#[derive(Debug, Deserialize)]
struct Raw {
    normalizer: Normalizer,
    pre_tokenizer: Kind,
    post_processor: Processor,
    model: Model,
}

#[derive(Debug, Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Debug, Deserialize)]
struct Normalizer {
    r#type: String,
    #[serde(default = "yes")]
    clean_text: bool,
    #[serde(default = "yes")]
    handle_chinese_chars: bool,
    #[serde(default)]
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    lowercase: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Processor {
    TemplateProcessing { single: Vec<Step>, special_tokens: HashMap<String, Special> },
    BertProcessing { sep: (String, u32), cls: (String, u32) },
}

#[derive(Debug, Deserialize)]
enum Step {
    SpecialToken { id: String },
    Sequence {},
}

#[derive(Debug, Deserialize)]
struct Special {
    ids: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct Model {
    r#type: String,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

/// Text to ids.
#[derive(Debug)]
pub struct Tokenizer {
    words: WordPiece,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Tokenizer {
    /// Reads the file, for a model that knows `vocabulary` ids.
    ///
    /// # Errors
    /// Malformed JSON, a kind of tokenizer that is not done here, ids that the model does not know.
    pub fn parse(json: &[u8], vocabulary: usize) -> Result<Self, ModelError> {
        if json.len() > TOKENIZER_BYTES_MAX {
            return Err(ModelError::Tokenizer("the file is too long"));
        }
        let raw: Raw =
            serde_json::from_slice(json).map_err(|_| ModelError::Tokenizer("not the file of a BERT tokenizer"))?;
        for (found, known) in [
            (&raw.normalizer.r#type, "BertNormalizer"),
            (&raw.pre_tokenizer.r#type, "BertPreTokenizer"),
            (&raw.model.r#type, "WordPiece"),
        ] {
            if found != known {
                let found = found.chars().take(96).collect();
                return Err(ModelError::Unsupported { what: "tokenizer part", found });
            }
        }
        if raw.model.vocab.len() > PIECES_MAX || raw.model.vocab.values().any(|id| *id as usize >= vocabulary) {
            return Err(ModelError::Tokenizer("the vocabulary is not the model's"));
        }
        let unknown = raw.model.vocab.get(&raw.model.unk_token).copied();
        let rules = Rules {
            clean: raw.normalizer.clean_text,
            ideographs: raw.normalizer.handle_chinese_chars,
            strip_accents: raw.normalizer.strip_accents.unwrap_or(raw.normalizer.lowercase),
            lower: raw.normalizer.lowercase,
            word_max: raw.model.max_input_chars_per_word,
            unknown: unknown.ok_or(ModelError::Tokenizer("the unknown piece is not in the vocabulary"))?,
        };
        let pieces = raw.model.vocab.iter().map(|(piece, id)| (piece.as_str(), *id));
        let words = WordPiece::new(rules, &raw.model.continuing_subword_prefix, pieces)?;
        let (before, after) = frame(raw.post_processor)?;
        let known = before.iter().chain(&after).all(|id| (*id as usize) < vocabulary);
        if !known || before.len() + after.len() > 16 {
            return Err(ModelError::Tokenizer("the frame of a text is not the model's"));
        }
        Ok(Self { words, before, after })
    }

    /// The ids of a text with what stands before and after it, at most `most` in all.
    pub fn encode(&self, text: &str, most: usize) -> Vec<u32> {
        let mut ids = self.before.clone();
        let room = most.min(TOKENS_MAX).saturating_sub(self.before.len() + self.after.len());
        self.words.encode(text, room, &mut ids);
        ids.extend_from_slice(&self.after);
        ids
    }
}

/// The ids before and after a text.
fn frame(processor: Processor) -> Result<(Vec<u32>, Vec<u32>), ModelError> {
    let (single, special) = match processor {
        Processor::BertProcessing { sep, cls } => return Ok((vec![cls.1], vec![sep.1])),
        Processor::TemplateProcessing { single, special_tokens } => (single, special_tokens),
    };
    let (mut before, mut after, mut is_past) = (Vec::new(), Vec::new(), false);
    for step in single {
        match step {
            Step::Sequence {} if is_past => return Err(ModelError::Tokenizer("the frame repeats the text")),
            Step::Sequence {} => is_past = true,
            Step::SpecialToken { id } => {
                let ids =
                    &special.get(&id).ok_or(ModelError::Tokenizer("the frame names a token that is not there"))?.ids;
                if is_past { after.extend(ids) } else { before.extend(ids) }
            }
        }
    }
    if is_past { Ok((before, after)) } else { Err(ModelError::Tokenizer("the frame lacks the text")) }
}
