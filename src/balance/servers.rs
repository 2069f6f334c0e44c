//! What model servers call the same few things: names of metrics as tables, one row a server.
//!
//! A newer name stands beside the older one that it replaced: a page has one of them. Counts of several series (one for each
//! model, engine or rank) are added, shares are not: the fullest counts. Sources: each server's documentation of its metrics,
//! as of November 2026. `tests/data/metrics` has a page of each.

use super::Said;
use super::page::Sample;

/// A kind of model server, as `poll` names it in `octroi.toml`.
#[derive(Debug, PartialEq)]
pub struct Server {
    /// The name.
    pub name: &'static str,
    /// Where it tells.
    pub path: &'static str,
    /// The port of its own that it tells at, where it has one by default.
    pub port: Option<u16>,
    form: Form,
}

#[derive(Debug, PartialEq)]
enum Form {
    /// A page for Prometheus.
    Page(Names),
    /// Ollama's list of loaded models.
    Loaded,
}

/// Series of a page. Each list holds names of the same thing.
#[derive(Debug, PartialEq)]
struct Names {
    waiting: &'static [Series],
    running: &'static [Series],
    kv_use: &'static [Series],
    kv_tokens: Capacity,
    /// Metric and labels that list adapters; the sample with the highest value is the newest.
    adapters: Option<(&'static str, &'static [&'static str])>,
}

/// A metric, and the label that it must have.
type Series = (&'static str, Option<(&'static str, &'static str)>);

/// Where the size of the KV cache stands.
#[derive(Debug, PartialEq)]
enum Capacity {
    Unsaid,
    /// A metric counts tokens.
    Tokens(&'static str),
    /// Two labels of a metric: blocks, and tokens of a block.
    Labels(&'static str, &'static str, &'static str),
    /// Two series: blocks, and tokens of a block.
    Product(Series, Series),
}

/// Every server that is known.
pub static SERVERS: [Server; 7] = [
    // docs.vllm.ai, "Production Metrics"; `gpu_cache_usage_perc` before 0.10.
    Server {
        name: "vllm",
        path: "/metrics",
        port: None,
        form: Form::Page(Names {
            waiting: &[("vllm:num_requests_waiting", None)],
            running: &[("vllm:num_requests_running", None)],
            kv_use: &[("vllm:kv_cache_usage_perc", None), ("vllm:gpu_cache_usage_perc", None)],
            kv_tokens: Capacity::Labels("vllm:cache_config_info", "num_gpu_blocks", "block_size"),
            adapters: Some(("vllm:lora_requests_info", &["running_lora_adapters", "waiting_lora_adapters"])),
        }),
    },
    // docs.sglang.io, "Production Metrics".
    Server {
        name: "sglang",
        path: "/metrics",
        port: None,
        form: Form::Page(Names {
            waiting: &[("sglang:num_queue_reqs", None)],
            running: &[("sglang:num_running_reqs", None)],
            kv_use: &[("sglang:token_usage", None)],
            kv_tokens: Capacity::Tokens("sglang:max_total_num_tokens"),
            adapters: None,
        }),
    },
    // huggingface.co/docs/text-generation-inference, "Metrics".
    Server {
        name: "tgi",
        path: "/metrics",
        port: None,
        form: Form::Page(Names {
            waiting: &[("tgi_queue_size", None)],
            running: &[("tgi_batch_current_size", None)],
            kv_use: &[],
            kv_tokens: Capacity::Unsaid,
            adapters: None,
        }),
    },
    // docs.nvidia.com, "Observability for NVIDIA NIM for LLMs"; with vLLM inside, newer ones show its names.
    Server {
        name: "nim",
        path: "/v1/metrics",
        port: None,
        form: Form::Page(Names {
            waiting: &[("num_requests_waiting", None), ("vllm:num_requests_waiting", None)],
            running: &[("num_requests_running", None), ("vllm:num_requests_running", None)],
            kv_use: &[
                ("gpu_cache_usage_perc", None),
                ("vllm:kv_cache_usage_perc", None),
                ("vllm:gpu_cache_usage_perc", None),
            ],
            kv_tokens: Capacity::Labels("vllm:cache_config_info", "num_gpu_blocks", "block_size"),
            adapters: Some(("vllm:lora_requests_info", &["running_lora_adapters", "waiting_lora_adapters"])),
        }),
    },
    // github.com/triton-inference-server/tensorrtllm_backend, "Triton Metrics".
    Server {
        name: "triton",
        path: "/metrics",
        port: Some(8002),
        form: Form::Page(Names {
            waiting: &[("nv_trt_llm_request_metrics", Some(("request_type", "waiting")))],
            running: &[("nv_trt_llm_request_metrics", Some(("request_type", "scheduled")))],
            kv_use: &[("nv_trt_llm_kv_cache_block_metrics", Some(("kv_cache_block_type", "fraction")))],
            kv_tokens: Capacity::Product(
                ("nv_trt_llm_kv_cache_block_metrics", Some(("kv_cache_block_type", "max"))),
                ("nv_trt_llm_kv_cache_block_metrics", Some(("kv_cache_block_type", "tokens_per"))),
            ),
            adapters: None,
        }),
    },
    // github.com/ggml-org/llama.cpp, tools/server/README.md; needs `--metrics`; the KV ratio went in 2025.
    Server {
        name: "llama.cpp",
        path: "/metrics",
        port: None,
        form: Form::Page(Names {
            waiting: &[("llamacpp:requests_deferred", None)],
            running: &[("llamacpp:requests_processing", None)],
            kv_use: &[("llamacpp:kv_cache_usage_ratio", None)],
            kv_tokens: Capacity::Unsaid,
            adapters: None,
        }),
    },
    // docs.ollama.com/api/ps. It says which models are loaded and nothing of its queue.
    Server { name: "ollama", path: "/api/ps", port: None, form: Form::Loaded },
];

/// The server of a name.
pub fn server(name: &str) -> Option<&'static Server> {
    SERVERS.iter().find(|server| server.name == name)
}

/// What a name of an adapter or a model counts as; FNV-1a.
pub fn adapter(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Server {
    /// Reads what a server of this kind answered. `None` when it says none of what is asked.
    pub fn read(&self, answer: &str) -> Option<Said> {
        match &self.form {
            Form::Page(names) => read_page(names, answer),
            Form::Loaded => read_loaded(answer),
        }
    }
}

fn read_page(names: &Names, page: &str) -> Option<Said> {
    let mut said = Said::default();
    let (mut blocks, mut newest) = ((None, None), f64::NEG_INFINITY);
    for sample in page.lines().filter_map(Sample::read) {
        let is = |series: &Series| {
            series.0 == sample.name && series.1.is_none_or(|(label, value)| sample.label(label) == Some(value))
        };
        if names.waiting.iter().any(is) {
            said.waiting = Some(said.waiting.unwrap_or(0).saturating_add(count(sample.value)));
        } else if names.running.iter().any(is) {
            said.running = Some(said.running.unwrap_or(0).saturating_add(count(sample.value)));
        } else if names.kv_use.iter().any(is) {
            said.kv_use = Some(said.kv_use.unwrap_or(0.0).max(sample.value.clamp(0.0, 1.0)));
        }
        match &names.kv_tokens {
            Capacity::Tokens(name) if *name == sample.name => add(&mut said.kv_tokens, whole(sample.value)),
            Capacity::Labels(name, many, each) if *name == sample.name => {
                let number = |label| sample.label(label).and_then(|text| text.parse::<u64>().ok());
                if let (Some(many), Some(each)) = (number(many), number(each)) {
                    add(&mut said.kv_tokens, many.saturating_mul(each));
                }
            }
            Capacity::Product(many, each) => {
                blocks.0 = is(many).then(|| whole(sample.value)).or(blocks.0);
                blocks.1 = is(each).then(|| whole(sample.value)).or(blocks.1);
            }
            _ => {}
        }
        if let Some((name, labels)) = names.adapters
            && name == sample.name
            && sample.value >= newest
        {
            newest = sample.value;
            let listed = labels.iter().filter_map(|label| sample.label(label)).flat_map(|list| list.split(','));
            said.adapters =
                Some(listed.map(str::trim).filter(|one| !one.is_empty()).take(ADAPTERS_MAX).map(adapter).collect());
        }
    }
    if let (Some(many), Some(each)) = blocks {
        add(&mut said.kv_tokens, many.saturating_mul(each));
    }
    said.kv_tokens = said.kv_tokens.filter(|tokens| *tokens > 0);
    (said.waiting.is_some() || said.running.is_some() || said.kv_use.is_some()).then_some(said)
}

#[derive(serde::Deserialize)]
struct Loaded {
    models: Vec<Model>,
}

#[derive(serde::Deserialize)]
struct Model {
    #[serde(default)]
    model: String,
    #[serde(default)]
    name: String,
}

fn read_loaded(answer: &str) -> Option<Said> {
    let loaded: Loaded = serde_json::from_str(answer).ok()?;
    // `gemma3` stands for `gemma3:latest`.
    let names = loaded.models.iter().take(ADAPTERS_MAX).flat_map(|model| [model.model.as_str(), model.name.as_str()]);
    let names = names.filter(|name| !name.is_empty()).flat_map(|name| [Some(name), name.strip_suffix(":latest")]);
    let mut adapters: Vec<u64> = names.flatten().map(adapter).collect();
    adapters.sort_unstable();
    adapters.dedup();
    Some(Said { adapters: Some(adapters), ..Said::default() })
}

/// Adapters of one server that are remembered.
const ADAPTERS_MAX: usize = 256;

fn add(sum: &mut Option<u64>, more: u64) {
    *sum = Some(sum.unwrap_or(0).saturating_add(more));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range")]
fn count(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a float holds exactly")]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9e15) as u64
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the pages of servers are files")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/metrics");
        let file = if name == "ollama" { "ollama.json".to_owned() } else { format!("{name}.txt") };
        std::fs::read_to_string(format!("{folder}/{file}")).unwrap()
    }

    #[test]
    fn each_server_is_understood() {
        let said = |waiting, running, kv_use, kv_tokens, adapters: Option<&[&str]>| Said {
            waiting,
            running,
            kv_use,
            kv_tokens,
            adapters: adapters.map(|names| names.iter().map(|name| adapter(name)).collect()),
        };
        let rows = [
            ("vllm", said(Some(3), Some(31), Some(0.8125), Some(640_000), Some(&["legal-fr", "sql", "clinic"]))),
            ("sglang", said(Some(2_826), Some(162), Some(0.28), Some(442_353), None)),
            ("tgi", said(Some(5), Some(12), None, None, None)),
            ("nim", said(Some(7), Some(48), Some(0.640_000_000_000_000_1), None, None)),
            ("triton", said(Some(9), Some(31), Some(0.25), Some(399_360), None)),
            ("llama.cpp", said(Some(2), Some(4), Some(0.5), None, None)),
        ];
        for (name, expected) in rows {
            assert_eq!(server(name).unwrap().read(&page(name)), Some(expected), "{name}");
        }
        let loaded = server("ollama").unwrap().read(&page("ollama")).unwrap().adapters.unwrap();
        assert!(loaded.contains(&adapter("gemma3")) && loaded.contains(&adapter("gemma3:latest")));
        assert_eq!(SERVERS.len(), 7, "a row for each server");
    }

    #[test]
    fn older_and_newer_names_are_known() {
        let older = "vllm:num_requests_running 2\nvllm:num_requests_waiting 1\nvllm:gpu_cache_usage_perc 0.5\n";
        let said = server("vllm").unwrap().read(older).unwrap();
        assert_eq!((said.waiting, said.running, said.kv_use), (Some(1), Some(2), Some(0.5)));
        assert_eq!(server("nim").unwrap().read(older).unwrap().waiting, Some(1), "with vLLM inside");
    }

    #[test]
    fn a_page_of_something_else_says_nothing() {
        for server in &SERVERS {
            for answer in ["", "<html>hello</html>", "{\"error\":\"no\"}", "process_open_fds 3\n"] {
                assert_eq!(server.read(answer), None, "{}: {answer}", server.name);
            }
        }
    }

    proptest! {
        #[test]
        fn any_page_is_borne(page in "(vllm:|nv_trt_llm_|tgi_)?[ -~\\n]{0,300}", which in 0_usize..7) {
            let _any = SERVERS[which].read(&page);
        }

        #[test]
        fn a_cut_page_is_borne(cut in 0_usize..3_000, which in 0_usize..7) {
            let name = SERVERS[which].name;
            let page = page(name);
            let _any = SERVERS[which].read(page.get(..cut).unwrap_or(&page));
        }
    }
}
