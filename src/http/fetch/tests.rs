use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers every connection with these bytes.
async fn serve(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}/")
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}connection: close\r\n\r\n{body}")
}

#[tokio::test]
async fn only_https_without_credentials_is_fetched() {
    let (public, local) = (Fetcher::public().unwrap(), Fetcher::local().unwrap());
    for url in [
        "http://a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://u:p@a.example/",
        "https://u@a.example/",
        "x",
    ] {
        for fetcher in [&public, &local] {
            assert!(matches!(fetcher.get(url, 100).await, Err(FetchError::Url { .. })), "{url}");
        }
    }
    assert!(matches!(public.get("http://127.0.0.1/", 100).await, Err(FetchError::Url { .. })));
}

#[tokio::test]
async fn addresses_inside_are_refused_by_number_and_by_name() {
    let public = Fetcher::public().unwrap();
    for host in
        ["127.0.0.1", "2130706433", "0x7f.1", "169.254.169.254", "10.1.2.3", "[::1]", "[::ffff:10.0.0.1]", "[fd00::1]"]
    {
        let refused = public.get(&format!("https://{host}/"), 100).await;
        assert!(matches!(refused, Err(FetchError::PrivateAddress { .. })), "{host}: {refused:?}");
    }
    // A name is judged by what it resolves to.
    let refused = public.get("https://localhost/", 100).await;
    assert_eq!(refused, Err(FetchError::PrivateAddress { host: "localhost".into() }));
}

#[tokio::test]
async fn answers_are_bounded_while_they_are_read() {
    let local = Fetcher::local().unwrap();
    let url = serve(ok("", &"x".repeat(1001))).await;
    assert_eq!(local.get(&url, 1000).await, Err(FetchError::TooLong { limit: 1000 }));
    let read = local.get(&url, 1001).await.unwrap();
    assert_eq!((read.body.len(), read.max_age), (1001, None));
}

#[tokio::test]
async fn redirects_and_errors_are_not_followed() {
    let local = Fetcher::local().unwrap();
    let target = serve(ok("", "secret")).await;
    let redirect = serve(format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n")).await;
    assert_eq!(local.get(&redirect, 100).await, Err(FetchError::Status { status: 302 }));
}

#[tokio::test]
async fn a_secret_is_not_carried_to_where_a_redirect_points() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
        let url = serve(answer).await;
        let fields = vec![("authorization", Zeroizing::new("Basic c2VjcmV0".to_owned()))];
        let posted = Fetcher::local().unwrap().post_form(&url, "code=c".to_owned(), fields, 100).await.unwrap();
        assert!(status.starts_with(&posted.status.to_string()), "{}", posted.status);
    }
    let came = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(came.is_err(), "nobody came");
}

#[tokio::test]
async fn cache_control_is_read() {
    let local = Fetcher::local().unwrap();
    for (header, seconds) in [
        ("cache-control: public, max-age=600\r\n", Some(600)),
        ("Cache-Control: MAX-AGE=\"7\"\r\n", Some(7)),
        ("cache-control: max-age=600, no-cache\r\n", Some(0)),
        ("cache-control: no-store\r\n", Some(0)),
        ("cache-control: max-age=x\r\n", None),
    ] {
        let url = serve(ok(header, "{}")).await;
        assert_eq!(local.get(&url, 100).await.unwrap().max_age, seconds.map(Duration::from_secs), "{header}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let impatient = Fetcher { client: builder_within(Duration::from_millis(50)).build().unwrap(), reach: Reach::Local };
    let outcome = impatient.get(&url, 100).await;
    let Err(FetchError::Unreachable { reason }) = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("timed out"), "{reason}");
}

/// A proxy that tells every request line it gets, lets tunnels through to nowhere, and the first byte that comes in one.
async fn proxy() -> (String, tokio::sync::mpsc::UnboundedReceiver<(String, u8)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let first = stream.read_u8().await.unwrap();
                let line = String::from_utf8(request).unwrap().lines().next().unwrap().to_owned();
                tell.send((line, first)).unwrap();
            });
        }
    });
    (address.to_string(), told)
}

