//! The guest's network card, hostname and clock. Firewall rules are not made here.

use std::{fs, io, net::Ipv4Addr, os::fd::AsRawFd};

use domain::agent::GuestNetwork;
use nix::{
    libc,
    sys::{
        socket::{AddressFamily, SockFlag, SockType, socket},
        time::TimeSpec,
    },
    time::{ClockId, clock_gettime, clock_settime},
};

use crate::devices;

/// A clock this far off is set; less is left to the kernel.
const CLOCK_SECONDS_OFF_MAX: i64 = 2;

/// Gives the card its address and the way out, and brings it up together with the loopback.
pub(crate) fn set_up(network: &GuestNetwork) -> io::Result<()> {
    // The guest's network is IPv4 only; an address that nobody assigned must not appear.
    fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")?;
    let card = devices::network_card()?;
    let control = Control::new()?;
    control.bring_up("lo")?;
    control.set_address(&card, network.address, netmask(network.prefix))?;
    control.bring_up(&card)?;
    control.set_gateway(network.gateway)
}

/// Sets the clock if it is off.
pub(crate) fn set_clock(now_seconds: i64) -> io::Result<()> {
    let now = clock_gettime(ClockId::CLOCK_REALTIME)?.tv_sec();
    if now_seconds > 0 && now.abs_diff(now_seconds) > CLOCK_SECONDS_OFF_MAX.unsigned_abs() {
        clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::new(now_seconds, 0))?;
    }
    Ok(())
}

fn netmask(prefix: u8) -> Ipv4Addr {
    let host_bits = 32_u32.saturating_sub(u32::from(prefix));
    Ipv4Addr::from_bits(u32::MAX.checked_shl(host_bits).unwrap_or(0))
}

/// A socket to ask the kernel through.
struct Control(std::os::fd::OwnedFd);

impl Control {
    fn new() -> io::Result<Self> {
        Ok(Self(socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?))
    }

    #[expect(unsafe_code, reason = "the ioctl reads and writes one ifreq, which is alive during the call")]
    fn interface(&self, request: libc::Ioctl, argument: &mut libc::ifreq) -> io::Result<()> {
        match unsafe { libc::ioctl(self.0.as_raw_fd(), request, std::ptr::from_mut(argument)) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn bring_up(&self, card: &str) -> io::Result<()> {
        let mut argument = interface_request(card)?;
        argument.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        self.interface(libc::SIOCSIFFLAGS as libc::Ioctl, &mut argument)
    }

    fn set_address(&self, card: &str, address: Ipv4Addr, mask: Ipv4Addr) -> io::Result<()> {
        let mut argument = interface_request(card)?;
        argument.ifr_ifru.ifru_addr = socket_address(address);
        self.interface(libc::SIOCSIFADDR as libc::Ioctl, &mut argument)?;
        argument.ifr_ifru.ifru_netmask = socket_address(mask);
        self.interface(libc::SIOCSIFNETMASK as libc::Ioctl, &mut argument)
    }

    #[expect(unsafe_code, reason = "rtentry is plain data for which zeros are valid, and outlives the call")]
    fn set_gateway(&self, gateway: Ipv4Addr) -> io::Result<()> {
        let mut route: libc::rtentry = unsafe { std::mem::zeroed() };
        route.rt_dst = socket_address(Ipv4Addr::UNSPECIFIED);
        route.rt_genmask = socket_address(Ipv4Addr::UNSPECIFIED);
        route.rt_gateway = socket_address(gateway);
        route.rt_flags = (libc::RTF_UP | libc::RTF_GATEWAY) as libc::c_ushort;
        let done =
            unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SIOCADDRT as libc::Ioctl, &raw const route) };
        match (done, io::Error::last_os_error()) {
            (0, _) => Ok(()),
            (_, error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            (_, error) => Err(error),
        }
    }
}

#[expect(unsafe_code, reason = "ifreq is plain data for which zeros are valid")]
fn interface_request(card: &str) -> io::Result<libc::ifreq> {
    let mut argument: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays zero and ends the name.
    if card.is_empty() || card.len() >= argument.ifr_name.len() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the card's name is too long"));
    }
    for (to, from) in argument.ifr_name.iter_mut().zip(card.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(argument)
}

#[expect(
    unsafe_code,
    reason = "sockaddr_in and sockaddr have the same size, and any bytes are a valid sockaddr"
)]
fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) },
        sin_zero: [0; 8],
    };
    unsafe { std::mem::transmute::<libc::sockaddr_in, libc::sockaddr>(address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netmasks() {
        assert_eq!(netmask(24), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(netmask(28), Ipv4Addr::new(255, 255, 255, 240));
        assert_eq!(netmask(32), Ipv4Addr::BROADCAST);
        assert_eq!(netmask(0), Ipv4Addr::UNSPECIFIED);
    }

    #[test]
    fn requests_are_laid_out_as_the_kernel_reads_them() {
        assert!(interface_request("a-name-of-16-byt").is_err());
        assert!(interface_request("").is_err());
        assert_eq!(interface_request("eth0").unwrap().ifr_name[..5], [101, 116, 104, 48, 0]);
        let address = socket_address(Ipv4Addr::new(10, 0, 2, 15));
        assert_eq!(address.sa_data[2..6], [10, 0, 2, 15]);
    }
}
