//! Which backend is asked: ejected, watched, ordered, and kept over a reload.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use octroi::model::Word;
use octroi::upstream::{Outgoing, Pool, Region, SendError, Settings, SetupFault};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::server::{Event, Line, Server, answer, closed_port, say, serve};
use super::{PATIENCE, backend, outgoing, settings};

fn named(name: &'static str, port: u16, roots: &str) -> Settings {
    Settings { name: Word::fixed(name), ..settings(port, roots) }
}

fn pool(settings: Vec<Settings>) -> Pool {
    Pool::build(settings, None, &TaskTracker::new()).unwrap()
}

#[tokio::test]
async fn a_backend_that_cannot_be_reached_is_ejected_and_tried_again() {
    let (server, roots) = Server::good(serve).await;
    let mut settings = settings(server.port(), &roots);
    settings.health.failures = 2;
    settings.health.ejection = Duration::ZERO;
    let up = backend(settings.clone());
    settings.health.ejection = PATIENCE;
    let (_taken, port) = closed_port();
    settings.url = format!("https://localhost:{port}");
    let down = backend(settings);

    for (expected, name) in [(true, "one failure"), (false, "two"), (false, "three")] {
        assert!(down.send(outgoing()).await.is_err());
        assert_eq!(down.available(), expected, "{name}");
    }
    assert!(up.send(outgoing()).await.is_ok() && up.available());
}

#[tokio::test]
async fn a_caller_cannot_eject_a_backend_by_provoking_errors_or_timeouts() {
    let silent = ("", Duration::from_millis(100), Err("timeout"));
    let failing = ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", PATIENCE, Ok(true));
    for (said, first_byte, expected) in [silent, failing] {
        let (server, roots) = Server::good(say(said)).await;
        let mut settings = settings(server.port(), &roots);
        settings.health.failures = 1;
        settings.bounds.first_byte = first_byte;
        let backend = backend(settings);
        for _ in 0..3 {
            let outcome = backend.send(outgoing()).await;
            assert_eq!(outcome.map(|reply| reply.is_server_error()).map_err(SendError::cause), expected);
        }
        assert!(backend.available(), "{expected:?}");
    }
}

#[tokio::test]
async fn those_that_are_available_and_have_less_to_do_come_first() {
    let (server, roots) = Server::good(serve).await;
    let (_taken, port) = closed_port();
    let mut down = named("down", port, &roots);
    down.health.failures = 1;
    let pool = pool(vec![named("busy", server.port(), &roots), named("idle", server.port(), &roots), down]);
    let candidates = |ranks: [u32; 4]| {
        ["down", "busy", "idle", "unheard-of"].map(Word::fixed).into_iter().zip(ranks).collect::<Vec<_>>()
    };
    assert_eq!(pool.pick(&candidates([0; 4])), [0, 1, 2], "as given");
    assert!(pool.backend("down").unwrap().send(outgoing()).await.is_err());
    let reply = pool.backend("busy").unwrap().send(outgoing()).await.unwrap();
    assert_eq!(pool.pick(&candidates([0; 4])), [2, 1, 0]);
    assert_eq!(pool.pick(&candidates([0, 1, 2, 0])), [1, 2, 0], "rank before load");
    drop(reply);
    assert_eq!(pool.pick(&candidates([0; 4])), [1, 2, 0]);
}

#[tokio::test]
async fn checks_carry_nothing_of_a_request_and_are_believed() {
    // The server fails its first three checks, then is well.
    let (mut server, roots) = Server::good(|mut line: Line| async move {
        line.request().await;
        let bytes = if line.number <= 3 { "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".into() } else { answer("{}") };
        line.write(bytes).await;
    })
    .await;
    let mut settings = named("watched", server.port(), &roots);
    settings.health.path = Some("/health".into());
    settings.health.interval = Duration::from_millis(10);
    settings.health.deadline = PATIENCE;
    let pool = pool(vec![settings]);
    let backend = Arc::clone(pool.backend("watched").unwrap());
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    assert!(backend.available());
    pool.spawn_health(&tasks, &stop);

    for (check, available) in [(2, true), (4, false), (5, true)] {
        // The verdict of a check stands when the next one begins.
        while seen_checks(&mut server).await < check {}
        assert_eq!(backend.available(), available, "when check {check} began");
    }
    assert_eq!(backend.outstanding(), 0);
    stop.cancel();
    tasks.close();
    timeout(PATIENCE, tasks.wait()).await.expect("the watch ends");
}

/// Waits for the next check and says which it is; each comes by a connection of its own.
async fn seen_checks(server: &mut Server) -> usize {
    let Event::Connected { number, .. } = server.event().await else { panic!("a check begins with a connection") };
    let Event::Request(request) = server.event().await else { panic!("then asks") };
    assert!(request.starts_with("GET /health HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"), "{request}");
    assert!(!request.contains("content-"), "{request}");
    number
}

