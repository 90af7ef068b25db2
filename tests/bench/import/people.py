"""Writes people as CSV: people.py FILE COUNT [KNOWN]. The first KNOWN rows are people of a file without KNOWN, with news."""

import csv
import random
import sys

FIRST = "Ada Ben Cleo Dan Eva Finn Gail Hugo Inès Jack Kira Liam Mona Nils Olga Paul Quinn Rosa Sven Zoë".split()
LAST = "Abel Bauer Costa Dahl Evans Frank Gross Hill Ibsen Jones Klein Lopez Müller Novak Olsen Price Reyes Stone".split()
FIRMS = "Acme Globex Initech Umbrella Stark Wayne Hooli Vandelay Wonka Cyberdyne".split()
KINDS = "Ltd GmbH AG Inc BV SA".split()
TITLES = "Buyer,Head of Sales,Chief Technology Officer,Assistant,,Owner".split(",")
STREETS = "Main Street,Station Road,Lindenallee,Rue de la Paix,Via Roma,Church Lane,Hauptstraße".split(",")
CITIES = "Berlin Paris Rome Oslo Wien Bern Prag Genf Köln Porto".split()
COUNTRIES = "Germany France Italy Norway Austria Switzerland Czechia Switzerland Germany Portugal".split()
WORDS = "met at the fair in spring and wants an offer for next year with delivery by truck call back after lunch".split()
COLUMNS = "name company title email phone mobile address city state zip country notes categories".split()


def person(number, news):
    """The person of a number, always the same; with news they have moved and have another phone."""
    dice = random.Random(number)
    first, last = dice.choice(FIRST), dice.choice(LAST)
    company = f"{dice.choice(FIRMS)} {dice.choice(KINDS)} {dice.randrange(20_000)}" if dice.random() < 0.8 else ""
    title, city = dice.choice(TITLES), dice.randrange(len(CITIES))
    email = f"{first}.{last}.{number}@example{number % 97}.com".lower() if dice.random() < 0.9 else ""
    mobile = f"+49 170 {dice.randrange(10**7):07}" if dice.random() < 0.4 else ""
    notes = " ".join(dice.choices(WORDS, k=dice.randrange(4, 20))) if dice.random() < 0.3 else ""
    names = {f"Category {dice.randrange(200)}" for _ in range(dice.choice((0, 0, 1, 2)))}
    dice = random.Random(10**9 + number) if news else dice
    address = f"{dice.choice(STREETS)} {dice.randrange(1, 200)}"
    phone, state, code = f"+1 555 {dice.randrange(10**7):07}", f"State {dice.randrange(50)}", f"{dice.randrange(10**5):05}"
    return (
        f"{first} {last} {number}", company, title, email, phone, mobile, address, CITIES[city], state, code,
        COUNTRIES[city], notes, " ::: ".join(sorted(names)),
    )


def main():
    """Those who are not known come after a million others; every 1,000th row repeats the one before."""
    count, known = int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0
    with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        row = None
        for number in range(count):
            if number % 1_000 != 999:
                row = person(number if known == 0 or number < known else 1_000_000 + number, number < known)
            table.writerow(row)


main()
