//! 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): a quarter of the multiplications.
//!
//! Filters and map are transformed to 36 numbers for each filter and each tile of 4x4 results, 36 matrix products follow, and their results
//! are transformed back. The map is taken in bands of tile rows, as high as the memory beside the maps allows (`cut.rs`), and no buffer is larger
//! than WebGPU's default allows. Transformed filters are eight times as large as those that are kept, so they are made anew for each convolution,
//! for some of the outputs at a time where they are many, which costs far less than the products.
//!
//! The largest maps decide how much memory a run takes, so there need be few of them: a map can be normalised while it is read, be in two tensors,
//! and be overwritten with the result, because a band is transformed before the band above it is written.

mod cut;
pub mod reference;

use std::ops::Range;

pub use cut::Cut;
use cut::{POINTS, Problem};

use super::conv2d::{Conv2d, Filters, Window};
use super::matmul::{Left, Matmul};
use super::{Activation, Factors, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// Side of a tile of results.
const SIDE: u32 = 4;
/// Tiles and channels of a workgroup of the transforms of maps.
const TILES: u32 = 64;
const CHANNELS: u32 = 4;
/// Fewest channels on either side: with fewer, the transforms cost more than the products.
const FEWEST: u32 = 32;

params! {
    struct FilterParams {
        u: Strides,
        m: u32,
        first: u32,
        all: u32,
        channels: u32,
        scaled: u32,
    }
}

params! {
    struct InputParams {
        x: Strides,
        v: Strides,
        norms: Strides,
        channels: u32,
        height: u32,
        width: u32,
        doubling: u32,
        tiles: u32,
        tiles_x: u32,
        rows: u32,
        first_row: u32,
    }
}

params! {
    struct OutputParams {
        n: Strides,
        y: Strides,
        r: Strides,
        m: u32,
        height: u32,
        width: u32,
        tiles: u32,
        tiles_x: u32,
        rows: u32,
        first_row: u32,
        first: u32,
        activation: u32,
        residuals: u32,
        of_sum: f32,
        of_bias: f32,
    }
}

/// Rows of tiles, counted through all samples.
#[derive(Clone, Copy)]
struct Band {
    first_row: u32,
    rows: u32,
    /// Tiles of a row.
    across: u32,
    /// Rows of tiles of a sample.
    of_sample: u32,
}

impl Band {
    fn tiles(self) -> u32 {
        self.rows * self.across
    }

    /// The rows of a map of this height that the band covers; of the first sample.
    fn rows_of(self, height: u32) -> Range<u32> {
        let first = SIDE * self.first_row;
        first..(first + SIDE * self.rows).min(height)
    }

    /// A view of as many pixels of `map` as the band covers, for counting what is read and written.
    fn part(self, map: View) -> View {
        let rows = map.height * self.rows / self.of_sample;
        View { batch: 1, height: rows, ..map }
    }
}

/// Some of the outputs: their filters are transformed together.
#[derive(Clone, Copy)]
struct Slice {
    /// A multiple of 4.
    first: u32,
    count: u32,
    /// Where they go.
    y: View,
}

/// Channels of the map that is convolved.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// `[B, C, H, W]`.
    pub map: View,
    /// What [`OnRead::record`](super::group_norm::OnRead::record) made for them, if they are to be normalised.
    pub norms: Option<View>,
}

/// What is added after the activation.
#[derive(Clone, Copy, Debug)]
pub enum Residual {
    /// Nothing.
    None,
    /// `[B, M, H', W']`; only with a single tensor of results.
    Of(View),
    /// What the tensor of results holds already.
    InPlace,
}

/// `Y[b] = act(W * X[b] + bias) + residual`, the windows being of stride 1. The result may overwrite X.
#[derive(Clone, Copy, Debug)]
pub struct Winograd<'a> {
    /// Its task in the network, which becomes part of the dispatches' labels.
    pub label: &'a str,
    /// [`Window::Same`] or [`Window::Doubled`].
    pub window: Window,
    /// W.
    pub weights: Filters,
    /// `[M padded to 4]` in f32.
    pub bias: ConstantId,
    /// X, its channels perhaps in several tensors: a binding has a largest size.
    pub x: &'a [Part],
    /// What the sum and the bias are multiplied by.
    pub factors: Factors,
    /// What follows the sum.
    pub activation: Activation,
    /// What follows the activation.
    pub residual: Residual,
    /// Y, its channels perhaps in several tensors, a multiple of 4 in each but the last.
    pub y: &'a [View],
    /// Bytes that its maps, bands and filters may take together. At least a row of tiles is done at a time, whatever it takes.
    pub room: u64,
}

