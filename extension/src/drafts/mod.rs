//! Pictures that were opened in the editor, kept in the extension's private files, so that a reload, a crash or an update loses nothing.
//!
//! Each has a file of its own, the results of its edit, and a record that names them. The record is written last: whatever it names is there.
//! A page that works on a draft holds its lock, which ends with that page in whatever way; a draft whose lock nobody holds is free, and goes
//! when it is older than the user wants. Of what comes from an incognito window, there is no draft.
//!
//! [`record`] is pure: what is written, and what is too old. [`store`] binds it to the files.

pub mod record;

#[cfg(target_arch = "wasm32")]
pub mod store;
