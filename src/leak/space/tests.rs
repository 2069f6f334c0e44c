//! A request in a corpus of some pieces: the same verdict however many threads compare it.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::leak::cores::Cores;
use crate::leak::text::{Word, Words};

/// Documents whose rows are those of their words.
const TRUE_DOCUMENTS: u32 = 12;
/// Windows of a document whose rows are not.
const WINDOWS: usize = 500;
/// Documents of those: more than four pieces of the scan in all.
const FILLING_DOCUMENTS: u32 = 70;

/// A small generator of chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }
}

pub(super) fn keys() -> Keys {
    Keys::new(&[5; 24])
}

pub(super) fn about(number: u32) -> About {
    let mut id = [0; 12];
    id[..4].copy_from_slice(&number.to_le_bytes());
    About { id: DocumentId(id), sha256: [0; 32], path: number.to_string(), class: "c".to_owned(), registered_ms: 0 }
}

fn words(chance: &mut Chance, count: usize, of: usize) -> Words {
    let word = |chance: &mut Chance| Word { hash: chance.below(of) as u64, start: 0, end: 1, weight: 90, fact: false };
    Words { prose: (0..count).map(|_| word(chance)).collect(), code: Vec::new() }
}

/// The space, and the words of its true documents.
fn corpus() -> &'static (Space, Vec<Words>) {
    static CORPUS: OnceLock<(Space, Vec<Words>)> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let (mut space, mut chance) = (Space::new(keys()), Chance(77));
        let true_ones: Vec<Words> = (0..TRUE_DOCUMENTS).map(|_| words(&mut chance, 600, 3000)).collect();
        let contents: Vec<Content> = true_ones.iter().map(|words| Content::of(words, &keys())).collect();
        for number in 0..FILLING_DOCUMENTS {
            let words = words(&mut chance, 24 * (WINDOWS + 1), 1 << 40);
            let mut content = Content::of(&Words::default(), &keys());
            content.prose = words.prose.iter().map(|word| keys().token(word.hash)).collect();
            content.weights = vec![90; content.prose.len()];
            // One row in five is half of one of the first rows of a true document: hits for every request, more than are
            // looked at.
            content.rows = (0..WINDOWS)
                .map(|_| {
                    let rows = &contents[chance.below(contents.len())].rows;
                    let (near, is_near) = (rows[chance.below(6)], chance.below(5) == 0);
                    near.map(|value| {
                        let noise = i8::try_from(chance.below(65)).unwrap() - 32;
                        if is_near { value / 2 + noise / 2 } else { noise }
                    })
                })
                .collect();
            space.add(about(number), &content).unwrap();
        }
        for (number, content) in (FILLING_DOCUMENTS..).zip(&contents) {
            space.add(about(number), content).unwrap();
        }
        for number in [3, 44, FILLING_DOCUMENTS + 2] {
            assert!(space.remove(about(number).id));
        }
        (space, true_ones)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]
    #[test]
    fn verdicts_are_equal_on_any_number_of_threads(
        parts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..500, 10_usize..200, 0_usize..60), 1..6),
        seed in 1_u64..,
    ) {
        let (space, texts) = corpus();
        let mut chance = Chance(seed);
        let mut asked = Words::default();
        for (text, from, len, replaced) in parts {
            for word in text.get(texts).prose.iter().skip(from).take(len) {
                let hash = if chance.below(100) < replaced { chance.below(3000) as u64 } else { word.hash };
                asked.prose.push(Word { hash, ..*word });
            }
        }
        let question = Question::new([(0, &asked)].into_iter(), space.keys(), &|| false).unwrap();
        let alone = format!("{:?}", space.judge(&question, &|| false).unwrap());
        for helpers in [1, 2, 6] {
            let cores = Cores::new(helpers).for_any_size();
            let shared = space.judge_on(&cores, &question, &|| false).unwrap();
            prop_assert_eq!(format!("{:?}", shared), &*alone, "{} helpers", helpers);
            prop_assert_eq!(cores.idle(), helpers);
        }
    }
}