/// Records what else is to be done with some rows of a map, which the convolution is about to overwrite.
pub type Beside<'a> = &'a mut dyn FnMut(&mut Graph, Range<u32>) -> Result<()>;

/// Whether the convolution can be computed this way.
pub fn can(convolution: &Conv2d<'_>) -> bool {
    let x = [Part { map: convolution.x, norms: None }];
    Winograd::of(convolution, &x, &[convolution.y]).can()
}

/// As [`Winograd::record_in`], for a convolution that this way [`can`] compute.
///
/// # Errors
/// As [`Winograd::record`].
pub fn record_in(convolution: &Conv2d<'_>, cut: Cut, g: &mut Graph) -> Result<()> {
    let x = [Part { map: convolution.x, norms: None }];
    Winograd::of(convolution, &x, &[convolution.y]).record_in(g, cut, &mut |_, _| Ok(()))
}

impl<'a> Winograd<'a> {
    fn of(convolution: &Conv2d<'a>, x: &'a [Part], y: &'a [View]) -> Self {
        let Conv2d { label, window, weights, bias, factors, activation, residual, .. } = *convolution;
        let residual = residual.map_or(Residual::None, Residual::Of);
        Self { label, window, weights, bias, x, factors, activation, residual, y, room: u64::MAX }
    }

    /// C.
    fn channels(&self) -> u32 {
        self.x.iter().map(|part| part.map.channels).sum()
    }

    /// M.
    fn outputs(&self) -> u32 {
        self.y.iter().map(|y| y.channels).sum()
    }

    /// Whether it can be computed this way.
    pub fn can(&self) -> bool {
        let is_of_stride_1 = matches!(self.window, Window::Same | Window::Doubled);
        let all_fit = self.x.iter().all(|part| self.y.iter().all(|y| self.fit(part, y)));
        let residual_fits = match (self.residual, self.y) {
            (Residual::Of(r), [y]) => r.shape() == y.shape() && r.element == self.x[0].map.element,
            (Residual::Of(_), _) => false,
            _ => true,
        };
        is_of_stride_1 && !self.x.is_empty() && !self.y.is_empty() && all_fit && residual_fits
    }

    fn fit(&self, part: &Part, y: &View) -> bool {
        let x = part.map;
        [y.height, y.width] == self.window.result(x.height, x.width)
            && x.batch == y.batch
            && y.width.is_multiple_of(SIDE)
            && (x.tensor != y.tensor || self.window == Window::Same)
    }

    /// Whether it is also faster than [`Conv2d::record`].
    pub fn pays(&self) -> bool {
        self.can() && self.channels().min(self.outputs()) >= FEWEST
    }

    /// Whether a convolution of stride 1 of such a map to so many outputs pays.
    pub fn pays_on(x: &View, outputs: u32) -> bool {
        x.width.is_multiple_of(SIDE) && x.channels.min(outputs) >= FEWEST
    }

