//! Sends prepared HTTP requests over some connections, one after the other on each, and says how long each answer took.
//!
//! ```text
//! http_load ADDRESS CONNECTIONS SECONDS REQUESTS ANSWER
//! ```
//!
//! REQUESTS holds whole HTTP/1.1 requests, each behind a line with its length in bytes; the connections share them out and
//! send them in turn, from the start again when there are no more, or, with ONCE set in the environment, each once. Every
//! answer must begin with the status line of ANSWER, so that no refusal is measured as an answer. Prints
//! `requests seconds p50_us p99_us`.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let [_, address, connections, seconds, requests, expected] = arguments.as_slice() else {
        return Err(io::Error::other("usage: http_load ADDRESS CONNECTIONS SECONDS REQUESTS ANSWER"));
    };
    let connections: usize = connections.parse().map_err(io::Error::other)?;
    let limit = Duration::from_secs_f64(seconds.parse().map_err(io::Error::other)?);
    let requests = split(&fs::read(requests)?);
    let once = env::var_os("ONCE").is_some();

    let began = Instant::now();
    let latencies = thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|first| {
                // Where there are fewer requests than connections, several send the same one.
                let own = match requests.len() {
                    few if few < connections => vec![&requests[first % few]],
                    _ => requests.iter().skip(first).step_by(connections).collect(),
                };
                let most = if once { own.len() } else { usize::MAX };
                scope.spawn(move || send(address, own.into_iter().cycle().take(most), expected, began, limit))
            })
            .collect();
        let answers = workers.into_iter().map(|worker| worker.join().expect("a worker that does not panic"));
        answers.collect::<io::Result<Vec<_>>>()
    });
    let took = began.elapsed().as_secs_f64();
    let mut latencies = latencies?.concat();
    latencies.sort_unstable();
    let percentile = |hundredth: usize| latencies[(latencies.len() - 1) * hundredth / 100].as_secs_f64() * 1e6;
    println!("{} {took:.4} {:.1} {:.1}", latencies.len(), percentile(50), percentile(99));
    Ok(())
}

fn send<'r>(
    address: &str,
    requests: impl Iterator<Item = &'r Vec<u8>>,
    expected: &str,
    began: Instant,
    limit: Duration,
) -> io::Result<Vec<Duration>> {
    let mut connection = Connection { address: address.to_owned(), stream: None, received: Vec::new() };
    let mut latencies = Vec::new();
    for request in requests {
        if began.elapsed() >= limit {
            break;
        }
        let sent = Instant::now();
        let answer = connection.ask(request)?;
        if !answer.starts_with(expected.as_bytes()) {
            return Err(io::Error::other(String::from_utf8_lossy(answer).into_owned()));
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

fn split(mut file: &[u8]) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    while let Some(end) = file.iter().position(|byte| *byte == b'\n') {
        let length: usize = String::from_utf8_lossy(&file[..end]).parse().expect("a length before each request");
        requests.push(file[end + 1..end + 1 + length].to_vec());
        file = &file[end + 1 + length..];
    }
    requests
}

/// One connection, opened again where the server closes it after an answer.
struct Connection {
    address: String,
    stream: Option<TcpStream>,
    received: Vec<u8>,
}

impl Connection {
    fn ask(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request)?;
        self.received.clear();
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = stream.read(&mut buffer)?;
            self.received.extend_from_slice(&buffer[..read]);
            if let Some(stays) = complete(&self.received) {
                self.stream = (stays && read > 0).then_some(stream);
                return Ok(&self.received);
            }
            if read == 0 {
                return Ok(&self.received);
            }
        }
    }
}

/// Whether the answer is whole, and then whether the connection stays open.
fn complete(received: &[u8]) -> Option<bool> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()));
    let length: usize = header("content-length:")?.parse().ok()?;
    (received.len() >= end + 4 + length).then(|| header("connection:").is_none_or(|value| value != "close"))
}
