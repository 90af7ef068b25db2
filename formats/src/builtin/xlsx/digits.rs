//! Formats by which a number is a row of digits and no amount: postal codes and telephone numbers with zeros, signs and spaces that the
//! cell itself does not hold, such as `00000`, `+0` or `[<=9999999]###-####;(###) ###-####` (ECMA-376 part 1 section 18.8.31).

/// The sections of such a format.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Digits(Vec<Section>);

#[derive(Clone, Debug, PartialEq)]
struct Section {
    condition: Option<(Comparison, f64)>,
    /// `None` for a section that does not show a number as digits.
    places: Option<Vec<Place>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A digit, shown as 0 where the number has none.
    Always,
    /// A digit, where the number has one.
    IfThere,
    Literal(char),
}

impl Digits {
    /// Reads the code of a format; `None` for one that shows amounts, or numbers as they are.
    pub(super) fn read(code: &str) -> Option<Digits> {
        // Excel has four.
        const MOST: usize = 4;
        let sections: Vec<Section> = sections(code).into_iter().take(MOST).collect();
        sections.iter().any(|section| section.places.is_some()).then_some(Digits(sections))
    }

    /// A number as the format shows it; `None` where that is the number itself, as of one with decimals or below zero.
    pub(super) fn show(&self, number: f64) -> Option<String> {
        // What a float holds exactly.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if !(0.0..MOST).contains(&number) || number.fract() != 0.0 {
            return None;
        }
        let places = self.section(number)?.places.as_ref()?;
        let digits = format!("{number:.0}");
        let digits = if number == 0.0 { "" } else { &digits };
        let count = places.iter().filter(|place| !matches!(place, Place::Literal(_))).count();
        let surplus = digits.len().saturating_sub(count);
        let missing = count.saturating_sub(digits.len());
        let (mut shown, mut seen, mut is_padded) = (String::new(), 0, false);
        for place in places {
            if let Place::Literal(char) = place {
                shown.push(*char);
                continue;
            }
            // All digits for which there is no place stand before the first one.
            if seen == 0 {
                shown.push_str(&digits[..surplus]);
            }
            is_padded |= *place == Place::Always;
            if seen >= missing {
                let at = surplus + seen - missing;
                shown.push_str(&digits[at..=at]);
            } else if is_padded {
                shown.push('0');
            }
            seen += 1;
        }
        Some(shown.trim().to_owned())
    }

    /// The section by which a number is shown that is not below zero.
    fn section(&self, number: f64) -> Option<&Section> {
        let sections = &self.0;
        if sections.iter().all(|section| section.condition.is_none()) {
            return sections.get(if number == 0.0 && sections.len() > 2 { 2 } else { 0 });
        }
        sections
            .iter()
            .find(|section| section.condition.is_none_or(|(comparison, limit)| comparison.holds(number, limit)))
    }
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "conditions compare the numbers that stand there")]
    fn holds(self, number: f64, limit: f64) -> bool {
        match self {
            Comparison::Less => number < limit,
            Comparison::AtMost => number <= limit,
            Comparison::Equal => number == limit,
            Comparison::Unequal => number != limit,
            Comparison::AtLeast => number >= limit,
            Comparison::Greater => number > limit,
        }
    }
}

/// The sections of a code, which semicolons separate.
fn sections(code: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let (mut condition, mut places, mut is_fit) = (None, Vec::new(), true);
    let mut chars = code.chars();
    loop {
        let char = chars.next();
        match char {
            None | Some(';') => {
                let places = std::mem::take(&mut places);
                let places = (is_fit && shows_digits(&places)).then_some(places);
                sections.push(Section { condition: condition.take(), places });
                is_fit = true;
                if char.is_none() {
                    return sections;
                }
            }
            Some('0') => places.push(Place::Always),
            Some('#' | '?') => places.push(Place::IfThere),
            Some('"') => places.extend(chars.by_ref().take_while(|char| *char != '"').map(Place::Literal)),
            Some('\\') => places.extend(chars.next().map(Place::Literal)),
            // As wide as the next character, or filled with it.
            Some('_' | '*') => drop(chars.next()),
            Some('[') => {
                let inside: String = chars.by_ref().take_while(|char| *char != ']').collect();
                match read_condition(&inside) {
                    Some(found) => condition = Some(found),
                    // The sign of a currency.
                    None => is_fit &= !inside.starts_with('$') || inside.starts_with("$-"),
                }
            }
            Some(char @ ('+' | '-' | '(' | ')' | ' ' | '\u{a0}')) => places.push(Place::Literal(char)),
            // Decimals, thousands, hundredths, exponents, fractions, texts and signs of currencies.
            Some(_) => is_fit = false,
        }
    }
}

