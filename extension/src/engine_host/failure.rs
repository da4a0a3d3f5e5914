//! Turns errors of the engine into failures of the protocol. Nothing else decides which failure an error becomes.

use crate::protocol::{Failure, WeightStorage};
use wasm_core::{Error, GpuError, Storing, WeightsError};

/// The failure that an error of the engine becomes.
pub(super) fn failure(error: Error) -> Failure {
    let detail = error.to_string();
    match error {
        Error::Decode(detail) => Failure::Undecodable { detail },
        Error::EmptyImage => Failure::EmptyImage,
        Error::TooLarge { width, height } => Failure::TooLarge { width, height },
        Error::EmptyMask => Failure::EmptyMask,
        Error::WholeMask => Failure::WholeMask,
        Error::Cancelled => Failure::Cancelled,
        Error::Weights(error) => of_weights(error),
        Error::Gpu(GpuError::Internal(_)) => Failure::Internal { detail },
        Error::Gpu(_) | Error::NotFinite => Failure::Gpu { detail },
        // Errors that only a mistake in our own code causes.
        Error::Encode(_) | Error::WrongLength(..) | Error::MaskOutside | Error::Shape(_) | Error::Argument(_) => {
            Failure::Internal { detail }
        }
    }
}

fn of_weights(error: WeightsError) -> Failure {
    let detail = error.to_string();
    match error {
        WeightsError::OtherLayout(_) => Failure::OtherLayout,
        WeightsError::Unreadable(detail) => Failure::ModelUnreadable { detail },
        WeightsError::Foreign { how, .. } => Failure::ForeignWeights { storage: storage(how), detail },
        WeightsError::BeyondF16(_) => Failure::ForeignWeights { storage: WeightStorage::BeyondF16, detail },
        WeightsError::UnknownContainer
        | WeightsError::Unsupported(_)
        | WeightsError::TwoNames(..)
        | WeightsError::Truncated(_)
        | WeightsError::Damaged(_)
        | WeightsError::Refused(_)
        | WeightsError::Mismatch { .. }
        | WeightsError::NotFinite(_)
        | WeightsError::WrongNetworks(_) => Failure::BadModel { detail },
    }
}

fn storage(how: Storing) -> WeightStorage {
    match how {
        Storing::Float8 => WeightStorage::Float8,
        Storing::Sparse => WeightStorage::Sparse,
        Storing::Quantised => WeightStorage::Quantised,
        Storing::Numpy => WeightStorage::Numpy,
        Storing::Subclass => WeightStorage::Subclass,
    }
}
