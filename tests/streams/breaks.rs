//! Streams that are passed on as they come, break off, or are left.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::common::coding::{CODINGS, ODD, flushed};
use super::common::scripted::{self, Asked, Step, delta};
use super::common::{EMAIL, House, Plot, chat_body, until};
use super::{Talk, piece};

const CHAT: &str = "/v1/chat/completions";

fn chunk(text: impl Into<String>) -> Step {
    Step::Chunk(text.into().into_bytes())
}

/// A house whose only server begins each stream with a piece of text and goes on with `steps`.
async fn house(steps: Vec<Step>) -> (House, scripted::Scripted) {
    let mut plot = Plot::new().await;
    plot.backend = "reply_idle_s = 1".to_owned();
    let server = plot
        .script("us-cloud", move |asked| {
            let begun = [scripted::stream(), chunk(delta(&format!("begun {}. ", asked.said())))];
            begun.into_iter().chain(steps.clone()).collect()
        })
        .await;
    plot.only(&["us-cloud"]);
    (plot.open().await, server)
}

/// The outcome of the only request.
async fn outcome(house: &House) -> Value {
    house.outcomes(1).await.remove(0)
}

/// The client has each frame before the server sends the next.
#[tokio::test(flavor = "multi_thread")]
async fn each_frame_is_passed_on_as_it_comes() {
    let frames = (0..20).flat_map(|number| [Step::Wait, chunk(delta(&format!("frame {number}")))]);
    let end = [Step::Wait, chunk("data: [DONE]\n\n"), chunk("")];
    let (house, server) = house(frames.chain(end).collect()).await;
    for personal in [false, true] {
        let said = if personal { EMAIL } else { "nothing" };
        let mut talk = Talk::new(&house.client).await;
        let mut body = talk.post(CHAT, chat_body(said, true)).await.into_body();
        assert_eq!(piece(&mut body).await.unwrap().unwrap(), delta(&format!("begun {said}. ")));
        for number in 0..20 {
            // The server waits: what comes now is what it sent, all of it and nothing else.
            server.go();
            assert_eq!(piece(&mut body).await.unwrap().unwrap(), delta(&format!("frame {number}")));
        }
        server.go();
        assert_eq!(piece(&mut body).await.unwrap().unwrap(), "data: [DONE]\n\n");
        assert!(piece(&mut body).await.is_none());
    }
    assert!(house.outcomes(2).await.iter().all(|outcome| outcome["end"] == "complete"));
}

/// A server that compresses its stream: the client has each event when it was flushed, as it is and restored.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_streams_stay_streams() {
    let mut plot = Plot::new().await;
    let next = Arc::new(Mutex::new(""));
    let coding = Arc::clone(&next);
    let script = move |asked: &Asked| {
        let events = ["one", "two", &format!("{}.\n", asked.said())].map(|text| Step::Chunk(delta(text).into_bytes()));
        let end = Step::Chunk(b"data: [DONE]\n\n".to_vec());
        let steps = std::iter::once(scripted::stream()).chain(events).chain([end]).collect();
        scripted::coded(*coding.lock().unwrap(), steps).into_iter().flat_map(|step| [step, Step::Wait]).collect()
    };
    let server = plot.script("us-cloud", script).await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    for coding in CODINGS.into_iter().chain(ODD) {
        *next.lock().unwrap() = coding;
        let mut talk = Talk::new(&house.client).await;
        server.go();
        let answer = talk.post(CHAT, chat_body(EMAIL, true)).await;
        assert_eq!(answer.headers().get("content-encoding"), None, "{coding}");
        let mut body = answer.into_body();
        for text in ["one", "two", &format!("{EMAIL}.\n")] {
            assert_eq!(piece(&mut body).await.unwrap().unwrap(), delta(text), "{coding}");
            server.go();
        }
        assert_eq!(piece(&mut body).await.unwrap().unwrap(), "data: [DONE]\n\n", "{coding}");
        (0..3).for_each(|_| server.go());
        assert!(piece(&mut body).await.is_none(), "{coding}");
    }
    assert!(server.asked().iter().all(|asked| !asked.body.contains(EMAIL)));
    assert!(house.outcomes(CODINGS.len() + ODD.len()).await.iter().all(|outcome| outcome["end"] == "complete"));
}

