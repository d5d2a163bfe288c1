//! Text patterns with `*`, `?` and variables, and their component-wise form for ARNs.
//!
//! A pattern is cut at its `*`s when the document is parsed. Each piece is then looked for once, from left to right,
//! and never tried again: that is enough for `*`, and keeps the time linear in the text whatever the pattern. A regular
//! expression or a backtracking matcher would let one statement such as `*a*a*a*a*b` hold up every decision. A piece whose
//! beginning stands in many places of the text goes to [`search`], for which that makes no difference.

use super::keys::{KeyName, Keys};
use super::search::{self, Symbol};
use super::steps;
use super::variable::{self, Placeholder, Variable};

/// Which characters of a document's text are not themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    /// `*` and `?` stand for any text and any character.
    pub(super) wildcards: bool,
    /// `${` starts a variable: policies of version 2012-10-17 only.
    pub(super) variables: bool,
}

impl Syntax {
    pub(super) fn without_wildcards(self) -> Self {
        Self { wildcards: false, ..self }
    }
}

/// Text with places that anything, or the value of a key, may fill.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// What stands between the `*`s: one piece when there is none.
    pieces: Box<[Box<[Token]>]>,
}

#[derive(Clone, Debug)]
enum Token {
    Text(Box<str>),
    One,
    Variable(Variable),
}

impl Token {
    /// The text it stands for in this request; none for a wildcard or a variable without a value.
    fn value<'a>(&'a self, keys: &'a Keys) -> Option<&'a str> {
        match self {
            Self::Text(plain) => Some(plain),
            Self::Variable(variable) => variable.value(keys),
            Self::One => None,
        }
    }
}

impl Pattern {
    /// Reads a pattern; the error says what it must be.
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, &'static str> {
        let mut pieces = Vec::new();
        let mut piece = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        loop {
            if let Some(inside) = rest.strip_prefix("${").filter(|_| syntax.variables) {
                let (placeholder, after) = variable::parse(inside)?;
                rest = after;
                match placeholder {
                    Placeholder::Literal(character) => plain.push(character),
                    Placeholder::Variable(variable) => {
                        flush(&mut plain, &mut piece);
                        piece.push(Token::Variable(variable));
                    }
                }
                continue;
            }
            let mut characters = rest.chars();
            let Some(character) = characters.next() else { break };
            rest = characters.as_str();
            match character {
                '*' if syntax.wildcards => {
                    flush(&mut plain, &mut piece);
                    pieces.push(std::mem::take(&mut piece).into_boxed_slice());
                }
                '?' if syntax.wildcards => {
                    flush(&mut plain, &mut piece);
                    piece.push(Token::One);
                }
                other => plain.push(other),
            }
        }
        flush(&mut plain, &mut piece);
        pieces.push(piece.into_boxed_slice());
        Ok(Self { pieces: pieces.into_boxed_slice() })
    }

    /// Whether all of `text` fits; a variable without a value fits nothing.
    pub(super) fn matches(&self, text: &str, keys: &Keys) -> bool {
        match &*self.pieces {
            [] => text.is_empty(),
            [only] => after_prefix(only, text, keys) == Some(""),
            [first, middle @ .., last] => after_prefix(first, text, keys)
                .and_then(|rest| before_suffix(last, rest, keys))
                .and_then(|rest| middle.iter().try_fold(rest, |rest, piece| after_first(piece, rest, keys)))
                .is_some(),
        }
    }

    /// Whether a pattern without wildcards is `text` in any case.
    pub(super) fn equals_ignoring_case(&self, text: &str, keys: &Keys) -> bool {
        let values = || self.tokens().map(|token| token.value(keys));
        if values().any(|value| value.is_none()) {
            return false;
        }
        let whole = values().flatten().flat_map(str::chars);
        whole.flat_map(char::to_lowercase).eq(text.chars().flat_map(char::to_lowercase))
    }

    /// The text this pattern is, if it has no wildcards and no variables.
    pub(super) fn literal(&self) -> Option<&str> {
        match &*self.pieces {
            [piece] => match &**piece {
                [] => Some(""),
                [Token::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether this pattern is made of `*` alone.
    pub(super) fn is_anything(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(|piece| piece.is_empty())
    }

    /// Whether it takes whatever stands under `key`: it is made of wildcards, or of that key's own variable.
    pub(super) fn is_open(&self, key: &KeyName) -> bool {
        let takes_any = |token: &Token| match token {
            Token::Text(_) => false,
            Token::One => true,
            Token::Variable(variable) => variable.key() == key,
        };
        let is_empty = self.pieces.len() == 1 && self.tokens().next().is_none();
        !is_empty && self.tokens().all(takes_any)
    }

    /// Whether every variable has a value.
    pub(super) fn is_settled(&self, keys: &Keys) -> bool {
        self.tokens().all(|token| match token {
            Token::Variable(variable) => variable.value(keys).is_some(),
            Token::Text(_) | Token::One => true,
        })
    }

    /// The condition keys that fill in this pattern's variables.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyName> {
        self.variables().map(Variable::key)
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.tokens().filter_map(|token| match token {
            Token::Variable(variable) => Some(variable),
            Token::Text(_) | Token::One => None,
        })
    }

    fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }
}

fn flush(plain: &mut String, piece: &mut Vec<Token>) {
    if !plain.is_empty() {
        piece.push(Token::Text(std::mem::take(plain).into_boxed_str()));
    }
}

/// What follows `piece` in a text that starts with it.
fn after_prefix<'t>(piece: &[Token], text: &'t str, keys: &Keys) -> Option<&'t str> {
    piece.iter().try_fold(text, |rest, token| match token {
        Token::Text(_) | Token::Variable(_) => {
            let plain = token.value(keys)?;
            steps::take(plain.len().min(rest.len()).saturating_add(1));
            rest.strip_prefix(plain)
        }
        Token::One => {
            steps::take(1);
            let mut characters = rest.chars();
            characters.next().map(|_| characters.as_str())
        }
    })
}

