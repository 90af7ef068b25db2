//! Which columns are recognised, and what they mean.

use formats::{Contact, Person, Record, Section};

use crate::documents::{leads, people, read};

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
    // What a person has not is read as well where the name is ours.
    assert_eq!((lead.stage, lead.value), (None, Some(5.into())));
}

#[test]
fn an_address_is_all_its_columns() {
    for header in [
        "Address Street,Address City,Primary Address Postalcode,Region,Country",
        "street,city,postcode,province,country",
        "Billing Street,billing_city,BillingPostalCode,BILLING-PROVINCE,Country (Billing)",
        "Mailing Address,City,ZIP Code,State,Country",
        "Home Address,City,Zip,State/Province,Country Code",
        "Other Street,Other Town,Other Post Code,Other County,Other Country",
        "Address 1,Address: City,Address - Zip,Address State,Address Country",
    ] {
        let person =
            people("csv", &format!("Name,Email,{header}\nAda,a@example.com,1 St,Graz,8010,Styria,AT\n")).remove(0);
        assert_eq!(address(&person), ["1 St", "Graz", "8010", "Styria", "AT"], "{header}");
        assert_eq!(person.foreign, [], "{header}");
    }
}

#[test]
fn addresses_of_different_names_are_never_mixed() {
    let header = "Name,Street,City,Zip,Company Street,Company City,Company Zip,Billing Street,Billing City,Shipping City,Shipping Zip";
    let read = |row: &str| people("csv", &format!("{header}\n{row}\n")).remove(0);
    let person = read("Ada,1 St,Graz,,2 St,Linz,4020,3 St,Wels,Enns,4470");
    assert_eq!(address(&person), ["1 St", "Graz", "", "", ""]);
    let others: Vec<&str> = person.foreign.iter().map(|foreign| foreign.header.as_str()).collect();
    let all: Vec<&str> = header.split(',').skip(4).collect();
    assert_eq!(others, all, "what is not used is kept, each under its name");
    let person = read("Ada,,,,,Linz,4020,3 St,Wels,Enns,4470");
    assert_eq!(address(&person), ["", "Linz", "4020", "", ""]);
    let person = read("Ada,,,,,,,3 St,,Enns,4470");
    assert_eq!(address(&person), ["3 St", "", "", "", ""]);
    assert_eq!(foreign(&person), [("Shipping City", "Enns"), ("Shipping Zip", "4470")]);
}

#[test]
fn what_could_be_of_two_addresses_is_of_neither() {
    let header = "Name,Billing Street,Billing City,Shipping Street,Shipping City,Country";
    let person = people("csv", &format!("{header}\nAda,1 St,Graz,2 St,Linz,AT\nBo,,,,,AT\n"));
    assert_eq!(address(&person[0]), ["1 St", "Graz", "", "", ""]);
    assert_eq!(foreign(&person[0]), [("Country", "AT"), ("Shipping Street", "2 St"), ("Shipping City", "Linz")]);
    assert_eq!(address(&person[1]), ["", "", "", "", "AT"]);
}

#[test]
fn an_address_of_a_known_program_takes_its_other_columns() {
    let person = outlook("First Name,Last Name,Business Street,Business City,business_zip", "Ada,King,1 St,Graz,8010");
    assert_eq!(address(&person), ["1 St", "Graz", "8010", "", ""]);
    let person = outlook("First Name,Business Street,Business City,Zip", "Ada,1 St,Graz,8010");
    assert_eq!(address(&person), ["1 St", "Graz", "8010", "", ""]);
    let person = outlook("First Name,Business Street,Business City,Street,City,Zip", "Ada,1 St,,2 St,Linz,4020");
    assert_eq!(address(&person), ["1 St", "", "", "", ""], "one that is not the program's is not mixed with it");
    assert_eq!(foreign(&person), [("Street", "2 St"), ("City", "Linz"), ("Zip", "4020")]);
}

#[test]
fn a_whole_address_counts_where_its_street_does_not_stand_apart() {
    let header = "Person - Name,Person - Postal address,Person - City/town/village/locality of Postal address";
    let read = |row: &str| people("csv", &format!("{header}\n{row}\n")).remove(0);
    assert_eq!(address(&read("Ada,\"1 St, Graz\",Graz")), ["1 St, Graz", "Graz", "", "", ""]);
    let person = read("Ada,Graz,Graz");
    assert_eq!(address(&person), ["", "Graz", "", "", ""]);
    assert_eq!(person.foreign, [], "what says no more is no line of the notes");
}

#[test]
fn an_address_beside_a_street_is_the_whole() {
    let header = "Name,Address,Street,City,Billing Address,Billing Street,Billing City";
    let read = |row: &str| people("csv", &format!("{header}\n{row}\n")).remove(0);
    let person = read("Ada,\"1 St, Graz\",1 St,Graz,,,");
    assert_eq!((address(&person), person.foreign.as_slice()), (["1 St", "Graz", "", "", ""], [].as_slice()));
    let person = read("Ada,,,,\"c/o Bob, 2 St, Linz\",2 St,Linz");
    assert_eq!(address(&person), ["2 St", "Linz", "", "", ""]);
    assert_eq!(foreign(&person), [("Billing Address", "c/o Bob, 2 St, Linz")], "it says more than its parts");
    let person = read("Ada,\"1 St, Graz\",,,,,");
    assert_eq!(address(&person), ["1 St, Graz", "", "", "", ""]);
}

