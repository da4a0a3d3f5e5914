//! The modules of a crate and the paths that they name, read with `syn`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::visit::{self, Visit};

/// Segments of a module's path from the crate's root on; the root's are none.
type ModulePath = Vec<String>;

/// A path that a module names.
struct Naming {
    /// Segments from the crate's root on.
    path: Vec<String>,
    /// Only compiled for tests.
    is_test: bool,
}

/// What one source file holds.
#[derive(Default)]
struct Module {
    /// Names that it defines itself.
    items: BTreeSet<String>,
    /// Names that it imports from its own crate, with what they stand for.
    imports: BTreeMap<String, Vec<String>>,
    /// Modules of its own crate of which it imports everything.
    globs: Vec<Vec<String>>,
    namings: Vec<Naming>,
    /// Child modules that are compiled for tests only.
    test_modules: BTreeSet<String>,
}

/// One module uses another of the same crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    /// Path of the user, such as `fill/seam`; a folder's own file has the folder's path, and the crate's root none.
    pub(super) from: ModulePath,
    /// Path of the used.
    pub(super) to: ModulePath,
    /// The name as written, resolved to the crate's root.
    pub(super) name: String,
    /// Only compiled for tests.
    pub(super) is_test: bool,
}

/// All modules of a crate.
pub(super) struct Crate(BTreeMap<ModulePath, Module>);

impl Crate {
    /// Reads the library below `src`; programs in `src/bin` are crates of their own.
    pub(super) fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![(src.to_owned(), ModulePath::new())];
        while let Some((folder, path)) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("readable folder") {
                let file = entry.expect("readable entry").path();
                let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
                let inner = || path.iter().cloned().chain([stem.clone()]).collect::<ModulePath>();
                if file.is_dir() {
                    if !(path.is_empty() && stem == "bin") {
                        folders.push((file, inner()));
                    }
                } else if file.extension().is_some_and(|extension| extension == "rs") {
                    let module = if matches!(stem.as_str(), "mod" | "lib") { path.clone() } else { inner() };
                    files.insert(module, std::fs::read_to_string(&file).expect("readable source"));
                }
            }
        }
        Self::of_sources(&files)
    }

    /// From the text of each module.
    fn of_sources(files: &BTreeMap<ModulePath, String>) -> Self {
        let is_module = |path: &[String]| files.contains_key(path);
        let mut modules: BTreeMap<ModulePath, Module> = BTreeMap::new();
        for (path, text) in files {
            let file = syn::parse_file(text).unwrap_or_else(|e| panic!("{}: {e}", path.join("/")));
            let mut reader = Reader {
                is_module: &is_module,
                context: path.clone(),
                file_path: path,
                is_test: false,
                module: Module::default(),
            };
            reader.visit_file(&file);
            modules.insert(path.clone(), reader.module);
        }
        Self(modules)
    }

    /// Whether a module, or one that it is in, is compiled for tests only.
    fn is_test(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| {
            self.0.get(&path[..length - 1]).is_some_and(|parent| parent.test_modules.contains(&path[length - 1]))
        })
    }

    /// The module that a path leads to, through whatever is re-exported on its way.
    fn resolve(&self, path: &[String], depth: usize) -> ModulePath {
        let mut at = ModulePath::new();
        for (i, segment) in path.iter().enumerate() {
            let inner: ModulePath = at.iter().chain([segment]).cloned().collect();
            if self.0.contains_key(&inner) {
                at = inner;
                continue;
            }
            let Some(module) = self.0.get(&at).filter(|_| depth > 0) else { break };
            let rest = |base: &[String], from: usize| base.iter().chain(&path[from..]).cloned().collect::<Vec<_>>();
            if let Some(import) = module.imports.get(segment) {
                return self.resolve(&rest(import, i + 1), depth - 1);
            }
            let glob = module.globs.iter().find(|glob| self.defines(&self.resolve(glob, depth - 1), segment));
            if let Some(glob) = glob.filter(|_| !module.items.contains(segment)) {
                return self.resolve(&rest(glob, i), depth - 1);
            }
            break;
        }
        at
    }

    fn defines(&self, path: &ModulePath, name: &str) -> bool {
        self.0.get(path).is_some_and(|module| module.items.contains(name) || module.imports.contains_key(name))
    }

    /// Every use of one module by another.
    pub(super) fn uses(&self) -> Vec<Use> {
        let uses = self.0.iter().flat_map(|(from, module)| {
            let is_test_file = self.is_test(from);
            module.namings.iter().map(move |Naming { path, is_test }| Use {
                from: from.clone(),
                to: self.resolve(path, 8),
                name: path.join("::"),
                is_test: *is_test || is_test_file,
            })
        });
        uses.filter(|used| used.from != used.to).collect()
    }

    /// The paths of all modules.
    pub(super) fn modules(&self) -> impl Iterator<Item = &ModulePath> {
        self.0.keys().filter(|path| !self.is_test(path))
    }
}

/// Reads one file.
struct Reader<'a> {
    is_module: &'a dyn Fn(&[String]) -> bool,
    file_path: &'a ModulePath,
    /// Path of the inline module that is being read, or of the file.
    context: ModulePath,
    is_test: bool,
    module: Module,
}

/// Whether an item has `#[cfg(test)]` or is a `#[test]`.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg_test = || attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        attribute.path().is_ident("test") || (attribute.path().is_ident("cfg") && is_cfg_test())
    })
}

