//! AssumeRoleWithSAML and AssumeRoleWithWebIdentity: the proof is in a parameter, nothing is signed.

use std::time::Duration;

use super::Call;
use super::error::{no_provider_of, no_session_name, not_assumed};
use super::minted::{credentials_element, finish, least_token_size};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::identity::ProviderName;
use crate::identity::oidc::UnverifiedIdToken;
use crate::identity::saml::UnverifiedResponse;
use crate::session::{
    AssumeRole, MAX_MANAGED_SESSION_POLICIES, MAX_SESSION_POLICY_LENGTH, PackedSize, RoleSession, RoleSessionName,
    SessionPolicies, Tags,
};
use crate::{Error, VerifiedIdentity};

const ARN_LIMITS: (usize, usize) = (20, 2048);
/// The shortest and the longest session any operation takes, in seconds.
const DURATION_LIMITS: (u32, u32) = (900, 43_200);

/// AssumeRoleWithSAML.
pub(super) async fn assume_role_with_saml(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::repeating();
    let role = constraints.required(query, "RoleArn", ARN_LIMITS);
    let principal = constraints.required(query, "PrincipalArn", ARN_LIMITS);
    let assertion = constraints.required(query, "SAMLAssertion", (4, 100_000));
    let common = Common::read(query, &mut constraints, Some(MAX_SESSION_POLICY_LENGTH))?;
    constraints.finish()?;
    let (role, principal) = (arn(role)?, arn(principal)?);

    let Some(name) = principal.resource().strip_prefix("saml-provider/") else {
        return Err(QueryError::validation(format!("{principal} is not the ARN of a SAML provider")));
    };
    let response = UnverifiedResponse::for_exchange(assertion).map_err(Error::from)?;
    let account = principal.account_id().map_err(|_| QueryError::validation(format!("{principal} is invalid")))?;
    let identity = call.flow.exchange_in(&account, name, response).await?;
    let session_name = session_name(call, &identity)?;
    if principal.account() != role.account() {
        return Err(QueryError::new("AccessDenied", not_authorized("sts:AssumeRoleWithSAML")));
    }
    let session = common.assume(call, &identity, role, session_name, "sts:AssumeRoleWithSAML")?;
    let qualifier = identity_name_qualifier(&identity, &session);
    let user = assumed_role_user(&session);
    let packed = packed_size(&session);
    let credentials = call.flow.mint_with_token_of(session, common.least_token_size)?;
    let mut result = vec![
        credentials_element(&credentials),
        user,
        Element::text("Subject", identity.subject()),
        Element::text("SubjectType", identity.subject_type().unwrap_or("unspecified")),
        Element::text("Issuer", identity.issuer()),
        Element::text("Audience", identity.audience()),
        Element::text("NameQualifier", qualifier),
    ];
    finish(&mut result, &credentials, packed);
    Ok(Answer::new("AssumeRoleWithSAML", result))
}

/// AssumeRoleWithWebIdentity.
pub(super) async fn assume_role_with_web_identity(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::repeating();
    let role = constraints.required(query, "RoleArn", ARN_LIMITS);
    let session_name = constraints.required(query, "RoleSessionName", (2, 64));
    constraints.word("RoleSessionName", Some(session_name), "+=,.@-", "[\\w+=,.@-]*");
    let token = constraints.required(query, "WebIdentityToken", (4, 20_000));
    let common = Common::read(query, &mut constraints, Some(MAX_SESSION_POLICY_LENGTH))?;
    constraints.finish()?;
    if query.value("ProviderId").is_some() {
        return Err(QueryError::validation("ProviderId is for OAuth 2.0 access tokens, which are not accepted here"));
    }
    let role = arn(role)?;
    let session_name: RoleSessionName = session_name.parse()?;

    let token = UnverifiedIdToken::for_exchange(token);
    let identity = call.sts.exchange_token(&call.flow, &role, token).await?;
    // Only who holds a good token learns whether an account is here that has no provider of its own.
    if !call.sts.serves(&role) {
        return Err(no_provider_of(&call.flow, identity.issuer(), &role)?);
    }
    let session = common.assume(call, &identity, role, session_name, "sts:AssumeRoleWithWebIdentity")?;
    let user = assumed_role_user(&session);
    let packed = packed_size(&session);
    let credentials = call.flow.mint_with_token_of(session, common.least_token_size)?;
    let mut result = vec![
        Element::text("SubjectFromWebIdentityToken", identity.subject()),
        user,
        credentials_element(&credentials),
        Element::text("Audience", identity.audience()),
        Element::text("Provider", identity.issuer()),
    ];
    finish(&mut result, &credentials, packed);
    Ok(Answer::new("AssumeRoleWithWebIdentity", result))
}

/// Parameters that every AssumeRole operation takes.
pub(super) struct Common<'a> {
    duration: Option<Duration>,
    policies: Policies<'a>,
    /// How long the session token is to be at least, in bytes.
    pub(super) least_token_size: usize,
}

