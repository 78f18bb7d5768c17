//! Makes the list of breached passwords that is built in, `data/breached.bin`, of `data/common-passwords.txt`.
//!
//! `cargo run -p identity --example breached_list`. A test compares the two.

use std::{
    error::Error,
    fs::{self, File},
    io::BufWriter,
    path::Path,
};

use identity::breached;

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let passwords = fs::read_to_string(data.join("common-passwords.txt"))?;
    let lines = breached::hash_lines(passwords.lines());
    let file = BufWriter::new(File::create(data.join("breached.bin"))?);
    println!("{} entries", breached::convert(lines.as_bytes(), file)?);
    Ok(())
}
