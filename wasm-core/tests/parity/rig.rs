//! What every case needs: a GPU, random shapes and numbers, one graph run once, and a comparison.

use std::rc::Rc;

use half::f16;
use wasm_core::gpu::{Arena, Constant, ConstantId, Constants, Element, Gpu, Graph, Layout, Plan, Recipe, View, When};
use wasm_core::kernels::Factors;
use wasm_core::kernels::conv2d::{Filters, pack};
use wasm_core::weights::{Source, TensorInfo};
use wasm_core::{Error, Result, Unpaced};

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of `from..=to`.
    pub fn within(&mut self, from: u32, to: u32) -> u32 {
        from + (self.bits() % u64::from(to - from + 1)) as u32
    }

    /// One of the choices.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.within(0, choices.len() as u32 - 1) as usize]
    }

    /// Uniform with mean 0 and variance 1.
    pub fn number(&mut self) -> f32 {
        ((self.bits() >> 40) as f32 / 8_388_608.0 - 1.0) * 1.732_050_8
    }

    pub fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.number()).collect()
    }

    /// Numbers that 16 bits hold exactly.
    pub fn halves(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| f16::from_f32(self.number()).to_f32()).collect()
    }
}

/// Weights of a graph whose constants are made of none.
struct NoWeights;

impl Source for NoWeights {
    fn tensors(&self) -> &[TensorInfo] {
        &[]
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        Err(Error::Shape(format!("{name} was not expected to be read")))
    }
}

/// One dispatch, or a few, on random data.
pub struct Trial {
    pub g: Graph,
    pub rng: Rng,
    /// Never run in parts as well: the first run overwrites what the second would read.
    pub once: bool,
    inputs: Vec<(View, Vec<f32>)>,
}

impl Trial {
    pub fn new(seed: u64) -> Self {
        // Half of them also in parts, from a workgroup's width to several.
        let g = if seed / 4 % 2 == 1 { Graph::in_parts_of(1 << (seed * 7 % 25)) } else { Graph::new() };
        Self { g, rng: Rng(seed), once: false, inputs: vec![] }
    }

    /// Room for a view among other channels, so that offsets and strides count.
    fn room(&mut self, label: &str, element: Element, [b, c, h, w]: [u32; 4]) -> View {
        let (before, after) = (self.rng.within(0, 2), self.rng.within(0, 2));
        let label = format!("{label} {}", self.rng.bits());
        self.g.persistent(&label, element, [b, before + c + after, h, w]).slice(before, c)
    }

    /// Random numbers on the GPU, and the same here.
    pub fn input(&mut self, element: Element, shape: [u32; 4]) -> (View, Vec<f32>) {
        let count = shape.iter().product::<u32>() as usize;
        let values = match element {
            Element::F32 => self.rng.numbers(count),
            Element::F16 => self.rng.halves(count),
        };
        (self.given(element, shape, values.clone()), values)
    }

    /// These numbers on the GPU.
    pub fn given(&mut self, element: Element, shape: [u32; 4], values: Vec<f32>) -> View {
        let view = self.room("input", element, shape);
        self.inputs.push((view, values));
        view
    }

    pub fn output(&mut self, element: Element, shape: [u32; 4]) -> View {
        self.room("output", element, shape)
    }

    /// A constant of these bytes.
    pub fn constant(&mut self, bytes: Vec<u8>) -> ConstantId {
        let label = format!("constant {}", self.rng.bits());
        let size = bytes.len() as u64;
        let recipe: Recipe = Rc::new(move |_| Ok(bytes.clone()));
        self.g.constant(Constant { label, bytes: size, inputs: vec![], scales: vec![], recipe, when: When::Loading })
    }

