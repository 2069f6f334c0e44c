//! The leak matrix: every row of every dialect's request table × what is put there × how it is spelt × what it is.
//!
//! Made from the tables, so that a row without a test cannot be. Each cell goes the way of a request from its parsing to the
//! bytes that would leave for a backend abroad, and back: either the value is replaced and its token restored, or the request
//! is refused with a reason. `docs/coverage.md` is written from what was seen; the test fails while it says otherwise.
//!
//! The short count takes every pair of row and spelling, row and family, spelling and family; `OCTROI_MATRIX=full` the whole
//! product with a family for every detector pattern.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "test helpers that read and write a page of the documentation"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use octroi::dialect;
use octroi::gateway::examine::{self, Declarations, Examined, Parsed, Question};
use octroi::gateway::outbound;
use octroi::gateway::snapshot::Snapshot;
use octroi::model::entry::RequestId;
use octroi::model::{Api, Call, Caller, Leak, LeakFact, Line, Word};
use octroi::transform::{Landing, Restorer};
use serde_json::Value;

mod common;

#[path = "matrix/place.rs"]
mod place;

use place::Put;

/// How a value is spelt in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    Plain,
    /// Every character as `\uXXXX`.
    Escaped,
    /// JSON in a string, itself escaped.
    Twice,
    /// A zero-width space within.
    ZeroWidth,
    /// Base64 of the text.
    Base64,
}

const SPELLINGS: [Spelling; 5] =
    [Spelling::Plain, Spelling::Escaped, Spelling::Twice, Spelling::ZeroWidth, Spelling::Base64];

/// A value that must not leave, in words that make its detector sure.
#[derive(Debug, Clone)]
struct Family {
    entity: String,
    text: String,
    value: String,
    /// Its digits alone, without a word beside them, are found too.
    bare: bool,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It left without the value, and the token comes back as the value.
    Restored,
    /// It left without the value, which was not replaced by a token (dropped, or never built).
    Gone,
    /// It was refused.
    Refused(&'static str),
}

struct Bench {
    snapshot: Arc<Snapshot>,
    caller: Caller,
}

impl Bench {
    /// Sends a body as far as the bytes that would leave for the backend abroad.
    fn fate(&self, api: Api, body: &str, family: &Family) -> Fate {
        let model =
            dialect::endpoints(api.dialect).iter().any(|(known, path)| *known == api && path.contains("{model}"));
        let line = Line { model: model.then(|| "assistant".to_owned()), ..Line::from(api) };
        let Parsed { call, model, .. } =
            match examine::parse(&self.snapshot, &self.caller, (line, body.to_owned()), |_| {}) {
                Ok(parsed) => parsed,
                Err(refusal) => {
                    assert!((400..500).contains(&refusal.status), "{api:?}: {refusal:?}");
                    let said = format!("{} {}", refusal.message, refusal.place.unwrap_or_default());
                    assert!(!said.contains(&family.value), "{api:?}: a refusal quotes the value: {said}");
                    return Fate::Refused(refusal.code);
                }
            };
        let examined = self.examine(call, model);
        let Some(choice) = examined.plan.choices.first() else { return Fate::Refused("refused_by_policy") };
        let backend = examined.backend(choice.backend).unwrap();
        let Ok(changed) = outbound::change_for(&examined, (backend, &examined.model), &choice.duties, [7; 16]) else {
            return Fate::Refused("duty_impossible");
        };
        let leaves = texts(&changed.body);
        for leaf in &leaves {
            assert!(
                !opened(leaf).contains(&family.value),
                "{api:?}: {} left in `{}` of {body}\nas {}",
                family.entity,
                leaf,
                changed.body
            );
        }
        let restorer = Restorer::new(&changed.vault);
        let back = leaves.iter().map(|leaf| restorer.restore_whole(&opened(leaf), Landing::Text).text);
        let back: Vec<String> = back.collect();
        if back.iter().any(|text| opened(text).contains(&family.value)) {
            Fate::Restored
        } else {
            assert!(changed.vault.is_empty(), "{api:?}: {} does not come back from {}", family.entity, changed.body);
            Fate::Gone
        }
    }
}

/// Every string, key and number of a body.
fn texts(body: &str) -> Vec<String> {
    fn gather(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) => out.push(text.clone()),
            Value::Number(number) => out.push(number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| gather(item, out)),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                out.push(key.clone());
                gather(member, out);
            }),
            _ => {}
        }
    }
    let mut out = Vec::new();
    gather(&serde_json::from_str(body).unwrap(), &mut out);
    out
}

