//! Versions only increase, whatever becomes of the files that say which was the last.

use super::common::process::Process;
use super::*;

/// The state beside the log is a convenience: without it the log says which bundle was in force and which freeze lasts.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_gone_brings_nothing_back() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    let same = |sheet: &str| sheet.to_owned();
    for version in [1, 2] {
        bundle(&folder, version, same, &["dpo", "ciso"]);
    }
    put_live(&folder, "bundle-1-dpo-ciso");
    let house = plot.open().await;
    put_live(&folder, "bundle-2-dpo-ciso");
    until("the second version", async || (house.app.gate().snapshot().policy.version() == 2).then_some(())).await;
    octroi(
        &folder,
        &["policy", "freeze", "--policies", "live", "--key", "dpo.key", "--as", "dpo", "--because", "incident 7"],
    );
    until("the freeze", async || (!ready(&house).await["freeze"].is_null()).then_some(())).await;

    // While it runs: the state is taken away, and the first version laid in the place of the second.
    let state = folder.join("audit/policies/state.json");
    until("the state", async || std::fs::read_to_string(&state).ok()?.contains("incident 7").then_some(())).await;
    std::fs::remove_file(&state).unwrap();
    put_live(&folder, "bundle-1-dpo-ciso");
    refused(&house, "rollback", "version 1 does not follow version 2").await;
    assert!(!ready(&house).await["freeze"].is_null(), "the freeze lasts");

    // At a start, from the log alone: also when its key has changed since.
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    let path = plot.write_configuration();
    for rotate in [false, true] {
        if rotate {
            octroi(&folder, &["audit", "key", "rotate"]);
        }
        std::fs::remove_file(&state).unwrap_or_default();
        let problem = octroi::app::App::start(path.clone()).await.unwrap_err().to_string();
        assert!(problem.contains("versions only increase"), "{problem}");
    }
    // The last one starts again, frozen as it was.
    put_live(&folder, "bundle-2-dpo-ciso");
    let house = plot.open().await;
    assert_eq!(ready(&house).await["freeze"]["because"], "incident 7");

    // Without the state and without the log nobody knows, and nothing starts.
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    std::fs::remove_file(&state).unwrap();
    for gone in ["audit/segments", "audit/epochs"] {
        std::fs::remove_dir_all(folder.join(gone)).unwrap();
    }
    let problem = octroi::app::App::start(plot.write_configuration()).await.unwrap_err().to_string();
    assert!(problem.contains("gone too"), "{problem}");
}

/// A copy of the state from before the last bundle and the freeze: the log says what came since.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_the_state_brings_nothing_back() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    for version in [1, 2] {
        bundle(&folder, version, |sheet: &str| sheet.to_owned(), &["dpo", "ciso"]);
    }
    put_live(&folder, "bundle-1-dpo-ciso");
    let house = plot.open().await;
    let state = folder.join("audit/policies/state.json");
    let old = std::fs::read_to_string(&state).unwrap();
    put_live(&folder, "bundle-2-dpo-ciso");
    until("the second version", async || (house.app.gate().snapshot().policy.version() == 2).then_some(())).await;
    octroi(
        &folder,
        &["policy", "freeze", "--policies", "live", "--key", "dpo.key", "--as", "dpo", "--because", "incident 8"],
    );
    until("the state", async || std::fs::read_to_string(&state).ok()?.contains("incident 8").then_some(())).await;

    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    let path = plot.write_configuration();
    put_live(&folder, "bundle-1-dpo-ciso");
    // Also where the log has begun a new epoch since.
    for rotate in [false, true] {
        if rotate {
            octroi(&folder, &["audit", "key", "rotate"]);
        }
        std::fs::write(&state, &old).unwrap();
        let problem = octroi::app::App::start(path.clone()).await.unwrap_err().to_string();
        assert!(problem.contains("versions only increase"), "{problem}");
    }
    put_live(&folder, "bundle-2-dpo-ciso");
    let house = plot.open().await;
    assert_eq!(ready(&house).await["freeze"]["because"], "incident 8");
}