/// The parameters `Policy` and `PolicyArns`.
pub(super) struct Policies<'a> {
    inline: Option<&'a str>,
    arns: Vec<&'a str>,
}

impl<'a> Policies<'a> {
    /// The parameters of an operation whose model gives `Policy` no more than `longest` characters.
    pub(super) fn read(
        query: &'a Query,
        constraints: &mut Constraints,
        longest: Option<usize>,
    ) -> Result<Self, QueryError> {
        let inline = query.value("Policy");
        constraints.length("Policy", inline, (1, longest.unwrap_or(usize::MAX)));
        let arns = query.fields("PolicyArns", "arn")?;
        constraints.at_most("PolicyArns", &arns, MAX_MANAGED_SESSION_POLICIES);
        for (place, arn) in (1_usize..).zip(arns.iter().take(MAX_MANAGED_SESSION_POLICIES)) {
            constraints.length(&format!("policyArns.{place}.member.arn"), Some(arn), ARN_LIMITS);
        }
        Ok(Self { inline, arns })
    }

    /// What limits the session; nothing of it is passed over, which would leave the session with all that its role may do.
    pub(super) fn parse(&self) -> Result<SessionPolicies, QueryError> {
        let arns = self.arns.iter().copied().map(arn).collect::<Result<_, _>>()?;
        Ok(SessionPolicies::parse(self.inline.map(str::to_owned))?.with_managed(arns)?)
    }
}

impl<'a> Common<'a> {
    /// The parameters of an operation whose model gives `Policy` no more than `longest` characters.
    pub(super) fn read(
        query: &'a Query,
        constraints: &mut Constraints,
        longest: Option<usize>,
    ) -> Result<Self, QueryError> {
        let (least, most) = DURATION_LIMITS;
        let seconds = constraints.seconds(query, "DurationSeconds", least, most);
        let policies = Policies::read(query, constraints, longest)?;
        let least_token_size = least_token_size(query, constraints);
        let duration = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
        Ok(Self { duration, policies, least_token_size })
    }

    /// What is asked for.
    pub(super) fn ask(
        &self,
        call: &Call<'_>,
        role: Arn,
        session_name: RoleSessionName,
        tags: Tags,
    ) -> Result<AssumeRole, QueryError> {
        let ask = AssumeRole::new(role, session_name).limited_to(self.policies.parse()?).with_tags(tags);
        let ask = ask.with_environment(call.environment.clone());
        Ok(match self.duration {
            Some(duration) => ask.lasting(duration),
            None => ask,
        })
    }

    fn assume(
        &self,
        call: &Call<'_>,
        identity: &VerifiedIdentity,
        role: Arn,
        session_name: RoleSessionName,
        action: &'static str,
    ) -> Result<RoleSession, QueryError> {
        let ask = self.ask(call, role, session_name, Tags::default())?;
        call.flow.assume_role(identity, ask).map_err(|error| not_assumed(error, action, not_authorized))
    }
}

/// The session's name, which this operation takes from the assertion alone; a refusal is recorded as every other.
fn session_name(call: &Call<'_>, identity: &VerifiedIdentity) -> Result<RoleSessionName, QueryError> {
    let asked = call.sts.broker.federation_request(identity).map_err(Error::from);
    let (refused, reason) = match asked {
        Ok(asked) => match asked.role_session_name {
            Some(name) => return Ok(name),
            None => {
                let sentence = "RoleSessionName is required in AuthnResponse";
                (QueryError::new("InvalidIdentityToken", sentence), "nothing sets the session's name".to_owned())
            }
        },
        Err(error) => (no_session_name(error.clone()), error.reason()),
    };
    call.flow.refuse("assume role with federation", refused.code(), &reason)?;
    Err(refused)
}

fn not_authorized(action: &str) -> String {
    format!("Not authorized to perform {action}")
}

/// Reads an ARN; the recorded text for anything else is the value and `is invalid`.
pub(super) fn arn(text: &str) -> Result<Arn, QueryError> {
    text.parse().map_err(|_| QueryError::validation(format!("{text} is invalid")))
}

/// The element `AssumedRoleUser`.
pub(super) fn assumed_role_user(session: &RoleSession) -> Element {
    Element::Group(
        "AssumedRoleUser",
        vec![Element::text("AssumedRoleId", session.user_id()), Element::text("Arn", session.arn().as_str())],
    )
}

/// How much of a session's room its policies and tags take, in percent; none where it has neither.
pub(super) fn packed_size(session: &RoleSession) -> Option<usize> {
    Some(session.packed_size()).filter(|packed| !packed.is_empty()).map(PackedSize::percent)
}

fn identity_name_qualifier(identity: &VerifiedIdentity, session: &RoleSession) -> String {
    match (identity.provider(), session.role_arn().account_id()) {
        (ProviderName::Saml(name), Ok(account)) => crate::session::name_qualifier(identity.issuer(), &account, name),
        _ => String::new(),
    }
}
