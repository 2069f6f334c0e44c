//! The fixtures of streams with other texts in them, and what must come of them; shared with the fuzz target of streams.

#[path = "call.rs"]
mod call;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use bytes::Bytes;
use octroi::dialect::{self, Channel, ChannelKind, Joint, event_leaves};
use octroi::gateway::restore::Restored;
use octroi::model::{Api, Operation};
use octroi::policy::catalogue;
use octroi::transform::{Keys, Landing, Restorer, StreamRestore, Thread, Vault, apply};
use octroi::wire::frames::{Decoder, Framing, encode};
use octroi::wire::{Edit, quote, splice};

/// A recorded stream.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) framing: Framing,
    /// The names and data of its events.
    events: Vec<(Option<String>, String)>,
}

/// What a model writes: texts for the channels of a stream in turn, and the pieces that they come in. `§0` stands for the first
/// token, `¤0` for the same without brackets, `€0` for that in lower case.
pub(crate) struct Answer {
    pub(crate) texts: Vec<String>,
    pub(crate) pieces: Vec<usize>,
}

/// A stream with an answer in it.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    events: Vec<(Option<String>, String)>,
}

/// Every stream of the fixtures, in every framing that its API has.
pub(crate) fn fixtures() -> Vec<Fixture> {
    static ALL: OnceLock<Vec<Fixture>> = OnceLock::new();
    ALL.get_or_init(recorded).clone()
}

fn recorded() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find_map(|root| {
        let folder = root.join("tests/data/dialect");
        folder.is_dir().then_some(folder)
    });
    let apis: Vec<Api> = dialect::all().flat_map(dialect::endpoints).map(|(api, _)| api).collect();
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder.unwrap())
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
    {
        let path = entry.unwrap().path();
        let (file, of) = (
            path.file_name().unwrap().to_str().unwrap(),
            path.parent().unwrap().file_name().unwrap().to_str().unwrap(),
        );
        let Some(file) = file.strip_suffix(".jsonl") else { continue };
        let (operation, _) = file.split_once(".stream").or_else(|| file.split_once('_')).unwrap();
        // The files of the first dialect are older than the names of the operations.
        let operation = if operation == "completions" { Operation::COMPLETION.name() } else { operation };
        let api = apis.iter().find(|api| api.dialect.name() == of && api.operation.name() == operation);
        let api = *api.unwrap_or_else(|| panic!("{} is of no operation", path.display()));
        let events =
            std::fs::read_to_string(&path).unwrap().lines().filter(|line| !line.is_empty()).map(named).collect();
        let framings: &[Framing] = match api.dialect.name() {
            "ollama" => &[Framing::Lines],
            "bedrock" => &[Framing::Binary],
            "gemini" => &[Framing::Events, Framing::Array],
            _ => &[Framing::Events],
        };
        let name = |framing: &Framing| format!("{} {file} {framing:?}", api.dialect.name());
        let fixture =
            |framing: &Framing| Fixture { name: name(framing), api, framing: *framing, events: Vec::clone(&events) };
        all.extend(framings.iter().map(fixture));
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// A line of a fixture: an event's name and a tab may stand before the data.
fn named(line: &str) -> (Option<String>, String) {
    match line.split_once('\t') {
        Some((name, data)) => (Some(name.to_owned()), data.to_owned()),
        None => (None, line.to_owned()),
    }
}

/// A vault in which values of several types are live, and their tokens.
pub(crate) fn vault(values: &[&str]) -> (Arc<Vault>, Vec<String>) {
    let catalogue = catalogue(&[]).unwrap();
    let types = ["person", "email", "iban"].map(|name| catalogue.entity(name).unwrap());
    let texts = values.iter().zip(types.into_iter().cycle());
    let (call, findings, duties) =
        call::request(texts.map(|(value, entity)| ((*value).to_owned(), 0..value.len(), entity)));
    let keys = Keys::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), [7; 16]);
    let changed = apply(&call, &findings, &duties, &catalogue, &keys).unwrap();
    let tokens = changed.edits.iter().map(|edit| edit.replacement.trim_matches('"').to_owned()).collect();
    (Arc::new(changed.vault), tokens)
}

