//! What policy sees of a request: classes, counts, labels, scores, caller. No content.
//!
//! Facts replay: they are written to the audit log by name and read back into the same decision.

use super::{ClassSet, Country, EntityId, ScanStatus, Word};

/// Two bits of knowledge. Negation swaps them; the unknown is possibly true and not surely true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Certainty {
    /// It may be so.
    pub possibly: bool,
    /// It is so.
    pub surely: bool,
}

impl Certainty {
    /// It is so.
    pub const TRUE: Self = Self { possibly: true, surely: true };
    /// It is not so.
    pub const FALSE: Self = Self { possibly: false, surely: false };
    /// Nobody knows.
    pub const UNKNOWN: Self = Self { possibly: true, surely: false };

    /// The certainty of a known fact.
    pub const fn known(fact: bool) -> Self {
        if fact { Self::TRUE } else { Self::FALSE }
    }

    /// Both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { possibly: self.possibly && other.possibly, surely: self.surely && other.surely }
    }

    /// At least one holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { possibly: self.possibly || other.possibly, surely: self.surely || other.surely }
    }

    /// It does not hold.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { possibly: !self.surely, surely: !self.possibly }
    }
}

/// What is known of one entity type in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeFact {
    /// Which type.
    pub entity: EntityId,
    /// Findings with confidence of at least 50.
    pub possibly: u32,
    /// Findings with confidence of at least 80.
    pub surely: u32,
    /// The highest confidence, 0 to 100.
    pub confidence: u8,
}

/// What the application declared as label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum LabelFact {
    /// None, and none is required: every label is surely absent.
    #[default]
    Absent,
    /// None although the app must declare one, or one that the sheet does not list: possibly any.
    Unknown,
    /// A label that the sheet lists, in the sheet's spelling.
    Named(Word),
}

/// The leak score of the request, 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeakFact {
    /// No corpus is registered, or the scan ended with this score.
    Score(u16),
    /// The stages that ended say the first; what one did not say in time could make it the second.
    Between(u16, u16),
    /// The scan failed or ran over its budget.
    Unknown,
}

impl LeakFact {
    /// What it is at least; `None` when nothing is known.
    pub const fn least(self) -> Option<u16> {
        match self {
            Self::Score(score) | Self::Between(score, _) => Some(score),
            Self::Unknown => None,
        }
    }

    /// What it may be at most.
    pub const fn most(self) -> u16 {
        match self {
            Self::Score(score) | Self::Between(_, score) => score,
            Self::Unknown => 1000,
        }
    }
}

/// What the comparison with protected documents says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Similarity of the request itself.
    pub score: LeakFact,
    /// What the caller sent of one document within a time, this request included.
    pub history: LeakFact,
    /// Classes of the documents that it is near to, and whether that is sure.
    pub classes: Vec<(Word, bool)>,
    /// The nearest document, for the record.
    pub nearest: Option<LeakMatch>,
}

/// The documents that a request is nearest to, by keyed names: no path, no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakMatch {
    /// The nearest of all.
    pub place: LeakPlace,
    /// The nearest of each other class that it brings.
    pub others: Vec<LeakPlace>,
    /// Of a million harmless texts, how many would score as much; where that was measured.
    pub chance: Option<u32>,
    /// State of the corpus that the score replays from.
    pub epoch: u64,
}

/// A passage of a document and where a request is near to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakPlace {
    /// Keyed id of the document.
    pub document: Word,
    /// Number of its passage.
    pub passage: u32,
    /// Which stage found it: `fingerprint`, `code`, `sketch`, `encoder`.
    pub stage: Word,
    /// Its class.
    pub class: Word,
    /// How near the request is to the document, 0 to 1000.
    pub score: u16,
    /// Words of the document, half-open.
    pub words: (u32, u32),
    /// Words of the request, half-open; all its texts follow one another.
    pub asked: (u32, u32),
    /// The field that they begin in, and the byte there.
    pub leaf: Option<(u32, u32)>,
}

impl Leak {
    /// The least score of what an encoder alone saw.
    pub const REVIEW: u16 = 300;
    /// The highest: it is for review, and brings no class.
    pub const REVIEW_MAX: u16 = 499;
    /// The score from which a class is possibly there.
    pub const POSSIBLY: u16 = 500;
    /// The score from which a class is surely there.
    pub const SURELY: u16 = 800;

    /// A score, and nothing near.
    pub const fn scored(score: u16) -> Self {
        let score = LeakFact::Score(score);
        Self { score, history: score, classes: Vec::new(), nearest: None }
    }

    /// The comparison failed or ran over its budget: any of these classes may be there.
    pub fn unknown(classes: impl Iterator<Item = Word>) -> Self {
        let classes = classes.map(|class| (class, false)).collect();
        Self { score: LeakFact::Unknown, history: LeakFact::Unknown, classes, nearest: None }
    }
}

/// Everything a decision is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The tenant.
    pub tenant: Word,
    /// The app.
    pub app: Word,
    /// The purpose, declared or registered; `unknown` for one declared that no sheet names.
    pub purpose: Option<Word>,
    /// Whether the purpose was declared with the request and is not the one that the app is registered for: it may then have
    /// others beside, so that naming one in a sheet says nothing of the rest.
    pub purpose_declared: bool,
    /// Roles of the caller.
    pub roles: Vec<Word>,
    /// Where the data subjects reside, declared or registered.
    pub residence: Vec<Country>,
    /// Whether the app is registered as handling minors' data.
    pub minors: bool,
    /// The label.
    pub label: LabelFact,
    /// Entity types found with confidence of at least 50, sorted by id.
    pub types: Vec<TypeFact>,
    /// Classes brought by something other than a detector (a label, an app, a corpus) and surely there.
    pub declared: ClassSet,
    /// Classes that a corpus possibly brings: the request is near to a document of that class.
    pub suspected: ClassSet,
    /// Whether a health term stands beside a finding that names somebody.
    pub health_of_a_person: Certainty,
    /// Whether every field was read.
    pub scan: ScanStatus,
    /// Whether a field cannot be read: an attachment, a token array.
    pub unreadable: bool,
    /// Whether something the provider would fetch or holds is named.
    pub reference: bool,
    /// Hosted tools asked for: kind, and host when the sheet names it, else `unknown`.
    pub hosted: Vec<(Word, Option<Word>)>,
    /// Similarity to protected documents.
    pub leak: LeakFact,
    /// Types that the label took away, sorted by id: no rule sees them; they are recorded.
    pub lowered: Vec<TypeFact>,
    /// Classes that the label took away: what is of another class besides is no longer of these.
    pub lowered_classes: ClassSet,
    /// What was known of health of a person before the label took it away.
    pub lowered_health: Certainty,
    /// What the caller sent of a protected document within a time.
    pub leak_history: LeakFact,
    /// Classes of `declared` that a question or a scenario tells as a detector would have found them; none of a request.
    pub located: ClassSet,
    /// After duties: entity types whose values no longer identify because they were pseudonymised.
    pub pseudonymised: Vec<EntityId>,
}
