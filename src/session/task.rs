//! The policies of AssumeRoot: each the most that a root session may do, for one task.

use std::sync::LazyLock;

use serde_json::json;

use crate::policy::{Kind, Policy};

/// What a root session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "AssumeRoot knows these five tasks and no other")]
pub enum TaskPolicy {
    /// See which credentials the root user has.
    AuditRootUserCredentials,
    /// Let the root user recover a password.
    CreateRootUserPassword,
    /// Take the root user's credentials away.
    DeleteRootUserCredentials,
    /// Take away a bucket policy that locks everyone out.
    S3UnlockBucketPolicy,
    /// Take away a queue policy that locks everyone out.
    SqsUnlockQueuePolicy,
}

impl TaskPolicy {
    const ALL: [Self; 5] = [
        Self::AuditRootUserCredentials,
        Self::CreateRootUserPassword,
        Self::DeleteRootUserCredentials,
        Self::S3UnlockBucketPolicy,
        Self::SqsUnlockQueuePolicy,
    ];

    /// The task of a policy's ARN, compared whole.
    #[must_use]
    pub fn from_arn(arn: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.arn() == arn)
    }

    /// The policy's ARN.
    #[must_use]
    pub const fn arn(self) -> &'static str {
        match self {
            Self::AuditRootUserCredentials => "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
            Self::CreateRootUserPassword => "arn:aws:iam::aws:policy/root-task/IAMCreateRootUserPassword",
            Self::DeleteRootUserCredentials => "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials",
            Self::S3UnlockBucketPolicy => "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy",
            Self::SqsUnlockQueuePolicy => "arn:aws:iam::aws:policy/root-task/SQSUnlockQueuePolicy",
        }
    }

    /// The policy as a list of one; empty, which allows nothing, if it could not be compiled.
    #[must_use]
    pub fn policies(self) -> &'static [Policy] {
        static COMPILED: LazyLock<[Vec<Policy>; 5]> = LazyLock::new(|| TaskPolicy::ALL.map(TaskPolicy::compile));
        let place = Self::ALL.iter().position(|task| *task == self);
        place.and_then(|place| COMPILED.get(place)).map_or(&[], Vec::as_slice)
    }

    const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::AuditRootUserCredentials => &[
                "iam:ListAccessKeys",
                "iam:ListSigningCertificates",
                "iam:GetLoginProfile",
                "iam:ListMFADevices",
                "iam:GetAccountSummary",
                "iam:GetUser",
                "iam:GetAccessKeyLastUsed",
            ],
            Self::CreateRootUserPassword => &["iam:CreateLoginProfile", "iam:GetLoginProfile"],
            Self::DeleteRootUserCredentials => &[
                "iam:DeleteAccessKey",
                "iam:DeleteSigningCertificate",
                "iam:DeleteLoginProfile",
                "iam:DeactivateMFADevice",
                "iam:DeleteVirtualMFADevice",
                "iam:ListAccessKeys",
                "iam:ListSigningCertificates",
                "iam:GetLoginProfile",
                "iam:ListMFADevices",
                "iam:GetUser",
                "iam:GetAccessKeyLastUsed",
            ],
            Self::S3UnlockBucketPolicy => {
                &["s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"]
            }
            Self::SqsUnlockQueuePolicy => {
                &["sqs:SetQueueAttributes", "sqs:GetQueueAttributes", "sqs:ListQueues", "sqs:GetQueueUrl"]
            }
        }
    }

    /// What a task on the root user's credentials may reach: the root user, whose devices have names of their own. The
    /// summary of the account is of no resource.
    const fn reach(self) -> Option<&'static [&'static str]> {
        match self {
            Self::AuditRootUserCredentials | Self::CreateRootUserPassword | Self::DeleteRootUserCredentials => {
                Some(&["arn:aws:iam::*:root", "arn:aws:iam::*:mfa/*"])
            }
            Self::S3UnlockBucketPolicy | Self::SqsUnlockQueuePolicy => None,
        }
    }

    /// What is not for the task is denied, and not merely not allowed: a resource policy that admits the account would
    /// otherwise admit the session to everything.
    fn compile(self) -> Vec<Policy> {
        let mut statements = vec![
            json!({"Sid": "Task", "Effect": "Allow", "Action": self.actions(), "Resource": "*"}),
            json!({"Sid": "NothingElse", "Effect": "Deny", "NotAction": self.actions(), "Resource": "*"}),
        ];
        if let Some(root) = self.reach() {
            statements.push(json!({"Sid": "NobodyElse", "Effect": "Deny", "NotAction": "iam:GetAccountSummary",
                "NotResource": root}));
        }
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let name = self.arn().rsplit('/').next().unwrap_or_default();
        Policy::parse(&document.to_string(), Kind::Session).map(|policy| policy.named(name)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_a_policy_and_no_other_arn_is_one() {
        for task in TaskPolicy::ALL {
            assert_eq!(TaskPolicy::from_arn(task.arn()), Some(task));
            assert_eq!(task.policies().len(), 1, "{}", task.arn());
        }
        let upper = TaskPolicy::S3UnlockBucketPolicy.arn().to_uppercase();
        for arn in ["arn:aws:iam::aws:policy/AdministratorAccess", "", upper.as_str()] {
            assert_eq!(TaskPolicy::from_arn(arn), None, "{arn}");
        }
    }
}
