"""A room uses rooms of lower levels only (docs/architecture.md): read off the includes.

Also: a public header includes assay and the C++ standard library alone, third-party headers stay inside
the one room that wraps them, and no room reaches into another's internal folder.
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
levels = {}
for number, rooms in re.findall(r"^assay_level\((\d+) ([^)]*)\)", (root / "CMakeLists.txt").read_text(), re.M):
    for room in rooms.split():
        levels[room] = int(number)

# Which rooms may include which third-party headers.
owners = {
    r"openssl/": {"crypto", "net"},
    r"rocksdb/": {"store"},
    r"boost/": {"net"},
    r"nlohmann/": {"codec"},
    r"zlib\.h": {"host"},
    r"google/protobuf/|wire\.pb\.h": {"abci"},
    r"utf8proc\.h": {"crypto"},
    r"toml\+\+/": {"cli"},
    r"CLI/": {"cli"},
    r"Eigen/": set(),
}
problems = []
for path in sorted([*root.glob("include/assay/*/*.hpp"), *root.glob("lib/*/**/*.[ch]pp")]):
    relative = path.relative_to(root)
    public = relative.parts[0] == "include"
    room = relative.parts[2] if public else relative.parts[1]
    if room not in levels:
        problems.append(f"{relative}: room '{room}' has no level in CMakeLists.txt")
        continue
    for line_number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        header = match.group(2)
        place = f"{relative}:{line_number}"
        if public and match.group(1) == "<" and re.search(r"[/.]", header):
            problems.append(f"{place}: {header} is none of the C++ standard library, in a public header")
        used = re.match(r"assay/([^/]+)/", header)
        if used and used.group(1) != room:
            other = used.group(1)
            if other not in levels:
                problems.append(f"{place}: includes unknown room '{other}'")
            elif levels[other] >= levels[room]:
                problems.append(f"{place}: {room} (level {levels[room]}) includes {other} (level {levels[other]})")
        if "internal/" in header and used and used.group(1) != room:
            problems.append(f"{place}: includes the internals of another room")
        for pattern, allowed in owners.items():
            if re.match(pattern, header) and (public or room not in allowed):
                problems.append(f"{place}: {header} belongs to {sorted(allowed) or 'no room'}, not in public headers")

print("\n".join(problems) or f"{len(levels)} rooms, every include points down")
sys.exit(1 if problems else 0)
