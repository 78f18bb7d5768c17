//! The guest agent. As the first process of a VM it runs the node from its boot to its end; started in any other
//! way it only packs templates for the image build.

mod boot;
mod commands;
mod console;
mod conversation;
mod devices;
mod firewall;
mod guest;
mod life;
mod luks;
mod network;
mod postgres;
mod power;
mod protocol;
mod signatures;
mod templates;
mod tree;
mod volumes;

use std::{fs::File, io::BufWriter, process::ExitCode};

fn main() -> ExitCode {
    if std::process::id() == 1 {
        boot::run();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["template-format"] => {
            println!("{}", templates::FORMAT);
            ExitCode::SUCCESS
        }
        ["pack-template", image, output] => match pack(image, output) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{image}: {error}");
                ExitCode::FAILURE
            }
        },
        _ => {
            eprintln!(
                "usage: agent pack-template IMAGE OUTPUT | agent template-format; in a VM it is the first process"
            );
            ExitCode::from(2)
        }
    }
}

fn pack(image: &str, output: &str) -> std::io::Result<()> {
    templates::pack(&mut File::open(image)?, &mut BufWriter::new(File::create(output)?))
}
