//! `config.json` of a model of the BERT family, with every number bounded.

use serde::Deserialize;

use super::ModelError;

/// What a configuration file says, as far as the computation depends on it.
#[derive(Debug, Deserialize)]
struct Raw {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default)]
    pad_token_id: Option<usize>,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

/// How the rows of a sequence become its vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The mean of all tokens' rows.
    Mean,
    /// The first token's row.
    First,
}

/// The file that says how; other ways than these two are not computed.
#[derive(Debug, Deserialize)]
struct RawPooling {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
}

impl Pooling {
    /// Reads `1_Pooling/config.json`.
    ///
    /// # Errors
    /// Malformed JSON, a way that is not computed here, several at once.
    pub fn parse(json: &[u8]) -> Result<Self, ModelError> {
        let raw: RawPooling = serde_json::from_slice(json).map_err(|error| ModelError::Config(error.to_string()))?;
        let is_other = raw.pooling_mode_max_tokens
            || raw.pooling_mode_mean_sqrt_len_tokens
            || raw.pooling_mode_weightedmean_tokens
            || raw.pooling_mode_lasttoken;
        match (raw.pooling_mode_mean_tokens, raw.pooling_mode_cls_token, is_other) {
            (true, false, false) => Ok(Self::Mean),
            (false, true, false) => Ok(Self::First),
            _ => Err(unsupported("pooling", "other than mean or first token")),
        }
    }
}

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Values of a row.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads; `hidden / heads` is the width of one.
    pub heads: usize,
    /// Values between the two products of a layer.
    pub intermediate: usize,
    /// Rows of the table of positions.
    pub positions: usize,
    /// Position of the first token: XLM-R and its kin leave the first rows to padding.
    pub position_offset: usize,
    /// Rows of the table of words.
    pub vocabulary: usize,
    /// Rows of the table of types.
    pub types: usize,
    /// What is added to a variance.
    pub epsilon: f32,
    /// How a sequence becomes a vector.
    pub pooling: Pooling,
}

impl Config {
    /// Reads a configuration; the pooling is another file's and is the mean unless the caller says otherwise.
    ///
    /// # Errors
    /// Malformed JSON, a kind of model that is not computed here, numbers out of range.
    pub fn parse(json: &[u8]) -> Result<Self, ModelError> {
        let raw: Raw = serde_json::from_slice(json).map_err(|error| ModelError::Config(error.to_string()))?;
        let position_offset = match raw.model_type.as_str() {
            "bert" => 0,
            "xlm-roberta" | "roberta" | "camembert" => raw.pad_token_id.unwrap_or(1).saturating_add(1),
            _ => return Err(unsupported("model type", &raw.model_type)),
        };
        if raw.hidden_act != "gelu" {
            return Err(unsupported("activation", &raw.hidden_act));
        }
        if let Some(kind) = raw.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(unsupported("position embedding", &kind));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a small number is meant; its rounding is the model's own")]
        let epsilon = raw.layer_norm_eps as f32;
        let config = Self {
            hidden: bounded("hidden_size", raw.hidden_size, 1_024)?,
            layers: bounded("num_hidden_layers", raw.num_hidden_layers, 48)?,
            heads: bounded("num_attention_heads", raw.num_attention_heads, 64)?,
            intermediate: bounded("intermediate_size", raw.intermediate_size, 8_192)?,
            positions: bounded("max_position_embeddings", raw.max_position_embeddings, 16_384)?,
            position_offset,
            vocabulary: bounded("vocab_size", raw.vocab_size, 1_000_000)?,
            types: bounded("type_vocab_size", raw.type_vocab_size, 16)?,
            epsilon,
            pooling: Pooling::Mean,
        };
        let whole = config.hidden.is_multiple_of(128) && config.intermediate.is_multiple_of(128);
        let width = config.hidden / config.heads;
        if !whole || width * config.heads != config.hidden || (width != 32 && width != 64) {
            return Err(ModelError::Config("sizes that no kernel takes".to_owned()));
        }
        if !(0.0..=1e-3).contains(&config.epsilon) || config.position_offset >= config.positions {
            return Err(ModelError::Config("numbers out of range".to_owned()));
        }
        Ok(config)
    }

    /// The longest sequence, in tokens.
    pub fn length_max(&self) -> usize {
        (self.positions - self.position_offset).min(super::TOKENS_MAX)
    }

    /// Values of one attention head.
    pub fn width(&self) -> usize {
        self.hidden / self.heads
    }
}

fn bounded(name: &str, value: usize, most: usize) -> Result<usize, ModelError> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(ModelError::Config(format!("`{name}` is not within 1 to {most}")))
    }
}

fn unsupported(what: &'static str, found: &str) -> ModelError {
    ModelError::Unsupported { what, found: found.chars().take(32).collect() }
}
