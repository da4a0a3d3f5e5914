//! The next step of installing a file, given what is on the disk already.
//!
//! ```text
//!   nothing ──download──► Downloading ──► Downloaded ──prepare──► Installed
//!                          │  ▲ Paused       │ the file is of no use
//!                          └──┘              └──► nothing, or Installed with the older pack
//! ```

use super::catalogue::Entry;
use super::hub;
use super::listing::Listing;
use super::ranges::{self, Range};
use super::record::{PackRecord, Record, State};
use crate::protocol::models::Precision;

/// A file that is to be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the file in the store.
    pub id: String,
    /// Name that the user sees.
    pub name: String,
    /// Where it comes from.
    pub url: String,
    /// What the hub says about it; none for files from elsewhere.
    pub listed: Option<Listing>,
    /// Length that the user agreed to, bytes; 0 where no server had said it.
    pub agreed: u64,
    /// SPDX identifier, where known.
    pub licence: Option<String>,
    /// Precision that its pack is to have.
    pub precision: Precision,
}

/// What has to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Download from the beginning, with this record. What is on the disk of an earlier published form is useless.
    Download(Record),
    /// Resume the download that this record describes.
    GoOn(Record),
    /// The published form is complete: make its pack.
    Prepare,
    /// It is installed as wanted.
    Nothing,
}

impl Wanted {
    /// A file of the catalogue, from `hub`, which says `listed` about it.
    pub fn of_catalogue(entry: &Entry, hub: &str, listed: Listing, precision: Precision) -> Self {
        Self {
            id: entry.id.clone(),
            name: entry.name.clone(),
            url: hub::file_url(hub, entry),
            agreed: listed.bytes,
            listed: Some(listed),
            licence: Some(entry.licence.clone()),
            precision,
        }
    }

    /// A file from an address of the user's own. `agreed` is the length that its server said, 0 if it said none.
    pub fn of_address(id: &str, url: &str, agreed: u64, precision: Precision) -> Self {
        let name = url.rsplit('/').next().unwrap_or(url).to_owned();
        Self { id: id.to_owned(), name, url: url.to_owned(), listed: None, agreed, licence: None, precision }
    }

    /// The next step, given the file's record. `layout` is the version of packs that this build can load.
    pub fn next(&self, record: Option<&Record>, layout: u32) -> Step {
        let pack = record.and_then(|record| record.pack.as_ref());
        let met = |pack: &PackRecord, listed| pack.precision == self.precision && is_current(pack, listed, layout);
        if self.listed.as_ref().is_some_and(|listed| pack.is_some_and(|pack| met(pack, listed))) {
            return Step::Nothing;
        }
        match record.filter(|record| self.continues(record)) {
            Some(Record { state: State::Downloaded, .. }) => Step::Prepare,
            Some(record) => {
                Step::GoOn(Record { precision: self.precision, state: State::Downloading, ..record.clone() })
            }
            // The older pack stays usable until its successor is verified.
            None => Step::Download(Record { pack: pack.cloned(), ..self.first_record() }),
        }
    }

    /// Whether the bytes that a record describes belong to the version of the file that is wanted, and the rest would, too.
    fn continues(&self, record: &Record) -> bool {
        let same = |listed: &Listing| (record.bytes, &record.sha256) == (listed.bytes, &listed.sha256);
        let usable = record.state == State::Downloaded || (record.state != State::Installed && record.is_sound());
        usable && self.listed.as_ref().is_none_or(same)
    }

    fn first_record(&self) -> Record {
        let bytes = self.agreed;
        Record {
            id: self.id.clone(),
            name: self.name.clone(),
            source: self.url.clone(),
            licence: self.licence.clone(),
            bytes,
            missing: vec![Range::whole(bytes)],
            sha256: self.listed.as_ref().and_then(|listed| listed.sha256.clone()),
            version: None,
            precision: self.precision,
            state: State::Downloading,
            pack: None,
        }
    }
}

/// Whether a pack can be loaded (`layout` is the version that can), and was made of what is published now.
pub fn is_current(pack: &PackRecord, listed: &Listing, layout: u32) -> bool {
    pack.layout == layout && (listed.sha256.is_none() || pack.source_sha256 == listed.sha256)
}

