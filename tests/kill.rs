//! SIGKILL at random moments under load: every request that a backend saw is in the verified log.
//!
//! `OCTROI_KILLS` sets how often (20 in the short tests, 200 in `scripts/test --long`).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test helpers"
)]

mod common;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::{Client, Plot, prompt};

/// A gateway in a process of its own.
struct Gateway {
    child: Child,
    address: SocketAddr,
}

impl Gateway {
    fn start(plot: &Plot) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["serve", "--config"])
            .arg(plot.write_configuration())
            .env("OCTROI_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("ready https://") {
                let address = address.parse().unwrap();
                std::thread::spawn(move || lines.for_each(drop));
                return Self { child, address };
            }
            told.push(line);
        }
        child.wait().unwrap();
        panic!("the gateway did not start: {told:?}");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A small generator, seeded: the moments differ from run to run of the loop, not from day to day.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_that_a_backend_saw_is_in_the_verified_log() {
    let kills: u64 = std::env::var("OCTROI_KILLS").map_or(20, |count| count.parse().unwrap());
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let (mut done, mut seen, mut answered) = (0, 0, 0);
    while done < kills {
        // A log of its own for every twenty kills: the servers remember a bounded number of requests.
        let rounds = 20.min(kills - done);
        let (saw, served) = rounds_of(Plot::new().await, rounds, &mut seed, &mut |_| {}).await;
        (done, seen, answered) = (done + rounds, seen + saw, answered + served);
    }
    assert!(answered > kills, "too little was served for a test");
    eprintln!("{kills} kills: {answered} answers, {seen} requests seen by servers, every one in the verified log");
}

/// Where a kill met the end of a segment.
#[derive(Debug, Default)]
struct Rotations {
    /// The next one was being filled, or had not its name yet.
    filling: u64,
    /// The next one had its name and held nothing yet.
    begun: u64,
    segments: usize,
}

impl Rotations {
    fn look(&mut self, audit: &std::path::Path) {
        let names = std::fs::read_dir(audit.join("segments")).unwrap();
        let mut names: Vec<_> = names.map(|name| name.unwrap().path()).collect();
        names.sort();
        // Segments this short are filled when they are needed: one without its name is the end of the one before.
        self.filling += u64::from(names.iter().any(|name| name.ends_with("next.new")));
        names.retain(|name| name.extension().is_some_and(|end| end == "seg"));
        self.segments = self.segments.max(names.len());
        let newest = std::fs::read(names.last().unwrap()).unwrap();
        self.begun += u64::from(newest[512..].iter().all(|byte| *byte == 0));
    }
}

/// The same with segments of a few entries, so that many kills land where one segment ends and the next begins.
#[tokio::test(flavor = "multi_thread")]
async fn kills_where_a_segment_ends_lose_nothing() {
    let kills: u64 = std::env::var("OCTROI_KILLS").map_or(20, |count| count.parse().unwrap());
    let (mut seed, mut met) = (0xA076_1D64_78BD_642F_u64, Rotations::default());
    let (mut done, mut seen) = (0, 0);
    // A kill lands there by chance: where none did, there are more of them.
    while done < kills || (met.filling + met.begun == 0 && done < 10 * kills) {
        let mut plot = Plot::new().await;
        plot.extra = "[audit]\nsegment_bytes = 32768\n".to_owned();
        let audit = plot.path("audit");
        let (saw, _) = rounds_of(plot, 20, &mut seed, &mut |_| met.look(&audit)).await;
        (done, seen) = (done + 20, seen + saw);
    }
    eprintln!("{done} kills, {seen} requests seen by servers, every one in the verified log; of the kills {met:?}");
    assert!(met.segments > 10, "too few segments for a test: {met:?}");
    assert!(met.filling + met.begun > 0, "no kill met the end of a segment: {met:?}");
}

/// Kills a gateway `rounds` times, then holds the log against what the servers saw.
async fn rounds_of(plot: Plot, rounds: u64, seed: &mut u64, killed: &mut dyn FnMut(u64)) -> (u64, u64) {
    let answered = Arc::new(AtomicU64::new(0));
    for round in 0..rounds {
        // Half of the rounds go abroad, so that changed bodies and streams are killed too.
        plot.paris_down(round % 2 == 1);
        let gateway = Gateway::start(&plot);
        let client = Client::new(&plot.authority, gateway.address, &plot.key);
        let stop = Arc::new(AtomicBool::new(false));
        let mut load = Vec::new();
        for worker in 0..8 {
            let (client, stop, answered) = (client.clone(), Arc::clone(&stop), Arc::clone(&answered));
            load.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let body = common::chat_body(&prompt(), worker % 2 == 0);
                    let request = client.request(http::Method::POST, "/v1/chat/completions", body);
                    match tokio::time::timeout(Duration::from_secs(5), client.send(request)).await {
                        Ok(Ok(answer)) if answer.status == 200 => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => tokio::task::yield_now().await,
                    }
                }
            }));
        }
        tokio::time::sleep(Duration::from_millis(30 + random(seed) % 400)).await;
        gateway.kill();
        killed(round);
        stop.store(true, Ordering::Relaxed);
        for worker in load {
            worker.await.unwrap();
        }
    }
    // One more start recovers the tail and closes what was left open.
    plot.paris_down(false);
    Gateway::start(&plot).kill();
    (compare(&plot), answered.load(Ordering::Relaxed))
}

