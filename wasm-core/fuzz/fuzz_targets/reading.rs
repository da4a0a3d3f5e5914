//! What every target does with a file that opens.

use std::collections::HashSet;
use wasm_core::weights::{MAX_ELEMENTS, MAX_TENSORS, Source};
use wasm_core::{Error, WeightsError};

/// Reads every tensor and holds the source to what it promises.
pub fn read_all(source: &dyn Source) {
    let infos = source.tensors();
    assert!(infos.len() <= MAX_TENSORS);
    let names: HashSet<&str> = infos.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names.len(), infos.len(), "a name occurs twice");
    // The library limits each tensor, not their sum: a stride of zero makes thousands of the largest out of a few
    // bytes, and how many of them to read is up to the caller.
    let mut left = MAX_ELEMENTS;
    for info in infos {
        let count: usize = info.shape.iter().product();
        assert!(count <= MAX_ELEMENTS);
        if count > left {
            continue;
        }
        left -= count;
        match source.read(&info.name) {
            Ok(values) => {
                assert_eq!(values.len(), count);
                assert!(values.iter().all(|value| value.is_finite()));
            }
            Err(Error::Weights(WeightsError::NotFinite(_))) => {}
            // Whether a matrix has its scales shows only when it is read. All else must have shown at opening.
            Err(error) => assert!(source.is_prepared(), "{error}"),
        }
        let _ = source.scales(&info.name);
    }
}
