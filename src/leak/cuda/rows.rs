//! Rows on the device and the scan over them.
#![expect(clippy::cast_possible_truncation, reason = "rows are counted in 32 bits (`ROWS_MAX`), ranks are taken apart")]
#![expect(unsafe_code, reason = "kernels are launched with raw addresses")]

use std::cell::RefCell;

use super::WhyNot;
use super::device::{Buffer, Device, Pinned};
use super::launch::{Argument, DIMENSIONS, Kernel, WIDTHS};
use crate::leak::scan::{Best, HITS_MAX, Hit, Live, Pass, Queries, Rows, ScanError};

/// Rows are padded to a multiple of this, the largest tile of a kernel; the bits of padding are clear.
const PADDING: usize = 128;
/// Hits that are fetched together with the rest; more need a second copy.
const HITS_FETCHED: usize = 1_024;
/// Rows that are rearranged and sent at a time.
const UPLOAD_ROWS: usize = 65_536;

/// A scan kernel for one number of queries.
#[derive(Debug)]
struct ScanKernel {
    kernel: Kernel,
    width: usize,
    tile_rows: u32,
    blocks: u32,
}

/// Rows on the device.
#[derive(Debug)]
pub struct DeviceRows {
    dimension: usize,
    len: usize,
    rows: Buffer<i8>,
    biases: Buffer<i32>,
    live: Buffer<u64>,
    /// The bitmap that `live` holds.
    held: RefCell<Option<Live>>,
    kernels: Vec<ScanKernel>,
    exchange: RefCell<Exchange>,
}

/// What goes to and fro in one launch.
#[derive(Debug)]
struct Exchange {
    queries: (Pinned<i8>, Buffer<i8>),
    thresholds: (Pinned<i32>, Buffer<i32>),
    best: (Pinned<u64>, Buffer<u64>),
    counted: (Pinned<u32>, Buffer<u32>),
    hits: (Pinned<[u32; 3]>, Buffer<[u32; 3]>),
}

/// The most queries of one launch.
const WIDEST: usize = 64;

impl Exchange {
    fn new(device: &Device, dimension: usize) -> Result<Self, WhyNot> {
        Ok(Self {
            queries: (Pinned::new(device, WIDEST * dimension)?, device.buffer(WIDEST * dimension)?),
            thresholds: (Pinned::new(device, WIDEST)?, device.buffer(WIDEST)?),
            best: (Pinned::new(device, WIDEST)?, device.buffer(WIDEST)?),
            counted: (Pinned::new(device, 1)?, device.buffer(1)?),
            hits: (Pinned::new(device, HITS_FETCHED)?, device.buffer(HITS_MAX)?),
        })
    }
}

impl DeviceRows {
    /// Room for `len` rows, all zero.
    pub(super) fn room(device: &Device, dimension: usize, len: usize) -> Result<Self, WhyNot> {
        if !DIMENSIONS.contains(&dimension) {
            return Err(WhyNot::Shape(dimension));
        }
        let padded = len.next_multiple_of(PADDING);
        let kernels =
            WIDTHS.iter().map(|width| ScanKernel::find(device, dimension, *width)).collect::<Result<_, _>>()?;
        Ok(Self {
            dimension,
            len,
            rows: device.buffer(padded.checked_mul(dimension).ok_or(WhyNot::Memory)?)?,
            biases: device.buffer(padded)?,
            live: device.buffer(padded / 64)?,
            held: RefCell::new(None),
            kernels,
            exchange: RefCell::new(Exchange::new(device, dimension)?),
        })
    }

