//! The nouns that travel through the gateway: what each stage of the journey receives and yields.
//!
//! Nothing here acts. No file, socket, clock or random source is touched, and no type that can hold a detected value has a
//! `Display` or a telling `Debug` (law 6): those types print sizes and kinds.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod algorithm;
pub mod backend;
pub mod call;
pub mod caller;
pub mod catalogue;
pub mod change;
pub mod credential;
mod endpoints;
pub mod entry;
pub mod facts;
pub mod finding;
mod ids;
mod measure;
mod near;
pub mod plan;
pub mod pseudonym;
pub mod recorded;
pub mod refusal;
mod upkeep;
mod whose;
pub mod word;

pub use algorithm::Algorithm;
pub use backend::{Backend, BackendId, Binding, Country, Tier};
pub use call::{Api, Call, Content, Dialect, Field, Line, Operation, Role, Spelling, TokenKind};
pub use caller::{Caller, Scope, Spoken};
pub use catalogue::{Catalogue, ClassId, ClassInfo, ClassSet, EntityId, EntityInfo, Normal};
pub use endpoints::Endpoints;
pub use facts::{Certainty, Facts, LabelFact, Leak, LeakFact, LeakMatch, LeakPlace, TypeFact};
pub use finding::{Coverage, Finding, Findings, ScanStatus};
pub use measure::Measure;
pub use plan::{Action, Choice, Duties, ExceptionUsed, FallBack, Plan, Removal, Removed};
pub use refusal::{Fault, Refusal};
pub use whose::Whose;
pub use word::Word;
