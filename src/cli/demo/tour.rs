//! The tour: requests through the real socket. For each it shows side by side what the client sent, what crossed to the
//! model server and what came back, and checks that each is as told; then the records, and their verification.

use std::time::Duration;

use super::client::{Answer, Client};
use super::record;
use super::state::{APP, MODEL, State};
use super::{Servers, model_server::ModelServer};
use crate::app::App;
use crate::cli::Printer;
use crate::cli::audit::verify_folder;

/// Invented values: a documentation domain, a number that the French plan keeps for fiction, an example IBAN.
const VALUES: [&str; 4] =
    ["Camille Aubertin", "camille.aubertin@example.com", "01 99 00 12 34", "FR76 3000 6000 0112 3456 7890 189"];

/// Width of what is printed; a terminal is seldom narrower.
const WIDTH: usize = 100;
/// Width of each of the three columns: with margin and rules they fill the whole.
const COLUMN: usize = 30;

/// What is told, and whether it was so.
#[derive(Debug, Default)]
struct Claims(Vec<(String, bool)>);

impl Claims {
    fn claim(&mut self, what: impl Into<String>, holds: bool) {
        self.0.push((what.into(), holds));
    }
}

/// Runs the tour; `false` when anything was not as told.
pub(super) async fn run(app: &App, servers: &Servers, state: &State, printer: Printer) -> anyhow::Result<bool> {
    let client = Client::new(state.authority(), app.address().port(), state.key())?;
    let mut claims = Claims::default();
    let begun = app.gate().audit.head().size;
    printer.line(format!(
        "octroi {}: a gateway on https://localhost:{}, two model servers in Paris, one in the US.\nThe key is of app `{APP}`; the policy is {}/main.policy\n",
        env!("CARGO_PKG_VERSION"),
        app.address().port(),
        state.policies().display()
    ));
    let ids = [
        first(&client, servers, printer, &mut claims).await?,
        protected_at_home(&client, servers, printer, &mut claims).await?,
        second(&client, servers, printer, &mut claims).await?,
        third(&client, servers, printer, &mut claims).await?,
        protected_abroad(&client, servers, printer, &mut claims).await?,
    ];
    records(app, (state, &ids, begun), printer, &mut claims).await?;
    let all = claims.0.iter().all(|(_, holds)| *holds);
    for (what, _) in claims.0.iter().filter(|(_, holds)| !holds) {
        printer.line(format!("NOT AS TOLD: {what}"));
    }
    printer.line(if all { "All was as told.\n" } else { "Something was not as told.\n" });
    Ok(all)
}

fn prompt() -> String {
    let [name, email, phone, iban] = VALUES;
    format!("Write a short reply to Mme {name} ({email}, tel. {phone}): her refund goes to IBAN {iban}.")
}

fn body(content: &str, stream: bool) -> String {
    serde_json::json!({"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": content}]})
        .to_string()
}

async fn first(client: &Client, servers: &Servers, printer: Printer, claims: &mut Claims) -> anyhow::Result<String> {
    let before = Received::of(servers);
    let answer = client.post("/v1/chat/completions", &body(&prompt(), false)).await?;
    let after = Received::of(servers);
    let crossed = after.newest_in_paris(&before);
    let came_back = chat_text(&answer.body);
    title(printer, 1, "Paris is up: the request stays home, as it is", &answer);
    columns(
        printer,
        &[("the client sent", &prompt()), ("reached Paris", &user_text(&crossed)), ("came back", &came_back)],
    );
    claims.claim("1: answered with 200", answer.status == 200);
    claims.claim("1: served by Paris", answer.header("octroi-backend").starts_with("paris-gpu-"));
    claims.claim("1: Paris received the prompt as it is", user_text(&crossed) == prompt());
    claims.claim("1: nothing reached the US", after.cloud.len() == before.cloud.len());
    claims.claim("1: the answer holds every value", VALUES.iter().all(|value| came_back.contains(value)));
    Ok(answer.header("octroi-request-id").to_owned())
}

async fn second(client: &Client, servers: &Servers, printer: Printer, claims: &mut Claims) -> anyhow::Result<String> {
    servers.set_paris_down(true);
    let before = Received::of(servers);
    let answer = client.post("/v1/chat/completions", &body(&prompt(), true)).await?;
    let after = Received::of(servers);
    let crossed = after.newest_in_cloud(&before);
    let came_back = streamed_text(&answer.body);
    title(printer, 3, "Paris is down: pseudonyms cross, the streamed answer is restored", &answer);
    columns(
        printer,
        &[("the client sent", &prompt()), ("crossed to the US", &user_text(&crossed)), ("came back", &came_back)],
    );
    claims.claim("3: answered with 200", answer.status == 200);
    claims.claim("3: served by us-cloud", answer.header("octroi-backend") == "us-cloud");
    claims.claim("3: one request crossed", after.cloud.len() == before.cloud.len() + 1);
    claims.claim("3: no value crossed", !crossed.is_empty() && !VALUES.iter().any(|value| crossed.contains(value)));
    claims.claim("3: the streamed answer holds every value", VALUES.iter().all(|value| came_back.contains(value)));
    claims.claim("3: the stream ended well", answer.body.trim_end().ends_with("data: [DONE]"));
    Ok(answer.header("octroi-request-id").to_owned())
}

