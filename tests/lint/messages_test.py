"""The table of messages (docs/spec/messages.md) has no hole and names only what there is; every public
decoder has a row; the table of transactions names fuzz targets that exist (that of operators:
tests/unit/numerics/table_test.cpp)."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
problems = []

# Public functions that take bytes or text but read no message.
NO_MESSAGE = {
    "verify": "a transaction, which parse_transaction reads",
    "from_hex": "digits within a message",
    "hash_from_hex": "digits within a message",
    "parse_log_format": "an option of the command line",
    "parse_log_level": "an option of the command line",
    "parse_log_format": "an option of the command line",
    "parse_stream_address": "an option of the command line",
    "parse_trust_point": "an option of the command line",
    "parse_tokens": "an option of the command line",
    "parse_atoms": "an option of the command line, digits within a message",
    "verify_header": "takes what decode_signed_header read",
    "open_key_file": "takes a path; its text goes to open_key",
    "open_share_key_file": "takes a path; its text goes to decrypt_key",
}

sources = [p.read_text() for folder in ("include/assay", "lib") for p in root.glob(f"{folder}/**/*.[ch]pp")]
words = set(re.findall(r"\w+", "\n".join(sources)))
tests = set()
for path in root.glob("tests/**/*.cpp"):
    for suite, name in re.findall(r"^TEST(?:_P|_F)?\(\s*(\w+),\s*(\w+)\)", path.read_text(), re.M):
        tests.add(f"{suite}.{name}")
headings = {
    page.stem: set(re.findall(r"^#+ (.+?)\s*$", page.read_text(), re.M))
    for page in root.glob("docs/spec/*.md")
}
fuzz_folder = root / "tests/fuzz"
registered = set(re.findall(r"^assay_fuzz\((\w+)", (fuzz_folder / "CMakeLists.txt").read_text(), re.M))


def check_target(name, where):
    if name not in registered:
        problems.append(f"{where}: assay_fuzz({name}) is not in tests/fuzz/CMakeLists.txt")
    if not (fuzz_folder / f"{name}.cpp").exists():
        problems.append(f"{where}: there is no tests/fuzz/{name}.cpp")
    if not any((fuzz_folder / "corpus" / name).glob("*")):
        problems.append(f"{where}: tests/fuzz/corpus/{name} holds no input")


lines = (root / "docs/spec/messages.md").read_text().splitlines()
table = [line for line in lines if line.startswith("|")]
names, readers, targets = set(), set(), set()
for line in table[2:]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    message = cells[0]
    if len(cells) != 6 or not all(cells):
        problems.append(f"{message}: a hole in the row")
        continue
    if message in names:
        problems.append(f"{message}: two rows")
    names.add(message)
    _, encoding, limit, reader, tamper, target = cells
    page, _, heading = encoding.partition(": ")
    if heading not in headings.get(page, set()):
        problems.append(f"{message}: docs/spec/{page}.md has no heading '{heading}'")
    for column, cell in (("limit", limit), ("read by", reader)):
        found = re.findall(r"`(\w+)`", cell)
        if not found:
            problems.append(f"{message}: {column} names nothing")
        for word in found:
            if word not in words:
                problems.append(f"{message}: {column}: there is no {word}")
    readers.update(re.findall(r"`(\w+)`", reader))
    for test in re.findall(r"`([^`]*)`", tamper) or [tamper]:
        if test not in tests:
            problems.append(f"{message}: there is no test {test}")
    if target.startswith("none: "):
        continue
    targets.add(target)
    check_target(target, message)

for target in registered - targets:
    problems.append(f"tests/fuzz: no message names the target {target}")

for header in sorted(root.glob("include/assay/*/*.hpp")):
    for name in re.findall(
            r"\b((?:decode|parse|read|open|judge|keystore|decrypt|normalised|gunzip|verify|resolve|from|hash_from)\w*"
            r"|\w+_from_text)\((?:[^();]*[ ,(])?(?:ByteView|std::string_view|codec::Reader&) \w+",
            header.read_text()):
        if name not in readers and name not in NO_MESSAGE:
            problems.append(f"{header.relative_to(root)}: no row of docs/spec/messages.md is read by {name}")

in_table = set(re.findall(r'"fuzz_(\w+)"', (root / "lib/protocol/payloads.cpp").read_text()))
if not in_table:
    problems.append("lib/protocol/payloads.cpp: names no fuzz target")
for name in in_table:
    check_target(name, "lib/protocol/payloads.cpp")

print("\n".join(problems) or f"{len(names)} messages, {len(targets)} fuzz targets, no hole")
sys.exit(1 if problems else 0)
