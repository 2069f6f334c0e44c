//! Tests of rules, windows and the journal. What every store must do is in `tests/quota.rs`.
#![expect(clippy::disallowed_methods, reason = "a test breaks a journal")]

use super::store::Step;
use super::window::Window;
use super::*;

const MINUTE: i64 = 60_000;

#[test]
fn windows_slide_or_follow_the_calendar() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
    for (name, what, now, ends, before) in [
        ("the beginning of a minute", What::RequestsMinute, "2027-01-31T10:00:00Z", "2027-01-31T10:01:00Z", 1000),
        ("its last quarter", What::InputMinute, "2027-01-31T10:00:45Z", "2027-01-31T10:01:00Z", 250),
        ("a day", What::InputDay, "2027-01-31T23:59:59Z", "2027-02-01T00:00:00Z", 0),
        ("a month", What::MoneyMonth, "2027-12-31T23:59:59Z", "2028-01-01T00:00:00Z", 0),
        ("a short one", What::MoneyMonth, "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", 0),
    ] {
        let window = Window::at(what, at(now));
        assert_eq!((window.ends_ms, window.before), (at(ends), before), "{name}");
    }
    let (december, january) = (at("2027-12-31T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let month = |now| Window::at(What::MoneyMonth, now).number;
    assert_eq!(month(january), month(december) + 1, "months are counted through");
}

/// The wait that a refusal tells is enough, and no more than what rounding makes of it too long.
#[test]
fn who_waits_as_told_is_served() {
    for (name, gone, current, previous, limit, amount) in [
        ("the minute before counts yet", 15_000, 0, 80, 60, 10),
        ("this minute is full", 15_000, 80, 0, 80, 10),
        ("both", 30_000, 50, 60, 60, 20),
        ("a little too much", 59_000, 60, 60, 60, 1),
    ] {
        let (now, later) = (100 * MINUTE + gone, |ms: u64| 100 * MINUTE + gone + i64::try_from(ms).unwrap());
        let wait = Window::at(What::RequestsMinute, now).wait_ms(now, (current, previous), (limit, amount));
        let fits = |when: i64| {
            let window = Window::at(What::RequestsMinute, when);
            let (current, previous) = match window.number {
                100 => (current, previous),
                101 => (0, current),
                _ => (0, 0),
            };
            window.used(current, previous) + amount <= limit
        };
        assert!(!fits(now), "{name}");
        assert!(fits(later(wait + 100)), "{name}: {wait}");
        assert!(wait < 3_000 || !fits(later(wait - 3_000)), "{name}: {wait}");
    }
}

#[test]
fn money_is_rounded_up() {
    let (backend, model, other) = (Word::fixed("b"), Word::fixed("m"), Word::fixed("n"));
    let mut rules = Rules::default();
    rules.prices.insert(
        (backend.clone(), Some(model.clone())),
        Price { input: 2_500_000, output: 10_000_000, cached: Some(250_000) },
    );
    rules.prices.insert((backend.clone(), None), Price { input: 1, output: 0, cached: None });
    for (name, backend, model, tokens, money) in [
        ("a million of each", &backend, &model, (1_000_000, 1_000_000, 0), 12_500_000),
        ("one token", &backend, &model, (1, 0, 0), 3),
        ("all of it from a cache", &backend, &model, (1_000_000, 0, 1_000_000), 250_000),
        ("half of it from a cache", &backend, &model, (1_000_000, 0, 500_000), 1_375_000),
        ("more from a cache than there was", &backend, &model, (1_000_000, 0, 9_000_000), 250_000),
        ("a cache without a price of its own", &backend, &other, (1_000_000, 0, 500_000), 1),
        ("another model", &backend, &other, (1, 5, 0), 1),
        ("another backend", &model, &model, (1_000_000, 1, 0), 0),
        ("nothing", &backend, &model, (0, 0, 0), 0),
    ] {
        let (input, output, cached) = tokens;
        assert_eq!(rules.money(backend, model, Tokens { input, output, cached }), money, "{name}");
    }
}

fn rules(of: Whose, limits: &[(What, u64)]) -> Arc<Rules> {
    let mut rules = Rules::default();
    rules.each.insert(of, Allowance { limits: limits.to_vec() });
    Arc::new(rules)
}

fn subject() -> [Word; 3] {
    [Word::fixed("t"), Word::fixed("a"), Word::fixed("k")]
}

async fn reserve(quota: &Quota, amounts: Amounts, now_ms: i64) -> Result<Ticket, Exceeded> {
    let [tenant, app, key] = subject();
    let subject = Subject { tenant: &tenant, app: &app, key: &key };
    let now = Timestamp::from_millisecond(now_ms).unwrap();
    quota.reserve(subject, amounts, (now, now_ms.unsigned_abs().into())).await.map(Option::unwrap)
}

#[tokio::test]
async fn what_was_reserved_is_settled_once() {
    let quota = Quota { rules: rules(Whose::App, &[(What::OutputDay, 100)]), ..Quota::default() };
    let output = |output| Amounts { output, ..Amounts::default() };
    let first = reserve(&quota, output(90), 0).await.unwrap();
    assert_eq!(reserve(&quota, output(20), 1).await.unwrap_err().refusal.status, 429, "reserved");
    first.settle(output(10));
    let second = reserve(&quota, output(20), 2).await.unwrap();
    drop(second);
    assert_eq!(
        reserve(&quota, output(71), 3).await.unwrap_err().by,
        Some((Whose::App, What::OutputDay)),
        "30 are used"
    );
    let third = reserve(&quota, output(70), 4).await.unwrap();
    third.settle(output(170));
    assert_eq!(
        reserve(&quota, output(1), 5).await.unwrap_err().refusal.status,
        429,
        "more than was reserved counts too"
    );
}

#[tokio::test]
async fn a_refusal_names_the_limit_and_when() {
    let quota =
        Quota { rules: rules(Whose::Key, &[(What::RequestsMinute, 2), (What::Concurrent, 5)]), ..Quota::default() };
    let base = 1_000 * MINUTE;
    let (_first, second) =
        (reserve(&quota, Amounts::default(), base).await, reserve(&quota, Amounts::default(), base + 1).await);
    let left = second.unwrap().left.clone();
    assert_eq!((left[0].limit, left[0].left), (2, 0));
    let refused = reserve(&quota, Amounts::default(), base + 2).await.unwrap_err();
    assert_eq!(refused.by, Some((Whose::Key, What::RequestsMinute)));
    assert!(refused.refusal.message.contains("key") && refused.refusal.message.contains("requests per minute"));
    let wait = refused.refusal.retry_after_s.unwrap();
    assert!((60..=91).contains(&wait), "{wait}");
    let huge = Quota { rules: rules(Whose::App, &[(What::OutputMinute, 10)]), ..Quota::default() };
    let refused = reserve(&huge, Amounts { output: 11, ..Amounts::default() }, base).await.unwrap_err();
    assert!(refused.refusal.message.contains("as a whole"), "{}", refused.refusal.message);
}

/// What was used survives a restart, a torn end, and a journal that is written anew.
#[tokio::test]
async fn the_journal_brings_counters_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quota.journal");
    let open = || Quota {
        rules: rules(Whose::Tenant, &[(What::InputDay, 1_000_000_000)]),
        store: Arc::new(memory::MemoryStore::open(&path).unwrap()),
    };
    let input = |input| Amounts { input, ..Amounts::default() };
    let used = async |quota: &Quota| {
        let step = Step {
            now_ms: 0,
            lease: 0,
            lines: quota.rules.lines(
                &Subject { tenant: &subject()[0], app: &subject()[1], key: &subject()[2] },
                input(0),
                0,
            ),
        };
        quota.store.take(&step).await.unwrap().seen[0].0
    };
    let quota = open();
    for number in 0..100 {
        reserve(&quota, input(10), number).await.unwrap().settle(input(7));
        quota.store.settle_all().await;
    }
    assert_eq!(used(&open()).await, 700);
    let mut text = std::fs::read(&path).unwrap();
    let torn = text.len() - 3;
    text.truncate(torn);
    std::fs::write(&path, &text).unwrap();
    assert_eq!(used(&open()).await, 693, "a torn line is left out, the one before it holds");
    let quota = open();
    reserve(&quota, input(8), 100).await.unwrap().settle(input(8));
    quota.store.settle_all().await;
    assert_eq!(used(&open()).await, 701, "what comes behind a torn line is a line of its own");
    std::fs::write(&path, &text).unwrap();
    let line = text.split(|byte| *byte == b'\n').next().unwrap().to_vec();
    let long: Vec<u8> = std::iter::repeat_n([line.as_slice(), b"\n"].concat(), 30_000).flatten().chain(text).collect();
    std::fs::write(&path, long).unwrap();
    let quota = open();
    reserve(&quota, input(5), 7).await.unwrap().settle(input(5));
    quota.store.settle_all().await;
    assert!(std::fs::metadata(&path).unwrap().len() < 1_000, "written anew");
    assert_eq!(used(&open()).await, 698);
}
