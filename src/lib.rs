//! octroi: a data-sovereignty gateway for language models.
//!
//! The modules form layers; arrows point down only and the siblings of layers 2 and 3 do not meet. `tests/architecture.rs`
//! holds the table. Read `docs/journey.md` first: it follows one request through all of them.

pub mod aead;
pub mod app;
pub mod audit;
pub mod balance;
pub mod cli;
pub mod config;
pub mod console;
pub mod detect;
pub mod dialect;
pub mod disk;
pub mod gateway;
pub mod identity;
pub mod leak;
pub mod limits;
pub mod model;
pub mod policy;
pub mod quota;
pub mod telemetry;
pub mod transform;
pub mod upstream;
pub mod wire;
