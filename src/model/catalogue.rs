//! The entity types and data classes of this deployment, in a fixed order.
//!
//! Types and classes come from `policies/reference/` and enterprises add their own, so they are not Rust enums. A
//! [`Catalogue`] numbers them; findings and facts carry the numbers. Two catalogues number differently: never mix them.

use super::Word;

/// Number of an entity type in its [`Catalogue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u16);

/// Number of a data class in its [`Catalogue`]; below 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u8);

/// A set of data classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClassSet(pub u64);

impl ClassSet {
    /// Adds one class.
    pub fn insert(&mut self, class: ClassId) {
        self.0 |= 1_u64.checked_shl(u32::from(class.0)).unwrap_or(0);
    }

    /// Whether the class is in the set.
    pub fn contains(self, class: ClassId) -> bool {
        self.0 & 1_u64.checked_shl(u32::from(class.0)).unwrap_or(0) != 0
    }

    /// The classes of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share a class.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// How a value is normalised before its pseudonym is derived, so that two spellings of one value share a token's stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Normal {
    /// As written.
    Exact,
    /// Letters and digits only, upper case (IBAN, card, NIR, VAT).
    Alphanumeric,
    /// Digits only, a leading international prefix kept (phone).
    Phone,
    /// Lower case (email, host).
    Lower,
    /// Case folded, accents and repeated blanks removed (names).
    Name,
}

/// What the catalogue knows of an entity type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityInfo {
    /// The id as spelt in sheets, logs and detectors, such as `fr_nir`.
    pub name: Word,
    /// The word in a pseudonym, upper case ASCII, such as `EMAIL`; types of special categories have a neutral one.
    pub code: Word,
    /// The classes it implies, already closed under implication (`health` brings `special` and `personal`).
    pub classes: ClassSet,
    /// How its values are normalised.
    pub normal: Normal,
    /// Whether a finding of this type names somebody (`health of a person` needs one beside a health term).
    pub names_somebody: bool,
}

/// What the catalogue knows of a data class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassInfo {
    /// The name as spelt in sheets, such as `payment-card`.
    pub name: Word,
    /// The class itself and all it implies.
    pub closure: ClassSet,
    /// Whether a label, an app or a corpus can bring this class even where no detector serves it.
    pub declared: bool,
}

/// The numbered entity types and data classes of this deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// Entity types; [`EntityId`] is the index.
    pub entities: Vec<EntityInfo>,
    /// Data classes; [`ClassId`] is the index.
    pub classes: Vec<ClassInfo>,
}

impl Catalogue {
    /// Finds an entity type by name.
    pub fn entity(&self, name: &str) -> Option<EntityId> {
        let index = self.entities.iter().position(|entity| entity.name == *name)?;
        u16::try_from(index).ok().map(EntityId)
    }

    /// Finds a data class by name.
    pub fn class(&self, name: &str) -> Option<ClassId> {
        let index = self.classes.iter().position(|class| class.name == *name)?;
        u8::try_from(index).ok().map(ClassId)
    }

    /// What is known of an entity type; `None` for a number of another catalogue.
    pub fn info(&self, entity: EntityId) -> Option<&EntityInfo> {
        self.entities.get(usize::from(entity.0))
    }

    /// What is known of a class; `None` for a number of another catalogue.
    pub fn class_info(&self, class: ClassId) -> Option<&ClassInfo> {
        self.classes.get(usize::from(class.0))
    }
}
