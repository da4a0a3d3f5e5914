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

/// The address of a file. The hub redirects each request to an address that is valid for a short time, so every download starts here.
pub fn file_url(hub: &str, entry: &Entry) -> String {
    format!("{hub}/{}/resolve/{}/{}", entry.repository, entry.revision, entry.path)
}

/// Finds a file in the hub's listing of its folder.
pub fn parse_listing(json: &str, entry: &Entry) -> Option<Listing> {
    let items: Vec<Item> = serde_json::from_str(json).ok()?;
    let item = items.into_iter().find(|item| item.path == entry.path)?;
    Some(match item.lfs {
        Some(lfs) => Listing { bytes: lfs.size, sha256: sha256(&lfs.oid) },
        None => Listing { bytes: item.size, sha256: None },
    })
}

/// The SHA-256 in an entity tag of the hub; none for small files, whose tags are something else. Tags are in quotation marks.
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

/// Bytes in lower-case hexadecimal, as hashes are written.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a server's answer to a request for a range means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The answer begins with the first byte of the range.
    InPlace {
        /// Length of the whole file in bytes, where the server says it.
        whole: Option<u64>,
    },
    /// All bytes so far are useless, and the download starts over. Says why.
    StartOver(&'static str),
    /// The server refuses.
    Refused {
        /// Whether asking again may help: too many requests and time-outs pass, what is missing or forbidden stays so.
        may_pass: bool,
    },
}

/// Reads status and headers of an answer. The request was for a file of `length` bytes (0 while unknown), from byte `from` on.
pub fn answered(status: u16, header: impl Fn(&str) -> Option<String>, from: u64, length: u64) -> Answered {
    match status {
        206 => {
            let told = header("content-range").and_then(|header| content_range(&header));
            // A server that hides the header has at least answered the request for a range.
            let (first, whole) = told.unwrap_or((from, None));
            if first != from || whole.is_some_and(|whole| length != 0 && whole != length) {
                return Answered::StartOver("the file changed on the server");
            }
            Answered::InPlace { whole }
        }
        200 if from == 0 => {
            Answered::InPlace { whole: header("content-length").and_then(|length| length.parse().ok()) }
        }
        200 => Answered::StartOver("the server begins from the beginning"),
        416 => Answered::StartOver("the server has less than was asked for"),
        status => Answered::Refused { may_pass: !(400..500).contains(&status) || matches!(status, 408 | 429) },
    }
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

    #[test]
    fn answers_to_ranges_are_told_apart() {
        let header =
            |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.to_owned());
        let range = |value| header("content-range", value);
        assert_eq!(answered(206, range("bytes 5-9/10"), 5, 10), Answered::InPlace { whole: Some(10) });
        assert_eq!(answered(206, range("bytes 5-9/10"), 5, 0), Answered::InPlace { whole: Some(10) });
        assert_eq!(answered(206, |_| None, 5, 10), Answered::InPlace { whole: None });
        for changed in ["bytes 4-9/10", "bytes 5-9/11"] {
            assert!(matches!(answered(206, range(changed), 5, 10), Answered::StartOver(_)), "{changed}");
        }
        assert_eq!(answered(200, header("content-length", "10"), 0, 0), Answered::InPlace { whole: Some(10) });
        assert!(matches!(answered(200, |_| None, 5, 10), Answered::StartOver(_)));
        assert!(matches!(answered(416, |_| None, 5, 10), Answered::StartOver(_)));
        for (status, may_pass) in [(404, false), (403, false), (408, true), (429, true), (500, true), (503, true)] {
            assert_eq!(answered(status, |_| None, 0, 10), Answered::Refused { may_pass }, "{status}");
        }
    }

    #[test]
    fn hashes_are_written_in_lower_case() {
        assert_eq!(hexadecimal(&[0, 15, 255]), "000fff");
    }
}
