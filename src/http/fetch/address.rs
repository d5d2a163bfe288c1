//! Which addresses a provider of the internet may have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::FetchError;

/// Whether an address is one that the internet routes (RFC 6890), looking through addresses that carry another inside.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        // IPv4-mapped and IPv4-compatible, which include `::` and `::1`.
        (0, 0) if [c, d, e] == [0; 3] => matches!(f, 0 | 0xffff) && embedded(g, h),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056).
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && embedded(g, h),
        (0x2002, high) => embedded(high, c),
        // Documentation and Teredo.
        (0x2001, 0xdb8 | 0) => false,
        // Global unicast is 2000::/3 alone.
        (first, _) => first & 0xe000 == 0x2000,
    }
}

/// Resolves names and drops every address that is not public, so that what was judged is what is connected to.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    /// The proxy may stand in the private network: an operator named it.
    proxy_host: Option<String>,
}

impl GuardedResolver {
    pub(super) fn public(proxy_host: Option<&str>) -> Self {
        Self { proxy_host: proxy_host.map(str::to_owned) }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let any_address = self.proxy_host.as_ref() == Some(&host);
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let accepted: Vec<SocketAddr> = found.filter(|address| any_address || is_public(address.ip())).collect();
            if accepted.is_empty() {
                return Err(FetchError::PrivateAddress { host }.into());
            }
            let addresses: Addrs = Box::new(accepted.into_iter());
            Ok(addresses)
        })
    }
}

/// The proxy for `https` that the environment names, in the usual order.
pub(super) fn proxy_of(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.trim().is_empty()))
}

/// The URL of a proxy, which may be written without its scheme.
pub(super) fn proxy_url(setting: &str) -> Result<Url, FetchError> {
    let setting = setting.trim();
    let url = if setting.contains("://") { Url::parse(setting) } else { Url::parse(&format!("http://{setting}")) };
    // The setting may hold a password, and is not repeated.
    let refused = || FetchError::Unreachable { reason: "the proxy setting is not an http or https URL".to_owned() };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_for_https_comes_first_and_an_empty_one_is_none() {
        let of = |set: &'static [(&str, &str)]| {
            let variable =
                move |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            proxy_of(variable)
        };
        assert_eq!(of(&[("ALL_PROXY", "a:1"), ("HTTPS_PROXY", "b:2")]), Some("b:2".into()));
        assert_eq!(of(&[("HTTPS_PROXY", " "), ("all_proxy", "a:1")]), Some("a:1".into()));
        assert_eq!(of(&[("https_proxy", "c:3"), ("ALL_PROXY", "a:1")]), Some("c:3".into()));
        assert_eq!(of(&[("HTTP_PROXY", "d:4"), ("http_proxy", "d:4")]), None);
    }

    #[test]
    fn a_proxy_setting_that_is_no_url_is_an_error_and_not_repeated() {
        assert_eq!(proxy_url("proxy.example:3128").unwrap().as_str(), "http://proxy.example:3128/");
        assert_eq!(proxy_url("https://u:p@proxy.example").unwrap().host_str(), Some("proxy.example"));
        for setting in ["http://", "socks5://u:secret@a:1", "ht!tp://secret", "://secret"] {
            let refused = proxy_url(setting).unwrap_err();
            assert!(!refused.reason().contains("secret"), "{}", refused.reason());
        }
    }

    #[test]
    fn addresses_of_this_machine_and_of_private_networks_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in
            ["8.8.8.8", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