/// The pairs that threads find are those of a scan of all rows, sorted.
#[test]
fn the_nearest_pairs_are_those_of_all_hits() {
    use crate::leak::scan::{CpuScan, HITS_MAX, Queries, scan};
    let (space, texts) = corpus();
    for text in texts.iter().step_by(12) {
        let question = Question::new([(0, text)].into_iter(), space.keys(), &|| false).unwrap();
        let rows = evidence::rows(space, &question);
        let most = nearest::of_window(rows.len());
        let mut queries = Queries::new(sketch::DIMENSION).unwrap();
        for row in &rows {
            queries.push(row, evidence::LOOK_AT * (sketch::UNIT / 1000)).unwrap();
        }
        let mut expected = nearest::Nearest::default();
        let mut hits = 0;
        for (number, segment) in space.segments.iter().enumerate() {
            let found = scan(&CpuScan::new(&segment.rows), &queries, &segment.live, HITS_MAX).unwrap();
            assert_eq!(found.left_out, 0);
            hits += found.hits.len();
            for hit in found.hits {
                let (document, window) = space.row_at(number * SEGMENT_ROWS + hit.row as usize).unwrap();
                let (place, kin) = ((hit.query as usize, document, window), space.documents[document].kin);
                expected.take(nearest::Near { place, kin, score: hit.score }, most);
            }
        }
        let kept = |found: &nearest::Nearest| -> Vec<_> {
            (0..rows.len()).flat_map(|window| found.of(window).to_vec()).collect()
        };
        assert!(hits > kept(&expected).len(), "{hits} hits are no test of the bound");
        for helpers in [0, 2] {
            let mut found = nearest::Nearest::default();
            let cores = Cores::new(helpers).for_any_size();
            evidence::by_sketch(space, &question, (&cores, &|| false), &mut found).unwrap();
            assert_eq!(kept(&found), kept(&expected), "{helpers} helpers");
        }
    }
}

/// Scripts that put no blanks between words are read character by character: an excerpt within a prompt is found, and another text
/// of the language is not near.
#[test]
fn excerpts_of_scripts_without_blanks_are_found() {
    type Case<'a> = (&'a str, &'a str, usize, usize, [&'a str; 2], &'a [&'a str]);
    let cases: [Case<'_>; 4] = [
        (
            "Chinese",
            "北港工厂将于二〇二七年三月十四日停产，董事会第四四七一号备忘录要求在此之前不得对外公布。全部三百二十名员工将获得转岗安排，其中一百一十人前往南京新厂，其余人员由当地劳动部门协助安置。设备拆除费用预计为八百四十万元，由母公司承担；土地将在两年内出售给港务局。管理层须在本月底前提交详细计划。",
            45,
            60,
            ["请帮我把下面的话翻译成英文，语气要正式一些：", "谢谢，今天下午之前需要。"],
            &[
                "昨天我们去公园散步，天气很好，湖边有很多孩子在放风筝。晚上我们一起做了一顿火锅，还看了一部老电影。朋友说下周要去山里住几天，问我要不要一起去。",
            ],
        ),
        (
            "Japanese",
            "当社は来年三月末をもって北浜工場を閉鎖し、生産を名古屋の新工場へ移すことを取締役会で決議した。対象となる従業員は三百二十名であり、希望者全員に配置転換の機会を与える。設備の撤去に要する費用は八億四千万円と見込まれ、特別損失として計上する。本件は正式な発表まで社外秘とし、関係者以外に話してはならない。",
            46,
            60,
            ["次の文を英語に訳してください。", "できるだけ早くお願いします。"],
            &[
                "昨日は家族と一緒に公園へ行き、湖のそばでお弁当を食べた。子どもたちは凧を揚げて楽しそうに走り回っていた。夜は鍋を囲んで古い映画を見た。来週は友人と山の温泉に行くつもりだ。",
            ],
        ),
        (
            "Japanese in kana",
            "らいねんのはるにきたのこうじょうをしめることになりました。はたらいているひとたちには、なごやのあたらしいこうじょうへうつるか、やめるかをえらんでもらいます。きかいをかたづけるのにかかるおかねは、おやがいしゃがはらいます。このはなしはまだだれにもいわないでください。",
            30,
            70,
            ["つぎのぶんをえいごにしてください。", "おねがいします。"],
            &[
                "きのうはかぞくといっしょにこうえんへいって、おべんとうをたべました。こどもたちはたこをあげてたのしそうにはしりまわっていました。よるはなべをかこんで、ふるいえいがをみました。",
                "あしたのかいぎはごごさんじからです。しりょうはけさみなさんにおくりましたので、まえもってよんでおいてください。わからないことがあれば、わたしかやまださんにきいてください。",
            ],
        ),
        (
            "Thai",
            "บริษัทจะปิดโรงงานที่ท่าเรือเหนือในเดือนมีนาคมปีหน้าและย้ายการผลิตทั้งหมดไปยังโรงงานใหม่ที่ระยองพนักงานสามร้อยยี่สิบคนจะได้รับข้อเสนอให้ย้ายไปทำงานที่ใหม่ค่าใช้จ่ายในการรื้อถอนเครื่องจักรประมาณแปดสิบล้านบาทเรื่องนี้ห้ามเปิดเผยต่อบุคคลภายนอกจนกว่าจะมีประกาศอย่างเป็นทางการ",
            50,
            120,
            ["ช่วยแปลข้อความต่อไปนี้เป็นภาษาอังกฤษ", "ขอบคุณมาก"],
            &[
                "เมื่อวานเราไปเดินเล่นที่สวนสาธารณะอากาศดีมากมีเด็กเล่นว่าวริมทะเลสาบตอนเย็นเราทำอาหารกินด้วยกันและดูหนังเก่าเพื่อนชวนไปพักบนภูเขาสัปดาห์หน้า",
                "พรุ่งนี้มีประชุมตอนบ่ายสามโมงได้ส่งเอกสารให้ทุกคนแล้วเมื่อเช้ากรุณาอ่านล่วงหน้าหากมีข้อสงสัยให้ถามคุณสมชายหรือผมได้เลยเรื่องกาแฟและน้ำดื่มทางเราจะเตรียมไว้ให้",
            ],
        ),
    ];
    for (name, document, from, len, around, others) in cases {
        let mut space = Space::new(keys());
        space.add(about(1), &Content::of(&Words::of(document), &keys())).unwrap();
        let score = |text: &str| {
            let texts = crate::leak::disguised::Texts::of(text);
            let question = Question::new(texts.iter(), space.keys(), &|| false).unwrap();
            space.judge(&question, &|| false).unwrap().score
        };
        let excerpt: String = document.chars().skip(from).take(len).collect();
        let found = score(&[around[0], &excerpt, around[1]].concat());
        let others: Vec<u16> = others.iter().map(|text| score(text)).collect();
        assert!(found >= 800 && others.iter().all(|other| *other < 100), "{name}: {found}, other texts {others:?}");
    }
}

