use super::*;

fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    Document::parse(text.as_bytes(), &Profile::MESSAGE)
}

fn refused(text: &str) -> &'static str {
    match parse(text).unwrap_err() {
        XmlError::Limit { .. } => "limit",
        XmlError::NotUtf8 => "utf-8",
        XmlError::Doctype { .. } => "doctype",
        XmlError::Comment { .. } => "comment",
        XmlError::ProcessingInstruction { .. } => "instruction",
        XmlError::Cdata { .. } => "cdata",
        XmlError::Malformed { .. } => "malformed",
        XmlError::Namespace { .. } => "namespace",
    }
}

#[test]
fn elements_attributes_and_text_are_read_with_their_namespaces() {
    let document =
        parse(r#"<?xml version="1.0" encoding="utf-8"?><a xmlns="urn:a" xmlns:p="urn:p"><p:b p:x='1' x="2">t&amp;&#x41;</p:b> u</a>"#)
            .unwrap();
    let root = document.root().unwrap();
    assert!(root.is("urn:a", "a"));
    let b = root.elements().next().unwrap();
    assert!(b.is("urn:p", "b"));
    assert_eq!(b.attribute("x"), Some("2"));
    assert_eq!(b.text().as_deref(), Some("t&A"));
    assert_eq!(root.text(), None);
    assert_eq!(root.children().count(), 2);
}

#[test]
fn a_prefixed_attribute_does_not_answer_to_its_local_name() {
    let document = parse(r#"<a xmlns:e="urn:e" e:ID="evil"/>"#).unwrap();
    assert_eq!(document.root().unwrap().attribute("ID"), None);
}

#[test]
fn line_ends_and_attribute_white_space_are_normalized() {
    let document = parse("<a b='1\r\n2\t3&#xA;4'>x\r\ny\rz&#xD;</a>").unwrap();
    let root = document.root().unwrap();
    assert_eq!(root.attribute("b"), Some("1 2 3\n4"));
    assert_eq!(root.text().as_deref(), Some("x\ny\nz\r"));
}

#[test]
fn inner_declarations_end_with_their_element() {
    let document = parse(r#"<a xmlns:p="urn:1"><b xmlns:p="urn:2"><p:c/></b><p:d/><e xmlns:p="urn:3"/><p:f/></a>"#);
    let document = document.unwrap();
    let namespaces: Vec<_> = document.elements().map(|element| (element.local(), element.namespace())).collect();
    assert_eq!(namespaces, [("a", ""), ("b", ""), ("c", "urn:2"), ("d", "urn:1"), ("e", ""), ("f", "urn:1")]);
}

#[test]
fn markup_outside_the_profile_is_refused_by_name() {
    for (text, name) in [
        ("<!DOCTYPE a><a/>", "doctype"),
        ("<a><!ENTITY x 'y'></a>", "doctype"),
        ("<a>x<!-- -->y</a>", "comment"),
        ("<!-- --><a/>", "comment"),
        ("<a/><!-- -->", "comment"),
        ("<a>x<?y z?></a>", "instruction"),
        ("<?y z?><a/>", "instruction"),
        ("<a/><?y z?>", "instruction"),
        ("<a><![CDATA[x]]></a>", "cdata"),
    ] {
        assert_eq!(refused(text), name, "{text}");
    }
}

#[test]
fn where_cdata_is_text_it_is_text_and_nothing_else() {
    let profile = Profile { cdata: Cdata::Text, ..Profile::MESSAGE };
    let text = |xml: &str| {
        let document = Document::parse_text(xml, &profile, &[])?;
        Ok(document.root().unwrap().text().map(Cow::into_owned))
    };
    for (xml, read) in [
        ("<a><![CDATA[x]]></a>", "x"),
        ("<a>1<![CDATA[<b>&amp;]]>2<![CDATA[]]><![CDATA[]]]]><![CDATA[>]]></a>", "1<b>&amp;2]]>"),
        ("<a><![CDATA[<!-- --><?y z?><!DOCTYPE a>]]></a>", "<!-- --><?y z?><!DOCTYPE a>"),
        ("<a><![CDATA[x\r\ny\rz\n]]></a>", "x\ny\nz\n"),
    ] {
        assert_eq!(text(xml), Ok(Some(read.to_owned())), "{xml}");
    }
    for outside in ["<![CDATA[ ]]><a/>", "<a/><![CDATA[ ]]>"] {
        assert!(matches!(text(outside), Err(XmlError::Cdata { .. })), "{outside}");
    }
    for malformed in ["<a><![CDATA[x", "<a><![CDATA[x]]</a>", "<a><![CDATA[\u{1}]]></a>", "<a><![CDATA[\u{ffff}]]></a>"]
    {
        assert!(matches!(text(malformed), Err(XmlError::Malformed { .. })), "{malformed}");
    }
    let many = format!("<a>{}</a>", "<![CDATA[x]]>".repeat(20_000));
    assert!(matches!(text(&many), Err(XmlError::Limit { .. })));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        " ",
        "a",
        "<",
        "<a",
        "<a>",
        "<a></b>",
        "<a/>x",
        "<a/><b/>",
        "<a></a",
        "<a b></a>",
        "<a b=c/>",
        "<a b='1' b='2'/>",
        "<a b='1'c='2'/>",
        "<a b='<'/>",
        "<a>&x;</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#+65;</a>",
        "<a>&#x;</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\u{ffff}</a>",
        "< a/>",
        "<1a/>",
        "<-a/>",
        "<a::b/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<a /x>",
        "<?xml version='1.1'?><a/>",
        "<?xml version='1.0' encoding='latin1'?><a/>",
        "<?xml version='1.0' x='y'?><a/>",
    ] {
        assert_eq!(refused(text), "malformed", "{text}");
    }
    assert_eq!(Document::parse(b"<a>\xff</a>", &Profile::MESSAGE).unwrap_err(), XmlError::NotUtf8);
}

#[test]
fn namespaces_that_canonicalizers_disagree_about_are_refused() {
    for text in [
        "<p:a/>",
        "<a p:b='1'/>",
        "<a xmlns='relative'/>",
        "<a xmlns:p='../x'/>",
        "<a xmlns:p=''/>",
        "<a xmlns='urn:a&amp;b'/>",
        "<a xmlns:p='urn:a b'/>",
        "<a xmlns:xmlns='urn:x'/>",
        "<a xmlns:xml='urn:x'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p='urn:1' xmlns:q='urn:1' p:x='1' q:x='2'/>",
        "<xmlns:a/>",
    ] {
        assert_eq!(refused(text), "namespace", "{text}");
    }
    assert_eq!(refused("<a xmlns:p='urn:1' xmlns:p='urn:2'/>"), "malformed");
}

#[test]
fn every_limit_is_reached_exactly() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert!(parse(&deep(24)).is_ok());
    assert_eq!(refused(&deep(25)), "limit");
    let attributes = |count: usize| format!("<a {}/>", (0..count).map(|n| format!("b{n}='' ")).collect::<String>());
    assert!(parse(&attributes(32)).is_ok());
    assert_eq!(refused(&attributes(33)), "limit");
    let prefixed = |count: usize| {
        format!("<a xmlns:p='urn:p' {}/>", (0..count).map(|n| format!("p:b{n}='' ")).collect::<String>())
    };
    assert!(parse(&prefixed(8)).is_ok());
    assert_eq!(refused(&prefixed(9)), "limit");
    let nodes = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    assert!(parse(&nodes(19_999)).is_ok());
    assert_eq!(refused(&nodes(20_000)), "limit");
    let long = |length: usize| format!("<a>{}</a>", "x".repeat(length));
    assert!(parse(&long(256 * 1024 - 7)).is_ok());
    assert_eq!(refused(&long(256 * 1024 - 6)), "limit");
    let declared = |count: usize| {
        let declarations =
            |level: usize| (0..count).map(|n| format!("xmlns:p{level}x{n}='urn:x' ")).collect::<String>();
        format!("<a {}><a {}/></a>", declarations(0), declarations(1))
    };
    assert!(parse(&declared(32)).is_ok());
    let three = format!("<a xmlns:q='urn:q'>{}</a>", declared(32));
    assert_eq!(refused(&three), "limit");
    assert_eq!(refused(&format!("<a xmlns='urn:{}'/>", "x".repeat(509))), "limit");
}

#[test]
fn comments_of_metadata_are_skipped_and_their_text_joined() {
    let text = "<!-- one --><a>x<!-- two -->y</a><!-- three -->";
    let document = Document::parse_text(text, &Profile::METADATA, &[]).unwrap();
    assert_eq!(document.root().unwrap().text().as_deref(), Some("xy"));
    assert!(Document::parse_text("<a><!-- a--b --></a>", &Profile::METADATA, &[]).is_err());
}

/// An independent parser reads the same names, attributes and text.
fn agree(ours: Element<'_, '_>, theirs: roxmltree::Node<'_, '_>) {
    assert_eq!(ours.local(), theirs.tag_name().name());
    assert_eq!(ours.namespace(), theirs.tag_name().namespace().unwrap_or_default());
    let mut mine: Vec<_> = ours.attributes().iter().map(|a| (a.namespace, a.local, &*a.value)).collect();
    let mut other: Vec<_> =
        theirs.attributes().map(|a| (a.namespace().unwrap_or_default(), a.name(), a.value())).collect();
    mine.sort_unstable();
    other.sort_unstable();
    assert_eq!(mine, other);
    let children: Vec<_> = ours.children().collect();
    assert_eq!(children.len(), theirs.children().count());
    for (ours, theirs) in children.into_iter().zip(theirs.children()) {
        match ours {
            Child::Element(element) => agree(element, theirs),
            Child::Text(text) => assert_eq!(Some(&**text), theirs.text()),
        }
    }
}

proptest::proptest! {
    #[test]
    fn an_independent_parser_reads_the_same_or_we_refuse(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<a>", "</a>", "<b/>", "<p:c xmlns:p='urn:p'>", "</p:c>", "<p:c p:x='1' y='2'>", "<a xmlns='urn:d'>", "<a xmlns=''>",
            "text", "&amp;", "&#x20;", "\r\n", "\t", " ", "é", "]]", ">", "<a b=\"'\"/>", "<a\n b = '1' >", "<d xmlns:p='urn:q'/>",
        ]), 0..24)
    ) {
        let text = format!("<r xmlns:p='urn:o'>{}</r>", pieces.concat());
        match (parse(&text), roxmltree::Document::parse(&text)) {
            (Ok(ours), Ok(theirs)) => agree(ours.root().unwrap(), theirs.root_element()),
            (Ok(_), Err(error)) => panic!("only we accept {text}: {error}"),
            (Err(_), _) => {}
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(text in "[<>/!?&;:='\" a-c#x0-9\\[\\]\\-\r\n]{0,64}") {
        let _ = parse(&text);
    }
}
