//! The XMP packet of a source (ISO 16684-1: RDF in XML), as it is saved with an edited picture.

use super::exif;
use super::xmp::escaped;
use quick_xml::escape::{partial_escape, resolve_predefined_entity, unescape};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};
use quick_xml::{NsReader, Writer};

/// Maximum length in bytes of a packet. Longer ones hold pictures.
const LIMIT: usize = 1 << 20;
/// Maximum length in bytes of a name or of the address of a namespace. Longer ones are data in disguise.
const LONGEST_NAME: usize = 256;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const MEDIA_MANAGEMENT: &str = "http://ns.adobe.com/xap/1.0/mm/";
const IPTC_EXTENSION: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

/// Properties, by namespace and name, that are not true of the edited picture, or show the unedited one. An empty name stands for all of a namespace.
const LEFT_OUT: [(&str, &str); 27] = [
    // Thumbnails, and descriptions of the files that it was made of, with theirs.
    (XMP, "Thumbnails"),
    ("http://ns.adobe.com/xap/1.0/g/img/", ""),
    (MEDIA_MANAGEMENT, "Ingredients"),
    (MEDIA_MANAGEMENT, "Pantry"),
    // The pixels stand upright, in a file of any format without further packets, gain maps, films and signed histories.
    ("http://purl.org/dc/elements/1.1/", "format"),
    ("http://ns.adobe.com/tiff/1.0/", "Orientation"),
    // It may be cropped, turned or reduced: how large it is, its own header says.
    ("http://ns.adobe.com/tiff/1.0/", "ImageWidth"),
    ("http://ns.adobe.com/tiff/1.0/", "ImageLength"),
    (EXIF, "PixelXDimension"),
    (EXIF, "PixelYDimension"),
    (EXIF, "SubjectArea"),
    (EXIF, "SubjectLocation"),
    ("http://ns.adobe.com/xmp/note/", ""),
    ("http://ns.adobe.com/hdr-gain-map/1.0/", ""),
    ("http://ns.apple.com/HDRGainMap/1.0/", ""),
    ("http://ns.apple.com/pixeldatainfo/1.0/", ""),
    ("http://ns.google.com/photos/1.0/camera/", ""),
    ("http://ns.google.com/photos/1.0/container/", ""),
    ("http://ns.google.com/photos/1.0/container/item/", ""),
    ("http://ns.google.com/photos/1.0/image/", ""),
    ("http://ns.google.com/photos/1.0/audio/", ""),
    ("http://ns.google.com/photos/1.0/depthmap/", ""),
    ("http://ns.google.com/photos/dd/1.0/device/", ""),
    ("http://purl.org/dc/terms/", "provenance"),
    // Who and what is where in the picture, also where that was erased.
    ("http://www.metadataworkinggroup.com/schemas/regions/", ""),
    ("http://ns.microsoft.com/photo/1.2/", ""),
    (IPTC_EXTENSION, "ImageRegion"),
];

/// Properties that a note of the edit states anew.
const NOTED: [(&str, &str); 3] =
    [(XMP, "CreatorTool"), (MEDIA_MANAGEMENT, "History"), (IPTC_EXTENSION, "DigitalSourceType")];

/// The packet without anything that still shows the unedited picture, tells where it lay, or is not true of the edited one. None for one that cannot
/// be understood.
pub(super) fn cleaned(packet: &[u8]) -> Option<Vec<u8>> {
    let packet = std::str::from_utf8(packet).ok().filter(|packet| packet.len() <= LIMIT)?;
    Copying::of(packet, &LEFT_OUT, None)
}

/// A cleaned packet with a note of the edit, given as the element `rdf:Description`, in place of what it said of that itself.
pub(super) fn with_description(packet: &[u8], description: &str) -> Option<Vec<u8>> {
    Copying::of(std::str::from_utf8(packet).ok()?, &NOTED, Some(description))
}

/// A packet that is being copied.
struct Copying<'a> {
    reader: NsReader<&'a [u8]>,
    writer: Writer<Vec<u8>>,
    left_out: &'static [(&'static str, &'static str)],
    /// The text since the last tag. References and sections divide it.
    text: String,
}

