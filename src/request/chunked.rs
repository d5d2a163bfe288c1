//! The `aws-chunked` framing: chunks that are each signed with the signature before them, and trailing headers.
//!
//! `size[;chunk-signature=…] CRLF data CRLF` repeated, a last chunk of size zero, trailing headers, an empty line. A signed
//! chunk is given out only after its signature was verified.

use super::algorithm::{Signature, VerifyingKey};
use super::{Algorithm, Authorization, RequestError};
use crate::crypto::sha256_hex;

/// The longest line: a size of 16 digits with a signature, or a trailing header with a checksum.
const MAX_LINE: usize = 1024;
/// The most trailing headers.
const MAX_TRAILERS: usize = 16;
/// The largest signed chunk, which must be held until it is verified; clients send 64 KiB to 1 MiB.
const MAX_SIGNED_CHUNK: u64 = 16 * 1024 * 1024;
/// The smallest chunk signed with Signature Version 4A but for the last one, as S3 has it: each costs as much as an elliptic
/// curve does, and a body in chunks of one byte would cost a minute of computing for each of its megabytes.
const MIN_ECDSA_CHUNK: u64 = 8 * 1024;

/// What the signatures of chunks are made with.
#[derive(Debug)]
pub(super) struct ChunkSigning {
    key: VerifyingKey,
    /// Date and credential scope, each with its line end.
    context: String,
    /// The signature before, in hexadecimal; the request's own to begin with.
    previous: String,
}

impl ChunkSigning {
    pub(super) fn new(authorization: &Authorization, key: VerifyingKey) -> Self {
        Self {
            key,
            context: format!("{}\n{}\n", authorization.amz_date.as_str(), authorization.scope.as_str()),
            previous: authorization.signature.hex(),
        }
    }

    const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn verify_chunk(&mut self, data: &[u8], signature: &Signature) -> Result<(), RequestError> {
        let digests = format!("{}\n{}", sha256_hex(b""), sha256_hex(data));
        self.verify("PAYLOAD", &digests, signature)
    }

    fn verify_trailers(&mut self, lines: &str, signature: &Signature) -> Result<(), RequestError> {
        let digest = sha256_hex(lines.as_bytes());
        self.verify("TRAILER", &digest, signature)
    }

    fn verify(&mut self, kind: &str, what: &str, signature: &Signature) -> Result<(), RequestError> {
        let message = format!("{}-{kind}\n{}{}\n{what}", self.algorithm(), self.context, self.previous);
        self.key.verify(message.as_bytes(), signature)?;
        self.previous = signature.hex();
        Ok(())
    }
}

#[derive(Debug)]
enum State {
    Size,
    Data { remaining: u64 },
    DataEnd,
    Trailers,
    Done,
}

/// Reads a body in chunks as it arrives.
#[derive(Debug)]
pub(super) struct Chunked {
    signing: Option<ChunkSigning>,
    announced: Vec<String>,
    /// Bytes still to come according to `x-amz-decoded-content-length`.
    expected: u64,
    state: State,
    chunk: usize,
    line: Vec<u8>,
    /// The signed chunk that is being read, and the signature it must have.
    held: Vec<u8>,
    signature: Option<Signature>,
    /// Whether the chunk before was one that only the last one may be.
    ended_small: bool,
    trailers: Vec<(String, String)>,
    trailers_signed: bool,
}

impl Chunked {
    pub(super) fn new(signing: Option<ChunkSigning>, announced: Vec<String>, decoded_length: u64) -> Self {
        Self {
            signing,
            announced,
            expected: decoded_length,
            state: State::Size,
            chunk: 0,
            line: Vec::new(),
            held: Vec::new(),
            signature: None,
            ended_small: false,
            trailers: Vec::new(),
            trailers_signed: false,
        }
    }

    /// The bytes that are still to come.
    pub(super) const fn expected(&self) -> u64 {
        self.expected
    }

