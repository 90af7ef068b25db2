"""Writes the people and the leads of the benchmark as CSV: people.py PEOPLE LEADS [COUNT]."""

import csv
import random
import sys

FIRST = "Ada Ben Cleo Dan Eva Finn Gail Hugo Ines Jack Kira Liam Mona Nils Olga Paul Quinn Rosa Sven Tara".split()
LAST = "Abel Bauer Costa Dahl Evans Frank Gross Hill Ibsen Jones Klein Lopez Meyer Novak Olsen Price Reyes Stone".split()
FIRMS = "Acme Globex Initech Umbrella Stark Wayne Hooli Vandelay Wonka Cyberdyne".split()
KINDS = "Ltd GmbH AG Inc BV SA".split()
CITIES = "Berlin Paris Rome Oslo Wien Bern Prag Genf Köln Porto".split()


def people(count):
    """One row a person, the same for the same count; every 500th works at IBM."""
    dice = random.Random(42)
    for number in range(count):
        first, last = dice.choice(FIRST), dice.choice(LAST)
        firm = "IBM" if number % 500 == 0 else f"{dice.choice(FIRMS)} {dice.choice(KINDS)} {number % 997}"
        groups = " ::: ".join(sorted({f"Category {dice.randrange(200)}" for _ in range(2)}))
        yield {
            "name": f"{first} {last} {number}", "company": firm, "title": "Buyer",
            "email": f"{first}.{last}.{number}@example.com".lower(), "phone": f"+1 555 {number:07}",
            "city": dice.choice(CITIES), "categories": groups,
        }


def main():
    """Writes both files: each lead belongs to one of the people, by e-mail address."""
    dice, rows = random.Random(7), list(people(int(sys.argv[3]) if len(sys.argv) > 3 else 100_000))
    with open(sys.argv[1], "w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    with open(sys.argv[2], "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", "email", "value", "probability", "moreInfo"])
        for number, row in enumerate(rows):
            table.writerow([row["name"], row["email"], dice.randrange(100, 90_000), "0.25", f"Offer {number}"])


main()
