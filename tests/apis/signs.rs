//! Names as people write them where no prose is: with signs tied to them, over the end of a line, in names of files, in tables,
//! statements and heads of mails. None crosses, and each comes back as it was written.

use base64::Engine as _;
use serde_json::{Value, json};

use super::common::Plot;
use super::servers::{self, Speaks};

/// What no backend abroad may see.
const PARTS: [&str; 4] = ["aubertin", "camille", "quispe", "xiomara"];

/// A body with all its escapes undone, in small letters.
fn opened(body: &str) -> String {
    servers::opened(body).to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_signs_and_in_structures_do_not_cross_and_come_back() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for text in [
        "Write to Mme Camille\nAubertin, mail her today",
        "> Write to Mme Camille\n> Aubertin, mail her today",
        "cc @Camille Aubertin",
        "- [Camille Aubertin](https://intra.test/u/12)",
        "Hi {Camille Aubertin}, welcome",
        "[10:32] [Camille Aubertin] hello",
        "Authors: Camille Aubertin¹, Xiomara Quispe²",
        "see C:\\Users\\camille.aubertin\\Documents\\CV Camille Aubertin.docx",
        "<table><tr><th>Nom</th><th>Prénom</th></tr><tr><td>Aubertin</td><td>Camille</td></tr></table>",
        r#"{"resourceType":"Patient","name":[{"family":"Quispe","given":["Xiomara"]}]}"#,
        "INSERT INTO clients (nom, prenom) VALUES ('Aubertin','Camille'), ('Quispe', 'Xiomara');",
        "From: =?utf-8?Q?Camille_Aubertin?= <x@test.example>",
        "BEGIN:VCARD\nN:Quispe;Xiomara;;;\nEND:VCARD",
        "LastName=Aubertin",
    ] {
        for stream in [false, true] {
            let body = json!({"model": "assistant", "stream": stream, "messages": [{"role": "user", "content": text}]});
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert_eq!(answer.status, 200, "{text}: {}", answer.body);
            let received = opened(&server.asked().last().unwrap().body);
            let crossed: Vec<_> = PARTS.iter().filter(|part| received.contains(**part)).collect();
            assert!(crossed.is_empty(), "{crossed:?} of {text} crossed: {received}");
            let said = if stream {
                answer.streamed()
            } else {
                answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
            };
            assert!(said.contains(text), "{text} came back as {said}");
        }
    }
}

/// The name of an attachment, and of who speaks.
#[tokio::test(flavor = "multi_thread")]
async fn names_of_files_and_of_speakers_do_not_cross() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    let data = format!("data:text/csv;base64,{}", base64::engine::general_purpose::STANDARD.encode("a;b\n1;2\n"));
    let file = |name: &str| json!([{"type": "file", "file": {"filename": name, "file_data": data}}]);
    let turn = |content: Value| json!({"role": "user", "content": content});
    for message in [
        turn(file("CV Camille Aubertin.csv")),
        turn(file("CV_Camille_Aubertin.csv")),
        turn(file("Camille-Aubertin-2024.csv")),
        json!({"role": "user", "content": "hello", "name": "camille.aubertin"}),
        json!({"role": "user", "content": "hello", "name": "aubertin.camille"}),
    ] {
        let body = json!({"model": "assistant", "messages": [message]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 200, "{message}: {}", answer.body);
        let received = opened(&server.asked().last().unwrap().body);
        assert!(!received.contains("aubertin"), "{message} crossed: {received}");
    }
}

/// Values that are put together from neighbours: a key and its value in what the caller names, and the values that a schema lists.
#[tokio::test(flavor = "multi_thread")]
async fn values_put_together_from_neighbours_do_not_cross() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    let turns = json!([{"role": "user", "content": "hello"}]);
    let choices = json!({"type": "object", "properties": {"x": {"type": "string", "enum": ["IBAN FR76 3000 6000 0112", "3456 7890 189"]}}});
    let parts = ["Mme", "Camille", "Aubertin"].map(|text| json!({"type": "text", "text": text}));
    for body in [
        json!({"messages": turns, "metadata": {"IBAN FR76 3000 6000 0112": "3456 7890 189"}}),
        json!({"messages": turns, "metadata": {"camille.aubertin@exa": "mple.com"}}),
        json!({"messages": turns, "tools": [{"type": "function", "function": {"name": "pay", "parameters": choices}}]}),
        json!({"messages": [{"role": "user", "content": parts}]}),
    ] {
        let mut body = body;
        body["model"] = "assistant".into();
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        let received = opened(&server.asked().last().unwrap().body);
        for part in ["aubertin", "3000 6000", "3456 7890"] {
            assert!(!received.contains(part), "{part} crossed: {received}");
        }
    }
}
