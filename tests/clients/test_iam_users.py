"""boto3 against IAM: users, groups, keys, MFA devices and passwords, and what a user does with a key of its own."""

import base64
import csv
import hashlib
import hmac
import json
import struct
import time
import unittest

import demo as daypass
import sdk

EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
OWN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "iam:*",
            "Resource": f"arn:aws:iam::{daypass.PRODUCTION}:user/${{aws:username}}",
        },
    }
)


def arn(resource):
    return f"arn:aws:iam::{daypass.PRODUCTION}:{resource}"


def code(seed, steps=0):
    """What an authenticator shows `steps` half minutes from now (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    tag = hmac.new(base64.b32decode(seed), counter, hashlib.sha1).digest()
    offset = tag[-1] & 15
    number = struct.unpack(">I", tag[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.iam = sdk.iam(cls.site, sdk.assume_web(cls.site, "IamAdministrator")["Credentials"])

    def user(self, name, policy=None, **more):
        made = self.iam.create_user(UserName=name, **more)["User"]
        self.addCleanup(self.forget, name)
        if policy:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        return made

    def group(self, name):
        made = self.iam.create_group(GroupName=name)["Group"]
        self.addCleanup(self.forget_group, name)
        return made

    def forget(self, name):
        iam = self.iam
        try:
            for group in iam.list_groups_for_user(UserName=name)["Groups"]:
                iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
            for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            for device in iam.list_mfa_devices(UserName=name)["MFADevices"]:
                iam.deactivate_mfa_device(UserName=name, SerialNumber=device["SerialNumber"])
            for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
                iam.delete_user_policy(UserName=name, PolicyName=policy)
            try:
                iam.delete_login_profile(UserName=name)
            except iam.exceptions.NoSuchEntityException:
                pass
            iam.delete_user(UserName=name)
        except iam.exceptions.NoSuchEntityException:
            pass

    def forget_group(self, name):
        try:
            for user in self.iam.get_group(GroupName=name)["Users"]:
                self.iam.remove_user_from_group(UserName=user["UserName"], GroupName=name)
            self.iam.delete_group(GroupName=name)
        except self.iam.exceptions.NoSuchEntityException:
            pass

    def device(self, name):
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        self.addCleanup(self.forget_device, made["SerialNumber"])
        return made["SerialNumber"], made["Base32StringSeed"], made["QRCodePNG"]

    def forget_device(self, serial):
        try:
            self.iam.delete_virtual_mfa_device(SerialNumber=serial)
        except self.iam.exceptions.DeleteConflictException:
            owner = self.iam.get_mfa_device(SerialNumber=serial)["UserName"]
            self.iam.deactivate_mfa_device(UserName=owner, SerialNumber=serial)
            self.iam.delete_virtual_mfa_device(SerialNumber=serial)
        except self.iam.exceptions.NoSuchEntityException:
            pass

    def as_user(self, name):
        """A client that signs with a new key of the user."""
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], sdk.iam(self.site, key)

    def refused(self, status, code, message, call, **parameters):
        with self.assertRaises(self.iam.exceptions.ClientError) as refused:
            call(**parameters)
        reply = refused.exception.response
        self.assertEqual(
            (reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"], reply["Error"]["Message"]),
            (status, code, message),
        )


class ManagedUsers(Users):
    def test_a_user_is_made_read_renamed_listed_and_deleted(self):
        made = self.user("dora", Path="/team/", Tags=[{"Key": "team", "Value": "cats"}])
        self.assertEqual(made["Arn"], arn("user/team/dora"))
        self.assertEqual(self.iam.get_user(UserName="DORA")["User"]["Tags"], [{"Key": "team", "Value": "cats"}])
        self.addCleanup(self.forget, "dorothy")
        self.iam.update_user(UserName="dora", NewUserName="dorothy", NewPath="/")
        read = self.iam.get_user(UserName="dorothy")["User"]
        self.assertEqual((read["UserId"], read["Arn"]), (made["UserId"], arn("user/dorothy")))
        pages = self.iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn("dorothy", [user["UserName"] for page in pages for user in page["Users"]])
        self.iam.delete_user(UserName="dorothy")
        missing = "The user with name dorothy cannot be found."
        self.refused(404, "NoSuchEntity", missing, self.iam.get_user, UserName="dorothy")

    def test_names_have_no_case_and_tags_a_limit(self):
        self.user("dora")
        exists = "User with name DORA already exists."
        self.refused(409, "EntityAlreadyExists", exists, self.iam.create_user, UserName="DORA")
        tags = [{"Key": f"key{number}", "Value": ""} for number in range(50)]
        self.iam.tag_user(UserName="dora", Tags=tags)
        with self.assertRaises(self.iam.exceptions.LimitExceededException):
            self.iam.tag_user(UserName="dora", Tags=[{"Key": "one-more", "Value": ""}])
        self.iam.untag_user(UserName="dora", TagKeys=[tag["Key"] for tag in tags])
        self.assertEqual(self.iam.list_user_tags(UserName="dora")["Tags"], [])

    def test_what_hangs_on_a_user_goes_first(self):
        self.user("dora", OWN)
        self.refused(
            409, "DeleteConflict", "Cannot delete entity, must delete policies first.", self.iam.delete_user, UserName="dora"
        )

    def test_groups_hold_users(self):
        self.user("dora")
        self.group("crew")
        self.iam.add_user_to_group(UserName="dora", GroupName="crew")
        self.assertEqual([user["UserName"] for user in self.iam.get_group(GroupName="crew")["Users"]], ["dora"])
        self.assertEqual(self.iam.list_groups_for_user(UserName="dora")["Groups"][0]["Arn"], arn("group/crew"))
        conflict = "Cannot delete entity, must remove users from group first."
        self.refused(409, "DeleteConflict", conflict, self.iam.delete_group, GroupName="crew")
        nested = "The user with name crew cannot be found."
        self.refused(404, "NoSuchEntity", nested, self.iam.add_user_to_group, UserName="crew", GroupName="crew")

    def test_what_a_group_may_its_members_may(self):
        self.user("dora")
        self.group("crew")
        _, dora = self.as_user("dora")
        with self.assertRaises(dora.exceptions.ClientError):
            dora.list_users()
        self.iam.put_group_policy(GroupName="crew", PolicyName="all", PolicyDocument=EVERYTHING)
        self.addCleanup(self.iam.delete_group_policy, GroupName="crew", PolicyName="all")
        self.iam.add_user_to_group(UserName="dora", GroupName="crew")
        self.assertIn("dora", [user["UserName"] for user in dora.list_users()["Users"]])

    def test_the_summary_counts(self):
        before = self.iam.get_account_summary()["SummaryMap"]
        self.user("dora")
        after = self.iam.get_account_summary()["SummaryMap"]
        self.assertEqual((after["Users"], after["UsersQuota"]), (before["Users"] + 1, 5000))
        self.assertEqual(after["AccountAccessKeysPresent"], 0)

    def test_the_credential_report_is_read_as_csv(self):
        self.assertEqual(self.iam.generate_credential_report()["State"], "COMPLETE")
        report = self.iam.get_credential_report()
        lines = list(csv.DictReader(report["Content"].decode().splitlines()))
        self.assertEqual((report["ReportFormat"], lines[0]["user"]), ("text/csv", "<root_account>"))

    def test_an_account_has_one_alias(self):
        self.iam.create_account_alias(AccountAlias="cat-photos")
        self.addCleanup(self.iam.delete_account_alias, AccountAlias="cat-photos")
        self.assertEqual(self.iam.list_account_aliases()["AccountAliases"], ["cat-photos"])


class AccessKeys(Users):
    def test_a_key_signs_until_it_is_deactivated(self):
        self.user("dora", OWN)
        key, dora = self.as_user("dora")
        self.assertEqual(dora.get_user()["User"]["UserName"], "dora")
        used = self.iam.get_access_key_last_used(AccessKeyId=key)
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), ("dora", "iam"))
        self.iam.update_access_key(UserName="dora", AccessKeyId=key, Status="Inactive")
        with self.assertRaises(dora.exceptions.ClientError) as refused:
            dora.get_user()
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidClientTokenId")

    def test_two_keys_are_the_most(self):
        self.user("dora")
        for _ in range(2):
            self.iam.create_access_key(UserName="dora")
        full = "Cannot exceed quota for AccessKeysPerUser: 2"
        self.refused(409, "LimitExceeded", full, self.iam.create_access_key, UserName="dora")

    def test_a_session_of_a_role_names_the_user(self):
        nameless = "Must specify userName when calling with non-User credentials"
        self.refused(400, "ValidationError", nameless, self.iam.get_user)


class MfaDevices(Users):
    def test_a_device_is_enabled_by_two_codes_of_its_seed(self):
        self.user("dora")
        serial, seed, picture = self.device("phone")
        self.assertEqual((serial, len(seed), picture[:8]), (arn("mfa/phone"), 64, b"\x89PNG\r\n\x1a\n"))
        named = {"UserName": "dora", "SerialNumber": serial}
        wrong = "Authentication code for device is not valid."
        self.refused(
            403,
            "InvalidAuthenticationCode",
            wrong,
            self.iam.enable_mfa_device,
            AuthenticationCode1=code(seed, 500),
            AuthenticationCode2=code(seed, 502),
            **named,
        )
        self.iam.enable_mfa_device(AuthenticationCode1=code(seed, -1), AuthenticationCode2=code(seed), **named)
        self.assertEqual(self.iam.list_mfa_devices(UserName="dora")["MFADevices"][0]["SerialNumber"], serial)
        again = {"AuthenticationCode1": code(seed, -1), "AuthenticationCode2": code(seed)}
        self.refused(403, "InvalidAuthenticationCode", wrong, self.iam.resync_mfa_device, **again, **named)
        conflict = "Cannot delete entity, must delete MFA device first."
        self.refused(409, "DeleteConflict", conflict, self.iam.delete_user, UserName="dora")
        self.iam.deactivate_mfa_device(**named)
        self.iam.delete_virtual_mfa_device(SerialNumber=serial)


class Passwords(Users):
    def test_a_user_changes_its_password(self):
        self.user("dora", OWN)
        self.iam.create_login_profile(UserName="dora", Password="correct-Horse-1", PasswordResetRequired=True)
        _, dora = self.as_user("dora")
        dora.change_password(OldPassword="correct-Horse-1", NewPassword="battery-Staple-2")
        self.assertFalse(self.iam.get_login_profile(UserName="dora")["LoginProfile"]["PasswordResetRequired"])
        wrong = {"OldPassword": "correct-Horse-1", "NewPassword": "other-Words-3"}
        self.refused(403, "AccessDenied", "The old password was incorrect.", dora.change_password, **wrong)

    def test_the_account_has_a_password_policy(self):
        none = f"The Password Policy with domain name {daypass.PRODUCTION} cannot be found."
        self.refused(404, "NoSuchEntity", none, self.iam.get_account_password_policy)
        self.iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, MaxPasswordAge=90)
        self.addCleanup(self.iam.delete_account_password_policy)
        policy = self.iam.get_account_password_policy()["PasswordPolicy"]
        self.assertEqual((policy["MinimumPasswordLength"], policy["RequireSymbols"]), (14, True))
        self.assertEqual((policy["ExpirePasswords"], policy["MaxPasswordAge"]), (True, 90))
        self.user("dora")
        text = "Password does not conform to the account password policy."
        short = {"UserName": "dora", "Password": "correct-Horse"}
        self.refused(400, "PasswordPolicyViolation", text, self.iam.create_login_profile, **short)


if __name__ == "__main__":
    unittest.main()
