//! Any other application: column names that no dictionary has as a whole, taken apart into words of seven languages (English, German,
//! French, Spanish, Italian, Portuguese, Dutch), with a slip of the pen forgiven.

use super::address;
use super::client::{Client, Footer};
use super::meaning::Block::{Business, Home, Other, Work};
use super::meaning::Meaning::{
    self, Address, AllDay, Categories, Deal, DealName, DealStage, Email, EndDate, EndTime, Extra, Fax, FirstName,
    Honorific, Ignored, LastName, MiddleName, Mobile, Own, Phone, StartDate, StartTime, Url,
};
use super::meaning::Part::{City, Country, HouseNumber, PoBox, State, Street, Zip};
use super::places::{FILLERS, HOME, OTHER, WORK, has};
use super::words::{distance, words};
use crate::Section;
use crate::record::Column;

/// Stands for whichever application wrote a table whose names had to be taken apart.
pub(super) static CLIENT: Client =
    Client { name: "another application", columns: &[], base: None, footer: Footer::Nothing };

/// What is longer is a sentence and no name.
const LONGEST: usize = 60;

/// How closely names are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Only names without slips are known, which is quick.
    Quick,
    /// A name may differ a little from a known one.
    Thorough,
}

/// What a column's name means; `None` where it means nothing here, or could mean two things.
pub(super) fn meaning(name: &str, section: Section, care: Care) -> Option<Meaning> {
    if name.len() > LONGEST {
        return None;
    }
    let words = words(name);
    let tables = tables(section);
    let part = |name: &str| match exact(name, tables) {
        Some(Address(_, part)) => Some(part),
        _ => None,
    };
    let found = exact(&words.concat(), tables).or_else(|| address::meaning(&words, part)).or_else(|| {
        let parts = Parts::of(&words);
        let base = parts.base.as_str();
        let similar = || if care == Care::Thorough { near(base, tables) } else { None };
        exact(base, tables).or_else(similar).map(|meaning| parts.ranked(meaning))
    });
    found.filter(|meaning| *meaning != Ignored)
}

/// Whether a name says nothing but that it is of an address, and of which.
pub(super) fn is_plain_address(name: &str) -> bool {
    let words = words(name);
    address::is_plain(&words) && name.len() <= LONGEST
}

/// A name without the words that only say which of several is meant.
struct Parts {
    base: String,
    place: Place,
    number: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Unsaid,
    Work,
    Home,
    Other,
}

impl Parts {
    fn of(words: &[String]) -> Parts {
        let mut parts = Parts { base: String::new(), place: Place::Unsaid, number: 0 };
        for word in words {
            let word = word.as_str();
            if let Ok(number) = word.parse::<u8>() {
                parts.number = number.saturating_sub(1);
            } else if has(WORK, word) {
                parts.place = Place::Work;
            } else if has(HOME, word) {
                parts.place = Place::Home;
            } else if has(OTHER, word) {
                parts.place = Place::Other;
            } else if !has(FILLERS, word) {
                parts.base.push_str(word);
            }
        }
        parts
    }

    /// The meaning with its place among others of its kind.
    fn ranked(&self, meaning: Meaning) -> Meaning {
        let rank = match self.place {
            Place::Unsaid => 0,
            Place::Work => 1,
            Place::Home => 2,
            Place::Other => 3,
        };
        match meaning {
            Email(_) | Phone(_) | Mobile(_) | Fax(_) | Url(_) => meaning.numbered(rank + self.number.min(4)),
            Address(_, part) => {
                let block = match self.place {
                    Place::Unsaid => Business,
                    Place::Work => Work,
                    Place::Home => Home,
                    Place::Other => Other,
                };
                match part {
                    Street(_) => Address(block, part).numbered(self.number),
                    _ => Address(block, part),
                }
            }
            // Of a second name it is not known whose it is.
            FirstName | LastName | Own(Column::Name | Column::Company)
                if self.number > 0 || self.place == Place::Other =>
            {
                Extra
            }
            other => other,
        }
    }
}

/// The names of a meaning, with blanks between them; `Ignored` are names that would else be taken for others.
type Table = &'static [(Meaning, &'static str)];

fn tables(section: Section) -> &'static [Table] {
    match section {
        Section::Calendar => &[EVENTS],
        section if section.stage().is_some() => &[STAGES, CONTACTS],
        _ => &[CONTACTS],
    }
}

