//! Tests of the configuration: every fault has its place.

use super::*;

fn faults(text: &str) -> Vec<Fault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("octroi.toml");
    std::fs::write(&path, text).unwrap();
    load(&path).map_or_else(|faults| faults.0, |_| Vec::new())
}

const GOOD: &str = r#"
[listen]
address = "127.0.0.1:0"
[dangerous]
plaintext_listener = true
[[app]]
name = "notes"
tenant = "exemple"
keys = []
[[backend]]
name = "paris"
url = "https://localhost:9"
dialects = ["openai"]
[models]
"assistant" = { "paris" = "m" }
"#;

#[test]
fn a_good_file_has_no_fault() {
    assert_eq!(faults(GOOD), []);
}

#[test]
fn smaller_models_do_not_go_in_circles() {
    let models = "\"a\" = { \"paris\" = \"m\" }\n\"b\" = { \"paris\" = \"m\" }\n\"c\" = { \"paris\" = \"m\" }\n\"d\" = { \"paris\" = \"m\" }";
    let text = |smaller: &str| format!("{GOOD}{models}\n[smaller]\n{smaller}\n");
    for (name, smaller, count) in [
        ("a way down", "a = \"b\"\nb = \"c\"\nc = \"d\"", 0),
        ("two ways to one", "a = \"c\"\nb = \"c\"", 0),
        ("there and back", "a = \"b\"\nb = \"a\"", 2),
        ("a circle, and a way into it", "a = \"b\"\nb = \"c\"\nc = \"b\"", 3),
    ] {
        assert_eq!(faults(&text(smaller)).len(), count, "{name}");
    }
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let text = GOOD
        .replace("127.0.0.1:0", "localhost")
        .replace("https://localhost:9", "http://localhost:9")
        .replace("\"paris\" = \"m\"", "\"rome\" = \"m\"")
        .replace("keys = []", "keys = [\"octroi_plain\"]");
    let places =
        faults(&text).into_iter().map(|fault| fault.place.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(places, ["octroi.toml:3:11", "octroi.toml:12:7", "octroi.toml:9:9", "octroi.toml:15:17"]);
}

#[test]
fn what_is_well_formed_and_means_nothing_is_a_fault() {
    let second = "[[app]]\nname = \"site\"\ntenant = \"exemple\"\nkeys = [\"h1:AA\"]\n[[backend]]";
    for (name, old, new, count) in [
        ("an app without a name", "name = \"notes\"", "name = \"\"", 1),
        ("a name that breaks a line", "name = \"notes\"", "name = \"a\\nb\"", 1),
        ("a name that turns the text around", "name = \"notes\"", "name = \"a\\u202eb\"", 1),
        ("the name of what has none", "name = \"notes\"", "name = \"unknown\"", 1),
        ("a tenant without a name", "\"exemple\"", "\" \"", 1),
        ("a model without a name", "\"assistant\"", "\"\"", 1),
        ("no time for a head", "[dangerous]", "[limits]\nhead_s = 0\n[dangerous]", 1),
        ("no end", "[dangerous]", "[limits]\nidle_s = 9223372036854775807\nstreams = 0\n[dangerous]", 2),
        ("no time to answer", "dialects =", "first_byte_s = 0\ndialects =", 1),
        ("a time beyond all clocks", "dialects =", "reply_idle_s = 9223372036854775807\ndialects =", 1),
        ("endpoints named in two ways", "dialects =", "endpoints = [\"a:1\"]\nendpoints_dns_s = 5\ndialects =", 1),
        ("no endpoint", "dialects =", "endpoints = []\ndialects =", 1),
        ("a name asked for ever", "dialects =", "endpoints_dns_s = 0\ndialects =", 1),
        ("no service", "dialects =", "endpoints_srv = { name = \"a b\" }\ndialects =", 1),
        ("asked at no time", "dialects =", "endpoints_srv = { name = \"_a._tcp.b\", every_s = 0 }\ndialects =", 1),
        ("asked of nobody", "dialects =", "endpoints_srv = { name = \"_a._tcp.b\", resolver = \"ns\" }\ndialects =", 1),
        ("a poll of nobody", "dialects =", "poll = \"vllm2\"\ndialects =", 1),
        ("a poll said by halves", "dialects =", "poll_ms = 500\ndialects =", 1),
        ("a poll at no time", "dialects =", "poll = \"vllm\"\npoll_ms = 1\ndialects =", 1),
        ("a poll at no port", "dialects =", "poll = \"vllm\"\npoll_port = 70000\ndialects =", 1),
        ("full at nothing", "dialects =", "full_requests = 0\ndialects =", 1),
        ("full by a queue that nobody asks for", "dialects =", "full_waiting = 4\ndialects =", 1),
        ("a priority that is none", "keys = []", "priority = \"high\"\nkeys = []", 1),
        ("nobody may wait", "[dangerous]", "[waiting]\nrequests = 0\n[dangerous]", 1),
        ("waiting for ever", "[dangerous]", "[waiting]\ndeadline_s = 100000\nsmaller_ms = 600001\n[dangerous]", 2),
        (
            "a tenant of nobody",
            "[dangerous]",
            "[[quota.limit]]\nof = \"tenant\"\nname = \"nobody\"\nweight = 2\n[dangerous]",
            1,
        ),
        (
            "a tenant without weight",
            "[dangerous]",
            "[[quota.limit]]\nof = \"tenant\"\nname = \"exemple\"\nweight = 0\n[dangerous]",
            1,
        ),
        ("a weight of everybody", "[dangerous]", "[[quota.limit]]\nof = \"tenant\"\nweight = 2\n[dangerous]", 1),
        ("two places for weights", "[dangerous]", "[waiting]\nweights = { exemple = 2 }\n[dangerous]", 1),
        ("a smaller model of none", "[dangerous]", "[smaller]\n\"large\" = \"small\"\n[dangerous]", 2),
        ("a smaller model that is none", "[dangerous]", "[smaller]\n\"assistant\" = \"small\"\n[dangerous]", 1),
        ("a model smaller than itself", "[dangerous]", "[smaller]\n\"assistant\" = \"assistant\"\n[dangerous]", 1),
        ("a poll at no path", "dialects =", "poll = \"vllm\"\npoll_path = \"metrics\"\ndialects =", 1),
        ("a path that leads up", "localhost:9", "localhost:9/openai/../other", 1),
        ("an encoded path", "localhost:9", "localhost:9/%2e%2e/other", 1),
        ("an empty step", "localhost:9", "localhost:9//other", 1),
        ("a path", "localhost:9", "localhost:9/openai/deployments/one/", 0),
        ("a key twice", "keys = []", "keys = [\"h1:AA\", \"h1:AA\"]", 1),
        ("a country that is none", "keys = []", "residence = [\"ZZ\", \"FR\"]", 1),
        ("two listeners on two ports", "[dangerous]", "[admin]\naddress = \"0.0.0.0:8443\"\n[dangerous]", 0),
        ("the port of [admin]", "127.0.0.1:0", "0.0.0.0:9443", 1),
        ("unknown leaves", "[dangerous]", "[limits]\nunknown_leaves = \"drop\"\n[dangerous]", 1),
        ("no room", "[dangerous]", "[limits]\nrequests = 0\njson_depth = 0\n[dangerous]", 2),
        ("a number below 0", "[dangerous]", "[limits]\nbody_bytes = -1\n[dangerous]", 1),
        ("a quorum of nobody", "[dangerous]", "[audit]\nwitness_quorum = 3\n[dangerous]", 1),
    ] {
        let text = GOOD.replacen(old, new, 1);
        assert_ne!(text, GOOD, "{name}");
        assert_eq!(faults(&text).len(), count, "{name}: {:?}", faults(&text));
    }
    let two = GOOD.replace("keys = []", "keys = [\"h1:AA\"]").replace("[[backend]]", second);
    assert_eq!(faults(&two).len(), 1, "one key of two apps");
}

/// Whom certificates of the admin listener prove: what would prove nobody, or two, is a fault.
#[test]
fn administrators_without_proof_are_faults() {
    let tls = "certificate = \"octroi.toml\"\nkey = \"octroi.toml\"\n";
    let trusting = "certificate = \"octroi.toml\"\nkey = \"octroi.toml\"\nclient_authorities = \"octroi.toml\"\n";
    for (name, files, rest, count) in [
        ("TLS alone", tls, "", 0),
        ("TLS and whom it trusts", trusting, "administrators = { ops = [\"dns:ops.example\", \"spiffe://e/ops\"] }", 0),
        ("half a TLS", "key = \"octroi.toml\"\n", "", 1),
        ("authorities without TLS", "client_authorities = \"octroi.toml\"\n", "", 1),
        ("nobody verifies", tls, "administrators = { ops = [\"dns:ops.example\"] }", 1),
        ("nothing proves one", trusting, "administrators = { ops = [] }", 1),
        ("a name that is none", trusting, "administrators = { Night = [\"dns:ops.example\"] }", 1),
        ("a certificate's name that is none", trusting, "administrators = { ops = [\"ops.example\"] }", 1),
        ("two of one", trusting, "administrators = { a = [\"dns:o.example\"], b = [\"dns:o.example\"] }", 1),
        ("a file that is not there", "certificate = \"none.pem\"\nkey = \"octroi.toml\"\n", "", 1),
        ("off, whatever stands there", "off = true\nkey = \"octroi.toml\"\n", "", 0),
    ] {
        let text = GOOD.replacen("[dangerous]", &format!("[admin]\n{files}{rest}\n[dangerous]"), 1);
        assert_eq!(faults(&text).len(), count, "{name}: {:?}", faults(&text));
    }
}

/// One address that is none hides no fault of another table.
#[test]
fn all_is_told_in_one_run() {
    let text = GOOD.replace("127.0.0.1:0", "localhost").replace("keys = []", "residence = [\"ZZ\"]").replace(
        "[dangerous]",
        "[limits]\nrequests = 0\njson_depth = 0\n[audit]\nwitness_interval_s = 0\nsegment_bytes = 9\n[dangerous]",
    );
    assert_eq!(faults(&text).len(), 6, "{:?}", faults(&text));
}

#[test]
fn a_fault_of_form_hides_no_other() {
    let text = r#"
[listen]
adress = "nonsense"
[policy]
foo = 1
[audit]
bar = 2
segment_bytes = 5
[limits]
head_s = "1"
body_s = true
[dangerous]
plaintext_listener = true
[[app]]
name = "notes"
[[app]]
name = 7
tenant = "exemple"
residence = ["FR", 33, "XX"]
[[backend]]
url = "ftp://localhost"
dialects = "openai"
credential = { bearer = "secret" }
[[backend]]
name = "paris"
url = 9
dialects = ["openai"]
[models]
"assistant" = { "rome" = "m", "paris" = 3 }
"#;
    let told: Vec<(String, String)> = faults(text)
        .into_iter()
        .map(|fault| (fault.place.rsplit_once("octroi.toml:").unwrap().1.to_owned(), fault.what))
        .collect();
    let mut lines: Vec<usize> =
        told.iter().map(|(place, _)| place.split(':').next().unwrap().parse().unwrap()).collect();
    lines.sort_unstable();
    // The address twice: the key's name, and its value.
    assert_eq!(lines, [3, 3, 5, 7, 8, 10, 11, 14, 17, 19, 19, 20, 21, 22, 23, 26, 29, 29], "{told:#?}");
}

#[test]
fn without_a_listener_the_rest_is_read() {
    let text = GOOD.replace("[listen]\naddress = \"127.0.0.1:0\"\n", "").replace("https://localhost:9", "ftp://x");
    let told: Vec<String> = faults(&text).into_iter().map(|fault| fault.what).collect();
    assert_eq!(told, ["missing field `listen`", "is not the address of a backend"]);
}

#[test]
fn every_fault_of_syntax_is_told() {
    let text = GOOD.replace("keys = []", "keys = [").replace("url = ", "url ");
    let told = faults(&text);
    assert!(told.len() > 1 && told.iter().all(|fault| fault.help.contains("rest of this file")), "{told:#?}");
}

#[test]
fn what_is_named_and_not_there_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("octroi.toml");
    let tables = "[keys]\nroot = \"none.key\"\n[corpus]\n[policy]\nshadow = \"nosh\"\n[dangerous]";
    std::fs::write(&path, GOOD.replace("[dangerous]", tables)).unwrap();
    let found = missing(&path, true);
    let told: Vec<_> = found.iter().map(|fault| (fault.place.rsplit('/').next().unwrap(), &*fault.what)).collect();
    assert!(matches!(told[..], [("octroi.toml:5:8", _), ("octroi.toml", _), ("octroi.toml:8:10", _)]), "{told:?}");
    assert_eq!(missing(&path, false).len(), 2);
    for made in ["none.key", "corpus", "nosh"] {
        std::fs::create_dir(folder.path().join(made)).unwrap();
    }
    assert_eq!(missing(&path, true), []);
}

