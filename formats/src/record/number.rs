//! Numbers as people and programs write them: `$5,000.00`, `5 000,50 €`, `75 %`, `(1,200)`, `1E3`. Whether `5.000` is five or five
//! thousand nobody can tell from one number: what it would be either way is told, and the reader says which separator holds.

use rust_decimal::Decimal;

use crate::DecimalSeparator;
use crate::headers::words::folded;
use crate::sentence::excerpt;

/// Reads a number as people and programs write it, in which a separator means what is said where it could be either: signs of
/// currencies and ISO 4217 codes, separators of thousands, parentheses around what is negative, exponents and percentages, which are
/// hundredths. `None` where it is no number.
///
/// ```
/// use formats::{DecimalSeparator, read_number};
/// assert_eq!(read_number("5.000", DecimalSeparator::Comma), Some(5000.into()));
/// assert_eq!(read_number("($1,200.00)", DecimalSeparator::Point), Some((-1200).into()));
/// assert_eq!(read_number("many", DecimalSeparator::Point), None);
/// ```
pub fn read_number(text: &str, separator: DecimalSeparator) -> Option<Decimal> {
    let Written { reading, is_percent, .. } = written(text).ok()?;
    let number = reading.with(separator);
    if is_percent { hundredth(number) } else { Some(number) }
}

/// What a text says of a number.
pub(crate) struct Written {
    pub(crate) reading: Reading,
    /// Whether hundredths are meant.
    pub(crate) is_percent: bool,
    /// The currency as it stands there, such as `€` or `EUR`.
    pub(crate) currency: Option<String>,
}

/// A number, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// No separator, or none that could be another one.
    Sure(Decimal),
    /// Only with a decimal point it is a number.
    Point(Decimal),
    /// Only with a decimal comma it is a number.
    Comma(Decimal),
    /// It could be either.
    Either { point: Decimal, comma: Decimal },
}

impl Reading {
    /// The number, with the separator that holds where it could be either.
    pub(crate) fn with(self, separator: DecimalSeparator) -> Decimal {
        match (self, separator) {
            (Reading::Sure(number) | Reading::Point(number) | Reading::Comma(number), _)
            | (Reading::Either { point: number, .. }, DecimalSeparator::Point)
            | (Reading::Either { comma: number, .. }, DecimalSeparator::Comma) => number,
        }
    }
}

/// The hundredth of a number; `None` where that has more places than a number can have.
pub(crate) fn hundredth(number: Decimal) -> Option<Decimal> {
    let scale = number.normalize().scale();
    (scale <= 26).then(|| number.normalize() / Decimal::ONE_HUNDRED)
}

/// A plain decimal: digits, at most one point, perhaps a minus, as programs write it for each other. Separators of thousands are not
/// guessed at.
pub(crate) fn plain_decimal(text: &str) -> Result<Decimal, String> {
    if is_plain(text) { decimal(text, text) } else { Err(no_number(text)) }
}

/// Whether a text is digits with at most one point among them, and perhaps a minus before them.
pub(crate) fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().filter(|&byte| byte == b'.').count() <= 1
}

/// Reads a number with all that people put around it. The error says what would have been right.
pub(crate) fn written(text: &str) -> Result<Written, String> {
    // No number is longer, and what is looked at again and again must end somewhere.
    const LONGEST: usize = 100;
    let whole = text;
    let text = text.trim_matches(is_unseen);
    let Some(Dress { rest, is_negative, is_percent, currency }) =
        (text.len() <= LONGEST).then(|| undressed(text)).flatten()
    else {
        return Err(no_number(whole));
    };
    let sign = if is_negative { "-" } else { "" };
    let read = |separator| digits(rest, separator).map(|digits| decimal(&format!("{sign}{digits}"), whole)).transpose();
    let reading = match (read(DecimalSeparator::Point)?, read(DecimalSeparator::Comma)?) {
        (None, None) => return Err(no_number(whole)),
        (Some(point), Some(comma)) if point == comma => Reading::Sure(point),
        (Some(point), Some(comma)) => Reading::Either { point, comma },
        (Some(point), None) => Reading::Point(point),
        (None, Some(comma)) => Reading::Comma(comma),
    };
    Ok(Written { reading, is_percent, currency: currency.map(str::to_owned) })
}

fn no_number(text: &str) -> String {
    format!("`{}` is not a number; write it like 5000 or 0.25", excerpt(text))
}

/// A number of plain digits that `written` stands for.
fn decimal(digits: &str, written: &str) -> Result<Decimal, String> {
    Decimal::from_str_exact(digits)
        .map_err(|_| format!("`{}` has more digits than a number here can have, which is 28", excerpt(written)))
}

/// The digits of a number, and what stood around them.
struct Dress<'a> {
    rest: &'a str,
    is_negative: bool,
    is_percent: bool,
    currency: Option<&'a str>,
}

