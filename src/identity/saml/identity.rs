//! A satisfied assertion in, the [`VerifiedIdentity`] and the condition keys of trust policies out.

use super::assertion::Assertion;
use super::conditions::Validity;
use super::provider::SamlProvider;
use crate::identity::{Use, VerifiedIdentity};

/// Attribute names and the condition key IAM reads each as. `saml:doc` and `saml:namequalifier` need the account that
/// registered the provider and are added where the account is known.
const CONDITION_KEYS: [(&str, &[&str]); 31] = [
    ("saml:edupersonaffiliation", &["eduPersonAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"]),
    ("saml:edupersonnickname", &["eduPersonNickname", "urn:oid:1.3.6.1.4.1.5923.1.1.1.2"]),
    ("saml:edupersonorgdn", &["eduPersonOrgDN", "urn:oid:1.3.6.1.4.1.5923.1.1.1.3"]),
    ("saml:edupersonorgunitdn", &["eduPersonOrgUnitDN", "urn:oid:1.3.6.1.4.1.5923.1.1.1.4"]),
    ("saml:edupersonprimaryaffiliation", &["eduPersonPrimaryAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.5"]),
    ("saml:edupersonprincipalname", &["eduPersonPrincipalName", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"]),
    ("saml:edupersonentitlement", &["eduPersonEntitlement", "urn:oid:1.3.6.1.4.1.5923.1.1.1.7"]),
    ("saml:edupersonprimaryorgunitdn", &["eduPersonPrimaryOrgUnitDN", "urn:oid:1.3.6.1.4.1.5923.1.1.1.8"]),
    ("saml:edupersonscopedaffiliation", &["eduPersonScopedAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.9"]),
    ("saml:edupersontargetedid", &["eduPersonTargetedID", "urn:oid:1.3.6.1.4.1.5923.1.1.1.10"]),
    ("saml:edupersonassurance", &["eduPersonAssurance", "urn:oid:1.3.6.1.4.1.5923.1.1.1.11"]),
    ("saml:eduorghomepageuri", &["eduOrgHomePageURI", "urn:oid:1.3.6.1.4.1.5923.1.2.1.2"]),
    ("saml:eduorgidentityauthnpolicyuri", &["eduOrgIdentityAuthNPolicyURI", "urn:oid:1.3.6.1.4.1.5923.1.2.1.3"]),
    ("saml:eduorglegalname", &["eduOrgLegalName", "urn:oid:1.3.6.1.4.1.5923.1.2.1.4"]),
    ("saml:eduorgsuperioruri", &["eduOrgSuperiorURI", "urn:oid:1.3.6.1.4.1.5923.1.2.1.5"]),
    ("saml:eduorgwhitepagesuri", &["eduOrgWhitePagesURI", "urn:oid:1.3.6.1.4.1.5923.1.2.1.6"]),
    ("saml:cn", &["cn", "urn:oid:2.5.4.3"]),
    ("saml:commonName", &["commonName", "http://schemas.xmlsoap.org/claims/CommonName"]),
    ("saml:givenName", &["givenName", "urn:oid:2.5.4.42"]),
    ("saml:givenName", &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"]),
    ("saml:surname", &["surname", "urn:oid:2.5.4.4"]),
    ("saml:surname", &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"]),
    ("saml:name", &["name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"]),
    ("saml:mail", &["mail", "urn:oid:0.9.2342.19200300.100.1.3"]),
    ("saml:mail", &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"]),
    ("saml:uid", &["uid", "urn:oid:0.9.2342.19200300.100.1.1"]),
    ("saml:x500UniqueIdentifier", &["x500UniqueIdentifier", "urn:oid:2.5.4.45"]),
    ("saml:organizationStatus", &["organizationStatus", "urn:oid:0.9.2342.19200300.100.1.45"]),
    ("saml:primaryGroupSID", &["primaryGroupSID"]),
    ("saml:primaryGroupSID", &["http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid"]),
    ("saml:uid", &["http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname"]),
];

/// The condition keys that IAM documents as lists.
const LISTS: [&str; 13] = [
    "saml:cn",
    "saml:eduorghomepageuri",
    "saml:eduorgidentityauthnpolicyuri",
    "saml:eduorglegalname",
    "saml:eduorgsuperioruri",
    "saml:eduorgwhitepagesuri",
    "saml:edupersonaffiliation",
    "saml:edupersonassurance",
    "saml:edupersonentitlement",
    "saml:edupersonnickname",
    "saml:edupersonorgunitdn",
    "saml:edupersonscopedaffiliation",
    "saml:edupersontargetedid",
];

pub(super) fn build(provider: &SamlProvider, assertion: Assertion<'_>, validity: &Validity) -> VerifiedIdentity {
    let subject_type = assertion.name_id.short_format().to_owned();
    let subject = assertion.name_id.value.into_owned();
    let one = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
    let mut condition_keys = vec![
        one("saml:aud", &provider.acs_url),
        one("saml:iss", &assertion.issuer),
        one("saml:sub", &subject),
        one("saml:sub_type", &subject_type),
    ];
    for (key, names) in CONDITION_KEYS {
        for name in names {
            if let Some(values) = assertion.attributes.get(*name) {
                condition_keys.push((key.to_owned(), values.clone()));
            }
        }
    }
    let lists = condition_keys.iter().map(|(key, _)| key).filter(|key| LISTS.contains(&key.as_str()));
    let multivalued = lists.cloned().collect();
    let assertion_use = if assertion.conditions.one_time_use { Use::Once } else { provider.assertion_use };
    VerifiedIdentity {
        provider: provider.name.clone(),
        issuer: assertion.issuer.into_owned(),
        subject,
        subject_type: Some(subject_type),
        audience: provider.acs_url.clone(),
        attributes: assertion.attributes,
        condition_keys,
        multivalued,
        assertion_id: assertion.id.to_owned(),
        assertion_use,
        not_on_or_after: validity.not_on_or_after,
        session_not_on_or_after: validity.session_not_on_or_after,
        authenticated_at: Some(validity.authenticated_at),
    }
}
