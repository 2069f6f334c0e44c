//! Speed of the detection engine on one core: plain prose, a mixed English and French prompt of 2 KB, 1 MB of agent history for the
//! first time and when all but the last message is remembered, growth from 1 KB to 16 MB, and a plain alternation beside it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use divan::counter::BytesCount;
use octroi::detect::{Block, Engine, Memory, Remembered, embedded};
use octroi::model::call::{FieldKey, Spelling};
use octroi::model::{
    Api, Call, Catalogue, ClassSet, Content, Dialect, EntityInfo, Field, Line, Normal, Operation, Role, TokenKind, Word,
};

fn main() {
    divan::main();
}

/// The repository's entity types; classes do not matter here.
#[expect(clippy::expect_used, reason = "a bench without its engine has nothing to measure")]
fn engine() -> Engine {
    let file: toml::Table =
        toml::from_str(include_str!("../policies/reference/entities.toml")).expect("entities.toml parses");
    let names = file.get("entity").and_then(toml::Value::as_table).expect("entities.toml lists entities").keys();
    let info = |name: &String| EntityInfo {
        name: Word::configured(name),
        code: Word::fixed("TERM"),
        classes: ClassSet::default(),
        normal: Normal::Exact,
        names_somebody: false,
    };
    Engine::new(embedded(), &Catalogue { entities: names.map(info).collect(), classes: Vec::new() })
        .expect("the engine builds")
}

/// Plain English prose without personal data.
const PROSE: &str = "The harbour had been quiet since the early morning, and the boats that came back brought little more than \
the smell of the open water. Nobody on the quay seemed to mind. The older men sat on their crates and talked about the weather \
of other years, while the younger ones mended nets and listened with half an ear. When the bell rang from the customs house, \
everything stopped for a moment, as it always did, and then went on as before. ";

/// What a working day sends: questions, a letter, a little data.
const MIXED: &str = "Please summarise the following exchange for the case file and propose a polite answer in French.\n\n\
Bonjour, je m'appelle Claire Vasseur et je vous écris au sujet de mon dossier ouvert la semaine dernière. Vous pouvez me \
joindre au 06 12 34 56 78 ou par courriel à claire.vasseur@example.org. Le virement doit être fait sur le compte \
FR14 2004 1010 0505 0001 3M02 606, ouvert à mon nom. J’ai déjà transmis l’attestation de l’employeur (SIRET 732 829 320 00074) \
et le certificat du médecin, qui parle d’une hypertension sous traitement. Merci de confirmer la réception de ces pièces.\n\
Cordialement,\nClaire Vasseur\n\n\
Dear Ms Vasseur, thank you for your message. We have received the documents that you sent on the twelfth, and our colleagues \
are looking into them. A decision will reach you within ten working days. If something is missing, we will write to you at the \
address that you gave us. Kind regards,\nMartin Keller\n\n\
The server logged the upload from 82.64.12.7 at 2026-11-12T09:14:02Z under the reference 550e8400-e29b-41d4-a716-446655440000. \
Keep the tone friendly and do not promise a date. If the rules that were quoted above do not apply to this case, say so plainly, \
and explain which documents would change the outcome. The answer should be no longer than two paragraphs, and it should mention \
that the person may call the service between nine and noon on any working day. Ajoutez en conclusion une phrase qui rappelle \
que la demande reste gratuite et que le délai court à partir de la réception du dossier complet. ";

/// Repeats a text up to a length, on a character boundary.
fn repeated(text: &str, bytes: usize) -> String {
    let mut out = text.repeat(bytes / text.len() + 1);
    out.truncate(out.floor_char_boundary(bytes));
    out
}

/// An export of numbers in groups, the dearest kind of text: every one may be something.
const NUMBERS: &str = "732 829 320 00074;06 12 34 56 78;2024-11-12 09:14:02.125;4970 1012 3456 7890;12,50;AB 12 34 56 C\n\
88 1 75 116 001 12;1.234.567,89;0033 1 44 55 66 77;10.0.12.7;7F3A-22BC;550e8400;3,1415926535;1998/02/28;GB29 1234\n";

