//! `octroi gpu`: whether the GPU of this machine may be used, and how fast it is.
#![expect(
    clippy::disallowed_methods,
    reason = "the command line names a folder, and the bench has a thread of its own"
)]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::{Exit, Printer};
use crate::leak::cuda::measure::{self, Measured};
use crate::leak::cuda::{self, Device, DeviceEncoder, DeviceRows, WhyNot};
use crate::leak::encoder::{Batch, Config, Encoder, Tensors, WEIGHTS_BYTES_MAX, Weights};
use crate::leak::scan::{CpuScan, HITS_MAX, Live, Queries, Rows, Scan as _};

/// The least cosine between a vector of the GPU and the same vector in f32 on the processor.
const COSINE_MIN: f64 = 0.9999;
/// Rows of the self-test: several tiles for every multiprocessor, and no multiple of one.
const TEST_ROWS: usize = 100_003;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Compare the GPU's numbers with the processor's: scores must be equal, vectors within a cosine of 0.9999
    Selftest(Arguments),
    /// Measure it, against the time that its memory takes for as many bytes
    Bench(Arguments),
}

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Rows to scan in the bench
    #[arg(long, default_value_t = 10_000_000)]
    rows: usize,
    /// A folder with an encoder: `config.json` and `model.safetensors`
    #[arg(long)]
    model: Option<PathBuf>,
    /// `off`: leave it alone
    #[arg(long, env = "OCTROI_GPU", default_value = "on")]
    gpu: String,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    let (Command::Selftest(arguments) | Command::Bench(arguments)) = command;
    let weights = arguments.model.as_deref().map(read).transpose()?;
    let is_bench = matches!(command, Command::Bench(_));
    // All of the device stays on one thread, and a broken driver that brings it down brings down no other.
    std::thread::scope(|scope| {
        let work = scope.spawn(|| work(arguments, weights.as_ref(), is_bench, printer));
        work.join().unwrap_or_else(|_| Err(anyhow!("the driver failed")))
    })
}

fn work(arguments: &Arguments, weights: Option<&Weights>, is_bench: bool, printer: Printer) -> anyhow::Result<Exit> {
    let device = match cuda::open(arguments.gpu == "off") {
        Ok(device) => device,
        Err(why) => {
            if arguments.json {
                printer.json(&serde_json::json!({"gpu": why.word()}));
            } else {
                printer.line(format!("gpu\t{}\t{why}: the processor does all the work", why.word()));
            }
            // A machine without one is well; one that answers wrongly is not.
            let is_fault = matches!(why, WhyNot::Broken | WhyNot::Wrong | WhyNot::Driver(_));
            return Ok(if is_fault { Exit::Findings } else { Exit::Well });
        }
    };
    let (major, minor) = device.capability();
    let said = format!("{}, compute capability {major}.{minor}, driver {}", device.name(), device.driver_version());
    if arguments.json {
        printer.json(&serde_json::json!({"gpu": "on", "device": said}));
    } else {
        printer.line(format!("gpu\ton\t{said}"));
    }
    if is_bench { bench(&device, arguments, weights, printer) } else { selftest(&device, weights, printer) }
}

/// Reads a model's folder.
fn read(folder: &Path) -> anyhow::Result<Weights> {
    let path = folder.join("model.safetensors");
    let length = std::fs::metadata(&path).with_context(|| path.display().to_string())?.len();
    if length > WEIGHTS_BYTES_MAX {
        return Err(anyhow!("{}: longer than {WEIGHTS_BYTES_MAX} bytes", path.display()));
    }
    let file = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let path = folder.join("config.json");
    let config = Config::parse(&std::fs::read(&path).with_context(|| path.display().to_string())?)?;
    Ok(Weights::load(&Tensors::parse(&file)?, config)?)
}

