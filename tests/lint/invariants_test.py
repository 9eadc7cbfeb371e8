"""Every numbered invariant of docs/spec is stated once and cited by a test, and every number that
tests, code or documents cite stands in docs/spec."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
# "INV-ABC-001", "INV-ABC-001 to 004", "INV-ABC-001, -002 and 010".
CITED = re.compile(r"INV-([A-Z]+)-(\d{3})((?:(?: to |, | and )-?\d{3}(?!\d))*)")
MORE = re.compile(r"( to |, | and )-?(\d{3})")


def numbers_in(text):
    found = set()
    text = re.sub(r"\s*\n\s*(//|#|\*)?\s*", " ", text)  # a list may go on in the next line
    for room, first, rest in CITED.findall(text):
        last = int(first)
        found.add((room, last))
        for joint, number in MORE.findall(rest):
            start = last + 1 if joint == " to " else int(number)
            last = int(number)
            found.update((room, n) for n in range(start, last + 1))
    return found


def rows_of(text):
    """Of a table whose first column is headed INV-ABC."""
    found = set()
    for room, body in re.findall(r"^\| INV-([A-Z]+) \|.*\n((?:\|.*\n)*)", text, re.M):
        found.update((room, int(n)) for n in re.findall(r"^\| (\d{3}) \|", body, re.M))
    return found


def name_of(number):
    return f"INV-{number[0]}-{number[1]:03}"


def read(pattern):
    for path in sorted(root.glob(pattern)):
        if path.is_file() and path.suffix in {".cpp", ".hpp", ".py", ".md", ".cmake", ".mjs"}:
            yield path, path.read_text()


problems = []
stated = {}
entries = set()  # "- **INV-ABC-001** ..."
for page, text in read("docs/spec/*.md"):
    for number in numbers_in(text) | rows_of(text):
        stated.setdefault(number, page.relative_to(root))
    for room, n in re.findall(r"^- \*\*INV-([A-Z]+)-(\d{3})\*\*", text, re.M):
        number = (room, int(n))
        if number in entries:
            problems.append(f"{page.relative_to(root)}: {name_of(number)} is stated twice")
        entries.add(number)

tested = set()
for pattern in ("tests/**/*", "lib/**/*", "include/**/*", "apps/**/*", "bench/**/*", "docs/**/*"):
    for path, text in read(pattern):
        if path.samefile(__file__):
            continue
        cited = numbers_in(text)
        if pattern.startswith("tests"):
            tested |= cited
        for number in sorted(cited - set(stated)):
            problems.append(f"{path.relative_to(root)}: no page of docs/spec has {name_of(number)}")
for number in sorted(set(stated) - tested):
    problems.append(f"{stated[number]}: no test cites {name_of(number)}")

print("\n".join(problems) or f"{len(stated)} invariants, each cited by a test")
sys.exit(1 if problems else 0)
