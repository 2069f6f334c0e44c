//! Matrix products in bytes for the encoder: four products an instruction where the processor has VNNI.
//!
//! ```text
//! weight   of each output: largest value / 127 is its scale, the rest in steps of that      i8
//! row      the same for each row of activations, 128 added                                   u8
//! result   (sum of products - 128 * sum of weights) * both scales + bias                     f32
//! ```
//! The sums are exact, so that every path gives the same; what is lost is lost by rounding, and the encoder states how much
//! that is. Panels of 32 outputs hold four inputs of each output side by side, as the instruction takes them.

use super::{Kind, Path};

/// Outputs of a panel.
const PANEL: usize = 32;
/// Rows of a step.
const ROWS: usize = 8;
/// Inputs that one instruction adds up.
const FOUR: usize = 4;

/// A linear layer's weights in bytes.
#[derive(Debug, Clone)]
pub(in crate::leak) struct BytePanels {
    outputs: usize,
    inputs: usize,
    /// Of each panel, for each four inputs, those of the 32 outputs.
    values: Vec<[[i8; FOUR]; PANEL]>,
    scales: Vec<[f32; PANEL]>,
    /// 128 times the sum of each output's weights, which the rows' offset added.
    offsets: Vec<[i32; PANEL]>,
    bias: Vec<[f32; PANEL]>,
}

/// Rows of activations in bytes, filled up to whole steps.
#[derive(Debug, Default)]
pub(in crate::leak) struct ByteRows {
    values: Vec<u8>,
    scales: Vec<f32>,
    count: usize,
}

impl ByteRows {
    /// Brings rows of `inputs` values each into bytes.
    pub(in crate::leak) fn fill(&mut self, path: Path, rows: &[f32], inputs: usize) {
        self.count = rows.len().checked_div(inputs).unwrap_or(0);
        let padded = self.count.next_multiple_of(ROWS);
        self.values.resize(padded * inputs, 128);
        if let Some(rest) = self.values.get_mut(self.count * inputs..) {
            rest.fill(128);
        }
        self.scales.clear();
        self.scales.resize(padded, 0.0);
        let each = self.values.chunks_exact_mut(inputs.max(1)).zip(&mut self.scales);
        for (row, (to, scale)) in rows.chunks_exact(inputs.max(1)).zip(each) {
            *scale = path.to_bytes(row, to);
        }
    }
}

