//! A change of the key, as those see it who publish the log and who check what is published with the key that they kept before.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use octroi::audit::{AuditLog as _, Clock, SegmentLog, rotate};
use octroi::model::Word;

use super::{blocks, decision, octroi, serve};

#[tokio::test(flavor = "multi_thread")]
async fn the_key_that_was_kept_is_enough_after_changes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    std::fs::write(folder.join("check.py"), &blocks(&text, "python")[0]).unwrap();
    let check = |published: &str, key: &str| {
        let arguments = ["check.py", published, key, "visits.checkpoint"];
        let output = Command::new("python3").args(arguments).current_dir(folder).output().unwrap();
        (
            output.status.code(),
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        )
    };
    let (audit, clock): (_, Clock) = (folder.join("audit"), Arc::new(jiff::Timestamp::now));
    std::fs::create_dir(&audit).unwrap();
    let files = folder.join("published");
    let address = serve(move |path, _| match std::fs::read(files.join(path.trim_start_matches('/'))) {
        Ok(bytes) => (200, bytes),
        Err(_) => (404, Vec::new()),
    })
    .await;
    for epoch in 1..=3_u32 {
        if epoch > 1 {
            rotate::request(&audit).unwrap();
        }
        let turn = rotate::Turn::of(&audit).unwrap();
        let log = SegmentLog::open(rotate::settle(&turn, &Word::fixed("paris-3"), &clock, 1 << 20).unwrap()).unwrap();
        drop(turn);
        for number in epoch * 1_000..epoch * 1_000 + 300 {
            log.append(decision(number)).await.unwrap();
        }
        tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
        if epoch == 1 {
            std::fs::copy(audit.join("log.vkey"), folder.join("kept.vkey")).unwrap();
        }
        // The command of docs/operations.md, again and again.
        let (code, said) = octroi(folder, &["audit", "publish", "published"], &[]).await;
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = check("published", "kept.vkey");
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said.lines().count(), usize::try_from(epoch).unwrap(), "{said}");
        for place in ["published", &address] {
            let verify = ["audit", "verify", place, "--key", "kept.vkey", "--from", "visits.checkpoint"];
            let (code, said) = octroi(folder, &verify, &[]).await;
            assert!(code == Some(0) && said.matches("sound: ").count() == usize::try_from(epoch).unwrap(), "{said}");
        }
    }
    // Sentences, whatever does not hold.
    std::fs::copy(audit.join("epochs/2/log.vkey"), folder.join("second.vkey")).unwrap();
    std::fs::write(folder.join("no.vkey"), "octroi/paris-9/1+00000000+AAAA").unwrap();
    let of_another = check("published", "no.vkey");
    assert!(
        of_another.0 == Some(1) && of_another.1.starts_with("NOT VERIFIED: octroi/paris-9/1 is not in"),
        "{}",
        of_another.1
    );
    let alone = check("published/epochs/1", "kept.vkey");
    assert!(
        alone.0 == Some(1) && alone.1.contains("octroi/paris-3/1 announced its key: give the folder"),
        "{}",
        alone.1
    );
    assert_eq!(check("published", "second.vkey").0, Some(0));
    std::fs::rename(folder.join("published/epochs/2"), folder.join("aside")).unwrap();
    let (code, said) = check("published", "kept.vkey");
    assert!(code == Some(1) && said.starts_with("NOT VERIFIED: octroi/paris-3/2 is not in"), "{said}");
    let (code, said) = octroi(folder, &["audit", "verify", &address, "--key", "kept.vkey"], &[]).await;
    assert!(code == Some(1) && said.contains("log missing: octroi/paris-3/2"), "{said}");
    // And a checkpoint that is none.
    std::fs::rename(folder.join("aside"), folder.join("published/epochs/2")).unwrap();
    std::fs::write(folder.join("published/epochs/2/checkpoint"), "\u{fffd}").unwrap();
    let (code, said) = check("published", "kept.vkey");
    assert!(code == Some(1) && said.starts_with("NOT VERIFIED: ") && !said.contains("Traceback"), "{said}");
}
