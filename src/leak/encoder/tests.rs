//! Hostile files, and vectors against a plain computation.
#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small constants")]

use serde_json::json;

use super::samples::{HEADS, HIDDEN, PLACES, WORDS, config, file};
use super::*;
use crate::leak::simd::Path;

fn parsed(config: &serde_json::Value) -> Result<Config, ModelError> {
    Config::parse(&serde_json::to_vec(config).unwrap())
}

fn weights() -> Weights {
    Weights::load(&Tensors::parse(&file()).unwrap(), parsed(&config()).unwrap()).unwrap()
}

/// The model in f64 as its definition says, one sequence at a time.
mod plain {
    use super::*;

    fn product(row: &[f64], layer: &Product) -> Vec<f64> {
        let rows = layer.weight.chunks_exact(layer.inputs).zip(&layer.bias);
        rows.map(|(weights, bias)| {
            weights.iter().zip(row).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias)
        })
        .collect()
    }

    fn normalised(row: &[f64], norm: &Norm) -> Vec<f64> {
        let mean = row.iter().sum::<f64>() / HIDDEN as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / HIDDEN as f64;
        let each = row.iter().zip(norm.scale.iter().zip(&norm.shift));
        each.map(|(x, (scale, shift))| (x - mean) / (variance + 1e-12).sqrt() * f64::from(*scale) + f64::from(*shift))
            .collect()
    }

    /// The error function by its series, exact to f64 for the sizes that occur.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..120 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    pub(super) fn vector(model: &Weights, ids: &[u32]) -> Vec<f64> {
        let at = |table: &[f32], row: usize, i: usize| f64::from(table[row * HIDDEN + i]);
        let mut rows: Vec<Vec<f64>> = ids
            .iter()
            .enumerate()
            .map(|(place, id)| {
                let sum = |i| at(&model.words, *id as usize, i) + at(&model.places, place, i) + at(&model.types, 0, i);
                normalised(&(0..HIDDEN).map(sum).collect::<Vec<_>>(), &model.norm)
            })
            .collect();
        for layer in &model.layers {
            let qkv: Vec<Vec<f64>> = rows.iter().map(|row| product(row, &layer.attention)).collect();
            let width = HIDDEN / HEADS;
            let mut mixed = vec![vec![0.0; HIDDEN]; rows.len()];
            for head in 0..HEADS {
                let part = |row: usize, kind: usize| &qkv[row][kind * HIDDEN + head * width..][..width];
                for (row, mixed) in mixed.iter_mut().enumerate() {
                    let dot = |other| part(row, 0).iter().zip(part(other, 1)).map(|(q, k)| q * k).sum::<f64>();
                    let powers: Vec<f64> =
                        (0..rows.len()).map(|other| (dot(other) / (width as f64).sqrt()).exp()).collect();
                    let total: f64 = powers.iter().sum();
                    for (other, power) in powers.iter().enumerate() {
                        for (i, value) in part(other, 2).iter().enumerate() {
                            mixed[head * width + i] += power / total * value;
                        }
                    }
                }
            }
            for (row, mixed) in rows.iter_mut().zip(mixed) {
                let add = |row: &[f64], more: Vec<f64>| row.iter().zip(more).map(|(x, y)| x + y).collect::<Vec<_>>();
                let first = normalised(&add(row, product(&mixed, &layer.output)), &layer.first_norm);
                let middle = product(&first, &layer.up);
                let middle: Vec<f64> = middle.iter().map(|x| 0.5 * x * (1.0 + erf(x / 2.0_f64.sqrt()))).collect();
                *row = normalised(&add(&first, product(&middle, &layer.down)), &layer.second_norm);
            }
        }
        let sums: Vec<f64> = (0..HIDDEN).map(|i| rows.iter().map(|row| row[i]).sum()).collect();
        let length = sums.iter().map(|x| x * x).sum::<f64>().sqrt();
        sums.iter().map(|x| x / length).collect()
    }
}

#[test]
fn every_path_computes_what_the_definition_says() {
    let model = weights();
    let mut batch = Batch::new();
    let sequences: Vec<Vec<u32>> =
        [1_u32, 2, 7, 9, 24].iter().map(|len| (0..*len).map(|i| (i * 7 + len) % WORDS as u32).collect()).collect();
    for ids in &sequences {
        batch.push(ids).unwrap();
    }
    for path in Path::available() {
        let vectors = Encoder::with(&model, path, false).encode(&batch).unwrap();
        assert_eq!(vectors.len(), sequences.len());
        for (found, ids) in vectors.iter().zip(&sequences) {
            let exact = plain::vector(&model, ids);
            let apart = found.iter().zip(&exact).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(apart < 2e-6, "{}: {} tokens are {apart} apart", path.name(), ids.len());
        }
    }
}

