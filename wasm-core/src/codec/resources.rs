//! Photoshop's image resources (Adobe Photoshop file formats specification), in which a JPEG keeps IPTC (IIM 4.2), as they are saved with an edited
//! picture.

use super::exif;
use super::previews::RESOURCES;

/// What a JPEG's segment begins with that holds resources.
pub(super) const HEADER: &[u8] = b"Photoshop 3.0\0";
/// Maximum length in bytes of all resources of a file.
const LIMIT: usize = 1 << 20;
/// The resource that is IPTC.
const IPTC: u16 = 1028;
/// IPTC's data sets, by record and number, that hold a preview or say what it is.
const PREVIEWS: [(u8, u8); 3] = [(2, 200), (2, 201), (2, 202)];
/// IPTC's records that describe the picture. The others hold it.
const DESCRIBING: [u8; 2] = [1, 2];

/// Takes some bytes off the front.
fn take<'a>(data: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (front, rest) = data.split_at_checked(length)?;
    *data = rest;
    Some(front)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The resources of a file without those that still show the unedited picture, and without local paths. None where nothing is left.
pub(super) fn cleaned(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut clean = vec![];
    while let Some((id, name, contents)) = resource(&mut data) {
        if RESOURCES.contains(&id) {
            continue;
        }
        let (mut name, mut contents) = (name.to_vec(), contents.to_vec());
        exif::blank(&mut name[1..], b' ');
        if id == IPTC {
            let Some(iptc) = cleaned_iptc(&contents) else { continue };
            contents = iptc;
        } else {
            exif::blank(&mut contents, 0);
        }
        let length = (contents.len() as u32).to_be_bytes();
        let padding = &[0][..contents.len() % 2];
        clean.extend([b"8BIM", &id.to_be_bytes()[..], &name, &length, &contents, padding].concat());
    }
    (1..=LIMIT).contains(&clean.len()).then_some(clean)
}

/// Identifier, name and contents of the next resource. The name has its length in front, and an even number of bytes.
fn resource<'a>(data: &mut &'a [u8]) -> Option<(u16, &'a [u8], &'a [u8])> {
    if take(data, 4)? != b"8BIM" {
        return None;
    }
    let id = number(take(data, 2)?) as u16;
    let name = take(data, usize::from(*data.first()?) / 2 * 2 + 2)?;
    let length = number(take(data, 4)?);
    let contents = take(data, length)?;
    // The last one may lack its padding.
    let _ = take(data, length % 2);
    Some((id, name, contents))
}

/// IPTC without previews and local paths. None where nothing is left.
pub(super) fn cleaned_iptc(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut clean = vec![];
    while let Some((record, set, value)) = data_set(&mut data) {
        if !DESCRIBING.contains(&record) || PREVIEWS.contains(&(record, set)) {
            continue;
        }
        let mut value = value.to_vec();
        exif::blank(&mut value, b' ');
        // Longer ones have another kind of length, and describe nothing.
        if let Ok(length @ ..=0x7FFF) = u16::try_from(value.len()) {
            clean.extend([&[0x1C, record, set], &length.to_be_bytes()[..], &value].concat());
        }
    }
    (!clean.is_empty()).then_some(clean)
}

/// Record, number and value of the next data set.
fn data_set<'a>(data: &mut &'a [u8]) -> Option<(u8, u8, &'a [u8])> {
    let [0x1C, record, set, high, low] = *take(data, 5)? else { return None };
    let length = match number(&[high, low]) {
        length @ 0..0x8000 => length,
        // So many bytes hold the length.
        bytes => number(take(data, (bytes - 0x8000).min(8))?),
    };
    Some((record, set, take(data, length)?))
}
