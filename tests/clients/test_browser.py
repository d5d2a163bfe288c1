"""Both browser sign-ins, from the portal's first page to the gallery, in headless Chromium."""

import os
import re
import time
import unittest
import urllib.parse

import application
import demo as daypass
import sdk
from browser import Person
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

KINDS = {"saml": "SAML", "oidc": "OpenID Connect"}
# The browser reports each page that is served with an error status; those are pages these tests ask for on purpose.
EXPECTED_COMPLAINT = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
ASSET = re.compile(r"\.(css|js|svg|png|ico|woff2?)\b")
# What a page must carry whoever serves it.
HEADERS = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff", "referrer-policy": ""}


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()

    def setUp(self):
        self.person = Person(self.site)
        self.addCleanup(self.person.close)
        self.looks = []

    def photograph(self, name):
        self.looks.extend(self.person.photograph(name))

    def tearDown(self):
        self.person.keep_complaints()
        complaints = [
            told for told in self.person.complaints if ASSET.search(told) or not EXPECTED_COMPLAINT.search(told)
        ]
        self.assertEqual(complaints, [], "the browser's console is not empty")
        self.assertEqual(self.looks, [])

    def credentials_page(self, role, account=daypass.PRODUCTION):
        self.person.press(role, account)
        self.person.sees("ASIA")

    def exported(self):
        """The lines for a POSIX shell, as the page shows them to someone who selects them."""
        self.person.press("Show the secret")
        lines = re.findall(r"^\s*(export AWS_\w+=.*?)\s*$", self.person.text(), re.MULTILINE)
        self.assertTrue(lines, self.person.where())
        return "\n".join(lines)

    def aws(self, words, exported=None):
        script = f"set -e\n{exported or self.exported()}\n{words}"
        return daypass.run("bash", "-c", script, env=daypass.environment(PATH=f"{daypass.VENV}:{os.environ['PATH']}"))


class SignIn(Pages):
    def flow(self, kind):
        person = self.person
        person.open(self.site.broker + "/")
        person.sees("Sign in with SAML", "Sign in with OpenID Connect")
        self.photograph("sign-in")
        person.press(f"Sign in with {KINDS[kind]}")
        person.at(self.site.idp)
        person.field("password")
        self.photograph(f"identity-provider-{kind}")
        person.type_sign_in("martha")
        person.at(self.site.broker + "/portal")
        person.sees("Cat Photos Production", "Cat Photos Staging", "Management", daypass.PRODUCTION)
        self.photograph("portal")
        self.credentials_page("PhotoEditor")
        self.photograph("credentials")
        shown = self.aws("aws sts get-caller-identity --query Arn --output text && aws s3 ls s3://cat-photos/photos/")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(
            shown.stdout,
            rf"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/AWSReservedSSO_PhotoEditor_[0-9a-f]{{16}}/martha",
        )
        self.assertIn(".svg", shown.stdout)
        person.press("gallery")
        self.gallery()

    def gallery(self):
        person = self.person
        person.wait("the gallery", lambda: "/gallery" in person.driver.current_url)
        person.sees("AWSReservedSSO_PhotoEditor_")
        count = "return [...document.images].filter(image => image.complete && image.naturalWidth > 0).length"
        person.driver.execute_script("for (const image of document.images) image.loading = 'eager'")
        person.wait("six photos, loaded", lambda: person.driver.execute_script(count) >= 6)
        self.photograph("gallery")

    def test_saml_from_first_page_to_gallery(self):
        self.flow("saml")

    def test_oidc_from_first_page_to_gallery(self):
        self.flow("oidc")

    def test_without_script(self):
        self.person.script(on=False)
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.begin(kind)
                self.person.type_sign_in("martha")
                if kind == "SAML":
                    self.person.press("Continue")
                self.person.at(self.site.broker + "/portal")
                self.credentials_page("PhotoReader")
                self.exported()

    def test_second_sign_in_needs_no_password(self):
        self.person.sign_in("OpenID Connect")
        self.person.open(self.site.broker + "/signin")
        self.person.press("Sign in with SAML")
        self.person.at(self.site.broker + "/portal")
        self.person.sees("Cat Photos Production")

    def test_a_link_is_come_back_to_after_signing_in(self):
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.open(self.site.broker + "/portal?q=staging")
                self.person.press(f"Sign in with {kind}")
                self.person.at(self.site.idp)
                self.person.type_sign_in("martha")
                self.person.at(self.site.broker + "/portal?q=staging")
                self.person.sees("Cat Photos Staging")
                self.assertNotIn("Cat Photos Production", self.person.text())

    def test_a_link_to_elsewhere_leads_to_the_portal(self):
        for target in ("//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"):
            with self.subTest(target=target):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.open(f"{self.site.broker}/signin?{urllib.parse.urlencode({'return': target})}")
                self.person.press("Sign in with SAML")
                self.person.at(self.site.idp)
                self.person.type_sign_in("martha")
                self.person.at(self.site.broker + "/portal")
                self.person.sees("Cat Photos Production")

    def test_wrong_password(self):
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                self.person.begin(kind)
                self.person.type_sign_in("martha", "wrong-horse")
                told = self.person.wait(
                    "an alert", lambda: self.person.driver.find_elements(By.CSS_SELECTOR, "[role=alert]")
                )
                self.assertIn("password", told[0].text)
                self.assertTrue(self.person.driver.current_url.startswith(self.site.idp))
                self.assertEqual(self.person.field("password").get_attribute("value"), "")
                wrong = self.person.text()
                self.person.type_sign_in("nobody-here", "wrong-horse")
                self.person.wait(
                    "the same words for an unknown person",
                    lambda: (
                        self.person.text().replace("nobody-here", "martha") == wrong.replace("nobody-here", "martha")
                    ),
                )
        self.photograph("wrong-password")
        # A mistake is no dead end.
        self.person.type_sign_in("martha")
        self.person.at(self.site.broker + "/portal")

    def test_keyboard_alone(self):
        person = self.person
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                person.open(self.site.broker + "/")
                person.sees(f"Sign in with {kind}")
                person.tab_to(lambda here: f"Sign in with {kind}" in here.text, f"'Sign in with {kind}'").send_keys(
                    Keys.ENTER
                )
                person.at(self.site.idp)
                name = person.field("user name")
                person.tab_to(lambda here: here == name, "the user name").send_keys("martha")
                secret = person.field("password")
                person.tab_to(lambda here: here == secret, "the password").send_keys(daypass.PASSWORD)
                person.tab_to(
                    lambda here: (
                        here.tag_name in ("button", "input")
                        and "sign in" in (here.text or here.get_attribute("value") or "").lower()
                    ),
                    "'Sign in'",
                ).send_keys(Keys.ENTER)
                person.at(self.site.broker + "/portal")
                person.sees("Cat Photos Production")
                person.tab_to(
                    lambda here: (
                        "PhotoReader" in (here.get_attribute("textContent") or here.get_attribute("aria-label") or "")
                    ),
                    "a role",
                ).send_keys(Keys.ENTER)
                person.sees("ASIA")


