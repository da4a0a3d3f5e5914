//! The names that older VAE files have for the linear maps of their attention.

use crate::weights::{Prepared, Source, TensorInfo, quoted};
use crate::{Result, WeightsError};
use std::collections::HashMap;

/// Old name and today's, between the attention's prefix and the tensor's own name (diffusers before 0.15, and since).
const RENAMED: [(&str, &str); 4] = [
    (".attentions.0.query.", ".attentions.0.to_q."),
    (".attentions.0.key.", ".attentions.0.to_k."),
    (".attentions.0.value.", ".attentions.0.to_v."),
    (".attentions.0.proj_attn.", ".attentions.0.to_out.0."),
];

/// A VAE's weights under today's names, whichever they have in the file.
pub(super) struct CurrentNames<'a> {
    inner: &'a dyn Source,
    /// Under today's names.
    tensors: Vec<TensorInfo>,
}

impl<'a> CurrentNames<'a> {
    /// # Errors
    /// [`WeightsError::TwoNames`] when the file has a weight under its old name and under today's: nothing tells which counts.
    pub(super) fn of(inner: &'a dyn Source) -> Result<Self> {
        let mut stored: HashMap<String, &str> = HashMap::new();
        let mut tensors = vec![];
        for info in inner.tensors() {
            let name = current(&info.name);
            if let Some(first) = stored.insert(name.clone(), &info.name) {
                return Err(WeightsError::TwoNames(quoted(first), quoted(&info.name)).into());
            }
            tensors.push(TensorInfo { name, ..info.clone() });
        }
        Ok(Self { inner, tensors })
    }
}

fn current(name: &str) -> String {
    let found = RENAMED.iter().find(|(old, _)| name.contains(old));
    found.map_or_else(|| name.to_owned(), |(old, new)| name.replace(old, new))
}

impl Source for CurrentNames<'_> {
    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let place = self.tensors.iter().position(|info| info.name == name);
        let stored = place.map_or(name, |place| self.inner.tensors()[place].name.as_str());
        self.inner.read(stored)
    }

    fn is_prepared(&self) -> bool {
        self.inner.is_prepared()
    }

    fn scales(&self, name: &str) -> Result<Option<Vec<f32>>> {
        self.inner.scales(name)
    }

    fn prepared(&self, label: &str) -> Option<Prepared<'_>> {
        self.inner.prepared(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::weights::Synthetic;

    #[test]
    fn old_names_are_found_under_the_new_ones() {
        let names = ["mid_block.attentions.0.proj_attn.weight", "mid_block.attentions.0.to_k.bias", "conv_in.bias"];
        let old = Synthetic::new(names.map(|name| (name.to_owned(), vec![3]))).unwrap();
        let renamed = CurrentNames::of(&old).unwrap();
        let found: Vec<&str> = renamed.tensors().iter().map(|info| info.name.as_str()).collect();
        assert_eq!(found, ["mid_block.attentions.0.to_out.0.weight", names[1], names[2]]);
        assert_eq!(renamed.read(found[0]).unwrap(), old.read(names[0]).unwrap());
        assert_eq!(renamed.read(names[2]).unwrap(), old.read(names[2]).unwrap());
        assert!(renamed.read("nothing").is_err());
    }

    #[test]
    fn a_weight_under_both_of_its_names_is_refused_whichever_comes_first() {
        let [old, new] = ["query", "to_q"].map(|leaf| format!("mid_block.attentions.0.{leaf}.weight"));
        for names in [[&old, &new], [&new, &old]] {
            let both = Synthetic::new(names.map(|name| (name.clone(), vec![3]))).unwrap();
            let Err(Error::Weights(found)) = CurrentNames::of(&both).map(|_| ()) else { panic!() };
            assert_eq!(found, WeightsError::TwoNames(names[0].clone(), names[1].clone()));
        }
    }
}
