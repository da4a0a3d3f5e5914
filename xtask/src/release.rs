//! A release: what has to be true of a version before it goes out, its packages and their checksums.

use crate::shell::{self, root};
use crate::{Result, build, changelog, package};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::PathBuf;

/// The compiler that releases are built with: another one gives other bytes.
pub const RUST: &str = "1.95.0";
/// Name of the file with the checksums.
const SUMS: &str = "dist/SHA256SUMS";

/// Builds the packages of the version that `tag` names, with their checksums, and what the changelog says of it.
///
/// # Errors
/// When the version is not ready to go out, or another compiler is at work.
pub fn run(tag: &str) -> Result {
    let changes = check(tag)?;
    let rust = shell::output("rustc", &["--version"]).unwrap_or_default();
    if !rust.starts_with(&format!("rustc {RUST} ")) {
        return Err(format!("releases are built with Rust {RUST}, this is {rust}").into());
    }
    package::run()?;
    std::fs::write(root().join("dist/changes.md"), changes)?;
    Ok(())
}

/// Checks that the version goes out under its own name, with its section in the changelog and, where it brings more than corrections, with words
/// for its users. Gives the section.
pub fn check(tag: &str) -> Result<String> {
    if tag != format!("v{}", build::VERSION) {
        return Err(format!("{tag} is not the tag of version {} (Cargo.toml): v{0}", build::VERSION).into());
    }
    let changes = changelog::of_release()?;
    let english = std::fs::read_to_string(root().join("extension/_locales/en/messages.json"))?;
    if !has_words(&serde_json::from_str(&english)?, build::VERSION) {
        return Err(format!(
            "nothing tells users what {} brings: extension/src/releases.rs, and its sentence in every language",
            build::VERSION
        )
        .into());
    }
    Ok(changes)
}

/// Whether there are words for a version. One that only mends things (its last number is not 0) needs none.
fn has_words(english: &Value, version: &str) -> bool {
    let key = format!("release{}", version.replace('.', "_"));
    !version.ends_with(".0") || english.get(key).is_some()
}

/// Writes the checksums of files beside each other, as `sha256sum --check` reads them.
pub fn sums(files: &[PathBuf]) -> Result {
    let mut text = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(text, "{}  {name}", hash(&std::fs::read(file)?))?;
    }
    std::fs::write(root().join(SUMS), &text)?;
    print!("{text}");
    Ok(())
}

/// The SHA-256 of bytes, in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_brings_something_needs_words() {
        let english = serde_json::json!({ "release0_1_0": {} });
        assert!(has_words(&english, "0.1.0") && has_words(&english, "0.1.1") && !has_words(&english, "0.2.0"));
    }

    #[test]
    fn only_its_own_tag_is_taken() {
        assert!(check("v9.9.9").is_err_and(|error| error.to_string().contains("is not the tag")));
        assert!(check(build::VERSION).is_err());
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
