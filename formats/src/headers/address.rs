//! Columns of addresses: which of several addresses a column belongs to, and which part of that address it holds.

use super::meaning::Meaning::{self, Address};
use super::meaning::{Block, Part};
use super::places::{FILLERS, HOME, OTHER, WORK, has};
use super::words::words;

/// What the words of a name mean, where they name a part of an address and say at most which address that is: `Billing City`,
/// `City (Billing)`, `primary_address_postalcode`, `Address 2: Street 1`, `Rechnungsadresse Ort`. `part` knows the parts by
/// their names. `None` where anything else is said.
pub(super) fn meaning(words: &[String], part: impl Fn(&str) -> Option<Part>) -> Option<Meaning> {
    let tokens: Vec<Token<'_>> = words.iter().flat_map(|word| tokens(word, &part)).collect();
    let whole = || read(&tokens, &part);
    // `Postal Address City` is that of a mailing address, `Address Postal Code` is a code.
    let is_postal = |token: &Token<'_>| matches!(token, Token::Name(name) if has(POSTAL, name));
    let postal_address = tokens.windows(2).position(|pair| is_postal(&pair[0]) && pair[1] == Token::Address);
    let mailing = || {
        let mut tokens = tokens.clone();
        let first = || tokens.iter().position(&is_postal).filter(|_| tokens.contains(&Token::Address));
        let postal = postal_address.or_else(first)?;
        tokens[postal] = Token::Which(Block::Mailing);
        read(&tokens, &part)
    };
    if postal_address.is_some() { mailing().or_else(whole) } else { whole().or_else(mailing) }
}

/// Whether the words of a name only say that it is an address, and which.
pub(super) fn is_plain(words: &[String]) -> bool {
    let tokens: Vec<Token<'_>> = words.iter().flat_map(|word| tokens(word, &|_| None)).collect();
    let is_plain = |token: &Token<'_>| matches!(token, Token::Address | Token::Which(_) | Token::Filler);
    tokens.contains(&Token::Address) && tokens.iter().all(is_plain)
}

/// Whether a name says that the address is the one that counts.
pub(super) fn is_primary(name: &str) -> bool {
    const PRIMARY: &str = "primary main principal principale primaer primar primaria primario hoofd haupt";
    words(name).iter().any(|word| has(PRIMARY, word))
}

/// A word of a name.
#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    /// `Address`, which a whole address or the names of its parts may have.
    Address,
    /// Which of several addresses is meant.
    Which(Block),
    Number(u8),
    /// A word that tells nothing apart.
    Filler,
    /// A word of the part's name.
    Name(&'a str),
}

/// The tokens of a word, which may be several words in one: `billingcity`, `Lieferadresse`.
fn tokens<'a>(word: &'a str, part: &impl Fn(&str) -> Option<Part>) -> Vec<Token<'a>> {
    let known = token(word).or_else(|| part(word).map(|_| Token::Name(word)));
    vec![known.unwrap_or(Token::Name(word))]
        .into_iter()
        .flat_map(|token| match token {
            Token::Name(word) if known.is_none() => compound(word, part).unwrap_or_else(|| vec![token]),
            token => vec![token],
        })
        .collect()
}

/// The tokens of a word that is made of several, all of which are known.
fn compound<'a>(word: &'a str, part: &impl Fn(&str) -> Option<Part>) -> Option<Vec<Token<'a>>> {
    // Shorter words are the beginnings of too many others.
    const SHORTEST: usize = 3;
    let lists = WHICH.iter().flat_map(|(_, lists)| lists.iter()).chain([&ADDRESS, &MAIN, &POSTAL]);
    let mut firsts = lists.flat_map(|list| list.split_ascii_whitespace()).filter(|first| first.len() >= SHORTEST);
    firsts.find_map(|first| {
        let rest = word.strip_prefix(first)?;
        // The German joint: `Geschäftsadresse`.
        [rest, rest.strip_prefix('s').unwrap_or(rest)].into_iter().find_map(|rest| {
            let known = token(rest).filter(|token| *token != Token::Filler).map(|token| vec![token]);
            let rest = known.or_else(|| part(rest).map(|_| vec![Token::Name(rest)])).or_else(|| {
                // What is left gets shorter each time.
                compound(rest, part)
            })?;
            let first = if has(POSTAL, first) { Token::Which(Block::Mailing) } else { token(first)? };
            Some([vec![first], rest].concat())
        })
    })
}

