"""boto3 against cat-photos: what an application does with a bucket."""

import io
import os
import re
import time
import unittest
import urllib.parse

import boto3.s3.transfer
import botocore.exceptions

import demo as daypass
import sdk

BUCKET = "cat-photos"
MIB = 1024 * 1024
# Names that clients escape in different ways: the signature covers the escaped path.
AWKWARD_KEYS = [
    "photos/a b.txt",
    "photos/a+b.txt",
    "photos/a%20b.txt",
    "photos/größe 猫.txt",
    "photos/a//b.txt",
    "photos/a/./b.txt",
    "photos/(a)~!*'.txt",
    "photos/a=b&c?d#e.txt",
]


class Photos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.reader = sdk.s3(cls.site, sdk.assume_web(cls.site, "PhotoReader")["Credentials"])
        cls.editor = sdk.s3(cls.site, sdk.assume_web(cls.site, "PhotoEditor")["Credentials"])
        cls.photo = "photos/nap.svg"

    def denied(self, call, code="AccessDenied", status=403, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        reply = caught.exception.response
        self.assertEqual(
            (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]),
            (code, status),
            reply["Error"].get("Message"),
        )
        return reply["Error"].get("Message", "")


class Reading(Photos):
    def test_signed_as_the_suite_is_run(self):
        signed = []
        client = sdk.s3(self.site, sdk.assume_web(self.site, "PhotoReader")["Credentials"])
        client.meta.events.register("before-send.s3", lambda request, **_: signed.append(request.headers))
        client.list_buckets()
        algorithm = {"s3v4": "AWS4-HMAC-SHA256", "s3v4a": "AWS4-ECDSA-P256-SHA256"}[sdk.S3_SIGNATURE]
        said = signed[0]["Authorization"]
        said = said.decode() if isinstance(said, bytes) else said
        self.assertTrue(said.startswith(f"{algorithm} "), said)
        url = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": self.photo})
        self.assertIn(f"X-Amz-Algorithm={algorithm}&", url)

    def test_buckets(self):
        self.assertIn(BUCKET, [bucket["Name"] for bucket in self.reader.list_buckets()["Buckets"]])

    def test_head_bucket(self):
        self.assertEqual(self.reader.head_bucket(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"], 200)

    def test_list_in_pages(self):
        whole = [item["Key"] for item in self.reader.list_objects_v2(Bucket=BUCKET, Prefix="photos/")["Contents"]]
        self.assertGreaterEqual(len(whole), 6)
        for operation in ("list_objects_v2", "list_objects"):
            with self.subTest(operation=operation):
                pages = list(
                    self.reader.get_paginator(operation).paginate(
                        Bucket=BUCKET, Prefix="photos/", PaginationConfig={"PageSize": 2}
                    )
                )
                self.assertGreaterEqual(len(pages), 3)
                self.assertEqual([item["Key"] for page in pages for item in page["Contents"]][: len(whole)], whole)

    def test_list_by_folder(self):
        reply = self.reader.list_objects_v2(Bucket=BUCKET, Delimiter="/")
        self.assertIn("photos/", [folder["Prefix"] for folder in reply["CommonPrefixes"]])

    def test_head_get_and_range(self):
        head = self.reader.head_object(Bucket=BUCKET, Key=self.photo)
        whole = self.reader.get_object(Bucket=BUCKET, Key=self.photo)
        body = whole["Body"].read()
        self.assertEqual(head["ContentLength"], len(body))
        self.assertEqual(head["ETag"], whole["ETag"])
        self.assertEqual(head["ContentType"], "image/svg+xml")
        part = self.reader.get_object(Bucket=BUCKET, Key=self.photo, Range="bytes=10-19")
        self.assertEqual(part["ResponseMetadata"]["HTTPStatusCode"], 206)
        self.assertEqual(part["Body"].read(), body[10:20])

    def test_no_such_key(self):
        self.denied(self.reader.get_object, "NoSuchKey", 404, Bucket=BUCKET, Key="photos/none.svg")

    def test_another_bucket(self):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.reader.list_objects_v2(Bucket="dog-photos")
        self.assertIn(caught.exception.response["Error"]["Code"], ("AccessDenied", "NoSuchBucket"))


class Writing(Photos):
    def test_put_get_with_metadata(self):
        self.editor.put_object(
            Bucket=BUCKET, Key="photos/put.txt", Body=b"miaow", ContentType="text/plain", Metadata={"mood": "calm"}
        )
        back = self.reader.get_object(Bucket=BUCKET, Key="photos/put.txt")
        self.assertEqual(
            (back["Body"].read(), back["ContentType"], back["Metadata"]), (b"miaow", "text/plain", {"mood": "calm"})
        )

    def test_empty_object(self):
        self.editor.put_object(Bucket=BUCKET, Key="photos/empty.txt", Body=b"")
        self.assertEqual(self.reader.get_object(Bucket=BUCKET, Key="photos/empty.txt")["Body"].read(), b"")

    def test_awkward_names(self):
        for key in AWKWARD_KEYS:
            with self.subTest(key=key):
                self.editor.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
                self.assertEqual(self.reader.get_object(Bucket=BUCKET, Key=key)["Body"].read(), key.encode())
                listed = self.reader.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
                self.assertIn(key, [item["Key"] for item in listed])

    def test_copy(self):
        self.editor.copy_object(Bucket=BUCKET, Key="photos/copy.svg", CopySource={"Bucket": BUCKET, "Key": self.photo})
        self.assertEqual(
            self.reader.get_object(Bucket=BUCKET, Key="photos/copy.svg")["Body"].read(),
            self.reader.get_object(Bucket=BUCKET, Key=self.photo)["Body"].read(),
        )

    def test_multi_part_upload(self):
        sent, received = os.urandom(17 * MIB), io.BytesIO()
        parts = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)
        self.editor.upload_fileobj(io.BytesIO(sent), BUCKET, "photos/parts.bin", Config=parts)
        self.assertRegex(self.reader.head_object(Bucket=BUCKET, Key="photos/parts.bin")["ETag"], r'-3"$')
        self.reader.download_fileobj(BUCKET, "photos/parts.bin", received, Config=parts)
        self.assertEqual(received.getvalue(), sent)

    def test_abandoned_upload_leaves_nothing(self):
        upload = self.editor.create_multipart_upload(Bucket=BUCKET, Key="photos/abandoned.bin")["UploadId"]
        self.editor.upload_part(
            Bucket=BUCKET, Key="photos/abandoned.bin", UploadId=upload, PartNumber=1, Body=b"x" * 1000
        )
        self.editor.abort_multipart_upload(Bucket=BUCKET, Key="photos/abandoned.bin", UploadId=upload)
        self.denied(self.reader.get_object, "NoSuchKey", 404, Bucket=BUCKET, Key="photos/abandoned.bin")

    def test_a_reader_may_not_write_in_any_way(self):
        for call, more in (
            (self.reader.put_object, {"Body": b"no"}),
            (self.reader.create_multipart_upload, {}),
            (self.reader.copy_object, {"CopySource": {"Bucket": BUCKET, "Key": self.photo}}),
        ):
            with self.subTest(call=call.__name__):
                told = self.denied(call, Bucket=BUCKET, Key="photos/no.txt", **more)
                self.assertIn("s3:PutObject", told)
                self.assertNotIn("explicit deny", told)

    def test_deletion_is_an_explicit_deny_for_both(self):
        for who in (self.reader, self.editor):
            told = self.denied(who.delete_object, Bucket=BUCKET, Key=self.photo)
            self.assertIn("s3:DeleteObject", told)
            self.assertIn("explicit deny", told)

    def test_deletion_of_several_is_denied_too(self):
        try:
            reply = self.editor.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": self.photo}]})
            self.assertEqual([error["Code"] for error in reply.get("Errors", [])], ["AccessDenied"])
            self.assertFalse(reply.get("Deleted"))
        except botocore.exceptions.ClientError as refused:
            self.assertEqual(refused.response["Error"]["Code"], "AccessDenied")
        self.assertTrue(self.reader.head_object(Bucket=BUCKET, Key=self.photo))


class Presigned(Photos):
    def url(self, client, operation="get_object", seconds=60, **more):
        return client.generate_presigned_url(
            operation, Params={"Bucket": BUCKET, "Key": self.photo, **more}, ExpiresIn=seconds
        )

    def test_get(self):
        reply = sdk.send(self.url(self.reader), "GET", headers={"accept": "*/*"})
        self.assertEqual(reply.status, 200, reply.text)
        self.assertIn("<svg", reply.text)

    def test_put(self):
        reply = sdk.send(
            self.url(self.editor, "put_object", Key="photos/presigned.txt"), "PUT", b"purr", {"accept": "*/*"}
        )
        self.assertEqual(reply.status, 200, reply.text)
        self.assertEqual(self.reader.get_object(Bucket=BUCKET, Key="photos/presigned.txt")["Body"].read(), b"purr")

    def test_put_by_a_reader_is_denied(self):
        reply = sdk.send(self.url(self.reader, "put_object", Key="photos/no.txt"), "PUT", b"no", {"accept": "*/*"})
        self.assertEqual(reply.status, 403)
        self.assertIn("<Code>AccessDenied</Code>", reply.text)

    def test_run_out(self):
        url = self.url(self.reader, seconds=1)
        time.sleep(2.5)
        reply = sdk.send(url, "GET", headers={"accept": "*/*"})
        self.assertEqual(reply.status, 403)
        self.assertIn("<Code>AccessDenied</Code>", reply.text)
        self.assertIn("expired", reply.text.lower())

    def test_each_part_is_covered(self):
        right = self.url(self.reader)
        for part, wrong in (
            (r"X-Amz-Expires=60", "X-Amz-Expires=61"),
            (r"X-Amz-Signature=....", "X-Amz-Signature=0000"),
            (re.escape(urllib.parse.quote(self.photo)), "README.txt"),
            (r"$", "&versionId=1"),
        ):
            with self.subTest(part=part):
                spoiled = re.sub(part, wrong, right, count=1)
                self.assertNotEqual(spoiled, right)
                reply = sdk.send(spoiled, "GET", headers={"accept": "*/*"})
                self.assertEqual(reply.status, 403)
                self.assertIn("<Code>SignatureDoesNotMatch</Code>", reply.text)

    def test_made_for_reading_cannot_delete(self):
        reply = sdk.send(self.url(self.reader), "DELETE", headers={"accept": "*/*"})
        self.assertEqual(reply.status, 403)
        self.assertIn("<Code>SignatureDoesNotMatch</Code>", reply.text)


if __name__ == "__main__":
    unittest.main()
