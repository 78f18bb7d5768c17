//! The built console: files with hashed names, read once at the start and kept with their compressed forms.
//!
//! Only what was in the directory at the start is served, so no request ever becomes a path on the disk.

use std::{collections::HashMap, path::Path, sync::Arc};

use anyhow::Context;
use app::Assets;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header},
};
use ring::digest::{SHA256, digest};

/// Bytes of all files together, at most: they stay in memory.
const TOTAL_BYTES_MAX: u64 = 64 << 20;
/// Depth of directories, at most.
const DEPTH_MAX: usize = 4;
/// Digits of a content hash in a file name, at least.
const HASH_DIGITS_MIN: usize = 8;
/// An icon brings its style in itself; nothing else here is a document.
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
/// Maps plain names to hashed ones.
const MANIFEST: &str = "manifest.json";

/// Every file of the console, by the path in its address.
#[derive(Clone, Default)]
pub struct StaticFiles(Arc<HashMap<String, StaticFile>>);

#[derive(Default)]
struct StaticFile {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    etag: String,
    content_type: &'static str,
    is_immutable: bool,
}

impl StaticFiles {
    /// Reads the directory, and the names its manifest gives.
    pub fn load(directory: &Path) -> anyhow::Result<(Self, Assets)> {
        let manifest = std::fs::read(directory.join(MANIFEST)).with_context(|| {
            format!("the console is not built in {}; run: cargo xtask console --release", directory.display())
        })?;
        let assets = serde_json::from_slice(&manifest)
            .with_context(|| format!("{} does not fit this server", directory.join(MANIFEST).display()))?;
        let (mut found, mut total) = (HashMap::new(), 0);
        collect(&directory.join("assets"), "/assets", DEPTH_MAX, &mut total, &mut found)?;
        let mut files = HashMap::new();
        for (path, plain) in &found {
            let compressed = |ending| found.get(&format!("{path}.{ending}")).cloned();
            let is_compressed = path
                .rsplit_once('.')
                .is_some_and(|(stem, ending)| matches!(ending, "br" | "gz") && found.contains_key(stem));
            if is_compressed {
                continue;
            }
            let file = StaticFile {
                plain: plain.clone(),
                brotli: compressed("br"),
                gzip: compressed("gz"),
                etag: hex(&digest(&SHA256, plain).as_ref()[..12]),
                content_type: content_type(path),
                is_immutable: has_hash(path),
            };
            files.insert(path.clone(), file);
        }
        Ok((Self(Arc::new(files)), assets))
    }
}

/// Answers with the file at the request's path, in the smallest form that the client takes; 404 otherwise.
pub async fn serve(State(files): State<StaticFiles>, uri: Uri, request: HeaderMap) -> Response<Body> {
    match files.0.get(uri.path()) {
        Some(file) => file.answer(&request),
        None => plain_status(StatusCode::NOT_FOUND),
    }
}

impl StaticFile {
    fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let accepted = |coding| accepts(request, coding);
        let (body, coding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepted("br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepted("gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let etag = format!("\"{}{}\"", self.etag, coding.map(|c| format!("-{c}")).unwrap_or_default());
        let cache = if self.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::builder()
            .header(header::CACHE_CONTROL, cache)
            .header(header::CONTENT_SECURITY_POLICY, CSP)
            .header(header::VARY, "Accept-Encoding")
            .header(header::ETAG, &etag);
        let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|known| is_match(known, &etag));
        if is_known {
            return finished(response.status(StatusCode::NOT_MODIFIED), Bytes::new());
        }
        if let Some(coding) = coding {
            response = response.header(header::CONTENT_ENCODING, coding);
        }
        finished(response.header(header::CONTENT_TYPE, self.content_type), body.clone())
    }
}

fn finished(response: axum::http::response::Builder, body: Bytes) -> Response<Body> {
    response.body(Body::from(body)).unwrap_or_else(|_| plain_status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain_status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

fn is_match(known: &HeaderValue, etag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// Whether `Accept-Encoding` names the coding and does not refuse it with `q=0` (RFC 9110 section 12.5.3).
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let offers = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let is_refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0));
        is_named && !is_refused
    })
}

fn collect(
    directory: &Path,
    prefix: &str,
    depth: usize,
    total: &mut u64,
    found: &mut HashMap<String, Bytes>,
) -> anyhow::Result<()> {
    anyhow::ensure!(depth > 0, "{} is nested too deeply", directory.display());
    let entries = std::fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, depth - 1, total, found)?;
            continue;
        }
        *total += entry.metadata()?.len();
        anyhow::ensure!(*total <= TOTAL_BYTES_MAX, "{} is too large to be a console", directory.display());
        found.insert(path, std::fs::read(entry.path())?.into());
    }
    Ok(())
}

/// Whether a name carries a hash of its content, as in `app.0123abcd.css`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['.', '-'])
        .skip(1)
        .any(|part| part.len() >= HASH_DIGITS_MIN && part.chars().all(|c| c.is_ascii_hexdigit()))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())])
    }

    #[test]
    fn reads_accept_encoding() {
        assert!(accepts(&encoding("gzip, deflate, br;q=0.9"), "br"));
        assert!(!accepts(&encoding("gzip, br;q=0"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn tells_hashed_names() {
        assert!(has_hash("/assets/app.0123abcd.css"));
        assert!(has_hash("/assets/app-0123456789abcdef.wasm"));
        assert!(!has_hash("/assets/app.css"));
        assert!(!has_hash("/0123abcd/app.css"));
    }
}
