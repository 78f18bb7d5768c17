//! The first process: mounts, kernel modules, hardening, threads. After that it talks with the host for good.

use std::{
    fs::{self, File},
    io,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use domain::agent::PORT_NAME;
use nix::{
    errno::Errno,
    kmod::{ModuleInitFlags, finit_module},
    sys::stat::{Mode, umask},
};

use crate::{
    commands,
    console::say,
    conversation, devices,
    guest::{Guest, uptime_millis},
    life::{self, Node},
    postgres, power, tree,
};

const MODULES: &str = "/modules";
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Every so many rounds of housekeeping old logs are deleted.
const PRUNE_ROUNDS: u32 = 60;

/// Settings of the kernel that make an intruder's life harder. One that a kernel lacks is skipped.
const SYSCTLS: &[(&str, &str)] = &[
    ("kernel/modules_disabled", "1"),
    ("kernel/kexec_load_disabled", "1"),
    ("kernel/dmesg_restrict", "1"),
    ("kernel/kptr_restrict", "2"),
    ("kernel/unprivileged_bpf_disabled", "1"),
    ("kernel/yama/ptrace_scope", "2"),
    ("kernel/sysrq", "0"),
    ("kernel/core_pattern", "|/bin/false"),
    ("user/max_user_namespaces", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/all/rp_filter", "1"),
];

/// Never returns: the end of the first process is the end of the kernel.
pub(crate) fn run() -> ! {
    let ended = start();
    // Without devices or a port nobody can be told more than this line.
    say(format_args!("the boot failed: {}", ended.err().map_or_else(String::new, |error| error.to_string())));
    power::off();
}

fn start() -> io::Result<()> {
    umask(Mode::from_bits_truncate(0o022));
    tree::mount_kernel_filesystems()?;
    say(format_args!("started at {} ms", uptime_millis()));
    load_modules()?;
    nix::sys::prctl::set_no_new_privs()?;
    let port = devices::port(PORT_NAME)?;
    tree::mount_base(&devices::disk("base")?)?;
    harden();

    let node = Arc::new(Node::new(Guest::new()));
    say(format_args!("waiting for keys at {} ms", uptime_millis()));
    let (jobs, work) = mpsc::channel();
    let worker = Arc::clone(&node);
    thread::Builder::new().name("life".into()).spawn(move || life::live(&worker, &work))?;
    thread::Builder::new().name("housekeeping".into()).spawn(keep_house)?;
    conversation::hold(&port, &node, &jobs)
}

/// Loads the modules in the order that the image build worked out.
fn load_modules() -> io::Result<()> {
    for name in fs::read_to_string(format!("{MODULES}/order"))?.lines() {
        let file = File::open(format!("{MODULES}/{name}"))?;
        match finit_module(&file, c"", ModuleInitFlags::empty()) {
            // Some are for hardware that this machine may lack, such as a processor's AES instructions.
            Ok(()) | Err(Errno::EEXIST | Errno::ENODEV) => (),
            Err(error) => return Err(io::Error::other(format!("module {name}: {}", error.desc()))),
        }
    }
    fs::remove_dir_all(MODULES)
}

fn harden() {
    for (name, value) in SYSCTLS {
        if let Err(error) = fs::write(format!("/proc/sys/{name}"), value)
            && error.kind() != io::ErrorKind::NotFound
        {
            say(format_args!("{name} cannot be set: {error}"));
        }
    }
}

fn keep_house() {
    for round in 1_u32.. {
        thread::sleep(HOUSEKEEPING);
        commands::sweep();
        if round.is_multiple_of(PRUNE_ROUNDS) {
            postgres::prune_logs();
        }
    }
}