async fn third(client: &Client, servers: &Servers, printer: Printer, claims: &mut Claims) -> anyhow::Result<String> {
    let before = Received::of(servers);
    let prompt = "Summarise for the file: the patient has type 2 diabetes and is treated with insulin.";
    let answer = client.post("/v1/chat/completions", &body(prompt, false)).await?;
    let after = Received::of(servers);
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let message = told.pointer("/error/message").and_then(serde_json::Value::as_str).unwrap_or("-").to_owned();
    title(printer, 4, "Paris is down: health data stays home, so the request is refused", &answer);
    columns(printer, &[("the client sent", prompt), ("crossed to the US", "(nothing)"), ("came back", &message)]);
    claims.claim("4: refused", (400..600).contains(&answer.status));
    claims.claim("4: the refusal names the rule", message.contains("health-stays-hds"));
    claims.claim("4: the refusal gives its reason", message.contains("GDPR Art. 9"));
    claims.claim("4: nothing reached the US", after.cloud.len() == before.cloud.len());
    Ok(answer.header("octroi-request-id").to_owned())
}

/// A protected paper in other words: nothing in it but its facts is as it was.
const REWORDED: &str = "Draft a memo for our lenders. Velmont is about to buy Tarrow Hydraulics. Its directors agreed to pay 46.50 euros in \
    cash for each share, so that the whole business costs 1.84 billion euros once 310 million of net debt is counted, 38 percent above \
    where the stock closed on 12 May. The Brandt family (27 percent, held by Brandt Holding GmbH) talks to no other buyer until 30 June.";

async fn protected_at_home(
    client: &Client,
    servers: &Servers,
    printer: Printer,
    claims: &mut Claims,
) -> anyhow::Result<String> {
    let before = Received::of(servers);
    let answer = client.post("/v1/chat/completions", &body(REWORDED, false)).await?;
    let after = Received::of(servers);
    title(printer, 2, "A protected paper in other words: it stays home", &answer);
    let crossed = user_text(&after.newest_in_paris(&before));
    columns(
        printer,
        &[("the client sent", REWORDED), ("reached Paris", &crossed), ("came back", &chat_text(&answer.body))],
    );
    claims.claim("2: answered with 200", answer.status == 200);
    claims.claim("2: served by Paris", answer.header("octroi-backend").starts_with("paris-gpu-"));
    claims.claim("2: nothing reached the US", after.cloud.len() == before.cloud.len());
    Ok(answer.header("octroi-request-id").to_owned())
}

async fn protected_abroad(
    client: &Client,
    servers: &Servers,
    printer: Printer,
    claims: &mut Claims,
) -> anyhow::Result<String> {
    let before = Received::of(servers);
    let answer = client.post("/v1/chat/completions", &body(REWORDED, false)).await?;
    let after = Received::of(servers);
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let message = told.pointer("/error/message").and_then(serde_json::Value::as_str).unwrap_or("-").to_owned();
    title(printer, 5, "Paris is down: the protected paper is refused, and nobody is told why", &answer);
    columns(printer, &[("the client sent", REWORDED), ("crossed to the US", "(nothing)"), ("came back", &message)]);
    claims.claim("5: refused", (400..600).contains(&answer.status));
    claims.claim(
        "5: the refusal names no rule and no document",
        !answer.body.contains("restricted") && !answer.body.contains("leak"),
    );
    claims.claim("5: nothing reached the US", after.cloud.len() == before.cloud.len());
    Ok(answer.header("octroi-request-id").to_owned())
}

