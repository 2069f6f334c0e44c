//! The data files of `policies/detectors/` and of an enterprise's own folder: how a row is written, and what can be wrong.
//!
//! ```toml
//! [[pattern]]
//! id = "de_steuer_id"             # unique over all files; a second row for the same type gets an id of its own
//! entity = "de_idnr"              # a type of `policies/reference/entities.toml`
//! country = "DE"                  # ISO 3166-1, `EU`, or `*` (the default)
//! pattern = '[1-9](?:~[0-9]){10}'
//! validator = "de_idnr"           # a name of `validate::named`; leave it out where nothing can be computed
//! confidence = 40                 # without context, 0 to 100. Below 50: a context word is required. 50 possibly, 80 surely
//! with-context = 95               # with a context word near; at least `confidence`, which it is when left out
//! examples = ["Steuer-ID 12 345 678 903"]              # must be found, run at every start; at least one
//! counter-examples = ["12345678903", "Steuer-ID 12345678904"]   # must not be found; at least one
//! context.de = ["Steuer-ID", "IdNr", "Steueridentifikationsnummer"]
//! ```
//! **Pattern**: the syntax of the `regex` crate over ASCII bytes, without look-around but with `(?i)`. `~` is one separator
//! (blank, tab, line feed, `.` `/` `_` `-`) or none; the view has turned no-break spaces, typographic dashes, full-width forms
//! and digits of other scripts into these before. It is anchored at both ends by the engine: no letter or digit stands before
//! or behind a match, so write no `\b`. Of several ends the longest that the validator accepts is taken.
//!
//! **Where it is tried**: at every run of ASCII letters and digits that holds a digit; at up to eight letters that stand apart
//! before it (`FR 76 …`, `M-AB 123`); and where the token of letters, digits and `_ - + / . ~` begins that holds it. A pattern
//! may therefore begin with letters, upper or lower case; it need not begin with a digit, but a match must hold one digit.
//! A match without any digit, or with more letters before the first, needs `prefix = ["RCS ", …]`: literals of at least three
//! bytes that begin the pattern, in any case; a pattern with prefixes is tried where they stand and nowhere else.
//!
//! **Validator**: sees the match as written and its letters and digits alone, in upper case. `Weak` asks for context.
//!
//! **Context**: words and phrases by language, in any script. Case and accents do not matter, a plural in *-s* counts, phrases
//! match over any blank or punctuation. They count within 80 bytes before and 40 behind, in the JSON key that the text stands
//! under (`customerSteuerId` reads as three words), at the head of the column (CSV, TSV, Markdown), in an XML tag or YAML key
//! that stands before. `reach = 24` narrows the 80 bytes for numbers of which nothing can be computed.
//!
//! **Rows are cheap**: rows of one pattern share its table, and all patterns are read at once; write as many as there are forms.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::inflect::Inflection;

/// One data file.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its name, for errors.
    pub name: &'a str,
    /// Its text.
    pub toml: &'a str,
}

