//! The gallery as a browser sees it.

use std::time::Duration;

use reqwest::{Method, Response};

use crate::fixture::{ADMINISTRATOR, Ask, Demo, EDITOR, PORTAL, READER, read, start};

/// Comes in as the portal's form does, and gives the cookie of the visit.
async fn open(demo: &Demo, role: &str) -> String {
    let opened = bring(demo, demo.credentials(role).await.session_token().expose(), "http://localhost:8200").await;
    assert_eq!((opened.status().as_u16(), &opened.headers()["location"]), (303, &"/gallery".parse().unwrap()));
    let cookie = opened.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=3600"), "{cookie}");
    cookie.split_once(';').unwrap().0.to_owned()
}

async fn bring(demo: &Demo, session_token: &str, origin: &str) -> Response {
    let form = demo.plain(Method::POST, "/gallery/open").header("origin", origin);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    form.body(format!("session_token={session_token}")).send().await.unwrap()
}

async fn look(demo: &Demo, cookie: &str, target: &str) -> Response {
    demo.plain(Method::GET, target).header("cookie", cookie).send().await.unwrap()
}

async fn delete(demo: &Demo, cookie: &str, origin: &str) -> Response {
    let form = demo.plain(Method::POST, "/gallery/delete").header("cookie", cookie).header("origin", origin);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    form.body("key=photos%2Floaf.svg").send().await.unwrap()
}

async fn upload(demo: &Demo, cookie: &str, content_type: &str, body: &str) -> Response {
    let form = format!(
        "--b\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"../My cat.svg\"\r\n\
         content-type: {content_type}\r\n\r\n{body}\r\n--b--\r\n"
    );
    let request = demo.plain(Method::POST, "/gallery/upload").header("cookie", cookie).header("origin", demo.url(""));
    request.header("content-type", "multipart/form-data; boundary=b").body(form).send().await.unwrap()
}

#[tokio::test]
async fn without_a_session_the_gallery_says_how_to_get_one() {
    let demo = start().await;
    let page = look(&demo, "", "/gallery").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'"), "{policy}");
    let (status, page) = read(page).await;
    assert_eq!(status, 200);
    assert!(page.contains(PORTAL) && !page.contains("photo-frame"), "{page}");
    let browser = demo.plain(Method::GET, "/").header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!((browser.status().as_u16(), &browser.headers()["location"]), (303, &"/gallery".parse().unwrap()));
}