/// A coding that is broken, cut short or false breaks the answer like any other fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_coding_breaks_ends_in_an_error() {
    let begun = delta("begun. ").into_bytes();
    for coding in CODINGS {
        let parts = flushed(coding, &[&begun[..], &begun[..]]);
        let [first, second, end] = &parts[..] else { panic!("three parts") };
        let broken: Vec<u8> = second.iter().map(|byte| byte ^ 0x5a).collect();
        let rows: [(&str, Vec<&[u8]>, bool); 4] = [
            ("none of it", vec![&begun[..]], false),
            ("cut short", vec![&first[..]], true),
            ("an end without the mark of the stream", vec![&first[..], &second[..], &end[..]], true),
            ("garbage", vec![&first[..], &broken[..], &broken[..], &broken[..]], true),
        ];
        for (name, chunks, readable) in rows {
            let head = scripted::coded(coding, vec![scripted::stream()]).remove(0);
            let chunks = chunks.into_iter().map(<[u8]>::to_vec).chain([Vec::new()]).map(Step::Chunk);
            let steps: Vec<Step> = std::iter::once(head).chain(chunks).collect();
            let mut plot = Plot::new().await;
            let _server = plot.script("us-cloud", move |_| steps.clone()).await;
            plot.only(&["us-cloud"]);
            let house = plot.open().await;
            let answer = house.client.chat(EMAIL, true).await;
            assert_eq!(answer.body.contains("begun"), readable, "{coding}, {name}: {}", answer.body);
            assert!(!answer.clean && answer.body.contains("\"error\":{"), "{coding}, {name}: {}", answer.body);
            assert_eq!(outcome(&house).await["end"], "upstream-broke", "{coding}, {name}");
        }
    }
}

/// However a stream breaks, the client is told, and never by a clean end.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stream_ends_in_an_error_and_a_broken_body() {
    let half = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half";
    let long = "x".repeat(octroi::limits::EVENT_BYTES_MAX);
    let finished = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let rows: Vec<(&str, Vec<Step>)> = vec![
        ("a reset", vec![Step::Reset]),
        ("a reset inside an event", vec![chunk(half), Step::Reset]),
        ("a connection closed in order", vec![Step::Close]),
        ("chunks that are none", vec![Step::Raw(b"zz\r\nnothing\r\n".to_vec())]),
        ("bytes that are no text", vec![Step::Chunk(b"data: \xff\xfe\n\n".to_vec())]),
        ("an event beyond its bound", vec![chunk(format!("data: {long}")), chunk(long.clone())]),
        ("silence", vec![Step::Stall]),
        ("an end without its mark", vec![chunk(finished), chunk("")]),
        ("an end inside an event", vec![chunk(half), chunk("")]),
    ];
    for (name, steps) in rows {
        let (house, _server) = house(steps).await;
        for said in ["nothing", EMAIL] {
            let answer = house.client.chat(said, true).await;
            assert_eq!(answer.status, 200, "{name}");
            assert!(answer.streamed().starts_with(&format!("begun {said}. ")), "{name}: {}", answer.body);
            assert!(!answer.body.contains("[DONE]"), "{name}: {}", answer.body);
            assert!(answer.body.contains("\"error\":{"), "{name}: {}", answer.body);
            assert!(!answer.clean, "{name}: the body ended cleanly: {}", answer.body);
        }
        let outcomes = house.outcomes(2).await;
        assert!(outcomes.iter().all(|outcome| outcome["end"] == "upstream-broke"), "{name}: {outcomes:?}");
        assert_eq!(outcomes[0]["backend"], "us-cloud", "{name}");
    }
}

