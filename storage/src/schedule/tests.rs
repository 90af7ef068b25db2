use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Moment, Offset, moment};

/// Read by the tests of the whole program too, so it is a file.
const TABLE: &str = include_str!("../../tests/schedule.txt");

#[test]
fn every_line_of_the_table_holds() {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let wrong: Vec<String> = rows
        .clone()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [start, zone, offset, time, expected] = cells[..] else { panic!("not five columns: {line}") };
            let answer = answer(start, zone, offset, time);
            let holds = match (expected.strip_prefix("refused: "), &answer) {
                (Some(reason), Err(error)) => error.contains(reason),
                (None, Ok(answer)) => answer == expected,
                _ => false,
            };
            (!holds).then(|| format!("{line}\n    but it is {answer:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.count() > 100, "the table is gone");
}

fn answer(start: &str, zone: &str, offset: &str, time: &str) -> Result<String, String> {
    let start: Date = start.parse().expect("a start date");
    let zone = TimeZone::get(zone).expect("a zone");
    let time = Some(time).filter(|time| !time.is_empty()).map(|time| time.parse().expect("a time"));
    let date = offset.parse::<Offset>().and_then(|offset| offset.from(start)).map_err(|error| error.to_string())?;
    Ok(match moment(date, time, &zone).map_err(|error| error.to_string())? {
        Moment::Day(date) => date.to_string(),
        Moment::At(moment) => moment.in_zone(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    })
}

#[test]
fn texts_are_canonical() {
    for (text, canonical) in [
        ("+1 WEEK", "+1 Week"),
        ("1 week 2 days", "+1 Week +2 Days"),
        ("+2 days -1 day", "+1 Day"),
        ("+1 day -1 day", "today"),
        ("tomorrow", "+1 Day"),
        ("+2 Weekdays", "+2 Business Days"),
        ("+0 business days", "+0 Business Days"),
        ("+1 fortnight", "+2 Weeks"),
        ("mon", "Monday"),
        ("next fri +1 month", "next Friday +1 Month"),
        ("previous sunday", "last Sunday"),
        ("monday next week", "Monday this week +1 Week"),
        ("next week", "Monday this week +1 Week"),
        ("2 years 1 month ago", "-2 Years -1 Month"),
        ("+1 day 2026-05-25", "2026-05-25 +1 Day"),
    ] {
        let offset: Offset = text.parse().expect(text);
        assert_eq!(offset.to_string(), canonical);
        assert_eq!(canonical.parse::<Offset>().expect(canonical), offset);
    }
    assert!("+1 day ".repeat(30).parse::<Offset>().is_err(), "it is too long");
}

#[test]
fn a_moment_beyond_the_calendar_is_refused() {
    let time = Some(jiff::civil::time(23, 59, 59, 0));
    assert!(moment(Date::MAX, time, &TimeZone::get("America/New_York").expect("a zone")).is_err());
}

fn words() -> impl Strategy<Value = String> {
    let words = [
        "+",
        "-",
        "1",
        "2",
        "31",
        "9999999",
        "2026-01-31",
        "9999-12-31",
        "day",
        "days",
        "weeks",
        "fortnight",
        "months",
        "year",
        "business",
        "weekday",
        "monday",
        "SUN",
        "next",
        "last",
        "this",
        "week",
        "today",
        "tomorrow",
        "ago",
        ",",
        "é",
        "\u{a0}",
    ];
    prop::collection::vec((prop::sample::select(words.to_vec()), prop::sample::select(vec![" ", "", " "])), 0..9)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(word, blank)| [word, blank]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::laws::cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![any::<String>(), words()], days in -4_371_587_i64..=2_932_896) {
        let Ok(offset) = text.parse::<Offset>() else { return Ok(()) };
        prop_assert_eq!(offset.to_string().parse::<Offset>().expect("it was printed"), offset);
        let start = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).expect("a date of jiff's");
        if let Ok(date) = offset.from(start) {
            let _ = moment(date, Some(jiff::civil::Time::MIN), &TimeZone::UTC);
        }
    }

    #[test]
    fn counts_are_read_back(years in -99..99, months in -99..99, weeks in -99..99, days in -99..99) {
        let text = format!("{years:+} years {months:+} months {weeks:+} weeks {days:+} days");
        let offset: Offset = text.parse().expect("counts");
        prop_assert_eq!(offset, Offset { years, months, weeks, days, ..Offset::default() });
        prop_assert_eq!(offset.to_string().parse::<Offset>().expect("it was printed"), offset);
    }

    #[test]
    fn business_days_are_counted_one_by_one(day in 0_i64..14, count in -40_i32..40) {
        let start = jiff::civil::date(2026, 5, 25).checked_add(jiff::Span::new().days(day)).expect("a date");
        let mut date = start;
        let mut left = count;
        while left != 0 {
            date = if count > 0 { date.tomorrow() } else { date.yesterday() }.expect("a date");
            if date.weekday().to_monday_zero_offset() < 5 {
                left -= count.signum();
            }
        }
        if count != 0 {
            let offset: Offset = format!("{count} business days").parse().expect("a count");
            prop_assert_eq!(offset.from(start).expect("in range"), date);
        }
    }
}