fn read_condition(text: &str) -> Option<(Comparison, f64)> {
    let known = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<>", Comparison::Unequal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ];
    known.into_iter().find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?.trim().parse().ok()?)))
}

/// Whether something belongs to the digits that the number itself does not have: zeros before it, or signs and digits around it. Words
/// are part of a name such as `INV-0001`, and after a number that has no zeros its unit.
fn shows_digits(places: &[Place]) -> bool {
    let digits: Vec<_> = places.iter().filter(|place| !matches!(place, Place::Literal(_))).collect();
    let zeros = digits.iter().filter(|place| ***place == Place::Always).count();
    let begins_with_zero = digits.len() > 1 && *digits[0] == Place::Always;
    let is_sign = |char: char| char.is_ascii_digit() || "+-() ./\u{a0}".contains(char);
    let literals =
        || places.iter().filter_map(|place| if let Place::Literal(char) = place { Some(*char) } else { None });
    !digits.is_empty()
        && (zeros > 1 || begins_with_zero || (literals().any(|char| !char.is_whitespace()) && literals().all(is_sign)))
}

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn zeros_and_signs_belong_to_the_digits() {
        for (code, number, shown) in [
            ("00000", 1234.0, "01234"),
            ("00000", 0.0, "00000"),
            ("00000", 123_456.0, "123456"),
            ("00000;@", 6791.0, "06791"),
            ("00000\\-0000", 21_390_001.0, "02139-0001"),
            ("00000-0000", 21_390_001.0, "02139-0001"),
            ("0000000000", 3_108_207_129.0, "3108207129"),
            ("+0", 436_641_234_567.0, "+436641234567"),
            ("\\+0", 43.0, "+43"),
            ("\"+49 \"0", 30_123.0, "+49 30123"),
            ("\"0\"#", 664_123.0, "0664123"),
            ("0### ### ###", 664_123_456.0, "0664 123 456"),
            ("[<=9999999]###-####;(###) ###-####", 5_550_100.0, "555-0100"),
            ("[<=9999999]###-####;(###) ###-####", 3_108_207_129.0, "(310) 820-7129"),
            ("[$-407]00000", 1234.0, "01234"),
            ("[Red]00000", 1234.0, "01234"),
            ("\"D-\"00000", 1234.0, "D-01234"),
            ("000\\.000\\.000\\-00", 12_345_678_909.0, "123.456.789-09"),
            ("00000_);(00000)", 12.0, "00012"),
        ] {
            assert_eq!(Digits::read(code).and_then(|digits| digits.show(number)).as_deref(), Some(shown), "{code}");
        }
    }

    #[test]
    fn amounts_are_no_digits() {
        for code in [
            "General",
            "0",
            "#",
            "#,##0",
            "0.00",
            "0%",
            "0.00E+00",
            "#,##0.00;[Red]-#,##0.00",
            "\"$\"#,##0.00",
            "[$€-407]0",
            "0 \"kg\"",
            "0\\ \"Stk\"",
            "# ?/?",
            "@",
            "",
            "0_)",
            "_-* #,##0_-",
            "00.00",
            "$0",
            "0;-0",
        ] {
            assert_eq!(Digits::read(code).and_then(|digits| digits.show(1234.0)), None, "{code}");
        }
        for number in [-5.0, 1.5, f64::NAN, 1e300] {
            assert_eq!(Digits::read("00000").and_then(|digits| digits.show(number)), None, "{number}");
        }
    }
}
