//! `decision`: where a request may go, or that it was refused.

use crate::schema::{Member, Schema, Shape, may, must};

pub(super) const SCHEMA: Schema = Schema {
    name: "decision",
    when: "before a byte of a request leaves, or when it is refused",
    about_request: true,
    members: &[
        must("actor", Shape::Word, "keyed pseudonym of the credential"),
        must("api", Shape::Word, "dialect"),
        must("app", Shape::Word, "through which app"),
        must("body_bytes", Shape::Number, "bytes of the body as received"),
        must("body_mac", Shape::Digest, "keyed MAC of the body as received"),
        may(
            "clock",
            Shape::OneOf(CLOCK),
            "what the system says of the clock that dates the entry, read within the last second; absent in entries of older versions",
        ),
        may("crossed", Shape::Object(CROSSED), "the tier that was left at once for it"),
        may(
            "exceptions",
            Shape::List(&Shape::Object(EXCEPTED)),
            "exceptions of the policy that spared it a rule which would have fired without them; absent where there are none, and in entries of older versions",
        ),
        may("facts", Shape::Object(FACTS), "what was decided on; absent when it was refused before it was inspected"),
        may("fell_back", Shape::Word, "why it goes to a later tier than the first at once"),
        must("findings", Shape::List(&Shape::Object(FINDING)), "what was found, by type and place"),
        must("inventory", Shape::Digest, "digest of the inventory in force"),
        may(
            "kept",
            Shape::Digest,
            "keyed code of the kept answer that it goes on from, shows or deletes; the outcome of the request that made that answer has the same",
        ),
        may("label", Shape::Word, "in the sheet's spelling, or `unknown`"),
        may(
            "leak",
            Shape::Object(PROTECTED),
            "the protected document that it is nearest to, from a score of 500, or of 300 where an encoder alone saw it",
        ),
        may(
            "leak_score",
            Shape::Number,
            "0 to 1000; absent when unknown; the least that it may be where `facts.leak_most` stands",
        ),
        may(
            "left_out",
            Shape::Object(LEFT_OUT),
            "what an entry of 16 KiB has no room for: it follows from the digests of policy and inventory and from the facts",
        ),
        must("model", Shape::Word, "the configured name that was asked for, or `unknown`"),
        must("operation", Shape::Word, "of the API"),
        must("plan", Shape::List(&Shape::Object(PLANNED)), "backends that may have it, in order"),
        must("policy", Shape::Digest, "digest of the policy in force"),
        may("purpose", Shape::Word, "declared or registered"),
        may("reason", Shape::Word, "the refusal's code"),
        must("reference", Shape::Digest, "digest of the reference data in force"),
        must("removed", Shape::List(&Shape::Object(REMOVED)), "backends that may not have it"),
        must("request", Shape::Request, ""),
        must("rules", Shape::List(&Shape::Word), "rules that fired"),
        must("scan", Shape::Object(SCAN), "what was read; `failed` and zeros when the body was not"),
        may("sending", Shape::Object(SENDING), "what is about to be sent"),
        must("stream", Shape::Flag, "whether a stream was asked for"),
        must("tenant", Shape::Word, "who asked"),
        may(
            "trace",
            Shape::Word,
            "W3C trace id of the gateway's span, where that trace is not the caller's: an id that the caller made is in no entry",
        ),
        must("verdict", Shape::OneOf(&["forward", "refuse"]), ""),
    ],
};

const FACTS: &[Member] = &[
    must(
        "able",
        Shape::List(&Shape::Word),
        "backends that speak the API and serve the model, and those at home that serve the smaller one",
    ),
    may("brought", Shape::List(&Shape::Object(BROUGHT)), "classes that protected documents bring"),
    may("cut", Shape::Flag, "more types were found, or more backends are able, than an entry holds"),
    may("health", Shape::OneOf(&["possibly", "surely"]), "of a person"),
    may("hosted", Shape::List(&Shape::Object(TOOL)), "tools that run at the provider"),
    may("label_unknown", Shape::Flag, "a label was required, or is one that the sheet does not list"),
    may("leak_history", Shape::Number, "0 to 1000; absent when unknown"),
    may(
        "leak_most",
        Shape::Number,
        "what the leak score may be at most, where an encoder did not say in time and `leak_score` is the least",
    ),
    may("minors", Shape::Flag, "the app handles minors' data"),
    may("purpose_declared", Shape::Flag, "with the request, and not the one that the app is registered for"),
    may("reference", Shape::Flag, "something that the provider would fetch or holds"),
    may("residence", Shape::List(&Shape::Word), "countries, `ZZ` for one that nobody knows"),
    may("roles", Shape::List(&Shape::Word), "of the caller"),
    must("types", Shape::List(&Shape::Object(TYPE)), "as found, before a label lowered anything"),
    may("unreadable", Shape::Flag, "a field cannot be read"),
    may(
        "unsought",
        Shape::List(&Shape::Word),
        "types that a detector knows and nobody looked for: none found says nothing",
    ),
    must(
        "v",
        Shape::Number,
        "version of these facts: 3; facts of version 1 do not say what was not looked for, nor those of version 2 whether a purpose was declared",
    ),
];

