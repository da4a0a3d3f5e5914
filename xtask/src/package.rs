//! What goes to the stores.

use crate::build::Browser;
use crate::shell::{self, root};
use crate::{Result, build, changelog, lint, release, size};
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// What a browser's package is called after the version.
pub fn ending(browser: Browser) -> &'static str {
    match browser {
        Browser::Chrome => "chrome.zip",
        Browser::Firefox => "firefox.xpi",
    }
}

/// What the archive of the sources is called after the version.
pub const SOURCES: &str = "source.zip";

/// Where a package of this version is, below the folder of a repository.
pub fn file(repository: &Path, ending: &str) -> PathBuf {
    repository.join(format!("dist/rubout-{}-{ending}", build::VERSION))
}

/// Builds and zips for each browser, and puts the committed sources beside that, which Firefox's store asks for: from the same sources, the same
/// bytes. In a folder that such an archive was unpacked to, there is nothing committed, and the packages are all.
pub fn run() -> Result {
    changelog::check()?;
    let is_repository = root().join(".git").exists();
    if is_repository {
        // The archive has what is committed, and nothing else can be built from it.
        let changed = shell::output("git", &["status", "--porcelain", "--untracked-files=no"])
            .ok_or("git does not say what has changed here")?;
        if !changed.is_empty() {
            return Err(format!("commit first; these have changed since:\n{changed}").into());
        }
    }
    build::run(build::Profile::Web)?;
    size::check()?;
    lint::firefox_package()?;
    let mut made = vec![];
    for browser in [Browser::Chrome, Browser::Firefox] {
        made.push(file(&root(), ending(browser)));
        zip(&browser.folder(), &made[made.len() - 1])?;
    }
    if is_repository {
        let sources = file(&root(), SOURCES);
        let (prefix, out) = (format!("--prefix=rubout-{}/", build::VERSION), format!("--output={}", sources.display()));
        shell::run(&root(), "git", &["archive", "--format=zip", &prefix, &out, "HEAD"])?;
        made.push(sources);
    }
    release::sums(&made)
}

/// Zips a folder. Entries are sorted and carry no time.
fn zip(folder: &Path, target: &Path) -> Result {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(target)?);
    for name in &files {
        archive.start_file(name.as_str(), SimpleFileOptions::default())?;
        archive.write_all(&std::fs::read(folder.join(name))?)?;
    }
    archive.finish()?;
    println!("{} ({} files)", target.display(), files.len());
    Ok(())
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_the_order_of_files_do_not_show_in_an_archive() {
        let folder = std::env::temp_dir().join(format!("rubout-zip-{}", std::process::id()));
        let make = |name: &str, files: [&str; 2], age: u64| {
            let from = folder.join(name);
            std::fs::create_dir_all(from.join("inner")).expect("a folder for the test");
            for file in files {
                std::fs::write(from.join(file), file).expect("a file");
                let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age);
                std::fs::File::options()
                    .write(true)
                    .open(from.join(file))
                    .and_then(|it| it.set_modified(then))
                    .expect("a time");
            }
            let to = folder.join(format!("{name}.zip"));
            zip(&from, &to).expect("an archive");
            std::fs::read(to).expect("which is there")
        };
        assert_eq!(make("a", ["b", "inner/a"], 1_000_000_000), make("b", ["inner/a", "b"], 1_700_000_000));
        std::fs::remove_dir_all(folder).expect("the test's own folder");
    }
}
