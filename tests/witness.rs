//! A gateway and a witness, each in a process of its own: what the operator takes back, the witness remembers.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test helpers"
)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use common::process::Process;
use common::{Client, Plot, page, until};

/// A witness that is killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn octroi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octroi")).args(arguments).output().unwrap()
}

/// Starts a witness; what it says when it is ready ends in its address.
fn serve(folder: &Path) -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["witness", "serve", "witness", "--logs", "logs.policy", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
    // What else it says must not fill the pipe.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    (Running(child), address)
}

/// The size of a checkpoint file, when it is there.
fn size(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.lines().nth(1)?.parse().ok()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a"]).args([from, to]).status().unwrap();
    assert!(copied.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_put_back_is_found_by_what_the_witness_signed() {
    let mut plot = Plot::new().await;
    let folder = plot.folder.path().to_owned();
    let made = octroi(&["witness", "new", folder.join("witness").to_str().unwrap(), "--name", "council.example/w"]);
    assert!(made.status.success(), "{made:?}");
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    std::fs::write(folder.join("logs.policy"), "quorum none\n").unwrap();
    let (witness, address) = serve(&folder);
    plot.extra =
        format!("[audit]\nwitness_interval_s = 1\n[[audit.witnesses]]\nurl = \"{address}\"\nkey = \"{key}\"\n");
    let (audit, kept) = (folder.join("audit"), folder.join("witness/logs/octroi%2fnode-1%2f1"));
    let cosigned = audit.join("checkpoint.cosigned");

    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    let vkey = std::fs::read_to_string(audit.join("log.vkey")).unwrap();
    std::fs::write(folder.join("logs.policy"), format!("log {vkey}quorum none\n")).unwrap();
    assert_eq!(client.chat("hello", false).await.status, 200);
    let first = until("a cosigned checkpoint", async || size(&cosigned).filter(|size| *size > 4)).await;
    gateway.terminate();
    assert!(gateway.ended().await.1.success());

    // The whole folder as it is now, key and all, is put back later.
    copy(&audit, &folder.join("copy"));
    let gateway = Process::start(&plot, &[]);
    let client = Client::new(&plot.authority, gateway.address, &plot.key);
    assert_eq!(client.chat("hello again", false).await.status, 200);
    until("a second one", async || size(&cosigned).filter(|size| *size > first + 3)).await;
    gateway.terminate();
    assert!(gateway.ended().await.1.success());
    let second = size(&cosigned).unwrap();

    // An auditor who trusts the witness is content with the log as it is.
    std::fs::write(folder.join("trust.policy"), format!("log {vkey}witness w {key}\nquorum w\n")).unwrap();
    let verify = || {
        let paths = [&audit, &folder.join("trust.policy"), &kept].map(|path| path.to_str().unwrap().to_owned());
        let output = octroi(&["audit", "verify", &paths[0], "--policy", &paths[1], "--from", &paths[2]]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = verify();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("witness w signed {second} entries")), "{said}");
    assert_eq!(size(&kept), Some(second));

    std::fs::remove_dir_all(&audit).unwrap();
    copy(&folder.join("copy"), &audit);
    let (code, said) = verify();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("log cut short"), "{said}");

    // The gateway learns it from the witness, and says so.
    let gateway = Process::start(&plot, &[]);
    let woken = async || page(gateway.admin, "/metrics").await.ok().filter(|(_, page)| page.contains("rolled-back"));
    until("the witness's answer", woken).await;
    gateway.terminate();
    let (said, _) = gateway.ended().await;
    assert!(said.contains("The log was rolled back"), "{said}");
    assert_eq!(size(&kept), Some(second), "nothing of the second history was signed");
    drop(witness);
}
