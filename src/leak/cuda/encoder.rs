//! The encoder on the device: bf16 products with f32 sums, the running rows in f32.
//!
//! The work of one call depends only on how many tokens (rounded up), sequences and keys there are, so it is recorded once
//! for each such shape as a graph and then launched as one piece.
#![expect(unsafe_code, reason = "kernels are launched with raw addresses")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "tokens and dimensions, bounded by `TOKENS_MAX` and `Config`"
)]

use std::cell::RefCell;
use std::collections::HashMap;

use cudarc::driver::{CudaGraph, sys};

use super::WhyNot;
use super::device::{Buffer, Device, Pinned};
use super::launch::{Argument, Kernel};
use crate::leak::encoder::{Batch, Config, ModelError, Norm, Pooling, Product, SEQUENCES_MAX, TOKENS_MAX, Weights};

/// Tokens are rounded up to this, a multiple of every product's tile; beyond 1024 to four times as many, so that there are
/// not too many graphs.
const TOKEN_STEP: usize = 128;
/// Sequences are rounded up to this.
const SEQUENCE_STEP: usize = 16;
/// Recorded shapes that are kept.
const GRAPHS_MAX: usize = 128;
/// Queries of a block of the attention kernel.
const ATTENTION_STEP: usize = 64;
/// Tokens of a block of the kernels that take a warp a token.
const ROWS_A_BLOCK: usize = 8;

/// A linear layer on the device.
#[derive(Debug)]
struct DeviceProduct {
    weight: Buffer<u16>,
    bias: Buffer<f32>,
    outputs: usize,
    inputs: usize,
}

#[derive(Debug)]
struct DeviceNorm {
    scale: Buffer<f32>,
    shift: Buffer<f32>,
}

#[derive(Debug)]
struct DeviceLayer {
    attention: DeviceProduct,
    output: DeviceProduct,
    first_norm: DeviceNorm,
    up: DeviceProduct,
    down: DeviceProduct,
    second_norm: DeviceNorm,
}

/// A product's kernel with its tile.
#[derive(Debug)]
struct ProductKernel {
    kernel: Kernel,
    rows: usize,
    columns: usize,
}

#[derive(Debug)]
struct Kernels {
    embed: Kernel,
    plain: ProductKernel,
    gelu: ProductKernel,
    add_short: ProductKernel,
    add_long: ProductKernel,
    attention: Kernel,
    normalise: Kernel,
    pool: Kernel,
}

/// What the layers hand to one another.
#[derive(Debug)]
struct Rows {
    running: Buffer<f32>,
    half: Buffer<u16>,
    wide: Buffer<u16>,
    heads: Buffer<u16>,
    sums: Buffer<f32>,
}

/// What goes to and fro in one call.
#[derive(Debug)]
struct Exchange {
    ids: (Pinned<u32>, Buffer<u32>),
    positions: (Pinned<u32>, Buffer<u32>),
    starts: (Pinned<u32>, Buffer<u32>),
    vectors: (Pinned<f32>, Buffer<f32>),
    quantised: Buffer<i8>,
}

/// A call's shape: tokens and sequences rounded up, blocks of queries of the longest sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    tokens: usize,
    sequences: usize,
    stretches: usize,
}

/// A model on the device.
pub struct DeviceEncoder {
    config: Config,
    words: Buffer<u16>,
    places: Buffer<u16>,
    types: Buffer<u16>,
    norm: DeviceNorm,
    layers: Vec<DeviceLayer>,
    kernels: Kernels,
    rows: Rows,
    exchange: RefCell<Exchange>,
    graphs: RefCell<HashMap<Shape, CudaGraph>>,
}

impl std::fmt::Debug for DeviceEncoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DeviceEncoder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Rounds to bf16, half to even.
fn halved(values: &[f32]) -> Vec<u16> {
    let half = |value: &f32| {
        let bits = value.to_bits();
        ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16) as u16
    };
    values.iter().map(half).collect()
}