#[test]
fn bytes_stay_near_the_exact_vectors_and_are_the_same_with_all_instructions() {
    let model = weights();
    let mut batch = Batch::new();
    for length in [1_u32, 5, 24] {
        batch.push(&(0..length).map(|at| at * 5 % WORDS as u32).collect::<Vec<_>>()).unwrap();
    }
    let exact = Encoder::new(&model).encode(&batch).unwrap();
    for path in Path::available() {
        let found = Encoder::with(&model, path, true).encode(&batch).unwrap();
        for (exact, found) in exact.iter().zip(&found) {
            let cosine: f32 = exact.iter().zip(found).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.999, "{}: {cosine}", path.name());
        }
    }
}

#[test]
fn what_does_not_fit_the_model_is_an_error() {
    let encoder = Encoder::new(&weights());
    for ids in [vec![WORDS as u32], vec![0; PLACES + 1], vec![u32::MAX]] {
        let mut batch = Batch::new();
        batch.push(&ids).unwrap();
        assert_eq!(encoder.encode(&batch), Err(ModelError::Input));
    }
    assert_eq!(Batch::new().push(&[]), Err(ModelError::Input));
    assert_eq!(Batch::new().push(&vec![0; TOKENS_MAX + 1]), Err(ModelError::Input));
    assert_eq!(encoder.encode(&Batch::new()), Ok(Vec::new()));
}

#[test]
fn a_hostile_configuration_is_refused() {
    assert!(parsed(&config()).is_ok());
    for (key, value) in [
        ("hidden_size", json!(0)),
        ("hidden_size", json!(100)),
        ("hidden_size", json!(u64::MAX)),
        ("num_hidden_layers", json!(49)),
        ("num_attention_heads", json!(3)),
        ("intermediate_size", json!(1_u64 << 40)),
        ("max_position_embeddings", json!(0)),
        ("vocab_size", json!(u64::MAX)),
        ("type_vocab_size", json!(0)),
        ("layer_norm_eps", json!(-1.0)),
        ("layer_norm_eps", json!(1e300)),
        ("hidden_act", json!("relu")),
        ("model_type", json!("gpt2")),
        ("position_embedding_type", json!("relative_key")),
    ] {
        let mut changed = config();
        changed[key] = value.clone();
        assert!(parsed(&changed).is_err(), "{key}: {value}");
    }
    assert!(Config::parse(b"{").is_err());
}

#[test]
fn a_hostile_file_of_weights_is_refused() {
    let with = |table: &str, data: usize| {
        let mut file = (table.len() as u64).to_le_bytes().to_vec();
        file.extend(table.as_bytes());
        file.resize(file.len() + data, 0);
        file
    };
    for (name, file) in [
        ("nothing", Vec::new()),
        ("no table", vec![9, 0, 0, 0, 0, 0, 0, 0]),
        ("a table of 2^64 bytes", vec![0xFF; 64]),
        ("no JSON", with("{", 0)),
        ("outside the data", with(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7)),
        ("backwards", with(r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}}"#, 8)),
        ("another length", with(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8)),
        (
            "a shape that overflows",
            with(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
        ),
        ("negative", with(r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}"#, 0)),
        ("no tensor", with(r#"{"a":7}"#, 0)),
    ] {
        assert!(Tensors::parse(&file).is_err(), "{name}");
    }
    let nan = f32::NAN.to_le_bytes();
    let mut file = with(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 0);
    file.extend(nan);
    assert!(Tensors::parse(&file).unwrap().values("a", &[1]).is_err());
    // Cut anywhere, the file of a whole model is an error, not a crash.
    let whole = self::file();
    for cut in (0..whole.len()).step_by(whole.len() / 97) {
        let tensors = Tensors::parse(&whole[..cut]);
        assert!(tensors.is_err(), "cut at {cut}");
    }
}

#[test]
fn a_missing_or_misshapen_tensor_is_named() {
    let model = file();
    let tensors = Tensors::parse(&model).unwrap();
    let mut wider = config();
    wider["vocab_size"] = json!(WORDS + 1);
    let shape = Weights::load(&tensors, parsed(&wider).unwrap()).unwrap_err();
    assert_eq!(shape, ModelError::Shape("embeddings.word_embeddings.weight".to_owned()));
    let mut deeper = config();
    deeper["num_hidden_layers"] = json!(3);
    assert!(
        matches!(Weights::load(&tensors, parsed(&deeper).unwrap()), Err(ModelError::Missing(name)) if name.contains("layer.2"))
    );
}

#[test]
fn bytes_of_a_vector_are_rounded_half_to_even() {
    assert_eq!(quantised(&[1.0, -1.0, 0.5 / 127.0, 1.5 / 127.0, -0.5 / 127.0, 3.0]), [127, -127, 0, 2, 0, 127]);
}
