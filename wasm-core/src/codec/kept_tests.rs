//! Authors, titles, rights and comments of a source stay in what is saved, in every format that has a place for them; previews among them do not.

use super::tests::{
    ExifPlace, Marker, base64, clean, exif_with, has, jpeg_with, photoshop_with, png_with, saved, webp_with,
};
use super::{Metadata, Source, comments, encode_jpeg, packet, resources};
use crate::pixels::Image;
use img_parts::jpeg::{Jpeg, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::webp::{CHUNK_XMP, WebP};
use proptest::prelude::*;

const XMP_HEADER: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// A packet as programs write them, with `more` in the description.
fn packet_with(attributes: &str, more: &str) -> Vec<u8> {
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Some toolkit">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <!-- Written by hand. -->
  <rdf:Description rdf:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:own="https://example.org/own"
    xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"
    xmp:CreatorTool="Darkroom 5" photoshop:Credit="Ada &amp; &quot;Co&quot;" tiff:Orientation="6" {attributes}>
   <dc:creator><rdf:Seq><rdf:li>Ada Lovelace</rdf:li></rdf:Seq></dc:creator>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A h&#xE4;t &lt;3</rdf:li></rdf:Alt></dc:title>
   <xmpRights:Marked>True</xmpRights:Marked>
   <own:note><![CDATA[kept & <whole>]]></own:note>
   {more}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"#
    )
    .into_bytes()
}

const WORDS: [&str; 8] = [
    "<rdf:li>Ada Lovelace</rdf:li>",
    "A hät &lt;3",
    "<xmpRights:Marked>True</xmpRights:Marked>",
    "kept &amp; &lt;whole&gt;",
    "photoshop:Credit=\"Ada &amp; &quot;Co&quot;\"",
    "rdf:about=\"uuid:7\"",
    "x:xmptk=\"Some toolkit\"",
    "Darkroom 5",
];

fn text(packet: &[u8]) -> String {
    String::from_utf8(packet.to_vec()).unwrap()
}

/// The packet of each of the saved files, as img-parts finds it.
fn packets([png, jpeg, webp]: &[Vec<u8>; 3]) -> [String; 3] {
    let png = Png::from_bytes(png.clone().into()).unwrap();
    let png =
        png.chunk_by_type(*b"iTXt").unwrap().contents().strip_prefix(b"XML:com.adobe.xmp\0\0\0\0\0").unwrap().to_vec();
    let jpeg = Jpeg::from_bytes(jpeg.clone().into()).unwrap();
    let jpeg =
        jpeg.segments_by_marker(markers::APP1).find_map(|it| it.contents().strip_prefix(XMP_HEADER)).unwrap().to_vec();
    let webp = WebP::from_bytes(webp.clone().into()).unwrap();
    let webp = webp.chunk_by_id(CHUNK_XMP).unwrap().content().data().unwrap().to_vec();
    [png, jpeg, webp].map(|packet| text(&packet))
}

/// An AVIF without a picture, with these items: their type, what describes them further, and their bytes. They stand in the file, or in its description.
fn avif_with(items: &[(&[u8; 4], &[u8], Vec<u8>)], inside: bool) -> Vec<u8> {
    let boxed =
        |kind: &[u8; 4], contents: &[u8]| [&(contents.len() as u32 + 8).to_be_bytes()[..], kind, contents].concat();
    let short = |number: usize| (number as u16).to_be_bytes();
    let infos = items.iter().enumerate().flat_map(|(i, (kind, more, _))| {
        boxed(b"infe", &[&[2, 0, 0, 0][..], &short(i + 1), &[0, 0], *kind, b"\0", more].concat())
    });
    let infos: Vec<u8> = [0, 0, 0, 0].into_iter().chain(short(items.len())).chain(infos).collect();
    let data: Vec<u8> = items.iter().flat_map(|(_, _, data)| data.clone()).collect();
    let file = |start: usize| {
        let mut at = start;
        let mut places = [&[1, 0, 0, 0, 0x44, 0][..], &short(items.len())].concat();
        for (i, (_, _, data)) in items.iter().enumerate() {
            let method = short(usize::from(inside));
            places.extend(
                [
                    &short(i + 1)[..],
                    &method,
                    &[0, 0],
                    &short(1),
                    &(at as u32).to_be_bytes(),
                    &(data.len() as u32).to_be_bytes(),
                ]
                .concat(),
            );
            at += data.len();
        }
        let own = if inside { boxed(b"idat", &data) } else { vec![] };
        let meta = [&[0; 4][..], &boxed(b"iinf", &infos), &own, &boxed(b"iloc", &places)].concat();
        [boxed(b"ftyp", b"avif\0\0\0\0mif1"), boxed(b"meta", &meta)].concat()
    };
    if inside { file(0) } else { [file(file(0).len() + 8), boxed(b"mdat", &data)].concat() }
}

