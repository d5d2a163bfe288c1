//! What the terminal shows once the three parties serve: what to open, and what to paste.

use std::fmt::Write;
use std::path::Path;

use super::serve::Demo;
use super::world::{BUCKET, PRODUCTION, SAML_PROVIDER};
use crate::demo_directory;

/// The text for a running `demo`. `program` is how this program is called again from the same shell.
#[must_use]
pub fn banner(demo: &Demo, program: &str) -> String {
    let site = demo.site();
    let (idp, broker, gallery) = (site.idp_url(), site.broker_url(), site.gallery_url());
    let mut text = format!(
        "daypass demo: keys and passwords are for demonstration only; it answers this machine alone.\n\n\
         Open in a browser\n  {broker}/            access portal: sign in with SAML or OpenID Connect\n  \
         {broker}/inspector   every message of each flow, with every check\n  \
         {gallery}     the photos, opened from the portal\n  {idp}/            identity provider\n\n\
         People (password correct-horse)\n"
    );
    for person in demo_directory() {
        let groups = if person.groups().is_empty() { "no group".to_owned() } else { person.groups().join(", ") };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<8} {:<16} {groups}", person.name(), person.full_name());
    }
    let kept = demo.state().map_or_else(
        || "nothing; keys and sign-ins end with this process (--state DIR keeps the keys)".to_owned(),
        |path: &Path| format!("keys in {}; sign-ins end with this process", path.display()),
    );
    let _ = writeln!(text, "\nState  {kept}");
    text.push_str(&with_id_token(demo, program));
    text.push_str(&with_saml(demo, program));
    text.push_str("\nStop with Ctrl-C.\n");
    text
}

const KEYS: &str = "keys() { read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN && \
                    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; }\n";
const QUERY: &str = "--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text";

fn endpoints(demo: &Demo) -> String {
    let (sts, s3) = (demo.site().broker_url(), demo.site().s3_url());
    format!("STS={sts} S3={s3}; export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=\n{KEYS}")
}

fn with_id_token(demo: &Demo, program: &str) -> String {
    let base = demo.site().port_base();
    format!(
        "\n--- AWS CLI with an ID token (paste into a shell) ---\n{}\
         TOKEN=$({program} token --user martha --port-base {base})\n\
         keys < <(aws --endpoint-url $STS sts assume-role-with-web-identity \
         --role-arn arn:aws:iam::{PRODUCTION}:role/PhotoReader --role-session-name martha \
         --web-identity-token \"$TOKEN\" {QUERY})\n\
         aws --endpoint-url $STS sts get-caller-identity\n\
         aws --endpoint-url $S3 s3 ls s3://{BUCKET}/photos/\n\
         aws --endpoint-url $S3 s3 cp s3://{BUCKET}/photos/nap.svg nap.svg\n\
         aws --endpoint-url $S3 s3 cp nap.svg s3://{BUCKET}/photos/copy.svg   # refused: PhotoReader may not write\n\
         keys < <(aws --endpoint-url $STS sts assume-role \
         --role-arn arn:aws:iam::{PRODUCTION}:role/PhotoEditor --role-session-name martha {QUERY})\n\
         aws --endpoint-url $S3 s3 cp nap.svg s3://{BUCKET}/photos/copy.svg   # PhotoEditor may\n\
         aws --endpoint-url $S3 s3 rm s3://{BUCKET}/photos/copy.svg           # refused: the bucket's explicit deny\n\
         --- end of paste ---\n",
        endpoints(demo)
    )
}

fn with_saml(demo: &Demo, program: &str) -> String {
    let base = demo.site().port_base();
    format!(
        "\n--- AWS CLI with a SAML response (paste into a shell) ---\n{}\
         ASSERTION=$({program} assertion --user martha --port-base {base})\n\
         keys < <(aws --endpoint-url $STS sts assume-role-with-saml \
         --role-arn arn:aws:iam::{PRODUCTION}:role/PhotoEditor \
         --principal-arn arn:aws:iam::{PRODUCTION}:saml-provider/{SAML_PROVIDER} \
         --saml-assertion \"$ASSERTION\" {QUERY})\n\
         aws --endpoint-url $STS sts get-caller-identity\n\
         aws --endpoint-url $S3 s3 ls s3://{BUCKET}/photos/\n\
         --- end of paste ---\n",
        endpoints(demo)
    )
}