#[test]
fn values_of_the_wrong_kind_are_told_in_words() {
    for (name, old, new, said) in [
        ("a text for a list", "[\"openai\"]", "\"openai\"", "a text in quotes stands where a list in brackets"),
        (
            "a number below 0",
            "[dangerous]",
            "[limits]\nbody_bytes = -1\n[dangerous]",
            "stands where a whole number, 0 or more",
        ),
        (
            "a text for a number",
            "[dangerous]",
            "[limits]\nbody_bytes = \"1\"\n[dangerous]",
            "a text in quotes stands where a whole",
        ),
    ] {
        let found = faults(&GOOD.replacen(old, new, 1));
        assert!(found[0].what.starts_with("a ") && found[0].what.contains(said), "{name}: {found:?}");
    }
}

#[test]
fn witnesses_have_an_address_a_key_and_a_quorum() {
    const KEY: &str = "w.example/w1+0b5e7d0a+BFLLEsQWrQtgUHjLMuoq8KYJe1oVmdhxrOVfTgoKVBaB";
    let witness = |url: &str, key: &str| format!("[[audit.witnesses]]\nurl = \"{url}\"\nkey = \"{key}\"\n");
    let key = octroi_key();
    for (name, table, count) in [
        ("one", witness("https://w.example", &key), 0),
        ("an address of this house", witness("http://10.0.0.7:9445/w", &key), 0),
        ("no address", witness("w.example", &key), 1),
        ("a key that is none", witness("https://w.example", KEY), 1),
        ("one twice", witness("https://w.example", &key).repeat(2), 1),
        ("more than there are", format!("[audit]\nwitness_quorum = 2\n{}", witness("https://w.example", &key)), 1),
        ("never", format!("[audit]\nwitness_interval_s = 0\n{}", witness("https://w.example", &key)), 1),
        ("authorities that are not there", witness("https://w.example", &key) + "roots = \"none.pem\"\n", 1),
    ] {
        let text = GOOD.replacen("[dangerous]", &format!("{table}[dangerous]"), 1);
        assert_eq!(faults(&text).len(), count, "{name}: {:?}", faults(&text));
    }
}

