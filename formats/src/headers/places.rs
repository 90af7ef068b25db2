//! The words of names of columns that say whose a value is, and those that say nothing.

/// Whether a list with blanks between its words has a word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|other| other == word)
}

pub(super) const WORK: &str = "work business office geschaftlich geschaftliche dienstlich dienstliche bureau professionnel professionnelle pro \
         travail trabajo laboral oficina lavoro ufficio uff aziendale trabalho emprego comercial profissional werk zakelijk \
         zakelijke corporate";

pub(super) const HOME: &str = "home private privat privates personal perso personnel personnelle domicile prive privee casa particular privado \
         privada abitazione ab privato personale residencial residencia pessoal thuis persoonlijk persoonlijke";

pub(super) const OTHER: &str = "other alternate alternative secondary second additional zweite weitere weiterer andere anderes autre secondaire \
         otro otra secundario altro altra secondario outro outra ander tweede extra";

/// Words that do not tell one column from another.
pub(super) const FILLERS: &str = "the of for a an s primary main default principal principale preferred current contact contacts person customer \
         client lead number no nr num n numero nummer der die des von vom kontakt kunde kunden de du d la le les l del el \
         los las contacto cliente di da do dos das della dello dell il lo contatto contato van het een en klant haupt";