fn entries(tables: &[Table]) -> impl Iterator<Item = (&'static str, Meaning)> {
    let groups = tables.iter().flat_map(|table| table.iter());
    groups.flat_map(|(meaning, names)| names.split_ascii_whitespace().map(move |name| (name, *meaning)))
}

/// The meaning of a known name.
fn exact(name: &str, tables: &[Table]) -> Option<Meaning> {
    entries(tables).find(|(known, _)| *known == name).map(|(_, meaning)| meaning)
}

/// The meaning of the nearest known name; `Ignored` where several that are equally near mean different things.
fn near(name: &str, tables: &[Table]) -> Option<Meaning> {
    let length = name.chars().count();
    let limit = if length >= 9 { 2 } else { usize::from(length >= 5) };
    if limit == 0 {
        return None;
    }
    let (mut best, mut found) = (limit + 1, None);
    for (known, meaning) in entries(tables).filter(|(known, _)| known.len() > 4) {
        let Some(distance) = distance(name, known, limit.min(best)) else { continue };
        if distance < best {
            (best, found) = (distance, Some(meaning));
        } else if distance == best && found != Some(meaning) {
            found = Some(Ignored);
        }
    }
    found
}

/// Where exact dictionaries rank several of a kind, these come after them and after columns that bear our names.
pub(super) const LATE: u8 = 30;

