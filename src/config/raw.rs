//! `octroi.toml` as written: a mirror of the file, nothing resolved. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::admin::RawAdmin;
use super::endpoints::RawService;
use super::issuers::RawIssuer;
use super::quota::RawQuota;
use super::waiting::RawWaiting;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) listen: RawListen,
    #[serde(default)]
    pub(super) admin: RawAdmin,
    #[serde(default)]
    pub(super) policy: RawPolicy,
    #[serde(default)]
    pub(super) audit: RawAudit,
    #[serde(default)]
    pub(super) keys: RawKeys,
    pub(super) corpus: Option<RawCorpus>,
    #[serde(default)]
    pub(super) app: Vec<RawApp>,
    #[serde(default)]
    pub(super) issuer: Vec<RawIssuer>,
    #[serde(default)]
    pub(super) backend: Vec<RawBackend>,
    #[serde(default)]
    pub(super) models: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(default)]
    pub(super) smaller: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) waiting: RawWaiting,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) quota: RawQuota,
    #[serde(default)]
    pub(super) dangerous: RawDangerous,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListen {
    pub(super) address: Spanned<String>,
    pub(super) certificate: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) client_authorities: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) folder: Option<Spanned<String>>,
    pub(super) approvers: Option<Spanned<String>>,
    pub(super) shadow: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAudit {
    pub(super) folder: Option<Spanned<String>>,
    pub(super) node: Option<Spanned<String>>,
    pub(super) segment_bytes: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) witnesses: Vec<RawWitness>,
    pub(super) witness_quorum: Option<Spanned<u64>>,
    pub(super) witness_interval_s: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) custodians: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWitness {
    pub(super) url: Spanned<String>,
    pub(super) key: Spanned<String>,
    pub(super) roots: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKeys {
    pub(super) root: Option<Spanned<String>>,
    pub(super) callers: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCorpus {
    pub(super) folder: Option<Spanned<String>>,
    pub(super) budget_ms: Option<Spanned<u64>>,
    pub(super) history_s: Option<Spanned<u64>>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) model_sha256: Option<Spanned<String>>,
    pub(super) model_gpu: Option<Spanned<String>>,
    pub(super) encoder_budget_ms: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApp {
    pub(super) name: Spanned<String>,
    pub(super) tenant: Spanned<String>,
    pub(super) purpose: Option<String>,
    #[serde(default)]
    pub(super) purposes: Vec<String>,
    #[serde(default)]
    pub(super) keys: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) certificates: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) residence: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) minors: bool,
    #[serde(default)]
    pub(super) labels_required: bool,
    /// Which headers answers carry: `all` or `id`.
    pub(super) headers: Option<Spanned<String>>,
    /// `interactive` or `batch`.
    pub(super) priority: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBackend {
    pub(super) name: Spanned<String>,
    pub(super) url: Spanned<String>,
    pub(super) dialects: Vec<Spanned<String>>,
    pub(super) roots: Option<Spanned<String>>,
    pub(super) credential: Option<RawCredential>,
    pub(super) client_certificate: Option<RawClientCertificate>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) region: Option<RawRegion>,
    pub(super) health_path: Option<String>,
    pub(super) first_byte_s: Option<Spanned<u64>>,
    pub(super) reply_idle_s: Option<Spanned<u64>>,
    pub(super) endpoints: Option<Vec<Spanned<String>>>,
    pub(super) endpoints_file: Option<Spanned<String>>,
    pub(super) endpoints_dns_s: Option<Spanned<u64>>,
    pub(super) endpoints_srv: Option<RawService>,
    pub(super) poll: Option<Spanned<String>>,
    pub(super) poll_path: Option<Spanned<String>>,
    pub(super) poll_port: Option<Spanned<u64>>,
    pub(super) poll_ms: Option<Spanned<u64>>,
    pub(super) full_requests: Option<Spanned<u32>>,
    pub(super) full_waiting: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRegion {
    pub(super) header: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCredential {
    pub(super) bearer: Option<Spanned<RawSource>>,
    pub(super) header: Option<RawHeaderCredential>,
    pub(super) sigv4: Option<RawSigv4>,
    pub(super) google_account: Option<RawGoogleAccount>,
    pub(super) google_metadata: Option<RawGoogleMetadata>,
    pub(super) entra: Option<RawEntra>,
    pub(super) aws_instance: Option<RawAwsInstance>,
    pub(super) aws_container: Option<RawAwsContainer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGoogleAccount {
    pub(super) key: Spanned<RawSource>,
    pub(super) scope: Option<String>,
    pub(super) roots: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGoogleMetadata {
    pub(super) url: Option<String>,
    pub(super) account: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntra {
    pub(super) tenant: String,
    pub(super) client: String,
    pub(super) secret: Spanned<RawSource>,
    pub(super) login: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) roots: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAwsInstance {
    pub(super) url: Option<String>,
    pub(super) role: Option<String>,
    pub(super) region: String,
    pub(super) service: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAwsContainer {
    pub(super) url: Spanned<RawSource>,
    pub(super) authorization: Option<Spanned<RawSource>>,
    pub(super) region: String,
    pub(super) service: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSigv4 {
    pub(super) access_key: Spanned<RawSource>,
    pub(super) secret_key: Spanned<RawSource>,
    pub(super) session_token: Option<Spanned<RawSource>>,
    pub(super) region: String,
    pub(super) service: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHeaderCredential {
    pub(super) name: String,
    pub(super) value: Spanned<RawSource>,
}

/// Where a secret comes from: the environment or a file, never the configuration itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub(super) env: Option<String>,
    pub(super) file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClientCertificate {
    pub(super) certificate: Spanned<String>,
    pub(super) key: Spanned<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) body_bytes: Option<Spanned<u64>>,
    pub(super) bodies_bytes: Option<Spanned<u64>>,
    pub(super) tenant_bodies_bytes: Option<Spanned<u64>>,
    pub(super) json_depth: Option<Spanned<u64>>,
    pub(super) unknown_leaves: Option<Spanned<String>>,
    pub(super) head_s: Option<Spanned<u64>>,
    pub(super) body_s: Option<Spanned<u64>>,
    pub(super) idle_s: Option<Spanned<u64>>,
    pub(super) stall_s: Option<Spanned<u64>>,
    pub(super) connections: Option<Spanned<u64>>,
    pub(super) streams: Option<Spanned<u32>>,
    pub(super) resets: Option<Spanned<u64>>,
    pub(super) requests: Option<Spanned<u64>>,
    pub(super) own_work_ms: Option<Spanned<u64>>,
    pub(super) head_bytes: Option<Spanned<u64>>,
    pub(super) drain_s: Option<Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDangerous {
    #[serde(default)]
    pub(super) plaintext_listener: bool,
    #[serde(default)]
    pub(super) plaintext_backends: Vec<Spanned<String>>,
}

/// The line of an offset with a caret under it. A line that may hold a secret by mistake is not shown.
pub(super) fn shown(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let (number, start) = (before.matches('\n').count() + 1, before.rfind('\n').map_or(0, |at| at + 1));
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let secret = ["key", "credential", "bearer", "header", "octroi_"].iter().any(|word| line.contains(word));
    if secret || line.chars().count() > SHOWN_CHARACTERS_MAX {
        return String::new();
    }
    let margin = " ".repeat(number.to_string().len());
    let column = " ".repeat(before.get(start..).unwrap_or_default().chars().count());
    format!("  {margin} |\n  {number} | {line}\n  {margin} | {column}^\n")
}

/// A longer line is not shown.
const SHOWN_CHARACTERS_MAX: usize = 160;

/// Writes a byte offset as `file:line:column`, both counted from 1.
pub(super) fn place(path: &Path, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{}:{line}:{column}", path.display())
}