/// Shows the records of the tour, in sentences and as entries, and what verifying them says.
async fn records(
    app: &App,
    (state, ids, begun): (&State, &[String], u64),
    printer: Printer,
    claims: &mut Claims,
) -> anyhow::Result<()> {
    rule(printer, "The record");
    settled(app).await;
    for (number, id) in (1..).zip(ids) {
        let told = record::tell(&state.audit(), id)?;
        claims.claim(format!("6: the record tells of request {number}"), told.is_some());
        let mut head = format!("{number}. ");
        for line in wrap(&told.unwrap_or_default(), WIDTH - 6) {
            printer.line(format!("   {head}{line}"));
            "   ".clone_into(&mut head);
        }
    }
    let head = app.gate().audit.head();
    let from = begun.max(head.size.saturating_sub(crate::audit::log::READ_ENTRIES_MAX));
    printer.line("\n   The entries themselves, in JSON with `octroi audit show ID --json`:");
    let (mut decisions, mut named) = (0, 0);
    for entry in app.gate().audit.read(from..head.size).await? {
        let entry: serde_json::Value = serde_json::from_slice(&entry)?;
        decisions += usize::from(entry.pointer("/entry/kind").is_some_and(|kind| kind == "decision"));
        let document = entry.pointer("/entry/leak/document").is_some_and(|document| document == state.document());
        named += usize::from(document && entry.pointer("/entry/leak/passage").is_some());
        printer.line(format!("   {}", record::line(&entry)));
    }
    claims.claim("6: the record holds the decisions", decisions == 5);
    claims.claim("6: the record names the document and its passage, twice", named == 2);
    let (sound, report) = verify_folder(&state.audit());
    printer.line("");
    for line in report.lines().flat_map(|line| wrap(line, WIDTH - 3)) {
        printer.line(format!("   {line}"));
    }
    printer.line("");
    claims.claim("6: the record verifies", sound);
    Ok(())
}

/// Waits until the last outcome is written and signed: outcomes follow their answers, checkpoints come about once a second.
async fn settled(app: &App) {
    let gate = app.gate();
    let quiet = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let head = gate.audit.head();
            if gate.telemetry.requests_in_work() == 0 && head.signed == head.size {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), quiet).await.unwrap_or_default();
}

/// The bodies that have reached the servers.
struct Received {
    paris: Vec<Vec<String>>,
    cloud: Vec<String>,
}

impl Received {
    fn of(servers: &Servers) -> Self {
        let bodies = |server: &ModelServer| {
            server.received().iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect::<Vec<_>>()
        };
        Self { paris: servers.paris.iter().map(bodies).collect(), cloud: bodies(&servers.cloud) }
    }

    fn newest_in_paris(&self, before: &Self) -> String {
        let grown = self.paris.iter().zip(&before.paris).find(|(now, then)| now.len() > then.len());
        grown.and_then(|(now, _)| now.last().cloned()).unwrap_or_default()
    }

    fn newest_in_cloud(&self, before: &Self) -> String {
        if self.cloud.len() > before.cloud.len() {
            self.cloud.last().cloned().unwrap_or_default()
        } else {
            String::new()
        }
    }
}

/// The text of the user's message in a body that a server received.
fn user_text(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    body.pointer("/messages/0/content").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn chat_text(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    body.pointer("/choices/0/message/content").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// The deltas of a streamed answer, joined.
fn streamed_text(body: &str) -> String {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let deltas = data.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok());
    deltas.filter_map(|delta| Some(delta.pointer("/choices/0/delta/content")?.as_str()?.to_owned())).collect()
}

fn title(printer: Printer, number: u32, what: &str, answer: &Answer) {
    rule(printer, &format!("{number}. {what}"));
    let told = format!(
        "status {}, backend {}, country {}, changed {}",
        answer.status,
        answer.header("octroi-backend"),
        answer.header("octroi-country"),
        answer.header("octroi-changed"),
    );
    for line in wrap(&told, WIDTH - 3) {
        printer.line(format!("   {line}"));
    }
}

/// A heading across the whole width.
fn rule(printer: Printer, what: &str) {
    let rest = WIDTH.saturating_sub(what.chars().count() + 4);
    printer.line(format!("── {what} {}", "─".repeat(rest)));
}

/// Prints texts side by side under their heads.
fn columns(printer: Printer, texts: &[(&str, &str); 3]) {
    let wrapped: Vec<Vec<String>> = texts.iter().map(|(_, text)| wrap(text, COLUMN)).collect();
    let heads: Vec<String> = texts.iter().map(|(head, _)| (*head).to_owned()).collect();
    let rows = wrapped.iter().map(Vec::len).max().unwrap_or_default();
    let row = |cells: Vec<String>| {
        let padded: Vec<String> = cells
            .iter()
            .map(|cell| format!("{cell}{}", " ".repeat(COLUMN.saturating_sub(cell.chars().count()))))
            .collect();
        printer.line(format!("   {}", padded.join(" │ ").trim_end()));
    };
    row(heads);
    row(vec!["─".repeat(COLUMN); 3]);
    for index in 0..rows {
        row(wrapped.iter().map(|lines| lines.get(index).cloned().unwrap_or_default()).collect());
    }
    printer.line("");
}

/// Breaks a text at blanks into lines of a width; a longer word stands alone, cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let room = width.saturating_sub(if used == 0 { 0 } else { used + 1 });
            if word.chars().count() <= room {
                if let Some(line) = lines.last_mut() {
                    if used > 0 {
                        line.push(' ');
                    }
                    line.push_str(word);
                }
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let cut = word.char_indices().nth(width).map_or(word.len(), |(at, _)| at);
            let (head, tail) = word.split_at_checked(cut).unwrap_or((word, ""));
            lines.push(head.to_owned());
            word = tail;
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}