fn selftest(device: &Device, weights: Option<&Weights>, printer: Printer) -> anyhow::Result<Exit> {
    let mut is_well = true;
    for dimension in [256, 384] {
        let mut vectors = vec![0; TEST_ROWS * dimension];
        measure::fill(&mut vectors, 7);
        let mut rows = Rows::new(dimension)?;
        for (vector, bias) in vectors.chunks_exact(dimension).zip((-500..500).cycle()) {
            rows.push(vector, bias)?;
        }
        let mut live = Live::new(TEST_ROWS, true);
        (0..TEST_ROWS).step_by(7).for_each(|row| live.set(row, false));
        let held = DeviceRows::upload(device, &rows)?;
        for width in [1, 8, 13, 16, 31, 64, 100] {
            let queries = with_hits(&measure::random_queries(dimension, width)?)?;
            let expected = CpuScan::new(&rows).pass(&queries, &live, HITS_MAX)?;
            let is_equal = held.pass(device, &queries, &live, HITS_MAX)? == expected;
            is_well &= is_equal;
            let verdict = if is_equal { "equal" } else { "DIFFERENT" };
            printer.line(format!(
                "scan\t{TEST_ROWS} x {dimension}\t{width} queries\t{} hits\t{verdict}",
                expected.counted
            ));
        }
    }
    if let Some(weights) = weights {
        let (encoder, held) = (Encoder::new(weights), DeviceEncoder::upload(device, weights)?);
        for lengths in [&[3, 64, 65, 128, 17, 1, 33, 63][..], &[64; 16]] {
            let batch = windows(lengths, weights.config.vocabulary)?;
            let (expected, found) = (encoder.encode(&batch)?, held.encode(device, &batch)??);
            let least = expected.iter().zip(&found).map(|(a, b)| cosine(a, b)).fold(1.0, f64::min);
            is_well &= least >= COSINE_MIN && found.len() == expected.len();
            printer.line(format!("encode\t{} windows\tleast cosine {least:.6}", batch.len()));
        }
    }
    Ok(if is_well { Exit::Well } else { Exit::Findings })
}

/// The same queries with thresholds that some thousand rows reach.
fn with_hits(queries: &Queries) -> anyhow::Result<Queries> {
    let mut out = Queries::new(queries.dimension())?;
    for (vector, threshold) in queries.vectors().chunks_exact(queries.dimension()).zip((16_000..).step_by(37)) {
        out.push(vector, threshold)?;
    }
    Ok(out)
}

/// Made-up windows of given lengths.
fn windows(lengths: &[usize], vocabulary: usize) -> anyhow::Result<Batch> {
    let mut batch = Batch::new();
    let mut state = 12_345_u32;
    for &length in lengths {
        let ids = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        });
        let most = u32::try_from(vocabulary)?.max(1);
        batch.push(&ids.map(|id| id % most).take(length).collect::<Vec<_>>())?;
    }
    Ok(batch)
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
}

fn bench(device: &Device, arguments: &Arguments, weights: Option<&Weights>, printer: Printer) -> anyhow::Result<Exit> {
    let rate = measure::copy_rate(device, 1 << 31)?;
    printer.line(format!("copy\t{:.0} GB/s, read and written", rate / 1e9));
    for (dimension, rows) in [(256, arguments.rows), (384, arguments.rows * 2 / 5)] {
        let held = measure::random_rows(device, dimension, rows)?;
        let live = Live::new(rows, true);
        for line in measure::scans(device, &held, &live, rate, &[8, 16, 32, 64])? {
            tell(&line, arguments.json, printer);
        }
    }
    if let Some(weights) = weights {
        let held = DeviceEncoder::upload(device, weights)?;
        for count in [1, 16, 64, 128] {
            for line in measure::encodings(device, &held, &windows(&vec![64; count], weights.config.vocabulary)?)? {
                tell(&line, arguments.json, printer);
            }
        }
    }
    Ok(Exit::Well)
}

fn tell(line: &Measured, json: bool, printer: Printer) {
    if json {
        printer.json(&serde_json::json!({
            "what": line.what, "ms": line.milliseconds, "floor_ms": line.floor_milliseconds, "note": line.note,
        }));
        return;
    }
    let floor = line.floor_milliseconds.map_or_else(String::new, |floor| format!("{floor:.4} ms"));
    printer.line(format!("{}\t{:.4} ms\t{floor}\t{}", line.what, line.milliseconds, line.note));
}