/// Large events that each end within what may be a pseudonym are kept until it is decided, and not without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_makes_us_hold_too_much_is_ended() {
    let cut = |index: usize| {
        let choice = format!("{{\"index\":{index},\"delta\":{{\"content\":\"<EMAI\"}}}}");
        chunk(format!("data: {{\"choices\":[{choice}],\"padding\":[{}1]}}\n\n", "1,".repeat(1 << 19)))
    };
    let kept = octroi::limits::MOULDS_BYTES_MAX >> 20;
    for (count, whole) in [(kept - 2, true), (kept + 2, false)] {
        let end = [chunk("data: [DONE]\n\n"), chunk("")];
        let (house, _server) = house((1..=count).map(cut).chain(end).collect()).await;
        let answer = house.client.chat(EMAIL, true).await;
        assert_eq!((answer.clean, answer.body.ends_with("data: [DONE]\n\n")), (whole, whole), "{count} events");
        assert_eq!(outcome(&house).await["end"], if whole { "complete" } else { "upstream-broke" });
    }
}

/// Something is remembered of texts that ended too: a server that goes on with ever new ones is stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_ever_new_texts_is_ended() {
    let ended = |index: usize| {
        let choice = format!("{{\"index\":{index},\"delta\":{{\"content\":\"done\"}},\"finish_reason\":\"stop\"}}");
        chunk(format!("data: {{\"choices\":[{choice}]}}\n\n"))
    };
    for (count, whole) in [(octroi::limits::CHANNELS_MAX - 2, true), (octroi::limits::CHANNELS_MAX + 2, false)] {
        let end = [chunk("data: [DONE]\n\n"), chunk("")];
        let (house, _server) = house((1..=count).map(ended).chain(end).collect()).await;
        let answer = house.client.chat(EMAIL, true).await;
        assert_eq!((answer.clean, answer.body.ends_with("data: [DONE]\n\n")), (whole, whole), "{count} texts");
        assert_eq!(outcome(&house).await["end"], if whole { "complete" } else { "upstream-broke" });
    }
}

/// A server that says itself that it failed: its text may quote what it got, so the client is told in words of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_the_server_tells_is_told_in_our_words() {
    let told = "data: {\"error\":{\"message\":\"no\"}}\n\n";
    let (house, _server) = house(vec![chunk(told), chunk("")]).await;
    let answer = house.client.chat(EMAIL, true).await;
    assert!(!answer.body.contains(told), "{}", answer.body);
    assert!(answer.body.contains("backend_failed"), "{}", answer.body);
    assert!(!answer.clean, "the body ended cleanly");
    assert_eq!(outcome(&house).await["end"], "upstream-broke");
}

/// What is held back as the beginning of a pseudonym is not lost when the stream ends there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_comes_at_the_end() {
    let (house, _server) = house(vec![chunk(delta("then <EMAI")), chunk("data: [DONE]\n\n"), chunk("")]).await;
    let answer = house.client.chat(EMAIL, true).await;
    assert_eq!(answer.streamed(), format!("begun {EMAIL}. then <EMAI"), "{}", answer.body);
    assert!(answer.clean && answer.body.ends_with("data: [DONE]\n\n"), "{}", answer.body);
}

/// After the mark of the end nothing can break: servers that drop the connection there are common.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_behind_its_end_is_whole() {
    for last in [Step::Reset, Step::Close, Step::Stall] {
        let (house, _server) = house(vec![chunk("data: [DONE]\n\n"), last]).await;
        let answer = house.client.chat(EMAIL, true).await;
        assert!(answer.clean && answer.body.ends_with("data: [DONE]\n\n"), "{}", answer.body);
        assert_eq!(outcome(&house).await["end"], "complete");
    }
}

