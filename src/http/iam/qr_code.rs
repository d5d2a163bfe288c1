//! A text as a picture that a camera reads: a QR code (ISO/IEC 18004) in a PNG (ISO/IEC 15948).

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use qrcodegen::{QrCode, QrCodeEcc};

/// Pixels of a module's side.
const SCALE: usize = 4;
/// Light modules around the code (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// The picture of `text`; none for one that is too long for a code.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let places = || -QUIET..code.size().saturating_add(QUIET);
    let mut rows = Vec::new();
    for y in places() {
        let light = places().map(|x| if code.get_module(x, y) { 0 } else { u8::MAX });
        let pixels = light.flat_map(|pixel| [pixel; SCALE]);
        // Before each row stands its filter: none.
        let row: Vec<u8> = std::iter::once(0).chain(pixels).collect();
        rows.extend(std::iter::repeat_n(row, SCALE).flatten());
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&rows).ok()?;
    let side = u32::try_from(places().count().saturating_mul(SCALE)).ok()?.to_be_bytes();
    // Eight bits of grey to a pixel, deflated, filtered, not interlaced.
    let header = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut image, b"IHDR", &header)?;
    chunk(&mut image, b"IDAT", &encoder.finish().ok()?)?;
    chunk(&mut image, b"IEND", &[])?;
    Some(image)
}

fn chunk(image: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Option<()> {
    image.extend(u32::try_from(data.len()).ok()?.to_be_bytes());
    let mut sum = Crc::new();
    for part in [name, data] {
        sum.update(part);
        image.extend(part);
    }
    image.extend(sum.sum().to_be_bytes());
    Some(())
}