/// The token of a known word.
fn token(word: &str) -> Option<Token<'static>> {
    let number = word.parse().ok().map(Token::Number);
    let address = || has(ADDRESS, word).then_some(Token::Address);
    let is_in = |lists: &&[&str]| lists.iter().any(|list| has(list, word));
    let which = || WHICH.iter().find(|(_, lists)| is_in(lists)).map(|(block, _)| Token::Which(*block));
    let filler = || (has(FILLERS, word) || has(MAIN, word) || has(JOINTS, word)).then_some(Token::Filler);
    number.or_else(address).or_else(which).or_else(filler)
}

/// The meaning of a name that is one part of one address.
fn read(tokens: &[Token<'_>], part: &impl Fn(&str) -> Option<Part>) -> Option<Meaning> {
    let mut name = String::new();
    let (mut which, mut address, mut line) = (None, 0, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Name(word) => name.push_str(word),
            Token::Which(block) => which = Some(which.map_or(Some(*block), |other| more_exact(other, *block))?),
            // `Address 2 City` is of a second address, `Address Line 2` and `Street 2` are second lines.
            Token::Number(number) => {
                let is_named_later = tokens[at..].iter().any(|token| matches!(token, Token::Name(_)));
                *(if name.is_empty() && is_named_later { &mut address } else { &mut line }) = *number;
            }
            Token::Address | Token::Filler => {}
        }
    }
    let has_address = tokens.contains(&Token::Address);
    let found = match name.as_str() {
        "" if has_address => Part::Street(0),
        name if has_address && has(LINES, name) => Part::Street(0),
        "house" | "haus" if tokens.contains(&Token::Filler) => Part::HouseNumber,
        name if has_address && has(WHOLES, name) => Part::Whole,
        name => part(name)?,
    };
    let found = match found {
        Part::Street(first) => Part::Street(first.saturating_add(line.saturating_sub(1)).min(2)),
        other => {
            address = address.max(line);
            other
        }
    };
    match which {
        Some(block) => (address < 2).then_some(Address(block, found)),
        None if address < 2 => Some(Address(Block::Business, found)),
        None => Some(Address(Block::Numbered(address - 1), found)),
    }
}

/// What `Home Mailing City` is, or `Company Billing City`; `None` where two purposes are named.
fn more_exact(one: Block, other: Block) -> Option<Block> {
    let exactness = |block| match block {
        Block::Business | Block::Work | Block::Home => 0,
        Block::Other => 2,
        _ => 1,
    };
    match exactness(one).cmp(&exactness(other)) {
        std::cmp::Ordering::Less => Some(other),
        std::cmp::Ordering::Greater => Some(one),
        std::cmp::Ordering::Equal => (one == other).then_some(one),
    }
}

const ADDRESS: &str =
    "address adress addr addresses adresse anschrift direccion domicilio indirizzo endereco morada adres";

/// What a name may have for the lines of an address.
const LINES: &str = "line lines zeile ligne linea linha regel";

/// What a name may have for an address in one text.
const WHOLES: &str = "full complete formatted whole combined inline komplette vollstandige completa completo";

const POSTAL: &str = "postal postale post";

/// Words for the address that is meant where nothing is said.
const MAIN: &str = "primary main default principal principale current present haupt contact";

/// Words that only join others.
const JOINTS: &str = "to head and";

/// The words that say which address is meant.
const WHICH: [(Block, &[&str]); 7] = [
    (
        Block::Work,
        &[
            WORK,
            "company organization organisation employer firma firmen unternehmens geschafts societe entreprise empresa azienda bedrijf \
             bedrijfs werk",
        ],
    ),
    (Block::Mailing, &["mailing correspondence correspondance korrespondenz correspondencia corrispondenza"]),
    (
        Block::Billing,
        &[
            "billing bill billto invoice invoicing rechnung rechnungs facturation facturacion fatturazione factuur facturatie \
           faturamento faturacao cobranca",
        ],
    ),
    (Block::Home, &[HOME, "residential residence wohn heimat woon huis"]),
    (Block::Permanent, &["permanent registered legal physical visiting bezoek besuchs"]),
    (
        Block::Shipping,
        &[
            "shipping ship shipto delivery liefer lieferung versand livraison expedition envio entrega spedizione consegna \
           bezorg aflever verzend levering",
        ],
    ),
    (Block::Other, &[OTHER, "alt alternat temporary"]),
];

