//! Looks exceptions up, and what labels say of the data.

use super::resolve::Resolver;
use super::resolved::{Exception, LabelSays, What};
use super::surface::written;
use super::text::{Part, say};
use super::tree::{self, Name};
use crate::model::{ClassId, ClassSet, Word};

impl Resolver<'_> {
    /// An exception. It must surely hold, so it can be asked once, before there are duties.
    pub(super) fn exception(&mut self, exception: &tree::Exception) -> Option<Exception> {
        let gate = tree::Gate { when: exception.when.clone(), ..tree::Gate::default() };
        let gate = self.plain_gate(&gate, exception.name.span.clone()).filter(|_| !exception.torn)?;
        Some(Exception {
            name: Word::configured(&exception.name.text),
            rule: Word::configured(&exception.rule.as_ref()?.text),
            when: gate.when,
            until: exception.until?,
        })
    }

    /// What a label says. A class that is lowered takes with it every class that implies it: data that is not personal is
    /// nobody's health.
    pub(super) fn label_says(&mut self, says: &tree::LabelSays) -> Option<LabelSays> {
        let label = self.label(&says.label);
        let mut classes = ClassSet::default();
        let mut lost = false;
        for name in &says.classes {
            match self.find(&name.text) {
                Some(What::Class(class)) if says.lowers => classes = classes.union(self.implying(class)),
                Some(What::Class(class)) => {
                    let info = self.names.catalogue.class_info(class)?;
                    if !info.declared {
                        lost = true;
                        let message = say!("a label cannot bring `{}`", Part::Data(name.text.clone()));
                        let help = say!("the reference data says of each class whether it may be declared");
                        self.fault("octroi::policy::no-meaning", name.span.clone(), message, Some(help));
                    }
                    classes = classes.union(info.closure);
                }
                _ => {
                    lost = true;
                    let language = self.file.language();
                    let classes = self.names.catalogue.classes.iter();
                    let classes: Vec<&str> = classes.map(|class| written(class.name.as_str(), language)).collect();
                    let name = Name { text: written(&name.text, language).to_owned(), span: name.span.clone() };
                    self.unlisted(&name, "class of data", classes);
                }
            }
        }
        let label = self.names.labels.get(label?)?.clone();
        let issuers = says.issuers.iter().map(|app| Word::configured(&app.text)).collect();
        (!lost).then_some(LabelSays { label, lowers: says.lowers, classes, issuers })
    }

    /// The class and all that imply it.
    fn implying(&self, class: ClassId) -> ClassSet {
        let mut set = ClassSet::default();
        for (id, info) in (0_u8..).map(ClassId).zip(&self.names.catalogue.classes) {
            if info.closure.contains(class) {
                set.insert(id);
            }
        }
        set
    }
}
