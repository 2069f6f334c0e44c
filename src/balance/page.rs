//! The text page of a Prometheus exporter, line by line: name, labels, value. What is not a sample is passed over.
//!
//! Pages of real servers reach some hundred kilobytes, most of it histograms: a name that nobody asks for costs one comparison.

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample<'p> {
    /// Name of the metric.
    pub(super) name: &'p str,
    /// What stands between the braces.
    labels: &'p str,
    /// Its value; finite.
    pub(super) value: f64,
}

impl<'p> Sample<'p> {
    /// Reads a line; `None` for comments, empty lines and what is malformed or not finite.
    pub(super) fn read(line: &'p str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let end = line.find(['{', ' ', '\t'])?;
        let (name, rest) = line.split_at_checked(end)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => {
                let close = closing(inside)?;
                (inside.get(..close)?, inside.get(close + 1..)?)
            }
            None => ("", rest),
        };
        // A time may stand behind the value.
        let value = rest.split_whitespace().next()?.parse::<f64>().ok().filter(|value| value.is_finite())?;
        Some(Self { name, labels, value })
    }

    /// The value of a label as written; escapes are not undone, because no label that is asked for has them.
    pub(super) fn label(&self, wanted: &str) -> Option<&'p str> {
        let mut rest = self.labels;
        loop {
            let (name, behind) = rest.split_once("=\"")?;
            let end = closing_quote(behind)?;
            if name.trim_start_matches([',', ' ']) == wanted {
                return behind.get(..end);
            }
            rest = behind.get(end + 1..)?;
        }
    }
}

/// Where the labels end: the first brace outside quotes.
fn closing(inside: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = inside.get(from..)?;
        let at = rest.find(['"', '}'])?;
        if rest.as_bytes().get(at) == Some(&b'}') {
            return Some(from + at);
        }
        from += at + 1;
        from += closing_quote(inside.get(from..)?)? + 1;
    }
}

/// Where a quoted value ends.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let rows = [
            ("plain", "up 1", Some(("up", 1.0))),
            ("labels", r#"a:b{x="1",y="2"} 3.5"#, Some(("a:b", 3.5))),
            ("exponent and time", r#"a{x="1"} 1.5e+06 1700000000"#, Some(("a", 1_500_000.0))),
            ("brace in a value", r#"a{x="}"} 2"#, Some(("a", 2.0))),
            ("quote in a value", r#"a{x="\"}"} 2"#, Some(("a", 2.0))),
            ("comment", "# HELP a b", None),
            ("not a number", "a NaN", None),
            ("infinite", "a +Inf", None),
            ("no value", "a{x=\"1\"}", None),
            ("open braces", "a{x=\"1\" 3", None),
            ("open quotes", "a{x=\"1} 3", None),
            ("empty", "", None),
        ];
        for (name, line, expected) in rows {
            let read = Sample::read(line).map(|sample| (sample.name, sample.value));
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn labels_are_found_by_their_whole_name() {
        let sample = Sample::read(r#"m{max_lora="4", lora="a,b",z="\"x\""} 1"#).unwrap();
        assert_eq!(sample.label("lora"), Some("a,b"));
        assert_eq!(sample.label("max_lora"), Some("4"));
        assert_eq!(sample.label("z"), Some(r#"\"x\""#));
        assert_eq!(sample.label("l"), None);
    }
}