#[divan::bench(args = [2 * 1024, 1024 * 1024, 16 * 1024 * 1024])]
fn patterns_on_prose(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (engine, text) = (engine().without_names(), repeated(PROSE, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

#[divan::bench(args = [2 * 1024, 1024 * 1024])]
fn patterns_on_mix(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (engine, text) = (engine().without_names(), repeated(MIXED, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

#[divan::bench(args = [2 * 1024, 1024 * 1024])]
fn patterns_on_numbers(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (engine, text) = (engine().without_names(), repeated(NUMBERS, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

#[divan::bench(args = [2 * 1024, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024])]
fn plain_prose(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (engine, text) = (engine(), repeated(PROSE, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

#[divan::bench(args = [2 * 1024, 128 * 1024, 1024 * 1024])]
fn mixed_prompt(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (engine, text) = (engine(), repeated(MIXED, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

/// The cost of a byte must not depend on how many there are.
#[divan::bench(args = [1, 16, 256, 4 * 1024, 16 * 1024])]
fn growth_kilobytes(bencher: divan::Bencher<'_, '_>, kilobytes: usize) {
    let (engine, text) = (engine(), repeated(MIXED, kilobytes * 1024));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| engine.find(divan::black_box(&text)));
}

/// Remembers everything under a keyed hash, as the gateway does with another.
#[derive(Default)]
struct Everything {
    key: RandomState,
    known: Mutex<HashMap<u64, Arc<Remembered>>>,
}

impl std::fmt::Debug for Everything {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Everything(..)")
    }
}

impl Memory for Everything {
    fn recall(&self, block: &Block<'_>) -> Option<Arc<Remembered>> {
        let name = self.key.hash_one((block.text, block.key, block.engine));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }

    fn keep(&self, block: &Block<'_>, found: Remembered) {
        let name = self.key.hash_one((block.text, block.key, block.engine));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(found));
    }
}

/// 1 MB of what an agent and its tools said, in messages of 2 to 8 KB, none like another: letters, prose, code.
fn history() -> Call {
    let mut fields = Vec::new();
    let mut bytes = 0;
    for step in 0.. {
        let (role, text) = match step % 3 {
            0 => (Role::User, format!("Step {step}. {MIXED}")),
            1 => (Role::Assistant, format!("Answer {step}: {}", repeated(PROSE, 3000))),
            _ => (Role::ToolResult, format!("{{\"step\": {step}, \"ok\": true}}\n{}", include_str!("transform.rs"))),
        };
        bytes += text.len();
        fields.push(Field {
            path: "messages[].content",
            role,
            kind: TokenKind::String,
            spelling: Spelling::Any,
            span: 0..0,
            content: Content::Decoded(text.into()),
            group: step,
            key: FieldKey::Known("content"),
        });
        if bytes >= 1024 * 1024 {
            break;
        }
    }
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    Call {
        api,
        line: Line::from(api),
        body: String::new(),
        fields,
        cited: Vec::new(),
        sources: Vec::new(),
        models: Vec::new(),
        stream: false,
        json: false,
        store: None,
        open: 1,
        hosted: Vec::new(),
        previous: None,
        places: Vec::new(),
    }
}

#[divan::bench]
fn history_first(bencher: divan::Bencher<'_, '_>) {
    let (engine, call) = (engine(), history());
    bencher.with_inputs(Everything::default).bench_local_refs(|memory| engine.inspect_with(&call, Some(memory)));
}

#[divan::bench]
fn history_remembered(bencher: divan::Bencher<'_, '_>) {
    let (engine, call, memory) = (engine(), history(), Everything::default());
    engine.inspect_with(&call, Some(&memory));
    bencher.bench_local(|| engine.inspect_with(&call, Some(&memory)));
}

/// What we are compared with: the patterns of every row in one alternation, as `regex` runs it, without a check of anything.
#[expect(clippy::expect_used, reason = "a bench without its patterns has nothing to measure")]
fn alternation() -> regex_automata::meta::Regex {
    let mut patterns = Vec::new();
    for source in embedded() {
        let file: toml::Table = toml::from_str(source.toml).expect("the file parses");
        let rows = file.get("pattern").and_then(toml::Value::as_array).into_iter().flatten();
        let pattern = |row: &toml::Value| Some(row.get("pattern")?.as_str()?.replace('~', "[ .-]?"));
        patterns.extend(rows.filter_map(pattern).map(|pattern| format!("(?-u:\\b)(?:{pattern})(?-u:\\b)")));
    }
    regex_automata::meta::Regex::builder()
        .configure(regex_automata::meta::Config::new().nfa_size_limit(None).hybrid_cache_capacity(64 * 1024 * 1024))
        .build_many(&patterns)
        .expect("the patterns compile")
}

#[divan::bench(args = [2 * 1024])]
fn plain_regex_on_mix(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let (regex, text) = (alternation(), repeated(MIXED, bytes));
    bencher.counter(BytesCount::new(text.len())).bench_local(|| regex.find_iter(divan::black_box(&text)).count());
}

#[divan::bench]
fn build(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(engine);
}
