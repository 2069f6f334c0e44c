//! `octroi-verify DIR`: checks an audit log offline and says what it found, in plain words.
//!
//! Exit status: 0 the log holds, 1 it does not, 2 it could not be checked (usage, files that cannot be read).

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use octroi_verify::policy::Policy;
use octroi_verify::tlog_proof::TlogProof;
use octroi_verify::verify::as_written;
use octroi_verify::{Checkpoint, Known, Progress, Trust, VerifierKey, shown, verify_all};

const USAGE: &str =
    "usage: octroi-verify DIR [--key VKEY | --policy FILE] [--from CHECKPOINT]... [--export FILE]... [--index]
       octroi-verify [DIR] --proof FILE [--entry FILE] (--key VKEY | --policy FILE)
       octroi-verify --format

  DIR                 the folder of a log, as a gateway writes it or as it is published in tiles; or a folder with
                      the folders of several: each is checked, and that epochs follow each other
  --key VKEY          the log's public key, or a file that holds it; without it the folder's own is taken,
                      and a log that was replaced together with its key is not noticed
  --policy FILE       a trust policy (C2SP tlog-policy): logs, witnesses, and how many of these must have signed
  --from CHECKPOINT   a file with a checkpoint of this log kept from earlier; the log must still extend it
  --export FILE       exported entries (JSON lines): each must stand in the log as it does in the file
  --index             the review index beside the log (index.db) must say what the log says
  --proof FILE        check one entry with its proof (C2SP tlog-proof), without the log; with DIR that is verified
                      first, so that the key of an early epoch is enough for the proof of a later one
  --entry FILE        the entry, when the proof does not carry it
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
    // A name that is no text is told as the file that is not there, with what could be read of it.
    let given = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    match arguments(given) {
        Ok(Task::Verify(dir, trust)) => verify(&dir, &trust, &mut out, &mut err),
        Ok(Task::Say(text)) => {
            out.write_all(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Task::Prove(dir, proof, entry, trust)) => match prove(dir.as_deref(), &proof, entry.as_deref(), &trust) {
            Ok(told) => {
                writeln!(out, "PROVEN: {told}")?;
                Ok(ExitCode::SUCCESS)
            }
            Err(fault) => {
                writeln!(out, "NOT PROVEN: {fault}")?;
                Ok(ExitCode::from(1))
            }
        },
        Err(fault) => {
            writeln!(err, "octroi-verify: {fault}\n\n{USAGE}")?;
            Ok(ExitCode::from(2))
        }
    }
}

