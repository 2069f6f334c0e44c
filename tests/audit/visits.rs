//! An auditor's visits, each with the checkpoint of the one before: a log that grew, one that was pruned, one that is an older copy;
//! with `check.py` of the documentation and with the commands.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use octroi::audit::{AuditLog as _, Options, SegmentLog};

use super::{blocks, decision, id, octroi, serve};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_holds_for_a_log_that_grows_and_is_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    std::fs::write(folder.join("check.py"), &blocks(&text, "python")[0]).unwrap();
    let check = |published: &str, kept: &str| {
        let output =
            Command::new("python3").args(["check.py", published, "grows.vkey", kept]).current_dir(folder).output();
        let output = output.unwrap();
        (
            output.status.success(),
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        )
    };
    let (log, long_ago) = (folder.join("grows"), "2026-11-23T08:00:00Z".parse::<jiff::Timestamp>().unwrap());
    let ticks = std::sync::atomic::AtomicI64::new(0);
    let clock = Arc::new(move || {
        long_ago + jiff::SignedDuration::from_secs(ticks.fetch_add(60, std::sync::atomic::Ordering::Relaxed))
    });
    let options = || Options { segment_bytes: 1 << 16, ..Options::new(&log, "octroi/paris-2/1", clock.clone()) };
    let publish = async |name: &str| octroi(folder, &["audit", "publish", name, "--dir", "grows"], &[]).await;
    for (round, numbers) in [(0, 0..150), (1, 150..310), (2, 310..320)] {
        let log = SegmentLog::open(options()).unwrap();
        for number in numbers {
            log.append(decision(number)).await.unwrap();
        }
        tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
        if round == 0 {
            std::fs::copy(folder.join("grows/log.vkey"), folder.join("grows.vkey")).unwrap();
        }
        if round < 2 {
            assert_eq!(publish("old").await.0, Some(0));
        }
        if round == 1 {
            // Content of a request that goes and of one that stays, and the keys of a month that is over.
            let month = folder.join("grows/sealed/groupe-exemple/2026-09");
            let (gone, stays) = (format!("content/{}.1", id(3)), format!("content/{}.1", id(309)));
            for file in [&gone, &stays, "keys/subject-a/1", "month"] {
                std::fs::create_dir_all(month.join(file).parent().unwrap()).unwrap();
                std::fs::write(month.join(file), "sealed").unwrap();
            }
            let prune = ["audit", "prune", "--dir", "grows", "--older-than", "2026-11-23T13:00:00Z"];
            let (code, said) = octroi(folder, &prune, &[]).await;
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains("of sealed content 1 files were removed and 1 keys destroyed"), "{said}");
            assert_eq!([&gone, &stays, "month"].map(|file| month.join(file).exists()), [false, true, true]);
            let (code, said) = publish("new").await;
            assert_eq!(code, Some(2), "not before the log says so: {said}");
            assert!(said.contains("the log does not say so yet") && said.contains("help: the gateway"), "{said}");
            assert_eq!(publish("old").await.0, Some(0), "what was published goes on");
        }
        assert!(check("old", "visits.checkpoint").0, "{}", check("old", "visits.checkpoint").1);
    }
    let (code, said) = publish("new").await;
    assert!(code == Some(0) && said.contains("kept from entry "), "{said}");
    let (held, said) = check("new", "visits.checkpoint");
    assert!(held && !said.contains("from 0 on") && !said.contains("follow 0 known"), "{said}");
    std::fs::copy(folder.join("old/checkpoint"), folder.join("before.checkpoint")).unwrap();
    let (code, said) = publish("old").await;
    assert!(code == Some(0) && said.contains("they held entries that the log says were pruned"), "{said}");
    let (held, said) = check("old", "before.checkpoint");
    assert!(held && !said.contains("from 0 on"), "{said}");
    // A request that went with it, one that is younger than the log's beginning, and how the log says so.
    let id_of = |time: &str| {
        let came = u64::try_from(time.parse::<jiff::Timestamp>().unwrap().as_millisecond()).unwrap();
        uuid::Builder::from_unix_timestamp_millis(came, &[7; 10]).into_uuid().hyphenated().to_string()
    };
    let show = async |time: &str| octroi(folder, &["audit", "show", &id_of(time), "--dir", "grows"], &[]).await;
    let (code, said) = show("2026-11-23T08:20:00Z").await;
    assert_eq!(code, Some(1), "{said}");
    for expected in ["it came at 2026-11-23T08:20:00", "older than 2026-11-23T13:00:00", "were pruned: entry 1:"] {
        assert!(said.contains(expected), "{said}");
    }
    let (code, said) = show("2026-11-23T13:01:00Z").await;
    assert!(code == Some(1) && said.contains("another log is named with --dir"), "{said}");
    // Older than what was asked for, and of a time of which the log is whole: nothing is blamed on `prune`.
    let (code, said) = show("2026-11-23T12:59:30Z").await;
    assert!(code == Some(1) && said.contains("another log is named with --dir"), "{said}");
    let (code, said) = octroi(folder, &["audit", "query", "--dir", "grows", "--limit", "0"], &[]).await;
    assert!(code == Some(2) && said.contains("name 1 or more"), "{said}");
    // The report names entries as --before takes them, and speaks French to its reader.
    let report = ["audit", "report", "access", "--month", "2026-11", "--dir", "grows", "--lang", "fr", "--csv"];
    let (code, said) = octroi(folder, &report, &[]).await;
    assert!(code == Some(0) && said.contains(",extraction,"), "{said}");
    assert!(
        said.contains("Ce mois est incomplet : les ") && said.contains("octroi/paris-2/1 ont été retirées"),
        "{said}"
    );
    let page = ["audit", "report", "transfers", "--month", "2026-11", "--dir", "grows"];
    let (_, html) = octroi(folder, &page, &[]).await;
    let expected = "<p><strong>This month is incomplete: the first ";
    assert!(html.contains(expected) && html.contains("entries of octroi/paris-2/1 were pruned"), "{html}");
    let (_, html) = octroi(folder, &[&page[..4], &["2026-12", "--dir", "grows"]].concat(), &[]).await;
    assert!(!html.contains("This month is incomplete"), "{html}");
    assert!(
        said.contains(",époque,entrée,")
            && said.contains("Z,1,")
            && said.contains("fin de conservation,")
            && !said.contains("export"),
        "{said}"
    );
    // A checkpoint of the same log with other entries is signed by nobody else: the visitor's own file is changed here.
    let kept = std::fs::read_to_string(folder.join("visits.checkpoint")).unwrap();
    let other = kept.replacen(kept.lines().nth(1).unwrap(), "7", 1);
    std::fs::write(folder.join("other.checkpoint"), other).unwrap();
    assert!(!check("new", "other.checkpoint").0, "it is not signed");
    std::fs::write(folder.join("old/checkpoint"), kept).unwrap();
    // An older copy in the place of the log.
    let log = SegmentLog::open(options()).unwrap();
    log.append(decision(400)).await.unwrap();
    tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
    assert_eq!(publish("new").await.0, Some(0));
    assert!(check("new", "visits.checkpoint").0);
    let (held, said) = check("old", "visits.checkpoint");
    assert!(!held && said.contains("the log is shorter than when the checkpoint was kept"), "{said}");
    let verify = ["audit", "verify", "new", "--key", "grows.vkey", "--from", "before.checkpoint"];
    let (code, said) = octroi(folder, &verify, &[]).await;
    assert!(code == Some(0) && said.contains("entries are pruned") && said.contains("an entry says so"), "{said}");
    // The same where it is served.
    let files = folder.join("new");
    let address = serve(move |path, _| match std::fs::read(files.join(path.trim_start_matches('/'))) {
        Ok(bytes) => (200, bytes),
        Err(_) => (404, Vec::new()),
    })
    .await;
    let (code, said) = octroi(folder, &["audit", "verify", &address, "--key", "grows.vkey"], &[]).await;
    assert!(code == Some(0) && said.contains("entries are pruned") && said.contains("an entry says so"), "{said}");
    std::fs::write(folder.join("new/kept.entries"), "384\n").unwrap();
    let (code, said) = octroi(folder, &["audit", "verify", &address, "--key", "grows.vkey"], &[]).await;
    assert!(code == Some(1) && said.contains("entries"), "{said}");
    assert!(!check("new", "visits.checkpoint").0);
}

