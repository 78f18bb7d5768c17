//! Boots the guest image by hand, without console, database or workflow, and prints how long each stage took: the
//! yardstick for what Redoubt adds. Not part of the product; it cleans up after itself and keeps nothing.
//!
//! `cargo run -p agent --example boot_by_hand -- target/image`
//! needs qemu-system-x86_64, cryptsetup, openssl and psql; runs emulated and reaches the guest on a loopback port.

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    agent::{
        Call, Configuration, FirstUser, GuestNetwork, OpenVolumes, PORT_NAME, PROTOCOL_VERSION, Phase, Reply,
        Request, Response, TlsFiles, VolumeKey,
    },
    networks::IpFilter,
    secrets::Secret,
    states::VolumeKind,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LIMIT: Duration = Duration::from_secs(180);
const ASK_AGAIN: Duration = Duration::from_millis(250);
const POLL: Duration = Duration::from_millis(50);
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
const APPEND: &str = "console=ttyS0 quiet loglevel=3 panic=-1 net.ifnames=0 mitigations=off nokaslr no_timer_check \
    cryptomgr.notests tsc=unstable";

fn main() -> Result<()> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "target/image".into());
    let scratch = tempfile::tempdir()?;
    let directory = scratch.path();
    let started = Instant::now();
    let volumes =
        vec![make_volume(directory, VolumeKind::Root, 512)?, make_volume(directory, VolumeKind::Data, 1024)?];
    make_certificates(directory)?;
    report("volumes and certificates made", started);

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let started = Instant::now();
    let mut machine = start(directory, Path::new(&image), port)?;
    let result = drive(directory, volumes, port, started);
    if result.is_err() {
        machine.kill()?;
    }
    machine.wait()?;
    result
}

fn report(stage: &str, since: Instant) {
    println!("{:6.2} s  {stage}", since.elapsed().as_secs_f32());
}

fn drive(directory: &Path, volumes: Vec<VolumeKey>, port: u16, started: Instant) -> Result<()> {
    let mut control = Control::open(&directory.join("control.sock"), started)?;
    report("the agent answers", started);
    control.ask(Request::OpenVolumes(OpenVolumes { volumes }))?;
    control.ask(Request::Configure(Box::new(configuration(directory)?)))?;
    loop {
        let Response::Status(status) = control.ask(Request::Status)? else { return Err("no status".into()) };
        match status.phase {
            Phase::Ready => break,
            Phase::Failed => return Err(status.problem.unwrap_or_default().into()),
            _ if started.elapsed() > LIMIT => return Err("it takes too long".into()),
            _ => thread::sleep(POLL),
        }
    }
    report("the guest is ready", started);
    let target = format!(
        "host=127.0.0.1 port={port} user=rdadmin dbname=defaultdb sslmode=verify-full sslrootcert={}",
        directory.join("ca.pem").display()
    );
    let mut query = program("psql", &["-X", "-A", "-t", "-c", "SELECT 1", &target]);
    run(query.env("PGPASSWORD", "by-hand"), b"")?;
    report("a query over verified TLS is answered", started);
    let stopping = Instant::now();
    control.ask(Request::Stop)?;
    // The socket closes when the process ends.
    let _ = control.0.read_to_end(&mut Vec::new());
    report("stopped (since the request)", stopping);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a yardstick for developers, never shipped")]
fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

fn run(command: &mut Command, input: &[u8]) -> Result<()> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input)?;
    }
    let output = child.wait_with_output()?;
    let name = command.get_program().display();
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

fn make_volume(directory: &Path, kind: VolumeKind, mib: u64) -> Result<VolumeKey> {
    let path = directory.join(format!("{kind}.img"));
    File::create(&path)?.set_len(mib << 20)?;
    let mut key = [0; 64];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let options = "luksFormat --batch-mode --type luks2 --cipher aes-xts-plain64 --key-size 512 --hash sha256 \
        --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --luks2-metadata-size 16k --luks2-keyslots-size 512k --key-file=-";
    let options: Vec<&str> = options.split_whitespace().collect();
    run(program("cryptsetup", &options).arg(&path), &key)?;
    Ok(VolumeKey { kind, unlock_key: Secret::new(STANDARD.encode(key)), is_new: true })
}

