//! An engine of its own, which edits one file after the other.

use super::task::{Mark, Task};
use crate::browser::bytes;
use crate::masks::laying::Places;
use crate::picture_size::is_tiff;
use crate::protocol::engine::{
    ALONE_PORT, Convert, Encode, Encoded, Erase, FileFormat, FindMark, Learn, Learnt, Open, Opened, Proposed, Purpose,
    StopFinding, ToEngine,
};
use crate::protocol::{Call, Failure, Rect};
use crate::ui::connection::{Attempt, Connection, connect};
use crate::wire::Answered;
use std::rc::Rc;
use web_sys::Blob;

/// Bytes that tell a TIFF.
const HEAD: usize = 4;
/// The number of a job that has the engine for itself.
const JOB: u32 = 1;

/// See the module.
pub(super) struct Lane(Rc<Connection<ToEngine>>);

/// A file with the change.
pub(super) struct Edited {
    pub file: Blob,
    pub format: FileFormat,
    /// What was painted in it.
    pub rect: Rect,
    /// Its size, pixels.
    pub size: (u32, u32),
}

impl Lane {
    /// # Errors
    /// [`Failure::EngineLost`] when none starts.
    pub(super) async fn open() -> Result<Self, Failure> {
        let greet = async |connection: &Connection<ToEngine>| match connection.caller.call(StopFinding, []).await {
            Ok(_) => Attempt::Ready(()),
            Err(Failure::EngineLost) if !connection.has_heard() => Attempt::NotListening,
            Err(failure) => Attempt::Failed(failure),
        };
        let (connection, ()) = connect(|| Connection::open(ALONE_PORT, |_| {}, |_| {}), greet).await?;
        Ok(Self(connection))
    }

    /// Whether its engine is there.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_open()
    }

    async fn ask<C: Call<Request = ToEngine>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        self.0.caller.call(call, blobs).await
    }

    async fn open_picture(&self, file: &Blob) -> Result<Opened, Failure> {
        let head = bytes::read_head(file, HEAD).await?;
        let file = if is_tiff(&head) { self.ask(Convert, [file.clone()]).await?.1[0].clone() } else { file.clone() };
        Ok(self.ask(Open { fills: vec![], key: None }, vec![file]).await?.0)
    }

    /// What is painted in a file, so that it is found in others; none where nothing of it stands out, or the file has another size.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) async fn learn(&self, file: &Blob, places: &Places) -> Result<Option<Mark>, Failure> {
        let opened = self.open_picture(file).await?;
        if (opened.width, opened.height) != (places.width, places.height) {
            return Ok(None);
        }
        let (learnt, blobs) = self.ask(Learn { mask: places.rect }, [blob(&places.coverage())?]).await?;
        Ok(blobs.try_into().ok().map(|blobs| Mark { learnt, blobs }))
    }

    /// Edits a file; none where there is nothing to be done in it.
    ///
    /// # Errors
    /// When the file cannot be opened, edited or written.
    pub(super) async fn edit(&self, file: &Blob, task: &Task) -> Result<Option<Edited>, Failure> {
        let opened = self.open_picture(file).await?;
        let size = (opened.width, opened.height);
        let painted = match &task.mark {
            Some(Mark { learnt: Learnt { width, height }, blobs }) => {
                let call = FindMark { width: *width, height: *height };
                let (Proposed { rect }, coverage) = self.ask(call, blobs.clone()).await?;
                rect.zip(coverage.into_iter().next())
            }
            None => {
                let way = task.places.ways(size).first().copied();
                let part = way.and_then(|way| task.places.part(way, size));
                part.map(|(rect, coverage)| Ok::<_, Failure>((rect, blob(&coverage)?))).transpose()?
            }
        };
        let Some((rect, coverage)) = painted else { return Ok(None) };
        self.ask(Erase { job: JOB, mask: rect, engine: task.engine.clone(), seed: 1 }, [coverage]).await?;
        let format = opened.format;
        let how = Encode { format, purpose: Purpose::File, part: None, note: None, save_as: None, framing: None };
        let (Encoded {}, [file]) = self.ask(how, []).await?;
        Ok(Some(Edited { file, format, rect, size }))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn blob(data: &[u8]) -> Result<Blob, Failure> {
    bytes::blob(data, "application/octet-stream")
}
