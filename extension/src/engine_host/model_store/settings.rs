//! The user's settings about models. They are files in a folder of their own, because a worker cannot use the extension's storage.

use crate::browser::files::Folder;
use crate::protocol::Failure;

const FOLDER: &str = "settings";
/// Origin of a mirror of the hub.
const MIRROR: &str = "hub";
/// The model to erase with.
const PREFERRED: &str = "preferred";
/// Minutes that a model stays on the GPU.
const WARM_MINUTES: &str = "warm-minutes";
/// The default of [`WARM_MINUTES`]: long enough to come back from another tab, short enough for the battery and for games.
pub(super) const USUAL_MINUTES: u32 = 5;

/// A setting; empty where there is none.
async fn get(name: &str) -> Result<String, Failure> {
    let bytes = Folder::open(FOLDER).await?.read(name).await?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn set(name: &str, value: &str) -> Result<(), Failure> {
    Folder::open(FOLDER).await?.replace(name, value.as_bytes()).await
}

/// Origin of the mirror that the user set, if any.
pub(super) async fn mirror() -> Result<Option<String>, Failure> {
    Ok(Some(get(MIRROR).await?).filter(|origin| !origin.is_empty()))
}

/// Sets [`mirror`]; empty for none.
pub(super) async fn set_mirror(origin: &str) -> Result<(), Failure> {
    set(MIRROR, origin.trim_end_matches('/')).await
}

/// The model that the user wants to erase with; empty if none was chosen.
pub(super) async fn preferred() -> Result<String, Failure> {
    get(PREFERRED).await
}

/// Sets [`preferred`].
pub(super) async fn set_preferred(model: &str) -> Result<(), Failure> {
    set(PREFERRED, model).await
}

/// Minutes that a model stays on the GPU after it was last needed.
pub(super) async fn warm_minutes() -> Result<u32, Failure> {
    Ok(get(WARM_MINUTES).await?.parse().unwrap_or(USUAL_MINUTES))
}

/// Sets [`warm_minutes`].
pub(super) async fn set_warm_minutes(minutes: u32) -> Result<(), Failure> {
    set(WARM_MINUTES, &minutes.to_string()).await
}
