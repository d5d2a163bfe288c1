//! A truth table for every operator: each way a key can be there, each way a condition can ask.

use super::holds;
use daypass::policy::Keys;

/// One operator: the condition's values, a request value that equals or fits one of them, and one that fits none.
struct Row {
    positive: &'static str,
    negated: Option<&'static str>,
    wanted: &'static str,
    fits: &'static [&'static str],
    misses: &'static [&'static str],
}

const TABLE: [Row; 18] = [
    Row {
        positive: "StringEquals",
        negated: Some("StringNotEquals"),
        wanted: r#"["a*","b"]"#,
        fits: &["a*", "b"],
        misses: &["", "a", "ax", "B", "b ", "c"],
    },
    Row {
        positive: "StringEqualsIgnoreCase",
        negated: Some("StringNotEqualsIgnoreCase"),
        wanted: r#"["Cats","ÉTÉ"]"#,
        fits: &["cats", "CATS", "été"],
        misses: &["", "cat", "catsx", "ete"],
    },
    Row {
        positive: "StringLike",
        negated: Some("StringNotLike"),
        wanted: r#"["a*z","b?"]"#,
        fits: &["az", "a:/\nz", "azz", "bé", "b?"],
        misses: &["", "a", "za", "b", "bcd", "AZ"],
    },
    Row {
        positive: "NumericEquals",
        negated: Some("NumericNotEquals"),
        wanted: r#"["10", 9007199254740993]"#,
        fits: &["10", "010", "10.0", "+10", "9007199254740993"],
        misses: &["11", "-10", "10.01", "9007199254740992", "ten", "", "1e1", "0x0A", "10."],
    },
    Row {
        positive: "NumericLessThan",
        negated: None,
        wanted: "10",
        fits: &["9", "-11", "9.99"],
        misses: &["10", "100", "x"],
    },
    Row {
        positive: "NumericLessThanEquals",
        negated: None,
        wanted: "10",
        fits: &["9", "10", "10.00"],
        misses: &["10.0001", "11", ""],
    },
    Row {
        positive: "NumericGreaterThan",
        negated: None,
        wanted: "-1.5",
        fits: &["-1.49", "0", "-0"],
        misses: &["-1.5", "-2", "nan", "-1.51"],
    },
    Row {
        positive: "NumericGreaterThanEquals",
        negated: None,
        wanted: "10",
        fits: &["10", "11", "100"],
        misses: &["9", "-10", "inf"],
    },
    Row {
        positive: "DateEquals",
        negated: Some("DateNotEquals"),
        wanted: r#"["2026-01-31T12:00:00Z"]"#,
        fits: &["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "1769860800", "2026-01-31T12:00Z"],
        misses: &["2026-01-31", "2026-01-31T12:00:01Z", "yesterday", ""],
    },
    Row {
        positive: "DateLessThan",
        negated: None,
        wanted: r#""2026-02""#,
        fits: &["2026-01-31T23:59:59Z", "0", "2026-01-31"],
        misses: &["2026-02-01T00:00:00Z", "2026-02-02", "soon"],
    },
    Row {
        positive: "DateLessThanEquals",
        negated: None,
        wanted: r#"["2025-01-01","2026-02-01T00:00:00Z"]"#,
        fits: &["2026-02-01T00:00:00Z", "2026-01-31T23:59:59+00:01", "1769904000", "2020-06"],
        misses: &["2026-02-01T00:00:01Z", "1769904001", "", "2026-02-30"],
    },
    Row {
        positive: "DateGreaterThan",
        negated: None,
        wanted: r#""2026-01-31T12:00:00Z""#,
        fits: &["2026-01-31T12:00:01Z", "1769860801", "2026-01-31T12:00:00-01:00"],
        misses: &["2026-01-31T12:00:00Z", "1769860800", "2026-01-31T12:00:00+01:00", "later"],
    },
    Row {
        positive: "DateGreaterThanEquals",
        negated: None,
        wanted: "1769860800",
        fits: &["2026-01-31T12:00:00Z", "2027-01-01"],
        misses: &["2026-01-31T11:59:59Z", "1"],
    },
    Row {
        positive: "Bool",
        negated: None,
        wanted: "true",
        fits: &["true", "TRUE", "True"],
        misses: &["false", "", "1", "yes"],
    },
    Row {
        positive: "BinaryEquals",
        negated: None,
        wanted: r#""QmluYXJ5VmFsdWVJbkJhc2U2NA==""#,
        fits: &["QmluYXJ5VmFsdWVJbkJhc2U2NA=="],
        misses: &["qmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA", ""],
    },
    Row {
        positive: "IpAddress",
        negated: Some("NotIpAddress"),
        wanted: r#"["203.0.113.7/24", "192.0.2.1", "2001:db8::/32"]"#,
        fits: &["203.0.113.0", "203.0.113.255", "192.0.2.1", "2001:db8:1::1", "::ffff:192.0.2.1"],
        misses: &["203.0.114.1", "192.0.2.2", "2001:db9::", "", "192.0.2.1.", "0192.0.2.1"],
    },
    Row {
        positive: "ArnLike",
        negated: Some("ArnNotLike"),
        wanted: r#"["arn:aws:s3:::photos","arn:aws:sns:*:111111111111:cat*"]"#,
        fits: &["arn:aws:s3:::photos", "arn:aws:sns:eu-west-1:111111111111:cats:and:dogs"],
        misses: &[
            "arn:aws:s3:::photo",
            "arn:aws:sns:a:b:111111111111:cats",
            "arn:aws:sns::222222222222:cats",
            "photos",
            "",
        ],
    },
    Row {
        positive: "ArnEquals",
        negated: Some("ArnNotEquals"),
        wanted: r#""arn:aws:iam::*:role/*""#,
        fits: &["arn:aws:iam::111111111111:role/a/b"],
        misses: &["arn:aws:iam::111111111111:user/a", "arn:aws:iam:role/a"],
    },
];

const ABSENT: Keys = Keys::new();

fn one(value: &str) -> Keys {
    Keys::new().with("aws:Test", value)
}

fn many(values: &[&str]) -> Keys {
    Keys::new().with_list("aws:Test", values.iter().copied())
}

fn block(operator: &str, wanted: &str) -> String {
    format!(r#"{{"{operator}":{{"AWS:test":{wanted}}}}}"#)
}

#[test]
fn a_single_valued_key_fits_any_value_of_a_positive_operator_and_none_of_a_negated_one() {
    for row in &TABLE {
        for (values, expected) in [(row.fits, true), (row.misses, false)] {
            for value in values {
                let (keys, positive) = (one(value), block(row.positive, row.wanted));
                assert_eq!(holds(&positive, &keys), expected, "{positive} {value:?}");
                assert_eq!(holds(&block(&format!("{}IfExists", row.positive), row.wanted), &keys), expected);
                if let Some(negated) = row.negated {
                    assert_eq!(holds(&block(negated, row.wanted), &keys), !expected, "{negated} {value:?}");
                    assert_eq!(holds(&block(&format!("{negated}IfExists"), row.wanted), &keys), !expected);
                }
            }
        }
    }
}

/// The operators of the IAM user guide, "IAM JSON policy elements: Condition operators".
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

#[test]
fn the_table_has_every_operator_and_the_language_no_other() {
    let mut told: Vec<&str> = TABLE.iter().flat_map(|row| [Some(row.positive), row.negated]).flatten().collect();
    told.push("Null");
    told.sort_unstable();
    let mut all = OPERATORS;
    all.sort_unstable();
    assert_eq!(told, all);
    let is_read = |operator: &str, value: &str| {
        let condition = block(operator, value);
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
        daypass::policy::Policy::parse(&super::document(&statement), daypass::policy::Kind::Identity).is_ok()
    };
    for row in &TABLE {
        for operator in [Some(row.positive), row.negated].into_iter().flatten() {
            for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
                for suffix in ["", "IfExists"] {
                    assert!(is_read(&format!("{prefix}{operator}{suffix}"), row.wanted), "{prefix}{operator}{suffix}");
                }
            }
            for wrong in [
                format!("{operator}IfExist"),
                format!("{operator}IfExistsIfExists"),
                format!("Not{operator}"),
                format!("ForAllValues:ForAnyValue:{operator}"),
                format!("forallvalues:{operator}"),
                operator.to_lowercase(),
            ] {
                assert!(OPERATORS.contains(&wrong.as_str()) || !is_read(&wrong, row.wanted), "{wrong}");
            }
        }
    }
}

#[test]
fn an_absent_key_fails_positive_operators_and_passes_negated_ones() {
    for row in &TABLE {
        for (operator, negated) in [(Some(row.positive), false), (row.negated, true)] {
            let Some(operator) = operator else { continue };
            for keys in [&ABSENT, &many(&[])] {
                let ask = |operator: &str| holds(&block(operator, row.wanted), keys);
                assert_eq!(ask(operator), negated, "{operator}");
                assert!(ask(&format!("{operator}IfExists")), "{operator}IfExists");
                assert!(ask(&format!("ForAllValues:{operator}")), "ForAllValues:{operator}");
                assert!(ask(&format!("ForAllValues:{operator}IfExists")));
                assert!(!ask(&format!("ForAnyValue:{operator}")), "ForAnyValue:{operator}");
                assert!(ask(&format!("ForAnyValue:{operator}IfExists")));
            }
        }
    }
}

#[test]
fn a_multivalued_key_is_compared_through_set_operators_only() {
    for row in &TABLE {
        for (operator, negated) in [(Some(row.positive), false), (row.negated, true)] {
            let Some(operator) = operator else { continue };
            let (fit, miss) = (row.fits[0], row.misses[0]);
            let ask = |prefix: &str, keys: &Keys| holds(&block(&format!("{prefix}{operator}"), row.wanted), keys);
            for keys in [many(&[fit]), many(&[miss]), many(&[fit, miss])] {
                assert!(!ask("", &keys), "{operator} {keys:?}");
            }
            // Negation is pair by pair: some value outside the set is enough for ForAnyValue.
            for (values, all, any) in [
                (vec![fit], true, true),
                (vec![miss], false, false),
                (vec![fit, miss], false, true),
                (vec![fit, fit], true, true),
            ] {
                let (all, any) = match (negated, values.len()) {
                    (false, _) => (all, any),
                    (true, 2) if values[0] != values[1] => (false, true),
                    (true, _) => (!all, !any),
                };
                // With IfExists the same: the key is there.
                for suffix in ["", "IfExists"] {
                    let ask =
                        |set: &str| holds(&block(&format!("{set}{operator}{suffix}"), row.wanted), &many(&values));
                    assert_eq!(ask("ForAllValues:"), all, "ForAllValues:{operator}{suffix} {values:?}");
                    assert_eq!(ask("ForAnyValue:"), any, "ForAnyValue:{operator}{suffix} {values:?}");
                    assert!(!ask(""), "{operator}{suffix} {values:?}");
                }
            }
            // A single-valued key is a set of one.
            assert_eq!(ask("ForAllValues:", &one(fit)), !negated, "ForAllValues:{operator}");
            assert_eq!(ask("ForAnyValue:", &one(miss)), negated, "ForAnyValue:{operator}");
        }
    }
}

#[test]
fn null_tests_presence_whatever_the_qualifier() {
    for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
        let ask = |wanted: &str, keys: &Keys| holds(&block(&format!("{prefix}Null"), wanted), keys);
        for keys in [one("x"), one(""), many(&["x"])] {
            assert!(ask("false", &keys) && ask("\"FALSE\"", &keys) && !ask("true", &keys), "{keys:?}");
            assert!(ask(r#"["true","false"]"#, &keys));
        }
        for keys in [ABSENT, many(&[])] {
            assert!(ask("true", &keys) && !ask("false", &keys), "{keys:?}");
        }
    }
}

#[test]
fn keys_and_blocks_are_joined_by_and() {
    let both = r#"{"StringEquals":{"a:x":"1","a:y":"2"},"Bool":{"a:z":"true"}}"#;
    let keys = Keys::new().with("a:x", "1").with("a:y", "2").with("a:z", "true");
    assert!(holds(both, &keys));
    for (name, value) in [("a:x", "2"), ("a:y", "1"), ("a:z", "false")] {
        assert!(!holds(both, &keys.clone().with(name, value)), "{name}");
    }
    assert!(holds("{}", &ABSENT) && holds(r#"{"StringEquals":{}}"#, &ABSENT));
    // As the cloud takes it: an operator that is none, with nothing put to it.
    assert!(holds(r#"{"a":{}}"#, &ABSENT) && holds(r#"{"x":{},"y":{}}"#, &ABSENT));
}

#[test]
fn a_condition_without_values_fits_nothing() {
    for row in &TABLE {
        for keys in [one(row.fits[0]), one(row.misses[0])] {
            assert!(!holds(&block(row.positive, "[]"), &keys), "{}", row.positive);
            assert!(!holds(&block(&format!("ForAnyValue:{}", row.positive), "[]"), &keys), "{}", row.positive);
            assert!(!holds(&block(&format!("ForAllValues:{}", row.positive), "[]"), &keys), "{}", row.positive);
            if let Some(negated) = row.negated {
                assert!(holds(&block(negated, "[]"), &keys), "{negated}");
            }
        }
    }
}

#[test]
fn bare_booleans_and_numbers_stand_for_their_text() {
    let keys = Keys::new().with("a:flag", "true").with("a:number", "3600").with("a:text", "true");
    for condition in [
        r#"{"Bool":{"a:flag":true}}"#,
        r#"{"Bool":{"a:flag":["false",true]}}"#,
        r#"{"StringEquals":{"a:text":true}}"#,
        r#"{"NumericEquals":{"a:number":3600}}"#,
        r#"{"NumericLessThan":{"a:number":[3599, 3600.5]}}"#,
        r#"{"StringEquals":{"a:number":3600}}"#,
        r#"{"Null":{"a:other":true,"a:flag":false}}"#,
        r#"{"DateLessThan":{"a:number":3601}}"#,
    ] {
        assert!(holds(condition, &keys), "{condition}");
    }
}

#[test]
fn variables_stand_in_text_arn_and_bool_conditions() {
    let keys = Keys::new().with("aws:username", "martha").with("aws:flag", "true").with("aws:Account", "111111111111");
    let keys = keys.with("aws:self", "arn:aws:iam::111111111111:role/a").with("aws:Test", "home/martha");
    assert!(holds(&block("StringEquals", r#""home/${AWS:UserName}""#), &keys));
    assert!(holds(&block("StringLike", r#""h*/${aws:username}""#), &keys));
    assert!(holds(&block("StringEqualsIgnoreCase", r#""HOME/${aws:username}""#), &keys));
    assert!(holds(r#"{"Bool":{"aws:flag":"${aws:flag}"}}"#, &keys));
    let arn = |wanted: &str| holds(&format!(r#"{{"ArnEquals":{{"aws:self":"{wanted}"}}}}"#), &keys);
    assert!(arn("arn:aws:iam::${aws:Account}:role/*") && arn("${aws:self}") && arn("*"));
    assert!(!arn("arn:aws:iam::${aws:username}:role/*"));
}

#[test]
fn a_variable_without_a_value_equals_nothing() {
    let keys = one("").with_list("aws:TagKeys", ["a"]);
    for variable in ["${aws:username}", "${aws:TagKeys}"] {
        for operator in ["StringEquals", "StringLike", "StringEqualsIgnoreCase"] {
            assert!(!holds(&block(operator, &format!("\"{variable}\"")), &keys), "{operator} {variable}");
        }
        for operator in ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"] {
            assert!(holds(&block(operator, &format!("\"{variable}\"")), &keys), "{operator} {variable}");
        }
    }
    assert!(holds(&block("StringEquals", r#""${aws:username, ''}""#), &keys));
    assert!(holds(&block("StringEquals", r#""${aws:username, 'nobody'}""#), &one("nobody")));
}