impl Copying<'_> {
    /// Copies what is not left out. `added` comes last in the element `rdf:RDF`.
    fn of(packet: &str, left_out: &'static [(&'static str, &'static str)], added: Option<&str>) -> Option<Vec<u8>> {
        let (reader, writer) = (NsReader::from_str(packet), Writer::new(vec![]));
        let mut copy = Copying { reader, writer, left_out, text: String::new() };
        let (mut depth, mut is_one) = (0, false);
        loop {
            match copy.reader.read_event().ok()? {
                Event::Start(start) => {
                    copy.end_text(depth)?;
                    if copy.leaves(start.name(), false)? {
                        copy.reader.read_to_end(start.name()).ok()?;
                    } else {
                        let start = copy.start(&start)?;
                        copy.write(Event::Start(start))?;
                        depth += 1;
                    }
                }
                Event::Empty(start) => {
                    copy.end_text(depth)?;
                    if !copy.leaves(start.name(), false)? {
                        let start = copy.start(&start)?;
                        copy.write(Event::Empty(start))?;
                    }
                }
                Event::End(end) => {
                    copy.end_text(depth)?;
                    depth -= 1;
                    is_one |= copy.end(end, added)?;
                }
                Event::Text(text) => copy.text.push_str(&text.xml10_content()),
                Event::CData(text) => copy.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                    Some(letter) => copy.text.push(letter),
                    None => copy.text.push_str(resolve_predefined_entity(&reference.xml10_content())?),
                },
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                // It could define anything.
                Event::DocType(_) => return None,
                Event::Eof => break,
            }
        }
        let head = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n".as_bytes();
        let body = copy.writer.into_inner();
        // Read only, so that nobody edits it in place, which would invalidate a PNG's checksum.
        (is_one && depth == 0).then(|| [head, &body, b"\n<?xpacket end=\"r\"?>"].concat())
    }

    fn write(&mut self, event: Event<'_>) -> Option<()> {
        self.writer.write_event(event).ok()
    }

    /// Namespace and name of an element or attribute; no namespace where it has none. None where it is not declared.
    fn resolved<'n>(&'n self, name: QName<'n>, is_attribute: bool) -> Option<(&'n str, &'n str)> {
        let resolver = self.reader.resolver();
        let (namespace, local) =
            if is_attribute { resolver.resolve_attribute(name) } else { resolver.resolve_element(name) };
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(namespace)) => namespace,
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return None,
        };
        (name.0.len() <= LONGEST_NAME).then_some((namespace, local.into_inner()))
    }

    fn leaves(&self, name: QName<'_>, is_attribute: bool) -> Option<bool> {
        let (namespace, name) = self.resolved(name, is_attribute)?;
        Some(self.left_out.iter().any(|(of, one)| *of == namespace && (one.is_empty() || *one == name)))
    }

    /// A start tag with the attributes that stay.
    fn start(&self, start: &BytesStart<'_>) -> Option<BytesStart<'static>> {
        let mut copy = BytesStart::new(start.name().0.to_owned());
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            let value = unescape(&attribute.value).ok()?;
            let value = if attribute.key.as_namespace_binding().is_some() {
                (value.len() <= LONGEST_NAME).then(|| value.into_owned())?
            } else if self.leaves(attribute.key, true)? {
                continue;
            } else {
                clean(&value)
            };
            copy.push_attribute(Attribute { key: attribute.key, value: escaped(&value).into() });
        }
        Some(copy)
    }

    /// Writes an end tag. Says whether it ends the descriptions.
    fn end(&mut self, end: BytesEnd<'_>, added: Option<&str>) -> Option<bool> {
        let ends_all = self.resolved(end.name(), false)? == (RDF, "RDF");
        if let Some(added) = added.filter(|_| ends_all) {
            self.write(Event::Text(BytesText::from_escaped(added)))?;
        }
        self.write(Event::End(end)).map(|()| ends_all)
    }

    /// Writes the text since the last tag. Outside of all elements there is none.
    fn end_text(&mut self, depth: usize) -> Option<()> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() || depth == 0 {
            return Some(());
        }
        let text = clean(&text);
        self.write(Event::Text(BytesText::from_escaped(partial_escape(&text))))
    }
}

/// A value without pictures, local paths, and characters that XML does not know.
fn clean(value: &str) -> String {
    let mut bytes = value.as_bytes().to_vec();
    exif::blank(&mut bytes, b' ');
    let text = String::from_utf8_lossy(&bytes);
    let text = if bytes == value.as_bytes() { &text } else { text.trim() };
    text.chars().filter(|letter| *letter >= ' ' || matches!(letter, '\t' | '\n' | '\r')).collect()
}