/// Takes off sign, parentheses, currency and per cent, each at most once. `None` where two of a kind contradict each other.
fn undressed(text: &str) -> Option<Dress<'_>> {
    let (mut rest, mut sign, mut is_percent, mut currency) = (text, None, false, None);
    loop {
        rest = rest.trim_matches(is_unseen);
        if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            if sign.replace(true).is_some() {
                return None;
            }
            rest = inner;
        } else if let Some(after) = rest.strip_prefix(MINUS).or_else(|| rest.strip_prefix('+')) {
            if sign.replace(rest.starts_with(MINUS)).is_some() {
                return None;
            }
            rest = after;
        } else if let Some(around) = rest.strip_prefix(PER_CENT).or_else(|| rest.strip_suffix(PER_CENT)) {
            if std::mem::replace(&mut is_percent, true) {
                return None;
            }
            rest = around;
        } else if let Some((name, around)) = before(rest).or_else(|| behind(rest)) {
            if currency.replace(name).is_some() {
                return None;
            }
            rest = around;
        } else if let Some(before) = without_dashes(rest) {
            // `5,-` and `5.--` have no cents.
            rest = before;
        } else if let Some(before) = rest.strip_suffix(MINUS) {
            if sign.replace(true).is_some() {
                return None;
            }
            rest = before;
        } else {
            return Some(Dress { rest, is_negative: sign == Some(true), is_percent, currency });
        }
    }
}

const MINUS: [char; 2] = ['-', '\u{2212}'];
const PER_CENT: [char; 3] = ['%', '٪', '％'];

/// What stands for missing cents, taken off with its separator.
fn without_dashes(text: &str) -> Option<&str> {
    let whole = text.trim_end_matches(['-', '–', '—']);
    whole
        .strip_suffix([',', '.'])
        .filter(|before| whole.len() < text.len() && before.ends_with(|char: char| char.is_ascii_digit()))
}

/// The currency that a text begins with, and what follows it.
fn before(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|char| !is_of_currency(char)).unwrap_or(text.len());
    let end = if text[end..].starts_with('.') && end > 0 && is_currency(&text[..=end]) { end + 1 } else { end };
    is_currency(&text[..end]).then(|| text.split_at(end))
}

/// The currency that a text ends with, and what stands before it.
fn behind(text: &str) -> Option<(&str, &str)> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let start = bare.trim_end_matches(is_of_currency).len();
    let found = [&text[start..], &bare[start..]].into_iter().find(|name| is_currency(name))?;
    (start + found.len() == text.len()).then(|| (found, &text[..start]))
}

fn is_of_currency(char: char) -> bool {
    char.is_alphabetic() || is_sign(char)
}

/// The signs of currencies (Unicode, category Sc), but for those of cents.
fn is_sign(char: char) -> bool {
    matches!(
        char,
        '$' | '£'
            | '¤'
            | '¥'
            | '֏'
            | '؋'
            | '৲'
            | '৳'
            | '૱'
            | '௹'
            | '฿'
            | '៛'
            | '﷼'
            | '﹩'
            | '＄'
            | '￡'
            | '￥'
            | '￦'
            | '\u{20a0}'..='\u{20cf}'
    )
}

/// Whether a word stands for a currency: a sign, perhaps with letters as in `US$`, an ISO 4217 code or a usual word.
fn is_currency(word: &str) -> bool {
    let letters = word.trim_end_matches('.');
    let has_sign = letters.chars().filter(|char| is_sign(*char)).count() == 1;
    let others = || letters.chars().filter(|char| !is_sign(*char));
    if has_sign {
        return word == letters && others().count() <= 3 && others().all(|char| char.is_ascii_uppercase());
    }
    let is_among =
        |list: &str, word: &str| !word.is_empty() && list.split_ascii_whitespace().any(|other| other == word);
    (letters == word && word.len() == 3 && is_among(CODES, &word.to_ascii_uppercase()))
        || is_among(WORDS, &folded(letters))
}

/// ISO 4217, the currencies that are in use.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS \
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
    MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL";

/// Other words for currencies, folded.
const WORDS: &str = "euro euros dollar dollars pound pounds franken francs fr sfr kr rs zł zl kc ft lei tl руб";

/// The digits of a number with a separator of its decimals, as `1250.50`; `None` where it is no number with that.
fn digits(text: &str, separator: DecimalSeparator) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix('+').unwrap_or(exponent))),
        None => (text, None),
    };
    let mark = if separator == DecimalSeparator::Point { '.' } else { ',' };
    let (whole, part) = mantissa.split_once(mark).unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Nobody groups thousands before an exponent.
    let whole =
        if exponent.is_some() { Some(whole.to_owned()).filter(|whole| are_digits(whole)) } else { ungrouped(whole) }?;
    if !are_digits(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    match exponent {
        None if part.is_empty() => Some(whole),
        None => Some(format!("{whole}.{part}")),
        Some(exponent) => shifted(&whole, part, exponent),
    }
}

