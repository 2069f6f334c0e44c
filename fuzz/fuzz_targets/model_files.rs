//! The files of an encoder: whatever they hold, an error and never a crash or a large allocation; what is taken can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::leak::encoder::{Config, Tensors, Tokenizer, Weights};
use octroi::leak::model::Manifest;

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, file)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => {
            let Ok(tensors) = Tensors::parse(file) else { return };
            tensors.values("a", &[1]).map(drop).unwrap_or_default();
            let config = br#"{"model_type":"bert","hidden_size":128,"num_hidden_layers":1,"num_attention_heads":4,
                "intermediate_size":128,"max_position_embeddings":4,"vocab_size":4,"type_vocab_size":1,
                "layer_norm_eps":1e-12,"hidden_act":"gelu"}"#;
            let config = Config::parse(config).expect("a sound configuration");
            Weights::load(&tensors, config).map(drop).unwrap_or_default();
        }
        1 => {
            let Ok(config) = Config::parse(file) else { return };
            assert!(config.hidden <= 1_024 && config.layers <= 48 && config.vocabulary <= 1_000_000);
            assert!(config.length_max() >= 1 && config.width() * config.heads == config.hidden);
        }
        2 => {
            if let Some(pins) = Manifest::parse(file) {
                assert!(pins.files().all(|name| !name.starts_with('/') && !name.contains("..")));
                assert!(pins.pin("model.safetensors").is_some() && !pins.name().contains('/'));
            }
        }
        _ => {
            let Ok(tokenizer) = Tokenizer::parse(file, 1_000) else { return };
            let ids = tokenizer.encode("un caf\u{e9} \u{5317}\u{4eac}, [SEP] \u{1f642} unaffable", 32);
            assert!(ids.iter().all(|id| *id < 1_000));
        }
    }
});
