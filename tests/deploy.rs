//! What an operator installs: dashboards and alert rules name metrics that exist, every alert has its page, manifests are what
//! they must be, and the commands of `docs/operations.md` run.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

mod common;
#[path = "deploy/manifests.rs"]
mod manifests;
#[path = "deploy/query.rs"]
mod query;

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Plot, prompt, until};
use query::Exposed;
use serde_json::Value;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every document of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Alerts with their names.
fn alerts() -> Vec<(String, Value)> {
    let rules = yaml("deploy/prometheus/alerts.yml").remove(0);
    let groups = rules["groups"].as_array().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules.map(|rule| (rule["alert"].as_str().unwrap().to_owned(), rule.clone())).collect()
}

/// Expressions of the dashboard with the titles of their panels.
fn panels() -> Vec<(String, String)> {
    let board: Value = serde_json::from_str(&read("deploy/grafana/octroi.json")).unwrap();
    let mut found = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            found.push((panel["title"].as_str().unwrap().to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    for variable in board["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"]["query"].as_str() {
            let (metric, label) =
                query.strip_prefix("label_values(").unwrap().trim_end_matches(')').split_once(", ").unwrap();
            found.push((variable["name"].as_str().unwrap().to_owned(), format!("sum by ({label}) ({metric})")));
        }
    }
    found
}

/// A gateway to which everything happened that has a metric: served, changed, restored, refused, fallen back, reloaded.
async fn exposed() -> Exposed {
    let mut plot = Plot::new().await;
    plot.extra.push_str("[[quota.limit]]\nof = \"app\"\noutput_tokens_day = 100000\n");
    // A witness at an address where nobody listens.
    let mut made = Command::new(env!("CARGO_BIN_EXE_octroi"));
    let made = made.args(["witness", "new"]).arg(plot.path("witness")).args(["--name", "council.example/w"]).output();
    let key = String::from_utf8(made.unwrap().stdout).unwrap();
    let witness = format!("[[audit.witnesses]]\nurl = \"http://127.0.0.1:1\"\nkey = \"{}\"\n", key.trim());
    plot.extra.push_str(&format!("[audit]\nwitness_interval_s = 1\n{witness}"));
    let house = plot.open().await;
    assert_eq!(house.client.chat(&prompt(), false).await.status, 200);
    assert_eq!(house.client.post("/v1/chat/completions", "{").await.status, 400);
    let long = r#"{"model":"assistant","max_tokens":100001,"messages":[{"role":"user","content":"x"}]}"#;
    assert_eq!(house.client.post("/v1/chat/completions", long).await.status, 429, "a limit");
    house.plot.paris_down(true);
    assert_eq!(house.client.chat(&prompt(), false).await.status, 200, "falls back to the US");
    house.outcomes(2).await;
    std::fs::write(house.plot.path("policies/main.policy"), "nonsense").unwrap();
    let admin = house.app.admin().unwrap();
    let page = until("a rejected reload and the ends of the requests", async || {
        let (_, page) = common::page(admin, "/metrics").await.unwrap();
        let seen = page.contains("result=\"rejected\"") && page.contains("status=\"400\"");
        let happened = ["octroi_crossings_total{", "octroi_audit_witness_total{"];
        (seen && happened.iter().all(|family| page.contains(family))).then_some(page)
    })
    .await;
    house.app.stop().await.unwrap();
    Exposed::read(&page)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_and_label_exists() {
    let exposed = exposed().await;
    let alerts = alerts().into_iter().map(|(name, rule)| (name, rule["expr"].as_str().unwrap().to_owned()));
    let mut faults = Vec::new();
    for (name, expression) in alerts.chain(panels()) {
        faults.extend(exposed.faults(&expression).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // The check itself finds what is not there.
    for (expression, fault) in [
        ("octroi_audit_upp == 0", "no metric `octroi_audit_upp`"),
        ("rate(octroi_requests_total{state=\"403\"}[5m])", "`octroi_requests_total` has no label `state`"),
        ("sum by (tenant) (octroi_backend_up)", "no label `tenant` to sum by"),
    ] {
        assert_eq!(exposed.faults(expression), [fault], "{expression}");
    }
    // Bounds are what the configuration says, and the certificate's end is known.
    assert!((exposed.value("octroi_body_bytes_max") - 1_073_741_824.0).abs() < 1.0);
    assert!(exposed.value("octroi_certificate_valid_until") > 1.7e9);
}

#[test]
fn codes_of_alerts_are_those_of_refusals() {
    let told = read("docs/configuration.md");
    for (name, rule) in alerts() {
        for part in rule["expr"].as_str().unwrap().split("code").skip(1) {
            let Some(words) = part.split('"').nth(1).filter(|_| part.starts_with(['=', '!'])) else { continue };
            for code in words.split('|') {
                assert!(told.contains(&format!("`{code}`")), "{name}: {code} is no code of docs/configuration.md");
            }
        }
    }
}

#[test]
fn every_alert_has_its_page() {
    let pages = read("docs/operations.md");
    let sections: Vec<(&str, &str)> = pages
        .split("\n## ")
        .filter_map(|section| section.split_once('\n'))
        .filter(|(t, _)| t.starts_with("Octroi"))
        .collect();
    let alerts = alerts();
    for (name, rule) in &alerts {
        let (_, text) = sections.iter().find(|(title, _)| title == name).unwrap_or_else(|| panic!("no section {name}"));
        for part in ["**Means.**", "**Look at.**", "**Do.**"] {
            assert!(text.contains(part), "{name} lacks {part}");
        }
        let runbook = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"], runbook.as_str(), "{name}");
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
    }
    for (title, _) in sections {
        assert!(alerts.iter().any(|(name, _)| name == title), "a section for no alert: {title}");
    }
}

/// Runs a line of the documentation in a folder, the binary of this build first on the path.
fn run(folder: &Path, line: &str) {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_octroi"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-ec", line]).current_dir(folder).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "`{line}` ended with {}: {said}", output.status);
}

/// Serves until it is ready, looks at its health, and asks it to end.
fn serve(folder: &Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["serve", "--config", "gateway/octroi.toml"])
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let admin =
        lines.find_map(|line| Some(line.strip_prefix("admin http://")?.parse().unwrap())).expect("it does not listen");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(runtime.block_on(common::page(admin, path)).unwrap().0, 200, "{path}");
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).unwrap();
    let said: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{said:#?}");
}

