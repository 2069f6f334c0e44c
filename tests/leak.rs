//! Protected documents in the journey: what is near to one stays home, in whatever words, and the record names it without a
//! word of it. Registered and removed by the command line while the gateway runs.
#![allow(
    clippy::allow_attributes,
    clippy::assigning_clones,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

mod common;
#[path = "leak/encoder.rs"]
mod encoder;
#[path = "leak/killed.rs"]
mod killed;
#[path = "leak/tokenizer.rs"]
mod tokenizer;

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{House, Plot, files_below, until};

const PAPER: &str = include_str!("../src/cli/demo/confidential.txt");
const REWORDED: &str = "Draft a memo for our lenders. Velmont is about to buy Tarrow Hydraulics. Its directors agreed to pay \
    46.50 euros in cash for each share, so that the whole business costs 1.84 billion euros once 310 million of net debt is \
    counted, 38 percent above where the stock closed on 12 May. The Brandt family (27 percent, held by Brandt Holding GmbH) \
    talks to no other buyer until 30 June.";
const HARMLESS: &str = "Write a friendly reminder that the team lunch on Thursday was moved to the Italian place near the \
    station, and ask everybody to say by tomorrow whether they come.";

/// Nothing but a rule on the leak score.
const SHEET: &str = r#"policy "leaks" version 1 owner "dpo@example.com" review before 2027-06-30
home FR
allow backends on premises
allow backends exposed to US when app is "public-website"

rule near-stays-home
  because "the charter of the house"
  when leak score at least 500
  only backends on premises

fall back if unavailable
"#;

/// Runs a command that does what it is told, or finds something.
fn corpus(house: &House, arguments: &[&str]) -> Output {
    let output = run(house, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {said}");
    output
}

fn run(house: &House, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octroi"))
        .arg("corpus")
        .args(arguments)
        .current_dir(house.plot.folder.path())
        .env_remove("OCTROI_CONFIG")
        .output()
        .unwrap()
}

async fn house() -> House {
    plot().await.open().await
}

async fn plot() -> Plot {
    let mut plot = Plot::new().await;
    "[corpus]\nfolder = \"corpus\"\nbudget_ms = 20000\n".clone_into(&mut plot.extra);
    std::fs::create_dir(plot.path("corpus")).unwrap();
    std::fs::create_dir(plot.path("documents")).unwrap();
    std::fs::write(plot.path("documents/offer.txt"), PAPER).unwrap();
    plot
}

/// Asks until the answer comes from this backend, or none answers; how long that took.
async fn served(house: &House, text: &str, backend: Option<&str>) -> Duration {
    let start = Instant::now();
    until("the corpus to count", async || {
        let answer = house.client.chat(text, false).await;
        let as_wanted = match backend {
            Some(backend) => answer.status == 200 && answer.header("octroi-backend").starts_with(backend),
            None => answer.status >= 400,
        };
        as_wanted.then_some(())
    })
    .await;
    start.elapsed()
}

/// From nothing registered to a refusal and back, without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_protected_document_stays_home_while_it_is_registered() {
    let house = house().await;
    house.plot.paris_down(true);
    served(&house, REWORDED, Some("us-cloud")).await;
    corpus(&house, &["add", "documents", "--class", "trade-secret"]);
    let took = served(&house, REWORDED, None).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let refused = house.client.chat(REWORDED, false).await;
    assert!((400..600).contains(&refused.status));
    assert!(refused.json()["error"]["octroi"]["rule"].is_null());
    for told in ["leak", "restricted", "II 901", "offer.txt", "Tarrow"] {
        assert!(!refused.body.contains(told), "the refusal tells `{told}`: {}", refused.body);
    }
    served(&house, HARMLESS, Some("us-cloud")).await;
    // A conversation that holds it in parts.
    let body = serde_json::json!({"model": "assistant", "messages": [
        {"role": "user", "content": "Velmont pays 46.50 euros a share for Tarrow Hydraulics, 1.84 billion with 310 million of net debt."},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "The Brandt family holds 27 percent through Brandt Holding GmbH; exclusivity ends on 30 June. Credit Lumiere and Bank Ostrow give 700 million each."},
    ]});
    assert!(house.client.post("/v1/chat/completions", body.to_string()).await.status >= 400);
    house.plot.paris_down(false);
    served(&house, REWORDED, Some("paris-gpu")).await;
    corpus(&house, &["remove", "documents/offer.txt"]);
    house.plot.paris_down(true);
    served(&house, REWORDED, Some("us-cloud")).await;
}

