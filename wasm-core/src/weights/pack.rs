//! Packs: our own files of weights. A pack holds a network's constants in the form that the GPU takes, so that loading is copying.
//!
//! A pack is a safetensors file. Its metadata says that it is a pack, which layout it has, and where it comes from. Its tensors are of
//! three kinds: `constant:LABEL` is the finished constant of that label, as bytes; `tensor:NAME` is a tensor of the state dict from which
//! a constant is made at loading, because the constant depends on the run; `scale:NAME` holds the scale of each row of such a tensor that
//! is stored in 8 bits.

use super::quantise;
use super::safetensors::SafeTensors;
use super::source::{Bytes, Dtype, Index, Prepared, Source, TensorInfo, damaged, finite, quoted};
use crate::{Result, WeightsError};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Version of the layout of constants. It counts up with every change of a kernel's layout or of a constant's label. Packs of another
/// version are refused, because nothing else shows that their bytes mean something else.
pub const LAYOUT: u32 = 1;

const FORMAT: &str = "rubout-pack";
const CONSTANT: &str = "constant:";
const TENSOR: &str = "tensor:";
const SCALE: &str = "scale:";

/// A part of a pack that is to be written: its name, type and shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Part(TensorInfo);

impl Part {
    /// The finished constant `label`, of `bytes` bytes.
    pub fn constant(label: &str, bytes: u64) -> Self {
        Self::named(CONSTANT, label, vec![bytes as usize], Dtype::U8)
    }

    /// A tensor of the state dict.
    pub fn tensor(name: &str, shape: &[usize], dtype: Dtype) -> Self {
        Self::named(TENSOR, name, shape.to_vec(), dtype)
    }

    /// The scales of a tensor's rows.
    pub fn scale(name: &str, rows: usize) -> Self {
        Self::named(SCALE, name, vec![rows], Dtype::F32)
    }

    fn named(kind: &str, name: &str, shape: Vec<usize>, dtype: Dtype) -> Self {
        Self(TensorInfo { name: format!("{kind}{name}"), shape, dtype })
    }

    /// Its length in the file, bytes.
    pub fn bytes(&self) -> u64 {
        (self.0.shape.iter().product::<usize>() * self.0.dtype.size()) as u64
    }
}

/// The beginning of the file. The bytes of the parts follow in their order, without gaps.
pub fn header(parts: &[Part], about: &BTreeMap<String, String>) -> Vec<u8> {
    let mut header = Map::new();
    let mut metadata: Map<String, Value> = about.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    metadata.insert("format".into(), json!(FORMAT));
    metadata.insert("layout".into(), json!(LAYOUT.to_string()));
    header.insert("__metadata__".into(), metadata.into());
    let mut from = 0;
    for part in parts {
        let to = from + part.bytes();
        let dtype = match part.0.dtype {
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            Dtype::I8 => "I8",
            _ => "U8",
        };
        header.insert(part.0.name.clone(), json!({"dtype": dtype, "shape": part.0.shape, "data_offsets": [from, to]}));
        from = to;
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    // The format recommends this padding, which aligns the data.
    text.resize(text.len().next_multiple_of(8), b' ');
    [&(text.len() as u64).to_le_bytes(), text.as_slice()].concat()
}

/// A pack, opened.
pub struct Pack {
    file: SafeTensors,
    /// Tensors of the state dict, under their own names.
    tensors: Index,
    about: BTreeMap<String, String>,
}

impl Pack {
    /// Reads the header.
    ///
    /// # Errors
    /// [`WeightsError::OtherLayout`] for a pack of another [`LAYOUT`], [`WeightsError::UnknownContainer`] for a file that is no pack, and
    /// the errors of [`super::open`] for damaged files.
    pub fn open(bytes: impl Bytes + 'static) -> Result<Self> {
        let file = SafeTensors::open(Box::new(bytes))?;
        let about = file.metadata().clone();
        if about.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(WeightsError::UnknownContainer.into());
        }
        let layout = about.get("layout").map_or("none", String::as_str);
        if layout != LAYOUT.to_string() {
            return Err(WeightsError::OtherLayout(quoted(layout)).into());
        }
        let own = |info: &TensorInfo| {
            let name = info.name.strip_prefix(TENSOR)?.to_owned();
            Some(TensorInfo { name, ..info.clone() })
        };
        let tensors = Index::new(file.tensors().iter().filter_map(own).collect())?;
        Ok(Self { file, tensors, about })
    }

    /// The entry `key` of its metadata; empty if there is none.
    pub fn about(&self, key: &str) -> &str {
        self.about.get(key).map_or("", String::as_str)
    }
}

