"""CometBFT's own abci-cli: a session of its console against the key-value example, answer by answer."""
import hashlib
import pathlib
import re
import subprocess
import tempfile

from comet import find_cli, options, until

FIRST = hashlib.sha256(b"abc=123\n").digest()
SECOND = hashlib.sha256(b"abc=123\ndef=xyz\nghi=123\n").digest()
BAD = ["code: 1", "log: a transaction is KEY=VALUE in printable ASCII, at most 1024 bytes"]
NAME = ["code: OK", "data: key-value", f"data.hex: 0x{b'key-value'.hex().upper()}"]


def found(key, value):
    return ["code: OK", "height: 0", f"key: {key}", f"key.hex: {key.encode().hex().upper()}", f"value: {value}",
            f"value.hex: {value.encode().hex().upper()}"]


SESSION = [
    ("echo hello", ["code: OK", "data: hello", f"data.hex: 0x{b'hello'.hex().upper()}"]),
    ("info", NAME),
    ('check_tx "abc"', BAD),
    ('check_tx "abc=123"', ["code: OK"]),
    ('prepare_proposal "abc=123" "bad"', ["code: OK", "log: Succeeded. Tx: abc=123"]),
    ('process_proposal "abc==456"', ["code: OK", "status: REJECT"]),
    ('process_proposal "abc=123"', ["code: OK", "status: ACCEPT"]),
    # A line for the answer, for each transaction and for the app hash.
    ('finalize_block "abc=123" "bad"', ["code: OK", *BAD, "code: OK", f"data.hex: 0x{FIRST.hex().upper()}"]),
    ("commit", ["code: OK"]),
    ("info", NAME),
    ('query "abc"', found("abc", "123")),
    ('query "nobody"', ["code: 2", "log: no such key", "height: 0", "key: nobody", f"key.hex: {b'nobody'.hex().upper()}"]),
    ('finalize_block "def=xyz" "ghi=123"', ["code: OK", "code: OK", "code: OK", f"data.hex: 0x{SECOND.hex().upper()}"]),
    ("commit", ["code: OK"]),
    ('query "def"', found("def", "xyz")),
]


def play(cli, address, session):
    run = subprocess.run([cli, "--address", address, "--log_level=error", "--verbose", "batch"], text=True,
                         input="".join(command + "\n" for command, _ in session), capture_output=True, timeout=60)
    answers = re.split(r"^> ", run.stdout, flags=re.M)[1:]
    if len(answers) != len(session):
        raise SystemExit(f"{len(answers)} answers to {len(session)} commands:\n{run.stdout}{run.stderr}")
    for (command, expected), answer in zip(session, answers):
        lines = [line.removeprefix("-> ") for line in answer.splitlines()[1:] if line]
        if lines != expected:
            raise SystemExit(f"{command}: {lines}\nwhere this was expected: {expected}")


def main():
    given = options()
    cli = find_cli(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-abci-") as folder:
        log = pathlib.Path(folder) / "log"
        with open(log, "wb") as stream:
            app = subprocess.Popen([given.example, "tcp://127.0.0.1:0", f"{folder}/state"], stderr=stream)
        try:
            address = until("the application to listen", lambda: re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text()))
            play(cli, address[0], SESSION)
        finally:
            app.terminate()
            status = app.wait(30)
        if status != 0:
            raise SystemExit(f"the application ended with {status}")
    print(f"{len(SESSION)} commands of abci-cli's console, every answer as expected")


if __name__ == "__main__":
    main()
