//! The safetensors container: the length of a header, a JSON header, and the tensors' bytes without a gap.

use super::source::{
    Bytes, Dtype, Index, MAX_TENSORS, Prepared, Source, TensorInfo, damaged, elements, finite, foreign, quoted,
    read_raw, read_run, truncated, unsupported,
};
use crate::{Result, Storing};
use std::collections::BTreeMap;

use ::safetensors::tensor::{Dtype as Stored, Metadata};

/// Bytes of the number that says how long the header is.
const PREFIX: u64 = 8;
/// Longest header. The format allows 100 MB, but parsing takes many times that memory. This limit has room for ten times the
/// tensors of the largest image models.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// A safetensors file.
pub(super) struct SafeTensors {
    bytes: Box<dyn Bytes>,
    index: Index,
    /// Where each tensor begins in the file.
    starts: Vec<u64>,
    metadata: BTreeMap<String, String>,
}

impl SafeTensors {
    /// What the file says about itself.
    pub(super) fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Where a tensor lies.
    pub(super) fn span(&self, name: &str) -> Option<Prepared<'_>> {
        let place = self.index.find(name).ok()?;
        let info = &self.index.infos[place];
        let length = (elements(&info.shape)? * info.dtype.size()) as u64;
        Some(Prepared { bytes: &*self.bytes, start: self.starts[place], length })
    }

    /// Reads the header.
    pub(super) fn open(bytes: Box<dyn Bytes>) -> Result<Self> {
        let mut prefix = [0; PREFIX as usize];
        bytes.read_at(0, &mut prefix)?;
        let length = u64::from_le_bytes(prefix);
        if length > MAX_HEADER_BYTES {
            return Err(damaged(format!("its header has {length} bytes")));
        }
        let header = read_raw(&*bytes, PREFIX, length)?;
        // The crate checks that the tensors lie one after another and are as long as their shapes say.
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| damaged(quoted(&e.to_string())))?;
        let names = metadata.offset_keys();
        // The crate keeps the last of several entries of one name.
        if names.len() + usize::from(metadata.metadata().is_some()) != top_level_keys(&header) {
            return Err(damaged("its header holds a name twice"));
        }
        if names.len() > MAX_TENSORS {
            return Err(damaged(format!("it holds {} tensors", names.len())));
        }
        let data = PREFIX + length;
        let end = data.checked_add(metadata.data_len() as u64).ok_or_else(|| damaged("its tensors are too long"))?;
        if end > bytes.len() {
            return Err(truncated(format!("{} of {end} bytes are there", bytes.len())));
        }
        if end < bytes.len() {
            return Err(damaged(format!("it goes on after its end at {end} bytes")));
        }
        let (mut infos, mut starts) = (Vec::with_capacity(names.len()), Vec::with_capacity(names.len()));
        for name in names {
            let Some(info) = metadata.info(&name) else { continue };
            starts.push(data + info.data_offsets.0 as u64);
            infos.push(TensorInfo { dtype: dtype(&name, info.dtype)?, shape: info.shape.clone(), name });
        }
        let about = metadata.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self { bytes, index: Index::new(infos)?, starts, metadata: about })
    }
}

impl Source for SafeTensors {
    fn tensors(&self) -> &[TensorInfo] {
        &self.index.infos
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let place = self.index.find(name)?;
        let info = &self.index.infos[place];
        let count = elements(&info.shape).ok_or_else(|| damaged("a tensor is too large"))?;
        finite(name, read_run(&*self.bytes, self.starts[place], count, info.dtype)?)
    }
}

fn dtype(name: &str, stored: Stored) -> Result<Dtype> {
    Ok(match stored {
        Stored::F32 => Dtype::F32,
        Stored::F16 => Dtype::F16,
        Stored::BF16 => Dtype::BF16,
        Stored::I64 => Dtype::I64,
        Stored::I32 => Dtype::I32,
        Stored::I16 => Dtype::I16,
        Stored::I8 => Dtype::I8,
        Stored::U64 => Dtype::U64,
        Stored::U32 => Dtype::U32,
        Stored::U16 => Dtype::U16,
        Stored::U8 => Dtype::U8,
        Stored::BOOL => Dtype::Bool,
        Stored::F8_E4M3 | Stored::F8_E5M2 | Stored::F8_E8M0 => {
            return Err(foreign(Storing::Float8, format!("{stored}, in {}", quoted(name))));
        }
        other => return Err(unsupported(format!("elements of type {other}, in {}", quoted(name)))),
    })
}

