//! What is stated twice about a kernel: in its WGSL and in Rust, or in its WGSL and in a comment of it. Reads every program that can be put together of
//! the texts in `src/kernels`, and every program that the networks and the kernels' own cases record. Needs no GPU.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Handle, Literal, Module, StorageAccess, Type, TypeInner};
use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Access, Element, Field, Graph, LANES, Node, Params, Program, Strides};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::nn::WeightElement;

use crate::kernels;

/// The text that every program contains.
const COMMON: &str = "prelude/common.wgsl";

fn root() -> PathBuf {
    // At run time, so that a test program can be carried to another machine.
    std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into()).into()
}

/// Folders of kernels, by name.
fn folders() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("src/kernels")).unwrap().map(|entry| entry.unwrap().path());
    let names = entries.filter(|path| path.is_dir()).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != "prelude").collect()
}

/// Every WGSL file below `src/kernels`, as `folder/file.wgsl`, with its text.
fn texts() -> BTreeMap<String, &'static str> {
    let mut all = BTreeMap::new();
    for folder in folders().into_iter().chain(["prelude".to_owned()]) {
        for entry in std::fs::read_dir(root().join("src/kernels").join(&folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wgsl") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
                all.insert(name, &*std::fs::read_to_string(path).unwrap().leak());
            }
        }
    }
    all
}

fn is_kernel(text: &str) -> bool {
    text.contains("@compute")
}

/// What a kernel's header says that it needs in front of it.
fn needs(text: &str) -> BTreeSet<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("// needs: "));
    line.into_iter().flat_map(|needs| needs.split(", ")).map(str::to_owned).collect()
}

/// The files that can meet `need` of a kernel in `folder`: `need.wgsl`, or else all of `need_*.wgsl`.
fn choices(texts: &BTreeMap<String, &'static str>, folder: &str, need: &str) -> Vec<String> {
    let near = |name: &&String| name.starts_with(&format!("{folder}/")) || name.starts_with("prelude/");
    let stem = |name: &str| Path::new(name).file_stem().unwrap().to_str().unwrap().to_owned();
    let exact: Vec<_> = texts.keys().filter(near).filter(|name| stem(name) == need).cloned().collect();
    if !exact.is_empty() {
        return exact;
    }
    let forms = texts.keys().filter(near).filter(|name| stem(name).starts_with(&format!("{need}_")));
    forms.filter(|name| !is_kernel(texts[*name])).cloned().collect()
}

/// Reads and validates a program; what holds for all of them.
fn parsed(program: &Program) -> Module {
    let (label, text) = (program.label(), program.wgsl());
    let module = naga::front::wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{label}: {}", e.emit_to_string(&text)));
    let mut validator =
        Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16 | Capabilities::SHADER_FLOAT16_IN_FLOAT32);
    validator.validate(&module).unwrap_or_else(|e| panic!("{label}: {}", e.emit_to_string(&text)));
    let [entry] = &module.entry_points[..] else { panic!("{label} has {} entry points", module.entry_points.len()) };
    assert_eq!(
        (entry.name.as_str(), entry.workgroup_size),
        ("main", [LANES, 1, 1]),
        "{label}: invocations of a workgroup"
    );
    module
}

/// What the program does with its bindings, in order from 0.
fn accesses(module: &Module, label: &str) -> Vec<Access> {
    let globals = module.global_variables.iter();
    let mut bound: Vec<_> = globals
        .filter_map(|(_, variable)| Some((variable.binding?.group, variable.binding?.binding, variable.space)))
        .collect();
    bound.sort_by_key(|(group, binding, _)| (*group, *binding));
    let found: Vec<_> = bound
        .into_iter()
        .enumerate()
        .map(|(at, (group, binding, space))| {
            assert_eq!((group, binding), (0, at as u32), "{label}: bindings are numbered without gaps");
            match space {
                AddressSpace::Uniform => Access::Uniform,
                AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Access::Write,
                AddressSpace::Storage { .. } => Access::Read,
                other => panic!("{label}: binding {at} is in {other:?}"),
            }
        })
        .collect();
    assert_eq!(found.first(), Some(&Access::Uniform), "{label}: binding 0 holds the parameters");
    found
}

