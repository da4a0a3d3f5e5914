//! A note of how a picture was edited, as an XMP packet (ISO 16684-1), and where each file format stores it (Adobe's XMP specification, part 3).

use crate::{Error, Result};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::{CHUNK_VP8X, CHUNK_XMP, WebP};
use img_parts::{Bytes, DynImage, ImageICC};

/// IPTC's term for a picture that was partly made by a trained model.
const PARTLY_TRAINED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
/// Keyword of the text chunk that holds a PNG's packet.
const PNG_KEYWORD: &[u8] = b"XML:com.adobe.xmp";
/// Keyword of the text chunk in which ImageMagick stores a packet, in hexadecimal.
const PNG_RAW_KEYWORD: &[u8] = b"Raw profile type xmp";
/// Header of a JPEG's APP1 segment with a packet, which tells it from a segment with Exif.
pub(super) const JPEG_HEADER: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Maximum length of the packet in such a segment, in bytes.
const JPEG_LIMIT: usize = 65_502;
/// Bit of a WebP's feature flags that announces a packet.
const WEBP_FLAG: u8 = 0x04;

/// An XMP packet with a [`description`] of the edit.
pub(super) fn edit_note(software_agent: &str, actions: &[String], trained: bool) -> Vec<u8> {
    // `end="r"` means read only: there is no padding for edits in place, which would invalidate a PNG's checksum.
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
{description} </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"#,
        bom = '\u{FEFF}',
        description = description(software_agent, actions, trained),
    )
    .into_bytes()
}

/// The element that says which program edited a picture, and the `actions` in their order; `trained` says that a model took part. It has no times, so
/// that the same edit gives the same bytes.
pub(super) fn description(software_agent: &str, actions: &[String], trained: bool) -> String {
    let agent = escaped(software_agent);
    let source_type =
        if trained { format!("\n    Iptc4xmpExt:DigitalSourceType=\"{PARTLY_TRAINED}\"") } else { String::new() };
    let history: String = actions
        .iter()
        .map(|action| {
            let action = escaped(action);
            format!(
                "     <rdf:li stEvt:action=\"edited\" stEvt:softwareAgent=\"{agent}\" stEvt:parameters=\"{action}\"/>\n"
            )
        })
        .collect();
    format!(
        r#"  <rdf:Description rdf:about=""
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="{agent}"{source_type}>
   <xmpMM:History>
    <rdf:Seq>
{history}    </rdf:Seq>
   </xmpMM:History>
  </rdf:Description>
"#
    )
}

/// Text as the value of an XML attribute in double quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => value.push_str("&amp;"),
            '<' => value.push_str("&lt;"),
            '>' => value.push_str("&gt;"),
            '"' => value.push_str("&quot;"),
            // Unescaped, a reader would replace these by spaces.
            '\t' => value.push_str("&#9;"),
            '\n' => value.push_str("&#10;"),
            '\r' => value.push_str("&#13;"),
            // XML 1.0 cannot represent these.
            '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => {}
            c => value.push(c),
        }
    }
    value
}

/// Replaces or removes the packet of a file. Profile and Exif have to be set before.
pub(super) fn set(file: &mut DynImage, packet: Option<&[u8]>) -> Result<()> {
    match file {
        DynImage::Png(png) => set_in_png(png, packet),
        DynImage::Jpeg(jpeg) => set_in_jpeg(jpeg, packet),
        DynImage::WebP(webp) => set_in_webp(webp, packet)?,
    }
    Ok(())
}

/// Whether a PNG's chunk, given by type and contents, holds a packet.
pub(super) fn is_packet(kind: [u8; 4], contents: &[u8]) -> bool {
    let keyword = contents.split(|byte| *byte == 0).next().unwrap_or_default();
    matches!(&kind, b"tEXt" | b"zTXt" | b"iTXt") && [PNG_KEYWORD, PNG_RAW_KEYWORD].contains(&keyword)
}

/// The contents of the PNG's text chunk (`iTXt`) that holds a packet.
pub(super) fn png_text(packet: &[u8]) -> Vec<u8> {
    // After the keyword: not compressed, method 0, no language, no translated keyword.
    [PNG_KEYWORD, &[0, 0, 0, 0, 0], packet].concat()
}

/// Replaces or removes the packet of a PNG.
pub(super) fn set_in_png(png: &mut Png, packet: Option<&[u8]>) {
    png.chunks_mut().retain(|chunk| !is_packet(chunk.kind(), chunk.contents()));
    let Some(packet) = packet else { return };
    let chunks = png.chunks_mut();
    // Before the pixels, so that readers which stop there find it.
    let at = chunks.iter().position(|chunk| matches!(&chunk.kind(), b"IDAT" | b"IEND")).unwrap_or(chunks.len());
    chunks.insert(at, PngChunk::new(*b"iTXt", png_text(packet).into()));
}

