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

/// Whatever was changed the record names, among the findings or as brought to light by the change.
#[tokio::test(flavor = "multi_thread")]
async fn the_record_names_all_that_was_changed() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let _server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for (text, ..) in TEXTS {
        let body = json!({"model": "assistant", "messages": [{"role": "user", "content": text}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.body);
    }
    let types = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
    };
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), TEXTS.len());
    for decision in decisions {
        let sending = &decision["sending"];
        let named = [types(&decision["findings"]), types(&sending["found"])].concat();
        let changed = types(&sending["changed"]);
        assert!(!changed.is_empty() && changed.iter().all(|entity| named.contains(entity)), "{decision}");
    }
}

/// How many values a sheet asks for is how many arrived: once they are pseudonymised, what is sent is no more of them than there were.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_beside_a_duty_counts_what_arrived() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let rule = "rule many-at-once\n  because \"a list is not for abroad\"\n  when data includes at least 3 person or data includes at least 2 email or data includes at least 4 personal\n  never backends exposed to US\n";
    std::fs::write(&sheet, format!("{text}\n{rule}")).unwrap();
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    for (text, values, passes) in [
        ("The file is that of Mme Camille Aubertin.", &["Aubertin"] as &[&str], true),
        ("Mme Camille Aubertin and M. Paul Lefèvre will be there.", &["Aubertin", "Lefèvre"], true),
        ("Mme Camille Aubertin, M. Paul Lefèvre and Mme Hélène Garnier will be there.", &[], false),
        ("Please write to camille.aubertin@example.com today.", &["camille.aubertin"], true),
        ("Please write to camille.aubertin@example.com and paul.lefevre@example.org.", &[], false),
    ] {
        let body = json!({"model": "assistant", "messages": [{"role": "user", "content": text}]});
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, if passes { 200 } else { 403 }, "{text}: {}", answer.body);
        if passes {
            let received = servers::opened(&server.asked().pop().unwrap().body);
            assert!(values.iter().all(|value| !received.contains(value)), "{text}: {received}");
        } else {
            assert_eq!(answer.header("octroi-rule"), "many-at-once", "{text}");
        }
    }
}
