//! Turns `style/` into one minified sheet: inlines `main.css`'s imports into their layers. Knows no other at-rule.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use lightningcss::{
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet},
    targets::{Browsers, Targets},
};

/// Oldest browsers the sheet is lowered to, as lightningcss writes versions: `major << 16`.
const BROWSERS: Browsers = Browsers {
    chrome: Some(123 << 16),
    edge: Some(123 << 16),
    firefox: Some(121 << 16),
    safari: Some((17 << 16) | (5 << 8)),
    ios_saf: Some((17 << 16) | (5 << 8)),
    android: None,
    ie: None,
    opera: None,
    samsung: None,
};

/// The sheet's source with every `@import "file" layer(name);` of `main.css` replaced by that layer.
pub(crate) fn inline(folder: &Path) -> Result<String> {
    let main = read(&folder.join("main.css"))?;
    let mut sheet = String::new();
    for line in main.lines() {
        match import(line) {
            Some((file, layer)) => {
                let body = read(&folder.join(file))?;
                if body.contains("@import") {
                    bail!("style/{file}: only main.css imports");
                }
                sheet.push_str(&format!("@layer {layer} {{\n{body}\n}}\n"));
            }
            None => {
                sheet.push_str(line);
                sheet.push('\n');
            }
        }
    }
    Ok(sheet)
}

/// The sheet as browsers get it.
pub(crate) fn minify(sheet: &str) -> Result<String> {
    let targets = Targets::from(BROWSERS);
    let mut parsed = StyleSheet::parse(sheet, ParserOptions::default())
        .map_err(|error| anyhow::anyhow!("style/: {error}"))?;
    parsed
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| anyhow::anyhow!("style/: {error}"))?;
    let printed = parsed
        .to_css(PrinterOptions { minify: true, targets, ..PrinterOptions::default() })
        .map_err(|error| anyhow::anyhow!("style/: {error}"))?;
    Ok(printed.code)
}

fn import(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim().strip_prefix("@import \"")?;
    let (file, rest) = rest.split_once('"')?;
    Some((file, rest.trim().strip_prefix("layer(")?.strip_suffix(");")?))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_name_a_file_and_a_layer() {
        assert_eq!(import(r#"@import "a/b.css" layer(base);"#), Some(("a/b.css", "base")));
        assert_eq!(import("@layer a, b;"), None);
    }

    #[test]
    fn nesting_is_kept_in_order_and_minified() {
        let css = minify("@layer a { .x { color: red; &:hover { color: blue } } }").unwrap();
        assert!(css.starts_with("@layer a{.x{color:red;&:hover"), "{css}");
        assert!(!css.contains('\n'));
    }
}
