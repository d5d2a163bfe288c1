use super::*;

fn token(header: &str) -> String {
    format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
}

fn refused(token: &str) -> JwsError {
    CompactJws::parse(token).map(|jws| jws.header.alg).unwrap_err()
}

#[test]
fn a_token_has_three_parts_by_counting() {
    for (token, found) in [("", 1), ("e30", 1), ("e30.e30", 2), ("a.b.c.d", 4)] {
        assert_eq!(refused(token), JwsError::Parts { found });
    }
    assert_eq!(refused("a.b.c.d.e"), JwsError::Encrypted);
    let flood = ".".repeat(10_000);
    assert_eq!(refused(&flood), JwsError::Parts { found: 6 });
    assert!(matches!(refused(&".".repeat(100_000)), JwsError::TooLong { .. }));
}

#[test]
fn header_and_payload_are_held_to_16_kib() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
    let room = MAX_SIGNED_LENGTH - header.len() - 1;
    let fits = format!("{header}.{}.AAAA", "A".repeat(room.next_multiple_of(4) - 4));
    assert!(CompactJws::parse(&fits).is_ok());
    let long = format!("{header}.{}.AAAA", "A".repeat(room.next_multiple_of(4) + 4));
    assert!(matches!(refused(&long), JwsError::TooLong { limit: MAX_SIGNED_LENGTH, .. }));
}

#[test]
fn parameters_of_another_type_are_refused() {
    for (header, name) in [
        (r#"{"alg":5}"#, "alg"),
        (r#"{"kid":"a"}"#, "alg"),
        (r#"{"alg":null}"#, "alg"),
        (r#"{"alg":"ES256","kid":5}"#, "kid"),
        (r#"{"alg":"ES256","typ":["JWT"]}"#, "typ"),
        (r#"["alg"]"#, "header"),
    ] {
        let error = refused(&token(header));
        assert!(matches!(error, JwsError::HeaderParameter { name: found, .. } if found == name), "{header}");
    }
}

#[test]
fn text_from_the_token_cannot_break_a_log_line() {
    let error = JwsError::UnknownKey { key_id: format!("\n2026 ok {}", "x".repeat(1000)) };
    assert!(!error.reason().contains('\n'));
    assert!(error.reason().len() < 300);
}

#[test]
fn a_media_type_has_no_case_and_needs_no_application() {
    for typ in ["jwt", "JWT", "application/jwt", "Application/JWT", "APPLICATION/jwt"] {
        assert!(is_media_type(typ, &["jose", "jwt"]), "{typ}");
    }
    for typ in ["", "application/", "at+jwt", "text/jwt", "application/application/jwt", "applicatio\u{fc}/jwt", "jwt "]
    {
        assert!(!is_media_type(typ, &["jose", "jwt"]), "{typ}");
    }
}
