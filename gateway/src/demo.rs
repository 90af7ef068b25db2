//! `serve --demo`: an account to try Cairn on, with made-up people and business, the same on every machine.

use std::net::SocketAddr;

use schema::{AccountHint, Code, Engine};
use storage::query::accounts::{self, Account, NewAccount};
use storage::query::people::{self, NewPerson};
use storage::query::transactions::{self, NewTransaction, PersonRef, Stage, Terms};
use storage::query::users::{NewUser, Role, User};
use storage::{Actor, Contact, Decimal, Direction, Error, Order, PageRequest, Reader, SortKey, View};
use uuid::Uuid;

/// The subdomain of the demo account.
const ACCOUNT: &str = "demo";
/// Whom one signs in as.
const EMAIL: &str = "demo@example.com";
/// The published password.
const PASSWORD: &str = "demo-password";
/// How many people there are.
const PEOPLE: u32 = 240;
/// How long ago the first of them was met, in seconds: 400 days.
const SPAN: i64 = 400 * 86_400;

/// How one signs in.
pub(crate) struct Credentials {
    email: &'static str,
    password: &'static str,
}

/// Fills an empty database and finishes one whose filling was cut off. Errors: a sentence, where it is another database.
pub(crate) async fn prepare(engine: &Engine) -> Result<Credentials, String> {
    let accounts = accounts::list(engine.storage()).await.map_err(|error| error.to_string())?;
    let cannot_write = |error: Error| format!("the demo data cannot be written: {error}");
    let (account, admin) = match accounts.as_slice() {
        [] => create_account(engine).await.map_err(cannot_write)?,
        [only] if only.subdomain == ACCOUNT => sign_in(engine).await?,
        _ => return Err(another_database()),
    };
    fill(engine, &account, &admin).await.map_err(cannot_write)?;
    Ok(Credentials { email: EMAIL, password: PASSWORD })
}

/// Tries the published credentials, because a real account may be called demo too.
async fn sign_in(engine: &Engine) -> Result<(Account, User), String> {
    let hint = AccountHint::Subdomain(ACCOUNT.to_owned());
    match engine.sign_in(&hint, EMAIL, PASSWORD).await {
        Ok(session) => Ok((session.account().clone(), session.user().clone())),
        Err(error) if error.code == Code::Unauthenticated => Err(another_database()),
        Err(error) => Err(error.message),
    }
}

fn another_database() -> String {
    "--demo wants an empty database, and this one has accounts: choose another with --database, such as --database \
     sqlite://demo.db"
        .to_owned()
}

/// What the terminal shows: credentials, URLs and a call of the legacy API that is ready to be pasted.
pub(crate) fn welcome(credentials: &Credentials, address: SocketAddr, admin: SocketAddr) -> String {
    let Credentials { email, password } = credentials;
    format!(
        "Cairn serves a made-up account. Sign in as {email} with the password {password}\n\
         \n\
         GraphQL         http://{address}/graphql   (in a browser: http://{address}/graphiql)\n\
         People as CSV   http://{address}/export/people.csv\n\
         Leads as JSON   http://{address}/export/leads.json\n\
         Health          http://{admin}/ready\n\
         \n\
         Make a lead as an old script does, and read it back:\n\
         \n\
         curl -d login_email={email} -d login_password={password} -d create=lead \\\n\
         \x20    -d 'name=Jane Doe - ACME Ltd' -d email=jane@acme.example -d value=5000 -d probability=.25 \\\n\
         \x20    http://{address}/api.php\n\
         curl -d login_email={email} -d login_password={password} -d get=lead -d search=ACME http://{address}/api.php\n"
    )
}

async fn create_account(engine: &Engine) -> Result<(Account, User), Error> {
    let admin = NewUser {
        email: EMAIL.to_owned(),
        name: "Dana Demo".to_owned(),
        role: Role::Admin,
        password_hash: engine.passwords().hash(PASSWORD).await,
    };
    let new = NewAccount {
        subdomain: ACCOUNT.to_owned(),
        name: "Demo Trading".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    accounts::create(engine.storage(), new, admin, engine.now()).await
}

/// Makes the same records in the same order everywhere, and passes over as many as are there already: so a process that
/// was killed in the middle is continued by the next one.
async fn fill(engine: &Engine, account: &Account, admin: &User) -> Result<(), Error> {
    let mut there = There::count(&engine.storage().reader(account.account_id)).await?;
    let now = engine.now();
    let writer = |moment| engine.storage().writer(account.account_id, Actor::User(admin.id), moment);
    let mut dice = Dice(0x0c41_12d5);
    for index in 0..PEOPLE {
        let age = SPAN * i64::from(PEOPLE - index) / i64::from(PEOPLE);
        let met = now.plus_seconds(-age - i64::from(dice.below(86_400)));
        let new = person(&mut dice, index);
        let person = match there.person() {
            Some(last) => last,
            None => people::create(&writer(met), new).await?.id,
        };
        for _ in 0..dice.below(3) {
            let later = met.plus_seconds(i64::from(dice.below(30 * 86_400))).min(now);
            let new = transaction(&mut dice, person);
            if !there.transaction() {
                transactions::create(&writer(later), new).await?;
            }
        }
    }
    Ok(())
}

/// What is left of the records that are there already.
struct There {
    people: u64,
    transactions: u64,
    last_person: Option<Uuid>,
}

impl There {
    async fn count(reader: &Reader) -> Result<Self, Error> {
        let (all, last) = (View::default(), Order { key: SortKey::Created, direction: Direction::Descending });
        let last = people::list(reader, &all, last, &PageRequest::first(1, None)).await?.items.into_iter().next();
        Ok(Self {
            people: people::count(reader, &all).await?,
            transactions: transactions::count(reader, &all).await?,
            last_person: last.map(|person| person.id),
        })
    }

    /// Whom a missing transaction belongs to, where the next person is there already. That is always the person who was
    /// made last, because a person is made after all transactions of the one before.
    fn person(&mut self) -> Option<Uuid> {
        self.people = self.people.checked_sub(1)?;
        self.last_person
    }

    /// Whether the next transaction is there already.
    fn transaction(&mut self) -> bool {
        let there = self.transactions > 0;
        self.transactions = self.transactions.saturating_sub(1);
        there
    }
}

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

fn person(dice: &mut Dice, index: u32) -> NewPerson {
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
    NewPerson { contact, categories, custom_values: Vec::new() }
}

fn transaction(dice: &mut Dice, person: Uuid) -> NewTransaction {
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
    NewTransaction {
        person: PersonRef::Id(person),
        stage,
        terms,
        managers: Vec::new(),
        categories,
        custom_values: Vec::new(),
    }
}

/// A small generator (Numerical Recipes' LCG), so that the demo is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    fn often(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let index = self.below(u32::try_from(of.len()).unwrap_or(1));
        &of[index as usize]
    }
}
