//! A ZIP file that is written piece by piece: only one result is in memory at a time.

use std::cell::RefCell;
use std::io::{Result, Write};
use std::rc::Rc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Files of at least this many bytes need the longer form of an entry.
const LARGE: usize = 0xFFFF_0000;

/// Bytes that were written and not taken yet.
#[derive(Clone, Default)]
struct Pieces(Rc<RefCell<Vec<u8>>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// See the module. Pictures are compressed already: they are stored as they are.
pub struct Archive {
    pieces: Pieces,
    writer: ZipWriter<StreamWriter<Pieces>>,
}

impl Default for Archive {
    fn default() -> Self {
        let pieces = Pieces::default();
        Self { writer: ZipWriter::new_stream(pieces.clone()), pieces }
    }
}

impl Archive {
    /// Adds a file under a name with its folders, written at a time: year, and month, day, hour, minute and second. Gives the bytes that the ZIP file goes
    /// on with.
    ///
    /// # Errors
    /// When the name is longer than 65,535 bytes.
    pub fn add(&mut self, name: &str, data: &[u8], written: (u16, [u8; 5])) -> Result<Vec<u8>> {
        let (year, [month, day, hour, minute, second]) = written;
        // A clock may be set to a year for which ZIP files have no number.
        let time = DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(time)
            .large_file(data.len() >= LARGE);
        self.writer.start_file(name, options)?;
        self.writer.write_all(data)?;
        Ok(self.pieces.0.take())
    }

    /// The bytes that the ZIP file ends with.
    ///
    /// # Errors
    /// Never: what it is written to takes everything.
    pub fn finish(self) -> Result<Vec<u8>> {
        let Self { pieces, writer } = self;
        writer.finish()?;
        Ok(pieces.0.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};
    use zip::ZipArchive;

    #[test]
    fn what_is_written_in_pieces_is_a_whole_archive() {
        let files = [("a/cat.png", vec![7u8; 5000]), ("猫.jpg", (0..=255).collect()), ("empty.png", vec![])];
        let mut archive = Archive::default();
        let mut whole = vec![];
        for (name, data) in &files {
            let piece = archive.add(name, data, (2031, [5, 17, 13, 40, 22])).expect("written");
            assert!(piece.len() < data.len() + 200, "only this file is in memory");
            whole.extend(piece);
        }
        whole.extend(archive.finish().expect("written"));
        let mut read = ZipArchive::new(Cursor::new(whole)).expect("written");
        assert_eq!(read.len(), files.len());
        for (name, data) in &files {
            let mut found = vec![];
            read.by_name(name).expect("written").read_to_end(&mut found).expect("written");
            assert_eq!(&found, data, "{name}");
        }
        let written = read.by_index(0).expect("a file").last_modified().expect("a time");
        assert_eq!((written.year(), written.month(), written.day(), written.hour()), (2031, 5, 17, 13));
    }

    #[test]
    fn an_archive_of_nothing_can_be_opened() {
        let whole = Archive::default().finish().expect("written");
        assert_eq!(ZipArchive::new(Cursor::new(whole)).expect("written").len(), 0);
    }
}
