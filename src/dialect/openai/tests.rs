//! Fixtures against the tables: what each leaf is, that every row has a leaf, and the rows of what is refused.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::language::endpoint;
use super::super::request::Means;
use super::super::visit::{At, Spot, Visitor, walk};
use super::*;
use crate::dialect::{
    Told, error_body, event_leaves, flush_event, models_body, outgoing, parse_within, reply_leaves, request_paths,
    route, stream_error,
};
use crate::model::{Api, Call, Refusal, Role, TokenKind};
use crate::wire::json::{Bounds, Document, Node, Numbers};
use crate::wire::splice;

mod kept;
mod laws;
mod replies;

const CHAT: Api = api(Operation::CHAT);
const COMPLETIONS: Api = api(Operation::COMPLETION);
const MODERATIONS: Api = api(Operation::new("moderations"));
const EMBEDDINGS: Api = api(Operation::EMBEDDINGS);
const RESPONSES: Api = api(Operation::RESPONSES);

const fn api(operation: Operation) -> Api {
    Api { dialect: Dialect::OPENAI, operation }
}

macro_rules! fixtures {
    ($($name:literal $api:expr;)*) => {
        &[$(($name, $api, include_str!(concat!("../../../tests/data/dialect/openai/", $name, ".json")))),*]
    };
}

const FIXTURES: &[(&str, Api, &str)] = fixtures! {
    "chat" CHAT;
    "chat_choices" CHAT;
    "chat_served" CHAT;
    "chat_single" CHAT;
    "moderations" MODERATIONS;
    "unknown" CHAT;
    "completions" COMPLETIONS;
    "completions_text" COMPLETIONS;
    "embeddings" EMBEDDINGS;
    "embeddings_text" EMBEDDINGS;
    "responses" RESPONSES;
    "responses_items" RESPONSES;
    "responses_single" RESPONSES;
};

fn read(api: Api, body: &str) -> Result<Call, Refusal> {
    parse_within(api, body.to_owned(), Bounds::REQUEST.depth)
}

/// One line for each leaf: path, role, token, group, key, text.
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
    writeln!(lines, "model {} stream {} store {:?}", call.model_asked(), call.stream, call.store).unwrap();
    lines
}

#[test]
fn every_leaf_of_the_fixtures_has_its_path_and_role() {
    insta::with_settings!({
        snapshot_path => "../../../tests/data/dialect/openai/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (name, api, body) in FIXTURES {
            let call = read(*api, body).unwrap();
            let only_here = *name == "unknown";
            let stray: Vec<_> = call.fields.iter().filter(|field| field.role == Role::Unknown).collect();
            assert_eq!(!stray.is_empty(), only_here, "{name} has leaves that no row names: {stray:?}");
            insta::assert_snapshot!(*name, listing(&call));
        }
    });
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

/// Rows are mounted in several places; what the chat fixture says of parts and tools is put into all of them.
fn mounted() -> Vec<(Api, String)> {
    let fixture = |name: &str| -> Value {
        let (_, _, body) = FIXTURES.iter().find(|(known, ..)| *known == name).unwrap();
        serde_json::from_str(body).unwrap()
    };
    let (chat, responses) = (fixture("chat"), fixture("responses"));
    let list = |value: &Value| value.as_array().unwrap().clone();
    let tools = [list(&chat["tools"]), list(&responses["tools"])].concat();
    let parts = [list(&chat["messages"][2]["content"]), list(&chat["messages"][3]["content"])].concat();
    let items = serde_json::json!([
        { "type": "tool_search_output", "tools": tools },
        { "type": "additional_tools", "tools": tools },
        { "type": "function_call_output", "output": parts },
        { "type": "custom_tool_call_output", "output": parts },
        { "type": "configuration_update", "text": responses["text"], "reasoning": responses["reasoning"] },
        { "type": "message", "content": parts, "call_id": "c", "namespace": "n", "async": false,
          "caller": { "type": "direct", "caller_id": "c" } },
    ]);
    let mut request = serde_json::json!({ "model": "m", "tools": tools });
    for (name, value) in chat.as_object().unwrap() {
        if !matches!(name.as_str(), "messages" | "tools" | "tool_choice" | "functions" | "function_call") {
            request[name] = value.clone();
        }
    }
    let own: Vec<Value> = responses::OWN_ID
        .iter()
        .map(|kind| {
            serde_json::json!({ "type": kind, "id": "i", "call_id": "c", "namespace": "n", "async": true,
            "caller": { "type": "direct", "caller_id": "c" } })
        })
        .collect();
    let all = [list(&items), own].concat();
    request["input"] = Value::from(all);
    let mut sampling = request.clone();
    sampling["prompt"] = Value::from("x");
    vec![(RESPONSES, request.to_string()), (COMPLETIONS, sampling.to_string())]
}