/// A picture in each format that holds a packet.
fn files_with(packet: &[u8]) -> Vec<Vec<u8>> {
    let hexadecimal: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
    let gif = [
        b"GIF89a\x01\0\x01\0\0\0\0!\xFF\x0BXMP DataXMP".to_vec(),
        packet.to_vec(),
        vec![1],
        (0..=255).rev().collect(),
        b"\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;".to_vec(),
    ];
    let png =
        |kind: &[u8; 4], head: &[u8], packet: &[u8]| png_with([PngChunk::new(*kind, [head, packet].concat().into())]);
    vec![
        jpeg_with([(markers::APP1, [XMP_HEADER, packet].concat())]),
        webp_with(None, [(CHUNK_XMP, packet.to_vec())]),
        png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0", packet),
        png(b"tEXt", b"Raw profile type xmp\0", format!("\nxmp\n{:8}\n{hexadecimal}\n", packet.len()).as_bytes()),
        gif.concat(),
        avif_with(&[(b"mime", b"application/rdf+xml\0", packet.to_vec())], false),
    ]
}

#[test]
fn authors_titles_and_rights_stay_in_every_format_and_a_thumbnail_goes() {
    let marker = Marker::new(21, 900);
    let letters = String::from_utf8(base64(&marker.jpeg)).unwrap();
    let lines = |end: &str| letters.as_bytes().chunks(76).map(text).collect::<Vec<_>>().join(end);
    let (broken, spaced) = (lines("&#xA;"), lines(" "));
    let places = [
        ("", format!("<xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image=\"{broken}\"/></rdf:Alt></xmp:Thumbnails>")),
        ("", format!("<own:a>{broken}</own:a><own:b><own:c>{spaced}</own:c></own:b>")),
        ("", format!("<own:a><![CDATA[{}]]></own:a>", lines("\n"))),
        (&*format!("own:a=\"{spaced}\" own:b=\"{broken}\" xmpGImg:image=\"{letters}\""), String::new()),
    ];
    for (attributes, elements) in places {
        let packet = packet_with(attributes, &elements);
        for file in files_with(&packet) {
            // What is in hexadecimal throughout is none of the forms that the test looks for.
            let saved = if has(&file, b"Raw profile") { saved(&file) } else { clean("XMP", &file, &marker) };
            let first = packets(&saved);
            for packet in &first {
                for word in WORDS {
                    assert!(packet.contains(word), "{word} is in {packet}");
                }
                for word in ["Orientation=", "Thumbnails", "xmpGImg:image=", "hand"] {
                    assert!(!packet.contains(word), "{word} is in {packet}");
                }
            }
            assert_eq!(first[0], first[1]);
            // Saved a second time, it is the same.
            for file in &saved {
                assert_eq!(packets(&super::tests::saved(file)), first);
            }
        }
    }
}

#[test]
fn a_note_of_the_edit_joins_the_packet_of_the_source() {
    let history = r#"<xmpMM:History xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"><rdf:Seq><rdf:li>opened</rdf:li></rdf:Seq></xmpMM:History>"#;
    let file = &files_with(&packet_with("", history))[0];
    let noted = Source::inspect(file).metadata.with_edit_note("Rubout 0.1.0", &["erased <this>".into()], true);
    let packet = text(&noted.xmp.expect("there is one"));
    for word in WORDS.iter().filter(|word| **word != "Darkroom 5") {
        assert!(packet.contains(word), "{word} is in {packet}");
    }
    assert!(packet.contains("stEvt:parameters=\"erased &lt;this&gt;\""));
    assert_eq!((packet.matches("CreatorTool").count(), packet.matches("<xmpMM:History").count()), (1, 1));
    assert!(!packet.contains("opened"));
    // It is whole, and a second note takes the place of the first.
    let again = Metadata { xmp: packet::cleaned(packet.as_bytes()), ..Metadata::default() };
    let twice = text(&again.with_edit_note("Rubout 0.2.0", &[], false).xmp.unwrap());
    assert!(twice.contains("Ada Lovelace") && !twice.contains("Rubout 0.1.0") && !twice.contains("DigitalSourceType"));
    let alone = Metadata::default().with_edit_note("Rubout", &[], false);
    assert_eq!(alone.xmp, Some(super::edit_note("Rubout", &[], false)));
}

