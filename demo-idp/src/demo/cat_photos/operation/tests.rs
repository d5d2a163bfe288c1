use axum::http::HeaderValue;

use super::*;

fn wanted(
    method: &Method,
    path: &str,
    query: &[(&str, &str)],
    headers: &[(&'static str, &str)],
) -> Result<Wanted, OperationError> {
    let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    Wanted::parse(method, path, &query, &map)
}

/// Every operation as clients send it, with what must be allowed.
#[test]
fn each_operation_demands_its_action_on_its_resource() {
    use Operation as Op;
    const BUCKET: &str = "arn:aws:s3:::cat-photos";
    const OBJECT: &str = "arn:aws:s3:::cat-photos/photos/a b+c.svg";
    let object = "/cat-photos/photos/a%20b+c.svg";
    type Query = &'static [(&'static str, &'static str)];
    let rows: [(Op, Method, &str, Query, &str, &str); 14] = [
        (Op::ListBuckets, Method::GET, "/", &[("x-id", "ListBuckets")], "s3:ListAllMyBuckets", "arn:aws:s3:::*"),
        (Op::HeadBucket, Method::HEAD, "/cat-photos", &[], "s3:ListBucket", BUCKET),
        (Op::GetBucketLocation, Method::GET, "/cat-photos", &[("location", "")], "s3:GetBucketLocation", BUCKET),
        (Op::GetBucketPolicy, Method::GET, "/cat-photos/", &[("policy", "")], "s3:GetBucketPolicy", BUCKET),
        (Op::ListObjects, Method::GET, "/cat-photos", &[("max-keys", "3")], "s3:ListBucket", BUCKET),
        (
            Op::ListObjectsV2,
            Method::GET,
            "/cat-photos",
            &[("list-type", "2"), ("prefix", "photos/")],
            "s3:ListBucket",
            BUCKET,
        ),
        (Op::GetObject, Method::GET, object, &[("response-content-type", "text/plain")], "s3:GetObject", OBJECT),
        (Op::HeadObject, Method::HEAD, object, &[], "s3:GetObject", OBJECT),
        (Op::PutObject, Method::PUT, object, &[], "s3:PutObject", OBJECT),
        (Op::DeleteObject, Method::DELETE, object, &[], "s3:DeleteObject", OBJECT),
        (Op::CreateMultipartUpload, Method::POST, object, &[("uploads", "")], "s3:PutObject", OBJECT),
        (Op::UploadPart, Method::PUT, object, &[("partNumber", "1"), ("uploadId", "u")], "s3:PutObject", OBJECT),
        (Op::CompleteMultipartUpload, Method::POST, object, &[("uploadId", "u")], "s3:PutObject", OBJECT),
        (Op::AbortMultipartUpload, Method::DELETE, object, &[("uploadId", "u")], "s3:AbortMultipartUpload", OBJECT),
    ];
    for (operation, method, path, query, action, resource) in rows {
        let read = wanted(&method, path, query, &[]).unwrap();
        assert_eq!(read.operation, operation);
        let [demand] = read.demands.as_slice() else { panic!("{operation:?} makes one demand") };
        assert_eq!((demand.action, demand.resource.as_str()), (action, resource), "{operation:?}");
    }
}

#[test]
fn a_copy_demands_reading_the_source_and_writing_the_destination() {
    let headers = [("x-amz-copy-source", "/cat-photos/photos/old%20one.svg")];
    let read = wanted(&Method::PUT, "/cat-photos/new.svg", &[], &headers).unwrap();
    assert_eq!(read.operation, Operation::CopyObject);
    assert_eq!(read.source.as_deref(), Some("photos/old one.svg"));
    assert_eq!(
        read.demands,
        [Demand::on_object("s3:GetObject", "photos/old one.svg"), Demand::on_object("s3:PutObject", "new.svg"),]
    );
}

#[test]
fn a_copy_from_elsewhere_is_refused() {
    for source in [
        "other-bucket/a",
        "cat-photos",
        "cat-photos/a?versionId=1",
        "arn:aws:s3:eu-west-1:111111111111:accesspoint/x/object/a",
    ] {
        let headers = [("x-amz-copy-source", source)];
        let read = wanted(&Method::PUT, "/cat-photos/new", &[], &headers);
        assert_eq!(read, Err(OperationError::CopySource), "{source}");
    }
    let twice = [("x-amz-copy-source", "cat-photos/a"), ("x-amz-copy-source", "cat-photos/b")];
    let read = wanted(&Method::PUT, "/cat-photos/new", &[], &twice);
    assert_eq!(read, Err(OperationError::CopySource));
}

#[test]
fn a_listing_brings_its_condition_keys() {
    let query = [("list-type", "2"), ("prefix", "photos/"), ("delimiter", "/"), ("max-keys", "7")];
    let read = wanted(&Method::GET, "/cat-photos", &query, &[]).unwrap();
    let keys = [("s3:prefix", "photos/"), ("s3:delimiter", "/"), ("s3:max-keys", "7")];
    assert_eq!(read.demands[0].keys, keys.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn deleting_many_is_decided_key_by_key_later() {
    let read = wanted(&Method::POST, "/cat-photos", &[("delete", "")], &[]).unwrap();
    assert_eq!((read.operation, read.demands.len()), (Operation::DeleteObjects, 0));
}

/// Attack: an operation the table does not hold, sent so that it resembles one that is allowed.
#[test]
fn a_request_that_fits_no_row_is_refused() {
    let object = "/cat-photos/a";
    for (method, path, query) in [
        (Method::GET, object, vec![("acl", "")]),
        (Method::GET, object, vec![("tagging", "")]),
        (Method::GET, object, vec![("versionId", "1")]),
        (Method::GET, object, vec![("uploadId", "u")]),
        (Method::PUT, object, vec![("partNumber", "1")]),
        (Method::PUT, object, vec![("retention", "")]),
        (Method::PUT, "/cat-photos", vec![]),
        (Method::PUT, "/cat-photos", vec![("policy", "")]),
        (Method::DELETE, "/cat-photos", vec![]),
        (Method::DELETE, "/cat-photos", vec![("policy", "")]),
        (Method::POST, "/cat-photos", vec![]),
        (Method::POST, object, vec![("select", ""), ("select-type", "2")]),
        (Method::GET, "/cat-photos", vec![("list-type", "3")]),
        (Method::GET, "/cat-photos", vec![("prefix", "a"), ("prefix", "b")]),
        (Method::PATCH, object, vec![]),
    ] {
        let read = wanted(&method, path, &query, &[]);
        assert_eq!(read, Err(OperationError::NotImplemented), "{method} {path} {query:?}");
    }
    for header in ["x-amz-acl", "x-amz-grant-read", "x-amz-tagging", "x-amz-object-lock-mode"] {
        let read = wanted(&Method::PUT, object, &[], &[(header, "x")]);
        assert_eq!(read, Err(OperationError::NotImplemented), "{header}");
    }
    let part_copy = wanted(
        &Method::PUT,
        object,
        &[("partNumber", "1"), ("uploadId", "u")],
        &[("x-amz-copy-source", "cat-photos/b")],
    );
    assert_eq!(part_copy, Err(OperationError::NotImplemented));
}

#[test]
fn paths_that_name_nothing_here_are_refused() {
    for (path, refusal) in [
        ("/other-bucket/a", OperationError::NoSuchBucket),
        ("/cat-photos/%ff", OperationError::InvalidUri),
        ("/cat-photos/%2", OperationError::InvalidUri),
        ("/cat-photos/%+1", OperationError::InvalidUri),
        ("/UPPER", OperationError::InvalidUri),
    ] {
        assert_eq!(wanted(&Method::GET, path, &[], &[]), Err(refusal), "{path}");
    }
    let long = format!("/cat-photos/{}", "k".repeat(1025));
    assert_eq!(wanted(&Method::GET, &long, &[], &[]), Err(OperationError::KeyTooLong));
}

#[test]
fn no_request_fits_two_rows() {
    for row in &TABLE {
        let query: Vec<_> = row
            .required
            .iter()
            .map(|name| ((*name).to_owned(), if *name == "list-type" { "2".to_owned() } else { String::new() }))
            .collect();
        let copies = row.operation == Operation::CopyObject;
        let fitting: Vec<_> = TABLE
            .iter()
            .filter(|other| other.fits(&row.method, row.level, &query, copies))
            .map(|other| other.operation)
            .collect();
        assert_eq!(fitting, [row.operation]);
    }
}
