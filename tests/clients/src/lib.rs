//! Drives the demo with unmodified client libraries; see `tests/`.
