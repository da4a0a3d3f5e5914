//! A file from the network, over as many connections and in as many pieces as it takes.

use super::records::{self, Records};
use super::{Job, ModelStore, Reporter, Stop};
use crate::browser::files::{self, PrivateFile};
use crate::browser::net::{self, Answer};
use crate::model_catalogue::catalogue::Entry;
use crate::model_catalogue::hub::{self, Listing};
use crate::model_catalogue::ranges::{self, Growth, Range, Ranges, Worker};
use crate::model_catalogue::record::{Record, State};
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Work};
use futures::future::{Either, FutureExt, LocalBoxFuture, select};
use futures::stream::{FuturesUnordered, StreamExt};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use wasm_core::web::milliseconds;

/// How often a download is tried again without a single byte having come.
const ATTEMPTS: u32 = 10;
/// Pause before the first of these, milliseconds; doubled each time, up to the longest.
const PAUSE: u32 = 400;
const LONGEST_PAUSE: u32 = 3000;
/// Bytes that are hashed at a time when they were not hashed while they came in.
const PIECE: usize = 4 << 20;
/// How often it is written down what has come, and looked whether one more connection would help, milliseconds.
const ROUND: u32 = 1500;

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

/// Length and hash of a file at an address of the user's, where the server tells them.
pub(super) async fn look(url: &str) -> Result<Listing, Failure> {
    let answer = net::get(url, 0).await?;
    if answer.status() != 200 {
        return Err(Failure::Download { detail: format!("the server answered with status {}", answer.status()) });
    }
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    Ok(Listing { bytes: length.unwrap_or(0), sha256: None })
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
    let ranges = Ranges::new(&record.missing);
    let have = record.bytes.saturating_sub(ranges::length(&record.missing));
    let download = Download {
        records: &records,
        job,
        file,
        hash: RefCell::default(),
        ranges: RefCell::new(ranges),
        came: Cell::new(0),
        restarts: Cell::new(0),
        hopeless: Cell::new(false),
        broke: Cell::new(false),
        reporter: RefCell::new(Reporter::new(store, model, Work::Downloading, record.bytes, have)),
        record: RefCell::new(record),
    };
    let result = match download.run().await {
        Ok(()) => download.verify(store, model).await,
        failed => failed,
    };
    let mut record = download.keep();
    drop(download);
    match &result {
        Ok(()) => record.state = State::Downloaded,
        Err(Failure::HashMismatch) => return records.give_up(record).await.and(result),
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
    let fits = |record: &&Record| {
        record.state != State::Installed
            && (wanted.listed.is_none() || (record.bytes, &record.sha256) == (listed.bytes, &listed.sha256))
    };
    if let Some(record) = earlier.as_ref().filter(fits) {
        return Ok(Record { precision: wanted.precision, ..record.clone() });
    }
    records.folder().remove(&records::part(&wanted.id)).await?;
    Ok(Record {
        id: wanted.id.clone(),
        name: wanted.name.clone(),
        source: wanted.url.clone(),
        licence: wanted.licence.clone(),
        bytes: listed.bytes,
        missing: vec![whole(listed.bytes)],
        sha256: listed.sha256,
        precision: wanted.precision,
        state: State::Downloading,
        // What is there stays usable until its successor is verified.
        pack: earlier.and_then(|record| record.pack),
    })
}

/// All of a file of this length; 0 means that nobody knows it.
fn whole(bytes: u64) -> Range {
    Range { from: 0, to: if bytes == 0 { u64::MAX } else { bytes } }
}

/// A hash of the beginning of a file.
#[derive(Default)]
struct Hashed {
    hasher: Sha256,
    /// How much of the file it is of.
    until: u64,
}

struct Download<'a> {
    records: &'a Records,
    job: &'a Job,
    file: PrivateFile,
    hash: RefCell<Hashed>,
    ranges: RefCell<Ranges>,
    /// Bytes that have come in this session.
    came: Cell<u64>,
    /// How often all of it had to come again.
    restarts: Cell<u32>,
    /// The server said that asking again will not help.
    hopeless: Cell<bool>,
    /// A connection broke since it was last looked.
    broke: Cell<bool>,
    reporter: RefCell<Reporter<'a>>,
    record: RefCell<Record>,
}

