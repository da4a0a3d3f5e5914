//! What runs on the forge, in `.github/workflows`: by pinned actions, without secrets, with the compiler that the documents name.

use crate::Result;
use crate::release::RUST;
use crate::shell::root;

/// What is wrong with the text of a workflow.
fn faults(text: &str) -> Vec<String> {
    let mut faults = vec![];
    for line in text.lines().map(str::trim) {
        let words = line.trim_start_matches("- ");
        if let Some(action) = words.strip_prefix("uses: ") {
            let commit = action.split_once('@').and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default();
            if commit.len() != 40 || !commit.chars().all(|c| c.is_ascii_hexdigit()) {
                faults.push(format!("`{action}` is not pinned to a commit"));
            }
        }
        if let Some(image) = words.strip_prefix("container: ")
            && !image.starts_with(&format!("rust:{RUST}-"))
        {
            faults.push(format!("`{image}` has another Rust than {RUST}"));
        }
        if line.contains("secrets.") && !line.starts_with('#') {
            faults.push(format!("`{line}` needs a secret"));
        }
    }
    if !text.contains("\npermissions:\n  contents: read\n") {
        faults.push("its jobs may write unless they say otherwise".into());
    }
    faults
}

/// Fails where a workflow is not as it should be, or the page on building names another compiler.
pub fn check() -> Result {
    let mut all = vec![];
    for entry in std::fs::read_dir(root().join(".github/workflows"))? {
        let path = entry?.path();
        let of = faults(&std::fs::read_to_string(&path)?);
        all.extend(of.into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    if !std::fs::read_to_string(root().join("docs/build.md"))?.contains(&format!("Rust {RUST}")) {
        all.push(format!("docs/build.md does not name Rust {RUST}"));
    }
    if all.is_empty() { Ok(()) } else { Err(all.join("\n").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workflow_must_not_do_is_noticed() {
        let good = format!(
            "on: push\n\npermissions:\n  contents: read\n\njobs:\n  a:\n    container: rust:{RUST}-x\n    steps:\n      - uses: a/b@{} # v1\n",
            "0123456789".repeat(4)
        );
        assert_eq!(faults(&good), Vec::<String>::new());
        for (from, to) in [
            ("contents: read", "contents: write"),
            ("# v1", "# v1\n      - run: x ${{ secrets.KEY }}"),
            (RUST, "1.0.0"),
            ("0123456789 ", "v1 "),
        ] {
            assert_eq!(faults(&good.replace(from, to)).len(), 1, "{to}");
        }
    }

    #[test]
    fn the_workflows_are_as_they_should_be() {
        check().expect("they are");
    }
}
