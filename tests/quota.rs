//! What every store of limits must do: one suite, run on the store in memory and on a real Redis. And what happens when Redis is
//! down, comes back, or a gateway dies.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::zombie_processes,
    clippy::print_stderr,
    reason = "test helpers"
)]

use std::collections::HashMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use octroi::model::{Whose, Word};
use octroi::quota::memory::MemoryStore;
use octroi::quota::redis::{Address, RedisStore, Unavailable};
use octroi::quota::{Allowance, Amounts, Quota, Rules, Store, Subject, Ticket, What};
use tokio_util::sync::CancellationToken;

/// What the server wants to hear first.
const PASSWORD: &str = "of the suite";

/// A Redis server on a free port, without files.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts one; `None` where it is not installed, which is said, and a fault where it must be.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_on(port)
    }

    fn start_on(port: u16) -> Option<Self> {
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--requirepass", PASSWORD])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            assert!(std::env::var_os("OCTROI_REQUIRE_REDIS").is_none(), "redis-server is not installed");
            eprintln!("skipped: redis-server is not installed (Debian: redis-server)");
            return None;
        };
        let redis = Self { child, port };
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(std::time::Instant::now() < until, "redis-server does not listen");
            std::thread::yield_now();
        }
        Some(redis)
    }

    fn store(&self, gateway: &str, unavailable: Unavailable) -> Arc<RedisStore> {
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            database: 1,
            user: None,
            password: Some(PASSWORD.to_owned().into()),
            tls: None,
        };
        Arc::new(RedisStore::new(address, ("test:", gateway), unavailable))
    }

    fn cli(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let login = ["-p", &port, "-n", "1", "--no-auth-warning", "-a", PASSWORD];
        let output = Command::new("redis-cli").args(login).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What was given at once, to a store of the suite's own.
struct Desk {
    quota: Quota,
    base: i64,
    number: u128,
}

impl Desk {
    /// Each name has counters of its own, so that one store serves the whole suite.
    fn new(store: &Arc<dyn Store>, limits: &[(Whose, What, u64)], name: &'static str) -> Self {
        let mut rules = Rules::default();
        for (of, what, limit) in limits {
            let word = match of {
                Whose::Tenant => Word::configured(&format!("t {name}")),
                Whose::App => Word::configured(&format!("a {name}")),
                Whose::Key => Word::configured(&format!("k {name}")),
            };
            rules.named.entry((*of, word)).or_insert_with(Allowance::default).limits.push((*what, *limit));
        }
        // The beginning of a minute, near the time of the machine: Redis forgets counters by it.
        let base = Timestamp::now().as_millisecond().div_euclid(60_000) * 60_000;
        Self { quota: Quota { rules: Arc::new(rules), store: Arc::clone(store) }, base, number: 0 }
    }

    async fn take(&mut self, name: &str, after_ms: i64, amounts: Amounts) -> Result<Ticket, (u16, Option<What>, u32)> {
        let [tenant, app, key] = ["t", "a", "k"].map(|of| Word::configured(&format!("{of} {name}")));
        let subject = Subject { tenant: &tenant, app: &app, key: &key };
        let now = Timestamp::from_millisecond(self.base + after_ms).unwrap();
        self.number += 1;
        let taken = self.quota.reserve(subject, amounts, (now, self.number)).await;
        taken.map(Option::unwrap).map_err(|exceeded| {
            let refusal = exceeded.refusal;
            (refusal.status, exceeded.by.map(|(_, what)| what), refusal.retry_after_s.unwrap())
        })
    }
}

const fn tokens(input: u64, output: u64) -> Amounts {
    Amounts { input, output, money: 0 }
}

/// The suite. Each part uses counters of its own.
async fn conformance(store: Arc<dyn Store>) {
    requests_slide(&store).await;
    all_or_nothing(&store).await;
    settled_up_and_down(&store).await;
    at_once(&store).await;
    together(&store).await;
    days(&store).await;
}

async fn requests_slide(store: &Arc<dyn Store>) {
    let name = "requests slide";
    let mut desk = Desk::new(store, &[(Whose::App, What::RequestsMinute, 10)], name);
    for number in 0..10 {
        let ticket = desk.take(name, number, tokens(0, 0)).await.unwrap();
        assert_eq!((ticket.left[0].limit, ticket.left[0].left), (10, 9 - u64::try_from(number).unwrap()));
        ticket.settle(tokens(0, 0));
        store.settle_all().await;
    }
    let (status, what, wait) = desk.take(name, 30_000, tokens(0, 0)).await.unwrap_err();
    assert_eq!((status, what), (429, Some(What::RequestsMinute)));
    assert!((30..=37).contains(&wait), "the next minute, and a tenth of it: {wait}");
    assert!(desk.take(name, 60_000, tokens(0, 0)).await.is_err(), "the minute before counts whole at its end");
    assert!(desk.take(name, 30_000 + i64::from(wait) * 1_000, tokens(0, 0)).await.is_ok(), "as it was told");
    let mut taken = 0;
    while desk.take(name, 90_000, tokens(0, 0)).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 4, "half of the minute before is left out, and one was taken since");
    assert!(desk.take(name, 180_000, tokens(0, 0)).await.is_ok());
}