impl BytePanels {
    /// Whether this processor is faster with bytes.
    pub(in crate::leak) fn pays(path: Path) -> bool {
        match path.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => true,
            _ => false,
        }
    }

    /// Values of an operand.
    pub(in crate::leak) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Lays out weights of `outputs x inputs`, row-major, `inputs` a multiple of four; missing ones are zero.
    pub(in crate::leak) fn new(outputs: usize, inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        let (panels, steps) = (outputs.div_ceil(PANEL), inputs / FOUR);
        let mut made = Self {
            outputs,
            inputs,
            values: vec![[[0; FOUR]; PANEL]; panels * steps],
            scales: vec![[0.0; PANEL]; panels],
            offsets: vec![[0; PANEL]; panels],
            bias: vec![[0.0; PANEL]; panels],
        };
        for (output, row) in weight.chunks_exact(inputs.max(1)).enumerate() {
            let (panel, slot) = (output / PANEL, output % PANEL);
            let most = row.iter().fold(0.0_f32, |most, x| most.max(x.abs())).max(f32::MIN_POSITIVE);
            let scale = most / 127.0;
            let mut sum = 0;
            for (step, four) in made.values.iter_mut().skip(panel * steps).zip(row.as_chunks::<FOUR>().0) {
                let Some(to) = step.get_mut(slot) else { continue };
                for (to, x) in to.iter_mut().zip(four) {
                    #[expect(clippy::cast_possible_truncation, reason = "at most 127 by its scale")]
                    let value = (x / scale).round_ties_even().clamp(-127.0, 127.0) as i8;
                    *to = value;
                    sum += i32::from(value);
                }
            }
            set(&mut made.scales, panel, slot, scale);
            set(&mut made.offsets, panel, slot, 128 * sum);
            set(&mut made.bias, panel, slot, bias.get(output).copied().unwrap_or(0.0));
        }
        made
    }

    /// Multiplies rows; `out` becomes as many rows of `outputs` values, the bias added.
    pub(in crate::leak) fn multiply(&self, path: Path, rows: &ByteRows, out: &mut Vec<f32>) {
        // All of it is written: what was there need not be cleared.
        out.resize(rows.count * self.outputs, 0.0);
        let (steps, mut sums) = ((self.inputs / FOUR).max(1), [[0.0; PANEL]; ROWS]);
        let panels = self.values.chunks_exact(steps).zip(self.scales.iter().zip(self.offsets.iter().zip(&self.bias)));
        for (number, (values, (scales, (offsets, bias)))) in panels.enumerate() {
            let panel = Panel { values, scales, offsets, bias };
            let eights = rows.values.chunks_exact(self.inputs * ROWS).zip(rows.scales.as_chunks::<ROWS>().0);
            for ((eight, row_scales), out) in eights.zip(out.chunks_mut(self.outputs * ROWS)) {
                path.bytes_panel(&panel, eight, row_scales, &mut sums);
                for (sums, out) in sums.iter().zip(out.chunks_exact_mut(self.outputs)) {
                    out.iter_mut().skip(number * PANEL).zip(sums).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

fn set<T>(of: &mut [[T; PANEL]], panel: usize, slot: usize, value: T) {
    if let Some(to) = of.get_mut(panel).and_then(|panel| panel.get_mut(slot)) {
        *to = value;
    }
}

/// 32 outputs of a layer.
#[derive(Clone, Copy)]
struct Panel<'a> {
    values: &'a [[[i8; FOUR]; PANEL]],
    scales: &'a [f32; PANEL],
    offsets: &'a [i32; PANEL],
    bias: &'a [f32; PANEL],
}

impl Panel<'_> {
    /// From exact sums to results.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums of products stay below 2^27; their rounding is far below that of bytes"
    )]
    #[expect(clippy::inline_always, reason = "compiled anew within a function of other instructions")]
    #[inline(always)]
    fn finish(&self, sums: &[[i32; PANEL]; ROWS], scales: &[f32; ROWS], out: &mut [[f32; PANEL]; ROWS]) {
        for ((sums, scale), out) in sums.iter().zip(scales).zip(out) {
            let each = out.iter_mut().zip(sums).zip(self.scales.iter().zip(self.offsets.iter().zip(self.bias)));
            for ((out, sum), (of_output, (offset, bias))) in each {
                *out = (sum - offset) as f32 * (scale * of_output) + bias;
            }
        }
    }
}

impl Path {
    /// Eight rows times a panel.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "calls into functions that need instructions the processor was asked for")
    )]
    fn bytes_panel(self, panel: &Panel<'_>, rows: &[u8], scales: &[f32; ROWS], out: &mut [[f32; PANEL]; ROWS]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx512` is made only after avx512f, avx512bw and avx512vnni were detected.
            Kind::Avx512 if rows.len() == panel.values.len() * FOUR * ROWS => unsafe {
                avx512_panel(panel, rows, scales, out);
            },
            _ => plain_panel(panel, rows, scales, out),
        }
    }
}

/// The reference.
fn plain_panel(panel: &Panel<'_>, rows: &[u8], scales: &[f32; ROWS], out: &mut [[f32; PANEL]; ROWS]) {
    let mut sums = [[0; PANEL]; ROWS];
    let inputs = (panel.values.len() * FOUR).max(1);
    for (row, sums) in rows.chunks_exact(inputs).zip(&mut sums) {
        for (four, weights) in row.as_chunks::<FOUR>().0.iter().zip(panel.values) {
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum += four.iter().zip(weights).map(|(x, w)| i32::from(*x) * i32::from(*w)).sum::<i32>();
            }
        }
    }
    panel.finish(&sums, scales, out);
}

