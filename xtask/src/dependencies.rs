//! What the workspace is made of, held against `xtask/dependency-policy.json`: licences, sources, versions side by side, and known
//! vulnerabilities.
//!
//! cargo-deny checks the same and more, but compiling it takes longer than all of `cargo xtask lint`.

use crate::Result;
use crate::shell::{self, output, root};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where known vulnerabilities are asked for: the database of Open Source Vulnerabilities, which holds those of RustSec.
const ADVISORIES: &str = "https://api.osv.dev/v1/querybatch";
/// Seconds to wait for it.
const PATIENCE: &str = "10";
/// Where npm's packages come from.
const NPM: &str = "https://registry.npmjs.org/";

/// A package of somebody else's, or of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// SPDX expression.
    pub licence: String,
    pub authors: Vec<String>,
    /// Web page of its sources.
    pub repository: String,
    /// Where its sources are on this machine.
    pub folder: PathBuf,
    /// Whether it is a part of this repository.
    pub ours: bool,
}

/// The packages for this machine and for the browser, sorted by name.
fn all() -> Result<Vec<Package>> {
    let host = output("rustc", &["-vV"]).ok_or("rustc does not say its version")?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let platforms = ["--filter-platform", host, "--filter-platform", shell::WASM];
    let metadata = shell::cargo_output(&[&["metadata", "--format-version", "1", "--locked"][..], &platforms].concat())?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists packages")?;
    let mut packages: Vec<Package> = packages.iter().map(package).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(packages)
}

fn package(found: &Value) -> Package {
    let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    let authors = found["authors"].as_array().into_iter().flatten().filter_map(Value::as_str).map(Into::into);
    Package {
        name: text("name"),
        version: text("version"),
        licence: text("license"),
        authors: authors.collect(),
        repository: text("repository"),
        folder: Path::new(&text("manifest_path")).parent().map(Path::to_owned).unwrap_or_default(),
        ours: found["source"].is_null(),
    }
}

/// Those whose code is in the extension, macros that wrote some of it included.
pub fn shipped() -> Result<Vec<Package>> {
    let what = ["--package", "extension", "--features", "extension/engine", "--target", shell::WASM];
    let how = ["--edges", "normal", "--prefix", "none", "--format", "{p}", "--locked"];
    let tree = shell::cargo_output(&[&["tree"][..], &what, &how].concat())?;
    let mut packages = all()?;
    packages.retain(|package| !package.ours && lists(&tree, package));
    Ok(packages)
}

/// Whether a line of cargo's tree names the package: `NAME vVERSION`, and sometimes more.
fn lists(tree: &str, package: &Package) -> bool {
    let name = format!("{} v{}", package.name, package.version);
    tree.lines().any(|line| line.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

/// Whether one licence alone is enough for using a package.
pub fn may_be_used_under(package: &Package, licence: &str) -> bool {
    satisfied(&package.licence, |one| one == licence)
}

/// Whether an SPDX expression, or its older form with slashes, is satisfied by licences that are `allowed`.
fn satisfied(expression: &str, allowed: impl Fn(&str) -> bool) -> bool {
    let expression = spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX);
    expression.is_ok_and(|expression| expression.evaluate(|licence| allowed(&licence.to_string())))
}

/// Fails where something is not as the policy wants it. A database of vulnerabilities that cannot be reached is no failure.
pub fn check() -> Result {
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    let policy: Value = serde_json::from_str(&read("xtask/dependency-policy.json")?)?;
    let lock_file = read("Cargo.lock")?;
    let locked = locked(&lock_file);
    let mut faults = licence_faults(&all()?, &policy);
    faults.extend(source_faults(&locked, &policy));
    faults.extend(npm_faults(&serde_json::from_str(&read("e2e/package-lock.json")?)?));
    faults.extend(duplicate_faults(&locked, &policy));
    match advisories(&locked) {
        Some(answer) => faults.extend(advisory_faults(&locked, &answer, &policy)),
        None => eprintln!("known vulnerabilities were not looked up: {ADVISORIES} cannot be reached"),
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("against xtask/dependency-policy.json:\n{}", faults.join("\n")).into())
}

fn licence_faults(packages: &[Package], policy: &Value) -> Vec<String> {
    let allowed = |licence: &str| listed(&policy["licences"], licence);
    let refused = packages.iter().filter(|package| !satisfied(&package.licence, allowed));
    refused.map(|p| format!("{} {}: the licence \"{}\" is not allowed", p.name, p.version, p.licence)).collect()
}

/// A package of the lock file that is somebody else's.
#[derive(Debug, PartialEq, Eq)]
struct Locked<'a> {
    name: &'a str,
    version: &'a str,
    source: &'a str,
}