/// What a document says again and again (the lines of a log, the rows of a table) is not what all documents share.
#[test]
fn a_document_that_repeats_itself_is_recognised() {
    let line = "2031-03-02 turbine T-814 Lorient: bearing temperature above limit, trip refused by operator Quemener\n";
    let mut space = Space::new(keys());
    space.add(about(1), &Content::of(&Words::of(&line.repeat(600)), &keys())).unwrap();
    let judged = |text: &str| {
        let texts = crate::leak::disguised::Texts::of(text);
        let question = Question::new(texts.iter(), space.keys(), &|| false).unwrap();
        space.judge(&question, &|| false).unwrap().score
    };
    let (one, some, all) = (judged(line), judged(&line.repeat(40)), judged(&line.repeat(600)));
    assert!(one >= 300 && some >= 800 && all >= 800, "{one} {some} {all}");
    assert_eq!(judged(&"the tram stops here every ten minutes in the morning ".repeat(40)), 0);
}

/// What every window of a document says is compared as often as what a few say, and is worth what it was.
#[test]
fn a_document_of_one_word_is_compared_no_more_often_than_another() {
    let live = |space: &Space| space.segments.iter().map(|segment| segment.live.count()).sum::<u64>();
    for (name, text, rows) in [
        ("one word", "Kestrelwater ".repeat(20_000), 5),
        ("a line again and again", "Kestrelwater closes in Varn on 14 March 2031. ".repeat(2_500), 3 * 24 + 2),
    ] {
        let mut space = Space::new(keys());
        let content = Content::of(&Words::of(&text), &keys());
        space.add(about(1), &content).unwrap();
        assert!(content.rows.len() > 800 && live(&space) <= rows, "{name}: {} rows", live(&space));
        let texts = crate::leak::disguised::Texts::of(text.get(..text.len() / 400).unwrap());
        let question = Question::new(texts.iter(), space.keys(), &|| false).unwrap();
        let found = space.judge(&question, &|| false).unwrap();
        assert!(found.score >= 800, "{name}: {}", found.score);
        assert!(space.remove(about(1).id));
        assert_eq!(live(&space), 0, "{name}");
    }
}
