//! A backend of several GPU servers that go slow, full, wrong, dead and back: no request crosses a tier without a clause that
//! opens it, none is lost while one server is well, and none runs twice after its first byte.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, reason = "test helpers")]

#[path = "fleet/chaos.rs"]
mod chaos;
mod common;
#[path = "fleet/invariants.rs"]
mod invariants;
#[path = "fleet/preferred.rs"]
mod preferred;
#[path = "fleet/service.rs"]
mod service;
#[path = "fleet/waiting.rs"]
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use common::scripted::{Asked, Scripted, Step, delta, echo, json, stream};
use common::{House, Plot, until};

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u8)]
enum Mode {
    Well,
    Slow,
    Full,
    Wrong,
    Dead,
    /// Breaks after the first words of a stream.
    Breaks,
    /// Answers when it is let go.
    Held,
}

const MODES: [Mode; 7] = [Mode::Well, Mode::Slow, Mode::Full, Mode::Wrong, Mode::Dead, Mode::Breaks, Mode::Held];

struct Gpu {
    server: Scripted,
    mode: Arc<AtomicU8>,
}

impl Gpu {
    async fn start(plot: &Plot, mode: Mode) -> Self {
        let mode = Arc::new(AtomicU8::new(mode as u8));
        let acting = Arc::clone(&mode);
        let script = move |asked: &Asked| answer(MODES[usize::from(acting.load(Ordering::SeqCst))], asked);
        Self { server: Scripted::start(Arc::clone(&plot.tls), script).await, mode }
    }

    fn become_(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.server.asked().len()
    }
}

fn answer(mode: Mode, asked: &Asked) -> Vec<Step> {
    match mode {
        Mode::Well => echo(asked),
        Mode::Slow => vec![Step::Stall],
        Mode::Full => json("429 Too Many Requests", "retry-after: 1\r\n", "{}"),
        Mode::Wrong => json("500 Internal Server Error", "", "{}"),
        Mode::Dead => vec![Step::Reset],
        Mode::Held => std::iter::once(Step::Wait).chain(echo(asked)).collect(),
        Mode::Breaks => vec![stream(), Step::Chunk(delta("first words").into_bytes()), Step::Reset],
    }
}

/// A house whose first backend has these servers, and a cloud abroad.
struct Fleet {
    house: House,
    gpus: Vec<Gpu>,
    abroad: Scripted,
}

impl Fleet {
    async fn open(modes: &[Mode], change: impl FnOnce(&mut Plot, &[Gpu])) -> Self {
        let mut plot = Plot::new().await;
        "first_byte_s = 1".clone_into(&mut plot.backend);
        let abroad = plot.script("us-cloud", echo).await;
        let mut gpus = Vec::new();
        for mode in modes {
            gpus.push(Gpu::start(&plot, *mode).await);
        }
        plot.servers.clear();
        plot.elsewhere.insert("paris-gpu-1", gpus[0].server.port);
        let listed: Vec<String> = gpus.iter().map(|gpu| format!("\"localhost:{}\"", gpu.server.port)).collect();
        plot.backends.insert("paris-gpu-1", format!("endpoints = [{}]", listed.join(", ")));
        change(&mut plot, &gpus);
        Self { house: plot.open().await, gpus, abroad }
    }

    fn asked(&self) -> Vec<usize> {
        self.gpus.iter().map(Gpu::asked).collect()
    }
}

