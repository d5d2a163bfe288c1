//! What a browser brings back from the provider, and whether it answers this sign-in.

use super::SignInError;
use crate::crypto::sha256_hex;
use crate::explain::{Evidence, Listener, Rule};
use crate::time::Timestamp;

/// The longest query that is read, in bytes.
const MAX_QUERY_LENGTH: usize = 8 * 1024;
/// The most parameters that are read.
const MAX_PARAMETERS: usize = 32;

pub(super) const PARAMETERS: Rule = Rule {
    name: "callback_parameters",
    section: "RFC 6749 3.1, 4.1.2",
    prevents: "two readers that see two different answers",
};
pub(super) const STATE: Rule = Rule {
    name: "state",
    section: "RFC 6749 10.12; OpenID Connect Core 3.1.2.7",
    prevents: "signing a person in to somebody else's account (login CSRF)",
};
pub(super) const BROWSER: Rule =
    Rule { name: "browser", section: "RFC 9700 4.7.1", prevents: "an answer carried from one browser to another" };
pub(super) const LIFETIME: Rule =
    Rule { name: "sign_in_lifetime", section: "RFC 9700 4.7", prevents: "answers to sign-ins long forgotten" };
pub(super) const ISSUER: Rule = Rule {
    name: "callback_issuer",
    section: "RFC 9207 2.4",
    prevents: "a code of one provider sent to another (mix-up)",
};
pub(super) const CONSENT: Rule = Rule {
    name: "consent",
    section: "RFC 6749 4.1.2.1",
    prevents: "going on after the person or the provider refused",
};
pub(super) const CODE_EXCHANGE: Rule = Rule {
    name: "code_exchange",
    section: "RFC 6749 4.1.3; RFC 7636 4.5",
    prevents: "a code that another client or browser obtained",
};

pub(super) const TOKEN_TYPE: Rule = Rule {
    name: "token_type",
    section: "RFC 9449 5; OpenID Connect Core 3.1.3.3",
    prevents: "tokens that a thief could use where tokens bound to a key were asked for",
};

/// What a callback is held to, in the order in which it is looked at; the rules of the ID token follow.
pub const CALLBACK_RULES: [&Rule; 8] =
    [&PARAMETERS, &STATE, &BROWSER, &LIFETIME, &ISSUER, &CONSENT, &CODE_EXCHANGE, &TOKEN_TYPE];

/// What the callback of this sign-in must bring.
pub(super) struct Expected<'e> {
    pub(super) state: &'e str,
    pub(super) browser_digest: &'e str,
    pub(super) expires: Timestamp,
    pub(super) issuer: &'e str,
    pub(super) issuer_required: bool,
}

struct Callback {
    state: String,
    iss: Option<String>,
    outcome: Outcome,
}

enum Outcome {
    Code(String),
    Refused { error: String, description: Option<String> },
}

/// The `state` that the query of a callback claims, for finding the sign-in it answers.
///
/// # Errors
/// [`SignInError::Callback`] or [`SignInError::DuplicateParameter`] when the query is not an answer of a provider.
pub fn claimed_state(query: &str) -> Result<String, SignInError> {
    parse(query).map(|callback| callback.state)
}

/// The code, when the query answers this sign-in.
pub(super) fn verify<L: Listener>(
    query: &str,
    browser_secret: &str,
    expected: &Expected<'_>,
    now: Timestamp,
    listener: &mut L,
) -> Result<String, SignInError> {
    let callback = heard(&PARAMETERS, parse(query), listener, |_| {
        Evidence::new("state, and code or error, each once", "as expected")
    })?;
    let held = |holds: bool, error: SignInError| if holds { Ok(()) } else { Err(error) };
    // Both are compared by digest: how long that takes says nothing about the secret.
    let state = sha256_hex(callback.state.as_bytes()) == sha256_hex(expected.state.as_bytes());
    heard(&STATE, held(state, SignInError::State), listener, |_| {
        Evidence::new("the state of this sign-in", "the same")
    })?;
    let browser = sha256_hex(browser_secret.as_bytes()) == expected.browser_digest;
    heard(&BROWSER, held(browser, SignInError::Browser), listener, |_| {
        Evidence::new("the secret that this browser was given", "the same")
    })?;
    let expires = expected.expires;
    heard(&LIFETIME, held(now < expires, SignInError::Expired { expires, now }), listener, |_| {
        Evidence::new(format!("before {expires}"), now)
    })?;
    let found = callback.iss;
    let issuer = found.as_deref().map_or(!expected.issuer_required, |found| found == expected.issuer);
    let mixed_up = SignInError::Issuer { expected: expected.issuer.to_owned(), found: found.clone() };
    heard(&ISSUER, held(issuer, mixed_up), listener, |_| {
        Evidence::new(expected.issuer, found.as_deref().unwrap_or("none, and none was promised"))
    })?;
    let outcome = match callback.outcome {
        Outcome::Code(code) => Ok(code),
        Outcome::Refused { error, description } => Err(SignInError::Refused { error, description }),
    };
    heard(&CONSENT, outcome, listener, |_| Evidence::new("a code", "a code"))
}