impl Reader<'_> {
    /// A path from the crate's root on; none for what another crate defines, or the file itself.
    fn absolute(&self, segments: &[String]) -> Option<Vec<String>> {
        let mut base = match segments.first()?.as_str() {
            "crate" => vec![],
            "self" | "super" => self.context.clone(),
            first => {
                let child: ModulePath = self.context.iter().cloned().chain([first.to_owned()]).collect();
                return (self.is_module)(&child).then(|| self.context.iter().chain(segments).cloned().collect());
            }
        };
        let mut rest = segments;
        while let Some((first, after)) = rest.split_first()
            && matches!(first.as_str(), "crate" | "self" | "super")
        {
            if first == "super" {
                base.pop();
            }
            rest = after;
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn note(&mut self, segments: &[String]) {
        if let Some(path) = self.absolute(segments) {
            self.module.namings.push(Naming { path, is_test: self.is_test });
        }
    }

    /// Notes the leaves of a tree of imports.
    fn import(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |ident: &syn::Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => return group.items.iter().for_each(|item| self.import(item, before)),
            syn::UseTree::Glob(_) => {
                if let Some(path) = self.absolute(before).filter(|_| !self.is_test) {
                    self.module.globs.push(path);
                }
                return self.note(before);
            }
            syn::UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned()),
            syn::UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            syn::UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        let is_file_level = &self.context == self.file_path;
        if let (Some(path), Some(name), true) = (self.absolute(&path), name, is_file_level) {
            self.module.imports.entry(name).or_insert(path);
        }
        self.note(&path);
    }

    /// Paths among the tokens of a macro's call.
    fn scan(&mut self, tokens: proc_macro2::TokenStream) {
        let mut segments: Vec<String> = vec![];
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                proc_macro2::TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.note_path(&segments);
                        segments.clear();
                    }
                    segments.push(ident.to_string());
                }
                other => {
                    self.note_path(&segments);
                    segments.clear();
                    if let proc_macro2::TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
            colons = 0;
        }
        self.note_path(&segments);
    }

    fn note_path(&mut self, segments: &[String]) {
        if segments.len() > 1 {
            self.note(segments);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (attributes, ident) = match item {
            syn::Item::Const(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            syn::Item::Mod(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Static(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Type(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            syn::Item::Impl(item) => (&item.attrs, None),
            syn::Item::Use(item) => (&item.attrs, None),
            _ => return visit::visit_item(self, item),
        };
        let was_test = self.is_test;
        self.is_test |= is_for_tests(attributes);
        if let Some(ident) = ident.filter(|_| &self.context == self.file_path) {
            self.module.items.insert(ident.to_string());
        }
        match item {
            syn::Item::Mod(inner) if inner.content.is_some() => {
                self.context.push(inner.ident.to_string());
                visit::visit_item(self, item);
                self.context.pop();
            }
            syn::Item::Mod(declared) if self.is_test => {
                self.module.test_modules.insert(declared.ident.to_string());
            }
            syn::Item::Use(import) => self.import(&import.tree, &[]),
            _ => visit::visit_item(self, item),
        }
        self.is_test = was_test;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note_path(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    /// `pub(super)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses between the modules of a crate, as `user used`.
    fn uses(sources: &[(&str, &str)], is_test: bool) -> Vec<String> {
        let path = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let files = sources.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect();
        let mut found: Vec<String> = Crate::of_sources(&files)
            .uses()
            .into_iter()
            .filter(|used| used.is_test == is_test)
            .map(|used| format!("{} {}", used.from.join("/"), used.to.join("/")))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    const ROOT: (&str, &str) = ("", "mod a; pub mod b; pub use a::Thing;");

    #[test]
    fn every_way_to_write_a_path_is_understood() {
        for text in [
            "use super::a;",
            "use crate::{a::{self, Thing as T}};",
            "use super::a::*;",
            "fn f(v: crate::a::Thing) {}",
            "fn f() { let _ = vec![1, crate::a::make(2)]; }",
            "fn f() { match 1 { super::a::ONE => (), _ => () } }",
            "mod inner { use super::super::a::Thing; }",
            "use crate::Thing;",
            "pub(in crate::b) fn f() { self::super::a::make(); }",
        ] {
            let found = uses(&[ROOT, ("a", "pub struct Thing;"), ("b", text)], false);
            assert_eq!(found, [" a", "b a"], "{text}");
        }
    }

    #[test]
    fn what_is_no_use_of_another_module_is_none() {
        for text in [
            "use std::a::b;",
            "pub(super) fn f() {}",
            "/// [`super::a`]\nfn a() {}",
            "enum E { A } fn f() { E::A; self::f(); }",
        ] {
            assert_eq!(uses(&[("", "mod a; mod b;"), ("a", ""), ("b", text)], false), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn re_exports_lead_to_what_they_name_and_what_a_folder_defines_to_the_folder() {
        let folder = "mod a; mod b; pub use a::{Thing}; pub use self::a::deep::*; pub const ONE: u8 = 1;";
        let sources = |text| {
            [
                ("", "mod f;"),
                ("f", folder),
                ("f/a", "mod deep; pub struct Thing;"),
                ("f/a/deep", "pub fn low() {}"),
                ("f/b", text),
            ]
        };
        let of_b = |text: &'static str| {
            uses(&sources(text), false).into_iter().filter(|used| used.starts_with("f/b")).collect::<Vec<_>>()
        };
        assert_eq!(of_b("use super::Thing;"), ["f/b f/a"]);
        assert_eq!(of_b("use crate::f::low;"), ["f/b f/a/deep"]);
        assert_eq!(of_b("use super::ONE;"), ["f/b f"]);
    }

    #[test]
    fn uses_in_tests_are_told_apart() {
        let tests = "#[cfg(test)] mod tests { use super::super::a; } #[cfg(test)] mod more;";
        let sources = [("", "mod a; mod b;"), ("a", ""), ("b", tests), ("b/more", "use crate::a;")];
        assert!(uses(&sources, false).is_empty());
        assert_eq!(uses(&sources, true), ["b a", "b/more a"]);
    }
}
