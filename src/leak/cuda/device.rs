//! A device: context, stream, memory that is cleared before it is freed.
//!
//! All copies and kernels go to one stream, so they happen in the order of the calls. A [`Device`] and what it lends stay on
//! the thread that opened them.
#![expect(unsafe_code, reason = "the driver's interface takes raw addresses")]

use std::ffi::c_void;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use cudarc::driver::{CudaContext, CudaFunction, CudaStream, result, sys};

use super::WhyNot;
use super::image::{Images, has_wgmma};

/// Values that are plain bytes on both sides.
pub trait Plain: Copy + Default + private::Sealed {}
mod private {
    pub trait Sealed {}
}
macro_rules! plain {
    ($($type:ty)*) => { $(impl private::Sealed for $type {} impl Plain for $type {})* };
}
plain!(i8 u8 u16 i32 u32 u64 f32 [u32; 3]);

/// Whether a driver library can be loaded at all.
pub(super) fn is_library_present() -> bool {
    // SAFETY: loads the library by its well-known names and runs its initialisers, as every user of the driver does.
    unsafe { sys::is_culib_present() }
}

/// An open device with its kernels.
pub struct Device {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    images: Images,
    name: String,
    capability: (i32, i32),
    processors: u32,
    // Bound to its thread.
    _thread: PhantomData<Rc<()>>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Device").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Device {
    /// Opens the first device. May panic where the library is broken.
    pub(super) fn open() -> Result<Self, WhyNot> {
        result::init()?;
        if CudaContext::device_count()? < 1 {
            return Err(WhyNot::NoDevice);
        }
        let context = CudaContext::new(0)?;
        let capability = context.compute_capability()?;
        if capability.0 < 8 {
            return Err(WhyNot::TooOld(capability.0, capability.1));
        }
        // SAFETY: one stream on one thread: the order of calls is the order of work, and no event is needed for it.
        unsafe { context.disable_event_tracking() };
        let stream = context.new_stream()?;
        let attribute = sys::CUdevice_attribute_enum::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
        let processors = u32::try_from(context.attribute(attribute)?).unwrap_or(1);
        let images = Images::load(&context, capability)?;
        let name = context.name()?;
        Ok(Self { context, stream, images, name, capability, processors, _thread: PhantomData })
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compute capability.
    pub fn capability(&self) -> (i32, i32) {
        self.capability
    }

    /// Multiprocessors.
    pub fn processors(&self) -> u32 {
        self.processors
    }

    /// The driver's version, as it reports it: 13000 is 13.0.
    pub fn driver_version(&self) -> i32 {
        let mut version = 0;
        // SAFETY: writes one integer.
        let answer = unsafe { sys::cuDriverGetVersion(&raw mut version) };
        if answer == sys::CUresult::CUDA_SUCCESS { version } else { 0 }
    }

    /// Waits until everything that was asked is done.
    pub fn finish(&self) -> Result<(), WhyNot> {
        Ok(self.stream.synchronize()?)
    }

    /// Finds a kernel by its name.
    pub(super) fn kernel(&self, name: &str) -> Result<CudaFunction, WhyNot> {
        self.images.function(name)
    }

    /// What a kernel says of itself: rows of its tile, bytes of shared memory, and two more numbers of its own.
    pub(super) fn shape(&self, name: &str) -> Result<[u32; 4], WhyNot> {
        self.images.shape(name, &self.stream)
    }

    /// Whether it has the warpgroup's own products, for which some kernels exist in a second form.
    pub(super) fn has_wgmma(&self) -> bool {
        has_wgmma(self.capability)
    }

    /// Allocates cleared memory for `len` values.
    pub fn buffer<T: Plain>(&self, len: usize) -> Result<Buffer<T>, WhyNot> {
        let bytes = len.max(1).checked_mul(size_of::<T>()).ok_or(WhyNot::Memory)?;
        // SAFETY: a plain allocation of the current context; freed by `Buffer`.
        let address = unsafe { result::malloc_sync(bytes) }?;
        let buffer = Buffer { address, len, bytes, stream: self.stream.clone(), values: PhantomData };
        // SAFETY: exactly the allocation.
        unsafe { result::memset_d8_async(address, 0, bytes, self.stream.cu_stream()) }?;
        Ok(buffer)
    }

    /// Allocates and fills memory.
    pub fn uploaded<T: Plain>(&self, values: &[T]) -> Result<Buffer<T>, WhyNot> {
        let buffer = self.buffer(values.len())?;
        self.write(&buffer, 0, values)?;
        self.finish()?;
        Ok(buffer)
    }

    /// Copies values to `buffer` from its place `at` on, and waits.
    pub fn write<T: Plain>(&self, buffer: &Buffer<T>, at: usize, values: &[T]) -> Result<(), WhyNot> {
        if at.checked_add(values.len()).is_none_or(|end| end > buffer.len) {
            return Err(WhyNot::Memory);
        }
        let to = buffer.address + (at * size_of::<T>()) as u64;
        // SAFETY: the range lies in the allocation; `values` outlives the copy: it is awaited.
        unsafe { result::memcpy_htod_async(to, values, self.stream.cu_stream()) }?;
        self.finish()
    }

    /// Copies the first values of `buffer` back, and waits.
    pub fn read<T: Plain>(&self, buffer: &Buffer<T>, len: usize) -> Result<Vec<T>, WhyNot> {
        let mut values = vec![T::default(); len.min(buffer.len)];
        // SAFETY: no longer than the allocation; `values` outlives the copy: it is awaited.
        unsafe { result::memcpy_dtoh_async(&mut values, buffer.address, self.stream.cu_stream()) }?;
        self.finish()?;
        Ok(values)
    }

    /// Asks for a copy within the device, as long as the shorter of the two.
    pub fn copy<T: Plain>(&self, to: &Buffer<T>, from: &Buffer<T>) -> Result<(), WhyNot> {
        let bytes = to.bytes.min(from.bytes);
        // SAFETY: both ranges lie in their allocations, which outlive the work: dropping one waits for the stream.
        unsafe { result::memcpy_dtod_async(to.address, from.address, bytes, self.stream.cu_stream()) }?;
        Ok(())
    }

    /// Asks for `buffer` to be cleared.
    pub fn clear<T: Plain>(&self, buffer: &Buffer<T>) -> Result<(), WhyNot> {
        // SAFETY: exactly the allocation.
        unsafe { result::memset_d8_async(buffer.address, 0, buffer.bytes, self.stream.cu_stream()) }?;
        Ok(())
    }

    /// The stream, for graphs and clocks.
    pub(super) fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    /// The context.
    pub(super) fn context(&self) -> &Arc<CudaContext> {
        &self.context
    }
}

/// Memory of the device. It may hold vectors of protected documents: it is cleared before it is freed.
pub struct Buffer<T> {
    address: sys::CUdeviceptr,
    len: usize,
    bytes: usize,
    stream: Arc<CudaStream>,
    values: PhantomData<T>,
}

impl<T> Buffer<T> {
    /// Values that it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its address, for kernels.
    pub(super) fn address(&self) -> u64 {
        self.address
    }
}

impl<T> std::fmt::Debug for Buffer<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Buffer").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.stream.context().bind_to_thread().is_err() {
            return;
        }
        // SAFETY: exactly the allocation, cleared after all work on the stream and freed once that is done. A device that
        // fails here has lost its context, and the driver clears memory before it gives it to another process.
        unsafe {
            let cleared = result::memset_d8_async(self.address, 0, self.bytes, self.stream.cu_stream());
            let done = self.stream.synchronize();
            let freed = result::free_sync(self.address);
            // Nothing more can be done about an error than to have tried all three.
            cleared.and(done).and(freed).unwrap_or_default();
        }
    }
}

