//! Matrix products in f32 for the encoder: rows of activations by a linear layer's weights.
//!
//! Weights are laid out once, in panels of 32 outputs: for each input, the 32 weights side by side. A step of the inner loop
//! takes one input of eight rows and adds it, times those 32 weights, to 16 registers of sums. The order of the additions is
//! that of the inputs, whatever the instructions; only whether a product is rounded before it is added differs.

use super::{Kind, Path};

/// Outputs of a panel.
const PANEL: usize = 32;
/// Rows of a step.
const ROWS: usize = 8;

/// A linear layer's weights in panels.
#[derive(Debug, Clone)]
pub(in crate::leak) struct Panels {
    outputs: usize,
    inputs: usize,
    values: Vec<f32>,
    bias: Vec<f32>,
}

impl Panels {
    /// Lays out weights of `outputs x inputs`, row-major; missing ones are zero.
    pub(in crate::leak) fn new(outputs: usize, inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        let panels = outputs.div_ceil(PANEL);
        let mut values = vec![0.0; panels * inputs * PANEL];
        for (panel, rows) in
            values.chunks_exact_mut((inputs * PANEL).max(1)).zip(weight.chunks((inputs * PANEL).max(1)))
        {
            for (output, row) in rows.chunks_exact(inputs.max(1)).enumerate() {
                for (step, value) in panel.chunks_exact_mut(PANEL).zip(row) {
                    if let Some(to) = step.get_mut(output) {
                        *to = *value;
                    }
                }
            }
        }
        let mut padded = bias.to_vec();
        padded.resize(panels * PANEL, 0.0);
        Self { outputs, inputs, values, bias: padded }
    }

    /// Multiplies rows of `inputs` values each; `out` becomes as many rows of `outputs` values, the bias added.
    pub(in crate::leak) fn multiply(&self, path: Path, rows: &[f32], out: &mut Vec<f32>) {
        let count = rows.len().checked_div(self.inputs).unwrap_or(0);
        // All of it is written: what was there need not be cleared.
        out.resize(count * self.outputs, 0.0);
        let size = (self.inputs * PANEL).max(1);
        let panels = self.values.chunks_exact(size).zip(self.bias.as_chunks::<PANEL>().0);
        for (number, (panel, bias)) in panels.enumerate() {
            let taken = rows.chunks(self.inputs * ROWS).zip(out.chunks_mut(self.outputs * ROWS));
            for (rows, out) in taken {
                let mut sums = [*bias; ROWS];
                path.panel(rows, self.inputs, panel, &mut sums);
                for (sums, out) in sums.iter().zip(out.chunks_exact_mut(self.outputs)) {
                    let at = number * PANEL;
                    out.iter_mut().skip(at).zip(sums).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

impl Path {
    /// Adds up to eight rows times a panel to `sums`.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "calls into functions that need instructions the processor was asked for")
    )]
    fn panel(self, rows: &[f32], inputs: usize, panel: &[f32], sums: &mut [[f32; PANEL]; ROWS]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx512` is made only after avx512f was detected.
            Kind::Avx512 if rows.len() == inputs * ROWS => unsafe { avx512_panel(rows, inputs, panel, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx512` is made only after avx512f was detected.
            Kind::Avx512 => unsafe { avx512_rest(rows, inputs, panel, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kind::Avx2` is made only after avx2 was detected.
            Kind::Avx2 => unsafe { avx2_panel(rows, inputs, panel, sums) },
            _ => plain_panel(rows, inputs, panel, sums),
        }
    }
}

/// The reference, also what the compiler makes wide instructions of.
#[expect(clippy::inline_always, reason = "compiled anew within a function of other instructions")]
#[inline(always)]
fn plain_panel(rows: &[f32], inputs: usize, panel: &[f32], sums: &mut [[f32; PANEL]; ROWS]) {
    for (row, sums) in rows.chunks_exact(inputs).zip(sums) {
        let mut sum = *sums;
        for (x, weights) in row.iter().zip(panel.as_chunks::<PANEL>().0) {
            for (sum, weight) in sum.iter_mut().zip(weights) {
                *sum += x * weight;
            }
        }
        *sums = sum;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_panel(rows: &[f32], inputs: usize, panel: &[f32], sums: &mut [[f32; PANEL]; ROWS]) {
    plain_panel(rows, inputs, panel, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512_rest(rows: &[f32], inputs: usize, panel: &[f32], sums: &mut [[f32; PANEL]; ROWS]) {
    plain_panel(rows, inputs, panel, sums);
}

/// Eight whole rows: each sum is a variable of its own, so that it stays in a register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "vector loads and stores take raw addresses")]
fn avx512_panel(rows: &[f32], inputs: usize, panel: &[f32], sums: &mut [[f32; PANEL]; ROWS]) {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};
    macro_rules! eight {
        ($($row:ident $low:ident $high:ident),*) => {{
            let [$($low),*] = sums;
            // SAFETY: each array holds 32 values, two registers.
            $(let (mut $row, mut $high) = unsafe { (_mm512_loadu_ps($low.as_ptr()), _mm512_loadu_ps($low.as_ptr().add(16))) };)*
            for (step, weights) in panel.as_chunks::<PANEL>().0.iter().enumerate().take(inputs) {
                // SAFETY: 32 weights, two registers.
                let (left, right) = unsafe { (_mm512_loadu_ps(weights.as_ptr()), _mm512_loadu_ps(weights.as_ptr().add(16))) };
                let mut at = step;
                $(
                    // SAFETY: `step < inputs`, and `rows` holds eight rows of `inputs`: the caller looked.
                    let x = _mm512_set1_ps(*unsafe { rows.get_unchecked(at) });
                    at += inputs;
                    $row = _mm512_fmadd_ps(x, left, $row);
                    $high = _mm512_fmadd_ps(x, right, $high);
                )*
                let _ = at;
            }
            // SAFETY: as above.
            $(unsafe {
                _mm512_storeu_ps($low.as_mut_ptr(), $row);
                _mm512_storeu_ps($low.as_mut_ptr().add(16), $high);
            })*
        }};
    }
    eight!(a a0 a1, b b0 b1, c c0 c1, d d0 d1, e e0 e1, f f0 f1, g g0 g1, h h0 h1);
}
