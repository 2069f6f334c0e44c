//! Memory that is not swapped: the root key's page is locked and wiped.
//!
//! Locking may be refused by a resource limit (`RLIMIT_MEMLOCK`); the key then works unlocked, and the caller is told so
//! that the operator is.
#![expect(unsafe_code, reason = "mlock and munlock take raw addresses; there is no safe wrapper")]

use zeroize::Zeroize;

/// 32 bytes on the heap that do not move, locked where the system lets us, wiped on drop.
pub(super) struct LockedKey {
    bytes: Box<[u8; 32]>,
    locked: bool,
}

impl LockedKey {
    /// Moves a key to locked memory; `key` is wiped.
    pub(super) fn new(key: &mut [u8; 32]) -> Self {
        let bytes = Box::new(*key);
        key.zeroize();
        // SAFETY: the range is the boxed array: valid, 32 bytes, owned by `self` until `drop` unlocks it; mlock reads and
        // writes nothing.
        let locked = unsafe { rustix::mm::mlock(bytes.as_ptr().cast_mut().cast(), 32) }.is_ok();
        Self { bytes, locked }
    }

    /// The key.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Whether the system locked it.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }
}

impl Drop for LockedKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
        if self.locked {
            // SAFETY: the same range that `new` locked, still owned. A failure leaves a wiped page locked until exit.
            unsafe { rustix::mm::munlock(self.bytes.as_ptr().cast_mut().cast(), 32) }.unwrap_or_default();
        }
    }
}