#[tokio::test]
async fn a_visitor_sees_who_they_are_and_the_photos_they_may_see() {
    let demo = start().await;
    let cookie = open(&demo, READER).await;
    let (status, page) = read(look(&demo, &cookie, "/gallery").await).await;
    assert_eq!(status, 200);
    assert!(page.contains("arn:aws:sts::111111111111:assumed-role/PhotoReader/martha"), "{page}");
    assert!(page.contains("1 hour, until"), "{page}");
    assert_eq!(page.matches("<img src=\"/gallery/photo/").count(), 6, "{page}");
    assert!(page.contains("You may not see this photo.") && page.contains("NotAtNight"), "{page}");
    let photo = look(&demo, &cookie, "/gallery/photo/photos/loaf.svg").await;
    let policy = photo.headers()["content-security-policy"].to_str().unwrap();
    assert_eq!(policy, "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    assert_eq!(photo.headers()["x-content-type-options"], "nosniff");
    assert_eq!(photo.text().await.unwrap(), include_str!("../../assets/photos/loaf.svg"));
    let (status, hidden) = read(look(&demo, &cookie, "/gallery/photo/photos/night.svg").await).await;
    assert!(status == 403 && hidden.contains("statement NotAtNight"), "{hidden}");
}

#[tokio::test]
async fn a_refused_deletion_is_explained_and_an_administrator_deletes() {
    let demo = start().await;
    let cookie = open(&demo, EDITOR).await;
    let (status, page) = read(delete(&demo, &cookie, &demo.url("")).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("photos/loaf.svg was not deleted") && page.contains("statement DenyDeletion"), "{page}");
    let cookie = open(&demo, ADMINISTRATOR).await;
    assert_eq!(delete(&demo, &cookie, &demo.url("")).await.status(), 303);
    let (_, page) = read(look(&demo, &cookie, "/gallery").await).await;
    assert!(!page.contains("loaf.svg"), "{page}");
}

#[tokio::test]
async fn an_upload_is_decided_and_kept_under_a_plain_name() {
    let demo = start().await;
    let cookie = open(&demo, READER).await;
    let (status, page) = read(upload(&demo, &cookie, "image/svg+xml", "<svg/>").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("photos/My-cat.svg was not uploaded") && page.contains("s3:PutObject"), "{page}");
    let cookie = open(&demo, EDITOR).await;
    assert_eq!(upload(&demo, &cookie, "image/svg+xml", "<svg/>").await.status(), 303);
    let (status, photo) = read(look(&demo, &cookie, "/gallery/photo/photos/My-cat.svg").await).await;
    assert_eq!((status, photo.as_str()), (200, "<svg/>"));
    let page =
        Ask::put("/cat-photos/photos/page.html", "<script>alert(1)</script>").header("content-type", "text/html");
    assert_eq!(demo.send(&demo.credentials(EDITOR).await, page).await.status(), 200);
    let (_, page) = read(look(&demo, &cookie, "/gallery").await).await;
    assert!(page.contains("This object is not a photo.") && !page.contains("alert(1)"), "{page}");
    assert_eq!(upload(&demo, &cookie, "text/html", "<p>").await.status(), 400);
    assert_eq!(upload(&demo, &cookie, "image/png", &"x".repeat(9 * 1024 * 1024)).await.status(), 400);
}

/// Attack: a page elsewhere sends a form in the visitor's name.
#[tokio::test]
async fn forms_from_elsewhere_do_nothing() {
    let demo = start().await;
    let cookie = open(&demo, ADMINISTRATOR).await;
    for origin in ["http://evil.example", "null", "http://localhost:8200"] {
        assert_eq!(delete(&demo, &cookie, origin).await.status(), 403, "{origin}");
    }
    assert_eq!(look(&demo, &cookie, "/gallery/photo/photos/loaf.svg").await.status(), 200);
    let token = demo.credentials(READER).await;
    let planted = bring(&demo, token.session_token().expose(), "http://evil.example").await;
    assert_eq!(planted.status(), 403);
    assert!(!planted.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn a_session_token_that_is_not_ours_opens_nothing() {
    let demo = start().await;
    for token in ["", "garbage", "a.b.c"] {
        let refused = bring(&demo, token, "http://localhost:8200").await;
        assert_eq!(refused.status(), 403, "{token}");
        assert!(!refused.headers().contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_visit_ends_with_its_session_and_when_the_visitor_leaves() {
    let demo = start().await;
    let cookie = open(&demo, READER).await;
    let leave = demo.plain(Method::POST, "/gallery/close").header("cookie", &cookie).header("origin", demo.url(""));
    assert_eq!(leave.send().await.unwrap().status(), 303);
    let (_, page) = read(look(&demo, &cookie, "/gallery").await).await;
    assert!(page.contains("Come in with a role session"), "{page}");
    let cookie = open(&demo, READER).await;
    demo.clock.advance(Duration::from_secs(3601));
    let (status, page) = read(look(&demo, &cookie, "/gallery").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("expired") && !page.contains("photo-frame"), "{page}");
}

#[tokio::test]
async fn what_pages_need_is_served_here() {
    let demo = start().await;
    for (target, content_type) in [
        ("/gallery/base.css", "text/css; charset=utf-8"),
        ("/gallery/gallery.css", "text/css; charset=utf-8"),
        ("/gallery/icon.svg", "image/svg+xml"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let served = look(&demo, "", target).await;
        assert_eq!(
            (served.status().as_u16(), &served.headers()["content-type"]),
            (200, &content_type.parse().unwrap())
        );
    }
}
