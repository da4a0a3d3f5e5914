//! The drafts' files.

use super::record::{RECORD, Record, is_fresh, outdated, owner};
use crate::browser::files::Folder;
use crate::browser::{bytes, locks, refused, storage};
use crate::protocol::Failure;
use crate::protocol::page::Preserve;
use js_sys::JSON;
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;
use web_sys::{Blob, File};

/// The folder of all drafts.
const FOLDER: &str = "drafts";
/// What the name of a draft's lock begins with, before its id.
const LOCK: &str = "draft:";
/// How many days a draft is kept unless the user sets another number. 0 keeps nothing.
const DAYS: u32 = 7;

/// What a draft is made of.
pub struct Draft {
    /// The picture's own file, of its own type.
    pub file: Blob,
    /// Its edit, and the results of that.
    pub kept: Option<(Preserve, Vec<Blob>)>,
}

/// Takes the lock of a draft for as long as this page lives. False where another page has it.
///
/// # Errors
/// When the browser refuses.
pub async fn lock(id: &str) -> Result<bool, Failure> {
    locks::take(&format!("{LOCK}{id}")).await
}

/// Writes the picture of a new draft. It counts once its record is there.
///
/// # Errors
/// [`Failure::StorageFull`] when there is no room.
pub async fn write_picture(id: &str, file: &Blob) -> Result<(), Failure> {
    Folder::open(FOLDER).await?.write(id, file).await
}

/// Writes `record`, and those of the edit's results that are not there yet, in whose order it then names them. `before` are the names of those
/// that are there; the ones that are not needed any more are removed.
///
/// # Errors
/// [`Failure::StorageFull`] when there is no room.
pub async fn write(record: Record, results: &[Blob], before: &[String]) -> Result<Vec<String>, Failure> {
    let folder = Folder::open(FOLDER).await?;
    let mut names: Vec<String> = vec![];
    for result in results {
        let name = format!("{}-{}", record.id, bytes::fingerprint(result).await?);
        if !before.contains(&name) && !names.contains(&name) {
            folder.write(&name, result).await?;
        }
        names.push(name);
    }
    let record = Record { results: names.clone(), ..record };
    folder
        .write(&format!("{}{RECORD}", record.id), &bytes::blob(text_of(&record)?.as_bytes(), "application/json")?)
        .await?;
    for old in before.iter().filter(|old| !names.contains(old)) {
        folder.remove(old).await?;
    }
    Ok(names)
}

/// A record as JSON. The browser's own writer and reader leave the program smaller than ours would.
fn text_of(record: &Record) -> Result<String, Failure> {
    let wrong = |detail: String| Failure::Internal { detail };
    let value = serde_wasm_bindgen::to_value(record).map_err(|e| wrong(e.to_string()))?;
    Ok(JSON::stringify(&value).map_err(refused)?.into())
}

/// None for what is no record, or is one of another version of Rubout.
fn record_of(text: &[u8]) -> Option<Record> {
    serde_wasm_bindgen::from_value(JSON::parse(str::from_utf8(text).ok()?).ok()?).ok()
}

/// Removes the drafts that are too old and that no page has open.
///
/// # Errors
/// When the browser refuses.
pub async fn clear_old() -> Result<(), Failure> {
    cleared(&Folder::open(FOLDER).await?).await.map(drop)
}

/// The names of the records that stay, once the old ones have gone, and the ids of the drafts that pages have open.
async fn cleared(folder: &Folder) -> Result<(Vec<String>, BTreeSet<String>), Failure> {
    let (now, days) = (js_sys::Date::now(), days().await);
    let names = folder.names().await?;
    let (mut records, mut fresh) = (vec![], BTreeSet::new());
    for name in names.iter().filter(|name| name.ends_with(RECORD)) {
        // Another page may have removed it meanwhile.
        let Ok(file) = folder.blob(name).await else { continue };
        if is_fresh(file.unchecked_ref::<File>().last_modified(), now, days) {
            fresh.insert(owner(name).to_owned());
            records.push(name.clone());
        }
    }
    // Asked last: what was begun meanwhile is open.
    let open: BTreeSet<String> =
        locks::held().await?.iter().filter_map(|name| name.strip_prefix(LOCK)).map(Into::into).collect();
    for id in outdated(&names, &fresh, &open) {
        forget(&id).await?;
    }
    Ok((records, open))
}

