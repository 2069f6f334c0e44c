//! What the commands claim, they could see: that entries are signed, that all was written where it was to go, and that the log is
//! one that its owner can go on with.

use std::path::Path;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::{octroi, write_log};

/// Copies of one log, each spoiled in its own way, and what a search over it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_what_is_signed_only_where_it_can_see_it() {
    type Spoil = fn(&Path);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_log(&folder.join("audit")).await;
    write_log(&folder.join("other")).await;
    let unseen = "read up to entry 402; what is signed of it could not be seen: ";
    let cases: [(&str, Spoil, &str, &str); 9] = [
        ("as it is", |_| (), "read up to entry 402, all signed", ""),
        ("no checkpoint", |log| std::fs::remove_file(log.join("checkpoint")).unwrap(), unseen, "entity not found"),
        (
            "that of another log",
            |log| {
                std::fs::copy(log.join("../other/checkpoint"), log.join("checkpoint")).unwrap();
            },
            unseen,
            "no signature by the trusted key",
        ),
        (
            "a pipe",
            |log| {
                std::fs::remove_file(log.join("checkpoint")).unwrap();
                let made = Command::new("mkfifo").arg(log.join("checkpoint")).status();
                assert!(made.unwrap().success());
            },
            unseen,
            "no regular file",
        ),
        (
            "a folder",
            |log| {
                std::fs::remove_file(log.join("checkpoint")).unwrap();
                std::fs::create_dir(log.join("checkpoint")).unwrap();
            },
            unseen,
            "no regular file",
        ),
        (
            "another size",
            |log| {
                let text = std::fs::read_to_string(log.join("checkpoint")).unwrap();
                std::fs::write(log.join("checkpoint"), text.replacen("\n402\n", "\n99999\n", 1)).unwrap();
            },
            unseen,
            "signature does not hold",
        ),
        (
            "longer than any",
            |log| std::fs::File::create(log.join("checkpoint")).unwrap().set_len(4 << 30).unwrap(),
            unseen,
            "file too large",
        ),
        ("no key", |log| std::fs::remove_file(log.join("log.vkey")).unwrap(), unseen, "log.vkey"),
        (
            "its end cut off",
            |log| {
                let path = log.join("segments/00000001.seg");
                let file = std::fs::File::options().write(true).open(path).unwrap();
                file.set_len(20_000).unwrap();
            },
            "read up to entry ",
            "402 entries were signed, and fewer are there: run `octroi audit verify`",
        ),
    ];
    for (name, spoil, begins, says) in cases {
        let log = folder.join("spoiled");
        std::fs::remove_dir_all(&log).unwrap_or_default();
        assert!(
            Command::new("cp").arg("-r").args(["audit", "spoiled"]).current_dir(folder).status().unwrap().success()
        );
        spoil(&log);
        for answer in [&["--limit", "3"][..], &["--by", "decision"]] {
            let (code, said) = octroi(folder, &[&["audit", "query", "--dir", "spoiled"], answer].concat(), &[]).await;
            assert_eq!(code, Some(0), "{name}: {said}");
            assert!(said.contains(begins) && said.contains(says), "{name}: {said}");
            assert_eq!(said.contains("all signed"), name == "as it is", "{name}: {said}");
        }
    }
}

/// Half an export is none: whoever keeps it is told, and so is the job that reads only how the command ended.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_not_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    for arguments in [
        &["audit", "export", "audit"][..],
        &["audit", "export", "audit", "--csv"],
        &["audit", "query", "--csv"],
        &["audit", "query", "--by", "decision"],
        &["audit", "report", "transfers", "--month", "2026-11"],
        &["audit", "verify", "audit", "--json"],
    ] {
        let run = |file: &str| {
            let file = std::fs::File::options().write(true).open(file).unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
                .args(arguments)
                .current_dir(folder.path())
                .stdout(file)
                .output();
            let output = output.unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (code, said) = run("/dev/full");
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains("standard output cannot be written") && !said.contains("go on with"), "{said}");
        assert_eq!(run("/dev/null").0, Some(0), "{arguments:?}");
    }
    // A reader that has seen enough is nobody's fault.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut export = Command::new(env!("CARGO_BIN_EXE_octroi"));
    let export = export.args(["audit", "export", "audit"]).current_dir(folder.path()).stdout(writer);
    let mut running = export.stderr(std::process::Stdio::null()).spawn().unwrap();
    std::io::Read::read_exact(&mut reader, &mut [0; 100]).unwrap();
    drop(reader);
    assert_eq!(running.wait().unwrap().code(), Some(0));
}

