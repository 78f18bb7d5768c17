//! Reads the form that was sent to a page itself, and puts it into the request for the page to find: with files, as
//! browsers send them without script. Judges nothing of what it holds.

use app::Posted;
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Multipart, Request},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::form_urlencoded;

use super::flash::FORM_BYTES_MAX;

/// Fields of a form, at most.
const FIELDS_MAX: usize = 1000;

/// The layer.
pub(crate) async fn provide(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_multipart = kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let Ok(body) = to_bytes(body, FORM_BYTES_MAX).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "This form is too large.\n").into_response();
    };
    let fields = match is_multipart {
        true => multipart(Request::from_parts(parts.clone(), Body::from(body.clone()))).await,
        false => Some(
            form_urlencoded::parse(&body)
                .take(FIELDS_MAX)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        ),
    };
    let Some(fields) = fields else {
        return (StatusCode::BAD_REQUEST, "This form cannot be read: send text, in UTF-8.\n").into_response();
    };
    parts.extensions.insert(Posted(fields.into()));
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Fields and files alike as texts; none if they are not.
async fn multipart(request: Request) -> Option<Vec<(String, String)>> {
    let mut multipart = Multipart::from_request(request, &()).await.ok()?;
    let mut fields = Vec::new();
    while let Some(field) = multipart.next_field().await.ok()? {
        if fields.len() >= FIELDS_MAX {
            return None;
        }
        let name = field.name()?.to_owned();
        let bytes = field.bytes().await.ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        // Spreadsheets begin their files with a mark that is no part of the text.
        fields.push((name, text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()));
    }
    Some(fields)
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
        let fields = multipart(request("multipart/form-data; boundary=b", body)).await.unwrap();
        let [days, file] = fields.try_into().unwrap();
        assert_eq!(days, ("days".to_owned(), "7".to_owned()));
        assert_eq!(file, ("file".to_owned(), "email\r\na@b.c".to_owned()));
    }

    #[tokio::test]
    async fn what_is_no_text_is_no_form() {
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".to_vec();
        body.extend([0xff, 0xfe, 0x00]);
        body.extend(b"\r\n--b--\r\n");
        assert!(multipart(request("multipart/form-data; boundary=b", body)).await.is_none());
        assert!(multipart(request("multipart/form-data", "x")).await.is_none());
    }
}
