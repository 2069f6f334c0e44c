//! Citations: places of an answer, and of documents of the request, point at the same words before and behind the restoring,
//! and what an earlier answer cited points at the same words of what leaves.
//!
//! Longer than 400 lines: citations of one API beside those of the others.

use base64::Engine as _;
use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{Plot, VALUES};
use super::servers::{self, Speaks};

/// A server that writes "é " and what it was asked, and says where the first pseudonym in it stands: a whole answer, or a
/// stream in pieces of five characters.
fn citing(api: Speaks, asked: &Asked) -> Vec<Step> {
    let (mut said, body) = (Vec::new(), asked.json());
    servers::texts(&body, &mut said);
    let said = format!("é {} and more", said.join("\n"));
    let start = said.find('<').unwrap();
    let end = said.match_indices('>').map(|(at, _)| at + 1).find(|end| *end > start).unwrap();
    let count = |place: usize| {
        if api == Speaks::Gemini { place } else { said.char_indices().take_while(|(at, _)| *at < place).count() }
    };
    let (from, until) = (count(start), count(end));
    let note = json!({"type": "url_citation", "url": "https://a.example", "title": "t", "start_index": from, "end_index": until});
    let chars: Vec<char> = said.chars().collect();
    let pieces: Vec<String> = chars.chunks(5).map(|piece| piece.iter().collect()).collect();
    let streamed = asked.head.contains("streamGenerateContent") || body["stream"] == true;
    if api == Speaks::Gemini {
        let segment = json!({"startIndex": from, "endIndex": until});
        let candidate = |text: &str| json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
        let end = |mut candidate: Value| {
            candidate["finishReason"] = "STOP".into();
            candidate["groundingMetadata"] = json!({"groundingSupports": [{"segment": segment}]});
            json!({"candidates": [candidate]})
        };
        if !streamed {
            return scripted::json("200 OK", "", &end(candidate(&said)).to_string());
        }
        let mut steps = vec![scripted::stream()];
        let events = pieces.iter().map(|piece| json!({"candidates": [candidate(piece)]}));
        for event in events.chain([end(candidate(""))]) {
            steps.push(Step::Chunk(format!("data: {event}\n\n").into_bytes()));
        }
        steps.push(Step::Chunk(Vec::new()));
        return steps;
    }
    if asked.head.contains("/chat/completions") {
        return citing_in_chat(&said, &pieces, note, streamed);
    }
    // A file is cited where its mark is to be put; a file that was made is told by its number.
    let file = json!({"type": "file_citation", "file_id": "f", "filename": "a.txt", "index": until});
    let made = json!({"type": "file_path", "file_id": "f", "index": until});
    let part = json!({"type": "output_text", "text": said, "annotations": [note, file, made]});
    let item = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]});
    let response = json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item]});
    if !streamed {
        return scripted::json("200 OK", "", &response.to_string());
    }
    let place = |kind: &str| json!({"type": kind, "item_id": "msg_1", "output_index": 0, "content_index": 0});
    let with = |mut event: Value, name: &str, value: Value| {
        event[name] = value;
        event
    };
    let deltas = pieces.iter().map(|piece| with(place("response.output_text.delta"), "delta", piece.as_str().into()));
    let mut events: Vec<Value> = deltas.collect();
    for note in [note, file, made] {
        events.push(with(place("response.output_text.annotation.added"), "annotation", note));
    }
    events.push(with(place("response.output_text.done"), "text", said.as_str().into()));
    events.push(json!({"type": "response.completed", "response": response}));
    let mut steps = vec![scripted::stream()];
    for event in &events {
        let name = event["type"].as_str().unwrap();
        steps.push(Step::Chunk(format!("event: {name}\ndata: {event}\n\n").into_bytes()));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// The same in the shape of chat: the citation stands in the last event.
fn citing_in_chat(said: &str, pieces: &[String], mut note: Value, streamed: bool) -> Vec<Step> {
    note.as_object_mut().unwrap().remove("type");
    let note = json!({"type": "url_citation", "url_citation": note});
    let choice = |name: &str, said: Value, finish: Value| json!({"id": "c", "choices": [{"index": 0, name: said, "finish_reason": finish}]});
    if !streamed {
        let message = json!({"role": "assistant", "content": said, "annotations": [note]});
        return scripted::json("200 OK", "", &choice("message", message, "stop".into()).to_string());
    }
    let end = choice("delta", json!({"annotations": [note]}), "stop".into());
    let events = pieces.iter().map(|piece| choice("delta", json!({"content": piece}), Value::Null)).chain([end]);
    let mut steps = vec![scripted::stream()];
    steps.extend(events.map(|event| Step::Chunk(format!("data: {event}\n\n").into_bytes())));
    steps.extend([Step::Chunk(b"data: [DONE]\n\n".to_vec()), Step::Chunk(Vec::new())]);
    steps
}

/// Every pair of positions in an answer or an event, with the texts of its parts.
fn cited(value: &Value, out: &mut Vec<(u64, u64)>) {
    let pair = |from: &str, until: &str| Some((value.get(from)?.as_u64()?, value.get(until)?.as_u64()?));
    out.extend(pair("start_index", "end_index").or_else(|| pair("startIndex", "endIndex")));
    match value {
        Value::Array(items) => items.iter().for_each(|item| cited(item, out)),
        Value::Object(members) => members.values().for_each(|member| cited(member, out)),
        _ => {}
    }
}

/// Every index of a file in an answer or an event, with what it is of.
fn of_files(value: &Value, out: &mut Vec<(String, u64)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| of_files(item, out)),
        Value::Object(members) => {
            let kind = members.get("type").and_then(Value::as_str).filter(|kind| kind.starts_with("file_"));
            out.extend(kind.and_then(|kind| Some((kind.to_owned(), members.get("index")?.as_u64()?))));
            members.values().for_each(|member| of_files(member, out));
        }
        _ => {}
    }
}

