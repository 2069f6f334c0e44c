//! `POST /v1/embeddings` of the demonstration server: vectors that depend on the input alone.
//!
//! Each run of three bytes of the input adds one to a place that its hash names, with a sign that its hash names, and the
//! sum is brought to length one. Equal texts have equal vectors and similar texts have near ones, which is what a client
//! that tries retrieval against the demonstration expects to see. The meaning of the text plays no part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::model_question::{Ask, Fault};
use super::model_reply::Reply;

/// Answers an embedding request.
pub(super) fn answer(ask: &Ask<'_>, body: &Value) -> Result<Reply, Fault> {
    let model = ask.model(body)?;
    let dimensions = dimensions(body)?;
    let inputs = inputs(body)?;
    let packed = match body.get("encoding_format").and_then(Value::as_str) {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(Fault::invalid("encoding_format", "`encoding_format` must be `float` or `base64`")),
    };
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let vector = embed(input, dimensions);
            let embedding = if packed { json!(pack(&vector)) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let usage = ask.usage(0);
    Ok(Reply::json(json!({
        "object": "list", "model": model, "data": data,
        "usage": {"prompt_tokens": usage.input, "total_tokens": usage.total},
    })))
}

const DIMENSIONS: usize = 256;
const DIMENSIONS_MAX: usize = 4_096;
/// Inputs of one request, as OpenAI documents it.
const INPUTS_MAX: usize = 2_048;

fn dimensions(body: &Value) -> Result<usize, Fault> {
    let Some(asked) = body.get("dimensions").filter(|asked| !asked.is_null()) else { return Ok(DIMENSIONS) };
    asked
        .as_u64()
        .and_then(|asked| usize::try_from(asked).ok())
        .filter(|asked| (1..=DIMENSIONS_MAX).contains(asked))
        .ok_or_else(|| Fault::invalid("dimensions", "`dimensions` must be a number from 1 to 4096"))
}

/// The bytes of each input: of a text its own, of token numbers their JSON.
fn inputs(body: &Value) -> Result<Vec<String>, Fault> {
    let malformed = || Fault::invalid("input", "`input` must be texts or token numbers, at most 2048 and none empty");
    let one = |input: &Value| match input {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        Value::Array(tokens) if !tokens.is_empty() && tokens.iter().all(Value::is_number) => Ok(input.to_string()),
        _ => Err(malformed()),
    };
    match body.get("input") {
        Some(Value::Array(list)) if !list.first().is_some_and(Value::is_number) => {
            if list.is_empty() || list.len() > INPUTS_MAX {
                return Err(malformed());
            }
            list.iter().map(one).collect()
        }
        Some(input) => one(input).map(|input| vec![input]),
        None => Err(malformed()),
    }
}

fn embed(input: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    let bytes = input.as_bytes();
    for run in bytes.windows(bytes.len().clamp(1, 3)) {
        let hash = fnv(run);
        let place = usize::try_from(hash % dimensions as u64).unwrap_or_default();
        if let Some(value) = vector.get_mut(place) {
            *value += if hash >> 63 == 0 { 1.0 } else { -1.0 };
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in &mut vector {
            *value /= length;
        }
    }
    vector
}

/// FNV-1a of 64 bits, its high half folded in so that a small modulus sees all of it.
fn fnv(bytes: &[u8]) -> u64 {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    hash ^ (hash >> 29)
}

/// Little-endian floats in base64, as the SDKs ask for by default.
fn pack(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_meet_and_similar_ones_are_near() {
        let cosine = |a: &str, b: &str| -> f32 {
            embed(a, DIMENSIONS).iter().zip(embed(b, DIMENSIONS)).map(|(a, b)| a * b).sum()
        };
        assert!((cosine("le chat dort", "le chat dort") - 1.0).abs() < 1e-5);
        let (near, far) = (cosine("le chat dort", "le chat mange"), cosine("le chat dort", "quarterly report"));
        assert!(near > far + 0.2, "{near} {far}");
        assert!(embed("a", 8).iter().any(|value| *value != 0.0));
    }
}
