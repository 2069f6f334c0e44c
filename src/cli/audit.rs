//! `octroi audit`: verifies and reads the log. Evidence is only ever the log; these commands need nothing else.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use octroi_verify::{Trust, VerifierKey, verify_dir};

use super::{Exit, Printer};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify the log: every byte, the order, the tree, the signature
    Verify {
        /// The log's folder
        #[arg(default_value = "audit")]
        dir: PathBuf,
        /// The log's public key, as an auditor keeps it; without it the folder's own is taken
        #[arg(long)]
        key: Option<PathBuf>,
        /// A checkpoint kept from an earlier visit: the log must still begin with what it covers
        #[arg(long)]
        from: Vec<PathBuf>,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Verify { dir, key, from, json } => verify(&dir, key.as_deref(), &from, (json, printer)),
    }
}

fn verify(dir: &Path, key: Option<&Path>, known: &[PathBuf], (json, printer): (bool, Printer)) -> anyhow::Result<Exit> {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("{}", path.display()));
    let key = match key {
        Some(path) => Some(VerifierKey::parse(read(path)?.trim()).with_context(|| format!("{}", path.display()))?),
        None => None,
    };
    let known = known.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let trust = Trust { key, known };
    let (sound, text) = match verify_dir(dir, &trust, &mut |_| {}) {
        Ok(report) if json => (
            true,
            serde_json::json!({
                "sound": true, "origin": report.origin, "signed": report.signed, "unsigned": report.unsigned,
                "root": report.root.to_string(), "segments": report.segments, "unfinished": report.unfinished,
                "kinds": report.kinds, "first": report.first_time, "last": report.last_time,
            })
            .to_string(),
        ),
        Ok(report) => (true, told(&report)),
        Err(problem) if json => (
            false,
            serde_json::json!({
                "sound": false, "file": problem.file, "offset": problem.offset, "seq": problem.seq,
                "problem": problem.to_string(),
            })
            .to_string(),
        ),
        Err(problem) => (false, format!("not sound: {problem}")),
    };
    printer.line(text);
    Ok(if sound { Exit::Well } else { Exit::Findings })
}

/// Verifies a folder with the key that lies in it, and tells the result in sentences.
pub(super) fn verify_folder(dir: &Path) -> (bool, String) {
    match verify_dir(dir, &Trust::default(), &mut |_| {}) {
        Ok(report) => (true, told(&report)),
        Err(problem) => (false, format!("not sound: {problem}")),
    }
}

fn told(report: &octroi_verify::Report) -> String {
    let kinds: Vec<String> = report.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut text = format!(
        "sound: {} entries of `{}` are intact, in order and signed (root {}), {} more are intact\n  {}",
        report.signed,
        report.origin,
        report.root,
        report.unsigned,
        kinds.join(", "),
    );
    if report.unfinished > 0 {
        text.push_str(&format!("\n  {} decisions have no outcome yet", report.unfinished));
    }
    if !report.key_given {
        text.push_str("\n  checked with the key in the folder: keep a copy elsewhere and pass it with --key");
    }
    text
}