/// The drafts that no page has open, the newest first. What is too old is removed.
///
/// # Errors
/// When the browser refuses.
pub async fn free() -> Result<Vec<Record>, Failure> {
    let folder = Folder::open(FOLDER).await?;
    let (names, open) = cleared(&folder).await?;
    let mut records = vec![];
    for name in names.iter().filter(|name| !open.contains(owner(name))) {
        records.extend(record_of(&folder.read(name).await?.unwrap_or_default()));
    }
    records.sort_by(|a, b| b.changed.total_cmp(&a.changed));
    Ok(records)
}

/// How many drafts there are, and whether a page has one of them open. What is too old is removed.
///
/// # Errors
/// When the browser refuses.
pub async fn count() -> Result<(usize, bool), Failure> {
    let (names, open) = cleared(&Folder::open(FOLDER).await?).await?;
    Ok((names.len(), names.iter().any(|name| open.contains(owner(name)))))
}

/// How many of the drafts that no page has open would go if drafts were kept for `days` days.
///
/// # Errors
/// When the browser refuses.
pub async fn count_older(days: u32) -> Result<usize, Failure> {
    let folder = Folder::open(FOLDER).await?;
    let ((names, open), now) = (cleared(&folder).await?, js_sys::Date::now());
    let mut count = 0;
    for name in names.iter().filter(|name| !open.contains(owner(name))) {
        let Ok(file) = folder.blob(name).await else { continue };
        count += usize::from(!is_fresh(file.unchecked_ref::<File>().last_modified(), now, days));
    }
    Ok(count)
}

/// Begins the days anew that a draft is kept, because a page has it open. Nothing where there is none.
///
/// # Errors
/// When the browser refuses.
pub async fn touch(id: &str) -> Result<(), Failure> {
    let (folder, name) = (Folder::open(FOLDER).await?, format!("{id}{RECORD}"));
    // Its age is that of its record's file.
    match folder.read(&name).await? {
        Some(text) => folder.write(&name, &bytes::blob(&text, "application/json")?).await,
        None => Ok(()),
    }
}

/// The record of a draft as it is now; none where there is none.
///
/// # Errors
/// When the browser refuses.
pub async fn record(id: &str) -> Result<Option<Record>, Failure> {
    let text = Folder::open(FOLDER).await?.read(&format!("{id}{RECORD}")).await?;
    Ok(text.and_then(|text| record_of(&text)))
}

/// The draft of a record.
///
/// # Errors
/// When a file is missing.
pub async fn open(record: &Record) -> Result<Draft, Failure> {
    let folder = Folder::open(FOLDER).await?;
    let file = bytes::typed(&folder.blob(&record.id).await?, &record.kind)?;
    let mut results = vec![];
    for name in &record.results {
        results.push(bytes::typed(&folder.blob(name).await?, "image/png")?);
    }
    Ok(Draft { file, kept: record.edit.clone().map(|edit| (edit, results)) })
}

/// Removes all files of a draft, its record first.
///
/// # Errors
/// When the browser refuses.
pub async fn forget(id: &str) -> Result<(), Failure> {
    let folder = Folder::open(FOLDER).await?;
    folder.remove(&format!("{id}{RECORD}")).await?;
    for name in folder.names().await?.iter().filter(|name| owner(name) == id) {
        folder.remove(name).await?;
    }
    Ok(())
}

/// For how many days drafts are kept.
pub async fn days() -> u32 {
    storage::local(storage::DRAFT_DAYS).await.ok().flatten().unwrap_or(DAYS)
}

/// Sets for how many days drafts are kept.
///
/// # Errors
/// When the browser refuses.
pub async fn set_days(days: u32) -> Result<(), Failure> {
    storage::set_local(storage::DRAFT_DAYS, &days).await
}
