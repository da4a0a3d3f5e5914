//! The addresses of the Hugging Face hub, and what it answers. The hub, a mirror and whoever sits between may answer anything: what no file has
//! is told from what a file may have, and each objection says who is to blame.

use super::catalogue::Entry;
use super::listing::{Listing, is_length};
use crate::protocol::DownloadFault;
use serde::Deserialize;

/// Why an answer is of no use: who is to blame, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objection(pub DownloadFault, pub &'static str);

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
    format!("{hub}/api/models/{}/tree/{}{folder}", entry.repository, entry.at())
}

/// The address of a file. The hub redirects each request to an address that is valid for a short time, so every download starts here.
pub fn file_url(hub: &str, entry: &Entry) -> String {
    format!("{hub}/{}/resolve/{}/{}", entry.repository, entry.at(), entry.path)
}

/// Finds a file in the hub's listing of its folder.
///
/// # Errors
/// When the listing is none, does not have the file, or says of it what cannot be.
pub fn parse_listing(json: &[u8], entry: &Entry) -> Result<Listing, Objection> {
    let wrong = |what| Objection(DownloadFault::Answer, what);
    let items: Vec<Item> = serde_json::from_slice(json).map_err(|_| wrong("its list of files is no such list"))?;
    let item = items.into_iter().find(|item| item.path == entry.path);
    let item = item.ok_or(Objection(DownloadFault::Refused, "its list of files does not have this one"))?;
    let (bytes, sha256) = match item.lfs {
        Some(Lfs { oid, size }) => (size, Some(sha256(&oid).ok_or(wrong("what it lists as a hash is none"))?)),
        None => (item.size, None),
    };
    if !is_length(bytes) {
        return Err(wrong("it lists a length that no file has"));
    }
    let listed = Listing { bytes, sha256 };
    if entry.allows(&listed) {
        Ok(listed)
    } else {
        Err(wrong("it lists another file than the one that this version was made for"))
    }
}

/// How long a file is, by the head of the answer to a request for all of it. `as_range` says whether it was asked for as a range, as which it
/// comes as it is; otherwise it may come compressed, and the length in the head is another. None if the server does not say it.
///
/// # Errors
/// When the server does not give the file out, or says what cannot be.
pub fn told_length(
    status: u16,
    header: impl Fn(&str) -> Option<String>,
    as_range: bool,
) -> Result<Option<u64>, Objection> {
    let wrong = Objection(DownloadFault::Answer, "it says a length that no file has");
    let told = match status {
        206 => match header("content-range") {
            Some(told) => content_range(&told).filter(|&(first, _)| first == 0).ok_or(wrong)?.1,
            None => None,
        },
        200 => None,
        _ => return Err(Objection(DownloadFault::Refused, "it does not give the file out")),
    };
    let told = match (told, header("content-length")) {
        (None, Some(length)) if as_range => Some(length.parse().map_err(|_| wrong)?),
        (told, _) => told,
    };
    if told.is_none_or(is_length) { Ok(told) } else { Err(wrong) }
}

/// What the server calls this version of a file: a strong entity tag, or else the date of its last change. With neither, nothing shows
/// whether bytes of two answers belong together.
pub fn version(header: impl Fn(&str) -> Option<String>) -> Option<String> {
    header("etag").filter(|tag| tag.starts_with('"')).or_else(|| header("last-modified"))
}

/// The SHA-256 in an entity tag of the hub; none for small files, whose tags are something else. Tags are in quotation marks.
pub fn sha256(text: &str) -> Option<String> {
    let text = text.trim_start_matches("W/").trim_matches('"');
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| text.to_ascii_lowercase())
}

/// First byte and length of the whole, of a `Content-Range` such as `bytes 5-9/10`; none where it contradicts itself.
pub fn content_range(header: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let whole = if whole.trim() == "*" { None } else { Some(whole.trim().parse().ok()?) };
    (first <= last && whole.is_none_or(|whole| last < whole && is_length(whole))).then_some((first, whole))
}

