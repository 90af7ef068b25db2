"""GraphQL documents just below the limits, which are parsed and validated, and just above them, which are not parsed at all."""


def of_type(parts):
    return '{ __type(name: "Query") { ' + parts + " } }"


def many(count, part):
    return "".join(part(number) for number in range(count))


def row(name, query, code, *, refused, signed_in=False, variables=None):
    return {
        "name": name,
        "query": query,
        "variables": variables or {},
        "signed_in": signed_in,
        "code": code,
        "refused": refused,
    }


def pair(name, make, below, above, code=None, **options):
    """The same just below a limit and just above."""
    return [
        row(f"{name}, {below}", make(below), code, refused=False, **options),
        row(f"{name}, {above}", make(above), "LIMITED", refused=True, **options),
    ]


def selected(count):
    return "{ " + many(count, lambda n: f"nothing{n} ") + "}"


def in_list(count):
    return "query($a: [Int] = [" + "1 " * count + "]) { __typename }"


def nested(count):
    return of_type("fields { type { " + "ofType { " * count + "name " + "} " * count + "} }")


def variables(count):
    defined = many(count, lambda n: f"$v{n}: Boolean = true ")
    return f"query({defined}) " + of_type(many(count, lambda n: f"f{n}: name @include(if: $v{n}) "))


def directives(count):
    return of_type(many(count, lambda n: f"f{n}: name @skip(if: false) "))


def operations(count):
    return many(count, lambda n: f"query q{n} {{ __typename }} ")


def fragments(count):
    return "{ " + many(count, lambda n: f"...f{n} ") + "} " + many(count, lambda n: f"fragment f{n} on Query {{ __typename }} ")


def arguments(count):
    return "{ " + many(count, lambda n: f"people(nothing{n}: 1) {{ totalCount }} ") + "}"


def long_names(count):
    return "{ " + many(count, lambda n: f"{'n' * 240}{n} ") + "}"


def comments(bytes_of_it):
    return "{ __typename } #" + "x" * (bytes_of_it - 16)


ROWS = [
    row("an ordinary query", "{ __typename }", None, refused=False),
    *pair("tokens in a list", in_list, 19_980, 20_000, "INVALID"),
    row("selections, 2000", selected(2_000), "LIMITED", refused=False),
    *pair("unknown fields", selected, 50, 19_999, "INVALID", signed_in=True),
    *pair("brackets", nested, 58, 64, "INVALID"),
    *pair("variables", variables, 500, 501, None),
    *pair("directives", directives, 500, 501, None),
    *pair("operations", operations, 50, 51, "INVALID"),
    *pair("fragments", fragments, 50, 101, None),
    row("unknown arguments, 49", arguments(49), "INVALID", refused=False),
    row("long names, 250", long_names(250), "LIMITED", refused=False),
    row("unknown fields of long names, in a type", of_type(many(240, lambda n: f"{'n' * 240}{n} ")), "INVALID", refused=False),
    row("unknown fields of a type, 1990", of_type(many(1_990, lambda n: f"n{n} ")), "INVALID", refused=False),
    row("comment, 64 KiB", comments(64 << 10), None, refused=False),
    row("comment, 1 byte more", comments((64 << 10) + 1), "LIMITED", refused=True),
    row("comment, 3 MiB, signed in", comments(3 << 20), None, refused=False, signed_in=True),
    row("white space, 3 MiB, signed in", "{ __typename " + " " * (3 << 20) + "}", None, refused=False, signed_in=True),
    row(
        "values of a variable, 39900, signed in",
        "query($a: [ID!]!) { __typename }",
        "INVALID",
        refused=False,
        signed_in=True,
        variables={"a": [1] * 39_900},
    ),
    row(
        "values of a variable, 40000, signed in",
        "query($a: [ID!]!) { __typename }",
        "LIMITED",
        refused=True,
        signed_in=True,
        variables={"a": [1] * 40_000},
    ),
    row(
        "a variable of 1000 values, used 100 times",
        "query($a: [ID!]!) " + of_type(many(100, lambda n: f"f{n}: name @skip(if: $a) ")),
        "LIMITED",
        refused=False,
        signed_in=True,
        variables={"a": [1] * 1_000},
    ),
    row(
        "one fragment in 900 fields",
        of_type("fields { " + many(900, lambda n: f"t{n}: type {{ ...f }} ") + "}") + " fragment f on __Type { name }",
        "LIMITED",
        refused=False,
    ),
    row(
        "fields that conflict, 1900",
        of_type("a: name " + "a: kind " * 1_900),
        "INVALID",
        refused=False,
    ),
]