    /// Copies rows to the device.
    ///
    /// # Errors
    /// No kernel for the dimension, no memory, a driver that refuses.
    pub fn upload(device: &Device, rows: &Rows) -> Result<Self, WhyNot> {
        let held = Self::room(device, rows.dimension(), rows.len())?;
        for start in (0..rows.len()).step_by(UPLOAD_ROWS) {
            let mut vectors = Vec::with_capacity(UPLOAD_ROWS * rows.dimension());
            let mut biases = Vec::with_capacity(UPLOAD_ROWS);
            for (vector, bias) in (start..(start + UPLOAD_ROWS).min(rows.len())).filter_map(|row| rows.row(row)) {
                vectors.extend_from_slice(&vector);
                biases.push(bias);
            }
            held.write(device, start, &vectors, &biases)?;
        }
        Ok(held)
    }

    /// Writes consecutive rows from `start` on.
    pub(super) fn write(&self, device: &Device, start: usize, vectors: &[i8], biases: &[i32]) -> Result<(), WhyNot> {
        device.write(&self.rows, start * self.dimension, vectors)?;
        device.write(&self.biases, start, biases)
    }

    /// Walks over all live rows with up to any number of queries, 64 at a time.
    ///
    /// # Errors
    /// Shapes that do not fit; a device that fails.
    pub fn pass(&self, device: &Device, queries: &Queries, live: &Live, hits_max: usize) -> Result<Pass, ScanError> {
        if queries.dimension() != self.dimension {
            return Err(ScanError::Length { expected: self.dimension, found: queries.dimension() });
        }
        if live.rows() != self.len {
            return Err(ScanError::Live { expected: self.len, found: live.rows() });
        }
        self.hold(device, live).map_err(ScanError::Device)?;
        let mut out = Pass::default();
        for first in (0..queries.len()).step_by(WIDEST) {
            self.launch(device, queries, first, hits_max, &mut out).map_err(ScanError::Device)?;
        }
        out.hits.sort_unstable();
        Ok(out)
    }

    /// Makes the device's bitmap that of the asker.
    fn hold(&self, device: &Device, live: &Live) -> Result<(), WhyNot> {
        let mut held = self.held.borrow_mut();
        if held.as_ref() != Some(live) {
            *held = None;
            device.write(&self.live, 0, live.words())?;
            *held = Some(live.clone());
        }
        Ok(())
    }

    /// One launch: up to 64 queries from `first` on.
    #[expect(clippy::too_many_arguments, reason = "a question and where its answer goes")]
    fn launch(
        &self,
        device: &Device,
        queries: &Queries,
        first: usize,
        hits_max: usize,
        out: &mut Pass,
    ) -> Result<(), WhyNot> {
        let width = (queries.len() - first).min(WIDEST);
        let mut exchange = self.exchange.borrow_mut();
        let exchange = &mut *exchange;
        let vectors = queries.vectors().iter().skip(first * self.dimension).take(width * self.dimension);
        exchange.queries.0.values().fill(0);
        exchange.queries.0.values().iter_mut().zip(vectors).for_each(|(to, from)| *to = *from);
        exchange.thresholds.0.values().fill(i32::MAX);
        let asked = queries.thresholds().iter().skip(first).take(width);
        exchange.thresholds.0.values().iter_mut().zip(asked).for_each(|(to, from)| *to = *from);
        // A query that is not there starts with the best rank there is, so that no row of its reaches it.
        exchange
            .best
            .0
            .values()
            .iter_mut()
            .enumerate()
            .for_each(|(at, best)| *best = if at < width { 0 } else { u64::MAX });
        exchange.counted.0.values().fill(0);

        exchange.queries.0.send(device, &exchange.queries.1, WIDEST * self.dimension)?;
        exchange.thresholds.0.send(device, &exchange.thresholds.1, WIDEST)?;
        exchange.best.0.send(device, &exchange.best.1, WIDEST)?;
        exchange.counted.0.send(device, &exchange.counted.1, 1)?;
        let cap = hits_max.min(HITS_MAX);
        self.ask(device, exchange, width, cap)?;
        exchange.best.0.fetch(device, &exchange.best.1, WIDEST)?;
        exchange.counted.0.fetch(device, &exchange.counted.1, 1)?;
        exchange.hits.0.fetch(device, &exchange.hits.1, HITS_FETCHED)?;
        device.finish()?;

        out.best.extend(exchange.best.0.values().iter().take(width).map(|rank| best_of(*rank)));
        let counted = exchange.counted.0.values().first().copied().unwrap_or(0);
        out.counted += u64::from(counted);
        let there = (counted as usize).min(cap);
        let more;
        let hits = if there <= HITS_FETCHED {
            exchange.hits.0.values().get(..there).unwrap_or_default()
        } else {
            more = device.read(&exchange.hits.1, there)?;
            &more
        };
        let room = hits_max.saturating_sub(out.hits.len());
        out.hits.extend(hits.iter().take(room).map(|&[query, row, score]| Hit {
            query: query + first as u32,
            row,
            score: score.cast_signed(),
        }));
        Ok(())
    }

