//! Values whose pseudonym makes a name of the words beside it: all of it is changed, nothing is refused, and all comes back.

use serde_json::json;

use super::common::Plot;
use super::servers::{self, Speaks};

/// Texts, what must not leave of them, and what must.
const TEXTS: [(&str, &[&str], &[&str]); 4] = [
    (
        "P. IVA 07643520567\nC. Laurent 06 12 34 56 78\nC. Fiscale RSSMRA85T10A562S\n",
        &["07643520567", "C. Laurent", "06 12 34 56 78", "RSSMRA85T10A562S"],
        &["P. IVA", "C. Fiscale"],
    ),
    (
        "Contatti: C.F. RSSMRA85T10A562S, P.IVA 07643520567, P. I. 07643520567, Cod. Fiscale RSSMRA85T10A562S",
        &["07643520567", "RSSMRA85T10A562S"],
        &["C.F.", "P.IVA", "P. I.", "Cod. Fiscale"],
    ),
    (
        "Équipe : Mme Hélène Garnier, J. Marie, C. Laurent et Paul Lefèvre seront présents.",
        &["Garnier", "Lefèvre", "J. Marie", "C. Laurent"],
        &["Équipe", "seront présents"],
    ),
    (
        "C. Laurent 06 12 34 56 78, J. Marie 06 12 34 56 79; T. Moreau camille.aubertin@example.com",
        &["C. Laurent", "06 12 34 56 78", "J. Marie", "06 12 34 56 79", "Moreau", "camille.aubertin"],
        &[],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_beside_a_pseudonym_is_changed_too() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for (text, secrets, kept) in TEXTS {
        let body = json!({"model": "assistant", "messages": [{"role": "user", "content": text}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.body);
        let received = servers::opened(&server.asked().pop().unwrap().body);
        for secret in secrets {
            assert!(!received.contains(secret), "{text}: `{secret}` crossed: {received}");
        }
        for word in kept {
            assert!(received.contains(word), "{text}: `{word}` is no value: {received}");
        }
        let told = answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        assert!(told.contains(text), "{told}");
    }
}