impl Download<'_> {
    /// Fetches all that is missing: one connection to begin with, more while that makes it faster.
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
                    self.file.flush()?;
                    self.records.write(&self.keep()).await?;
                    let now = milliseconds();
                    let rate = (self.came.get() - came) as f64 * 1000.0 / (now - since);
                    (since, came) = (now, self.came.get());
                    let left = ranges::length(&self.ranges.borrow().missing());
                    // A connection that breaks is slow for another reason.
                    let calm = !self.broke.replace(false);
                    if calm && rate > 0.0 && growth.one_more(connections.len(), rate, left) {
                        let taken = self.ranges.borrow_mut().take();
                        connections.extend(taken.map(|(worker, _)| self.connection(worker).boxed_local()));
                    }
                }
            }
        }
    }

    /// The record as it stands.
    fn keep(&self) -> Record {
        Record { missing: self.ranges.borrow().missing(), ..self.record.borrow().clone() }
    }

    /// Fetches a range, and tries again while there is hope.
    async fn connection(&self, worker: Worker) -> Result<(), Failure> {
        let mut failures = 0;
        loop {
            let Some(range) = self.left(worker) else { return Ok(()) };
            match self.request(worker, range).await {
                Ok(()) => {}
                Err(Failure::Download { detail }) => {
                    self.broke.set(true);
                    let further = self.left(worker).is_none_or(|left| left.from > range.from);
                    failures = if further { 1 } else { failures + 1 };
                    if failures > ATTEMPTS || self.hopeless.get() {
                        self.ranges.borrow_mut().leave(worker);
                        return Err(Failure::Download { detail });
                    }
                    self.wait((PAUSE << (failures - 1)).min(LONGEST_PAUSE)).await?;
                }
                Err(other) => return Err(other),
            }
        }
    }

    fn left(&self, worker: Worker) -> Option<Range> {
        self.ranges.borrow().left(worker)
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
        let bytes = self.record.borrow().bytes;
        let needed = bytes + ranges::length(&self.ranges.borrow().missing()).min(bytes);
        let missing = needed as f64 - (quota - used);
        if missing > 0.0 { Err(Failure::StorageFull { missing: missing as u64 }) } else { Ok(()) }
    }

    /// One request, for a range or what is left of it. Comes back when nothing more comes in.
    async fn request(&self, worker: Worker, range: Range) -> Result<(), Failure> {
        self.job.check()?;
        // Always the address that redirects: the one it redirects to is signed for a short time.
        let source = self.record.borrow().source.clone();
        let mut answer = net::get(&source, range.from).await?;
        self.place(&answer, range)?;
        if self.record.borrow().sha256.is_none() {
            self.record.borrow_mut().sha256 = answer.header("x-linked-etag").and_then(|tag| hub::sha256(&tag));
        }
        while answer.next(|bytes| self.arrived(worker, bytes)).await?.is_some() {
            self.job.check()?;
            if self.left(worker).is_none() {
                return Ok(());
            }
        }
        let Some(left) = self.left(worker) else { return Ok(()) };
        if left.to == u64::MAX {
            // Nobody said how much there is; it ended, so that was all.
            self.record.borrow_mut().bytes = left.from;
            self.ranges.borrow_mut().end(left.from);
            return Ok(());
        }
        Err(Failure::Download { detail: format!("it broke off at byte {}", left.from) })
    }

    /// Writes and hashes what has come in on a connection.
    fn arrived(&self, worker: Worker, bytes: &Uint8Array) -> Result<(), Failure> {
        let (at, wanted) = self.ranges.borrow().wanted(worker, u64::from(bytes.length()));
        let bytes = bytes.subarray(0, wanted as u32);
        self.file.write_array(at, &bytes)?;
        self.ranges.borrow_mut().arrived(worker, wanted);
        let mut hash = self.hash.borrow_mut();
        if hash.until == at {
            hash.hasher.update(bytes.to_vec());
            hash.until += wanted;
        }
        self.came.set(self.came.get() + wanted);
        let total = self.record.borrow().bytes;
        let have = total.saturating_sub(ranges::length(&self.ranges.borrow().missing()));
        self.reporter.borrow_mut().report(if total == 0 { self.came.get() } else { have });
        Ok(())
    }

    /// Sees to it that the answer's first byte is the range's.
    fn place(&self, answer: &Answer, range: Range) -> Result<(), Failure> {
        let refused = |detail: &str| Err(Failure::Download { detail: detail.into() });
        let bytes = self.record.borrow().bytes;
        match answer.status() {
            206 => {
                let told = answer.header("content-range").and_then(|header| hub::content_range(&header));
                // A server that hides the header has at least answered the request for a range.
                let (first, whole) = told.unwrap_or((range.from, None));
                if first != range.from || whole.is_some_and(|whole| bytes != 0 && whole != bytes) {
                    // Another file than before: from the beginning.
                    self.restart()?;
                    return refused("the file changed on the server");
                }
                self.known(whole);
                Ok(())
            }
            200 if range.from == 0 => {
                self.known(answer.header("content-length").and_then(|length| length.parse().ok()));
                Ok(())
            }
            200 => {
                self.restart()?;
                refused("the server begins from the beginning")
            }
            416 => {
                self.restart()?;
                refused("the server has less than was asked for")
            }
            status => {
                // Too many requests and time-outs pass; what is missing or forbidden stays so.
                self.hopeless.set((400..500).contains(&status) && !matches!(status, 408 | 429));
                refused(&format!("the server answered with status {status}"))
            }
        }
    }

    /// How long the file is, if nobody knew.
    fn known(&self, whole: Option<u64>) {
        let mut record = self.record.borrow_mut();
        if let (0, Some(whole)) = (record.bytes, whole) {
            record.bytes = whole;
            self.ranges.borrow_mut().end(whole);
            self.reporter.borrow_mut().total = whole;
        }
    }

    /// Nothing of what has come counts. Connections that are under way find that they have no range any more.
    fn restart(&self) -> Result<(), Failure> {
        *self.hash.borrow_mut() = Hashed::default();
        let bytes = self.record.borrow().bytes;
        self.ranges.borrow_mut().restart(whole(bytes));
        self.restarts.set(self.restarts.get() + 1);
        self.hopeless.set(self.restarts.get() > ATTEMPTS);
        self.file.truncate(0)
    }

    /// Hashes what has not been hashed while it came in, and compares.
    async fn verify(&self, store: &ModelStore, model: &str) -> Result<(), Failure> {
        let length = self.file.length();
        let mut hash = self.hash.take();
        let mut reporter = Reporter::new(store, model, Work::Verifying, length, hash.until);
        let mut piece = vec![0; PIECE];
        while hash.until < length {
            let read = self.file.read(hash.until, &mut piece)?;
            hash.hasher.update(&piece[..read]);
            hash.until += read as u64;
            reporter.report(hash.until);
            self.job.check()?;
            // Messages want to be seen to.
            let _ = wasm_core::web::give_way().await;
        }
        let found = super::prepare::hexadecimal(&hash.hasher.finalize());
        let mut record = self.record.borrow_mut();
        let right = length == record.bytes && record.sha256.as_ref().is_none_or(|expected| *expected == found);
        // Where nobody said it beforehand, it is known from now on.
        record.sha256 = Some(found);
        if right { Ok(()) } else { Err(Failure::HashMismatch) }
    }
}
