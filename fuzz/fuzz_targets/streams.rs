//! The whole path of a stream, of every API: coding aside, from chunks of bytes to what the client reads. However it is cut the
//! client reads the same, and it is what restoring each text whole gives.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use octroi::transform::Vault;

#[path = "../../tests/replay/streams.rs"]
mod streams;

use streams::{Answer, Fixture, fixtures, read, vault, written};

#[derive(Debug, Arbitrary)]
struct Input {
    which: u8,
    /// What the model writes; `§0`, `§1` and `§2` are tokens.
    texts: Vec<String>,
    pieces: Vec<u8>,
    chunks: Vec<u8>,
}

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(fixtures);
static VAULT: LazyLock<(Arc<Vault>, Vec<String>)> =
    LazyLock::new(|| vault(&["Hélène \"Zoé\" Martin", "helene@example.fr", "FR76 3000\n6000"]));

fuzz_target!(|input: Input| {
    if input.texts.is_empty() || input.pieces.is_empty() {
        return;
    }
    let fixture = &FIXTURES[usize::from(input.which) % FIXTURES.len()];
    let (vault, tokens) = &*VAULT;
    let pieces = input.pieces.iter().map(|length| usize::from(*length) + 1).collect();
    let stream = written(fixture, &Answer { texts: input.texts, pieces }, tokens);
    let whole = read(fixture, vault, &stream, &[]);
    stream.check(fixture, vault, &whole);
    let chunks: Vec<usize> = input.chunks.iter().map(|length| usize::from(*length) + 1).collect();
    assert!(read(fixture, vault, &stream, &chunks) == whole, "the chunks changed the answer");
});
