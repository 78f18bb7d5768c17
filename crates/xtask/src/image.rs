//! Builds the guest image into `target/image`, unless what is there was made from the same recipe, agent and
//! packages. The recipe itself is `guest/build.sh`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use ring::digest::{Context, SHA256};

const TARGET: &str = "x86_64-unknown-linux-musl";
/// What an image consists of; the manifest is written last.
const FILES: [&str; 4] = ["vmlinux", "initramfs.cpio", "base.erofs", "manifest.json"];
/// Holds the key of what the image was made from.
const KEY_FILE: &str = "key";

/// Builds the image into `target/image`.
pub(crate) fn build(arguments: &[&str]) -> Result<()> {
    ensure!(arguments.is_empty(), "`cargo xtask image` takes no arguments");
    let started = Instant::now();
    let root = crate::root().canonicalize()?;
    let agent = compile_agent(&root)?;
    let output = root.join("target/image");
    let key = match packages(&root) {
        Some(packages) => key(&root, &agent, &packages)?,
        // Without a network the image at hand is better than none.
        None if is_whole(&output) => {
            println!("image: the package lists cannot be read; keeping {}", output.display());
            return Ok(());
        }
        None => anyhow::bail!("the package lists cannot be read; see above"),
    };
    if is_whole(&output) && fs::read_to_string(output.join(KEY_FILE)).is_ok_and(|known| known == key) {
        println!("image: {} is unchanged", output.display());
        return Ok(());
    }
    let mut script = recipe(&root);
    script.arg(&output).arg(&agent);
    let status = script.status().context("guest/build.sh does not start")?;
    ensure!(status.success(), "guest/build.sh failed");
    fs::write(output.join(KEY_FILE), key)?;
    println!("image: {} made in {:.1} s", output.display(), started.elapsed().as_secs_f32());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a build tool: cargo makes the agent")]
fn compile_agent(root: &Path) -> Result<PathBuf> {
    let arguments = ["build", "--quiet", "--package", "agent", "--profile", "agent", "--target", TARGET];
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(arguments)
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "the agent does not compile");
    Ok(root.join("target").join(TARGET).join("agent/agent"))
}

#[expect(clippy::disallowed_methods, reason = "a build tool: the image is made by a script")]
fn recipe(root: &Path) -> Command {
    let mut command = Command::new(root.join("guest/build.sh"));
    command.env("REDOUBT_IMAGE_CACHE", root.join("target/image-cache"));
    command
}

/// Names and versions of the packages that would go in now.
fn packages(root: &Path) -> Option<Vec<u8>> {
    let output = recipe(root).arg("--packages").stderr(Stdio::inherit()).output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn is_whole(output: &Path) -> bool {
    FILES.iter().all(|name| output.join(name).is_file())
}

/// A digest over everything that decides what the image holds.
fn key(root: &Path, agent: &Path, packages: &[u8]) -> Result<String> {
    let mut recipe: Vec<PathBuf> =
        fs::read_dir(root.join("guest"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    recipe.sort();
    let mut context = Context::new(&SHA256);
    for path in recipe.iter().map(PathBuf::as_path).chain([agent]) {
        add(&mut context, &fs::read(path).with_context(|| path.display().to_string())?);
    }
    add(&mut context, packages);
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds a part together with its length, so that parts cannot run into each other.
fn add(context: &mut Context, part: &[u8]) {
    context.update(&(part.len() as u64).to_le_bytes());
    context.update(part);
}