#[test]
fn the_state_of_a_delivery_is_none_of_an_address() {
    let header = "Name,Street,City,Delivery State,Invoice State";
    let reading = read("csv", Section::People, format!("{header}\nAda,1 St,Graz,late,paid\n").as_bytes());
    assert_eq!(reading.findings.ignored, ["Delivery State", "Invoice State"]);
    let person = people("csv", "Name,Delivery State,Delivery City\nAda,Styria,Graz\n").remove(0);
    assert_eq!(address(&person), ["", "Graz", "", "Styria", ""]);
}

#[test]
fn a_house_has_its_number_in_the_line_of_its_street() {
    let person = people("csv", "Name;Straße;Hausnummer;PLZ;Ort\nAda;Hauptplatz;3a;8010;Graz\n").remove(0);
    assert_eq!(address(&person), ["Hauptplatz 3a", "Graz", "8010", "", ""]);
    let person = people("csv", "Name,House Number,City\nAda,12,Graz\n").remove(0);
    assert_eq!(address(&person), ["12", "Graz", "", "", ""]);
}

#[test]
fn what_is_not_understood_of_an_address_is_named() {
    let header =
        "Name,Billing Street,Billing City,Billing Floor,Billing Contact,Shipping Method,Address Type,Mailing List";
    let reading = read("csv", Section::People, format!("{header}\nAda,1 St,Graz,3,Bob,van,home,yes\n").as_bytes());
    let expected = ["Billing Floor", "Billing Contact", "Shipping Method", "Address Type", "Mailing List"];
    assert_eq!(reading.findings.ignored, expected);
    let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("{reading:?}") };
    assert_eq!(address(person), ["1 St", "Graz", "", "", ""]);
}

#[test]
fn a_program_is_known_by_names_that_others_do_not_have() {
    let client = |header: &str| read("csv", Section::People, format!("{header}\nx\n").as_bytes()).findings.client;
    let plain = client("Name,Street,City,Zip,State,Country,Phone,Mobile,Email,Website,Tags,Notes");
    assert_ne!(plain, Some("Odoo"));
    assert_eq!(client("Complete Name,City,Country,Tags"), Some("Odoo"));
    assert_ne!(client("Name,First name,Last name,Organization,Labels,Notes,Owner,ID"), Some("Pipedrive"));
    assert_eq!(client("id,firstName,lastName,emailAddress,createdAt,modifiedAt"), Some("EspoCRM"));
    assert_eq!(client("id,name,email,createdAt,updatedAt,firstName,emailAddress"), Some("Cairn"));
}

#[test]
fn a_guarded_plus_of_a_number_is_one() {
    let person = outlook("First Name,phone,Mobile Phone,Business Fax", "Ada,'+43 1 5550101,'0664,''+1");
    let contact = person.contact;
    assert_eq!(contact.phone.as_deref(), Some("+43 1 5550101"));
    assert_eq!((contact.mobile.as_deref(), contact.fax.as_deref()), (Some("'0664"), Some("''+1")));
}

/// The street, city, postal code, state and country of a person.
#[test]
fn a_primary_address_is_never_completed_by_another() {
    let of =
        |header: &str, row: &str| people("csv", &format!("Name,Email,{header}\nAda,a@example.com,{row}\n")).remove(0);
    let person = of("Primary Zip,Billing City", "70000,Paris");
    assert_eq!((address(&person), foreign(&person)), (["", "", "70000", "", ""], vec![("Billing City", "Paris")]));
    let person = of("Primary Street,Primary Zip,Shipping City,Shipping Country", "1 St,8010,Wien,AT");
    assert_eq!(address(&person), ["1 St", "", "8010", "", ""]);
    assert_eq!(foreign(&person), [("Shipping City", "Wien"), ("Shipping Country", "AT")]);
}

#[test]
fn a_whole_address_that_says_more_than_its_parts_is_kept_whichever_is_taken() {
    let header = "Person - Name,Person - Postal address,Organization - Address,Organization - City/town/village/locality of Address";
    let person = people("csv", &format!("{header}\nBea,\"Home 1, Wien\",\"Werk 7, Graz\",Graz\n")).remove(0);
    assert_eq!(address(&person)[0], "Home 1, Wien");
    let expected =
        [("Organization - Address", "Werk 7, Graz"), ("Organization - City/town/village/locality of Address", "Graz")];
    assert_eq!(foreign(&person), expected);
}

fn address(person: &Person) -> [&str; 5] {
    let Contact { address, city, zip, state, country, .. } = &person.contact;
    [address, city, zip, state, country].map(|part| part.as_deref().unwrap_or_default())
}

fn outlook(header: &str, row: &str) -> Person {
    let document = format!("{header}\r\n{row}\r\n");
    people("csv", &document).remove(0)
}

fn foreign(person: &Person) -> Vec<(&str, &str)> {
    person.foreign.iter().map(|foreign| (foreign.header.as_str(), foreign.value.as_str())).collect()
}