    pub(super) fn feed(&mut self, mut received: &[u8], decoded: &mut Vec<u8>) -> Result<(), RequestError> {
        while !received.is_empty() {
            received = match self.state {
                State::Data { remaining } => self.data(received, remaining, decoded),
                State::Done => return Err(self.problem("bytes after the end")),
                State::Size | State::DataEnd | State::Trailers => self.line(received, decoded)?,
            };
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<(String, String)>, RequestError> {
        if !matches!(self.state, State::Done) {
            return Err(self.problem("the body ended early"));
        }
        if self.expected != 0 {
            return Err(self.problem("fewer bytes than x-amz-decoded-content-length"));
        }
        Ok(self.trailers)
    }

    const fn problem(&self, problem: &'static str) -> RequestError {
        RequestError::Chunk { chunk: self.chunk, problem }
    }

    fn data<'a>(&mut self, received: &'a [u8], remaining: u64, decoded: &mut Vec<u8>) -> &'a [u8] {
        let take = usize::try_from(remaining).unwrap_or(usize::MAX).min(received.len());
        let (data, after) = received.split_at_checked(take).unwrap_or((received, &[]));
        if self.signing.is_some() {
            self.held.extend_from_slice(data);
        } else {
            decoded.extend_from_slice(data);
        }
        let left = remaining.saturating_sub(u64::try_from(take).unwrap_or(u64::MAX));
        self.state = if left == 0 { State::DataEnd } else { State::Data { remaining: left } };
        after
    }

