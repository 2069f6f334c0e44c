//! `tokenizer.json`: text to ids, as the model was trained on them.
//!
//! What is read is BERT's kind (`WordPiece`) and that of XLM-R and its kin (`Unigram`). Anything in the file that this code does
//! not do is an error when it is loaded: ids that differ from the model's own would give vectors that mean nothing. What reads
//! like a special token of the model is text here: it came from outside.

mod charsmap;
mod classes;
mod normal;
#[cfg(test)]
mod tests;
mod tree;
mod unigram;
mod wordpiece;

use std::collections::HashMap;

use serde::Deserialize;

use normal::{Normal, RawNormal};
use unigram::{Cut, Prepended, Unigram};
use wordpiece::{Rules, WordPiece};

use super::{ModelError, TOKENS_MAX};

/// Bytes of the file: the largest in use have 17 MB.
pub const TOKENIZER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Pieces of a vocabulary.
const PIECES_MAX: usize = 1_000_000;
/// Bytes of a text for each token that is asked for: what lies behind is not looked at.
const BYTES_PER_TOKEN: usize = 256;

#[derive(Debug, Deserialize)]
struct Raw {
    normalizer: Option<RawNormal>,
    pre_tokenizer: Option<RawCut>,
    post_processor: Processor,
    model: RawModel,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Debug, Deserialize)]
struct Added {
    content: String,
}

