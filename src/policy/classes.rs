//! The catalogue: entity types and data classes, numbered in the order of their names, classes closed under implication.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::SourceFile;
use super::diagnostic::Diagnostic;
use super::phrase::Language;
use super::reference::file;
use super::text::say;
use super::toml_document::Document;
use super::toml_file::Reader;
use super::tree::Name;
use crate::model::{Catalogue, ClassId, ClassInfo, ClassSet, EntityInfo, Normal, Word};

/// Classes that a [`ClassSet`] can hold.
const CLASSES_MAX: usize = 64;
/// Entity types that an [`crate::model::EntityId`] can number.
const TYPES_MAX: usize = u16::MAX as usize;

/// Reads the entity types and data classes, from the shipped reference data and the operator's overrides.
///
/// # Errors
/// Every fault of `classes.toml` and `entities.toml`.
pub fn catalogue(overrides: &[SourceFile]) -> Result<Catalogue, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut catalogue = Catalogue::default();
    let classes = file("classes.toml", overrides, Language::En);
    let document = Document::read(&classes, &mut faults);
    read_classes(&mut Reader { file: &classes, faults: &mut faults }, document.table().get_ref(), &mut catalogue);
    let entities = file("entities.toml", overrides, Language::En);
    let document = Document::read(&entities, &mut faults);
    read_entities(&mut Reader { file: &entities, faults: &mut faults }, document.table().get_ref(), &mut catalogue);
    if faults.is_empty() { Ok(catalogue) } else { Err(super::sorted(faults)) }
}

fn read_classes(reader: &mut Reader<'_>, table: &DeTable<'_>, catalogue: &mut Catalogue) {
    reader.only(table, &["version", "class"]);
    let Some(classes) = table.get("class").and_then(|node| reader.table(node)) else { return };
    let mut implied: BTreeMap<String, Vec<Name>> = BTreeMap::new();
    let mut declared: BTreeMap<String, bool> = BTreeMap::new();
    for (name, node) in classes {
        let Some(entry) = reader.table(node) else { continue };
        reader.only(entry, &["article", "article-fr", "implies", "declared"]);
        let name = name.get_ref().to_string();
        implied.insert(name.clone(), entry.get("implies").and_then(|node| reader.texts(node)).unwrap_or_default());
        declared.insert(name, entry.get("declared").and_then(|node| reader.boolean(node)).unwrap_or(false));
    }
    if implied.len() > CLASSES_MAX {
        let message = say!("there are more than {} classes", CLASSES_MAX);
        reader.fault("octroi::policy::too-large", 0..0, message, None);
        return;
    }
    let names: Vec<String> = implied.keys().cloned().collect();
    for target in implied.values().flatten() {
        if !names.contains(&target.text) {
            reader.unlisted(target, "class", names.iter().map(String::as_str));
        }
    }
    let number =
        |name: &str| names.iter().position(|known| known == name).and_then(|at| u8::try_from(at).ok()).map(ClassId);
    for name in &names {
        let mut closure = ClassSet::default();
        let mut open = vec![name.as_str()];
        while let Some(class) = open.pop() {
            let Some(id) = number(class).filter(|id| !closure.contains(*id)) else { continue };
            closure.insert(id);
            open.extend(implied.get(class).into_iter().flatten().map(|target| target.text.as_str()));
        }
        let declared = declared.get(name).copied().unwrap_or(false);
        catalogue.classes.push(ClassInfo { name: Word::configured(name), closure, declared });
    }
}

fn read_entities(reader: &mut Reader<'_>, table: &DeTable<'_>, catalogue: &mut Catalogue) {
    reader.only(table, &["version", "entity"]);
    let Some(entities) = table.get("entity").and_then(|node| reader.table(node)) else { return };
    if entities.len() > TYPES_MAX {
        reader.fault("octroi::policy::too-large", 0..0, say!("there are more than {} types", TYPES_MAX), None);
        return;
    }
    let mut found: BTreeMap<String, EntityInfo> = BTreeMap::new();
    for (name, node) in entities {
        let Some(entry) = reader.table(node) else { continue };
        let span = name.span();
        if let Some(class) = catalogue.class(name.get_ref()) {
            let class = catalogue.class_info(class).map_or("", |info| info.name.as_str());
            reader.fault("octroi::policy::twice", span.clone(), say!("`{}` is a class already", class), None);
        }
        reader.only(entry, &["classes", "code", "normal", "names-somebody"]);
        let mut classes = ClassSet::default();
        let listed = reader.required(entry, "classes", span.clone()).and_then(|node| reader.texts(node));
        for class in listed.unwrap_or_default() {
            match catalogue.class(&class.text).and_then(|id| catalogue.class_info(id)) {
                Some(info) => classes = classes.union(info.closure),
                None => reader.unlisted(&class, "class", catalogue.classes.iter().map(|info| info.name.as_str())),
            }
        }
        let code = reader.required(entry, "code", span.clone()).and_then(|node| reader.text(node));
        let code = code.filter(|code| is_code(code, reader));
        let normal = reader.required(entry, "normal", span).and_then(|node| reader.text(node));
        let normal = normal.and_then(|name| read_normal(&name, reader));
        let names_somebody = entry.get("names-somebody").and_then(|node| reader.boolean(node)).unwrap_or(false);
        if let (Some(code), Some(normal)) = (code, normal) {
            let (word, code) = (Word::configured(name.get_ref()), Word::configured(&code.text));
            let info = EntityInfo { name: word, code, classes, normal, names_somebody };
            found.insert(name.get_ref().to_string(), info);
        }
    }
    catalogue.entities = found.into_values().collect();
}

fn is_code(code: &Name, reader: &mut Reader<'_>) -> bool {
    let fits = !code.text.is_empty() && code.text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    if !fits {
        reader.fault(
            "octroi::policy::wrong-type",
            code.span.clone(),
            "a code is upper-case letters, digits and `_`",
            None,
        );
    }
    fits
}

fn read_normal(name: &Name, reader: &mut Reader<'_>) -> Option<Normal> {
    let known = [
        ("exact", Normal::Exact),
        ("alphanumeric", Normal::Alphanumeric),
        ("phone", Normal::Phone),
        ("lower", Normal::Lower),
        ("name", Normal::Name),
    ];
    let found = known.iter().find(|(word, _)| *word == name.text).map(|(_, normal)| *normal);
    if found.is_none() {
        reader.unlisted(name, "way to normalise", known.iter().map(|(word, _)| *word));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_reads() {
        let catalogue = catalogue(&[]).unwrap();
        let health = catalogue.info(catalogue.entity("health_condition").unwrap()).unwrap();
        for (class, held) in [("health", true), ("special", true), ("personal", true), ("secret", false)] {
            assert_eq!(health.classes.contains(catalogue.class(class).unwrap()), held, "{class}");
        }
        assert!(catalogue.entities.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn every_fault_is_reported() {
        let text =
            "[entity.email]\nclasses = [\"personnal\"]\ncode = \"e\"\nnormal = \"lowr\"\nnmaes-somebody = true\n";
        let own = SourceFile { name: "x/entities.toml".to_owned(), text: text.to_owned() };
        let faults = catalogue(&[own]).unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