#[test]
fn commands_of_the_page_run() {
    let folder = tempfile::tempdir().unwrap();
    let page = read("docs/operations.md");
    let mut count = 0;
    for block in page.split("\n```sh\n").skip(1) {
        for line in block.split("\n```").next().unwrap().lines() {
            if line.starts_with("octroi serve") {
                let file = folder.path().join("gateway/octroi.toml");
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(&file, text.replace(":8443", ":0").replace(":9443", ":0")).unwrap();
                serve(folder.path());
            } else if ["octroi ", "tar ", "mkdir "].iter().any(|word| line.starts_with(word)) {
                run(folder.path(), line);
                count += 1;
            }
        }
    }
    assert!(count >= 12, "{count} commands");
}

/// `deploy/octroi.toml` on a house of its own: as it stands, but for the folders it lies in.
#[test]
fn the_example_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "octroi init house --home FR");
    let house = folder.path().join("house").display().to_string();
    let text = read("deploy/octroi.toml");
    let moved = text
        .replace("/etc/octroi", &house)
        .replace("/var/lib/octroi", &house)
        .replace("/run/credentials/octroi.service", &format!("{house}/keys"));
    assert!(!moved.contains("\"/etc") && !moved.contains("\"/run"), "{moved}");
    std::fs::write(folder.path().join("house/octroi.toml"), moved).unwrap();
    run(folder.path(), "octroi check --config house/octroi.toml");
    run(folder.path(), "octroi schema config > schema.json && octroi schema policy > policy.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(folder.path().join("schema.json")).unwrap()).unwrap();
    for (table, node) in schema["properties"].as_object().unwrap() {
        let keys = node["properties"].as_object().or_else(|| node["items"]["properties"].as_object());
        for key in keys.into_iter().flatten().map(|(key, _)| key) {
            let shown = text.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{key} =")));
            assert!(shown, "deploy/octroi.toml does not show `{key}` of [{table}]");
        }
    }
}
