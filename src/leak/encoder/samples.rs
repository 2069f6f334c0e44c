//! A small model for tests: the same numbers each time.

use serde_json::json;

pub(in crate::leak) const HIDDEN: usize = 128;
pub(in crate::leak) const HEADS: usize = 4;
const MIDDLE: usize = 256;
pub(in crate::leak) const WORDS: usize = 40;
pub(in crate::leak) const PLACES: usize = 24;

pub(in crate::leak) fn config() -> serde_json::Value {
    json!({
        "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": 2, "num_attention_heads": HEADS,
        "intermediate_size": MIDDLE, "max_position_embeddings": PLACES, "vocab_size": WORDS, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu",
    })
}

/// Names and shapes of all tensors of the model above.
fn shapes() -> Vec<(String, Vec<usize>)> {
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![WORDS, HIDDEN]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![PLACES, HIDDEN]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, HIDDEN]),
    ];
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..2 {
        let at = format!("encoder.layer.{layer}");
        for (name, outputs, inputs) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", MIDDLE, HIDDEN),
            ("output.dense", HIDDEN, MIDDLE),
        ] {
            shapes.push((format!("{at}.{name}.weight"), vec![outputs, inputs]));
            shapes.push((format!("{at}.{name}.bias"), vec![outputs]));
        }
        norms.extend([format!("{at}.attention.output.LayerNorm"), format!("{at}.output.LayerNorm")]);
    }
    for norm in norms {
        shapes.push((format!("{norm}.weight"), vec![HIDDEN]));
        shapes.push((format!("{norm}.bias"), vec![HIDDEN]));
    }
    shapes
}

/// A file of weights: the same numbers each time, small enough that no softmax is a single one.
pub(in crate::leak) fn file() -> Vec<u8> {
    let (mut table, mut data) = (serde_json::Map::new(), Vec::new());
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for (name, shape) in shapes() {
        let start = data.len();
        for _ in 0..shape.iter().product::<usize>() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let value = f32::from(i16::from_le_bytes([state.to_le_bytes()[3], state.to_le_bytes()[4]])) / 200_000.0;
            let value = if name.ends_with("LayerNorm.weight") { 1.0 + value } else { value };
            data.extend_from_slice(&value.to_le_bytes());
        }
        table.insert(name, json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}));
    }
    let table = serde_json::to_vec(&table).unwrap();
    let mut file = (table.len() as u64).to_le_bytes().to_vec();
    file.extend(table);
    file.extend(data);
    file
}

/// The files of a model of these weights, with a tokenizer of some words and of single letters.
pub(in crate::leak) fn files() -> Vec<(&'static str, Vec<u8>)> {
    let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "plant", "board", "closes", "ab", "c", "d", "."];
    let vocabulary: serde_json::Map<_, _> =
        pieces.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), json!(id))).collect();
    let tokenizer = json!({
        "normalizer": {"type": "BertNormalizer"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    vec![
        ("config.json", serde_json::to_vec(&config()).unwrap()),
        ("model.safetensors", file()),
        ("tokenizer.json", serde_json::to_vec(&tokenizer).unwrap()),
    ]
}

/// The model itself.
pub(in crate::leak) fn encoder() -> super::Encoder {
    let config = super::Config::parse(&serde_json::to_vec(&config()).unwrap()).unwrap();
    super::Encoder::quick(&super::Weights::load(&super::Tensors::parse(&file()).unwrap(), config).unwrap())
}