/// The public key of a witness.
fn octroi_key() -> String {
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let key = octroi_verify::SignerKey::from_pkcs8("w.example/w1", pair.as_ref()).unwrap();
    octroi_verify::cosign::CosignerKey::of(&key).to_string()
}

#[test]
fn a_credential_is_one_of_its_kinds() {
    let (path, none) = ("{ env = \"PATH\" }", "{ env = \"OCTROI_TEST_NOT_SET\" }");
    for (name, credential, count) in [
        ("bearer", format!("{{ bearer = {path} }}"), 0),
        ("google_account", format!("{{ google_account = {{ key = {path} }} }}"), 0),
        ("google_metadata", "{ google_metadata = {} }".to_owned(), 0),
        ("entra", format!("{{ entra = {{ tenant = \"t\", client = \"c\", secret = {path} }} }}"), 0),
        ("aws_instance", "{ aws_instance = { region = \"eu-west-3\" } }".to_owned(), 0),
        ("aws_container", format!("{{ aws_container = {{ region = \"eu-west-3\", url = {path} }} }}"), 0),
        ("none", "{}".to_owned(), 1),
        ("two", format!("{{ bearer = {path}, google_metadata = {{}} }}"), 1),
        ("a key that is not there", format!("{{ google_account = {{ key = {none} }} }}"), 1),
        (
            "a secret that is not there",
            format!("{{ entra = {{ tenant = \"t\", client = \"c\", secret = {none} }} }}"),
            1,
        ),
        (
            "a token that is not there",
            format!("{{ aws_container = {{ region = \"r\", url = {path}, authorization = {none} }} }}"),
            1,
        ),
        (
            "authorities that are not there",
            format!("{{ google_account = {{ key = {path}, roots = \"none.pem\" }} }}"),
            1,
        ),
    ] {
        let text = GOOD.replacen("dialects =", &format!("credential = {credential}\ndialects ="), 1);
        assert_eq!(faults(&text).len(), count, "{name}: {:?}", faults(&text));
    }
}

