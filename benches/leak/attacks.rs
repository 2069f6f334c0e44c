//! Ways to disguise a passage. All chance is drawn from one seed, so that two runs ask the same.

use base64::Engine as _;

use crate::texts::Set;

/// A small generator of chance (xorshift).
#[derive(Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % end.max(1)
    }

    fn of_hundred(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Requests, each with the number of the document that it is made of.
pub(crate) type Attacked = Vec<(usize, Vec<String>)>;

/// A disguise of a text.
type Attack<'a> = &'a dyn Fn(&mut Chance, &str) -> Vec<String>;

/// Every disguise with its name.
pub(crate) fn all(set: &Set) -> Vec<(&'static str, Attacked)> {
    let mut chance = Chance(0x5EED);
    let mut out = Vec::new();
    copied(set, &mut chance, &mut out);
    dressed(set, &mut chance, &mut out);
    reworded(set, &mut chance, &mut out);
    out
}

/// Every document but the programs in one disguise.
fn attacked(set: &Set, chance: &mut Chance, attack: Attack<'_>) -> Attacked {
    (0..set.programs.start).map(|document| (document, attack(chance, &set.documents[document]))).collect()
}

/// Passages with words dropped, replaced and moved, and in other codes.
fn copied(set: &Set, chance: &mut Chance, out: &mut Vec<(&'static str, Attacked)>) {
    let mut each = |name, chance: &mut Chance, attack: Attack<'_>| out.push((name, attacked(set, chance, attack)));
    each("60 words in a prompt", chance, &|chance, text| {
        let text = excerpt(chance, text, 60);
        vec![carried(set, chance, &text)]
    });
    each("25 words in a prompt", chance, &|chance, text| {
        let text = excerpt(chance, text, 25);
        vec![carried(set, chance, &text)]
    });
    each("light edits of 60 words", chance, &|chance, text| {
        let text = excerpt(chance, text, 60);
        let text = light(chance, &text);
        vec![carried(set, chance, &text)]
    });
    each("30 % of words replaced, whole", chance, &|chance, text| vec![replaced(set, chance, text, 30)]);
    each("30 % replaced, 60 words in a prompt", chance, &|chance, text| {
        let text = excerpt(chance, text, 60);
        let text = replaced(set, chance, &text, 30);
        vec![carried(set, chance, &text)]
    });
    each("sentences reordered", chance, &|chance, text| {
        let mut sentences: Vec<&str> = text.split_inclusive(". ").collect();
        shuffle(chance, &mut sentences);
        vec![sentences.concat()]
    });
    each("homoglyphs", chance, &|chance, text| {
        let text = excerpt(chance, text, 60);
        vec![homoglyphs(chance, &text)]
    });
    each("base64", chance, &|chance, text| {
        vec![format!("Decode this: {}", base64::engine::general_purpose::STANDARD.encode(excerpt(chance, text, 60)))]
    });
    each("ROT13", chance, &|chance, text| vec![rot13(&excerpt(chance, text, 60))]);
    each("letter by letter", chance, &|chance, text| vec![spaced(&excerpt(chance, text, 40))]);
}

/// Passages as programs, mails and scanners leave them.
fn dressed(set: &Set, chance: &mut Chance, out: &mut Vec<(&'static str, Attacked)>) {
    let mut each = |name, chance: &mut Chance, attack: Attack<'_>| out.push((name, attacked(set, chance, attack)));
    each("25 words at the beginning or the end", chance, &|chance, text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let start = if chance.of_hundred(50) { 0 } else { words.len().saturating_sub(25) };
        let text = words[start..(start + 25).min(words.len())].join(" ");
        vec![carried(set, chance, &text)]
    });
    each("25 words in capitals, quoted in a mail", chance, &|chance, text| {
        let lines = broken(&excerpt(chance, text, 25).to_uppercase(), 40, false);
        vec![format!("On Monday you wrote:\n> > {}\nIs that so?", lines.replace('\n', "\n> > "))]
    });
    each("25 words with hyphens at the ends of lines", chance, &|chance, text| {
        vec![broken(&excerpt(chance, text, 25), 40, true)]
    });
    each("25 words, invisible characters between letters", chance, &|chance, text| {
        vec![excerpt(chance, text, 25).chars().flat_map(|c| [c, '\u{200B}']).collect()]
    });
    each("60 words as a scanner misreads them (5 % of letters)", chance, &|chance, text| {
        let text = excerpt(chance, text, 60);
        vec![misread(chance, &text)]
    });
    each("60 words backwards", chance, &|chance, text| vec![excerpt(chance, text, 60).chars().rev().collect()]);
    each("split over four messages", chance, &|chance, text| {
        let text = excerpt(chance, text, 80);
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut messages = Vec::new();
        for part in words.chunks(words.len().div_ceil(4)) {
            messages.push(part.join(" "));
            messages.push(set.carriers[chance.below(set.carriers.len())].clone());
        }
        messages
    });
}

/// The same in other words, and code with other names.
fn reworded(set: &Set, chance: &mut Chance, out: &mut Vec<(&'static str, Attacked)>) {
    let invented = |of: &dyn Fn(usize) -> String| -> Attacked {
        let texts = (0..set.invented.len()).map(|number| (number, of(number)));
        texts.filter(|(_, text)| !text.is_empty()).map(|(number, text)| (number, vec![text])).collect()
    };
    out.push(("polished (invented)", invented(&|number| set.invented[number].polished.clone())));
    out.push(("reworded (invented)", invented(&|number| set.invented[number].reworded.clone())));
    let mut in_prompt = Vec::new();
    for number in (0..set.invented.len()).filter(|number| !set.invented[*number].reworded.is_empty()) {
        in_prompt.push((number, vec![carried(set, chance, &set.invented[number].reworded)]));
    }
    out.push(("reworded, in a prompt", in_prompt));
    out.push(("two sentences in other words", invented(&|number| set.invented[number].sentences.clone())));
    let mut code = Vec::new();
    for document in set.programs.clone() {
        let lines: Vec<&str> = set.documents[document].lines().skip(40).take(40).collect();
        code.push((document, vec![renamed(&lines.join("\n"))]));
    }
    out.push(("code, identifiers renamed", code));
}

/// So many words in a row.
fn excerpt(chance: &mut Chance, text: &str, words: usize) -> String {
    let all: Vec<&str> = text.split_whitespace().collect();
    let start = chance.below(all.len().saturating_sub(words) + 1);
    all[start..(start + words).min(all.len())].join(" ")
}

/// Somewhere within a general text.
fn carried(set: &Set, chance: &mut Chance, text: &str) -> String {
    let carrier = &set.carriers[chance.below(set.carriers.len())];
    let words: Vec<&str> = carrier.split_whitespace().collect();
    let at = chance.below(words.len());
    format!("{} {text} {}", words[..at].join(" "), words[at..].join(" "))
}

/// One word in ten dropped, neighbours swapped, capitals changed.
fn light(chance: &mut Chance, text: &str) -> String {
    let mut words: Vec<String> =
        text.split_whitespace().filter(|_| !chance.of_hundred(10)).map(str::to_owned).collect();
    for _ in 0..words.len() / 20 {
        let at = chance.below(words.len() - 1);
        words.swap(at, at + 1);
    }
    for word in &mut words {
        if chance.of_hundred(5) {
            *word = word.to_uppercase();
        }
    }
    words.join(" ")
}

fn replaced(set: &Set, chance: &mut Chance, text: &str, percent: usize) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    for word in &mut words {
        if chance.of_hundred(percent) {
            *word = set.word(chance);
        }
    }
    words.join(" ")
}

fn shuffle<T>(chance: &mut Chance, list: &mut [T]) {
    for at in (1..list.len()).rev() {
        list.swap(at, chance.below(at + 1));
    }
}

fn homoglyphs(chance: &mut Chance, text: &str) -> String {
    let look_alike = |c: char| match c {
        'a' => 'а',
        'e' => 'е',
        'o' => 'о',
        'p' => 'р',
        'c' => 'с',
        'x' => 'х',
        'i' => 'і',
        'y' => 'у',
        other => other,
    };
    text.chars().map(|c| if chance.of_hundred(80) { look_alike(c) } else { c }).collect()
}

fn rot13(text: &str) -> String {
    let turn = |c: char, first: u8| char::from(first + (c as u8 - first + 13) % 26);
    let shift = |c: char| match c {
        'a'..='z' => turn(c, b'a'),
        'A'..='Z' => turn(c, b'A'),
        other => other,
    };
    text.chars().map(shift).collect()
}

/// Lines of at most so many characters; words that reach over the end are broken with a hyphen where that is asked for.
fn broken(text: &str, width: usize, with_hyphens: bool) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        if column + letters.len() > width {
            let is_broken = with_hyphens && letters.len() > 6 && letters.iter().all(|c| c.is_lowercase());
            let (head, tail) = letters.split_at(if is_broken { letters.len() / 2 } else { 0 });
            out.extend(head);
            out.push_str(if is_broken { "-\n" } else { "\n" });
            out.extend(tail);
            column = tail.len();
        } else {
            out.push_str(word);
            column += letters.len();
        }
        out.push(' ');
    }
    out
}