/// Name, type, offset and size of the fields of a struct, and the size of the whole.
type Layout = (Vec<(String, String, usize, usize)>, usize);

fn wgsl_layout(module: &Module, ty: Handle<Type>) -> Layout {
    let TypeInner::Struct { members, span } = &module.types[ty].inner else { panic!("parameters are a struct") };
    let fields = members.iter().map(|member| {
        let ty = &module.types[member.ty];
        let kind = match (&ty.name, &ty.inner) {
            (Some(name), _) => name.clone(),
            (None, TypeInner::Scalar(naga::Scalar::U32)) => "u32".to_owned(),
            (None, TypeInner::Scalar(naga::Scalar::F32)) => "f32".to_owned(),
            (None, other) => panic!("{other:?} among parameters"),
        };
        let size = ty.inner.size(module.to_ctx()) as usize;
        (member.name.clone().unwrap(), kind, member.offset as usize, size)
    });
    (fields.collect(), *span as usize)
}

fn rust_layout(fields: &[Field]) -> Layout {
    let end = fields.last().map_or(0, |last| last.offset + last.size);
    (fields.iter().map(|f| (f.name.to_owned(), f.kind.to_owned(), f.offset, f.size)).collect(), end)
}

/// The value of a constant of the program.
fn constant(module: &Module, name: &str) -> Option<u32> {
    let (_, constant) = module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(name))?;
    match module.global_expressions[constant.init] {
        Expression::Literal(Literal::U32(value)) => Some(value),
        _ => None,
    }
}

/// Holds a recorded dispatch against its program; the names of the texts that the program consists of.
fn check(texts: &BTreeMap<String, &'static str>, node: &Node) -> BTreeSet<String> {
    let (label, module) = (node.program.label(), parsed(&node.program));
    let parameters =
        module.global_variables.iter().find(|(_, v)| v.binding.is_some_and(|at| at.binding == 0)).unwrap().1;
    assert_eq!(
        wgsl_layout(&module, parameters.ty),
        rust_layout(node.fields),
        "{label}: the parameters, WGSL on the left"
    );
    let (strides, _) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Strides")).unwrap();
    assert_eq!(wgsl_layout(&module, strides), rust_layout(Strides::FIELDS), "{label}: Strides, WGSL on the left");
    assert_eq!(accesses(&module, &label), node.accesses(), "{label}: what is bound, WGSL on the left");
    for (name, value) in &node.assumed {
        assert_eq!(constant(&module, name), Some(*value), "{label}: {name}, WGSL on the left");
    }
    let named = |text: &&'static str| {
        let found = texts.iter().find(|(_, known)| *known == text);
        found.unwrap_or_else(|| panic!("{label}: a text is in no file below src/kernels, or in two")).0.clone()
    };
    let used: Vec<String> = node.program.texts().iter().map(named).collect();
    let (own, preludes) = used.split_last().unwrap();
    let folder = own.split('/').next().unwrap();
    let needs = needs(texts[own]);
    let met = |name: &&String| needs.iter().any(|need| choices(texts, folder, need).contains(*name));
    let unstated: Vec<_> = preludes.iter().filter(|name| *name != COMMON).filter(|name| !met(name)).collect();
    assert!(unstated.is_empty(), "{label}: the line `needs:` of {own} leaves out {unstated:?}");
    for need in &needs {
        let given = choices(texts, folder, need).iter().filter(|name| preludes.contains(name)).count();
        assert_eq!(given, 1, "{label}: texts in front of {own} that are its `{need}`");
    }
    assert!(preludes.iter().any(|name| name == COMMON), "{label} goes without {COMMON}");
    used.into_iter().collect()
}