impl DeviceEncoder {
    /// Copies a model to the device.
    ///
    /// # Errors
    /// A shape without kernels, no memory, a driver that refuses.
    pub fn upload(device: &Device, weights: &Weights) -> Result<Self, WhyNot> {
        let config = weights.config.clone();
        let product = |product: &Product| -> Result<DeviceProduct, WhyNot> {
            Ok(DeviceProduct {
                weight: device.uploaded(&halved(&product.weight))?,
                bias: device.uploaded(&product.bias)?,
                outputs: product.outputs,
                inputs: product.inputs,
            })
        };
        let norm = |norm: &Norm| -> Result<DeviceNorm, WhyNot> {
            Ok(DeviceNorm { scale: device.uploaded(&norm.scale)?, shift: device.uploaded(&norm.shift)? })
        };
        let layer = |layer: &crate::leak::encoder::Layer| -> Result<DeviceLayer, WhyNot> {
            Ok(DeviceLayer {
                attention: product(&layer.attention)?,
                output: product(&layer.output)?,
                first_norm: norm(&layer.first_norm)?,
                up: product(&layer.up)?,
                down: product(&layer.down)?,
                second_norm: norm(&layer.second_norm)?,
            })
        };
        Ok(Self {
            words: device.uploaded(&halved(&weights.words))?,
            places: device.uploaded(&halved(&weights.places))?,
            types: device.uploaded(&halved(&weights.types))?,
            norm: norm(&weights.norm)?,
            layers: weights.layers.iter().map(layer).collect::<Result<_, _>>()?,
            kernels: Kernels::find(device, &config)?,
            rows: Rows::new(device, &config)?,
            exchange: RefCell::new(Exchange::new(device, &config)?),
            graphs: RefCell::new(HashMap::new()),
            config,
        })
    }

    /// Computes the unit vectors of a batch, `hidden` values each.
    ///
    /// # Errors
    /// Ids or lengths that do not fit the model (the inner error); a device that fails.
    pub fn encode(&self, device: &Device, batch: &Batch) -> Result<Result<Vec<Vec<f32>>, ModelError>, WhyNot> {
        if let Err(error) = batch.check(&self.config) {
            return Ok(Err(error));
        }
        let shape = self.stage(batch);
        self.launch(device, shape)?;
        device.finish()?;
        let mut exchange = self.exchange.borrow_mut();
        let vectors = exchange.vectors.0.values().chunks_exact(self.config.hidden).take(batch.len());
        Ok(Ok(vectors.map(<[f32]>::to_vec).collect()))
    }

    /// Puts a batch where the graph's copies find it.
    pub(super) fn stage(&self, batch: &Batch) -> Shape {
        let mut exchange = self.exchange.borrow_mut();
        let exchange = &mut *exchange;
        let step = if batch.ids().len() <= 8 * TOKEN_STEP { TOKEN_STEP } else { 4 * TOKEN_STEP };
        let tokens = batch.ids().len().next_multiple_of(step).min(TOKENS_MAX);
        let sequences = batch.len().next_multiple_of(SEQUENCE_STEP).min(SEQUENCES_MAX);
        let longest = batch.spans().map(|(start, end)| end - start).max().unwrap_or(1);
        let ids = batch.ids().iter().copied().chain(std::iter::repeat(0));
        exchange.ids.0.values().iter_mut().take(tokens).zip(ids).for_each(|(to, id)| *to = id);
        let offset = self.config.position_offset;
        let places = batch.spans().flat_map(|(start, end)| (offset..offset + end - start).map(|place| place as u32));
        let places = places.chain(std::iter::repeat(0));
        exchange.positions.0.values().iter_mut().take(tokens).zip(places).for_each(|(to, place)| *to = place);
        // Sequences that are not there are empty.
        let end = batch.ids().len() as u32;
        let starts = batch.spans().map(|(start, _)| start as u32).chain(std::iter::repeat(end));
        exchange.starts.0.values().iter_mut().zip(starts).for_each(|(to, start)| *to = start);
        Shape { tokens, sequences, stretches: longest.div_ceil(ATTENTION_STEP) }
    }

    /// Launches the graph of a shape, recorded when it is first asked for.
    pub(super) fn launch(&self, device: &Device, shape: Shape) -> Result<(), WhyNot> {
        let mut graphs = self.graphs.borrow_mut();
        if let Some(graph) = graphs.get(&shape) {
            return Ok(graph.launch()?);
        }
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        device.stream().begin_capture(mode)?;
        let asked = self.ask(device, shape);
        let graph = device.stream().end_capture(sys::CUgraphInstantiate_flags(0));
        asked?;
        let graph = graph?.ok_or(WhyNot::Broken)?;
        graph.launch()?;
        if graphs.len() >= GRAPHS_MAX {
            device.finish()?;
            graphs.clear();
        }
        graphs.insert(shape, graph);
        Ok(())
    }