async fn all_or_nothing(store: &Arc<dyn Store>) {
    let name = "all or nothing";
    let limits = [
        (Whose::Tenant, What::InputMinute, 100),
        (Whose::App, What::OutputMinute, 50),
        (Whose::Key, What::Concurrent, 5),
    ];
    let mut desk = Desk::new(store, &limits, name);
    let first = desk.take(name, 0, tokens(60, 10)).await.unwrap();
    assert_eq!(desk.take(name, 1, tokens(41, 10)).await.unwrap_err().1, Some(What::InputMinute));
    assert_eq!(desk.take(name, 2, tokens(40, 41)).await.unwrap_err().1, Some(What::OutputMinute));
    let second = desk.take(name, 3, tokens(40, 40)).await.unwrap();
    let third = desk.take(name, 4, tokens(0, 0)).await;
    assert!(third.is_ok(), "what was refused took nothing, no place either");
    drop((first, second));
}

async fn settled_up_and_down(store: &Arc<dyn Store>) {
    let name = "settled up and down";
    let mut desk = Desk::new(store, &[(Whose::App, What::OutputMinute, 100)], name);
    let ticket = desk.take(name, 0, tokens(0, 90)).await.unwrap();
    assert!(desk.take(name, 1, tokens(0, 11)).await.is_err());
    ticket.settle(tokens(0, 30));
    store.settle_all().await;
    let ticket = desk.take(name, 2, tokens(0, 70)).await.unwrap();
    ticket.settle(tokens(0, 500));
    store.settle_all().await;
    assert!(desk.take(name, 3, tokens(0, 1)).await.is_err(), "more than was reserved counts");
    let ticket = desk.take(name, 120_000, tokens(0, 100)).await.unwrap();
    drop(ticket);
    store.settle_all().await;
    assert!(desk.take(name, 120_001, tokens(0, 1)).await.is_err(), "what nobody settles stays as it was reserved");
}

async fn at_once(store: &Arc<dyn Store>) {
    let name = "at once";
    let mut desk = Desk::new(store, &[(Whose::Key, What::Concurrent, 2)], name);
    let (one, two) = (desk.take(name, 0, tokens(0, 0)).await, desk.take(name, 0, tokens(0, 0)).await);
    assert_eq!(desk.take(name, 1, tokens(0, 0)).await.unwrap_err().1, Some(What::Concurrent));
    one.unwrap().settle(tokens(0, 0));
    store.settle_all().await;
    let three = desk.take(name, 2, tokens(0, 0)).await;
    assert!(three.is_ok() && desk.take(name, 3, tokens(0, 0)).await.is_err());
    drop((two, three));
    store.settle_all().await;
    assert!(desk.take(name, 4, tokens(0, 0)).await.is_ok());
}

