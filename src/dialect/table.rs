//! A dialect's table: rows of a path pattern and what stands there, compiled to a tree that a visitor follows.
//!
//! ```text
//! messages[].content            a member of each element of an array
//! metadata.*                    every member of an object, whatever its key; the key is the caller's and a leaf of its own
//! tools[].function.parameters.**   everything below
//! input[]{reasoning}.summary[].text   the element whose member `type` is "reasoning"
//! tools[]{?}                    the element whose `type` no other row names
//! {response.completed}.response the whole body, by its own `type`
//! ```
//!
//! The patterns are what records and sheets show as a path, so they are fixed at compile time and hold nothing of a caller.
//! Where rows know elements alone, a single object is one of them: `tools[]` is also `{"tools": {…}}`.
//! An object of a named type also has the members of its kind without one (`input[].status`), unless its own rows end in
//! `**`. What no row names is reported at its nearest table parent, as `input[].*`.
//!
//! A table is assembled from groups of rows, each mounted at a pattern, because APIs repeat their parts (content parts stand
//! in messages, in tool results and in prompt variables).

/// What a row says of a path, in the words of its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<M: 'static> {
    /// The pattern, relative to where the group is mounted.
    pub(crate) path: &'static str,
    /// What stands there.
    pub(crate) means: M,
}

/// Makes a row.
pub(crate) const fn row<M>(path: &'static str, means: M) -> Row<M> {
    Row { path, means }
}

/// A compiled table.
#[derive(Debug)]
pub(crate) struct Table<M: 'static> {
    /// Members are read in snake case too.
    snake: bool,
    nodes: Vec<Place<M>>,
    /// Every pattern with its meaning, whole, in the order of the groups.
    rows: Vec<Row<M>>,
}

