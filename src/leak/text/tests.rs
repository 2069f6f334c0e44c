//! Words: what is one word and what is not, in whatever spelling, and where it stands.
use base64::Engine as _;
use proptest::prelude::*;

use super::disguise::readings;
use super::*;

fn hashes(text: &str) -> Vec<u64> {
    Words::of(text).prose.iter().map(|word| word.hash).collect()
}

#[test]
fn spellings_of_one_text_are_one() {
    let plain = "The offer of Acme rose to 4.2 million euros";
    for (name, text) in [
        ("capitals", "THE OFFER OF ACME ROSE TO 4.2 MILLION EUROS"),
        ("punctuation", "the offer -- of \"Acme\" (rose) to: 4.2, million; euros!"),
        ("endings", "The offers of Acme rose to 4.2 millions euro"),
        ("homoglyphs", "The оffеr of Аcmе rоsе to 4.2 millіоn еurоs"),
        ("whole words in another script", "The offer of Аcme rose to 4.2 milliоn euros"),
        ("full width", "Ｔｈｅ offer of Ａｃｍｅ rose to 4.2 million euros"),
        ("accents", "Thé öffer of Açme rose to 4.2 million eurôs"),
        ("zero width", "The of\u{200B}fer of Ac\u{AD}me rose to 4.2 million euros"),
        ("digits for letters", "Th3 0ffer of Acm3 r0se t0 4.2 m1ll10n 3ur0s"),
        ("JSON", "The offer\\nof \\u0041cme rose to 4.2 million euros"),
        ("entities", "The&nbsp;offer of &#65;cme rose to 4.2 million euros"),
        ("broken lines", "The of-\nfer of Ac-\r\n> > me rose to 4.2 mil-\n    lion euros"),
        ("small capitals", "ᴛʜᴇ ᴏꜰꜰᴇʀ ᴏꜰ ᴀᴄᴍᴇ ʀᴏꜱᴇ ᴛᴏ 4.2 ᴍɪʟʟɪᴏɴ ᴇᴜʀᴏꜱ"),
        ("small capitals with a Cyrillic letter", "ᴛʜᴇ ᴏғғᴇʀ ᴏғ ᴀᴄᴍᴇ ʀᴏꜱᴇ ᴛᴏ 4.2 ᴍɪʟʟɪᴏɴ ᴇᴜʀᴏꜱ"),
        ("Cherokee", "ᎢᎻᎬ OFFᎬᎡ OF ᎪᏟᎷᎬ ᎡOᏚᎬ ᎢO 4.2 ᎷᎥᏞᏞᎥON ᎬUᎡOᏚ"),
        ("small letters of Cherokee", "ꭲꮋꭼ OFFꭼꭱ OF ꭺꮯꮇꭼ ꭱOꮪꭼ ꭲO 4.2 ꮇꭵꮮꮮꭵON ꭼUꭱOꮪ"),
        ("Lisu", "ꓔꓧꓰ ꓳꓝꓝꓰꓣ ꓳꓝ ꓮꓚꓟꓰ ꓣꓳꓢꓰ ꓔꓳ 4.2 ꓟꓲꓡꓡꓲꓳꓠ ꓰꓴꓣꓳꓢ"),
        ("letters in circles", "🅣🅗🅔 🅞🅕🅕🅔🅡 🅞🅕 🅐🅒🅜🅔 🅡🅞🅢🅔 🅣🅞 4.2 🅜🅘🅛🅛🅘🅞🅝 🅔🅤🅡🅞🅢"),
        ("letters in squares", "🆃🅷🅴 🅾🅵🅵🅴🆁 🅾🅵 🅰🅲🅼🅴 🆁🅾🆂🅴 🆃🅾 4.2 🅼🅸🅻🅻🅸🅾🅽 🅴🆄🆁🅾🆂"),
        ("markup", "The **offer** of <b>Acme</b> rose to 4.2 million euros"),
    ] {
        assert_eq!(hashes(text), hashes(plain), "{name}");
    }
}

#[test]
fn numbers_are_told_apart() {
    for (one, other, same) in [
        ("1,250,000", "1250000", true),
        ("1'250'000", "1250000", true),
        ("4.25", "425", false),
        ("4,25", "4.25", true),
        ("12%", "12 percent", true),
        ("12", "13", false),
        ("Acme's", "Acme", true),
    ] {
        assert_eq!(hashes(one) == hashes(other), same, "{one} and {other}");
    }
}

