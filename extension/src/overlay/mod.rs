//! The overlay: everything the user sees and does between "Erase..." and "Done".
//!
//! Pure and tested natively:
//!
//! - the edit: [`document`] (what is painted and filled), made of [`masks`](crate::masks), [`history`] (undo and redo) and [`variations`]
//!   (results to choose from); [`projection`] (how screen and engine follow it);
//! - the toolbar: [`rows`];
//! - what is going on: [`phase`], [`remaining`] (time left); [`activation_guard`] (when buttons may act);
//! - the user's hand: [`tool`], [`hand`], [`gesture`], [`text`] (the words that it takes);
//! - where the picture stands: [`host`] (the overlay's home), [`scene`], [`view`] (zoom and pan), [`placement`], [`affine`];
//! - where its pixels come from: [`ladder`], [`capture`]; whether they are what is shown: [`likeness`], [`as_stored`]; how it is called: [`file_name`]; what the
//!   page may learn of the result: [`disclosure`] (also by what was cut off round: `round_box`), [`consent`]; under which name an unfinished edit is kept: [`kept_edit`];
//! - what the user set: [`settings`], and about a saved file: [`saving`].
//!
//! What touches the DOM is in [`ui`].

pub mod activation_guard;
pub mod affine;
pub mod as_stored;
pub mod capture;
pub mod consent;
pub mod disclosure;
pub mod document;
pub mod file_name;
pub mod framing;
pub mod gesture;
pub mod hand;
pub mod history;
pub mod host;
pub mod kept_edit;
pub mod ladder;
pub mod likeness;
pub mod phase;
pub mod placement;
pub mod projection;
pub mod remaining;
mod round_box;
pub mod rows;
pub mod saving;
pub mod scene;
pub mod settings;
pub mod text;
pub mod tool;
#[cfg(target_arch = "wasm32")]
pub mod ui;
pub mod variations;
pub mod view;
