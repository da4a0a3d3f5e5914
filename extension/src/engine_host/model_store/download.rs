//! A file from the network, in as many pieces as it takes.

use super::records::{self, Records};
use super::{Job, ModelStore, Reporter, Stop};
use crate::browser::files::{self, PrivateFile};
use crate::browser::net::{self, Answer};
use crate::models::catalogue::Entry;
use crate::models::hub::{self, Listing};
use crate::models::record::{Record, State};
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Work};
use gloo_timers::future::TimeoutFuture;
use sha2::{Digest, Sha256};

/// How often a download is tried again without a single byte having come.
const ATTEMPTS: u32 = 10;
/// Pause before the first of these, milliseconds; doubled each time, up to the longest.
const PAUSE: u32 = 400;
const LONGEST_PAUSE: u32 = 3000;
/// Bytes that are hashed at a time when a download is taken up again.
const PIECE: usize = 4 << 20;

/// What is to be downloaded.
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) url: String,
    /// What the hub says about it, where it was asked.
    pub(super) listed: Option<Listing>,
    pub(super) licence: Option<String>,
    pub(super) precision: Precision,
}

/// Asks the hub for length and hash of a file.
pub(super) async fn listing(hub: &str, entry: &Entry) -> Result<Listing, Failure> {
    let answer = net::get(&hub::listing_url(hub, entry), 0).await?;
    let wrong = || Failure::Download { detail: format!("the hub answered with status {}", answer.status()) };
    if answer.status() != 200 {
        return Err(wrong());
    }
    hub::parse_listing(&answer.text().await?, entry).ok_or_else(wrong)
}

/// Downloads into the file's `.part`, going on where it was left; verified when it returns.
pub(super) async fn run(store: &ModelStore, model: &str, wanted: &Wanted, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let mut record = begin(&records, wanted).await?;
    if record.state == State::Downloaded {
        return Ok(());
    }
    record.state = State::Downloading;
    records.write(&record).await?;
    let file = records.folder().file(&records::part(&wanted.id)).await?;
    let result =
        Download { store, model, job, file, hash: Hashed::default(), record: &mut record, hopeless: false }.run().await;
    match &result {
        Ok(()) => record.state = State::Downloaded,
        Err(Failure::HashMismatch) => return records.remove(&wanted.id).await.and(result),
        Err(Failure::Cancelled) if job.stop.get() == Some(Stop::Pause) => record.state = State::Paused,
        // It can be taken up again.
        Err(_) => {}
    }
    records.write(&record).await?;
    result
}

/// The record to go on with: that of an earlier try if it was for the same bytes.
async fn begin(records: &Records, wanted: &Wanted) -> Result<Record, Failure> {
    let listed = wanted.listed.clone().unwrap_or(Listing { bytes: 0, sha256: None });
    let earlier = records.read(&wanted.id).await;
    let fits =
        |record: &Record| wanted.listed.is_none() || (record.bytes, &record.sha256) == (listed.bytes, &listed.sha256);
    if let Some(record) = earlier.filter(fits) {
        return Ok(Record { precision: wanted.precision, ..record });
    }
    records.folder().remove(&records::part(&wanted.id)).await?;
    Ok(Record {
        id: wanted.id.clone(),
        name: wanted.name.clone(),
        source: wanted.url.clone(),
        licence: wanted.licence.clone(),
        bytes: listed.bytes,
        sha256: listed.sha256,
        precision: wanted.precision,
        state: State::Downloading,
        pack: None,
    })
}

/// A hash of the beginning of a file.
#[derive(Default)]
struct Hashed {
    hasher: Sha256,
    /// How much of the file it is of.
    until: u64,
}

struct Download<'a> {
    store: &'a ModelStore,
    model: &'a str,
    job: &'a Job,
    file: PrivateFile,
    hash: Hashed,
    record: &'a mut Record,
    /// The server said that asking again will not help.
    hopeless: bool,
}

