//! Reply and stream fixtures against their tables, the events that end texts, and the events that carry held-back text.

use super::super::super::reply::Says;
use super::super::super::table::Table;
use super::*;
use crate::dialect::{Channel, ChannelKind, Ended, EventKind, Landing, ReplyLeaf};
use crate::model::{Fault, Word};
use crate::wire::sse;

macro_rules! replies {
    ($($name:literal $ext:literal $api:expr;)*) => {
        &[$(($name, $api, include_str!(concat!("../../../../tests/data/dialect/openai/", $name, $ext)))),*]
    };
}

const REPLIES: &[(&str, Api, &str)] = replies! {
    "chat_reply" ".json" CHAT;
    "completions_reply" ".json" COMPLETIONS;
    "embeddings_reply" ".json" EMBEDDINGS;
    "responses_reply" ".json" RESPONSES;
};

const STREAMS: &[(&str, Api, &str)] = replies! {
    "chat_stream" ".jsonl" CHAT;
    "completions_stream" ".jsonl" COMPLETIONS;
    "responses_stream" ".jsonl" RESPONSES;
    "responses_events" ".jsonl" RESPONSES;
};

/// The types of the events of a responses stream, as the official SDK for Python lists them in version 3.57.0; `steer` and
/// `steer.failed` belong to its WebSocket.
const EVENT_TYPES: &[&str] = &[
    "error",
    "response.audio.delta",
    "response.audio.done",
    "response.audio.transcript.delta",
    "response.audio.transcript.done",
    "response.code_interpreter_call.completed",
    "response.code_interpreter_call.in_progress",
    "response.code_interpreter_call.interpreting",
    "response.code_interpreter_call_code.delta",
    "response.code_interpreter_call_code.done",
    "response.compaction.compacting",
    "response.completed",
    "response.content_part.added",
    "response.content_part.done",
    "response.created",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.failed",
    "response.file_search_call.completed",
    "response.file_search_call.in_progress",
    "response.file_search_call.searching",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.image_generation_call.completed",
    "response.image_generation_call.generating",
    "response.image_generation_call.in_progress",
    "response.image_generation_call.partial_image",
    "response.in_progress",
    "response.incomplete",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "response.mcp_call.in_progress",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_list_tools.completed",
    "response.mcp_list_tools.failed",
    "response.mcp_list_tools.in_progress",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.annotation.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.queued",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.refusal.delta",
    "response.refusal.done",
    "response.shell_call_command.added",
    "response.shell_call_command.delta",
    "response.shell_call_command.done",
    "response.shell_call_output_content.delta",
    "response.shell_call_output_content.done",
    "response.steer.accepted",
    "response.steer.pending",
    "response.web_search_call.completed",
    "response.web_search_call.in_progress",
    "response.web_search_call.searching",
];

fn line(leaf: &ReplyLeaf<'_>) -> String {
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

#[test]
fn every_leaf_of_the_replies_is_known() {
    insta::with_settings!({
        snapshot_path => "../../../../tests/data/dialect/openai/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (name, api, body) in REPLIES {
            let view = reply_leaves(*api, body).unwrap();
            let leaves: Vec<String> = view.leaves.iter().map(line).collect();
            let withheld: Vec<&str> = view.logprobs.iter().map(|one| one.instead).collect();
            insta::assert_snapshot!(*name, format!("{}\nusage {:?}\nwithheld {withheld:?}", leaves.join("\n"), view.usage));
        }
        for (name, api, events) in STREAMS {
            let mut listing = String::new();
            for data in events.lines() {
                let view = event_leaves(*api, None, data).unwrap();
                writeln!(listing, "{:?} ends {:?} usage {:?} withheld {}", view.kind, view.ends, view.usage, view.logprobs.len()).unwrap();
                for leaf in &view.leaves {
                    writeln!(listing, "{}", line(leaf)).unwrap();
                }
            }
            insta::assert_snapshot!(*name, listing);
        }
    });
}

