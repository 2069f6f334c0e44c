//! Sans-IO codecs: bytes to structure and back.
//!
//! JSON tokens with their spans, server-sent events, runs of code that are no text, and the splicer that replaces whole tokens
//! and leaves every other byte as it came. Nothing here knows what a token means (dialect) or whether it may leave (policy).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod json;
mod opaque;
pub mod splice;
pub mod sse;

pub use opaque::holds_opaque;
pub use splice::{Edit, quote, splice};