/// Host memory that the device copies from and to without a detour.
pub(super) struct Pinned<T> {
    address: *mut c_void,
    len: usize,
    context: Arc<CudaContext>,
    values: PhantomData<T>,
}

impl<T: Plain> Pinned<T> {
    /// Allocates `len` default values.
    pub(super) fn new(device: &Device, len: usize) -> Result<Self, WhyNot> {
        let bytes = len.max(1) * size_of::<T>();
        // SAFETY: a plain allocation, freed by `Pinned`; without the write-combined flag, so that reading is not slow.
        let address = unsafe { result::malloc_host(bytes, 0) }?;
        let mut pinned = Self { address, len, context: device.context.clone(), values: PhantomData };
        pinned.values().fill(T::default());
        Ok(pinned)
    }

    /// The values. No copy may be under way: callers finish the stream before they look.
    pub(super) fn values(&mut self) -> &mut [T] {
        // SAFETY: allocated for `len` values by `new` and page-aligned; plain values have no invalid bytes.
        unsafe { std::slice::from_raw_parts_mut(self.address.cast(), self.len) }
    }

    /// Asks for a copy of the first `len` values to the device.
    pub(super) fn send(&mut self, device: &Device, to: &Buffer<T>, len: usize) -> Result<(), WhyNot> {
        let len = len.min(self.len).min(to.len);
        // SAFETY: both ranges lie in their allocations; the pinned one is freed only after the stream is done (`drop`).
        unsafe {
            let from = std::slice::from_raw_parts(self.address.cast::<T>(), len);
            result::memcpy_htod_async(to.address, from, device.stream.cu_stream())
        }?;
        Ok(())
    }

    /// Asks for a copy of the first `len` values from the device.
    pub(super) fn fetch(&mut self, device: &Device, from: &Buffer<T>, len: usize) -> Result<(), WhyNot> {
        let len = len.min(self.len).min(from.len);
        // SAFETY: as in `send`.
        unsafe {
            let to = std::slice::from_raw_parts_mut(self.address.cast::<T>(), len);
            result::memcpy_dtoh_async(to, from.address, device.stream.cu_stream())
        }?;
        Ok(())
    }
}

impl<T> std::fmt::Debug for Pinned<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pinned").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        // SAFETY: all work of the context is over before the memory is cleared and freed; the range is the allocation.
        unsafe {
            if self.context.synchronize().is_ok() {
                std::ptr::write_bytes(self.address.cast::<u8>(), 0, self.len * size_of::<T>());
            }
            result::free_host(self.address).unwrap_or_default();
        }
    }
}
