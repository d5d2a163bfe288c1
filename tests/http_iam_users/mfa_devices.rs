//! Virtual MFA devices as clients of the query protocol meet them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::authenticator::{code, wrong};
use crate::caller::Reply;
use crate::issuer;
use crate::site::{Site, refusal};

const SERIAL: &str = "arn:aws:iam::111111111111:mfa/phone";

fn decoded(reply: &Reply, element: &str) -> Vec<u8> {
    STANDARD.decode(reply.text(element).unwrap()).unwrap()
}

async fn device(site: &Site) -> String {
    let made = site.done("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    assert_eq!(made.text("SerialNumber"), Some(SERIAL));
    String::from_utf8(decoded(&made, "Base32StringSeed")).unwrap()
}

fn pair<'a>(user: &'a str, first: &'a str, second: &'a str) -> [(&'a str, &'a str); 4] {
    [("UserName", user), ("SerialNumber", SERIAL), ("AuthenticationCode1", first), ("AuthenticationCode2", second)]
}

#[tokio::test]
async fn a_device_is_made_enabled_listed_deactivated_and_deleted() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "Ana")]).await;
    let seed = device(&site).await;
    assert_eq!(seed.len(), 64);
    let unassigned = [("AssignmentStatus", "Unassigned")];
    assert_eq!(site.done("ListVirtualMFADevices", &unassigned).await.text("SerialNumber"), Some(SERIAL));
    let now = issuer::now();
    let (first, second) = (code(&seed, now, 0), code(&seed, now, 1));
    site.done("EnableMFADevice", &pair("ana", &first, &second)).await;
    let listed = site.done("ListMFADevices", &[("UserName", "ana")]).await;
    assert_eq!((listed.text("UserName"), listed.text("SerialNumber")), (Some("Ana"), Some(SERIAL)));
    assert_eq!(listed.text("EnableDate"), Some("2026-01-01T00:00:00Z"));
    let read = site.done("GetMFADevice", &[("SerialNumber", SERIAL)]).await;
    assert_eq!((read.text("UserName"), read.text("EnableDate")), (Some("Ana"), Some("2026-01-01T00:00:00Z")));
    assert_eq!(site.done("ListVirtualMFADevices", &unassigned).await.text("SerialNumber"), None);
    let assigned = site.done("ListVirtualMFADevices", &[("AssignmentStatus", "Assigned")]).await;
    assert_eq!(assigned.text("Arn"), Some("arn:aws:iam::111111111111:user/Ana"));
    assert!(!assigned.body.contains("Seed"), "{}", assigned.body);
    let kept = refusal(409, "DeleteConflict", "Cannot delete entity, must deactivate MFA device first.");
    assert_eq!(site.refused("DeleteVirtualMFADevice", &[("SerialNumber", SERIAL)]).await, kept);
    site.done("DeactivateMFADevice", &[("UserName", "ana"), ("SerialNumber", SERIAL)]).await;
    site.done("DeleteVirtualMFADevice", &[("SerialNumber", SERIAL)]).await;
    let gone = refusal(404, "NoSuchEntity", &format!("MFA Device with serial number {SERIAL} does not exist."));
    assert_eq!(site.refused("DeleteVirtualMFADevice", &[("SerialNumber", SERIAL)]).await, gone);
}

#[tokio::test]
async fn wrong_codes_are_refused_and_after_five_of_them_right_ones_too() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let seed = device(&site).await;
    let now = issuer::now();
    let no = wrong(&seed, now);
    let refused = refusal(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.");
    for _ in 0..5 {
        assert_eq!(site.refused("EnableMFADevice", &pair("ana", &no, &no)).await, refused);
    }
    let (first, second) = (code(&seed, now, 0), code(&seed, now, 1));
    assert_eq!(site.refused("EnableMFADevice", &pair("ana", &first, &second)).await, refused);
    site.clock().advance(std::time::Duration::from_secs(60));
    site.done("EnableMFADevice", &pair("ana", &first, &second)).await;
    let (third, fourth) = (code(&seed, now, 2), code(&seed, now, 3));
    site.done("ResyncMFADevice", &pair("ana", &third, &fourth)).await;
    assert_eq!(site.refused("ResyncMFADevice", &pair("ana", &third, &fourth)).await, refused, "used codes");
}

#[tokio::test]
async fn codes_that_are_none_are_refused_before_anything_else_and_not_repeated() {
    let site = Site::start().await;
    let (status, code, message) = site.refused("EnableMFADevice", &pair("ana", "12345x", "1234567")).await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(message.contains("[\\d]+") && message.contains("length less than or equal to 6"), "{message}");
    assert!(!message.contains("12345"), "a code with a slip in it is most of a code: {message}");
}

#[tokio::test]
async fn the_picture_is_a_png_whose_pixels_are_a_code() {
    let site = Site::start().await;
    let made = site.done("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    let image = decoded(&made, "QRCodePNG");
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    let side = usize::try_from(u32::from_be_bytes(image[16..20].try_into().unwrap())).unwrap();
    let at = image.windows(4).position(|name| name == b"IDAT").unwrap();
    let length = usize::try_from(u32::from_be_bytes(image[at - 4..at].try_into().unwrap())).unwrap();
    let mut pixels = Vec::new();
    let mut inflated = flate2::read::ZlibDecoder::new(&image[at + 4..at + 4 + length]);
    std::io::Read::read_to_end(&mut inflated, &mut pixels).unwrap();
    assert_eq!(pixels.len(), side * (side + 1));
    // The finder pattern in the upper left corner: seven dark modules of four pixels, behind four light ones.
    let row = &pixels[16 * (side + 1) + 1..17 * (side + 1)];
    assert!(row[..16].iter().all(|pixel| *pixel == 255) && row[16..44].iter().all(|pixel| *pixel == 0));
    assert_eq!(row[44], 255);
}

#[tokio::test]
async fn devices_have_tags() {
    let site = Site::start().await;
    device(&site).await;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    site.done("TagMFADevice", &[&[("SerialNumber", SERIAL)], &tag[..]].concat()).await;
    let listed = site.done("ListMFADeviceTags", &[("SerialNumber", SERIAL)]).await;
    assert_eq!((listed.text("Key"), listed.text("Value")), (Some("team"), Some("cats")));
    site.done("UntagMFADevice", &[("SerialNumber", SERIAL), ("TagKeys.member.1", "team")]).await;
    assert_eq!(site.done("ListMFADeviceTags", &[("SerialNumber", SERIAL)]).await.text("Key"), None);
}
