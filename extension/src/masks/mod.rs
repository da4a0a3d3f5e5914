//! Where a picture is painted: masks, and the same mask on another picture. Pure, and the same for the overlay and for the editor.
//!
//! [`mask`] is what is painted and each step that paints it, [`stroke`] the smoothing of the hand's path, [`runs`] painted pixels in few numbers,
//! [`laying`] the same mask on another picture, [`file`](mod@file) masks as files, [`outline`] what lies around points.

pub mod file;
pub mod laying;
pub mod mask;
pub mod outline;
pub mod runs;
pub mod stroke;

/// Key of the mask that was painted last, in the browser's memory. In a private window's editor, it is a property of the editor's window.
pub const LAST_MASK: &str = "lastMask";
