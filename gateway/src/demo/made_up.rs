//! What the demo is made of: people, business, a calendar and messages, thrown by dice that fall the same everywhere.

use storage::query::custom_values::CustomValueInput;
use storage::query::events::{Details, NewEvent, Progress, Source, When};
use storage::query::messages::{File, NewMessage, Text};
use storage::query::people::NewPerson;
use storage::query::transactions::{NewTransaction, PersonRef, Stage, Terms};
use storage::{Contact, Decimal, ItemKind, NameOrId, Timestamp};
use uuid::Uuid;

/// The custom fields of people and of transactions.
pub(super) const BIRTHDAY: &str = "Birthday";
pub(super) const DRINK: &str = "Favourite drink";
pub(super) const DRINKS: [&str; 4] = ["Coffee", "Tea", "Mate", "Water"];
pub(super) const CONTRACT: &str = "Contract number";
/// The labels of the demo's user.
pub(super) const LABEL: [&str; 2] = ["Hot", "Call back"];

const GIVEN: [&str; 24] = [
    "Amélie", "Björn", "Carla", "Dmitri", "Elif", "Fatima", "Giorgio", "Hanna", "Ivo", "Jana", "Kofi", "Lucía",
    "Mateo", "Noor", "Olga", "Pedro", "Quentin", "Rosa", "Søren", "Tomáš", "Ulla", "Viktor", "Wanjiru", "Zoë",
];
const FAMILY: [&str; 24] = [
    "Almeida",
    "Bauer",
    "Costa",
    "Dvořák",
    "Eriksen",
    "Fischer",
    "García",
    "Horváth",
    "Ivanova",
    "Jensen",
    "Kaya",
    "Lindqvist",
    "Moreau",
    "Nowak",
    "Okafor",
    "Petrov",
    "Quinn",
    "Rossi",
    "Schäfer",
    "Tanaka",
    "Usman",
    "Vogel",
    "Weiß",
    "Young",
];
const COMPANY: [(&str, &str); 16] = [
    ("Alpenglow Optics", "alpenglow"),
    ("Brick & Mortar", "brickmortar"),
    ("Cobalt Foods", "cobaltfoods"),
    ("Delta Reisen", "deltareisen"),
    ("Elbe Logistik", "elbelogistik"),
    ("Fjord Kaffe", "fjordkaffe"),
    ("Granite Legal", "granitelegal"),
    ("Harbour Books", "harbourbooks"),
    ("Iberia Solar", "iberiasolar"),
    ("Juniper Clinic", "juniperclinic"),
    ("Kestrel Air", "kestrelair"),
    ("Lantern Media", "lanternmedia"),
    ("Mill Lane Bakery", "milllane"),
    ("Nordlicht Energie", "nordlicht"),
    ("Orchard Homes", "orchardhomes"),
    ("Pebble Toys", "pebbletoys"),
];
const TITLE: [&str; 10] = [
    "Owner",
    "Head of Purchasing",
    "Office Manager",
    "CTO",
    "Sales Director",
    "Architect",
    "Editor",
    "Head Chef",
    "Accountant",
    "Managing Director",
];
const CITY: [(&str, &str, &str); 10] = [
    ("Berlin", "10115", "Germany"),
    ("Köln", "50667", "Germany"),
    ("Lyon", "69002", "France"),
    ("Porto", "4050-253", "Portugal"),
    ("Kraków", "31-042", "Poland"),
    ("Aarhus", "8000", "Denmark"),
    ("Bristol", "BS1 4DJ", "United Kingdom"),
    ("Sevilla", "41001", "Spain"),
    ("Graz", "8010", "Austria"),
    ("Gent", "9000", "Belgium"),
];
const STREET: [&str; 6] = ["Market Street", "Station Road", "Mill Lane", "Harbour Way", "Church Hill", "Garden Row"];
const CATEGORY: [&str; 6] = ["Newsletter", "Trade fair 2026", "Partners", "Suppliers", "Press", "Friends of the house"];
const INFO: [&str; 6] = [
    "Wants an offer by the end of the quarter",
    "Met at the trade fair",
    "Asked for references",
    "Budget not confirmed",
    "Renewal of last year's contract",
    "Compares us with two others",
];

const OCCASION: [(&str, Option<&str>); 8] = [
    ("Call", None),
    ("Lunch", Some("Café Einstein")),
    ("Send the offer", None),
    ("Visit", Some("their office")),
    ("Product demonstration", Some("video call")),
    ("Follow-up call", None),
    ("Contract review", Some("our office")),
    ("Trade fair", Some("Hall 4, stand 12")),
];
const SUBJECT: [(&str, &str); 6] = [
    ("Notes of our call", "Likes the samples.\nWants delivery before summer."),
    ("Question about the offer", "Is the installation part of the price?"),
    ("Thanks for the visit", "It was good to see the workshop. I send the drawings tomorrow."),
    ("Change of address", "They move to larger rooms next month."),
    ("Complaint", "One of the boxes was damaged. A new one is on its way."),
    ("Reference", "May we name them as a reference? They agree."),
];

