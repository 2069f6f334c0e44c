//! What a client gets: in which coding, without which probabilities, and where no backend speaks its API.

use serde_json::{Value, json};

use super::common::coding::coded;
use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot, VALUES, prompt};
use super::servers::{self, Speaks};

/// An answer that comes compressed although it was not asked for so is opened, restored, and leaves as it is.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_are_opened() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        let script = move |asked: &Asked| {
            let message = json!({"role": "assistant", "content": asked.said()});
            let body = json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
            let body = coded(coding, body.to_string().as_bytes());
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            vec![Step::Raw([head.as_bytes(), &body].concat())]
        };
        let server = plot.script("us-cloud", script).await;
        let house = plot.open().await;
        let answer = house.client.chat(&prompt(), false).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, ""), "{coding}: {}", answer.body);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{coding}");
        for value in VALUES {
            assert!(answer.body.contains(value) && !server.asked()[0].body.contains(value), "{coding}");
        }
    }
}

/// A server that gives the probability of every token of its answer, in the shape of chat or of completions.
fn weighing(asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let said = body["prompt"].as_str().map_or_else(|| asked.said(), str::to_owned);
    let tokens: Vec<String> = said.chars().collect::<Vec<_>>().chunks(4).map(String::from_iter).collect();
    let chat = body["prompt"].is_null();
    let logprobs = if chat {
        let one =
            |token: &String| json!({"token": token, "logprob": -0.5, "bytes": token.as_bytes(), "top_logprobs": []});
        json!({"content": tokens.iter().map(one).collect::<Vec<_>>(), "refusal": null})
    } else {
        let weights = vec![-0.5; tokens.len()];
        json!({"tokens": tokens, "token_logprobs": weights, "top_logprobs": null, "text_offset": []})
    };
    let mut choice = json!({"index": 0, "logprobs": logprobs, "finish_reason": "stop"});
    let streamed = body["stream"] == true;
    match (chat, streamed) {
        (true, false) => choice["message"] = json!({"role": "assistant", "content": said}),
        (true, true) => choice["delta"] = json!({"content": said}),
        (false, _) => choice["text"] = said.into(),
    }
    let answer = json!({"id": "c", "choices": [choice]}).to_string();
    if !streamed {
        return scripted::json("200 OK", "", &answer);
    }
    let chunks = [format!("data: {answer}\n\n"), "data: [DONE]\n\n".to_owned(), String::new()];
    std::iter::once(scripted::stream()).chain(chunks.map(|chunk| Step::Chunk(chunk.into_bytes()))).collect()
}

/// Probabilities name tokens, which may be parts of a pseudonym: they are withheld where there are any to restore, and only there.
#[tokio::test(flavor = "multi_thread")]
async fn probabilities_of_parts_of_a_pseudonym_are_withheld() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", weighing).await;
    let house = plot.open().await;
    for (path, stream) in [
        ("/v1/chat/completions", false),
        ("/v1/chat/completions", true),
        ("/v1/completions", false),
        ("/v1/completions", true),
    ] {
        let ask = |text: &str| match path {
            "/v1/completions" => json!({"model": "assistant", "prompt": text, "logprobs": 1, "stream": stream}),
            _ => json!({"model": "assistant", "logprobs": true, "stream": stream,
                "messages": [{"role": "user", "content": text}]}),
        };
        let answer = house.client.post(path, ask(EMAIL).to_string()).await;
        let name = format!("{path} {stream}: {}", answer.body);
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.body.contains(EMAIL) && answer.body.contains("\"logprobs\":null"), "{name}");
        let sent = server.asked().pop().unwrap();
        let token = servers::opened(&sent.body).lines().find(|line| line.starts_with("<EMAIL_")).unwrap().to_owned();
        assert!(!answer.body.contains(&token[..6]), "no part of a token is left: {name}");
        let answer = house.client.post(path, ask("plain text").to_string()).await;
        assert!(answer.body.contains("-0.5"), "{path} {stream}: {}", answer.body);
    }
}

/// A client whose API no permitted backend speaks is told which are spoken, in its API's own shape.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_api_nobody_speaks_is_told_which_are_spoken() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = "\"openai\", \"ollama\"".to_owned();
    let server = plot.script("us-cloud", scripted::echo).await;
    let house = plot.open().await;
    for (api, path, message) in [
        (Speaks::Anthropic, "/v1/messages", "/error/message"),
        (Speaks::Gemini, "/v1beta/models/assistant:generateContent", "/error/message"),
        (Speaks::Bedrock, "/model/assistant/converse", "/message"),
        (Speaks::Azure, "/openai/deployments/assistant/chat/completions?api-version=2024-10-21", "/error/message"),
    ] {
        let (_, body) = super::request_of(api, "hello");
        let answer = house.client.post(path, body).await;
        assert_eq!(answer.status, 404, "{api:?}: {}", answer.body);
        let told: Value = answer.json();
        let message = told.pointer(message).and_then(Value::as_str).unwrap_or_default();
        for words in [
            "no permitted backend speaks this API",
            "those that serve it speak ollama (/api/chat",
            "openai (/v1/chat/completions",
        ] {
            assert!(message.contains(words), "{api:?}: `{words}` is not in: {message}");
        }
    }
    assert!(server.asked().is_empty());
}

/// Lists of models hold the names that clients use, each with the countries that it is served from, and no backend's own name.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_models_hold_aliases_and_their_countries() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = servers::ALL.map(Speaks::dialects).join(", ");
    let house = plot.open().await;
    for path in [
        "/v1/models",
        "/v1/models/assistant",
        "/openai/v1/models",
        "/v1beta/models",
        "/v1beta/models/assistant",
        "/api/tags",
    ] {
        let answer = house.client.send(house.client.request(http::Method::GET, path, "")).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(answer.body.contains("assistant") && !answer.body.contains("demonstration"), "{path}: {}", answer.body);
        let mut countries = Vec::new();
        listed(&answer.json(), &mut countries);
        assert!(!countries.is_empty() && countries.iter().all(|of| *of == json!(["US"])), "{path}: {}", answer.body);
    }
}

/// Every list of countries in an answer.
fn listed(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| listed(item, out)),
        Value::Object(members) => {
            out.extend(members.get("countries").cloned());
            members.values().for_each(|member| listed(member, out));
        }
        _ => {}
    }
}
