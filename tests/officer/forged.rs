//! What somebody can do who may write the policy folder and is no approver: nothing that costs or opens.

use super::*;

/// Edits a JSON file.
fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut value);
    replace(path, &value.to_string());
}

/// Orders a freeze for a copy of the live folder, and says where the order lies.
fn ordered_aside(folder: &Path, because: &str) -> std::path::PathBuf {
    let aside = folder.join("aside");
    if aside.exists() {
        std::fs::remove_dir_all(&aside).unwrap();
    }
    copy(&folder.join("live"), &aside);
    let words = ["policy", "freeze", "--policies", "aside", "--key", "dpo.key", "--as", "dpo", "--because", because];
    octroi(folder, &words);
    aside.join("freeze.json")
}

fn frozen(ready: &Value, because: &str) -> bool {
    ready["freeze"]["because"] == because
}

/// Without a signature nothing but the two small files on top is read: neither what lies below is compared with the manifest, nor
/// is it compiled; and an order to freeze that lies beside it is taken up before.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_that_nobody_signed() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    let order = std::fs::read_to_string(ordered_aside(&folder, "incident 8")).unwrap();
    let unsigned = bundle(&folder, 2, str::to_owned, &["dpo"]);
    std::fs::write(folder.join(&unsigned).join("signatures.json"), "{}").unwrap();
    std::fs::write(folder.join(&unsigned).join("policies/main.policy"), "not what was hashed, and no policy").unwrap();
    std::fs::write(folder.join(&unsigned).join("freeze.json"), &order).unwrap();
    put_live(&folder, &unsigned);
    refused(&house, "approvers", "signed by none of the approvers").await;
    assert!(frozen(&ready(&house).await, "incident 8"));
    let entries = house.entries().await;
    let place = |kind: &str, is: &dyn Fn(&Value) -> bool| {
        entries.iter().position(|entry| entry["kind"] == kind && is(entry)).unwrap()
    };
    assert!(place("freeze", &|entry| entry["state"] == "begun") < place("policy", &|entry| entry["in_force"] == false));

    // A file as large as the disk is not read either.
    let large = std::fs::File::create(folder.join("live/signatures.json")).unwrap();
    large.set_len(1 << 40).unwrap();
    drop(large);
    refused(&house, "signature", "is larger than").await;
    // A bad signature of an approver is told with its name.
    let signed = folder.join(bundle(&folder, 3, str::to_owned, &["dpo", "ciso"]));
    edit(&signed.join("signatures.json"), |signatures| signatures["ciso"] = "AAAA".into());
    put_live(&folder, signed.file_name().unwrap().to_str().unwrap());
    refused(&house, "signature", "the signature of `ciso` does not hold").await;
}

/// What both approvers signed for another gateway, whatever its version, does not come into force at this one.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_another_name_does_not_follow() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    let other = |sheet: &str| sheet.replacen("policy \"", "policy \"of the trial gateway: ", 1);
    put_live(&folder, &bundle(&folder, 9, other, &["dpo", "ciso"]));
    refused(&house, "name", "a name is for the life of a log").await;
    // Nor does it where the log alone remembers.
    let House { plot, app, .. } = house;
    app.stop().await.unwrap();
    std::fs::remove_file(folder.join("audit/policies/state.json")).unwrap();
    let problem = octroi::app::App::start(plot.write_configuration()).await.unwrap_err().to_string();
    assert!(problem.contains("a name is for the life of a log"), "{problem}");
    put_live(&folder, &bundle(&folder, 2, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    assert_eq!(house.app.gate().snapshot().policy.version(), 2);
}

/// Whoever adds a bad signature in the name of another approver voids no order.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_signature_beside_a_good_one_voids_no_freeze() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    let order = ordered_aside(&folder, "incident 9");
    edit(&order, |file| file["freezes"][0]["signatures"]["ciso"] = "AAAA".into());
    std::fs::rename(order, folder.join("live/freeze.json")).unwrap();
    until("the freeze", async || frozen(&ready(&house).await, "incident 9").then_some(())).await;
    // It is in force before its entry is on the disk.
    let begun = until("its entry", async || house.entries_of("freeze").await.into_iter().next()).await;
    assert_eq!(begun["by"], serde_json::json!(["dpo"]), "only who signed");
}

/// The file of before a thaw, laid there again, begins nothing: not while it runs, not after a restart, not without the state.
#[tokio::test(flavor = "multi_thread")]
async fn a_thawed_freeze_does_not_come_back_with_its_file() {
    let plot = signed_plot().await;
    let folder = plot.folder.path().to_owned();
    put_live(&folder, &bundle(&folder, 1, str::to_owned, &["dpo", "ciso"]));
    let house = plot.open().await;
    let words =
        ["policy", "freeze", "--policies", "live", "--key", "dpo.key", "--as", "dpo", "--because", "incident 10"];
    octroi(&folder, &words);
    until("the freeze", async || frozen(&ready(&house).await, "incident 10").then_some(())).await;
    let file = folder.join("live/freeze.json");
    let before = std::fs::read_to_string(&file).unwrap();
    let order = ready(&house).await["freeze"]["order"].as_str().unwrap().to_owned();
    for signer in ["dpo", "ciso"] {
        let key = format!("{signer}.key");
        let words = ["policy", "thaw", "--policies", "live", "--as", signer, "--because", "over", "--order", &order];
        octroi(&folder, &[&words[..], &["--key", &key]].concat());
    }
    until("the thaw", async || ready(&house).await["freeze"].is_null().then_some(())).await;
    let reloads = house.entries_of("reload").await.len();
    replace(&file, &before);
    until("another look", async || (house.entries_of("reload").await.len() > reloads).then_some(())).await;
    assert!(ready(&house).await["freeze"].is_null(), "the order of before is over");
    let House { mut plot, app, .. } = house;
    app.stop().await.unwrap();
    for gone in [false, true] {
        if gone {
            std::fs::remove_file(folder.join("audit/policies/state.json")).unwrap();
        }
        let house = plot.open().await;
        assert!(ready(&house).await["freeze"].is_null(), "the state is gone: {gone}");
        let House { plot: again, app, .. } = house;
        app.stop().await.unwrap();
        plot = again;
    }
}