impl Source for Pack {
    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors.infos
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let info = &self.tensors.infos[self.tensors.find(name)?];
        let mut values = self.file.read(&format!("{TENSOR}{name}"))?;
        if info.dtype == Dtype::I8 {
            let scales = self.file.read(&format!("{SCALE}{name}"))?;
            if Some(&scales.len()) != info.shape.first() {
                return Err(damaged(format!("the scales of {} are not one a row", quoted(name))));
            }
            quantise::restore(&mut values, &scales);
        }
        // A finite scale times a whole number may be infinite.
        finite(name, values)
    }

    fn is_prepared(&self) -> bool {
        true
    }

    fn scales(&self, name: &str) -> Result<Option<Vec<f32>>> {
        let name = format!("{SCALE}{name}");
        if self.file.span(&name).is_some() { self.file.read(&name).map(Some) } else { Ok(None) }
    }

    fn prepared(&self, label: &str) -> Option<Prepared<'_>> {
        self.file.span(&format!("{CONSTANT}{label}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn about() -> BTreeMap<String, String> {
        BTreeMap::from([("network".to_owned(), "unet".to_owned())])
    }

    fn file() -> Vec<u8> {
        let parts = [
            Part::constant("a", 6),
            Part::tensor("t", &[2, 2], Dtype::I8),
            Part::scale("t", 2),
            Part::tensor("u", &[2], Dtype::F16),
        ];
        let mut file = header(&parts, &about());
        file.extend([1, 2, 3, 4, 5, 6]);
        file.extend([1, 0xFE, 3, 4]);
        file.extend([0.5_f32, 2.0].iter().flat_map(|s| s.to_le_bytes()));
        file.extend([0, 0x3C, 0, 0x40]);
        file
    }

    #[test]
    fn what_was_written_is_read() {
        let pack = Pack::open(file()).unwrap();
        assert_eq!(pack.about("network"), "unet");
        let constant = pack.prepared("a").unwrap();
        let mut bytes = [0; 4];
        constant.read_at(1, &mut bytes).unwrap();
        assert_eq!((constant.len(), bytes), (6, [2, 3, 4, 5]));
        assert!(constant.read_at(3, &mut bytes).is_err(), "beyond the constant");
        assert_eq!(pack.read("t").unwrap(), [0.5, -1.0, 6.0, 8.0]);
        assert_eq!(pack.read("u").unwrap(), [1.0, 2.0]);
        assert!(pack.prepared("t").is_none() && pack.read("a").is_err());
    }

    #[test]
    fn scales_that_make_values_infinite_are_noticed() {
        let parts = [Part::tensor("t", &[2, 1], Dtype::I8), Part::scale("t", 2)];
        let scales = [1.0, f32::MAX].iter().flat_map(|s: &f32| s.to_le_bytes());
        let file = header(&parts, &about()).into_iter().chain([1, 2]).chain(scales).collect::<Vec<u8>>();
        let complaint = Pack::open(file).unwrap().read("t").unwrap_err();
        assert!(matches!(complaint, Error::Weights(WeightsError::NotFinite(name)) if name == "t"));
    }

    #[test]
    fn packs_of_other_versions_and_other_files_are_told_apart() {
        // The header is text; what follows it is not.
        let split = u64::from_le_bytes(*file().first_chunk().unwrap()) as usize + 8;
        let text = String::from_utf8(file()[8..split].to_vec()).unwrap().replace(r#""layout":"1""#, r#""layout":"0""#);
        let other = [&file()[..8], text.as_bytes(), &file()[split..]].concat();
        let complaint = |file: Vec<u8>| Pack::open(file).map(|_| ()).unwrap_err();
        assert!(matches!(complaint(other), Error::Weights(WeightsError::OtherLayout(_))));
        let text = br#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
        let stranger = [&(text.len() as u64).to_le_bytes()[..], text, &[0]].concat();
        assert!(matches!(complaint(stranger), Error::Weights(WeightsError::UnknownContainer)));
        assert!(matches!(complaint(file()[..40].to_vec()), Error::Weights(WeightsError::Truncated(_))));
    }
}
