//! A text as a picture that a camera reads: a QR code (ISO/IEC 18004) in a PNG (ISO/IEC 15948).

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::Zeroizing;

/// Pixels of a module's side.
const SCALE: usize = 4;
/// Light modules around the code (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;
/// Bytes of a picture beside the deflated rows: its mark, three chunks around their data, and the header.
const AROUND: usize = 8 + 3 * 12 + 13;

/// The picture of `text`; none for one that is too long for a code. What it is made of is wiped, as far as it is ours: the
/// modules of the code and the window of the compression are their makers'.
pub(super) fn png(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let places = || -QUIET..code.size().saturating_add(QUIET);
    let side = places().count().saturating_mul(SCALE);
    let mut rows = Zeroizing::new(Vec::with_capacity(side.saturating_mul(side.saturating_add(1))));
    for y in places() {
        let light = places().map(|x| if code.get_module(x, y) { 0 } else { u8::MAX });
        let pixels = light.flat_map(|pixel| [pixel; SCALE]);
        // Before each row stands its filter: none.
        let mut row = Zeroizing::new(Vec::with_capacity(side.saturating_add(1)));
        row.push(0);
        row.extend(pixels);
        (0..SCALE).for_each(|_| rows.extend_from_slice(&row));
    }
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(rows.len()), Compression::default());
    encoder.write_all(&rows).ok()?;
    let deflated = Zeroizing::new(encoder.finish().ok()?);
    let side = u32::try_from(side).ok()?.to_be_bytes();
    // Eight bits of grey to a pixel, deflated, filtered, not interlaced.
    let header = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();
    let mut image = Zeroizing::new(Vec::with_capacity(deflated.len().saturating_add(AROUND)));
    image.extend_from_slice(b"\x89PNG\r\n\x1a\n");
    chunk(&mut image, b"IHDR", &header)?;
    chunk(&mut image, b"IDAT", &deflated)?;
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
