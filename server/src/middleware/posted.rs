//! Reads the form that was sent to a page itself, and puts it into the request for the page to find: with files, as
//! browsers send them without script. Judges nothing of what it holds, but how large it is and whether it is text.

use app::{LeftOut, Posted, WhyLeftOut};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use control::Context;
use url::form_urlencoded;

use super::flash::{FORM_BYTES_MAX, too_large};

/// Bytes of a form with a file, at most: enough for a thousand lines with groups and roles in them.
pub(crate) const FILE_FORM_BYTES_MAX: usize = 1 << 20;
/// Bytes of such a form that are read, at most. A browser shows no answer before it has sent everything, so that what is
/// too much is read and thrown away.
pub(crate) const FILE_FORM_BYTES_READ_MAX: usize = 64 << 20;
/// Fields of a form, at most.
const FIELDS_MAX: usize = 1000;

/// What was read of a form.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    fields: Vec<(String, String)>,
    /// The first field that was left out.
    left_out: Option<LeftOut>,
}

/// The layer.
pub(crate) async fn provide(request: Request, next: Next) -> Response {
    provide_up_to(FORM_BYTES_MAX, false, request, next).await
}

/// The layer of a page that takes a file of those who are signed in.
pub(crate) async fn provide_with_file(request: Request, next: Next) -> Response {
    let is_signed_in = request.extensions().get().is_some_and(Context::is_signed_in);
    let bytes_max = if is_signed_in { FILE_FORM_BYTES_MAX } else { FORM_BYTES_MAX };
    provide_up_to(bytes_max, true, request, next).await
}

async fn provide_up_to(bytes_max: usize, shows_left_out: bool, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_multipart = kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let read = match is_multipart {
        true => multipart(Request::from_parts(parts.clone(), body), bytes_max).await,
        false => match to_bytes(body, bytes_max).await {
            Ok(body) => Some(urlencoded(&body)),
            Err(_) => return too_large(bytes_max),
        },
    };
    let Some(Read { fields, left_out }) = read else { return unreadable() };
    match left_out {
        Some(left_out) if shows_left_out => {
            parts.extensions.insert(left_out);
        }
        Some(LeftOut { why: WhyLeftOut::TooLarge { .. }, .. }) => return too_large(bytes_max),
        Some(LeftOut { why: WhyLeftOut::NotText, .. }) => return unreadable(),
        None => {}
    }
    parts.extensions.insert(Posted(fields.into()));
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// The answer to what is no form, and to one that cannot be shown again.
fn unreadable() -> Response {
    (StatusCode::BAD_REQUEST, "This form cannot be read: send text, in UTF-8.\n").into_response()
}

fn urlencoded(body: &Bytes) -> Read {
    let fields = form_urlencoded::parse(body).take(FIELDS_MAX);
    let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Read { fields, left_out: None }
}

/// Fields and files alike as texts; none if it is no such form.
async fn multipart(request: Request, bytes_max: usize) -> Option<Read> {
    let mut multipart = Multipart::from_request(request, &()).await.ok()?;
    let (mut read, mut left) = (Read::default(), bytes_max);
    while let Some(mut field) = multipart.next_field().await.ok()? {
        if read.fields.len() >= FIELDS_MAX {
            return None;
        }
        let name = field.name()?.to_owned();
        let Some(bytes) = whole(&mut field, left.min(field_bytes_max(bytes_max))).await? else {
            let why = WhyLeftOut::TooLarge { bytes_max: field_bytes_max(bytes_max) };
            read.left_out.get_or_insert(LeftOut { field: name, why });
            continue;
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            read.left_out.get_or_insert(LeftOut { field: name, why: WhyLeftOut::NotText });
            continue;
        };
        left -= bytes.len();
        // Spreadsheets begin their files with a mark that is no part of the text.
        read.fields.push((name, text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()));
    }
    Some(read)
}

/// Bytes of one field, at most: the others have room beside it.
const fn field_bytes_max(form_bytes_max: usize) -> usize {
    form_bytes_max - form_bytes_max / 16
}

/// A field to its end: its bytes, if they are not more than are left.
async fn whole(field: &mut Field<'_>, left: usize) -> Option<Option<Vec<u8>>> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.ok()? {
        bytes = bytes.filter(|bytes| bytes.len() + chunk.len() <= left);
        if let Some(bytes) = &mut bytes {
            bytes.extend_from_slice(&chunk);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, body: impl Into<Body>) -> Request {
        Request::post("/x").header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()
    }

    #[tokio::test]
    async fn files_are_texts_without_the_mark_of_spreadsheets() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"days\"\r\n\r\n7\r\n--b\r\nContent-Disposition: \
                    form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: \
                    text/csv\r\n\r\n\u{feff}email\r\na@b.c\r\n--b--\r\n";
        let read = multipart(request("multipart/form-data; boundary=b", body), FORM_BYTES_MAX).await.unwrap();
        assert_eq!(read.left_out, None);
        let [days, file] = read.fields.try_into().unwrap();
        assert_eq!(days, ("days".to_owned(), "7".to_owned()));
        assert_eq!(file, ("file".to_owned(), "email\r\na@b.c".to_owned()));
    }

    #[tokio::test]
    async fn what_is_no_text_is_left_out_and_the_rest_is_kept() {
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".to_vec();
        body.extend([0xff, 0xfe, 0x00]);
        body.extend(b"\r\n--b\r\nContent-Disposition: form-data; name=\"days\"\r\n\r\n7\r\n--b--\r\n");
        let read = multipart(request("multipart/form-data; boundary=b", body), 1 << 10).await.unwrap();
        assert_eq!(read.fields, [("days".to_owned(), "7".to_owned())]);
        assert_eq!(read.left_out, Some(LeftOut { field: "file".into(), why: WhyLeftOut::NotText }));
        assert_eq!(multipart(request("multipart/form-data", "x"), 1 << 10).await, None, "no form");
    }

    #[tokio::test]
    async fn what_is_too_large_is_left_out_and_the_rest_is_kept() {
        let field = |name: &str, bytes: usize| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", "x".repeat(bytes))
        };
        let body = [
            field("days", 2),
            field("file", 95),
            field("more", 94),
            field("rest", 4),
            field("none", 1),
            "--b--\r\n".into(),
        ];
        let read = multipart(request("multipart/form-data; boundary=b", body.concat()), 100).await.unwrap();
        let kept: Vec<_> = read.fields.iter().map(|(name, text)| (name.as_str(), text.len())).collect();
        assert_eq!(kept, [("days", 2), ("more", 94), ("rest", 4)], "to the last byte");
        let why = WhyLeftOut::TooLarge { bytes_max: 94 };
        assert_eq!(read.left_out, Some(LeftOut { field: "file".into(), why }), "the first of them");
    }
}
