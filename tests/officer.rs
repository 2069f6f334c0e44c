//! The officer's side of a running gateway: signed bundles, the freeze, the candidate beside the live policy, and the record of
//! all of it.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

mod common;

#[path = "officer/brake.rs"]
mod brake;
#[path = "officer/candidate.rs"]
mod candidate;
#[path = "officer/forged.rs"]
mod forged;
#[path = "officer/rollback.rs"]
mod rollback;
#[path = "officer/untrue.rs"]
mod untrue;

use std::path::Path;
use std::process::Command;

use common::{House, Plot, page, until};
use serde_json::Value;

/// Runs an officer's command in the folder of a plot.
fn octroi(folder: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_octroi")).args(words).current_dir(folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

/// Puts an order into the house that a stranger signed where no configuration is at hand; beside one, nothing is signed.
fn stranger_freezes(folder: &Path) {
    octroi(folder, &["policy", "key", "stranger.key"]);
    let words = ["policy", "freeze", "--policies", "live", "--because", "x", "--as", "stranger", "--key"];
    let at_home = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(words)
        .arg("stranger.key")
        .current_dir(folder)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&at_home.stderr).into_owned();
    assert!(!at_home.status.success() && told.contains("`stranger` is no approver"), "{told}");
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("live");
    assert!(Command::new("cp").arg("-r").arg(folder.join("live")).arg(&copy).status().unwrap().success());
    std::fs::remove_file(copy.join("freeze.json")).ok();
    octroi(elsewhere.path(), &[&words[..], &[folder.join("stranger.key").to_str().unwrap()]].concat());
    replace(&folder.join("live/freeze.json"), &std::fs::read_to_string(copy.join("freeze.json")).unwrap());
}

fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("beside");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

async fn ready(house: &House) -> Value {
    serde_json::from_str(&page(house.app.admin().unwrap(), "/readyz").await.unwrap().1).unwrap()
}

async fn metric(house: &House, name: &str) -> f64 {
    let text = page(house.app.admin().unwrap(), "/metrics").await.unwrap().1;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.trim().parse().unwrap())
}

/// A plot with two approvers, whose gateway demands signed bundles.
async fn signed_plot() -> Plot {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let mut approvers = "[approver]\n".to_owned();
    for name in ["dpo", "ciso"] {
        let public = octroi(&folder, &["policy", "key", &format!("{name}.key")]);
        approvers.push_str(&format!("{name} = \"{}\"\n", public.trim()));
    }
    std::fs::write(folder.join("approvers.toml"), approvers).unwrap();
    plot.extra.push_str("[policy]\nfolder = \"live\"\napprovers = \"approvers.toml\"\n");
    plot
}

/// A detector of the officer's own.
const DETECTOR: &str = r#"
[[pattern]]
id = "own_reference"
entity = "email"
prefix = ["ref-"]
pattern = 'ref-[0-9]{6}'
confidence = 95
examples = ["ref-123456"]
counter-examples = ["ref-x"]
"#;

/// Makes a version of the plot's policy and signs it as a bundle.
fn bundle(folder: &Path, version: u32, change: impl Fn(&str) -> String, signers: &[&str]) -> String {
    let sheet = std::fs::read_to_string(folder.join("policies/main.policy")).unwrap();
    let changed = change(&sheet).replace("version 1 ", &format!("version {version} "));
    let draft = folder.join(format!("draft-{version}"));
    copy(&folder.join("policies"), &draft);
    std::fs::write(draft.join("main.policy"), changed).unwrap();
    let name = format!("bundle-{version}-{}", signers.join("-"));
    for signer in signers {
        let (draft, key) = (draft.display().to_string(), format!("{signer}.key"));
        octroi(folder, &["policy", "sign", &name, "--policies", &draft, "--key", &key, "--as", signer]);
    }
    name
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&place).unwrap();
        } else {
            std::fs::copy(entry.path(), &place).unwrap();
        }
    }
}

/// Puts a bundle in the place of the live one, as a whole.
fn put_live(folder: &Path, bundle: &str) {
    let live = folder.join("live");
    if live.exists() {
        std::fs::remove_dir_all(&live).unwrap();
    }
    copy(&folder.join(bundle), &live);
}

