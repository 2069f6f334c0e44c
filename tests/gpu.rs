//! The gate of the GPU: the same binary where there is no driver library, no device, and a library that is broken.
#![cfg(target_os = "linux")]
#![allow(clippy::allow_attributes, clippy::unwrap_used, clippy::disallowed_methods, reason = "test helpers")]

use std::path::Path;
use std::process::{Command, Output};

/// Compiles a library that stands where the driver's would.
fn library(folder: &Path, source: &str) {
    let file = folder.join("driver.c");
    std::fs::write(&file, source).unwrap();
    for name in ["libcuda.so.1", "libcuda.so"] {
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(folder.join(name)).arg(&file).status();
        assert!(built.unwrap().success());
    }
}

fn selftest(libraries: &Path, more: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["gpu", "selftest"])
        .args(more)
        .env("LD_LIBRARY_PATH", libraries)
        .env_remove("OCTROI_GPU")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    (output, told)
}

/// What each case's library says, the word that is told, and how the command ends.
const CASES: &[(&str, &str, &str, i32)] = &[
    ("no device", "int cuInit(unsigned flags) { return 100; }", "no-device", 0),
    ("a stub from a container's image", "int cuInit(unsigned flags) { return 34; }", "broken-library", 1),
    ("a driver that does not match", "int cuInit(unsigned flags) { return 803; }", "broken-library", 1),
    ("a library without a function", "int nothing_of_a_driver;", "broken-library", 1),
    ("a driver that refuses", "int cuInit(unsigned flags) { return 999; }", "driver", 1),
];

#[test]
fn a_library_without_a_device_is_told_and_never_a_crash() {
    for (name, source, word, status) in CASES {
        let folder = tempfile::tempdir().unwrap();
        library(folder.path(), source);
        let (output, told) = selftest(folder.path(), &[]);
        assert_eq!(output.status.code(), Some(*status), "{name}: {told}{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.starts_with(&format!("gpu\t{word}\t")), "{name}: {told}");
        assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let (output, told) = selftest(folder.path(), &["--gpu", "off"]);
        assert!(output.status.success() && told.starts_with("gpu\toff\t"), "{name}: {told}");
    }
}

#[test]
fn a_file_that_is_no_library_counts_as_none() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["libcuda.so.1", "libcuda.so"] {
        std::fs::write(folder.path().join(name), b"no library").unwrap();
    }
    // Where the machine has a driver of its own, the loader goes on to that one.
    let (output, told) = selftest(folder.path(), &[]);
    let word = told.split('\t').nth(1).unwrap_or_default().to_owned();
    assert!(["no-library", "on", "no-device"].contains(&word.as_str()), "{told}");
    assert!(output.status.success(), "{told}");
}

#[test]
fn without_a_library_the_processor_does_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let (output, told) = selftest(folder.path(), &["--json"]);
    assert!(output.status.success(), "{told}");
    if !Path::new("/proc/driver/nvidia").exists() {
        assert_eq!(told.trim(), r#"{"gpu":"no-library"}"#);
    }
}