fn make_certificates(directory: &Path) -> Result<()> {
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    for line in [
        format!("req -x509 {new_key} -keyout ca.key -out ca.pem -subj /CN=by-hand"),
        format!(
            "req -x509 {new_key} -keyout server.key -out server.pem -subj /CN=127.0.0.1 -CA ca.pem -CAkey ca.key \
             -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        ),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        run(program("openssl", &words).current_dir(directory), b"")?;
    }
    Ok(())
}

fn start(directory: &Path, image: &Path, port: u16) -> Result<Child> {
    let (image, directory) = (image.display(), directory.display());
    let disk = |name: &str, file: String, options: &str| {
        format!(
            "-blockdev driver=file,node-name={name},filename={file},{options} -device virtio-blk-pci,drive={name},serial={name} "
        )
    };
    let line = format!(
        "-nodefaults -no-user-config -display none -no-reboot -M q35,usb=off,vmport=off -accel tcg,thread=single,tb-size=96 \
         -cpu Westmere -smp 1 -m 256 -kernel {image}/vmlinux -initrd {image}/initramfs.cpio -serial file:{directory}/console.log \
         -chardev socket,id=control,path={directory}/control.sock,server=on,wait=off -device virtio-serial-pci,max_ports=2 \
         -device virtserialport,chardev=control,name={PORT_NAME} -device virtio-rng-pci {}{}{} \
         -netdev user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:{port}-{GUEST}:5432 -device virtio-net-pci,netdev=net0,romfile=",
        disk("base", format!("{image}/base.erofs"), "read-only=on"),
        disk("root", format!("{directory}/root.img"), "discard=unmap"),
        disk("data", format!("{directory}/data.img"), "discard=unmap"),
    );
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = program("qemu-system-x86_64", &words);
    Ok(command.args(["-append", APPEND]).stdin(Stdio::null()).spawn()?)
}

fn configuration(directory: &Path) -> Result<Configuration> {
    let read = |name: &str| std::fs::read_to_string(directory.join(name));
    Ok(Configuration {
        network: GuestNetwork { address: GUEST, prefix: 24, gateway: GATEWAY, port: 5432 },
        hostname: "by-hand".into(),
        tls: TlsFiles {
            certificate: read("server.pem")?,
            key: Secret::new(read("server.key")?),
            ca: read("ca.pem")?,
        },
        first_user: FirstUser {
            name: "rdadmin".into(),
            password: Secret::new("by-hand".into()),
            database: "defaultdb".into(),
        },
        ip_filter: IpFilter { generation: 1, sources: vec![format!("{GATEWAY}/32").parse()?] },
        // The machine's own clock is the host's.
        now_seconds: 0,
    })
}

/// The host's end of the agent's port, and the number of the last call.
struct Control(BufReader<UnixStream>, u64);

impl Control {
    fn open(path: &Path, started: Instant) -> Result<Self> {
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) if started.elapsed() > LIMIT => return Err(error.into()),
                Err(_) => thread::sleep(POLL),
            }
        };
        // What is said before the guest opens its port is lost.
        stream.set_read_timeout(Some(ASK_AGAIN))?;
        let mut control = Self(BufReader::new(stream), 0);
        while control.ask(Request::Status).is_err() {
            if started.elapsed() > LIMIT {
                return Err("the agent does not answer".into());
            }
        }
        control.0.get_ref().set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(control)
    }

    fn ask(&mut self, request: Request) -> Result<Response> {
        self.1 += 1;
        let call = Call { version: PROTOCOL_VERSION, id: self.1, request };
        let mut line = serde_json::to_vec(&call)?;
        line.push(b'\n');
        self.0.get_mut().write_all(&line)?;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let reply: Reply = serde_json::from_str(&line)?;
            if reply.id == self.1 {
                return match reply.response {
                    Response::Refused { reason } => Err(reason.into()),
                    response => Ok(response),
                };
            }
        }
    }
}
