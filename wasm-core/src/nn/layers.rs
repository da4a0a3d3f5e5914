//! Layers of networks. Each records its dispatches under its name in the state dict.

use super::WeightElement;
use super::constants::{self, Epilogue, Kind, Matrix};
use crate::Result;
use crate::gpu::{ConstantId, Element, Graph, View};
use crate::kernels::conv2d::{Conv2d, Window};
use crate::kernels::group_norm::{GroupNorm, OnRead};
use crate::kernels::matmul::{Left, Matmul};
use crate::kernels::winograd::{Beside, Part, Residual, Winograd};
use crate::kernels::{Activation, Factors};

/// A graph that is being recorded, and what its layers have in common.
pub(crate) struct Net<'a> {
    pub(crate) g: &'a mut Graph,
    /// Prefix of the module path in the state dict.
    pub(crate) root: &'static str,
    /// Element type of activations.
    pub(crate) element: Element,
    /// Element type of large weights.
    pub(crate) weights: WeightElement,
    /// Groups of every GroupNorm.
    pub(crate) groups: u32,
    /// What linear maps and 3x3 convolutions multiply.
    pub(crate) factors: Factors,
    /// Bytes that a 3x3 convolution may take together with its maps ([`Winograd::room`]).
    pub(crate) room: u64,
}

