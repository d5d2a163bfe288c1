//! The identity provider must not depend on the library that verifies it: a bug they shared would pass every test.
#![cfg(test)]

use std::process::Command;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_library_half_does_not_depend_on_daypass() {
    let arguments = ["tree", "-p", "demo-idp", "--no-default-features", "-e", "normal", "--prefix", "none", "--locked"];
    let tree = cargo(&arguments);
    assert!(tree.starts_with("demo-idp "), "{tree}");
    let dependency = tree.lines().find(|line| line.split(' ').next() == Some("daypass"));
    assert_eq!(dependency, None);
}

#[test]
fn the_library_half_builds_by_itself() {
    cargo(&["check", "-p", "demo-idp", "--no-default-features", "--lib", "--locked", "--quiet"]);
}
