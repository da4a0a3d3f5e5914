//! The toolkit of the extension's pages: what the overlay, the models page and every page to come share.
//!
//! Pure and tested natively: [`units`] (numbers as people read them), [`sentences`] (what becomes a sentence), [`asker`] (who waits for
//! an answer). The rest touches the document: `dom` finds and changes elements, `listen` hears what the user does, `translation` puts
//! the user's language into a page, `question_dialog` asks and waits, `notice` asks or tells in a line that blocks nothing, `alert` says
//! in such a line what failed, `sheet` is what a button opens over the page, `size` tells when an element grows or shrinks, `announcer` speaks to screen readers, `connection` reaches
//! the engine's worker, `save_file` hands a blob to the browser as a download, `offer_switch` is a setting of one site.
//!
//! # A new page
//!
//! 1. `pages/NAME.html`: link `tokens.css` before the page's own stylesheet, and `NAME.js` as a module. Text that the user reads is named
//!    by `data-i18n`, names of buttons without text by `data-i18n-label`; the messages go into all of `_locales`. What the toolkit
//!    looks for by id: `#status` with `role="status"` for `announcer`; `#alert` with `role="alert"` and its `-text`, `-yes` and `-no`
//!    for `alert`, and the like for a `notice`; a `<dialog>` with its `-title`, `-text`, `-yes` and `-no` for `question_dialog`; a
//!    `<dialog>` called `NAME-sheet` and a button `NAME-close` for `sheet`.
//! 2. `pages/NAME.css`: only what the page does not share. Colours, radii and type come from `tokens.css`.
//! 3. `pages/NAME.js`: shows that the module itself broke, loads `wasm/NAME.js` and calls its `start` (see `models.js`).
//! 4. `src/bin/NAME.rs`: exports `start`. The binary has an entry in `Cargo.toml`, in both lists of programs in `xtask/src/build.rs`
//!    and in `xtask/size-budget.json`.
//! 5. `src/NAME/`: what can be decided without a document in files of its own, tested natively. Each part of the page finds its own
//!    elements ([`dom::by_id`]), listens to them ([`listen::on`]) and keeps its own state; a `start.rs` puts the parts together, and none
//!    of them knows the page. `models_page` is an example.
//! 6. `tests/layering.rs` gets the layer, with `ui` among those that it may use; `e2e/NAME.test.mjs` what users do.
//!
//! A page that needs the engine's worker connects with [`connection::connect`]; one that only speaks of models uses
//! [`ModelClient`](crate::model_client::ModelClient).

#[cfg(target_arch = "wasm32")]
pub(crate) mod alert;
#[cfg(target_arch = "wasm32")]
pub(crate) mod announcer;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod asker;
#[cfg(target_arch = "wasm32")]
pub(crate) mod connection;
#[cfg(target_arch = "wasm32")]
pub(crate) mod dom;
#[cfg(target_arch = "wasm32")]
pub(crate) mod listen;
#[cfg(target_arch = "wasm32")]
pub(crate) mod notice;
#[cfg(target_arch = "wasm32")]
pub(crate) mod offer_switch;
#[cfg(target_arch = "wasm32")]
pub(crate) mod own_keys;
#[cfg(target_arch = "wasm32")]
pub(crate) mod question_dialog;
#[cfg(target_arch = "wasm32")]
pub(crate) mod save_file;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod sentences;
#[cfg(target_arch = "wasm32")]
pub(crate) mod sheet;
#[cfg(target_arch = "wasm32")]
pub(crate) mod sight;
#[cfg(target_arch = "wasm32")]
pub(crate) mod size;
#[cfg(target_arch = "wasm32")]
pub(crate) mod translation;
pub mod units;
