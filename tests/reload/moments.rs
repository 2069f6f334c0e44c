//! The moments at which what is in force changes: a sheet half written, a file behind a link, the end of a permission.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::common::scripted::{self, Step};
use crate::common::{House, Plot, until};
use crate::{rejected, replace, set_sheet, sheet};

/// Far less than a writer is waited for.
const SOON: Duration = octroi::limits::WRITING_MAX.checked_div(2).unwrap();
/// Longer than a change takes to come into force.
const WHILE: Duration = Duration::from_millis(1_500);

fn digest(house: &House) -> String {
    house.app.gate().snapshot().policy.digest().to_string()
}

/// A sheet that is written in place is read when its writer has closed it: its first half is a sheet with fewer rules.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_sheet_is_not_read() {
    let house = House::open().await;
    let (before, text) = (digest(&house), sheet(&house).replace("version 1 ", "version 2 "));
    let (start, end) = text.split_at(text.find("\nrule ").unwrap());
    let mut file = std::fs::File::create(house.plot.path("policies/main.policy")).unwrap();
    file.write_all(start.as_bytes()).unwrap();
    for _ in 0..3 {
        tokio::time::sleep(WHILE).await;
        assert_eq!(digest(&house), before, "half a sheet came into force");
    }
    file.write_all(end.as_bytes()).unwrap();
    drop(file);
    until("the whole sheet", async || (digest(&house) != before).then_some(())).await;
    assert_eq!(house.app.gate().snapshot().policy.version().to_string(), "2");
}

/// What an editor keeps open beside the sheet, and notes that nobody reads, hold nothing up.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_no_concern_holds_nothing_up() {
    for name in [".main.policy.swp", "notes.txt"] {
        let house = House::open().await;
        let before = digest(&house);
        let mut beside = std::fs::File::create(house.plot.path(&format!("policies/{name}"))).unwrap();
        beside.write_all(b"half").unwrap();
        set_sheet(&house, &sheet(&house).replace("version 1 ", "version 2 "));
        let changed = until("the new sheet", async || (digest(&house) != before).then_some(()));
        tokio::time::timeout(SOON, changed).await.expect(name);
        beside.write_all(b"whole").unwrap();
    }
}

/// What lies in the folder and is read by nobody may change as often as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_file_of_no_concern_holds_nothing_up() {
    let house = House::open().await;
    let (before, busy) = (digest(&house), house.plot.path("policies/sync.log"));
    let writing = tokio::spawn(async move {
        loop {
            std::fs::write(&busy, "x").unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    tokio::time::sleep(WHILE).await;
    set_sheet(&house, &sheet(&house).replace("version 1 ", "version 2 "));
    let changed = until("the new sheet", async || (digest(&house) != before).then_some(()));
    tokio::time::timeout(SOON, changed).await.unwrap();
    let reloads = async || house.entries_of("reload").await.len();
    until("its entry", async || (reloads().await == 1).then_some(())).await;
    tokio::time::sleep(WHILE).await;
    writing.abort();
    assert_eq!(reloads().await, 1, "the log beside the sheets was taken for a change");
}

/// A folder that the configuration names anew is watched from then on, whether or not what lies there was in order at first.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_named_anew_is_watched() {
    let house = House::open().await;
    let (old, new) = (house.plot.path("policies"), house.plot.path("elsewhere/policies"));
    std::fs::create_dir_all(&new).unwrap();
    for entry in std::fs::read_dir(&old).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), new.join(entry.file_name())).unwrap();
    }
    let text = sheet(&house);
    std::fs::write(new.join("main.policy"), "policy").unwrap();
    let configuration = house.plot.path("octroi.toml");
    let named = std::fs::read_to_string(&configuration).unwrap();
    replace(&configuration, &format!("{named}[policy]\nfolder = \"elsewhere/policies\"\n"));
    rejected(&house, true).await;
    for version in ["2", "3"] {
        replace(&new.join("main.policy"), &text.replace("version 1 ", &format!("version {version} ")));
        let in_force = async || (house.app.gate().snapshot().policy.version().to_string() == version).then_some(());
        until("the sheet of the new folder", in_force).await;
    }
}

