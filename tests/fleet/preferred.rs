//! A preferred backend that is ill: what is preferred is no reason to refuse, nor to leave the tier.

use super::common::scripted::{self, json};
use super::common::{House, Plot, until};

/// Requests, each of which some backend at home can serve.
const REQUESTS: usize = 40;

async fn house(answer: &'static str, clause: &str) -> House {
    let mut plot = Plot::new().await;
    let body = r#"{"error":{"message":"not now","type":"server_error"}}"#;
    let _ill = plot.script("paris-gpu-1", move |_| json(answer, "", body)).await;
    let text = format!(
        "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends on premises\n\
         allow backends named us-cloud\nrule first because \"cheap\" prefer backends named paris-gpu-1\n{clause}\n"
    );
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    plot.open().await
}

#[tokio::test(flavor = "multi_thread")]
async fn its_siblings_serve_one_after_the_other() {
    for answer in ["503 Service Unavailable", "500 Internal Server Error", "429 Too Many Requests"] {
        let house = house(answer, "").await;
        for number in 0..REQUESTS {
            let told = house.client.chat(&format!("{number} question"), false).await;
            assert_eq!((told.status, told.header("octroi-backend")), (200, "paris-gpu-2"), "{answer}: {}", told.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_siblings_serve_many_at_once_and_nothing_leaves() {
    let house = house("503 Service Unavailable", "fall back if unavailable or after 1 s of waiting").await;
    let asked: Vec<_> = (0..REQUESTS)
        .map(|number| {
            let client = house.client.clone();
            tokio::spawn(async move { client.chat(&format!("{number} question"), false).await })
        })
        .collect();
    for told in asked {
        let told = told.await.unwrap();
        assert_eq!((told.status, told.header("octroi-backend")), (200, "paris-gpu-2"), "{}", told.body);
    }
    assert!(house.plot.received("us-cloud").is_empty());
}

/// After the wait that a clause asks for, a tier that is well again serves: it is looked at once more before it is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_tier_that_is_well_again_is_not_left() {
    let mut plot = Plot::new().await;
    let ill = |_: &scripted::Asked| json("503 Service Unavailable", "", "{}");
    let home = [plot.script("paris-gpu-1", ill).await, plot.script("paris-gpu-2", ill).await];
    let text = "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends on premises\n\
                allow backends named us-cloud\nfall back if unavailable or after 4 s of waiting\n";
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    let house = plot.open().await;
    let asked: Vec<_> = (0..10)
        .map(|number| {
            let client = house.client.clone();
            tokio::spawn(async move { client.chat(&format!("{number} question"), false).await })
        })
        .collect();
    until("all of them asked", async || (home.iter().map(|one| one.asked().len()).sum::<usize>() >= 10).then_some(()))
        .await;
    for one in &home {
        one.set_script(scripted::echo);
    }
    for told in asked {
        let told = told.await.unwrap();
        assert_eq!((told.status, told.header("octroi-tier")), (200, "on premises"), "{}", told.body);
    }
    assert!(house.plot.received("us-cloud").is_empty());
}

/// A request that waits for room at one backend goes to another of its tier as soon as that one has served others again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_goes_to_a_sibling_that_is_well_again() {
    let mut plot = Plot::new().await;
    let busy = plot.script("paris-gpu-1", |_| vec![scripted::Step::Wait, scripted::Step::Reset]).await;
    let sick = plot.script("paris-gpu-2", |_| json("503 Service Unavailable", "", "{}")).await;
    plot.backends.insert("paris-gpu-1", "full_requests = 1".to_owned());
    let text = "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends on premises\n\
                allow backends named us-cloud\nrule first because \"r\" prefer backends named paris-gpu-1\n\
                fall back if unavailable or after 15 s of waiting\n";
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    let house = plot.open().await;
    let ask = |text: String| {
        let client = house.client.clone();
        tokio::spawn(async move { client.chat(&text, false).await })
    };
    let _holds = ask("this one holds the place".into());
    until("the place taken", async || (!busy.asked().is_empty()).then_some(())).await;
    let waiting: Vec<_> = (0..4).map(|number| ask(format!("{number} question"))).collect();
    until("all of them asked", async || (sick.asked().len() >= 4).then_some(())).await;
    sick.set_script(scripted::echo);
    let begun = std::time::Instant::now();
    let others = tokio::spawn({
        let client = house.client.clone();
        async move {
            loop {
                tokio::spawn({
                    let client = client.clone();
                    async move { client.chat("hello", false).await }
                });
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
        }
    });
    for told in waiting {
        let told = told.await.unwrap();
        assert_eq!((told.status, told.header("octroi-backend")), (200, "paris-gpu-2"), "{}", told.body);
    }
    others.abort();
    assert!(begun.elapsed() < std::time::Duration::from_secs(14), "they waited for the clause's time");
    assert!(house.plot.received("us-cloud").is_empty());
}

/// Once it is well again it is preferred again.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_preferred_again_when_it_is_well() {
    let mut plot = Plot::new().await;
    let ill = plot.script("paris-gpu-1", |_| json("503 Service Unavailable", "", "{}")).await;
    let text = "policy \"P\" version 1 owner \"o\" review before 2099-01-01\nhome FR\nallow backends on premises\n\
                rule first because \"cheap\" prefer backends named paris-gpu-1\n";
    std::fs::write(plot.path("policies/main.policy"), text).unwrap();
    let house = plot.open().await;
    assert_eq!(house.client.chat("a question", false).await.header("octroi-backend"), "paris-gpu-2");
    ill.set_script(scripted::echo);
    let served = async || house.client.chat("a question", false).await.header("octroi-backend").to_owned();
    until("the one that is preferred", async || (served().await == "paris-gpu-1").then_some(())).await;
}
