//! The first place in a text where a run of characters and `?`s stands, in time that no run can blow up.
//!
//! Shift-And (Baeza-Yates and Gonnet, CACM 35/10, 1992): one bit for each symbol of the run tells whether the text read so
//! far ends with the run up to there, and one step of a machine word advances 64 of them. A text of n characters takes n
//! steps for each 64 symbols, where trying every place anew takes n for each symbol.

use std::collections::HashMap;

use super::steps;

const BITS: usize = 64;

/// One place of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Character(char),
    /// Any character.
    One,
}

/// Where a character stands in a run.
enum Places {
    /// So seldom that listing its places takes less room than a mask.
    Few(Vec<usize>),
    Many(Vec<u64>),
}

/// What follows the first place where `run` stands in `text`.
pub(super) fn after<'t>(run: &[Symbol], text: &'t str) -> Option<&'t str> {
    if run.is_empty() {
        return Some(text);
    }
    let words = run.len().div_ceil(BITS);
    let mut any = vec![0; words];
    let mut listed: HashMap<char, Vec<usize>> = HashMap::new();
    for (place, symbol) in run.iter().enumerate() {
        match symbol {
            Symbol::One => set(&mut any, place),
            Symbol::Character(character) => listed.entry(*character).or_default().push(place),
        }
    }
    let places = listed.into_iter().map(|(character, places)| {
        let few = places.len() <= words;
        (character, if few { Places::Few(places) } else { Places::Many(mask(&places, words)) })
    });
    let places: HashMap<char, Places> = places.collect();
    let (mut state, mut fitting) = (vec![0_u64; words], vec![0_u64; words]);
    let last = mask(&[run.len().saturating_sub(1)], words);
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        fitting.copy_from_slice(&any);
        match places.get(&character) {
            None => {}
            Some(Places::Few(places)) => places.iter().for_each(|place| set(&mut fitting, *place)),
            Some(Places::Many(mask)) => fitting.iter_mut().zip(mask).for_each(|(word, own)| *word |= own),
        }
        let mut carried = 1;
        for (word, fitting) in state.iter_mut().zip(&fitting) {
            steps::take(1);
            let out = *word >> (BITS - 1);
            *word = ((*word << 1) | carried) & fitting;
            carried = out;
        }
        if state.iter().zip(&last).any(|(word, last)| word & last != 0) {
            return Some(rest.as_str());
        }
    }
    None
}

fn mask(places: &[usize], words: usize) -> Vec<u64> {
    let mut mask = vec![0; words];
    places.iter().for_each(|place| set(&mut mask, *place));
    mask
}

fn set(mask: &mut [u64], place: usize) {
    if let Some(word) = mask.get_mut(place / BITS) {
        *word |= 1 << (place % BITS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_trying_every_place_finds(run in "[ab?é]{0,150}", text in "[abé]{0,300}", repeated in 0..4_usize) {
            let run: Vec<Symbol> = run
                .chars()
                .map(|own| if own == '?' { Symbol::One } else { Symbol::Character(own) })
                .take(if repeated == 0 { 200 } else { repeated })
                .collect();
            let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let stands = |at: usize| {
                let rest = text.get(at..).unwrap();
                let fits = rest.chars().count() >= run.len()
                    && rest.chars().zip(&run).all(|(own, symbol)| *symbol == Symbol::One || *symbol == Symbol::Character(own));
                fits.then(|| rest.char_indices().nth(run.len()).map_or("", |(end, _)| rest.get(end..).unwrap()))
            };
            let first = places.into_iter().find_map(stands);
            prop_assert_eq!(after(&run, &text), first);
        }
    }
}
