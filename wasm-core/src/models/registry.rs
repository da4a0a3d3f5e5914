//! A list of models, in which the model of a file is found.

use super::contract::{Model, ModelFile, NETWORK, wrong};
use crate::nn::WeightElement;
use crate::weights::{Pack, Source};
use crate::{Misshapen, Result, WeightsError};

/// A list of models.
#[derive(Clone, Copy)]
pub struct Registry(&'static [&'static dyn Model]);

impl Registry {
    /// These models.
    pub const fn new(models: &'static [&'static dyn Model]) -> Self {
        Self(models)
    }

    /// All of them.
    pub fn models(&self) -> &'static [&'static dyn Model] {
        self.0
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<&'static dyn Model> {
        self.0.iter().copied().find(|model| model.name() == name)
    }

    /// The model and the file whose packs have `network` written in them.
    pub fn of_network(&self, network: &str) -> Option<(&'static dyn Model, Box<dyn ModelFile>)> {
        self.0.iter().find_map(|model| model.file(network).map(|file| (*model, file)))
    }

    /// The model whose own file the first of these packs was made of.
    ///
    /// # Errors
    /// [`WeightsError::WrongNetworks`] if it is of no model, or only a part of one.
    pub fn of_packs(&self, packs: &[Pack]) -> Result<&'static dyn Model> {
        let network = packs.first().map_or("", |pack| pack.about(NETWORK));
        let found = self.of_network(network).filter(|(_, file)| !file.is_part());
        Ok(found.map(|(model, _)| model).ok_or_else(|| wrong(packs))?)
    }

    /// Recognises a published file by its tensors, with large weights to be stored in these elements.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] if it is of no model.
    pub fn recognise(&self, source: &dyn Source, weights: WeightElement) -> Result<Box<dyn ModelFile>> {
        let found = self.0.iter().find_map(|model| model.recognise(source, weights));
        Ok(found.ok_or_else(|| self.unrecognised(source))?)
    }

    /// What a file of no model lacks; if it has a landmark in another shape than the published one, what is wrong with that.
    fn unrecognised(&self, source: &dyn Source) -> WeightsError {
        let (mut missing, mut misshapen, mut extra) = (vec![], vec![], vec![]);
        for (name, shape) in self.0.iter().flat_map(|model| model.landmarks()) {
            let name = (*name).to_owned();
            match source.tensors().iter().find(|info| info.name == name) {
                None => missing.push(name),
                Some(info) if info.shape == *shape => extra.push(name),
                Some(info) => misshapen.push(Misshapen { name, expected: shape.to_vec(), found: info.shape.clone() }),
            }
        }
        // What other networks have does not matter where one is there and wrong.
        if !misshapen.is_empty() || !extra.is_empty() {
            missing.clear();
        }
        WeightsError::Mismatch { missing, extra, misshapen }
    }
}