/// A person by the first dice, and what the account's own fields say of them by the second.
pub(super) fn person(dice: &mut Dice, more: &mut Dice, index: u32) -> NewPerson {
    let (given, family) = (dice.pick(&GIVEN), dice.pick(&FAMILY));
    let (company, host) = *dice.pick(&COMPANY);
    let (city, zip, country) = *dice.pick(&CITY);
    let local = storage::fold(given);
    let address = format!("{} {}", 1 + dice.below(120), dice.pick(&STREET));
    let contact = Contact {
        name: Some(format!("{given} {family}")),
        company: dice.often(85).then(|| company.to_owned()),
        title: dice.often(60).then(|| (*dice.pick(&TITLE)).to_owned()),
        email: dice.often(90).then(|| format!("{local}.{index}@{host}.example")),
        phone: dice.often(70).then(|| format!("+49 (0) 555 01{:02} {:03}", dice.below(100), dice.below(1_000))),
        mobile: dice.often(40).then(|| format!("+49 1555 {:07}", dice.below(10_000_000))),
        address: Some(address),
        city: Some(city.to_owned()),
        zip: Some(zip.to_owned()),
        country: Some(country.to_owned()),
        url: dice.often(30).then(|| format!("https://www.{host}.example/")),
        notes: dice.often(25).then(|| format!("{}\nPrefers to be called in the morning.", dice.pick(&INFO))),
        ..Contact::default()
    };
    let categories = CATEGORY.iter().filter(|_| dice.often(15)).map(|name| (*name).to_owned()).collect();
    let birthday = format!("{}-{:02}-{:02}", 1950 + more.below(50), 1 + more.below(12), 1 + more.below(28));
    let drink = *more.pick(&DRINKS);
    let values = [(BIRTHDAY, more.often(40).then_some(birthday)), (DRINK, more.often(50).then(|| drink.to_owned()))];
    NewPerson { contact, categories, custom_values: values.into_iter().filter_map(value).collect() }
}

/// A label of the demo's user for a person, now and then.
pub(super) fn label(more: &mut Dice) -> Option<String> {
    let label = *more.pick(&LABEL);
    more.often(12).then(|| label.to_owned())
}

/// A transaction with a person, managed by one of these users.
pub(super) fn transaction(dice: &mut Dice, more: &mut Dice, person: Uuid, managers: &[Uuid]) -> NewTransaction {
    let stages = [
        (Stage::Lead, 15),
        (Stage::Lead, 20),
        (Stage::Lead, 25),
        (Stage::Opportunity, 40),
        (Stage::Opportunity, 65),
        (Stage::Customer, 100),
        (Stage::Customer, 100),
        (Stage::Archive, 0),
    ];
    let (stage, percent) = *dice.pick(&stages);
    let hundreds = i64::from(1 + dice.below(200));
    let terms = Terms {
        value: Decimal::from_scaled(hundreds * 100 * 10_000),
        probability: Decimal::from_scaled(percent * 100),
        more_info: dice.often(50).then(|| (*dice.pick(&INFO)).to_owned()),
    };
    let categories = if dice.often(20) { vec![(*dice.pick(&CATEGORY)).to_owned()] } else { Vec::new() };
    let contract = format!("C-{:05}", more.below(100_000));
    let contract = (CONTRACT, (stage == Stage::Customer).then_some(contract));
    NewTransaction {
        person: PersonRef::Id(person),
        stage,
        terms,
        managers: vec![*more.pick(managers)],
        categories,
        custom_values: value(contract).into_iter().collect(),
        event_template: None,
    }
}

/// An event with a person: after they were met, or in the weeks to come.
pub(super) fn event(more: &mut Dice, person: Uuid, met: Timestamp, now: Timestamp, owners: &[Uuid]) -> NewEvent {
    const WEEKS: u32 = 3;
    let ahead = more.often(40);
    let days = i64::from(1 + more.below(WEEKS * 7));
    let start = if ahead { now } else { met }.plus_seconds(days * 86_400);
    let (title, place) = *more.pick(&OCCASION);
    let whole_hour = Timestamp::from_microseconds(start.microseconds() / 3_600_000_000 * 3_600_000_000);
    let when = if more.often(50) {
        When::Day { first: start.day(), last: None }
    } else {
        When::Time { start: whole_hour, end: Some(whole_hour.plus_seconds(3_600)) }
    };
    let done = start < now && more.often(85);
    let details = Details {
        source: Source::default(),
        title: title.to_owned(),
        when,
        location: place.map(ToOwned::to_owned),
        description: more.often(30).then(|| (*more.pick(&INFO)).to_owned()),
        progress: if done { Progress::Complete } else { Progress::Open },
        owner: Some(*more.pick(owners)),
        email_template: None,
    };
    let categories = if more.often(15) { vec![(*more.pick(&CATEGORY)).to_owned()] } else { Vec::new() };
    NewEvent { details, categories, associations: vec![ItemKind::Person.item(person)] }
}

/// A message about a person.
pub(super) fn message(more: &mut Dice, person: Uuid) -> NewMessage {
    let (title, body) = *more.pick(&SUBJECT);
    let file = File {
        name: "drawing.pdf".to_owned(),
        url: "https://files.example/drawing.pdf".to_owned(),
        media_type: Some("application/pdf".to_owned()),
    };
    let text = Text {
        title: Some(title.to_owned()),
        body: Some(body.to_owned()),
        emailed_from: more.often(40).then(|| "demo@example.com".to_owned()),
        emailed_to: None,
    };
    let files = if more.often(20) { vec![file] } else { Vec::new() };
    NewMessage { text, files, categories: Vec::new(), associations: vec![ItemKind::Person.item(person)] }
}

fn value((field, value): (&str, Option<String>)) -> Option<CustomValueInput> {
    value.map(|value| CustomValueInput { field: NameOrId::Name(field.to_owned()), value: Some(value) })
}

/// A small generator (Numerical Recipes' LCG), so that the demo is the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    pub(super) fn often(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let index = self.below(u32::try_from(of.len()).unwrap_or(1));
        &of[index as usize]
    }
}
