//! Which user is at the other end of a connection within this machine. The link of a page is no secret from other users: they
//! see the arguments of the browser that opens it.

use std::net::SocketAddr;

/// Whether a connection is certainly from another user, who is not root either. `peer` is the address of the client, `port`
/// the port of the server at 127.0.0.1. Only Linux reports the user.
pub(super) fn is_other_user(peer: SocketAddr, port: u16) -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::fs::read_to_string;

        let own = rustix::process::getuid().as_raw();
        let user = linux::user_of(peer, port);
        user.is_some_and(|user| {
            linux::is_other(user, own, &read_to_string("/proc/self/uid_map").unwrap_or_default())
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (peer, port);
        false
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::read_to_string;
    use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

    /// The user whom Linux reports in the place of one that does not exist in a container's user namespace.
    const UNMAPPED: u32 = 65534;
    /// The map of a process that is in no container's user namespace.
    const ALL_USERS: [&str; 3] = ["0", "0", "4294967295"];

    /// Whether a user is another one than `own`, and not root. `map` is the text of `/proc/self/uid_map`.
    pub(super) fn is_other(user: u32, own: u32, map: &str) -> bool {
        // The browser of the same person can be outside of the container.
        let is_unknown = user == UNMAPPED && !map.split_whitespace().eq(ALL_USERS);
        user != own && user != 0 && !is_unknown
    }

    /// The user of a client of 127.0.0.1. A client can reach this address with a socket for IPv6, too.
    pub(super) fn user_of(peer: SocketAddr, port: u16) -> Option<u32> {
        let SocketAddr::V4(peer) = peer else { return None };
        let own = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        ["/proc/net/tcp", "/proc/net/tcp6"]
            .into_iter()
            .find_map(|table| user_in(&read_to_string(table).unwrap_or_default(), peer, own))
    }

    /// Finds the user of a socket in the text of `/proc/net/tcp`, or of `/proc/net/tcp6`, where the last 32 bits are an IPv4
    /// address. Its columns are described in proc(5).
    fn user_in(table: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
        let column = |address: SocketAddrV4| {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
        };
        let (local, remote) = (column(local), column(remote));
        table.lines().find_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            let is_it = columns.next()?.ends_with(&local) && columns.next()?.ends_with(&remote);
            is_it.then(|| columns.nth(4)?.parse().ok()).flatten()
        })
    }

    #[cfg(test)]
    mod tests {
        use std::net::{TcpListener, TcpStream};

        use super::*;

        #[cfg(target_endian = "little")]
        #[test]
        fn the_user_of_a_socket_is_found_by_both_addresses() {
            let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                 0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   100        0 1 1 0 100 0 0 10 0\n\
                 1: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000   100        0 2 1 0 20 4 30 10 -1\n\
                 2: 0200007F:C000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1\n\
                 3: 0100007F:C000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1\n";
            let user = |table: &str, local: (u8, u16), remote: (u8, u16)| {
                let [local, remote] = [local, remote]
                    .map(|(last, port)| SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), port));
                user_in(table, local, remote)
            };
            assert_eq!(user(table, (1, 0xC000), (1, 0x1F90)), Some(1000));
            assert_eq!(user(table, (2, 0xC000), (1, 0x1F90)), Some(1001));
            assert_eq!(user(table, (1, 0x1F90), (1, 0xC000)), Some(100));
            assert_eq!(user(table, (1, 0xC001), (1, 0x1F90)), None);
            assert_eq!(user("", (1, 1), (1, 2)), None);
        }

        #[test]
        fn the_user_of_a_client_is_found_with_both_kinds_of_sockets() {
            let own = rustix::process::getuid().as_raw();
            let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a server");
            let port = server.local_addr().expect("an address").port();
            for address in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
                // This machine can have no IPv6.
                let Ok(_client) = TcpStream::connect(format!("{address}:{port}")) else { continue };
                let (_, peer) = server.accept().expect("a connection");
                assert_eq!(user_of(peer, port), Some(own), "{address}");
            }
        }

        #[test]
        fn only_a_user_who_is_certainly_another_one_is_another_one() {
            let (machine, container) =
                ("         0          0 4294967295\n", "  0  1000  1\n  1  100000  65536\n");
            for (user, own, map, is_other_user) in [
                (1000, 1000, machine, false),
                (0, 1000, machine, false),
                (1001, 1000, machine, true),
                (65534, 1000, machine, true),
                (1001, 1000, container, true),
                (65534, 0, container, false),
                (65534, 1000, "", false),
            ] {
                assert_eq!(is_other(user, own, map), is_other_user, "{user} {own} {map:?}");
            }
        }
    }
}
