//! Downloads a file, over several connections and with as many attempts as it takes.

use super::hash_file::{Hashed, hash_file};
use super::jobs::{Job, Progress};
use super::records::{self, Records};
use crate::browser::files::{self, PrivateFile};
use crate::browser::net::{self, Answer};
use crate::model_catalogue::catalogue::Entry;
use crate::model_catalogue::hub::{self, Answered, Asked, Objection};
use crate::model_catalogue::listing::Listing;
use crate::model_catalogue::ranges::{self, Growth, Range, Ranges, Worker};
use crate::model_catalogue::record::{DownloadEnd, Record, State};
use crate::protocol::models::Work;
use crate::protocol::{DownloadFault, Failure};
use futures::future::{Either, FutureExt, LocalBoxFuture, select};
use futures::stream::{FuturesUnordered, StreamExt};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use wasm_core::web::milliseconds;

/// How often in a row a request is repeated that brought no byte, where the network may be to blame, which recovers.
const ATTEMPTS: u32 = 10;
/// How often it is repeated where the server is to blame, and how often a download starts over.
const CHANCES: u32 = 3;
/// Pause before the first repetition, milliseconds. It doubles each time, up to [`MAX_PAUSE`].
const PAUSE: u32 = 400;
const MAX_PAUSE: u32 = 3000;
/// Milliseconds between two updates of the record. Each of them also decides whether to add a connection.
const ROUND: u32 = 1500;
/// Longest listing of a folder that is read, bytes. The hub lists at most 1000 files at a time, with some hundred bytes each.
const LONGEST_LISTING: usize = 4 << 20;

/// The length and the hash of a file: as the catalogue has them, or else as the hub says.
///
/// # Errors
/// [`Failure::Download`] when the hub does not answer, does not list the file, or says of it what cannot be.
pub(super) async fn listing(hub: &str, entry: &Entry) -> Result<Listing, Failure> {
    if let Some(pinned) = entry.pinned() {
        return Ok(pinned);
    }
    let mut answer = net::get(&hub::listing_url(hub, entry), None).await?;
    if answer.status() != 200 {
        return Err(answer.failure(DownloadFault::Refused, "the hub does not list the file"));
    }
    let listing = hub::parse_listing(&answer.body(LONGEST_LISTING).await?, entry);
    listing.map_err(|Objection(fault, detail)| answer.failure(fault, detail))
}

/// The length of a file at an address that the user gave, if the server says it.
///
/// # Errors
/// [`Failure::Download`] when the server does not give it out, or says what cannot be.
pub(super) async fn length(url: &str) -> Result<Option<u64>, Failure> {
    // What is asked for as a range does not come compressed. A server that compresses it all the same is refused by the browser.
    let (answer, as_range) = match net::get(url, Some(0)).await {
        Ok(answer) => (answer, true),
        Err(_) => (net::get(url, None).await?, false),
    };
    let told = hub::told_length(answer.status(), |name| answer.header(name), as_range);
    told.map_err(|Objection(fault, detail)| answer.failure(fault, detail))
}

/// Downloads a file into its `.part` from the beginning, and verifies it.
///
/// # Errors
/// As [`go_on`].
pub(super) async fn begin(record: Record, job: &Job) -> Result<(), Failure> {
    Records::open().await?.folder().remove(&records::part(&record.id)).await?;
    go_on(record, job).await
}