#[test]
fn weights_and_facts() {
    let words = Words::of("The contract with Nordhaven mentions item 4471-B and the number 7");
    let of = |text: &str| {
        let all = "The contract with Nordhaven mentions item 4471-B and the number 7";
        let at = u32::try_from(all.rfind(text).unwrap()).unwrap();
        *words.prose.iter().find(|word| word.start == at).unwrap()
    };
    assert!(of("The").weight < 16 && of("contract").weight <= 80 && of("Nordhaven").weight == 120);
    assert!(of("Nordhaven").fact && of("4471").fact && !of("contract").fact && !of("7").fact);
}

#[test]
fn words_of_scripts_without_blanks_are_characters() {
    assert_eq!(Words::of("機密文書 report").prose.len(), 5);
}

#[test]
fn renamed_identifiers_are_the_same_code() {
    let one = "fn total(items: &[Item]) -> u64 {\n    let mut sum = 0;\n    for item in items {\n        sum += item.price * 3;\n    }\n    sum\n}\n";
    let other = one
        .replace("total", "x1")
        .replace("items", "yy")
        .replace("item", "zz")
        .replace("sum", "acc")
        .replace("price", "p");
    let code = |text: &str| Words::of(text).code.iter().map(|word| word.hash).collect::<Vec<_>>();
    assert!(code(one).len() > 30);
    let python = "def price(account):\n    base = account.seats\n    if base > 9:\n        base -= 3\n    base\n    total = base * 7\n";
    let named = |name: &str| python.replace("base", name).replace("account", "a").replace("seats", "s");
    assert_eq!(code(&named("x")), code(&named("an_ever_so_long_name_of_what_was_a_base")));
    assert_eq!(code(python).len(), code(&python.replace('\n', "\n\n")).len());
    assert_eq!(code(one), code(&other));
    assert_ne!(code(one), code(&one.replace('3', "4")));
    assert!(Words::of("Prose; it has marks (some), and = signs.\nBut no code.").code.is_empty());
}

/// Whether one of the readings of a text says this.
fn reads(text: &str, plain: &str) -> bool {
    let (wanted, found) = (hashes(plain), readings(text, &Words::of(text)));
    let says = |words: &Words| words.prose.iter().map(|word| word.hash).collect::<Vec<_>>();
    found.iter().any(|(_, reading)| says(reading).windows(wanted.len()).any(|part| part == wanted))
}

