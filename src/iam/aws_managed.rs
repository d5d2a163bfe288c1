//! Managed policies that every account has, under the ARNs that people know, such as
//! `arn:aws:iam::aws:policy/AdministratorAccess`.
//!
//! Each document says what the cloud's says at the beginning of 2026, but for `ReadOnlyAccess` and `SecurityAudit`: those are
//! long lists there, and here they speak of the services whose policies are evaluated. Others with long documents are left out,
//! because a document under a name that people know has to allow what they know of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{EntityName, EntityPath, IdKind, ManagedPolicy, PolicyVersion, UniqueId};
use crate::arn::Arn;
use crate::policy::{Kind, Policy};
use crate::time::Timestamp;

/// Name, path, what it is for, and the document.
const POLICIES: [(&str, &str, &str, &str); 15] = [
    (
        "AdministratorAccess",
        "/",
        "Everything.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    ),
    (
        "PowerUserAccess",
        "/",
        "Everything but managing users, groups, roles, policies, organisations and accounts.",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["account:GetAccountInformation", "account:GetGovCloudAccountInformation",
             "account:GetPrimaryEmail", "account:ListRegions", "iam:CreateServiceLinkedRole",
             "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeEffectivePolicy",
             "organizations:DescribeOrganization"], "Resource": "*"}]}"#,
    ),
    (
        "ReadOnlyAccess",
        "/",
        "Looking at everything, and changing nothing.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [
            "iam:Get*", "iam:List*", "iam:Simulate*", "s3:Get*", "s3:List*", "sts:GetAccessKeyInfo",
            "sts:GetCallerIdentity", "organizations:Describe*", "organizations:List*", "sso:Describe*", "sso:Get*",
            "sso:List*", "identitystore:Describe*", "identitystore:List*", "cloudtrail:Get*", "cloudtrail:LookupEvents"],
            "Resource": "*"}]}"#,
    ),
    (
        "SecurityAudit",
        "/",
        "Looking at who may do what, and at no data.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [
            "iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:Simulate*", "s3:GetBucket*",
            "s3:ListAllMyBuckets", "organizations:Describe*", "organizations:List*", "sso:Describe*", "sso:List*",
            "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:LookupEvents"], "Resource": "*"}]}"#,
    ),
    (
        "IAMFullAccess",
        "/",
        "Managing users, groups, roles and policies.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:*",
            "organizations:DescribeAccount", "organizations:DescribeOrganization",
            "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy", "organizations:ListChildren",
            "organizations:ListParents", "organizations:ListPoliciesForTarget", "organizations:ListRoots",
            "organizations:ListPolicies", "organizations:ListTargetsForPolicy"], "Resource": "*"}]}"#,
    ),
    (
        "IAMReadOnlyAccess",
        "/",
        "Looking at users, groups, roles and policies.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:Get*", "iam:List*",
            "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:SimulateCustomPolicy",
            "iam:SimulatePrincipalPolicy"],
            "Resource": "*"}]}"#,
    ),
    (
        "AmazonS3ReadOnlyAccess",
        "/",
        "Reading every bucket.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*",
            "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"], "Resource": "*"}]}"#,
    ),
    (
        "AmazonS3FullAccess",
        "/",
        "Everything with every bucket.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "s3-object-lambda:*"],
            "Resource": "*"}]}"#,
    ),
    (
        "IAMUserChangePassword",
        "/",
        "Changing one's own password.",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["iam:ChangePassword"],
             "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"]},
            {"Effect": "Allow", "Action": ["iam:GetAccountPasswordPolicy"], "Resource": "*"}]}"#,
    ),
    (
        "AWSDenyAll",
        "/",
        "Nothing, whatever else allows it.",
        r#"{"Version": "2012-10-17", "Statement": [{"Sid": "DenyAll", "Effect": "Deny", "Action": ["*"],
            "Resource": "*"}]}"#,
    ),
    (
        "AWSSupportAccess",
        "/",
        "Everything with support cases.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["support:*", "support-console:*"],
            "Resource": "*"}]}"#,
    ),
    (
        "AWSCloudShellFullAccess",
        "/",
        "Everything with the shell in the console.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudshell:*"], "Resource": "*"}]}"#,
    ),
    (
        "AmazonSSMManagedInstanceCore",
        "/",
        "What a machine needs that Systems Manager looks after.",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["ssm:DescribeAssociation", "ssm:GetDeployablePatchSnapshotForInstance",
             "ssm:GetDocument", "ssm:DescribeDocument", "ssm:GetManifest", "ssm:GetParameter", "ssm:GetParameters",
             "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutInventory", "ssm:PutComplianceItems",
             "ssm:PutConfigurePackageResult", "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus",
             "ssm:UpdateInstanceInformation"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
             "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage",
             "ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply"],
             "Resource": "*"}]}"#,
    ),
    (
        "AWSLambdaBasicExecutionRole",
        "/service-role/",
        "Writing the logs of a function.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogGroup",
            "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}"#,
    ),
    (
        "AWSLambdaRole",
        "/service-role/",
        "Calling functions.",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["lambda:InvokeFunction"],
            "Resource": ["*"]}]}"#,
    ),
];

static COMPILED: LazyLock<BTreeMap<String, ManagedPolicy>> = LazyLock::new(|| {
    let compiled = POLICIES.into_iter().filter_map(|(name, path, description, document)| {
        let arn: Arn = format!("arn:aws:iam::aws:policy{path}{name}").parse().ok()?;
        let policy = Policy::parse(document, Kind::Identity).ok()?.named(name);
        let name: EntityName = name.parse().ok()?;
        let managed = ManagedPolicy {
            id: UniqueId::of_all(IdKind::Policy, arn.as_str()),
            arn,
            name,
            path: path.parse::<EntityPath>().ok()?,
            description: Some(description.to_owned()),
            created: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
            tags: BTreeMap::new(),
            versions: vec![PolicyVersion { number: 1, policy, created: Timestamp::EPOCH }],
            default_version: 1,
            versions_made: 1,
        };
        Some((managed.arn.to_string(), managed))
    });
    compiled.collect()
});

/// The policy of this ARN.
pub(super) fn find(arn: &Arn) -> Option<&'static ManagedPolicy> {
    COMPILED.get(arn.as_str())
}

/// Every managed policy that all accounts have, in the order of their ARNs.
pub fn aws_managed_policies<'a>() -> impl Iterator<Item = &'a ManagedPolicy> {
    COMPILED.values().map(|policy| -> &'a ManagedPolicy { policy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_a_policy() {
        assert_eq!(COMPILED.len(), POLICIES.len());
        let ids: std::collections::BTreeSet<_> = aws_managed_policies().map(|policy| policy.id.clone()).collect();
        assert_eq!(ids.len(), POLICIES.len());
    }
}
