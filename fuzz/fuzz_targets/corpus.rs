//! Records of a corpus and documents that are to be registered: read, or refused, and never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::leak::disguised::Texts;
use octroi::leak::extract;
use octroi::leak::space::{About, Content, DocumentId, Question, Space};
use octroi::leak::store::Record;
use octroi::leak::text::{Keys, Words};

fuzz_target!(|bytes: &[u8]| {
    let keys = Keys::new(&[7; 24]);
    if let Some(record) = Record::read(bytes) {
        assert_eq!(&**record.write(), bytes, "a record is not what was read");
        let document = match record {
            Record::Document(document) => Some(*document),
            Record::Replaced(document) => Some((document.1, document.2)),
            _ => None,
        };
        if let Some((about, content)) = document {
            std::hint::black_box(Space::new(keys.clone()).add(about, &content).ok());
        }
    }
    let Some((kind, rest)) = bytes.split_first() else { return };
    let name = ["a.txt", "a.html", "a.docx", "a.csv"][usize::from(kind % 4)];
    let Ok(text) = extract::text(name, rest) else { return };
    let words = Words::of(&text);
    for word in &words.prose {
        assert!(word.start < word.end && word.end as usize <= text.len(), "a word outside its text");
    }
    let content = Content::of(&words, &keys);
    let mut space = Space::new(keys.clone());
    let about =
        About { id: DocumentId([1; 12]), sha256: [0; 32], path: String::new(), class: String::new(), registered_ms: 0 };
    space.add(about, &content).expect("what was made fits together");
    let question = Question::new(Texts::of(&text).iter(), &keys, &|| false).expect("nobody stops");
    let one = space.judge(&question, &|| false).expect("the scan ends");
    let other = space.judge(&question, &|| false).expect("the scan ends");
    assert_eq!((one.score, one.raw), (other.score, other.raw), "a score that does not replay");
});