/// A place of the table: what may stand there and what may follow.
#[derive(Debug)]
pub(crate) struct Place<M> {
    /// The pattern that leads here.
    pub(crate) path: &'static str,
    /// The path under which everything is reported that no row names below here.
    pub(crate) beyond: &'static str,
    /// What stands here, if a row names it.
    pub(crate) means: Option<M>,
    /// What stands anywhere below, for a pattern that ends in `**`.
    pub(crate) below: Option<M>,
    members: Vec<(&'static str, PlaceId)>,
    any: Option<PlaceId>,
    elements: Option<PlaceId>,
    kinds: Vec<(&'static str, PlaceId)>,
}

/// Index of a place in its table.
pub(crate) type PlaceId = u32;

/// The place of the whole body.
pub(crate) const ROOT: PlaceId = 0;

/// The kind that stands for every `type` without rows of its own.
const OTHER_KIND: &str = "?";

impl<M: Copy> Table<M> {
    /// Compiles groups of rows, each with the pattern it is mounted at.
    pub(crate) fn new(groups: &[(&'static str, &[Row<M>])]) -> Self {
        let mut table = Self { snake: false, nodes: vec![Place::new(String::new())], rows: Vec::new() };
        for (mount, rows) in groups {
            for row in *rows {
                table.add(mount, *row);
            }
        }
        for id in 0..table.nodes.len() {
            table.inherit(id);
        }
        for node in &mut table.nodes {
            node.members.sort_unstable_by_key(|(name, _)| *name);
        }
        table
    }

    /// The same table for servers that read `inline_data` as `inlineData`.
    pub(crate) fn in_snake_case(self) -> Self {
        Self { snake: true, ..self }
    }

    /// The table's own word for a member of a place and the place it leads to.
    pub(crate) fn member(&self, place: &Place<M>, name: &str) -> Option<(&'static str, PlaceId)> {
        let other = || (self.snake && name.contains('_')).then(|| in_camel_case(name));
        place.member(name).or_else(|| place.member(&other()?))
    }

    /// Every row of the table, with whole patterns.
    pub(crate) fn rows(&self) -> &[Row<M>] {
        &self.rows
    }

    /// The place with this id.
    pub(crate) fn place(&self, id: PlaceId) -> Option<&Place<M>> {
        self.nodes.get(id as usize)
    }

    fn add(&mut self, mount: &str, row: Row<M>) {
        let joined = match (mount.is_empty(), row.path) {
            (_, "") => mount.to_owned(),
            (true, path) => path.to_owned(),
            (false, path) if path.starts_with(['[', '{']) => format!("{mount}{path}"),
            (false, path) => format!("{mount}.{path}"),
        };
        let mut at = ROOT;
        let mut deep = false;
        for step in steps(&joined) {
            if step == Step::Below {
                deep = true;
            } else {
                at = self.follow(at, step);
            }
        }
        let path = if deep { self.place(at).map_or("", |place| place.beyond) } else { leak(joined) };
        self.rows.push(Row { path, means: row.means });
        if let Some(place) = self.nodes.get_mut(at as usize) {
            let slot = if deep { &mut place.below } else { &mut place.means };
            *slot = Some(row.means);
        }
    }

    /// Returns the place that a step leads to, making it when it is new.
    fn follow(&mut self, from: PlaceId, step: Step<'_>) -> PlaceId {
        let new = PlaceId::try_from(self.nodes.len()).unwrap_or(PlaceId::MAX);
        let Some(place) = self.nodes.get_mut(from as usize) else {
            return ROOT;
        };
        let found = match step {
            Step::Member(name) => place.members.iter().find(|(known, _)| *known == name).map(|(_, id)| *id),
            Step::Kind(name) => place.kinds.iter().find(|(known, _)| *known == name).map(|(_, id)| *id),
            Step::Any => place.any,
            Step::Element | Step::Below => place.elements,
        };
        if let Some(id) = found {
            return id;
        }
        let dot = if place.path.is_empty() { "" } else { "." };
        let path = match step {
            Step::Member(name) => format!("{}{dot}{name}", place.path),
            Step::Kind(name) => format!("{}{{{name}}}", place.path),
            Step::Any => format!("{}{dot}*", place.path),
            Step::Element | Step::Below => format!("{}[]", place.path),
        };
        match step {
            Step::Member(name) => place.members.push((leak(name.to_owned()), new)),
            Step::Kind(name) => place.kinds.push((leak(name.to_owned()), new)),
            Step::Any => place.any = Some(new),
            Step::Element | Step::Below => place.elements = Some(new),
        }
        self.nodes.push(Place::new(path));
        new
    }

    /// Gives the kinds of a place the members that the place has without a kind.
    fn inherit(&mut self, id: usize) {
        let Some(place) = self.nodes.get(id) else { return };
        let common = place.members.clone();
        let kinds: Vec<PlaceId> = place.kinds.iter().map(|(_, kind)| *kind).collect();
        for kind in kinds {
            let Some(kind) = self.nodes.get_mut(kind as usize).filter(|kind| kind.below.is_none()) else { continue };
            for (name, member) in &common {
                if !kind.members.iter().any(|(own, _)| own == name) {
                    kind.members.push((name, *member));
                }
            }
        }
    }
}

impl<M> Place<M> {
    fn new(path: String) -> Self {
        let path = leak(path);
        let beyond = if path.is_empty() { "*" } else { leak(format!("{path}.*")) };
        Self { path, beyond, means: None, below: None, members: vec![], any: None, elements: None, kinds: vec![] }
    }

    /// The table's own word for a member and the place it leads to.
    pub(crate) fn member(&self, name: &str) -> Option<(&'static str, PlaceId)> {
        let at = self.members.binary_search_by_key(&name, |(known, _)| known).ok()?;
        self.members.get(at).copied()
    }

    /// The members that rows name.
    pub(crate) fn members(&self) -> &[(&'static str, PlaceId)] {
        &self.members
    }

    /// The place of every member without a name of its own.
    pub(crate) const fn any(&self) -> Option<PlaceId> {
        self.any
    }

    /// The place of the elements.
    pub(crate) const fn elements(&self) -> Option<PlaceId> {
        self.elements
    }

    /// Whether the rows know nothing of an object here but what the elements of an array are.
    pub(crate) fn holds_elements_alone(&self) -> bool {
        let own = self.any.is_some() || self.below.is_some() || self.has_kinds() || !self.members.is_empty();
        self.elements.is_some() && !own
    }

    /// Whether the rows tell kinds apart here.
    pub(crate) fn has_kinds(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// The places of the objects whose `type` rows name.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = PlaceId> + '_ {
        self.kinds.iter().map(|(_, id)| *id)
    }

    /// The place of an object whose `type` is this.
    pub(crate) fn kind(&self, name: &str) -> Option<PlaceId> {
        let find = |wanted: &str| self.kinds.iter().find(|(kind, _)| *kind == wanted).map(|(_, id)| *id);
        find(name).or_else(|| find(OTHER_KIND))
    }
}

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Member(&'a str),
    Any,
    Element,
    Kind(&'a str),
    Below,
}

/// Splits a pattern into its steps. A name ends at a dot or a bracket; a kind may hold dots (`{response.completed}`).
fn steps(pattern: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("[]") {
            steps.push(Step::Element);
            rest = tail;
        } else if let Some((kind, tail)) = rest.strip_prefix('{').and_then(|open| open.split_once('}')) {
            steps.push(Step::Kind(kind));
            rest = tail;
        } else {
            let (name, tail) = rest.split_at(rest.find(['.', '[', '{']).unwrap_or(rest.len()));
            steps.push(match name {
                "*" => Step::Any,
                "**" => Step::Below,
                name => Step::Member(name),
            });
            rest = tail;
        }
    }
    steps
}

/// Writes `inline_data` as `inlineData`.
pub(crate) fn in_camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raised = false;
    for char in name.chars() {
        match char {
            '_' => raised = true,
            char if raised => {
                out.push(char.to_ascii_uppercase());
                raised = false;
            }
            char => out.push(char),
        }
    }
    out
}

/// Keeps a pattern for the life of the process. Called only while a table is compiled, once for each place.
fn leak(pattern: String) -> &'static str {
    Box::leak(pattern.into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(table: &Table<u8>, walk: &[&str]) -> Option<&'static str> {
        let mut at = ROOT;
        for step in walk {
            let place = table.place(at)?;
            at = match *step {
                "[]" => place.elements()?,
                "*" => place.any()?,
                kind if kind.starts_with('{') => place.kind(kind.trim_start_matches('{'))?,
                name => place.member(name)?.1,
            };
        }
        Some(table.place(at)?.path)
    }

    #[test]
    fn follows_members_elements_kinds_and_mounts() {
        let parts: &[Row<u8>] = &[row("text", 1), row("{image}.url", 2)];
        let table = Table::new(&[
            ("", &[row("m[].role", 3), row("m[]{call}.args", 4), row("meta.*", 5), row("m[]{call}", 9)]),
            ("m[].content[]", parts),
            ("", &[row("s.**", 6), row("[]", 7), row("m[]{?}.args", 8)]),
        ]);
        for (walk, path) in [
            (&["m", "[]", "role"][..], Some("m[].role")),
            (&["m", "[]", "{call", "args"], Some("m[]{call}.args")),
            (&["m", "[]", "{call", "role"], Some("m[].role")),
            (&["m", "[]", "{new", "args"], Some("m[]{?}.args")),
            (&["m", "[]", "content", "[]", "{image", "url"], Some("m[].content[]{image}.url")),
            (&["m", "[]", "content", "[]", "{image", "text"], Some("m[].content[].text")),
            (&["meta", "*"], Some("meta.*")),
            (&["[]"], Some("[]")),
            (&["nothing"], None),
        ] {
            assert_eq!(path_of(&table, walk), path, "{walk:?}");
        }
        assert_eq!(table.place(ROOT).unwrap().beyond, "*");
        let below = table.place(table.place(ROOT).unwrap().member("s").unwrap().1).unwrap();
        assert_eq!((below.beyond, below.below), ("s.*", Some(6)));
    }
}
