//! Values that stand within something else: the login of a connection string, the claims of a token, a number that a program took
//! for a decimal one, what a tag says of itself. None leaves, and all come back.

use serde_json::{Value, json};

use super::common::scripted::Scripted;
use super::common::{House, Plot};
use super::servers::{self, Speaks};

/// Under a sheet that speaks of personal data alone, secrets may leave, and whose they are may not.
#[tokio::test(flavor = "multi_thread")]
async fn whose_secret_it_is_does_not_leave() {
    let claims = base64_of(r#"{"sub":"1234","name":"Camille Aubertin","email":"camille.aubertin@example.com"}"#);
    let token = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let key = base64_of("Mme Camille Aubertin, camille.aubertin@example.com, today");
    let texts = [
        ("see postgres://camille.aubertin@example.com:Secr3tPass99@db.example.com/x".to_owned(), "aubertin"),
        ("see mongodb://camille.aubertin%40example.com:Secr3tPass99@db.example.com:27017/x".to_owned(), "aubertin"),
        (format!("see {token}"), claims.as_str()),
        (format!("curl -H \"Authorization: Bearer {token}\" https://api.example.com/"), claims.as_str()),
        (format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----"), key.as_str()),
    ];
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for (text, value) in &texts {
        goes_and_comes_back(&house, &server, text, value).await;
    }
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), texts.len());
    for decision in decisions {
        let found = decision["findings"].as_array().unwrap();
        let personal = |one: &&Value| one["type"] == "email" || one["type"] == "person";
        assert!(found.iter().any(|one| personal(&one)), "{decision}");
    }
}

/// Numbers as programs write them that took them for decimal ones, in a prompt and in the arguments of a tool.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_a_fraction_of_zeros_does_not_leave() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for text in ["id;nir;note\n1;184127645108946.0;x\n", "see nir 1.84127645108946E14"] {
        goes_and_comes_back(&house, &server, text, "84127645108946").await;
    }
    goes_and_comes_back(&house, &server, "card 4111111111111111.0", "4111111111111111").await;
    let call =
        json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"nir\":184127645108946.0}"}});
    let messages = json!([
        {"role": "user", "content": "Go on."},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "{\"card\": 4111111111111111.0}"},
    ]);
    let body = json!({"model": "assistant", "messages": messages});
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let received: Value = serde_json::from_str(&server.asked().pop().unwrap().body).unwrap();
    let arguments = received["messages"][1]["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
    let told = received["messages"][2]["content"].as_str().unwrap();
    for text in [arguments, told] {
        assert!(!text.contains("84127645108946") && !text.contains("11111"), "{text}");
        let object: Value = serde_json::from_str(text).unwrap();
        assert!(object.as_object().unwrap().values().all(Value::is_string), "{text}");
    }
}

/// What the attributes of an inline tag say is read as it is in every other tag.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_tag_says_does_not_leave() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for text in [
        r#"<a href="/client/12" title="Mme Camille Aubertin">dossier</a>"#,
        r#"Voir <span class="x" data-who="Mme Camille Aubertin">la fiche</span> de Mme Camille Aubertin."#,
        r#"<b title="mail to Mme Camille Aubertin">x</b>"#,
        "&lt;em title=&quot;Mme Camille Aubertin&quot;&gt;x&lt;/em&gt;",
        "when x <i and Mme Camille Aubertin comes> then",
    ] {
        goes_and_comes_back(&house, &server, text, "Aubertin").await;
    }
}

async fn goes_and_comes_back(house: &House, server: &Scripted, text: &str, value: &str) {
    let body = json!({"model": "assistant", "messages": [{"role": "user", "content": text}]});
    let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
    assert_eq!(answer.status, 200, "{text}: {}", answer.body);
    let received = servers::opened(&server.asked().pop().unwrap().body);
    assert!(!received.contains(value), "{text}: `{value}` crossed: {received}");
    let told = answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(told.contains(text), "{told}");
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
