//! Values that stand within something else: the login of a connection string, the claims of a token. None leaves, and all come
//! back.

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
