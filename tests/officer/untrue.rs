//! A policy whose scenarios do not come out as told comes into force, loudly; one that is broken does not, as loudly.

use super::common::process::Process;
use super::*;

const UNTRUE: &str = "scenario \"nothing ever leaves\"\n  given nothing\n  then refused paris-gpu-1\n";

async fn admin(process: &Process, path: &str) -> String {
    page(process.admin, path).await.unwrap().1
}

async fn detail(process: &Process) -> Value {
    serde_json::from_str(&admin(process, "/readyz").await).unwrap()
}

/// Waits until `/readyz` says this of the scenarios and the newest files, and the metrics say it with it.
async fn says(process: &Process, scenarios: &[String], rejected: bool) {
    let what = format!("{scenarios:?}, rejected: {rejected}");
    until(&what, async || {
        let ready = detail(process).await;
        (ready["scenarios"] == serde_json::json!(scenarios) && ready["rejected"].is_string() == rejected).then_some(())
    })
    .await;
    let metrics = admin(process, "/metrics").await;
    let failing = format!("octroi_policy_scenarios_failing {}\n", scenarios.len());
    let refused = format!("octroi_policy_rejected {}\n", u8::from(rejected));
    assert!(metrics.contains(&failing) && metrics.contains(&refused), "{what}: {metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_the_policy_does_not_do_is_told() {
    let plot = Plot::new().await;
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let untrue = format!("{text}\n{UNTRUE}");
    let line = untrue.lines().count() - 2;
    let file = sheet.display().to_string();
    let told = [format!("nothing ever leaves ({file}:{line})")];

    let process = Process::start(&plot, &[]);
    says(&process, &[], false).await;
    replace(&sheet, &untrue);
    says(&process, &told, false).await;
    // What is broken is not in force: what was before is, and so is what is said of it.
    replace(&sheet, &untrue.replace("then refused", "then forbiden"));
    says(&process, &told, true).await;
    replace(&sheet, &text);
    says(&process, &[], false).await;
    process.terminate();
    let (said, _) = process.ended().await;
    let lines: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let errors: Vec<&Value> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let [scenario, rejected] = errors[..] else { panic!("{errors:#?}") };
    let expected = "Policy in force does not do what a scenario of it tells";
    assert_eq!((&scenario["message"], &scenario["title"]), (&expected.into(), &"nothing ever leaves".into()));
    assert_eq!((&scenario["file"], &scenario["line"]), (&file.into(), &line.into()), "{scenario}");
    assert_eq!(rejected["message"], "Reload rejected: what was loaded before stays in force");
    assert!(rejected["problem"].as_str().unwrap().contains("forbiden"), "{rejected}");

    // So it is at the start.
    replace(&sheet, &untrue);
    says(&Process::start(&plot, &[]), &told, false).await;
}
