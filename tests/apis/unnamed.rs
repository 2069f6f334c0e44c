//! Texts of answers that no table of an API names are restored like others, and counted by the nearest place of the table.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked};
use super::common::{EMAIL, Plot, page};
use super::servers;

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_answers_that_no_table_names_are_counted() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let script = |asked: &Asked| {
        let message = json!({"role": "assistant", "content": "yes", "later": {"erika": asked.said()}});
        let choice = |name: &str| json!({"choices": [{"index": 0, name: message, "finish_reason": "stop"}]});
        if asked.json()["stream"] != true {
            return scripted::json("200 OK", "", &choice("message").to_string());
        }
        let chunks = [format!("data: {}\n\n", choice("delta")), "data: [DONE]\n\n".to_owned()];
        servers::streamed("text/event-stream", chunks.map(String::into_bytes).to_vec())
    };
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    for stream in [false, true] {
        let said: Value = json!([{"role": "user", "content": format!("write to {EMAIL} today")}]);
        let body = json!({"model": "assistant", "messages": said, "stream": stream});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert!(answer.status == 200 && answer.body.contains(EMAIL), "{}", answer.body);
    }
    let (_, metrics) = page(house.app.admin().unwrap(), "/metrics").await.unwrap();
    for name in ["message", "delta"] {
        let line = format!("octroi_unknown_leaves_total{{dialect=\"openai\",path=\"choices[].{name}.*\"}} 1\n");
        assert!(metrics.contains(&line), "{name}: {metrics}");
    }
    assert!(!metrics.contains("erika"));
}
