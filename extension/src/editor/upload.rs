//! An upload field of a web page, for which the editor was opened: takes what it holds, and hands over what it is to hold.

use super::cleaning::{Cleaned, cleaned};
use super::names::{is_asked_for, renamed};
use super::picture::{Given, Picture};
use super::reach::{reach, within};
use super::shelf::PictureId;
use super::target::{Known, NotedFile, Target};
use super::workspace::Workspace;
use crate::browser::{bytes, i18n, storage, tabs};
use crate::protocol::Failure;
use crate::protocol::background::{Session, session_key};
use crate::protocol::upload::{Field, HandOver, Handed, HandedFile, Held, ToField, UPLOAD_PORT};
use crate::ui::dom::{by_id, show_text};
use crate::ui::listen::on;
use crate::ui::offer_switch::show_offer_switch;
use crate::wire::Caller;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, HtmlButtonElement, HtmlElement, HtmlInputElement, MouseEvent, Url};

/// A file that the field held.
struct Entry {
    file: HandedFile,
    /// The picture that it became; none where it is no picture, and stays as it is.
    picture: Option<PictureId>,
    /// Whether the field holds something else than the picture was made of.
    is_changed: bool,
}

/// How handing over ended.
enum Outcome {
    /// The field has the files.
    Taken,
    /// It has the picture that shows; it takes one only, and there are others.
    TakenOne,
    /// It has the files, and asks for files of other kinds.
    TakenOddly,
    /// The page showed no sign of taking them.
    Refused,
    /// Nothing was handed over: the picture of this name cannot be opened, so that nobody knows what its file says of the user.
    Unclean(String),
}

/// The picture of a file that the user has closed before: none has this number.
const CLOSED: PictureId = PictureId::MAX;
/// Milliseconds after which a page that does not answer has failed; longer where it works on what it got.
const PATIENCE: u32 = 10_000;
const HAND_OVER: u32 = 60_000;

/// See the module.
struct Upload {
    token: String,
    caller: Rc<Caller<ToField>>,
    session: Session,
    /// The site, as people know it.
    site: String,
    multiple: bool,
    /// The kinds of files that the field asks for.
    accept: String,
    held: Vec<Entry>,
    /// While files are handed over, the button does nothing.
    busy: Cell<bool>,
}

/// Opens what the field of this token holds, and shows where the result goes.
///
/// # Errors
/// [`Failure::Gone`] when the page is not there any more.
pub(super) async fn begin(editor: &Rc<Workspace>, token: &str) -> Result<(), Failure> {
    Target { token: token.into(), files: vec![], open: vec![] }.note();
    let reached = Reached::new(token).await?;
    let files = reached.files.iter().cloned().zip(reached.blobs.iter());
    let entry =
        |(file, blob): (HandedFile, &Blob)| Entry { picture: put(editor, &file, blob), file, is_changed: false };
    let held: Vec<Entry> = files.map(entry).collect();
    if let Some(first) = held.iter().find_map(|entry| entry.picture) {
        editor.show(first);
    }
    show(editor, token, reached, held);
    Ok(())
}

/// Goes on with the field that the page was for which was in this tab before, whose pictures are open again. False where it holds other files now.
///
/// # Errors
/// [`Failure::Gone`] when the page is not there any more.
pub(super) async fn resume(editor: &Rc<Workspace>, target: &Target) -> Result<bool, Failure> {
    let reached = Reached::new(&target.token).await?;
    if !target.fits(&reached.files) {
        return Ok(false);
    }
    let (was_empty, open) = (editor.all().is_empty(), editor.all());
    let entry = |(place, (file, blob)): (usize, (&HandedFile, &Blob))| {
        let kept = |draft: &str| open.iter().find(|picture| picture.draft.as_deref() == Some(draft));
        let (picture, is_changed) = match target.file(place) {
            Known::Closed => (Some(CLOSED), false),
            Known::Kept { draft, is_changed } => match kept(draft) {
                Some(picture) => (Some(picture.id), is_changed),
                None => (put(editor, file, blob), false),
            },
            Known::Fresh => (put(editor, file, blob), false),
        };
        Entry { file: file.clone(), picture, is_changed }
    };
    let held: Vec<Entry> = reached.files.iter().zip(&reached.blobs).enumerate().map(entry).collect();
    if let Some(first) = held.iter().find_map(|entry| entry.picture).filter(|_| was_empty) {
        editor.show(first);
    }
    show(editor, &target.token, reached, held);
    Ok(true)
}