/// The data files that are built in.
#[expect(clippy::too_many_lines, reason = "one line a file")]
pub fn embedded() -> &'static [Source<'static>] {
    const FILES: &[Source<'static>] = &[
        Source { name: "australia.toml", toml: include_str!("../../policies/detectors/australia.toml") },
        Source { name: "austria.toml", toml: include_str!("../../policies/detectors/austria.toml") },
        Source { name: "belgium.toml", toml: include_str!("../../policies/detectors/belgium.toml") },
        Source { name: "brazil.toml", toml: include_str!("../../policies/detectors/brazil.toml") },
        Source { name: "bulgaria.toml", toml: include_str!("../../policies/detectors/bulgaria.toml") },
        Source { name: "canada.toml", toml: include_str!("../../policies/detectors/canada.toml") },
        Source { name: "criminal.toml", toml: include_str!("../../policies/detectors/criminal.toml") },
        Source { name: "croatia.toml", toml: include_str!("../../policies/detectors/croatia.toml") },
        Source { name: "cyprus.toml", toml: include_str!("../../policies/detectors/cyprus.toml") },
        Source { name: "czechia.toml", toml: include_str!("../../policies/detectors/czechia.toml") },
        Source { name: "denmark.toml", toml: include_str!("../../policies/detectors/denmark.toml") },
        Source { name: "devices.toml", toml: include_str!("../../policies/detectors/devices.toml") },
        Source { name: "estonia.toml", toml: include_str!("../../policies/detectors/estonia.toml") },
        Source { name: "europe.toml", toml: include_str!("../../policies/detectors/europe.toml") },
        Source { name: "finance.toml", toml: include_str!("../../policies/detectors/finance.toml") },
        Source { name: "finland.toml", toml: include_str!("../../policies/detectors/finland.toml") },
        Source { name: "france.toml", toml: include_str!("../../policies/detectors/france.toml") },
        Source { name: "generic.toml", toml: include_str!("../../policies/detectors/generic.toml") },
        Source { name: "germany.toml", toml: include_str!("../../policies/detectors/germany.toml") },
        Source { name: "greece.toml", toml: include_str!("../../policies/detectors/greece.toml") },
        Source { name: "health-de.toml", toml: include_str!("../../policies/detectors/health-de.toml") },
        Source { name: "health-en.toml", toml: include_str!("../../policies/detectors/health-en.toml") },
        Source { name: "health-es.toml", toml: include_str!("../../policies/detectors/health-es.toml") },
        Source { name: "health-fr.toml", toml: include_str!("../../policies/detectors/health-fr.toml") },
        Source { name: "health-it.toml", toml: include_str!("../../policies/detectors/health-it.toml") },
        Source { name: "health-nl.toml", toml: include_str!("../../policies/detectors/health-nl.toml") },
        Source { name: "health-pl.toml", toml: include_str!("../../policies/detectors/health-pl.toml") },
        Source { name: "health-pt.toml", toml: include_str!("../../policies/detectors/health-pt.toml") },
        Source { name: "hungary.toml", toml: include_str!("../../policies/detectors/hungary.toml") },
        Source { name: "iceland.toml", toml: include_str!("../../policies/detectors/iceland.toml") },
        Source { name: "india.toml", toml: include_str!("../../policies/detectors/india.toml") },
        Source { name: "inflection.toml", toml: include_str!("../../policies/detectors/inflection.toml") },
        Source { name: "ireland.toml", toml: include_str!("../../policies/detectors/ireland.toml") },
        Source { name: "italy.toml", toml: include_str!("../../policies/detectors/italy.toml") },
        Source { name: "korea.toml", toml: include_str!("../../policies/detectors/korea.toml") },
        Source { name: "latvia.toml", toml: include_str!("../../policies/detectors/latvia.toml") },
        Source { name: "liechtenstein.toml", toml: include_str!("../../policies/detectors/liechtenstein.toml") },
        Source { name: "lithuania.toml", toml: include_str!("../../policies/detectors/lithuania.toml") },
        Source { name: "luxembourg.toml", toml: include_str!("../../policies/detectors/luxembourg.toml") },
        Source { name: "malta.toml", toml: include_str!("../../policies/detectors/malta.toml") },
        Source { name: "medicines.toml", toml: include_str!("../../policies/detectors/medicines.toml") },
        Source { name: "netherlands.toml", toml: include_str!("../../policies/detectors/netherlands.toml") },
        Source { name: "nigeria.toml", toml: include_str!("../../policies/detectors/nigeria.toml") },
        Source { name: "norway.toml", toml: include_str!("../../policies/detectors/norway.toml") },
        Source { name: "nrp.toml", toml: include_str!("../../policies/detectors/nrp.toml") },
        Source { name: "philippines.toml", toml: include_str!("../../policies/detectors/philippines.toml") },
        Source { name: "places.toml", toml: include_str!("../../policies/detectors/places.toml") },
        Source { name: "poland.toml", toml: include_str!("../../policies/detectors/poland.toml") },
        Source { name: "portugal.toml", toml: include_str!("../../policies/detectors/portugal.toml") },
        Source { name: "romania.toml", toml: include_str!("../../policies/detectors/romania.toml") },
        Source { name: "secrets.toml", toml: include_str!("../../policies/detectors/secrets.toml") },
        Source { name: "services.toml", toml: include_str!("../../policies/detectors/services.toml") },
        Source { name: "singapore.toml", toml: include_str!("../../policies/detectors/singapore.toml") },
        Source { name: "slovakia.toml", toml: include_str!("../../policies/detectors/slovakia.toml") },
        Source { name: "slovenia.toml", toml: include_str!("../../policies/detectors/slovenia.toml") },
        Source { name: "south_africa.toml", toml: include_str!("../../policies/detectors/south_africa.toml") },
        Source { name: "spain.toml", toml: include_str!("../../policies/detectors/spain.toml") },
        Source { name: "special-de.toml", toml: include_str!("../../policies/detectors/special-de.toml") },
        Source { name: "special-en.toml", toml: include_str!("../../policies/detectors/special-en.toml") },
        Source { name: "special-es.toml", toml: include_str!("../../policies/detectors/special-es.toml") },
        Source { name: "special-fields.toml", toml: include_str!("../../policies/detectors/special-fields.toml") },
        Source { name: "special-fr.toml", toml: include_str!("../../policies/detectors/special-fr.toml") },
        Source { name: "special-it.toml", toml: include_str!("../../policies/detectors/special-it.toml") },
        Source { name: "special-nl.toml", toml: include_str!("../../policies/detectors/special-nl.toml") },
        Source { name: "special-pl.toml", toml: include_str!("../../policies/detectors/special-pl.toml") },
        Source { name: "special-pt.toml", toml: include_str!("../../policies/detectors/special-pt.toml") },
        Source { name: "sweden.toml", toml: include_str!("../../policies/detectors/sweden.toml") },
        Source { name: "switzerland.toml", toml: include_str!("../../policies/detectors/switzerland.toml") },
        Source { name: "thailand.toml", toml: include_str!("../../policies/detectors/thailand.toml") },
        Source { name: "turkey.toml", toml: include_str!("../../policies/detectors/turkey.toml") },
        Source { name: "united_kingdom.toml", toml: include_str!("../../policies/detectors/united_kingdom.toml") },
        Source { name: "united_states.toml", toml: include_str!("../../policies/detectors/united_states.toml") },
    ];
    FILES
}