/// The record names the document and the passage by keyed ids; the officer's list says which that is.
#[tokio::test(flavor = "multi_thread")]
async fn the_record_names_the_document_without_a_word_of_it() {
    let house = house().await;
    corpus(&house, &["add", "documents", "--class", "trade-secret"]);
    house.plot.paris_down(true);
    served(&house, REWORDED, None).await;
    let listed = String::from_utf8(corpus(&house, &["list"]).stdout).unwrap();
    let id = listed.split('\t').next().unwrap();
    let decisions = house.entries_of("decision").await;
    let decision = decisions.iter().find(|decision| decision["leak"].is_object()).unwrap();
    assert_eq!(decision["leak"]["document"], id, "{decision}");
    assert_eq!(decision["leak"]["class"], "trade-secret");
    assert!(decision["leak_score"].as_u64().unwrap() >= 700 && decision["leak"]["passage"].is_u64(), "{decision}");
    assert!(decision["leak"]["history"].as_u64() >= decision["leak_score"].as_u64());
    // Where it stands in both: words of the document and of the request, and the leaf of the body.
    let number = |name: &str| decision["leak"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {decision}"));
    assert!(number("words_until") >= number("words_from") + 8 && number("words_from") / 24 <= number("passage") + 2);
    assert!(number("asked_until") >= number("asked_from") + 8 && number("asked_until") <= 80, "{decision}");
    assert!(number("asked_byte") < REWORDED.len() as u64 && number("asked_leaf") < 10);
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    let folder = plot.folder.path();
    for (path, bytes) in files_below(&folder.join("audit")).into_iter().chain(files_below(&folder.join("corpus"))) {
        for word in ["Tarrow", "Brandt", "offer.txt"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} in {}", path.display());
        }
    }
}

/// What cannot be read cannot be compared: a Word file stays home where documents are registered, and the record says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_unknown() {
    use base64::Engine as _;
    let plot = plot().await;
    for (path, _) in files_below(&plot.path("policies")) {
        if path.extension().is_some_and(|end| end == "policy") {
            std::fs::write(path, SHEET).unwrap();
        }
    }
    let house = plot.open().await;
    house.plot.paris_down(true);
    let attached = |data: String| {
        let file = serde_json::json!({"filename": "offer.docx", "file_data": data});
        serde_json::json!({"model": "assistant", "messages": [{"role": "user", "content": [
            {"type": "text", "text": HARMLESS}, {"type": "file", "file": file}]}]})
        .to_string()
    };
    let encoded = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let unreadable: Vec<u8> = b"PK\x03\x04"
        .iter()
        .copied()
        .chain((0..2000_u32).map(|at| at.wrapping_mul(at).to_le_bytes()[1] | 0x80))
        .collect();
    let word = attached(format!(
        "data:application/vnd.openxmlformats-officedocument.wordprocessingml.document;base64,{}",
        encoded(&unreadable)
    ));
    let plain = attached(format!("data:text/plain;base64,{}", encoded(HARMLESS.as_bytes())));
    // Nobody read what the provider would fetch, either.
    let pointed = |part: serde_json::Value| {
        serde_json::json!({"model": "assistant", "messages": [{"role": "user", "content": [
            {"type": "text", "text": HARMLESS}, part]}]})
        .to_string()
    };
    let held = pointed(serde_json::json!({"type": "file", "file": {"file_id": "file-4471"}}));
    let fetched =
        pointed(serde_json::json!({"type": "image_url", "image_url": {"url": "https://files.example.com/a.png"}}));
    let ask = async |body: &String| house.client.post("/v1/chat/completions", body.clone()).await;
    for body in [&word, &held, &fetched] {
        assert_eq!(ask(body).await.status, 200, "nothing is registered");
    }
    corpus(&house, &["add", "documents", "--class", "trade-secret"]);
    served(&house, REWORDED, None).await;
    for body in [&word, &held, &fetched] {
        let refused = ask(body).await;
        assert!((400..600).contains(&refused.status), "{}", refused.body);
    }
    assert_eq!(ask(&plain).await.status, 200, "what is text is read");
    let decisions = house.entries_of("decision").await;
    for why in ["unreadable", "reference"] {
        let decision = decisions.iter().find(|it| it["facts"][why] == true && it["leak_score"].is_null());
        assert!(decision.is_some_and(|it| it["facts"]["brought"][0]["sure"] == false), "{why}: {decisions:?}");
    }
}

