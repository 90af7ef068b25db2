use proptest::prelude::*;

use super::Operators;

/// The orders of a body, a line each.
fn orders(operators: &Operators) -> Vec<String> {
    let categories = operators.categories.iter().map(|name| format!("category {name}"));
    let events = operators.events.iter().map(|event| format!("event {} = {}", event.offset, event.title));
    let associations = operators.associations.iter().map(|name| format!("association {name}"));
    categories.chain(events).chain(associations).collect()
}

#[test]
fn orders_are_read_and_taken_out() {
    for (body, expected, text) in [
        // The sample of the original's page.
        (
            "Spent time with client \n\n[category:Meetings]\n[event:+1 Week:Follow-up with client]",
            &["category Meetings", "event +1 Week = Follow-up with client"][..],
            "Spent time with client ",
        ),
        ("[association:Josh Taylor - IBM]", &["association Josh Taylor - IBM"], ""),
        ("[CATEGORY:A][Category: B ][ category :C]", &["category A", "category B", "category C"], ""),
        ("[category:A]\n[category:A]\n", &["category A", "category A"], ""),
        ("[category:a:b]", &["category a:b"], ""),
        ("[event:next monday:Call: 10:30]", &["event next Monday = Call: 10:30"], ""),
        ("[event: 2026-05-25 : Fair ]", &["event 2026-05-25 = Fair"], ""),
        // Lines.
        ("one\n[category:A]\ntwo", &["category A"], "one\ntwo"),
        ("one\r\n[category:A]\r\ntwo\r\n", &["category A"], "one\r\ntwo\r\n"),
        ("one\n \t[category:A] [category:B]  \ntwo", &["category A", "category B"], "one\ntwo"),
        ("\n[category:A]\n\n  one\n\ntwo\n\n[category:B]\n \n", &["category A", "category B"], "  one\n\ntwo"),
        ("\n\none [category:A]\n\n", &["category A"], "\n\none\n\n"),
        ("one\n\n[category:A]\n\ntwo", &["category A"], "one\n\n\ntwo"),
        // Blanks.
        ("one [category:A] two", &["category A"], "one two"),
        ("one [category:A][category:B] two", &["category A", "category B"], "one two"),
        ("one [category:A] [category:B]two", &["category A", "category B"], "one two"),
        ("one [category:A]", &["category A"], "one"),
        ("one [category:A] \r\ntwo", &["category A"], "one \r\ntwo"),
        ("one [category:A]\r\ntwo", &["category A"], "one\r\ntwo"),
        ("[category:A] one", &["category A"], "one"),
        ("one[category:A]two", &["category A"], "onetwo"),
        ("one  [category:A]  two", &["category A"], "one   two"),
        // A mail program wrapped the line.
        ("one\n[event:+1 Week:Follow-up\r\n with client]\ntwo", &["event +1 Week = Follow-up with client"], "one\ntwo"),
        ("[category:\nA\n]", &["category A"], ""),
        // Text.
        ("[[category:A]]", &["category A"], "[]"),
        (
            "see [1], [category], [foo:bar], [category x:y] and [:z]",
            &[],
            "see [1], [category], [foo:bar], [category x:y] and [:z]",
        ),
        ("category:A]", &[], "category:A]"),
        ("", &[], ""),
    ] {
        let operators = Operators::parse(body).expect(body);
        assert_eq!(orders(&operators), expected, "{body:?}");
        assert_eq!(operators.text, text, "{body:?}");
        assert_eq!(operators.problems, [], "{body:?}");
    }
}

#[test]
fn what_cannot_be_obeyed_stays_and_is_reported() {
    for (body, problem, text) in [
        (
            "[event:whenever:x]",
            "line 1, column 1: \"whenever\" is not a relative date; write +1 Week",
            "[event:whenever:x]",
        ),
        (
            "one\nä [event:+1 Week]",
            "line 2, column 3: the event has no title; write it like [event:+1 Week:Title]",
            "one\nä [event:+1 Week]",
        ),
        ("[event:+1 Week: ]", "line 1, column 1: the event has no title", "[event:+1 Week: ]"),
        ("[event:]", "line 1, column 1: \"\" is not a relative date", "[event:]"),
        ("[category: ]", "line 1, column 1: nothing follows the colon", "[category: ]"),
        ("[association:]", "line 1, column 1: nothing follows the colon", "[association:]"),
        ("[category:A", "line 1, column 1: the operator has no closing bracket", "[category:A"),
        ("[category:A\n[category:B]\nend", "line 1, column 1: the operator has no closing bracket", "[category:A\nend"),
        ("[category:A\n\nend :]", "line 1, column 1: the operator has no closing bracket", "[category:A\n\nend :]"),
        ("[category:A\n\r\n]", "line 1, column 1: the operator has no closing bracket", "[category:A\n\r\n]"),
        (
            "[event:+1 Week:Call [urgent]]",
            "line 1, column 1: the operator has no closing bracket",
            "[event:+1 Week:Call [urgent]]",
        ),
    ] {
        let operators = Operators::parse(body).expect(body);
        let [found] = &operators.problems[..] else { panic!("{body:?}: {operators:?}") };
        assert!(found.to_string().starts_with(problem), "{found}");
        assert_eq!(operators.text, text, "{body:?}");
    }
}

#[test]
fn operators_are_bounded() {
    assert_eq!(Operators::parse(&"[category:A]".repeat(100)).expect("100 of them").categories.len(), 100);
    assert!(Operators::parse(&"[category:A]".repeat(101)).is_err());
    assert!(Operators::parse(&"[category:".repeat(101)).is_err(), "those with problems count");
    assert!(Operators::parse(&"[".repeat(1 << 20)).is_ok());
}

fn bodies() -> impl Strategy<Value = String> {
    let tokens = [
        "[",
        "]",
        "[category:",
        "[Event:",
        "[association:",
        "category",
        ":",
        "+1 Week",
        "x",
        "é",
        " ",
        " ",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "[category:A]",
        "[event:today:x]",
    ];
    prop::collection::vec(prop::sample::select(tokens.to_vec()), 0..20).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::laws::cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_orders_and_white_space_is_taken_out(body in prop_oneof![any::<String>(), bodies()]) {
        let operators = Operators::parse(&body).expect("there are fewer than the limit");
        if orders(&operators).is_empty() {
            prop_assert_eq!(&operators.text, &body);
        }
        let mut rest = body.chars();
        prop_assert!(operators.text.chars().all(|c| rest.any(|other| other == c)), "{:?} is left", operators.text);
        let brackets = |text: &str| text.matches('[').count();
        prop_assert_eq!(brackets(&body) - brackets(&operators.text), orders(&operators).len());
    }

    #[test]
    fn a_body_without_operators_comes_back_unchanged(body in "[^\\[]*") {
        let operators = Operators::parse(&body).expect("it has no bracket");
        prop_assert_eq!(operators, Operators { text: body, ..Operators::default() });
    }
}