/// A text with what hides a value undone: zero-width characters, escapes, base64.
fn opened(text: &str) -> String {
    use base64::Engine as _;
    let bare = text.replace('\u{200b}', "");
    let mut all = vec![bare.clone()];
    if let Ok(Value::String(inner)) = serde_json::from_str(&format!("\"{bare}\"")) {
        all.push(inner);
    }
    all.extend(bare.split(|char: char| !(char.is_ascii_alphanumeric() || "+/=".contains(char))).filter_map(|run| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(run).ok().filter(|bytes| bytes.len() > 5)?;
        String::from_utf8(bytes).ok()
    }));
    all.join("\n")
}

/// Writes a body with the placeholder text in a spelling.
fn spelt(body: &Value, text: &str, spelling: Spelling) -> String {
    use base64::Engine as _;
    let escape = |text: &str| {
        text.encode_utf16().fold(String::new(), |mut out, unit| {
            write!(out, "\\u{unit:04x}").unwrap();
            out
        })
    };
    let json = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
    let instead = match spelling {
        Spelling::Plain => json(text),
        Spelling::Escaped => escape(text),
        Spelling::Twice => json(&escape(text)),
        Spelling::ZeroWidth => {
            let at = text.char_indices().nth(text.chars().count() / 2).unwrap().0;
            json(&format!("{}\u{200b}{}", &text[..at], &text[at..]))
        }
        Spelling::Base64 => json(&base64::engine::general_purpose::STANDARD.encode(text)),
    };
    body.to_string().replace(PLACEHOLDER, &instead)
}

/// Stands in a body for the text until it is spelt.
const PLACEHOLDER: &str = "THE-TEXT";

/// A family for every pattern of the shipped detectors whose first example is found, and a few of the engine; those of [`SHORT`].
fn families(bench: &Bench, full: bool) -> Vec<Family> {
    let mut candidates: Vec<(String, String)> = [
        ("email", "write to camille.aubertin@example.com today"),
        ("phone", "call +33 6 39 98 12 34 today"),
        ("iban", "IBAN FR76 3000 6000 0112 3456 7890 189"),
        ("payment_card", "card 4111 1111 1111 1111"),
        ("person", "Mme Camille Aubertin"),
    ]
    .map(|(entity, text)| (entity.to_owned(), text.to_owned()))
    .to_vec();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/detectors");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let table: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        for pattern in table.get("pattern").and_then(toml::Value::as_array).into_iter().flatten() {
            let entity = pattern.get("entity").and_then(toml::Value::as_str);
            let example = pattern.get("examples").and_then(|examples| examples.get(0)?.as_str());
            candidates.extend(entity.zip(example).map(|(entity, text)| (entity.to_owned(), text.to_owned())));
        }
    }
    let mut seen = BTreeSet::new();
    candidates.retain(|(entity, _)| (full || SHORT.contains(&entity.as_str())) && seen.insert(entity.clone()));
    candidates.into_iter().filter_map(|(entity, text)| bench.family(&entity, &text)).collect()
}

impl Bench {
    /// Inspects and decides.
    fn examine(&self, call: Call, model: Word) -> Examined {
        let (id, declared) = (RequestId([0; 16]), Declarations::default());
        let question =
            Question { id, caller: self.caller.clone(), declared, call: Arc::new(call), model, stored: None };
        let findings = examine::inspect(&self.snapshot, &question.caller, &question.call);
        let score = LeakFact::Score(0);
        let leak = Leak { score, history: score, classes: Vec::new(), nearest: None };
        examine::decide(Arc::clone(&self.snapshot), question, findings, leak, jiff::Timestamp::UNIX_EPOCH)
    }