#[test]
fn what_is_not_true_of_the_edited_picture_goes() {
    let google = "http://ns.google.com/photos/1.0/";
    for (namespace, name) in [
        (&*format!("{google}container/"), "Directory"),
        (&format!("{google}camera/"), "MotionPhoto"),
        ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version"),
        ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP"),
        ("http://www.metadataworkinggroup.com/schemas/regions/", "Regions"),
    ] {
        // By whatever prefix, as an attribute and as an element.
        let attribute = format!("xmlns:q=\"{namespace}\" q:{name}=\"of old\"");
        let element =
            format!("<z:{name} xmlns:z=\"{namespace}\"><rdf:Seq><rdf:li>of old</rdf:li></rdf:Seq></z:{name}>");
        let cleaned = text(&packet::cleaned(&packet_with(&attribute, &element)).expect("it is one"));
        assert!(!cleaned.contains("of old") && cleaned.contains("Ada Lovelace"), "{name}: {cleaned}");
    }
    let whole = format!("xmlns:q=\"{google}panorama/\" q:ProjectionType=\"equirectangular\"");
    assert!(
        text(&packet::cleaned(&packet_with(&whole, "")).unwrap()).contains("equirectangular"),
        "a panorama stays one"
    );
    let path = "own:from=\"file:///home/ada/hat.png\" own:page=\"https://example.org/home/hat\"";
    let cleaned = text(&packet::cleaned(&packet_with(path, "")).unwrap());
    assert!(!cleaned.contains("home/ada") && cleaned.contains("https://example.org/home/hat"));
}

#[test]
fn what_is_no_packet_is_left_out() {
    let packet = text(&packet_with("", ""));
    assert!(packet::cleaned(packet.as_bytes()).is_some());
    for broken in [
        packet.replace("<x:xmpmeta", "<!DOCTYPE x [<!ENTITY e \"eee\">]><x:xmpmeta"),
        packet.replace("True", "&e;"),
        packet.replace("own:", "undeclared:"),
        packet.replace("</dc:title>", ""),
        packet.replace("rdf-syntax-ns", "something-else"),
        packet.replace("own:note", &format!("own:{}", "n".repeat(300))),
        format!("{packet}{}", " ".repeat(1 << 20)),
        "<x/>".into(),
        String::new(),
    ] {
        assert_eq!(packet::cleaned(broken.as_bytes()), None, "{}", &broken[..broken.len().min(300)]);
    }
    assert_eq!(packet::cleaned(&[packet.as_bytes(), b"\xFF"].concat()), None, "it is in UTF-8");
}

#[test]
fn iptc_and_comments_of_a_jpeg_stay_and_previews_among_them_go() {
    let marker = Marker::new(5, 700);
    for id in [1033, 1036, 1058] {
        let photoshop = photoshop_with(&marker, id);
        // One resource goes on in the next segment.
        let (front, back) = photoshop.split_at(300);
        let segment = |part: &[u8]| (markers::APP13, [resources::HEADER, part].concat());
        let comment = |comment: &[u8]| (markers::COM, comment.to_vec());
        let file = jpeg_with([
            segment(front),
            segment(back),
            comment(b"A hat by Ada"),
            comment("Ein Hüt".as_bytes()),
            comment(&[b"data:image/jpeg;base64,", &base64(&marker.jpeg)[..]].concat()),
            comment(b"/home/ada/hat.jpg"),
        ]);
        let [png, jpeg, _] = clean("Photoshop's", &file, &marker);
        let read = Source::inspect(&jpeg).metadata;
        assert_eq!(read.comments[..2], [b"A hat by Ada".to_vec(), "Ein Hüt".into()]);
        assert!(!has(&jpeg, b"/home/ada") && has(&jpeg, b"A hat by Ada"));
        assert!(has(&read.resources.expect("they are there"), b"\x1C\x02\x78\0\x05A hat"));
        assert!(has(&png, b"tEXtComment\0A hat by Ada") && has(&png, "iTXtComment\0\0\0\0\0Ein Hüt".as_bytes()));
        // Readers want the segment of JFIF first.
        let segments =
            Jpeg::from_bytes(jpeg.into()).unwrap().segments().iter().map(|it| it.marker()).collect::<Vec<_>>();
        assert_eq!(segments[..2], [markers::APP0, markers::COM]);
        assert!(segments.contains(&markers::APP13));
    }
}