/// Downloads into the file's `.part` the ranges that are missing according to `record`, and verifies the whole.
///
/// # Errors
/// [`Failure::Cancelled`] when the job is to stop, [`Failure::Download`] when the server cannot be reached or is of no use, and
/// [`Failure::StorageFull`]: what has been downloaded is kept, if a download can go on with it. [`Failure::HashMismatch`] when the bytes
/// differ from what was published: they are removed.
pub(super) async fn go_on(record: Record, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    records.write(&record).await?;
    let file = records.folder().file(&records::part(&record.id)).await?;
    let ranges = Ranges::new(&record.missing);
    let have = record.bytes.saturating_sub(ranges::length(&record.missing));
    let download = Download {
        records: &records,
        job,
        file,
        hash: RefCell::default(),
        ranges: RefCell::new(ranges),
        came: Cell::new(0),
        trouble: Trouble::default(),
        progress: RefCell::new(job.progress(Work::Downloading, record.bytes, have)),
        record: RefCell::new(record),
    };
    let result = match download.run().await {
        Ok(()) => download.verify().await,
        // The disk names what it could not take. How much is missing in all is more.
        Err(full @ Failure::StorageFull { .. }) => download.check_room().await.and(Err(full)),
        failed => failed,
    };
    let record = download.keep();
    drop(download);
    let end = match &result {
        Ok(()) => DownloadEnd::Complete,
        Err(Failure::HashMismatch) => DownloadEnd::Wrong,
        Err(Failure::StorageFull { .. }) => DownloadEnd::Full,
        Err(Failure::Cancelled) if job.is_paused() => DownloadEnd::Paused,
        Err(_) => DownloadEnd::Broken,
    };
    match record.clone().after_download(end) {
        Some(kept) if kept.state != State::Installed => records.write(&kept).await?,
        _ => records.give_up(record).await?,
    }
    result
}

/// What has gone wrong so far.
#[derive(Default)]
struct Trouble {
    /// How often the download has started over.
    restarts: Cell<u32>,
    /// How often in a row a request for a range got no answer at all.
    unanswered: Cell<u32>,
    /// The server said that repeating the request will not help.
    hopeless: Cell<bool>,
    /// Whether a connection broke since the last decision about adding one.
    broke: Cell<bool>,
}

struct Download<'a> {
    records: &'a Records,
    job: &'a Job,
    file: PrivateFile,
    hash: RefCell<Hashed>,
    ranges: RefCell<Ranges>,
    /// Bytes that this download has received.
    came: Cell<u64>,
    trouble: Trouble,
    progress: RefCell<Progress<'a>>,
    record: RefCell<Record>,
}

