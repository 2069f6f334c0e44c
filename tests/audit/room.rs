//! Requests with more findings, and inventories with more backends, than an entry has room for: they are recorded all the same, no
//! class of what was found is left out, and the entry says what is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::common::{Plot, scripted};

/// The examples of every detector, with a person's illness last.
fn everything() -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/detectors");
    let mut lines = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        for detector in table.values().filter_map(toml::Value::as_array).flatten() {
            let examples = detector.get("examples").and_then(toml::Value::as_array).into_iter().flatten();
            lines.extend(examples.take(1).filter_map(toml::Value::as_str).map(str::to_owned));
        }
    }
    lines.push("Madame Jeanne Lefèvre est suivie pour une hépatite C et un diabète de type 2.".to_owned());
    lines.join("\n")
}

fn body(text: &str) -> String {
    let message = |role: &str| serde_json::json!({ "role": role, "content": text });
    serde_json::json!({ "model": "assistant", "messages": [message("system"), message("user")] }).to_string()
}

fn names(list: &Value, key: &str) -> BTreeSet<String> {
    let values = list.as_array().unwrap().iter().map(|one| &one[key]);
    values
        .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// A house with so many backends abroad beside the usual ones.
async fn with_backends(count: usize) -> Plot {
    let mut plot = Plot::new().await;
    let inventory = plot.path("policies/backends.toml");
    let mut text = std::fs::read_to_string(&inventory).unwrap();
    let us = text.split("[backend.us-cloud]").nth(1).unwrap().to_owned();
    let mut models: Vec<String> =
        ["paris-gpu-1", "paris-gpu-2", "us-cloud"].map(|name| format!("\"{name}\" = \"demonstration\"")).into();
    for number in 0..count {
        let like = us.replace("\"localhost\", \"127.0.0.1\"", &format!("\"us-{number}.invalid\""));
        text.push_str(&format!("\n[backend.us-{number}]{like}"));
        plot.extra.push_str(&format!(
            "[[backend]]\nname = \"us-{number}\"\nurl = \"https://us-{number}.invalid\"\ndialects = [\"openai\"]\nroots = \"certs/ca.pem\"\n"
        ));
        models.push(format!("\"us-{number}\" = \"demonstration\""));
    }
    std::fs::write(&inventory, text).unwrap();
    plot.models = format!("\"assistant\" = {{ {} }}", models.join(", "));
    plot
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_is_found_every_class_is_recorded() {
    let house = Plot::new().await.open().await;
    let answer = house.client.post("/v1/chat/completions", body(&everything())).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let decision = house.entries_of("decision").await.remove(0);
    let (findings, types) = (&decision["findings"], &decision["facts"]["types"]);
    assert!(findings.as_array().unwrap().len() <= 64 && types.as_array().unwrap().len() > 64, "{types}");
    assert!(names(findings, "type").contains("several"), "{findings}");
    let classes = names(findings, "classes");
    assert!(["health", "special", "personal", "criminal"].iter().all(|class| classes.contains(*class)), "{classes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_backends_there_are_requests_are_recorded() {
    let mut plot = with_backends(120).await;
    // The one abroad is asked, last of all: what it gets is in the entry with all duties.
    let server = plot.script("us-cloud", scripted::echo).await;
    plot.paris_down(true);
    let house = plot.open().await;
    for text in ["bonjour".to_owned(), everything().lines().take(60).collect::<Vec<_>>().join("\n")] {
        let answer = house.client.post("/v1/chat/completions", body(&text)).await;
        assert!(answer.status != 503 || !answer.body.contains("audit_unavailable"), "{}", answer.body);
    }
    let entries = house.entries().await;
    let decisions: Vec<&Value> = entries.iter().filter(|entry| entry["kind"] == "decision").collect();
    assert_eq!(decisions.len(), 2);
    for decision in decisions {
        let bytes = decision.to_string().len();
        assert!(bytes < 16 * 1024, "{bytes}");
        let plan = decision["plan"].as_array().unwrap();
        let left_out = |what: &str| decision["left_out"][what].as_u64().unwrap_or(0);
        let removed = decision["removed"].as_array().unwrap().len() as u64;
        assert_eq!(plan.len() as u64 + left_out("plan") + removed + left_out("removed"), 123, "{decision}");
        let asked = &decision["sending"]["backend"];
        assert!(plan.iter().any(|planned| planned["backend"] == *asked), "{asked} of {decision}");
    }
    drop(server);
}