#[test]
fn every_request_row_has_a_fixture() {
    let bodies = FIXTURES.iter().map(|(_, api, body)| (*api, (*body).to_owned())).chain(mounted());
    let bodies: Vec<(Api, String)> = bodies.collect();
    for api in [CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, MODERATIONS] {
        let table = &endpoint(api).unwrap().request.unwrap().table;
        let mut trail = Trail::default();
        for (_, body) in bodies.iter().filter(|(its, _)| *its == api) {
            assert!(read(api, body).is_ok(), "{api:?}: {:?}", read(api, body).err());
            let document = Document::read(body, Bounds::REQUEST, Numbers::All).unwrap();
            walk(&document, table, &mut trail).unwrap();
        }
        let bare: Vec<_> = request_paths(api).into_iter().filter(|path| !trail.0.contains(path)).collect();
        assert!(bare.is_empty(), "{api:?}: rows without a fixture: {bare:?}");
    }
}

#[test]
fn words_are_sorted_and_rows_are_not_repeated() {
    assert!(common::WORDS.is_sorted());
    for api in [CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, MODERATIONS] {
        let rows = endpoint(api).unwrap().request.unwrap().table.rows();
        let mut seen = BTreeSet::new();
        for row in rows {
            assert!(seen.insert((row.path, format!("{:?}", row.means))), "{api:?}: {} twice", row.path);
        }
        let fields = |means: &Means| !matches!(means, Means::Speaks(_) | Means::Hosts(_) | Means::HostsAbroad(_));
        assert!(rows.iter().filter(|row| fields(&row.means)).count() > 5);
    }
}