/// Puts an answer into the running texts of a stream: every event that carries a piece carries the next piece of its channel's
/// text instead, and what is left of a text goes into the last of them.
pub(crate) fn written(fixture: &Fixture, answer: &Answer, tokens: &[String]) -> Written {
    let texts = answer.texts.iter().map(|text| {
        let named = |text: String, (index, token): (usize, &String)| {
            let bare = token.trim_matches(['<', '>']);
            let text = text.replace(&format!("§{index}"), token).replace(&format!("¤{index}"), bare);
            text.replace(&format!("€{index}"), &bare.to_lowercase())
        };
        tokens.iter().enumerate().fold(text.clone(), named)
    });
    let texts: Vec<String> = texts.collect();
    let views: Vec<_> =
        fixture.events.iter().map(|(name, data)| event_leaves(fixture.api, name.as_deref(), data).unwrap()).collect();
    let mut last: BTreeMap<Channel, usize> = BTreeMap::new();
    for (index, view) in views.iter().enumerate() {
        last.extend(view.leaves.iter().filter(|leaf| leaf.fragment).map(|leaf| (leaf.channel, index)));
    }
    let mut left: BTreeMap<Channel, VecDeque<char>> = BTreeMap::new();
    let mut lengths = answer.pieces.iter().copied().cycle();
    let mut events = Vec::new();
    for (index, ((name, data), view)) in fixture.events.iter().zip(&views).enumerate() {
        let mut edits = Vec::new();
        for leaf in view.leaves.iter().filter(|leaf| leaf.fragment) {
            let next = left.len() % texts.len();
            let text = left.entry(leaf.channel).or_insert_with(|| {
                let text = if leaf.channel.kind.is_json() { quote(&texts[next]) } else { texts[next].clone() };
                text.chars().collect()
            });
            let whole = last.get(&leaf.channel) == Some(&index)
                && view.leaves.iter().rfind(|own| own.channel == leaf.channel) == Some(leaf);
            // An argument that ends with its event is whole by then: what has its path behind that is of the next call.
            let whole =
                whole || (is_argument(leaf.channel) && view.ends.iter().any(|ended| ended.covers(leaf.channel)));
            let length = if whole { text.len() } else { lengths.next().unwrap_or(1).min(text.len()) };
            let piece: String = text.drain(..length).collect();
            edits.push(Edit { span: leaf.span.clone(), replacement: quote(&piece) });
        }
        events.push((name.clone(), splice(data, edits).unwrap()));
    }
    let mut bytes = Vec::new();
    for (index, (name, data)) in events.iter().enumerate() {
        bytes.extend_from_slice(&encode(fixture.framing, name.as_deref(), data, false, index == 0));
    }
    if fixture.framing == Framing::Array {
        bytes.push(b']');
    }
    Written { bytes, events }
}

fn is_argument(channel: Channel) -> bool {
    matches!(channel.kind, ChannelKind::Argument(_))
}

/// What the client gets of a stream that arrives in chunks of these lengths and then in one, and whether it ended well.
pub(crate) fn read(fixture: &Fixture, vault: &Arc<Vault>, stream: &Written, chunks: &[usize]) -> (Vec<u8>, bool) {
    let (mut rest, mut pieces) = (&stream.bytes[..], Vec::new());
    for length in chunks {
        let (piece, behind) = rest.split_at(rest.len().min(*length));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = behind;
    }
    pieces.push(Bytes::copy_from_slice(rest));
    Restored::replay((fixture.api, false), fixture.framing, Arc::clone(vault), pieces)
}

impl Written {
    /// Checks that every text of a restored stream that ended well is what restoring the text whole gives, or, of a message in
    /// several parts, what restoring them one behind the other does.
    pub(crate) fn check(&self, fixture: &Fixture, vault: &Arc<Vault>, (bytes, well): &(Vec<u8>, bool)) {
        if !well {
            return;
        }
        let restored = |channel: Channel, text: &str| Restorer::new(vault).restore_whole(text, landing(channel)).text;
        let (told, mut expected) = (told(fixture, bytes), texts(fixture.api, &self.events, restored));
        expected.extend(parts(fixture.api, &self.events, vault));
        assert_eq!(told, expected, "{}", fixture.name);
    }
}

