"""Nodes that lie: they pass calls on to a true one and change what it answers."""
import http.server
import json
import ssl
import struct
import threading
import urllib.request


def read_excerpt(data):
    """The entries (key, value or None) and the proof: docs/spec/commit.md, "Excerpts"."""
    (count,), at = struct.unpack_from("<I", data), 4
    entries = []
    for _ in range(count):
        key = data[at + 1:at + 1 + data[at]]
        at += 1 + len(key)
        value, there = None, data[at]
        at += 1
        if there:
            (size,) = struct.unpack_from("<I", data, at)
            value = data[at + 4:at + 4 + size]
            at += 4 + size
        entries.append((key, value))
    return entries, data[at + 4:]


def write_excerpt(entries, proof):
    out = struct.pack("<I", len(entries))
    for key, value in entries:
        out += bytes([len(key)]) + key
        out += b"\0" if value is None else b"\1" + struct.pack("<I", len(value)) + value
    return out + struct.pack("<I", len(proof)) + proof


def richer(entries, proof):
    """Somebody's money, changed."""
    return [(key, value and value[:-1] + bytes([value[-1] ^ 1]) if key[:1] == b"A" else value)
            for key, value in entries], proof


def hidden(entries, proof):
    """One record less."""
    return entries[:-1], proof


def absent(entries, proof):
    """A record that is there is said not to be."""
    at = next(i for i, (_, value) in enumerate(entries) if value is not None)
    return entries[:at] + [(entries[at][0], None)] + entries[at + 1:], proof


def cut(entries, proof):
    return entries, proof[:-1]


LIES = [richer, hidden, absent, cut]


class Liar:
    keeps = False  # transactions to itself

    def __init__(self, truth, context, home, lie):
        self.lies_told = 0
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = b"{}"
                if not (liar.keeps and json.loads(body)["method"] == "submit_transactions"):
                    request = urllib.request.Request(truth + self.path, body, {"Content-Type": "application/json"})
                    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                        text = answer.read()
                changed = liar.change(json.loads(body), json.loads(text), lie)
                if changed is not None:
                    text = json.dumps(changed).encode()
                    liar.lies_told += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(home / "tls.pem", home / "tls-key.pem")
        self.server.socket = own.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def change(self, request, said, lie):
        """What is answered instead; None: the truth."""
        if request["method"] != "view":
            return None
        entries, proof = read_excerpt(bytes.fromhex(said["result"]["excerpt"]))
        said["result"]["excerpt"] = write_excerpt(*lie(entries, proof)).hex()
        return said

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Refuser(Liar):
    """Takes nothing: each transaction has a wrong signature, it says, and keeps it."""
    keeps = True

    def __init__(self, truth, context, home):
        super().__init__(truth, context, home, None)

    def change(self, request, said, lie):
        if request["method"] != "submit_transactions":
            return None
        outcomes = [{"tx": "0" * 64, "height": 0, "verdict": "wrong signature", "verdict_code": 7, "detail": 0,
                     "detail_text": "", "repeated": False} for _ in request["params"]["txs"]]
        return {"jsonrpc": "2.0", "id": request["id"], "result": {"outcomes": outcomes}}


class Stale(Liar):
    """Shows what was true: every tenth time a block more."""

    def __init__(self, truth, context, home):
        self.views, self.count = [], 0
        super().__init__(truth, context, home, None)

    def change(self, request, said, lie):
        if request["method"] == "view":
            if not self.views or said["result"]["height"] > self.views[-1]["height"]:
                self.views.append(said["result"])
            self.count += 1
            return {**said, "result": self.views[min(self.count // 10, len(self.views) - 1)]}
        return None
