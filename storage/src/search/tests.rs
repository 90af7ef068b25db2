use proptest::prelude::*;

use super::{Part, Search, Selector, Sense, Term, Text};

/// What a search means, in a notation that shows its parts: `[category=a b]`, `text`, `!text` for what is negated.
fn shown(search: &Search) -> String {
    let parts = search.parts().iter().map(|Part { sense, term }| {
        let sign = if *sense == Sense::Unwanted { "!" } else { "" };
        let named = |name: &str, text: &Text| format!("[{name}={}]", text.folded());
        let term = match term {
            Term::Text(text) => format!("<{}>", text.folded()),
            Term::Selector(selector) => match selector {
                Selector::Category(text) => named("category", text),
                Selector::User(text) => named("user", text),
                Selector::Label(text) => named("label", text),
                Selector::Person(text) => named("person", text),
                Selector::Company(text) => named("company", text),
                Selector::City(text) => named("city", text),
                Selector::State(text) => named("state", text),
                Selector::Country(text) => named("country", text),
                Selector::Stage(stage) => format!("[stage={stage:?}]"),
                Selector::Is(status) => format!("[is={status:?}]"),
                Selector::Has(field) => format!("[has={field:?}]"),
                Selector::Before(date) => format!("[before={date}]"),
                Selector::After(date) => format!("[after={date}]"),
                Selector::Created(days) => format!("[created={days}]"),
                Selector::Updated(days) => format!("[updated={days}]"),
                Selector::Name(text) => named("name", text),
                Selector::Email(text) => named("email", text),
                Selector::Phone(text) => named("phone", text),
                Selector::Url(text) => named("url", text),
                Selector::Zip(text) => named("zip", text),
                Selector::Value(amounts) => format!("[value={amounts}]"),
                Selector::Probability(amounts) => format!("[probability={amounts}]"),
            },
        };
        format!("{sign}{term}")
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table of searches")]
fn searches_are_read() {
    for (text, meaning) in [
        // Words and phrases.
        ("", ""),
        ("  ", ""),
        ("Waffles  ÉCLAIR", "<waffles> <eclair>"),
        ("\"Belgium  Waffles\" jam", "<belgium waffles> <jam>"),
        ("say \"no end", "<say> <no end>"),
        ("\"\" jam", "<jam>"),
        ("a\"b c\"d", "<a> <b c> <d>"),
        ("\"5\"\" pipe\"", "<5\" pipe>"),
        ("\"\"\"\"", "<\">"),
        ("5\" pipes", "<5> <pipes>"),
        ("a\0b \0 \u{301}", "<ab>"),
        ("jean-françois a-b", "<jean-francois> <a-b>"),
        // Negation.
        ("-jam", "!<jam>"),
        ("tea -\"Belgium Waffles\"", "<tea> !<belgium waffles>"),
        ("- jam", "<-> <jam>"),
        ("-- jam", "<--> <jam>"),
        ("--jam", "<--jam>"),
        ("jam -", "<jam> <->"),
        ("-\"\" jam", "<jam>"),
        ("-category:Food", "![category=food]"),
        ("-stage:lead tea", "![stage=Lead] <tea>"),
        ("-foo:bar", "!<foo:bar>"),
        // Names.
        ("category:Category 1", "[category=category 1]"),
        ("Waffles category:Category 1", "<waffles> [category=category 1]"),
        ("category:Category 1 user:John", "[category=category 1] [user=john]"),
        ("\"Belgium Waffles\" category:Category 1 user:John", "<belgium waffles> [category=category 1] [user=john]"),
        ("category: Category name", "[category=category name]"),
        ("CATEGORY:Ä  User:Ö", "[category=a] [user=o]"),
        ("category:A category:B", "[category=a] [category=b]"),
        ("category:A -user:B C", "[category=a] ![user=b c]"),
        ("category:\"A B\" C", "[category=a b] <c>"),
        ("category: \"A user:B\" C", "[category=a user:b] <c>"),
        ("category:\"5\"\" pipe\"", "[category=5\" pipe]"),
        ("category:\"A B", "[category=a b]"),
        ("category:A \"B C\" D", "[category=a] <b c> <d>"),
        ("category:A\"B C\" D", "[category=a] <b c> <d>"),
        ("category:A -b c", "[category=a] !<b> <c>"),
        ("category:A -\"b c\" d", "[category=a] !<b c> <d>"),
        ("category:Sales - North", "[category=sales - north]"),
        ("category:Sales --North", "[category=sales --north]"),
        ("category:-A b", "[category=-a b]"),
        ("category:\"-A\" b", "[category=-a] <b>"),
        ("category:A foo:b", "[category=a foo:b]"),
        ("category:user:John", "[category=user:john]"),
        ("label:local area person:Josh Taylor - IBM", "[label=local area] [person=josh taylor - ibm]"),
        (
            "company:Ben & Jerry city:São Paulo state:SP country:Brazil",
            "[company=ben & jerry] [city=sao paulo] [state=sp] [country=brazil]",
        ),
        ("company:IBM stage:lead big", "[company=ibm] [stage=Lead] <big>"),
        // What is no selector.
        ("foo:bar", "<foo:bar>"),
        ("http://example.com", "<http://example.com>"),
        ("category :A", "<category> <:a>"),
        (":A", "<:a>"),
        ("xcategory:A", "<xcategory:a>"),
        // Values that are still to come.
        ("category:", "<category:>"),
        ("tea category:  ", "<tea> <category:>"),
        ("category: user:John", "<category:> [user=john]"),
        ("category:A user:", "[category=a] <user:>"),
        ("category:\"\" A", "<category:> <a>"),
        ("category:\u{301} user:A", "<category:> [user=a]"),
        ("category: -jam", "<category:> !<jam>"),
        ("-category:", "!<category:>"),
        ("stage: user:A", "<stage:> [user=a]"),
        ("before:", "<before:>"),
        // One word.
        ("stage:lead tea", "[stage=Lead] <tea>"),
        ("stage:Opportunities", "[stage=Opportunity]"),
        ("stage: customers", "[stage=Customer]"),
        ("stage:\"archive\"tea", "[stage=Archive] <tea>"),
        ("is:open is:Complete", "[is=Open] [is=Complete]"),
        ("has:email no:phone", "[has=Email] ![has=Phone]"),
        ("-has:end -no:file", "![has=End] [has=File]"),
        ("has:address tea \"b c\"", "[has=Address] <tea> <b c>"),
        // Days.
        ("before:2026-05-25 tea", "[before=2026-05-25] <tea>"),
        ("after: 2026-05-25", "[after=2026-05-25]"),
        ("created:2026-05-25", "[created=2026-05-25]"),
        ("created:2026-05-25..2026-05-25", "[created=2026-05-25]"),
        ("created:2026-05-25..", "[created=2026-05-25..]"),
        ("updated:..2026-05-25 -tea", "[updated=..2026-05-25] !<tea>"),
        ("-updated:2026-05-25..2026-06-01", "![updated=2026-05-25..2026-06-01]"),
        // Contact data and numbers.
        ("email:Ann@ACME.example tea", "[email=ann@acme.example] <tea>"),
        ("name:Ann Lee city:Graz", "[name=ann lee] [city=graz]"),
        ("phone:(0316)/555-12 tea phone:\"+43 316 555\"", "[phone=031655512] <tea> [phone=43316555]"),
        ("url:acme.example zip:\"SW1A 1AA\" -zip:80", "[url=acme.example] [zip=sw1a 1aa] ![zip=80]"),
        ("value:5000 value:=5000.00 value:>1000 value:>=.5", "[value=5000] [value=5000] [value=>1000] [value=0.5..]"),
        ("value:<1000 value:<=10 value:1..2 value:..3", "[value=<1000] [value=..10] [value=1..2] [value=..3]"),
        (
            "probability:50% probability:>0.25 -probability:25%..75%",
            "[probability=0.5] [probability=>0.25] ![probability=0.25..0.75]",
        ),
        ("email: tea", "[email=tea]"),
        ("tea email:", "<tea> <email:>"),
    ] {
        let search = Search::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(shown(&search), meaning, "{text:?}");
        assert_eq!(Search::parse(&search.to_string()).expect("it was printed"), search, "{text:?} is {search}");
    }
}

#[test]
fn what_no_selector_takes_is_refused_with_what_it_takes() {
    for (text, reason) in [
        ("stage:won", "stage: does not take \"won\"; write lead, opportunity, customer or archive"),
        ("is:done tea", "is: does not take \"done\"; write complete or open"),
        ("tea before:tomorrow", "before: does not take \"tomorrow\"; write a date like 2026-05-25"),
        ("after:2026-02-30", "after: does not take \"2026-02-30\"; write a date like 2026-05-25"),
        ("before:20260525", "before: does not take \"20260525\"; write a date like 2026-05-25"),
    ] {
        assert_eq!(Search::parse(text).expect_err(text).to_string(), reason);
    }
    for text in [
        "has:hair",
        "-no:hair",
        "stage:\"lead tea\"",
        "created:..",
        "created:2026-05-25...",
        "updated:2026-05-25..x",
        "created:2026-06-01..2026-05-25",
        "before:0000-01-01",
        "before:2026-05-25T00:00",
        "value:much",
        "value:>",
        "value:5..1",
        "value:..",
        "probability:25",
        "probability:12.345%",
        "phone:ann",
    ] {
        let reason = Search::parse(text).expect_err(text).to_string();
        assert!(reason.contains("; write "), "{reason}");
    }
}

#[test]
fn words_that_look_like_selectors_are_named() {
    for (text, unknown) in [
        ("categry:x", &["categry:x"][..]),
        ("tea -categry:x \"foo:bar\" foo:bar foo:bar", &["categry:x", "foo:bar"]),
        ("category:A foo:b", &["foo:b"]),
        ("adress: Graz", &["adress:"]),
        ("http://example.com https://x mailto:a@b.example 12:30 a:b :x category:A user:", &[]),
        ("foo:", &[]),
        ("category:\"A foo:b\" Email:x", &[]),
    ] {
        let search = Search::parse(text).expect(text);
        assert_eq!(search.unknown.0, unknown, "{text}");
        assert_eq!(search.notes().len(), unknown.len());
    }
    let note = |text: &str| Search::parse(text).expect(text).notes().concat();
    assert_eq!(
        note("categry:x"),
        "\"categry:x\" is searched as text, since categry: is no selector; did you mean category:?"
    );
    assert!(note("foo:bar").ends_with(
        "foo: is no selector; selectors are category, user, label, person, company, city, state, country, \
        stage, is, has, no, before, after, created, updated, name, email, phone, url, zip, value or probability"
    ));
}

#[test]
fn searches_are_bounded() {
    assert!(Search::parse(&"w ".repeat(32)).is_ok());
    assert!(Search::parse(&"w ".repeat(33)).is_err());
    assert!(Search::parse(&"is:open ".repeat(33)).is_err());
    assert!(Search::parse(&"w".repeat(1_000)).is_ok());
    assert!(Search::parse(&"w".repeat(1_001)).is_err());
    let unclosed = format!("\"{}", "w ".repeat(499));
    assert!(Search::parse(&unclosed).is_ok());
    assert!(Search::parse(&format!("{unclosed}w")).is_err(), "its text with both quotes is too long to be read back");
}

#[test]
fn searches_are_printed_as_one_writes_them() {
    for text in [
        "Waffles \"Belgium Waffles\" category:Category 1 user:John",
        "-jam -\"a b\" -category:A foo:b -stage:lead",
        "category:\"Category 1\" waffles",
        "category:\"A user:B\" no:email has:phone is:open",
        "\"category:\" tea \"-\"",
        "created:2026-05-25.. updated:..2026-05-25",
    ] {
        assert_eq!(Search::parse(text).expect(text).to_string(), text);
    }
}

#[test]
fn phone_numbers_are_known_by_their_digits() {
    for (text, digits) in [
        ("555-1234", Some("5551234")),
        ("\"(000) 555 1234\"", Some("0005551234")),
        ("+1.555/010", Some("1555010")),
        ("5551234", None),
        ("5-1", None),
        ("555-1234x", None),
        ("waffles", None),
    ] {
        let search = Search::parse(text).expect(text);
        let [Part { term: Term::Text(text), .. }] = search.parts() else { panic!("{search:?}") };
        assert_eq!(text.phone_digits().as_deref(), digits, "{search}");
    }
}

fn grammar() -> impl Strategy<Value = String> {
    let tokens = [
        "category:",
        "user:",
        "Stage:",
        "is:",
        "no:",
        "has:",
        "created:",
        "before:",
        "foo:",
        "email:",
        "Value:",
        "probability:",
        ">5",
        "50%",
        "lead",
        "open",
        "email",
        "2026-05-25",
        "..",
        "A b",
        "-",
        "-",
        "\"",
        "\"",
        "\"\"",
        " ",
        " ",
        " ",
        ":",
        "\0",
        "\u{301}",
        "é",
        "\u{a0}",
        "..2026-06-01",
    ];
    prop::collection::vec(prop::sample::select(tokens.to_vec()), 0..14).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::laws::cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(text in prop_oneof![1 => any::<String>(), 3 => grammar()]) {
        let Ok(search) = Search::parse(&text) else { return Ok(()) };
        let printed = search.to_string();
        prop_assert_eq!(&Search::parse(&printed).expect("it was printed"), &search, "{}", printed);
    }
}