/// The packages of a `Cargo.lock` that are somebody else's, for all platforms.
fn locked(file: &str) -> Vec<Locked<'_>> {
    fn package(entry: &str) -> Option<Locked<'_>> {
        let field = |name: &str| {
            let value = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            value.strip_suffix('"')
        };
        Some(Locked { name: field("name")?, version: field("version")?, source: field("source")? })
    }
    file.split("[[package]]").filter_map(package).collect()
}

fn source_faults(locked: &[Locked<'_>], policy: &Value) -> Vec<String> {
    let elsewhere = locked.iter().filter(|package| !listed(&policy["sources"], package.source));
    elsewhere.map(|p| format!("{} {} comes from {}", p.name, p.version, p.source)).collect()
}

/// npm's packages that come from elsewhere than its registry, or whose bytes are not checked.
fn npm_faults(lock: &Value) -> Vec<String> {
    let packages = lock["packages"].as_object().into_iter().flatten().filter(|(path, _)| !path.is_empty());
    // An entry without an address is taken from the registry that npm is set to; its checksum is that of the published package all the same.
    let elsewhere = |package: &Value| package["resolved"].as_str().is_some_and(|url| !url.starts_with(NPM));
    let unchecked = packages.filter(|(_, package)| elsewhere(package) || package["integrity"].is_null());
    unchecked.map(|(path, _)| format!("e2e/{path} does not come from {NPM} with a checksum")).collect()
}

/// Packages in several versions that the policy does not explain, and explanations that are no longer needed.
fn duplicate_faults(locked: &[Locked<'_>], policy: &Value) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in locked {
        versions.entry(package.name).or_default().push(package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let unexplained = versions.iter().filter(|(name, _)| policy["duplicates"][**name].is_null());
    let mut faults: Vec<String> =
        unexplained.map(|(name, versions)| format!("{name} is there as {}", versions.join(" and "))).collect();
    let explained = policy["duplicates"].as_object().into_iter().flatten();
    let outdated = explained.filter(|(name, _)| !versions.contains_key(name.as_str()));
    faults.extend(outdated.map(|(name, _)| format!("{name} is there once, and needs no explanation")));
    faults
}

/// What the database of vulnerabilities says of the packages, in their order. None when it cannot be reached, or is not understood.
fn advisories(locked: &[Locked<'_>]) -> Option<Value> {
    let query =
        |p: &Locked<'_>| json!({ "package": { "name": p.name, "ecosystem": "crates.io" }, "version": p.version });
    let queries = json!({ "queries": locked.iter().map(query).collect::<Vec<_>>() }).to_string();
    let options = ["--silent", "--fail", "--max-time", PATIENCE, "--header", "Content-Type: application/json"];
    let answer = output("curl", &[&options[..], &["--data", &queries, ADVISORIES]].concat())?;
    let answer: Value = serde_json::from_str(&answer).ok()?;
    answer["results"].is_array().then_some(answer)
}

/// Vulnerabilities that the policy does not explain.
fn advisory_faults(locked: &[Locked<'_>], answer: &Value, policy: &Value) -> Vec<String> {
    let mut faults = vec![];
    for (package, result) in locked.iter().zip(answer["results"].as_array().into_iter().flatten()) {
        let ids = result["vulns"].as_array().into_iter().flatten().filter_map(|found| found["id"].as_str());
        let unexplained = ids.filter(|id| policy["advisories"][*id].is_null());
        faults.extend(unexplained.map(|id| format!("{} {}: {id}", package.name, package.version)));
    }
    faults
}

fn listed(list: &Value, text: &str) -> bool {
    list.as_array().into_iter().flatten().any(|entry| entry == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n\n\
        [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"00\"\n\n\
        [[package]]\nname = \"a\"\nversion = \"2.0.0\"\nsource = \"git+y\"\n\n\
        [[package]]\nname = \"b\"\nversion = \"3.0.0\"\nsource = \"registry+x\"\n";

    fn package(name: &str, licence: &str) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            licence: licence.into(),
            authors: vec![],
            repository: String::new(),
            folder: PathBuf::new(),
            ours: false,
        }
    }

    #[test]
    fn sources_and_versions_side_by_side_are_read_from_the_lock_file() {
        let locked = locked(LOCK);
        assert_eq!(
            locked.iter().map(|p| (p.name, p.version)).collect::<Vec<_>>(),
            [("a", "1.0.0"), ("a", "2.0.0"), ("b", "3.0.0")]
        );
        let policy = json!({ "sources": ["registry+x"], "duplicates": {} });
        assert_eq!(source_faults(&locked, &policy), ["a 2.0.0 comes from git+y"]);
        assert_eq!(duplicate_faults(&locked, &policy), ["a is there as 1.0.0 and 2.0.0"]);
        let policy = json!({ "sources": ["registry+x", "git+y"], "duplicates": { "a": "why", "b": "why" } });
        assert!(source_faults(&locked, &policy).is_empty());
        assert_eq!(duplicate_faults(&locked, &policy), ["b is there once, and needs no explanation"]);
    }

    #[test]
    fn a_licence_is_allowed_if_a_choice_of_it_is() {
        let policy = json!({ "licences": ["MIT", "Apache-2.0", "IJG"] });
        for (licence, is_allowed) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only OR MIT", true),
            ("(MIT OR Apache-2.0) AND IJG", true),
            ("MIT AND GPL-3.0-only", false),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("", false),
            ("no licence", false),
        ] {
            assert_eq!(licence_faults(&[package("a", licence)], &policy).is_empty(), is_allowed, "{licence}");
        }
    }

    #[test]
    fn npm_packages_come_from_its_registry_with_a_checksum() {
        let lock = |package: Value| json!({ "packages": { "": {}, "node_modules/a": package } });
        let good = json!({ "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-x" });
        assert!(npm_faults(&lock(good)).is_empty());
        assert!(
            npm_faults(&lock(json!({ "integrity": "sha512-x" }))).is_empty(),
            "npm may leave out its registry's address"
        );
        for bad in [
            json!({ "resolved": "https://example.org/a.tgz", "integrity": "sha512-x" }),
            json!({ "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz" }),
            json!({ "link": true }),
        ] {
            assert_eq!(npm_faults(&lock(bad)).len(), 1);
        }
    }

    #[test]
    fn vulnerabilities_are_faults_unless_they_are_explained() {
        let answer = json!({ "results": [{}, { "vulns": [{ "id": "RUSTSEC-1" }, { "id": "RUSTSEC-2" }] }, {}] });
        let policy = json!({ "advisories": { "RUSTSEC-2": "why" } });
        assert_eq!(advisory_faults(&locked(LOCK), &answer, &policy), ["a 2.0.0: RUSTSEC-1"]);
    }

    #[test]
    fn a_line_of_the_tree_names_one_version() {
        let tree = "a v1.0.0\nb v1.0.0-rc.1 (proc-macro)\nc v1.0.0 (proc-macro)\n";
        let listed: Vec<bool> = ["a", "b", "c"].iter().map(|name| lists(tree, &package(name, "MIT"))).collect();
        assert_eq!(listed, [true, false, true]);
    }
}
