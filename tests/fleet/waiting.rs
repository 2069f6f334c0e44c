//! Full servers at home: requests wait in a queue that is bounded and fair, then the smaller model serves, then the clause opens
//! the next tier, else they are refused.

use std::time::{Duration, Instant};

use octroi::identity;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::common::scripted::{Asked, Scripted};
use super::common::{Answer, Client, House, chat_body, page, until};
use super::{Fleet, Mode, no_clause};

/// Servers at home that take one request each.
const ONE_EACH: &str = "\nfull_requests = 1";

fn one_each(plot: &mut super::Plot) {
    plot.backends.get_mut("paris-gpu-1").unwrap().push_str(ONE_EACH);
    "first_byte_s = 30".clone_into(&mut plot.backend);
}

fn ask(client: &Client, content: &str) -> JoinHandle<Answer> {
    let (client, content) = (client.clone(), content.to_owned());
    tokio::spawn(async move { client.chat(&content, false).await })
}

/// How many wait, as the metrics say.
async fn waiting(house: &House) -> u64 {
    let (_, page) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    let waiting = page.lines().find_map(|line| line.strip_prefix("octroi_requests_waiting{tier=\"on premises\"} "));
    waiting.unwrap().parse().unwrap()
}

async fn until_waiting(house: &House, count: u64) {
    until("requests that wait", async || (waiting(house).await == count).then_some(())).await;
}

async fn until_asked(server: &Scripted, count: usize) {
    until("requests at the server", async || (server.asked().len() == count).then_some(())).await;
}

/// What was said to a server, in order.
fn said(server: &Scripted) -> Vec<String> {
    server.asked().iter().map(Asked::said).collect()
}

