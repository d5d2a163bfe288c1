//! Bodies: read whole and bounded, or verified while a handler reads them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

use super::SignedCaller;
use super::authority::Standing;
use crate::request::{Payload, RequestError};

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    TooLong,
    Broken,
}

/// Reads a body of at most `limit` bytes; what a header says of its length is its sender's promise.
pub(super) async fn collect(mut body: Body, limit: usize) -> Result<Vec<u8>, Reading> {
    let mut whole = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Reading::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if whole.len().saturating_add(data.len()) > limit {
            return Err(Reading::TooLong);
        }
        whole.extend_from_slice(data);
    }
    Ok(whole)
}

/// A body that is verified while it is read: its last read fails when it is not the one that was signed.
pub(super) struct VerifiedBody {
    received: Body,
    /// Nothing once the body has ended.
    payload: Option<Payload>,
    left: usize,
    standing: Standing,
    caller: SignedCaller,
}

impl VerifiedBody {
    pub(super) const fn new(
        received: Body,
        payload: Payload,
        limit: usize,
        standing: Standing,
        caller: SignedCaller,
    ) -> Self {
        Self { received, payload: Some(payload), left: limit, standing, caller }
    }

    /// The bytes that the next piece carries; none of them may be all there are.
    fn feed(&mut self, received: &Bytes) -> Result<Bytes, RequestError> {
        let left = self.left.checked_sub(received.len());
        self.left = left.ok_or(RequestError::TooLarge { what: "body" })?;
        let mut decoded = Vec::with_capacity(received.len());
        if let Some(payload) = &mut self.payload {
            payload.feed(received, &mut decoded)?;
        }
        Ok(decoded.into())
    }

    fn end(&mut self) -> Result<(), RequestError> {
        self.payload.take().map_or(Ok(()), |payload| payload.finish().map(|_| ()))
    }

    /// Ends the body with an error, which the audit trail has too.
    fn refuse(&mut self, error: RequestError) -> BoxError {
        self.payload = None;
        match self.standing.refuse_body(self.caller.request(), error.clone()) {
            Err(recorded) => recorded.into(),
            Ok(()) => error.into(),
        }
    }
}

impl HttpBody for VerifiedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if self.payload.is_none() {
                return Poll::Ready(None);
            }
            let frame = match ready!(Pin::new(&mut self.received).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    self.payload = None;
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => match self.end() {
                    Ok(()) => return Poll::Ready(None),
                    Err(error) => return Poll::Ready(Some(Err(self.refuse(error)))),
                },
            };
            // Trailers of HTTP itself are signed by nobody.
            let Ok(received) = frame.into_data() else { continue };
            match self.feed(&received) {
                Ok(decoded) if decoded.is_empty() => {}
                Ok(decoded) => return Poll::Ready(Some(Ok(Frame::data(decoded)))),
                Err(error) => return Poll::Ready(Some(Err(self.refuse(error)))),
            }
        }
    }
}

impl fmt::Debug for VerifiedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedBody").field("left", &self.left).finish_non_exhaustive()
    }
}
