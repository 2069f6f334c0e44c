//! Sans-IO codecs: bytes to structure and back.
//!
//! JSON tokens with their spans, the codings of bodies, the framings of streamed answers (server-sent events, lines, arrays,
//! AWS messages), runs of code that are no text, texts within compressed streams, and the splicer that replaces whole tokens and leaves every other byte as it came. Nothing here knows what a token means (dialect) or whether it may leave (policy).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod deflated;
pub mod dns;
pub mod eventstream;
pub mod frames;
pub mod json;
mod opaque;
pub mod splice;
pub mod sse;
pub mod unfold;
pub mod values;

pub use deflated::{Inflated, inflated, is_zlib};
pub use opaque::{attached, holds_opaque};
pub use splice::{Edit, quote, quote_as, splice};
