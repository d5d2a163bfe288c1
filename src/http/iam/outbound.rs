//! Whether the account tells outside services who calls (GetWebIdentityToken).

use super::call::{Call, Operation, refused};
use crate::http::query::{Answer, Element, QueryError};
use crate::iam::{Account, IamError};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "EnableOutboundWebIdentityFederation" => enable,
        "DisableOutboundWebIdentityFederation" => disable,
        "GetOutboundWebIdentityFederationInfo" => get_info,
        _ => return None,
    })
}

fn enable(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:EnableOutboundWebIdentityFederation", "*", &Keys::new())?;
    let issuer = issuer(call)?;
    call.update(|account, _| Account::enable_outbound_web_identity(account))?;
    Ok(Answer::new("EnableOutboundWebIdentityFederation", vec![Element::text("IssuerIdentifier", issuer)]))
}

fn disable(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:DisableOutboundWebIdentityFederation", "*", &Keys::new())?;
    call.update(|account, _| Account::disable_outbound_web_identity(account))?;
    Ok(Answer::done("DisableOutboundWebIdentityFederation"))
}

fn get_info(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:GetOutboundWebIdentityFederationInfo", "*", &Keys::new())?;
    let accounts = call.accounts();
    let enabled = accounts.find(&call.account).is_some_and(|account| account.outbound_web_identity);
    if !enabled {
        return Err(refused(IamError::FeatureDisabled));
    }
    let result = vec![Element::text("IssuerIdentifier", issuer(call)?), Element::Flag("JwtVendingEnabled", true)];
    Ok(Answer::new("GetOutboundWebIdentityFederationInfo", result))
}

/// The issuer that the account is; a broker without keys for it cannot make it one.
fn issuer(call: &Call<'_>) -> Result<String, QueryError> {
    let issuer = call.iam.broker.web_identity().map(|issuer| issuer.issuer_of(&call.account));
    issuer.ok_or_else(|| refused(IamError::FeatureDisabled))
}