/// A field, and what it holds now.
struct Reached {
    caller: Rc<Caller<ToField>>,
    session: Session,
    multiple: bool,
    accept: String,
    files: Vec<HandedFile>,
    blobs: Vec<Blob>,
}

impl Reached {
    async fn new(token: &str) -> Result<Self, Failure> {
        let session: Session = storage::session(&session_key(token)).await?.ok_or(Failure::Gone)?;
        let (_, caller) = reach(session.tab_id, session.frame_id, &format!("{UPLOAD_PORT}:{token}"))?;
        let (Field { multiple, accept, files }, blobs) = within(PATIENCE, caller.call(Held, [])).await?;
        Ok(Self { caller, session, multiple, accept, files, blobs })
    }
}

/// Opens a file of the field, if it is a picture.
fn put(editor: &Rc<Workspace>, file: &HandedFile, blob: &Blob) -> Option<PictureId> {
    let given = || Given { name: file.name.clone(), last_modified: file.last_modified, file: blob.clone() };
    blob.type_().starts_with("image/").then(|| editor.put(given()))
}

/// Shows where the result goes.
fn show(editor: &Rc<Workspace>, token: &str, reached: Reached, held: Vec<Entry>) {
    let Reached { caller, session, multiple, accept, .. } = reached;
    let origin = session.origin.clone().and_then(|origin| Url::new(&origin).ok());
    let site = origin.map_or_else(|| i18n::text("thisPage", &[]), |origin| origin.host());
    show_text(&by_id::<HtmlElement>("target-for"), &i18n::text("uploadFor", &[&site]));
    by_id::<HtmlElement>("target").set_hidden(false);
    if let Some(origin) = session.origin.clone() {
        let tab_id = session.tab_id;
        spawn_local(async move { show_offer_switch(&origin, tab_id).await });
    }
    let (token, busy) = (token.to_owned(), Cell::default());
    let upload = Rc::new(Upload { token, caller, session, site, multiple, accept, held, busy });
    let files = upload.held.iter().map(|entry| {
        let picture = entry.picture.and_then(|id| editor.picture(id));
        NotedFile { is_closed: entry.picture == Some(CLOSED), ..noted(&entry.file, picture, entry.is_changed) }
    });
    Target { token: upload.token.clone(), files: files.collect(), open: vec![] }.note();
    let user = Rc::clone(editor);
    let press = move || {
        let (editor, upload) = (Rc::clone(&user), Rc::clone(&upload));
        spawn_local(async move { upload.press(&editor).await });
    };
    let pressed = press.clone();
    on(&by_id::<HtmlElement>("use"), "click", move |_: &MouseEvent| pressed());
    editor.hand_over_with(press);
}

/// What is noted of a file and of its picture.
fn noted(file: &HandedFile, picture: Option<Rc<Picture>>, is_changed: bool) -> NotedFile {
    let draft = picture.and_then(|picture| picture.draft.clone());
    NotedFile { name: file.name.clone(), last_modified: file.last_modified, draft, is_changed, is_closed: false }
}

impl Upload {
    /// "Use" was pressed.
    async fn press(&self, editor: &Rc<Workspace>) {
        if self.busy.replace(true) {
            return;
        }
        let button: HtmlButtonElement = by_id("use");
        button.set_disabled(true);
        editor.keeper.handing_over.set(true);
        let handed = self.hand_over(editor).await;
        editor.keeper.handing_over.set(false);
        match handed {
            Ok(taken @ (Outcome::Taken | Outcome::TakenOne | Outcome::TakenOddly)) => {
                // What hides something may go now.
                editor.all().iter().for_each(|picture| editor.keep(picture));
                let key = match taken {
                    Outcome::TakenOddly => "uploadKind",
                    Outcome::TakenOne => "uploadUsedOne",
                    _ => "uploadUsed",
                };
                editor.tell(&i18n::text(key, &[&self.site]));
                // The tab may be gone by now, together with what was handed over.
                let _ = tabs::show(self.session.tab_id).await;
            }
            Ok(Outcome::Refused) => editor.tell(&i18n::text("uploadRefused", &[&self.site])),
            Ok(Outcome::Unclean(name)) => editor.tell(&i18n::text("uploadUnclean", &[&name])),
            Err(Failure::Gone) => editor.refuse("uploadGone"),
            Err(failure) => editor.fail(&failure),
        }
        button.set_disabled(false);
        self.busy.set(false);
    }