#[cfg(test)]
mod tests {
    use super::super::any::{self, Care};
    use crate::Section;

    fn shown(name: &str) -> String {
        let meaning = any::meaning(name, Section::People, Care::Quick);
        meaning.map_or("nothing".to_owned(), |meaning| format!("{meaning:?}"))
    }

    const WHICH: [(&str, &str); 28] = [
        ("Address", "Business"),
        ("Primary Address", "Business"),
        ("Primary", "Business"),
        ("Main Address", "Business"),
        ("Contact Address", "Business"),
        ("Business", "Work"),
        ("Work", "Work"),
        ("Company", "Work"),
        ("Company Address", "Work"),
        ("Organization", "Work"),
        ("Mailing", "Mailing"),
        ("Mailing Address", "Mailing"),
        ("Postal Address", "Mailing"),
        ("Billing", "Billing"),
        ("Billing Address", "Billing"),
        ("Bill To", "Billing"),
        ("Invoice", "Billing"),
        ("Home", "Home"),
        ("Home Address", "Home"),
        ("Permanent", "Permanent"),
        ("Registered Address", "Permanent"),
        ("Shipping", "Shipping"),
        ("Shipping Address", "Shipping"),
        ("Delivery", "Shipping"),
        ("Other", "Other"),
        ("Other Address", "Other"),
        ("Alt Address", "Other"),
        ("Alternate Address", "Other"),
    ];

    const PARTS: [(&str, &str); 21] = [
        ("Street", "Street(0)"),
        ("Street 1", "Street(0)"),
        ("Street 2", "Street(1)"),
        ("Street Address", "Street(0)"),
        ("Line 2", "Street(1)"),
        ("City", "City"),
        ("Town", "City"),
        ("State", "State"),
        ("Region", "State"),
        ("Province", "State"),
        ("County", "State"),
        ("State/Province", "State"),
        ("Postal Code", "Zip"),
        ("Postcode", "Zip"),
        ("Postalcode", "Zip"),
        ("Post Code", "Zip"),
        ("Zip", "Zip"),
        ("ZIP Code", "Zip"),
        ("Zip/Postal Code", "Zip"),
        ("Country", "Country"),
        ("Country Code", "Country"),
    ];

    #[test]
    fn each_part_of_each_address_is_known_in_any_writing() {
        for (which, block) in WHICH {
            for (part, meant) in PARTS {
                // A line is one of an address, and a word like `Primary` alone says nothing about which.
                if part.starts_with("Line") && !which.contains("Address") {
                    continue;
                }
                let name = format!("{which} {part}");
                let apart = |joint: &str| name.replace([' ', '/'], joint);
                let humps = apart("");
                let first = humps.chars().next().unwrap_or_default().to_ascii_lowercase();
                let camel = format!("{first}{}", &humps[1..]);
                let spellings = [
                    name.clone(),
                    name.to_uppercase(),
                    name.to_lowercase(),
                    apart("_").to_lowercase(),
                    apart("-").to_uppercase(),
                    apart("."),
                    camel,
                    humps.clone(),
                    humps.to_lowercase(),
                    format!("{part} ({which})"),
                    format!("{which}: {part}"),
                    format!("{which} - {part}"),
                    format!("{which} / {part}"),
                ];
                for spelling in spellings {
                    assert_eq!(shown(&spelling), format!("Address({block}, {meant})"), "{spelling}");
                }
            }
        }
    }