/// How many keys the outermost object of a JSON text has, one that is known to be valid: it counts the colons.
fn top_level_keys(json: &[u8]) -> usize {
    let (mut depth, mut keys) = (0usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => keys += 1,
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, WeightsError};

    fn open(header: &str, data: usize) -> Result<SafeTensors> {
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(vec![0; data]);
        SafeTensors::open(Box::new(file))
    }

    fn complaint(header: &str, data: usize) -> WeightsError {
        match open(header, data).map(|_| ()) {
            Err(Error::Weights(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_counted_whatever_strings_hold() {
        assert_eq!(top_level_keys(br#"{"a:{\"b\":":{"c":[1,{"d":2}]},"\\":3}"#), 2);
        assert_eq!(top_level_keys(b"{}"), 0);
    }

    #[test]
    fn bystanders_of_all_integer_types_are_read() {
        for (name, bytes) in
            [("I8", 1), ("U8", 1), ("BOOL", 1), ("I16", 2), ("U16", 2), ("I32", 4), ("U32", 4), ("I64", 8), ("U64", 8)]
        {
            let header = format!(r#"{{"a":{{"dtype":"{name}","shape":[3],"data_offsets":[0,{}]}}}}"#, bytes * 3);
            assert_eq!(open(&header, bytes * 3).unwrap().read("a").unwrap(), [0.0; 3]);
        }
    }

    #[test]
    fn types_that_are_not_read_are_named() {
        let found = complaint(r#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8);
        assert!(matches!(&found, WeightsError::Unsupported(what) if what.contains("F64")), "{found:?}");
        let found = complaint(r#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#, 1);
        assert_eq!(found, WeightsError::Foreign { how: Storing::Float8, what: "F8_E4M3, in a".into() });
        let found = complaint(r#"{"a":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}"#, 1);
        assert!(matches!(found, WeightsError::Foreign { how: Storing::Float8, .. }), "{found:?}");
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused() {
        let entry = r#""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#;
        let twice = format!("{{{entry},{entry}}}");
        assert!(matches!(complaint(&twice, 1), WeightsError::Damaged(_)));
        assert!(matches!(complaint(&twice.replacen("\"a\"", "\"\\u0061\"", 1), 1), WeightsError::Damaged(_)));
    }

    #[test]
    fn lengths_that_do_not_fit_the_file_are_noticed() {
        let header = r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#;
        assert!(open(header, 4).is_ok());
        assert!(matches!(complaint(header, 3), WeightsError::Truncated(_)));
        assert!(matches!(complaint(header, 5), WeightsError::Damaged(_)));
        for (shape, offsets) in [
            ("[4]", "[0,5]"),
            ("[4]", "[1,5]"),
            ("[4]", "[4,0]"),
            ("[-4]", "[0,4]"),
            ("[18446744073709551615,2]", "[0,4]"),
            ("[4294967296,4294967296]", "[0,0]"),
            ("[0,4294967295,4294967295]", "[0,0]"),
            ("[4]", "[0,18446744073709551615]"),
        ] {
            let header = format!(r#"{{"a":{{"dtype":"U8","shape":{shape},"data_offsets":{offsets}}}}}"#);
            assert!(matches!(complaint(&header, 4), WeightsError::Damaged(_)), "{shape} {offsets}");
        }
    }

    #[test]
    fn headers_that_are_too_long_or_too_deep_are_refused() {
        let file = [&(MAX_HEADER_BYTES + 1).to_le_bytes()[..], b"{"].concat();
        assert!(matches!(SafeTensors::open(Box::new(file)).map(|_| ()), Err(Error::Weights(WeightsError::Damaged(_)))));
        assert!(matches!(complaint(&format!("{{\"a\":{}", "[".repeat(100_000)), 0), WeightsError::Damaged(_)));
        assert!(matches!(complaint("{\"a\":\u{0}", 0), WeightsError::Damaged(_)));
    }

    #[test]
    fn an_empty_file_of_tensors_is_one() {
        assert!(open("{}", 0).unwrap().tensors().is_empty());
        assert!(open(r#"{"__metadata__":{"a":"b:c"}}"#, 0).unwrap().tensors().is_empty());
    }
}
