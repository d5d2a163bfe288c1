//! What several commands are given: policy documents in files, levels of an organisation, condition keys.

use std::path::{Path, PathBuf};

use daypass::policy::{Keys, Kind, Level, MAX_DOCUMENT_CHARACTERS, Policy, PolicyError};

use crate::error::{CliError, InputError};
use crate::input::Source;

/// The condition keys of `--context` and `--context-list`. Of two values for a key that has one, neither may count unsaid.
pub(crate) fn keys(context: &[String], context_list: &[String]) -> Result<Keys, InputError> {
    let mut keys = Keys::new();
    for pair in context {
        let (name, value) = split("--context", pair)?;
        if keys.values(name).next().is_some() {
            let problem = "given more than once; every value of a multivalued key goes into --context-list";
            return Err(InputError::new("--context", format!("{name:?}: {problem}")));
        }
        keys.set(name, value);
    }
    for pair in context_list {
        let (name, _) = split("--context-list", pair)?;
        if context.iter().any(|single| is_of(single, name)) {
            return Err(InputError::new("--context-list", format!("{name:?}: given with --context too")));
        }
        let same = context_list.iter().filter(|other| is_of(other, name));
        let values = same.filter_map(|other| other.split_once('='));
        keys.set_list(name, values.map(|(_, value)| value));
    }
    Ok(keys)
}

/// Whether a pair sets this key, whose name is compared without case, as policies do.
fn is_of(pair: &str, name: &str) -> bool {
    pair.split_once('=').is_some_and(|(own, _)| own.to_lowercase() == name.to_lowercase())
}

pub(crate) fn split<'a>(flag: &str, pair: &'a str) -> Result<(&'a str, &'a str), InputError> {
    let parts = pair.split_once('=').filter(|(name, _)| !name.is_empty());
    parts.ok_or_else(|| InputError::new(flag, format!("{pair:?}: expected NAME=VALUE")))
}

pub(crate) fn policies(paths: &[PathBuf], kind: Kind) -> Result<Vec<Policy>, CliError> {
    paths.iter().map(|path| policy(path, kind)).collect()
}

/// The levels in the order in which they are first named, each with its policies.
pub(crate) fn levels(flag: &str, attached: &[String], kind: Kind) -> Result<Vec<Level>, CliError> {
    let mut levels: Vec<(&str, Vec<Policy>)> = Vec::new();
    for pair in attached {
        let (level, path) = split(flag, pair)?;
        let policy = policy(Path::new(path), kind)?;
        match levels.iter_mut().find(|(name, _)| *name == level) {
            Some((_, policies)) => policies.push(policy),
            None => levels.push((level, vec![policy])),
        }
    }
    Ok(levels.into_iter().map(|(name, policies)| Level::new(name, policies)).collect())
}

/// The document of a file, under its name.
pub(crate) fn policy(path: &Path, kind: Kind) -> Result<Policy, CliError> {
    let file = path.display().to_string();
    let text = Source::new(Some(path.to_path_buf())).text()?;
    let read = Policy::parse_within(&text, kind, MAX_DOCUMENT_CHARACTERS).map_err(|error| {
        let place = error.position().map(|at| format!("{file}:{}:{}", at.line, at.column));
        InputError::new(place.unwrap_or_else(|| file.clone()), without_position(&error))
    });
    Ok(read?.named(&file))
}

/// The reason without the place before it, which is told in the way of compilers.
pub(crate) fn without_position(error: &PolicyError) -> String {
    let reason = error.reason();
    let at = error.position().map(|at| format!("{at}: ")).unwrap_or_default();
    reason.strip_prefix(&at).unwrap_or(&reason).to_owned()
}
