//! A satisfied assertion in, the [`VerifiedIdentity`] and the condition keys of trust policies out.

use std::collections::BTreeMap;

use super::assertion::Assertion;
use super::conditions::Validity;
use super::logout::SamlSession;
use super::provider::SamlProvider;
use crate::identity::{Use, VerifiedIdentity};

/// The condition key that IAM reads an attribute of this name as. `saml:doc` and `saml:namequalifier` need the account
/// that registered the provider and are added where the account is known.
fn condition_key(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "eduPersonAffiliation" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.1" => "saml:edupersonaffiliation",
        "eduPersonNickname" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.2" => "saml:edupersonnickname",
        "eduPersonOrgDN" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.3" => "saml:edupersonorgdn",
        "eduPersonOrgUnitDN" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.4" => "saml:edupersonorgunitdn",
        "eduPersonPrimaryAffiliation" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.5" => "saml:edupersonprimaryaffiliation",
        "eduPersonPrincipalName" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.6" => "saml:edupersonprincipalname",
        "eduPersonEntitlement" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.7" => "saml:edupersonentitlement",
        "eduPersonPrimaryOrgUnitDN" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.8" => "saml:edupersonprimaryorgunitdn",
        "eduPersonScopedAffiliation" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.9" => "saml:edupersonscopedaffiliation",
        "eduPersonTargetedID" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.10" => "saml:edupersontargetedid",
        "eduPersonAssurance" | "urn:oid:1.3.6.1.4.1.5923.1.1.1.11" => "saml:edupersonassurance",
        "eduOrgHomePageURI" | "urn:oid:1.3.6.1.4.1.5923.1.2.1.2" => "saml:eduorghomepageuri",
        "eduOrgIdentityAuthNPolicyURI" | "urn:oid:1.3.6.1.4.1.5923.1.2.1.3" => "saml:eduorgidentityauthnpolicyuri",
        "eduOrgLegalName" | "urn:oid:1.3.6.1.4.1.5923.1.2.1.4" => "saml:eduorglegalname",
        "eduOrgSuperiorURI" | "urn:oid:1.3.6.1.4.1.5923.1.2.1.5" => "saml:eduorgsuperioruri",
        "eduOrgWhitePagesURI" | "urn:oid:1.3.6.1.4.1.5923.1.2.1.6" => "saml:eduorgwhitepagesuri",
        "cn" | "urn:oid:2.5.4.3" => "saml:cn",
        "commonName" | "http://schemas.xmlsoap.org/claims/CommonName" => "saml:commonName",
        "givenName" | "urn:oid:2.5.4.42" | "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname" => {
            "saml:givenName"
        }
        "surname" | "urn:oid:2.5.4.4" | "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname" => {
            "saml:surname"
        }
        "name" | "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name" => "saml:name",
        "mail"
        | "urn:oid:0.9.2342.19200300.100.1.3"
        | "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" => "saml:mail",
        "uid" | "urn:oid:0.9.2342.19200300.100.1.1" => "saml:uid",
        "x500UniqueIdentifier" | "urn:oid:2.5.4.45" => "saml:x500UniqueIdentifier",
        "organizationStatus" | "urn:oid:0.9.2342.19200300.100.1.45" => "saml:organizationStatus",
        "primaryGroupSID" | "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid" => {
            "saml:primaryGroupSID"
        }
        _ => return None,
    })
}

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
    let subject = assertion.name_id.value.clone().into_owned();
    let one = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
    let mut condition_keys = vec![
        one("saml:aud", &provider.acs_url),
        one("saml:iss", &assertion.issuer),
        one("saml:sub", &subject),
        one("saml:sub_type", &subject_type),
    ];
    for (name, values) in &assertion.attributes.values {
        let Some(key) = condition_key(name) else { continue };
        // One key may have two names, and an assertion may state both.
        match condition_keys.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => known.extend(values.iter().cloned()),
            None => condition_keys.push((key.to_owned(), values.clone())),
        }
    }
    let lists = condition_keys.iter().map(|(key, _)| key).filter(|key| LISTS.contains(&key.as_str()));
    let multivalued = lists.cloned().collect();
    let assertion_use = if assertion.conditions.one_time_use { Use::Once } else { provider.assertion_use };
    let issuer = assertion.issuer.into_owned();
    let session_indexes = assertion.authn_statements.iter().filter_map(|statement| statement.session_index);
    let session_indexes = session_indexes.map(str::to_owned).collect();
    let session = SamlSession::new(issuer.clone(), assertion.name_id.into_name_id(), session_indexes);
    VerifiedIdentity {
        provider: provider.name.clone(),
        account: provider.account.clone(),
        issuer,
        subject,
        subject_type: Some(subject_type),
        audience: provider.acs_url.clone(),
        attributes: assertion.attributes.values,
        attribute_names: assertion.attributes.names,
        nested_claims: BTreeMap::new(),
        #[cfg(feature = "oidc")]
        other_claims: Vec::new(),
        condition_keys: condition_keys.into(),
        multivalued,
        assertion_id: assertion.id.to_owned(),
        assertion_use,
        not_on_or_after: validity.not_on_or_after,
        session_not_on_or_after: validity.session_not_on_or_after,
        authenticated_at: Some(validity.authenticated_at),
        issued_at: Some(assertion.issue_instant),
        saml_session: Some(session),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friendly names and object identifiers as LDAP schemas register them (eduPerson 1.3.6.1.4.1.5923.1.1.1, eduOrg
    /// 1.3.6.1.4.1.5923.1.2.1, RFC 4519 2.5.4, RFC 4524 0.9.2342.19200300.100.1).
    #[test]
    fn every_attribute_that_has_a_condition_key_is_read_as_it_by_either_name() {
        let person = "urn:oid:1.3.6.1.4.1.5923.1.1.1.";
        let organization = "urn:oid:1.3.6.1.4.1.5923.1.2.1.";
        let (x500, pilot) = ("urn:oid:2.5.4.", "urn:oid:0.9.2342.19200300.100.1.");
        for (friendly, arc, number) in [
            ("eduPersonAffiliation", person, 1),
            ("eduPersonNickname", person, 2),
            ("eduPersonOrgDN", person, 3),
            ("eduPersonOrgUnitDN", person, 4),
            ("eduPersonPrimaryAffiliation", person, 5),
            ("eduPersonPrincipalName", person, 6),
            ("eduPersonEntitlement", person, 7),
            ("eduPersonPrimaryOrgUnitDN", person, 8),
            ("eduPersonScopedAffiliation", person, 9),
            ("eduPersonTargetedID", person, 10),
            ("eduPersonAssurance", person, 11),
            ("eduOrgHomePageURI", organization, 2),
            ("eduOrgIdentityAuthNPolicyURI", organization, 3),
            ("eduOrgLegalName", organization, 4),
            ("eduOrgSuperiorURI", organization, 5),
            ("eduOrgWhitePagesURI", organization, 6),
            ("cn", x500, 3),
            ("surname", x500, 4),
            ("givenName", x500, 42),
            ("x500UniqueIdentifier", x500, 45),
            ("uid", pilot, 1),
            ("mail", pilot, 3),
            ("organizationStatus", pilot, 45),
        ] {
            let key = condition_key(friendly).unwrap_or_default();
            assert!(key.eq_ignore_ascii_case(&format!("saml:{friendly}")), "{friendly}: {key}");
            assert_eq!(condition_key(&format!("{arc}{number}")), Some(key), "{friendly}");
        }
        for friendly in ["commonName", "name", "primaryGroupSID"] {
            assert_eq!(condition_key(friendly), Some(format!("saml:{friendly}").as_str()));
        }
        assert_eq!(condition_key("https://aws.amazon.com/SAML/Attributes/Role"), None);
    }
}