const CONTACTS: Table = &[
    (
        Own(Column::Name),
        "name fullname displayname contactname contactperson contact kontakt contacto contatto contato completename firstandlastname firstnamelastname \
         vollername vollstandigername kontaktname ansprechpartner kontaktperson namevorname vornamenachname \
         vornameundnachname nomcomplet nomprenom prenomnom nometprenom prenometnom nombrecompleto nombreyapellidos \
         nombreyapellido nombreapellidos nomecompleto nomecognome nomeecognome cognomenome cognomeenome nominativo \
         nomesobrenome nomeesobrenome nomeeapelido naam volledigenaam voorenachternaam voornaamachternaam contactpersoon \
         weergavenaam",
    ),
    (
        FirstName,
        "firstname givenname forename fname christianname vorname rufname prenom nombre nombrepila primernombre nome \
         nomeproprio primeironome primonome voornaam roepnaam first nombres",
    ),
    (
        MiddleName,
        "middlename secondname zweitervorname mittelname deuxiemeprenom segundonombre secondonome segundonome nomemeio \
         middelstenaam tweedenaam tussenvoegsel middle",
    ),
    (
        LastName,
        "lastname surname familyname lname nachname familienname zuname nom nomfamille apellido apellidos primerapellido \
         cognome sobrenome apelido ultimonome achternaam familienaam last",
    ),
    (
        Own(Column::Company),
        "company companyname organization organisation organizationname organisationname business businessname employer \
         account accountname firm firma firmenname firmaname unternehmen unternehmensname betrieb arbeitgeber societe \
         nomsociete entreprise nomentreprise raisonsociale employeur empresa nombreempresa compania sociedad organizacion \
         razonsocial azienda nomeazienda societa impresa ditta ragionesociale organizzazione nomeempresa companhia \
         organizacao razaosocial bedrijf bedrijfsnaam naambedrijf organisatie werkgever onderneming",
    ),
    (
        Own(Column::Title),
        "jobtitle job position role jobposition funktion stelle berufsbezeichnung jobtitel fonction poste puesto cargo \
         funcion posizione ruolo mansione qualifica funcao functie functietitel rol",
    ),
    (Honorific, "title salutation titel titre titolo titulo tratamiento tratamento anrede civilite aanhef"),
    (
        Email(LATE),
        "email mail emailaddress mailaddress emailid emailadresse mailadresse courriel adresseemail adressemail \
         adressecourriel adresseelectronique adressemessagerie correo correoelectronico direccioncorreo \
         direccioncorreoelectronico direccionemail indirizzoemail indirizzomail postaelettronica \
         indirizzopostaelettronica enderecoemail correioeletronico correioelectronico enderecocorreioeletronico \
         emailadres mailadres emailprimary primaryemail",
    ),
    (
        Phone(LATE),
        "phone telephone tel phonenumber telephonenumber telno telfixe landline telefon telefonnummer rufnummer festnetz fon \
         telefonnr numerotelephone fixe telefono telefonofijo numerotelefono fijo telefonofisso telefone numerotelefone \
         telefonefixo telefoon telefoonnummer telefoonnr vastenummer phoneno",
    ),
    (
        Mobile(LATE),
        "mobile cell cellphone mobilephone cellular mobilenumber cellnumber mobil handy mobiltelefon mobilnummer \
         handynummer mobilfunk mobilfunknummer portable telephoneportable telephonemobile telportable telmobile \
         telefonomovil movil celular telefonocelular cellulare telefonocellulare telefonomobile telefonecelular telemovel \
         telefonemovel mobiel mobieletelefoon mobielnummer mobieltelefoonnummer gsm whatsapp natel",
    ),
    (Fax(LATE), "fax faxnumber telefax faxnummer telecopie telecopieur numerofax facsimile telecopia"),
    (
        Url(LATE),
        "website web url homepage webpage webaddress webseite internetseite internetadresse internet siteweb siteinternet \
         site sitioweb paginaweb direccionweb sitoweb sito sitointernet paginainternet webpagina webadres internetadres \
         www weburl",
    ),
    (
        Address(Business, Street(0)),
        "address street streetaddress addressline addressstreet adresse strasse str strassehausnummer \
         strasseundhausnummer strassenr anschrift rue adressepostale voie direccion calle domicilio direccionpostal indirizzo via viaepiazza endereco rua logradouro morada adres straat straatnaam \
         straatenhuisnummer straathuisnummer streetname",
    ),
    (
        Address(Business, Street(1)),
        "addressline2 adresszusatz complementadresse complementoendereco complemento apartment suite",
    ),
    (
        Address(Business, HouseNumber),
        "housenumber houseno streetnumber streetno hausnummer hausnr hausno huisnummer huisnr numerocivico civico \
         numerorue numeroportal",
    ),
    (
        Address(Business, PoBox),
        "pobox postofficebox postfach boitepostale apartadopostal apartado bp casepostale casellapostale caixapostal postbus",
    ),
    (
        Address(Business, City),
        "city town cityname stadt ort wohnort ortschaft ville commune localite ciudad poblacion localidad \
         municipio citta comune localita cidade localidade plaats woonplaats stad plaatsnaam gemeente citytown towncity",
    ),
    (
        Address(Business, State),
        "state province county region stateprovince provincestate stateregion stateorprovince statecode provincecode \
         bundesland kanton departement etat provincia estado comunidadautonoma regione distrito uf regiao provincie regio provinciaestado \
         estadoprovincia bundeslandkanton estadodistrito depregion",
    ),
    (
        Address(Business, Zip),
        "zip zipcode postcode postalcode postal zippostalcode postalzipcode ziporpostalcode postalorzipcode plz \
         postleitzahl codepostal cp codigopostal cap codicepostale codiceavviamentopostale cep pincode",
    ),
    (
        Address(Business, Country),
        "country nation countryname countrycode countryregion land staat pays pais paese nazione stato \
         landnaam landregion landregio paysregion paisregion paisoregion paisregiao paeseareageografica",
    ),
    (
        Own(Column::Notes),
        "notes note comments comment remarks remark description memo notizen notiz bemerkung bemerkungen kommentar \
         kommentare anmerkung anmerkungen beschreibung commentaire commentaires remarques remarque nota notas comentario \
         comentarios observaciones observacion commenti commento osservazioni annotazioni observacoes observacao \
         anotacoes notities notitie opmerking opmerkingen background info information",
    ),
    (
        Categories,
        "category categories tags tag groups group labels label kategorie kategorien gruppe gruppen schlagworte categorie \
         etiquettes groupe groupes categoria categorias etiquetas grupo grupos etichette gruppo gruppi marcadores \
         categorieen groep groepen labelled",
    ),
    (
        Extra,
        "department abteilung departamento reparto dipartimento afdeling birthday birthdate dateofbirth dob geburtstag \
         geburtsdatum datenaissance anniversaire fechanacimiento cumpleanos datanascita compleanno datanascimento \
         geboortedatum verjaardag anniversary nickname spitzname surnom apodo soprannome bijnaam suffix gender sex \
         geschlecht sexe sexo sesso genere genero geslacht language sprache langue idioma lingua taal linkedin twitter \
         facebook skype instagram industry branche vatnumber vatid vat ustid taxid siret nif cif partitaiva codicefiscale \
         cpf cnpj btwnummer profession beruf beroep profesion professione profissao spouse assistant pager imaddress \
         screenname",
    ),
    (
        Ignored,
        "id stage status score count price date datum data fecha source owner value amount created modified updated \
         active type rating order phase place store stock sales color space cost costs party parts image photo avatar \
         subscribed optin gdpr timezone nameid username login password statut estatus shoe size roles votes mailed sites \
         shippingvia shipvia deliveryvia ipaddress macaddress addresstype addressbook addressname addressid",
    ),
];

