//! The compiled kernels that are part of the binary, and which of them a device takes.
//!
//! `kernels/build.sh` makes them and `kernels/prebuilt/SHA256SUMS` names them. A device of a later generation than those
//! compiled for takes the intermediate code, which its driver compiles when it is loaded.

use std::sync::Arc;

use cudarc::driver::{CudaContext, CudaFunction, CudaModule, CudaStream};
use cudarc::nvrtc::Ptx;

use super::WhyNot;

/// One source file, compiled.
struct Image {
    ptx: &'static str,
    sm_80: &'static [u8],
    sm_90a: &'static [u8],
}

macro_rules! image {
    ($name:literal) => {
        Image {
            ptx: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/prebuilt/", $name, ".ptx")),
            sm_80: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/prebuilt/", $name, ".sm_80.cubin")),
            sm_90a: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/prebuilt/", $name, ".sm_90a.cubin")),
        }
    };
}

const IMAGES: [Image; 6] =
    [image!("scan_s8"), image!("embed_gather"), image!("gemm"), image!("attention"), image!("layernorm"), image!("pool")];

/// All kernels, loaded into a context.
pub(super) struct Images(Vec<Arc<CudaModule>>);

impl Images {
    /// Loads what fits the device.
    pub(super) fn load(context: &Arc<CudaContext>, capability: (i32, i32)) -> Result<Self, WhyNot> {
        let load = |image: &Image| {
            let code = match capability {
                (9, 0) => Ptx::from_binary(image.sm_90a.to_vec()),
                (8, _) => Ptx::from_binary(image.sm_80.to_vec()),
                _ => Ptx::from_src(image.ptx),
            };
            context.load_module(code)
        };
        Ok(Self(IMAGES.iter().map(load).collect::<Result<_, _>>()?))
    }

    /// A kernel by its name.
    pub(super) fn function(&self, name: &str) -> Result<CudaFunction, WhyNot> {
        self.0.iter().find_map(|module| module.load_function(name).ok()).ok_or(WhyNot::Broken)
    }

    /// The words of a constant.
    pub(super) fn constant(&self, name: &str, stream: &Arc<CudaStream>) -> Result<Vec<u32>, WhyNot> {
        let view = self.0.iter().find_map(|module| module.get_global(name, stream).ok()).ok_or(WhyNot::Broken)?;
        let bytes = stream.clone_dtoh(&view)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }
}
