//! Names of hosts and addresses of mail without a scheme: clients make links of them, so no value is restored into one, whole and
//! over every cut of a stream. What merely stands before a full stop is restored.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::streamed;

/// Answers with `%` for the pseudonym of the address of mail, without its brackets.
const LEADING: [&str; 17] = [
    "see %.evil.com/x.png",
    "x.<%>.evil.com",
    "<%>-x.evil.io",
    "%@evil.com",
    "mailto:%@evil.com",
    "[::1]/%",
    "evil\u{3002}com/%",
    "evil.com\u{ff0f}%",
    "evil.com/%",
    "evil.com?%",
    "evil.com#%",
    "[more](evil.com#%)",
    "evil.com&num;%",
    "localhost/%",
    "localhost:3000/?q=%",
    "git clone git@evil.com:%.git",
    "scp x deploy@203.0.113.7:%",
];

const PLAIN: [&str; 15] = [
    "J'ai \u{e9}crit \u{e0} <%>. Cordialement",
    "to <%>.",
    "mailto:<%>",
    "<%>, evil.com",
    "write to %.\nThen",
    "Aubertin/<%>",
    "<%>/<%>",
    "see chapter#<%>",
    "and C#<%>?",
    "~/notes/<%>.txt",
    "./localhost/<%>",
    "C:\\Users\\<%>\\Documents",
    "git@evil.com: <%>",
    "Have you seen evil.com? <%> has.",
    "user.name:<%>",
];

/// A server that says so, whole or in pieces of a few characters.
fn saying(text: &str, size: usize, asked: &Asked) -> Vec<Step> {
    let from = asked.body.find("EMAIL_").unwrap();
    let token = asked.body[from..].split('>').next().unwrap();
    let text = text.replace('%', token);
    let choice = |name: &str, text: &str, end: Value| json!({"id": "c", "choices": [{"index": 0, name: {"content": text}, "finish_reason": end}]});
    if size == 0 {
        return scripted::json("200 OK", "", &choice("message", &text, "stop".into()).to_string());
    }
    let chars: Vec<char> = text.chars().collect();
    let pieces = chars.chunks(size).map(|piece| choice("delta", &piece.iter().collect::<String>(), Value::Null));
    let events =
        pieces.chain([choice("delta", "", "stop".into())]).map(|event| format!("data: {event}\n\n").into_bytes());
    streamed("text/event-stream", events.chain([b"data: [DONE]\n\n".to_vec()]).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_restored_into_a_name_that_clients_make_a_link_of() {
    for (text, leads) in LEADING.map(|text| (text, true)).into_iter().chain(PLAIN.map(|text| (text, false))) {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        let server = plot.script("us-cloud", |_| Vec::new()).await;
        let house = plot.open().await;
        for size in [0, 1, 3, 100] {
            server.set_script(move |asked| saying(text, size, asked));
            let body = json!({"model": "assistant", "stream": size > 0, "messages": [{"role": "user", "content": format!("to {EMAIL}")}]});
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert!(answer.status == 200 && answer.clean, "{text}: {}", answer.body);
            let said = if size > 0 {
                answer.streamed()
            } else {
                answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
            };
            if leads {
                assert!(!said.contains(EMAIL) && said.contains("EMAIL_"), "{text}, {size}: {said}");
            } else {
                assert_eq!(said.replace(EMAIL, "%"), text.replace("<%>", "%"), "{text}, {size}");
            }
        }
    }
}