/// Whatever time is named: the decision of a request that may still be under way stays.
#[tokio::test(flavor = "multi_thread")]
async fn no_prune_takes_what_a_request_under_way_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let dir = folder.join("now");
    let ticks = Arc::new(std::sync::atomic::AtomicI64::new(-4 * 60));
    let clock = Arc::new(move || {
        let minutes = ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed).min(0);
        jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes)
    });
    let log =
        SegmentLog::open(Options { segment_bytes: 1 << 16, ..Options::new(&dir, "octroi/paris-2/1", clock) }).unwrap();
    // Four hours, one entry a minute.
    for number in 0..240 {
        log.append(decision(number)).await.unwrap();
    }
    tokio::task::spawn_blocking(move || log.stop()).await.unwrap();
    let (code, said) =
        octroi(folder, &["audit", "prune", "--dir", "now", "--older-than", "2199-01-01T00:00:00Z"], &[]).await;
    assert!(code == Some(0) && said.contains("stays: requests of that time may be under way"), "{said}");
    assert!(said.contains("begins with entry "), "what is older went: {said}");
    let (code, said) = octroi(folder, &["audit", "query", "--dir", "now", "--limit", "500", "--json"], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    let left = said.matches("\"kind\":\"decision\"").count();
    assert!((120..240).contains(&left), "{left} decisions are left");
}