/// Tells `listener` how `rule` ended.
pub(super) fn heard<T, L: Listener>(
    rule: &'static Rule,
    outcome: Result<T, SignInError>,
    listener: &mut L,
    evidence: impl FnOnce(&T) -> Evidence,
) -> Result<T, SignInError> {
    match &outcome {
        Ok(passed) => listener.passed(rule, || evidence(passed)),
        // What failed for want of a network broke no rule.
        Err(error) if error.rule().is_none() => {}
        Err(error) => listener.failed(rule, || Evidence::new("as the standard has it", error.reason())),
    }
    outcome
}

fn parse(query: &str) -> Result<Callback, SignInError> {
    if query.len() > MAX_QUERY_LENGTH {
        return Err(SignInError::Callback { expected: "a query of at most 8 KiB" });
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if found.len() >= MAX_PARAMETERS {
            return Err(SignInError::Callback { expected: "at most 32 parameters" });
        }
        if found.iter().any(|(known, _)| *known == name) {
            return Err(SignInError::DuplicateParameter { name: name.chars().take(64).collect() });
        }
        found.push((name.into_owned(), value.into_owned()));
    }
    let mut take = |wanted: &str| {
        let at = found.iter().position(|(name, value)| name == wanted && !value.is_empty())?;
        Some(found.swap_remove(at).1)
    };
    let state = take("state").ok_or(SignInError::Callback { expected: "a state" })?;
    let iss = take("iss");
    let outcome = match (take("code"), take("error")) {
        (Some(code), None) => Outcome::Code(code),
        (None, Some(error)) => Outcome::Refused { error, description: take("error_description") },
        _ => return Err(SignInError::Callback { expected: "either a code or an error" }),
    };
    Ok(Callback { state, iss, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Report;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn outcome(query: &str, browser: &str, issuer_required: bool) -> Result<String, &'static str> {
        let digest = sha256_hex(b"secret");
        let expected = Expected {
            state: "s",
            browser_digest: &digest,
            expires: Timestamp::from_unix_seconds(1_800_000_001),
            issuer: "https://a.example",
            issuer_required,
        };
        let mut report = Report::new();
        let outcome = verify(query, browser, &expected, NOW, &mut report);
        let rule = outcome.as_ref().err().and_then(SignInError::rule).map(|rule| rule.name);
        assert_eq!(report.failure().map(|check| check.name), rule);
        outcome.map_err(|_| rule.unwrap())
    }

    #[test]
    fn an_honest_answer_gives_its_code() {
        assert_eq!(outcome("code=c%2B1&state=s", "secret", false), Ok("c+1".into()));
        assert_eq!(
            outcome("code=c&state=s&iss=https%3A%2F%2Fa.example&session_state=x", "secret", true),
            Ok("c".into())
        );
    }

    #[test]
    fn duplicated_parameters_are_refused() {
        for query in
            ["code=c&code=d&state=s", "code=c&state=s&state=s", "code=c&state=s&x=1&x=2", "code=c&state=s&st%61te=t"]
        {
            assert_eq!(outcome(query, "secret", false), Err("callback_parameters"), "{query}");
        }
    }

    #[test]
    fn answers_without_what_is_needed_or_with_both_are_refused() {
        for query in ["", "code=c", "state=s", "code=&state=s", "code=c&error=e&state=s"] {
            assert_eq!(outcome(query, "secret", false), Err("callback_parameters"), "{query}");
        }
        assert_eq!(outcome(&"a".repeat(9000), "secret", false), Err("callback_parameters"));
        let flood: String = (0..40).map(|index| format!("p{index}=1&")).collect();
        assert_eq!(outcome(&format!("{flood}code=c&state=s"), "secret", false), Err("callback_parameters"));
    }

    #[test]
    fn answers_to_another_sign_in_or_in_another_browser_are_refused() {
        assert_eq!(outcome("code=c&state=t", "secret", false), Err("state"));
        assert_eq!(outcome("code=c&state=s", "other", false), Err("browser"));
        assert_eq!(outcome("code=c&state=s", "", false), Err("browser"));
    }

    #[test]
    fn answers_of_another_provider_are_refused() {
        // The mix-up attack of RFC 9207, also in error responses.
        for query in ["code=c&state=s&iss=https%3A%2F%2Fevil.example", "error=e&state=s&iss=https%3A%2F%2Fa.example%2F"]
        {
            assert_eq!(outcome(query, "secret", false), Err("callback_issuer"), "{query}");
        }
        assert_eq!(outcome("code=c&state=s", "secret", true), Err("callback_issuer"));
    }

    #[test]
    fn a_refusal_is_believed_only_from_this_sign_in() {
        assert_eq!(outcome("error=access_denied&state=s", "secret", false), Err("consent"));
        assert_eq!(outcome("error=access_denied&state=t", "secret", false), Err("state"));
    }
}
