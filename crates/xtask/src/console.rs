//! Builds the console into `target/site`: WASM, its glue, CSS and the scripts, under names that hold their
//! content's hash, with `.br` and `.gz` beside each, and `manifest.json` that maps plain names to them.
//! Does not build the server.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{root, styles};

/// Changes whenever this file would make other output from the same input.
const RECIPE: &str = "2";
/// Files that people's browsers fetch before they can use a page, without the HTML.
const FIRST_LOAD: [&str; 3] = ["console.css", "loader.js", "favicon.svg"];

/// A built file under its plain name.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds everything, or nothing if the inputs are those of the last time.
pub(crate) fn build(is_release: bool) -> Result<()> {
    let began = Instant::now();
    let root = root();
    let site = root.join("target/site");
    let profile = if is_release { "wasm-release" } else { "wasm-dev" };

    step(&format!("compiling the WASM ({profile})"));
    compile(&root, profile)?;
    let wasm = fs::read(root.join(format!("target/wasm32-unknown-unknown/{profile}/frontend.wasm")))
        .context("cargo left no WASM module")?;
    let style = styles::inline(&root.join("style"))?;
    let [loader, passkeys] = [script(&root, "loader.js")?, script(&root, "passkeys.js")?];
    let favicon = fs::read(root.join("style/favicon.svg")).context("cannot read style/favicon.svg")?;

    let scripts = digest(&[&loader, &passkeys]);
    let input =
        [RECIPE.as_bytes(), profile.as_bytes(), &wasm, style.as_bytes(), scripts.as_bytes(), &favicon];
    let input = digest(&input);
    let stamp = site.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|last| last == input) {
        step(&format!("unchanged, {:.1} s", began.elapsed().as_secs_f32()));
        return Ok(());
    }

    step("binding the WASM to JavaScript");
    let mut files = bind(wasm, is_release)?;
    files.insert("console.css".into(), styles::minify(&style)?.into_bytes());
    files.insert("loader.js".into(), loader);
    files.insert("passkeys.js".into(), passkeys);
    files.insert("favicon.svg".into(), favicon);

    step("hashing and compressing");
    let sizes = write(&site, &files, is_release)?;
    fs::write(&stamp, input)?;
    report(&sizes);
    step(&format!("done in {:.1} s", began.elapsed().as_secs_f32()));
    Ok(())
}

/// A script that is written by hand.
fn script(root: &Path, name: &str) -> Result<Vec<u8>> {
    fs::read(root.join("frontend").join(name)).with_context(|| format!("cannot read frontend/{name}"))
}

fn step(text: &str) {
    println!("console: {text}");
}

#[expect(clippy::disallowed_methods, reason = "a build tool: cargo is the only program it starts")]
fn compile(root: &Path, profile: &str) -> Result<()> {
    let status = std::process::Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "build",
            "--quiet",
            "--package",
            "frontend",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile,
        ])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the WASM did not compile; the messages above say why");
    }
    Ok(())
}

/// The browser's module and its glue.
fn bind(wasm: Vec<u8>, is_release: bool) -> Result<Files> {
    let mut output = Bindgen::new()
        .input_bytes("console", wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(is_release)
        .remove_producers_section(is_release)
        .generate_output()
        .map_err(|error| anyhow::anyhow!("wasm-bindgen: {error:#}"))?;
    let snippets: Vec<&str> = output
        .snippets()
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, _)| name.as_str())
        .chain(output.local_modules().keys().map(String::as_str))
        .collect();
    if !snippets.is_empty() {
        bail!("{snippets:?} bring JavaScript of their own, which the hashed names do not cover");
    }
    let glue = output.js().to_owned().into_bytes();
    let module = output.wasm_mut().emit_wasm();
    Ok(BTreeMap::from([("console.js".into(), glue), ("console.wasm".into(), module)]))
}

/// Sizes of one written file: plain, gzip, brotli.
struct Sizes {
    plain: usize,
    gzip: usize,
    brotli: usize,
}

fn write(site: &Path, files: &Files, is_release: bool) -> Result<BTreeMap<String, Sizes>> {
    let assets = site.join("assets");
    fs::create_dir_all(&assets).with_context(|| format!("cannot make {}", assets.display()))?;
    let (mut names, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    for (name, bytes) in files {
        let hashed = hashed_name(name, bytes);
        let (gzip, brotli) = (gzip(bytes)?, brotli(bytes, is_release)?);
        replace(&assets.join(&hashed), bytes)?;
        replace(&assets.join(format!("{hashed}.gz")), &gzip)?;
        replace(&assets.join(format!("{hashed}.br")), &brotli)?;
        sizes.insert(name.clone(), Sizes { plain: bytes.len(), gzip: gzip.len(), brotli: brotli.len() });
        names.insert(name.clone(), hashed);
    }
    // The manifest names only complete files; what it no longer names goes last.
    replace(&site.join("manifest.json"), &serde_json::to_vec_pretty(&names)?)?;
    for entry in fs::read_dir(&assets)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let plain = file.trim_end_matches(".gz").trim_end_matches(".br");
        if !names.values().any(|name| name == plain) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(sizes)
}

/// Writes beside and renames, so that a server never reads half a file.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside: PathBuf = path.to_owned();
    beside.as_mut_os_string().push(".new");
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// `console.css` -> `console.0123456789abcdef.css`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = digest(&[bytes]);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{}.{extension}", &hash[..16]),
        None => format!("{name}.{}", &hash[..16]),
    }
}

/// SHA-256 over the parts with their lengths, as hex.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8], is_release: bool) -> Result<Vec<u8>> {
    // 11 takes seconds on the unoptimised module and saves nobody anything.
    let quality = if is_release { 11 } else { 4 };
    let parameters =
        brotli::enc::BrotliEncoderParams { quality, size_hint: bytes.len(), ..Default::default() };
    let mut output = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut output, &parameters)?;
    Ok(output)
}

fn report(sizes: &BTreeMap<String, Sizes>) {
    println!("{:<14}{:>10}{:>10}{:>10}", "", "plain", "gzip", "brotli");
    for (name, size) in sizes {
        println!("{name:<14}{:>10}{:>10}{:>10}", size.plain, size.gzip, size.brotli);
    }
    let first: usize = FIRST_LOAD.iter().filter_map(|name| sizes.get(*name)).map(|size| size.brotli).sum();
    println!("first load without the HTML: {first} bytes (brotli)");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_content() {
        let name = hashed_name("a.css", b"x");
        assert_eq!(name.len(), "a.".len() + 16 + ".css".len());
        assert_ne!(name, hashed_name("a.css", b"y"));
        assert_eq!(name, hashed_name("a.css", b"x"));
    }
}