fn landing(channel: Channel) -> Landing {
    if channel.kind.is_json() { Landing::JsonInString } else { Landing::Text }
}

/// The restored texts that are parts of a message with other parts: each goes on where the one before it was left.
fn parts(api: Api, events: &[(Option<String>, String)], vault: &Arc<Vault>) -> BTreeMap<Channel, String> {
    let mut went_on: HashSet<Channel> = HashSet::new();
    let mut latest: HashMap<Joint, Channel> = HashMap::new();
    let mut ended: HashMap<Joint, Thread> = HashMap::new();
    let (mut open, mut done) = (BTreeMap::<Channel, StreamRestore>::new(), BTreeMap::<Channel, String>::new());
    for (name, data) in events {
        let Ok(view) = event_leaves(api, name.as_deref(), data) else { continue };
        for leaf in view.leaves.iter().filter(|leaf| leaf.fragment) {
            let channel = leaf.channel;
            let before = leaf.joint.and_then(|joint| {
                let last = latest.insert(joint, channel);
                if last == Some(channel) && open.contains_key(&channel) {
                    return None;
                }
                last.and_then(|last| open.get(&last)).map(StreamRestore::thread).or_else(|| ended.get(&joint).cloned())
            });
            let line = open.entry(channel).or_insert_with(|| StreamRestore::new(Arc::clone(vault), landing(channel)));
            if let Some(before) = before {
                went_on.insert(channel);
                line.go_on(&before);
            }
            done.entry(channel).or_default().push_str(&line.push(&leaf.text));
        }
        let over: Vec<Channel> = open.keys().copied().filter(|channel| view.ends(*channel)).collect();
        for channel in over {
            let mut line = open.remove(&channel).unwrap();
            let of: Vec<Joint> = latest.iter().filter(|(_, last)| **last == channel).map(|(joint, _)| *joint).collect();
            ended.extend(of.into_iter().map(|joint| (joint, line.thread())));
            done.entry(channel).or_default().push_str(&line.finish());
        }
    }
    for (channel, mut line) in open {
        done.entry(channel).or_default().push_str(&line.finish());
    }
    done.retain(|channel, _| went_on.contains(channel));
    done
}

/// The running texts of a stream as a client reads it.
pub(crate) fn told(fixture: &Fixture, bytes: &[u8]) -> BTreeMap<Channel, String> {
    let mut decoder = Decoder::new(fixture.framing);
    decoder.push(bytes);
    let mut events = Vec::new();
    while let Some(frame) = decoder.frame().unwrap() {
        events.extend(frame.data().map(|data| (frame.event().map(str::to_owned), data.to_owned())));
    }
    if let Some(frame) = decoder.finish().unwrap() {
        events.extend(frame.data().map(|data| (frame.event().map(str::to_owned), data.to_owned())));
    }
    texts(fixture.api, &events, |_, text| text.to_owned())
}

/// The running texts of a stream, each finished where it ends.
fn texts(
    api: Api,
    events: &[(Option<String>, String)],
    finish: impl Fn(Channel, &str) -> String,
) -> BTreeMap<Channel, String> {
    let (mut open, mut done) = (BTreeMap::<Channel, String>::new(), BTreeMap::<Channel, String>::new());
    for (name, data) in events {
        let Ok(view) = event_leaves(api, name.as_deref(), data) else { continue };
        for leaf in view.leaves.iter().filter(|leaf| leaf.fragment) {
            open.entry(leaf.channel).or_default().push_str(&leaf.text);
        }
        let ended: Vec<Channel> = open.keys().copied().filter(|channel| view.ends(*channel)).collect();
        for channel in ended {
            let text = open.remove(&channel).unwrap();
            done.entry(channel).or_default().push_str(&finish(channel, &text));
        }
    }
    for (channel, text) in open {
        done.entry(channel).or_default().push_str(&finish(channel, &text));
    }
    done
}