/// Bytes in lower-case hexadecimal, as hashes are written.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request for the rest of a file.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The first byte that was asked for.
    pub from: u64,
    /// Length of the file, bytes; 0 while unknown.
    pub length: u64,
    /// Whether a hash is known: then wrong bytes are noticed at the end, whatever the server hides about them.
    pub hashed: bool,
    /// What the server called the version of the bytes that are here already ([`version`]).
    pub version: Option<&'a str>,
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

/// Reads status and headers of an answer.
pub fn answered(status: u16, header: impl Fn(&str) -> Option<String>, asked: Asked<'_>) -> Answered {
    let Asked { from, length, hashed, version: known } = asked;
    if (status == 206 || status == 200) && !hashed && known.is_some() && version(&header).as_deref() != known {
        return Answered::StartOver("the file may have changed on the server");
    }
    match status {
        206 => {
            let told = match header("content-range") {
                Some(told) => content_range(&told),
                // A server that hides the header has at least answered the request for a range.
                None => hashed.then_some((from, None)),
            };
            let fits =
                told.filter(|&(first, whole)| first == from && (length == 0 || whole.is_none_or(|w| w == length)));
            fits.map_or(Answered::StartOver("it is another range than was asked for"), |(_, whole)| Answered::InPlace {
                whole,
            })
        }
        // The length in the head is not that of the file if the answer comes compressed, which is not always told.
        200 if from == 0 => Answered::InPlace { whole: None },
        200 => Answered::StartOver("the server begins from the beginning"),
        416 => Answered::StartOver("the server has less than was asked for"),
        status => Answered::Refused { may_pass: !(400..500).contains(&status) || matches!(status, 408 | 429) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_catalogue::catalogue::Catalogue;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_the_hubs() {
        let entry = &Catalogue::built_in().models[0];
        let at = "https://hub.example";
        assert_eq!(listing_url(at, entry), "https://hub.example/api/models/hustvl/Moebius/tree/main/ft_places2");
        let file = "https://hub.example/hustvl/Moebius/resolve/main/ft_places2/diffusion_pytorch_model.bin";
        assert_eq!(file_url(at, entry), file);
        let commit = "c".repeat(40);
        let pinned = Entry { commit: Some(commit.clone()), ..entry.clone() };
        assert_eq!(
            listing_url(at, &pinned),
            format!("https://hub.example/api/models/hustvl/Moebius/tree/{commit}/ft_places2")
        );
        assert_eq!(file_url(at, &pinned), file.replace("/main/", &format!("/{commit}/")));
    }

    fn listing(path: &str, size: &str, oid: &str) -> String {
        format!(
            r#"[{{"type":"file","path":"{path}","size":134,"oid":"2","lfs":{{"oid":"{oid}","size":{size},"pointerSize":134}}}}]"#
        )
    }

    fn blamed(json: &str) -> Option<DownloadFault> {
        parse_listing(json.as_bytes(), &Catalogue::built_in().models[0]).err().map(|objection| objection.0)
    }

    #[test]
    fn listings_are_read_and_others_refused() {
        let entry = &Catalogue::built_in().models[0];
        let oid = "AB".repeat(32);
        let found = parse_listing(listing(&entry.path, "452", &oid).as_bytes(), entry);
        assert_eq!(found, Ok(Listing { bytes: 452, sha256: Some(oid.to_lowercase()) }));
        for other in ["", "{}", "<html>", "[{\"path\":1}]", "null", "[[]]", "\u{feff}[]"] {
            assert_eq!(blamed(other), Some(DownloadFault::Answer), "{other}");
        }
        assert_eq!(blamed("[]"), Some(DownloadFault::Refused), "there is a list, and it does not have the file");
        // What only ends like the path, or leads to it in a roundabout way, is another file.
        for path in ["/ft_places2/diffusion_pytorch_model.bin", "x/../ft_places2/diffusion_pytorch_model.bin"] {
            assert_eq!(blamed(&listing(path, "452", &oid)), Some(DownloadFault::Refused), "{path}");
        }
    }

    #[test]
    fn lengths_and_hashes_that_no_file_has_are_refused() {
        let path = &Catalogue::built_in().models[0].path;
        let hash = "ab".repeat(32);
        let lengths = [
            "0",
            "-1",
            "1.5",
            "1e3",
            "\"452\"",
            "NaN",
            "null",
            "true",
            "[452]",
            "9007199254740993",
            "18446744073709551615",
        ];
        for length in lengths.into_iter().chain(["18446744073709551616", "1099511627777"]) {
            assert_eq!(blamed(&listing(path, length, &hash)), Some(DownloadFault::Answer), "{length}");
        }
        assert_eq!(blamed(&listing(path, "1099511627776", &hash)), None);
        for oid in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32), &"é".repeat(32), "sha256:ab"] {
            assert_eq!(blamed(&listing(path, "452", oid)), Some(DownloadFault::Answer), "{oid}");
        }
    }

    #[test]
    fn another_file_than_the_pinned_one_is_refused() {
        let hash = "ab".repeat(32);
        let entry = Entry {
            commit: Some("c".repeat(40)),
            bytes: Some(452),
            sha256: Some(hash.clone()),
            ..Catalogue::built_in().models[0].clone()
        };
        let found = |size, oid: &str| {
            parse_listing(listing(&entry.path, size, oid).as_bytes(), &entry).map_err(|objection| objection.0)
        };
        assert_eq!(found("452", &hash), Ok(Listing { bytes: 452, sha256: Some(hash.clone()) }));
        assert_eq!(found("453", &hash), Err(DownloadFault::Answer));
        assert_eq!(found("452", &"cd".repeat(32)), Err(DownloadFault::Answer));
    }

    #[test]
    fn a_length_is_believed_only_where_it_is_that_of_the_file() {
        let length = |status, range: Option<&str>, length: Option<&str>, as_range| {
            let header = |name: &str| if name == "content-range" { range } else { length }.map(str::to_owned);
            told_length(status, header, as_range).map_err(|objection| objection.0)
        };
        assert_eq!(length(206, Some("bytes 0-9/10"), None, true), Ok(Some(10)));
        assert_eq!(length(206, None, Some("10"), true), Ok(Some(10)));
        assert_eq!(length(200, None, Some("10"), true), Ok(Some(10)));
        assert_eq!(length(200, None, Some("10"), false), Ok(None), "it may be the compressed length");
        assert_eq!(length(200, None, None, true), Ok(None));
        for wrong in ["0", "-5", "1.5", "NaN", "9007199254740993", "18446744073709551616", "10, 10"] {
            assert_eq!(length(200, None, Some(wrong), true), Err(DownloadFault::Answer), "{wrong}");
        }
        assert_eq!(length(206, Some("bytes 5-9/10"), None, true), Err(DownloadFault::Answer));
        assert_eq!(length(404, None, None, true), Err(DownloadFault::Refused));
    }

    proptest! {
        /// Whatever a server sends, what is believed of it can be: a length is in bounds, and a range begins where it was asked for.
        #[test]
        fn nothing_impossible_is_believed(
            json in "[\\[\\]{}\":,a-z0-9.-]{0,60}",
            header in "(bytes )?[0-9*/ -]{0,30}",
            status in 200_u16..600,
            from in 0_u64..20,
            length in 0_u64..20,
            hashed: bool,
        ) {
            let entry = &Catalogue::built_in().models[0];
            prop_assert!(parse_listing(json.as_bytes(), entry).map_or(true, |listing| is_length(listing.bytes)));
            let told = told_length(status, |_| Some(header.clone()), true);
            prop_assert!(told.map_or(true, |length| length.is_none_or(is_length)));
            let asked = Asked { from, length, hashed, version: None };
            if let Answered::InPlace { whole } = answered(status, |_| Some(header.clone()), asked) {
                prop_assert!(status == 206 || (status == 200 && from == 0));
                prop_assert!(whole.is_none_or(|whole| is_length(whole) && from < whole && (length == 0 || whole == length)));
            }
        }
    }

    #[test]
    fn hashes_and_ranges_are_told_from_other_texts() {
        assert_eq!(sha256(&format!("\"{}\"", "0f".repeat(32))), Some("0f".repeat(32)));
        assert_eq!(sha256("\"d41d8cd98f00b204e9800998ecf8427e\""), None);
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 0-4/*"), Some((0, None)));
        for wrong in [
            "bytes */10",
            "items 0-1/2",
            "bytes 5-4/10",
            "bytes 5-10/10",
            "bytes 5-/10",
            "bytes 5-9/",
            "bytes 0-9/ten",
            "",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn answers_to_ranges_are_told_apart() {
        let header =
            |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.to_owned());
        let range = |value| header("content-range", value);
        let from = |from| Asked { from, length: 10, hashed: true, version: None };
        assert_eq!(answered(206, range("bytes 5-9/10"), from(5)), Answered::InPlace { whole: Some(10) });
        assert_eq!(
            answered(206, range("bytes 5-9/10"), Asked { length: 0, ..from(5) }),
            Answered::InPlace { whole: Some(10) }
        );
        assert_eq!(answered(206, |_| None, from(5)), Answered::InPlace { whole: None });
        assert!(
            matches!(answered(206, |_| None, Asked { hashed: false, ..from(5) }), Answered::StartOver(_)),
            "nobody would notice other bytes"
        );
        for changed in ["bytes 4-9/10", "bytes 5-9/11", "bytes 5-/10", "nonsense"] {
            assert!(matches!(answered(206, range(changed), from(5)), Answered::StartOver(_)), "{changed}");
        }
        assert_eq!(answered(200, header("content-length", "7"), from(0)), Answered::InPlace { whole: None });
        assert!(matches!(answered(200, |_| None, from(5)), Answered::StartOver(_)));
        assert!(matches!(answered(416, |_| None, from(5)), Answered::StartOver(_)));
        for (status, may_pass) in [(404, false), (403, false), (408, true), (429, true), (500, true), (503, true)] {
            assert_eq!(answered(status, |_| None, from(0)), Answered::Refused { may_pass }, "{status}");
        }
    }

    #[test]
    fn bytes_of_two_versions_are_never_put_together_where_no_hash_would_show_it() {
        let headers = |etag: &'static str, date: &'static str| {
            move |asked: &str| match asked {
                "etag" => Some(etag.to_owned()).filter(|tag| !tag.is_empty()),
                "last-modified" => Some(date.to_owned()).filter(|date| !date.is_empty()),
                "content-range" => Some("bytes 5-9/10".to_owned()),
                _ => None,
            }
        };
        let first = version(headers("\"a\"", "Monday")).expect("a version");
        assert_eq!(
            version(headers("W/\"a\"", "Monday")).as_deref(),
            Some("Monday"),
            "a weak tag says nothing about bytes"
        );
        assert_eq!(version(headers("W/\"a\"", "")), None);
        let asked = Asked { from: 5, length: 10, hashed: false, version: Some(&first) };
        assert_eq!(answered(206, headers("\"a\"", ""), asked), Answered::InPlace { whole: Some(10) });
        for other in [headers("\"b\"", "Monday"), headers("", "")] {
            assert!(matches!(answered(206, other, asked), Answered::StartOver(_)));
        }
        let hashed = Asked { hashed: true, ..asked };
        assert_eq!(answered(206, headers("\"b\"", ""), hashed), Answered::InPlace { whole: Some(10) });
    }

    #[test]
    fn hashes_are_written_in_lower_case() {
        assert_eq!(hexadecimal(&[0, 15, 255]), "000fff");
    }
}