/// However many ask together, no more is given than there is.
async fn together(store: &Arc<dyn Store>) {
    let name = "together";
    let desk = Desk::new(store, &[(Whose::Tenant, What::InputMinute, 100)], name);
    let (quota, base) = (desk.quota.clone(), desk.base);
    let asking: Vec<_> = (0..64)
        .map(|number: u32| {
            let quota = quota.clone();
            tokio::spawn(async move {
                let [tenant, app, key] = ["t", "a", "k"].map(|of| Word::configured(&format!("{of} {name}")));
                let subject = Subject { tenant: &tenant, app: &app, key: &key };
                let now = Timestamp::from_millisecond(base + i64::from(number)).unwrap();
                quota.reserve(subject, tokens(7, 0), (now, 1_000 + u128::from(number))).await.is_ok()
            })
        })
        .collect();
    let mut given = 0;
    for asked in asking {
        given += u64::from(asked.await.unwrap());
    }
    assert_eq!(given, 14, "7 × 14 = 98");
}

async fn days(store: &Arc<dyn Store>) {
    let name = "days";
    let limits = [(Whose::App, What::OutputDay, 100), (Whose::App, What::MoneyMonth, 1_000_000)];
    let mut desk = Desk::new(store, &limits, name);
    desk.take(name, 0, tokens(0, 100)).await.unwrap().settle(tokens(0, 100));
    store.settle_all().await;
    let (_, what, wait) = desk.take(name, 1, tokens(0, 1)).await.unwrap_err();
    assert!(what == Some(What::OutputDay) && wait <= 86_400, "{wait}");
    assert!(desk.take(name, i64::from(wait) * 1_000, tokens(0, 1)).await.is_ok(), "the next day");
    let dear = Amounts { money: 1_000_001, ..Amounts::default() };
    assert_eq!(desk.take(name, i64::from(wait) * 1_000, dear).await.unwrap_err().1, Some(What::MoneyMonth));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_does_what_stores_must() {
    conformance(Arc::new(MemoryStore::new())).await;
    let folder = tempfile::tempdir().unwrap();
    conformance(Arc::new(MemoryStore::open(&folder.path().join("journal")).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_does_what_stores_must() {
    let Some(redis) = Redis::start() else { return };
    let store = redis.store("one", Unavailable::Refuse);
    conformance(Arc::clone(&store) as Arc<dyn Store>).await;
    let kept: HashMap<String, String> =
        redis.cli(&["KEYS", "*"]).lines().map(|key| (key.to_owned(), redis.cli(&["PTTL", key]))).collect();
    assert!(kept.len() > 5, "{kept:?}");
    for (key, ttl) in kept {
        assert!(ttl.trim().parse::<i64>().unwrap() > 0, "every counter ends by itself: {key}");
    }
    redis.cli(&["SCRIPT", "FLUSH"]);
    let mut desk = Desk::new(&(store as Arc<dyn Store>), &[(Whose::App, What::RequestsMinute, 1)], "forgotten scripts");
    assert!(
        desk.take("forgotten scripts", 0, tokens(0, 0)).await.is_ok(),
        "scripts that were forgotten are loaded again"
    );
}

/// Two gateways count together, and one that dies gives its places back.
#[tokio::test(flavor = "multi_thread")]
async fn gateways_count_together() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = (redis.store("one", Unavailable::Refuse), redis.store("two", Unavailable::Refuse));
    let name = "together";
    let limits = [(Whose::App, What::RequestsMinute, 3), (Whose::App, What::Concurrent, 3)];
    let mut here = Desk::new(&(one as Arc<dyn Store>), &limits, name);
    let mut there = Desk::new(&(two as Arc<dyn Store>), &limits, name);
    there.number = 100;
    let held = (here.take(name, 0, tokens(0, 0)).await.unwrap(), there.take(name, 0, tokens(0, 0)).await.unwrap());
    let third = here.take(name, 0, tokens(0, 0)).await.unwrap();
    assert!(here.take(name, 0, tokens(0, 0)).await.is_err() && there.take(name, 0, tokens(0, 0)).await.is_err());
    // It dies: nothing is settled, nothing renewed. A minute and a half later its places are free, and so is the minute.
    std::mem::forget((held, third));
    assert!(there.take(name, 121_000, tokens(0, 0)).await.is_ok());
}

/// While Redis is down: refused, or served from each gateway's part of what was left; and added when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_down_the_operators_choice_holds() {
    let Some(redis) = Redis::start() else { return };
    let port = redis.port;
    let (refuse, lease) = (redis.store("one", Unavailable::Refuse), redis.store("two", Unavailable::LastLease));
    let stop = CancellationToken::new();
    for store in [&refuse, &lease] {
        tokio::spawn(Arc::clone(store).run(stop.clone()));
    }
    let name = "down";
    let limits = [(Whose::App, What::OutputDay, 100)];
    let mut refusing = Desk::new(&(Arc::clone(&refuse) as Arc<dyn Store>), &limits, name);
    let mut leasing = Desk::new(&(Arc::clone(&lease) as Arc<dyn Store>), &limits, name);
    // Both gateways are known to be alive before it goes down.
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while redis.cli(&["ZCARD", "test:gateways"]).trim() != "2" {
        assert!(std::time::Instant::now() < patience);
        tokio::task::yield_now().await;
    }
    leasing.take(name, 0, tokens(0, 20)).await.unwrap().settle(tokens(0, 20));
    refusing.take(name, 0, tokens(0, 20)).await.unwrap().settle(tokens(0, 20));
    leasing.take(name, 0, tokens(0, 0)).await.unwrap().settle(tokens(0, 0));
    lease.settle_all().await;
    drop(redis);
    assert_eq!(refusing.take(name, 1, tokens(0, 1)).await.unwrap_err().0, 503);
    // 60 were left, and two gateways: 30 for each.
    leasing.take(name, 1, tokens(0, 20)).await.unwrap().settle(tokens(0, 20));
    assert_eq!(leasing.take(name, 2, tokens(0, 11)).await.unwrap_err().0, 429, "beyond its part");
    leasing.take(name, 3, tokens(0, 10)).await.unwrap().settle(tokens(0, 10));
    assert!(!lease.is_up());
    let other = "down and never seen";
    let limits = [(Whose::App, What::OutputDay, 100), (Whose::Key, What::Concurrent, 2)];
    let mut unseen = Desk::new(&(Arc::clone(&lease) as Arc<dyn Store>), &limits, other);
    assert_eq!(unseen.take(other, 4, tokens(0, 1)).await.unwrap_err().0, 503, "nobody knows what is used of it");
    let other = "down and at once";
    let mut at_once = Desk::new(&(Arc::clone(&lease) as Arc<dyn Store>), &[(Whose::Key, What::Concurrent, 2)], other);
    for number in 0..10 {
        at_once.take(other, 5, tokens(0, 0)).await.unwrap_or_else(|_| panic!("{number}: all before it have ended"));
    }
    let redis = Redis::start_on(port).unwrap();
    let key = loop {
        let keys = redis.cli(&["KEYS", "test:output_tokens_day*"]);
        if let Some(key) = keys.lines().find(|key| !key.is_empty()) {
            break key.to_owned();
        }
        assert!(std::time::Instant::now() < patience + Duration::from_secs(20), "what was taken meanwhile is added");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while redis.cli(&["GET", &key]).trim() != "30" {
        assert!(std::time::Instant::now() < patience, "{}", redis.cli(&["GET", &key]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        refusing.take(name, 4, tokens(0, 70)).await.is_ok(),
        "it answers again, of an empty Redis but for what was added"
    );
    stop.cancel();
}
