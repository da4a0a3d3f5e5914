//! The imports of the shim's TypeScript.

use std::path::Path;

/// Every import of one file of a folder by another, types included, as (importer, imported), without extensions.
pub(super) fn imports(folder: &Path) -> Vec<(String, String)> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("readable folder") {
        let file = entry.expect("readable entry").path();
        if file.extension().is_some_and(|extension| extension == "ts") {
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).expect("readable source");
            found.extend(imported(&text).into_iter().map(|other| (name.clone(), other)));
        }
    }
    found
}

/// The files beside it that a source imports or exports from.
fn imported(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !["//", "/*", "*"].iter().any(|comment| line.trim_start().starts_with(comment));
    let code = text.lines().filter(is_code).collect::<Vec<_>>().join("\n").replace('"', "'");
    let after = |before: &str| {
        code.split(before).skip(1).filter_map(|rest| rest.split('\'').next()).map(str::to_owned).collect::<Vec<_>>()
    };
    [" from './", "import './", "import('./"].into_iter().flat_map(after).collect()
}

#[cfg(test)]
mod tests {
    use super::imported;

    #[test]
    fn imports_of_every_form_are_found() {
        let text = "import { a } from './one';\nimport type {\n  B,\n} from \"./two\";\nimport './three';\nexport * from './four';\n\
                    const five = await import('./five');\n// import { x } from './no';\nimport outside from 'outside';";
        let mut found = imported(text);
        found.sort();
        assert_eq!(found, ["five", "four", "one", "three", "two"]);
    }
}
