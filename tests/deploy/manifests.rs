//! The service, the image and the manifests: they parse, and say what keeps the gateway in its place.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{read, yaml};

/// The one document of a kind.
fn of_kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    let mut found = documents.iter().filter(|document| document["kind"] == kind);
    let one = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "two of {kind}");
    one
}

#[test]
fn the_manifests_hold_the_gateway_in_its_place() {
    let documents = yaml("deploy/kubernetes/octroi.yaml");
    for document in &documents {
        assert!(document["apiVersion"].is_string() && document["metadata"]["namespace"] == "octroi", "{document}");
    }
    let deployment = of_kind(&documents, "Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    for (name, found, expected) in [
        ("one writer of the log", &deployment["spec"]["replicas"], json!(1)),
        ("never two at once", &deployment["spec"]["strategy"]["type"], json!("Recreate")),
        ("not root", &pod["securityContext"]["runAsNonRoot"], json!(true)),
        ("system calls", &pod["securityContext"]["seccompProfile"]["type"], json!("RuntimeDefault")),
        ("no token of the cluster", &pod["automountServiceAccountToken"], json!(false)),
        ("read-only root", &container["securityContext"]["readOnlyRootFilesystem"], json!(true)),
        ("no new rights", &container["securityContext"]["allowPrivilegeEscalation"], json!(false)),
        ("no capabilities", &container["securityContext"]["capabilities"]["drop"], json!(["ALL"])),
        ("readiness", &container["readinessProbe"]["httpGet"], json!({"path": "/readyz", "port": "admin"})),
        ("liveness", &container["livenessProbe"]["httpGet"], json!({"path": "/healthz", "port": "admin"})),
        (
            "a volume for one pod",
            &of_kind(&documents, "PersistentVolumeClaim")["spec"]["accessModes"],
            json!(["ReadWriteOncePod"]),
        ),
        (
            "both ways are closed",
            &of_kind(&documents, "NetworkPolicy")["spec"]["policyTypes"],
            json!(["Ingress", "Egress"]),
        ),
        (
            "nobody drains it by accident",
            &of_kind(&documents, "PodDisruptionBudget")["spec"]["maxUnavailable"],
            json!(0),
        ),
    ] {
        assert_eq!(*found, expected, "{name}");
    }
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > 30, "streams have time to finish");
    // Every way out names where to: an empty `to` would be everywhere.
    for way in of_kind(&documents, "NetworkPolicy")["spec"]["egress"].as_array().unwrap() {
        let to = way["to"].as_array().unwrap_or_else(|| panic!("a way to everywhere: {way}"));
        assert!(!to.is_empty() && way["ports"].is_array(), "{way}");
        assert!(to.iter().all(|peer| peer["ipBlock"]["cidr"] != "0.0.0.0/0"), "{way}");
    }
    // Volumes and mounts agree, and labels meet their selectors.
    let volumes: Vec<&Value> = pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
    for mount in container["volumeMounts"].as_array().unwrap() {
        assert!(volumes.contains(&&mount["name"]), "{mount}");
    }
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    for (kind, at) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
    ] {
        assert_eq!(of_kind(&documents, kind).pointer(at).unwrap(), labels, "{kind}");
    }
}

#[test]
fn the_unit_is_hardened() {
    let unit = read("deploy/systemd/octroi.service");
    for line in [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "CapabilityBoundingSet=",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
        "SocketBindDeny=any",
        "LoadCredential=root.key:/etc/octroi/keys/root.key",
        "User=octroi",
    ] {
        assert!(unit.lines().any(|found| found == line), "the unit lacks `{line}`");
    }
    let tool = |arguments: &[&str]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd/octroi.service");
        Command::new("systemd-analyze").args(arguments).arg(path).output().ok()
    };
    let Some(verified) = tool(&["verify"]) else {
        eprintln!("SKIPPED: systemd-analyze is not installed");
        return;
    };
    // It also complains that the binary is not installed on this machine.
    let said = String::from_utf8_lossy(&verified.stderr);
    let faults: Vec<&str> = said.lines().filter(|line| line.contains("octroi.service")).collect();
    assert!(faults.iter().all(|line| line.contains("is not executable")), "{faults:#?}");
    let rated = tool(&["security", "--offline=true", "--threshold=20"]).unwrap();
    assert!(rated.status.success(), "exposed to more than 2.0: {}", String::from_utf8_lossy(&rated.stdout));
}

#[test]
fn the_image_runs_as_nobody() {
    let file = read("deploy/Containerfile");
    let last = file.rsplit_once("\nFROM ").unwrap().1;
    for line in ["USER 65532:65532", "ENTRYPOINT [\"/usr/local/bin/octroi\"]", "STOPSIGNAL SIGTERM"] {
        assert!(last.lines().any(|found| found == line), "the image lacks `{line}`");
    }
    assert!(!last.contains("\nRUN "), "the last stage has no shell");
    assert!(file.contains(" AS build\n") && file.contains("--locked"));
}
