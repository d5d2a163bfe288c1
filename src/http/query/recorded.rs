//! Sentences that the cloud was recorded to answer with, for refusals that people search for. What was expected and found
//! stays in the audit trail.

use crate::Error;
use crate::identity::oidc::{JwsError, OidcError};
use crate::identity::saml::SamlError;
use crate::policy::Kind;
use crate::session::SessionError;

/// Of a web identity token that is none.
pub(in crate::http) const NO_JWT: &str =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";

/// The sentence for `error`, where one was recorded.
pub(super) fn sentence(error: &Error) -> Option<String> {
    match error {
        Error::Oidc(error) => of_web_identity(error),
        Error::Saml(error) => of_saml(error).map(str::to_owned),
        Error::Session(SessionError::SessionPolicy(policy)) => Some(policy.sentence(Kind::Session)),
        // Whatever is wrong with a token or a key: more would tell a stranger how far a guess got.
        Error::Request(error) if error.code().0 == "InvalidClientTokenId" => {
            Some("The security token included in the request is invalid.".to_owned())
        }
        _ => None,
    }
}

fn of_web_identity(error: &OidcError) -> Option<String> {
    Some(match error {
        OidcError::Audience { .. } => "Incorrect token audience".to_owned(),
        OidcError::Expired { expiration, now } => format!(
            "Token expired: current date/time {} must be before the expiration date/time {}",
            now.unix_seconds(),
            expiration.unix_seconds()
        ),
        OidcError::UnknownKey { .. } => "Couldn't retrieve verification key from your identity provider,  please \
                                         reference AssumeRoleWithWebIdentity documentation for requirements"
            .to_owned(),
        OidcError::Jws(JwsError::Parts { .. } | JwsError::Encoding { .. } | JwsError::Header(_)) => NO_JWT.to_owned(),
        _ => return None,
    })
}

fn of_saml(error: &SamlError) -> Option<&'static str> {
    Some(match error {
        SamlError::SignatureInvalid { .. } | SamlError::DigestMismatch => "Response signature invalid",
        SamlError::Expired { .. } => "Response has expired",
        SamlError::NotBase64 => "Invalid base64 SAMLResponse",
        SamlError::Mismatch { rule, .. } => match rule.name {
            "audience" => "Response does not contain the required audience.",
            "issuer" | "response_issuer" => "Issuer not present in specified provider",
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::QueryError;
    use crate::request::RequestError;

    #[test]
    fn what_was_expected_and_found_is_for_the_audit_trail() {
        let audience = OidcError::Audience { expected: vec!["ours".to_owned()], found: vec!["theirs".to_owned()] };
        let unknown = RequestError::MissingSessionToken { access_key_id: "ASIAAAAAAAAAAAAAAAAA".parse().unwrap() };
        for (error, sentence, found) in [
            (Error::from(audience), "Incorrect token audience", "theirs"),
            (SamlError::DigestMismatch.into(), "Response signature invalid", "another digest"),
            (unknown.into(), "The security token included in the request is invalid.", "ASIAAAAAAAAAAAAAAAAA"),
        ] {
            let refused = QueryError::from(error);
            assert_eq!(refused.to_string(), sentence);
            assert!(refused.reason().contains(found), "{}", refused.reason());
        }
        let saying = QueryError::validation("expected one, found two").saying("wrong");
        assert_eq!((saying.to_string().as_str(), saying.reason()), ("wrong", "expected one, found two"));
    }
}
