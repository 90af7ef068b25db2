//! Which network address a request comes from: that of the connection, or what a trusted proxy says of it.

use std::net::IpAddr;

use axum::extract::Request;
use http::header::{HeaderMap, HeaderName};
use service::Origin;

use crate::config::Networks;
use crate::connection::Connected;

/// What proxies append the address to from which a request has come to them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Attaches to a request where it comes from, as an [`Origin`] among its extensions: no header that a client sends can say it.
pub(super) fn attach_client_address(request: &mut Request, trusted: &Networks) {
    let peer = request.extensions().get::<Connected>().map(Connected::peer);
    let origin = peer.map(|peer| Origin::of(address(peer, request.headers(), trusted)));
    request.extensions_mut().insert(origin.unwrap_or_default());
}

/// The address of the client. Each proxy appends to `X-Forwarded-For` whom it talks to, so what stands left of the first address
/// that is none of our proxies may be anybody's invention.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let mut address = peer.to_canonical();
    let values: Vec<_> =
        headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    for said in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        if !trusted.hold(address) {
            break;
        }
        let Some(said) = read(said.trim()) else { break };
        address = said;
    }
    address
}

/// An address, which some proxies write with its port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    let address = bare.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::HeaderMap;

    use super::{FORWARDED_FOR, address};
    use crate::config::Networks;

    #[test]
    fn the_rightmost_address_that_is_no_proxy_of_ours_counts() {
        let trusted: Networks = "10.0.0.0/8, 2001:db8::7".parse().expect("networks");
        for (peer, forwarded, expected) in [
            ("192.0.2.1", &["198.51.100.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.9, 10.2.3.4"], "198.51.100.9"),
            ("10.0.0.1", &["203.0.113.5", "198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", &["10.9.9.9"], "10.9.9.9"),
            ("10.0.0.1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.5, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.9:4711"], "198.51.100.9"),
            ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("2001:db8::7", &["2001:db8::1"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.9"], "198.51.100.9"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let found = address(peer.parse().expect("an address"), &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
        let none = HeaderMap::from_iter([(FORWARDED_FOR, HeaderValue::from_static("198.51.100.9"))]);
        let peer = "127.0.0.1".parse().expect("an address");
        assert_eq!(address(peer, &none, &Networks::default()), peer, "by default nobody is trusted");
    }
}
