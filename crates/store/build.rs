//! Has the crate built again when a migration is added: `migrate!` only sees the files that were there before.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
