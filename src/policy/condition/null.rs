//! `Null`: whether a key is absent.

/// Which of absent and present a condition accepts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presence {
    absent: bool,
    present: bool,
}

impl Presence {
    pub(super) fn parse(values: &[Box<str>]) -> Result<Self, &'static str> {
        let mut accepted = Self { absent: false, present: false };
        for value in values {
            if value.eq_ignore_ascii_case("true") {
                accepted.absent = true;
            } else if value.eq_ignore_ascii_case("false") {
                accepted.present = true;
            } else {
                return Err("true or false");
            }
        }
        Ok(accepted)
    }

    pub(super) fn fits(self, is_absent: bool) -> bool {
        if is_absent { self.absent } else { self.present }
    }

    pub(super) fn wanted(self) -> &'static str {
        match (self.absent, self.present) {
            (true, false) => "no such key",
            (false, true) => "any value",
            (true, true) => "anything",
            (false, false) => "nothing there is",
        }
    }

    pub(super) fn avoided(self) -> &'static str {
        match (self.absent, self.present) {
            (true, false) => "any value",
            (false, true) => "no such key",
            (true, true) => "nothing there is",
            (false, false) => "anything",
        }
    }
}
