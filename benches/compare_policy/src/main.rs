//! How long one decision takes, beside `cedar-policy` with equivalent policies: one run, one core.
//!
//! `cargo run --release --locked --manifest-path benches/compare_policy/Cargo.toml [ROUNDS]`
//!
//! `small` is three statements with a tag variable, a list of texts, an IP network and a truth value; `big` is a hundred
//! statements of which the last one matches. Policies, entities and requests are compiled before the clock starts, and
//! both engines take turns, so that what else the machine does falls on both. Answers are compared before they are timed.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, RestrictedExpression};
use daypass::policy::{Action, Keys, Kind, Layers, Outcome, Policy, Principal, Request, Resource, evaluate};

type Failure = Box<dyn std::error::Error>;

const BATCH: u32 = 2_000;
const SMALL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"},
    {"Sid": "OwnFolder", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
     "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/stage": ["test", "production"]},
                   "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}},
    {"Sid": "TlsOnly", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
  ]
}"#;
/// Cedar has no variables in patterns: the folder is an attribute of the object.
const SMALL_CEDAR: &str = r#"
permit(principal, action == Action::"s3:ListBucket", resource == Bucket::"photos");
permit(principal, action in [Action::"s3:GetObject", Action::"s3:PutObject"], resource in Bucket::"photos") when {
  resource.folder == principal.team && ["test", "production"].contains(principal.stage) &&
  (context.source_ip.isInRange(ip("10.0.0.0/8")) || context.source_ip.isInRange(ip("2001:db8::/32")))
};
forbid(principal, action, resource) when { !context.secure_transport };
"#;

fn big() -> (String, String) {
    let buckets = || (0..100).map(|n| if n == 99 { "photos".to_owned() } else { format!("bucket-{n}") });
    let statements: Vec<_> = buckets()
        .map(|own| format!(r#"{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{own}/*"}}"#))
        .collect();
    let cedar: String = buckets()
        .map(|own| format!("permit(principal, action == Action::\"s3:GetObject\", resource in Bucket::\"{own}\");\n"))
        .collect();
    (format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")), cedar)
}

/// What cedar is asked, compiled.
struct Peer {
    authorizer: Authorizer,
    entities: Entities,
    request: cedar_policy::Request,
}

fn peer(secure: bool) -> Result<Peer, Failure> {
    let text = |own: &str| RestrictedExpression::new_string(own.to_owned());
    let uid = |own: &str| own.parse::<EntityUid>();
    let (who, object, bucket) =
        (uid(r#"Role::"reader""#)?, uid(r#"Object::"cats/1.svg""#)?, uid(r#"Bucket::"photos""#)?);
    let tags = [("team".to_owned(), text("cats")), ("stage".to_owned(), text("production"))];
    let entities = Entities::from_entities(
        [
            Entity::new(who.clone(), tags.into(), [].into())?,
            Entity::new(object.clone(), [("folder".to_owned(), text("cats"))].into(), [bucket.clone()].into())?,
            Entity::new_no_attrs(bucket, [].into()),
        ],
        None,
    )?;
    let address: IpAddr = "10.1.2.3".parse()?;
    let context = Context::from_pairs([
        ("source_ip".to_owned(), RestrictedExpression::new_ip(address.to_string())),
        ("secure_transport".to_owned(), RestrictedExpression::new_bool(secure)),
    ])?;
    let request = cedar_policy::Request::new(who, uid(r#"Action::"s3:GetObject""#)?, object, context, None)?;
    Ok(Peer { authorizer: Authorizer::new(), entities, request })
}

fn keys(secure: &str) -> Keys {
    Keys::new()
        .with("aws:PrincipalTag/team", "cats")
        .with("aws:PrincipalTag/stage", "production")
        .with("aws:SourceIp", "10.1.2.3")
        .with("aws:SecureTransport", secure)
}

/// The time of one call, of a batch of them.
fn timed(mut run: impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..BATCH {
        run();
    }
    started.elapsed() / BATCH
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

fn main() -> Result<(), Failure> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(31), |count| count.parse())?;
    let principal = Principal::from_arn("arn:aws:sts::111111111111:assumed-role/reader/martha".parse()?)?;
    let (action, resource): (Action, Resource) = ("s3:GetObject".parse()?, "arn:aws:s3:::photos/cats/1.svg".parse()?);
    let (big, big_cedar) = big();
    println!("{:<8}{:>12}{:>12}{:>8}  target", "", "daypass µs", "cedar µs", "ratio");
    let cases = [("small", SMALL, SMALL_CEDAR, 1.0, true), ("big", &big, &big_cedar, 5.0, false)];
    for (name, document, cedar, target, has_denial) in cases {
        let (policies, cedar): (_, PolicySet) =
            ([Policy::parse_within(document, Kind::Identity, 131_072)?], cedar.parse()?);
        let layers = Layers::new(&policies);
        for (secure, allowed) in [("true", true), ("false", !has_denial)] {
            let (keys, peer) = (keys(secure), peer(secure == "true")?);
            let ours = evaluate(&layers, &Request::new(&principal, &action, &resource, &keys)).outcome();
            let theirs = peer.authorizer.is_authorized(&peer.request, &cedar, &peer.entities).decision();
            if (ours == Outcome::Allow, theirs == Decision::Allow) != (allowed, allowed) {
                return Err(format!("{name}: the policies are not equivalent: {ours}, {theirs:?}").into());
            }
        }
        let (keys, peer) = (keys("true"), peer(true)?);
        let request = Request::new(&principal, &action, &resource, &keys);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(timed(|| {
                black_box(evaluate(black_box(&layers), black_box(&request)).outcome());
            }));
            let (authorizer, entities) = (&peer.authorizer, &peer.entities);
            theirs.push(timed(|| {
                black_box(authorizer.is_authorized(black_box(&peer.request), &cedar, entities).decision());
            }));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let met = if ours < target { "met" } else { "not met" };
        println!("{name:<8}{ours:>12.3}{theirs:>12.3}{:>8.1}  below {target} µs: {met}", theirs / ours);
    }
    Ok(())
}