/// Bytes that installing the `listed` version would download, given the file's record.
pub fn bytes_to_download(listed: &Listing, record: Option<&Record>, layout: u32) -> u64 {
    match record {
        Some(Record { pack: Some(pack), .. }) if is_current(pack, listed, layout) => 0,
        Some(record) if record.state != State::Installed && record.is_sound() && record.sha256 == listed.sha256 => {
            ranges::length(&record.missing)
        }
        _ => listed.bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::DownloadEnd;
    use super::*;
    use proptest::prelude::*;

    const LAYOUT: u32 = 3;
    const BYTES: u64 = 100;

    /// What is on the disk for one file.
    #[derive(Debug, Default)]
    struct Disk {
        record: Option<Record>,
        /// Hash of the published form, as far as there is one.
        part: Option<String>,
        /// Hash of the published form that the pack was made of, and the pack's precision.
        pack: Option<(String, Precision)>,
    }

    /// How far an installation comes.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Course {
        /// The browser closes after so many bytes.
        Closed(u64),
        Broken(u64),
        Paused(u64),
        WrongBytes,
        /// The browser closes when everything is downloaded.
        ClosedBeforePreparing,
        Unusable,
        Installed,
    }

    fn wanted(version: u8, precision: Precision) -> Wanted {
        let listed = Listing { bytes: BYTES, sha256: Some(format!("hash {version}")) };
        let (id, name, url) = ("file".into(), "File".into(), "https://hub.example/file".into());
        Wanted { id, name, url, listed: Some(listed), agreed: BYTES, licence: None, precision }
    }

    fn pack(version: &str, precision: Precision) -> PackRecord {
        PackRecord {
            bytes: 50,
            sha256: format!("pack of {version}"),
            network: "unet".into(),
            precision,
            layout: LAYOUT,
            source_sha256: Some(version.to_owned()),
        }
    }

    impl Disk {
        /// Installs as the store does it, with a course instead of a network.
        fn install(&mut self, wanted: &Wanted, course: Course) {
            let hash = wanted.listed.as_ref().and_then(|listed| listed.sha256.clone()).expect("a hash");
            let step = wanted.next(self.record.as_ref(), LAYOUT);
            if let Step::Download(_) = &step {
                self.part = Some(hash.clone());
            }
            match step {
                Step::Nothing => return,
                Step::Download(record) | Step::GoOn(record) => {
                    assert_eq!(self.part.as_ref(), Some(&hash), "bytes of two versions were mixed");
                    self.record = Some(record.clone());
                    let (came, end) = match course {
                        Course::Closed(came) => return self.note(came),
                        Course::Broken(came) => (came, DownloadEnd::Broken),
                        Course::Paused(came) => (came, DownloadEnd::Paused),
                        Course::WrongBytes => (BYTES, DownloadEnd::Wrong),
                        _ => (BYTES, DownloadEnd::Complete),
                    };
                    self.note(came);
                    let record = self.record.clone().expect("just written").after_download(end);
                    self.part = record.as_ref().filter(|record| record.state != State::Installed).and(self.part.take());
                    self.record = record;
                    if end != DownloadEnd::Complete || course == Course::ClosedBeforePreparing {
                        return;
                    }
                }
                Step::Prepare => {}
            }
            let record = self.record.clone().expect("what is prepared has a record");
            assert_eq!(record.state, State::Downloaded);
            // Once the new pack is begun, the older one is gone.
            let record = Record { pack: None, ..record };
            if course == Course::Unusable {
                (self.record, self.part, self.pack) = (record.without_published_form(), None, None);
            } else {
                self.pack = Some((hash.clone(), record.precision));
                let precision = record.precision;
                (self.record, self.part) = (Some(record.installed(pack(&hash, precision))), None);
            }
        }

        /// So many bytes are here, as far as the record knows.
        fn note(&mut self, came: u64) {
            let record = self.record.as_mut().expect("a download has a record");
            record.missing = if came < BYTES { vec![Range { from: came, to: BYTES }] } else { vec![] };
        }

        fn check(&self) {
            let Some(record) = &self.record else {
                assert!(self.part.is_none() && self.pack.is_none(), "files without a record: {self:?}");
                return;
            };
            assert_eq!(record.state == State::Installed, self.part.is_none(), "{self:?}");
            assert!(record.state != State::Installed || record.pack.is_some(), "installed without a pack: {self:?}");
            let recorded =
                record.pack.as_ref().map(|pack| (pack.source_sha256.clone().expect("a hash"), pack.precision));
            assert_eq!(recorded, self.pack, "record and pack disagree");
        }
    }

    fn course() -> impl Strategy<Value = Course> {
        prop_oneof![
            (0..BYTES).prop_map(Course::Closed),
            (0..BYTES).prop_map(Course::Broken),
            (0..BYTES).prop_map(Course::Paused),
            Just(Course::WrongBytes),
            Just(Course::ClosedBeforePreparing),
            Just(Course::Unusable),
            Just(Course::Installed),
        ]
    }

    proptest! {
        /// However installations end and whatever is published meanwhile, the disk and its record agree, bytes of two versions
        /// are never mixed, and an undisturbed installation ends with what was wanted.
        #[test]
        fn the_disk_and_its_record_always_agree(
            tries in prop::collection::vec((0_u8..2, prop::bool::ANY, course()), 1..20),
        ) {
            let mut disk = Disk::default();
            for (version, small, course) in tries {
                let precision = if small { Precision::Int8 } else { Precision::F16 };
                disk.install(&wanted(version, precision), course);
                disk.check();
            }
            let last = wanted(1, Precision::F16);
            disk.install(&last, Course::Installed);
            disk.check();
            let listed = last.listed.as_ref().expect("a listing");
            prop_assert_eq!(bytes_to_download(listed, disk.record.as_ref(), LAYOUT), 0);
        }
    }

    #[test]
    fn an_older_pack_is_kept_while_a_newer_file_comes() {
        let mut disk = Disk::default();
        disk.install(&wanted(0, Precision::F16), Course::Installed);
        disk.install(&wanted(1, Precision::F16), Course::Paused(40));
        let record = disk.record.as_ref().expect("a record");
        assert_eq!(record.pack.as_ref().and_then(|pack| pack.source_sha256.as_deref()), Some("hash 0"));
        let listed = wanted(1, Precision::F16).listed.expect("a listing");
        assert_eq!(bytes_to_download(&listed, Some(record), LAYOUT), 60);
        disk.install(&wanted(1, Precision::F16), Course::WrongBytes);
        assert_eq!(
            disk.record.as_ref().map(|record| record.state),
            Some(State::Installed),
            "the older one is used again"
        );
        disk.check();
    }

    #[test]
    fn a_pack_of_another_layout_or_precision_is_made_anew() {
        let mut disk = Disk::default();
        let first = wanted(0, Precision::F16);
        disk.install(&first, Course::Installed);
        assert_eq!(first.next(disk.record.as_ref(), LAYOUT), Step::Nothing);
        assert!(matches!(first.next(disk.record.as_ref(), LAYOUT + 1), Step::Download(_)));
        assert!(matches!(wanted(0, Precision::Int8).next(disk.record.as_ref(), LAYOUT), Step::Download(_)));
    }

    #[test]
    fn what_the_user_brings_along_goes_on_where_it_was() {
        let own = Wanted::of_address("own-x", "https://host.example/a/x.bin", 0, Precision::F16);
        assert_eq!(own.name, "x.bin");
        let Step::Download(first) = own.next(None, LAYOUT) else { panic!("nothing is here yet") };
        assert_eq!(first.missing, [Range { from: 0, to: u64::MAX }], "nobody has said how long it is");
        let known = Record { bytes: 70, sha256: Some("told later".into()), state: State::Paused, ..first.clone() };
        assert!(matches!(own.next(Some(&known), LAYOUT), Step::GoOn(record) if record.bytes == 70));
        let unknown = Record { bytes: 70, missing: vec![Range { from: 5, to: 70 }], state: State::Paused, ..first };
        assert!(
            matches!(own.next(Some(&unknown), LAYOUT), Step::Download(_)),
            "nothing would show if the rest were of another version"
        );
        let named = Record { version: Some("\"tag\"".into()), ..unknown };
        assert!(matches!(own.next(Some(&named), LAYOUT), Step::GoOn(_)));
        let agreed = Wanted::of_address("own-x", "https://host.example/a/x.bin", 70, Precision::F16);
        assert!(matches!(agreed.next(None, LAYOUT), Step::Download(record) if record.bytes == 70));
    }
}
