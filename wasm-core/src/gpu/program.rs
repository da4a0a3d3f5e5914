//! A WGSL program: a kernel's file behind the preludes that choose its element types and tiles.

/// Invocations of a workgroup, in every program.
pub const LANES: u32 = 256;

/// The texts that make up one shader module, and a name for people.
///
/// WGSL has no includes, and tools for WGSL could not read files for a preprocessor. Whole files are concatenated instead, which
/// suffices because declarations may come in any order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    name: &'static str,
    variant: String,
    texts: Vec<&'static str>,
}

impl Program {
    /// The kernel `name`, whose own file is `text`.
    pub fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, variant: String::new(), texts: vec![text] }
    }

    /// Puts a prelude in front. `variant` names the choice between several preludes (such as `f16`); it is empty where there is none.
    #[must_use]
    pub fn with(mut self, variant: &str, prelude: &'static str) -> Self {
        if !variant.is_empty() {
            self.variant += if self.variant.is_empty() { "" } else { " " };
            self.variant += variant;
        }
        self.texts.insert(0, prelude);
        self
    }

    /// The kernel's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Name and variant, such as `matmul[f16 weights-f16 128x128]`.
    pub fn label(&self) -> String {
        if self.variant.is_empty() { self.name.to_owned() } else { format!("{}[{}]", self.name, self.variant) }
    }

    /// The texts, preludes first.
    pub fn texts(&self) -> &[&'static str] {
        &self.texts
    }

    /// The whole WGSL text. Directives must precede declarations, so `enable` lines move to the top.
    pub fn wgsl(&self) -> String {
        let (directives, declarations): (Vec<&str>, Vec<&str>) =
            self.texts.iter().flat_map(|text| text.lines()).partition(|line| line.starts_with("enable "));
        let mut directives = directives;
        directives.dedup();
        directives.into_iter().chain(declarations).collect::<Vec<_>>().join("\n")
    }
}
