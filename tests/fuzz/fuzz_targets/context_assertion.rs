//! Drives the target of this name with libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daypass_fuzz::targets::context_assertion::target(data));
