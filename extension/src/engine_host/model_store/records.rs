//! The folder with all models' files and records.

use crate::browser::files::Folder;
use crate::model_catalogue::leftovers::{Leftover, leftovers};
use crate::model_catalogue::record::Record;
use crate::protocol::Failure;

const FOLDER: &str = "models";

/// Name of a record's file.
fn record(id: &str) -> String {
    format!("{id}.json")
}

/// Name of the file for the published form.
pub(super) fn part(id: &str) -> String {
    format!("{id}.part")
}

/// Name of the pack's file.
pub(super) fn pack(id: &str) -> String {
    format!("{id}.pack")
}

/// Name of the file for the time of the last use.
fn used(id: &str) -> String {
    format!("{id}.used")
}

/// See the module.
pub(super) struct Records(Folder);

impl Records {
    pub(super) async fn open() -> Result<Self, Failure> {
        Folder::open(FOLDER).await.map(Self)
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.0
    }

    /// The record of a file; none where it cannot be read.
    pub(super) async fn read(&self, id: &str) -> Option<Record> {
        Record::read(id, &self.0.read(&record(id)).await.ok()??)
    }

    pub(super) async fn write(&self, of: &Record) -> Result<(), Failure> {
        let text = serde_json::to_vec(of).map_err(|e| Failure::Internal { detail: e.to_string() })?;
        self.0.replace(&record(&of.id), &text).await
    }

    /// Notes when a pack is used, milliseconds since 1970. The time has a file of its own, because the record may be written only under the
    /// file's lock.
    pub(super) async fn touch(&self, id: &str, now: f64) -> Result<(), Failure> {
        self.0.replace(&used(id), now.to_string().as_bytes()).await
    }

    /// When a pack was last used.
    pub(super) async fn used(&self, id: &str) -> Option<f64> {
        String::from_utf8(self.0.read(&used(id)).await.ok()??).ok()?.parse().ok()
    }

    /// All records, by name.
    pub(super) async fn all(&self) -> Result<Vec<Record>, Failure> {
        let mut names = self.0.names().await?;
        names.sort_unstable();
        let mut all = vec![];
        for id in names.iter().filter_map(|name| name.strip_suffix(".json")) {
            all.extend(self.read(id).await);
        }
        Ok(all)
    }

    /// Removes what belongs to no record and is of no use, and gives the ids of packs whose records cannot be read. Call it only while there
    /// is no job.
    pub(super) async fn tidy(&self) -> Result<Vec<String>, Failure> {
        // In this order: files that are created meanwhile are not among them.
        let names = self.0.names().await?;
        let known = self.all().await?;
        let mut lost = vec![];
        for leftover in leftovers(&names, |id| known.iter().any(|record| record.id == id)) {
            match leftover {
                Leftover::Useless(name) => self.0.remove(name).await?,
                Leftover::Pack(id) => lost.push(id.to_owned()),
            }
        }
        Ok(lost)
    }

    /// Bytes of a file's published form and pack.
    pub(super) async fn bytes(&self, id: &str) -> u64 {
        self.0.size(&part(id)).await + self.0.size(&pack(id)).await
    }

    /// Removes a published form that cannot be used, and the record with it unless there is a pack.
    pub(super) async fn give_up(&self, of: Record) -> Result<(), Failure> {
        self.0.remove(&part(&of.id)).await?;
        let id = of.id.clone();
        match of.without_published_form() {
            Some(record) => self.write(&record).await,
            None => {
                self.0.remove(&used(&id)).await?;
                self.0.remove(&record(&id)).await
            }
        }
    }

    /// Removes all of a file. The record is removed last: as long as it exists, the rest can be found.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Failure> {
        self.0.remove(&part(id)).await?;
        self.0.remove(&pack(id)).await?;
        self.0.remove(&used(id)).await?;
        self.0.remove(&record(id)).await
    }
}
