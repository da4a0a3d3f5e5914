//! The addresses of the Hugging Face hub, and what it answers.

use super::catalogue::Entry;
use serde::Deserialize;

/// What the hub says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal, where the hub knows it: that of large files.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    path: String,
    size: u64,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    oid: String,
    size: u64,
}

/// Where the hub lists the folder of a file.
pub fn listing_url(hub: &str, entry: &Entry) -> String {
    let folder = entry.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("/{folder}"));
    format!("{hub}/api/models/{}/tree/{}{folder}", entry.repository, entry.revision)
}

/// Where a file is. It answers with a redirection that is signed anew each time, so a download always starts here.
pub fn file_url(hub: &str, entry: &Entry) -> String {
    format!("{hub}/{}/resolve/{}/{}", entry.repository, entry.revision, entry.path)
}

/// Finds a file in the hub's list of its folder.
pub fn parse_listing(json: &str, entry: &Entry) -> Option<Listing> {
    let items: Vec<Item> = serde_json::from_str(json).ok()?;
    let item = items.into_iter().find(|item| item.path == entry.path)?;
    Some(match item.lfs {
        Some(lfs) => Listing { bytes: lfs.size, sha256: sha256(&lfs.oid) },
        None => Listing { bytes: item.size, sha256: None },
    })
}

/// A hash, if the text is one: an entity tag of the hub is in quotation marks, and is a hash for large files only.
pub fn sha256(text: &str) -> Option<String> {
    let text = text.trim_start_matches("W/").trim_matches('"');
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| text.to_ascii_lowercase())
}

/// First byte and length of the whole, of a `Content-Range` such as `bytes 5-9/10`.
pub fn content_range(header: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, whole.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_catalogue::catalogue::Catalogue;

    #[test]
    fn addresses_are_the_hubs() {
        let entry = &Catalogue::built_in().models[0];
        let at = "https://hub.example";
        assert_eq!(listing_url(at, entry), "https://hub.example/api/models/hustvl/Moebius/tree/main/ft_places2");
        let file = "https://hub.example/hustvl/Moebius/resolve/main/ft_places2/diffusion_pytorch_model.bin";
        assert_eq!(file_url(at, entry), file);
    }

    #[test]
    fn listings_are_read_and_others_ignored() {
        let entry = &Catalogue::built_in().models[0];
        let oid = "AB".repeat(32);
        let json = format!(
            r#"[{{"type":"directory","path":"ft_places2/x","size":0,"oid":"1"}},
               {{"type":"file","path":"{}","size":134,"oid":"2","lfs":{{"oid":"{oid}","size":452,"pointerSize":134}}}}]"#,
            entry.path
        );
        let found = parse_listing(&json, entry);
        assert_eq!(found, Some(Listing { bytes: 452, sha256: Some(oid.to_lowercase()) }));
        for other in ["[]", "{}", "<html>", "[{\"path\":1}]"] {
            assert_eq!(parse_listing(other, entry), None);
        }
    }

    #[test]
    fn hashes_and_ranges_are_told_from_other_texts() {
        assert_eq!(sha256(&format!("\"{}\"", "0f".repeat(32))), Some("0f".repeat(32)));
        assert_eq!(sha256("\"d41d8cd98f00b204e9800998ecf8427e\""), None);
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 0-4/*"), Some((0, None)));
        assert_eq!(content_range("bytes */10"), None);
        assert_eq!(content_range("items 0-1/2"), None);
    }
}
