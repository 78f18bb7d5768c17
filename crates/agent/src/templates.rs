//! Templates: filesystems made at build time of which only the written blocks are kept. Packs and unpacks them;
//! does not decide whether a volume may be written.
//!
//! On an encrypted volume a block that was never written reads as noise, so "not written" and "written with
//! zeros" differ. The build fills the image with [`FILLER`] before mkfs; whatever is not filler was written.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
};

/// Name and version of the format; part of the image's cache key.
pub(crate) const FORMAT: &str = "RDTMPL01";
/// What the build fills an image with (`guest/build.sh` holds the same).
const FILLER: u8 = 0o245;
const BLOCK: usize = 4096;
/// Blocks written at once.
const CHUNK_BLOCKS: u32 = 256;
/// More extents than this is no template of ours.
const EXTENTS_MAX: u32 = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    first: u32,
    count: u32,
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.to_owned())
}

/// Reads an image and writes its template.
pub(crate) fn pack(image: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    image.read_to_end(&mut bytes)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
        return Err(invalid("the image is not made of whole blocks"));
    }
    let mut extents: Vec<Extent> = Vec::new();
    for (index, block) in bytes.chunks_exact(BLOCK).enumerate() {
        if block.iter().all(|byte| *byte == FILLER) {
            continue;
        }
        let index = u32::try_from(index).map_err(|_| invalid("the image is too large"))?;
        match extents.last_mut() {
            Some(last) if last.first + last.count == index => last.count += 1,
            _ => extents.push(Extent { first: index, count: 1 }),
        }
    }
    let count = u32::try_from(extents.len()).ok().filter(|count| *count <= EXTENTS_MAX);
    let count = count.ok_or_else(|| invalid("the image has too many extents"))?;
    output.write_all(FORMAT.as_bytes())?;
    output.write_all(&count.to_le_bytes())?;
    for extent in &extents {
        output.write_all(&extent.first.to_le_bytes())?;
        output.write_all(&extent.count.to_le_bytes())?;
    }
    for extent in &extents {
        let start = extent.first as usize * BLOCK;
        output.write_all(&bytes[start..start + extent.count as usize * BLOCK])?;
    }
    output.flush()
}

/// Writes a template onto a volume. The first block, which makes it a filesystem, is written last and only
/// after everything else is on the disk: a half-written volume never looks like one.
pub(crate) fn unpack(template: &mut impl Read, volume: &File, volume_bytes: u64) -> io::Result<()> {
    let extents = read_extents(template)?;
    let end = extents.iter().map(|e| (u64::from(e.first) + u64::from(e.count)) * BLOCK as u64).max();
    if end.is_none_or(|end| end > volume_bytes) {
        return Err(invalid("the volume is too small for its template"));
    }
    let mut first_block = None;
    let mut buffer = vec![0; CHUNK_BLOCKS as usize * BLOCK];
    for extent in extents {
        let Extent { mut first, mut count } = extent;
        if first == 0 {
            let mut block = vec![0; BLOCK];
            template.read_exact(&mut block)?;
            first_block = Some(block);
            first = 1;
            count -= 1;
        }
        while count > 0 {
            let step = count.min(CHUNK_BLOCKS);
            let chunk = &mut buffer[..step as usize * BLOCK];
            template.read_exact(chunk)?;
            volume.write_all_at(chunk, u64::from(first) * BLOCK as u64)?;
            first += step;
            count -= step;
        }
    }
    let first_block = first_block.ok_or_else(|| invalid("the template has no first block"))?;
    volume.sync_data()?;
    volume.write_all_at(&first_block, 0)?;
    volume.sync_data()
}

fn read_extents(template: &mut impl Read) -> io::Result<Vec<Extent>> {
    let mut magic = [0; 8];
    template.read_exact(&mut magic)?;
    if magic != FORMAT.as_bytes() {
        return Err(invalid("this is no template"));
    }
    let count = read_u32(template)?;
    if count > EXTENTS_MAX {
        return Err(invalid("the template has too many extents"));
    }
    let mut extents: Vec<Extent> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let extent = Extent { first: read_u32(template)?, count: read_u32(template)? };
        let after = extents.last().map_or(0, |last| last.first + last.count);
        if extent.count == 0 || extent.first < after || extent.first.checked_add(extent.count).is_none() {
            return Err(invalid("the template's extents are out of order"));
        }
        extents.push(extent);
    }
    Ok(extents)
}

fn read_u32(input: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of an image: `None` was never written.
    fn image(blocks: &[Option<u8>]) -> Vec<u8> {
        blocks.iter().flat_map(|block| vec![block.unwrap_or(FILLER); BLOCK]).collect()
    }

    fn unpack_over_noise(packed: &[u8], blocks: usize) -> io::Result<Vec<u8>> {
        let file = tempfile::tempfile()?;
        file.write_all_at(&vec![0x5a; blocks * BLOCK], 0)?;
        unpack(&mut &*packed, &file, (blocks * BLOCK) as u64)?;
        let mut bytes = vec![0; blocks * BLOCK];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    #[test]
    fn zero_blocks_are_written_and_unwritten_ones_are_left_alone() {
        let source = image(&[Some(1), Some(0), None, None, Some(7), Some(0), None]);
        let mut packed = Vec::new();
        pack(&mut &*source, &mut packed).unwrap();
        assert_eq!(packed.len(), 8 + 4 + 2 * 8 + 4 * BLOCK);
        let bytes = unpack_over_noise(&packed, 8).unwrap();
        let firsts: Vec<u8> = bytes.chunks(BLOCK).map(|block| block[0]).collect();
        assert_eq!(firsts, [1, 0, 0x5a, 0x5a, 7, 0, 0x5a, 0x5a]);
    }

    #[test]
    fn bad_templates_and_small_volumes_are_refused() {
        let mut packed = Vec::new();
        pack(&mut &*image(&[Some(1), None, Some(2)]), &mut packed).unwrap();
        assert!(unpack_over_noise(&packed, 2).is_err(), "too small");
        assert!(unpack_over_noise(&packed[..packed.len() - 1], 4).is_err(), "cut short");
        assert!(unpack_over_noise(b"RDTMPL99\0\0\0\0", 4).is_err(), "another version");
        let mut unordered = FORMAT.as_bytes().to_vec();
        for number in [2_u32, 5, 1, 4, 1] {
            unordered.extend(number.to_le_bytes());
        }
        assert!(unpack_over_noise(&unordered, 8).is_err(), "out of order");
        let mut headless = Vec::new();
        pack(&mut &*image(&[None, Some(2)]), &mut headless).unwrap();
        assert!(unpack_over_noise(&headless, 4).is_err(), "no first block");
    }
}