const STAGES: Table = &[
    (
        Own(Column::Value),
        "value amount dealvalue dealamount dealsize opportunityvalue opportunityamount wert betrag montant importe importo bedrag",
    ),
    (
        Own(Column::Probability),
        "probability dealprobability winprobability wahrscheinlichkeit probabilite probabilidad probabilita probabilidade waarschijnlijkheid",
    ),
    (
        DealName,
        "dealname dealtitle opportunityname opportunitytitle nomaffaire nombrenegocio nomeaffare nomenegocio dealnaam dealtitel",
    ),
    (
        DealStage,
        "stage dealstage dealstatus opportunitystage salesstage stagename pipelinestage verkaufsphase phase etape etapa fase",
    ),
    (
        Deal,
        "pipeline salespipeline closedate closingdate expectedclose expectedclosedate expectedclosingdate dealclosedate \
         abschlussdatum datecloture fechacierre datachiusura datafechamento sluitingsdatum currency currencycode dealcurrency \
         amountcurrency wahrung devise moneda valuta moeda nextstep dealowner dealtype lossreason lostreason",
    ),
];

const EVENTS: Table = &[
    (
        Own(Column::Title),
        "title subject name event eventname eventtitle what summary task taskname todo titel betreff termin aufgabe \
         ereignis veranstaltung bezeichnung titre objet sujet evenement tache titulo asunto evento tarea titolo oggetto \
         attivita compito assunto tarefa onderwerp gebeurtenis taak afspraak naam",
    ),
    (
        StartDate,
        "date day when start starts begin begins from startdate datestart begindate eventdate due duedate deadline datum \
         tag wann beginn anfang startdatum beginndatum anfangsdatum beginntam faellig fallig falligam falligkeitsdatum \
         jour quand debut datedebut echeance datecheance fecha dia cuando inicio comienzo fechainicio fechacomienzo \
         vencimiento fechavencimiento data giorno quando inizio datainizio scadenza datascadenza datainicio vencimento \
         prazo dag wanneer begindatum vervaldatum startdatetime datetime starttijdstip startson starton dateandtime",
    ),
    (
        StartTime,
        "time starttime begintime timestart hour zeit uhrzeit beginnzeit startzeit beginntum heure heuredebut hora \
         horainicio horacomienzo ora orainizio orario tijd starttijd begintijd uur",
    ),
    (
        EndDate,
        "end ends until till to enddate dateend finish finishdate ende bis enddatum endetam fin datefin jusque jusqua \
         fechafin fechafinalizacion hasta finalizacion fine datafine fino finoa fim datafim termino datatermino ate einde \
         einddatum tot endson endon enddatetime",
    ),
    (
        EndTime,
        "endtime timeend finishtime endzeit endetum heurefin horafin horafinalizacion orafine horafim horatermino \
         eindtijd",
    ),
    (
        AllDay,
        "allday alldayevent wholeday ganztagig ganztags ganztagigesereignis journeeentiere todoeldia tododia todia \
         interagiornata tuttogiorno giornointero diainteiro diatodo heledag geheledag",
    ),
    (
        Own(Column::Location),
        "location where place venue room address ort wo raum treffpunkt lieu endroit emplacement salle lugar ubicacion \
         donde sala luogo posizione dove local localizacao onde locatie plaats waar ruimte",
    ),
    (
        Own(Column::Description),
        "description notes note details comments comment body text agenda beschreibung notizen notiz bemerkung \
         bemerkungen kommentar inhalt remarques commentaire commentaires descripcion notas nota detalles comentarios \
         observaciones descrizione dettagli commenti descricao detalhes observacoes omschrijving beschrijving notities \
         opmerkingen memo",
    ),
    (
        Own(Column::Complete),
        "complete completed done finished isdone iscomplete erledigt abgeschlossen fertig fait acheve completo completado \
         hecho terminado completato fatto concluido feito gereed voltooid klaar afgerond",
    ),
    (
        Own(Column::Owner),
        "owner user assignee assignedto assigned responsible useremail owneremail besitzer benutzer zustandig \
         verantwortlich zugewiesen zugewiesenan bearbeiter proprietaire utilisateur responsable attribuea propietario \
         usuario asignadoa proprietario utente responsabile assegnatoa responsavel utilizador atribuidoa eigenaar \
         gebruiker verantwoordelijke toegewezenaan",
    ),
    (
        Own(Column::EmailTemplate),
        "emailtemplate template mailtemplate emailvorlage vorlage mailvorlage modele modeleemail modelemail plantilla \
         plantillaemail plantillacorreo modello modelloemail modelo modeloemail sjabloon emailsjabloon",
    ),
    (
        Own(Column::Associations),
        "association associations associatedwith contact contacts person people persons client customer company lead with \
         attendee attendees participants relatedto verknupfung verknupfungen zuordnung kontakt kontakte personen kunde \
         firma teilnehmer mit associe personne personnes associes societe participant asociacion asociaciones contacto \
         contactos persona personas cliente empresa con associazione associazioni contatto contatti persone azienda \
         associacao associacoes contato contatos pessoa pessoas com koppeling koppelingen contactpersoon persoon klant \
         bedrijf deelnemers",
    ),
    (
        Categories,
        "category categories tags tag2 label labels group kategorie kategorien categorie etiquettes categoria categorias \
         etiquetas etichette marcadores categorieen calendar kalender",
    ),
    (Extra, "priority prioritat priorite prioridad priorita prioridade prioriteit organizer url"),
    (
        Ignored,
        "id stage status count price source value amount created modified updated type repeat duration dauer duree \
         reminder color private timezone state size",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::meaning::Meaning::Ignored;
    use super::super::words::folded;
    use super::{CONTACTS, Care, EVENTS, STAGES, entries, meaning};
    use crate::Section;

    fn shown(name: &str) -> String {
        meaning(name, Section::People, Care::Thorough).map_or("nothing".to_owned(), |meaning| format!("{meaning:?}"))
    }

    #[test]
    fn names_stand_once_and_as_they_are_compared() {
        for table in [&[CONTACTS][..], &[STAGES, CONTACTS], &[EVENTS]] {
            // What means something of a transaction may be nothing of a person.
            let of_stage = |name| table.len() > 1 && entries(&[STAGES]).any(|(other, _)| other == name);
            let meant = entries(table).filter(|(name, meaning)| *meaning != Ignored || !of_stage(*name));
            let mut names: Vec<&str> = meant.map(|(name, _)| name).collect();
            names.sort_unstable();
            for name in &names {
                assert_eq!(*name, folded(name));
            }
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{twice:?} mean two things");
        }
    }

    #[test]
    fn names_of_seven_languages_are_taken_apart() {
        let expected = [
            ("Contact E-Mail", "Email(30)"),
            ("Correo electrónico", "Email(30)"),
            ("Indirizzo e-mail", "Email(30)"),
            ("Endereço de e-mail", "Email(30)"),
            ("E-mailadres (werk)", "Email(31)"),
            ("Courriel 2", "Email(31)"),
            ("Tel.", "Phone(30)"),
            ("Phone Number", "Phone(30)"),
            ("Telefon privat", "Phone(32)"),
            ("nº de teléfono", "Phone(30)"),
            ("mobilePhone", "Mobile(30)"),
            ("Téléphone portable", "Mobile(30)"),
            ("first_name", "FirstName"),
            ("Nom de famille", "LastName"),
            ("Nome da empresa", "Own(Company)"),
            ("C.A.P.", "Address(Business, Zip)"),
            ("Código Postal", "Address(Business, Zip)"),
            ("Home City", "Address(Home, City)"),
            ("Straße", "Address(Business, Street(0))"),
            ("Address 2", "Address(Business, Street(1))"),
            ("Company 2", "Extra"),
        ];
        for (name, meaning) in expected {
            assert_eq!(shown(name), meaning, "{name}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_forgiven_and_guesses_are_not_made() {
        let expected = [
            ("Emial", "Email(30)"),
            ("Compnay", "Own(Company)"),
            ("Telphone", "Phone(30)"),
            ("Frist Name", "FirstName"),
            ("Adresss", "Address(Business, Street(0))"),
            ("Postleizahl", "Address(Business, Zip)"),
            ("Stage", "nothing"),
            ("Status", "nothing"),
            ("Count", "nothing"),
            ("Tax", "nothing"),
            ("Shoe size", "nothing"),
            ("Work", "nothing"),
            ("Comment ça va ?", "nothing"),
            ("", "nothing"),
            // One letter from `notes` and from `votes`.
            ("motes", "nothing"),
        ];
        for (name, meaning) in expected {
            assert_eq!(shown(name), meaning, "{name}");
        }
        assert_eq!(meaning("Emial", Section::People, Care::Quick), None);
    }
}
