//! The overlay: everything the user sees and does between "Erase..." and "Done".