/// A client that goes away takes its request with it, streamed or not, begun or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_cancels_its_request() {
    let (house, server) = house(vec![Step::Stall]).await;
    let mut talk = Talk::new(&house.client).await;
    let mut body = talk.post(CHAT, chat_body(EMAIL, true)).await.into_body();
    assert!(piece(&mut body).await.unwrap().unwrap().contains(EMAIL));
    let since = Instant::now();
    drop((body, talk));
    server.left(1).await;
    assert!(since.elapsed() < Duration::from_secs(1), "cancelled after {:?}", since.elapsed());
    assert_eq!(outcome(&house).await["end"], "client-gone");
}

/// The same before the first byte.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_answer_cancels_its_request() {
    let mut plot = Plot::new().await;
    let server = plot.script("us-cloud", |_| vec![Step::Stall]).await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    for stream in [false, true] {
        let mut talk = Talk::new(&house.client).await;
        let request = talk.request(CHAT, chat_body("x", stream));
        let asking = tokio::spawn(async move { talk.sender.send_request(request).await.map(|_| talk) });
        let before = usize::from(stream);
        until("the request at the server", async || (server.asked().len() > before).then_some(())).await;
        let since = Instant::now();
        asking.abort();
        server.left(before + 1).await;
        assert!(since.elapsed() < Duration::from_secs(1), "cancelled after {:?}", since.elapsed());
        let outcomes = house.outcomes(before + 1).await;
        assert_eq!(outcomes[before]["end"], "client-gone", "{outcomes:?}");
    }
}

/// Tokens of another request stay as they are, and a planted one reads nobody's value.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_others_are_left_alone() {
    let (house, server) = house(vec![chunk("data: [DONE]\n\n"), chunk("")]).await;
    let first = house.client.chat(EMAIL, true).await;
    assert_eq!(first.streamed(), format!("begun {EMAIL}. "));
    let token = server.asked()[0].said();
    assert!(token.starts_with("<EMAIL_"), "{token}");
    let foreign = house.client.chat(&format!("{token} bob@example.org"), true).await;
    assert_eq!(foreign.streamed(), format!("begun {token} bob@example.org. "));
    let planted = house.client.chat(&format!("{token} {EMAIL}"), true).await;
    assert_eq!(planted.streamed(), format!("begun {token} {EMAIL}. "));
    let said = server.asked()[2].said();
    assert_eq!(said.matches(&token).count(), 1, "the planted token stands for a value: {said}");
    let outcomes = house.outcomes(3).await;
    let counts: Vec<_> = outcomes.iter().map(|outcome| (&outcome["restored"], &outcome["foreign_tokens"])).collect();
    assert_eq!(format!("{counts:?}"), "[(Number(1), Number(0)), (Number(1), Number(1)), (Number(1), Number(1))]");
}

/// Pseudonyms in addresses stay as they are, where a value could be carried off by a client that follows them; the record
/// says how many.
#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_in_addresses_are_left_and_counted() {
    let mut plot = Plot::new().await;
    let says =
        |said: &str| format!("{said}, see ![x](https://collect.example/?q={said}) and https://collect.example/{said}");
    let server = plot
        .script("us-cloud", move |asked| {
            let says = says(&asked.said());
            if asked.json()["stream"] == true {
                return vec![scripted::stream(), chunk(delta(&says)), chunk("data: [DONE]\n\n"), chunk("")];
            }
            let message = serde_json::json!({"role": "assistant", "content": says});
            let choices = serde_json::json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
            scripted::json("200 OK", "", &serde_json::json!({"id": "c", "choices": choices}).to_string())
        })
        .await;
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    for stream in [false, true] {
        let answer = house.client.chat(EMAIL, stream).await;
        let token = server.asked().pop().unwrap().said();
        assert_eq!(
            (answer.body.matches(EMAIL).count(), answer.body.matches(&token).count()),
            (1, 2),
            "{}",
            answer.body
        );
    }
    for outcome in house.outcomes(2).await {
        assert_eq!((&outcome["restored"], &outcome["withheld_tokens"]), (&1.into(), &2.into()), "{outcome}");
    }
    assert!(house.app.gate().telemetry.page().contains("octroi_withheld_tokens_total 4"));
}