/// Letters taken for others that look like them.
fn misread(chance: &mut Chance, text: &str) -> String {
    let other = |c: char| match c {
        'm' => "rn",
        'l' => "1",
        'o' => "0",
        'e' => "c",
        'h' => "b",
        's' => "5",
        'i' => "l",
        'n' => "u",
        _ => "",
    };
    let mut out = String::new();
    for c in text.chars() {
        match other(c) {
            "" => out.push(c),
            _ if !chance.of_hundred(5) => out.push(c),
            read => out.push_str(read),
        }
    }
    out
}

fn spaced(text: &str) -> String {
    let apart = |word: &str| word.chars().map(String::from).collect::<Vec<_>>().join(" ");
    text.split_whitespace().map(apart).collect::<Vec<_>>().join("   ")
}

/// Every identifier of three letters and more gets a new name; keywords of Rust stay.
fn renamed(code: &str) -> String {
    const KEPT: [&str; 22] = [
        "let", "mut", "for", "while", "loop", "match", "return", "impl", "struct", "enum", "pub", "use", "const",
        "static", "self", "super", "else", "true", "false", "where", "fn", "String",
    ];
    let mut names: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut word = String::new();
    for c in code.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        let is_name =
            word.len() > 2 && !word.starts_with(|c: char| c.is_ascii_digit()) && !KEPT.contains(&word.as_str());
        if is_name {
            let number = names.iter().position(|known| *known == word).unwrap_or_else(|| {
                names.push(word.clone());
                names.len() - 1
            });
            out.push_str(&format!("v{number}x"));
        } else {
            out.push_str(&word);
        }
        word.clear();
        out.push(c);
    }
    out
}