impl Download<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        self.check_room().await?;
        let mut failures = 0;
        while self.record.bytes == 0 || self.file.length() < self.record.bytes {
            let before = self.file.length();
            match self.request().await {
                Ok(()) => {}
                Err(Failure::Download { detail }) => {
                    failures = if self.file.length() > before { 1 } else { failures + 1 };
                    if failures > ATTEMPTS || self.hopeless {
                        return Err(Failure::Download { detail });
                    }
                    self.wait((PAUSE << (failures - 1)).min(LONGEST_PAUSE)).await?;
                }
                Err(other) => return Err(other),
            }
        }
        self.verify().await
    }

    /// Waits, but not longer than the user does.
    async fn wait(&self, milliseconds: u32) -> Result<(), Failure> {
        for _ in 0..milliseconds.div_ceil(100) {
            self.job.check()?;
            TimeoutFuture::new(100).await;
        }
        Ok(())
    }

    /// The published form and the pack lie side by side until the pack is verified.
    async fn check_room(&self) -> Result<(), Failure> {
        let (used, quota, _) = files::room().await?;
        let needed = 2 * self.record.bytes - self.record.bytes.min(self.file.length());
        let missing = needed as f64 - (quota - used);
        if missing > 0.0 { Err(Failure::StorageFull { missing: missing as u64 }) } else { Ok(()) }
    }

    /// One request, for all that is missing. Comes back when nothing more comes in.
    async fn request(&mut self) -> Result<(), Failure> {
        self.job.check()?;
        let from = self.file.length();
        // Always the address that redirects: the one it redirects to is signed for a short time.
        let mut answer = net::get(&self.record.source, from).await?;
        let mut at = self.position(&answer, from)?;
        if self.record.sha256.is_none() {
            self.record.sha256 = answer.header("x-linked-etag").and_then(|tag| hub::sha256(&tag));
        }
        let mut reporter = Reporter::new(self.store, self.model, Work::Downloading, self.record.bytes, at);
        while let Some(bytes) = answer.next().await? {
            self.file.write_array(at, &bytes)?;
            if self.hash.until == at {
                self.hash.hasher.update(bytes.to_vec());
                self.hash.until += u64::from(bytes.length());
            }
            at += u64::from(bytes.length());
            reporter.report(at);
            self.job.check()?;
        }
        self.file.flush()?;
        if self.record.bytes == 0 {
            // Nobody said how much there is; it ended, so that was all.
            self.record.bytes = at;
        }
        if at < self.record.bytes {
            return Err(Failure::Download {
                detail: format!("it broke off after {at} of {} bytes", self.record.bytes),
            });
        }
        Ok(())
    }

    /// Where the answer's first byte belongs.
    fn position(&mut self, answer: &Answer, from: u64) -> Result<u64, Failure> {
        let refused = |detail: String| Err(Failure::Download { detail });
        match answer.status() {
            206 => {
                let range = answer.header("content-range").and_then(|header| hub::content_range(&header));
                // A server that hides the header has at least answered the request for a range.
                let (first, whole) = range.unwrap_or((from, None));
                if first != from || whole.is_some_and(|whole| self.record.bytes != 0 && whole != self.record.bytes) {
                    // Another file than before: from the beginning.
                    self.restart()?;
                    return refused("the file changed on the server".into());
                }
                if let (0, Some(whole)) = (self.record.bytes, whole) {
                    self.record.bytes = whole;
                }
                Ok(from)
            }
            200 => {
                self.restart()?;
                let length = answer.header("content-length").and_then(|length| length.parse().ok());
                if self.record.bytes == 0 {
                    self.record.bytes = length.unwrap_or(0);
                }
                Ok(0)
            }
            416 => {
                self.restart()?;
                refused("the server has less than was asked for".into())
            }
            status => {
                // Too many requests and time-outs pass; what is missing or forbidden stays so.
                self.hopeless = (400..500).contains(&status) && !matches!(status, 408 | 429);
                refused(format!("the server answered with status {status}"))
            }
        }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        self.hash = Hashed::default();
        self.file.truncate(0)
    }

    /// Hashes what has not been hashed while it came in, and compares.
    async fn verify(&mut self) -> Result<(), Failure> {
        let length = self.file.length();
        let mut reporter = Reporter::new(self.store, self.model, Work::Verifying, length, self.hash.until);
        let mut piece = vec![0; PIECE];
        while self.hash.until < length {
            let read = self.file.read(self.hash.until, &mut piece)?;
            self.hash.hasher.update(&piece[..read]);
            self.hash.until += read as u64;
            reporter.report(self.hash.until);
            self.job.check()?;
            // Messages want to be seen to.
            let _ = wasm_core::web::give_way().await;
        }
        let found = super::prepare::hexadecimal(&std::mem::take(&mut self.hash).hasher.finalize());
        let right =
            length == self.record.bytes && self.record.sha256.as_ref().is_none_or(|expected| *expected == found);
        if right { Ok(()) } else { Err(Failure::HashMismatch) }
    }
}