/// What people do to a paper to get it out, and the files that it is registered from: each is the paper to the gateway.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_text_is_found_in_any_dress_and_from_any_file() {
    use base64::Engine as _;
    let house = house().await;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let each = |encode: &dyn Fn(&str) -> String, between: &str| {
        PAPER.split_whitespace().map(encode).collect::<Vec<_>>().join(between)
    };
    let spelled = |letters: &str| -> String {
        let of = |c: char| letters.chars().nth((c as usize).wrapping_sub('A' as usize)).unwrap_or(c);
        PAPER.to_uppercase().chars().map(|c| if c.is_ascii_uppercase() { of(c) } else { c }).collect()
    };
    let dressed = [
        ("small capitals", spelled("ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ")),
        ("Cherokee", spelled("ᎪᏏᏟᎠᎬFᏀᎻᎥᎫᏦᏞᎷNOᏢQᎡᏚᎢUᏙᎳXᎩᏃ")),
        ("Lisu", spelled("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑQꓣꓢꓔꓴꓦꓪꓫꓬꓜ")),
        ("base64 of each word", each(&base64, " ")),
        ("base64 of each word, one a line", each(&base64, "\n")),
        ("hexadecimal of each word", each(&hex, ", ")),
    ];
    let mail = format!(
        "From: board@example.com\nSubject: Larkspur\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=edge\n\n--edge\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n--edge--\n",
        base64(PAPER)
    );
    let page = format!("<html><body><h1>Plans</h1><img src=\"plan.png\" alt=\"{PAPER}\"></body></html>");
    std::fs::remove_file(house.plot.path("documents/offer.txt")).unwrap();
    for (file, text, asked) in [
        ("documents/paper.txt", PAPER, &dressed[..]),
        ("documents/paper.eml", &mail, &[("the text of the mail", PAPER.to_owned())]),
        ("documents/paper.html", &page, &[("what the picture shows", PAPER.to_owned())]),
    ] {
        std::fs::write(house.plot.path(file), text).unwrap();
        corpus(&house, &["add", file]);
        let lines = asked.iter().map(|(name, text)| serde_json::json!({"id": name, "text": text}).to_string());
        std::fs::write(house.plot.path("asked.jsonl"), lines.collect::<Vec<_>>().join("\n")).unwrap();
        let told = String::from_utf8(corpus(&house, &["scan", "--jsonl", "asked.jsonl"]).stdout).unwrap();
        for line in told.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
            assert!(line["score"].as_u64() >= Some(800) && line["doc"] == file, "{file}: {line}");
        }
        assert_eq!(told.lines().count(), asked.len());
        corpus(&house, &["remove", file]);
    }
}

/// A corpus that somebody changed cannot be compared with: the score is unknown, and what is unknown stays home.
#[tokio::test(flavor = "multi_thread")]
async fn a_corpus_that_was_changed_is_unknown() {
    let house = house().await;
    house.plot.paris_down(true);
    served(&house, HARMLESS, Some("us-cloud")).await;
    corpus(&house, &["add", "documents"]);
    served(&house, REWORDED, None).await;
    served(&house, HARMLESS, Some("us-cloud")).await;
    let folder = house.plot.path("corpus");
    let (segment, mut bytes) = files_below(&folder)
        .into_iter()
        .find(|(path, _)| path.extension().is_some_and(|end| end == "segment"))
        .unwrap();
    let sound = bytes.clone();
    // A frame that nobody sealed, behind the last.
    bytes.extend_from_slice(&40_u32.to_le_bytes());
    bytes.extend_from_slice(&[7; 52]);
    std::fs::write(&segment, &bytes).unwrap();
    served(&house, HARMLESS, None).await;
    std::fs::write(&segment, &sound).unwrap();
    served(&house, HARMLESS, Some("us-cloud")).await;
}

/// Written anew under a running gateway: what is registered stays at home throughout, what was removed is in no file any more, and
/// what comes afterwards counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_corpus_is_written_anew_under_a_running_gateway() {
    let house = house().await;
    let other =
        "Minutes of 4 March: the Ostrava smelter is sold to Kavli Metals for 212 million, closing on 9 September.";
    std::fs::write(house.plot.path("documents/minutes.txt"), other).unwrap();
    corpus(&house, &["add", "documents"]);
    house.plot.paris_down(true);
    served(&house, REWORDED, None).await;
    corpus(&house, &["remove", "documents/minutes.txt"]);
    served(&house, other, Some("us-cloud")).await;
    let bytes = || -> usize { files_below(&house.plot.path("corpus")).iter().map(|(_, bytes)| bytes.len()).sum() };
    let before = bytes();
    let told = String::from_utf8(corpus(&house, &["compact"]).stdout).unwrap();
    assert!(told.starts_with("1 removed documents are gone from the files"), "{told}");
    assert!(bytes() < before);
    for _ in 0..30 {
        assert!(house.client.chat(REWORDED, false).await.status >= 400, "it left while the files were written anew");
    }
    served(&house, HARMLESS, Some("us-cloud")).await;
    corpus(&house, &["add", "documents"]);
    served(&house, other, None).await;
    corpus(&house, &["remove", "documents/offer.txt"]);
    served(&house, REWORDED, Some("us-cloud")).await;
}

