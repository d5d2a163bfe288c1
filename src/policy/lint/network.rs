//! Dates and networks that cannot be what was meant.

use std::net::IpAddr;

use ipnet::IpNet;

use super::lints::IMPROBABLE_VALUE;
use super::report::{Report, quote};
use super::view::{Condition, Statement};

/// The year 5138 in seconds, the year 1973 in milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

pub(super) fn look(statement: &Statement<'_>, report: &mut Report) {
    for condition in &statement.conditions {
        let judge: fn(&str) -> Option<(&str, String)> = match () {
            () if condition.compiled.is_date() => date,
            () if condition.compiled.is_address() => address,
            () => continue,
        };
        for value in condition.values() {
            if let Some((problem, instead)) = judge(value.text) {
                let problem = format!("{} compares with {}, {problem}", Condition::title(condition), quote(value.text));
                report.add(&IMPROBABLE_VALUE, statement, value.at, (problem, instead));
            }
        }
    }
}

fn date(text: &str) -> Option<(&str, String)> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is too long for a number is later still.
    let late = digits && text.parse::<u64>().map_or(true, |seconds| seconds >= MILLISECONDS);
    late.then(|| ("seconds since 1970 that are thousands of years away", "seconds, not milliseconds".to_owned()))
}

fn address(text: &str) -> Option<(&str, String)> {
    let network: IpNet = match text.parse() {
        Ok(network) => network,
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from)?,
    };
    if network.prefix_len() == 0 {
        return Some(("which is every address there is", "the networks that are meant, or no condition".to_owned()));
    }
    if let IpNet::V6(mapped) = network
        && let Some(plain) = mapped.addr().to_ipv4_mapped()
        && let Some(prefix) = mapped.prefix_len().checked_sub(96)
    {
        return Some(("which no caller has: IPv4 callers are compared as IPv4", format!("\"{plain}/{prefix}\"")));
    }
    let whole = network.trunc();
    (network != whole)
        .then(|| ("which is all of its network and not that address", format!("\"{whole}\", or the address alone")))
}