#[test]
fn resources_of_any_length_fill_as_many_segments_as_they_need() {
    let image = Image::new(8, 8, [9, 8, 7, 255].repeat(64)).unwrap();
    for length in [0_u32, 65_000, 65_519, 150_001] {
        let data: Vec<u8> = (0..length).map(|i| (i % 7) as u8 + 1).collect();
        let own = [b"8BIM\x07\xD0\0\0", &length.to_be_bytes()[..], &data, &[0][..data.len() % 2]].concat();
        let metadata = Metadata { resources: resources::cleaned(&own), ..Metadata::default() };
        assert_eq!(metadata.resources.as_ref(), Some(&own));
        let jpeg = encode_jpeg(&image, &metadata, None).unwrap();
        assert_eq!(Source::inspect(&jpeg).metadata.resources, Some(own), "{length} bytes");
        assert!(image::load_from_memory(&jpeg).is_ok());
    }
    assert_eq!(resources::cleaned(b"8BIM\x04"), None);
}

#[test]
fn comments_of_a_gif_become_those_of_a_png() {
    let gif =
        b"GIF89a\x01\0\x01\0\0\0\0!\xFE\x05A hat\x08 by Ada.\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0!\xFE\x03Two\0;";
    assert!(has(&saved(gif)[0], b"tEXtComment\0A hat by Ada.") && has(&saved(gif)[0], b"tEXtComment\0Two"));
    // What is cut short has those before.
    assert_eq!(Source::inspect(&gif[..40]).metadata.comments, [b"A hat by Ada.".to_vec()]);
}

#[test]
fn exif_of_an_avif_stays_without_its_preview() {
    let marker = Marker::new(13, 500);
    for little in [true, false] {
        let block = exif_with(&[ExifPlace::Ifd1Jpeg], &marker, little);
        for (inside, gap) in [(false, 0), (true, 0), (false, 6)] {
            let item = [&[0, 0, 0, gap as u8][..], &b"Exif\0\0"[..gap], &block].concat();
            let items = [(b"av01", &b""[..], b"the picture".to_vec()), (b"Exif", b"", item)];
            let saved = clean("Exif of an AVIF", &avif_with(&items, inside), &marker);
            assert!(saved.iter().all(|file| has(file, b"Ada Lovelace\0")), "{inside} {gap}");
        }
    }
}

#[test]
fn comments_have_an_end() {
    let many = (0..100).map(|_| b"a ".repeat(5000));
    assert!(comments::cleaned(many).concat().len() <= 1 << 18);
    let (kind, text) = comments::png_text(b"Caf\xE9\0rest");
    assert_eq!((&kind, &text[..]), (b"tEXt", &b"Comment\0Caf\xE9"[..]));
}

proptest! {
    #[test]
    fn damage_anywhere_does_no_harm(
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut: prop::sample::Index,
    ) {
        let marker = Marker::new(5, 40);
        let all = [packet_with("", "<own:a>1</own:a>"), photoshop_with(&marker, 1036)];
        for (mut data, clean) in all.into_iter().zip([packet::cleaned as fn(&[u8]) -> Option<Vec<u8>>, resources::cleaned]) {
            for (at, byte) in &broken {
                let at = at.index(data.len());
                data[at] = *byte;
            }
            let once = clean(&data);
            if let Some(once) = &once {
                let twice = clean(once);
                prop_assert_eq!(twice.as_ref(), Some(once), "twice is once");
            }
            let _ = clean(&data[..cut.index(data.len())]);
        }
        for mut file in files_with(&packet_with("", "")) {
            for (at, byte) in &broken {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            saved(&file);
        }
    }
}
