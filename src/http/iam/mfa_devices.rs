//! Virtual MFA devices.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::call::{Call, Operation, refused};
use super::input::{self, LONG_NAME, SHORT_NAME};
use super::paging::Page;
use super::subject::Subject;
use super::target::{Named, Target};
use super::{qr_code, shapes, tags, users};
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::iam::{Account, Entity, EntityName, EntityPath, IamError, KeyOwner, MfaDevice};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateVirtualMFADevice" => create_virtual_mfa_device,
        "EnableMFADevice" => enable_mfa_device,
        "ResyncMFADevice" => resync_mfa_device,
        "DeactivateMFADevice" => deactivate_mfa_device,
        "DeleteVirtualMFADevice" => delete_virtual_mfa_device,
        "ListMFADevices" => list_mfa_devices,
        "ListVirtualMFADevices" => list_virtual_mfa_devices,
        "GetMFADevice" => get_mfa_device,
        _ => return None,
    })
}

fn create_virtual_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let name = input::name(call.query, "VirtualMFADeviceName", LONG_NAME, &mut constraints);
    let path = input::path(call.query, &mut constraints);
    constraints.finish()?;
    let (tags, keys) = tags::requested(call.query)?;
    let arn = call.arn(&format!("mfa{path}{name}"));
    call.authorize("iam:CreateVirtualMFADevice", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagMFADevice", arn.as_str(), &keys)?;
    }
    let (path, named): (EntityPath, EntityName) = (path.parse().map_err(refused)?, name.parse().map_err(refused)?);
    let (serial, seed) = call.update(|account, limits| {
        let (serial, seed) = account.create_virtual_mfa_device(limits, &named, path)?;
        account.tag_mfa_device(limits, serial.as_str(), tags.clone())?;
        Ok((serial, seed))
    })?;
    // What an authenticator application reads from a screen. All of it is of characters that a URI takes as they are.
    let account = call.account.as_str();
    let uri = ["otpauth://totp/", name, "@", account, "?secret=", seed.expose(), "&issuer=daypass"];
    let uri = Zeroizing::new(uri.concat());
    let mut elements = vec![
        Element::text("SerialNumber", serial.as_str()),
        Element::secret("Base32StringSeed", STANDARD.encode(seed.expose())),
    ];
    elements.extend(qr_code::png(&uri).map(|image| Element::secret("QRCodePNG", STANDARD.encode(&*image))));
    if !tags.is_empty() {
        elements.push(shapes::tags(&tags));
    }
    Ok(Answer::new("CreateVirtualMFADevice", vec![Element::Group("VirtualMFADevice", elements)]))
}

fn enable_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let (serial, codes) = (serial_number(call.query, &mut constraints), codes(call.query, &mut constraints));
    let subject = Subject::named(call, constraints)?;
    subject.authorize(call, "iam:EnableMFADevice", &Keys::new())?;
    let now = call.now();
    subject.update(call, |account, limits| account.enable_mfa_device(limits, &subject.owner, serial, codes, now))?;
    Ok(Answer::done("EnableMFADevice"))
}

fn resync_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let (serial, codes) = (serial_number(call.query, &mut constraints), codes(call.query, &mut constraints));
    let subject = Subject::named(call, constraints)?;
    subject.authorize(call, "iam:ResyncMFADevice", &Keys::new())?;
    let account = call.own_account()?;
    subject.unchanged(&account)?;
    account.resync_mfa_device(&subject.owner, serial, codes, call.now()).map_err(refused)?;
    Ok(Answer::done("ResyncMFADevice"))
}

fn deactivate_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let serial = serial_number(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, "iam:DeactivateMFADevice", &Keys::new())?;
    subject.update(call, |account, _| account.deactivate_mfa_device(&subject.owner, serial))?;
    Ok(Answer::done("DeactivateMFADevice"))
}

fn delete_virtual_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (serial, target) = device(call, "iam:DeleteVirtualMFADevice", Constraints::default(), &Keys::new())?;
    target.update(call, |account, _| account.delete_virtual_mfa_device(serial))?;
    Ok(Answer::done("DeleteVirtualMFADevice"))
}