/// The way to a sheet may lead over several links, to files and to folders; each of them may be moved.
#[tokio::test(flavor = "multi_thread")]
async fn links_to_links_are_followed() {
    let plot = Plot::new().await;
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    for version in 1..=3 {
        let folder = plot.path(&format!("out/v{version}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("main.policy"), text.replace("version 1 ", &format!("version {version} "))).unwrap();
    }
    let folder = plot.path("");
    let link = |to: &str, at: &str| {
        let beside = folder.join("beside");
        std::os::unix::fs::symlink(to, &beside).unwrap();
        std::fs::rename(&beside, folder.join(at)).unwrap();
    };
    std::fs::create_dir(plot.path("mid")).unwrap();
    link("../out/v1", "mid/data");
    link("data/main.policy", "mid/sheet");
    link("../mid/sheet", "policies/main.policy");
    let house = plot.open().await;
    let version = || house.app.gate().snapshot().policy.version().to_string();
    for (wanted, to, at) in [("2", "../out/v2", "mid/data"), ("3", "../out/v3/main.policy", "mid/sheet")] {
        link(to, at);
        until("the sheet behind the new link", async || (version() == wanted).then_some(())).await;
    }
}

/// A link may stand on the way to the folder itself: those who deploy by moving one (`current`) change what lies behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_the_way_to_the_folder_is_followed() {
    let mut plot = Plot::new().await;
    let text = std::fs::read_to_string(plot.path("policies/main.policy")).unwrap();
    let folder = plot.path("");
    for version in 1..=3 {
        let policies = plot.path(&format!("releases/{version}/policies"));
        std::fs::create_dir_all(&policies).unwrap();
        std::fs::copy(plot.path("policies/backends.toml"), policies.join("backends.toml")).unwrap();
        let sheet = text.replace("version 1 ", &format!("version {version} "));
        std::fs::write(policies.join("main.policy"), sheet).unwrap();
    }
    let link = |version: u32| {
        let beside = folder.join("beside");
        std::os::unix::fs::symlink(format!("releases/{version}"), &beside).unwrap();
        std::fs::rename(&beside, folder.join("current")).unwrap();
    };
    link(1);
    plot.extra.push_str("\n[policy]\nfolder = \"current/policies\"\n");
    let house = plot.open().await;
    for version in [2, 3] {
        link(version);
        let in_force = async || (house.app.gate().snapshot().policy.version() == version).then_some(());
        let taken = until("the sheet behind the link", in_force);
        tokio::time::timeout(Duration::from_secs(3), taken).await.expect("an event tells of it, not the next look");
    }
}

/// A sheet may be a link; what it leads to is edited elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_behind_a_link_is_followed() {
    let plot = Plot::new().await;
    let (link, elsewhere) = (plot.path("policies/main.policy"), plot.path("elsewhere"));
    std::fs::create_dir(&elsewhere).unwrap();
    let target = elsewhere.join("main.policy");
    std::fs::rename(&link, &target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let house = plot.open().await;
    let text = std::fs::read_to_string(&target).unwrap();
    for (version, write) in [(2, edit as fn(&PathBuf, &str)), (3, |path, text| replace(path, text)), (4, edit)] {
        let before = digest(&house);
        write(&target, &text.replace("version 1 ", &format!("version {version} ")));
        until("the new sheet", async || (digest(&house) != before).then_some(())).await;
    }
}

fn edit(path: &PathBuf, text: &str) {
    std::fs::write(path, text).unwrap();
}

/// Lets a day end at home in so many seconds, and returns its date.
fn day_that_ends_in(plot: &Plot, seconds: i64) -> String {
    const DAY: i64 = 86_400;
    let now = Timestamp::now();
    let ahead = (DAY - seconds - now.as_second().rem_euclid(DAY)).rem_euclid(DAY);
    // Clocks are at most half a day from each other.
    let ahead = if ahead > DAY / 2 { ahead - DAY } else { ahead };
    let (sign, size) = if ahead < 0 { ('+', -ahead) } else { ('-', ahead) };
    let clock = format!("<XXX>{sign}{}:{:02}:{:02}", size / 3600, size / 60 % 60, size % 60);
    let countries = include_str!("../../policies/reference/countries.toml");
    let home = countries.lines().find(|line| line.starts_with("FR = ")).unwrap();
    let (head, _) = home.split_once("zone = ").unwrap();
    let own = format!("{head}zone = \"{clock}\" }}");
    let folder = plot.path("policies/reference");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("countries.toml"), countries.replace(home, &own)).unwrap();
    let there = now.saturating_add(SignedDuration::from_secs(ahead)).unwrap();
    there.strftime("%Y-%m-%d").to_string()
}

const SECONDS: i64 = 4;

/// Waits until the day at home has ended.
async fn its_end(house: &House, ends: Timestamp) {
    let now = house.app.gate().now();
    tokio::time::sleep(Duration::try_from(ends.duration_since(now)).unwrap_or_default()).await;
}

/// Past the end of a permission no further attempt uses it, not even where no other policy can be compiled: the sheet is broken.
#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_has_ended_lets_nothing_more_out() {
    let mut plot = Plot::new().await;
    let home = plot.script("paris-gpu-1", |_| vec![Step::Wait, Step::Reset]).await;
    let abroad = plot.script("us-cloud", scripted::echo).await;
    plot.only(&["paris-gpu-1", "us-cloud"]);
    let day = day_that_ends_in(&plot, 2 * SECONDS);
    let text = format!(
        "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends on premises\n\
         allow backends named us-cloud until {day}\nfall back if unavailable\n"
    );
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    let house = plot.open().await;
    let ends = house.app.gate().snapshot().policy.valid_until().unwrap();
    let client = house.client.clone();
    let asking = tokio::spawn(async move { client.chat("hello", false).await });
    until("the request at home", async || (!home.asked().is_empty()).then_some(())).await;
    set_sheet(&house, "policy");
    rejected(&house, true).await;
    its_end(&house, ends).await;
    home.go();
    let answer = asking.await.unwrap();
    assert!(answer.status >= 400, "{}", answer.body);
    assert!(abroad.asked().is_empty(), "it went abroad after its permission had ended");
}

