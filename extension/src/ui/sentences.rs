//! Puts sizes, times, rates, the progress of a job and failures into sentences. The words are in `_locales`.
//!
//! In a browser, [`text`] looks messages up in the user's language; in tests, in the files of all languages.

use super::units::{self, Measure};
#[cfg(target_arch = "wasm32")]
use crate::browser::i18n::text;
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Status, Work};
#[cfg(not(target_arch = "wasm32"))]
use tests::text;

fn separator() -> String {
    text("decimalSeparator", &[])
}

fn measured(measure: &Measure) -> String {
    text(measure.unit, &[&measure.number])
}

/// A number with one decimal.
pub(crate) fn decimal(number: f64) -> String {
    units::decimal(number, &separator())
}

/// An amount of bytes.
pub(crate) fn size(bytes: f64) -> String {
    measured(&units::bytes(bytes, &separator()))
}

/// A time in milliseconds.
pub(crate) fn time(milliseconds: f64) -> String {
    measured(&units::time(milliseconds, &separator()))
}

/// How long something will still take, from milliseconds.
pub(crate) fn time_left(milliseconds: f64) -> Option<String> {
    const RATE: f64 = 1000.0;
    units::time_left(0, milliseconds.max(0.0).ceil() as u64, RATE, &separator()).map(|measure| measured(&measure))
}

/// What a job is doing.
pub(crate) fn work(work: Work) -> String {
    let key = match work {
        Work::Downloading => "modelsDownloading",
        Work::Verifying => "modelsVerifying",
        Work::Preparing => "modelsPreparing",
        Work::Measuring => "modelsMeasuring",
    };
    text(key, &[])
}

/// The progress of a job, in one line: what it is doing, how far it is, how fast, and how long it will still take.
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

/// The status of a model.
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

/// The precision of a model's weights.
pub(crate) fn precision(precision: Precision) -> String {
    text(if precision == Precision::F16 { "modelsF16" } else { "modelsInt8" }, &[])
}

/// Which version of a file of the catalogue it is: the `pinned` one, or what is published on the day of the download.
pub(crate) fn edition(pinned: bool) -> String {
    text(if pinned { "modelsMadeFor" } else { "modelsAsPublished" }, &[])
}

