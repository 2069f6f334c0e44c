//! The weights of a model by what they do, from tensors by their names.

use super::{Config, ModelError, Tensors};

/// A linear layer: `outputs x inputs` row-major as stored, and what is added.
#[derive(Debug, Clone)]
pub struct Product {
    /// Values of a result.
    pub outputs: usize,
    /// Values of an operand.
    pub inputs: usize,
    /// `outputs x inputs`.
    pub weight: Vec<f32>,
    /// `outputs`.
    pub bias: Vec<f32>,
}

/// Scale and shift of a normalised row.
#[derive(Debug, Clone)]
pub struct Norm {
    /// Factor of each value.
    pub scale: Vec<f32>,
    /// What is then added.
    pub shift: Vec<f32>,
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Queries, keys and values of all heads, one below the other.
    pub attention: Product,
    /// From the heads back to a row.
    pub output: Product,
    /// After attention.
    pub first_norm: Norm,
    /// To the wide middle.
    pub up: Product,
    /// And back.
    pub down: Product,
    /// After that.
    pub second_norm: Norm,
}

/// All weights.
#[derive(Debug, Clone)]
pub struct Weights {
    /// What they are shaped by.
    pub config: Config,
    /// `vocabulary x hidden`.
    pub words: Vec<f32>,
    /// `positions x hidden`.
    pub places: Vec<f32>,
    /// `types x hidden`.
    pub types: Vec<f32>,
    /// After the embedding.
    pub norm: Norm,
    /// From first to last.
    pub layers: Vec<Layer>,
}

impl Weights {
    /// Takes the tensors of a configuration. Names may carry the model's own prefix.
    ///
    /// # Errors
    /// A tensor that lacks or has another shape.
    pub fn load(tensors: &Tensors<'_>, config: Config) -> Result<Self, ModelError> {
        let word = "embeddings.word_embeddings.weight";
        let prefixes = ["", "bert.", "roberta.", "model.", "0.auto_model."];
        let prefix = prefixes.iter().find(|prefix| tensors.has(&format!("{prefix}{word}")));
        let prefix = *prefix.ok_or_else(|| ModelError::Missing(word.to_owned()))?;
        let (hidden, middle) = (config.hidden, config.intermediate);
        let table =
            |name: &str, rows: usize| tensors.values(&format!("{prefix}embeddings.{name}.weight"), &[rows, hidden]);
        let norm = |name: &str| -> Result<Norm, ModelError> {
            let part = |kind: &str| tensors.values(&format!("{prefix}{name}.LayerNorm.{kind}"), &[hidden]);
            Ok(Norm { scale: part("weight")?, shift: part("bias")? })
        };
        let product = |name: &str, outputs: usize, inputs: usize| -> Result<Product, ModelError> {
            let weight = tensors.values(&format!("{prefix}{name}.weight"), &[outputs, inputs])?;
            Ok(Product { outputs, inputs, weight, bias: tensors.values(&format!("{prefix}{name}.bias"), &[outputs])? })
        };
        let layer = |number: usize| -> Result<Layer, ModelError> {
            let at = format!("encoder.layer.{number}");
            let mut attention = product(&format!("{at}.attention.self.query"), hidden, hidden)?;
            for part in ["key", "value"] {
                let part = product(&format!("{at}.attention.self.{part}"), hidden, hidden)?;
                attention.outputs += hidden;
                attention.weight.extend(part.weight);
                attention.bias.extend(part.bias);
            }
            Ok(Layer {
                attention,
                output: product(&format!("{at}.attention.output.dense"), hidden, hidden)?,
                first_norm: norm(&format!("{at}.attention.output"))?,
                up: product(&format!("{at}.intermediate.dense"), middle, hidden)?,
                down: product(&format!("{at}.output.dense"), hidden, middle)?,
                second_norm: norm(&format!("{at}.output"))?,
            })
        };
        Ok(Self {
            words: table("word_embeddings", config.vocabulary)?,
            places: table("position_embeddings", config.positions)?,
            types: table("token_type_embeddings", config.types)?,
            norm: norm("embeddings")?,
            layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?,
            config,
        })
    }
}