/// What the commands print for people and for programs.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_tell_what_they_did() {
    let house = house().await;
    let text = |output: Output| String::from_utf8(output.stdout).unwrap();
    std::fs::write(house.plot.path("documents/broken.pdf"), b"%PDF-1.4 nothing").unwrap();
    let added = corpus(&house, &["add", "documents"]);
    assert_eq!(added.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&added.stderr).contains("documents/broken.pdf: it is not sound PDF"));
    std::fs::remove_file(house.plot.path("documents/broken.pdf")).unwrap();
    assert!(
        text(corpus(&house, &["add", "documents"]))
            .starts_with("0 documents added (0 windows), 0 replaced, 1 unchanged")
    );
    std::fs::write(house.plot.path("documents/offer.txt"), format!("{PAPER}\nOne line more.\n")).unwrap();
    assert!(text(corpus(&house, &["add", "documents"])).contains("1 replaced"));
    let lines =
        [("a", REWORDED), ("b", HARMLESS)].map(|(id, text)| serde_json::json!({"id": id, "text": text}).to_string());
    std::fs::write(house.plot.path("asked.jsonl"), lines.join("\n")).unwrap();
    let told = text(corpus(&house, &["scan", "--jsonl", "asked.jsonl"]));
    let told: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told[0]["id"], &told[0]["doc"]), (&"a".into(), &"documents/offer.txt".into()));
    assert!(told[0]["score"].as_u64().unwrap() >= 700 && told[1]["score"].as_u64().unwrap() < 200, "{told:?}");
    assert!(told[0]["passage"].is_array() && told[0]["stage"].is_string());
    // What other programs read: these keys in this order, and no other, calibrated or not.
    let keys = |line: &serde_json::Value| line.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let all = ["doc", "id", "passage", "score", "stage"].map(str::to_owned).into();
    assert!(told.iter().all(|line| keys(line) == all), "{told:?}");
    std::fs::write(house.plot.path("asked.txt"), REWORDED).unwrap();
    let shown = corpus(&house, &["scan", "asked.txt"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(
        text(shown).contains("│ outstanding shares") || text(corpus(&house, &["scan", "asked.txt"])).contains("46.50")
    );
    std::fs::write(house.plot.path("harmless.txt"), HARMLESS.repeat(40)).unwrap();
    assert_eq!(run(&house, &["calibrate", "harmless.txt"]).status.code(), Some(2), "few texts set no scale");
    let calibrated = corpus(&house, &["calibrate", "harmless.txt", "--force"]);
    assert!(text(calibrated).contains("chosen threshold"));
    let again = text(corpus(&house, &["scan", "--jsonl", "asked.jsonl"]));
    assert!(again.lines().all(|line| line.starts_with("{\"id\":") && !line.contains("chance")), "{again}");
    // One file is one document, however it is named; links are told, and followed where they are named.
    std::os::unix::fs::symlink("offer.txt", house.plot.path("documents/link.txt")).unwrap();
    let added = corpus(&house, &["add", "./documents/."]);
    assert_eq!(added.status.code(), Some(1));
    let said = String::from_utf8_lossy(&added.stderr).into_owned();
    assert!(said.contains("documents/link.txt: it is a symbolic link"), "{said}");
    assert!(text(added).starts_with("0 documents added (0 windows), 0 replaced, 1 unchanged, 1 files not read"));
    assert!(text(corpus(&house, &["add", "documents/link.txt"])).starts_with("1 documents added"));
    corpus(&house, &["remove", "documents/link.txt"]);
    // Without its key nobody adds to what is sealed: a second key would make all of it unreadable.
    let refused = run(&house, &["add", "documents", "--corpus", "corpus", "--config", "nowhere.toml"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("a second key would make them unreadable"), "{said}");
    assert!(!house.plot.path("corpus/corpus.key").exists());
    let counted = text(corpus(&house, &["stats"]));
    assert_eq!(run(&house, &["stats", "--corpus", "nowhere"]).status.code(), Some(2), "there is no corpus there");
    assert!(counted.contains("tenant *: 1 documents") && counted.contains("calibrated on"), "{counted}");
}
