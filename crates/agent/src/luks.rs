//! Reads what `cryptsetup status` and `cryptsetup luksDump` print. Runs nothing.

use domain::{agent::VolumeReport, states::VolumeKind};

const SECTOR_BYTES: u64 = 512;

/// Puts both outputs together; the fill of the filesystem is for the caller to add.
pub(crate) fn report(kind: VolumeKind, status: &str, dump: &str) -> Result<VolumeReport, String> {
    let field =
        |name: &str| value(status, name).ok_or_else(|| format!("cryptsetup status of {kind} has no {name}"));
    let number = |name: &str| {
        let text = field(name)?;
        let digits = text.split(' ').next().unwrap_or_default();
        digits.parse::<u64>().map_err(|_| format!("cryptsetup status of {kind}: {name} is no number"))
    };
    let dumped = |name: &str| value(dump, name).ok_or_else(|| format!("luksDump of {kind} has no {name}"));
    Ok(VolumeReport {
        kind,
        luks_type: field("type")?,
        cipher: field("cipher")?,
        key_bits: u32::try_from(number("keysize")?).map_err(|_| "keysize is too large".to_owned())?,
        hash: dumped("AF hash")?,
        luks_uuid: dumped("UUID")?,
        // In sectors of 512 bytes, whatever the sector size of the encryption.
        size_bytes: number("size")? * SECTOR_BYTES,
        used_bytes: 0,
        capacity_bytes: 0,
    })
}

/// The value of the first line `NAME: VALUE`.
fn value(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.trim().split_once(':'));
    lines
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.trim().to_owned())
        .find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "/dev/mapper/data is active and is in use.
  type:    LUKS2
  cipher:  aes-xts-plain64
  keysize: 512 bits
  key location: dm-crypt
  device:  /dev/vdc
  sector size:  4096
  offset:  2048 sectors
  size:    2095104 sectors
  mode:    read/write
  flags:   discards no_read_workqueue no_write_workqueue
";
    const DUMP: &str = "LUKS header information
Version:       \t2
Epoch:         \t3
Metadata area: \t16384 [bytes]
UUID:          \t2a44ba23-9cd1-4a1a-9b08-08a3f5a4f9e4
Label:         \t(no label)

Data segments:
  0: crypt
\tcipher: aes-xts-plain64

Keyslots:
  0: luks2
\tKey:        512 bits
\tAF hash:    sha256
Digests:
  0: pbkdf2
\tHash:       sha256
";

    #[test]
    fn reads_what_cryptsetup_prints() {
        let report = report(VolumeKind::Data, STATUS, DUMP).unwrap();
        assert_eq!(report.luks_type, "LUKS2");
        assert_eq!(report.cipher, "aes-xts-plain64");
        assert_eq!((report.key_bits, report.hash.as_str()), (512, "sha256"));
        assert_eq!(report.luks_uuid, "2a44ba23-9cd1-4a1a-9b08-08a3f5a4f9e4");
        assert_eq!(report.size_bytes, 2_095_104 * 512);
    }

    #[test]
    fn says_what_is_missing() {
        let inactive = "/dev/mapper/data is inactive.\n";
        assert_eq!(
            report(VolumeKind::Data, inactive, DUMP).unwrap_err(),
            "cryptsetup status of data has no type"
        );
        assert_eq!(report(VolumeKind::Root, STATUS, "").unwrap_err(), "luksDump of root has no AF hash");
        let odd = STATUS.replace("512 bits", "many bits");
        assert!(report(VolumeKind::Data, &odd, DUMP).is_err());
    }
}
