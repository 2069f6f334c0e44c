//! Answers that the provider keeps: where a call names one, and where a reply does.

use http::HeaderMap;

use super::*;
use crate::dialect::{ReplyLeaf, keeps, method, takes_body};

#[test]
fn what_a_request_goes_on_from_is_a_name_of_ours_and_leaves_as_the_providers() {
    let body = r#"{"model":"m","previous_response_id":"resp_\u0041B","input":"x"}"#;
    let mut call = read(RESPONSES, body).unwrap();
    assert_eq!(call.kept(), Some("resp_AB"));
    // What it seals is no text: no detector reads it, and no byte of it leaves.
    let texts: Vec<&str> = call.fields.iter().map(|field| call.text(field)).collect();
    assert_eq!(texts, ["m", "", "x"]);
    call.name_kept("resp_own");
    let sent = splice(&call.body, outgoing(&call, "m", false)).unwrap();
    assert_eq!(sent, r#"{"model":"m","previous_response_id":"resp_own","input":"x"}"#);
    assert_eq!(read(RESPONSES, r#"{"model":"m","previous_response_id":null}"#).unwrap().kept(), None);
}

#[test]
fn what_is_kept_is_what_nobody_declines() {
    for (body, at_home) in [
        (r#"{"model":"m"}"#, true),
        (r#"{"model":"m","store":null}"#, true),
        (r#"{"model":"m","store":true}"#, true),
        (r#"{"model":"m","store": false}"#, false),
    ] {
        let call = read(RESPONSES, body).unwrap();
        assert_eq!((keeps(&call, false), keeps(&call, true)), (at_home, false), "{body}");
        assert!(!keeps(&read(CHAT, body).unwrap(), false), "chat: {body}");
    }
}

#[test]
fn an_object_is_asked_for_under_its_own_name() {
    let headers = HeaderMap::new();
    let asked = |method: &str, path: &str, query| route(&method.parse().unwrap(), path, query, &headers);
    for (named, at, query, expected) in [
        ("GET", "/v1/responses/resp_x", None, "/v1/responses/resp%2Fown"),
        ("DELETE", "/v1/responses/resp_x", None, "/v1/responses/resp%2Fown"),
        (
            "GET",
            "/v1/responses/resp_x/input_items",
            Some("limit=20&order=asc"),
            "/v1/responses/resp%2Fown/input_items?limit=20&order=asc",
        ),
        (
            "GET",
            "/v1/responses/resp_x/input_items",
            Some("after=msg_1&include%5B%5D=reasoning.encrypted_content&include[]=file_search_call.results"),
            "/v1/responses/resp%2Fown/input_items?after=msg_1&include%5B%5D=reasoning.encrypted_content&include%5B%5D=file_search_call.results",
        ),
        (
            "GET",
            "/v1/responses/resp_x",
            Some("stream=true&starting_after=4&include_obfuscation=false"),
            "/v1/responses/resp%2Fown?stream=true&starting_after=4&include_obfuscation=false",
        ),
        (
            "GET",
            "/openai/v1/responses/resp_x",
            Some("api-version=preview"),
            "/openai/v1/responses/resp%2Fown?api-version=preview",
        ),
    ] {
        let line = asked(named, at, query).unwrap();
        assert_eq!((method(line.api).as_str(), takes_body(line.api)), (named, false), "{at}");
        let mut call = crate::dialect::parse(line, String::new()).unwrap();
        assert_eq!(call.kept(), Some("resp_x"), "{at}");
        call.name_kept("resp/own");
        assert_eq!(crate::dialect::path(&call.line, "m"), expected);
        assert_eq!(crate::dialect::parse(call.line, "{}".to_owned()).unwrap_err().code, "body_not_allowed");
    }
    for (method, path, query, code) in [
        ("POST", "/v1/responses/resp_x/cancel", None, "stateful_not_supported"),
        ("GET", "/v1/responses/resp_x/input_items", Some("after=camille@example.com"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("after="), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("after=msg_1&after=msg_2"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("include=secrets"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("order[]=asc"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("limit=101"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x/input_items", Some("limit=020"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x", Some("stream=1"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x", Some("starting_after=-1"), "query_not_allowed"),
        ("GET", "/v1/responses/resp_x", Some("anything=x"), "query_not_allowed"),
        ("DELETE", "/v1/responses/resp_x", Some("stream=true"), "query_not_allowed"),
        ("PUT", "/v1/responses/resp_x", None, "method_not_allowed"),
        ("GET", "/v1/conversations/conv_x", None, "endpoint_not_governed"),
    ] {
        assert_eq!(asked(method, path, query).unwrap_err().code, code, "{method} {path}");
    }
}

/// What a caller writes into a query is read like a leaf of a body; a word of the table says nothing of anybody.
#[test]
fn a_place_in_a_list_is_a_leaf() {
    let asked = |path: &str, query| {
        let line = route(&http::Method::GET, path, Some(query), &HeaderMap::new()).unwrap();
        crate::dialect::parse(line, String::new()).unwrap()
    };
    let leaves = |call: &Call| -> Vec<(&'static str, Role, TokenKind, String)> {
        call.fields.iter().map(|field| (field.path, field.role, field.kind, call.text(field).to_owned())).collect()
    };
    let items = asked("/v1/responses/resp_x/input_items", "after=msg%5F1&limit=3&order=asc");
    let after = ("after", Role::Identifier, TokenKind::String, "msg_1".to_owned());
    assert_eq!(leaves(&items), [after, ("limit", Role::Control, TokenKind::Number, "3".to_owned())]);
    assert!(!items.stream);
    let again = asked("/v1/responses/resp_x", "stream=true&starting_after=612345678");
    assert_eq!(leaves(&again), [("starting_after", Role::Control, TokenKind::Number, "612345678".to_owned())]);
    assert!(again.stream);
    assert!(!format!("{:?}", again.line).contains("612345678"));
}

fn names<'a>(leaves: &'a [ReplyLeaf<'_>]) -> Vec<&'a str> {
    leaves.iter().filter(|leaf| leaf.kept).map(|leaf| &*leaf.text).collect()
}

/// Each event of a stream that has the response, and every whole reply.
#[test]
fn names_stand_in_every_shape_of_a_response() {
    let response = r#"{"id":"resp_1","object":"response","previous_response_id":"resp_0","output":[{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"resp_1"}]}],"usage":{"input_tokens":3,"output_tokens":4}}"#;
    for event in ["created", "queued", "in_progress", "completed", "incomplete", "failed", "cancelled"] {
        let name = format!("response.{event}");
        let data = format!(r#"{{"type":"{name}","sequence_number":7,"response":{response}}}"#);
        let view = event_leaves(RESPONSES, Some(&name), &data).unwrap();
        assert_eq!(names(&view.leaves), ["resp_1", "resp_0"], "{event}");
        assert!(view.leaves.iter().all(|leaf| !leaf.kept || !leaf.restore), "{event}");
    }
    for (operation, counted) in [(Operation::RESPONSES, true), (Operation::RETRIEVE, false), (Operation::DELETE, false)]
    {
        let view = reply_leaves(Api { dialect: Dialect::OPENAI, operation }, response).unwrap();
        assert_eq!(names(&view.leaves), ["resp_1", "resp_0"], "{operation:?}");
        assert_eq!(view.usage.is_some(), counted, "what an answer took is counted when it is made: {operation:?}");
    }
    let items = r#"{"object":"list","data":[{"id":"msg_1","type":"message"}],"first_id":"msg_1","has_more":false}"#;
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::INPUT_ITEMS };
    assert!(names(&reply_leaves(api, items).unwrap().leaves).is_empty());
    let chat = r#"{"id":"chatcmpl-1","choices":[]}"#;
    assert!(names(&reply_leaves(CHAT, chat).unwrap().leaves).is_empty());
}