    /// Appends the convolution to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if it cannot be computed this way.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        self.record_beside(g, &mut |_, _| Ok(()))
    }

    /// As [`Winograd::record`]; `beside` is called for all rows of the first sample of a map, some at a time, when nothing of the convolution reads
    /// these rows of X any more and nothing is written there yet.
    ///
    /// # Errors
    /// As [`Winograd::record`], and those of `beside`.
    pub fn record_beside(&self, g: &mut Graph, beside: Beside<'_>) -> Result<()> {
        self.record_in(g, self.problem().cut(), beside)
    }

    /// As [`Winograd::record_beside`], cut as the caller wants it.
    ///
    /// # Errors
    /// As [`Winograd::record_beside`].
    pub fn record_in(&self, g: &mut Graph, cut: Cut, beside: Beside<'_>) -> Result<()> {
        if !self.can() {
            let shapes: Vec<_> = self.x.iter().map(|part| part.map.shape()).collect();
            let results: Vec<_> = self.y.iter().map(View::shape).collect();
            return Err(Error::Shape(format!("{}: Winograd's convolution of {shapes:?} to {results:?}", self.label)));
        }
        let (slices, bands) = (self.slices(cut.outputs), self.bands(cut.rows));
        let keeps = cut.keeps || slices.len() == 1;
        let overwrites = self.overwrites();
        let (mut filters, mut next) = (vec![], None);
        for (at, &band) in bands.iter().enumerate() {
            let transformed = next.take().unwrap_or_else(|| self.record_input(band, g));
            if overwrites {
                // The next band's windows reach into the last row of this one.
                next = bands.get(at + 1).map(|&band| self.record_input(band, g));
            }
            beside(g, band.rows_of(self.y[0].height))?;
            for (number, &slice) in slices.iter().enumerate() {
                let known = filters.get(number).copied().filter(|_| keeps);
                let of_slice = known.unwrap_or_else(|| self.record_filters(slice, g));
                if filters.len() == number {
                    filters.push(of_slice);
                }
                let products = g.tensor(Element::F32, [POINTS, slice.count, 1, band.tiles()]);
                Matmul {
                    label: self.label,
                    left: Left::Tensor(of_slice),
                    x: transformed,
                    affine: None,
                    bias_by_step: false,
                    factors: Factors::ONE,
                    activation: Activation::None,
                    residuals: &[],
                    y: products,
                }
                .record(g)?;
                self.record_output(band, slice, products, g);
            }
        }
        Ok(())
    }

    /// Whether the result is where X is.
    fn overwrites(&self) -> bool {
        self.x.iter().any(|part| self.y.iter().any(|y| y.tensor == part.map.tensor))
    }

    /// What there is to cut.
    fn problem(&self) -> Problem {
        let of_x = self.x.iter().filter(|part| self.y.iter().all(|y| y.tensor != part.map.tensor));
        let residual = match self.residual {
            Residual::Of(residual) => residual.bytes(),
            Residual::None | Residual::InPlace => 0,
        };
        let maps: u64 = of_x.map(|part| part.map.bytes()).chain(self.y.iter().map(View::bytes)).sum();
        let y = self.y.first();
        Problem {
            channels: self.channels(),
            outputs: self.outputs(),
            // The tensors of results are of one size.
            most_outputs: y.map_or(4, |y| y.channels),
            across: y.map_or(1, |y| y.width.div_ceil(SIDE)),
            rows: y.map_or(1, |y| y.height.div_ceil(SIDE) * y.batch),
            overwrites: self.overwrites(),
            scratch: self.room.saturating_sub(maps + residual),
        }
    }

    /// As many bands as needed, all of about the same height.
    fn bands(&self, most_rows: u32) -> Vec<Band> {
        let y = self.y[0];
        let (of_sample, across) = (y.height.div_ceil(SIDE), y.width / SIDE);
        let all = of_sample * y.batch;
        let rows = all.div_ceil(all.div_ceil(most_rows));
        let firsts = (0..all).step_by(rows as usize);
        firsts.map(|first_row| Band { first_row, rows: rows.min(all - first_row), across, of_sample }).collect()
    }

    /// As many slices as needed, those of one tensor all of about the same number of outputs.
    fn slices(&self, most: u32) -> Vec<Slice> {
        let (mut slices, mut before) = (vec![], 0);
        for y in self.y {
            let outputs = y.channels;
            let count = outputs.div_ceil(outputs.div_ceil(most)).next_multiple_of(4);
            slices.extend((0..outputs).step_by(count as usize).map(|first| {
                let count = count.min(outputs - first);
                Slice { first: before + first, count, y: y.slice(first, count) }
            }));
            before += outputs;
        }
        slices
    }

    fn record_filters(&self, slice: Slice, g: &mut Graph) -> View {
        let channels = self.channels();
        let filters = g.tensor(Element::F32, [POINTS, channels, 1, slice.count]);
        let params = FilterParams {
            u: Strides::of(&filters),
            m: slice.count,
            first: slice.first,
            all: self.outputs(),
            channels,
            scaled: self.weights.are_scaled().into(),
        };
        let program = self.weights.choose(kernel("winograd_filter", wgsl!("winograd_filter.wgsl")));
        let workgroups = [(channels * slice.count.div_ceil(4)).div_ceil(LANES), 1, 1];
        let [weights, scales] = self.weights.constants();
        let dispatch = Dispatch::new(self.label, program, workgroups, &params)
            .constant(weights)
            .constant(scales)
            .write(&filters)
            .flops(u64::from(channels * slice.count) * 2 * 6 * 9);
        g.dispatch(dispatch);
        filters
    }

    fn record_input(&self, band: Band, g: &mut Graph) -> View {
        let transformed = g.tensor(Element::F32, [POINTS, self.channels(), 1, band.tiles()]);
        let mut first = 0;
        for part in self.x {
            self.record_input_of(part, band, transformed.slice(first, part.map.channels), g);
            first += part.map.channels;
        }
        transformed
    }

    fn record_input_of(&self, part: &Part, band: Band, transformed: View, g: &mut Graph) {
        let (x, y) = (part.map, self.y[0]);
        let params = InputParams {
            x: Strides::of(&x),
            v: Strides::of(&transformed),
            norms: part.norms.as_ref().map(Strides::of).unwrap_or_default(),
            channels: x.channels,
            height: y.height,
            width: y.width,
            doubling: (self.window == Window::Doubled).into(),
            tiles: band.tiles(),
            tiles_x: band.across,
            rows: band.of_sample,
            first_row: band.first_row,
        };
        let program = real(kernel("winograd_input", wgsl!("winograd_input.wgsl")), x.element);
        let program = match part.norms {
            Some(_) => program.with("normed", wgsl!("load_normed.wgsl")),
            None => program.with("", wgsl!("load_plain.wgsl")),
        };
        let workgroups = [band.tiles().div_ceil(TILES), x.channels.div_ceil(CHANNELS), 1];
        let dispatch = Dispatch::new(self.label, program, workgroups, &params)
            .assumes("TILES", TILES)
            .assumes("CHANNELS", CHANNELS)
            .read(&band.part(x))
            .write(&transformed)
            .flops(u64::from(band.tiles() * x.channels) * 12 * 16);
        g.dispatch(match &part.norms {
            Some(norms) => dispatch.read(norms),
            None => dispatch,
        });
    }

    fn record_output(&self, band: Band, slice: Slice, products: View, g: &mut Graph) {
        let y = slice.y;
        let residual = match self.residual {
            Residual::Of(residual) => Some(residual.slice(slice.first, slice.count)),
            Residual::None | Residual::InPlace => None,
        };
        let params = OutputParams {
            n: Strides::of(&products),
            y: Strides::of(&y),
            r: Strides::of(&residual.unwrap_or(y)),
            m: slice.count,
            height: y.height,
            width: y.width,
            tiles: band.tiles(),
            tiles_x: band.across,
            rows: band.of_sample,
            first_row: band.first_row,
            first: slice.first,
            activation: self.activation as u32,
            residuals: match self.residual {
                Residual::None => 0,
                Residual::Of(_) => 1,
                Residual::InPlace => 2,
            },
            of_sum: self.factors.sum,
            of_bias: self.factors.bias,
        };
        let program =
            kernel("winograd_output", wgsl!("winograd_output.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = real(out(program, y.element), self.x[0].map.element);
        let workgroups = [band.tiles().div_ceil(TILES), slice.count.div_ceil(CHANNELS), 1];
        let dispatch = Dispatch::new(self.label, program, workgroups, &params)
            .assumes("TILES", TILES)
            .assumes("CHANNELS", CHANNELS)
            .read(&products)
            .constant(self.bias);
        let dispatch = match &residual {
            Some(residual) => dispatch.read(&band.part(*residual)),
            None => dispatch.unused(&products),
        };
        let part = band.part(y);
        let dispatch = match self.residual {
            Residual::InPlace => dispatch.rewrite(&part),
            _ => dispatch.write(&part),
        };
        g.dispatch(dispatch.flops(u64::from(band.tiles() * slice.count) * 10 * 14));
    }
}
