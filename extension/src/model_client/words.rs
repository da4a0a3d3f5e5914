//! Sentences put together from `_locales`.

use super::units::{self, Measure};
use crate::browser::i18n::text;
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Status, Work};

fn separator() -> String {
    text("decimalSeparator", &[])
}

fn measured(measure: &Measure) -> String {
    text(measure.unit, &[&measure.number])
}

/// An amount of bytes.
pub(crate) fn size(bytes: f64) -> String {
    measured(&units::bytes(bytes, &separator()))
}

/// A time in milliseconds.
pub(crate) fn time(milliseconds: f64) -> String {
    measured(&units::time(milliseconds, &separator()))
}

/// A time that something still takes, in milliseconds.
pub(crate) fn time_left(milliseconds: f64) -> Option<String> {
    const RATE: f64 = 1000.0;
    units::time_left(0, milliseconds.max(0.0).ceil() as u64, RATE, &separator()).map(|measure| measured(&measure))
}

/// What is being done.
pub(crate) fn work(work: Work) -> String {
    let key = match work {
        Work::Downloading => "modelsDownloading",
        Work::Verifying => "modelsVerifying",
        Work::Preparing => "modelsPreparing",
        Work::Measuring => "modelsMeasuring",
    };
    text(key, &[])
}

/// Everything that is known about a job under way, in one line.
pub(crate) fn progress(doing: Work, done: u64, total: u64, rate: f64) -> String {
    let so_far = size(done as f64);
    let mut parts = vec![work(doing)];
    if doing == Work::Measuring {
        return parts.remove(0);
    }
    parts.push(if total > 0 { text("modelsOf", &[&so_far, &size(total as f64)]) } else { so_far });
    if rate > 0.0 {
        parts.push(text("modelsRate", &[&size(rate)]));
    }
    if let Some(left) = units::time_left(done, total, rate, &separator()) {
        parts.push(text("modelsLeft", &[&measured(&left)]));
    }
    parts.join(" · ")
}

/// How far a model has come.
pub(crate) fn status(status: Status) -> String {
    let key = match status {
        Status::Available => "modelsAvailable",
        Status::Busy => "modelsBusy",
        Status::Paused => "modelsPaused",
        Status::Installed => "modelsInstalled",
        Status::Outdated => "modelsOutdated",
    };
    text(key, &[])
}

/// In what weights are kept.
pub(crate) fn precision(precision: Precision) -> String {
    text(if precision == Precision::F16 { "modelsF16" } else { "modelsInt8" }, &[])
}

/// What went wrong, in one sentence.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        // The usual sentences of these two speak of a picture that is being edited.
        Failure::EngineLost => text("modelsLost", &[]),
        Failure::Gone => text("modelsGone", &[]),
        Failure::StorageFull { missing } => text(failure.message_key(), &[&size(*missing as f64)]),
        _ => text(failure.message_key(), &[]),
    }
}
