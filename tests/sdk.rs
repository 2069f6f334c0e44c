//! The official Python and Node SDKs, unmodified, through a whole gateway: `octroi demo` in one process of its own.
//!
//! In the first run Paris is up and receives everything raw; in the second only `us-cloud` answers, and both suites check
//! at its `/received` that no planted value reached it.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![expect(clippy::disallowed_methods, reason = "the test starts a program and reads what it wrote")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

#[path = "sdk/runner.rs"]
mod runner;

/// A running `octroi demo`, killed when the test ends.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself; the test has its verdict either way.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the demonstration and returns when it is ready.
fn start(folder: &Path, extra: &[&str]) -> Demo {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.arg("demo").arg("--dir").arg(folder).args(["--port", "0", "--no-tour"]).args(extra);
    let mut demo = Demo(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut seen = String::new();
    let ready = lines.by_ref().find(|line| {
        seen.push_str(line);
        seen.push('\n');
        line.starts_with("ready https://")
    });
    assert!(ready.is_some(), "`octroi demo` ended before it was ready:\n{seen}");
    // Whatever it still prints must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    demo
}

/// Every string of `demo.json` that is the `/received` address of a server whose name begins so.
fn received_urls(folder: &Path, server: &str) -> Vec<String> {
    let demo: Value = serde_json::from_slice(&std::fs::read(folder.join("demo.json")).unwrap()).unwrap();
    let urls: Vec<String> = demo
        .get("servers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with(server)))
        .filter_map(|entry| entry.get("received").and_then(Value::as_str).map(ToOwned::to_owned))
        .collect();
    assert!(!urls.is_empty(), "demo.json names no server `{server}…` with its `received` address");
    urls
}

fn suites(mode: &str, server: &str, extra: &[&str]) {
    let Some(tools) = runner::Tools::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let _demo = start(folder.path(), extra);
    let client_env = folder.path().join("client.env");
    tools.run(&runner::Run { mode, client_env: &client_env, received_urls: &received_urls(folder.path(), server) });
}

#[test]
fn at_home_the_servers_receive_everything_raw() {
    suites("home", "paris", &[]);
}

#[test]
fn abroad_nothing_personal_arrives_and_everything_comes_back() {
    suites("abroad", "us", &["--paris-down"]);
}