/// Verifies the log and finds in it every request that a server saw; returns how many there were.
fn compare(plot: &Plot) -> u64 {
    let mut recorded: HashMap<(String, u64), u64> = HashMap::new();
    for entry in common::verified_entries(&plot.path("audit")) {
        if let Some(sending) = entry.get("sending").filter(|sending| sending.is_object()) {
            let key = (sending["backend"].as_str().unwrap().to_owned(), sending["body_bytes"].as_u64().unwrap());
            *recorded.entry(key).or_default() += 1;
        }
    }
    let mut seen = 0;
    for server in ["paris-gpu-1", "paris-gpu-2", "us-cloud"] {
        let requests = plot.servers[server].requests();
        assert!(requests.len() < octroi::limits::DEMO_REQUESTS_MAX, "{server} forgot requests");
        for request in requests {
            // A body that the kill cut is shorter than what was recorded: its whole length stands in its head.
            let declared =
                request.headers.get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
            let bytes = declared.unwrap_or(request.body.len() as u64);
            let left = recorded.get_mut(&(server.to_owned(), bytes));
            let left = left.unwrap_or_else(|| panic!("{server} saw {bytes} bytes that no entry names"));
            assert!(*left > 0, "{server} saw more requests of {bytes} bytes than the log names");
            *left -= 1;
            seen += 1;
        }
    }
    seen
}

/// A change of the key is killed at random moments, again and again; the next start finishes it, and all epochs fit together.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_key_that_is_killed_is_finished() {
    let kills: u64 = std::env::var("OCTROI_KILLS").map_or(20, |count| count.parse().unwrap()) / 4;
    let plot = Plot::new().await;
    let audit = plot.path("audit");
    let gateway = Gateway::start(&plot);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    assert_eq!(client.chat(&prompt(), false).await.status, 200);
    gateway.kill();
    let rotate = || {
        let mut rotate = Command::new(env!("CARGO_BIN_EXE_octroi"));
        rotate.args(["audit", "key", "rotate", "--config"]).arg(plot.write_configuration());
        rotate.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let key = || std::fs::read(audit.join("log.vkey")).unwrap_or_default();
    // How long one takes that nobody kills says when to.
    let (before, begun) = (key(), std::time::Instant::now());
    assert!(rotate().wait().unwrap().success());
    let whole = u64::try_from(begun.elapsed().as_millis()).unwrap().max(10);
    assert_ne!(key(), before);
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let half_done = || {
        let mut moving = std::fs::read_dir(audit.join("epochs")).unwrap().map(|name| name.unwrap().path());
        ["rotate", "log.key.next"].iter().any(|name| audit.join(name).exists())
            || moving.any(|name| name.extension().is_some_and(|end| end == "new"))
    };
    let (mut round, mut met) = (0, 0);
    while round < kills || (met == 0 && round < 20 * kills) {
        let mut rotating = rotate();
        tokio::time::sleep(Duration::from_millis(random(&mut seed) % whole)).await;
        rotating.kill().unwrap();
        rotating.wait().unwrap();
        met += u64::from(half_done());
        // A second kill may meet what the first one left; then a gateway goes on from it.
        if round % 2 == 1 {
            let gateway = Gateway::start(&plot);
            let client = Client::new(&plot.authority, gateway.address, &plot.key);
            assert_eq!(client.chat(&prompt(), false).await.status, 200, "round {round}");
            gateway.kill();
        }
        round += 1;
    }
    Gateway::start(&plot).kill();
    let reports = octroi_verify::verify_all(&audit, &octroi_verify::Trust::default(), &mut |_| {}).unwrap();
    let decisions: u64 = reports.iter().map(|report| report.kinds.get("decision").copied().unwrap_or(0)).sum();
    assert!(met > 0, "no kill met a change of the key in {round}");
    assert_eq!(decisions, 1 + round / 2, "every request is in one of the {} epochs", reports.len());
    assert!(reports.len() >= 2);
    let left = ["rotate", "log.key.next"].into_iter().find(|name| audit.join(name).exists());
    assert_eq!(left, None, "nothing is left half done");
    eprintln!("{round} kills, {met} of them within a change of the key; {} epochs, every one verified", reports.len());
}

/// A folder without a log has no key to change: it says so, and nothing is left that the first start would act on.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_no_log_is_not_changed() {
    let plot = Plot::new().await;
    let audit = plot.path("audit");
    for made in [false, true] {
        if made {
            std::fs::create_dir(&audit).unwrap();
        }
        let mut rotate = Command::new(env!("CARGO_BIN_EXE_octroi"));
        let told =
            rotate.args(["audit", "key", "rotate", "--config"]).arg(plot.write_configuration()).output().unwrap();
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        assert_eq!(told.status.code(), Some(2), "{said}");
        assert!(said.contains("holds no audit log, so there is no key to change"), "{said}");
        let left = std::fs::read_dir(&audit).map_or(0, Iterator::count);
        assert_eq!((audit.exists(), left), (made, 0), "nothing is left behind");
    }
}
