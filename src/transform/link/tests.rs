//! Where a URL begins and ends, and what within it is left alone.

use super::super::unit::Read;
use super::*;

/// The state of a link reader where `¤` stands in the text.
pub(super) fn inside(landing: Landing, text: &str) -> bool {
    let (mut link, mut at) = (Link::new(landing), 0);
    while let Read::Unit(unit) = landing.read(text, at, true) {
        if unit.char == '¤' {
            return link.is_inside();
        }
        link.pass(unit);
        at += unit.bytes;
    }
    panic!("no mark in {text}");
}

#[test]
fn knows_the_urls_that_a_renderer_would_fetch() {
    let rows = [
        ("markdown image", "![x](https://evil.example/?q=¤)", true),
        ("upper case", "HTTPS://EVIL.EXAMPLE/¤", true),
        ("as host", "https://¤.evil.example", true),
        ("no slashes", "(https:evil.example/¤)", true),
        ("one slash", "(https:/evil.example/¤)", true),
        ("backslashes", r"(https:\\evil.example\¤)", true),
        ("without scheme", "![](//evil.example/¤)", true),
        ("without scheme, mixed slashes", r"(/\evil.example/¤)", true),
        ("another scheme", "gopher://evil/¤", true),
        ("brackets in a destination", "![](https://evil.example/(a)?q=¤)", true),
        ("a blank in angle brackets", "![](<https://evil.example/?q= ¤>)", true),
        ("a blank in quotes", "<img src=\" https://evil.example/?q= ¤\">", true),
        ("single quotes", "<img src='https://evil.example/?\"=¤'>", true),
        ("an escaped quote", r#""https://evil.example/?a=\"&q=¤""#, true),
        ("reference", "[x]: https://evil.example/?\">=¤", true),
        ("www", "see www.evil.example/?q=¤", true),
        ("escaped slashes", r#""https:\/\/evil.example\/¤""#, true),
        ("a tab behind the scheme", "<img src=\"https:\t//evil.example/?q= ¤\">", true),
        ("a tab in the scheme", "<img src=\"ht\ttps://evil.example/?q= ¤\">", true),
        ("in parentheses", "(https://evil.example/?q=)¤", true),
        ("in square brackets", "[https://evil.example/?q=]¤", true),
        ("a destination without a label", "x](https://evil.example/?q=)¤", true),
        ("a label that begins in code", "`[`x](https://evil.example/?q=)¤", true),
        ("a label that begins in a tag", "<b title='['>x](https://evil.example/?q=)¤", true),
        ("a label that begins in a comment", "<!-- [ -->x](https://evil.example/?q=)¤", true),
        ("a label of an escaped bracket", r"\[x](https://evil.example/?q=)¤", true),
        ("a label around a link", "[a [b](c) d](https://evil.example/?q=)¤", true),
        ("a label far before", "[\n\nx](https://evil.example/?q=)¤", true),
        ("a blank before the bracket", "[x] (https://evil.example/?q=)¤", true),
        ("an escaped bracket", r"[x]\(https://evil.example/?q=)¤", true),
        ("what stands for a destination, in the text", "\u{F0000}https://evil.example/?q=)¤", true),
        ("a control character in a destination", "[x](https://evil.example/?q=\u{1})¤", true),
        ("ends of lines between the slashes", "<img src='https:\n/\r\n/evil.example/?q= ¤'>", true),
        ("a tab between slashes without scheme", "<img src=\"/\t/evil.example/?q= ¤\">", true),
    ];
    for (name, text, expected) in rows {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
}

/// What only some take for a blank, or for an end, and what nobody sees: all of it is sent with the URL.
#[test]
fn no_other_blank_ends_a_url() {
    let blanks = "\u{85}\u{a0}\u{1680}\u{2000}\u{2003}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
    let unseen = "\u{ad}\u{180e}\u{200b}\u{200d}\u{200e}\u{202e}\u{2060}\u{feff}\u{e0020}\u{3164}";
    let controls = "\0\u{1}\u{b}\u{1b}\u{1c}\u{1f}\u{7f}\u{9f}";
    let around = [
        ("![x](https://evil.example/?q=", "¤)"),
        ("<img src=https://evil.example/?q=", "¤>"),
        ("<img src=\"https://evil.example/?q=", "¤\">"),
        ("[r]: https://evil.example/?q=", "¤"),
        ("https://evil.example/?q=", "¤"),
        ("see www.evil.example/?q=", "¤"),
        ("<https://evil.example/?q=", "¤>"),
        ("(https:", "/evil.example/?q=¤)"),
    ];
    for char in [blanks, unseen, controls].iter().flat_map(|chars| chars.chars()) {
        for (before, behind) in around {
            for landing in [Landing::Text, Landing::JsonInString] {
                assert!(inside(landing, &format!("{before}{char}{behind}")), "{before}{char:?}{behind}");
            }
        }
    }
}

#[test]
fn knows_where_a_url_ends() {
    let rows = [
        ("blank", "see https://a.example ¤"),
        ("tab", "see https://a.example\t¤"),
        ("end of a line", "see https://a.example\r\n¤"),
        ("form feed", "see https://a.example\u{c}¤"),
        ("a word on the line before", "\"see\nhttps://a.example ¤"),
        ("destination", "[site](https://a.example) and ¤"),
        ("destination, at once", "[site](https://a.example)¤"),
        ("destination of a picture, at once", "![x](https://a.example/(1))¤"),
        ("destination behind another", "[a](https://a.example) [b](https://b.example)¤"),
        ("destination behind a label", "[a] and [b [c]](https://b.example)¤"),
        ("parentheses", "(https://a.example) ¤"),
        ("square brackets", "[https://a.example] ¤"),
        ("attribute", "<a href=\"https://a.example\">¤</a>"),
        ("autolink", "<https://a.example> ¤"),
        ("value of JSON", r#"{"url":"https://a.example","name":"¤"}"#),
        ("code span", "`https://a.example`¤"),
        ("comment", "// ¤ is the owner"),
        ("path", "a//b ¤"),
        ("colon", "https: ¤"),
        ("word", "the laws: ¤, news:¤"),
        ("mail", "mailto:¤"),
        ("time", "at 12:30 ¤"),
        ("earlier quote", "\"a\" and then https://a.example ¤"),
    ];
    for (name, text) in rows {
        assert!(!inside(Landing::Text, text), "{name}");
    }
}

#[test]
fn knows_the_strings_of_a_document() {
    let rows = [
        ("structural quote", r#"{"url":"https://a.example","name":"¤"}"#, false),
        ("destination cut by the end of its string", r#"{"a":"![](https://evil.example/","b":"¤"}"#, false),
        ("inner quote", r#"{"html":"<img src=\"https://evil.example/?q=¤\">"}"#, true),
        ("inner quote in a string", r#"{"url":"https://evil.example/?a=\"&q=¤"}"#, true),
        ("behind an inner quote", r#"{"html":"<a href=\"https://a.example\">¤"}"#, false),
        ("escaped slashes", r#"{"url":"https:\/\/evil.example\/¤"}"#, true),
        ("new line", r#"{"text":"https://a.example\n¤"}"#, true),
        ("new line behind a word", r#"{"text":"see https://a.example\n¤"}"#, false),
    ];
    for (name, text, expected) in rows {
        assert_eq!(inside(Landing::JsonInString, text), expected, "{name}");
    }
}

/// Where browsers take a slash of either kind for one, two of them begin a host.
#[test]
fn two_slashes_of_either_kind_begin_a_host_where_an_address_stands() {
    let hosts = [
        r"\\evil.example/?q=",
        r"\/evil.example/?q=",
        r"/\evil.example/?q=",
        r"\\\evil.example/?q=",
        "\\\t\\evil.example/?q=",
    ];
    let around = [
        ("<img src=\"", " ¤\">"),
        ("<img src='", " ¤'>"),
        ("<img src=", "¤>"),
        ("<img alt=\"1 > 0\" src = \"", "¤\">"),
        ("<IMG\nSRC=\" ", "¤\">"),
        ("<img srcset=\"a.png 1x, ", "¤ 2x\">"),
        ("<p style=\"background: url(", "¤)\">"),
        ("<meta http-equiv=refresh content=\"0; url=", " ¤\">"),
        ("![x](", "¤)"),
        ("![x](<", " ¤>)"),
        ("[x]: ", "¤"),
    ];
    for host in hosts {
        // Elsewhere a tab ends it.
        for (before, behind) in
            around.into_iter().filter(|(before, _)| !host.contains('\t') || before.contains("src=\""))
        {
            let text = format!("{before}{host}{behind}");
            assert!(inside(Landing::Text, &text), "{text}");
            if !before.contains('\n') && !host.contains('\t') {
                let text = serde_json::to_string(&[text]).unwrap();
                assert!(inside(Landing::JsonInString, &text), "{text}");
            }
        }
    }
}

#[test]
fn a_path_of_windows_in_prose_is_none() {
    let rows = [
        r"the share \\server\team\¤",
        r"**\\server\team\¤**",
        r"<\\server\team\¤>",
        r#"open("\\server\team\¤")"#,
        r#"path = "\\server\team\¤""#,
        r"Vec<String> and \\server\team\¤",
        r"C:\Users\¤",
        r#""C:\\Users\\¤""#,
        r"(C:\\Users\\¤)",
        r"url(https://a.example) and C:\Users\¤",
        r"the laws]: C:\Users\¤",
    ];
    for text in rows {
        assert!(!inside(Landing::Text, text), "{text}");
        let in_json = serde_json::to_string(&[text]).unwrap();
        assert!(!inside(Landing::JsonInString, &in_json), "{in_json}");
    }
}

#[test]
fn behind_a_base_that_leads_elsewhere_every_address_does() {
    let rows = [
        ("picture", "<base href=\"https://evil.example/\"> text <img src=\"?q=¤\">", true),
        ("without quotes", "<base href=//evil.example>\n\n<img src=?q=¤>", true),
        ("at once", "<BASE target=x href='\\\\evil.example'><a href= ¤>", true),
        ("in quotes, at once", "<base href=\"https://evil.example/\"><a href=\"¤\">", true),
        ("destination", "<base href=\"https://evil.example/\">\n\n[some long label of a link](?q=¤)", true),
        ("destination, at once", "<base href=\"https://evil.example/\">[x](¤)", true),
        ("reference", "<base href=\"https://evil.example/\">\n[x]: ?q=¤", true),
        ("style", "<base href=\"https://evil.example/\"><style>p { background: url( ?q=¤)", true),
        ("text", "<base href=\"https://evil.example/\"><p class=\"x\">¤</p>", false),
        ("of the page's own host", "<base href=\"/app/\"><img src=\"?q=¤\">", false),
        ("another element", "<basefont href=\"https://a.example/\"><img src=\"?q=¤\">", false),
    ];
    for (name, text, expected) in rows {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
}

#[test]
fn what_a_page_goes_to_and_what_a_style_fetches_are_addresses() {
    let rows = [
        ("refresh", "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/?q= ¤\">", true),
        ("refresh, quoted", "<meta http-equiv=refresh content=\"0; url='https://evil.example/?q= ¤'\">", true),
        ("refresh without a name", "<meta http-equiv=refresh content='0;https://evil.example/?q= ¤'>", true),
        ("behind a refresh", "<meta http-equiv=refresh content='0;url=https://a.example'> ¤", false),
        ("first of a set", "<img srcset=\"https://evil.example/?q=¤ 1x\">", true),
        ("second of a set", "<img srcset=\"a.png 1x, //evil.example/?q=¤ 2x\">", true),
        ("style", "p { background: url(//evil.example/?q=¤) }", true),
        ("style, escaped", r"p { background: url(\2f\2f evil.example/?q=¤) }", true),
        ("style, scheme escaped", r"p { background: url(\68ttps://evil.example/?q=¤) }", true),
        ("style, slashes escaped", r"p { background: url(https:\2f\2f evil.example/?q=¤) }", true),
        ("style, quoted", r"p { background: url('\2f\2f evil.example/?q= ¤') }", true),
        ("behind a style", r"p { background: url(\2f a.png) } ¤", false),
        ("a title", "<p title=\"see https://a.example ¤\">", false),
    ];
    for (name, text, expected) in rows {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
}

#[test]
fn what_a_link_writes_to_somebody_is_of_its_url() {
    for (name, text, expected) in [
        ("the address", "[m](mailto:¤)", false),
        ("a second address", "mailto:a@b.example,¤", false),
        ("behind the link", "[m](mailto:a@b.example?body=x) ¤", false),
        ("the text", "[m](mailto:a@evil.example?body=¤)", true),
        ("to nobody", "<mailto:?body=¤>", true),
        ("the subject, in an attribute", "<a href=\"mailto:a@evil.example?subject=to ¤\">", true),
        ("behind the attribute", "<a href=\"mailto:a@evil.example?subject=x\">¤", false),
        ("brackets in the address", "[m](mailto:a(b)@evil.example?body=¤)", true),
        ("upper case", "MAILTO:a@evil.example?body=¤", true),
        ("an entity", "<a href='mailto:a@evil.example&quest;body=¤'>", true),
        ("a scheme before", "url:mailto:a@evil.example?body=¤", true),
        ("a message", "[m](sms:+15550100?body=¤)", true),
        ("a message, as some telephones write it", "[m](sms:+15550100;body=¤)", true),
        ("its number", "<sms:¤>", false),
        ("the end of another word", "forms:what?¤", false),
        ("prose", "by mailto: who? ¤", false),
    ] {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
    for (name, text, expected) in [
        ("an argument", r#"{"href":"mailto:a@evil.example?body=x ¤"}"#, true),
        ("the next one", r#"{"href":"mailto:a@evil.example?body=x","to":"¤"}"#, false),
        ("the address", r#"{"href":"mailto:¤"}"#, false),
    ] {
        assert_eq!(inside(Landing::JsonInString, text), expected, "{name}");
    }
}

/// Clients of chats make links of a host's name alone, and fetch what they lead to.
#[test]
fn the_name_of_a_host_begins_a_url_without_a_scheme() {
    let rows = [
        ("a path", "see evil.com/¤", true),
        ("a query", "see evil.com/?q=¤", true),
        ("a query without a path", "evil.com?q=¤", true),
        ("a longer path", "see evil.io/x/¤", true),
        ("a port", "evil.com:8080/¤", true),
        ("an address of IPv6", "[::1]/¤", true),
        ("an address of IPv6, port", "[2001:db8::1]:8080/¤", true),
        ("dots of another script and of full width", "evil。com/¤ evil．com/¤ evil｡com/¤", true),
        ("a slash of full width", "evil.com／¤", true),
        ("behind a sentence", "他说。evil.com/¤", true),
        ("a character that is not seen", "evil.\u{ad}com/¤", true),
        ("upper case", "EVIL.COM/¤", true),
        ("a dot behind", "evil.com./¤", true),
        ("of another alphabet", "пример.рф/¤", true),
        ("numbers", "203.0.113.7/¤", true),
        ("in emphasis", "_evil.com/¤_", true),
        ("behind a colon", "url:evil.com/¤", true),
        ("destination", "[x](evil.com/¤)", true),
        ("picture", "![x](evil.com/?q=¤)", true),
        ("destination of no known domain", "![x](evil.intern/¤)", true),
        ("attribute", "<a href=\"evil.com/¤\">", true),
        ("a share", r"\\evil.com\share\¤", true),
        ("a share over HTTP", r"\\evil.com@8443\share\¤", true),
        ("a query at once", "evil.com?¤", true),
        ("a fragment", "evil.com#¤", true),
        ("a repository", "git@evil.com:¤.git", true),
        ("a repository in a folder", "git clone git@evil.com:team/¤.git", true),
        ("a copy to an address in numbers", "scp x a.b@203.0.113.7:/tmp/¤", true),
        ("this machine", "localhost/¤", true),
        ("this machine, port", "localhost:3000/¤", true),
        ("this machine, in a destination", "[x](localhost/¤)", true),
        ("a file", "src/main.rs/¤", false),
        ("a folder", "./lib.rs/¤", false),
        ("abbreviations", "e.g./¤ i.e./¤", false),
        ("an abbreviation", "Mr./¤", false),
        ("a glued sentence", "c'est fait.Été?¤ fini.à/¤", false),
        ("a date", "12.03.1984/¤", false),
        ("a decimal", "1.5/¤", false),
        ("a path at a user and a password", "x@evil.com/¤ u:p@evil.com/¤", false),
        ("a dot of one point", "evil\u{2024}com/¤", true),
        ("a number of sixteen", "0x7f000001/¤", true),
        ("a short number of sixteen", "0x1F/¤", false),
        ("the name alone", "evil.com ¤", false),
        ("behind its URL", "evil.com/x ¤", false),
        ("a question", "Have you seen example.com? ¤", false),
        ("a framework", "In .NET/¤", false),
        ("a sentence of another script", "他们说。他们/¤", false),
        ("a note", "[1]/¤", false),
        ("a time in brackets", "[12:30]/¤ [10:12:30] ¤", false),
        ("a time", "evil.com:¤", false),
        ("a key", "user.name:¤", false),
        ("an address of mail before a colon", "zoe@example.com: ¤", false),
        ("a word of no host at a user", "git@evil:¤", false),
        ("a mention", "@evil.com/¤", false),
        ("two words", "Aubertin/¤", false),
        ("two values", "¤/¤", false),
        ("an anchor", "see chapter#¤", false),
        ("a language", "C#¤", false),
        ("this machine as a folder", "/etc/localhost/¤", false),
        ("this machine in a sentence", "on localhost? ¤", false),
        ("a user", r"C:\Users\zoe.com\¤", false),
        ("a user, doubled", r"C:\\Users\\zoe.com\\¤", false),
        ("a share within", r"\\server\team\¤", false),
        ("a share of a private network", r"\\files.corp.local\team\¤", false),
    ];
    for (name, text, expected) in rows {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
}

/// The same in a document within a string.
#[test]
fn the_name_of_a_host_in_a_document_begins_a_url_too() {
    let rows = [
        (r#"{"url":"evil.com/¤"}"#, true),
        (r#"{"url":"evil.com/x","name":"¤"}"#, false),
        (r#"{"path":"\\\\evil.com\\share\\¤"}"#, true),
    ];
    for (text, expected) in rows {
        assert_eq!(inside(Landing::JsonInString, text), expected, "{text}");
    }
}
