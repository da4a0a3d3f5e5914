//! What is to become of files in the store that have no readable record: the browser ended, the disk failed, or another version left them.

/// A file without a readable record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover<'a> {
    /// The file of this name is of no use: nothing says which bytes of a download are there, or what was noted about a model that is gone.
    Useless(&'a str),
    /// The pack of the file with this id. It is never removed: it says itself what it is, and gets a record again.
    Pack(&'a str),
}

/// The leftovers among the store's files `names`. `has_record` says whether the record of an id can be read.
pub fn leftovers(names: &[String], has_record: impl Fn(&str) -> bool) -> Vec<Leftover<'_>> {
    let mut found = vec![];
    for name in names {
        let (id, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        if !has_record(id) {
            found.push(if kind == "pack" { Leftover::Pack(id) } else { Leftover::Useless(name) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_catalogue::ranges::Range;
    use crate::model_catalogue::record::{PackRecord, Record, State};
    use crate::protocol::models::Precision;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ID: &str = "model";

    /// The store's folder, and the one in which files are written aside.
    #[derive(Clone, Debug, Default)]
    struct Disk {
        store: BTreeMap<String, Vec<u8>>,
        aside: BTreeMap<String, Vec<u8>>,
    }

    fn pack(version: u32) -> PackRecord {
        let (network, sha256) = ("unet".to_owned(), format!("hash {version}"));
        PackRecord { bytes: 3, sha256, network, precision: Precision::F16, layout: 1, source_sha256: None }
    }

    fn record(version: u32) -> Record {
        Record::recovered(ID, "Model".into(), format!("source {version}"), None, pack(version))
    }

    fn json(record: &Record) -> Vec<u8> {
        serde_json::to_vec(record).expect("a record is JSON")
    }

    impl Disk {
        fn with(record: &[u8]) -> Self {
            let files = [("model.json", record), ("model.pack", b"all"), ("model.part", b"some"), ("model.used", b"1")];
            Self { store: files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into(), ..Self::default() }
        }

        /// Replaces a file as `Folder::replace` does, which ends after `steps`: each byte that is written is one, and so is the renaming.
        fn replace(&mut self, name: &str, bytes: &[u8], steps: usize) {
            self.aside.insert(name.to_owned(), bytes[..steps.min(bytes.len())].to_vec());
            if steps > bytes.len() {
                let written = self.aside.remove(name).expect("just written");
                self.store.insert(name.to_owned(), written);
            }
        }

        /// What the next start of the store makes of it. The pack is where it was; its record is read or made anew.
        fn start(&mut self) {
            let names: Vec<String> = self.store.keys().cloned().collect();
            let readable =
                |id: &str| self.store.get(&format!("{id}.json")).is_some_and(|j| Record::read(id, j).is_some());
            let found: Vec<Leftover<'_>> = leftovers(&names, readable);
            for leftover in found {
                match leftover {
                    Leftover::Useless(name) => _ = self.store.remove(name),
                    Leftover::Pack(id) => _ = self.store.insert(format!("{id}.json"), json(&record(0))),
                }
            }
        }

        fn record(&self) -> Option<Record> {
            Record::read(ID, self.store.get("model.json")?)
        }
    }

    #[test]
    fn a_record_is_the_old_one_or_the_new_one_wherever_its_writing_ends() {
        let (old, new) = (json(&record(1)), json(&record(2)));
        for steps in 0..=new.len() + 1 {
            let mut disk = Disk::with(&old);
            disk.replace("model.json", &new, steps);
            let expected = record(if steps > new.len() { 2 } else { 1 });
            assert_eq!(disk.record(), Some(expected.clone()), "after {steps} steps");
            disk.start();
            assert_eq!(disk.record(), Some(expected), "after {steps} steps and a start");
            // What lies aside of an earlier end does no harm.
            disk.replace("model.json", &json(&record(3)), usize::MAX);
            assert_eq!(disk.record(), Some(record(3)));
        }
    }

    proptest! {
        /// Whatever became of a record, its pack stays, and has a record again after the next start.
        #[test]
        fn no_broken_record_costs_a_pack(cut in 0_usize..400, flips in prop::collection::vec((0_usize..400, any::<u8>()), 0..4)) {
            let mut broken = json(&record(1));
            broken.truncate(cut);
            for (at, byte) in flips {
                if let Some(old) = broken.get_mut(at) { *old = byte; }
            }
            let mut disk = Disk::with(&broken);
            let readable = disk.record();
            disk.start();
            prop_assert_eq!(disk.store.get("model.pack").map(Vec::as_slice), Some(&b"all"[..]));
            prop_assert_eq!(disk.record(), readable.or(Some(record(0))));
        }
    }

    #[test]
    fn a_record_that_cannot_be_right_is_none() {
        let good = record(1);
        let read = |record: &Record| Record::read(ID, &json(record));
        assert_eq!(read(&good), Some(good.clone()));
        let downloading = Record { bytes: 9, state: State::Downloading, ..good.clone() };
        for (from, to) in [(5, 5), (6, 5), (5, 10), (0, u64::MAX)] {
            let wrong = Record { missing: vec![Range { from, to }], ..downloading.clone() };
            assert_eq!(read(&wrong), None, "{from} to {to}");
        }
        assert_eq!(read(&Record { bytes: u64::MAX, ..good.clone() }), None);
        assert_eq!(read(&Record { id: "../model".into(), ..good.clone() }), None);
        assert_eq!(read(&Record { pack: None, ..good.clone() }), None, "installed without a pack");
        let newer = String::from_utf8(json(&good)).expect("text").replacen('{', "{\"later\":1,", 1);
        assert_eq!(Record::read(ID, newer.as_bytes()), Some(good), "a later version may say more");
    }

    #[test]
    fn only_packs_are_kept_without_a_record() {
        let names = ["a.pack", "a.part", "a.used", "b.json", "b.pack", "b.part", "odd"].map(str::to_owned);
        let found = leftovers(&names, |id| id == "b");
        let expected =
            [Leftover::Pack("a"), Leftover::Useless("a.part"), Leftover::Useless("a.used"), Leftover::Useless("odd")];
        assert_eq!(found, expected);
    }
}