impl Net<'_> {
    /// Records `body` as the module `name`.
    pub(crate) fn scoped<T>(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce(&mut Net<'_>) -> Result<T>,
    ) -> Result<T> {
        self.g.enter(name);
        let result = body(self);
        self.g.leave();
        result
    }

    /// Records `body` with these factors.
    pub(crate) fn times<T>(&mut self, factors: Factors, body: impl FnOnce(&mut Net<'_>) -> T) -> T {
        let before = std::mem::replace(&mut self.factors, factors);
        let result = body(self);
        self.factors = before;
        result
    }

    /// The name of the tensor `leaf` of the present module; of the module itself if `leaf` is empty.
    pub(crate) fn name(&self, leaf: &str) -> String {
        let path = self.g.path();
        let dot = if path.is_empty() || leaf.is_empty() { "" } else { "." };
        format!("{}{path}{dot}{leaf}", self.root)
    }

    /// A temporary activation.
    pub(crate) fn tensor(&mut self, shape: [u32; 4]) -> View {
        self.g.tensor(self.element, shape)
    }

    /// GroupNorm `name`, and the activation that follows it.
    pub(crate) fn group_norm(&mut self, name: &str, x: View, eps: f32, activation: Activation) -> Result<View> {
        let y = self.tensor(x.shape());
        let affine = constants::norm(self.g, &self.name(name), x.channels);
        GroupNorm { label: name, x, affine, groups: self.groups, epsilon: eps, activation, y }.record(self.g)?;
        self.g.tap(name, &y);
        Ok(y)
    }

    /// Linear map or 1x1 convolution `name` into `y`.
    pub(crate) fn linear(
        &mut self,
        name: &str,
        kind: Kind,
        x: View,
        follows: impl Into<Follows>,
        residuals: &[View],
        y: View,
    ) -> Result<()> {
        let linear = self.linear_of(name, kind, x.channels, y.channels, follows);
        linear.record(self.g, x, residuals, y)
    }

    /// The constants of the linear map or 1x1 convolution `name` from `k` channels to `m`.
    pub(crate) fn linear_of<'a>(
        &mut self,
        name: &'a str,
        kind: Kind,
        k: u32,
        m: u32,
        follows: impl Into<Follows>,
    ) -> Linear<'a> {
        let Follows(epilogue, activation) = follows.into();
        let weight = self.name(&format!("{name}.weight"));
        let matrix = Matrix::new(&[(weight, m)], k, kind, self.weights);
        let affine = match epilogue {
            Epilogue::Plain if !matrix.is_scaled() => None,
            other => Some(constants::epilogue(self.g, &[(other, m)], &matrix)),
        };
        let left = constants::matrix(self.g, &matrix);
        Linear { label: name, left, affine, factors: self.factors, activation }
    }

    /// A bias named after the layer `name`.
    pub(crate) fn bias(&self, name: &str) -> Epilogue {
        Epilogue::Bias(self.name(&format!("{name}.bias")))
    }

    /// 3x3 convolution `name` into `y`.
    pub(crate) fn convolution(
        &mut self,
        name: &str,
        window: Window,
        x: View,
        residual: Option<View>,
        y: View,
    ) -> Result<()> {
        self.convolution_to(name, window, x, residual, &[y])
    }

    /// As [`Net::convolution`], into tensors that have some of the channels each; a single one may have a residual.
    pub(crate) fn convolution_to(
        &mut self,
        name: &str,
        window: Window,
        x: View,
        residual: Option<View>,
        all_y: &[View],
    ) -> Result<()> {
        let outputs = all_y.iter().map(|y| y.channels).sum();
        let (weights, bias) = constants::convolution(self.g, &self.name(name), outputs, x.channels, self.weights);
        let (label, factors, activation) = (name, self.factors, Activation::None);
        let (parts, of) = ([Part { map: x, norms: None }], residual.map_or(Residual::None, Residual::Of));
        let (room, y) = (self.room, all_y);
        let winograd = Winograd { label, window, weights, bias, x: &parts, factors, activation, residual: of, y, room };
        match *all_y {
            [y] if !winograd.pays() => {
                Conv2d { label, window, weights, bias, x, factors, activation, residual, y }.record(self.g)
            }
            _ => winograd.record(self.g),
        }
    }

    /// GroupNorm `norm`, SiLU, and the 3x3 convolution `name` into `y`, which may be one of the tensors of `x` if [`Net::overwrites`] says so.
    /// `x` are the channels of one map. `beside` is as in [`Winograd::record_beside`].
    pub(crate) fn normed_convolution(
        &mut self,
        [norm, name]: [&str; 2],
        eps: f32,
        x: &[View],
        residual: Residual,
        y: View,
        beside: Beside<'_>,
    ) -> Result<()> {
        let all = x.iter().map(|x| x.channels).sum();
        let affine = constants::norm(self.g, &self.name(norm), all);
        let (weights, bias) = constants::convolution(self.g, &self.name(name), y.channels, all, self.weights);
        let (mut parts, mut first) = (vec![], 0);
        for &map in x {
            let groups = self.groups * map.channels / all;
            let on_read = OnRead { label: norm, x: map, affine, first, all, groups, epsilon: eps };
            parts.push(Part { map, norms: Some(on_read.record(self.g)?) });
            first += map.channels;
        }
        let (window, factors, activation) = (Window::Same, self.factors, Activation::None);
        let (label, room) = (name, self.room);
        Winograd { label, window, weights, bias, x: &parts, factors, activation, residual, y: &[y], room }
            .record_beside(self.g, beside)
    }

    /// Whether [`Net::normed_convolution`] can be used: on maps that are wide enough, and where no intermediate result is to be read.
    pub(crate) fn overwrites(&self, x: &View, outputs: u32) -> bool {
        !self.g.keeps_taps() && Winograd::pays_on(x, outputs)
    }
}

/// The constants of a linear map.
#[derive(Clone, Copy)]
pub(crate) struct Linear<'a> {
    label: &'a str,
    left: Left,
    affine: Option<ConstantId>,
    factors: Factors,
    activation: Activation,
}

impl Linear<'_> {
    /// Records the map of `x` to `y`.
    pub(crate) fn record(self, g: &mut Graph, x: View, residuals: &[View], y: View) -> Result<()> {
        let Self { label, left, affine, factors, activation } = self;
        Matmul { label, left, x, affine, bias_by_step: false, factors, activation, residuals, y }.record(g)
    }
}

/// The epilogue and the activation that follow a linear map.
pub(crate) struct Follows(Epilogue, Activation);

impl From<Epilogue> for Follows {
    fn from(epilogue: Epilogue) -> Self {
        Self(epilogue, Activation::None)
    }
}

impl From<(Epilogue, Activation)> for Follows {
    fn from((epilogue, activation): (Epilogue, Activation)) -> Self {
        Self(epilogue, activation)
    }
}