/// A citation points at the same words before and behind the restoring: whole, in a stream, and in what repeats the text.
#[tokio::test(flavor = "multi_thread")]
async fn citations_point_at_the_words_that_they_cite() {
    for (name, api, path, stream, places) in [
        ("responses", Speaks::OpenAi, "/v1/responses", false, 1),
        ("responses, streamed", Speaks::OpenAi, "/v1/responses", true, 2),
        ("chat", Speaks::OpenAi, "/v1/chat/completions", false, 1),
        ("chat, streamed", Speaks::OpenAi, "/v1/chat/completions", true, 1),
        ("gemini", Speaks::Gemini, "/v1beta/models/assistant:generateContent", false, 1),
        ("gemini, streamed", Speaks::Gemini, "/v1beta/models/assistant:streamGenerateContent?alt=sse", true, 1),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let _server = plot.script("us-cloud", move |asked| citing(api, asked)).await;
        let house = plot.open().await;
        let text = format!("Write to {} today.", VALUES[1]);
        let body = match api {
            Speaks::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
            _ if path.contains("chat") => {
                json!({"model": "assistant", "messages": [{"role": "user", "content": text}], "stream": stream})
            }
            _ => json!({"model": "assistant", "input": text, "stream": stream}),
        };
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let events: Vec<Value> = if stream {
            let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
            data.filter_map(|data| serde_json::from_str(data).ok()).collect()
        } else {
            vec![answer.json()]
        };
        // What the client has of the answer: "é ", what was asked (keys included, in this server's answer), "and more".
        let whole: String = match (api, stream) {
            (Speaks::Gemini, _) => {
                let piece = |event: &Value| {
                    event["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned()
                };
                events.iter().map(piece).collect()
            }
            _ if path.contains("chat") => {
                let name = if stream { "delta" } else { "message" };
                events.iter().filter_map(|event| event["choices"][0][name]["content"].as_str()).collect()
            }
            (_, true) => events.iter().filter_map(|event| event["delta"].as_str()).collect(),
            (_, false) => events[0]["output"][0]["content"][0]["text"].as_str().unwrap().to_owned(),
        };
        let mut found = Vec::new();
        for event in &events {
            cited(event, &mut found);
        }
        assert_eq!(found.len(), places, "{name}: {}", answer.body);
        let mut files = Vec::new();
        for event in &events {
            of_files(event, &mut files);
        }
        assert_eq!(files.len(), if path.contains("responses") { 2 * places } else { 0 }, "{name}: {}", answer.body);
        for (kind, index) in files {
            let (_, until) = found[0];
            assert_eq!(kind == "file_citation", index == until, "{name}: {kind} {index} {until}");
        }
        for (from, until) in found {
            let (from, until) = (usize::try_from(from).unwrap(), usize::try_from(until).unwrap());
            let words: String = match api {
                Speaks::Gemini => String::from_utf8(whole.as_bytes()[from..until].to_vec()).unwrap(),
                _ => whole.chars().skip(from).take(until - from).collect(),
            };
            assert_eq!(words, VALUES[1], "{name}");
        }
    }
}

/// A server that cites the first pseudonym in the last document that it got, by its place in that.
fn citing_a_document(asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let documents: Vec<&Value> = blocks.iter().filter(|block| block["type"] == "document").collect();
    let source = &documents.last().unwrap()["source"];
    let text = source["data"].as_str().unwrap().to_owned();
    let opened = || String::from_utf8(base64::engine::general_purpose::STANDARD.decode(&text).unwrap()).unwrap();
    let text = if source["type"] == "base64" { opened() } else { text };
    let (from, until) = (text.find('<').unwrap(), text.find('>').unwrap() + 1);
    let chars = |at: usize| text[..at].chars().count();
    let citation = json!({"type": "char_location", "cited_text": text[from..until], "document_index": documents.len() - 1,
        "document_title": null, "start_char_index": chars(from), "end_char_index": chars(until)});
    let message = |content: Value| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
    };
    if body["stream"] != true {
        let block = json!({"type": "text", "text": "See there.", "citations": [citation]});
        return scripted::json("200 OK", "", &message(json!([block])).to_string());
    }
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let events = [
        json!({"type": "message_start", "message": message(json!([]))}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}}),
        delta(json!({"type": "citations_delta", "citation": citation})),
        delta(json!({"type": "text_delta", "text": "See there."})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}),
        json!({"type": "message_stop"}),
    ];
    let mut steps = vec![scripted::stream()];
    for event in &events {
        let name = event["type"].as_str().unwrap();
        steps.push(Step::Chunk(format!("event: {name}\ndata: {event}\n\n").into_bytes()));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// A citation of a document of the request points at the same words of the document that the client sent, although another was
/// sent on; documents of other kinds count.
#[tokio::test(flavor = "multi_thread")]
async fn citations_of_documents_point_at_the_words_that_the_client_sent() {
    for (stream, base64) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = Speaks::Anthropic.dialects();
        let server = plot.script("us-cloud", citing_a_document).await;
        let house = plot.open().await;
        let text = format!("Dossier \u{e9}tabli pour {} \u{2014} suite.", VALUES[1]);
        let document = |source: Value| json!({"type": "document", "source": source, "citations": {"enabled": true}});
        let other = json!({"type": "content", "content": [{"type": "text", "text": "nothing"}]});
        let code = base64::engine::general_purpose::STANDARD.encode(&text);
        let (data, kind) = if base64 { (&code, "base64") } else { (&text, "text") };
        let quoted = json!({"data": data, "media_type": "text/plain", "type": kind});
        let content = json!([document(other), {"type": "text", "text": "Who is it?"}, document(quoted)]);
        let body = json!({"model": "assistant", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": content}]});
        let answer = house.client.post("/v1/messages", body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!server.asked()[0].body.contains(VALUES[1]) && !server.asked()[0].body.contains(&code));
        let data = answer.body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        let event = data
            .filter(|data| data.contains("char_location"))
            .map(|data| serde_json::from_str::<Value>(data).unwrap())
            .next();
        let event = event.unwrap();
        let citation = if stream { &event["delta"]["citation"] } else { &event["content"][0]["citations"][0] };
        let place = |name: &str| usize::try_from(citation[name].as_u64().unwrap()).unwrap();
        let (from, until) = (place("start_char_index"), place("end_char_index"));
        let words: String = text.chars().skip(from).take(until - from).collect();
        assert_eq!((words.as_str(), citation["cited_text"].as_str()), (VALUES[1], Some(VALUES[1])), "{}", answer.body);
    }
}

/// What an earlier answer cites, sent back as the client has it: what leaves points at the same words of what leaves.
#[tokio::test(flavor = "multi_thread")]
async fn citations_that_are_sent_back_point_at_the_words_that_leave() {
    let text = format!("\u{e9} Write to {} today.", VALUES[1]);
    let from = text.chars().count() - format!("{} today.", VALUES[1]).chars().count();
    let until = from + VALUES[1].chars().count();
    let range = json!({"start_index": from, "end_index": until, "url": "https://a.example", "title": "t"});
    let mut note = range.clone();
    note["type"] = "url_citation".into();
    let nested = json!({"type": "url_citation", "url_citation": range});
    let part = json!({"type": "output_text", "annotations": [note], "text": text});
    let source = json!({"type": "text", "media_type": "text/plain", "data": text});
    let document = json!({"type": "document", "source": source, "citations": {"enabled": true}});
    let place = json!({"type": "char_location", "cited_text": VALUES[1], "start_char_index": from,
        "end_char_index": until, "document_index": 0, "document_title": null});
    let said = json!({"role": "assistant", "content": [{"type": "text", "text": "There.", "citations": [place]}]});
    let rows = [
        (
            "responses",
            Speaks::OpenAi,
            "/v1/responses",
            json!({"input": [{"role": "assistant", "content": [part]}, {"role": "user", "content": "Who?"}]}),
            [
                "/input/0/content/0/text",
                "/input/0/content/0/annotations/0/start_index",
                "/input/0/content/0/annotations/0/end_index",
            ],
        ),
        (
            "chat",
            Speaks::OpenAi,
            "/v1/chat/completions",
            json!({"messages": [{"role": "assistant", "content": text, "annotations": [nested]}, {"role": "user", "content": "Who?"}]}),
            [
                "/messages/0/content",
                "/messages/0/annotations/0/url_citation/start_index",
                "/messages/0/annotations/0/url_citation/end_index",
            ],
        ),
        (
            "anthropic",
            Speaks::Anthropic,
            "/v1/messages",
            json!({"max_tokens": 9, "messages": [{"role": "user", "content": [document]}, said, {"role": "user", "content": "Who?"}]}),
            [
                "/messages/0/content/0/source/data",
                "/messages/1/content/0/citations/0/start_char_index",
                "/messages/1/content/0/citations/0/end_char_index",
            ],
        ),
    ];
    for (name, api, path, mut body, [text, from, until]) in rows {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| servers::answer(api, asked)).await;
        let house = plot.open().await;
        body["model"] = "assistant".into();
        let answer = house.client.post(path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let sent = server.asked()[0].json();
        let place = |at: &str| usize::try_from(sent.pointer(at).unwrap().as_u64().unwrap()).unwrap();
        let (from, until) = (place(from), place(until));
        let text = sent.pointer(text).unwrap().as_str().unwrap();
        let words: String = text.chars().skip(from).take(until - from).collect();
        assert!(words.starts_with("<EMAIL_") && words.ends_with('>'), "{name}: {words} in {text}");
    }
}

/// A server of Converse that cites the first pseudonym in the last document that it got, by its place in that.
fn citing_in_converse(asked: &Asked) -> Vec<Step> {
    use octroi::wire::eventstream::encode;
    let body = asked.json();
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let documents: Vec<&Value> = blocks.iter().filter_map(|block| block.get("document")).collect();
    let text = in_document(documents.last().unwrap());
    let (from, until) = (text.find('<').unwrap(), text.find('>').unwrap() + 1);
    let chars = |at: usize| text[..at].chars().count();
    let place = json!({"documentIndex": documents.len() - 1, "start": chars(from), "end": chars(until)});
    let citation =
        json!({"title": "t", "sourceContent": [{"text": text[from..until]}], "location": {"documentChar": place}});
    if !asked.head.contains("/converse-stream") {
        let block = json!({"citationsContent": {"content": [{"text": "See there."}], "citations": [citation]}});
        let message = json!({"role": "assistant", "content": [block]});
        let usage = json!({"inputTokens": 3, "outputTokens": 4, "totalTokens": 7});
        let whole = json!({"output": {"message": message}, "stopReason": "end_turn", "usage": usage});
        return scripted::json("200 OK", "", &whole.to_string());
    }
    let delta =
        |delta: Value| encode("contentBlockDelta", false, &json!({"contentBlockIndex": 0, "delta": delta}).to_string());
    let messages = [
        encode("messageStart", false, r#"{"role":"assistant"}"#),
        delta(json!({"text": "See there."})),
        delta(json!({"citation": citation})),
        encode("contentBlockStop", false, r#"{"contentBlockIndex":0}"#),
        encode("messageStop", false, r#"{"stopReason":"end_turn"}"#),
    ];
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut steps = vec![Step::Raw(head.as_bytes().to_vec())];
    steps.extend(messages.into_iter().map(|message| Step::Chunk(message.to_vec())));
    steps.push(Step::Chunk(Vec::new()));
    steps
}

/// The text of a document of Converse, as it stands or in base64.
fn in_document(document: &Value) -> String {
    let source = &document["source"];
    let Some(bytes) = source["bytes"].as_str() else { return source["text"].as_str().unwrap().to_owned() };
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(bytes).unwrap()).unwrap()
}

/// The same of Bedrock's Converse, whole and as event-stream frames, of a document as text and as a file; and the citation, sent
/// back in the next turn, points at the same words of what leaves then.
#[tokio::test(flavor = "multi_thread")]
async fn citations_of_converse_point_at_the_same_words_both_ways() {
    let text = format!("Dossier \u{e9}tabli pour {} \u{2014} suite.", VALUES[1]);
    let file = base64::engine::general_purpose::STANDARD.encode(&text);
    for (name, path, source) in [
        ("whole", "/model/assistant/converse", json!({"text": text})),
        ("whole, a file", "/model/assistant/converse", json!({"bytes": file})),
        ("streamed", "/model/assistant/converse-stream", json!({"text": text})),
        ("streamed, a file", "/model/assistant/converse-stream", json!({"bytes": file})),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = Speaks::Bedrock.dialects();
        let server = plot.script("us-cloud", citing_in_converse).await;
        let house = plot.open().await;
        let document = |source: Value| json!({"document": {"format": "txt", "name": "n", "source": source, "citations": {"enabled": true}}});
        let chunks = json!({"content": [{"text": "nothing"}]});
        let question = json!({"role": "user", "content": [document(chunks), {"text": "Who is it?"}, document(source)]});
        let answer = house.client.post(path, json!({"messages": [question]}).to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let (_, found) = answer.body.split_once("\"documentChar\":").unwrap();
        let place: Value = serde_json::Deserializer::from_str(found).into_iter().next().unwrap().unwrap();
        let words = |text: &str, place: &Value| {
            let at = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
            text.chars().skip(at("start")).take(at("end") - at("start")).collect::<String>()
        };
        assert_eq!(words(&text, &place), VALUES[1], "{name}: {}", answer.body);
        assert!(answer.body.contains(&format!("[{{\"text\":\"{}\"}}]", VALUES[1])), "{name}: {}", answer.body);

        let citation =
            json!({"title": "t", "sourceContent": [{"text": VALUES[1]}], "location": {"documentChar": place}});
        let cited = json!({"content": [{"text": "See there."}], "citations": [citation]});
        let said = json!({"role": "assistant", "content": [{"citationsContent": cited}]});
        let next = json!({"role": "user", "content": [{"text": "And?"}]});
        let answer = house.client.post(path, json!({"messages": [question, said, next]}).to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let sent = server.asked().pop().unwrap();
        assert!(!servers::opened(&sent.body).contains(VALUES[1]), "{name}");
        let sent = sent.json();
        let place = &sent["messages"][1]["content"][0]["citationsContent"]["citations"][0]["location"]["documentChar"];
        let words = words(&in_document(&sent["messages"][0]["content"][2]["document"]), place);
        assert!(words.starts_with("<EMAIL_") && words.ends_with('>'), "{name}: {words}");
    }
}

/// What a search result of the request says of its source comes back as the client wrote it, so that it finds its own document; two
/// that leave as one are told apart by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_source_of_a_search_result_is_the_one_that_the_client_sent() {
    for stream in [false, true] {
        for source in [
            format!("crm/{}", VALUES[1]),
            format!("https://intra.test/clients/{}", VALUES[1]),
            "https://kb.example.com/articles/42".to_owned(),
        ] {
            let mut plot = Plot::new().await;
            plot.only(&["us-cloud"]);
            plot.dialects = Speaks::Anthropic.dialects();
            let server = plot.script("us-cloud", citing_a_source).await;
            let house = plot.open().await;
            let text = json!([{"type": "text", "text": format!("{} was here", VALUES[1])}]);
            let result = json!({"type": "search_result", "source": source, "title": "t", "content": text,
                "citations": {"enabled": true}});
            let turn = json!({"role": "user", "content": [result, {"type": "text", "text": "Who?"}]});
            let body = json!({"model": "assistant", "max_tokens": 9, "stream": stream, "messages": [turn]});
            let answer = house.client.post("/v1/messages", body.to_string()).await;
            assert!(answer.status == 200 && answer.clean, "{}", answer.body);
            assert!(!server.asked()[0].body.contains(VALUES[1]), "{}", server.asked()[0].body);
            assert!(answer.body.contains(&json!(source).to_string()), "{source}: {}", answer.body);
        }
    }
}

/// A server that cites the first block of the request.
fn citing_a_source(asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let citation = json!({"type": "search_result_location", "source": body["messages"][0]["content"][0]["source"], "title": "t",
        "cited_text": "x", "search_result_index": 0, "start_block_index": 0, "end_block_index": 1});
    if body["stream"] != true {
        let content = json!([{"type": "text", "text": "There.", "citations": [citation]}]);
        return scripted::json(
            "200 OK",
            "",
            &json!({"id": "m", "type": "message", "role": "assistant", "content": content}).to_string(),
        );
    }
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let events = [
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        delta(json!({"type": "citations_delta", "citation": citation})),
        delta(json!({"type": "text_delta", "text": "There."})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_stop"}),
    ];
    let chunks = events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    let chunks = chunks.map(|chunk| Step::Chunk(chunk.into_bytes()));
    std::iter::once(scripted::stream()).chain(chunks).chain([Step::Chunk(Vec::new())]).collect()
}
