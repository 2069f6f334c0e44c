//! Several freezes: the longest holds, each is ended by time or by a thaw that names it, and a refused order is told once.

use super::common::process::Process;
use super::*;

fn freeze(folder: &Path, hours: &str, because: &str) {
    let words = ["policy", "freeze", "--policies", "live", "--key", "dpo.key", "--as", "dpo", "--because", because];
    octroi(folder, &[&words[..], &["--hours", hours]].concat());
}

async fn holds(house: &House, because: &str) {
    until(because, async || (ready(house).await["freeze"]["because"] == because).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_freeze_does_not_end_a_longer_one() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    freeze(&folder, "20", "the longer");
    holds(&house, "the longer").await;
    let order = ready(&house).await["freeze"]["order"].as_str().unwrap().to_owned();
    freeze(&folder, "2", "the shorter");
    let begun = async || {
        let entries = house.entries_of("freeze").await;
        (entries.iter().filter(|entry| entry["state"] == "begun").count() == 2).then_some(())
    };
    until("both in the record", begun).await;
    holds(&house, "the longer").await;
    let file = std::fs::read_to_string(folder.join("live/freeze.json")).unwrap();
    assert!(file.contains("the longer") && file.contains("the shorter"), "{file}");

    // The file is gone with a bundle that was replaced. Both still last; what ends one does not end the other.
    std::fs::remove_file(folder.join("live/freeze.json")).unwrap();
    let thaw = |signer: &str| {
        let key = format!("{signer}.key");
        let words = ["policy", "thaw", "--policies", "live", "--as", signer, "--because", "over", "--order", &order];
        octroi(&folder, &[&words[..], &["--key", &key]].concat());
    };
    thaw("dpo");
    thaw("ciso");
    holds(&house, "the shorter").await;
    // A restart remembers what is left.
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    let house = plot.open().await;
    holds(&house, "the shorter").await;
    let ended: Vec<Value> =
        house.entries_of("freeze").await.into_iter().filter(|entry| entry["state"] == "ended").collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!((&ended[0]["cause"], &ended[0]["order"]), (&"thaw".into(), &order.into()));
}

/// A sheet with many rules, the same each time and written another way: whether they are the same takes a while to prove.
fn long(sheet: &str, factored: bool) -> String {
    let types = ["person", "email", "phone", "iban", "card_pan", "fr_nir", "address", "ip", "password", "es_dni"];
    let rule = |number: usize| {
        let asked =
            |at: usize| format!("data includes at least {} {}", 2 + (number + at) % 4, types[(number * 3 + at) % 10]);
        let [a, b, c, d] = [0, 1, 2, 3].map(asked);
        let when = if factored {
            format!("({a} or {b}) and ({c} or {d})")
        } else {
            format!("({a} and {c}) or ({a} and {d}) or ({b} and {c}) or ({b} and {d})")
        };
        format!("rule long-{number} because \"x\" when {when} never backends located in US\n")
    };
    // The clause stands last.
    let (head, clause) = sheet.split_at(sheet.find("\nfall back").unwrap() + 1);
    format!("{head}{}{clause}", (0..3).map(rule).collect::<String>())
}

/// A freeze waits for no load that is under way, and no load undoes it: a large sheet is proved to open nothing meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_waits_for_no_load() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, |sheet| long(sheet, true), &["dpo", "ciso"]));
    let next = bundle(&folder, 2, |sheet| long(sheet, false), &["dpo"]);
    let house = plot.open().await;
    let told = async || house.entries_of("policy").await.len();
    let before = told().await;
    put_live(&folder, &next);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    freeze(&folder, "1", "now");
    holds(&house, "now").await;
    assert_eq!(told().await, before, "the load had ended: the sheet is too short for this test");
    until("the end of the load", async || (told().await > before).then_some(())).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    holds(&house, "now").await;
    let begun = house.entries_of("freeze").await;
    assert_eq!(begun.len(), 1, "{begun:?}");
}

