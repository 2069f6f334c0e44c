//! Kernels as values: what each needs, and how it is called.
#![expect(unsafe_code, reason = "a kernel takes raw addresses")]

use std::ffi::c_void;

use cudarc::driver::{CudaFunction, result, sys};

use super::{Device, WhyNot};

/// Dimensions that scan kernels were compiled for.
pub(super) const DIMENSIONS: [usize; 2] = [256, 384];
/// Numbers of queries that scan kernels were compiled for.
pub(super) const WIDTHS: [usize; 4] = [8, 16, 32, 64];

/// One argument of a kernel.
#[derive(Debug, Clone, Copy)]
pub(super) enum Argument {
    Address(u64),
    Word(u32),
    Real(f32),
}

/// A kernel with its shape.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    function: CudaFunction,
    pub(super) threads: u32,
    pub(super) shared_bytes: u32,
}

impl Kernel {
    /// Finds a kernel and lets it have its shared memory.
    pub(super) fn find(device: &Device, name: &str, threads: u32, shared_bytes: u32) -> Result<Self, WhyNot> {
        let function = device.kernel(name)?;
        if shared_bytes > 48 * 1024 {
            let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            function.set_attribute(attribute, i32::try_from(shared_bytes).map_err(|_| WhyNot::Memory)?)?;
        }
        Ok(Self { function, threads, shared_bytes })
    }

    /// Blocks that one multiprocessor holds at once.
    pub(super) fn blocks_held(&self) -> Result<u32, WhyNot> {
        Ok(self.function.occupancy_max_active_blocks_per_multiprocessor(
            self.threads,
            self.shared_bytes as usize,
            None,
        )?)
    }

    /// Asks for a run.
    ///
    /// # Safety
    /// The arguments are those of the kernel, in order and kind, and every address is that of a live [`Buffer`] of the
    /// device, long enough for what the kernel does with it.
    ///
    /// [`Buffer`]: super::device::Buffer
    pub(super) unsafe fn run(
        &self,
        device: &Device,
        grid: (u32, u32, u32),
        arguments: &[Argument],
    ) -> Result<(), WhyNot> {
        // Each argument in a word of its own; the driver copies as many bytes as the kernel declares, from the lowest.
        let mut words: Vec<u64> = arguments
            .iter()
            .map(|argument| match *argument {
                Argument::Address(address) => address,
                Argument::Word(word) => u64::from(word).to_le(),
                Argument::Real(real) => u64::from(real.to_bits()).to_le(),
            })
            .collect();
        let mut addresses: Vec<*mut c_void> = words.iter_mut().map(|word| std::ptr::from_mut(word).cast()).collect();
        // SAFETY: by the caller; `words` outlives the call, in which the driver copies them.
        unsafe {
            result::launch_kernel(
                self.function.cu_function(),
                grid,
                (self.threads, 1, 1),
                self.shared_bytes,
                device.stream().cu_stream(),
                &mut addresses,
            )
        }?;
        Ok(())
    }
}
