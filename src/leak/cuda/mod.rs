//! The scan and the encoder on an NVIDIA GPU, when there is one.
//!
//! Nothing here is linked: the driver's library is loaded at run time, so the same binary starts where there is none. The
//! kernels were compiled ahead (`kernels/`) and are part of the binary; no compiler runs in the gateway.
//!
//! `Gpu::start` is a gate of five steps, each with its own reason for staying shut ([`WhyNot`]): the operator's switch, the
//! library, a bring-up on a thread of its own that may panic (a broken library does that to the bindings), the device's age,
//! and a tile of rows whose scores must equal the processor's. Whatever fails later, the processor takes over: a scan is
//! slower then, never absent.
//!
//! One thread owns the context, the stream and all memory of the device; others send it work over a bounded queue.

mod computer;
mod device;
mod encoder;
mod image;
mod launch;
pub mod measure;
mod rows;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

pub use computer::DeviceComputer;
pub use device::Device;
pub use encoder::DeviceEncoder;
pub use rows::DeviceRows;

use super::scan::{CpuScan, Live, Queries, Rows, Scan, ScanError};

/// Why the GPU is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WhyNot {
    /// The operator switched it off.
    #[error("switched off")]
    Off,
    /// No driver library on this machine.
    #[error("no driver library")]
    NoLibrary,
    /// A driver library that lacks what a driver has, or fails when it is called.
    #[error("the driver library is broken")]
    Broken,
    /// A driver and no device.
    #[error("no device")]
    NoDevice,
    /// A device older than the kernels: compute capability below 8.0.
    #[error("compute capability {0}.{1} is below 8.0")]
    TooOld(i32, i32),
    /// The device computed other numbers than the processor.
    #[error("the self-test gave other numbers than the processor")]
    Wrong,
    /// The driver refused a call, with its code.
    #[error("driver error {0}")]
    Driver(u32),
    /// Not enough memory on the device.
    #[error("out of device memory")]
    Memory,
    /// The device's queue is full.
    #[error("the queue is full")]
    Busy,
    /// No kernel for this shape.
    #[error("no kernel for {0} dimensions")]
    Shape(usize),
}

impl WhyNot {
    /// One closed word, for metrics and readiness.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NoLibrary => "no-library",
            Self::Broken => "broken-library",
            Self::NoDevice => "no-device",
            Self::TooOld(..) => "too-old",
            Self::Wrong => "self-test",
            Self::Driver(_) => "driver",
            Self::Memory => "memory",
            Self::Busy => "busy",
            Self::Shape(_) => "shape",
        }
    }
}

impl From<cudarc::driver::DriverError> for WhyNot {
    fn from(error: cudarc::driver::DriverError) -> Self {
        use cudarc::driver::sys::CUresult;
        match error.0 {
            CUresult::CUDA_ERROR_NO_DEVICE => Self::NoDevice,
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => Self::Memory,
            // A stub library answers every call so; so does one that does not match the kernel's driver.
            CUresult::CUDA_ERROR_STUB_LIBRARY | CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => Self::Broken,
            code => Self::Driver(code as u32),
        }
    }
}

/// Opens the first device on this thread, or says why it cannot be used. Whether the operator switched it off is looked at by
/// the caller and comes as `switched_off`.
///
/// # Errors
/// The step of the gate that stayed shut.
pub fn open(switched_off: bool) -> Result<Device, WhyNot> {
    if switched_off {
        return Err(WhyNot::Off);
    }
    if !device::is_library_present() {
        return Err(WhyNot::NoLibrary);
    }
    silenced(|| {
        let device = Device::open()?;
        self_test(&device)?;
        Ok(device)
    })
}

/// Runs a bring-up whose panics mean a broken library, without their message on standard error.
fn silenced<T>(bring_up: impl FnOnce() -> Result<T, WhyNot>) -> Result<T, WhyNot> {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(bring_up));
    QUIET.set(false);
    outcome.unwrap_or(Err(WhyNot::Broken))
}

/// Rows of the self-test: more than a tile of every kernel, and no multiple of one.
const TEST_ROWS: usize = 1_000;

/// Scans a few rows of each dimension with each kernel and compares with the processor.
fn self_test(device: &Device) -> Result<(), WhyNot> {
    for dimension in launch::DIMENSIONS {
        for width in launch::WIDTHS {
            let (rows, queries, live) = test_case(dimension, width).map_err(|_| WhyNot::Wrong)?;
            let held = DeviceRows::upload(device, &rows)?;
            let expected = CpuScan::new(&rows).pass(&queries, &live, TEST_ROWS * width);
            let found = held.pass(device, &queries, &live, TEST_ROWS * width);
            if expected.is_err() || found != expected {
                return Err(WhyNot::Wrong);
            }
        }
    }
    Ok(())
}

/// Rows, queries and a bitmap from a fixed sequence, extremes among them.
fn test_case(dimension: usize, width: usize) -> Result<(Rows, Queries, Live), ScanError> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ (dimension * 64 + width) as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut vector = || -> Vec<i8> { (0..dimension).map(|_| (next() >> 56).to_le_bytes()[0].cast_signed()).collect() };
    let mut rows = Rows::new(dimension)?;
    for row in 0..TEST_ROWS {
        rows.push(&vector(), i32::try_from(row % 7).map_or(0, |row| row - 3) * 1_000)?;
    }
    let mut queries = Queries::new(dimension)?;
    for query in 0..width {
        // Some queries are rows, so that hits and ties exist.
        let values =
            if query % 2 == 0 { rows.row(query * 13).map_or_else(&mut vector, |(row, _)| row) } else { vector() };
        queries.push(&values, 250_000)?;
    }
    let mut live = Live::new(TEST_ROWS, true);
    (0..TEST_ROWS).step_by(5).for_each(|row| live.set(row, false));
    Ok((rows, queries, live))
}
