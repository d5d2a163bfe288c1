"""boto3 clients for one demo, and requests by hand for what boto3 would not send."""

import datetime
import http.client
import os
import urllib.parse
import xml.etree.ElementTree as ElementTree

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.credentials

import demo as daypass

STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# One attempt: a test wants the first answer, and retries would hide a server error.
ONE_TRY = {"retries": {"max_attempts": 1, "mode": "standard"}, "connect_timeout": 5, "read_timeout": 30}

# Signature Version 4, or 4A where the suite is run once more for it.
S3_SIGNATURE = os.environ.get("DAYPASS_S3_SIGNATURE", "s3v4")


def session(credentials=None):
    """A boto3 session that holds nothing but these credentials (the Credentials of an STS reply)."""
    keys = {}
    if credentials:
        keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials.get("SessionToken"),
        }
    return boto3.Session(region_name=daypass.REGION, **keys)


def sts(site, credentials=None, **config):
    if credentials is None:
        config.setdefault("signature_version", botocore.UNSIGNED)
    return session(credentials).client(
        "sts", endpoint_url=site.broker, config=botocore.client.Config(**ONE_TRY, **config)
    )


def iam(site, credentials):
    return session(credentials).client(
        "iam", endpoint_url=site.broker, config=botocore.client.Config(**ONE_TRY)
    )


def sso_oidc(site, credentials):
    return session(credentials).client(
        "sso-oidc", endpoint_url=site.broker, config=botocore.client.Config(**ONE_TRY)
    )


def s3(site, credentials=None, **config):
    if credentials is None:
        config.setdefault("signature_version", botocore.UNSIGNED)
    config.setdefault("signature_version", S3_SIGNATURE)
    return session(credentials).client(
        "s3", endpoint_url=site.photos, config=botocore.client.Config(**ONE_TRY, **config)
    )


def assume_web(site, role_name="PhotoReader", user="martha", **more):
    return sts(site).assume_role_with_web_identity(
        RoleArn=daypass.role(role_name),
        RoleSessionName=user,
        WebIdentityToken=more.pop("token", None) or site.token(user),
        **more,
    )


def assume_saml(site, role_name="PhotoReader", user="martha", **more):
    return sts(site).assume_role_with_saml(
        RoleArn=daypass.role(role_name),
        PrincipalArn=daypass.saml_provider(),
        SAMLAssertion=more.pop("assertion", None) or site.assertion(user),
        **more,
    )


def form(action, **parameters):
    return urllib.parse.urlencode({"Action": action, "Version": "2011-06-15", **parameters}).encode()


def sign(url, body, credentials, service="sts", headers=None, method="POST"):
    """Headers of a request signed with SigV4 by botocore."""
    headers = dict(headers or {"content-type": "application/x-www-form-urlencoded; charset=utf-8"})
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers)
    keys = botocore.credentials.Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken")
    )
    botocore.auth.SigV4Auth(keys, service, daypass.REGION).add_auth(request)
    return dict(request.headers.items())


class Reply:
    """An answer as it came over the wire."""

    def __init__(self, reply):
        self.status, self.headers, self.body = reply.status, reply.headers, reply.read()

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def xml(self):
        return ElementTree.fromstring(self.body)

    def sts_error(self):
        """(status, code, message) of an STS error, after holding its shape against the query protocol."""
        tree = self.xml()
        inside = f"{{{STS_NAMESPACE}}}"
        assert tree.tag == f"{inside}ErrorResponse", (
            f"the reply is not an ErrorResponse of {STS_NAMESPACE}: {self.text}"
        )
        found = [
            tree.findtext(f"{inside}{path}")
            for path in (f"Error/{inside}Type", f"Error/{inside}Code", f"Error/{inside}Message", "RequestId")
        ]
        assert all(found), f"Type, Code, Message or RequestId is missing: {self.text}"
        assert found[0] == ("Sender" if self.status < 500 else "Receiver"), self.text
        assert self.headers.get("x-amzn-requestid") == found[3], (
            f"x-amzn-RequestId {self.headers.get('x-amzn-requestid')} is not the RequestId of {self.text}"
        )
        assert self.headers.get("date"), "no Date header: SDKs correct their clocks by it"
        assert (self.headers.get("content-type") or "").startswith("text/xml"), self.headers.get("content-type")
        return self.status, found[1], found[2]


def send(url, method="POST", body=b"", headers=None):
    """One request exactly as given, no retry, no redirect followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            method,
            path,
            body=body,
            headers=headers or {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
        )
        return Reply(connection.getresponse())
    finally:
        connection.close()


def now():
    return datetime.datetime.now(datetime.timezone.utc)