/// What went wrong, in one sentence.
pub(crate) fn failure(failure: &Failure) -> String {
    let key = failure.message_key();
    match failure {
        Failure::TooLarge { width, height } => text(key, &[&width.to_string(), &height.to_string()]),
        Failure::StorageFull { missing } => text(key, &[&size(*missing as f64)]),
        Failure::Download { host, .. } => text(key, &[host]),
        Failure::ForeignFormat { format } => text(key, &[format]),
        _ => text(key, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::DownloadFault;
    use serde_json::Value;
    use std::cell::Cell;

    const LANGUAGES: [&str; 13] =
        ["en", "ar", "de", "es", "fr", "hi", "ja", "pt_BR", "ru", "ko", "it", "zh_CN", "zh_TW"];

    thread_local! {
        static LANGUAGE: Cell<&'static str> = const { Cell::new("en") };
    }

    /// What `chrome.i18n.getMessage` gives: a message of the test's language with its placeholders filled in.
    pub(super) fn text(key: &str, placeholders: &[&str]) -> String {
        let language = LANGUAGE.get();
        let path = format!("{}/_locales/{language}/messages.json", env!("CARGO_MANIFEST_DIR"));
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("messages");
        let message = &file[key];
        let mut sentence = message["message"].as_str().unwrap_or_else(|| panic!("{language} has no {key}")).to_owned();
        for (name, placeholder) in message["placeholders"].as_object().into_iter().flatten() {
            let number = placeholder["content"].as_str().and_then(|content| content.strip_prefix('$'));
            let number: usize = number.and_then(|number| number.parse().ok()).expect("a number");
            let filled = placeholders.get(number - 1).unwrap_or_else(|| panic!("{key} wants ${name}$ in {language}"));
            let named = format!("${}$", name.to_uppercase());
            assert!(sentence.to_uppercase().contains(&named), "{key} does not use {named} in {language}");
            let at = sentence.to_uppercase().find(&named).expect("just found");
            sentence.replace_range(at..at + named.len(), filled);
        }
        sentence
    }

    fn in_every_language(check: impl Fn(&str)) {
        for language in LANGUAGES {
            LANGUAGE.set(language);
            check(language);
        }
        LANGUAGE.set("en");
    }

    #[test]
    fn progress_says_all_that_is_known_and_no_more() {
        let known = progress(Work::Downloading, 12_345_678, 619_000_000, 2_000_000.0);
        assert_eq!(known, "Downloading · 12.3\u{a0}MB of 619\u{a0}MB · 2.0\u{a0}MB/s · about 6\u{a0}min left");
        assert_eq!(progress(Work::Downloading, 12_345_678, 0, 0.0), "Downloading · 12.3\u{a0}MB");
        assert_eq!(progress(Work::Measuring, 5, 10, 3.0), work(Work::Measuring), "its numbers are no bytes");
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        in_every_language(|language| {
            let separator =
                if matches!(language, "en" | "ar" | "hi" | "ja" | "ko" | "zh_CN" | "zh_TW") { "12.3" } else { "12,3" };
            for number in [size(12_345_678.0), time_left(12.3 * 3.6e6).expect("a time"), decimal(12.3)] {
                assert!(number.contains(separator), "{language}: {number}");
            }
        });
    }

    #[test]
    fn failures_name_their_numbers_and_hosts_in_every_language() {
        in_every_language(|language| {
            let large = failure(&Failure::TooLarge { width: 70_001, height: 70_002 });
            assert!(large.contains("70001") && large.contains("70002"), "{language}: {large}");
            let full = failure(&Failure::StorageFull { missing: 12_345_678 });
            assert!(full.contains(&size(12_345_678.0)), "{language}: {full}");
            for fault in [DownloadFault::Refused, DownloadFault::Answer] {
                let (host, detail) = ("hub.example:8080".to_owned(), String::new());
                let blamed = failure(&Failure::Download { fault, host, detail });
                assert!(blamed.contains("hub.example:8080"), "{language}: {blamed}");
            }
            let foreign = failure(&Failure::ForeignFormat { format: "HEIC".into() });
            assert!(foreign.contains("HEIC"), "{language}: {foreign}");
            assert!(!failure(&Failure::Cancelled).contains('$'));
        });
    }

    #[test]
    fn every_failure_has_a_sentence_of_its_own_with_a_next_step_in_every_language() {
        in_every_language(|language| {
            let mut seen = std::collections::BTreeSet::new();
            for one in crate::protocol::examples::failures() {
                let sentence = failure(&one);
                // What happened, then what to do: two clauses at least, in whichever marks the language has.
                let clauses = sentence.split(['.', ':', ';', ',', '。', '、', '，', '；', '：', '—', '،', '؛', '।']);
                let clauses = clauses.filter(|clause| !clause.trim().is_empty()).count();
                assert!(clauses >= 2, "{language}: {sentence}");
                assert!(!sentence.contains('$'), "{language}: {sentence}");
                assert!(seen.insert(sentence.clone()), "{language} says it twice: {sentence}");
            }
        });
    }

    #[test]
    fn the_rest_of_the_words_are_there() {
        in_every_language(|_| {
            for one in [Status::Available, Status::Busy, Status::Paused, Status::Installed, Status::Outdated] {
                assert!(!status(one).is_empty());
            }
            assert_ne!(precision(Precision::F16), precision(Precision::Int8));
            assert_ne!(edition(true), edition(false));
            assert!(text("modelsEditionIs", &[&edition(true)]).contains(&edition(true)));
            assert!(time_left(90_000.0).expect("a time").contains('2'), "rounded up to minutes");
            assert!(time(1234.0).contains('1'));
        });
    }
}