/// Waits for a refusal whose record has this reason and of which readiness says these words. It says them once the record is
/// there.
async fn refused(house: &House, reason: &str, words: &str) {
    until(reason, async || {
        let entries = house.entries_of("policy").await;
        let last = entries.last().unwrap();
        let told = ready(house).await["rejected"].as_str().is_some_and(|told| told.contains(words));
        (last["in_force"] == false && last["reason"] == reason && told).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_enough_approvers_signed_comes_into_force() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    let same = |sheet: &str| sheet.to_owned();
    // Without a bundle, or with a first one that one approver signed, nothing starts.
    let path = plot.write_configuration();
    assert!(octroi::app::App::start(path.clone()).await.is_err());
    put_live(&folder, &bundle(&folder, 1, same, &["dpo"]));
    let problem = octroi::app::App::start(path).await.unwrap_err().to_string();
    assert!(problem.contains("signed by 1 of 2"), "{problem}");
    put_live(&folder, &bundle(&folder, 1, same, &["dpo", "ciso"]));
    let house = plot.open().await;
    let version = |house: &House| house.app.gate().snapshot().policy.version();
    let first = house.entries_of("policy").await.into_iter().find(|entry| entry["in_force"] == true).unwrap();
    assert_eq!(first["cause"], "start");
    assert_eq!(first["approvers"], serde_json::json!(["ciso", "dpo"]));
    assert_eq!(house.entries_of("inventory").await.len(), 1);

    // A tighter one needs one approver.
    let tighter = |sheet: &str| sheet.replace("fall back if", "# fall back if");
    put_live(&folder, &bundle(&folder, 2, tighter, &["dpo"]));
    until("the tighter policy", async || (version(&house) == 2).then_some(())).await;

    // A wider one needs two: with one the tighter stays, loudly.
    put_live(&folder, &bundle(&folder, 3, same, &["dpo"]));
    refused(&house, "approvers", "1 of 2").await;
    assert_eq!(version(&house), 2);
    assert!(metric(&house, "octroi_policy_rejected").await > 0.5);
    put_live(&folder, &bundle(&folder, 3, same, &["dpo", "ciso"]));
    until("the wider policy", async || (version(&house) == 3).then_some(())).await;
    until("no rejection", async || (metric(&house, "octroi_policy_rejected").await == 0.0).then_some(())).await;

    // The same rules over other detectors: what is no longer found would no longer be kept back.
    std::fs::create_dir_all(folder.join("policies/detectors")).unwrap();
    std::fs::write(folder.join("policies/detectors/own.toml"), DETECTOR).unwrap();
    put_live(&folder, &bundle(&folder, 4, same, &["dpo", "ciso"]));
    until("the policy with a detector more", async || (version(&house) == 4).then_some(())).await;
    std::fs::remove_file(folder.join("policies/detectors/own.toml")).unwrap();
    put_live(&folder, &bundle(&folder, 5, same, &["dpo"]));
    refused(&house, "approvers", "1 of 2").await;

    // An older one, though signed by both, does not come back; nor does one that was changed after it was signed.
    put_live(&folder, "bundle-1-dpo-ciso");
    refused(&house, "rollback", "versions only increase").await;
    put_live(&folder, &bundle(&folder, 5, same, &["dpo", "ciso"]));
    until("the next policy", async || (version(&house) == 5).then_some(())).await;
    let sheet = folder.join("live/policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    replace(&sheet, &format!("{text}\n# a note\n"));
    refused(&house, "signature", "not what was signed").await;
    assert_eq!(house.client.chat("x", false).await.status, 200, "it serves on");
    let reloads = house.entries_of("reload").await;
    assert!(
        reloads.iter().any(|entry| entry["policy"] == "refused") && reloads.iter().any(|e| e["policy"] == "in-force")
    );

    // A restart remembers: what was in force starts again, what came before does not.
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    put_live(&folder, "bundle-2-dpo");
    let path = plot.write_configuration();
    let problem = octroi::app::App::start(path.clone()).await.unwrap_err().to_string();
    assert!(problem.contains("versions only increase"), "{problem}");
    put_live(&folder, "bundle-5-dpo-ciso");
    let app = octroi::app::App::start(path).await.unwrap();
    assert_eq!(app.gate().snapshot().policy.version(), 5);
    app.stop().await.unwrap();
    // Every policy that was in force is kept under the digests that decisions carry.
    let kept =
        std::fs::read_dir(folder.join("audit/policies")).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir());
    assert_eq!(kept.count(), 5);
}

#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_keeps_everything_at_home_until_it_ends() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    plot.paris_down(true);
    let house = plot.open().await;
    assert_eq!(house.client.chat("x", false).await.header("octroi-backend"), "us-cloud");

    // One approver freezes, even while the newest sheets are broken.
    let sheet = folder.join("live/policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, format!("{text}\nnonsense")).unwrap();
    let freeze = |signer: &str| {
        let key = format!("{signer}.key");
        octroi(
            &folder,
            &["policy", "freeze", "--policies", "live", "--key", &key, "--as", signer, "--because", "incident 7"],
        );
    };
    freeze("dpo");
    let told = until("the freeze", async || Some(ready(&house).await["freeze"].clone()).filter(|f| !f.is_null())).await;
    assert_eq!((&told["by"], &told["because"]), (&serde_json::json!(["dpo"]), &"incident 7".into()));
    assert!(metric(&house, "octroi_policy_frozen_until").await > 1e9);
    let answer = house.client.chat("x", false).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.body.contains("frozen in an emergency"), "{}", answer.body);
    house.plot.paris_down(false);
    until("home", async || (house.client.chat("x", false).await.header("octroi-tier") == "on premises").then_some(()))
        .await;
    let removed = house.entries_of("decision").await.last().unwrap()["removed"].clone();
    assert!(removed.to_string().contains("\"frozen\""), "{removed}");

    // Taking the file away does not end it, and neither does one approver.
    std::fs::write(&sheet, text).unwrap();
    let order = std::fs::read_to_string(folder.join("live/freeze.json")).unwrap();
    std::fs::remove_file(folder.join("live/freeze.json")).unwrap();
    until("the policy again", async || ready(&house).await["rejected"].is_null().then_some(())).await;
    assert!(!ready(&house).await["freeze"].is_null());
    std::fs::write(folder.join("live/freeze.json"), order).unwrap();
    let thaw = |signer: &str| {
        let key = format!("{signer}.key");
        octroi(&folder, &["policy", "thaw", "--policies", "live", "--key", &key, "--as", signer, "--because", "over"]);
    };
    thaw("ciso");
    until("a refused thaw", async || {
        let entries = house.entries_of("freeze").await;
        entries.iter().any(|entry| entry["state"] == "refused" && entry["cause"] == "signature").then_some(())
    })
    .await;
    assert!(!ready(&house).await["freeze"].is_null());
    thaw("dpo");
    until("the thaw", async || ready(&house).await["freeze"].is_null().then_some(())).await;
    // It is over at once, and recorded right after.
    let entries = until("its entry", async || {
        let entries = house.entries_of("freeze").await;
        entries.iter().any(|entry| entry["state"] == "ended").then_some(entries)
    })
    .await;
    let states: Vec<(String, String)> = entries
        .iter()
        .filter(|entry| entry["state"] != "refused")
        .map(|entry| (entry["state"].as_str().unwrap().to_owned(), entry["cause"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("begun", "order"), ("ended", "thaw")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(states, expected);

    // A freeze outlives a restart; what nobody signed, or a stranger, freezes nothing.
    stranger_freezes(&folder);
    until("the stranger", async || {
        let told = ready(&house).await["rejected"].as_str().unwrap_or_default().to_owned();
        told.contains("signed by 0 of 1").then_some(())
    })
    .await;
    assert!(ready(&house).await["freeze"].is_null());
    freeze("dpo");
    until("the second freeze", async || Some(ready(&house).await["freeze"].clone()).filter(|f| !f.is_null())).await;
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    std::fs::remove_file(folder.join("live/freeze.json")).unwrap();
    let house = plot.open().await;
    assert!(!ready(&house).await["freeze"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_decision_is_explained_and_replayed() {
    let plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let house = plot.open().await;
    house.plot.paris_down(true);
    let mut ids = Vec::new();
    for text in ["x", common::EMAIL] {
        let answer = house.client.chat(text, false).await;
        assert_eq!(answer.header("octroi-backend"), "us-cloud");
        ids.push(answer.header("octroi-request-id").to_owned());
    }
    house.outcomes(2).await;
    // The policy changes after; what was decided before is told by the policy of its day.
    let sheet = folder.join("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let newer = text.split("scenario ").next().unwrap().replace("version 1 ", "version 2 ");
    let newer =
        format!("{newer}rule home-only because \"charter 9\" when data includes personal only backends on premises\n");
    replace(&sheet, &newer);
    until("the newer policy", async || (house.app.gate().snapshot().policy.version() == 2).then_some(())).await;
    let down = house.client.chat(common::EMAIL, false).await;
    assert_eq!(down.status, 503);
    house.outcomes(3).await;

    let told = octroi(&folder, &["policy", "explain", down.header("octroi-request-id")]);
    assert!(told.contains("refused, status 503 (backends_unavailable), tried last at paris-gpu-"), "{told}");
    let told = octroi(&folder, &["policy", "explain", &ids[1]]);
    assert!(told.contains("served by us-cloud"), "{told}");
    assert!(told.contains("version 1") && told.contains("the record says the same"), "{told}");
    assert!(told.contains("us-cloud (other): allowed, changed: pseudonymise email"), "{told}");
    // An officer who reads French is told in French what an English sheet of that day decided; her folder says which she reads.
    octroi(&folder, &["policy", "init", "french", "--home", "FR", "--lang", "fr"]);
    let told = octroi(&folder, &["policy", "explain", &ids[1], "--policies", "french"]);
    assert!(told.contains("servie par us-cloud") && told.contains("le journal dit de même"), "{told}");
    assert!(told.contains("us-cloud (autre) : permis, changé : pseudonymiser courriel"), "{told}");
    let json: Value = serde_json::from_str(&octroi(&folder, &["policy", "explain", &ids[0], "--json"])).unwrap();
    assert_eq!(json["as_recorded"], true, "{json}");
    // A program that asks for a request that never was gets data as well.
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["policy", "explain", unknown, "--json"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let message = format!("the log holds no decision on the request {unknown}");
    assert_eq!((output.status.code(), &json["faults"][0]["message"]), (Some(1), &message.into()), "{json}");

    let replay = |new: &str, code: i32| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["policy", "replay", "--since", "1d", new, "--json"])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let told = replay("policies", 1);
    assert_eq!((&told["decisions"], &told["same"]), (&3.into(), &2.into()), "{told}");
    // It went abroad since nobody at home served it: with the newer sheet there would have been no one left.
    assert_eq!(told["changes"], serde_json::json!({"refused": 1}), "{told}");
    assert_eq!((&told["flips"][0]["from"], &told["flips"][0]["to"]), (&"US".into(), &"–".into()), "{told}");
    // Under a sheet that closes home, what went abroad as a fall back would have been refused there.
    std::fs::create_dir(folder.join("closed")).unwrap();
    std::fs::copy(folder.join("policies/backends.toml"), folder.join("closed/backends.toml")).unwrap();
    let closed = format!("{newer}rule closed because \"x\" when data includes personal never backends on premises\n");
    std::fs::write(folder.join("closed/main.policy"), closed).unwrap();
    let told = replay("closed", 1);
    assert_eq!(told["changes"]["refused"], 2, "{told}");
    let flips = told["flips"].as_array().unwrap().iter().filter(|flip| flip["class"] == "personal");
    let mut rows: Vec<[&str; 4]> =
        flips.map(|flip| ["change", "app", "from", "to"].map(|key| flip[key].as_str().unwrap())).collect();
    rows.sort_unstable();
    assert_eq!(rows, [["refused", "public-website", "FR", "–"], ["refused", "public-website", "US", "–"]], "{told}");
}