/// Holds every program of a graph that was not seen before against what was recorded.
#[derive(Default)]
pub struct Facts {
    seen: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl Facts {
    /// Checks the graph's dispatches.
    pub fn check(&mut self, graph: &Graph) {
        let texts = texts();
        for node in graph.nodes() {
            if self.seen.insert(node.program.label()) {
                self.used.extend(check(&texts, node));
            }
        }
    }
}

#[test]
fn parity_every_combination_of_texts_is_a_valid_program() {
    let texts = texts();
    let mut count = 0;
    for (name, text) in texts.iter().filter(|(_, text)| is_kernel(text)) {
        let written: Vec<&str> = text.split("@binding(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        let numbers: Vec<String> = (0..written.len()).map(|number| number.to_string()).collect();
        assert_eq!(written, numbers, "{name}: bindings are written in order");
        let folder = name.split('/').next().unwrap();
        let own = Program::new(name.clone().leak(), text).with("", texts[COMMON]);
        let mut programs = vec![own];
        for need in needs(text) {
            let choices = choices(&texts, folder, &need);
            assert!(!choices.is_empty(), "{name} needs {need}, which is in no file");
            let with = |program: &Program| {
                choices.iter().map(|choice| program.clone().with(choice, texts[choice])).collect::<Vec<_>>()
            };
            programs = programs.iter().flat_map(with).collect();
        }
        for program in &programs {
            accesses(&parsed(program), &program.label());
        }
        count += programs.len();
    }
    crate::rig::report(&format!("parity facts: {count} programs are valid"));
    assert!(count > 60, "{count} programs");
}

#[test]
fn parity_what_is_recorded_is_what_the_programs_expect() {
    let mut facts = Facts::default();
    let schedule = Schedule::new(20, 0.99).unwrap();
    for (config, weights) in [ModelConfig::TINY, ModelConfig::FULL]
        .into_iter()
        .flat_map(|config| [WeightElement::F16, WeightElement::I8].map(|weights| (config, weights)))
    {
        let mut config = config;
        (config.unet.weights, config.vae.weights) = (weights, weights);
        for element in [Element::F32, Element::F16] {
            let graphs = Graphs::record(&config, &schedule, Precision { unet: element, vae: element }).unwrap();
            graphs.all().iter().for_each(|graph| facts.check(graph));
        }
    }
    // Maps whose widths are no multiples of 4, which the networks do not have.
    facts.check(&kernels::lambda_local::ragged().unwrap());
    facts.check(&kernels::conv2d::odd_doubling().unwrap());
    let unused: Vec<_> = texts().into_keys().filter(|name| !facts.used.contains(name)).collect();
    assert!(unused.is_empty(), "{unused:?}: no network uses these; record them here, or remove them");
}

#[test]
fn parity_every_kernel_has_a_reference_and_a_case() {
    macro_rules! names {
        ($($name:ident = $case:expr;)*) => { [$(stringify!($name)),*] };
    }
    let cases = crate::with_all_cases!(names);
    for folder in folders() {
        assert!(root().join(format!("src/kernels/{folder}/reference.rs")).exists(), "{folder} has no plain reference");
        assert!(cases.contains(&format!("parity_{folder}").as_str()), "{folder} has no case in tests/parity/cases.rs");
    }
}

#[test]
fn parity_every_kernel_has_a_representative() {
    macro_rules! of_all {
        ($($name:ident = $case:expr;)*) => { [$(stringify!($name)),*] };
    }
    macro_rules! of_some {
        ($($name:ident: $($folder:ident)*;)*) => { [$((stringify!($name), &[$(stringify!($folder)),*] as &[&str])),*] };
    }
    let cases = crate::with_all_cases!(of_all);
    let mut represented = vec![];
    for (name, stands_for) in crate::with_representatives!(of_some) {
        assert!(cases.contains(&name), "{name} is no case");
        let own = name.strip_prefix("parity_").filter(|own| folders().contains(*own));
        assert!(own.is_none_or(|own| stands_for.contains(&own)), "{name} stands for its own kernel");
        represented.extend(stands_for.iter().map(|folder| (*folder).to_owned()));
    }
    represented.sort_unstable();
    assert_eq!(represented, Vec::from_iter(folders()), "each folder has one representative in tests/parity/cases.rs");
}
