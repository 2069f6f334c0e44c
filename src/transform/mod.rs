//! Carries out the duties of one backend on one request, and undoes in the answer what can be undone.
//!
//! [`apply()`] turns findings and duties into edits of whole JSON tokens and a [`Vault`]; [`Restorer`] and [`StreamRestore`] put
//! the vault's values back where the model wrote their tokens. In the journey that is *transform*, once for each backend that
//! is tried and always on the original body, and *restore*, frame by frame.
//!
//! ```text
//! findings -> overlaps merged -> a duty for each -> values minted into tokens -> edits + vault        apply, mint, code
//! answer   -> units -> tolerant grammar over live tokens -> values, escaped for where they land       restore, grammar
//! ```
//! What is never done here: guessing. A duty that cannot be done is an error, and the backend does not get the request; a
//! token that is not surely one of this request's stays as the model wrote it. Pseudonymised data stays personal data. No
//! value is ever in an error, a `Debug` or a count.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod address;
mod ahead;
mod apply;
mod code;
mod cursor;
mod drop;
mod duty;
mod grammar;
mod host;
mod joined;
mod link;
mod literal;
mod lookalike;
mod markup;
mod mint;
mod moves;
mod name;
mod parts;
mod pseudonymise;
mod redact;
mod restore;
mod undone;
mod unit;
mod value;
mod vault;
mod words;

pub use apply::{Changed, apply};
pub use duty::{CannotDo, Why, vocabulary};
pub use joined::Thread;
pub use mint::Keys;
pub use moves::Moves;
pub use restore::{Counts, GoesOn, Restored, Restorer, StreamRestore};
pub use unit::Landing;
pub use vault::Vault;
