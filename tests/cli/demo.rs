//! The demonstration, its folder, its log, and what `audit` answers about it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::octroi;

/// A demonstration that is up, without its tour.
fn up(folder: &std::path::Path, port: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["demo", "--dir", "demo", "--port", port, "--no-tour"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.skip_while(|line| !line.starts_with("ready "));
    let ready = lines.next().expect("the demonstration did not start");
    // The pipe stays open until it ends.
    std::thread::spawn(move || lines.for_each(drop));
    (child, ready)
}

/// A folder of somebody else's is not touched.
#[test]
fn it_does_not_write_into_a_folder_that_it_did_not_make() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("work");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("octroi.toml"), "# mine\n").unwrap();
    let told = octroi(folder.path(), "demo --dir work --port 0 --tour-only");
    told.must(2, &["`work` is there and `octroi demo` did not make it", "nothing in it was changed", "--dir"]);
    let names: Vec<_> = std::fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["octroi.toml"]);
    assert_eq!(std::fs::read_to_string(own.join("octroi.toml")).unwrap(), "# mine\n");
}

/// One folder, two demonstrations: the second is told what is in its way, which is not the port; a closed terminal ends the
/// first, and then the folder is free.
#[test]
fn the_log_has_one_writer_and_a_closed_terminal_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, _) = up(folder.path(), "0");
    let told = octroi(folder.path(), "demo --dir demo --port 0 --tour-only");
    told.must(2, &["the audit log in `", "demo/audit", "another process writes it", "help: one process writes a log"]);
    assert!(!told.said.contains("port"), "{told:?}");
    let pid = rustix::process::Pid::from_child(&first);
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    let since = std::time::Instant::now();
    let status = loop {
        if let Some(status) = first.try_wait().unwrap() {
            break status;
        }
        assert!(since.elapsed().as_secs() < 20, "a hang-up did not end the demonstration");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(status.success(), "it ends in order: {status:?}");
    let told = octroi(folder.path(), "demo --dir demo --port 0 --tour-only");
    told.must(0, &[]);
    for line in told.out.lines() {
        // Paths are as long as they are.
        let path = line.contains('/');
        assert!(path || line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
    }
    for words in
        ["1. Found: ", "Rules that fired:", "health-stays-hds", "no other is permitted", "The entries themselves"]
    {
        assert!(told.out.contains(words), "`{words}` is not told: {}", told.out);
    }
    // Words that the log does not hold are not "never happened".
    for (line, words) in [
        (
            "audit query --dir demo/audit --app public-webste",
            ["the app `public-webste`", "did you mean `public-website`?"],
        ),
        ("audit query --dir demo/audit --backend us-clod", ["the backend `us-clod`", "did you mean `us-cloud`?"]),
        ("audit query --dir demo/audit --class helth", ["the class `helth`", "did you mean `health`?"]),
        ("audit query --dir demo/audit --country Us", ["the country `Us`", "did you mean `US`"]),
        ("audit query --dir demo/audit --rule health", ["the rule `health`", "did you mean `health-stays-hds`?"]),
        ("audit query --dir demo/audit --decision refused", ["`--decision refused`", "`forward` nor `refuse`"]),
        ("audit query", ["`audit` is not there", "--dir"]),
        ("audit query --dir demo", ["`demo` holds no audit log", "[audit] folder"]),
        ("audit verify demo/policies", ["`demo/policies` holds no audit log", "audit verify DIR"]),
        ("audit show 01a220d2-78f5-75c9-b3cc-d95927ad3820 --dir nowhere", ["`nowhere` is not there", "--dir"]),
        ("audit show nonsense --dir demo/audit", ["`nonsense` is not the id of a request", "octroi-request-id"]),
    ] {
        octroi(folder.path(), line).must(2, &words);
    }
    let told = octroi(folder.path(), "audit query --dir demo/audit --class health --decision forward");
    assert!(told.status == Some(0) && told.out.contains("forward"), "{told:?}");
    let told = octroi(folder.path(), "audit show 01a220d2-78f5-75c9-b3cc-d95927ad3820 --dir demo/audit");
    told.must(1, &["the log in `demo/audit` holds no request"]);
}