/// Eight whole rows: each sum is a variable of its own, so that it stays in a register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[expect(unsafe_code, reason = "vector loads and stores take raw addresses")]
fn avx512_panel(panel: &Panel<'_>, rows: &[u8], scales: &[f32; ROWS], out: &mut [[f32; PANEL]; ROWS]) {
    use std::arch::x86_64::{
        _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
    };
    let inputs = panel.values.len() * FOUR;
    let mut sums = [[0_i32; PANEL]; ROWS];
    macro_rules! eight {
        ($($low:ident $high:ident $to:ident),*) => {{
            $(let (mut $low, mut $high) = (_mm512_setzero_si512(), _mm512_setzero_si512());)*
            for (step, weights) in panel.values.iter().enumerate() {
                // SAFETY: a step of a panel is 32 times four bytes, two registers.
                let (left, right) = unsafe {
                    (_mm512_loadu_si512(weights.as_ptr().cast()), _mm512_loadu_si512(weights.as_ptr().add(PANEL / 2).cast()))
                };
                let mut at = step * FOUR;
                $(
                    // SAFETY: `rows` holds eight rows of four bytes for each step: the caller looked.
                    let four = unsafe { rows.as_ptr().add(at).cast::<i32>().read_unaligned() };
                    let x = _mm512_set1_epi32(four);
                    at += inputs;
                    $low = _mm512_dpbusd_epi32($low, x, left);
                    $high = _mm512_dpbusd_epi32($high, x, right);
                )*
                let _ = at;
            }
            let [$($to),*] = &mut sums;
            // SAFETY: each array holds 32 numbers, two registers.
            $(unsafe {
                _mm512_storeu_si512($to.as_mut_ptr().cast(), $low);
                _mm512_storeu_si512($to.as_mut_ptr().add(PANEL / 2).cast(), $high);
            })*
        }};
    }
    eight!(a a1 ta, b b1 tb, c c1 tc, d d1 td, e e1 te, f f1 tf, g g1 tg, h h1 th);
    panel.finish(&sums, scales, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap()) / 32_768.0 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn every_path_gives_the_same_and_nearly_the_product() {
        for (count, outputs, inputs) in [(1, 32, 4), (8, 64, 128), (13, 96, 384), (3, 33, 12)] {
            let (weight, bias, rows) = (values(outputs * inputs, 7), values(outputs, 8), values(count * inputs, 9));
            let panels = BytePanels::new(outputs, inputs, &weight, &bias);
            let mut expected: Option<Vec<f32>> = None;
            for path in Path::available() {
                let (mut bytes, mut out) = (ByteRows::default(), Vec::new());
                bytes.fill(path, &rows, inputs);
                panels.multiply(path, &bytes, &mut out);
                assert_eq!(out.len(), count * outputs);
                assert_eq!(expected.get_or_insert_with(|| out.clone()), &out, "{}", path.name());
                for (row, out) in rows.chunks_exact(inputs).zip(out.chunks_exact(outputs)) {
                    for ((weights, bias), found) in weight.chunks_exact(inputs).zip(&bias).zip(out) {
                        let exact: f32 = row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>() + bias;
                        let apart = 0.012 * f32::from(u16::try_from(inputs).unwrap()).sqrt() + 0.01;
                        assert!((exact - found).abs() < apart, "{exact} {found}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_of_zeros_is_the_bias() {
        let panels = BytePanels::new(32, 8, &values(256, 3), &values(32, 4));
        let (mut bytes, mut out) = (ByteRows::default(), Vec::new());
        bytes.fill(Path::widest(), &[0.0; 8], 8);
        panels.multiply(Path::widest(), &bytes, &mut out);
        assert_eq!(out, values(32, 4));
    }
}
