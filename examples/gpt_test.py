"""Asks the GPT example for words: trains on the King James Bible (Debian's bible-kjv), counts how many words of the
sample stand in the text, and reads the checkpoint as anybody may who knows the safetensors format.

usage: gpt_test.py EXAMPLE FOLDER STEPS      (exit code 77: bible-kjv is not installed)
"""
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

SIZES = {"U64": 8, "I64": 8, "F32": 4, "U32": 4, "I32": 4, "U8": 1}  # in the canonical order


def read_safetensors(data):
    """Name -> (dtype, shape, bytes), and the file that docs/spec/tensor.md calls canonical."""
    (length,) = struct.unpack_from("<Q", data)
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    tensors = {name: (e["dtype"], e["shape"], body[slice(*e["data_offsets"])]) for name, e in header.items()}
    entries, at = {}, 0
    for name in sorted(tensors, key=lambda n: (list(SIZES).index(tensors[n][0]), n.encode())):
        dtype, shape, raw = tensors[name]
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(raw)]}
        at += len(raw)
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return tensors, struct.pack("<Q", len(text)) + text + b"".join(tensors[name][2] for name in entries)


def main():
    example, folder, steps = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    if shutil.which("bible") is None:
        print("bible-kjv is not installed")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    verses = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True).stdout
    text = re.sub(r"(?m)^\S+ ", "", verses)
    (folder / "bible.txt").write_text(text)
    checkpoint = folder / "gpt.safetensors"
    ran = subprocess.run([example, folder / "bible.txt", steps, checkpoint], capture_output=True, text=True, check=True)
    print(ran.stdout)

    known = set(re.findall(r"[a-z]+", text.lower()))
    sample = re.findall(r"[a-z]+", ran.stdout.split("safetensors\n", 1)[1].lower())
    # The last one may be cut. Short strings are words too easily.
    words = [word for word in sample[:-1] if len(word) > 2]
    share = sum(word in known for word in words) / len(words)
    print(f"figure gpt_words_known {100 * share:.1f} %")
    assert len(words) > 40 and share > 0.6, f"{share:.2f} of {len(words)} words are known"

    data = checkpoint.read_bytes()
    tensors, canonical = read_safetensors(data)
    assert data == canonical, "the checkpoint is not canonical"
    for name, (dtype, shape, raw) in tensors.items():
        elements = 1
        for size in shape:
            elements *= size
        assert len(raw) == elements * SIZES[dtype], name
    alphabet = struct.unpack(f"<{tensors['model/alphabet'][1][0]}I", tensors["model/alphabet"][2])
    assert "".join(map(chr, alphabet)) == "".join(sorted(set(text)))
    assert tensors["model/token/embedding"][1] == [len(alphabet), 128]
    return 0


sys.exit(main())
