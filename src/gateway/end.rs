//! How an answer ended: the word that the log, the metrics and the accounts of tokens go by. It judges nothing.

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client has all of it.
    Complete,
    /// The client left before the end.
    ClientGone,
    /// The gateway was stopped, and cut it.
    Stopped,
    /// The backend broke off.
    UpstreamBroke,
    /// The request was refused after a backend had seen it.
    Refused,
    /// The gateway failed inside.
    Failed,
}

impl End {
    /// Its word in the log.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientGone => "client-gone",
            Self::Stopped => "gateway-stop",
            Self::UpstreamBroke => "upstream-broke",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}