fn verify(
    dir: &Path,
    trust: &Trust,
    out: &mut impl io::Write,
    err: &mut (impl io::Write + io::IsTerminal),
) -> io::Result<ExitCode> {
    let (mut shown, terminal) = (None, err.is_terminal());
    let mut progress = |progress: Progress| {
        let percent = progress.entries.saturating_mul(100) / progress.signed.max(1);
        // A progress line that cannot be written is no reason to stop.
        if terminal && shown != Some(percent) && bar(err, percent, progress.entries).is_ok() {
            shown = Some(percent);
        }
    };
    let result = verify_all(dir, trust, &mut progress);
    if shown.is_some() {
        write!(err, "\r\x1b[K")?;
    }
    match result {
        Ok(reports) => {
            reports.iter().try_for_each(|report| write!(out, "{report}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            writeln!(out, "NOT VERIFIED: {problem}")?;
            Ok(ExitCode::from(if problem.kind.is_unchecked() { 2 } else { 1 }))
        }
    }
}

/// Draws the progress on one line.
fn bar(err: &mut impl io::Write, percent: u64, entries: u64) -> io::Result<()> {
    const WIDTH: usize = 40;
    let done = usize::try_from(percent.min(100)).unwrap_or(0) * WIDTH / 100;
    write!(err, "\r[{}{}] {percent:>3} %  {entries} entries", "#".repeat(done), " ".repeat(WIDTH - done))?;
    err.flush()
}

/// Checks one entry with its proof, and tells what it proves. Where the log is there, too, the keys that its epochs announced
/// are trusted.
fn prove(dir: Option<&Path>, proof: &str, entry: Option<&[u8]>, trust: &Trust) -> Result<String, String> {
    let proof = TlogProof::parse(proof).map_err(|error| error.to_string())?;
    let origin = proof.checkpoint.lines().next().unwrap_or_default();
    let trust = match dir {
        Some(dir) => with_announced(dir, origin, trust)?,
        None => trust.clone(),
    };
    let (checkpoint, witnesses) = match (&trust.key, &trust.policy) {
        (Some(key), _) if key.name() != origin => return Err(of_another(origin, key.name())),
        (None, Some(policy)) if !policy.logs().iter().any(|log| log.name() == origin) => {
            let logs: Vec<_> = policy.logs().iter().map(VerifierKey::name).collect();
            return Err(of_another(origin, &logs.join("`, `")));
        }
        (Some(key), _) => (Checkpoint::open(&proof.checkpoint, key).map_err(|error| error.to_string())?, Vec::new()),
        (None, Some(policy)) => {
            let accepted = policy.accept(&proof.checkpoint).map_err(|error| error.to_string())?;
            (accepted.checkpoint, accepted.witnesses)
        }
        (None, None) => return Err("a proof needs a key or a policy to be checked with".to_owned()),
    };
    let entry = proof.verify(entry, &checkpoint).map_err(|error| error.to_string())?;
    let entry = String::from_utf8_lossy(entry);
    let (origin, size, witnesses) = (checkpoint.origin, checkpoint.size, witnesses.len());
    Ok(format!("entry {} of {size} of {origin}, {witnesses} witnesses\n{entry}", proof.index))
}

/// The same trust with the key that trusted epochs in this folder announced for the log of this name.
fn with_announced(dir: &Path, origin: &str, trust: &Trust) -> Result<Trust, String> {
    let reports = verify_all(dir, trust, &mut |_| {}).map_err(|problem| format!("the log does not hold: {problem}"))?;
    let mut trust = trust.clone();
    let Some(report) = reports.into_iter().find(|report| report.origin == origin && report.key_given) else {
        return Ok(trust);
    };
    match &mut trust.policy {
        Some(policy) if !policy.logs().contains(&report.key) => *policy = policy.with_log(report.key),
        Some(_) => {}
        None => trust.key = Some(report.key),
    }
    Ok(trust)
}

/// Says that the proof is of a log that nothing given speaks of, and what would.
fn of_another(origin: &str, given: &str) -> String {
    format!(
        "it is of `{origin}`, and the key given is of `{given}`: each epoch has a key of its own, which the one before announced; \
         give the folder of the log, too (octroi-verify DIR --proof …), or the key of that epoch"
    )
}

/// What is asked for.
enum Task {
    Verify(PathBuf, Trust),
    Prove(Option<PathBuf>, String, Option<Vec<u8>>, Trust),
    Say(String),
}

/// Reads the command line.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Task, String> {
    let (mut dir, mut proof, mut entry, mut trust) = (None, None, None, Trust::default());
    while let Some(argument) = given.next() {
        let mut value = |what: &str| given.next().ok_or_else(|| format!("`{argument}` needs {what}"));
        match argument.as_str() {
            "-h" | "--help" => return Ok(Task::Say(USAGE.to_owned())),
            "--format" => return Ok(Task::Say(octroi_verify::schema::describe())),
            "--key" => {
                let key = value("a key")?;
                let text = if key.contains('+') { key } else { read(&key)? };
                trust.key = Some(VerifierKey::parse(text.trim()).map_err(|_| "`--key` is not a verifier key")?);
            }
            "--policy" => {
                trust.policy = Some(Policy::parse(&read(&value("a file")?)?).map_err(|error| error.to_string())?);
            }
            "--from" => {
                let file = value("a file")?;
                trust.known.push(Known::of(shown(&file), &read(&file)?));
            }
            "--export" => trust.exports.push(PathBuf::from(value("a file")?)),
            "--index" => trust.index = true,
            "--proof" => proof = Some(read(&value("a file")?)?),
            "--entry" => {
                // An entry is one line: the end that a program put behind it is none of it.
                let line = bytes(&value("a file")?)?;
                let whole = line.strip_suffix(b"\n").unwrap_or(&line);
                entry = Some(whole.strip_suffix(b"\r").unwrap_or(whole).to_vec());
            }
            option if option.starts_with('-') => return Err(format!("unknown option `{}`", shown(option))),
            url if is_url(url) => {
                return Err("a folder, not an address: `octroi audit verify URL` reads a served log, and so does this a copy of it".to_owned());
            }
            _ if dir.is_some() => return Err("one folder at a time".to_owned()),
            path => dir = Some(PathBuf::from(path)),
        }
    }
    if trust.key.is_some() && trust.policy.is_some() {
        return Err("a key or a policy, not both".to_owned());
    }
    match (dir, proof) {
        (_, Some(_)) if trust.key.is_none() && trust.policy.is_none() => {
            Err("a proof needs a key or a policy to be checked with".to_owned())
        }
        (dir, Some(proof)) => Ok(Task::Prove(dir, proof, entry, trust)),
        (Some(dir), None) => Ok(Task::Verify(dir, trust)),
        (None, None) => Err("which folder?".to_owned()),
    }
}

fn is_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("http://") || text.starts_with("https://")
}

#[expect(clippy::disallowed_methods, reason = "the command line names files")]
fn read(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("`{}`: {}", shown(path), error.kind()))?;
    Ok(as_written(&text))
}

#[expect(clippy::disallowed_methods, reason = "the command line names files")]
fn bytes(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("`{}`: {}", shown(path), error.kind()))
}