/// A fault of a data file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: detector `{id}`: {fault}")]
pub struct DetectorError {
    /// The file's name.
    pub file: String,
    /// The detector's id; empty when the file cannot be read at all.
    pub id: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a data file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file does not parse.
    #[error("not readable: {0}")]
    Unreadable(String),
    /// Two detectors have this id.
    #[error("the id is taken")]
    Duplicate,
    /// The catalogue has no such entity type.
    #[error("no entity type `{0}`")]
    UnknownEntity(String),
    /// No validator has this name.
    #[error("no validator `{0}`")]
    UnknownValidator(String),
    /// The pattern does not compile.
    #[error("pattern: {0}")]
    Pattern(String),
    /// The pattern could match nothing, or begins with a literal that its prefixes do not name.
    #[error("the pattern matches the empty text")]
    Empty,
    /// A prefix must have three bytes and more, else it would wake the detector everywhere, and at most 32.
    #[error("prefix `{0}` has fewer than 3 or more than 32 bytes")]
    Prefix(String),
    /// A confidence is above 100, or context lowers it.
    #[error("confidences must not exceed 100 nor fall with context")]
    Confidence,
    /// A pattern without an example proves nothing.
    #[error("needs at least one example and one counter-example")]
    NoExamples,
    /// A keyed secret needs a `value`, or `chars` and `length`.
    #[error("needs either `value`, or `chars` and `length`")]
    NoShape,
    /// A row of keyed secrets or labels without words.
    #[error("needs words of two letters and more")]
    NoWords,
    /// An example is not found.
    #[error("example {0} is not found")]
    Missed(usize),
    /// A counter-example is found.
    #[error("counter-example {0} is found")]
    FalseAlarm(usize),
    /// More detectors than the engine numbers.
    #[error("too many detectors")]
    TooMany,
}

/// A file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default, rename = "pattern")]
    pub(super) patterns: Vec<RawPattern>,
    #[serde(default, rename = "lexicon")]
    pub(super) lexicons: Vec<RawLexicon>,
    #[serde(default, rename = "inflection")]
    pub(super) inflections: Vec<Inflection>,
    #[serde(default)]
    pub(super) keyed: Vec<RawKeyed>,
    #[serde(default)]
    pub(super) labelled: Vec<RawLabelled>,
}

