//! Takes metadata out of HEIF and AVIF files (ISO/IEC 14496-12, 23008-12), whose pictures stay as they are. The file keeps its length, because its
//! boxes say at which bytes of it everything lies: what goes is written over.

/// Exif data that say nothing: the offset of their header, and an empty list.
const NO_EXIF: &[u8] = b"\0\0\0\0MM\0\x2A\0\0\0\x08\0\0\0\0\0\0";
/// XMP that says nothing. Blanks may follow.
const NO_XMP: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";
/// The boxes of a file's description that make up its pictures.
const OF_PICTURES: [&[u8; 4]; 9] = [b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"];
/// The items that are pictures or parts of them.
const PICTURES: [&[u8; 4]; 10] =
    [b"av01", b"hvc1", b"hev1", b"lhv1", b"avc1", b"jpeg", b"grid", b"iden", b"iovl", b"tmap"];

/// A box: its kind, where it begins, where its contents begin, and where it ends.
struct Found {
    kind: [u8; 4],
    at: usize,
    inside: usize,
    end: usize,
}

/// An item, and where its description stands.
struct Item {
    id: u64,
    kind: [u8; 4],
    at: usize,
}

/// The file without metadata and previews; none where it is not understood as a whole.
pub(super) fn cleaned(file: &[u8]) -> Option<Vec<u8>> {
    let mut clean = file.to_vec();
    let mut is_described = false;
    for found in boxes(file, 0, file.len())? {
        match &found.kind {
            // A film is described elsewhere.
            b"moov" => return None,
            b"ftyp" | b"mdat" => {}
            b"meta" => {
                is_described = true;
                description(file, &mut clean, &found)?;
            }
            _ => wipe(&mut clean, &found),
        }
    }
    is_described.then_some(clean)
}

/// The boxes in a part of the file; none where one of them sticks out.
fn boxes(file: &[u8], mut at: usize, end: usize) -> Option<Vec<Found>> {
    let mut all = vec![];
    while at < end {
        let kind: [u8; 4] = file.get(at + 4..at + 8)?.try_into().ok()?;
        let (inside, length) = match number(file, at, 4)? {
            0 => (at + 8, end - at),
            1 => (at + 16, usize::try_from(number(file, at + 8, 8)?).ok()?),
            length => (at + 8, usize::try_from(length).ok()?),
        };
        let last = at.checked_add(length)?;
        if last > end || inside > last {
            return None;
        }
        all.push(Found { kind, at, inside, end: last });
        at = last;
    }
    Some(all)
}

/// A number of so many bytes.
fn number(file: &[u8], at: usize, bytes: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(bytes)?)?;
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Nothing is left of a box but its length.
fn wipe(clean: &mut [u8], found: &Found) {
    clean[found.at + 4..found.at + 8].copy_from_slice(b"free");
    clean[found.inside..found.end].fill(0);
}

/// Cleans what a file's description names, and the description itself.
fn description(file: &[u8], clean: &mut [u8], meta: &Found) -> Option<()> {
    let parts = boxes(file, meta.inside + 4, meta.end)?;
    let part = |kind: &[u8; 4]| parts.iter().find(|part| &part.kind == kind);
    let items = items(file, part(b"iinf")?)?;
    let places = part(b"iloc")?;
    let data = part(b"idat").map_or(0, |data| data.inside);
    let previews = part(b"iref").map_or(Some(vec![]), |references| previews(file, clean, references))?;
    for item in &items {
        let instead: &[u8] = match &item.kind {
            b"Exif" => NO_EXIF,
            b"mime" => NO_XMP,
            b"uri " => &[],
            b"grid" | b"iden" | b"iovl" | b"tmap" if previews.contains(&item.id) => return None,
            kind if PICTURES.contains(&kind) && previews.contains(&item.id) => {
                // It is no picture of its own, either: hidden.
                clean[item.at + 3] |= 1;
                &[]
            }
            kind if PICTURES.contains(&kind) => continue,
            _ => return None,
        };
        let blank = if item.kind == *b"mime" { b' ' } else { 0 };
        let places = extents(file, places, item.id, data)?;
        let fits = places.iter().map(|(start, end)| end - start).sum::<usize>() >= instead.len();
        let mut rest = if fits { instead } else { &[] };
        for (start, end) in places {
            let into = clean.get_mut(start..end)?;
            let (now, later) = rest.split_at(rest.len().min(into.len()));
            into.fill(blank);
            into[..now.len()].copy_from_slice(now);
            rest = later;
        }
    }
    parts.iter().filter(|part| !OF_PICTURES.contains(&&part.kind)).for_each(|part| wipe(clean, part));
    Some(())
}

fn items(file: &[u8], list: &Found) -> Option<Vec<Item>> {
    let count = if file.get(list.inside)? == &0 { 2 } else { 4 };
    let of = |entry: Found| {
        let at = entry.inside;
        let id = match file.get(at)? {
            2 => 2,
            3 => 4,
            _ => return None,
        };
        let kind = file.get(at + 4 + id + 2..at + 4 + id + 6)?.try_into().ok()?;
        (entry.kind == *b"infe").then_some(Item { id: number(file, at + 4, id)?, kind, at })
    };
    boxes(file, list.inside + 4 + count, list.end)?.into_iter().map(of).collect()
}

/// The items that are previews of others. They are so no more.
fn previews(file: &[u8], clean: &mut [u8], references: &Found) -> Option<Vec<u64>> {
    let bytes = if file.get(references.inside)? == &0 { 2 } else { 4 };
    let mut all = vec![];
    for reference in boxes(file, references.inside + 4, references.end)? {
        if reference.kind == *b"thmb" {
            all.push(number(file, reference.inside, bytes)?);
            wipe(clean, &reference);
        }
    }
    Some(all)
}

/// Where the bytes of an item lie in the file. `data` is where those begin that stand in the description.
fn extents(file: &[u8], places: &Found, wanted: u64, data: usize) -> Option<Vec<(usize, usize)>> {
    let mut at = places.inside;
    let mut read = |bytes: usize| {
        at += bytes;
        number(file.get(..places.end)?, at - bytes, bytes)
    };
    let version = read(1)?;
    read(3)?;
    let sizes = read(2)? as usize;
    let [offset, length, base, index] = [12, 8, 4, 0].map(|shift| sizes >> shift & 15);
    let id = if version < 2 { 2 } else { 4 };
    for _ in 0..read(id)? {
        let is_wanted = read(id)? == wanted;
        let method = if version > 0 { read(2)? & 15 } else { 0 };
        let elsewhere = read(2)?;
        let base = read(base)?;
        let mut all = vec![];
        for _ in 0..read(2)? {
            if version > 0 {
                read(index)?;
            }
            let start = usize::try_from(base.checked_add(read(offset)?)?).ok()?;
            let length = usize::try_from(read(length)?).ok()?;
            let start = if method == 1 { start.checked_add(data)? } else { start };
            // No length stands for all that is left.
            let end = if length == 0 { file.len() } else { start.checked_add(length)? };
            all.push((start, end));
        }
        if is_wanted {
            let is_here =
                method < 2 && elsewhere == 0 && all.iter().all(|(start, end)| start <= end && *end <= file.len());
            return is_here.then_some(all);
        }
    }
    // An item without a place has no bytes.
    Some(vec![])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        [&(contents.len() as u32 + 8).to_be_bytes()[..], kind, contents].concat()
    }

    fn full(kind: &[u8; 4], version: u8, contents: &[u8]) -> Vec<u8> {
        boxed(kind, &[&[version, 0, 0, 0], contents].concat())
    }

    fn short(number: usize) -> [u8; 2] {
        (number as u16).to_be_bytes()
    }

    /// A file with these items in its `mdat`, the first of which is the picture; of each preview it says whose.
    pub(in super::super) fn heif(
        items: &[(&[u8; 4], &[u8])],
        preview: Option<(usize, usize)>,
        before: &[u8],
    ) -> Vec<u8> {
        let infos: Vec<u8> = items
            .iter()
            .enumerate()
            .flat_map(|(number, (kind, _))| full(b"infe", 2, &[&short(number + 1)[..], &[0, 0], *kind, b"\0"].concat()))
            .collect();
        let infos = full(b"iinf", 0, &[&short(items.len())[..], &infos].concat());
        let references =
            preview.map(|(from, to)| full(b"iref", 0, &boxed(b"thmb", &[short(from), short(1), short(to)].concat())));
        let places = |mut at: usize| {
            let mut all = [&[0x44, 0][..], &short(items.len())].concat();
            for (number, (_, data)) in items.iter().enumerate() {
                let numbers = [at as u32, data.len() as u32].map(u32::to_be_bytes).concat();
                all.extend([&short(number + 1)[..], &[0, 0], &short(1), &numbers].concat());
                at += data.len();
            }
            full(b"iloc", 0, &all)
        };
        let head = |at| {
            let parts = [
                full(b"hdlr", 0, b"pict"),
                full(b"pitm", 0, &short(1)),
                infos.clone(),
                references.clone().unwrap_or_default(),
                places(at),
            ];
            [boxed(b"ftyp", b"heic\0\0\0\0mif1"), full(b"meta", 0, &parts.concat()), before.to_vec()].concat()
        };
        let data: Vec<u8> = items.iter().flat_map(|(_, data)| data.to_vec()).collect();
        [head(head(0).len() + 8), boxed(b"mdat", &data)].concat()
    }

    const EXIF: &[u8] = b"\0\0\0\0MM\0\x2A\0\0\0\x08\0\x01Testcam, 48.5 north";
    const XMP: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><a b='Testcam'/></x:xmpmeta>";

    #[test]
    fn place_camera_and_texts_go_and_the_picture_stays_where_it_was() {
        let with = heif(
            &[(b"hvc1", b"the picture"), (b"Exif", EXIF), (b"mime", XMP)],
            None,
            &boxed(b"mpvd", b"Testcam's film"),
        );
        let clean = cleaned(&with).expect("it is understood");
        assert_eq!(clean.len(), with.len());
        let has = |what: &[u8]| clean.windows(what.len()).any(|bytes| bytes == what);
        assert!(has(b"the picture") && !has(b"Testcam"));
        assert!(has(NO_EXIF) && has(NO_XMP), "what is left can be read");
        assert_eq!(cleaned(&clean), Some(clean.clone()), "twice is once");
        let without = heif(&[(b"av01", b"the picture")], None, b"");
        assert_eq!(cleaned(&without), Some(without));
    }

    #[test]
    fn a_preview_goes_and_no_picture_is_left_of_it() {
        let with = heif(&[(b"hvc1", b"the picture"), (b"hvc1", b"smaller")], Some((2, 1)), b"");
        let clean = cleaned(&with).expect("it is understood");
        let has = |what: &[u8]| clean.windows(what.len()).any(|bytes| bytes == what);
        assert!(has(b"the picture") && !has(b"smaller") && !has(b"thmb"));
        let at = clean.windows(8).position(|bytes| bytes == [2, 0, 0, 1, 0, 2, 0, 0]);
        assert!(at.is_some(), "it is hidden");
    }

    #[test]
    fn what_is_not_understood_is_not_said_to_be_clean() {
        assert_eq!(cleaned(&heif(&[(b"hvc1", b"p"), (b"what", b"?")], None, b"")), None);
        assert_eq!(cleaned(&heif(&[(b"av01", b"p")], None, &boxed(b"moov", b""))), None);
        assert_eq!(cleaned(b"\0\0\0\x10ftypheic\0\0\0\0"), None);
    }

    proptest! {
        #[test]
        fn damaged_files_do_no_harm(at in 0..400usize, byte: u8, cut in 0..500usize) {
            let mut file = heif(&[(b"hvc1", b"the picture"), (b"Exif", EXIF), (b"hvc1", b"smaller")], Some((3, 1)), b"");
            if let Some(it) = file.get_mut(at) {
                *it = byte;
            }
            let _ = cleaned(&file);
            file.truncate(cut);
            let _ = cleaned(&file);
        }
    }
}