    pub fn constant_f32(&mut self, values: &[f32]) -> ConstantId {
        self.constant(values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    pub fn constant_f16(&mut self, values: &[f32]) -> ConstantId {
        self.constant(values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect())
    }

    /// Random factors for a sum and a bias, powers of two.
    pub fn factors(&mut self) -> Factors {
        let [sum, bias] = [0, 1].map(|_| self.rng.of(&[1.0, 1.0, 0.25, 2.0]));
        Factors { sum, bias }
    }

    /// Filters of a 3x3 convolution of `c` channels to `m`, in 16 or in 8 bits, and as the numbers they stand for.
    pub fn filters(&mut self, m: u32, c: u32, in_8_bits: bool) -> (Filters, Vec<f32>) {
        let (m, c) = (m as usize, c as usize);
        if !in_8_bits {
            let values = self.rng.halves(m * c * 9);
            return (Filters::F16(self.constant_f16(&pack(&values, m, c))), values);
        }
        let integers: Vec<i8> = (0..m * c * 9).map(|_| self.rng.within(0, 254) as i32 - 127).map(|v| v as i8).collect();
        let mut scales: Vec<f32> = (0..m).map(|_| self.rng.within(1, 99) as f32 / 5000.0).collect();
        let values = integers.iter().enumerate().map(|(at, v)| f32::from(*v) * scales[at / (c * 9)]).collect();
        // Padding is read, and must not matter.
        scales.resize(m.next_multiple_of(4), f32::NAN);
        let filters = self.constant(pack(&integers, m, c).into_iter().map(|v| v as u8).collect());
        (Filters::I8 { filters, scales: self.constant_f32(&scales) }, values)
    }

    /// Runs the graph and reads the outputs back. Everything that was not put in is NaN, and must stay so.
    pub async fn run(self, gpu: &Gpu, outputs: &[View]) -> Result<Vec<Vec<f32>>> {
        let (mut arena, mut layouts) = Arena::of(&[&self.g]);
        let layout = layouts.swap_remove(0);
        arena.allocate(gpu)?;
        let mut constants = Constants::new();
        constants.load(gpu, &[&self.g], &NoWeights, &Unpaced).await?;
        let plan = Plan::new(gpu, &self.g, &arena, &layout, &constants)?;
        for view in self.inputs.iter().map(|(view, _)| view).chain(outputs) {
            let buffer = arena.of_view(&layout, view)?;
            gpu.queue().write_buffer(buffer.raw(), 0, &vec![0xff; buffer.size() as usize]);
        }
        for (view, values) in &self.inputs {
            // Padding included, as planes of one row.
            let whole = View { height: 1, width: view.plane, ..*view };
            let mut padded = vec![];
            for plane in values.chunks(view.pixels() as usize) {
                padded.extend_from_slice(plane);
                padded.resize(padded.len().next_multiple_of(view.plane as usize), f32::NAN);
            }
            gpu.write_view(arena.of_view(&layout, view)?, &whole, &padded)?;
        }
        plan.submit(gpu, 0);
        let whole = results(gpu, &arena, &layout, outputs).await?;
        if plan.has_parts() && !self.once {
            for view in outputs {
                let buffer = arena.of_view(&layout, view)?;
                gpu.queue().write_buffer(buffer.raw(), 0, &vec![0xff; buffer.size() as usize]);
            }
            plan.submit_in_parts(gpu, 0);
            let parts = results(gpu, &arena, &layout, outputs).await?;
            let bits = |all: &[Vec<f32>]| all.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert!(bits(&whole) == bits(&parts), "in parts, the result is another");
        }
        Ok(whole)
    }
}

async fn results(gpu: &Gpu, arena: &Arena, layout: &Layout, outputs: &[View]) -> Result<Vec<Vec<f32>>> {
    let mut results = vec![];
    for view in outputs {
        let buffer = arena.of_view(layout, view)?;
        results.push(gpu.read_view(buffer, view).await?);
        // Beside the view nothing may have been written: the channels before and after it are still NaN.
        let element = view.element.size();
        let (from, to) = (view.offset, view.offset + view.channels * view.plane);
        let all = gpu.read(buffer, 0, buffer.size()).await?;
        let beside = all[..(u64::from(from) * element) as usize].iter();
        let next = (u64::from(to) * element) as usize..(u64::from(from + view.batch_stride) * element) as usize;
        let after = all[next.start.min(all.len())..next.end.min(all.len())].iter();
        assert!(beside.chain(after).all(|&b| b == 0xff), "something was written beside the output");
    }
    Ok(results)
}

/// `|a - b| / |b|`; not a number if either holds one that is not.
pub fn relative_l2(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len(), "lengths differ");
    let sum = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let difference = sum(&mut found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let size = sum(&mut expected.iter().map(|&v| f64::from(v)));
    if difference == 0.0 { 0.0 } else { difference / size }
}

/// How many bytes differ.
#[cfg(test)]
pub fn differing(a: &[u8], b: &[u8]) -> usize {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// Pixels, `(width, height)` and number of channels of a picture among the fixtures.
pub fn picture(name: &str) -> (Vec<u8>, (u32, u32), usize) {
    let image = image::load_from_memory(&fixture(&format!("moebius/{name}.png"))).expect("a picture");
    let (size, channels) = ((image.width(), image.height()), usize::from(image.color().channel_count()));
    (image.into_bytes(), size, channels)
}

/// The worst of the errors of a case, held against its bound.
#[derive(Debug, Default)]
pub struct Errors {
    worst: f64,
    count: usize,
    faults: Vec<String>,
}

impl Errors {
    /// Notes one comparison.
    pub fn note(&mut self, what: &str, error: f64, bound: f64) {
        self.count += 1;
        // NaN is worse than anything.
        if error.is_nan() || error > bound {
            self.faults.push(format!("{what}: {error:.2e} exceeds {bound:.0e}"));
        }
        if error.is_nan() || error > self.worst {
            self.worst = error;
        }
    }

    /// Prints the figure; fails if a bound was exceeded.
    pub fn finish(self, case: &str) {
        report(&format!("parity {case}: {} comparisons, worst relative L2 error {:.2e}", self.count, self.worst));
        assert!(self.faults.is_empty(), "{case}:\n{}", self.faults.join("\n"));
        assert!(self.count > 0, "{case} compared nothing");
    }
}

/// Bound for one operation.
pub fn bound(element: Element) -> f64 {
    match element {
        Element::F32 => 2e-5,
        // The result is rounded to 11 bits, and nothing else is.
        Element::F16 => 5e-4,
    }
}

/// The element types to test on this adapter.
pub fn elements(gpu: &Gpu) -> Vec<Element> {
    if gpu.has_f16() { vec![Element::F32, Element::F16] } else { vec![Element::F32] }
}

/// The seeds of a case that has a program for nearly each of them: `all`, or the first `few` where they stand for the others and a CPU plays the
/// GPU in a browser, which takes seconds to compile a program.
#[cfg(not(target_arch = "wasm32"))]
pub fn seeds(all: u64, _few: u64) -> std::ops::Range<u64> {
    0..all
}

/// Prints past the test harness, which would swallow it.
#[cfg(not(target_arch = "wasm32"))]
pub fn report(line: &str) {
    use std::io::Write;
    // Nothing is lost if nobody listens.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The bytes of a file in `tests/fixtures`.
#[cfg(not(target_arch = "wasm32"))]
pub fn fixture(name: &str) -> Vec<u8> {
    // At run time, so that a test program can be carried to another machine.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    let path = format!("{root}/tests/fixtures/{name}");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[cfg(target_arch = "wasm32")]
mod web {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    thread_local! {
        static FEW: Cell<bool> = const { Cell::new(false) };
        static FILES: RefCell<HashMap<String, Vec<u8>>> = RefCell::default();
        static LINES: RefCell<Vec<String>> = RefCell::default();
    }

    /// Keeps a file for [`fixture`].
    pub fn provide(name: String, bytes: Vec<u8>) {
        FILES.with_borrow_mut(|files| files.insert(name, bytes));
    }

    /// The bytes of a file that the page provided.
    pub fn fixture(name: &str) -> Vec<u8> {
        FILES.with_borrow(|files| files.get(name).cloned()).unwrap_or_else(|| panic!("the page did not provide {name}"))
    }

    /// From now on, [`seeds`] are few.
    pub fn content_with_few() {
        FEW.set(true);
    }

    /// As natively.
    pub fn seeds(all: u64, few: u64) -> std::ops::Range<u64> {
        0..if FEW.get() { few } else { all }
    }

    /// Keeps a line for the page.
    pub fn report(line: &str) {
        LINES.with_borrow_mut(|lines| lines.push(line.to_owned()));
    }

    /// What was reported since the last time.
    pub fn lines() -> String {
        LINES.take().join("\n")
    }
}

#[cfg(target_arch = "wasm32")]
pub use web::{content_with_few, fixture, lines, provide, report, seeds};
