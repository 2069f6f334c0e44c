//! `octroi-verify DIR`: checks an audit log offline and says what it found, in plain words.
//!
//! Exit status: 0 the log holds, 1 it does not, 2 it could not be checked (usage, files that cannot be read).

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use octroi_verify::{Problem, ProblemKind, Progress, Trust, VerifierKey, verify_dir};

const USAGE: &str = "usage: octroi-verify DIR [--key VKEY] [--from CHECKPOINT]...
       octroi-verify --format

  DIR                 the folder of the log
  --key VKEY          the log's public key, or a file that holds it; without it the folder's own is taken,
                      and a log that was replaced together with its key is not noticed
  --from CHECKPOINT   a file with a checkpoint of this log kept from earlier; the log must still extend it
  --format            only print what an entry of each kind may hold
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        // Nobody reads any more: there is nothing left to say.
        Err(_) => ExitCode::from(2),
    }
}

fn run() -> io::Result<ExitCode> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let (dir, trust) = match arguments(std::env::args().skip(1)) {
        Ok(Task::Verify(dir, trust)) => (dir, trust),
        Ok(Task::Say(text)) => {
            out.write_all(text.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(fault) => {
            writeln!(err, "octroi-verify: {fault}\n\n{USAGE}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let (mut shown, terminal) = (0, err.is_terminal());
    let mut progress = |progress: Progress| {
        let percent = progress.entries.saturating_mul(100) / progress.signed.max(1);
        // A progress line that cannot be written is no reason to stop.
        if terminal && percent > shown && write!(err, "\r{percent} %").and_then(|()| err.flush()).is_ok() {
            shown = percent;
        }
    };
    let result = verify_dir(&dir, &trust, &mut progress);
    if shown > 0 {
        write!(err, "\r      \r")?;
    }
    match result {
        Ok(report) => {
            write!(out, "{report}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            writeln!(out, "NOT VERIFIED: {problem}")?;
            Ok(ExitCode::from(exit_status(&problem)))
        }
    }
}

const fn exit_status(problem: &Problem) -> u8 {
    match problem.kind {
        ProblemKind::Unreadable | ProblemKind::NotALog | ProblemKind::Key => 2,
        _ => 1,
    }
}

/// What is asked for.
enum Task {
    Verify(PathBuf, Trust),
    Say(String),
}

/// Reads the command line.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Task, String> {
    let (mut dir, mut trust) = (None, Trust::default());
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "-h" | "--help" => return Ok(Task::Say(USAGE.to_owned())),
            "--format" => return Ok(Task::Say(octroi_verify::schema::describe())),
            "--key" => {
                let key = given.next().ok_or("`--key` needs a key")?;
                let text = if key.contains('+') { key } else { read(&key)? };
                trust.key = Some(VerifierKey::parse(&text).map_err(|_| "`--key` is not a verifier key")?);
            }
            "--from" => trust.known.push(read(&given.next().ok_or("`--from` needs a file")?)?),
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`")),
            _ if dir.is_some() => return Err("one folder at a time".to_owned()),
            path => dir = Some(PathBuf::from(path)),
        }
    }
    dir.map(|dir| Task::Verify(dir, trust)).ok_or_else(|| "which folder?".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the command line names files")]
fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("`{path}`: {}", error.kind()))
}
