//! Tells a volume that was never written from one that holds something. Only reads.
//!
//! An encrypted volume that was never written reads as noise. Two-byte magics occur in noise by chance, so they
//! count only together with other fields that fit.

use std::io;

use domain::states::VolumeKind;

/// What a volume holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Noise: it was never written.
    Nothing,
    /// A filesystem that a template of ours made for this kind of volume, and its UUID.
    Ours { uuid: [u8; 16] },
    /// Anything else; it must not be touched.
    Foreign(String),
}

/// Reads exactly as many bytes as the buffer holds, from an offset.
pub(crate) trait ReadAt {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

impl ReadAt for std::fs::File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }
}

const BLOCK: usize = 4096;
const SUPERBLOCK_OFFSET: usize = 1024;
/// Noise has 16 zero bytes in a block of 4096, and hardly ever more than 50.
const ZEROS_IN_NOISE_MAX: usize = 80;

/// Magics that are long enough not to occur by chance: offset, bytes, name.
const MAGICS: &[(u64, &[u8], &str)] = &[
    (0, b"XFSB", "XFS"),
    (0, b"LUKS\xba\xbe", "LUKS"),
    (0, b"hsqs", "squashfs"),
    (0, b"bcache", "bcache"),
    (0, b"RDTMPL01", "a template"),
    (3, b"NTFS    ", "NTFS"),
    (82, b"FAT32   ", "FAT"),
    (512, b"LABELONE", "LVM"),
    (512, b"EFI PART", "a partition table"),
    (1024, b"\xe2\xe1\xf5\xe0", "EROFS"),
    (1024, b"\x10\x20\xf5\xf2", "F2FS"),
    (4086, b"SWAPSPACE2", "swap space"),
    (4096, b"\xfc\x4e\x2b\xa9", "a RAID member"),
    (0x8001, b"CD001", "ISO 9660"),
    (0x1_0034, b"ReIsEr", "ReiserFS"),
    (0x1_0040, b"_BHRfS_M", "btrfs"),
];

/// Where ext4 with blocks of 1 and 4 KiB keeps the first copies of its superblock.
const SUPERBLOCK_COPIES: &[u64] =
    &[8193 * 1024, 24577 * 1024, 32768 * 4096, 98304 * 4096, 163_840 * 4096, 229_376 * 4096];

/// Looks at a volume of `size` bytes.
pub(crate) fn look(volume: &impl ReadAt, size: u64, kind: VolumeKind) -> io::Result<Content> {
    let mut first = vec![0; BLOCK];
    volume.read_exact_at(&mut first, 0)?;
    if let Some(superblock) = ext4(&first[SUPERBLOCK_OFFSET..]) {
        return Ok(if superblock.label == label(kind).as_bytes() {
            Content::Ours { uuid: superblock.uuid }
        } else {
            Content::Foreign("an ext filesystem".into())
        });
    }
    for (offset, magic, name) in MAGICS {
        let mut bytes = vec![0; magic.len()];
        if offset + magic.len() as u64 <= size {
            volume.read_exact_at(&mut bytes, *offset)?;
            if bytes == *magic {
                return Ok(Content::Foreign((*name).into()));
            }
        }
    }
    for offset in SUPERBLOCK_COPIES {
        if offset + BLOCK as u64 <= size {
            let mut block = vec![0; BLOCK];
            volume.read_exact_at(&mut block, *offset)?;
            if ext4(&block).is_some() {
                return Ok(Content::Foreign("the rest of an ext filesystem".into()));
            }
        }
    }
    // Whatever has structure was written by somebody, known or not.
    if first.iter().filter(|byte| **byte == 0).count() > ZEROS_IN_NOISE_MAX {
        return Ok(Content::Foreign("something unknown".into()));
    }
    Ok(Content::Nothing)
}

/// The label that a template's filesystem bears.
fn label(kind: VolumeKind) -> String {
    format!("redoubt-{kind}")
}

struct Superblock {
    uuid: [u8; 16],
    label: Vec<u8>,
}

/// Reads an ext superblock if the fields around its magic make sense too.
fn ext4(bytes: &[u8]) -> Option<Superblock> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let magic = u16_at(56)? == 0xef53;
    let block_size = u32_at(24)? <= 6;
    let revision = u32_at(76)? <= 1;
    let inode_size = matches!(u16_at(88)?, 0 | 128 | 256 | 512 | 1024 | 2048 | 4096);
    if !(magic && block_size && revision && inode_size) {
        return None;
    }
    let label = bytes.get(120..136)?;
    Some(Superblock {
        uuid: bytes.get(104..120)?.try_into().ok()?,
        label: label.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 160 << 20;

    /// Noise of which some places were written.
    #[derive(Default)]
    struct Disk(Vec<(u64, Vec<u8>)>);

    impl ReadAt for Disk {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            for (byte, at) in buffer.iter_mut().zip(offset..) {
                *byte = (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 29)
                    .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                    .to_be_bytes()[0];
                for (start, written) in &self.0 {
                    let index = at.checked_sub(*start).and_then(|index| usize::try_from(index).ok());
                    *byte = index.and_then(|index| written.get(index).copied()).unwrap_or(*byte);
                }
            }
            Ok(())
        }
    }

    fn look_at(written: &[(u64, &[u8])]) -> Content {
        let disk = Disk(written.iter().map(|(offset, bytes)| (*offset, bytes.to_vec())).collect());
        look(&disk, SIZE, VolumeKind::Data).unwrap()
    }

    fn superblock(label: &str) -> Vec<u8> {
        let mut bytes = vec![0; 264];
        bytes[24] = 2;
        bytes[56..58].copy_from_slice(&[0x53, 0xef]);
        bytes[76] = 1;
        bytes[88..90].copy_from_slice(&256_u16.to_le_bytes());
        bytes[104..120].fill(9);
        bytes[120..120 + label.len()].copy_from_slice(label.as_bytes());
        bytes
    }

    #[test]
    fn noise_is_nothing_even_with_a_magic_by_chance() {
        assert_eq!(look_at(&[]), Content::Nothing);
        assert_eq!(look_at(&[(1080, &[0x53, 0xef])]), Content::Nothing);
    }

    #[test]
    fn our_own_filesystem_is_known_by_its_label() {
        assert_eq!(look_at(&[(1024, &superblock("redoubt-data"))]), Content::Ours { uuid: [9; 16] });
        let foreign = Content::Foreign("an ext filesystem".into());
        assert_eq!(look_at(&[(1024, &superblock("redoubt-root"))]), foreign);
        assert_eq!(look_at(&[(1024, &superblock(""))]), foreign);
    }

    #[test]
    fn anything_else_is_foreign() {
        for (offset, magic, name) in MAGICS {
            assert_eq!(look_at(&[(*offset, magic)]), Content::Foreign((*name).into()));
        }
        let rest = Content::Foreign("the rest of an ext filesystem".into());
        assert_eq!(look_at(&[(32768 * 4096, &superblock("redoubt-data"))]), rest);
        assert_eq!(look_at(&[(8193 * 1024, &superblock(""))]), rest);
        let unknown = Content::Foreign("something unknown".into());
        assert_eq!(look_at(&[(0, &[0; 512])]), unknown);
        assert_eq!(look_at(&[(0, &[0; 4096])]), unknown);
    }
}