/// What precedes `piece` in a text that ends with it.
fn before_suffix<'t>(piece: &[Token], text: &'t str, keys: &Keys) -> Option<&'t str> {
    piece.iter().rev().try_fold(text, |rest, token| match token {
        Token::Text(_) | Token::Variable(_) => {
            let plain = token.value(keys)?;
            steps::take(plain.len().min(rest.len()).saturating_add(1));
            rest.strip_suffix(plain)
        }
        Token::One => {
            steps::take(1);
            let mut characters = rest.chars();
            characters.next_back().map(|_| characters.as_str())
        }
    })
}

/// What follows the first place where `piece` stands in a text.
fn after_first<'t>(piece: &[Token], text: &'t str, keys: &Keys) -> Option<&'t str> {
    /// Places that are tried one by one, which asks for no memory; honest patterns need one or two.
    const TRIED: usize = 16;
    let mut rest = text;
    for _ in 0..TRIED {
        let first = piece.first().and_then(|token| token.value(keys));
        if let Some(plain) = first {
            let at = rest.find(plain);
            steps::take(at.unwrap_or(rest.len()).saturating_add(plain.len()));
            rest = at.and_then(|at| rest.get(at..))?;
        }
        if let Some(after) = after_prefix(piece, rest, keys) {
            return Some(after);
        }
        let mut characters = rest.chars();
        characters.next()?;
        rest = characters.as_str();
    }
    let mut run = Vec::new();
    for token in piece {
        match token {
            Token::One => run.push(Symbol::One),
            Token::Text(_) | Token::Variable(_) => run.extend(token.value(keys)?.chars().map(Symbol::Character)),
        }
    }
    search::after(&run, rest)
}

/// An ARN with wildcards: its parts are compared one by one, so that no `*` reaches over a colon between two of them.
#[derive(Clone, Debug)]
pub(super) struct ArnPattern {
    /// Up to six; the parts that are left out are anything.
    parts: Box<[Pattern]>,
}

impl ArnPattern {
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, &'static str> {
        let parts = split_parts(text, syntax).into_iter().map(|part| Pattern::parse(part, syntax));
        Ok(Self { parts: parts.collect::<Result<_, _>>()? })
    }

    pub(super) fn parts(&self) -> &[Pattern] {
        &self.parts
    }

    pub(super) fn matches(&self, parts: [&str; 6], keys: &Keys) -> bool {
        self.parts.iter().zip(parts).all(|(pattern, part)| pattern.matches(part, keys))
    }
}

