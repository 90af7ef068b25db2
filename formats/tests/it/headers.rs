//! Which columns are recognised, and what they mean.

use formats::{Contact, Person};

use crate::documents::{leads, people};

#[test]
fn our_own_names_are_recognised_in_any_dress() {
    let header = "\u{feff} NAME ,E-Mail,Mobile\u{a0} Phone,\"Postal  Code\",Website,unheard of,";
    let person = people("csv", &format!("{header}\nAda,a@example.com,1,2,w,lost,\n")).remove(0);
    let contact = Contact {
        name: Some("Ada".into()),
        email: Some("a@example.com".into()),
        mobile: Some("1".into()),
        zip: Some("2".into()),
        url: Some("w".into()),
        ..Contact::default()
    };
    assert_eq!(person, Person { contact, ..Person::default() });
}

#[test]
fn a_second_column_with_one_meaning_is_not_lost() {
    let person = people("csv", "name,zip,Postal Code,Zip Code\nAda,,1,2\n").remove(0);
    assert_eq!(person.contact.zip.as_deref(), Some("1"));
    assert_eq!(foreign(&person), [("Zip Code", "2")]);
}

#[test]
fn columns_of_a_stage_are_none_of_people() {
    let person = people("csv", "name,value,stage\nAda,not a number,WON\n").remove(0);
    assert_eq!(person.contact.name.as_deref(), Some("Ada"));
}

#[test]
fn an_export_of_ours_may_have_outlooks_names_as_custom_fields() {
    let person = people("csv", "name,title,createdAt,First Name\nAda,Countess,,A\n").remove(0);
    assert_eq!(person.contact.name.as_deref(), Some("Ada"));
    assert_eq!(person.contact.title.as_deref(), Some("Countess"));
}

#[test]
fn outlooks_name_has_three_parts() {
    let contact =
        outlook("Title,First Name,Middle Name,Last Name,Suffix,Job Title", "Dr., Ada ,King,Lovelace,Jr.,Countess")
            .contact;
    assert_eq!(contact.name.as_deref(), Some("Ada King Lovelace"));
    assert_eq!(contact.title.as_deref(), Some("Countess"));
    assert_eq!(outlook("First Name,Last Name", ",Lovelace").contact.name.as_deref(), Some("Lovelace"));
}

#[test]
fn outlooks_title_is_the_position_where_no_other_column_is() {
    let person = outlook("Title,First Name", "Countess,Ada");
    assert_eq!(person.contact.title.as_deref(), Some("Countess"));
    let person = outlook("Title,First Name,Job Title", "Dr.,Ada,");
    assert_eq!(person.contact.title, None);
    assert_eq!(foreign(&person), [("Title", "Dr.")]);
}

#[test]
fn outlooks_telephone_numbers_are_ranked() {
    let ranked = [
        "Business Phone",
        "Business Phone 2",
        "Primary Phone",
        "Company Main Phone",
        "Home Phone",
        "Home Phone 2",
        "Other Phone",
        "Car Phone",
    ];
    let header = format!("First Name,{}", ranked.iter().rev().copied().collect::<Vec<_>>().join(","));
    for (rank, name) in ranked.iter().enumerate() {
        let numbers: Vec<&str> = ranked[rank..].iter().rev().copied().collect();
        let person = outlook(&header, &format!("Ada,{}", numbers.join(",")));
        assert_eq!(person.contact.phone.as_deref(), Some(*name));
        assert_eq!(person.foreign.len(), ranked.len() - rank - 1, "the others are kept");
    }
    let person = outlook("First Name,Mobile Phone,Other Fax,Home Fax,Pager", "Ada,1,2,3,4");
    assert_eq!((person.contact.mobile.as_deref(), person.contact.fax.as_deref()), (Some("1"), Some("3")));
    assert_eq!(foreign(&person), [("Other Fax", "2"), ("Pager", "4")]);
}

#[test]
fn an_exchange_address_is_no_e_mail_address() {
    let header = "E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,E-mail 3 Address";
    let person = outlook(header, "/o=ACME/cn=ada,EX,Ada,ada@example.com,SMTP,ada@example.net");
    assert_eq!(person.contact.email.as_deref(), Some("ada@example.com"));
    assert_eq!(foreign(&person), [("E-mail Address", "/o=ACME/cn=ada"), ("E-mail 3 Address", "ada@example.net")]);
}

#[test]
fn an_address_is_never_made_of_two() {
    let header =
        "First Name,Home Street,Home Street 2,Home Address PO Box,Home City,Business City,Business Country,Other City";
    let person = outlook(header, "Ada,1 Home St,Flat 2,Box 3,Ockham,,,Elsewhere");
    assert_eq!(person.contact.address.as_deref(), Some("1 Home St\nFlat 2\nBox 3"));
    assert_eq!(person.contact.city.as_deref(), Some("Ockham"));
    assert_eq!(foreign(&person), [("Other City", "Elsewhere")]);
    let person = outlook(header, "Ada,1 Home St,,,Ockham,,UK,");
    assert_eq!((person.contact.address.as_deref(), person.contact.country.as_deref()), (None, Some("UK")));
    assert_eq!(person.contact.city, None);
    assert_eq!(foreign(&person), [("Home Street", "1 Home St"), ("Home City", "Ockham")]);
}

#[test]
fn outlooks_defaults_are_not_worth_a_note() {
    let header = "First Name,Anniversary,Birthday,Gender,Priority,Private,Sensitivity,Initials,Directory Server,Internet Free Busy";
    assert_eq!(outlook(header, "Ada,0/0/00,0/0/00,Unspecified,Normal,False,Normal,A.,ldap,http://x").foreign, []);
    let person = outlook(header, "Ada,1835-07-08,0/0/00,Female,High,True,Normal,,,");
    assert_eq!(
        foreign(&person),
        [("Anniversary", "1835-07-08"), ("Gender", "Female"), ("Priority", "High"), ("Private", "True")]
    );
}

#[test]
fn outlooks_categories_are_split_and_system_groups_dropped() {
    let person = outlook("First Name,Categories", "Ada,\"Business; * My Contacts;  VIP ,Holiday;;\"");
    assert_eq!(person.categories, ["Business", "VIP", "Holiday"]);
}

#[test]
fn our_names_among_outlooks_are_understood() {
    let person = outlook("First Name,Last Name,email,zip,id", "Ada,Lovelace,a@example.com,KT11,7");
    assert_eq!(person.contact.email.as_deref(), Some("a@example.com"));
    assert_eq!(person.contact.zip.as_deref(), Some("KT11"));
    assert_eq!(person.id, None);
    let person = outlook("First Name,Name,E-mail Address,email", "Ada,Ada,a@example.com,b@example.com");
    assert_eq!(foreign(&person), [("email", "b@example.com")], "what is only repeated is dropped");
}

#[test]
fn a_stage_takes_the_contact_from_outlook() {
    let lead = leads("csv", "First Name,E-mail Address,value\nAda,a@example.com,5\n").remove(0);
    assert_eq!(lead.contact.email.as_deref(), Some("a@example.com"));
    assert_eq!((lead.stage, lead.value), (None, None));
}

fn outlook(header: &str, row: &str) -> Person {
    let document = format!("{header}\r\n{row}\r\n");
    people("csv", &document).remove(0)
}

fn foreign(person: &Person) -> Vec<(&str, &str)> {
    person.foreign.iter().map(|foreign| (foreign.header.as_str(), foreign.value.as_str())).collect()
}