    /// A family, if policy demands that its value be replaced or kept from the backend abroad.
    fn family(&self, entity: &str, text: &str) -> Option<Family> {
        let id = self.snapshot.catalogue.entity(entity)?;
        let body = common::chat_body(text, false);
        let api = Api { dialect: dialect::named("openai").unwrap(), operation: octroi::model::Operation::CHAT };
        let line = (Line::from(api), body);
        let Parsed { call, model, .. } = examine::parse(&self.snapshot, &self.caller, line, |_| {}).unwrap();
        let examined = self.examine(call, model);
        let found = examined.findings.list.iter().find(|found| found.entity == id)?;
        let field = examined.call.fields.get(found.field as usize)?;
        let value = examined.call.text(field).get(found.range.start as usize..found.range.end as usize)?.to_owned();
        let free =
            examined.plan.choices.first().is_some_and(|choice| choice.duties.action(id) == octroi::model::Action::Keep);
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let bare = digits.len() > 5
            && !digits.starts_with('0')
            && self.finds(id, &format!("{{\"model\":\"assistant\",\"x\":{digits}}}"));
        (!free && value.chars().count() > 5).then(|| Family {
            entity: entity.to_owned(),
            text: text.to_owned(),
            value,
            bare,
        })
    }

    /// Whether a type is found in a chat request.
    fn finds(&self, entity: octroi::model::EntityId, body: &str) -> bool {
        let api = Api { dialect: dialect::named("openai").unwrap(), operation: octroi::model::Operation::CHAT };
        let call = dialect::parse(api, body.to_owned()).unwrap();
        let found = self.snapshot.engine.inspect(&call).list;
        found.iter().any(|found| found.entity == entity && found.confidence >= octroi::model::finding::POSSIBLY)
    }
}

/// Families of the short count: one of each kind of spelling and check.
const SHORT: [&str; 8] = ["email", "phone", "iban", "payment_card", "person", "fr_nir", "at_svnr", "us_ssn"];

#[tokio::test(flavor = "multi_thread")]
async fn no_value_leaves_from_any_row_and_every_token_comes_back() {
    let mut plot = common::Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = dialect::all().map(|dialect| format!("\"{}\"", dialect.name())).collect::<Vec<_>>().join(", ");
    let house = plot.open().await;
    let snapshot = house.app.gate().snapshot();
    let caller = Caller {
        tenant: Word::configured("demo"),
        app: Word::configured("public-website"),
        purpose: None,
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        labels_required: false,
        actor: Word::UNKNOWN,
        quiet: false,
        scope: Arc::default(),
    };
    let bench = Bench { snapshot, caller };
    let full = std::env::var("OCTROI_MATRIX").is_ok_and(|value| value == "full");
    let all = families(&bench, full);
    let families: Vec<&Family> = all.iter().collect();
    assert!(families.len() >= 5, "too few families: {families:?}");
    assert!(families.iter().any(|family| family.bare), "no number is found alone: {families:?}");
    let mut cells = 0_u64;
    let mut page = String::new();
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    for (title, (section, more)) in all_sections(&bench, &families, full) {
        cells += more;
        // Dialects that share a table share its section.
        let first = sections.entry(section.clone()).or_insert_with(|| title.clone());
        let section = if *first == title { section } else { format!("\nAs for {first}.\n") };
        write!(page, "\n## {title}\n{section}").unwrap();
    }
    eprintln!("{cells} cells, {} families", families.len());
    check(&page, full);
}