/// A text of an example. One that looks like a key is written in parts, so that nobody's scanner takes it for a real one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Sample {
    /// As it stands.
    Whole(String),
    /// Parts that are read joined.
    Parts(Vec<String>),
}

impl Sample {
    /// The text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Whole(text) => Cow::Borrowed(text),
            Self::Parts(parts) => Cow::Owned(parts.concat()),
        }
    }
}

/// A pattern as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawPattern {
    pub(super) id: String,
    pub(super) entity: String,
    #[serde(default = "anywhere")]
    pub(super) country: String,
    /// Literals that begin the pattern; without them it is tried at every run of letters and digits that holds a digit.
    #[serde(default)]
    pub(super) prefix: Vec<String>,
    /// A regular expression over ASCII; `~` stands for an optional separator.
    pub(super) pattern: String,
    pub(super) validator: Option<String>,
    /// How values begin that the issuer itself prints in its manuals.
    #[serde(default)]
    pub(super) published: Vec<String>,
    /// Context words by language.
    #[serde(default)]
    pub(super) context: BTreeMap<String, Vec<String>>,
    /// Bytes before a candidate within which a context word counts, where the usual 80 are too many.
    pub(super) reach: Option<u8>,
    /// 0 to 100; below 50 the pattern needs context.
    pub(super) confidence: u8,
    pub(super) with_context: Option<u8>,
    pub(super) examples: Vec<Sample>,
    pub(super) counter_examples: Vec<Sample>,
}

/// A lexicon as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLexicon {
    pub(super) id: String,
    pub(super) entity: String,
    pub(super) language: String,
    /// 0 to 100; below 50 a term counts only near a stronger one of the same type.
    pub(super) confidence: u8,
    #[serde(default)]
    pub(super) terms: Vec<String>,
    /// Beginnings of compounds, each of which takes every one of `tails`.
    #[serde(default)]
    pub(super) heads: Vec<String>,
    /// Ends of compounds.
    #[serde(default)]
    pub(super) tails: Vec<String>,
    /// Endings that every term takes, in place of the inflection of its language: `["", "e", "a"]`.
    #[serde(default)]
    pub(super) endings: Vec<String>,
    #[serde(default)]
    pub(super) examples: Vec<Sample>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Sample>,
}

/// A secret without a shape of its own, known by the name of the key that it is assigned to, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawKeyed {
    pub(super) id: String,
    pub(super) entity: String,
    /// Words in the name of the key, in small letters; `*` before one: also within a longer word.
    pub(super) words: Vec<String>,
    /// Words that make it the name of something else.
    #[serde(default)]
    pub(super) except: Vec<String>,
    /// A regular expression over ASCII that the whole value matches; or `chars` and `length`.
    pub(super) value: Option<String>,
    /// The characters of the value in small letters, ranges as in `a-z0-9_-`; capitals are as good.
    pub(super) chars: Option<String>,
    /// The least and the most bytes of the value.
    pub(super) length: Option<[usize; 2]>,
    /// Bits a byte that the value must have, 0 to 8.
    #[serde(default)]
    pub(super) entropy: f32,
    /// Whether a value that is made of words is none.
    #[serde(default)]
    pub(super) random: bool,
    /// 0 to 100.
    pub(super) confidence: u8,
    pub(super) examples: Vec<Sample>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Sample>,
}

/// A value of any shape that follows its label (`mot de passe : …`), as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLabelled {
    pub(super) id: String,
    pub(super) entity: String,
    /// What the value may be.
    pub(super) kind: super::secret::label::Kind,
    /// Labels by language: words and phrases.
    pub(super) labels: BTreeMap<String, Vec<String>>,
    /// Labels that are found within a longer word too (`dbPassword`), as they stand.
    #[serde(default)]
    pub(super) within: Vec<String>,
    pub(super) examples: Vec<Sample>,
    pub(super) counter_examples: Vec<Sample>,
}

fn anywhere() -> String {
    "*".to_owned()
}