impl Download<'_> {
    /// Fetches all missing ranges: with one connection at first, with more as long as each makes the download faster.
    async fn run(&self) -> Result<(), Failure> {
        self.check_room().await?;
        let mut growth = Growth::default();
        let mut connections: FuturesUnordered<LocalBoxFuture<'_, Result<(), Failure>>> = FuturesUnordered::new();
        let mut round = TimeoutFuture::new(ROUND);
        let (mut since, mut came) = (milliseconds(), self.came.get());
        loop {
            if connections.is_empty() {
                let Some((worker, _)) = self.ranges.borrow_mut().take() else { return Ok(()) };
                connections.push(self.connection(worker).boxed_local());
            }
            match select(connections.next(), round).await {
                Either::Left((ended, rest)) => {
                    round = rest;
                    match ended {
                        Some(Err(Failure::Download { .. })) if !connections.is_empty() => growth.stop(),
                        Some(Err(failure)) => return Err(failure),
                        _ => {}
                    }
                }
                Either::Right(_) => {
                    round = TimeoutFuture::new(ROUND);
                    self.job.check()?;
                    self.check_room().await?;
                    self.file.flush()?;
                    self.records.write(&self.keep()).await?;
                    let now = milliseconds();
                    let rate = (self.came.get() - came) as f64 * 1000.0 / (now - since);
                    (since, came) = (now, self.came.get());
                    let left = ranges::length(&self.ranges.borrow().missing());
                    // A broken connection says nothing about how fast more of them would be.
                    let calm = !self.trouble.broke.replace(false);
                    if calm && rate > 0.0 && growth.one_more(connections.len(), rate, left) {
                        let taken = self.ranges.borrow_mut().take();
                        connections.extend(taken.map(|(worker, _)| self.connection(worker).boxed_local()));
                    }
                }
            }
        }
    }

    /// The record at this moment.
    fn keep(&self) -> Record {
        Record { missing: self.ranges.borrow().missing(), ..self.record.borrow().clone() }
    }

    /// Fetches a range, with repeated requests.
    async fn connection(&self, worker: Worker) -> Result<(), Failure> {
        let mut failures = 0;
        loop {
            let Some(range) = self.left(worker) else { return Ok(()) };
            match self.request(worker, range).await {
                Ok(()) => {}
                Err(Failure::Download { fault, host, detail }) => {
                    self.trouble.broke.set(true);
                    let further = self.left(worker).is_none_or(|left| left.from > range.from);
                    failures = if further { 1 } else { failures + 1 };
                    let most = if fault == DownloadFault::Answer { CHANCES } else { ATTEMPTS };
                    if failures > most || self.trouble.hopeless.get() {
                        self.ranges.borrow_mut().leave(worker);
                        return Err(Failure::Download { fault, host, detail });
                    }
                    self.wait((PAUSE << (failures - 1)).min(MAX_PAUSE)).await?;
                }
                Err(other) => return Err(other),
            }
        }
    }

    fn left(&self, worker: Worker) -> Option<Range> {
        self.ranges.borrow().left(worker)
    }

    /// Waits; stops when the user stops the job.
    async fn wait(&self, milliseconds: u32) -> Result<(), Failure> {
        for _ in 0..milliseconds.div_ceil(100) {
            self.job.check()?;
            TimeoutFuture::new(100).await;
        }
        Ok(())
    }

    /// Whether there is room. The published form and the pack are both on the disk until the pack is verified.
    async fn check_room(&self) -> Result<(), Failure> {
        let (used, quota, _) = files::room().await?;
        let bytes = self.record.borrow().bytes;
        let needed = ranges::room(bytes, &self.ranges.borrow().missing(), self.file.length());
        let missing = needed as f64 - (quota - used);
        if missing > 0.0 { Err(Failure::StorageFull { missing: missing as u64 }) } else { Ok(()) }
    }

    /// One request, for the rest of a range. Returns when the answer has ended or the connection has broken.
    async fn request(&self, worker: Worker, range: Range) -> Result<(), Failure> {
        self.job.check()?;
        // Always the address that redirects: the one that it redirects to is valid for a short time only.
        let source = self.record.borrow().source.clone();
        let mut answer = self.ask(&source, range.from).await?;
        self.place(&answer, range)?;
        self.note_version(&answer);
        let read = self.read(worker, &mut answer).await;
        match &read {
            Err(Failure::Download { fault: DownloadFault::Answer, .. }) => self.restart()?,
            Err(Failure::Download { .. }) if !self.record.borrow().is_sound() => self.restart()?,
            _ => {}
        }
        if !read? {
            return Ok(());
        }
        let Some(left) = self.left(worker) else { return Ok(()) };
        if left.to == u64::MAX && left.from > 0 {
            // The server did not say how long the file is. Its answer has ended, so the file ends here.
            self.record.borrow_mut().bytes = left.from;
            self.ranges.borrow_mut().end(left.from);
            return Ok(());
        }
        if !self.record.borrow().is_sound() {
            self.restart()?;
        }
        Err(answer.failure(DownloadFault::Answer, &format!("it ended at byte {}", left.from)))
    }

    /// Reads an answer as long as bytes of the range are missing. True if the answer has ended before.
    async fn read(&self, worker: Worker, answer: &mut Answer) -> Result<bool, Failure> {
        while let Some(left) = self.left(worker) {
            let Some(more) = answer.next(|bytes| self.arrived(worker, bytes)).await? else { return Ok(true) };
            self.job.check()?;
            let ends = {
                let record = self.record.borrow();
                left.to == record.bytes && record.sha256.is_none()
            };
            // No hash would show that only the beginning of a longer file has come.
            if ends && self.left(worker).is_none() && (more || answer.next(|_| Ok(())).await?.is_some()) {
                return Err(answer.failure(DownloadFault::Answer, "it sends more than it announced"));
            }
        }
        Ok(false)
    }

    /// Asks for the file from a byte on. A server that never answers where a part is asked for, and does where the whole is, sends the whole:
    /// browsers refuse a part that comes compressed.
    async fn ask(&self, source: &str, from: u64) -> Result<Answer, Failure> {
        let unanswered = &self.trouble.unanswered;
        if from == 0 {
            return net::get(source, None).await;
        }
        match net::get(source, Some(from)).await {
            Err(failed) if unanswered.get() + 1 == CHANCES => {
                unanswered.set(0);
                let whole = net::get(source, None).await?;
                // It may have been the network, which is back: then what has arrived is worth keeping.
                match net::get(source, Some(from)).await {
                    Err(_) if whole.status() == 200 => self.restart()?,
                    Err(_) => {}
                    answer => return answer,
                }
                Err(failed)
            }
            answer => {
                unanswered.set(if answer.is_ok() { 0 } else { unanswered.get() + 1 });
                answer
            }
        }
    }

    /// Notes which version of the file arrives.
    fn note_version(&self, answer: &Answer) {
        let mut record = self.record.borrow_mut();
        if record.sha256.is_none() {
            record.sha256 = answer.header("x-linked-etag").and_then(|tag| hub::sha256(&tag));
            record.version = hub::version(|name| answer.header(name));
        }
    }

    /// Writes and hashes the bytes that a connection has received. True if it has received more than it was to bring.
    fn arrived(&self, worker: Worker, bytes: &Uint8Array) -> Result<bool, Failure> {
        let came = u64::from(bytes.length());
        let (at, wanted) = self.ranges.borrow().wanted(worker, came);
        let bytes = bytes.subarray(0, wanted as u32);
        self.file.write_array(at, &bytes)?;
        self.ranges.borrow_mut().arrived(worker, wanted);
        let mut hash = self.hash.borrow_mut();
        if hash.length == at {
            hash.update(&bytes.to_vec());
        }
        self.came.set(self.came.get() + wanted);
        let total = self.record.borrow().bytes;
        let have = total.saturating_sub(ranges::length(&self.ranges.borrow().missing()));
        self.progress.borrow_mut().report(if total == 0 { self.came.get() } else { have });
        Ok(wanted < came)
    }

    /// Checks that the answer begins with the first byte of the range; starts over if it cannot.
    fn place(&self, answer: &Answer, range: Range) -> Result<(), Failure> {
        let answered = {
            let Record { bytes, sha256, version, .. } = &*self.record.borrow();
            let asked =
                Asked { from: range.from, length: *bytes, hashed: sha256.is_some(), version: version.as_deref() };
            hub::answered(answer.status(), |name| answer.header(name), asked)
        };
        match answered {
            Answered::InPlace { whole } => {
                self.known(whole);
                Ok(())
            }
            Answered::StartOver(why) => {
                self.restart()?;
                Err(answer.failure(DownloadFault::Answer, why))
            }
            Answered::Refused { may_pass } => {
                self.trouble.hopeless.set(!may_pass);
                Err(answer.failure(DownloadFault::Refused, "it does not give the file out"))
            }
        }
    }

    /// Notes how long the file is, if that was unknown.
    fn known(&self, whole: Option<u64>) {
        let mut record = self.record.borrow_mut();
        if let (0, Some(whole)) = (record.bytes, whole) {
            record.bytes = whole;
            self.ranges.borrow_mut().end(whole);
            self.progress.borrow_mut().set_total(whole);
        }
    }

    /// Starts over. Connections that are open find that their ranges are gone.
    fn restart(&self) -> Result<(), Failure> {
        *self.hash.borrow_mut() = Hashed::default();
        let bytes = {
            let mut record = self.record.borrow_mut();
            record.version = None;
            record.bytes
        };
        self.ranges.borrow_mut().restart(Range::whole(bytes));
        let restarts = self.trouble.restarts.get() + 1;
        self.trouble.restarts.set(restarts);
        self.trouble.hopeless.set(restarts > CHANCES);
        self.file.truncate(0)
    }

    /// Hashes what was not hashed on arrival, and compares the hash with the published one.
    async fn verify(&self) -> Result<(), Failure> {
        let length = self.file.length();
        let hashed = self.hash.take();
        let mut progress = self.job.progress(Work::Verifying, length, hashed.length);
        let hashed = hash_file(&self.file, hashed, self.job, |at, piece| {
            progress.report(at + piece.len() as u64);
            Ok(())
        });
        let found = hashed.await?.finish();
        let mut record = self.record.borrow_mut();
        let right = length == record.bytes && record.sha256.as_ref().is_none_or(|expected| *expected == found);
        // A length and a hash that were unknown before are known now.
        record.sha256 = Some(found);
        if right { Ok(()) } else { Err(Failure::HashMismatch) }
    }
}
