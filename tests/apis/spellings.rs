//! Values as regular expressions and Markdown spell them, with backslashes: none crosses, and each comes back as it was sent.

use serde_json::{Value, json};

use super::common::{Plot, VALUES};
use super::servers::{self, Speaks};

/// What `re.escape` makes of a text.
fn escaped(value: &str) -> String {
    let mark = |c: char| c.is_ascii_punctuation() || c == ' ';
    value.chars().flat_map(|c| mark(c).then_some('\\').into_iter().chain([c])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn escaped_values_stay_and_come_back_as_they_were_sent() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    let blanks = |value: &str| value.replace('.', "\\.").replace(' ', "\\s+");
    let mut spellings: Vec<String> = VALUES.iter().map(|value| escaped(value)).collect();
    spellings.extend(VALUES.iter().map(|value| blanks(value)));
    spellings.push("camille\\_aubertin@example.com".to_owned());
    spellings.push("\\+33\\ 1\\ 99\\ 00\\ 12\\ 34".to_owned());
    let words = ["Camille", "Aubertin", "aubertin", "99", "3000", "0112"];
    for value in spellings {
        let said = json!([{"role": "user", "content": format!("Mme Camille Aubertin: {value}")}]);
        let schema =
            json!({"type": "object", "properties": {"to": {"type": "string", "pattern": format!("^{value}$")}}});
        let tool = json!({"type": "function", "function": {"name": "find", "parameters": schema}});
        for body in [
            json!({"model": "assistant", "messages": said}),
            json!({"model": "assistant", "messages": said, "stream": true}),
            json!({"model": "assistant", "messages": said, "tools": [tool], "guided_regex": format!("({value}|none)")}),
        ] {
            let before = server.asked().len();
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert_eq!(answer.status, 200, "{value}: {}", answer.body);
            let asked = server.asked();
            let received = &asked[before].body;
            // A pseudonym's own code may hold any two digits.
            let beside =
                received.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect::<String>();
            for word in words {
                assert!(!beside.contains(word), "{value}: `{word}` crossed: {received}");
            }
            if body["stream"] != true {
                let told: Value = answer.json();
                let mut texts = Vec::new();
                servers::texts(&told, &mut texts);
                // In arguments of a tool it stands in JSON of its own.
                let inner = value.replace('\\', "\\\\");
                assert!(texts.iter().any(|text| text.contains(&value) || text.contains(&inner)), "{value}: {told}");
            }
        }
    }
}

/// A path of Windows stands escaped in JSON, twice in JSON within JSON, and its `C:` is the scheme of no URL.
#[tokio::test(flavor = "multi_thread")]
async fn names_in_paths_of_windows_come_back_however_often_they_are_escaped() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::OpenAi, asked)).await;
    let house = plot.open().await;
    let mut path = "C:\\Users\\camille.aubertin@example.com\\notes.txt".to_owned();
    for depth in 0..3 {
        let call = json!({"id": "c", "type": "function", "function": {"name": "read", "arguments": json!({"path": path}).to_string()}});
        let tool = json!({"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}});
        let turns = json!([{"role": "user", "content": format!("Lis {path}.")}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": path}]);
        for tools in [json!([]), json!([tool])] {
            let mut body = json!({"model": "assistant", "messages": turns});
            if tools != json!([]) {
                body["tools"] = tools;
            }
            let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let received = &server.asked().pop().unwrap().body;
            assert!(!received.contains("aubertin"), "{path}: {received}");
            let whole = "camille.aubertin@example.com";
            let (sent, told) = (body.to_string().matches(whole).count(), answer.body.matches(whole).count());
            assert_eq!(sent, told, "{depth}: {}", answer.body);
        }
        path = json!({ "path": path }).to_string();
    }
}
