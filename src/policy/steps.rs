//! Counts the comparisons of the matchers, for the tests that hold them to a bound; nothing is counted otherwise.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Tells of comparisons that are about to be made.
pub(super) fn take(_count: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get().saturating_add(_count)));
}

/// How many comparisons `run` makes.
#[cfg(test)]
pub(super) fn of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    STEPS.with(|steps| steps.set(0));
    let result = run();
    (result, STEPS.with(std::cell::Cell::get))
}
