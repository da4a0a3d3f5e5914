//! The editor: a page of the extension for pictures that are in no web page, one or several at once.
//!
//! Each picture is edited by an overlay of its own (`overlay.html?editor` in a frame), with its own history and its own port to the engine.
//! The editor stands for the web page that the shim would be in: it gives the picture, keeps the edit and takes the result. Nothing of the
//! overlay exists a second time here.
//!
//! Pure and tested natively: [`names`] (of files), [`shelf`] (which picture shows, and which ones are awake), [`cleaning`] (files without metadata;
//! `gif_metadata`, `heif_metadata`, `svg_metadata` and `tiff_metadata` for four families of formats), [`drawing`] (how many pixels an SVG gets),
//! [`tiles`] (how a page is scrolled to capture all of it). The rest binds them to `editor.html`:
//!
//! - `picture` is one picture with what is kept of its edit, `frame` the overlay that edits it, `guest` the page that it came from, if it did;
//!   `engine` asks for what needs no overlay;
//! - `capture` takes whole pages, `intake` the other ways in (files that are chosen, dropped or pasted); `reach` talks to a script in a page;
//! - `workspace` holds the pictures, `strip` is the row of their thumbnails, `upload` a field of a web page that they are for, of which `target`
//!   is what a page that is loaded anew knows;
//! - `keeper` writes them as drafts and `kept` brings those back; `sizing` lets the user choose how large a drawing becomes, `keys` lists the
//!   keys, `errands` does what the page was opened for, and `start` puts the page together.

pub mod cleaning;
pub mod drawing;
mod gif_metadata;
mod heif_metadata;
pub mod names;
pub mod shelf;
mod svg_metadata;
mod tiff_metadata;
pub mod tiles;

#[cfg(target_arch = "wasm32")]
mod capture;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod errands;
#[cfg(target_arch = "wasm32")]
mod frame;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod intake;
#[cfg(target_arch = "wasm32")]
mod keeper;
#[cfg(target_arch = "wasm32")]
mod kept;
#[cfg(target_arch = "wasm32")]
mod keys;
#[cfg(target_arch = "wasm32")]
mod picture;
#[cfg(target_arch = "wasm32")]
mod reach;
#[cfg(target_arch = "wasm32")]
mod sizing;
#[cfg(target_arch = "wasm32")]
mod start;
#[cfg(target_arch = "wasm32")]
mod strip;
#[cfg(target_arch = "wasm32")]
mod target;
#[cfg(target_arch = "wasm32")]
mod upload;
#[cfg(target_arch = "wasm32")]
mod workspace;

#[cfg(target_arch = "wasm32")]
pub use start::start;