#[test]
fn unknown_keys_are_faults() {
    let found = faults(&GOOD.replace("[dangerous]", "adress = 1\n[dangerous]"));
    assert!(found[0].what.contains("adress"), "{found:?}");
}

/// As much of JSON Schema as the schema uses.
fn fits(value: &serde_json::Value, schema: &serde_json::Value) -> bool {
    let is = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        other => panic!("type {other}"),
    };
    let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let object = value.as_object();
    let parts = object.is_none_or(|object| {
        let known = |key: &String| schema["properties"].get(key).unwrap_or_else(|| &schema["additionalProperties"]);
        let counted = schema["minProperties"].is_null() || object.len() == 1;
        counted && object.iter().all(|(key, item)| known(key).is_object() && fits(item, known(key)))
    });
    let required = schema["required"].as_array().is_none_or(|keys| {
        keys.iter().all(|key| object.is_some_and(|object| object.contains_key(key.as_str().unwrap())))
    });
    let items = value.as_array().is_none_or(|items| items.iter().all(|item| fits(item, &schema["items"])));
    is && listed && parts && required && items
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema = schema();
    let takes = |text: &str| fits(&toml::from_str::<serde_json::Value>(text).unwrap(), &schema);
    let path = Path::new("octroi.toml");
    let example = include_str!("../../deploy/octroi.toml");
    for (name, text, good) in [
        ("a small file", GOOD.to_owned(), true),
        ("what init writes", include_str!("../cli/init.toml").to_owned(), true),
        ("the example", example.to_owned(), true),
        ("a key of no table", GOOD.replace("[dangerous]", "adress = 1\n[dangerous]"), false),
        ("an app without a tenant", GOOD.replace("tenant = \"exemple\"\n", ""), false),
        ("a number as text", GOOD.replace("[dangerous]", "[limits]\nhead_s = \"1\"\n[dangerous]"), false),
        ("a bound", GOOD.replace("[dangerous]", "[limits]\nhead_s = 1\n[dangerous]"), true),
        ("no listener", GOOD.replace("[listen]\naddress = \"127.0.0.1:0\"\n", ""), false),
    ] {
        assert_eq!(reading::read(path, &text).faults.is_empty(), good, "the reader: {name}");
        assert_eq!(takes(&text), good, "the schema: {name}");
    }
    // What only the schema knows by itself, `resolve` knows too.
    for (name, old, new) in [
        ("headers of no kind", "keys = []", "headers = \"some\""),
        ("a credential of no kind", "dialects =", "credential = {}\ndialects ="),
        ("a secret of no source", "dialects =", "credential = { bearer = {} }\ndialects ="),
    ] {
        let text = GOOD.replacen(old, new, 1);
        assert!(!takes(&text) && faults(&text).len() == 1, "{name}");
    }
}

#[test]
fn what_is_said_of_keys_is_said_of_keys_that_are() {
    let keys = schema::keys();
    let named = schema::about().map(|(path, _)| *path).chain(schema::WORDS.iter().map(|(path, _)| *path));
    for path in named.chain(schema::ONE_OF.iter().copied()) {
        assert!(keys.iter().any(|key| key == path), "no key `{path}`");
    }
    let page = include_str!("../../docs/configuration.md");
    for key in &keys {
        let last = key.rsplit('.').next().unwrap().trim_end_matches("[]");
        assert!(last == "*" || page.contains(last), "docs/configuration.md does not name `{key}`");
    }
}