/// The state in force when a further backend was tried, or none was left.
pub(super) const NEWEST: &[Member] = &[
    may("exceptions", Shape::List(&Shape::Object(EXCEPTED)), "its exceptions that spared the request a rule"),
    must("inventory", Shape::Digest, "digest of its inventory"),
    may("planned", Shape::Object(PLANNED), "the backend of the attempt, as its inventory declares it"),
    must("policy", Shape::Digest, "digest of its policy"),
    must("reference", Shape::Digest, "digest of its reference data"),
    may("removed", Shape::List(&Shape::Object(REMOVED)), "backends that may not have the request under it"),
    may("removed_left_out", Shape::Number, "further ones, for which an entry has no room"),
];

const EXCEPTED: &[Member] = &[
    must("exception", Shape::Word, "its name in the sheet"),
    must("rule", Shape::Word, "the rule that it spared the request from"),
    must("until", Shape::Word, "its last day"),
];

/// What a system says of its clock.
pub(super) const CLOCK: &[&str] = &["synchronised", "unknown", "unsynchronised"];

const TYPE: &[Member] = &[
    must("confidence", Shape::Number, "the highest, 50 to 100"),
    must("possibly", Shape::Number, "findings from confidence 50"),
    must("surely", Shape::Number, "findings from confidence 80"),
    must("type", Shape::Word, "entity type; `several` where an entry has no room for each"),
];

const BROUGHT: &[Member] = &[must("class", Shape::Word, ""), must("sure", Shape::Flag, "")];

const TOOL: &[Member] = &[
    may("host", Shape::Word, "the host it reaches, as the sheet names it"),
    must("tool", Shape::Word, "its kind, as the sheet names it"),
];

const PROTECTED: &[Member] = &[
    may("asked_byte", Shape::Number, "byte of that leaf, as it was read"),
    may("asked_from", Shape::Number, "first word of the request that is near to it: the words of all its texts are counted, other readings behind them"),
    may("asked_leaf", Shape::Number, "leaf of the body that this word is in, from 0"),
    may("asked_until", Shape::Number, "the word behind the last"),
    may("chance_per_million", Shape::Number, "of a million harmless texts, how many would score as much"),
    must("class", Shape::Word, "its class"),
    must("document", Shape::Word, "keyed id"),
    must("epoch", Shape::Number, "state of the corpus that the score replays from"),
    may("history", Shape::Number, "what the caller sent of it within a time, 0 to 1000"),
    may("others", Shape::List(&Shape::Object(PROTECTED_TOO)), "the nearest document of each other class that it brings, at most eight"),
    must("passage", Shape::Number, "windows of 48 words, 24 apart"),
    must("stage", Shape::Word, "`fingerprint`, `code`, `sketch`, `encoder`"),
    may("words_from", Shape::Number, "first word of the document that the request is near to"),
    may("words_until", Shape::Number, "the word behind the last"),
];

const PROTECTED_TOO: &[Member] = &[
    may("asked_byte", Shape::Number, "as of the nearest"),
    must("asked_from", Shape::Number, ""),
    may("asked_leaf", Shape::Number, ""),
    must("asked_until", Shape::Number, ""),
    must("class", Shape::Word, "its class"),
    must("document", Shape::Word, "keyed id"),
    must("passage", Shape::Number, ""),
    must("score", Shape::Number, "0 to 1000"),
    must("stage", Shape::Word, ""),
    must("words_from", Shape::Number, ""),
    must("words_until", Shape::Number, ""),
];

