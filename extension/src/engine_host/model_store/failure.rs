//! The engine's errors as the failures that users are told of.

use crate::protocol::Failure;
use wasm_core::{Error, WeightsError};

/// Of a file that is read or made into a pack.
pub(super) fn unusable(error: Error) -> Failure {
    match error {
        Error::Weights(WeightsError::Unreadable(detail)) => Failure::Internal { detail },
        Error::Weights(WeightsError::OtherLayout(_)) => Failure::OtherLayout,
        Error::Cancelled => Failure::Cancelled,
        other => Failure::BadModel { detail: other.to_string() },
    }
}

/// Of a model that is loaded or run.
pub(super) fn not_running(error: Error) -> Failure {
    match error {
        Error::Weights(error) => Failure::BadModel { detail: error.to_string() },
        Error::Cancelled => Failure::Cancelled,
        other => Failure::Gpu { detail: other.to_string() },
    }
}
