//! Condition keys that every request may have, to tell a misspelt one.

/// Keys of all services, of STS, of an identity centre's context and of SAML, in the guide's spelling; those that end with a
/// slash take a name.
const KEYS: [&str; 105] = [
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestedRegion",
    "aws:RequestTag/",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceInstanceARN",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
    "iam:AssociatedResourceArn",
    "iam:AWSServiceName",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
    "iam:ResourceTag/",
    "identitycenter:ApplicationArn",
    "identitycenter:CredentialId",
    "identitycenter:InstanceArn",
    "identitystore:IdentityStoreArn",
    "identitystore:UserId",
    "saml:aud",
    "saml:cn",
    "saml:commonName",
    "saml:doc",
    "saml:edupersonaffiliation",
    "saml:edupersonassurance",
    "saml:edupersonentitlement",
    "saml:edupersonnickname",
    "saml:edupersonorgdn",
    "saml:edupersonorgunitdn",
    "saml:edupersonprimaryaffiliation",
    "saml:edupersonprimaryorgunitdn",
    "saml:edupersonprincipalname",
    "saml:edupersonscopedaffiliation",
    "saml:edupersontargetedid",
    "saml:eduorghomepageuri",
    "saml:eduorgidentityauthnpolicyuri",
    "saml:eduorglegalname",
    "saml:eduorgsuperioruri",
    "saml:eduorgwhitepagesuri",
    "saml:givenName",
    "saml:iss",
    "saml:mail",
    "saml:name",
    "saml:namequalifier",
    "saml:organizationStatus",
    "saml:primaryGroupSID",
    "saml:sub",
    "saml:sub_type",
    "saml:surname",
    "saml:uid",
    "saml:x500UniqueIdentifier",
    "sts:AWSServiceName",
    "sts:DurationSeconds",
    "sts:ExternalId",
    "sts:IdentityTokenAudience",
    "sts:RequestContext/",
    "sts:RequestContextProviders",
    "sts:RoleAuthorizedByIdp",
    "sts:RoleSessionName",
    "sts:SigningAlgorithm",
    "sts:SourceIdentity",
    "sts:TaskPolicyArn",
    "sts:TransitiveTagKeys",
];
/// Longer names are no slip of a known one, and are not compared.
const LONGEST: usize = 48;

/// The known key that one, in lower case, is a slip of; none where it is known, or like none.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let (service, _) = key.split_once(':')?;
    // A name after a slash is anyone's choice.
    let head = key.find('/').and_then(|slash| key.get(..=slash)).unwrap_or(key);
    let same_service = |known: &&&str| {
        known.get(..service.len()).is_some_and(|own| own.eq_ignore_ascii_case(service))
            && known.get(service.len()..).is_some_and(|rest| rest.starts_with(':'))
    };
    let candidates = || KEYS.iter().filter(same_service);
    let taken = |known: &&str| known.eq_ignore_ascii_case(head);
    if head.len() > LONGEST || candidates().any(taken) {
        return None;
    }
    let as_long = candidates().filter(|known| known.len().abs_diff(head.len()) <= 2);
    let near = as_long.map(|known| (distance(head, &known.to_ascii_lowercase()), *known));
    // Short names are near to each other without being slips.
    let most = head.len().saturating_sub(service.len()).checked_div(4).unwrap_or(0).min(2);
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters are to be put in, left out or replaced to make one text of another (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in (1..).zip(one.bytes()) {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), number);
        let mut left = number;
        for (cell, against) in row.iter_mut().skip(1).zip(other.bytes()) {
            let replaced = diagonal.saturating_add(usize::from(letter != against));
            diagonal = *cell;
            left = replaced.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_known_in_any_case() {
        for key in KEYS {
            assert_eq!(nearest(&format!("{key}x").to_lowercase()).is_some(), !key.ends_with('/'), "{key}");
            assert_eq!(nearest(&key.to_lowercase()), None, "{key}");
        }
    }

    #[test]
    fn letters_are_put_in_left_out_and_replaced() {
        for (one, other, apart) in
            [("abcd", "abcd", 0), ("abcd", "abd", 1), ("abcd", "xbcd", 1), ("abcd", "bcde", 2), ("", "ab", 2)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (apart, apart), "{one} {other}");
        }
    }
}
