//! The guest agent. As the first process of a VM it runs the node; started otherwise it only packs templates for
//! the image build.
mod templates;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["template-format"] => println!("{}", templates::FORMAT),
        ["pack-template", image, output] => {
            let mut image = std::fs::File::open(image).unwrap();
            let mut output = std::io::BufWriter::new(std::fs::File::create(output).unwrap());
            templates::pack(&mut image, &mut output).unwrap();
        }
        _ => {}
    }
}