/// Digits without the separators between thousands: all of one kind, with three digits after each (or two but after the last, as in
/// India), and one to three before the first, which are not just a zero.
fn ungrouped(whole: &str) -> Option<String> {
    let mark = whole.chars().find(|char| !char.is_ascii_digit());
    let Some(mark) = mark else { return Some(whole.to_owned()) };
    if !matches!(mark, '.' | ',' | '\'' | '’' | '\u{b4}') && !mark.is_whitespace() {
        return None;
    }
    let groups: Vec<&str> = whole.split(mark).collect();
    let (first, others) = groups.split_first()?;
    let (last, between) = others.split_last()?;
    let are_of = |length: usize| between.iter().all(|group| group.len() == length);
    let is_grouped = are_of(3) || (mark == ',' && are_of(2) && first.len() <= 2);
    let are_digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0');
    (is_first && last.len() == 3 && is_grouped && are_digits).then(|| groups.concat())
}

/// Moves the point of a number by an exponent.
fn shifted(whole: &str, part: &str, exponent: &str) -> Option<String> {
    const MOST: i32 = 28;
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= MOST)?;
    let digits = format!("{whole}{part}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let before = usize::try_from(point).unwrap_or_default();
    let zeros = usize::try_from(-point).unwrap_or_default();
    if before >= digits.len() {
        return Some(format!("{digits:0<before$}"));
    }
    Some(format!("{}.{}{}", &digits[..before], "0".repeat(zeros), &digits[before..]))
}

/// White space and the marks of writing directions, which some programs put around numbers.
fn is_unseen(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{Reading, written};

    fn shown(text: &str) -> String {
        match written(text) {
            Ok(found) => {
                let percent = if found.is_percent { " %" } else { "" };
                let currency = found.currency.map(|name| format!(" {name}")).unwrap_or_default();
                let reading = match found.reading {
                    Reading::Sure(number) => format!("{number}"),
                    Reading::Point(number) => format!("{number} by its point"),
                    Reading::Comma(number) => format!("{number} by its comma"),
                    Reading::Either { point, comma } => format!("{point} or {comma}"),
                };
                format!("{reading}{percent}{currency}")
            }
            Err(_) => "no number".to_owned(),
        }
    }

    #[test]
    fn numbers_are_read_as_people_and_programs_write_them() {
        for (text, expected) in [
            ("5000", "5000"),
            ("-5000", "-5000"),
            ("+5", "5"),
            ("0", "0"),
            (".25", "0.25 by its point"),
            (",25", "0.25 by its comma"),
            ("5.", "5 by its point"),
            ("0.125", "0.125 by its point"),
            ("0,125", "0.125 by its comma"),
            ("$5,000.00", "5000.00 by its point $"),
            ("€ 1,250.50", "1250.50 by its point €"),
            ("5 000,50 €", "5000.50 by its comma €"),
            ("5\u{202f}000,50\u{a0}€", "5000.50 by its comma €"),
            ("1.250.000", "1250000 by its comma"),
            ("1,250,000", "1250000 by its point"),
            ("12,34,567.50", "1234567.50 by its point"),
            ("1'200.50", "1200.50 by its point"),
            ("1’200", "1200"),
            ("1 500", "1500"),
            ("5.000", "5.000 or 5000"),
            ("3,100", "3100 or 3.100"),
            ("512,77", "512.77 by its comma"),
            ("1234.567", "1234.567 by its point"),
            ("(1,200)", "-1200 or -1.200"),
            ("($1,200.00)", "-1200.00 by its point $"),
            ("$(1,200.00)", "-1200.00 by its point $"),
            ("-$5.50", "-5.50 by its point $"),
            ("$-5.50", "-5.50 by its point $"),
            ("1.200,00-", "-1200.00 by its comma"),
            ("\u{2212}5", "-5"),
            ("1E3", "1000"),
            ("1.25e+6", "1250000 by its point"),
            ("1,250E3", "1250 by its comma"),
            ("5E-4", "0.0005"),
            ("75%", "75 %"),
            ("75 %", "75 %"),
            ("%75", "75 %"),
            ("7,5 %", "7.5 by its comma %"),
            ("EUR 700", "700 EUR"),
            ("700 eur", "700 eur"),
            ("US$ 1,000,000", "1000000 by its point US$"),
            ("R$ 5.000,00", "5000.00 by its comma R$"),
            ("Fr. 500", "500 Fr."),
            ("500 kr.", "500 kr."),
            ("250 zł", "250 zł"),
            ("5,-", "5"),
            ("CHF 1'200.--", "1200 CHF"),
            ("\u{200e}5\u{200f}", "5"),
            ("₹ 500", "500 ₹"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            ",",
            "$",
            "%",
            "()",
            "many",
            "--5",
            "-(5)",
            "(-5)",
            "5 6",
            "10 00",
            "1,2345.6",
            "1,23,45",
            "1,,000",
            "0,500,000",
            "1.2.3",
            "5 USD EUR",
            "$5$",
            "25%%",
            "12 monkeys",
            "5 Stk",
            "1e",
            "e3",
            "1e99",
            "0x10",
            "٣",
            "1-2",
            "5 ¢",
            "2026-05-25",
            "1.000.00",
            "1 000 00",
            "NaN",
            "inf",
        ] {
            assert_eq!(shown(text), "no number", "{text}");
        }
    }
}