#[test]
fn refuses_with_a_code_and_a_place() {
    let deep = format!(r#"{{"model":"m","x":{}1{}}}"#, "[".repeat(64), "]".repeat(64));
    let rows: &[(&str, Api, &str, &str, &str)] = &[
        ("not json", CHAT, "hello", "invalid_json", "byte 0"),
        ("two keys", CHAT, r#"{"model":"m","model":"n"}"#, "duplicate_key", "byte 13"),
        ("two keys by escape", CHAT, r#"{"model":"m","mode\u006c":"n"}"#, "duplicate_key", "byte 13"),
        ("two keys deep", CHAT, r#"{"model":"m","metadata":{"a":1,"a":2}}"#, "duplicate_key", "byte 31"),
        ("case variant", CHAT, r#"{"model":"m","Messages":[]}"#, "key_variant", "* byte 13"),
        ("nul variant", CHAT, r#"{"model":"m","messages\u0000":[]}"#, "key_variant", "* byte 13"),
        ("long s variant", CHAT, r#"{"model":"m","me\u017f\u017fages":[]}"#, "key_variant", "* byte 13"),
        ("deep variant", CHAT, r#"{"model":"m","messages":[{"ROLE":"user"}]}"#, "key_variant", "messages[].* byte 26"),
        (
            "kind variant",
            RESPONSES,
            r#"{"model":"m","tools":[{"type":"mcp","Server_URL":"x"}]}"#,
            "key_variant",
            "tools[]{mcp}.* byte 36",
        ),
        ("lone surrogate", CHAT, r#"{"model":"\ud800"}"#, "lone_surrogate", "byte 10"),
        ("trailing", CHAT, r#"{"model":"m"}{}"#, "trailing_bytes", "byte 13"),
        ("order mark", CHAT, "\u{feff}{}", "byte_order_mark", "byte 0"),
        ("number", CHAT, r#"{"model":"m","n":1e999}"#, "number_out_of_range", "byte 17"),
        ("depth", CHAT, &deep, "json_too_deep", "byte 80"),
        ("array", CHAT, "[]", "invalid_body", "byte 0"),
        ("no model", CHAT, r#"{"messages":[]}"#, "model_missing", "model"),
        ("model elsewhere", CHAT, r#"{"x":{"model":"m"}}"#, "model_missing", "model"),
        ("model number", CHAT, r#"{"model":5}"#, "invalid_type", "model byte 9"),
        ("model null", CHAT, r#"{"model":null}"#, "invalid_type", "model byte 9"),
        ("model list", CHAT, r#"{"model":["m"]}"#, "invalid_type", "model byte 9"),
        ("stream string", CHAT, r#"{"model":"m","stream":"true"}"#, "invalid_type", "stream byte 22"),
        ("store number", RESPONSES, r#"{"model":"m","store":1}"#, "invalid_type", "store byte 21"),
        ("background", RESPONSES, r#"{"model":"m","background":true}"#, "stateful_not_supported", "background byte 26"),
        ("body of a list", api(Operation::MODELS), "{}", "body_not_allowed", ""),
    ];
    for (name, api, body, code, place) in rows {
        let refusal = read(*api, body).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.code, refusal.place.as_deref().unwrap_or_default()),
            (400, *code, *place),
            "{name}"
        );
    }
    let many = format!(r#"{{"model":"m","x":[{}1]}}"#, "1,".repeat(1_000_000));
    assert_eq!(read(CHAT, &many).unwrap_err().code, "json_too_large");
}

#[test]
fn refuses_state_and_routes_of_other_providers() {
    let rows: &[(&str, Api, &str, &str, &str)] = &[
        (
            "state where there is none",
            CHAT,
            r#"{"model":"m","previous_response_id":"r"}"#,
            "stateful_not_supported",
            "previous_response_id byte 36",
        ),
        (
            "previous number",
            RESPONSES,
            r#"{"model":"m","previous_response_id":5}"#,
            "invalid_type",
            "previous_response_id byte 36",
        ),
        (
            "previous object",
            RESPONSES,
            r#"{"model":"m","previous_response_id":{}}"#,
            "invalid_type",
            "previous_response_id byte 36",
        ),
        (
            "conversation",
            RESPONSES,
            r#"{"model":"m","conversation":"c"}"#,
            "stateful_not_supported",
            "conversation byte 28",
        ),
        (
            "conversation object",
            RESPONSES,
            r#"{"model":"m","conversation":{"id":"c"}}"#,
            "stateful_not_supported",
            "conversation byte 28",
        ),
        (
            "state in chat",
            CHAT,
            r#"{"model":"m","conversation":"c"}"#,
            "stateful_not_supported",
            "conversation byte 28",
        ),
        ("models to fall back to", CHAT, r#"{"model":"m","models":["n"]}"#, "routing_not_supported", "models byte 22"),
        ("a provider", CHAT, r#"{"model":"m","provider":{"order":[]}}"#, "routing_not_supported", "provider byte 24"),
        ("another address", EMBEDDINGS, r#"{"model":"m","api_base":"x"}"#, "routing_not_supported", "api_base byte 24"),
        ("a routed answer", RESPONSES, r#"{"model":"m","route":"fallback"}"#, "routing_not_supported", "route byte 21"),
    ];
    for (name, api, body, code, place) in rows {
        let refusal = read(*api, body).unwrap_err();
        assert_eq!((refusal.code, refusal.place.as_deref().unwrap_or_default()), (*code, *place), "{name}");
    }
}

#[test]
fn routes_a_closed_list() {
    let route = |method: &str, path: &str, query| {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        route(&method, path, query, &http::HeaderMap::new()).map(|line| line.api)
    };
    for (method, path, operation) in [
        ("POST", "/v1/chat/completions", Operation::CHAT),
        ("POST", "/v1/completions", Operation::COMPLETION),
        ("POST", "/v1/embeddings", Operation::EMBEDDINGS),
        ("POST", "/v1/responses", Operation::RESPONSES),
        ("GET", "/v1/models", Operation::MODELS),
    ] {
        assert_eq!(route(method, path, None), Ok(api(operation)));
        assert_eq!(route(method, path, Some("")), Ok(api(operation)));
        for other in ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post", "QUERY", "CONNECT"] {
            assert_eq!(route(other, path, None).unwrap_err().code, "method_not_allowed", "{other} {path}");
        }
        assert_eq!(route(method, path, Some("api-version=1")).unwrap_err().code, "query_not_allowed");
        for game in [
            format!("/{path}"),
            format!("{path}/"),
            format!("{path};x"),
            format!("{path}%00"),
            path.replace("/v1", "/v1/."),
            path.replace("/v1", "/v1/../v1"),
            path.replace("/v1/", "/v1%2f"),
            path.replace('e', "%65"),
            path.to_uppercase(),
            path.replace("/v1", ""),
            path.replace("/v1", "/V1"),
            format!("https://x{path}"),
            format!("{path}#f"),
            format!("{path} "),
        ] {
            let refusal = route(method, &game, None).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (404, "endpoint_not_governed"), "{game}");
        }
    }
    for (path, said) in [
        ("/v1/files", "`/v1/files` is not governed"),
        ("/v1/files/erika", "`/v1/files/{file}` is not governed"),
        ("/v1/files/file-1/content", "`/v1/files/{file}/content` is not governed"),
        ("/v1/files/file-1/erika", "`/v1/files/{file}/…` is not governed"),
        ("/v1/audio/speech", "`/v1/audio/speech` is not governed"),
        ("/v1/audio/erika", "`/v1/audio/…` is not governed"),
        ("/v1/responses/compact", "`/v1/responses/compact` is not governed"),
        ("/v1/responses/input_tokens", "`/v1/responses/input_tokens` is not governed"),
        ("/v1/responses/resp_1/x/y", "`/v1/responses/{id}/…` is not governed"),
        ("/v1/models/gpt/x", "`/v1/models/{model}/…` is not governed"),
        ("/v1/realtime", "`/v1/realtime` is not governed"),
        ("/v1/erika@example.org", "`/v1/…` is not governed"),
        ("/erika", "this endpoint is not governed"),
    ] {
        let refusal = route("POST", path, None).unwrap_err();
        assert!(refusal.message.contains(said), "{path}: {}", refusal.message);
        assert!(refusal.message.contains("POST /v1/chat/completions") && !refusal.message.contains("erika"));
    }
}

#[test]
fn renames_the_model_and_forces_store_off() {
    let sent = |api: Api, body: &str, model: &str, store_off: bool| {
        let call = read(api, body).unwrap();
        splice(&call.body, outgoing(&call, model, store_off)).unwrap()
    };
    for (name, api, body, store_off, expected) in [
        ("renamed", CHAT, r#"{ "n":1.0, "model" : "m\u0061" }"#, false, r#"{ "n":1.0, "model" : "own \"name\"" }"#),
        ("chat keeps silent", CHAT, r#"{"model":"m"}"#, true, r#"{"model":"own \"name\""}"#),
        ("chat stored", CHAT, r#"{"store":true,"model":"m"}"#, true, r#"{"store":false,"model":"own \"name\""}"#),
        ("responses silent", RESPONSES, r#" { "model":"m"}"#, true, r#" {"store":false, "model":"own \"name\""}"#),
        (
            "responses null",
            RESPONSES,
            r#"{"model":"m","store": null}"#,
            true,
            r#"{"model":"own \"name\"","store": false}"#,
        ),
        ("at home", RESPONSES, r#"{"model":"m","store":true}"#, false, r#"{"model":"own \"name\"","store":true}"#),
        (
            "a prompt in a cache",
            RESPONSES,
            r#"{"model":"m","prompt_cache_retention":"24h","store":false}"#,
            true,
            r#"{"model":"own \"name\"","prompt_cache_retention":null,"store":false}"#,
        ),
        (
            "a prompt in memory",
            CHAT,
            r#"{"model":"m","prompt_cache_retention":"in_memory","prompt_cache_options":{"ttl":"12h"}}"#,
            true,
            r#"{"model":"own \"name\"","prompt_cache_retention":"in_memory","prompt_cache_options":{"ttl":"30m"}}"#,
        ),
        (
            "a prompt in a cache at home",
            CHAT,
            r#"{"model":"m","prompt_cache_retention":"24h"}"#,
            false,
            r#"{"model":"own \"name\"","prompt_cache_retention":"24h"}"#,
        ),
        (
            "a store elsewhere",
            CHAT,
            r#"{"model":"m","metadata":{"store":"x"}}"#,
            true,
            r#"{"model":"own \"name\"","metadata":{"store":"x"}}"#,
        ),
    ] {
        assert_eq!(sent(api, body, "own \"name\"", store_off), expected, "{name}");
    }
    assert_eq!(sent(CHAT, r#"{"model":"same"}"#, "same", true), r#"{"model":"same"}"#);
}
