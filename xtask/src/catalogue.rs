//! Pins the models of the catalogue: asks their hub for the commit that each file is at, its length and its SHA-256, and writes them down.
//!
//! A maintainer runs it after trying the files that the hub has at that time: from then on, the extension takes these and no others.

use crate::shell::{output, root};
use crate::{Result, shell};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The catalogue.
pub fn file() -> PathBuf {
    root().join("extension/src/model_catalogue/catalogue.json")
}

/// Pins what the hub has now.
pub fn run() -> Result {
    pin(&file())?;
    shell::run(&root(), "git", &["--no-pager", "diff", "--stat", &file().to_string_lossy()])
}

/// The fields of an entry that say which file it is.
const PINS: [&str; 3] = ["commit", "bytes", "sha256"];

/// Pins all files of a catalogue to what its hub has now, and writes the catalogue.
fn pin(path: &Path) -> Result {
    let text = std::fs::read_to_string(path)?;
    let mut catalogue: Value = serde_json::from_str(&text)?;
    let hub = said(&catalogue, "hub")?.to_owned();
    let mut pins = vec![];
    for kind in ["models", "parts"] {
        let entries = catalogue[kind].as_array_mut().ok_or(format!("the catalogue has no list of {kind}"))?;
        for entry in entries {
            let found = find(&hub, entry)?;
            eprintln!("{}: {found}", said(entry, "id")?);
            for key in PINS {
                entry[key] = found[key].clone();
            }
            pins.push(found);
        }
    }
    let text = with_pins(&text, &pins);
    if serde_json::from_str::<Value>(&text)? != catalogue {
        return Err(format!("each entry of {} needs the lines {PINS:?}, in this order", path.display()).into());
    }
    std::fs::write(path, text)?;
    Ok(())
}

/// The text of a catalogue with these pins in the entries, in their order. All other lines stay as they are.
fn with_pins(text: &str, pins: &[Value]) -> String {
    let mut entries = [0; PINS.len()];
    let mut out = String::new();
    for line in text.lines() {
        let field = PINS.iter().position(|key| line.trim_start().starts_with(&format!("\"{key}\":")));
        let pin = field.and_then(|field| {
            entries[field] += 1;
            pins.get(entries[field] - 1)
        });
        match (field, pin, line.split_once(':')) {
            (Some(field), Some(pin), Some((start, _))) => {
                let comma = if line.ends_with(',') { "," } else { "" };
                out += &format!("{start}: {}{comma}", pin[PINS[field]]);
            }
            _ => out += line,
        }
        out.push('\n');
    }
    out
}

/// The commit, the length and the hash of an entry's file. The hash is null where the hub does not know it, as of small files.
fn find(hub: &str, entry: &Value) -> Result<Value> {
    let (repository, revision, path) = (said(entry, "repository")?, said(entry, "revision")?, said(entry, "path")?);
    let answer = get(&format!("{hub}/api/models/{repository}/revision/{revision}"))?;
    let commit = said(&answer, "sha")?;
    is_hexadecimal(commit, 40)?;
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("/{folder}"));
    let listing = get(&format!("{hub}/api/models/{repository}/tree/{commit}{folder}"))?;
    let item = listing.as_array().into_iter().flatten().find(|item| item["path"] == path);
    let item = item.ok_or(format!("{repository} has no {path} at {commit}"))?;
    let (size, hash) = match item.get("lfs") {
        Some(lfs) => (&lfs["size"], Some(said(lfs, "oid")?.to_lowercase())),
        None => (&item["size"], None),
    };
    let bytes = size.as_u64().filter(|&bytes| bytes > 0).ok_or(format!("{path} has a length of {size}"))?;
    if let Some(hash) = &hash {
        is_hexadecimal(hash, 64)?;
    }
    Ok(json!({ "commit": commit, "bytes": bytes, "sha256": hash }))
}

/// What the hub answers, as JSON.
fn get(url: &str) -> Result<Value> {
    let options = ["--silent", "--show-error", "--fail", "--location", "--max-time", "60"];
    let answer = output("curl", &[&options[..], &[url]].concat()).ok_or(format!("{url} gives no answer"))?;
    Ok(serde_json::from_str(&answer).map_err(|e| format!("{url}: {e}"))?)
}

/// A text in an answer or an entry.
fn said<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    Ok(value[key].as_str().ok_or(format!("there is no text {key} in {value}"))?)
}

