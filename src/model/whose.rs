//! Whose use is counted together.

/// Whose use is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// That of all apps of a tenant.
    Tenant,
    /// That of all keys of an app.
    App,
    /// That of one credential.
    Key,
}

impl Whose {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Tenant, Self::App, Self::Key];

    /// The word in configuration, keys of stores and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::App => "app",
            Self::Key => "key",
        }
    }

    /// Finds one by its word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|whose| whose.name() == name)
    }
}