    #[test]
    fn addresses_of_other_languages_and_shapes_are_known() {
        let expected = [
            ("Rechnungsadresse Ort", "Address(Billing, City)"),
            ("Rechnungsanschrift", "Address(Billing, Street(0))"),
            ("Rechnungs-PLZ", "Address(Billing, Zip)"),
            ("Rechnungsland", "Address(Billing, Country)"),
            ("Lieferadresse PLZ", "Address(Shipping, Zip)"),
            ("Lieferort", "Address(Shipping, City)"),
            ("PLZ (Lieferanschrift)", "Address(Shipping, Zip)"),
            ("Firmenadresse: Straße", "Address(Work, Street(0))"),
            ("Geschäftsadresse Ort", "Address(Work, City)"),
            ("Privatadresse Ort", "Address(Home, City)"),
            ("Postadresse", "Address(Mailing, Street(0))"),
            ("Postadresse Ort", "Address(Mailing, City)"),
            ("Ville de facturation", "Address(Billing, City)"),
            ("Code postal de livraison", "Address(Shipping, Zip)"),
            ("Adresse de facturation - Ville", "Address(Billing, City)"),
            ("Adresse de livraison", "Address(Shipping, Street(0))"),
            ("Ciudad de facturación", "Address(Billing, City)"),
            ("Código postal de envío", "Address(Shipping, Zip)"),
            ("Dirección de facturación: provincia", "Address(Billing, State)"),
            ("CAP di fatturazione", "Address(Billing, Zip)"),
            ("Indirizzo di spedizione - Città", "Address(Shipping, City)"),
            ("Cidade de faturamento", "Address(Billing, City)"),
            ("CEP de entrega", "Address(Shipping, Zip)"),
            ("Factuuradres plaats", "Address(Billing, City)"),
            ("Bezorgadres postcode", "Address(Shipping, Zip)"),
            ("Address Line 1", "Address(Business, Street(0))"),
            ("Billing Address 2", "Address(Billing, Street(1))"),
            ("billing_address_line3", "Address(Billing, Street(2))"),
            ("Address 1: Street 2", "Address(Business, Street(1))"),
            ("Address 2: City", "Address(Numbered(1), City)"),
            ("address3_postalcode", "Address(Numbered(2), Zip)"),
            ("City 2", "Address(Numbered(1), City)"),
            ("Address Postal", "Address(Business, Zip)"),
            ("Postal Address", "Address(Mailing, Street(0))"),
            ("Company Billing City", "Address(Billing, City)"),
            ("Full Address", "Address(Business, Whole)"),
            ("Formatted Address (Home)", "Address(Home, Whole)"),
            ("Billing House Number", "Address(Billing, HouseNumber)"),
            ("House No. of Address", "Address(Business, HouseNumber)"),
            ("Rechnungsadresse Hausnummer", "Address(Billing, HouseNumber)"),
            ("Huisadres, plaats", "Address(Home, City)"),
            ("país/região do emprego", "Address(Work, Country)"),
        ];
        for (name, meaning) in expected {
            assert_eq!(shown(name), meaning, "{name}");
        }
    }

    #[test]
    fn what_only_begins_like_an_address_is_none() {
        let names = [
            "Billing Contact",
            "Billing",
            "Billing Floor",
            "Billing House",
            "Billing Status",
            "Billing Currency",
            "Billing Name",
            "Shipping Method",
            "Shipping Via",
            "Shipping Date",
            "Shipping Cost",
            "Delivery Count",
            "Delivery Stage",
            "Delivery Place",
            "Address Type",
            "Address Book",
            "Address Name",
            "IP Address",
            "Mailing List",
            "Home",
            "Primary",
            "Other",
            "Company Type",
            "Work Status",
            "Billing/Shipping City",
            "Home Address 2 City",
            "Provinces visited",
            "Postage",
            "Statement",
        ];
        for name in names {
            assert_eq!(any::meaning(name, Section::People, Care::Thorough), None, "{name}");
        }
        for (name, meaning) in [
            ("Primary Email", "Email(30)"),
            ("Other Phone", "Phone(33)"),
            ("Company", "Own(Company)"),
            ("Web Address", "Url(30)"),
            ("Email Address", "Email(30)"),
            ("Postal Code", "Address(Business, Zip)"),
        ] {
            assert_eq!(shown(name), meaning, "{name}");
        }
        assert_eq!(any::meaning("Billing City", Section::Calendar, Care::Thorough), None);
    }
}