    /// Launches the narrowest kernel that takes `width` queries.
    fn ask(&self, device: &Device, exchange: &Exchange, width: usize, hits_max: usize) -> Result<(), WhyNot> {
        let kernel = self.kernels.iter().find(|kernel| kernel.width >= width).ok_or(WhyNot::Shape(width))?;
        let tiles = self.len.div_ceil(kernel.tile_rows as usize) as u32;
        if tiles == 0 {
            return Ok(());
        }
        let arguments = [
            Argument::Address(self.rows.address()),
            Argument::Address(self.biases.address()),
            Argument::Address(self.live.address()),
            Argument::Word(tiles),
            Argument::Address(exchange.queries.1.address()),
            Argument::Address(exchange.thresholds.1.address()),
            Argument::Address(exchange.best.1.address()),
            Argument::Address(exchange.counted.1.address()),
            Argument::Address(exchange.hits.1.address()),
            Argument::Word(hits_max as u32),
        ];
        // SAFETY: the arguments of `scan_s8`. Rows, biases and bitmap are padded to `PADDING` rows, a multiple of every
        // tile, so `tiles` whole tiles lie within; queries, thresholds and best hold 64, at least the kernel's width;
        // `hits_max` is at most the length of the hits.
        unsafe { kernel.kernel.run(device, (tiles.min(kernel.blocks * device.processors()), 1, 1), &arguments) }
    }

    /// Launches with what the exchange last held, without any copy to or from the host: for clocks. `width`
    /// is that of a kernel, so that no query is missing.
    pub(super) fn ask_again(&self, device: &Device, width: usize) -> Result<(), WhyNot> {
        let exchange = self.exchange.borrow();
        device.clear(&exchange.counted.1)?;
        device.clear(&exchange.best.1)?;
        self.ask(device, &exchange, width, HITS_MAX)
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Dimensions of each row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Bytes that one walk reads.
    pub(super) fn walk_bytes(&self) -> usize {
        self.len * (self.dimension + 4) + self.len / 8
    }
}

impl ScanKernel {
    fn find(device: &Device, dimension: usize, width: usize) -> Result<Self, WhyNot> {
        let form = if width == WIDEST && device.has_wgmma() { "_wgmma" } else { "" };
        let name = format!("scan_s8_d{dimension}_q{width}{form}");
        let [tile_rows, shared_bytes, threads, _] = device.shape(&name)?;
        if tile_rows == 0 || !PADDING.is_multiple_of(tile_rows as usize) {
            return Err(WhyNot::Broken);
        }
        let kernel = Kernel::find(device, &name, threads, shared_bytes)?;
        let blocks = kernel.blocks_held()?.max(1);
        Ok(Self { kernel, width, tile_rows, blocks })
    }
}

/// The row and score of a rank; none for the rank of no row.
fn best_of(rank: u64) -> Option<Best> {
    if rank == 0 {
        return None;
    }
    let score = ((rank >> 32) as u32 ^ 0x8000_0000).cast_signed();
    Some(Best { row: u32::MAX - rank as u32, score })
}
