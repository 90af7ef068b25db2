//! `serve --demo`: an account to try Cairn on, with made-up people and business, the same on every machine.

mod made_up;

use std::net::SocketAddr;

use service::{AccountHint, Code, Engine, Origin, SignInMethod};
use storage::query::accounts::{self, Account, NewAccount};
use storage::query::custom_fields::{self, NewCustomField, Target, ValueType};
use storage::query::event_templates::{self, NewEventTemplate, TemplateItem};
use storage::query::users::{self, NewUser, Role, User};
use storage::query::{email_templates, events, labels, messages, people, transactions};
use storage::{
    Actor, Direction, Error, ItemKind, NameOrId, Order, PageRequest, Reader, SortKey, TimeOfDay, View, Writer,
};
use uuid::Uuid;

use self::made_up::Dice;

/// The subdomain of the demo account.
const ACCOUNT: &str = "demo";
/// Whom one signs in as.
const EMAIL: &str = "demo@example.com";
/// Who else works there; the same password.
const COLLEAGUE: &str = "ben@example.com";
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
    match engine.sign_in(SignInMethod::Login, Origin::default(), &hint, EMAIL, PASSWORD).await {
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
    let reader = engine.storage().reader(account.account_id);
    let now = engine.now();
    let writer = |moment| engine.storage().writer(account.account_id, Actor::User(admin.id), moment);
    let colleague = equip(engine, &reader, &writer(now)).await?;
    let staff = [admin.id, colleague];
    let mut there = There::count(&reader).await?;
    let (mut dice, mut more) = (Dice(0x0c41_12d5), Dice(0x2545_f491));
    for index in 0..PEOPLE {
        let age = SPAN * i64::from(PEOPLE - index) / i64::from(PEOPLE);
        let met = now.plus_seconds(-age - i64::from(dice.below(86_400)));
        let (new, label) = (made_up::person(&mut dice, &mut more, index), made_up::label(&mut more));
        let person = if let Some(last) = there.person() {
            last
        } else {
            let person = people::create(&writer(met), new).await?.id;
            if let Some(label) = label {
                labels::add(&writer(met), &[ItemKind::Person.item(person)], &[NameOrId::Name(label)]).await?;
            }
            person
        };
        for _ in 0..dice.below(3) {
            let later = met.plus_seconds(i64::from(dice.below(30 * 86_400))).min(now);
            let new = made_up::transaction(&mut dice, &mut more, person, &staff);
            if !is_there(&mut there.transactions) {
                transactions::create(&writer(later), new).await?;
            }
        }
        for _ in 0..more.below(3) {
            let new = made_up::event(&mut more, person, met, now, &staff);
            if !is_there(&mut there.events) {
                events::create(&writer(met), new).await?;
            }
        }
        for _ in 0..more.below(2) {
            let later = met.plus_seconds(i64::from(more.below(60 * 86_400))).min(now);
            let new = made_up::message(&mut more, person);
            if !is_there(&mut there.messages) {
                messages::create(&writer(later), new).await?;
            }
        }
    }
    Ok(())
}

/// Makes what the records need, as far as it is missing: a colleague, whose id it gives, custom fields and templates.
async fn equip(engine: &Engine, reader: &Reader, writer: &Writer) -> Result<Uuid, Error> {
    let colleague = if let Some(colleague) = users::by_email(reader, COLLEAGUE).await? {
        colleague
    } else {
        let password_hash = engine.passwords().hash(PASSWORD).await;
        let (email, name) = (COLLEAGUE.to_owned(), "Ben Demo".to_owned());
        users::create(writer, NewUser { email, name, role: Role::Member, password_hash }).await?
    };
    let drinks = made_up::DRINKS.map(ToOwned::to_owned).to_vec();
    for (target, name, value_type, options) in [
        (Target::Person, made_up::BIRTHDAY, ValueType::Date, Vec::new()),
        (Target::Person, made_up::DRINK, ValueType::Choice, drinks),
        (Target::Transaction, made_up::CONTRACT, ValueType::Text, Vec::new()),
    ] {
        let new = NewCustomField { target, name: name.to_owned(), value_type, options };
        unless_taken(custom_fields::create(writer, new).await)?;
    }
    let thanks = email_templates::Draft {
        name: "Thank you".to_owned(),
        subject: "Thank you, {{name}}".to_owned(),
        body: "Dear {{name}},\n\nthank you for your time. I will come back to you next week.".to_owned(),
    };
    // It is made before the event template that names it, so a second start needs it no more.
    if let Some(thanks) = unless_taken(email_templates::create(writer, thanks).await)? {
        let item = |offset: &str, time: Option<&str>, title: &str, mail| -> Result<TemplateItem, Error> {
            Ok(TemplateItem {
                offset: offset.parse()?,
                time_of_day: time.and_then(|time| time.parse::<TimeOfDay>().ok()),
                title: title.to_owned(),
                location: None,
                description: None,
                email_template: mail,
            })
        };
        let items = vec![
            item("+1 Day", Some("10:00"), "Thank them for their interest", Some(thanks.id))?,
            item("+3 Business Days", None, "Send the offer", None)?,
            item("+2 Weeks", Some("14:00"), "Ask how they like the offer", None)?,
        ];
        unless_taken(event_templates::create(writer, NewEventTemplate { name: "New lead".to_owned(), items }).await)?;
    }
    Ok(colleague.id)
}

/// What was made, or nothing where the name is taken already.
fn unless_taken<T>(made: Result<T, Error>) -> Result<Option<T>, Error> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(Error::Conflict { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is left of the records that are there already.
struct There {
    people: u64,
    transactions: u64,
    events: u64,
    messages: u64,
    last_person: Option<Uuid>,
}

impl There {
    async fn count(reader: &Reader) -> Result<Self, Error> {
        let (all, last) = (View::default(), Order { key: SortKey::Created, direction: Direction::Descending });
        let last = people::list(reader, &all, last, &PageRequest::first(1, None)).await?.items.into_iter().next();
        Ok(Self {
            people: people::count(reader, &all).await?,
            transactions: transactions::count(reader, &all).await?,
            events: events::count(reader, &all, None).await?,
            messages: messages::count(reader, &all).await?,
            last_person: last.map(|person| person.id),
        })
    }

    /// Whom a missing record belongs to, where the next person is there already. That is always the person who was
    /// made last, because a person is made after all that belongs to the one before.
    fn person(&mut self) -> Option<Uuid> {
        self.people = self.people.checked_sub(1)?;
        self.last_person
    }
}

/// True if the record already exists: counts down those that do.
fn is_there(left: &mut u64) -> bool {
    let there = *left > 0;
    *left = left.saturating_sub(1);
    there
}
