//! What the bucket holds when the demonstration begins.

const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../../../assets/photos/", $name))
    };
}

/// Key, media type and content of every object.
pub(super) const OBJECTS: &[(&str, &str, &str)] = &[
    ("README.txt", "text/plain; charset=utf-8", asset!("README.txt")),
    ("photos/box.svg", SVG, asset!("box.svg")),
    ("photos/loaf.svg", SVG, asset!("loaf.svg")),
    ("photos/nap.svg", SVG, asset!("nap.svg")),
    ("photos/night.svg", SVG, asset!("night.svg")),
    ("photos/stretch.svg", SVG, asset!("stretch.svg")),
    ("photos/window.svg", SVG, asset!("window.svg")),
    ("photos/yarn.svg", SVG, asset!("yarn.svg")),
];
