//! The keys of a corpus: one for each use and tenant, derived from one master.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::aead::Key;
use crate::leak::space::DocumentId;
use crate::leak::text::Keys;

/// The keys of a corpus, derived from one master for each use and tenant.
pub struct CorpusKeys {
    master: hmac::Key,
}

impl std::fmt::Debug for CorpusKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CorpusKeys(..)")
    }
}

impl CorpusKeys {
    /// Keys below a master.
    pub fn new(master: hmac::Key) -> Self {
        Self { master }
    }

    fn derived(&self, purpose: &str, tenant: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let tag = hmac::sign(&self.master, format!("{purpose}\0{tenant}").as_bytes());
        key.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        key
    }

    /// The keys of a tenant's words and projection.
    pub fn words(&self, tenant: &str) -> Keys {
        let key = self.derived("words", tenant);
        Keys::new(key.first_chunk().unwrap_or(&[0; 24]))
    }

    /// What identifies a document: it changes with its content and with its path.
    pub fn document(&self, tenant: &str, path: &str, sha256: &[u8; 32]) -> DocumentId {
        let key = self.derived("document", tenant);
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()));
        context.update(sha256);
        context.update(path.as_bytes());
        DocumentId(context.sign().as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Tells keys apart without telling them.
    pub fn check(&self) -> [u8; 32] {
        *self.derived("check", "")
    }

    pub(super) fn sealer(&self, tenant: &str) -> Key {
        Key::new(&self.derived("seal", tenant))
    }

    pub(super) fn folder(&self, tenant: &str) -> String {
        let key = self.derived("folder", tenant);
        key.iter().take(16).fold(String::new(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// Seals tenants' names.
    pub(super) fn names(&self) -> Key {
        Key::new(&self.derived("names", ""))
    }
}
