//! Header and statements of a sheet.

use jiff::civil::Date;

use super::concrete::Break;
use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Broken, Parsed, Parser};
use super::phrase::{GATES, HEADER, Phrase, STATEMENTS};
use super::text::{Part, Text, say};
use super::tree::{Allow, AllowTool, AllowValues, FallBackClause, Gate, Group, LabelSays, Name, Sheet, Strays};

/// How long `after N s of waiting` may be: an hour.
const WAIT_SECONDS_MAX: u64 = 3_600;

/// Words that may stand for a date: `the end of the year`.
const LOST_WORDS_MAX: usize = 6;

/// What a header looks like.
fn header_example() -> Text {
    let parts = [Phrase::Policy, Phrase::Version, Phrase::Owner, Phrase::ReviewBefore].map(Part::Phrase);
    Text::new("a header reads: {} \"its name\" {} 1 {} \"who answers for it\" {} 2027-06-30", parts.to_vec())
}

/// What the header of a pack looks like.
fn pack_header_example() -> Text {
    let parts = [Phrase::Pack, Phrase::Version, Phrase::Owner, Phrase::ReviewBefore].map(Part::Phrase);
    Text::new("a header reads: {} its-name {} 1 {} \"who answers for it\" {} 2027-06-30", parts.to_vec())
}

