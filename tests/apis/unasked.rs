//! Requests that name no model, where an API means one by it.

use serde_json::{Value, json};

use super::common::{EMAIL, Plot};
use super::servers::{self, Speaks};

/// The configured models, the body, and which of them reaches the server as what; nothing where the request is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_moderation_without_a_model_is_served_by_the_one_that_is_meant() {
    let alias = |name: &str, own: &str| format!("\"{name}\" = {{ \"us-cloud\" = \"{own}\" }}");
    let own = "demonstration";
    for (models, name, reached) in [
        (vec![alias("assistant", own)], "the only one", true),
        (vec![alias("assistant", own), alias("omni-moderation-latest", own)], "its alias", true),
        (vec![alias("assistant", own), alias("other", own)], "neither", false),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.models = models.join("\n");
        let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
        let house = plot.open().await;
        let body = json!({"input": format!("write to {EMAIL} today")});
        let answer = house.client.post("/v1/moderations", body.to_string()).await;
        let asked = server.asked().pop();
        if reached {
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
            let sent: Value = asked.unwrap().json();
            assert_eq!(sent["model"], own, "{name}: {sent}");
            assert!(sent["input"].is_string() && !sent.to_string().contains(EMAIL), "{name}: {sent}");
        } else {
            assert!(answer.status == 400 && asked.is_none(), "{name}: {}", answer.body);
            assert_eq!(answer.json()["error"]["code"], "model_missing", "{name}");
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            for word in ["`omni-moderation-latest`", "`GET /v1/models`", "add that alias"] {
                assert!(message.contains(word), "{name}: {message}");
            }
        }
    }
}