#[tokio::test]
async fn a_reload_keeps_backends_that_did_not_change() {
    let (server, roots) = Server::good(serve).await;
    let all = || vec![named("a", server.port(), &roots), named("b", server.port(), &roots)];
    let tasks = TaskTracker::new();
    let before = Pool::build(all(), None, &tasks).unwrap();
    let mut changed = all();
    changed[1].binding.models.push(Word::fixed("another"));
    let after = Pool::build(changed, Some(&before), &tasks).unwrap();
    let same = |name| Arc::ptr_eq(before.backend(name).unwrap(), after.backend(name).unwrap());
    assert_eq!((same("a"), same("b")), (true, false));

    let mut twice = all();
    twice[1].name = Word::fixed("a");
    twice.push(Settings { url: "http://localhost".into(), ..named("c", 1, &roots) });
    let faults = Pool::build(twice, None, &tasks).unwrap_err();
    assert!(
        matches!(faults.as_slice(), [one, two] if one.fault == SetupFault::Duplicate && two.backend == "c"),
        "{faults:?}"
    );
}

#[tokio::test]
async fn connections_end_with_the_backend() {
    let (mut server, roots) = Server::good(serve).await;
    let tasks = TaskTracker::new();
    let pool = Pool::build(vec![named("a", server.port(), &roots)], None, &tasks).unwrap();
    let get = Outgoing { method: Method::GET, body: bytes::Bytes::new(), ..outgoing() };
    drop(pool.backend("a").unwrap().send(get).await.unwrap());
    assert!(!server.seen().await.contains("content-"), "no body, no headers of one");
    drop(pool);
    tasks.close();
    timeout(PATIENCE, tasks.wait()).await.expect("no task is left");
}

#[tokio::test]
async fn a_backend_that_answers_from_another_region_is_in_quarantine_until_it_is_made_anew() {
    let told = |region: &str| format!("HTTP/1.1 200 OK\r\nx-ms-region: {region}\r\ncontent-length: 2\r\n\r\n{{}}");
    for (name, said, expected) in [
        ("as expected", told("France Central"), Ok(())),
        ("another", told("East US"), Err(SendError::Region)),
        ("none", answer("{}"), Err(SendError::Region)),
    ] {
        let (mut server, roots) = Server::good(say(said)).await;
        let mut settings = named("paris", server.port(), &roots);
        settings.region = Some(Region::new("x-ms-region", "france central"));
        let before = pool(vec![settings.clone()]);
        let backend = before.backend("paris").unwrap();
        assert_eq!(backend.send(outgoing()).await.map(drop), expected, "{name}");
        server.seen().await;
        assert_eq!(backend.available(), expected.is_ok(), "{name}");
        if expected.is_err() {
            assert!(backend.why().unwrap().to_string().contains("quarantine"), "{name}");
            server.events();
            assert_eq!(backend.send(outgoing()).await.map(drop), expected, "{name}: again");
            assert!(
                !server.events().iter().any(|event| matches!(event, Event::Request(_))),
                "{name}: nothing was sent"
            );
        }
        // As a reload does: what the file says, beside the pool that is in force.
        settings.region = Some(Region::new("x-ms-region", "france central"));
        let after = Pool::build(vec![settings], Some(&before), &TaskTracker::new()).unwrap();
        let kept = Arc::ptr_eq(backend, after.backend("paris").unwrap());
        assert_eq!(kept, expected.is_ok(), "{name}");
        assert!(after.backend("paris").unwrap().available(), "{name}");
    }
}

#[tokio::test]
async fn a_check_that_comes_from_another_region_begins_the_quarantine_before_any_request() {
    let said = "HTTP/1.1 200 OK\r\nx-ms-region: East US\r\ncontent-length: 2\r\n\r\n{}";
    let (mut server, roots) = Server::good(say(said)).await;
    let mut settings = named("paris", server.port(), &roots);
    settings.health.path = Some("/v1/models".into());
    settings.health.interval = Duration::from_millis(5);
    settings.region = Some(Region::new("x-ms-region", "France Central"));
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let pool = Pool::build(vec![settings], None, &tasks).unwrap();
    pool.spawn_health(&tasks, &stop);
    assert!(server.seen().await.starts_with("GET /v1/models"));
    let backend = pool.backend("paris").unwrap();
    let quarantined = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while backend.available() {
            tick.tick().await;
        }
    };
    timeout(PATIENCE, quarantined).await.unwrap();
    assert_eq!(backend.send(outgoing()).await.map(drop), Err(SendError::Region));
    stop.cancel();
}
