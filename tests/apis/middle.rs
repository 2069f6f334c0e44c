//! A middle that is asked for between two texts: what the one begins the other may end, whichever of the two the body has first.

use serde_json::{Value, json};

use super::common::Plot;
use super::servers::{self, Speaks};

/// What the cursor stands in: the text before it, the text behind it, and what of both may not leave.
const CUT: [(&str, &str, [&str; 2]); 2] = [
    ("Virer le loyer, IBAN FR76 3000 6000 0112 ", "3456 7890 189", ["3000 6000", "7890 189"]),
    ("Write to camille.aubertin@", "example.com today.", ["camille.aubertin", "example.com"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_value_around_the_middle_is_found_in_either_order() {
    for (api, path) in [
        (Speaks::OpenAi, "/v1/completions"),
        (Speaks::Mistral, "/v1/fim/completions"),
        (Speaks::Ollama, "/api/generate"),
    ] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let server = plot.script("us-cloud", move |asked| servers::answer(api, asked)).await;
        let house = plot.open().await;
        for (prompt, suffix, parts) in CUT {
            let [prompt, suffix] =
                [("prompt", prompt), ("suffix", suffix)].map(|(key, text)| format!("{}:{}", json!(key), json!(text)));
            let rest = r#""model":"assistant","stream":false,"user":"team 7""#;
            for body in [
                format!("{{{rest},{prompt},{suffix}}}"),
                format!("{{{rest},{suffix},{prompt}}}"),
                format!("{{{suffix},{rest},{prompt}}}"),
                format!("{{{prompt},{rest},{suffix}}}"),
            ] {
                let answer = house.client.post(path, body.clone()).await;
                assert_eq!(answer.status, 200, "{path}: {body}: {}", answer.body);
                let sent: Value = server.asked().pop().unwrap().json();
                for part in parts {
                    assert!(!sent.to_string().contains(part), "{path}: {body} left as {sent}");
                }
            }
        }
    }
}