fn refusal(answer: &Answer) -> (u16, String, bool) {
    let code = answer.json()["error"]["code"].as_str().unwrap().to_owned();
    (answer.status, code, answer.headers.contains_key("retry-after"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_for_room_and_none_is_asked_twice() {
    let fleet = Fleet::open(&[Mode::Held, Mode::Held], |plot, _| {
        no_clause(plot);
        one_each(plot);
    })
    .await;
    let first: Vec<_> = (0..2).map(|number| ask(&fleet.house.client, &format!("first {number}"))).collect();
    until("both are busy", async || (fleet.asked() == [1, 1]).then_some(())).await;
    let second: Vec<_> = (0..4).map(|number| ask(&fleet.house.client, &format!("second {number}"))).collect();
    until_waiting(&fleet.house, 4).await;
    assert_eq!(fleet.asked(), [1, 1], "nobody is sent to a server that is full");
    // Whichever of the two gets room first takes the next one: either may serve up to five of them.
    for _ in 0..5 {
        fleet.gpus.iter().for_each(|gpu| gpu.server.go());
    }
    for answer in first.into_iter().chain(second) {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    assert_eq!(fleet.asked().iter().sum::<usize>(), 6);
    assert!(fleet.house.entries_of("attempt").await.is_empty(), "each was decided once and sent once");
    until_waiting(&fleet.house, 0).await;
    assert_eq!(fleet.abroad.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_at_its_deadline_and_a_full_queue_at_once() {
    let fleet = Fleet::open(&[Mode::Held], |plot, _| {
        no_clause(plot);
        one_each(plot);
        plot.extra = "[waiting]\nrequests = 1\ndeadline_s = 1\n".to_owned();
    })
    .await;
    let busy = ask(&fleet.house.client, "busy");
    until_asked(&fleet.gpus[0].server, 1).await;
    let since = Instant::now();
    let late = ask(&fleet.house.client, "late");
    until_waiting(&fleet.house, 1).await;
    let crowded = fleet.house.client.chat("crowded", false).await;
    assert!(since.elapsed() < Duration::from_secs(1), "at once");
    assert_eq!(refusal(&crowded), (429, "backends_full".to_owned(), true));
    assert_eq!(refusal(&late.await.unwrap()), (429, "backends_full".to_owned(), true));
    assert!(since.elapsed() >= Duration::from_secs(1));
    fleet.gpus[0].server.go();
    assert_eq!(busy.await.unwrap().status, 200);
    assert_eq!((fleet.gpus[0].asked(), fleet.abroad.asked().len()), (1, 0));
    let refused = fleet.house.entries_of("decision").await;
    let reasons: Vec<_> = refused.iter().filter(|entry| entry["verdict"] == "refuse").map(|it| &it["reason"]).collect();
    assert_eq!(reasons, [&json!("backends_full"), &json!("backends_full")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_the_clause_opens_the_next_tier() {
    let fleet = Fleet::open(&[Mode::Held], |plot, _| one_each(plot)).await;
    let busy = ask(&fleet.house.client, "busy");
    until_asked(&fleet.gpus[0].server, 1).await;
    let since = Instant::now();
    let answer = fleet.house.client.chat("question", false).await;
    assert_eq!((answer.status, answer.header("octroi-backend")), (200, "us-cloud"));
    assert!(since.elapsed() >= Duration::from_secs(2));
    fleet.gpus[0].server.go();
    busy.await.unwrap();
    let decisions = fleet.house.entries_of("decision").await;
    let crossed = json!({"from": "on premises", "to": "other", "cause": "waited"});
    assert_eq!(decisions.iter().filter_map(|entry| entry.get("crossed")).collect::<Vec<_>>(), [&crossed]);
    let (_, page) = page(fleet.house.app.admin().unwrap(), "/metrics").await.unwrap();
    let counted = "octroi_crossings_total{from=\"on premises\",to=\"other\",cause=\"waited\"} 1";
    assert!(page.contains(counted), "{page}");
    assert_eq!(fleet.gpus[0].asked(), 1, "it was not sent home as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_leaves_the_queue() {
    let fleet = Fleet::open(&[Mode::Held], |plot, _| {
        no_clause(plot);
        one_each(plot);
    })
    .await;
    let busy = ask(&fleet.house.client, "busy");
    until_asked(&fleet.gpus[0].server, 1).await;
    let gone = ask(&fleet.house.client, "gone");
    until_waiting(&fleet.house, 1).await;
    gone.abort();
    until_waiting(&fleet.house, 0).await;
    let next = ask(&fleet.house.client, "next");
    until_waiting(&fleet.house, 1).await;
    fleet.gpus[0].server.go();
    fleet.gpus[0].server.go();
    assert_eq!((busy.await.unwrap().status, next.await.unwrap().status), (200, 200));
    assert_eq!(said(&fleet.gpus[0].server), ["busy", "next"]);
}

/// Those who wait outlive a reload, and are served under what came into force.
#[tokio::test(flavor = "multi_thread")]
async fn reloads_and_a_drain_lose_nobody_who_waits() {
    let fleet = Fleet::open(&[Mode::Held], |plot, _| {
        no_clause(plot);
        one_each(plot);
    })
    .await;
    let server = &fleet.gpus[0].server;
    let mut asked = vec![ask(&fleet.house.client, "busy")];
    until_asked(server, 1).await;
    for number in 0..4 {
        asked.push(ask(&fleet.house.client, &format!("{number}")));
    }
    until_waiting(&fleet.house, 4).await;
    let path = fleet.house.plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    for number in 0..3_u64 {
        std::fs::write(&path, format!("{sheet}\n# {number}\n")).unwrap();
        until("a reload", async || {
            let (_, page) = page(fleet.house.app.admin().unwrap(), "/metrics").await.unwrap();
            let mut lines = page.lines().filter(|line| line.starts_with("octroi_reloads_total"));
            lines.any(|line| line.ends_with(&format!(" {}", number + 1))).then_some(())
        })
        .await;
    }
    until_waiting(&fleet.house, 4).await;
    server.go();
    until_asked(server, 2).await;
    let stopping = tokio::spawn(fleet.house.app.stop());
    (0..4).for_each(|_| server.go());
    for answer in asked {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    stopping.await.unwrap().unwrap();
    assert_eq!(server.asked().len(), 5);
}

/// A tier that is gone when a request has waited in it is left only by the clause, and that is recorded.
#[tokio::test(flavor = "multi_thread")]
async fn a_tier_that_goes_while_requests_wait_is_left_by_the_clause_alone() {
    for clause in [false, true] {
        let fleet = Fleet::open(&[Mode::Held], |plot, _| {
            if clause {
                let path = plot.path("policies/main.policy");
                let sheet = std::fs::read_to_string(&path).unwrap();
                std::fs::write(path, sheet.replace(" or after 2 s of waiting", "")).unwrap();
            } else {
                no_clause(plot);
            }
            one_each(plot);
        })
        .await;
        let server = &fleet.gpus[0].server;
        let busy = ask(&fleet.house.client, "busy");
        until_asked(server, 1).await;
        let late = ask(&fleet.house.client, "late");
        until_waiting(&fleet.house, 1).await;
        let path = fleet.house.plot.path("policies/main.policy");
        let sheet = std::fs::read_to_string(&path).unwrap();
        // The scenarios of the sheet are about the home that goes.
        let (rules, _) = sheet.split_once("\nscenario ").unwrap();
        std::fs::write(path, format!("{rules}\nrule works because \"x\" never backends on premises\n")).unwrap();
        let late = late.await.unwrap();
        let abroad = fleet.abroad.asked().len();
        if clause {
            assert_eq!((late.status, abroad), (200, 1), "{}", late.body);
            let mut decisions = fleet.house.entries_of("decision").await;
            let crossed = decisions.pop().unwrap()["crossed"].take();
            assert_eq!(crossed["from"], "on premises", "{crossed}");
            assert_eq!(crossed["cause"], "unavailable", "{crossed}");
        } else {
            assert_eq!((late.status, abroad), (503, 0), "{}", late.body);
        }
        server.go();
        assert_eq!(busy.await.unwrap().status, 200);
    }
}

/// A second app, of another tenant, with a client of its own.
async fn two_tenants(weights: &str, priority: &str) -> (Fleet, Client) {
    let mut key = String::new();
    let fleet = Fleet::open(&[Mode::Held], |plot, _| {
        no_clause(plot);
        one_each(plot);
        let new = identity::new_key(&plot.root).unwrap().key.to_string();
        let hash = identity::hash_of(&plot.root, &new);
        plot.extra = format!("{weights}[[app]]\nname = \"other\"\ntenant = \"other\"\nkeys = [\"{hash}\"]\n");
        priority.clone_into(&mut plot.app);
        key = new;
    })
    .await;
    let mut client = fleet.house.client.clone();
    client.key = key;
    (fleet, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_are_shared_between_tenants() {
    // Of eight requests of one tenant and two of another that came last, who is third and fourth served?
    let rows = [
        ("alike", "", "", 2..=3),
        ("by weight", "[[quota.limit]]\nof = \"tenant\"\nname = \"demo\"\nweight = 3\n", "", 3..=6),
        ("batch", "", "priority = \"batch\"", 1..=2),
    ];
    for (name, weights, priority, expected) in rows {
        let (fleet, other) = two_tenants(weights, priority).await;
        let server = &fleet.gpus[0].server;
        let mut asked = vec![ask(&fleet.house.client, "busy")];
        until_asked(server, 1).await;
        for number in 0..8 {
            asked.push(ask(&fleet.house.client, &format!("many {number}")));
            until_waiting(&fleet.house, number + 1).await;
        }
        for number in 0..2 {
            asked.push(ask(&other, &format!("few {number}")));
            until_waiting(&fleet.house, number + 9).await;
        }
        for _ in 0..asked.len() {
            server.go();
        }
        for answer in asked {
            assert_eq!(answer.await.unwrap().status, 200, "{name}");
        }
        let order = said(server);
        let last = order.iter().rposition(|said| said.starts_with("few")).unwrap();
        assert!(expected.contains(&(last - 1)), "{name}: {order:?}");
        let many: Vec<_> = order.iter().filter(|said| said.starts_with("many")).collect();
        assert!(many.is_sorted(), "{name}: first come, first served within an app: {order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_turned_a_request_away_is_waited_for() {
    let fleet = Fleet::open(&[Mode::Full], |plot, _| {
        no_clause(plot);
        plot.backends.get_mut("paris-gpu-1").unwrap().push_str("\nfull_requests = 100");
    })
    .await;
    let asked: Vec<_> = (0..5).map(|number| ask(&fleet.house.client, &format!("{number}"))).collect();
    until("it turned one away", async || (fleet.gpus[0].asked() > 0).then_some(())).await;
    fleet.gpus[0].become_(Mode::Well);
    for answer in asked {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    let attempts = fleet.house.entries_of("attempt").await;
    // It said so itself, or that was known before it was asked again.
    let has_no_room = |attempt: &Value| ["full", "overloaded"].contains(&attempt["cause"].as_str().unwrap());
    assert!(!attempts.is_empty() && attempts.iter().all(has_no_room), "{attempts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_of_its_queue_counts() {
    let page = |waiting: u32| format!("vllm:num_requests_running 1\nvllm:num_requests_waiting {waiting}\n");
    let fleet = Fleet::open(&[Mode::Well], |plot, gpus| {
        no_clause(plot);
        gpus[0].server.set_page(&page(9));
        let keys = "\npoll = \"vllm\"\npoll_ms = 100\nfull_waiting = 4";
        plot.backends.get_mut("paris-gpu-1").unwrap().push_str(keys);
        plot.extra = "[waiting]\ndeadline_s = 60\n".to_owned();
    })
    .await;
    // It is asked from time to time until the first poll has told.
    let client = &fleet.house.client;
    let waits = until("a request that waits", async || {
        let asked = ask(client, "question");
        tokio::time::sleep(Duration::from_millis(300)).await;
        (waiting(&fleet.house).await == 1).then_some(asked)
    })
    .await;
    let before = fleet.gpus[0].asked();
    fleet.gpus[0].server.set_page(&page(0));
    assert_eq!(waits.await.unwrap().status, 200);
    assert_eq!(fleet.gpus[0].asked(), before + 1);
}

/// A house where two models are served at home, the larger one by a server that is busy.
async fn with_a_smaller_model(clause: bool, small: Mode) -> (Fleet, Scripted) {
    let mut server = None;
    let mut fleet = Fleet::open(&[Mode::Held, small], |plot, gpus| {
        if !clause {
            no_clause(plot);
        }
        plot.backends.insert("paris-gpu-1", ONE_EACH.to_owned());
        plot.backends.insert("paris-gpu-2", ONE_EACH.to_owned());
        plot.elsewhere.insert("paris-gpu-2", gpus[1].server.port);
        "first_byte_s = 30".clone_into(&mut plot.backend);
        let large = "\"assistant\" = { \"paris-gpu-1\" = \"demonstration\", \"us-cloud\" = \"demonstration\" }";
        plot.models = format!("{large}\n\"assistant-small\" = {{ \"paris-gpu-2\" = \"demonstration\" }}");
        let smaller = "[smaller]\n\"assistant\" = \"assistant-small\"";
        plot.extra = format!("{smaller}\n[waiting]\nsmaller_ms = 200\ndeadline_s = 3\n");
    })
    .await;
    server.replace(fleet.gpus.pop().unwrap().server);
    (fleet, server.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smaller_model_serves_before_anything_crosses() {
    for clause in [false, true] {
        let (fleet, small) = with_a_smaller_model(clause, Mode::Well).await;
        let busy = ask(&fleet.house.client, "busy");
        until_asked(&fleet.gpus[0].server, 1).await;
        let answer = fleet.house.client.chat("question", false).await;
        assert_eq!((answer.status, answer.header("octroi-backend")), (200, "paris-gpu-2"), "{answer:?}");
        assert_eq!(answer.header("octroi-model"), "assistant-small");
        assert_eq!(answer.header("octroi-model-asked"), "assistant");
        assert_eq!((small.asked().len(), fleet.abroad.asked().len()), (1, 0));
        let decisions = fleet.house.entries_of("decision").await;
        let entry = decisions.iter().find(|entry| entry["sending"].get("smaller").is_some()).unwrap();
        assert_eq!((&entry["model"], &entry["sending"]["smaller"]), (&json!("assistant"), &json!("assistant-small")));
        assert_eq!(entry.get("crossed"), None);
        fleet.gpus[0].server.go();
        let busy = busy.await.unwrap();
        assert_eq!((busy.header("octroi-backend"), busy.header("octroi-model")), ("paris-gpu-1", ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_larger_model_serves_when_it_has_room_and_the_clause_when_neither_has() {
    let (fleet, small) = with_a_smaller_model(true, Mode::Held).await;
    let house = &fleet.house;
    let body = |model: &str| chat_body("busy", false).replace("\"assistant\"", &format!("\"{model}\""));
    let hold = |model: &'static str| {
        let client = house.client.clone();
        tokio::spawn(async move { client.post("/v1/chat/completions", body(model)).await })
    };
    let (large_busy, small_busy) = (hold("assistant"), hold("assistant-small"));
    until_asked(&fleet.gpus[0].server, 1).await;
    until_asked(&small, 1).await;
    let waits = ask(&house.client, "waits");
    until_waiting(house, 1).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    fleet.gpus[0].server.go();
    fleet.gpus[0].server.go();
    let answer = waits.await.unwrap();
    assert_eq!((answer.header("octroi-backend"), answer.header("octroi-model")), ("paris-gpu-1", ""), "{answer:?}");
    large_busy.await.unwrap();
    let large_busy = hold("assistant");
    until_asked(&fleet.gpus[0].server, 3).await;
    let crosses = house.client.chat("crosses", false).await;
    assert_eq!(crosses.header("octroi-backend"), "us-cloud", "{crosses:?}");
    fleet.gpus[0].server.go();
    small.go();
    assert_eq!((large_busy.await.unwrap().status, small_busy.await.unwrap().status), (200, 200));
    assert_eq!(small.asked().len(), 1, "nobody else went there");
}

/// A smaller model does not make a refusal milder: what policy forbids for the model that was asked for stays refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_smaller_model_is_no_way_around_policy() {
    let (fleet, small) = with_a_smaller_model(false, Mode::Well).await;
    let path = fleet.house.plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let rule = "\nrule not-there\n  because \"a test\"\n  never backends named any of paris-gpu-1, us-cloud\n";
    let (before, scenarios) =
        sheet.split_once("\nscenario").map_or((sheet.as_str(), ""), |(before, rest)| (before, rest));
    let scenarios = if scenarios.is_empty() { String::new() } else { format!("\nscenario{scenarios}") };
    std::fs::write(&path, format!("{before}{rule}{scenarios}")).unwrap();
    let answer = until("the rule is in force", async || {
        let answer = fleet.house.client.chat("question", false);
        let answer = tokio::time::timeout(Duration::from_millis(500), answer).await.ok()?;
        (answer.status == 403).then_some(answer)
    })
    .await;
    assert_eq!(answer.json()["error"]["code"], Value::from("refused_by_policy"));
    let before = small.asked().len();
    assert_eq!(fleet.house.client.chat("question", false).await.status, 403);
    assert_eq!(small.asked().len(), before);
    fleet.gpus[0].server.go();
}
