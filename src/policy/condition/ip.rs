//! `IpAddress` and `NotIpAddress`: addresses and networks of IPv4 and IPv6.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks of a condition; an address alone is a network of one.
#[derive(Clone, Debug)]
pub(super) struct Networks(Box<[IpNet]>);

impl Networks {
    pub(super) fn parse(values: &[Box<str>]) -> Result<Self, &'static str> {
        super::each(values, |value| {
            let network = value.parse::<IpNet>().ok().or_else(|| value.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or("an IP address or network, such as 203.0.113.0/24")
        })
        .map(Self)
    }

    /// Whether one of them is so wide that two or a few of its kind are the whole world.
    pub(super) fn is_open(&self) -> bool {
        self.0.iter().any(|network| match network {
            IpNet::V4(own) => own.prefix_len() < 8,
            IpNet::V6(own) => own.prefix_len() < 16,
        })
    }

    /// Whether each network of `others` lies in one of these.
    pub(super) fn cover(&self, others: &Self) -> bool {
        others.0.iter().all(|other| self.0.iter().any(|own| own.contains(other)))
    }

    pub(super) fn fits(&self, found: &str) -> bool {
        // An IPv4 caller of a dual-stack socket arrives as ::ffff:a.b.c.d, and is still that IPv4 caller.
        let Ok(found) = found.parse::<IpAddr>().map(|address| address.to_canonical()) else { return false };
        self.0.iter().any(|network| network.contains(&found))
    }
}
