//! Layers of networks. Each records its dispatches under its name in the state dict.

use super::WeightElement;
use super::constants::{self, Epilogue, Kind, Matrix};
use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::Activation;
use crate::kernels::conv2d::{Conv2d, Window};
use crate::kernels::group_norm::GroupNorm;
use crate::kernels::matmul::Matmul;

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
        let Follows(epilogue, activation) = follows.into();
        let weight = self.name(&format!("{name}.weight"));
        let matrix = Matrix::new(&[(weight, y.channels)], x.channels, kind, self.weights);
        let affine = match epilogue {
            Epilogue::Plain if !matrix.is_scaled() => None,
            other => Some(constants::epilogue(self.g, &[(other, y.channels)], &matrix)),
        };
        let left = constants::matrix(self.g, &matrix);
        Matmul { label: name, left, x, affine, bias_by_step: false, activation, residuals, y }.record(self.g)
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
        let prefix = self.name(name);
        let (weights, bias) = constants::convolution(self.g, &prefix, y.channels, x.channels, self.weights);
        let activation = Activation::None;
        Conv2d { label: name, window, weights, bias, x, activation, residual, y }.record(self.g)
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
