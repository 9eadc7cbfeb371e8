"""A node that lies: it passes calls on to a true one and changes what `view` answers."""
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
    def __init__(self, truth, context, home, lie):
        self.lies_told = 0
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = urllib.request.Request(truth + self.path, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                    text = answer.read()
                if json.loads(body)["method"] == "view":
                    said = json.loads(text)
                    entries, proof = read_excerpt(bytes.fromhex(said["result"]["excerpt"]))
                    said["result"]["excerpt"] = write_excerpt(*lie(entries, proof)).hex()
                    text = json.dumps(said).encode()
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

    def close(self):
        self.server.shutdown()
        self.server.server_close()