fn no_clause(plot: &mut Plot) {
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    let without: Vec<&str> = sheet.lines().filter(|line| !line.starts_with("fall back")).collect();
    assert!(without.len() < sheet.lines().count());
    std::fs::write(path, without.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_well_serves_for_all() {
    let fleet = Fleet::open(&[Mode::Wrong, Mode::Dead, Mode::Full, Mode::Well], |_, _| {}).await;
    for number in 0..30 {
        let answer = fleet.house.client.chat(&format!("question {number}"), false).await;
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
        assert_eq!(answer.header("octroi-backend"), "paris-gpu-1");
    }
    assert_eq!(fleet.gpus[3].asked(), 30, "each is served once: {:?}", fleet.asked());
    assert_eq!(fleet.abroad.asked().len(), 0, "none crossed");
    let asked: usize = fleet.asked().iter().sum();
    let decided = fleet.house.entries_of("decision").await.len();
    let tried = fleet.house.entries_of("attempt").await.len();
    assert_eq!((decided, decided + tried), (30, asked), "every attempt is recorded");
    assert!(asked < 60, "those that do not serve are avoided: {:?}", fleet.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_one_time_are_spread_and_none_is_lost() {
    let fleet = Fleet::open(&[Mode::Well, Mode::Dead, Mode::Well, Mode::Well], |plot, _| no_clause(plot)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let client = fleet.house.client.clone();
        tasks.spawn(async move { client.chat(&format!("question {number}"), false).await.status });
    }
    let statuses = tasks.join_all().await;
    let refused = statuses.iter().filter(|status| **status != 200).count();
    // A burst may meet the dead server more often than the budget lets be tried again: then the client is told to wait.
    assert!(refused <= 12 && statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert_eq!(fleet.abroad.asked().len(), 0, "none crossed");
    let asked = fleet.asked();
    assert!(asked[0] + asked[2] + asked[3] + refused >= 60, "none is lost: {asked:?}");
    // On a busy machine one that is well may not answer in time: that it was asked again then is recorded, as each sending is.
    let decisions = fleet.house.entries_of("decision").await;
    let sent = decisions.iter().filter(|decision| decision.get("sending").is_some()).count();
    let tried = fleet.house.entries_of("attempt").await.len();
    assert!(asked.iter().sum::<usize>() <= sent + tried, "{asked:?}, {sent} sent and {tried} tried again");
    assert!([0, 2, 3].iter().all(|gpu| asked[*gpu] >= 5), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_clause_nothing_crosses() {
    let rows = [
        ("dead", [Mode::Dead, Mode::Dead], 503, "backends_unavailable"),
        ("full", [Mode::Full, Mode::Full], 429, "backends_full"),
        ("one dead, one full", [Mode::Dead, Mode::Full], 429, "backends_full"),
        ("wrong", [Mode::Wrong, Mode::Wrong], 502, "backend_failed"),
        ("slow", [Mode::Slow, Mode::Slow], 429, "backends_full"),
    ];
    for (name, modes, status, code) in rows {
        let fleet = Fleet::open(&modes, |plot, _| no_clause(plot)).await;
        let answer = fleet.house.client.chat("question", false).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (status, Some(code)), "{name}");
        assert_eq!(fleet.asked(), [1, 1], "{name}: each was tried once");
        assert_eq!(fleet.abroad.asked().len(), 0, "{name}");
    }
}

/// However many servers fail at requests, and though not each is asked every time, the client is told that they fail, and not to wait
/// for room that there is.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_all_fail_are_told_of_as_that() {
    let fleet = Fleet::open(&[Mode::Wrong; 8], |plot, _| no_clause(plot)).await;
    let mut asked = 0;
    for number in 0..24 {
        let answer = fleet.house.client.chat(&format!("question {number}"), false).await;
        let code = answer.json()["error"]["code"].clone();
        assert_eq!((answer.status, code.as_str()), (502, Some("backend_failed")), "{number}: {answer:?}");
        asked = fleet.asked().iter().sum();
    }
    assert!(asked < 8 * 24, "the budget of retries holds: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clause_it_crosses_when_every_endpoint_is_down() {
    let fleet = Fleet::open(&[Mode::Dead, Mode::Dead], |_, _| {}).await;
    let answer = fleet.house.client.chat("question", false).await;
    assert_eq!((answer.status, answer.header("octroi-backend")), (200, "us-cloud"));
    assert_eq!(fleet.asked(), [1, 1], "every endpoint was tried before");
    let attempts = fleet.house.entries_of("attempt").await;
    assert_eq!(attempts.last().unwrap()["fell_back"], true);
    assert_eq!(attempts.last().unwrap()["cause"], "broke");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_failed_at_the_request_opens_no_other_tier() {
    let fleet = Fleet::open(&[Mode::Dead, Mode::Wrong], |_, _| {}).await;
    let answer = fleet.house.client.chat("question", false).await;
    assert_eq!((answer.status, fleet.abroad.asked().len()), (502, 0), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_back_is_used_again() {
    let fleet = Fleet::open(&[Mode::Dead, Mode::Well], |plot, _| no_clause(plot)).await;
    for number in 0..20 {
        // Each another conversation, so that some have the dead one for their home.
        assert_eq!(fleet.house.client.chat(&format!("{number} question"), false).await.status, 200);
    }
    let before = fleet.gpus[0].asked();
    assert!((1..=6).contains(&before), "it is avoided: {before}");
    fleet.gpus[0].become_(Mode::Well);
    fleet.gpus[1].become_(Mode::Full);
    until("the first one is used", async || {
        fleet.house.client.chat("question", false).await;
        (fleet.gpus[0].asked() > before).then_some(())
    })
    .await;
    assert_eq!(fleet.abroad.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_twice_after_its_first_byte() {
    let fleet = Fleet::open(&[Mode::Breaks, Mode::Breaks, Mode::Breaks], |_, _| {}).await;
    for number in 1..=6 {
        let answer = fleet.house.client.chat("question", true).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains("[DONE]"), "no clean end: {}", answer.body);
        assert_eq!(fleet.asked().iter().sum::<usize>(), number, "asked once");
    }
    assert_eq!(fleet.abroad.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_say_moves_requests() {
    let busy = "vllm:num_requests_running 60\nvllm:num_requests_waiting 80\nvllm:kv_cache_usage_perc 0.99\n";
    let idle = "vllm:num_requests_running 0\nvllm:num_requests_waiting 0\nvllm:kv_cache_usage_perc 0.01\n";
    let fleet = Fleet::open(&[Mode::Well, Mode::Well], |plot, gpus| {
        gpus[0].server.set_page(busy);
        gpus[1].server.set_page(idle);
        plot.backends.get_mut("paris-gpu-1").unwrap().push_str("\npoll = \"vllm\"\npoll_ms = 100");
    })
    .await;
    for (quiet, loud) in [(1, 0), (0, 1)] {
        fleet.gpus[quiet].server.set_page(idle);
        fleet.gpus[loud].server.set_page(busy);
        let number = AtomicUsize::new(0);
        until("ten requests in a row go to the idle one", async || {
            let before = fleet.gpus[quiet].asked();
            for _ in 0..10 {
                let number = number.fetch_add(1, Ordering::SeqCst);
                // Each another conversation, so that none has a home to prefer.
                assert_eq!(fleet.house.client.chat(&format!("{number} question"), false).await.status, 200);
            }
            (fleet.gpus[quiet].asked() == before + 10).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_stays_where_its_cache_is() {
    let fleet = Fleet::open(&[Mode::Well; 4], |_, _| {}).await;
    let mut homes = std::collections::BTreeSet::new();
    for number in 0..8 {
        let long = format!("conversation {number}: {}", "a long document; ".repeat(400));
        let before = fleet.asked();
        let mut messages = vec![serde_json::json!({"role": "user", "content": long})];
        for turn in 0..4 {
            let body = serde_json::json!({"model": "assistant", "messages": messages}).to_string();
            assert_eq!(fleet.house.client.post("/v1/chat/completions", body).await.status, 200);
            messages.push(serde_json::json!({"role": "assistant", "content": "yes"}));
            messages.push(serde_json::json!({"role": "user", "content": format!("and {turn}?")}));
        }
        let moved: Vec<usize> = fleet.asked().iter().zip(before).map(|(now, before)| now - before).collect();
        assert!(moved.contains(&4), "{number}: {moved:?}");
        homes.insert(moved.iter().position(|count| *count == 4).unwrap());
    }
    assert!(homes.len() > 1, "conversations have different homes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_endpoints_is_followed_and_held_to_the_inventory() {
    let fleet = Fleet::open(&[Mode::Well, Mode::Well], |plot, gpus| {
        std::fs::write(plot.path("gpus.txt"), format!("# home\nlocalhost:{}\n", gpus[0].server.port)).unwrap();
        plot.backends.insert("paris-gpu-1", "endpoints_file = \"gpus.txt\"".to_owned());
    })
    .await;
    let chat = async || assert_eq!(fleet.house.client.chat("question", false).await.status, 200);
    chat().await;
    assert_eq!(fleet.asked(), [1, 0]);
    let file = fleet.house.plot.path("gpus.txt");
    std::fs::write(&file, format!("localhost:{}\n", fleet.gpus[1].server.port)).unwrap();
    until("the other one is used", async || {
        chat().await;
        (fleet.gpus[1].asked() > 0).then_some(())
    })
    .await;
    let before = fleet.gpus[0].asked();
    std::fs::write(&file, format!("localhost:{}\ngpu.elsewhere.example:443\n", fleet.gpus[0].server.port)).unwrap();
    let looked = std::time::Instant::now();
    until("some looks at the file", async || {
        chat().await;
        (looked.elapsed() > octroi::limits::ENDPOINTS_LOOK * 2).then_some(())
    })
    .await;
    assert_eq!(fleet.gpus[0].asked(), before, "a file with a host that the inventory does not name is not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_the_inventory_does_not_name_are_refused_at_the_start() {
    for (endpoint, says) in [("gpu.elsewhere.example:443", "gpu.elsewhere.example"), ("192.0.2.1:443", "192.0.2.1")] {
        let mut plot = Plot::new().await;
        plot.backends.insert("paris-gpu-1", format!("endpoints = [\"{endpoint}\"]"));
        let started = octroi::app::App::start(plot.write_configuration()).await;
        let error = format!("{:#}", started.err().unwrap());
        assert!(error.contains(says) && error.contains("inventory"), "{error}");
    }
}
