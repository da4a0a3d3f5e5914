//! The name under which the engine keeps an unfinished edit whose page went away.

use crate::protocol::page::Picture;

/// The name; none where nothing is kept. Another site that shows the same picture is not offered the edit: it holds what the user did elsewhere.
pub fn kept_name(picture: &Picture) -> Option<String> {
    let web = |address: &&str| address.starts_with("http");
    let url = picture.url.as_deref().filter(web)?;
    // All sandboxed documents have the same origin: "null".
    let origin = Some(picture.page_origin.as_str()).filter(web)?;
    // No origin has a space in it.
    Some(format!("{origin} {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::plain_geometry;
    use crate::protocol::examples::plain_picture;
    use crate::protocol::{Point, Size};

    fn named(page_origin: &str, url: Option<&str>) -> Option<String> {
        let geometry = plain_geometry(Size { width: 4.0, height: 3.0 }, Point { x: 0.0, y: 0.0 });
        let known = plain_picture(geometry);
        kept_name(&Picture { page_origin: page_origin.into(), url: url.map(Into::into), ..known })
    }

    #[test]
    fn an_edit_is_kept_for_the_same_picture_in_a_page_of_the_same_site_only() {
        let picture = Some("https://pictures.example/a.png");
        let kept = named("https://one.example", picture);
        assert_eq!(kept, named("https://one.example", picture));
        for other in [
            named("https://two.example", picture),
            named("http://one.example", picture),
            named("https://one.example", Some("https://pictures.example/b.png")),
        ] {
            assert!(other.is_some() && other != kept, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_kept_where_page_or_picture_have_no_address_that_names_them() {
        assert_eq!(named("null", Some("https://pictures.example/a.png")), None, "a sandboxed document");
        assert_eq!(named("https://one.example", Some("blob:https://one.example/1")), None);
        assert_eq!(named("https://one.example", None), None, "a canvas");
    }
}
