//! What servers write beyond the standard of JSON, and their clients read: it comes back as it came, whole and streamed, with the
//! values in it. What nobody can read one way only is refused in both.

use serde_json::json;

use super::common::scripted::{self, Asked, Step};
use super::common::{Answer, EMAIL, House, Plot};

/// A server that answers in chat with this content and these members beside the choices; a `%` is the first pseudonym that it got.
fn writing(asked: &Asked, (before, content, beside): (&str, &str, &str)) -> Vec<Step> {
    let said = asked.said();
    let token = said.find('<').and_then(|from| Some(&said[from..=from + said[from..].find('>')?])).unwrap();
    let (content, streamed) = (content.replace('%', token), asked.json()["stream"] == true);
    let (name, finish) = if streamed { ("delta", "null") } else { ("message", "\"stop\"") };
    let body = format!(
        "{before}{{\"id\":\"c\",{beside}\"choices\":[{{\"index\":0,\"{name}\":{{\"role\":\"assistant\",\"content\":\"{content}\"}},\"finish_reason\":{finish}}}]}}"
    );
    if !streamed {
        return scripted::json("200 OK", "", &body);
    }
    let chunks = [format!("data: {body}\n\n"), "data: [DONE]\n\n".to_owned(), String::new()];
    std::iter::once(scripted::stream()).chain(chunks.map(|chunk| Step::Chunk(chunk.into_bytes()))).collect()
}

async fn ask(house: &House, stream: bool) -> Answer {
    let body = json!({"model": "assistant", "stream": stream, "messages": [{"role": "user", "content": format!("write to {EMAIL} today")}]});
    house.client.post("/v1/chat/completions", body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_write_beyond_the_standard_comes_as_it_came() {
    for (name, before, content, beside) in [
        ("as it should be", "", "to %!", ""),
        ("half a character", "", "\\ud83d to % \\uDE00 \u{fffd} \\ufffd \\ud83d\\ude00", ""),
        ("no numbers", "", "to %!", "\"score\":NaN,\"logprob\":-Infinity,\"other\":[Infinity,NaN],"),
        ("a number that no float holds", "", "to %!", "\"big\":1e400,"),
        ("a tab as it is", "", "\tto %!", ""),
        ("a byte order mark", "\u{feff}", "to %!", ""),
    ] {
        for stream in [false, true] {
            let mut plot = Plot::new().await;
            plot.only(&["us-cloud"]);
            let what = (before.to_owned(), content.to_owned(), beside.to_owned());
            let _server = plot.script("us-cloud", move |asked| writing(asked, (&what.0, &what.1, &what.2))).await;
            let house = plot.open().await;
            let answer = ask(&house, stream).await;
            assert!(answer.status == 200 && answer.clean, "{name}, {stream}: {}", answer.body);
            // A tab is written as an escape where a value was put beside it.
            let content = content.replace('%', EMAIL).replace('\t', "\\t").replace("\\ud83d\\ude00", "😀");
            let content = format!("\"content\":\"{content}\"");
            assert!(answer.body.contains(&content), "{name}, {stream}: {}", answer.body);
            assert!(
                answer.body.contains(&format!("{before}{{\"id\":\"c\",{beside}")),
                "{name}, {stream}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_two_ways_is_refused_whole_and_streamed() {
    for (name, beside) in [("twice the same key", "\"a\":1,\"a\":2,"), ("no JSON", "\"a\":,")] {
        for stream in [false, true] {
            let mut plot = Plot::new().await;
            plot.only(&["us-cloud"]);
            let _server = plot.script("us-cloud", move |asked| writing(asked, ("", "to %", beside))).await;
            let house = plot.open().await;
            let answer = ask(&house, stream).await;
            assert!(answer.body.contains("the backend's answer is not JSON"), "{name}, {stream}: {}", answer.body);
            assert!(
                !answer.body.contains(EMAIL) && !answer.body.contains("\"to "),
                "{name}, {stream}: {}",
                answer.body
            );
            let expected = if stream { (200, false) } else { (502, true) };
            assert_eq!((answer.status, answer.clean), expected, "{name}, {stream}: {}", answer.body);
        }
    }
}
