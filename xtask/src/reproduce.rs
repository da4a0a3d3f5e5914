//! Whether the archive of the sources gives the packages, byte for byte, wherever and by whomever it is built.

use crate::build::Browser;
use crate::shell::{copy_folder, output, root};
use crate::{Result, build, package};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use zip::ZipArchive;

/// When the unpacked files say that they were changed: in February 2001, seconds after 1970.
const THEN: u64 = 981_173_106;
/// Another user, where the system lets one become one: a number in a namespace of its own.
const SOMEBODY: [&str; 3] = ["--user", "--map-user=1234", "--map-group=1234"];
/// What would tell the build of the folder and the settings that it is run from.
const LEFT_BEHIND: [&str; 5] =
    ["CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CARGO", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];

/// Unpacks the archive that `cargo xtask package` made into another folder, builds there with another home, user, time zone and age of files,
/// and compares the packages. The compiler is the same: another one gives other bytes.
///
/// # Errors
/// When they differ; what was built is left there then.
pub fn run() -> Result {
    let archive = package::file(&root(), package::SOURCES);
    if !archive.exists() {
        return Err(format!("there is no {}: run `cargo xtask package` first", archive.display()).into());
    }
    let elsewhere = std::env::temp_dir().join(format!("built-elsewhere-{}", std::process::id()));
    let folder = unpack(&archive, &elsewhere)?;
    build_in(&folder, &elsewhere)?;
    let mut faults = vec![];
    for ending in [Browser::Chrome, Browser::Firefox].map(package::ending) {
        let [here, there] = [root(), folder.clone()].map(|repository| package::file(&repository, ending));
        let differing = differences(&std::fs::read(&here)?, &std::fs::read(&there)?)?;
        if differing.is_empty() {
            println!("{ending}: the same, byte for byte");
        } else {
            faults.push(format!(
                "{ending} differs in {}; compare {} and {}",
                differing.join(", "),
                here.display(),
                there.display()
            ));
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    Ok(std::fs::remove_dir_all(elsewhere)?)
}

/// Unpacks into a folder, and makes all files old. Gives the folder of the sources.
fn unpack(archive: &Path, to: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(to)?;
    ZipArchive::new(std::fs::File::open(archive)?)?.extract(to)?;
    let folder = to.join(format!("rubout-{}", build::VERSION));
    age(&folder)?;
    Ok(folder)
}

fn age(folder: &Path) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            age(&path)?;
        } else if path.is_file() {
            std::fs::File::open(&path)?.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(THEN))?;
        }
    }
    Ok(())
}

/// Builds the packages in another folder. What was downloaded before is taken from there.
fn build_in(folder: &Path, elsewhere: &Path) -> Result {
    let home = std::env::var_os("HOME").map(PathBuf::from).ok_or("HOME is not set")?;
    let of = |name: &str, usual: &str| std::env::var_os(name).map_or_else(|| home.join(usual), PathBuf::from);
    let (cargo_home, registry) = (elsewhere.join("cargo"), of("CARGO_HOME", ".cargo").join("registry"));
    for part in ["index", "cache"].iter().filter(|part| registry.join(part).exists()) {
        copy_folder(&registry.join(part), &cargo_home.join("registry").join(part))?;
    }
    let npm = output("npm", &["config", "get", "cache"]).ok_or("npm does not name its cache")?;
    let mut program = vec!["cargo", "xtask", "package"];
    if output("unshare", &[&SOMEBODY[..], &["true"]].concat()).is_some() {
        program = [&["unshare"], &SOMEBODY[..], &program].concat();
    } else {
        eprintln!("this system gives no other user: it is built as the same one");
    }
    std::fs::create_dir_all(elsewhere.join("home"))?;
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).current_dir(folder);
    for name in LEFT_BEHIND {
        command.env_remove(name);
    }
    command.env("HOME", elsewhere.join("home")).env("CARGO_HOME", cargo_home);
    command.env("RUSTUP_HOME", of("RUSTUP_HOME", ".rustup")).env("npm_config_cache", npm.trim());
    command.envs([("USER", "somebody"), ("LOGNAME", "somebody"), ("TZ", "Pacific/Kiritimati"), ("LC_ALL", "C")]);
    eprintln!("> {} (in {})", program.join(" "), folder.display());
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("it does not build in {} ({status})", folder.display()).into()) }
}

/// Names of the entries in which two archives differ; empty only where they are the same, byte for byte.
fn differences(one: &[u8], other: &[u8]) -> Result<Vec<String>> {
    if one == other {
        return Ok(vec![]);
    }
    let [one, other] = [entries(one)?, entries(other)?];
    let mut names: Vec<String> = one
        .iter()
        .filter(|entry| !other.contains(entry))
        .chain(other.iter().filter(|entry| !one.contains(entry)))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        names.push("how they are packed".into());
    }
    Ok(names)
}

fn entries(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(std::io::Cursor::new(archive))?;
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at)?;
            let mut bytes = vec![];
            entry.read_to_end(&mut bytes)?;
            Ok((entry.name()?.into_owned(), bytes))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
        for (name, text) in files {
            writer.start_file(*name, SimpleFileOptions::default()).expect("an entry");
            writer.write_all(text.as_bytes()).expect("its bytes");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn what_differs_is_named() {
        let of = |other: &[(&str, &str)]| {
            differences(&archive(&[("a", "1"), ("b", "2")]), &archive(other)).expect("archives")
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), Vec::<String>::new());
        assert_eq!(of(&[("a", "1"), ("b", "3")]), ["b"]);
        assert_eq!(of(&[("a", "1")]), ["b"]);
        assert_eq!(of(&[("b", "2"), ("a", "1")]), ["how they are packed"]);
    }
}
