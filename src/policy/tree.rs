//! The tree of a sheet as written: names not yet looked up, spans kept for faults.
//!
//! Spans are left out when it is serialised: the canonical JSON of the tree, and so the digest, depends on what a sheet says
//! and not on where or in which language it says it.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::model::Action;

/// A name or text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A sheet or a pack.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sheet {
    pub(super) pack: bool,
    pub(super) title: Name,
    pub(super) version: u32,
    pub(super) owner: String,
    pub(super) review_before: Option<Date>,
    pub(super) home: Option<Area>,
    /// Where that stands.
    #[serde(skip)]
    pub(super) home_span: Range<usize>,
    pub(super) labels: Vec<Name>,
    pub(super) says: Vec<LabelSays>,
    pub(super) uses: Vec<Name>,
    pub(super) groups: Vec<Group>,
    pub(super) allows: Vec<Allow>,
    pub(super) tools: Vec<AllowTool>,
    /// Left out where there are none, so that a sheet keeps the digest that it had before there was the statement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) addresses: Vec<AllowValues>,
    pub(super) rules: Vec<Rule>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) fall_backs: Vec<FallBackClause>,
    pub(super) scenarios: Vec<Scenario>,
    #[serde(skip)]
    pub(super) strays: Strays,
}

/// What was read in the midst of what could not be: its names are looked up, and it says nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Strays {
    pub(super) conditions: Vec<Condition>,
    pub(super) predicates: Vec<Predicate>,
    pub(super) data: Vec<Name>,
}

/// `the label "…" brings CLASS`, or `the label "…" lowers CLASS issued by "app"`
#[derive(Debug, Clone, Serialize)]
pub(super) struct LabelSays {
    pub(super) label: Name,
    /// Whether the classes are taken away, and not brought.
    pub(super) lowers: bool,
    pub(super) classes: Vec<Name>,
    /// The apps whose word is taken; empty when the label brings something.
    pub(super) issuers: Vec<Name>,
}

/// `group NAME of apps "a", "b"`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Group {
    pub(super) name: Name,
    pub(super) apps: Vec<Name>,
}

/// `exception NAME for rule RULE because "…" [when …] until DATE approved by "…"`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Exception {
    pub(super) name: Name,
    pub(super) rule: Option<Name>,
    pub(super) because: Option<Name>,
    pub(super) when: Option<Condition>,
    pub(super) until: Option<Date>,
    pub(super) approved: Vec<Name>,
    /// Whether something of it was left out, for it could not be read.
    #[serde(skip)]
    pub(super) torn: bool,
}

/// `[when …] [unless …] [from DATE] [until DATE]`
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Gate {
    pub(super) when: Option<Condition>,
    pub(super) unless: Option<Condition>,
    /// The first day on which the statement holds.
    pub(super) from: Option<Date>,
    /// The last day on which it holds, by the clock at home.
    pub(super) until: Option<Date>,
}

/// `allow backends …`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Allow {
    pub(super) backends: Predicate,
    pub(super) gate: Gate,
    #[serde(skip)]
    pub(super) span: Range<usize>,
    /// Whether something of it was left out, for it could not be read.
    #[serde(skip)]
    pub(super) torn: bool,
}

/// `allow hosted tool NAME [at "host"] …`
#[derive(Debug, Clone, Serialize)]
pub(super) struct AllowTool {
    pub(super) tool: Name,
    pub(super) host: Option<Name>,
    pub(super) gate: Gate,
}

/// `allow values in addresses of "host", "host"`
#[derive(Debug, Clone, Serialize)]
pub(super) struct AllowValues {
    pub(super) hosts: Vec<Name>,
    #[serde(skip)]
    pub(super) span: Range<usize>,
}

/// `rule NAME because "…" …`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rule {
    pub(super) name: Name,
    pub(super) because: Option<Name>,
    pub(super) gate: Gate,
    pub(super) on: Option<Predicate>,
    pub(super) only: Option<Predicate>,
    pub(super) never: Option<Predicate>,
    pub(super) duties: Vec<Duty>,
    pub(super) seals: bool,
    pub(super) keeps: Vec<Keep>,
    pub(super) prefers: Vec<Predicate>,
    /// Whether something of it was left out, for it could not be read.
    #[serde(skip)]
    pub(super) torn: bool,
}

/// `must ACTION TYPE, CLASS`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Duty {
    #[serde(serialize_with = "action_name")]
    pub(super) action: Action,
    pub(super) targets: Vec<Name>,
}

/// `keep TYPE because "…"`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Keep {
    pub(super) targets: Vec<Name>,
    pub(super) because: Name,
}

/// `fall back if unavailable …`
#[derive(Debug, Clone, Serialize)]
pub(super) struct FallBackClause {
    pub(super) after_ms: Option<u64>,
    pub(super) gate: Gate,
    #[serde(skip)]
    pub(super) span: Range<usize>,
}

/// `scenario "…" given … then …`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Scenario {
    pub(super) title: Name,
    pub(super) given: Vec<Given>,
    pub(super) then: Vec<Expectation>,
}

/// One thing that a scenario gives.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Given {
    Data { count: u32, what: Name },
    HealthOfAPerson,
    App(Name),
    Tenant(Name),
    Role(Name),
    Purpose(Name),
    Label(Name),
    LeakScore(u16),
    LeakHistory(u16),
    Residence(Area),
    Minors,
    ScanIncomplete,
    Unreadable,
    Reference,
    Hosted { tool: Name, host: Option<Name> },
}

/// `refused NAME`, `allowed NAME` or `NAME must DUTY`
#[derive(Debug, Clone, Serialize)]
pub(super) struct Expectation {
    pub(super) allowed: bool,
    pub(super) backend: Name,
    /// What is to be done on the way there, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must: Option<Duty>,
    /// The content is to be logged sealed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) seals: bool,
}

/// Atoms joined by `not`, `and`, `or`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Expr<A> {
    Is(A),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl<A> Expr<A> {
    /// Every atom, with whether it stands under an even number of `not`.
    pub(super) fn visit<'a>(&'a self, positive: bool, see: &mut impl FnMut(&'a A, bool)) {
        match self {
            Self::Is(atom) => see(atom, positive),
            Self::Not(inner) => inner.visit(!positive, see),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.visit(positive, see);
                }
            }
        }
    }
}

pub(super) type Condition = Expr<Ask>;
pub(super) type Predicate = Expr<Trait>;

/// What a condition asks of a request.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    Includes { what: Name, at_least: u32, confidence: u8 },
    HealthOfAPerson,
    StillIdentified(Name),
    LabelIs(Name),
    LabelAtLeast(Name),
    LeakAtLeast(u16),
    LeakHistoryAtLeast(u16),
    App(Name),
    AppInGroup(Name),
    Tenant(Name),
    Role(Name),
    Purpose(Name),
    ResidenceIn(Vec<Area>),
    Minors,
    ScanIncomplete,
    Unreadable,
    Reference,
    Hosted,
}

/// What a predicate asks of a backend.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Trait {
    OnPremises,
    Domestic,
    LocatedIn(Vec<Area>),
    ControlledFrom(Vec<Area>),
    ExposedTo(Name),
    Certified { scheme: Name, level: Option<Name> },
    TransferBasis,
    Contract,
    KeysOurs,
    Attested,
    RetentionNone,
    TrainingNever,
    Named(Name),
}

/// A part of the world.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Area {
    Eea,
    Eu,
    Home,
    Country { code: Name, overseas: bool },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn action_name<S: Serializer>(action: &Action, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(action.name())
}