fn list_mfa_devices(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, "iam:ListMFADevices", &Keys::new())?;
    let account = call.own_account()?;
    let (devices, told) = page.of(account.mfa_devices_of(&subject.owner), |device| device.name.folded())?;
    let mut result = vec![Element::list("MFADevices", devices.into_iter().map(|device| enabled(&account, device)))];
    result.extend(told);
    Ok(Answer::new("ListMFADevices", result))
}

fn list_virtual_mfa_devices(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let status = constraints.one_of(call.query, "AssignmentStatus", &["Assigned", "Unassigned", "Any"]);
    constraints.finish()?;
    call.authorize("iam:ListVirtualMFADevices", call.arn("mfa/*").as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let devices = account.mfa_devices.iter().filter(|device| match status {
        Some("Assigned") => device.assignment.is_some(),
        Some("Unassigned") => device.assignment.is_none(),
        _ => true,
    });
    let (devices, told) = page.of(devices, |device| device.name.folded())?;
    let listed = devices.into_iter().map(|device| listed(&account, device));
    let mut result = vec![Element::list("VirtualMFADevices", listed)];
    result.extend(told);
    Ok(Answer::new("ListVirtualMFADevices", result))
}

fn get_mfa_device(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let asked = input::optional_name(call.query, "UserName", SHORT_NAME, &mut constraints);
    let (serial, target) = device(call, "iam:GetMFADevice", constraints, &Keys::new())?;
    let account = target.account();
    let device = account.mfa_device(serial).map_err(refused)?;
    let owner = device.assignment.as_ref().map(|assignment| &assignment.owner);
    if asked.is_some_and(|asked| owner != Some(&KeyOwner::user(asked))) {
        return Err(refused(IamError::missing(Entity::MfaDevice, serial)));
    }
    Ok(Answer::new("GetMFADevice", enabled(account, device)))
}

/// The device that the call names and its serial number, once the caller may do `action` to it, and there is one.
fn device<'a>(
    call: &'a Call<'_>,
    action: &str,
    mut constraints: Constraints,
    further: &Keys,
) -> Result<(&'a str, Target), QueryError> {
    let serial = serial_number(call.query, &mut constraints);
    constraints.finish()?;
    let target = Target::allowed(call, Named::MfaDevice(serial.to_owned()), action, further)?;
    target.existing()?;
    Ok((serial, target))
}

fn enabled(account: &Account, device: &MfaDevice) -> Vec<Element> {
    let mut elements = Vec::new();
    if let Some(KeyOwner::User(name)) = device.assignment.as_ref().map(|assignment| &assignment.owner) {
        let name = account.users.find(name).map(|user| user.name.as_str()).unwrap_or_default();
        elements.push(Element::text("UserName", name));
    }
    elements.push(Element::text("SerialNumber", device.serial_number.as_str()));
    elements.extend(device.assignment.as_ref().map(|a| Element::Instant("EnableDate", a.enabled)));
    elements
}

fn listed(account: &Account, device: &MfaDevice) -> Vec<Element> {
    let mut elements = vec![Element::text("SerialNumber", device.serial_number.as_str())];
    if let Some(assignment) = &device.assignment {
        let user = match &assignment.owner {
            KeyOwner::User(name) => account.users.find(name).map(|found| users::user(found)),
            KeyOwner::Root => Some(users::root(account)),
        };
        elements.extend(user.map(|elements| Element::Group("User", elements)));
        elements.push(Element::Instant("EnableDate", assignment.enabled));
    }
    elements
}

pub(super) fn serial_number<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    let serial = constraints.required(query, "SerialNumber", (9, 256));
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=/:,.@-".contains(character);
    if !serial.chars().all(allowed) {
        constraints.pattern("SerialNumber", Some(serial), "[\\w+=/:,.@-]+");
    }
    serial
}

fn codes<'a>(query: &'a Query, constraints: &mut Constraints) -> [&'a str; 2] {
    ["AuthenticationCode1", "AuthenticationCode2"].map(|name| {
        let code = constraints.required(query, name, (6, 6));
        if !code.bytes().all(|byte| byte.is_ascii_digit()) {
            constraints.pattern(name, Some(code), "[\\d]+");
        }
        code
    })
}