const FINDING: &[Member] = &[
    must("classes", Shape::List(&Shape::Word), "classes that the type implies"),
    must("confidence", Shape::OneOf(&["possible", "sure"]), "50 to 79, 80 to 100"),
    must("count", Shape::Number, ""),
    must("path", Shape::Word, "the path in the dialect's table; `several` where an entry has no room for each"),
    must("type", Shape::Word, "entity type; `several` where an entry has no room for each: the classes are those of all of them"),
];

const PLANNED: &[Member] = &[
    must("backend", Shape::Word, ""),
    may("controlled_from", Shape::Word, "country of ultimate control"),
    must("countries", Shape::List(&Shape::Word), "countries of processing"),
    must("duties", Shape::List(&Shape::Exactly(2, &Shape::Word)), "pairs of type and action"),
    may("duties_as", Shape::Word, "a backend before it in the plan whose duties it has, where an entry has no room for both"),
    may("operator", Shape::Word, "who operates it"),
    must("tier", Shape::Word, ""),
    may("transfer_basis", Shape::Word, "instrument of transfer"),
];

const REMOVED: &[Member] = &[
    must("backend", Shape::Word, ""),
    may("rules", Shape::List(&Shape::Word), "the rules, when rules did it"),
    must("why", Shape::Word, "`not-allowed`, `rule`, `duty`, `expired`, `frozen`, `unable`"),
];

const LEFT_OUT: &[Member] = &[
    may("plan", Shape::Number, "backends of the plan, those tried last"),
    may("removed", Shape::Number, "backends that may not have it"),
    may("rules", Shape::Number, "rules that fired"),
];

const SCAN: &[Member] = &[
    must("bytes", Shape::Number, "bytes read"),
    must("leaves", Shape::Number, "fields of the body"),
    must("scanned", Shape::Number, "fields read"),
    must("status", Shape::OneOf(&["complete", "failed", "partial"]), ""),
    must("unknown", Shape::Number, "fields at paths that no table names"),
    must("unreadable", Shape::Number, "fields that cannot be read"),
];

/// A tier that was left because a `fall back` clause opened the next.
pub(super) const CROSSED: &[Member] = &[
    must(
        "cause",
        Shape::OneOf(&["full", "unavailable", "waited"]),
        "all of it was down (`unavailable`); full or slow for the clause's time (`waited`), or where the clause gives no time (`full`)",
    ),
    must("from", Shape::Word, "the tier that did not serve"),
    must("to", Shape::Word, "the tier that was opened"),
];

/// What leaves for one backend.
pub(super) const SENDING: &[Member] = &[
    must("backend", Shape::Word, ""),
    must("body_bytes", Shape::Number, "bytes of the body as sent"),
    must("body_mac", Shape::Digest, "keyed MAC of the body as sent"),
    must("changed", Shape::List(&Shape::Object(CHANGE)), "duties done, counted from the edits made"),
    may(
        "found",
        Shape::List(&Shape::Object(FINDING)),
        "what was not among the findings and came to light only beside what was changed, by type and place as there",
    ),
    may("model", Shape::Word, "the model's name at the backend"),
    may("sealed", Shape::Object(SEALED), "where the content is kept under seal, when policy wants it"),
    may(
        "smaller",
        Shape::Word,
        "the configured name of the smaller model that serves in the place of `model` of the decision",
    ),
];

pub(super) const SEALED: &[Member] = &[
    must("bytes", Shape::Number, "bytes of the sealed file"),
    may(
        "cut",
        Shape::Flag,
        "whether only the beginning is in it: of an answer that is longer than what is kept of one",
    ),
    must("digest", Shape::Digest, "SHA-256 of the sealed file"),
    must("key", Shape::Word, "id of its key; an `erasure` of the same id says that nobody can open it any more"),
    must("month", Shape::Word, "month of the key that protects that one"),
    must("of", Shape::Word, "pseudonym of the subject or keyed code of the case"),
    must("scope", Shape::OneOf(&["case", "subject"]), "whose content the key protects"),
];

const CHANGE: &[Member] = &[
    must("action", Shape::Word, ""),
    must("count", Shape::Number, "places changed"),
    must("type", Shape::Word, "entity type; `several` where an entry has no room for each"),
];