/// Whether a text is in lower-case hexadecimal and has this length.
fn is_hexadecimal(text: &str, length: usize) -> Result {
    let fits = text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if fits { Ok(()) } else { Err(format!("{text:?} does not have {length} hexadecimal digits").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A hub that answers requests by their paths, until the test ends. Gives its origin.
    fn hub(answers: Vec<(String, String)>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("the same connection")).lines();
                let line = lines.next().expect("a request").expect("text");
                // The rest of the head, so that nothing is left unread when the connection closes.
                for _ in lines.map_while(|line| line.ok().filter(|line| !line.is_empty())) {}
                let path = line.split(' ').nth(1).expect("a path");
                let found = answers.iter().find(|(known, _)| known == path);
                let (status, body) = found.map_or(("404 Not Found", "no"), |(_, body)| ("200 OK", body));
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + body).as_bytes()).expect("an answer");
            }
        });
        origin
    }

    fn catalogue(hub: &str) -> String {
        let entry = |id: &str, path: &str| {
            format!(
                r#"  "id": "{id}", "repository": "owner/name",
      "revision": "main", "path": "{path}",
      "commit": null,
      "bytes": null,
      "sha256": null"#
            )
        };
        let (large, small) = (entry("large", "folder/large.bin"), entry("small", "small.json"));
        format!("{{\n  \"hub\": \"{hub}\",\n  \"models\": [{{ {large}\n}}],\n  \"parts\": [{{ {small}\n}}]\n}}\n")
    }

    /// Pins a catalogue in a file of this name.
    fn pinned(name: &str, catalogue: &str) -> Result<String> {
        let path = std::env::temp_dir().join(format!("rubout-{}-{name}.json", std::process::id()));
        std::fs::write(&path, catalogue)?;
        let result = pin(&path).and_then(|()| Ok(std::fs::read_to_string(&path)?));
        std::fs::remove_file(&path)?;
        result
    }

    fn answers(commit: &str, size: &str, oid: &str) -> Vec<(String, String)> {
        let tree = format!("/api/models/owner/name/tree/{commit}");
        let large = format!(
            r#"[{{"path":"folder/other.bin","size":1}},{{"path":"folder/large.bin","size":134,"lfs":{{"oid":"{oid}","size":{size}}}}}]"#
        );
        vec![
            ("/api/models/owner/name/revision/main".into(), format!(r#"{{"id":"owner/name","sha":"{commit}"}}"#)),
            (format!("{tree}/folder"), large),
            (tree, r#"[{"path":"small.json","size":12,"oid":"1"}]"#.into()),
        ]
    }

    #[test]
    fn every_file_is_pinned_to_what_the_hub_has() {
        let (commit, hash) = ("c".repeat(40), "AB".repeat(32));
        let before = catalogue(&hub(answers(&commit, "452", &hash)));
        let filled = |text: String, bytes: &str, sha256: &str| {
            let text = text.replacen("\"commit\": null", &format!("\"commit\": \"{commit}\""), 1);
            text.replacen("\"bytes\": null", bytes, 1).replacen("\"sha256\": null", sha256, 1)
        };
        let hash = format!("\"sha256\": \"{}\"", hash.to_lowercase());
        // The hub knows no hash of the second, which is small.
        let expected = filled(filled(before.clone(), "\"bytes\": 452", &hash), "\"bytes\": 12", "\"sha256\": null");
        let after = pinned("every", &before).expect("the hub answers");
        assert_eq!(after, expected, "nothing else has changed");
        assert_eq!(pinned("again", &after).expect("the hub answers"), after);
    }

    #[test]
    fn what_no_hub_can_mean_is_written_nowhere() {
        let (commit, hash) = ("c".repeat(40), "ab".repeat(32));
        for (i, (commit, size, oid)) in [
            ("main", "452", &*hash),
            (&commit, "0", &hash),
            (&commit, "-1", &hash),
            (&commit, "452", "abc"),
            (&commit, "1.5", &hash),
        ]
        .into_iter()
        .enumerate()
        {
            let refused = pinned(&format!("refused-{i}"), &catalogue(&hub(answers(commit, size, oid))));
            assert!(refused.is_err(), "{commit}, {size}, {oid}");
        }
        assert!(pinned("nobody", &catalogue(&hub(vec![]))).is_err(), "there is nothing");
    }

    #[test]
    fn the_catalogue_can_be_pinned() {
        let text = std::fs::read_to_string(file()).expect("the catalogue");
        let catalogue: Value = serde_json::from_str(&text).expect("JSON");
        let entries = ["models", "parts"].map(|kind| catalogue[kind].as_array().expect("a list").len()).iter().sum();
        let pin = json!({ "commit": "c", "bytes": 1, "sha256": "s" });
        let pinned = with_pins(&text, &vec![pin; entries]);
        for (key, value) in [("commit", "\"c\""), ("bytes", "1"), ("sha256", "\"s\"")] {
            assert_eq!(pinned.matches(&format!("\"{key}\": {value}")).count(), entries, "{key}");
        }
    }
}