/// Contents of the APP1 segment that holds a packet. None for a packet that does not fit: the picture is saved without it, because few readers
/// understand packets in several segments (extended XMP).
pub(super) fn jpeg_segment(packet: &[u8]) -> Option<Vec<u8>> {
    (packet.len() <= JPEG_LIMIT).then(|| [JPEG_HEADER, packet].concat())
}

fn set_in_jpeg(jpeg: &mut Jpeg, packet: Option<&[u8]>) {
    let starts = |segment: &JpegSegment, header: &[u8]| {
        segment.marker() == markers::APP1 && segment.contents().starts_with(header)
    };
    let segments = jpeg.segments_mut();
    segments.retain(|segment| !starts(segment, JPEG_HEADER));
    let Some(contents) = packet.and_then(jpeg_segment) else { return };
    // After the segments of JFIF and Exif, which have to come first.
    let at = segments
        .iter()
        .rposition(|segment| segment.marker() == markers::APP0 || starts(segment, b"Exif\0\0"))
        .map_or(0, |last| last + 1);
    segments.insert(at, JpegSegment::new_with_contents(markers::APP1, contents.into()));
}

fn set_in_webp(webp: &mut WebP, packet: Option<&[u8]>) -> Result<()> {
    webp.remove_chunks_by_id(CHUNK_XMP);
    if let Some(packet) = packet {
        let content = RiffContent::Data(Bytes::copy_from_slice(packet));
        webp.chunks_mut().push(RiffChunk::new(CHUNK_XMP, content));
    }
    // Setting a profile, even the same one, makes img-parts add the VP8X chunk if further chunks need it, or remove it if none does. It does not set
    // the flag of the packet.
    webp.set_icc_profile(webp.icc_profile());
    let vp8x = webp.chunks_mut().iter_mut().find(|chunk| chunk.id() == CHUNK_VP8X).map(RiffChunk::content_mut);
    match vp8x {
        Some(RiffContent::Data(data)) if !data.is_empty() => {
            let mut features = data.to_vec();
            features[0] = features[0] & !WEBP_FLAG | if packet.is_some() { WEBP_FLAG } else { 0 };
            *data = features.into();
            Ok(())
        }
        // img-parts could not read the picture's size, which a VP8X chunk holds.
        _ if packet.is_some() => Err(Error::Encode("the size of the WebP cannot be read".into())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an attribute's value as an XML reader does.
    fn unescaped(value: &str) -> String {
        let (mut text, mut rest) = (String::new(), value);
        while let Some((before, reference)) = rest.split_once('&') {
            let (name, after) = reference.split_once(';').expect("a reference ends");
            text.push_str(before);
            text.push(match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                _ => {
                    let code = name.strip_prefix('#').expect("a known name or a number");
                    char::from_u32(code.parse().unwrap()).expect("a character")
                }
            });
            rest = after;
        }
        text + rest
    }

    fn note(agent: &str, actions: &[&str], trained: bool) -> String {
        let actions: Vec<String> = actions.iter().map(|action| (*action).to_owned()).collect();
        String::from_utf8(edit_note(agent, &actions, trained)).unwrap()
    }

    #[test]
    fn a_note_is_this_packet() {
        let actions = ["filled from the surroundings, seed 3", "erased with \"A&B\" <2>, seed 7"];
        let expected = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n".to_owned()
            + r##"<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="Rubout 0.1.0"
    Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia">
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li stEvt:action="edited" stEvt:softwareAgent="Rubout 0.1.0" stEvt:parameters="filled from the surroundings, seed 3"/>
     <rdf:li stEvt:action="edited" stEvt:softwareAgent="Rubout 0.1.0" stEvt:parameters="erased with &quot;A&amp;B&quot; &lt;2&gt;, seed 7"/>
    </rdf:Seq>
   </xmpMM:History>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"##;
        assert_eq!(note("Rubout 0.1.0", &actions, true), expected);
    }

    #[test]
    fn only_a_model_makes_it_trained_media() {
        let (with, without) = (note("Rubout", &["erased"], true), note("Rubout", &["erased"], false));
        let claim = format!("\n    Iptc4xmpExt:DigitalSourceType=\"{PARTLY_TRAINED}\"");
        assert_eq!(with.replace(&claim, ""), without);
        assert!(with.len() > without.len() && !without.contains("DigitalSourceType"));
    }

    #[test]
    fn every_character_that_xml_knows_survives_and_no_other() {
        let known = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
        let all = || (0..=0x1_0100).chain(0x10_FF00..=0x10_FFFF).filter_map(char::from_u32);
        let text: String = all().collect();
        let value = escaped(&text);
        assert!(!value.contains(['<', '>', '"', '\t', '\n', '\r']));
        assert_eq!(unescaped(&value), all().filter(known).collect::<String>());
    }

    #[test]
    fn a_hostile_action_adds_no_element() {
        let hostile = note("a\" b=\"<c/>", &["\"/></rdf:Seq>\0<?xpacket end=\"w\"?>"], false);
        let harmless = note("x", &["y"], false);
        for mark in ['<', '>', '"'] {
            assert_eq!(hostile.matches(mark).count(), harmless.matches(mark).count(), "{mark}");
        }
    }
}
