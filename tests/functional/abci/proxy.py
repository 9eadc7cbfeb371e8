"""Stands between CometBFT and its application, reads the frames of both and lets a test act on them."""
import pathlib
import socket
import threading

REQUESTS = {1: "echo", 2: "flush", 3: "info", 5: "init_chain", 6: "query", 8: "check_tx", 11: "commit", 12: "list_snapshots",
            13: "offer_snapshot", 14: "load_snapshot_chunk", 15: "apply_snapshot_chunk", 16: "prepare_proposal",
            17: "process_proposal", 18: "extend_vote", 19: "verify_vote_extension", 20: "finalize_block"}
RESPONSES = {1: "exception", **{number + 1: name for number, name in REQUESTS.items()}}


def varint(data, at):
    """(value, where it ends), or None if it is cut."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7
    return None


def fields(message):
    """(number, value) of a message of Protocol Buffers, in order: whole numbers and byte strings."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        value, at = varint(message, at)
        if tag & 7 == 2:
            value, at = message[at:at + value], at + value
        yield tag >> 3, value


def frame(message):
    head, size = b"", len(message)
    while size >= 0x80:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + message


class Proxy:
    """`act(moment, name, message)` is called before a message is passed on; moment: "asked" or "answered". What it returns
    says what happens: True passes it on, False drops it and all that follows, other bytes go in its place."""

    def __init__(self, path, target, act):
        self.target, self.act = str(target), act
        pathlib.Path(path).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            application = socket.socket(socket.AF_UNIX)
            try:
                application.connect(self.target)
            except OSError:
                client.close()
                continue
            for source, sink, moment, names in ((client, application, "asked", REQUESTS),
                                                (application, client, "answered", RESPONSES)):
                threading.Thread(target=self._pump, args=(source, sink, moment, names), daemon=True).start()

    def _pump(self, source, sink, moment, names):
        data = b""
        try:
            while chunk := source.recv(65536):
                data += chunk
                while (length := varint(data, 0)) and len(data) - length[1] >= length[0]:
                    end = length[0] + length[1]
                    tag, _ = varint(data, length[1])
                    passed = self.act(moment, names[tag >> 3], data[length[1]:end])
                    if not passed:
                        return
                    sink.sendall(data[:end] if passed is True else frame(passed))
                    data = data[end:]
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