/// Cuts an ARN into its six parts.
pub(super) fn arn_parts(text: &str) -> Option<[&str; 6]> {
    let mut parts = [""; 6];
    let mut rest = text.splitn(6, ':');
    for part in &mut parts {
        *part = rest.next()?;
    }
    Some(parts)
}

/// Cuts a pattern at its first five colons, not counting those of condition keys in variables.
pub(super) fn split_parts(text: &str, syntax: Syntax) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let mut start = 0;
    let mut inside = false;
    for (at, character) in text.char_indices() {
        match character {
            '{' if syntax.variables && text.get(..at).is_some_and(|before| before.ends_with('$')) => inside = true,
            '}' => inside = false,
            ':' if !inside && parts.len() < 5 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNTAX: Syntax = Syntax { wildcards: true, variables: true };

    /// The most comparisons that matching may take: all of the text once for each 64 symbols of a piece, and a few of the
    /// places where a piece might stand.
    fn bound(pattern: &str, value: &str, text: &str) -> usize {
        let variables = pattern.matches("${").count();
        let symbols = pattern.len() + variables * value.len();
        40 * symbols + 4 * text.len() + text.len() * symbols.div_ceil(64)
    }

    /// Attack: patterns and texts that make a matcher try again and again. The second would take a backtracking one more
    /// steps than there are atoms, and one that tries every place anew a thousand for each character.
    #[test]
    fn no_pattern_makes_matching_slow() {
        for size in [100, 1_000, 2_000, 8_000] {
            let (long, keys) = ("a".repeat(size), Keys::new().with("aws:x", "a".repeat(size / 4)));
            let half = size / 2;
            for pattern in [
                "*".repeat(half) + "b",
                "*a".repeat(half) + "*b",
                "*?".repeat(half) + "b",
                "*a?".repeat(size / 3) + "*b",
                format!("*{}b*", "a?".repeat(half)),
                format!("*{}b*", "?a".repeat(half)),
                format!("*{}b*", "a".repeat(half)),
                format!("*a?{}b*", "a".repeat(half)),
                "*${aws:x}b*".to_owned(),
                "*${aws:x}?${aws:x}b*".to_owned(),
                format!("*{}*", "?${aws:x}b*".repeat(3)),
                format!("{}*b", "?".repeat(half)),
                format!("*{}{}", "a?".repeat(half / 2), "b"),
            ] {
                let compiled = Pattern::parse(&pattern, SYNTAX).unwrap();
                let (matched, steps) = steps::of(|| compiled.matches(&long, &keys));
                let most = bound(&pattern, &"a".repeat(size / 4), &long);
                assert!(!matched && steps <= most, "{} takes {steps} of {most}", pattern.get(..20).unwrap_or(&pattern));
            }
        }
    }

    #[test]
    fn no_arn_makes_matching_part_by_part_slow() {
        let (long, none) = ("a".repeat(340), Keys::new());
        let pattern = ["*a*a?*b"; 6].join(":");
        let arn = ArnPattern::parse(&pattern, SYNTAX).unwrap();
        let (matched, steps) = steps::of(|| arn.matches([&long; 6], &none));
        // A part that does not match ends it.
        assert!(!matched && steps <= bound("*a*a?*b", "", &long), "{steps}");
        let pattern = ["*a*a?*a"; 6].join(":");
        let arn = ArnPattern::parse(&pattern, SYNTAX).unwrap();
        let (matched, steps) = steps::of(|| arn.matches([&long; 6], &none));
        assert!(matched && steps <= 6 * bound("*a*a?*a", "", &long), "{steps}");
    }

    #[test]
    fn a_piece_that_begins_in_many_places_is_found_where_it_stands() {
        let text = format!("{}b-tail", "a".repeat(200));
        for (pattern, expected) in [
            ("*aaab*", true),
            ("*a?ab*", true),
            ("*a${aws:x}b*", true),
            ("*a?ac*", false),
            ("*a${aws:x}?-*", true),
            ("*aa${aws:y}b*", false),
        ] {
            let compiled = Pattern::parse(pattern, SYNTAX).unwrap();
            assert_eq!(compiled.matches(&text, &Keys::new().with("aws:x", "aa")), expected, "{pattern}");
        }
    }
}
