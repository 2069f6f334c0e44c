//! Random faults under load: servers go slow, full, wrong, dead, break their answers and come back, for some seconds or, with
//! `OCTROI_CHAOS_S`, minutes. What must hold is then read from the audit log and from what the servers saw (`invariants`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Method;
use octroi::balance::Random;

use super::common::scripted::{Asked, Step, echo};
use super::common::{Answer, Client, chat_body, timed_entries};
use super::invariants::{Kind, Seen, Told, faults};
use super::{Fleet, MODES, Mode, answer};

/// Servers that each begin to answer what they do: by text, how often an answer was begun.
type Begun = Arc<Mutex<BTreeMap<String, usize>>>;

const CLIENTS: usize = 12;
/// The modes that servers are put in; a held one would wait for the test.
const FAULTS: [Mode; 6] = [Mode::Well, Mode::Slow, Mode::Full, Mode::Wrong, Mode::Dead, Mode::Breaks];
/// What the sheet's clause is not open to, though the policy allows a backend abroad for it.
const CLOSED: &str = "Confidentiel";

fn seconds() -> u64 {
    std::env::var("OCTROI_CHAOS_S").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// Four servers at home and one abroad, a queue, and a clause that is open to some.
async fn fleet(begun: &Begun) -> Fleet {
    let fleet = Fleet::open(&[Mode::Well; 4], |plot, gpus| {
        plot.backends.get_mut("paris-gpu-1").unwrap().push_str("\nfull_requests = 2");
        "[waiting]\nrequests = 8\ndeadline_s = 4\n".clone_into(&mut plot.extra);
        let path = plot.path("policies/main.policy");
        let sheet = std::fs::read_to_string(&path).unwrap();
        let clause = "fall back if unavailable or after 2 s of waiting";
        let closed = sheet.replace(clause, &format!("{clause} unless label is \"{CLOSED}\""));
        assert_ne!(closed, sheet);
        std::fs::write(path, closed).unwrap();
        for gpu in gpus {
            let (begun, mode) = (Arc::clone(begun), Arc::clone(&gpu.mode));
            gpu.server.set_script(move |asked: &Asked| {
                let mode = MODES[usize::from(mode.load(Ordering::SeqCst))];
                if matches!(mode, Mode::Well | Mode::Breaks) {
                    *begun.lock().unwrap().entry(number(&asked.said())).or_default() += 1;
                }
                answer(mode, asked)
            });
        }
    })
    .await;
    let counted = Arc::clone(begun);
    fleet.abroad.set_script(move |asked: &Asked| -> Vec<Step> {
        *counted.lock().unwrap().entry(number(&asked.said())).or_default() += 1;
        echo(asked)
    });
    fleet
}

/// One request of one kind, and what its client was told.
async fn ask(client: &Client, text: String, kind: Kind, stream: bool) -> Told {
    let mut request = client.request(Method::POST, "/v1/chat/completions", chat_body(&text, stream));
    if kind == Kind::ClauseClosed {
        request.headers_mut().insert("octroi-label", CLOSED.parse().unwrap());
    }
    let sent_ms = jiff::Timestamp::now().as_millisecond().into();
    let Answer { status, headers, clean, .. } = client.send(request).await.unwrap();
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    Told {
        number: number(&text),
        kind,
        sent_ms,
        id: header("octroi-request-id"),
        status,
        clean,
        backend: header("octroi-backend"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_under_load() {
    let begun: Begun = Arc::default();
    let fleet = fleet(&begun).await;
    let (going, numbers) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (going, numbers) = (Arc::clone(&going), Arc::clone(&numbers));
        let (house, mut random) = (fleet.house.client.clone(), Random::new(client as u64));
        clients.spawn(async move {
            let mut told = Vec::new();
            while going.load(Ordering::SeqCst) {
                let number = numbers.fetch_add(1, Ordering::SeqCst);
                let (kind, says) = [
                    (Kind::May, "hello"),
                    (Kind::ClauseClosed, "hello again"),
                    (Kind::StaysHome, "Mme Camille Aubertin has diabetes"),
                ][random.below(3)];
                told.push(ask(&house, format!("{number}: {says}"), kind, random.below(2) == 0).await);
            }
            told
        });
    }
    let (end, mut random) = (Instant::now() + Duration::from_secs(seconds()), Random::new(seconds()));
    while Instant::now() < end {
        let (gpu, mode) = (random.below(fleet.gpus.len()), FAULTS[random.below(FAULTS.len())]);
        fleet.gpus[gpu].become_(mode);
        tokio::time::sleep(Duration::from_millis(20 + random.below(200) as u64)).await;
    }
    fleet.gpus.iter().for_each(|gpu| gpu.become_(Mode::Well));
    going.store(false, Ordering::SeqCst);
    let told = clients.join_all().await.concat();
    let Fleet { house, gpus, abroad } = fleet;
    let folder = house.plot.path("audit");
    house.app.stop().await.unwrap();
    let count = |asked: &[Asked]| {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for one in asked {
            *counted.entry(number(&one.said())).or_default() += 1;
        }
        counted
    };
    let (everywhere, far) = (gpus.iter().map(|gpu| &gpu.server).chain([&abroad]), abroad.asked());
    let asked = count(&everywhere.flat_map(super::common::scripted::Scripted::asked).collect::<Vec<_>>());
    let health = far.iter().filter(|one| one.body.contains("diabetes")).count();
    let seen = Seen { asked, begun: std::mem::take(&mut *begun.lock().unwrap()), abroad: count(&far) };
    let found = faults(&timed_entries(&folder), &told, &seen);
    assert!(found.is_empty(), "{} faults; the first: {:#?}", found.len(), &found[..found.len().min(5)]);
    assert_eq!(health, 0, "health data abroad");
    let of = |kind| told.iter().filter(|told| told.kind == kind).count();
    let served = told.iter().filter(|told| told.status == 200).count();
    let [may, closed, stays] = [Kind::May, Kind::ClauseClosed, Kind::StaysHome].map(of);
    eprintln!(
        "{} requests ({may} may leave, {closed} the clause is not open to, {stays} stay home), {served} answered, {} abroad",
        told.len(),
        seen.abroad.len()
    );
    assert!(served > 0 && served < told.len(), "{served} of {}: it was no chaos", told.len());
    assert!(closed > 0 && stays > 0, "nothing was put to the test");
    assert!(seconds() < 60 || !seen.abroad.is_empty(), "a minute of faults, and nobody had to leave home");
}

/// The number with which a text begins: names in it may have been replaced on the way.
fn number(text: &str) -> String {
    text.split(':').next().unwrap().to_owned()
}
