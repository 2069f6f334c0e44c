//! The TLS of the listeners: that of the data path and that of administrators, read and renewed together.

use std::sync::Arc;

use crate::config::Config;
use crate::gateway::tls::{Front, TlsError};

/// The TLS of each listener that has some.
#[derive(Debug, Clone)]
pub(super) struct Fronts {
    /// Of the data path.
    pub(super) data: Option<Arc<Front>>,
    /// Of the admin listener.
    pub(super) admin: Option<Arc<Front>>,
}

impl Fronts {
    /// Reads the files of both.
    ///
    /// # Errors
    /// When a file cannot be read, or they do not fit together.
    pub(super) fn read(config: &Config) -> Result<Self, TlsError> {
        let data = config.listen.tls.as_ref().map(Front::read).transpose()?;
        let admin = config.admin_tls.as_ref().map(Front::read).transpose()?;
        Ok(Self { data, admin })
    }

    /// What is wrong with the files of a configuration.
    pub(super) fn faults(config: &Config) -> Vec<String> {
        let files = config.listen.tls.iter().chain(&config.admin_tls);
        files.filter_map(|files| Front::read(files).err()).map(|error| error.to_string()).collect()
    }

    /// Takes up the files that a configuration names now, and says what is wrong with them. A listener that began without TLS
    /// stays as it is, and one that has some keeps it: a certificate that cannot be used leaves the old one in its place, and
    /// authorities that are no longer named vouch for nobody.
    pub(super) fn follow(&self, config: &Config) -> Vec<TlsError> {
        let files = [config.listen.tls.as_ref(), config.admin_tls.as_ref()];
        let fronts = [self.data.as_ref(), self.admin.as_ref()].into_iter().zip(files);
        fronts.filter_map(|(front, files)| front?.follow(files).err()).collect()
    }

    /// Whether any listener speaks TLS.
    pub(super) const fn any(&self) -> bool {
        self.data.is_some() || self.admin.is_some()
    }

    /// Seconds since the epoch at which the first of the certificates in use ends; without any, never.
    pub(super) fn valid_until(&self) -> f64 {
        self.data.iter().chain(&self.admin).map(|front| front.valid_until()).fold(f64::INFINITY, f64::min)
    }
}