/// The policy's validity has ended, so the files are read again every few seconds: the same refusal is one entry.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_recorded_once() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    stranger_freezes(&folder);
    let refusals =
        async || house.entries_of("freeze").await.into_iter().filter(|entry| entry["state"] == "refused").count();
    until("a refusal", async || (refusals().await == 1).then_some(())).await;
    // Read again, twice, with the order still there.
    for note in ["one", "two"] {
        let reloads = house.entries_of("reload").await.len();
        replace(&folder.join("live/note.json"), note);
        until("another look", async || (house.entries_of("reload").await.len() > reloads).then_some(())).await;
    }
    assert_eq!(refusals().await, 1);
    assert!(metric(&house, "octroi_reloads_total{what=\"freeze\",result=\"rejected\"}").await >= 1.0);
}

/// Whoever pulls the brake reads the log: what did not take is an error there, and a candidate that is broken a warning.
#[tokio::test(flavor = "multi_thread")]
async fn a_brake_that_did_not_take_is_an_error_of_the_log() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let process = Process::start(&plot, &[]);
    let counted = async |what: &str| {
        let name = format!("octroi_reloads_total{{what=\"{what}\",result=\"rejected\"}}");
        let text = page(process.admin, "/metrics").await.unwrap().1;
        text.lines().any(|line| line.starts_with(&name)).then_some(())
    };
    replace(&folder.join("live/freeze.json"), "{");
    until("the order", async || counted("freeze").await).await;
    std::fs::create_dir(folder.join("live/shadow")).unwrap();
    std::fs::write(folder.join("live/shadow/main.policy"), "garbage").unwrap();
    until("the candidate", async || counted("shadow").await).await;
    process.terminate();
    let (said, status) = process.ended().await;
    assert!(status.success(), "{said}");
    let line = |level: &str, words: &str| said.lines().any(|line| line.contains(level) && line.contains(words));
    assert!(line("ERROR", "freeze.json: EOF while parsing"), "{said}");
    assert!(line("WARN", "main.policy"), "{said}");
}

/// Whoever was refused under a freeze is told who ordered it, why and until when, at each backend that it took away; one that is over
/// is not named.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_refused_under_a_freeze_is_explained_so() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    house.plot.paris_down(true);
    let before = house.client.chat("x", false).await;
    assert_eq!(before.header("octroi-backend"), "us-cloud");
    freeze(&folder, "2", "a breach at the provider");
    holds(&house, "a breach at the provider").await;
    let refused = house.client.chat("x", false).await;
    assert_eq!(refused.status, 503);
    house.outcomes(2).await;
    let told =
        octroi(&folder, &["policy", "explain", refused.header("octroi-request-id"), "--policies", "live/policies"]);
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with("us-cloud (other)")).unwrap_or_else(|| panic!("{told}"));
    assert_eq!(lines[at], "us-cloud (other): refused", "{told}");
    assert!(
        lines[at + 1].starts_with("the policy was frozen until ")
            && lines[at + 1].contains("by order of dpo (\"a breach at the provider\")"),
        "{told}"
    );
    assert!(told.contains("the record says the same") && !told.contains("before it ended"), "{told}");
    let id = before.header("octroi-request-id");
    let told = octroi(&folder, &["policy", "explain", id, "--policies", "live/policies"]);
    assert!(told.contains("us-cloud (other): allowed") && !told.contains("frozen"), "{told}");
}

/// An emergency waits for nobody who is writing a sheet meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_waits_for_no_writer() {
    use std::io::Write as _;

    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    let mut sheet = std::fs::File::options().append(true).open(folder.join("live/policies/main.policy")).unwrap();
    sheet.write_all(b"\n# half a").unwrap();
    freeze(&folder, "2", "now");
    // Far less than a writer is waited for.
    tokio::time::timeout(octroi::limits::WRITING_MAX / 2, holds(&house, "now")).await.expect("a freeze at once");
    sheet.write_all(b" note\n").unwrap();
}

/// The inside of a bundle is no place for an order: a gateway looks beside the manifest, and whoever pulls the brake is told so.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_within_a_bundle_is_refused() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    for word in ["freeze", "thaw"] {
        let words =
            ["policy", word, "--policies", "live/policies", "--key", "dpo.key", "--as", "dpo", "--because", "x"];
        let told = Command::new(env!("CARGO_BIN_EXE_octroi")).args(words).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(!told.status.success() && said.contains("beside its manifest"), "{word}: {said}");
        assert!(!folder.join("live/policies/freeze.json").exists());
    }
}