#[test]
fn other_readings_are_tried_where_the_text_asks() {
    let plain = "the board has decided to close the plant in the north of the country and to move all of its work";
    let shifted: String = plain
        .chars()
        .map(|c| if c.is_ascii_lowercase() { char::from((c as u8 - b'a' + 13) % 26 + b'a') } else { c })
        .collect();
    let spaced = plain
        .split(' ')
        .map(|word| word.chars().map(String::from).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("   ");
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
    let wrapped =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
    let around =
        "Please be so kind as to work on the text below and tell us what you think of it in a few words. ".repeat(30);
    let hex = plain.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let unpadded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(plain);
    let next = "Please translate this into French.";
    let dump: Vec<String> = hex
        .chunks(16)
        .zip(plain.as_bytes().chunks(16))
        .zip(0..)
        .map(|((digits, line), number)| {
            let pairs: Vec<String> = digits.chunks(2).map(<[String]>::concat).collect();
            let told = String::from_utf8_lossy(line).replace(' ', ".");
            format!("{:08x}: {}  {told}", number * 16, pairs.join(" "))
        })
        .collect();
    let tagged: String = plain.bytes().map(|byte| char::from_u32(0xE_0000 + u32::from(byte)).unwrap()).collect();
    for (name, text) in [
        ("hexadecimal before a line of text", format!("{}\n{next}", hex.concat())),
        ("hexadecimal before a word", format!("{}\nThanks", hex.concat().to_uppercase())),
        ("hexadecimal between lines", format!("{next}\r\n{}\r\n{next}", hex.concat())),
        (
            "wrapped hexadecimal before a line of text",
            format!("{}\n{}\n{next}", hex[..50].concat(), hex[50..].concat()),
        ),
        ("base64 without padding before a line of text", format!("{unpadded}\n{next}")),
        ("base64 without padding before a word", format!("{unpadded}\nThanks")),
        ("wrapped before a line of text", format!("{wrapped}\n{next}")),
        ("behind 0x", format!("value 0x{} {next}", hex.concat())),
        ("in the path of a URL", format!("https://example.com/v1/{unpadded}/view")),
        ("pairs of digits apart", hex.join(" ")),
        ("pairs of digits with colons", format!("{next}\n{}\n{next}", hex.join(":"))),
        ("bytes of a program", format!("char s[] = \"\\x{}\";", hex.join("\\x"))),
        ("a dump", dump.join("\n")),
        ("tag characters", format!("Hello.{tagged}")),
        ("tag characters between letters", tagged.chars().flat_map(|tag| ['a', tag]).collect()),
        ("in the midst of plain words", format!("{around}\n{shifted} {shifted} {shifted}\n{around}")),
        ("shifted, then encoded", base64::engine::general_purpose::STANDARD.encode(&shifted)),
        ("encoded twice", base64::engine::general_purpose::STANDARD.encode(&encoded)),
        ("wrapped", wrapped),
        ("rot13", shifted),
        ("backwards", plain.chars().rev().collect()),
        ("letters apart", spaced),
        ("base64", encoded),
    ] {
        assert!(reads(&text, plain), "{name}");
    }
    assert!(readings(plain, &Words::of(plain)).is_empty());
}

#[test]
fn words_that_were_encoded_one_by_one_are_read() {
    let plain = "the board has decided to close the plant in the north of the country and to move all of its work";
    let next = "Please translate this into French.";
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
    let each =
        |encode: &dyn Fn(&str) -> String, between: &str| plain.split(' ').map(encode).collect::<Vec<_>>().join(between);
    let word = |word: &str| base64::engine::general_purpose::STANDARD.encode(word);
    let digits = |word: &str| word.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let fours = encoded.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>();
    for (name, text) in [
        ("base64 of each word", each(&word, " ")),
        ("base64 of each word in a list", format!("[\"{}\"]", each(&word, "\", \""))),
        ("base64 of each word on a line, without padding", each(&|text| word(text).replace('=', ""), "\n")),
        ("hexadecimal of each word", format!("{next} {}", each(&digits, " "))),
        ("base64 in groups", format!("{next}\n{}", fours.join(" "))),
    ] {
        assert!(reads(&text, plain), "{name}");
    }
}

/// What is decoded word by word is no language: prose, tables of numbers and names of programs have no such reading.
#[test]
fn words_of_a_language_are_no_encodings() {
    for (name, text) in [
        ("prose", "be all at do by all at be cab dad fad ebb bad add all be at be do".to_owned()),
        ("numbers", "4142 5354 2031 3132 4546 6162 3335 4849 7172 5051 6364".to_owned()),
        ("a paper", include_str!("../../cli/demo/confidential.txt").to_owned()),
        (
            "identifiers",
            "fn main(args: &[String]) -> Result<(), Error> { let path = args.get(1); read(path) }\n".repeat(9),
        ),
    ] {
        assert_eq!(apart::words(&text), Vec::<String>::new(), "{name}");
    }
}

/// Blank lines behind a line of code may be many: each is looked at once.
#[test]
fn blank_lines_within_code_change_nothing() {
    let (head, tail) = ("fn closes(plant: u32) -> bool {\n    let plant = plant + 4471;\n", "    plant > 9\n}\n");
    let code = |text: &str| Words::of(text).code.iter().map(|word| word.hash).collect::<Vec<_>>();
    let plain = code(&[head, tail].concat());
    assert!(plain.len() > 20);
    assert_eq!(code(&[head, &"\n".repeat(400_000), tail].concat()), plain);
}

proptest! {
    #[test]
    fn a_token_is_the_known_hash(secret in any::<[u8; 24]>(), word in any::<u64>()) {
        let keys = Keys::new(&secret);
        let known = siphasher::sip::SipHasher13::new_with_keys(keys.words[0], keys.words[1]).hash(&word.to_le_bytes());
        prop_assert_eq!(keys.token(word), known as u32);
    }

    #[test]
    fn words_lie_in_their_text_in_order(text in "\\PC{0,120}") {
        let words = Words::of(&text);
        let mut last = 0;
        for word in &words.prose {
            prop_assert!(word.start >= last && word.end > word.start && word.end as usize <= text.len(), "{:?}", word);
            prop_assert!(text.is_char_boundary(word.start as usize) && text.is_char_boundary(word.end as usize));
            last = word.start;
        }
    }

    #[test]
    fn a_part_of_a_text_has_its_words(words in proptest::collection::vec("[a-z]{1,9}", 3..40), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(words.len());
        let whole = hashes(&words.join(" "));
        let (head, tail) = (hashes(&words[..cut].join(" ")), hashes(&words[cut..].join(" ")));
        prop_assert_eq!([head, tail].concat(), whole);
    }
}