/// Whoever may write the state, and does not hold the gateway's root key, brings nothing back: neither an older version, though
/// approvers had signed it, nor flows that a freeze keeps back.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_state_is_as_one_that_is_gone() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    let state = folder.join("audit/policies/state.json");
    let read = || std::fs::read_to_string(&state).unwrap();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    bundle(&folder, 2, str::to_owned, &["dpo"]);
    let house = plot.open().await;
    let first: Value = serde_json::from_str(&read()).unwrap();
    put_live(&folder, &bundle(&folder, 3, str::to_owned, &["dpo", "ciso"]));
    until("the third version", async || (house.app.gate().snapshot().policy.version() == 3).then_some(())).await;
    let words = ["policy", "freeze", "--policies", "live", "--key", "dpo.key", "--as", "dpo", "--because", "incident"];
    octroi(&folder, &words);
    until("the state", async || read().contains("incident").then_some(())).await;
    let mut end = house.app.gate().audit.head().size;
    let House { mut plot, app, .. } = house;
    app.stop().await.unwrap();

    for (with_mac, told) in [(true, "is not as this gateway wrote it"), (false, "bears no MAC")] {
        // As if the first version had been the last one, and nothing been frozen: the log is not asked what came since.
        let mut file: Value = serde_json::from_str(&read()).unwrap();
        assert_eq!(file["state"]["bundle"]["version"], 3, "{file}");
        file["state"]["bundle"] = first["state"]["bundle"].clone();
        file["state"]["freezes"] = serde_json::json!([]);
        file["state"]["log"]["seq"] = end.into();
        let edited = if with_mac { file.to_string() } else { file["state"].to_string() };
        std::fs::write(&state, edited).unwrap();
        put_live(&folder, "bundle-2-dpo");
        let (said, status) = Process::start_in_vain(&plot, &[]).ended().await;
        assert!(!status.success() && said.contains("version 2 does not follow version 3"), "{said}");
        assert!(said.contains(told), "{said}");
        // The last one starts, and the freeze lasts although its order is gone.
        put_live(&folder, "bundle-3-dpo-ciso");
        let house = plot.open().await;
        assert_eq!(ready(&house).await["freeze"]["because"], "incident", "with a MAC: {with_mac}");
        end = house.app.gate().audit.head().size;
        let House { plot: again, app, .. } = house;
        app.stop().await.unwrap();
        plot = again;
    }
    // What was edited is written anew, and says nothing more.
    assert!(read().contains("\"mac\""), "{}", read());
}

/// Each refusal is in the record, of a start as well: of the very first one, and of one behind which a log lies.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_is_in_the_record() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo"]));
    let path = plot.write_configuration();
    assert!(octroi::app::App::start(path.clone()).await.is_err());
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    octroi::app::App::start(path.clone()).await.unwrap().stop().await.unwrap();
    std::fs::write(folder.join("live/policies/more.policy"), "not signed").unwrap();
    assert!(octroi::app::App::start(path).await.is_err());
    put_live(&folder, "bundle-1-dpo-ciso");
    let house = plot.open().await;
    let entries = house.entries_of("policy").await;
    let told: Vec<_> = entries.iter().map(|entry| (entry["in_force"] == true, entry["reason"].as_str())).collect();
    let (refused, in_force) = (|reason| (false, Some(reason)), (true, None));
    let expected = [refused("approvers"), in_force, refused("signature"), in_force];
    assert_eq!(told, expected);
    assert!(entries.iter().all(|entry| entry["cause"] == "start"), "{entries:?}");
}

/// What a load opened before it was rejected does not take the place of what is live.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_load_leaves_the_corpus_open() {
    let mut plot = Plot::new().await;
    plot.extra.push_str("[corpus]\nfolder = \"corpus\"\n");
    std::fs::create_dir(plot.path("corpus")).unwrap();
    let house = plot.open().await;
    let scanner = |house: &House| std::sync::Arc::as_ptr(&house.app.gate().snapshot().scanner).cast::<()>();
    let before = scanner(&house);
    let (config, sheet) = (house.plot.path("octroi.toml"), house.plot.path("policies/main.policy"));
    let (operator, officer) = (std::fs::read_to_string(&config).unwrap(), std::fs::read_to_string(&sheet).unwrap());
    let rejected = async || !ready(&house).await["rejected"].is_null();
    replace(&sheet, &format!("{officer}\nnonsense"));
    until("a rejection", async || rejected().await.then_some(())).await;
    replace(&config, &operator.replace("[corpus]\nfolder = \"corpus\"", ""));
    let refused = async |count: usize| {
        let reloads = house.entries_of("reload").await;
        (reloads.iter().filter(|entry| entry["policy"] == "refused").count() >= count).then_some(())
    };
    until("the second rejection", async || refused(2).await).await;
    assert_eq!(scanner(&house), before);
    replace(&config, &operator);
    until("the third rejection", async || refused(3).await).await;
    replace(&sheet, &officer);
    until("what was there", async || (!rejected().await).then_some(())).await;
    assert_eq!(scanner(&house), before, "it was not opened anew");
}
