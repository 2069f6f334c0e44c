//! Laws of every dialect, over the fixtures in `tests/data/dialect/<name>/`: a row without a fixture fails here.
//!
//! ```text
//! <operation>[-note].json           a request
//! <operation>.reply[-note].json     a whole reply
//! <operation>.stream[-note].jsonl   the events of a stream, a line each; with a name and a tab before the data where the
//!                                   framing names events
//! ```
//!
//! Longer than 400 lines: one law after the other over the same fixtures. What is told of failures and of endpoints is in
//! [`endpoints`].
#![expect(clippy::disallowed_methods, reason = "the tests read their fixtures")]

mod endpoints;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::language::{Endpoint, endpoint};
use super::table::Table;
use super::visit::{At, Spot, Visitor, walk_as};
use super::*;
use crate::model::{Fault, Operation, Role, TokenKind};
use crate::wire::json::{Bounds, Document, Node, Numbers, Scanner};
use crate::wire::splice;

/// Dialects whose tables are another's: their own files only say where they stand.
const SHARED: &[&str] = &["azure", "vertex"];
/// Tested beside its own files.
const ELSEWHERE: &[&str] = &["openai"];

fn folder(dialect: Dialect) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dialect").join(dialect.name())
}

/// Fixtures of an operation, with their names.
fn fixtures(api: Api, part: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder(api.dialect)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(stem) = name.strip_suffix(extension) else { continue };
        let bare = stem.split('-').next().unwrap();
        if bare == format!("{}{part}", api.operation.name()) {
            found.push((stem.to_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn tested() -> impl Iterator<Item = (&'static Language, &'static Endpoint, Api)> {
    let own = |language: &&&Language| {
        let name = language.dialect.name();
        !SHARED.contains(&name) && !ELSEWHERE.contains(&name)
    };
    LANGUAGES.iter().filter(own).flat_map(|language| {
        let with_body = language.endpoints.iter().filter(|endpoint| endpoint.request.is_some());
        with_body.map(move |endpoint| {
            (*language, endpoint, Api { dialect: language.dialect, operation: endpoint.operation })
        })
    })
}

/// The line of a request; where the path names the model, it does here.
fn line(api: Api) -> Line {
    let model = endpoint(api).unwrap().path.contains("{model}").then(|| "m".to_owned());
    Line { model, ..Line::from(api) }
}

fn read(api: Api, name: &str, body: &str) -> Call {
    parse(line(api), body.to_owned()).unwrap_or_else(|refusal| panic!("{}/{name}: {refusal:?}", api.dialect.name()))
}

/// The name and the data of a line of a stream.
fn named(line: &str) -> (Option<&str>, &str) {
    line.split_once('\t').map_or((None, line), |(name, data)| (Some(name), data))
}

fn listing(call: &Call) -> String {
    let mut lines = String::new();
    for field in &call.fields {
        let kind = match field.kind {
            TokenKind::Key => "key",
            TokenKind::String => "string",
            TokenKind::Number => "number",
        };
        let text: String = call.text(field).chars().take(40).collect();
        writeln!(lines, "{:<62} {:<11} {kind:<6} g{:<3} {text}", field.path, field.role.name(), field.group).unwrap();
    }
    for hosted in &call.hosted {
        let host = hosted.host.map_or("-", |host| call.text(&call.fields[host as usize]));
        writeln!(lines, "hosted {} at {host}", hosted.kind).unwrap();
    }
    writeln!(lines, "model {} stream {} store {:?}", model_asked(call), call.stream, call.store).unwrap();
    lines
}

fn leaf_line(leaf: &ReplyLeaf<'_>) -> String {
    let how = match (leaf.restore, leaf.fragment, leaf.landing) {
        (false, ..) => "fixed",
        (_, true, Landing::Text) => "piece",
        (_, true, Landing::JsonInString) => "piece json",
        (_, false, Landing::Text) => "whole",
        (_, false, Landing::JsonInString) => "whole json",
    };
    let Channel { kind, outer, inner } = leaf.channel;
    format!("  {how:<10} {:<18} {outer}.{inner} {}", format!("{kind:?}"), leaf.text)
}

fn snapshot(dialect: Dialect, name: &str, listing: &str) {
    insta::with_settings!({
        snapshot_path => folder(dialect).join("snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, listing);
    });
}

#[test]
fn every_leaf_of_every_fixture_has_its_path_and_role() {
    for (_, _, api) in tested() {
        let requests = fixtures(api, "", ".json");
        assert!(!requests.is_empty(), "{api:?} has no request fixture");
        for (name, body) in requests {
            let call = read(api, &name, &body);
            let stray: Vec<_> = call.fields.iter().filter(|field| field.role == Role::Unknown).collect();
            assert_eq!(
                !stray.is_empty(),
                name.ends_with("-unknown"),
                "{api:?} {name}: leaves that no row names: {stray:?}"
            );
            snapshot(api.dialect, &name, &listing(&call));
        }
        for (name, body) in fixtures(api, ".reply", ".json") {
            let view = reply_leaves(api, &body).unwrap();
            let leaves: Vec<String> = view.leaves.iter().map(leaf_line).collect();
            snapshot(
                api.dialect,
                &name,
                &format!("{}\nusage {:?}\nwithheld {}", leaves.join("\n"), view.usage, view.logprobs.len()),
            );
        }
        for (name, events) in fixtures(api, ".stream", ".jsonl") {
            let mut listing = String::new();
            for (event, data) in events.lines().map(named) {
                let view = event_leaves(api, event, data).unwrap();
                writeln!(
                    listing,
                    "{:?} ends {:?} usage {:?} withheld {}",
                    view.kind,
                    view.ends,
                    view.usage,
                    view.logprobs.len()
                )
                .unwrap();
                for leaf in &view.leaves {
                    writeln!(listing, "{}", leaf_line(leaf)).unwrap();
                }
            }
            snapshot(api.dialect, &name, &listing);
        }
    }
}

/// Notes every place that a walk comes by.
#[derive(Default)]
struct Trail(BTreeSet<&'static str>);

impl Trail {
    fn note<M: Copy>(&mut self, at: &At<'_, M>) {
        match at.spot {
            Spot::Known(place) => self.0.extend([place.path]),
            Spot::Below(path, _) => self.0.extend([path]),
            Spot::Unknown(_) => {}
        }
    }
}

impl<'d, M: Copy> Visitor<'d, M> for Trail {
    type Error = std::convert::Infallible;

    fn enter(&mut self, _: &Document<'d>, at: &At<'_, M>, _: &Node) -> Result<(), Self::Error> {
        self.note(at);
        Ok(())
    }

    fn leave(&mut self) {}

    fn key(&mut self, _: &Document<'d>, at: &At<'_, M>, _: &Node) -> Result<(), Self::Error> {
        self.note(at);
        Ok(())
    }

    fn leaf(&mut self, _: &Document<'d>, at: &At<'_, M>, _: &Node) -> Result<(), Self::Error> {
        self.note(at);
        Ok(())
    }
}

/// Rows of a table that none of these bodies comes by.
fn bare<M: Copy>(table: &Table<M>, bodies: &[(Option<String>, String)]) -> Vec<&'static str> {
    let mut trail = Trail::default();
    for (name, body) in bodies.iter().filter(|(_, body)| body != "[DONE]") {
        let document = Document::read(body, Bounds::REQUEST, Numbers::All).unwrap_or_else(|_| panic!("{body}"));
        walk_as(&document, table, name.as_deref(), &mut trail).unwrap();
    }
    let mut bare: Vec<_> = table.rows().iter().map(|row| row.path).filter(|path| !trail.0.contains(path)).collect();
    bare.dedup();
    bare
}

/// What is known under a table: its name, to its address, so that a table used by several endpoints is met by all of them.
#[derive(Default)]
struct Met {
    requests: BTreeMap<usize, (&'static request::RequestTable, Bodies)>,
    replies: BTreeMap<usize, (&'static Table<reply::Says>, Bodies)>,
}

/// Bodies, each with the name of its event.
type Bodies = Vec<(Option<String>, String)>;

#[test]
fn every_row_has_a_fixture() {
    let mut met = Met::default();
    for (_, endpoint, api) in tested() {
        let request: &'static request::RequestTable = endpoint.request.unwrap();
        let bodies = fixtures(api, "", ".json").into_iter().map(|(_, body)| (None, body));
        met.requests.entry(std::ptr::from_ref(request) as usize).or_insert((request, vec![])).1.extend(bodies);
        let whole: &'static Table<_> = endpoint.whole;
        let replies = fixtures(api, ".reply", ".json").into_iter().map(|(_, body)| (None, body));
        met.replies.entry(std::ptr::from_ref(whole) as usize).or_insert((whole, vec![])).1.extend(replies);
        let event: &'static Table<_> = endpoint.event;
        let streams = fixtures(api, ".stream", ".jsonl");
        let events = streams.iter().flat_map(|(_, events)| events.lines().map(named));
        let events = events.map(|(name, data)| (name.map(str::to_owned), data.to_owned()));
        met.replies.entry(std::ptr::from_ref(event) as usize).or_insert((event, vec![])).1.extend(events);
    }
    let requests = met.requests.into_values().flat_map(|(spec, bodies)| bare(&spec.table, &bodies));
    let replies = met.replies.into_values().flat_map(|(table, bodies)| bare(table, &bodies));
    let bare: Vec<_> = requests.chain(replies).collect();
    assert!(bare.is_empty(), "rows without a fixture:\n{}", bare.join("\n"));
}

#[test]
fn nothing_of_a_request_is_left_unread() {
    for (_, endpoint, api) in tested() {
        let mut known: BTreeSet<String> =
            endpoint.request.unwrap().words.iter().map(|word| (*word).to_owned()).collect();
        for path in request_paths(api) {
            let names = path.split(['.', '[', ']', '{', '}']).filter(|name| !name.is_empty() && *name != "*");
            known.extend(names.map(str::to_owned));
        }
        for (name, body) in fixtures(api, "", ".json") {
            let call = read(api, &name, &body);
            let fields: BTreeSet<u32> = call.fields.iter().map(|field| field.span.start).collect();
            let mut scanner = Scanner::new(&body, 64);
            while let Some(token) = scanner.token().unwrap() {
                let text = body.get(token.span.start as usize..token.span.end as usize).unwrap();
                let needs = match token.kind {
                    crate::wire::json::TokenKind::Key { .. } => {
                        let key: String = serde_json::from_str(text).unwrap();
                        !known.contains(&key) && !known.contains(&table::in_camel_case(&key))
                    }
                    crate::wire::json::TokenKind::String { .. } | crate::wire::json::TokenKind::Number => true,
                    _ => false,
                };
                assert!(!needs || fields.contains(&token.span.start), "{api:?} {name}: {text} is no field");
            }
        }
    }
}

/// Every reply and event of an operation: the name of the event, the data, whether it is an event.
fn answers(api: Api) -> Vec<(Option<String>, String, bool)> {
    let whole = fixtures(api, ".reply", ".json").into_iter().map(|(_, body)| (None, body, false));
    let streams = fixtures(api, ".stream", ".jsonl");
    let events = streams.iter().flat_map(|(_, events)| events.lines().map(named));
    let events = events.map(|(name, data)| (name.map(str::to_owned), data.to_owned(), true));
    whole.chain(events).filter(|(_, data, _)| data != "[DONE]").collect()
}

#[test]
fn no_string_of_an_answer_goes_unseen() {
    for (_, _, api) in tested() {
        for (event, body, stream) in answers(api) {
            let (leaves, logprobs) = if stream {
                let view = event_leaves(api, event.as_deref(), &body).unwrap();
                (view.leaves, view.logprobs)
            } else {
                let view = reply_leaves(api, &body).unwrap();
                (view.leaves, view.logprobs)
            };
            let mut scanner = Scanner::new(&body, 64);
            while let Some(token) = scanner.token().unwrap() {
                if let crate::wire::json::TokenKind::String { .. } = token.kind {
                    let seen = leaves.iter().any(|leaf| leaf.span == token.span);
                    let inside = |of: &Logprobs| of.span.start <= token.span.start && token.span.end <= of.span.end;
                    assert!(seen != logprobs.iter().any(inside), "{api:?}: byte {} of {body}", token.span.start);
                }
            }
        }
    }
}

#[test]
fn a_flush_is_a_delta_of_its_channel_and_nothing_else() {
    for (_, _, api) in tested() {
        for (event, data, stream) in answers(api).into_iter().filter(|(.., stream)| *stream) {
            assert!(stream);
            for leaf in event_leaves(api, event.as_deref(), &data).unwrap().leaves.iter().filter(|leaf| leaf.fragment) {
                let held = "é\"\\\n<PER";
                let flush = flush_event(api, &data, leaf.channel, held.into(), Some(41));
                let flush = flush.unwrap_or_else(|| panic!("{api:?}: no flush for {:?} of {data}", leaf.channel));
                let view = event_leaves(api, flush.event.as_deref(), &flush.data).unwrap();
                let pieces: Vec<_> = view.leaves.iter().filter(|leaf| leaf.fragment).collect();
                assert_eq!(pieces.len(), 1, "{api:?}: {data}");
                assert_eq!((pieces[0].channel, pieces[0].text.as_ref()), (leaf.channel, held), "{api:?}: {data}");
                assert_eq!((view.usage, &view.ends[..]), (None, &[][..]), "{api:?}: {}", flush.data);
                assert!(!matches!(view.kind, EventKind::Done | EventKind::Error), "{api:?}: {}", flush.data);
            }
        }
    }
}

#[test]
fn every_stream_ends_and_nothing_but_its_end_does() {
    for (_, _, api) in tested() {
        for (name, events) in fixtures(api, ".stream", ".jsonl") {
            let kinds: Vec<EventKind> =
                events.lines().map(named).map(|(event, data)| event_leaves(api, event, data).unwrap().kind).collect();
            if name.ends_with("-error") {
                assert_eq!(kinds.last(), Some(&EventKind::Error), "{api:?} {name}");
            } else {
                assert!(kinds.contains(&EventKind::Done), "{api:?} {name}: {kinds:?}");
                assert!(!kinds[..kinds.len() / 2].contains(&EventKind::Done), "{api:?} {name}: {kinds:?}");
            }
        }
    }
}

/// A block that begins with text is of the index that its event says, wherever in the event it stands.
#[test]
fn a_block_that_begins_with_text_is_of_its_own_index() {
    let anthropic = Api { dialect: super::named("anthropic").unwrap(), operation: Operation::new("messages") };
    let block = r#""content_block":{"type":"text","text":"Hello <PER"}"#;
    for (data, index) in [
        (format!(r#"{{"type":"content_block_start","index":1,{block}}}"#), 1),
        (format!(r#"{{"type":"content_block_start",{block},"index":0}}"#), 0),
    ] {
        let view = event_leaves(anthropic, None, &data).unwrap();
        let text = view.leaves.iter().find(|leaf| leaf.fragment).unwrap();
        assert_eq!((text.channel.outer, &*text.text), (index, "Hello <PER"), "{data}");
    }
    let whole = r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#;
    let view = reply_leaves(anthropic, whole).unwrap();
    let outer: Vec<u32> = view.leaves.iter().filter(|leaf| leaf.is_text).map(|leaf| leaf.channel.outer).collect();
    assert_eq!(outer, [0, 1]);
}

/// The types of events, and of what their blocks and deltas are, as the official SDKs for Python list them (`anthropic` 2.14.0,
/// `botocore` 1.44.8).
const EVENT_TYPES: &[(&str, &str, &[&str])] = &[
    (
        "anthropic",
        "messages",
        &[
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
            "ping",
            "text_delta",
            "input_json_delta",
            "thinking_delta",
            "signature_delta",
            "citations_delta",
            "compaction_delta",
            "text",
            "thinking",
            "redacted_thinking",
            "tool_use",
            "server_tool_use",
            "web_search_tool_result",
            "web_fetch_tool_result",
            "code_execution_tool_result",
            "bash_code_execution_tool_result",
            "text_editor_code_execution_tool_result",
            "tool_search_tool_result",
            "mcp_tool_use",
            "mcp_tool_result",
            "container_upload",
            "compaction",
        ],
    ),
    (
        "bedrock",
        "chat_stream",
        &[
            "messageStart",
            "contentBlockStart",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata",
            "text",
            "toolUse",
            "toolResult",
            "reasoningContent",
            "citation",
            "image",
        ],
    ),
];

#[test]
fn every_event_type_has_a_fixture() {
    for (dialect, operation, kinds) in EVENT_TYPES {
        let api = Api { dialect: super::named(dialect).unwrap(), operation: Operation::new(operation) };
        let streams: String = fixtures(api, ".stream", ".jsonl").into_iter().map(|(_, events)| events).collect();
        let has = |kind: &str| {
            [format!("\n{kind}\t"), format!(r#""type":"{kind}""#), format!(r#""{kind}":"#)]
                .iter()
                .any(|spelt| format!("\n{streams}").contains(spelt))
        };
        let lacking: Vec<&&str> = kinds.iter().filter(|kind| !has(kind)).collect();
        assert!(lacking.is_empty(), "{dialect}: {lacking:?}");
    }
}

#[test]
fn the_backends_own_name_stands_wherever_the_request_names_a_model() {
    for (_, endpoint, api) in tested() {
        for (name, body) in fixtures(api, "", ".json") {
            let call = read(api, &name, &body);
            let sent = splice(&call.body, outgoing(&call, "own/name:1", true)).unwrap();
            let own = Line { model: call.line.model.as_ref().map(|_| "own/name:1".to_owned()), ..line(api) };
            let again = parse(own, sent).unwrap_or_else(|refusal| panic!("{api:?} {name}: {refusal:?}"));
            assert_eq!(model_asked(&again), "own/name:1", "{api:?} {name}");
            assert!(path(&call.line, "own/name:1").contains("own%2Fname%3A1") == endpoint.upstream.contains("{model}"));
        }
    }
}

/// An attachment of text is a field like any text, and what is put in its place is an attachment again.
#[test]
fn attachments_of_text_are_read_and_written_in_place() {
    let rows = [
        (
            "anthropic",
            "messages",
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"#,
            "",
        ),
        (
            "openai",
            "chat",
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"#,
            "data:text/csv;base64,",
        ),
        (
            "openai",
            "chat",
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"#,
            "data:image/png;base64,",
        ),
        ("gemini", "generate_content", r#"{"contents":[{"role":"user","parts":[{"inline_data":{"data":"#, ""),
        ("bedrock", "chat", r#"{"messages":[{"role":"user","content":[{"document":{"source":{"bytes":"#, ""),
    ];
    for (dialect, operation, begin, before) in rows {
        let api = Api { dialect: super::named(dialect).unwrap(), operation: Operation::new(operation) };
        let ends: String = begin
            .chars()
            .rev()
            .filter_map(|char| match char {
                '{' => Some('}'),
                '[' => Some(']'),
                _ => None,
            })
            .collect();
        let body = format!("{begin}\"{before}SmVhbiBEdXBvbnQ=\"{ends}");
        let call = parse(Line { model: Some("m".to_owned()), ..Line::from(api) }, body.clone()).unwrap();
        let field =
            call.fields.iter().find(|field| call.text(field) == "Jean Dupont").unwrap_or_else(|| panic!("{body}"));
        assert_eq!(field.role, Role::User, "{dialect}");
        assert!(!call.has(Role::Binary), "{dialect}");
        assert_eq!(field.content.written("A"), format!("{before}QQ=="), "{dialect}");
    }
}
