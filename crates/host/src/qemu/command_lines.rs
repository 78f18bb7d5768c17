//! QEMU's command line for a VM. Everything in it is public: no key, certificate or password ever is.

use std::os::fd::RawFd;

use super::networks::Attachment;

/// What the kernel is told however it is run.
const KERNEL: &str = "console=ttyS0 quiet loglevel=3 panic=-1 net.ifnames=0";
/// What saves 40 % of the boot under emulation. Never with hardware virtualisation: it weakens the guest's kernel.
const KERNEL_EMULATED: &str = "mitigations=off nokaslr no_timer_check cryptomgr.notests tsc=unstable";

/// How the processor is provided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    Kvm,
    Tcg,
}

/// The descriptors that QEMU gets, by number. It opens nothing of the node by path, so it needs no right to any.
pub(crate) struct Descriptors {
    pub(crate) kernel: RawFd,
    pub(crate) initramfs: RawFd,
    pub(crate) base: RawFd,
    pub(crate) root: RawFd,
    pub(crate) data: RawFd,
    pub(crate) console: RawFd,
    pub(crate) agent: RawFd,
    pub(crate) qmp: RawFd,
}

/// Size and kind of the VM.
pub(crate) struct Shape<'a> {
    pub(crate) name: &'a str,
    pub(crate) processor: Processor,
    pub(crate) vcpus: u8,
    pub(crate) memory_mib: u32,
    pub(crate) locks_memory: bool,
}

impl Processor {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }

    fn arguments(self, vcpus: u8) -> [String; 4] {
        let thread = if vcpus > 1 { "multi" } else { "single" };
        let (accelerator, model) = match self {
            Self::Kvm => ("kvm".to_owned(), "host"),
            // Westmere: with AES instructions, and small enough that emulating it is fast.
            Self::Tcg => (format!("tcg,thread={thread},tb-size=96"), "Westmere"),
        };
        ["-accel".into(), accelerator, "-cpu".into(), model.into()]
    }
}

/// Arguments that every QEMU of ours gets: nothing by default, no way to gain rights, no dump with keys in it.
pub(crate) fn common(name: &str, processor: Processor, vcpus: u8, memory_mib: u32) -> Vec<String> {
    let mut line: Vec<String> = [
        "-name",
        name,
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-M",
        "q35,usb=off,vmport=off,dump-guest-core=off,mem-merge=off",
        "-smp",
    ]
    .map(Into::into)
    .into();
    line.extend([vcpus.to_string(), "-m".into(), memory_mib.to_string()]);
    line.extend(processor.arguments(vcpus));
    line
}

/// The kernel's half of the line. `/proc/self/fd` reaches the file however private the directory it lies in.
pub(crate) fn kernel(kernel: RawFd, initramfs: RawFd, append: &str) -> [String; 6] {
    let path = |descriptor| format!("/proc/self/fd/{descriptor}");
    ["-kernel".into(), path(kernel), "-initrd".into(), path(initramfs), "-append".into(), append.into()]
}

/// What is written to the console, into a file that the server can cut.
pub(crate) fn console(descriptor: RawFd) -> [String; 6] {
    [
        "-add-fd".into(),
        format!("fd={descriptor},set={descriptor}"),
        "-chardev".into(),
        format!("file,id=console,path=/dev/fdset/{descriptor},append=on"),
        "-serial".into(),
        "chardev:console".into(),
    ]
}

/// The whole line of a node's VM.
pub(crate) fn node(shape: &Shape<'_>, descriptors: &Descriptors, network: &Attachment) -> Vec<String> {
    let mut line = common(shape.name, shape.processor, shape.vcpus, shape.memory_mib);
    let append = match shape.processor {
        Processor::Kvm => KERNEL.to_owned(),
        Processor::Tcg => format!("{KERNEL} {KERNEL_EMULATED}"),
    };
    line.extend(kernel(descriptors.kernel, descriptors.initramfs, &append));
    line.extend(console(descriptors.console));
    if shape.locks_memory {
        line.extend(["-overcommit".into(), "mem-lock=on".into()]);
    }
    line.extend([
        "-chardev".into(),
        format!("socket,id=agent,fd={},server=on,wait=off", descriptors.agent),
        "-device".into(),
        "virtio-serial-pci,max_ports=2".into(),
        "-device".into(),
        format!("virtserialport,chardev=agent,name={}", domain::agent::PORT_NAME),
        "-chardev".into(),
        format!("socket,id=qmp,fd={},server=on,wait=off", descriptors.qmp),
        "-mon".into(),
        "chardev=qmp,mode=control".into(),
        "-device".into(),
        "virtio-rng-pci".into(),
    ]);
    line.extend(disk("base", descriptors.base, "read-only=on"));
    line.extend(disk("root", descriptors.root, "discard=unmap"));
    line.extend(disk("data", descriptors.data, "discard=unmap"));
    line.extend(network.arguments.iter().cloned());
    line
}

/// A disk that the guest knows by its serial.
fn disk(serial: &str, descriptor: RawFd, option: &str) -> [String; 6] {
    [
        "-add-fd".into(),
        format!("fd={descriptor},set={descriptor}"),
        "-blockdev".into(),
        format!("driver=file,node-name={serial},filename=/dev/fdset/{descriptor},{option}"),
        "-device".into(),
        format!("virtio-blk-pci,drive={serial},serial={serial}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(processor: Processor) -> String {
        let descriptors = Descriptors {
            kernel: 10,
            initramfs: 11,
            base: 12,
            root: 13,
            data: 14,
            console: 15,
            agent: 16,
            qmp: 17,
        };
        let shape = Shape { name: "redoubt-x", processor, vcpus: 1, memory_mib: 256, locks_memory: false };
        let network =
            Attachment { arguments: vec!["-netdev".into(), "user,id=net0".into()], kept: Vec::new() };
        node(&shape, &descriptors, &network).join(" ")
    }

    #[test]
    fn relaxed_kernel_options_come_with_emulation_only() {
        let (kvm, tcg) = (line(Processor::Kvm), line(Processor::Tcg));
        for option in KERNEL_EMULATED.split(' ') {
            assert!(tcg.contains(option), "{option}");
            assert!(!kvm.contains(option), "{option}");
        }
        assert!(kvm.contains("-accel kvm -cpu host"));
        for line in [kvm, tcg] {
            assert!(line.contains("spawn=deny") && line.contains("dump-guest-core=off"), "{line}");
            assert!(
                line.contains("driver=file,node-name=base,filename=/dev/fdset/12,read-only=on"),
                "{line}"
            );
        }
    }
}
