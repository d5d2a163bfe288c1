//! Every seed, and every input that once made a target fail, through the targets again.

use std::path::Path;

use daypass_fuzz::targets;

#[test]
fn seeds_and_regressions_show_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, target) in targets::ALL {
        let mut replayed = 0;
        for folder in ["seeds", "regressions"] {
            let Ok(entries) = root.join(folder).join(name).read_dir() else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                let input = std::fs::read(&path).unwrap();
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{}", path.display());
                replayed += 1;
            }
        }
        assert!(replayed > 0, "{name} has no seed");
        println!("{name}: {replayed} inputs");
    }
}
