//! What the row of another CRM says of a deal, which is a transaction here: what has no field of its own becomes lines of the more
//! info, and a deal that is won or lost says in which stage it is.

use super::cell::{Cell, Cells};
use super::guess::is_email;
use super::meaning::Meaning;
use super::places::has;
use super::words::words;
use crate::record::{Column, Draft, yes_or_no};
use crate::{Deal, Outcome};

/// Where an address that stands behind a name ranks among those with columns of their own: after them.
const ASSOCIATED: u8 = 20;

/// Sets what the cells of a deal say, once the contact is known. They are used up.
pub(super) fn take(draft: &mut Draft, cells: &mut Cells<'_>) {
    let (mut deal, mut lines, mut by_name) = (Deal::default(), Vec::new(), None);
    let mut status = None;
    while let Some(cell) = cells.take_cell(is_of_deal) {
        let line = format!("{}: {}", cell.header, cell.text.trim());
        let first = || line.lines().next().unwrap_or_default().to_owned();
        match cell.meaning {
            Meaning::Ended(outcome) => {
                deal.outcome = deal.outcome.or(Some(outcome).filter(|_| yes_or_no(cell.text.trim()) == Ok(true)));
                continue;
            }
            Meaning::DealStage => deal.outcome = deal.outcome.or_else(|| outcome(cell.text)),
            Meaning::DealStatus => status = status.or_else(|| Some(outcome(cell.text))),
            Meaning::DealId => deal.line = deal.line.or_else(|| Some(first())),
            // What the deal is called comes first.
            Meaning::DealName if by_name.is_none() => {
                by_name = Some(first());
                lines.insert(0, line);
                continue;
            }
            _ => {}
        }
        lines.push(line);
    }
    deal.line = deal.line.or(by_name);
    deal.outcome = status.unwrap_or(deal.outcome);
    if deal != Deal::default() || !lines.is_empty() {
        draft.set_deal(deal, &lines);
    }
}

fn is_of_deal(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Deal
            | Meaning::DealName
            | Meaning::DealId
            | Meaning::DealStage
            | Meaning::DealStatus
            | Meaning::Ended(_)
    )
}

/// The cells that the contacts or the companies of a deal are: the first is the person's, and the others belong to the deal.
pub(super) fn associated<'a>(column: Column, cell: &Cell<'a>) -> Vec<Cell<'a>> {
    let mut parts = cell.text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let Some(first) = parts.next() else { return Vec::new() };
    let of = |meaning, text| Cell { meaning, text, ..*cell };
    let address = |text: &'a str| of(Meaning::Email(ASSOCIATED), text);
    let in_brackets = |open, close| first.strip_suffix(close).and_then(|rest: &str| rest.rsplit_once(open));
    let mut cells = match in_brackets('(', ')').or_else(|| in_brackets('<', '>')) {
        Some((name, email)) if column == Column::Name && is_email(email) => {
            let name = Some(name.trim()).filter(|name| !name.is_empty());
            name.map(|name| of(Meaning::Own(column), name)).into_iter().chain([address(email.trim())]).collect()
        }
        _ if column == Column::Name && is_email(first) => vec![address(first)],
        _ => vec![of(Meaning::Own(column), first)],
    };
    cells.extend(parts.map(|other| of(Meaning::Deal, other)));
    cells
}

/// How a deal has ended, as the name of a stage says it in seven languages, or one of ours; `None` where it has not, or nobody can tell:
/// a deal that is left open is found sooner than one that is closed by mistake.
fn outcome(stage: &str) -> Option<Outcome> {
    const WON: &str = "won closedwon gewonnen gagne gagnee gagnes ganado ganada vinto vinta ganho ganha customer";
    const LOST: &str = "lost closedlost verloren perdu perdue perdido perdida perso persa archive";
    const CLOSED: &str = "closed deal opportunity and geschlossen abgeschlossen und ferme fermee conclu conclue affaire et cerrado cerrada \
        negocio y chiuso chiusa trattativa e fechado fechada gesloten en";
    // `Lost to competition`, but not `Lost contact`.
    const BEHIND: &str = "to because due as by for gegen wegen an contre contra contro tegen";
    let words = words(stage);
    let at = words.iter().position(|word| !has(CLOSED, word))?;
    let (word, rest) = (&words[at], &words[at + 1..]);
    let is_sure = at > 0 || rest.first().is_none_or(|next| has(BEHIND, next));
    match (has(WON, word), has(LOST, word)) {
        _ if !is_sure || rest.iter().any(|word| has(WON, word) || has(LOST, word)) => None,
        (true, _) => Some(Outcome::Won),
        (_, true) => Some(Outcome::Lost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::outcome;
    use crate::Outcome::{Lost, Won};

    #[test]
    fn stages_of_other_programs_say_how_a_deal_has_ended() {
        for stage in [
            "Closed Won",
            "closedwon",
            "ClosedWon",
            "Won",
            "Gewonnen",
            "Gagnée",
            "Ganado",
            "Vinta",
            "Ganho",
            "Closed - Won",
            "Abgeschlossen und gewonnen",
            "Cerrada ganada",
            "CUSTOMER",
        ] {
            assert_eq!(outcome(stage), Some(Won), "{stage}");
        }
        for stage in [
            "Closed Lost",
            "closedlost",
            "Closed-Lost to Competition",
            "Verloren",
            "Perdue",
            "Perdido",
            "Persa",
            "Lost to a competitor",
            "Archive",
        ] {
            assert_eq!(outcome(stage), Some(Lost), "{stage}");
        }
        for stage in [
            "Proposal",
            "Negotiation/Review",
            "Not won yet",
            "Won or lost",
            "Wonderful",
            "Almost",
            "1",
            "",
            "Pas gagné",
            "To be won",
            "Won back",
            "Almost lost",
            "Lost contact - retry",
            "Kein Gewinn",
            "Lead",
            "Opportunity",
        ] {
            assert_eq!(outcome(stage), None, "{stage}");
        }
    }
}
