//! The rule that a refusal names is one that took out a backend which serves the model; what rules do to others decided nothing.

use serde_json::json;

use super::common::Plot;
use super::servers::{self, Speaks};

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_no_rule_about_other_backends() {
    let mut plot = Plot::new().await;
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let (head, _) = text.split_once("allow backends").unwrap();
    let rules = "allow backends named any of paris-gpu-1, us-cloud\n\nrule no-mail-abroad\n  because \"the board said so\"\n  when data includes email\n  never backends exposed to US\n\nrule no-phone-at-home\n  because \"the works council said so\"\n  when data includes phone\n  never backends named paris-gpu-1\n";
    std::fs::write(&sheet, format!("{head}{rules}")).unwrap();
    plot.models = ["paris-gpu-1", "paris-gpu-2", "us-cloud"]
        .map(|name| format!("\"on-{name}\" = {{ \"{name}\" = \"demonstration\" }}"))
        .join("\n");
    let house = plot.open().await;
    let mail = "Write to camille.aubertin@example.com.";
    let both = "Write to camille.aubertin@example.com or call +33 6 12 34 56 78.";
    for (model, text, status, rule) in [
        // No line admits it: that a rule refused another says nothing.
        ("on-paris-gpu-2", mail, 403, ""),
        ("on-us-cloud", mail, 403, "no-mail-abroad"),
        ("on-paris-gpu-1", both, 403, "no-phone-at-home"),
        ("on-us-cloud", both, 403, "no-mail-abroad"),
        ("on-paris-gpu-1", mail, 200, ""),
    ] {
        let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        let told = || format!("{model}, {text}: {answer:?}");
        assert_eq!((answer.status, answer.header("octroi-rule")), (status, rule), "{}", told());
        for other in ["no-mail-abroad", "no-phone-at-home"] {
            assert_eq!(answer.body.contains(other), status == 403 && other == rule, "{}", told());
        }
    }
}

/// A duty that nobody has built takes out every backend: the refusal names it, and the rule.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_duty_that_cannot_be_done() {
    let mut plot = Plot::new().await;
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let (head, _) = text.split_once("allow backends").unwrap();
    let rules = "allow backends named us-cloud\n\nrule coarser-abroad\n  because \"the board said so\"\n  when data includes personal\n  must generalise personal\n";
    std::fs::write(&sheet, format!("{head}{rules}")).unwrap();
    plot.only(&["us-cloud"]);
    let house = plot.open().await;
    for (text, status) in [("Write to camille.aubertin@example.com.", 403), ("Write a poem.", 200)] {
        let body = json!({"model": "assistant", "messages": [{"role": "user", "content": text}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let told = ["coarser-abroad", "the board said so", "generalise"].iter().all(|word| answer.body.contains(word));
        assert_eq!(
            (told, answer.header("octroi-rule") == "coarser-abroad"),
            (status == 403, status == 403),
            "{answer:?}"
        );
    }
}

/// A shell of the application's own is no tool that runs at the provider; every other one is.
#[tokio::test(flavor = "multi_thread")]
async fn a_shell_runs_at_the_provider_unless_it_says_that_it_is_local() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    let skills = json!([{"name": "reports", "description": "How Mme Camille Aubertin writes", "path": "/skills/camille.aubertin"}]);
    for (tool, status) in [
        (json!({"type": "shell", "environment": {"type": "local"}}), 200),
        (json!({"type": "shell", "environment": {"type": "local", "skills": skills}}), 200),
        (json!({"type": "shell"}), 403),
        (json!({"type": "shell", "environment": null}), 403),
        (json!({"type": "shell", "environment": "local"}), 403),
        (json!({"type": "shell", "environment": {"type": "container_auto"}}), 403),
        (json!({"type": "shell", "environment": {"type": "container_reference", "container_id": "c"}}), 403),
        (json!({"type": "shell", "environment": {"type": "local"}, "elsewhere": "x"}), 403),
    ] {
        let body = json!({"model": "assistant", "input": "x", "tools": [tool]});
        let answer = house.client.post("/v1/responses", body.to_string()).await;
        assert_eq!(answer.status, status, "{tool}: {}", answer.body);
        if status == 200 {
            let sent = server.asked().pop().unwrap().body.to_lowercase();
            assert!(!sent.contains("aubertin"), "{sent}");
        }
    }
}