    fn line<'a>(&mut self, received: &'a [u8], decoded: &mut Vec<u8>) -> Result<&'a [u8], RequestError> {
        let end = received.iter().position(|byte| *byte == b'\n');
        let take = end.map_or(received.len(), |end| end.saturating_add(1));
        if self.line.len().saturating_add(take) > MAX_LINE {
            return Err(self.problem("a line is too long"));
        }
        let (part, after) = received.split_at_checked(take).unwrap_or((received, &[]));
        self.line.extend_from_slice(part);
        if end.is_some() {
            let line = String::from_utf8(std::mem::take(&mut self.line)).ok();
            let line = line
                .as_deref()
                .and_then(|line| line.strip_suffix("\r\n"))
                .ok_or_else(|| self.problem("a line is not text that ends in CR LF"))?;
            match self.state {
                State::Size => self.size_line(line)?,
                State::DataEnd if line.is_empty() => self.chunk_end(decoded)?,
                State::DataEnd => return Err(self.problem("data does not end in CR LF")),
                State::Trailers => self.trailer_line(line)?,
                State::Data { .. } | State::Done => {}
            }
        }
        Ok(after)
    }

    fn size_line(&mut self, line: &str) -> Result<(), RequestError> {
        let malformed = self.problem("the chunk signature is malformed");
        let size = match (line.split_once(";chunk-signature="), &self.signing) {
            (Some((size, signature)), Some(signing)) => {
                let signature = Signature::parse_in_body(signing.algorithm(), signature);
                self.signature = Some(signature.ok_or(malformed)?);
                size
            }
            (None, None) => line,
            (Some(_), None) | (None, Some(_)) => return Err(malformed),
        };
        let digits = (1..=16).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16)
            .ok()
            .filter(|_| digits)
            .ok_or_else(|| self.problem("the size is malformed"))?;
        if self.signing.is_some() && size > MAX_SIGNED_CHUNK {
            return Err(self.problem("a signed chunk is larger than 16 MiB"));
        }
        let ecdsa = self.signing.as_ref().is_some_and(|signing| signing.algorithm() == Algorithm::EcdsaP256Sha256);
        if ecdsa && size > 0 && self.ended_small {
            return Err(
                self.problem("a chunk signed with AWS4-ECDSA-P256-SHA256 is smaller than 8 KiB and not the last")
            );
        }
        self.ended_small = size < MIN_ECDSA_CHUNK;
        self.expected = self
            .expected
            .checked_sub(size)
            .ok_or_else(|| self.problem("more bytes than x-amz-decoded-content-length"))?;
        if size == 0 {
            self.verify_held()?;
            self.state = State::Trailers;
        } else {
            self.state = State::Data { remaining: size };
        }
        Ok(())
    }

    fn chunk_end(&mut self, decoded: &mut Vec<u8>) -> Result<(), RequestError> {
        self.verify_held()?;
        decoded.append(&mut self.held);
        self.chunk = self.chunk.saturating_add(1);
        self.state = State::Size;
        Ok(())
    }

    fn verify_held(&mut self) -> Result<(), RequestError> {
        let refused = RequestError::ChunkSignature { chunk: self.chunk };
        if let Some(signing) = &mut self.signing {
            let Some(signature) = self.signature.take() else { return Err(refused) };
            signing.verify_chunk(&self.held, &signature).map_err(|_| refused)?;
        }
        Ok(())
    }

    fn trailer_line(&mut self, line: &str) -> Result<(), RequestError> {
        if line.is_empty() {
            return self.trailers_end();
        }
        let (name, value) = line.split_once(':').ok_or_else(|| self.problem("a trailing header is malformed"))?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        if self.trailers_signed {
            return Err(self.problem("a trailing header after the trailer signature"));
        }
        if self.trailers.len() >= MAX_TRAILERS {
            return Err(self.problem("too many trailing headers"));
        }
        if name == "x-amz-trailer-signature" && self.signing.is_some() {
            return self.verify_trailers(value);
        }
        // A trailer that was not announced in a signed header could be added by anyone where trailers are not signed.
        if !self.announced.contains(&name) || self.trailers.iter().any(|(known, _)| *known == name) {
            return Err(self.problem("a trailing header was not announced in x-amz-trailer"));
        }
        self.trailers.push((name, value.to_owned()));
        Ok(())
    }

    fn verify_trailers(&mut self, signature: &str) -> Result<(), RequestError> {
        let mut lines = String::new();
        for (name, value) in &self.trailers {
            lines.push_str(name);
            lines.push(':');
            lines.push_str(value);
            lines.push('\n');
        }
        let refused = RequestError::ChunkSignature { chunk: self.chunk };
        let malformed = self.problem("the trailer signature is malformed");
        if let Some(signing) = &mut self.signing {
            let signature = Signature::parse_in_body(signing.algorithm(), signature).ok_or(malformed)?;
            signing.verify_trailers(&lines, &signature).map_err(|_| refused)?;
        }
        self.trailers_signed = true;
        Ok(())
    }

    fn trailers_end(&mut self) -> Result<(), RequestError> {
        if self.trailers.len() != self.announced.len() {
            return Err(self.problem("an announced trailing header is missing"));
        }
        if self.signing.is_some() && !self.announced.is_empty() && !self.trailers_signed {
            return Err(self.problem("the trailing headers are not signed"));
        }
        self.state = State::Done;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::algorithm::Scope;
    use super::super::authorization::AmzDate;
    use super::*;
    use crate::credentials::{CredentialScope, ScopedSigningKey, SecretAccessKey};
    use crate::time::Timestamp;

    /// The uploads of the S3 documentation (streaming signatures, worked examples): 65 KiB of `a` in two chunks.
    fn published(seed: &str, signatures: [&str; 3], trailer: &str, announced: &[&str]) -> Vec<u8> {
        let scope = CredentialScope::new("20130524", "us-east-1", "s3").unwrap();
        let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        let key = ScopedSigningKey::derive(&secret, &scope).mac_key();
        let authorization = Authorization {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
            scope: Scope::Regional(scope),
            signed_headers: String::new(),
            signature: Signature::parse(Algorithm::HmacSha256, seed).unwrap(),
            amz_date: AmzDate::parse("20130524T000000Z").unwrap().0,
            signed_at: Timestamp::EPOCH,
            expires: None,
        };
        let signing = ChunkSigning::new(&authorization, VerifyingKey::Mac(Arc::new(key)));
        let announced = announced.iter().map(|name| (*name).to_owned()).collect();
        let mut chunked = Chunked::new(Some(signing), announced, 66_560);
        let mut decoded = Vec::new();
        for (size, signature) in [65_536, 1024, 0].into_iter().zip(signatures) {
            let line = format!("{size:x};chunk-signature={signature}\r\n");
            chunked.feed(line.as_bytes(), &mut decoded).unwrap();
            if size > 0 {
                chunked.feed(&vec![b'a'; size], &mut decoded).unwrap();
                chunked.feed(b"\r\n", &mut decoded).unwrap();
            }
        }
        chunked.feed(trailer.as_bytes(), &mut decoded).unwrap();
        chunked.finish().unwrap();
        decoded
    }

    #[test]
    fn the_published_upload_in_chunks_is_read() {
        let decoded = published(
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            [
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ],
            "\r\n",
            &[],
        );
        assert_eq!(decoded, vec![b'a'; 66_560]);
    }

    #[test]
    fn the_published_upload_with_a_trailer_is_read() {
        let decoded = published(
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ],
            "x-amz-checksum-crc32c:sOO8/Q==\r\n\
             x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
            &["x-amz-checksum-crc32c"],
        );
        assert_eq!(decoded.len(), 66_560);
    }
}
