//! The overlay: everything the user sees and does between "Erase..." and "Done".
//!
//! Pure and tested natively: [`affine`], [`placement`] (where image pixels stand on the screen), [`view`] (zoom and
//! pan), [`mask`] (what is painted), [`history`] (undo and redo), [`variations`] (results to choose from), [`stroke`] (smoothing), [`remaining`] (time left), [`settings`] (what is stored), [`ladder`] (where the
//! pixels come from). What touches the DOM is in [`ui`].

pub mod affine;
pub mod history;
pub mod ladder;
pub mod mask;
pub mod placement;
pub mod remaining;
pub mod settings;
pub mod stroke;
#[cfg(target_arch = "wasm32")]
pub mod ui;
pub mod variations;
pub mod view;
