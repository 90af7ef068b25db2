//! Contact data: from the database to files and back.

/// The contact of a file as storage takes it.
pub(crate) fn from_file(contact: formats::Contact) -> storage::Contact {
    let formats::Contact {
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
    } = contact;
    storage::Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes }
}

/// The contact of the database as files carry it.
pub(crate) fn to_file(contact: storage::Contact) -> formats::Contact {
    let storage::Contact {
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
    } = contact;
    formats::Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes }
}

/// Foreign values as lines for the notes of a new record.
pub(crate) fn foreign_lines(foreign: &[formats::Foreign]) -> Option<String> {
    let lines: Vec<_> = foreign.iter().map(|value| format!("{}: {}", value.header, value.value)).collect();
    Some(lines.join("\n")).filter(|lines| !lines.is_empty())
}