    /// Asks for every step, from the copy of the ids to that of the vectors.
    pub(super) fn ask(&self, device: &Device, shape: Shape) -> Result<(), WhyNot> {
        let mut exchange = self.exchange.borrow_mut();
        let exchange = &mut *exchange;
        exchange.ids.0.send(device, &exchange.ids.1, shape.tokens)?;
        exchange.positions.0.send(device, &exchange.positions.1, shape.tokens)?;
        exchange.starts.0.send(device, &exchange.starts.1, shape.sequences + 1)?;
        self.ask_embed(device, exchange, shape)?;
        for layer in &self.layers {
            self.ask_layer(device, exchange, layer, shape)?;
        }
        self.ask_pool(device, exchange, shape)?;
        exchange.vectors.0.fetch(device, &exchange.vectors.1, shape.sequences * self.config.hidden)
    }

    fn ask_embed(&self, device: &Device, exchange: &Exchange, shape: Shape) -> Result<(), WhyNot> {
        let arguments = [
            Argument::Address(exchange.ids.1.address()),
            Argument::Address(exchange.positions.1.address()),
            Argument::Address(self.words.address()),
            Argument::Address(self.places.address()),
            Argument::Address(self.types.address()),
            Argument::Address(self.norm.scale.address()),
            Argument::Address(self.norm.shift.address()),
            Argument::Real(self.config.epsilon),
            Argument::Word(shape.tokens as u32),
            Argument::Address(self.rows.running.address()),
            Argument::Address(self.rows.half.address()),
        ];
        // SAFETY: the arguments of `embed`; ids are below the vocabulary and positions below the table's length (checked
        // by `Batch::check`), and all rows are buffers of `TOKENS_MAX` rows of `hidden`.
        unsafe { self.kernels.embed.run(device, (shape.tokens.div_ceil(ROWS_A_BLOCK) as u32, 1, 1), &arguments) }
    }

    fn ask_layer(&self, device: &Device, exchange: &Exchange, layer: &DeviceLayer, shape: Shape) -> Result<(), WhyNot> {
        let (rows, kernels) = (&self.rows, &self.kernels);
        self.ask_product(device, &kernels.plain, &layer.attention, rows.half.address(), rows.wide.address(), shape)?;
        let arguments = [
            Argument::Address(rows.wide.address()),
            Argument::Address(exchange.starts.1.address()),
            Argument::Word(self.config.hidden as u32),
            Argument::Real(std::f32::consts::LOG2_E / (self.config.width() as f32).sqrt()),
            Argument::Address(rows.heads.address()),
        ];
        let grid = (self.config.heads as u32, shape.sequences as u32, shape.stretches as u32);
        // SAFETY: the arguments of `attention`; `starts` ascends to at most `shape.tokens`, and `wide` holds so many rows of
        // three times `hidden`, `heads` of `hidden`.
        unsafe { kernels.attention.run(device, grid, &arguments) }?;
        self.ask_product(device, &kernels.add_short, &layer.output, rows.heads.address(), rows.sums.address(), shape)?;
        self.ask_norm(device, &layer.first_norm, shape)?;
        self.ask_product(device, &kernels.gelu, &layer.up, rows.half.address(), rows.wide.address(), shape)?;
        self.ask_product(device, &kernels.add_long, &layer.down, rows.wide.address(), rows.sums.address(), shape)?;
        self.ask_norm(device, &layer.second_norm, shape)
    }

    #[expect(clippy::too_many_arguments, reason = "a product: its kernel, weights, operands and shape")]
    fn ask_product(
        &self,
        device: &Device,
        kernel: &ProductKernel,
        product: &DeviceProduct,
        from: u64,
        to: u64,
        shape: Shape,
    ) -> Result<(), WhyNot> {
        let arguments = [
            Argument::Address(from),
            Argument::Address(product.weight.address()),
            Argument::Address(product.bias.address()),
            Argument::Address(self.rows.running.address()),
            Argument::Word(product.outputs as u32),
            Argument::Word(product.inputs as u32),
            Argument::Address(to),
        ];
        let grid = (product.outputs.div_ceil(kernel.columns) as u32, shape.tokens.div_ceil(kernel.rows) as u32, 1);
        // SAFETY: the arguments of `gemm`; tokens are a multiple of every tile's rows, outputs of its columns (`Kernels::find`,
        // and `Config` asks for multiples of 128) and inputs of 64; `from` holds so many rows of `inputs` and `to` of `outputs`.
        unsafe { kernel.kernel.run(device, grid, &arguments) }
    }