#[test]
fn every_event_type_has_a_fixture() {
    let fixtures: String = STREAMS.iter().filter(|(_, api, _)| *api == RESPONSES).map(|(.., events)| *events).collect();
    let lacks = |kind: &&&str| !fixtures.contains(&format!(r#""type":"{kind}""#));
    assert_eq!(EVENT_TYPES.iter().filter(lacks).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn every_reply_row_has_a_fixture() {
    let cover = |table: &'static Table<Says>, bodies: &[String]| -> Vec<&'static str> {
        let mut trail = Trail::default();
        for body in bodies.iter().filter(|body| *body != "[DONE]") {
            let document = Document::read(body, Bounds::REQUEST, Numbers::All).unwrap();
            walk(&document, table, &mut trail).unwrap();
        }
        table.rows().iter().map(|row| row.path).filter(|path| !trail.0.contains(path)).collect()
    };
    let fixture = |name: &str| REPLIES.iter().find(|(known, ..)| *known == name).unwrap().2.to_owned();
    let stream = |name: &str| {
        let (.., events) = STREAMS.iter().find(|(known, ..)| *known == name).unwrap();
        events.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let response: Value = serde_json::from_str(&fixture("responses_reply")).unwrap();
    let mut events = [stream("responses_stream"), stream("responses_events")].concat();
    events.push(serde_json::json!({ "type": "response.completed", "response": response }).to_string());
    for item in response["output"].as_array().unwrap() {
        events.push(serde_json::json!({ "type": "response.output_item.done", "item": item }).to_string());
    }
    let chat = [vec![fixture("chat_reply"), fixture("embeddings_reply")], stream("chat_stream")].concat();
    let usage = r#"{"usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens":2},"prompt_logprobs":[null],"choices":[{"prompt_logprobs":[null],"token_ids":[1],"delta":{"content":[{"type":"text","text":"x"},{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"reference","reference_ids":[1]}]},"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"reference","reference_ids":[1]}]}}]}"#;
    let probabilities = r#"{"completion_probabilities":[],"__verbose":{"completion_probabilities":[]},"choices":[{"completion_probabilities":[],"meta_info":{"input_token_logprobs":[],"input_top_logprobs":[],"input_token_ids_logprobs":[],"output_token_logprobs":[],"output_top_logprobs":[],"output_token_ids_logprobs":[]}}]}"#;
    let chat = [chat, vec![usage.to_owned(), probabilities.to_owned()]].concat();
    events.push(format!(r#"{{"type":"response.completed","response":{usage}}}"#));
    assert_eq!(cover(endpoint(CHAT).unwrap().whole, &chat), Vec::<&str>::new());
    assert_eq!(
        cover(endpoint(RESPONSES).unwrap().whole, &[fixture("responses_reply"), usage.to_owned()]),
        Vec::<&str>::new()
    );
    assert_eq!(cover(endpoint(RESPONSES).unwrap().event, &events), Vec::<&str>::new());
}

#[test]
fn no_string_of_a_reply_goes_unseen() {
    let bodies = REPLIES.iter().map(|(_, api, body)| (*api, (*body).to_owned(), false));
    let events = STREAMS.iter().flat_map(|(_, api, events)| events.lines().map(|line| (*api, line.to_owned(), true)));
    for (api, body, stream) in bodies.chain(events).filter(|(_, body, _)| body != "[DONE]") {
        let (leaves, logprobs) = if stream {
            let view = event_leaves(api, None, &body).unwrap();
            (view.leaves, view.logprobs)
        } else {
            let view = reply_leaves(api, &body).unwrap();
            (view.leaves, view.logprobs)
        };
        let mut scanner = crate::wire::json::Scanner::new(&body, 64);
        while let Some(token) = scanner.token().unwrap() {
            if let crate::wire::json::TokenKind::String { .. } = token.kind {
                let seen = leaves.iter().any(|leaf| leaf.span == token.span);
                let withheld =
                    logprobs.iter().any(|edit| edit.span.start <= token.span.start && token.span.end <= edit.span.end);
                assert!(seen != withheld, "{} of {body}", token.span.start);
            }
        }
    }
}

#[test]
fn names_ids_and_urls_are_not_restored() {
    let never = [
        "lookup",
        "find",
        "free",
        "old",
        "call_1",
        "chatcmpl-1",
        "resp_1",
        "https://example.org",
        "https://mcp.example.org",
        "gAAAA",
    ];
    let mut met = BTreeSet::new();
    for (_, api, body) in REPLIES {
        for leaf in reply_leaves(*api, body).unwrap().leaves {
            if let Some(word) = never.iter().find(|word| **word == leaf.text) {
                assert!(!leaf.restore, "{word}");
                met.insert(*word);
            }
        }
    }
    assert_eq!(met.len(), never.len());
}

/// A name, the event, its sort, and whether the text of item 0 part 1 and the arguments of item 1 end with it.
type Ending = (&'static str, Api, Option<&'static str>, &'static str, EventKind, [bool; 2]);

const ENDINGS: &[Ending] = &[
    (
        "chat goes on",
        CHAT,
        None,
        r#"{"choices":[{"index":1,"delta":{"content":"x"},"finish_reason":null}]}"#,
        EventKind::Delta,
        [false, false],
    ),
    (
        "chat choice ends",
        CHAT,
        None,
        r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
        EventKind::Other,
        [false, true],
    ),
    (
        "index by position",
        CHAT,
        None,
        r#"{"choices":[{"delta":{}},{"delta":{},"finish_reason":"stop"}]}"#,
        EventKind::Other,
        [false, true],
    ),
    ("end mark", CHAT, None, "[DONE]", EventKind::Done, [true, true]),
    ("end mark with blanks", CHAT, None, " [DONE] ", EventKind::Done, [true, true]),
    ("error object", CHAT, None, r#"{"error":{"message":"x"}}"#, EventKind::Error, [true, true]),
    ("error null", CHAT, None, r#"{"error":null}"#, EventKind::Other, [false, false]),
    ("error by name", CHAT, Some("error"), r#"{"message":"x"}"#, EventKind::Error, [true, true]),
    (
        "text done",
        RESPONSES,
        None,
        r#"{"type":"response.output_text.done","output_index":0,"content_index":1,"text":"x"}"#,
        EventKind::Other,
        [true, false],
    ),
    (
        "part done",
        RESPONSES,
        None,
        r#"{"type":"response.content_part.done","output_index":0,"content_index":1}"#,
        EventKind::Other,
        [true, false],
    ),
    (
        "other part done",
        RESPONSES,
        None,
        r#"{"type":"response.content_part.done","output_index":0,"content_index":0}"#,
        EventKind::Other,
        [false, false],
    ),
    (
        "item done",
        RESPONSES,
        None,
        r#"{"type":"response.output_item.done","output_index":1}"#,
        EventKind::Other,
        [false, true],
    ),
    ("completed", RESPONSES, None, r#"{"type":"response.completed","response":{}}"#, EventKind::Done, [true, true]),
    ("failed", RESPONSES, None, r#"{"type":"response.failed","response":{}}"#, EventKind::Error, [true, true]),
    ("error", RESPONSES, None, r#"{"type":"error","message":"x"}"#, EventKind::Error, [true, true]),
];

#[test]
fn says_what_ends() {
    let channel = |kind, outer, inner| Channel { kind, outer, inner };
    let text = channel(ChannelKind::Text, 0, 1);
    let arguments = channel(ChannelKind::Arguments, 1, 0);
    for (name, api, event, data, kind, ended) in ENDINGS {
        let view = event_leaves(*api, *event, data).unwrap();
        assert_eq!((view.kind, [view.may_end(text), view.may_end(arguments)]), (*kind, *ended), "{name}");
    }
    assert!(Ended::All.covers(text) && !Ended::Outer(1).covers(text));
    assert_eq!(event_leaves(CHAT, None, "{\"a\":1,").unwrap_err().at, 7);
    assert!(reply_leaves(CHAT, "<html>").is_err());
}

#[test]
fn a_flush_is_a_delta_of_its_channel_and_nothing_else() {
    for (name, api, events) in STREAMS {
        for data in events.lines().filter(|data| *data != "[DONE]") {
            for leaf in event_leaves(*api, None, data).unwrap().leaves.iter().filter(|leaf| leaf.fragment) {
                let held = "é\"\\\n<PER";
                let flush = flush_event(*api, data, leaf.channel, held.into(), Some(41)).unwrap();
                let view = event_leaves(*api, flush.event.as_deref(), &flush.data).unwrap();
                let pieces: Vec<_> = view.leaves.iter().filter(|leaf| leaf.fragment).collect();
                assert_eq!(pieces.len(), 1, "{name}: {data}");
                assert_eq!((pieces[0].channel, pieces[0].text.as_ref()), (leaf.channel, held), "{name}: {data}");
                assert_eq!(
                    (view.usage, &view.ends[..], view.logprobs.len().min(1)),
                    (None, &[][..], view.logprobs.len()),
                    "{name}"
                );
                assert_eq!(view.sequence.map(|sequence| sequence.value), (*api == RESPONSES).then_some(41));
                let (old, new): (Value, Value) =
                    (serde_json::from_str(data).unwrap(), serde_json::from_str(&flush.data).unwrap());
                for same in [
                    "id",
                    "object",
                    "model",
                    "created",
                    "type",
                    "item_id",
                    "output_index",
                    "content_index",
                    "summary_index",
                ] {
                    assert_eq!(old.get(same), new.get(same), "{name}: {same}");
                }
                assert_eq!(flush.event.as_deref(), old["type"].as_str());
            }
        }
    }
    let whole = Channel { kind: ChannelKind::Whole, outer: 0, inner: 0 };
    assert!(flush_event(CHAT, "{}", whole, "x".into(), None).is_none());
    assert!(flush_event(RESPONSES, r#"{"type":"response.completed"}"#, whole, "x".into(), None).is_none());
    assert!(flush_event(EMBEDDINGS, "{}", whole, "x".into(), None).is_none());
}

#[test]
fn errors_have_the_shape_that_sdks_read() {
    let refusal = Refusal::new(Fault::Policy, 403, "no_backend_allowed", "policy allows no backend")
        .by(Word::fixed("us-only-public"))
        .at("messages[].content");
    let body: Value = serde_json::from_str(&error_body(Dialect::OPENAI, &refusal, "req_1")).unwrap();
    let expected = serde_json::json!({ "error": {
        "message": "policy allows no backend", "type": "permission_error", "code": "no_backend_allowed", "param": "messages[].content",
        "octroi": { "request_id": "req_1", "fault": "policy", "rule": "us-only-public", "place": "messages[].content", "retry_after_s": null },
    } });
    assert_eq!(body, expected);
    for (api, counted) in [(CHAT, false), (RESPONSES, true)] {
        let error = stream_error(api, &refusal, "req_1", (Some(9), Told::default()));
        let text = sse::encode(error.event.as_deref(), &error.data);
        let mut decoder = sse::Decoder::new();
        decoder.push(text.as_bytes());
        let frame = decoder.frame().unwrap().unwrap();
        assert_eq!(frame.event.as_deref(), Some("error"));
        let data: Value = serde_json::from_str(frame.data.as_deref().unwrap()).unwrap();
        assert_eq!(data["error"], expected["error"]);
        assert_eq!(data["sequence_number"].as_u64(), counted.then_some(9));
        assert_eq!(event_leaves(api, None, frame.data.as_deref().unwrap()).unwrap().kind, EventKind::Error);
    }
}

#[test]
fn lists_models_with_their_countries() {
    let countries = [crate::model::Country::parse("FR").unwrap(), crate::model::Country::parse("US").unwrap()];
    let body: Value =
        serde_json::from_str(&models_body(Dialect::OPENAI, &[("assistant-large", &countries), ("x\"y", &[])], false))
            .unwrap();
    assert_eq!(body["object"], "list");
    assert_eq!(
        body["data"][0],
        serde_json::json!({ "id": "assistant-large", "object": "model", "type": "base", "created": 0, "owned_by": "octroi", "countries": ["FR", "US"], "capabilities": {} })
    );
    assert_eq!(body["data"][1]["id"], "x\"y");
}
