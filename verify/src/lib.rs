//! The audit formats of octroi and their verification, for those who do not trust whoever runs octroi.
//!
//! An auditor builds this crate alone: it depends on a cryptographic library, a checksum, base64 and JSON, and on nothing
//! of octroi, which itself uses it for the formats. The formats are open ones where open ones exist: the Merkle tree of
//! RFC 6962, signed notes, checkpoints and tile paths of C2SP. `docs/audit-format.md` describes them byte by byte.
//!
//! Reading order: [`merkle`], [`proof`], [`extend`] the mathematics; [`note`], [`checkpoint`], [`cosign`], [`policy`],
//! [`tiles`], [`kept`], [`tlog_proof`] what is published; [`canonical`],
//! [`schema`], [`kinds`], [`entry`], [`segment`], [`walk`], [`pruned`] what lies on disk, [`review`] the index beside it;
//! [`relations`], [`verify`], [`report`] the verification; [`folders()`] where logs lie, [`shown()`] how the name of a file is told.
#![expect(clippy::disallowed_types, reason = "an offline verifier reads files: that is the one effect it has")]

pub mod canonical;
pub mod checkpoint;
mod copies;
pub mod cosign;
pub mod entry;
mod export;
pub mod extend;
pub mod fleet;
pub mod folders;
mod frame;
pub mod kept;
pub mod kinds;
pub mod merkle;
pub mod note;
mod pass;
pub mod policy;
pub mod problem;
pub mod proof;
pub mod pruned;
pub mod published;
pub mod regular;
pub mod relations;
pub mod report;
pub mod review;
pub mod schema;
pub mod segment;
mod served;
mod shown;
pub mod tiles;
pub mod tlog_proof;
pub mod verify;
pub mod walk;

pub use checkpoint::Checkpoint;
pub use fleet::verify_all;
pub use folders::{folders, is_changing};
pub use merkle::{Frontier, Hash};
pub use note::{SignerKey, VerifierKey};
pub use problem::{Problem, ProblemKind};
pub use report::Report;
pub use served::verify_served;
pub use shown::shown;
pub use verify::{Known, Progress, Trust, verify_dir, verify_published};
