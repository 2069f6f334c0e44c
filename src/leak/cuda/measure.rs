//! Times on the device against the least that its memory allows, measured in the same run.
#![expect(clippy::cast_precision_loss, reason = "bytes and times in a report: 52 bits are plenty")]

use std::time::{Duration, Instant};

use super::{Device, DeviceEncoder, DeviceRows, WhyNot};
use crate::leak::encoder::Batch;
use crate::leak::scan::{HITS_MAX, Live, Queries, ScanError};

/// Runs before the clock starts, so that code is loaded and clocks are up.
const WARM_UPS: usize = 3;

/// One line of the report.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What was done.
    pub what: String,
    /// Median time of one run, in milliseconds.
    pub milliseconds: f64,
    /// The time that the bytes alone take at the copy's rate, where bytes are the bound.
    pub floor_milliseconds: Option<f64>,
    /// Rate or remark.
    pub note: String,
}

/// Median device time of a piece of work, by the device's own clock.
pub(super) fn device_time(
    device: &Device,
    runs: usize,
    mut work: impl FnMut() -> Result<(), WhyNot>,
) -> Result<f64, WhyNot> {
    for _ in 0..WARM_UPS {
        work()?;
    }
    let timed = Some(cudarc::driver::sys::CUevent_flags::CU_EVENT_DEFAULT);
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let (start, end) = (device.context().new_event(timed)?, device.context().new_event(timed)?);
        start.record(device.stream())?;
        work()?;
        end.record(device.stream())?;
        device.finish()?;
        times.push(f64::from(start.elapsed_ms(&end)?));
    }
    Ok(median(&mut times))
}

/// Median time of a piece of work that waits for its own end.
pub(super) fn wall_time<E>(runs: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    for _ in 0..WARM_UPS {
        work()?;
    }
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        #[expect(clippy::disallowed_methods, reason = "a benchmark times what it ran, on no request's path")]
        let start = Instant::now();
        work()?;
        times.push(milliseconds(start.elapsed()));
    }
    Ok(median(&mut times))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// Bytes per second, read plus written, of a copy of `bytes` within the device.
///
/// # Errors
/// No memory, a driver that refuses.
pub fn copy_rate(device: &Device, bytes: usize) -> Result<f64, WhyNot> {
    let from = device.buffer::<u8>(bytes)?;
    let to = device.buffer::<u8>(bytes)?;
    let time = device_time(device, 15, || device.copy(&to, &from))?;
    Ok(2.0 * bytes as f64 / (time / 1e3))
}

/// Rows made up on the processor and sent; the same numbers each time.
///
/// # Errors
/// No memory, a driver that refuses.
pub fn random_rows(device: &Device, dimension: usize, len: usize) -> Result<DeviceRows, WhyNot> {
    let held = DeviceRows::room(device, dimension, len)?;
    let stretch = 1 << 18;
    let mut vectors = vec![0_i8; stretch * dimension];
    let biases: Vec<i32> = (0..4_096).cycle().take(stretch).collect();
    for start in (0..len).step_by(stretch) {
        let rows = stretch.min(len - start);
        fill(&mut vectors, start as u64);
        device_rows(&held, device, start, vectors.get(..rows * dimension), biases.get(..rows))?;
    }
    Ok(held)
}

fn device_rows(
    held: &DeviceRows,
    device: &Device,
    start: usize,
    vectors: Option<&[i8]>,
    biases: Option<&[i32]>,
) -> Result<(), WhyNot> {
    held.write(device, start, vectors.unwrap_or_default(), biases.unwrap_or_default())
}

/// Fills with bytes between -32 and 31 on all processors: the spread of a unit vector's entries at this scale.
pub fn fill(values: &mut [i8], seed: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = values.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (at, part) in values.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                let mut state = (seed ^ (at as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
                for eight in part.chunks_mut(8) {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    for (to, from) in eight.iter_mut().zip(state.to_le_bytes()) {
                        *to = from.cast_signed() >> 2;
                    }
                }
            });
        }
    });
}

/// A batch of made-up queries without hits: only the best rows are sought.
///
/// # Errors
/// A dimension that no kernel takes.
pub fn random_queries(dimension: usize, len: usize) -> Result<Queries, ScanError> {
    let mut values = vec![0_i8; dimension * len];
    fill(&mut values, 0xF00D);
    let mut queries = Queries::new(dimension)?;
    for vector in values.chunks_exact(dimension) {
        queries.push(vector, i32::MAX)?;
    }
    Ok(queries)
}

/// Times walks over rows: the device's part alone, and a whole question from host to host.
///
/// # Errors
/// A device that fails.
pub fn scans(
    device: &Device,
    rows: &DeviceRows,
    live: &Live,
    rate: f64,
    widths: &[usize],
) -> Result<Vec<Measured>, ScanError> {
    let mut lines = Vec::new();
    for &width in widths {
        let queries = random_queries(rows.dimension(), width)?;
        rows.pass(device, &queries, live, HITS_MAX)?;
        let alone = device_time(device, 20, || rows.ask_again(device, width)).map_err(ScanError::Device)?;
        let whole = wall_time(20, || rows.pass(device, &queries, live, HITS_MAX).map(drop))?;
        let floor = rows.walk_bytes() as f64 / rate * 1e3;
        let what = format!("scan {} rows x {} with {width} queries", rows.len(), rows.dimension());
        let note = format!("{:.0} GB/s, {:.2} x floor", rows.walk_bytes() as f64 / alone / 1e6, alone / floor);
        lines.push(Measured { what: what.clone(), milliseconds: alone, floor_milliseconds: Some(floor), note });
        lines.push(Measured {
            what: what + ", host to host",
            milliseconds: whole,
            floor_milliseconds: None,
            note: String::new(),
        });
    }
    Ok(lines)
}

/// Times the encoder: the device's part alone, and a whole question from host to host.
///
/// # Errors
/// A device that fails.
pub fn encodings(device: &Device, encoder: &DeviceEncoder, batch: &Batch) -> Result<Vec<Measured>, WhyNot> {
    let shape = encoder.stage(batch);
    let alone = device_time(device, 50, || encoder.launch(device, shape))?;
    let apart = device_time(device, 50, || encoder.ask(device, shape))?;
    let whole = wall_time(50, || encoder.encode(device, batch).map(drop))?;
    let what = format!("encode {} windows, {} tokens", batch.len(), batch.ids().len());
    let line = |what: String, milliseconds: f64| Measured {
        what,
        milliseconds,
        floor_milliseconds: None,
        note: String::new(),
    };
    Ok(vec![
        line(what.clone(), alone),
        line(what.clone() + ", without a graph", apart),
        line(what + ", host to host", whole),
    ])
}
