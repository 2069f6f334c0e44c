//! Names of people, places and bodies by a trained model: what no title and no key announces.
//!
//! A linear-chain conditional random field over hashed features, trained by `cargo run -p xtask -- train-names` on the texts
//! that `docs/models/names.md` lists. It reads a text once: words and marks become tokens with what a word list knows of
//! them; stretches that may hold a name are cut out; only their tokens are scored and decoded. The tables lie in the binary
//! as they are read, nothing is unpacked, and the cost is linear in the text.
//!
//! ```text
//!  text -> tokens (hash, capitals, word list) -> active runs -> rows of weights -> forward, backward -> spans
//! ```
//! The trainer compiles these very files, so that what is trained is what runs. This module knows nothing of the engine.

pub(crate) mod decode;
pub(crate) mod features;
pub(crate) mod lexicon;
pub(crate) mod model;
pub(crate) mod runs;
pub(crate) mod table;
pub(crate) mod token;
