//! Running other programs, and finding one's way in the repository.

use crate::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo's name of the browser as a platform.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The repository's root.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lives in the repository").to_owned()
}

/// Where cargo puts what it builds: `target/`, unless the user has chosen another folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |chosen| root().join(chosen))
}

/// Runs a program in `folder` and fails when it does.
pub fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result {
    let line = format!("{program} {}", arguments.join(" "));
    eprintln!("> {line}");
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .status()
        .map_err(|e| format!("`{line}` did not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
}

/// Runs cargo, the one that runs us.
pub fn cargo(arguments: &[&str]) -> Result {
    run(&root(), &cargo_itself(), arguments)
}

/// What cargo prints.
pub fn cargo_output(arguments: &[&str]) -> Result<String> {
    let arguments = [&["--color", "never"], arguments].concat();
    let output = Command::new(cargo_itself()).args(&arguments).current_dir(root()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("`cargo {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into())
}

fn cargo_itself() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// What a program prints, when it succeeds.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies the files of a folder, and those of its folders.
pub fn copy_folder(from: &Path, to: &Path) -> Result {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
