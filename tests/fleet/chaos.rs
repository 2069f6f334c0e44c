//! Random faults under load: servers go slow, full, wrong, dead, break their answers and come back, for some seconds or, with
//! `OCTROI_CHAOS_S`, minutes. What must hold is then read from the audit log and from what the servers saw.
#![expect(clippy::panic, reason = "a test stops at the first fault")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use octroi::balance::Random;
use serde_json::Value;

use super::common::scripted::{Asked, Step, echo};
use super::common::{Answer, verified_entries};
use super::{Fleet, MODES, Mode, answer};

/// What a client was told of one request.
#[derive(Debug)]
struct Told {
    id: String,
    status: u16,
    clean: bool,
    backend: String,
}

/// Servers that each begin to answer what they do: by text, how often an answer was begun.
type Begun = Arc<Mutex<BTreeMap<String, usize>>>;

const CLIENTS: usize = 12;
/// The modes that servers are put in; a held one would wait for the test.
const FAULTS: [Mode; 6] = [Mode::Well, Mode::Slow, Mode::Full, Mode::Wrong, Mode::Dead, Mode::Breaks];

fn seconds() -> u64 {
    std::env::var("OCTROI_CHAOS_S").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_under_load() {
    let begun: Begun = Arc::default();
    let fleet = Fleet::open(&[Mode::Well; 4], |plot, gpus| {
        plot.backends.get_mut("paris-gpu-1").unwrap().push_str("\nfull_requests = 2");
        plot.extra = "[waiting]\nrequests = 8\ndeadline_s = 4\n".to_owned();
        for gpu in gpus {
            let (begun, mode) = (Arc::clone(&begun), Arc::clone(&gpu.mode));
            gpu.server.set_script(move |asked: &Asked| {
                let mode = MODES[usize::from(mode.load(Ordering::SeqCst))];
                if matches!(mode, Mode::Well | Mode::Breaks) {
                    *begun.lock().unwrap().entry(asked.said()).or_default() += 1;
                }
                answer(mode, asked)
            });
        }
    })
    .await;
    let counted = Arc::clone(&begun);
    fleet.abroad.set_script(move |asked: &Asked| -> Vec<Step> {
        *counted.lock().unwrap().entry(asked.said()).or_default() += 1;
        echo(asked)
    });
    let (going, told) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::<(String, Told)>::new())));
    let mut clients = tokio::task::JoinSet::new();
    let numbers = Arc::new(AtomicUsize::new(0));
    for client in 0..CLIENTS {
        let (going, told, numbers) = (Arc::clone(&going), Arc::clone(&told), Arc::clone(&numbers));
        let (house, mut random) = (fleet.house.client.clone(), Random::new(client as u64));
        clients.spawn(async move {
            while going.load(Ordering::SeqCst) {
                let number = numbers.fetch_add(1, Ordering::SeqCst);
                // A third of them may not leave home, whatever happens there.
                let stays = random.below(3) == 0;
                let text = if stays {
                    format!("{number}: Mme Camille Aubertin has diabetes")
                } else {
                    format!("{number}: hello")
                };
                let Answer { status, headers, clean, .. } = house.chat(&text, random.below(2) == 0).await;
                let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
                let one = Told { id: header("octroi-request-id"), status, clean, backend: header("octroi-backend") };
                told.lock().unwrap().push((text, one));
            }
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
    while clients.join_next().await.is_some() {}
    let Fleet { house, gpus, abroad } = fleet;
    let folder = house.plot.path("audit");
    house.app.stop().await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for server in gpus.iter().map(|gpu| &gpu.server).chain([&abroad]) {
        server.asked().iter().for_each(|one| *asked.entry(said(&one.said())).or_default() += 1);
    }
    let begun: BTreeMap<String, usize> =
        begun.lock().unwrap().iter().map(|(text, count)| (said(text), *count)).collect();
    check(&verified_entries(&folder), &told, &asked, &begun);
    for one in abroad.asked() {
        assert!(!one.body.contains("diabetes"), "health data abroad: {}", one.body);
    }
    let served = told.iter().filter(|(_, told)| told.status == 200).count();
    eprintln!("{} requests, {served} answered, {} abroad", told.len(), abroad.asked().len());
    assert!(served > 0 && served < told.len(), "{served} of {}: it was no chaos", told.len());
}

/// The number with which a text begins: names in it may have been replaced on the way.
fn said(text: &str) -> String {
    text.split(':').next().unwrap().to_owned()
}

fn check(entries: &[Value], told: &[(String, Told)], asked: &BTreeMap<String, usize>, begun: &BTreeMap<String, usize>) {
    let of = |kind: &'static str| entries.iter().filter(move |entry| entry["kind"] == *kind);
    let mut sent: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for entry in of("decision").chain(of("attempt")).filter(|entry| entry["sending"].is_object()) {
        sent.entry(entry["request"].as_str().unwrap()).or_default().push(entry);
    }
    let decisions: BTreeMap<&str, &Value> = of("decision").map(|it| (it["request"].as_str().unwrap(), it)).collect();
    let mut outcomes: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    of("outcome").for_each(|entry| outcomes.entry(entry["request"].as_str().unwrap()).or_default().push(entry));
    for (text, told) in told {
        let id = told.id.as_str();
        let decision = decisions.get(id).unwrap_or_else(|| panic!("{text}: no decision"));
        let sent = sent.get(id).map_or(&[][..], Vec::as_slice);
        // None is lost: each was answered, or refused with what its author can do, and each has one end.
        assert!(matches!(told.status, 200 | 429 | 502 | 503), "{text}: {told:?}");
        assert_eq!(outcomes.get(id).map_or(0, Vec::len), usize::from(!sent.is_empty()), "{text}: one end");
        if told.status == 200 && told.clean {
            assert_eq!(outcomes[id][0]["end"], "complete", "{text}");
            assert_eq!(outcomes[id][0]["backend"], told.backend.as_str(), "{text}");
        }
        // None is sent anywhere that is not recorded before, and none is answered twice.
        let number = said(text);
        assert!(asked.get(&number).copied().unwrap_or(0) <= sent.len(), "{text}: sent without an entry: {sent:?}");
        assert!(begun.get(&number).copied().unwrap_or(0) <= 1, "{text}: ran twice after its first byte: {sent:?}");
        crossings(text, decision, sent);
    }
    assert_eq!(told.iter().map(|(_, told)| &told.id).collect::<BTreeSet<_>>().len(), told.len(), "ids are unique");
}

/// No tier is left but by a clause, and each that is has its entry and a cause that fits what went before.
fn crossings(text: &str, decision: &Value, sent: &[&Value]) {
    let tiers: BTreeMap<&str, &str> = decision["plan"]
        .as_array()
        .unwrap()
        .iter()
        .map(|planned| (planned["backend"].as_str().unwrap(), planned["tier"].as_str().unwrap()))
        .collect();
    let mut tier = "on premises";
    for (index, entry) in sent.iter().enumerate() {
        let backend = entry["sending"]["backend"].as_str().unwrap();
        let now = *tiers.get(backend).unwrap_or_else(|| panic!("{text}: {backend} is not in the plan"));
        match entry.get("crossed") {
            Some(crossed) => {
                assert_eq!((&crossed["from"], &crossed["to"]), (&tier.into(), &now.into()), "{text}");
                let failed = || sent[1..=index].iter().map(|entry| entry["cause"].as_str().unwrap());
                let full = failed().any(|cause| matches!(cause, "full" | "timeout" | "waited" | "retries"));
                match crossed["cause"].as_str().unwrap() {
                    "unavailable" => assert!(!full, "{text}: left at once, and something was full: {sent:?}"),
                    cause => assert_eq!(cause, "waited", "{text}"),
                }
                // One that failed at the request itself opens nothing.
                assert!(!failed().any(|cause| cause == "error"), "{text}: {sent:?}");
                tier = now;
            }
            None => assert_eq!(now, tier, "{text}: a tier was left without a clause: {sent:?}"),
        }
    }
}