class Portal(Pages):
    def test_otto_sees_why_there_is_nothing(self):
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.sign_in(kind, "otto")
                self.person.sees("Otto")
                self.assertNotIn("Cat Photos Production", self.person.text())
                self.assertRegex(self.person.text(), r"(?i)group|assign")
        self.photograph("portal-empty")

    def test_sam_and_rosa_see_what_is_theirs(self):
        for user, there, absent in (
            ("sam", "PhotoEditor", "AdministratorAccess"),
            ("rosa", "SecurityAudit", "AdministratorAccess"),
        ):
            with self.subTest(user=user):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.sign_in("SAML", user)
                self.person.sees(there)
                self.assertNotIn(absent, self.person.text())

    def test_administrator_alone_may_delete(self):
        self.person.sign_in("SAML")
        self.credentials_page("AdministratorAccess")
        done = self.aws(
            "echo gone > /tmp/daypass-gone && aws s3 cp /tmp/daypass-gone s3://cat-photos/gone.txt && aws s3 rm s3://cat-photos/gone.txt; rm /tmp/daypass-gone"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("delete: s3://cat-photos/gone.txt", done.stdout)

    def test_copy_button_copies_what_works(self):
        person = self.person
        permissions = {"origin": self.site.broker, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        person.driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
        person.sign_in("SAML")
        self.credentials_page("PhotoReader")
        person.press("Copy")
        read = "navigator.clipboard.readText().then(arguments[0], error => arguments[0](String(error)))"
        copied = person.driver.execute_async_script(read)
        self.assertIn("export AWS_ACCESS_KEY_ID=ASIA", copied)
        shown = self.aws("aws sts get-caller-identity --query Arn --output text", copied)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("AWSReservedSSO_PhotoReader_", shown.stdout)

    def is_nowhere_signed_in(self):
        person = self.person
        person.open(self.site.broker + "/portal")
        person.sees("Sign in with SAML")
        self.assertNotIn("Cat Photos Production", person.text())
        person.open(self.site.idp + "/")
        person.field("password")

    def test_sign_out_ends_the_session_here_and_at_the_identity_provider(self):
        person = self.person
        for kind, script in ((kind, script) for kind in KINDS.values() for script in (True, False)):
            with self.subTest(kind=kind, script=script):
                person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                person.script(on=True)
                person.sign_in(kind)
                person.script(on=script)
                person.press("Sign out")
                person.at(self.site.broker + "/signin?signed_out=everywhere")
                person.sees("You are signed out here and at your identity provider", "Sign in with SAML")
                if script:
                    self.photograph("signed-out")
                self.is_nowhere_signed_in()

    def test_sign_out_at_the_identity_provider_ends_the_session_here(self):
        person = self.person
        for kind in KINDS.values():
            with self.subTest(kind=kind):
                person.sign_in(kind)
                person.open(self.site.idp + "/")
                person.press("Sign out")
                person.sees("You are signed out", "daypass access portal", "signed you out")
                person.at(self.site.idp)
                self.photograph("identity-provider-signed-out")
                self.is_nowhere_signed_in()

    def test_a_forged_logout_token_leaves_everyone_signed_in(self):
        person = self.person
        for fault in ("unsigned", "wrong-key", "wrong-audience", "no-event", "with-nonce", "expired"):
            with self.subTest(fault=fault):
                person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                person.sign_in("OpenID Connect")
                self.site.break_next(fault)
                person.open(self.site.idp + "/")
                person.press("Sign out")
                person.sees("You are signed out", "daypass access portal", "did not say that it signed you out")
                person.open(self.site.broker + "/portal")
                person.sees("Cat Photos Production")

    def test_a_forged_sign_out_leaves_everyone_signed_in(self):
        person = self.person
        for fault in ("unsigned", "wrong-key", "wrong-destination", "tampered", "expired"):
            with self.subTest(fault=fault):
                person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                person.sign_in("SAML")
                self.site.break_next(fault)
                person.open(self.site.idp + "/")
                person.press("Sign out")
                person.at(self.site.broker + "/saml/slo")
                person.sees("This sign-out was not accepted", "Nobody was signed out")
                person.open(self.site.broker + "/portal")
                person.sees("Cat Photos Production")
        person.driver.back()
        person.sees("This sign-out was not accepted")
        self.photograph("refused-sign-out")

    def test_gallery_explains_what_it_refuses(self):
        self.person.sign_in("OpenID Connect")
        self.credentials_page("PhotoEditor")
        self.person.press("gallery")
        self.person.sees("AWSReservedSSO_PhotoEditor_")
        self.person.press("Delete")
        self.person.sees("s3:DeleteObject", "explicit")
        self.photograph("gallery-refused")

    def test_gallery_without_a_session_says_where_to_get_one(self):
        self.person.open(self.site.photos + "/gallery")
        self.assertTrue(
            self.person.driver.find_elements(By.CSS_SELECTOR, f'a[href^="{self.site.broker}"]'), self.person.where()
        )
        self.photograph("gallery-closed")

    def test_inspector_shows_each_check_of_a_flow(self):
        self.person.sign_in("SAML")
        self.credentials_page("PhotoReader")
        self.person.open(self.site.broker + "/inspector")
        self.person.sees("martha")
        self.photograph("inspector")
        flows = self.person.driver.find_elements(By.CSS_SELECTOR, 'main .flows a[href*="/inspector/"]')
        self.assertTrue(flows, self.person.where())
        self.person.open(flows[0].get_attribute("href"))
        self.person.unfold()
        self.person.sees("signature", "audience", "expected", "found")
        self.photograph("inspector-flow")


class Replay(Pages):
    def test_the_same_response_twice(self):
        """What Back and Continue do: the identity provider's form is sent a second time."""
        person = self.person
        person.script(on=False)
        person.begin("SAML")
        person.type_sign_in("martha")
        form = person.wait(
            "the form that carries the response",
            lambda: person.driver.find_elements(By.CSS_SELECTOR, "form:has(input[name=SAMLResponse])"),
        )[0]
        fields = {
            field.get_attribute("name"): field.get_attribute("value")
            for field in form.find_elements(By.CSS_SELECTOR, "input[type=hidden]")
        }
        self.assertEqual(form.get_attribute("action"), f"{self.site.broker}/saml/acs")
        self.photograph("continue")
        person.driver.execute_script("arguments[0].target = '_blank'", form)
        first = person.driver.current_window_handle
        person.press("Continue")
        person.wait("the second window", lambda: len(person.driver.window_handles) == 2)
        second = next(handle for handle in person.driver.window_handles if handle != first)
        person.driver.switch_to.window(second)
        person.at(self.site.broker + "/portal")
        person.driver.close()
        person.driver.switch_to.window(first)
        person.driver.execute_script("arguments[0].target = '_self'", form)
        person.press("Continue")
        person.at(self.site.broker + "/saml/acs")
        # The sign-in it answers is used up, which refuses it before the assertion's own memory is asked.
        person.sees("already finished")
        self.assertTrue(person.has("Sign in") or person.has("portal") or person.has("again"), person.where())
        self.assertNotIn("ASIA", person.text())
        self.photograph("replayed")
        # By hand too, for the status: a stranger without the browser's cookies fares no better.
        reply = sdk.send(
            f"{self.site.broker}/saml/acs",
            body=urllib.parse.urlencode(fields).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        self.assertIn(reply.status, (400, 403), reply.text[:500])

    def test_faults_end_on_a_page_to_act_on(self):
        for fault in (
            "expired",
            "wrong-audience",
            "wrong-recipient",
            "wrong-in-response-to",
            "wrong-key",
            "unsigned",
            "tampered",
        ):
            with self.subTest(fault=fault):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.begin("SAML")
                self.site.break_next(fault)
                self.person.type_sign_in("martha")
                self.person.at(f"{self.site.broker}/saml/acs")
                self.assertTrue(
                    self.person.has("Sign in") or self.person.has("portal") or self.person.has("again"),
                    self.person.where(),
                )
                self.assertNotIn("Cat Photos Production", self.person.text())
        self.photograph("refused-saml")

    def test_faults_of_the_id_token(self):
        for fault in ("expired", "wrong-audience", "wrong-nonce", "wrong-key", "alg-none", "hmac-with-public-key"):
            with self.subTest(fault=fault):
                self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
                self.person.begin("OpenID Connect")
                self.site.break_next(fault)
                self.person.type_sign_in("martha")
                self.person.at(f"{self.site.broker}/oidc/callback")
                self.assertTrue(
                    self.person.has("Sign in") or self.person.has("portal") or self.person.has("again"),
                    self.person.where(),
                )
                self.assertNotIn("Cat Photos Production", self.person.text())
        self.photograph("refused-oidc")


class Application(Pages):
    """An application of a few lines, `examples/sign_in.rs`, that leaves signing in to daypass."""

    @classmethod
    def setUpClass(cls):
        cls.site = application.shared()

    def first_page(self, path="/"):
        self.person.open(self.site.address + path)
        self.person.sees("Sign in to Example reports")

    def type_email(self, email):
        field = self.person.field("user name")
        field.clear()
        field.send_keys(email)
        self.person.press("Continue")

    def at_the_provider(self):
        self.person.field("password")
        self.assertFalse(self.person.driver.current_url.startswith(self.site.address), self.person.where())

    def sign_in(self, button, path="/"):
        self.first_page(path)
        self.person.press(button)
        self.at_the_provider()
        self.person.type_sign_in("martha")
        self.person.at(self.site.address + path)
        self.person.sees("Hello martha of Admins and Developers")

    def forget(self):
        self.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def test_application_by_either_button(self):
        for button in ("Sign in with Example Corp", "Sign in with Partner Ltd"):
            with self.subTest(button=button):
                self.forget()
                self.sign_in(button)

    def test_application_by_domain(self):
        for script in (True, False):
            with self.subTest(script=script):
                self.forget()
                self.person.script(on=script)
                self.first_page()
                if script:
                    self.photograph("application-sign-in")
                self.type_email("Martha@Partner.EXAMPLE")
                if not script:
                    self.person.wait("the way on", lambda: not self.person.has("Sign in with Example Corp"))
                self.at_the_provider()
                self.assertEqual(self.person.field("user name").get_attribute("value"), "Martha@Partner.EXAMPLE")
                self.person.type_sign_in("martha")
                self.person.sees("Hello martha")

    def test_application_of_an_unknown_domain(self):
        self.first_page("/reports/q3")
        self.type_email("martha@sub.partner.example")
        self.person.sees("No one here signs in with sub.partner.example", "Sign in with Example Corp")
        self.photograph("application-unknown-domain")
        self.type_email("martha@partner.example")
        self.at_the_provider()
        self.person.type_sign_in("martha")
        self.person.at(self.site.address + "/reports/q3")

    def test_application_link_is_come_back_to(self):
        for button in ("Sign in with Example Corp", "Sign in with Partner Ltd"):
            with self.subTest(button=button):
                self.forget()
                self.sign_in(button, "/reports/q3?sort=date")

    def test_application_sign_out_and_back_show_nothing_private(self):
        person = self.person
        for button in ("Sign in with Example Corp", "Sign in with Partner Ltd"):
            with self.subTest(button=button):
                self.forget()
                self.sign_in(button, "/reports/q3")
                person.open(self.site.address + "/")
                person.sees("Hello martha")
                person.press("Sign out")
                person.at(self.site.address + "/signin?signed_out=")
                person.sees("You are signed out here")
                self.photograph("application-signed-out")
                self.assertEqual(self.cookies(), {})
                for _ in range(2):
                    person.driver.back()
                    person.at(self.site.address + "/signin?return=")
                    self.assertNotIn("Hello martha", person.text())
                person.open(self.site.address + "/")
                person.sees("Sign in to Example reports")

    def cookies(self):
        return {found["name"]: found for found in self.person.driver.get_cookies() if "application" in found["name"]}

    def test_application_cookie_is_for_this_host_alone_and_new_with_each_sign_in(self):
        values = set()
        for _ in range(2):
            self.sign_in("Sign in with Example Corp")
            kept = self.cookies()["daypass_application"]
            self.assertEqual((kept["httpOnly"], kept["sameSite"], kept["path"]), (True, "Lax", "/"))
            self.assertEqual(kept["domain"], "localhost", "a cookie with a Domain attribute begins with a dot")
            self.assertLessEqual(kept["expiry"] - time.time(), 8 * 3600)
            self.assertEqual(self.person.driver.execute_script("return document.cookie"), "")
            values.add(kept["value"])
            self.forget()
        self.assertEqual(len(values), 2)


class Scripts(Pages):
    """Scripts of another origin at the services: the SDKs that run in browsers."""

    FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    FETCH = """
        const [url, request, done] = arguments;
        const read = async reply => done([reply.status, await reply.text(), reply.headers.get("x-amzn-requestid")]);
        fetch(url, request).then(read, () => done(null));
    """

    def elsewhere(self):
        """A page of another origin on the same site, to which cookies go along unless somebody sees to it."""
        self.person.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        self.person.open(f"{self.site.idp}/login")

    def fetch(self, body, headers, **more):
        request = {"method": "POST", "headers": headers, "body": body.decode(), **more}
        return self.person.driver.execute_async_script(self.FETCH, f"{self.site.broker}/", request)

    def test_scripts_call_sts_and_read_the_answers(self):
        self.elsewhere()
        asked = {"RoleArn": daypass.role("PhotoReader"), "RoleSessionName": "martha"}
        body = sdk.form("AssumeRoleWithWebIdentity", WebIdentityToken=self.site.token(), **asked)
        status, answer, request_id = self.fetch(body, self.FORM)
        self.assertEqual(status, 200, answer)
        self.assertIn(request_id, answer)
        credentials = {
            name: re.search(f"<{name}>([^<]+)<", answer)[1]
            for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        }
        body = sdk.form("GetCallerIdentity")
        headers = sdk.sign(f"{self.site.broker}/", body, credentials, headers=self.FORM)
        status, answer, _ = self.fetch(body, headers)
        self.assertEqual(status, 200, answer)
        self.assertIn("assumed-role/PhotoReader/martha", answer)

    def test_what_is_sent_with_cookies_is_not_read(self):
        self.person.sign_in(KINDS["oidc"])
        self.elsewhere()
        self.assertIsNone(self.fetch(sdk.form("GetCallerIdentity"), self.FORM, credentials="include"))
        told = [entry["message"] for entry in self.person.driver.get_log("browser")]
        self.assertTrue(any("CORS" in message for message in told), told)


class Headers(unittest.TestCase):
    def test_every_page_is_locked_down(self):
        site = daypass.shared()
        for address in (
            f"{site.broker}/signin",
            f"{site.idp}/login",
            f"{site.photos}/gallery",
            f"{site.broker}/no-such-page",
            f"{site.idp}/no-such-page",
        ):
            with self.subTest(address=address):
                reply = sdk.send(address, "GET", headers={"accept": "text/html"})
                for name, value in HEADERS.items():
                    self.assertIn(value, reply.headers.get(name) or f"no {name}")
                policy = reply.headers["content-security-policy"]
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)


if __name__ == "__main__":
    unittest.main()
