//! The candidate beside the live policy, and recorded decisions taken again where not everything was looked for.

use super::common::{self, Plot};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_is_counted_and_not_enforced() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    copy(&folder.join("policies"), &folder.join("candidate"));
    plot.extra.push_str("[policy]\nshadow = \"candidate\"\n");
    let house = plot.open().await;
    assert!(ready(&house).await["shadow"].is_string());
    assert_eq!(house.client.chat(common::EMAIL, false).await.status, 200);
    assert!((metric(&house, "octroi_shadow_decisions_total{outcome=\"same\"}").await - 1.0).abs() < 0.5);
    let sheet = folder.join("candidate/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let stricter =
        "rule nowhere because \"a trial\" when data includes personal never backends on premises or not on premises\n";
    replace(&sheet, &format!("{}{stricter}", text.split("scenario ").next().unwrap()));
    let differs = "octroi_shadow_differences_total{app=\"public-website\",class=\"personal\",change=\"refused\"}";
    until("a difference", async || {
        assert_eq!(house.client.chat(common::EMAIL, false).await.status, 200, "it is not enforced");
        (metric(&house, differs).await >= 1.0).then_some(())
    })
    .await;
    // A candidate that cannot be read is told, and concerns nobody.
    replace(&sheet, "nonsense");
    until("a broken candidate", async || ready(&house).await["rejected"].as_str()?.contains("candidate").then_some(()))
        .await;
    assert_eq!(house.client.chat("x", false).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_puts_a_candidate_there_and_reads_what_was_counted() {
    let plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let house = plot.open().await;
    let sheet = std::fs::read_to_string(folder.join("policies/main.policy")).unwrap();
    copy(&folder.join("policies"), &folder.join("draft"));
    let stricter =
        "rule nowhere because \"a trial\" when data includes personal never backends on premises or not on premises\n";
    let text = sheet.split("scenario ").next().unwrap().replace("version 1 ", "version 2 ");
    std::fs::write(folder.join("draft/main.policy"), format!("{text}{stricter}")).unwrap();
    // The gateway says where it is asked, and the command reads that file.
    let admin = house.app.admin().unwrap();
    let config = std::fs::read_to_string(folder.join("octroi.toml")).unwrap();
    let asked = config.replacen("[admin]\naddress = \"127.0.0.1:0\"", &format!("[admin]\naddress = \"{admin}\""), 1);
    std::fs::write(folder.join("asked.toml"), asked).unwrap();
    let shadow = |words: &[&str], code: i32| -> String {
        let all = [&["policy", "shadow", "--config", "asked.toml"], words].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_octroi")).args(&all).current_dir(&folder).output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
        told
    };
    assert!(shadow(&[], 2).contains("evaluates no candidate"));
    assert!(shadow(&["draft"], 0).contains("version 2"));
    let digest =
        until("the candidate", async || ready(&house).await["shadow_digest"].as_str().map(str::to_owned)).await;
    assert_eq!(house.client.chat(common::EMAIL, false).await.status, 200, "nothing of it is enforced");
    assert_eq!(house.client.chat("x", false).await.status, 200);
    let told = shadow(&[], 1);
    assert!(told.contains("2 decisions, 1 comes out the same"), "{told}");
    assert!(told.contains("1  would be refused and was not  public-website  personal"), "{told}");
    let counted: Value = serde_json::from_str(&shadow(&["--json"], 1)).unwrap();
    assert_eq!((&counted["digest"], &counted["decisions"]), (&digest.into(), &2.into()), "{counted}");
    // Another candidate is counted from the beginning; a broken one does not take its place.
    std::fs::write(folder.join("draft/main.policy"), "nonsense").unwrap();
    assert!(shadow(&["draft"], 2).contains("nonsense"));
    std::fs::write(folder.join("draft/main.policy"), text.replace("version 2 ", "version 3 ")).unwrap();
    shadow(&["draft"], 0);
    until("the next candidate", async || ready(&house).await["shadow"].as_str()?.contains("version 3").then_some(()))
        .await;
    assert!(shadow(&[], 0).contains("0 decisions"));
    shadow(&["--end"], 0);
    until("no candidate", async || ready(&house).await["shadow"].is_null().then_some(())).await;
    assert!(shadow(&["--end"], 2).contains("no candidate"));
}

/// Names of bodies are looked for only where a policy asks. A candidate that asks cannot be told from the record whether one
/// was there: that is said, and nothing is taken for absent.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_looked_for_is_unknown_in_a_replay() {
    let plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let house = plot.open().await;
    assert_eq!(house.client.chat(common::EMAIL, false).await.status, 200);
    house.outcomes(1).await;
    let recorded = house.entries_of("decision").await.remove(0);
    assert_eq!(recorded["facts"]["unsought"], serde_json::json!(["organisation"]), "{recorded}");
    let sheet = std::fs::read_to_string(folder.join("policies/main.policy")).unwrap();
    let replay = |name: &str, rule: &str, detector: Option<&str>, code: i32| -> Value {
        copy(&folder.join("policies"), &folder.join(name));
        let text = sheet.split("scenario ").next().unwrap();
        std::fs::write(folder.join(name).join("main.policy"), format!("{text}{rule}\n")).unwrap();
        if let Some(detector) = detector {
            std::fs::create_dir_all(folder.join(name).join("detectors")).unwrap();
            std::fs::create_dir_all(folder.join(name).join("reference")).unwrap();
            std::fs::write(folder.join(name).join("detectors/own.toml"), detector).unwrap();
            // An override takes the place of the whole file.
            let own = format!(
                "{}\n[entity.project_code]\nclasses = [\"trade-secret\"]\ncode = \"CODE\"\nnormal = \"alphanumeric\"\n",
                include_str!("../../policies/reference/entities.toml")
            );
            std::fs::write(folder.join(name).join("reference/entities.toml"), own).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["policy", "replay", "--since", "1d", name, "--json"])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let unknown = "it depends on data that nobody looked for that day: whether it was there is unknown";
    let bodies = "rule bodies because \"x\" when data includes organisation never backends on premises";
    let told = replay("bodies", bodies, None, 1);
    assert_eq!((&told["lost"][unknown], &told["same"]), (&1.into(), &0.into()), "{told}");
    // Where it makes no difference, it is no matter that nobody looked.
    let told =
        replay("abroad", "rule bodies because \"x\" when data includes organisation prefer backends domestic", None, 0);
    assert_eq!((&told["lost"], &told["same"]), (&serde_json::json!({}), &1.into()), "{told}");
    // A type that the officer adds was looked for by nobody before.
    let own = DETECTOR.replace("entity = \"email\"", "entity = \"project_code\"");
    let codes = "rule codes because \"x\" when data includes project_code never backends on premises";
    let told = replay("codes", codes, Some(&own), 1);
    assert_eq!(told["lost"][unknown], 1, "{told}");
}

/// A request that stays at home unchanged is not changed more because it would be abroad, where nothing would send it.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_backends_behind_would_get_is_no_change_of_a_request() {
    let plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let house = plot.open().await;
    let answer = house.client.chat(common::EMAIL, false).await;
    assert!(answer.header("octroi-backend").starts_with("paris-gpu-"));
    house.outcomes(1).await;
    copy(&folder.join("policies"), &folder.join("stricter"));
    let text = std::fs::read_to_string(folder.join("policies/main.policy")).unwrap();
    let stricter = text.split("scenario ").next().unwrap().replace("must pseudonymise", "must redact");
    assert!(!text.starts_with(&stricter));
    std::fs::write(folder.join("stricter/main.policy"), stricter).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["policy", "replay", "--since", "1d", "stricter", "--json"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["changes"], serde_json::json!({"others": 1}), "{told}");
}

/// Who asks why a request was refused while a permitted backend was up reads that no `fall back` opened the way to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_only_a_fall_back_would_have_let_pass_is_explained_so() {
    let plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let sheet = folder.join("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let narrow = text
        .replace("fall back if unavailable or after 2 s of waiting", "fall back if unavailable when app is \"lab\"");
    assert_ne!(narrow, text);
    std::fs::write(&sheet, narrow).unwrap();
    let house = plot.open().await;
    house.plot.paris_down(true);
    let refused = house.client.chat("x", false).await;
    assert_eq!(refused.status, 503);
    house.outcomes(1).await;
    let id = refused.header("octroi-request-id");
    let told = octroi(&folder, &["policy", "explain", id]);
    assert!(told.contains("no `fall back` opened this request the way to us-cloud"), "{told}");
    octroi(&folder, &["policy", "init", "french", "--home", "FR", "--lang", "fr"]);
    let told = octroi(&folder, &["policy", "explain", id, "--policies", "french"]);
    assert!(told.contains("aucun `repli` n'ouvrait à cette requête la voie vers us-cloud"), "{told}");
}
