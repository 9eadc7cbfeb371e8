"""The ladders of lib/protocol ask in the order of the result codes: within one check(), no code comes after a
later one of protocol/verdict.hpp. So the first rule that is broken is the answer, whatever else is."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
enumeration = re.search(r"enum class TxVerdict.*?\{(.*?)\n\};", (root / "include/assay/protocol/verdict.hpp").read_text(), re.S)
order = re.findall(r"^\s*(k\w+)", re.sub(r"//.*", "", enumeration.group(1)), re.M)
rank = {name: number for number, name in enumerate(order)}
problems, ladders = [], 0
for path in sorted(root.glob("lib/protocol/tx_*.cpp")):
    text = re.sub(r"//.*", "", path.read_text())
    for kind, body in re.findall(r"^Checked<(\w+)> Rules::check\(.*?\{\n(.*?)^\}", text, re.S | re.M):
        ladders += 1
        codes = [name for name in re.findall(r"\bV::(k\w+)", body) if name != "kApplied"]
        for before, after in zip(codes, codes[1:]):
            if rank[before] > rank[after]:
                problems.append(f"{path.name}: {kind}: {after} is asked after {before}")
if ladders < 20:
    problems.append(f"only {ladders} ladders were found")
print("\n".join(problems) or f"{ladders} ladders, {len(order)} codes, all in order")
sys.exit(1 if problems else 0)