/// What is published is verified; whatever else is asked of it is refused, and leaves nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn a_published_log_is_only_verified() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    let (code, said) = octroi(folder.path(), &["audit", "publish", "published"], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    let list = || std::fs::read_dir(folder.path().join("published")).unwrap().count();
    let before = list();
    let prune = ["audit", "prune", "published", "--older-than", "2020-01-01T00:00:00Z"];
    for arguments in [
        &["audit", "query", "--dir", "published"][..],
        &["audit", "show", "0193594c-1d2e-7000-8000-0123456789ab", "--dir", "published"],
        &["audit", "export", "published"],
        &["audit", "report", "transfers", "--month", "2026-11", "--dir", "published"],
        &["audit", "reindex", "published"],
        &["audit", "publish", "again", "--dir", "published"],
        &prune,
    ] {
        let (code, said) = octroi(folder.path(), arguments, &[]).await;
        assert!(code == Some(2) && said.contains("`published` is a published log, in tiles"), "{arguments:?}: {said}");
    }
    assert_eq!(list(), before);
    let (code, said) = octroi(folder.path(), &["audit", "publish", "audit"], &[]).await;
    assert!(code == Some(2) && said.contains("`audit` is the folder of a log"), "{said}");
    let (code, said) = octroi(folder.path(), &["audit", "verify", "published"], &[]).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_several_logs_is_verified_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("logs/one")).await;
    let verify = |arguments: &'static [&str]| octroi(folder.path(), arguments, &[]);
    let (code, said) = verify(&["audit", "verify", "logs"]).await;
    assert!(code == Some(0) && said.contains("sound: 402 entries"), "{said}");
    let (code, said) = verify(&["audit", "verify", "logs", "--index"]).await;
    assert!(code == Some(1) && said.contains("index missing: one/index.db"), "{said}");
    let (code, said) = verify(&["audit", "reindex", "logs/one"]).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = verify(&["audit", "verify", "logs", "--index"]).await;
    assert!(code == Some(0) && said.contains("the review index says what the log says"), "{said}");
    std::fs::create_dir(folder.path().join("none")).unwrap();
    let (code, said) = verify(&["audit", "verify", "none"]).await;
    assert!(code == Some(2) && said.contains("holds no audit log"), "{said}");
}

/// What an administrator makes, the gateway that runs as somebody else could not read.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_log_are_made_by_its_owner_alone() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: only root may give a folder to somebody else");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("audit")).await;
    assert!(
        Command::new("chown").args(["-R", "65534:65534"]).arg(folder.path().join("audit")).status().unwrap().success()
    );
    let prune = ["audit", "prune", "--older-than", "2020-01-01T00:00:00Z"];
    let (code, said) = octroi(folder.path(), &prune, &[]).await;
    assert!(code == Some(2) && said.contains("`audit` belongs to the user 65534"), "{said}");
    assert!(said.contains("sudo -u '#65534'"), "{said}");
    assert!(!folder.path().join("audit/prune.lock").exists());
    // Epochs that may not be read are not taken for none.
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    std::fs::create_dir(folder.path().join("audit/epochs")).unwrap();
    mode(&folder.path().join("audit/epochs"), 0o000);
    mode(folder.path(), 0o755);
    for arguments in [&["audit", "query"][..], &["audit", "query", "--by", "kind"], &["audit", "verify"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
        let output = match command.args(arguments).current_dir(folder.path()).uid(65_534).gid(65_534).output() {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
            output => output.unwrap(),
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot be read: epochs: permission denied"), "{said}");
    }
}

/// Questions that cannot be answered as they are asked, and one whose answer goes to standard output.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_now_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_log(&folder.join("audit")).await;
    let (code, said) = octroi(folder, &["audit", "export", "--from", "403"], &[]).await;
    assert!(code == Some(2) && said.contains("`--from 403` is behind the last entry: 402 are signed"), "{said}");
    let (code, said) = octroi(folder, &["audit", "export", "--from", "402"], &[]).await;
    assert!(code == Some(0) && said.contains("go on with --from 402"), "nothing is new: {said}");
    let (_, listed) = octroi(folder, &["audit", "query", "--decision", "forward", "--limit", "1", "--json"], &[]).await;
    let listed: serde_json::Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    let id = listed["entries"][0]["entry"]["request"].as_str().unwrap();
    let (code, said) = octroi(folder, &["audit", "show", id, "--proof", "-"], &[]).await;
    assert!(code == Some(0) && said.starts_with("c2sp.org/tlog-proof@v1\n"), "{said}");
    assert!(!folder.join("-").exists());
    // A change of the key that was cut off: the log lies in two places until the gateway starts.
    std::fs::create_dir_all(folder.join("audit/epochs/1.new")).unwrap();
    for command in [
        &["audit", "query"][..],
        &["audit", "query", "--by", "app"],
        &["audit", "show", id],
        &["audit", "report", "art30", "--month", "2026-11"],
        &["audit", "reindex"],
        &["audit", "reindex", "--check"],
    ] {
        let (code, said) = octroi(folder, command, &[]).await;
        let told = "the key of the log is being changed: ask again";
        assert!(code == Some(2) && said.contains(told), "{command:?}: {code:?} {said}");
    }
}