/// What is allowed before and after an instant is allowed at it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_refused_for_the_end_of_something_else() {
    let plot = Plot::new().await;
    let day = day_that_ends_in(&plot, SECONDS);
    let text = format!(
        "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends named paris-gpu-1\n\
         allow backends named paris-gpu-2 until {day}\nallow backends named us-cloud\nfall back if unavailable\n"
    );
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    let house = plot.open().await;
    house.plot.paris_down(true);
    let (before, ends) = (digest(&house), house.app.gate().snapshot().policy.valid_until().unwrap());
    let over = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..3)
        .map(|_| {
            let (client, over) = (house.client.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let answer = client.chat("hello", false).await;
                    assert_eq!((answer.status, answer.header("octroi-backend")), (200, "us-cloud"), "{}", answer.body);
                }
            })
        })
        .collect();
    its_end(&house, ends).await;
    let renewed = async || (house.app.gate().snapshot().policy.valid_until() != Some(ends)).then_some(());
    until("the policy of the next day", renewed).await;
    tokio::time::sleep(WHILE).await;
    over.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
    assert_eq!(digest(&house), before, "the same sheet, compiled anew");
}

/// A request in two parts: its head and half of its body, and the rest when it is asked for.
async fn begin(house: &House) -> (tokio_rustls::client::TlsStream<tokio::net::TcpStream>, String) {
    use tokio::io::AsyncWriteExt as _;
    let body = crate::chat_body("hello", false);
    let (start, rest) = body.split_at(body.len() / 2);
    let (key, len) = (&house.client.key, body.len());
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {len}\r\nconnection: close\r\n\r\n{start}",
        crate::CHAT
    );
    let mut stream = house.client.connect().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    (stream, rest.to_owned())
}

async fn end((mut stream, rest): (tokio_rustls::client::TlsStream<tokio::net::TcpStream>, String)) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(rest.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    drop(tokio::time::timeout(crate::PATIENCE, stream.read_to_end(&mut answer)).await.unwrap());
    String::from_utf8_lossy(&answer).into_owned()
}

/// A body may come slowly: what is in force when it has come decides, not what was when its head came.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_decided_on_when_it_has_come() {
    let plot = Plot::new().await;
    let day = day_that_ends_in(&plot, SECONDS);
    let text = format!(
        "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends named us-cloud\n\
         allow backends named paris-gpu-1 until {day}\nfall back if unavailable\n"
    );
    std::fs::write(plot.path("policies/main.policy"), &text).unwrap();
    let house = plot.open().await;
    house.plot.paris_down(true);
    let ends = house.app.gate().snapshot().policy.valid_until().unwrap();
    let slow = [begin(&house).await, begin(&house).await];
    tokio::time::sleep(WHILE / 3).await;
    its_end(&house, ends).await;
    let [soon, later] = slow;
    let answer = end(soon).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("octroi-backend: us-cloud"), "{answer}");
    // What is forbidden meanwhile is forbidden to it too.
    set_sheet(&house, &text.replace("allow backends named us-cloud\n", "").replace("version 1 ", "version 2 "));
    let in_force = async || (house.app.gate().snapshot().policy.version().to_string() == "2").then_some(());
    until("the stricter sheet", in_force).await;
    let answer = end(later).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

/// The end of a permission waits for nobody who writes, and takes nothing away but what it ends: the folder is not read for it.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_waits_for_no_writer_and_no_mending() {
    for half in ["policy", "policy \"P\" version 2 owner \"o\" review before 2099-01-01\nhome FR\n"] {
        let plot = Plot::new().await;
        let day = day_that_ends_in(&plot, SECONDS);
        let text = format!(
            "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends named us-cloud\n\
             allow backends named paris-gpu-1 until {day}\nfall back if unavailable\n"
        );
        std::fs::write(plot.path("policies/main.policy"), &text).unwrap();
        let house = plot.open().await;
        house.plot.paris_down(true);
        let ends = house.app.gate().snapshot().policy.valid_until().unwrap();
        let mut writing = std::fs::File::create(house.plot.path("policies/main.policy")).unwrap();
        writing.write_all(half.as_bytes()).unwrap();
        its_end(&house, ends).await;
        let begun = std::time::Instant::now();
        while begun.elapsed() < WHILE {
            let answer = house.client.chat("hello", false).await;
            assert_eq!((answer.status, answer.header("octroi-backend")), (200, "us-cloud"), "{}", answer.body);
        }
        assert_eq!(house.app.gate().snapshot().policy.version().to_string(), "1");
        let told = house.entries_of("policy").await;
        assert_eq!(told.last().unwrap()["cause"], "expiry", "{told:?}");
    }
}