    /// Gives the field its files.
    async fn hand_over(&self, editor: &Rc<Workspace>) -> Result<Outcome, Failure> {
        let clean = by_id::<HtmlInputElement>("clean").checked();
        let (mut files, mut blobs, mut known, mut is_odd) = (vec![], vec![], vec![], false);
        for (number, picture) in self.wanted(editor) {
            let (name, last_modified) = match (&picture, number) {
                (Some(picture), _) => (picture.given.name.clone(), picture.given.last_modified),
                (None, Some(number)) => (self.held[number].file.name.clone(), self.held[number].file.last_modified),
                (None, None) => continue,
            };
            let fresh = match &picture {
                Some(picture) => match written(editor, picture, clean).await {
                    Err(Failure::Undecodable { .. }) => return Ok(Outcome::Unclean(name)),
                    fresh => fresh?,
                },
                None => None,
            };
            let is_changed = fresh.is_some();
            // What the field held when this page began may have been edited before.
            let own = number.filter(|number| !is_changed && !self.held[*number].is_changed);
            let kept = own.map(|number| number as u32);
            let own = || picture.as_ref().filter(|_| kept.is_none()).map(|picture| picture.given.file.clone());
            let fresh = fresh.or_else(own);
            let name = fresh.as_ref().map_or_else(|| name.clone(), |fresh| renamed(&name, &fresh.type_()));
            is_odd |= fresh.as_ref().is_some_and(|fresh| !is_asked_for(&self.accept, &name, &fresh.type_()));
            let file = HandedFile { kept, name, last_modified };
            known.push(noted(&file, picture, is_changed));
            files.push(file);
            blobs.extend(fresh);
        }
        let (Handed { taken }, []) = within(HAND_OVER, self.caller.call(HandOver { files }, blobs)).await?;
        if taken {
            Target { token: self.token.clone(), files: known, open: vec![] }.note();
        }
        Ok(match taken {
            false => Outcome::Refused,
            true if is_odd => Outcome::TakenOddly,
            true if !self.multiple && editor.all().len() > 1 => Outcome::TakenOne,
            true => Outcome::Taken,
        })
    }

    /// What the field is to hold, in order: files that it held, by their numbers, and the pictures of the editor. Those that were closed are
    /// left out; those that came from elsewhere follow.
    fn wanted(&self, editor: &Workspace) -> Vec<(Option<usize>, Option<Rc<Picture>>)> {
        let of = |id: PictureId| self.held.iter().position(|entry| entry.picture == Some(id));
        if !self.multiple {
            return editor.shown().map(|picture| (of(picture.id), Some(picture))).into_iter().collect();
        }
        let held = self.held.iter().enumerate().filter_map(|(number, entry)| match entry.picture {
            Some(id) => Some((Some(number), Some(editor.picture(id)?))),
            None => Some((Some(number), None)),
        });
        let others = editor.all().into_iter().filter(|picture| of(picture.id).is_none());
        held.chain(others.map(|picture| (None, Some(picture)))).collect()
    }
}

/// A picture as it is given away; none where its own file can be. With `clean`, nothing but the picture is in it.
///
/// # Errors
/// [`Failure::Undecodable`] where its file would have to be written anew for that, and cannot be opened.
async fn written(editor: &Rc<Workspace>, picture: &Rc<Picture>, clean: bool) -> Result<Option<Blob>, Failure> {
    let file = &picture.given.file;
    if picture.is_edited() {
        return editor.result(picture, !clean).await.map(Some);
    }
    if !clean {
        return Ok(None);
    }
    match cleaned(&bytes::read(file).await?) {
        Cleaned::Already => Ok(None),
        Cleaned::Without(clean) => bytes::blob(&clean, &file.type_()).map(Some),
        Cleaned::Unknown => editor.result(picture, false).await.map(Some),
    }
}