/// The sections of all endpoints, in their order, each with its title and how many cells it has; made on every core.
fn all_sections(bench: &Bench, families: &[&Family], full: bool) -> Vec<(String, (String, u64))> {
    let mut endpoints = Vec::new();
    for dialect in dialect::all() {
        let mut known = BTreeSet::new();
        let own = dialect::endpoints(dialect).into_iter().filter(|(api, _)| known.insert(api.operation));
        endpoints.extend(own.map(|(api, path)| (format!("{}: `{path}`", dialect.name()), api)));
    }
    let (next, made) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some((title, api)) = endpoints.get(at) else { return };
        let section = (title.clone(), section(bench, *api, families, full));
        made.lock().unwrap().insert(at, section);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(work);
        }
    });
    made.into_inner().unwrap().into_values().collect()
}

/// Every cell of an endpoint: what the page says of its places, and how many cells there were.
fn section(bench: &Bench, api: Api, families: &[&Family], full: bool) -> (String, u64) {
    let mut cells = 0;
    let mut lines = "\n| place | text | key | number |\n|---|---|---|---|\n".to_owned();
    let mut rows = dialect::request_paths(api);
    rows.extend(place::UNKNOWN);
    let mut listed = BTreeSet::new();
    for (number, row) in rows.into_iter().enumerate() {
        if !listed.insert(row) {
            continue;
        }
        let mut said: BTreeMap<usize, BTreeSet<Fate>> = BTreeMap::new();
        for put in place::puts(row) {
            let fates = said.entry(*put as usize).or_default();
            for (spelling, family) in pairs(families, number, full) {
                // What is no number without words around it is none of anybody's here.
                if *put == Put::Number && !family.bare {
                    continue;
                }
                cells += 1;
                fates.insert(cell(bench, api, (row, *put), (spelling, family)));
            }
        }
        let shown = |put: Put| said.get(&(put as usize)).map_or("", |fates| word_for(fates));
        writeln!(lines, "| `{row}` | {} | {} | {} |", shown(Put::Text), shown(Put::Key), shown(Put::Number)).unwrap();
    }
    (lines, cells)
}

/// One cell of the matrix.
fn cell(bench: &Bench, api: Api, (row, put): (&str, Put), (spelling, family): (Spelling, &Family)) -> Fate {
    if put == Put::Number {
        let digits = Family { value: family.value.chars().filter(char::is_ascii_digit).collect(), ..family.clone() };
        return bench.fate(api, &place::body(api, row, put, &family.value).to_string(), &digits);
    }
    let body = place::body(api, row, put, PLACEHOLDER);
    bench.fate(api, &spelt(&body, &family.text, spelling), family)
}

/// Spellings and families for a row: all of them, or as many as each pair needs.
fn pairs<'f>(families: &[&'f Family], row: usize, full: bool) -> Vec<(Spelling, &'f Family)> {
    let count = families.len().max(SPELLINGS.len());
    let short = (0..count).map(|step| {
        (SPELLINGS[(step + row / families.len()) % SPELLINGS.len()], families[(step + row) % families.len()])
    });
    if full {
        SPELLINGS.iter().flat_map(|spelling| families.iter().map(|family| (*spelling, *family))).collect()
    } else {
        short.collect()
    }
}

/// What the page says of a place.
fn word_for(fates: &BTreeSet<Fate>) -> &'static str {
    let restored = fates.contains(&Fate::Restored);
    let refused = fates.iter().any(|fate| matches!(fate, Fate::Refused(_)));
    match (restored, refused) {
        (true, false) => "replaced, restored",
        (true, true) => "replaced, restored; or refused",
        (false, true) => "refused",
        (false, false) => "-",
    }
}

/// Compares the page with what was seen; `OCTROI_UPDATE=1` writes it anew.
fn check(seen: &str, full: bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    let text = format!("{}{seen}", include_str!("matrix/head.md"));
    if std::env::var("OCTROI_UPDATE").is_ok_and(|value| value == "1") {
        return std::fs::write(path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    // The full count sees more of a place than the page says; that nothing leaves is asserted in each cell.
    assert!(full || written == text, "docs/coverage.md is out of date: run this test with OCTROI_UPDATE=1");
}
