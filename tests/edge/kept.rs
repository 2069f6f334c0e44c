//! Answers that a backend keeps: gone on from, shown again and deleted, at the backend that keeps them and nowhere else.

use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::common::scripted::{self, Step};
use super::common::{Answer, Client, EMAIL, House, Plot};
use octroi::app::App;
use octroi::identity;

const RESPONSES: &str = "/v1/responses";

async fn ask(client: &Client, said: &str, previous: Option<&str>) -> Answer {
    let mut body = json!({"model": "assistant", "input": said});
    if let Some(previous) = previous {
        body["previous_response_id"] = json!(previous);
    }
    client.post(RESPONSES, body.to_string()).await
}

/// A request without a body.
async fn at(client: &Client, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.header("authorization", format!("Bearer {}", client.key));
    client.send(request.body(Full::default()).unwrap()).await.unwrap()
}

async fn get(client: &Client, id: &str) -> Answer {
    at(client, Method::GET, &format!("{RESPONSES}/{id}")).await
}

async fn delete(client: &Client, id: &str) -> Answer {
    at(client, Method::DELETE, &format!("{RESPONSES}/{id}")).await
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn said(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json().pointer("/output/0/content/0/text").unwrap().as_str().unwrap().to_owned()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// Starts the gateway anew under another sheet.
async fn under(house: House, change: impl Fn(&str) -> String) -> House {
    let House { plot, app, mut client } = house;
    app.stop().await.unwrap();
    let path = plot.path("policies/main.policy");
    let sheet = std::fs::read_to_string(&path).unwrap();
    // Its scenarios tell of the sheet as it was.
    let (sheet, _) = sheet.split_once("\nscenario").unwrap_or((&sheet, ""));
    std::fs::write(&path, change(sheet)).unwrap();
    let app = App::start(plot.path("octroi.toml")).await.unwrap();
    client.address = app.address();
    House { plot, app, client }
}

/// A rule that stands before the clause.
fn rule(rule: &str) -> impl Fn(&str) -> String {
    move |sheet| sheet.replace("fall back if", &format!("{rule}\n\nfall back if"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_where_it_is_kept() {
    let house = House::open().await;
    let first = ask(&house.client, &format!("I am {EMAIL}."), None).await;
    let (name, keeper) = (id(&first), first.header("octroi-backend").to_owned());
    assert!(name.starts_with("resp_") && !name.contains("demo"), "{name}");
    let mut last = name.clone();
    for turn in 0..6 {
        let answer = ask(&house.client, &format!("turn {turn}"), Some(&last)).await;
        assert_eq!(answer.header("octroi-backend"), keeper, "turn {turn}");
        assert!(said(&answer).contains(EMAIL), "what was said before counts: {}", answer.body);
        assert_eq!(answer.json()["previous_response_id"], json!(last));
        last = id(&answer);
    }
    let sent = house.plot.received(&keeper).pop().unwrap();
    assert!(sent.contains("\"previous_response_id\":\"resp_demo") && !sent.contains(EMAIL), "{sent}");

    let again = get(&house.client, &last).await;
    assert_eq!((id(&again), again.header("octroi-backend")), (last.clone(), keeper.as_str()));
    let before = again.json()["previous_response_id"].as_str().unwrap().to_owned();
    assert!(said(&get(&house.client, &before).await).ends_with("turn 4"), "one may walk back");
    let items = at(&house.client, Method::GET, &format!("{RESPONSES}/{last}/input_items?limit=10&order=asc")).await;
    assert_eq!(items.json()["data"][0]["content"][0]["text"], "turn 5", "{}", items.body);
    let gone = delete(&house.client, &last).await;
    assert_eq!((id(&gone), &gone.json()["deleted"]), (last.clone(), &json!(true)));
    let none = get(&house.client, &last).await;
    assert_eq!(none.status, 404);
    assert!(none.body.contains(&last) && !none.body.contains("resp_demo"), "{}", none.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_what_goes_on_from_what() {
    let house = House::open().await;
    let name = id(&ask(&house.client, &format!("I am {EMAIL}."), None).await);
    let next = id(&ask(&house.client, "and now?", Some(&name)).await);
    assert_eq!(get(&house.client, &next).await.status, 200);
    assert_eq!(ask(&house.client, "x", Some("resp_1")).await.status, 400);
    let outcomes = house.outcomes(3).await;
    let decisions = house.entries_of("decision").await;
    assert_eq!(decisions.len(), 4);
    let kept = |entry: &Value| entry["kept"].as_str().map(str::to_owned);
    assert_eq!((kept(&decisions[0]), kept(&outcomes[2])), (None, None));
    assert!(kept(&decisions[1]).is_some_and(|code| Some(code) == kept(&outcomes[0])), "{decisions:?}");
    assert!(kept(&decisions[2]).is_some_and(|code| Some(code) == kept(&outcomes[1])), "{decisions:?}");
    // The second request holds no address, and was decided on as the conversation that it is part of.
    assert_eq!(decisions[1]["findings"], json!([]));
    assert_eq!(decisions[1]["facts"]["types"][0]["type"], "email", "{}", decisions[1]);
    assert_eq!((&decisions[2]["operation"], &decisions[2]["body_bytes"]), (&json!("responses.retrieve"), &json!(0)));
    assert_eq!(decisions[3]["reason"], "previous_response_not_found");
    let log = serde_json::to_string(&house.entries().await).unwrap();
    assert!(!log.contains("resp_"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_a_stream_has_the_same_name() {
    let house = House::open().await;
    let first = id(&ask(&house.client, "one", None).await);
    let body = json!({"model": "assistant", "input": "two", "stream": true, "previous_response_id": first});
    let answer = house.client.post(RESPONSES, body.to_string()).await;
    assert!(answer.clean && !answer.body.contains("resp_demo"), "{}", answer.body);
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    let named = |path: &str| {
        let mut named: Vec<&str> = events.iter().filter_map(|event| event.pointer(path)?.as_str()).collect();
        assert_eq!(named.len(), 3, "{path}: created, in progress, completed");
        named.dedup();
        assert_eq!(named.len(), 1, "{path}");
        named[0].to_owned()
    };
    assert_eq!(named("/response/previous_response_id"), first);
    let second = named("/response/id");
    assert!(said(&ask(&house.client, "three", Some(&second)).await).ends_with("one\ntwo\nthree"));
    let outcomes = house.outcomes(3).await;
    assert!(outcomes.iter().all(|outcome| outcome["kept"].is_string()), "{outcomes:?}");
}

/// What stands behind the first page of a long conversation, and behind the last event that a client has seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_stream_go_on_where_the_client_left_them() {
    let house = House::open().await;
    let turns: Vec<Value> = (0..25).map(|turn| json!({"role": "user", "content": format!("turn {turn}")})).collect();
    let name = id(&house.client.post(RESPONSES, json!({"model": "assistant", "input": turns}).to_string()).await);
    let items = format!("{RESPONSES}/{name}/input_items");
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let page = at(&house.client, Method::GET, &format!("{items}{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        let page = page.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap().to_owned()));
        let last = page["last_id"].as_str().unwrap();
        query = format!("?after={last}&order=asc&include[]=message.input_image.image_url");
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!((seen.len(), seen[24].as_str()), (25, "turn 24"));

    let again = format!("{RESPONSES}/{name}?stream=true");
    let whole = at(&house.client, Method::GET, &again).await;
    assert!(whole.clean && whole.header("content-type").starts_with("text/event-stream"), "{}", whole.body);
    assert!(whole.body.contains(&name) && !whole.body.contains("resp_demo"), "{}", whole.body);
    let rest = at(&house.client, Method::GET, &format!("{again}&starting_after=1")).await;
    assert!(
        rest.clean && whole.body.ends_with(&rest.body) && rest.body.contains("\"sequence_number\":2,"),
        "{}",
        rest.body
    );
    assert!(!rest.body.contains("response.created"), "{}", rest.body);
}

/// A place in a list is read like every other leaf: what policy would have changed there stops the call.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_in_a_query_goes_nowhere() {
    let house = under(House::open().await, rule("rule accounts-leave-changed\n  because \"least data\"\n  when data includes iban\n  must pseudonymise iban")).await;
    let name = id(&ask(&house.client, "x", None).await);
    let items = format!("{RESPONSES}/{name}/input_items?after=");
    assert_eq!(at(&house.client, Method::GET, &format!("{items}msg_1")).await.status, 200);
    let refused = at(&house.client, Method::GET, &format!("{items}GB82WEST12345698765432")).await;
    assert_eq!(code(&refused), (403, "kept_unchanged".to_owned()), "{}", refused.body);
    let found = house.entries_of("decision").await.pop().unwrap();
    assert_eq!(found["findings"][0]["path"], "after", "{found}");
    assert!(!found.to_string().contains("WEST"), "{found}");
}

/// Wherever the bytes of a stream are cut, the client reads the same names, and the rest as it came.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_under_every_chunking() {
    let event = |name: &str, rest: &str| {
        format!(
            "event: {name}\ndata: {{\"type\":\"{name}\",{rest}\"response\":{{\"id\":\"resp_own-1\",\"previous_response_id\":null,\"output\":[]}}}}\n\n"
        )
    };
    let text = [
        event("response.created", "\"sequence_number\":0,"),
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"resp_own-1 é\"}\n\n".to_owned(),
        event("response.completed", "\"sequence_number\":2,"),
    ]
    .concat();
    let mut plot = Plot::new().await;
    let server = plot.script("paris-gpu-1", scripted::echo).await;
    plot.only(&["paris-gpu-1"]);
    let house = plot.open().await;
    for size in [1, 2, 3, 7, 64, 100_000] {
        let chunks: Vec<Vec<u8>> = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        server.set_script(move |_| {
            let chunks = chunks.iter().cloned().map(Step::Chunk);
            std::iter::once(scripted::stream()).chain(chunks).chain([Step::Chunk(Vec::new())]).collect()
        });
        let body = json!({"model": "assistant", "input": "x", "stream": true}).to_string();
        let answer = house.client.post(RESPONSES, body).await;
        let (_, rest) = answer.body.split_once("\"id\":\"").unwrap();
        let name = rest.split('"').next().unwrap();
        assert!(name.starts_with("resp_") && name.len() > 100, "{name}");
        let expected = text.replace("\"id\":\"resp_own-1\"", &format!("\"id\":\"{name}\""));
        assert_eq!(answer.body, expected, "chunks of {size}");
        assert!(answer.body.contains("\"delta\":\"resp_own-1 é\""), "what a model writes is not a name");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_good_for_the_app_that_asked_and_for_nothing_else() {
    let mut plot = Plot::new().await;
    let mut app = |name: &str, tenant: &str| {
        let key = identity::new_key(&plot.root).unwrap().key.to_string();
        let hash = identity::hash_of(&plot.root, &key);
        plot.extra.push_str(&format!("[[app]]\nname = \"{name}\"\ntenant = \"{tenant}\"\nkeys = [\"{hash}\"]\n"));
        key
    };
    let keys = [app("notes", "demo"), app("clinic", "clinic")];
    let house = plot.open().await;
    let name = id(&ask(&house.client, "mine", None).await);
    let received = |house: &House| house.plot.received("paris-gpu-1").len() + house.plot.received("paris-gpu-2").len();
    let before = received(&house);
    let mut flipped = name.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let others = [
        ("the backend's own", "resp_demo0000000000000000".to_owned()),
        ("empty", String::new()),
        ("changed", String::from_utf8(flipped).unwrap()),
        ("cut", name[..name.len() - 4].to_owned()),
        ("longer", format!("{name}AAAA")),
        ("without its prefix", name["resp_".len()..].to_owned()),
        ("no base64", "resp_é%".to_owned()),
        ("nothing in it", "resp_".to_owned()),
    ];
    for (what, other) in &others {
        let answer = ask(&house.client, "x", Some(other)).await;
        assert_eq!(code(&answer), (400, "previous_response_not_found".to_owned()), "{what}");
        assert!(answer.body.contains("send the whole conversation"), "{what}: {}", answer.body);
        if other.is_ascii() && !other.is_empty() {
            assert_eq!(code(&get(&house.client, other).await), (404, "response_not_found".to_owned()), "{what}");
        }
    }
    for key in &keys {
        let mut client = house.client.clone();
        client.key.clone_from(key);
        assert_eq!(code(&ask(&client, "x", Some(&name)).await).0, 400);
        for answer in [get(&client, &name).await, delete(&client, &name).await] {
            assert_eq!(code(&answer), (404, "response_not_found".to_owned()));
        }
    }
    assert_eq!(received(&house), before, "nothing was sent");
    assert!(said(&ask(&house.client, "x", Some(&name)).await).contains("mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stricter_sheet_refuses_what_is_kept_and_lets_it_be_deleted() {
    let house = House::open().await;
    let (personal, plain) =
        (ask(&house.client, &format!("I am {EMAIL}."), None).await, ask(&house.client, "x", None).await);
    let (personal, plain) = (id(&personal), id(&plain));
    let house = under(
        house,
        rule(
            "rule addresses-leave\n  because \"works council\"\n  when data includes email\n  never backends named any of paris-gpu-1, paris-gpu-2",
        ),
    )
    .await;
    for answer in [ask(&house.client, "and now?", Some(&personal)).await, get(&house.client, &personal).await] {
        assert_eq!(code(&answer), (403, "refused_by_policy".to_owned()), "{}", answer.body);
        assert_eq!(answer.header("octroi-rule"), "addresses-leave");
        assert!(answer.body.contains("send the whole conversation"), "{}", answer.body);
    }
    assert_eq!(ask(&house.client, "and now?", Some(&plain)).await.status, 200, "what it is not about goes on");
    assert_eq!(code(&ask(&house.client, EMAIL, Some(&plain)).await).0, 403, "the new request counts as well");
    assert_eq!(delete(&house.client, &personal).await.json()["deleted"], true);
}

/// What was changed on its way out lies at the backend under pseudonyms that nobody could undo in another answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_is_not_gone_on_from() {
    let house = House::open().await;
    let raw = id(&ask(&house.client, &format!("I am {EMAIL}."), None).await);
    let house = under(house, rule("rule pseudonyms-at-home\n  because \"least data\"\n  when data includes personal\n  must pseudonymise personal")).await;
    // What is kept raw would have to be changed today.
    let answer = ask(&house.client, "and now?", Some(&raw)).await;
    assert_eq!(code(&answer), (403, "kept_unchanged".to_owned()), "{}", answer.body);
    let changed = ask(&house.client, &format!("I am {EMAIL}."), None).await;
    assert_eq!(changed.header("octroi-changed"), "email=1;pseudonymise");
    assert!(said(&changed).contains(EMAIL));
    let changed = id(&changed);
    for answer in [ask(&house.client, "x", Some(&changed)).await, get(&house.client, &changed).await] {
        assert_eq!(code(&answer), (403, "kept_changed".to_owned()), "{}", answer.body);
        assert!(answer.body.contains("send the whole conversation"), "{}", answer.body);
    }
    assert_eq!(delete(&house.client, &changed).await.json()["deleted"], true);
    // Where there is nothing to change, nothing is in the way.
    let plain = id(&ask(&house.client, "x", None).await);
    assert_eq!(ask(&house.client, "y", Some(&plain)).await.status, 200);
    let new = ask(&house.client, &format!("I am {EMAIL}."), Some(&plain)).await;
    assert_eq!(code(&new), (403, "kept_unchanged".to_owned()), "{}", new.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_has_no_name_of_ours() {
    let house = House::open().await;
    let declined = json!({"model": "assistant", "input": "x", "store": false}).to_string();
    let declined = id(&house.client.post(RESPONSES, declined).await);
    assert!(declined.starts_with("resp_demo"), "{declined}");
    // One that goes on from what is kept, and is not kept itself.
    let kept = id(&ask(&house.client, "x", None).await);
    let body = json!({"model": "assistant", "input": "y", "store": false, "previous_response_id": kept}).to_string();
    let answer = house.client.post(RESPONSES, body).await;
    assert_eq!(answer.json()["previous_response_id"], json!(kept));
    assert!(id(&answer).starts_with("resp_demo"));
    house.plot.paris_down(true);
    let abroad = ask(&house.client, "x", None).await;
    assert_eq!((abroad.header("octroi-backend"), &abroad.json()["store"]), ("us-cloud", &json!(false)));
    for name in [declined, id(&abroad)] {
        assert_eq!(code(&ask(&house.client, "y", Some(&name)).await), (400, "previous_response_not_found".to_owned()));
    }
    // And what is kept at home does not go abroad when home is down.
    let answer = ask(&house.client, "z", Some(&kept)).await;
    assert_eq!(code(&answer).0, 503, "{}", answer.body);
    house.plot.paris_down(false);
}

/// Another process with the same root knows the same names, and meets the same server of a pool.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_asked_at_the_server_that_keeps_it_also_after_a_restart() {
    let mut plot = Plot::new().await;
    plot.backends.insert("paris-gpu-1", {
        let port = |name: &str| plot.servers[name].address().port();
        format!("endpoints = [\"localhost:{}\", \"localhost:{}\"]", port("paris-gpu-1"), port("paris-gpu-2"))
    });
    let models = "\"assistant\" = { \"paris-gpu-1\" = \"demonstration\" }";
    models.clone_into(&mut plot.models);
    let House { plot, app, mut client } = plot.open().await;
    let mut kept = Vec::new();
    for number in 0..12 {
        let answer = ask(&client, &format!("question {number}"), None).await;
        kept.push((id(&answer), said(&answer).split(':').next().unwrap().to_owned()));
    }
    assert!(kept.iter().any(|(_, at)| *at != kept[0].1), "both serve: {kept:?}");
    for (name, at) in &kept {
        let answer = ask(&client, "and?", Some(name)).await;
        assert!(said(&answer).starts_with(at), "{at}: {}", answer.body);
    }
    app.stop().await.unwrap();
    let app = App::start(plot.path("octroi.toml")).await.unwrap();
    client.address = app.address();
    for (name, at) in &kept {
        assert!(said(&ask(&client, "and?", Some(name)).await).starts_with(at));
        assert_eq!(get(&client, name).await.status, 200);
    }
    // A sibling does not stand in for the one that keeps it.
    plot.servers["paris-gpu-2"].set_down(true);
    let (name, _) = kept.iter().find(|(_, at)| at.contains("paris-gpu-2")).unwrap();
    let answer = ask(&client, "and?", Some(name)).await;
    assert_eq!(code(&answer), (503, "backends_unavailable".to_owned()), "{}", answer.body);
    let (name, _) = kept.iter().find(|(_, at)| at.contains("paris-gpu-1")).unwrap();
    assert_eq!(ask(&client, "and?", Some(name)).await.status, 200);
    app.stop().await.unwrap();
}
