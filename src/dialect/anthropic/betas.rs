//! Words of `anthropic-beta`, which Bedrock takes in the body.
//!
//! A word passes where the tables read all that it adds to a request and to an answer, and where it changes nothing of where a
//! request goes and of what a provider fetches by itself. The others that the SDKs of today have are refused with the reason.

use super::super::features::Features;

/// The versions of the API.
pub(super) static VERSIONS: Features = Features { passing: &["2026-10-21", "2023-06-01", "2023-01-01"], refused: &[] };

/// The words.
pub(super) static BETAS: Features = Features { passing: PASSING, refused: REFUSED };

const PASSING: &[&str] = &[
    "advanced-tool-use-2025-11-20",
    "claude-code-20250219",
    "code-execution-2025-05-22",
    "code-execution-2025-08-25",
    "compact-2026-01-12",
    "compact-2026-09-04",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "extended-cache-ttl-2025-04-11",
    "fast-mode-2026-02-01",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "max-tokens-3-5-sonnet-2024-07-15",
    "mcp-client-2025-04-04",
    "mcp-client-2025-11-20",
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-system-clear-at-2026-08-21",
    "model-context-window-exceeded-2025-08-26",
    "output-128k-2025-02-19",
    "output-300k-2026-03-24",
    "pdfs-2024-09-25",
    "prompt-caching-2024-07-31",
    "search-results-2025-06-09",
    "structured-outputs-2025-09-17",
    "structured-outputs-2025-11-13",
    "structured-outputs-2025-12-15",
    "task-budgets-2026-03-13",
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
    "thinking-token-count-2026-05-13",
    "token-counting-2024-11-01",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
    "web-fetch-2025-09-10",
];

const REFUSED: &[(&str, &str)] = &[
    ("advisor-tool-2026-03-01", OTHER_MODEL),
    ("agent-memory-2026-07-22", KEEPS),
    ("cache-diagnosis-2026-04-07", KEEPS),
    ("dreaming-2026-04-21", KEEPS),
    ("fallback-credit-2026-06-01", OTHER_MODEL),
    ("fallback-credit-2026-07-01", OTHER_MODEL),
    ("files-api-2025-04-14", FILES),
    ("inline-tools-2026-09-15", TOOLS),
    ("managed-agents-2026-04-01", KEEPS),
    ("mcp-client-2026-09-15", TOOLS),
    ("mcp-tunnels-2026-06-22", TOOLS),
    ("message-batches-2024-09-24", KEEPS),
    ("message-threads-2026-08-12", KEEPS),
    ("mid-conversation-tool-changes-2026-07-01", TOOLS),
    ("server-side-fallback-2026-06-01", OTHER_MODEL),
    ("server-side-fallback-2026-07-01", OTHER_MODEL),
    ("skills-2025-10-02", FILES),
    ("user-profiles-2026-03-24", KEEPS),
    ("user-profiles-2026-08-18", KEEPS),
    ("user-profiles-2026-09-04", KEEPS),
    ("user-profiles-billing-2026-10-01", KEEPS),
];

const KEEPS: &str = "it works with what the provider keeps between requests, which this gateway has not read";
const FILES: &str = "it works with files that the provider holds, which this gateway has not read";
const OTHER_MODEL: &str = "it has the provider pass the request on to another model, which is policy's to choose";
const TOOLS: &str =
    "it brings tools in places that this gateway does not read yet, and they may run or fetch at the provider";
