//! The gateway: accepts requests, leads each through the journey, and turns refusals into answers.
//!
//! tower layers stand at the edge only; inside is one straight function, [`journey`]. Each stage takes the type that the one
//! before it made, so that none can be skipped. `docs/journey.md` follows a request through this folder.

pub mod body;
pub mod tls;