impl Parser<'_> {
    /// Reads a whole sheet. A fault in the header does not hide those behind it.
    pub(super) fn sheet(&mut self) -> Sheet {
        let mut sheet = Sheet::empty();
        if self.header(&mut sheet).is_err() {
            self.skip_to(&[]);
        }
        let mut round = None;
        while self.next_statement(&mut round) {
            self.torn = false;
            let from = self.at;
            let broken = self.statement(&mut sheet).is_err();
            if broken && self.at == from {
                self.skip_line(&[]);
            } else if broken || (self.torn && !self.token(0).first) {
                // What is left of a line that could not be read begins no other statement.
                self.skip_to(&[]);
            }
        }
        sheet
    }

    fn header(&mut self, sheet: &mut Sheet) -> Parsed<()> {
        self.line(Break::Statement);
        let kinds = [Phrase::Policy, Phrase::Pack];
        let Some(kind) = self.eat_one(&kinds) else {
            let message = say!("a sheet begins with its header");
            return Err(self.fault("octroi::policy::no-header", message, Some(header_example())));
        };
        sheet.pack = kind == Phrase::Pack;
        let title =
            if sheet.pack { self.one_word("the name of the pack", &[HEADER]) } else { self.text("the policy's name") };
        sheet.title = title.unwrap_or_else(|Broken| self.lost_name());
        let mut missing = HEADER.to_vec();
        let mut round = None;
        while self.further(&mut round) && self.sees_one(STATEMENTS).is_none() {
            if *self.kind() == Kind::Comma && self.behind(|parser| parser.sees_one(&missing).is_some()) {
                self.step();
            }
            // A line that begins as no part of a header does is the first statement, whatever is wrong with it.
            if self.token(0).first && self.sees_one(&missing).is_none() && self.meant(&missing).is_none() {
                break;
            }
            let Ok(part) = self.one_of(&missing, "a part of the header, or the first statement") else {
                self.skip_part(&missing);
                continue;
            };
            missing.retain(|still| *still != part);
            if self.header_part(sheet, part).is_err() {
                self.skip_part(&missing);
            }
        }
        if !missing.is_empty() && !self.torn {
            let lacks: Vec<Part> = missing.iter().map(|part| Part::Text(say!("`{}`", *part))).collect();
            let message = say!("the header lacks {}", lacks);
            let span = sheet.title.span.clone();
            let fault = Diagnostic::new("octroi::policy::no-header", self.file, span, message);
            let example = if sheet.pack { pack_header_example() } else { header_example() };
            self.faults.push(fault.help(example));
        }
        Ok(())
    }

    /// Leaves out what cannot be read of a header, up to its next part, whatever is wrong with that, or the first statement.
    fn skip_part(&mut self, missing: &[Phrase]) {
        self.torn = true;
        while !self.ended() && (!self.token(0).first || !self.begins_statement()) {
            if self.sees_one(missing).is_some() || self.meant(missing).is_some() {
                return;
            }
            self.step();
        }
    }

    fn header_part(&mut self, sheet: &mut Sheet, part: Phrase) -> Parsed<()> {
        match part {
            Phrase::Version => {
                let version = self.number("the version", 1..=u64::from(u32::MAX))?;
                sheet.version = u32::try_from(version).unwrap_or(u32::MAX);
            }
            Phrase::Owner => sheet.owner = self.text("who answers for this sheet")?.text,
            _ => sheet.review_before = Some(self.date()?),
        }
        Ok(())
    }

    pub(super) fn date(&mut self) -> Parsed<Date> {
        if let Kind::Date(date) = *self.kind() {
            self.step();
            return Ok(date);
        }
        if let Some((date, tokens)) = self.date_in_words() {
            let span = self.span().start..self.token(tokens - 1).span.end;
            let help = say!("write {}: a date is year-month-day", date.to_string());
            let fault = Diagnostic::new("octroi::policy::bad-number", self.file, span, say!("expected a date"));
            self.faults.push(fault.help(help));
            (0..tokens).for_each(|_| self.step());
            return Ok(date);
        }
        let help = say!("write it as year-month-day: 2027-06-30");
        Err(self.fault("octroi::policy::missing", say!("expected a date"), Some(help)))
    }

    /// The same; nothing for words that are no date, up to the end of their clause.
    pub(super) fn date_or_lost(&mut self) -> Parsed<Option<Date>> {
        let from = self.at;
        let broken = match self.date() {
            Ok(date) => return Ok(Some(date)),
            Err(broken) => broken,
        };
        while matches!(self.kind(), Kind::Word(_)) && self.at < from + LOST_WORDS_MAX && !self.ends_clause() {
            self.step();
        }
        if self.at > from && self.ends_clause() {
            return Ok(None);
        }
        self.at = from;
        Err(broken)
    }

    /// Whether a clause may end before what stands here.
    fn ends_clause(&mut self) -> bool {
        self.ended() || self.token(0).first || *self.kind() == Kind::Comma || self.begins_clause()
    }

    fn statement(&mut self, sheet: &mut Sheet) -> Parsed<()> {
        let span = self.span();
        self.margin = self.token(0).first.then(|| self.column());
        let is_block = [Phrase::Rule, Phrase::Scenario, Phrase::Exception].iter().any(|block| self.sees(*block));
        self.line(if is_block { Break::Block } else { Break::Statement });
        let says = self.label_says_here();
        let statement =
            if says { Ok(Phrase::LabelSays) } else { self.one_of(STATEMENTS, "the beginning of a statement") }?;
        match statement {
            Phrase::Home => {
                sheet.home_span = span.clone();
                let home = self.area()?;
                if sheet.home.replace(home).is_some() {
                    self.twice_said(Phrase::Home, span);
                }
            }
            Phrase::Labels => {
                let labels = self.names_of_list(|parser| parser.named("a label"))?;
                if !sheet.labels.is_empty() {
                    self.twice_said(Phrase::Labels, span);
                }
                sheet.labels.extend(labels);
            }
            Phrase::LabelSays => {
                let says = self.label_says()?;
                sheet.says.push(says);
            }
            Phrase::UsePack => {
                let ends: &[&[Phrase]] = &[STATEMENTS, &[Phrase::And]];
                sheet.uses.extend(self.names_of_list(|parser| parser.one_word("the name of a pack", ends))?);
            }
            Phrase::Group => {
                let name = self.one_word("the name of the group", &[&[Phrase::OfApps]])?;
                let is_missing = self.expect(Phrase::OfApps).is_err();
                let names = !is_missing || matches!(self.kind(), Kind::Text(_));
                let apps =
                    if names { self.names_of_list(|parser| parser.named("the name of an app")) } else { Err(Broken) };
                sheet.groups.push(Group { name, apps: apps.unwrap_or_default() });
            }
            Phrase::AllowBackends => {
                let (backends, gate) = (self.predicate(), self.gate());
                sheet.allows.push(Allow { backends, gate, span, torn: self.torn });
            }
            Phrase::AllowHosted => {
                let tool = self.name("the kind of the tool, such as `web_search`")?;
                let host =
                    if self.eat(Phrase::At) { Some(self.named("the host that the tool may reach")?) } else { None };
                sheet.tools.push(AllowTool { tool, host, gate: self.gate() });
            }
            Phrase::AllowValues => {
                let hosts = self.value_hosts()?;
                sheet.addresses.push(AllowValues { hosts, span });
            }
            Phrase::Rule => sheet.rules.push(self.rule()),
            Phrase::FallBack => {
                let after_ms = self.waiting().unwrap_or_else(|Broken| {
                    self.skip_to(&[GATES]);
                    None
                });
                sheet.fall_backs.push(FallBackClause { after_ms, gate: self.gate(), span });
            }
            Phrase::Scenario => sheet.scenarios.push(self.scenario()),
            Phrase::Exception => sheet.exceptions.push(self.exception()),
            _ => {
                let fault = Diagnostic::new("octroi::policy::twice", self.file, span, say!("a sheet has one header"))
                    .help(say!("put the second policy into a file of its own"));
                self.faults.push(fault);
                return Err(Broken);
            }
        }
        Ok(())
    }

    /// Hosts, without patterns.
    fn value_hosts(&mut self) -> Parsed<Vec<Name>> {
        let mut hosts = self.names_of_list(|parser| parser.quoted("a host", false))?;
        // A pattern without quotes has been reported; one in quotes is no host.
        let quoted = |name: &Name| self.file.text().get(name.span.start..).is_some_and(|at| at.starts_with('"'));
        hosts.retain(|host| quoted(host) || !host.text.contains('*'));
        Ok(hosts)
    }

    /// `"…" brings CLASS` or `"…" lowers CLASS issued by "app"`.
    fn label_says(&mut self) -> Parsed<LabelSays> {
        let label = self.named("a label")?;
        let verbs = [Phrase::Brings, Phrase::Lowers];
        let verb = self.one_of(&verbs, say!("`{}` or `{}`", Phrase::Brings, Phrase::Lowers))?;
        let lowers = verb == Phrase::Lowers;
        let classes: Vec<Name> = self.data_list("a class of data", &[&[Phrase::IssuedBy]])?;
        let mut issuers = Vec::new();
        if lowers {
            let span = label.span.clone();
            self.eat_idle_comma();
            if self.eat(Phrase::IssuedBy) {
                issuers = self.names_of_list(|parser| parser.named("the name of an app"))?;
            } else if self.token(0).first || self.ended() {
                let message = say!("this label lowers a class, and nobody is named who may");
                let help = say!("name the apps whose word is taken: {} \"test-bench\"", Phrase::IssuedBy);
                self.faults.push(Diagnostic::new("octroi::policy::missing", self.file, span, message).help(help));
            } else {
                self.expect(Phrase::IssuedBy)?;
                issuers = self.names_of_list(|parser| parser.named("the name of an app"))?;
            }
        }
        Ok(LabelSays { label, lowers, classes, issuers })
    }

    /// `[or after N s of waiting]`, in milliseconds.
    fn waiting(&mut self) -> Parsed<Option<u64>> {
        if !self.eat(Phrase::OrAfter) {
            return Ok(None);
        }
        let number = self.number("the time to wait", 0..=WAIT_SECONDS_MAX * 1_000)?;
        let units = [Phrase::Seconds, Phrase::Milliseconds];
        let unit = self.one_of(&units, say!("`{}` or `{}`", Phrase::Seconds, Phrase::Milliseconds))?;
        let after_ms = if unit == Phrase::Seconds { number.min(WAIT_SECONDS_MAX) * 1_000 } else { number };
        let ends = self.token(0).first || self.sees_one(GATES).is_some() || *self.kind() == Kind::Comma;
        // A line may end within a phrase.
        if ends && !self.stands(0, Phrase::OfWaiting) {
            self.is_missing(Phrase::OfWaiting);
            return Ok(Some(after_ms));
        }
        self.expect(Phrase::OfWaiting)?;
        Ok(Some(after_ms))
    }

    /// `[when …] [unless …] [from DATE] [until DATE]`, in any order.
    fn gate(&mut self) -> Gate {
        let mut gate = Gate::default();
        self.eat_idle_comma();
        let mut span = self.span();
        while let Some(clause) = self.eat_one(GATES) {
            match self.narrow(&mut gate, clause) {
                Ok(false) => {}
                Ok(true) => self.twice_said(clause, span),
                Err(Broken) => self.skip_to(&[GATES]),
            }
            self.eat_idle_comma();
            span = self.span();
        }
        gate
    }

    /// Reads what stands behind a clause that narrows; true when the gate had it already.
    pub(super) fn narrow(&mut self, gate: &mut Gate, clause: Phrase) -> Parsed<bool> {
        let span = self.span();
        let twice = match clause {
            Phrase::When => self.condition_of(&mut gate.when),
            Phrase::Unless => self.condition_of(&mut gate.unless),
            _ => {
                let date = self.date_or_lost()?;
                let day = if clause == Phrase::FromDate { &mut gate.from } else { &mut gate.until };
                date.is_some_and(|date| day.replace(date).is_some())
            }
        };
        if let (Some(from), Some(until)) = (gate.from, gate.until)
            && until < from
            && !matches!(clause, Phrase::When | Phrase::Unless)
        {
            let message = say!("this window ends on {}, before it begins on {}", until.to_string(), from.to_string());
            let help = say!("is it the year?");
            self.faults.push(Diagnostic::new("octroi::policy::out-of-range", self.file, span, message).help(help));
        }
        Ok(twice)
    }

    pub(super) fn twice_said(&mut self, clause: Phrase, span: std::ops::Range<usize>) {
        let message = say!("`{}` is said twice", clause);
        let fault = Diagnostic::new("octroi::policy::twice", self.file, span, message);
        self.faults.push(match clause {
            Phrase::Home => fault,
            Phrase::Labels => fault.help(say!("put all of them on one line, lowest first")),
            // Texts and dates cannot be joined.
            Phrase::Because | Phrase::FromDate | Phrase::UntilDate | Phrase::ApprovedBy => {
                fault.help(say!("keep one of the two, and take the other out"))
            }
            _ => fault.help(say!("join both with `{}` or `{}`, or write two", Phrase::And, Phrase::Or)),
        });
    }
}

impl Sheet {
    fn empty() -> Self {
        Self {
            pack: false,
            title: Name { text: String::new(), span: 0..0 },
            version: 0,
            owner: String::new(),
            review_before: None,
            home: None,
            home_span: 0..0,
            labels: Vec::new(),
            says: Vec::new(),
            uses: Vec::new(),
            groups: Vec::new(),
            allows: Vec::new(),
            tools: Vec::new(),
            addresses: Vec::new(),
            rules: Vec::new(),
            exceptions: Vec::new(),
            fall_backs: Vec::new(),
            scenarios: Vec::new(),
            strays: Strays::default(),
        }
    }
}
