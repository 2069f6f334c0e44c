//! Runs the two SDK suites; shared by `tests/sdk.rs` and `tests/model_server.rs`.
#![expect(clippy::print_stderr, clippy::disallowed_methods, reason = "what was run and what was skipped is said aloud")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// One run of both suites.
pub(crate) struct Run<'a> {
    /// `home`, `abroad` or `direct`.
    pub(crate) mode: &'a str,
    /// The `client.env` file.
    pub(crate) client_env: &'a Path,
    /// `/received` addresses of the servers that may be reached.
    pub(crate) received_urls: &'a [String],
}

/// The interpreters and packages that `scripts/test` installs.
pub(crate) struct Tools {
    python: PathBuf,
}

impl Tools {
    /// Finds the tools. Without them the test is skipped aloud, or fails where `OCTROI_REQUIRE_SDK=1` promises them.
    pub(crate) fn find() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::var_os("OCTROI_TEST_TOOLS").map_or_else(|| root.join(".test-tools"), PathBuf::from);
        let python = folder.join("venv/bin/python");
        let node_package = root.join("tests/sdk/node/node_modules/openai/package.json");
        let missing: Vec<_> = [&python, &node_package].into_iter().filter(|path| !path.exists()).collect();
        if missing.is_empty() {
            return Some(Self { python });
        }
        assert!(std::env::var("OCTROI_REQUIRE_SDK").is_err(), "the SDKs are required and missing: {missing:?}");
        eprintln!("SKIPPED: the SDKs are not installed ({missing:?}); scripts/test installs them");
        None
    }

    /// Runs the Python suite, then the Node suite; both must pass.
    pub(crate) fn run(&self, run: &Run<'_>) {
        let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
        let mut python = Command::new(&self.python);
        python.args(["-B", "-m", "pytest", "-q"]).arg(suites.join("python"));
        let mut node = Command::new("node");
        node.arg(suites.join("node/run.mjs"));
        for (name, mut command) in [("python", python), ("node", node)] {
            let output = command
                .env("OCTROI_CLIENT_ENV", run.client_env)
                .env("OCTROI_SDK_MODE", run.mode)
                .env("OCTROI_RECEIVED_URLS", run.received_urls.join(","))
                .output()
                .unwrap();
            let shown = String::from_utf8_lossy(&output.stdout);
            eprintln!("--- {name} suite, {} ---\n{shown}", run.mode);
            assert!(
                output.status.success(),
                "the {name} suite failed in mode {}\n{}",
                run.mode,
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}
