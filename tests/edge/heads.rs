//! Heads that are refused, keys, and what of a head reaches a backend: nothing.

use http::Method;

use super::common::{House, Plot, chat_body, scripted};
use super::{echo_house, raw};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_refused() {
    let (house, server) = echo_house(|_| {}).await;
    let key = format!("authorization: Bearer {}\r\n", house.plot.key);
    let body = chat_body("x", false);
    let length = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let upgrade = "upgrade: websocket\r\nconnection: upgrade, close\r\n";
    for (name, head, status, code) in [
        ("two hosts", format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\nhost: b\r\n{length}"), 400, "repeated_host"),
        ("an upgrade", format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{upgrade}{length}"), 400, "upgrade_refused"),
        (
            "h2c",
            format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nhttp2-settings: \r\n{length}"),
            400,
            "upgrade_refused",
        ),
        ("GET with a body", format!("GET /v1/models HTTP/1.1\r\nhost: a\r\n{length}"), 400, "unexpected_body"),
        ("CONNECT", "CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere\r\n".to_owned(), 404, "endpoint_not_governed"),
        ("TRACE", format!("TRACE {CHAT} HTTP/1.1\r\nhost: a\r\n"), 405, "method_not_allowed"),
        (
            "two types",
            format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\n{length}"),
            415,
            "unsupported_media_type",
        ),
        (
            "two labels",
            format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\noctroi-label: a\r\noctroi-label: b\r\n{length}"),
            400,
            "invalid_header",
        ),
    ] {
        let answer = raw(&house.client, format!("{head}{key}connection: close\r\n\r\n{body}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {answer}");
        assert!(answer.contains(code), "{name}: {answer}");
    }
    // What frames a message in two ways is no message.
    let both = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n{length}{key}\r\n{body}");
    let twice = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n{length}{key}\r\n{body}");
    // It is refused by hyper or by us, who keep the connection, as its last bytes come with others or not.
    let long = "x".repeat(40_000);
    let long = format!("GET /v1/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {long}\r\n{key}\r\n");
    for (name, text) in [("two framings", both), ("two lengths", twice), ("a long head", long)] {
        let answer = raw(&house.client, text).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{name}: {answer}");
    }
    assert!(server.asked().is_empty());
}

/// What has two framings is read by its chunks, and what a proxy that went by the length took for its end is no request.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_a_request_in_chunks() {
    let (house, server) = echo_house(|_| {}).await;
    let body = chat_body("x", false);
    let key = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", house.plot.key);
    let head = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{key}");
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let smuggled = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    for (name, framing) in [
        ("chunks", "transfer-encoding: chunked\r\n"),
        ("a length before", "content-length: 3\r\ntransfer-encoding: chunked\r\n"),
        ("a length behind", "transfer-encoding: chunked\r\ncontent-length: 3\r\n"),
    ] {
        let answer = raw(&house.client, format!("{head}{framing}\r\n{chunks}{smuggled}")).await;
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
    }
    assert_eq!(server.asked().len(), 3);
}

/// A client that keeps its connections must know when one ends: what it would write next is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_end_of_a_body_says_that_the_connection_ends() {
    let (house, _server) = echo_house(|plot| plot.extra = "[limits]\nbody_bytes = 65536\n".to_owned()).await;
    let key = format!("authorization: Bearer {}\r\n", house.plot.key);
    let typed = "content-type: application/json\r\n";
    let large = format!("content-length: {}\r\n", 1 << 20);
    for (name, head) in [
        ("no such endpoint", format!("POST /v1/nowhere HTTP/1.1\r\nhost: a\r\n{key}content-length: 9\r\n")),
        ("no key", format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{typed}content-length: 9\r\n")),
        ("no type", format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{key}content-length: 9\r\n")),
        ("too large", format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{key}{typed}{large}")),
        (
            "waits to be asked for it",
            format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{typed}expect: 100-continue\r\ncontent-length: 9\r\n"),
        ),
    ] {
        let answer = raw(&house.client, format!("{head}\r\n")).await;
        let (told, _) = answer.split_once("\r\n\r\n").unwrap();
        assert!(told.starts_with("HTTP/1.1 4") && told.contains("connection: close"), "{name}: {answer}");
    }
    // What was read whole, or had no body, leaves the connection to the next request, whatever is answered.
    let body = "{}";
    let read = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\n{key}{typed}content-length: {}\r\n\r\n{body}", body.len());
    let bare = "GET /v1/nowhere HTTP/1.1\r\nhost: a\r\n\r\n";
    let last = "GET /v1/nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = raw(&house.client, format!("{read}{bare}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 4").count(), 3, "{answer}");
    assert_eq!(answer.matches("connection: close").count(), 1, "{answer}");
}

/// The exact head that a backend sees, whatever the client sent.
#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_client_reaches_a_backend() {
    let (house, server) =
        echo_house(|plot| plot.backend = "headers = { openai-organization = \"ours\" }".to_owned()).await;
    for stream in [false, true] {
        let mut request = house.client.request(Method::POST, CHAT, chat_body("x", stream));
        for (name, value) in [
            ("cookie", "canary=1"),
            ("x-api-key", house.plot.key.as_str()),
            ("x-forwarded-for", "192.0.2.7"),
            ("forwarded", "for=192.0.2.7"),
            ("user-agent", "canary/1"),
            ("accept", "canary/canary"),
            ("accept-language", "canary"),
            ("referer", "https://canary.example/"),
            ("openai-organization", "canary"),
            ("openai-project", "canary"),
            ("openai-beta", "canary"),
            ("idempotency-key", "canary"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("baggage", "canary=1"),
            ("octroi-label", "Public"),
            ("octroi-purpose", "canary"),
            ("x-stainless-lang", "canary"),
            ("te", "trailers"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(house.client.send(request).await.unwrap().status, 200);
        let asked = server.asked().pop().unwrap();
        let mut lines: Vec<&str> = asked.head.lines().collect();
        lines.sort_unstable();
        let accept = if stream { "accept: text/event-stream" } else { "accept: application/json" };
        let mut expected = vec![
            "POST /v1/chat/completions HTTP/1.1".to_owned(),
            accept.to_owned(),
            "accept-encoding: identity".to_owned(),
            format!("content-length: {}", asked.body.len()),
            "content-type: application/json".to_owned(),
            format!("host: localhost:{}", server.port),
            "openai-organization: ours".to_owned(),
            format!("user-agent: octroi/{}", env!("CARGO_PKG_VERSION")),
        ];
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }
}

/// 401 in the shape that the SDKs read, the same for every way to have no valid key, and before the body is read.
#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    let (house, server) = echo_house(|_| {}).await;
    let key = house.plot.key.clone();
    let bearer = format!("Bearer {key}");
    let rows: Vec<(&str, Vec<(&str, &str)>, u16)> = vec![
        ("bearer", vec![("authorization", &bearer)], 200),
        ("x-api-key", vec![("x-api-key", &key)], 200),
        ("api-key", vec![("api-key", &key)], 200),
        ("the same twice", vec![("authorization", &bearer), ("api-key", &key)], 200),
        ("none", vec![], 401),
        ("unknown", vec![("authorization", "Bearer octroi_unknown")], 401),
        ("empty", vec![("authorization", "Bearer ")], 401),
        ("another scheme", vec![("authorization", "Basic YTpi")], 401),
        ("no scheme", vec![("authorization", &key)], 401),
        ("two that differ", vec![("authorization", &bearer), ("api-key", "octroi_other")], 401),
    ];
    for (name, headers, status) in rows {
        let mut request = house.client.request(Method::POST, CHAT, chat_body("x", false));
        request.headers_mut().remove("authorization");
        for (header, value) in headers {
            request.headers_mut().append(header, value.parse().unwrap());
        }
        let answer = house.client.send(request).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        if status == 401 {
            let error = &answer.json()["error"];
            assert_eq!(error["type"], "authentication_error", "{name}");
            assert!(error["message"].is_string() && error["code"].is_string(), "{name}");
            assert!(!answer.body.contains(&key) && !answer.body.contains("octroi_other"), "{name}");
            assert!(!answer.header("octroi-request-id").is_empty(), "{name}");
        }
    }
    assert_eq!(server.asked().len(), 4);
    // A caller that is not known is told so before its body has come.
    let answer = raw(&house.client, format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\nconnection: close\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// An app that asked for it gets the id and nothing else, refusals included.
#[tokio::test(flavor = "multi_thread")]
async fn quiet_apps() {
    let mut plot = Plot::new().await;
    plot.app = "headers = \"id\"\n".to_owned();
    let house = plot.open().await;
    house.plot.paris_down(true);
    for (content, stream, status) in
        [("x", false, 200), ("x", true, 200), ("Mme Camille Aubertin has diabetes", false, 503)]
    {
        let answer = house.client.chat(content, stream).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let ours: Vec<_> = answer.headers.keys().filter(|name| name.as_str().starts_with("octroi-")).collect();
        assert_eq!(ours, ["octroi-request-id"]);
    }
}

/// `store` is forced to `false` abroad, and stays as the client wrote it at home.
#[tokio::test(flavor = "multi_thread")]
async fn store_is_off_abroad() {
    let mut plot = Plot::new().await;
    let home = plot.script("paris-gpu-1", scripted::echo).await;
    plot.servers.remove("paris-gpu-2").unwrap().set_down(true);
    let abroad = plot.script("us-cloud", scripted::echo).await;
    let house: House = plot.open().await;
    let bodies = ["", ",\"store\":true", ",\"store\":false", ",\"store\":null"];
    for path in [CHAT, "/v1/responses"] {
        for store in bodies {
            let said =
                if path == CHAT { "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" } else { "\"input\":\"x\"" };
            let body = format!("{{\"model\":\"assistant\",{said}{store}}}");
            assert_eq!(house.client.post(path, body.clone()).await.status, 200);
            assert_eq!(home.asked().pop().unwrap().body, body.replace("\"assistant\"", "\"demonstration\""));
        }
    }
    drop(home);
    for path in [CHAT, "/v1/responses"] {
        for store in bodies {
            let said =
                if path == CHAT { "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" } else { "\"input\":\"x\"" };
            let answer = house.client.post(path, format!("{{\"model\":\"assistant\",{said}{store}}}")).await;
            assert_eq!(answer.header("octroi-backend"), "us-cloud", "{}", answer.body);
            // Chat is stored only on request; responses are unless it is declined.
            let expected = if path == CHAT && store.is_empty() { serde_json::Value::Null } else { false.into() };
            assert_eq!(abroad.asked().pop().unwrap().json()["store"], expected, "{path} {store}");
        }
    }
}
