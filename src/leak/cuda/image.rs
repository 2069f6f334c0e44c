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
    /// How the names of its kernels begin.
    prefix: &'static str,
    /// Whether they use the warpgroup's own products, which exist on Hopper alone; their names end so.
    is_wgmma: bool,
    ptx: &'static str,
    sm_80: &'static [u8],
    sm_90a: &'static [u8],
}

macro_rules! prebuilt {
    ($include:ident, $name:literal, $kind:literal) => {
        $include!(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/prebuilt/", $name, $kind))
    };
}
macro_rules! image {
    ($name:literal, $prefix:literal) => {
        Image {
            prefix: $prefix,
            is_wgmma: false,
            ptx: prebuilt!(include_str, $name, ".ptx"),
            sm_80: prebuilt!(include_bytes, $name, ".sm_80.cubin"),
            sm_90a: prebuilt!(include_bytes, $name, ".sm_90a.cubin"),
        }
    };
    ($name:literal, $prefix:literal, wgmma) => {
        Image {
            prefix: $prefix,
            is_wgmma: true,
            ptx: "",
            sm_80: &[],
            sm_90a: prebuilt!(include_bytes, $name, ".sm_90a.cubin"),
        }
    };
}

const IMAGES: [Image; 8] = [
    image!("scan_s8", "scan_s8_"),
    image!("scan_s8_wgmma", "scan_s8_", wgmma),
    image!("embed_gather", "embed_"),
    image!("gemm", "gemm_"),
    image!("gemm_wgmma", "gemm_", wgmma),
    image!("attention", "attention_"),
    image!("layernorm", "layernorm_"),
    image!("pool", "pool"),
];

/// All kernels that the device takes, loaded into a context.
pub(super) struct Images(Vec<(&'static Image, Arc<CudaModule>)>);

/// Whether a device has the warpgroup's own products.
pub(super) fn has_wgmma(capability: (i32, i32)) -> bool {
    capability == (9, 0)
}

impl Images {
    /// Loads what fits the device.
    pub(super) fn load(context: &Arc<CudaContext>, capability: (i32, i32)) -> Result<Self, WhyNot> {
        let fitting = IMAGES.iter().filter(|image| !image.is_wgmma || has_wgmma(capability));
        let load = |image: &'static Image| {
            let code = match capability {
                (9, 0) => Ptx::from_binary(image.sm_90a.to_vec()),
                (8, _) => Ptx::from_binary(image.sm_80.to_vec()),
                _ => Ptx::from_src(image.ptx),
            };
            Ok((image, context.load_module(code)?))
        };
        Ok(Self(fitting.map(load).collect::<Result<_, WhyNot>>()?))
    }

    /// The module that holds a kernel: the driver is never asked for a name that is not there.
    fn module(&self, name: &str) -> Result<&Arc<CudaModule>, WhyNot> {
        let is_wgmma = name.ends_with("_wgmma");
        let held = self.0.iter().find(|(image, _)| image.is_wgmma == is_wgmma && name.starts_with(image.prefix));
        held.map(|(_, module)| module).ok_or(WhyNot::Broken)
    }

    /// A kernel by its name.
    pub(super) fn function(&self, name: &str) -> Result<CudaFunction, WhyNot> {
        Ok(self.module(name)?.load_function(name)?)
    }

    /// What a kernel says of itself: rows of its tile, bytes of shared memory, and two more numbers of its own.
    pub(super) fn shape(&self, name: &str, stream: &Arc<CudaStream>) -> Result<[u32; 4], WhyNot> {
        let view = self.module(name)?.get_global(&format!("{name}_shape"), stream)?;
        let bytes = stream.clone_dtoh(&view)?;
        let words = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
        words.collect::<Vec<_>>().try_into().map_err(|_| WhyNot::Broken)
    }
}