/// How words are cut out of a text.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum RawCut {
    BertPreTokenizer,
    WhitespaceSplit,
    Metaspace {
        replacement: char,
        #[serde(default)]
        prepend_scheme: Option<Scheme>,
        #[serde(default)]
        add_prefix_space: Option<bool>,
        #[serde(default)]
        split: Option<bool>,
    },
    Sequence {
        pretokenizers: Vec<Self>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scheme {
    Always,
    First,
    Never,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Processor {
    #[serde(rename = "TemplateProcessing")]
    Template { single: Vec<Step>, special_tokens: HashMap<String, Special> },
    #[serde(rename = "BertProcessing", alias = "RobertaProcessing")]
    Pair { sep: (String, u32), cls: (String, u32) },
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
#[serde(tag = "type")]
enum RawModel {
    WordPiece {
        unk_token: String,
        continuing_subword_prefix: String,
        max_input_chars_per_word: usize,
        vocab: HashMap<String, u32>,
    },
    Unigram {
        unk_id: Option<u32>,
        vocab: Vec<(String, f64)>,
        #[serde(default)]
        byte_fallback: bool,
    },
    #[serde(other)]
    Other,
}

/// Text to ids.
#[derive(Debug)]
pub struct Tokenizer {
    kind: Kind,
    before: Vec<u32>,
    after: Vec<u32>,
}

#[derive(Debug)]
enum Kind {
    Words(WordPiece),
    Likeliest(Normal, Box<Unigram>),
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
            serde_json::from_slice(json).map_err(|_| ModelError::Tokenizer("not the file of a tokenizer"))?;
        let kind = match raw.model {
            RawModel::WordPiece { unk_token, continuing_subword_prefix, max_input_chars_per_word, vocab } => {
                if vocab.len() > PIECES_MAX || vocab.values().any(|id| *id as usize >= vocabulary) {
                    return Err(ModelError::Tokenizer("the vocabulary is not the model's"));
                }
                let unknown = vocab.get(&unk_token).copied();
                let unknown = unknown.ok_or(ModelError::Tokenizer("the unknown piece is not in the vocabulary"))?;
                let rules =
                    rules(raw.normalizer.as_ref(), raw.pre_tokenizer.as_ref(), (max_input_chars_per_word, unknown))?;
                let pieces = vocab.iter().map(|(piece, id)| (piece.as_str(), *id));
                Kind::Words(WordPiece::new(rules, &continuing_subword_prefix, pieces)?)
            }
            RawModel::Unigram { unk_id, vocab, byte_fallback: false } => {
                if vocab.len() > PIECES_MAX.min(vocabulary) {
                    return Err(ModelError::Tokenizer("the vocabulary is not the model's"));
                }
                let unknown = unk_id.filter(|id| (*id as usize) < vocab.len());
                let unknown = unknown.ok_or(ModelError::Tokenizer("the unknown piece is not in the vocabulary"))?;
                let special: Vec<String> = raw.added_tokens.into_iter().map(|added| added.content).collect();
                let pieces = Unigram::new(cut(raw.pre_tokenizer)?, &vocab, unknown, &special)?;
                Kind::Likeliest(Normal::new(raw.normalizer)?, Box::new(pieces))
            }
            RawModel::Unigram { .. } => return Err(unsupported("a fall back to bytes")),
            RawModel::Other => return Err(unsupported("a model of pieces that is neither WordPiece nor Unigram")),
        };
        let (before, after) = frame(raw.post_processor)?;
        let known = before.iter().chain(&after).all(|id| (*id as usize) < vocabulary);
        if !known || before.len() + after.len() > 16 {
            return Err(ModelError::Tokenizer("the frame of a text is not the model's"));
        }
        Ok(Self { kind, before, after })
    }

    /// The ids of a text with what stands before and after it, at most `most` in all.
    pub fn encode(&self, text: &str, most: usize) -> Vec<u32> {
        let mut ids = self.before.clone();
        let room = most.min(TOKENS_MAX).saturating_sub(self.before.len() + self.after.len());
        match &self.kind {
            Kind::Words(words) => words.encode(text, room, &mut ids),
            Kind::Likeliest(normal, pieces) => {
                let text = text.get(..text.floor_char_boundary(room * BYTES_PER_TOKEN)).unwrap_or(text);
                pieces.encode(&normal.of(text), room, &mut ids);
            }
        }
        ids.extend_from_slice(&self.after);
        ids
    }
}

fn unsupported(found: &str) -> ModelError {
    ModelError::Unsupported { what: "tokenizer part", found: found.to_owned() }
}

/// What a file says about BERT's words.
fn rules(
    normal: Option<&RawNormal>,
    cut: Option<&RawCut>,
    (word_max, unknown): (usize, u32),
) -> Result<Rules, ModelError> {
    let Some(RawCut::BertPreTokenizer) = cut else { return Err(unsupported("a way to cut words other than BERT's")) };
    match normal {
        Some(RawNormal::BertNormalizer { clean_text, handle_chinese_chars, strip_accents, lowercase }) => Ok(Rules {
            clean: *clean_text,
            ideographs: *handle_chinese_chars,
            strip_accents: strip_accents.unwrap_or(*lowercase),
            lower: *lowercase,
            word_max,
            unknown,
        }),
        _ => Err(unsupported("a normalisation other than BERT's")),
    }
}

/// What a file says about words for a unigram model.
fn cut(raw: Option<RawCut>) -> Result<Cut, ModelError> {
    let other = || unsupported("a way to cut words other than at blanks");
    let (at_white_space, meta) = match raw.ok_or_else(other)? {
        RawCut::Sequence { pretokenizers } => {
            let mut each = pretokenizers.into_iter();
            match (each.next(), each.next(), each.next()) {
                (Some(RawCut::WhitespaceSplit), Some(meta), None) => (true, meta),
                (Some(meta), None, None) => (false, meta),
                _ => return Err(other()),
            }
        }
        meta => (false, meta),
    };
    let RawCut::Metaspace { replacement, prepend_scheme, add_prefix_space, split } = meta else { return Err(other()) };
    let prepended = match (prepend_scheme, add_prefix_space) {
        (Some(Scheme::Never), _) | (None, Some(false)) => Prepended::Never,
        (Some(Scheme::First), _) => Prepended::First,
        (Some(Scheme::Always) | None, _) => Prepended::Always,
    };
    Ok(Cut { at_white_space, blank: replacement, prepended, is_split: split.unwrap_or(true) })
}

/// The ids before and after a text.
fn frame(processor: Processor) -> Result<(Vec<u32>, Vec<u32>), ModelError> {
    let (single, special) = match processor {
        Processor::Pair { sep, cls } => return Ok((vec![cls.1], vec![sep.1])),
        Processor::Template { single, special_tokens } => (single, special_tokens),
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