    fn ask_norm(&self, device: &Device, norm: &DeviceNorm, shape: Shape) -> Result<(), WhyNot> {
        let arguments = [
            Argument::Address(self.rows.sums.address()),
            Argument::Address(norm.scale.address()),
            Argument::Address(norm.shift.address()),
            Argument::Real(self.config.epsilon),
            Argument::Word(shape.tokens as u32),
            Argument::Address(self.rows.running.address()),
            Argument::Address(self.rows.half.address()),
        ];
        // SAFETY: the arguments of `layernorm`, all of them buffers of `TOKENS_MAX` rows of `hidden`.
        unsafe { self.kernels.normalise.run(device, (shape.tokens.div_ceil(ROWS_A_BLOCK) as u32, 1, 1), &arguments) }
    }

    fn ask_pool(&self, device: &Device, exchange: &Exchange, shape: Shape) -> Result<(), WhyNot> {
        let arguments = [
            Argument::Address(self.rows.running.address()),
            Argument::Address(exchange.starts.1.address()),
            Argument::Word(self.config.hidden as u32),
            Argument::Word(u32::from(self.config.pooling == Pooling::First)),
            Argument::Address(exchange.vectors.1.address()),
            Argument::Address(exchange.quantised.address()),
        ];
        // SAFETY: the arguments of `pool`; vectors and bytes hold `SEQUENCES_MAX` rows of `hidden`, at most 1024.
        unsafe { self.kernels.pool.run(device, (shape.sequences as u32, 1, 1), &arguments) }
    }
}

impl Kernels {
    fn find(device: &Device, config: &Config) -> Result<Self, WhyNot> {
        let hidden = config.hidden;
        // The warpgroup's own products come in tiles of 96 columns, which do not divide every model's layers.
        let is_wide = device.has_wgmma() && hidden.is_multiple_of(96) && config.intermediate.is_multiple_of(96);
        let product = |wide: &str, name: &str| -> Result<ProductKernel, WhyNot> {
            let name = if is_wide { wide } else { name };
            let [rows, shared_bytes, columns, threads] = device.shape(name)?;
            let kernel = Kernel::find(device, name, threads, shared_bytes)?;
            Ok(ProductKernel { kernel, rows: rows as usize, columns: columns as usize })
        };
        if ![384, 768, 1_024].contains(&hidden) {
            return Err(WhyNot::Shape(hidden));
        }
        Ok(Self {
            embed: Kernel::find(device, &format!("embed_h{hidden}"), 256, 0)?,
            plain: product("gemm_plain_wgmma", "gemm_plain_64x128")?,
            gelu: product("gemm_gelu_wgmma", "gemm_gelu_128x128")?,
            add_short: product("gemm_add_wgmma", "gemm_add_64x64")?,
            add_long: product("gemm_add_wgmma", "gemm_add_128x128")?,
            attention: Kernel::find(device, &format!("attention_w{}", config.width()), 128, 0)?,
            normalise: Kernel::find(device, &format!("layernorm_h{hidden}"), 256, 0)?,
            pool: Kernel::find(device, "pool", 128, 0)?,
        })
    }
}

impl Rows {
    fn new(device: &Device, config: &Config) -> Result<Self, WhyNot> {
        let widest = (3 * config.hidden).max(config.intermediate);
        Ok(Self {
            running: device.buffer(TOKENS_MAX * config.hidden)?,
            half: device.buffer(TOKENS_MAX * config.hidden)?,
            wide: device.buffer(TOKENS_MAX * widest)?,
            heads: device.buffer(TOKENS_MAX * config.hidden)?,
            sums: device.buffer(TOKENS_MAX * config.hidden)?,
        })
    }
}

impl Exchange {
    fn new(device: &Device, config: &Config) -> Result<Self, WhyNot> {
        let vectors = SEQUENCES_MAX * config.hidden;
        Ok(Self {
            ids: (Pinned::new(device, TOKENS_MAX)?, device.buffer(TOKENS_MAX)?),
            positions: (Pinned::new(device, TOKENS_MAX)?, device.buffer(TOKENS_MAX)?),
            starts: (Pinned::new(device, SEQUENCES_MAX + 1)?, device.buffer(SEQUENCES_MAX + 1)?),
            vectors: (Pinned::new(device, vectors)?, device.buffer(vectors)?),
            quantised: device.buffer(vectors)?,
        })
    }
}
