//! The kinds of entries of version 1, each with its members in a file of its own.
//!
//! To add one: a file with its `SCHEMA`, a line in the list below, and the writer's type for it.

use crate::schema::Schema;

macro_rules! kinds {
    ($($(#[$docs:meta])* $kind:ident => $module:ident),+ $(,)?) => {
        $(mod $module;)+

        /// What an entry records.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$docs])* $kind,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// What it holds.
            pub const fn schema(self) -> &'static Schema {
                match self {
                    $(Self::$kind => &$module::SCHEMA,)+
                }
            }
        }
    };
}

pub use erasure::BASES as ERASURE_BASES;

kinds! {
    /// Where a request may go, or that it was refused.
    Decision => decision,
    /// A further backend is about to see a request.
    Attempt => attempt,
    /// How a request ended.
    Outcome => outcome,
    /// The gateway started.
    Start => start,
    /// The gateway stopped in good order.
    Stop => stop,
    /// A policy came into force or was refused.
    Policy => policy,
    /// Another inventory or other reference data came into force.
    Inventory => inventory,
    /// The files were read again.
    Reload => reload,
    /// A freeze of the policy began, ended, or was refused.
    Freeze => freeze,
    /// The log's key was made, announced or taken over.
    Key => key,
    /// A key that proves callers was issued, rotated or revoked.
    Credential => credential,
    /// Somebody read the log, exported from it or had something in it revealed.
    Access => access,
    /// Keys were destroyed so that what they protect is erased.
    Erasure => erasure,
    /// Entries whose retention had ended were removed.
    Prune => prune,
    /// The gateway runs.
    Heartbeat => heartbeat,
    /// For a time the log could not write, or something at its end did not survive.
    Gap => gap,
    /// A backend did not prove its region and is not used, or may be used again.
    Quarantine => quarantine,
}

impl Kind {
    /// The word in the entry.
    pub const fn name(self) -> &'static str {
        self.schema().name
    }

    /// Finds a kind by its word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}