#[tokio::test]
async fn everything_goes_through_the_proxy_as_tls_and_the_proxy_resolves_names() {
    let (proxy, mut told) = proxy().await;
    let fetcher = Fetcher::through_proxy(&proxy, "").unwrap();
    // No resolver knows this name, so that reaching it at all is the proxy's doing.
    let outcome = fetcher.get("https://idp.invalid/keys", 100).await;
    assert!(matches!(outcome, Err(FetchError::Unreachable { .. })), "{outcome:?}");
    let posted = fetcher.post_form("https://idp.invalid:8443/token", "a=b".to_owned(), Fields::new(), 100).await;
    assert!(matches!(posted, Err(FetchError::Unreachable { .. })), "{posted:?}");
    // 22 is the handshake of TLS (RFC 8446, 5.1): what is asked is not the proxy's to read.
    assert_eq!(told.recv().await.unwrap(), ("CONNECT idp.invalid:443 HTTP/1.1".to_owned(), 22));
    assert_eq!(told.recv().await.unwrap(), ("CONNECT idp.invalid:8443 HTTP/1.1".to_owned(), 22));
}

#[tokio::test]
async fn hosts_that_the_proxy_is_not_for_are_reached_without_it_and_judged_by_their_address() {
    let (proxy, mut told) = proxy().await;
    let fetcher = Fetcher::through_proxy(&proxy, "localhost,.internal.invalid").unwrap();
    let refused = fetcher.get("https://localhost/keys", 100).await;
    assert_eq!(refused, Err(FetchError::PrivateAddress { host: "localhost".into() }));
    let outcome = fetcher.get("https://idp.internal.invalid/keys", 100).await;
    assert!(matches!(outcome, Err(FetchError::Unreachable { .. })), "{outcome:?}");
    assert!(told.try_recv().is_err(), "the proxy saw neither");
    // An address inside is refused before the proxy is asked to go there.
    let refused = fetcher.get("https://169.254.169.254/latest/meta-data", 100).await;
    assert!(matches!(refused, Err(FetchError::PrivateAddress { .. })));
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_proxy_may_have_a_private_address_by_its_name_and_a_provider_may_not() {
    let (proxy, mut told) = proxy().await;
    let (_, port) = proxy.rsplit_once(':').unwrap();
    let fetcher = Fetcher::through_proxy(&format!("localhost:{port}"), "").unwrap();
    let outcome = fetcher.get("https://idp.invalid/keys", 100).await;
    assert!(matches!(outcome, Err(FetchError::Unreachable { .. })), "{outcome:?}");
    assert_eq!(told.recv().await.unwrap().0, "CONNECT idp.invalid:443 HTTP/1.1");
    // The same name, where it is the provider's.
    let fetcher = Fetcher::through_proxy("proxy.invalid:3128", "localhost").unwrap();
    let refused = fetcher.get("https://localhost/keys", 100).await;
    assert_eq!(refused, Err(FetchError::PrivateAddress { host: "localhost".into() }));
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_and_not_left_out() {
    for setting in ["socks5://localhost:1080", "http://", "ht tp://x"] {
        assert!(matches!(Fetcher::through_proxy(setting, ""), Err(FetchError::Unreachable { .. })), "{setting}");
    }
}

#[tokio::test]
async fn header_fields_are_sent_and_read_within_bounds() {
    let long = "n".repeat(MAX_FIELD_LENGTH + 1);
    for (sent, kept) in [("n-1", Some("n-1")), (long.as_str(), None)] {
        let url = serve(ok(&format!("DPoP-Nonce: {sent}\r\nContent-Type: application/jwt\r\n"), "x")).await;
        let fields = vec![("dpop", Zeroizing::new("proof".to_owned()))];
        let read = Fetcher::local().unwrap().get_with(&url, fields, 100).await.unwrap();
        assert_eq!((read.dpop_nonce.as_deref(), read.content_type.as_deref()), (kept, Some("application/jwt")));
    }
    let fields = vec![("authorization", Zeroizing::new("Bearer a\nb".to_owned()))];
    let refused = Fetcher::local().unwrap().get_with("http://127.0.0.1:1/", fields, 100).await;
    assert!(matches!(refused, Err(FetchError::Unreachable { .. })), "no line break ends a header");
}
