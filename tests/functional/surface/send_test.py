"""Whoever comes new to a test network does everything by hand: is paid by the faucet, stakes, pays, funds a
task, quotes for it, awards the quote, gives up, cancels, takes the stake out again; and is told clearly what
cannot be done."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from node import ENVIRONMENT, Node, run, within  # noqa: E402

BIN = None
TOKEN = 1_000_000
NOBODY = "0" * 63 + "1"
MODEL = """[model]
family = 'llama'
layers = 1
width = 16
heads = 4
key_heads = 2
sequence = 8
[training]
steps = 8
batch = 2
"""


class Send(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-send-"))
        cls.assay, cls.assayd = BIN / "assay", BIN / "assayd"
        cls.processes = []
        operator, faucet = cls.key("operator"), cls.key("faucet")
        (cls.folder / "genesis.toml").write_text(
            f'name = "testnet"\noperator = "{operator}"\n\n[[accounts]]\nid = "{faucet}"\ntokens = 100000\n')
        run(cls.assayd, "genesis", "create", "--from", cls.folder / "genesis.toml", "--out", cls.folder / "genesis.bin")
        cls.home = cls.folder / "node"
        run(cls.assayd, "init", "--home", cls.home, "--genesis", cls.folder / "genesis.bin", "--key",
            cls.folder / "operator/key.json")
        cls.node = Node(cls.assayd, cls.home, "--faucet-key", cls.folder / "faucet/key.json", "--faucet-atoms",
                        str(5000 * TOKEN))
        cls.ids = {name: cls.party(name) for name in ("submitter", "solver", "friend")}
        (cls.folder / "model.toml").write_text(MODEL)
        (cls.folder / "text").write_text("the cat sat on the mat and the dog sat on the cat. " * 20)
        (cls.folder / "other").write_text("the dog sat on the mat and the cat sat on the dog. " * 20)

    @classmethod
    def tearDownClass(cls):
        for process in cls.processes:
            process.kill()
            process.wait(30)
        cls.node.stop()
        cls.node.process.stdout.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def key(cls, name):
        (cls.folder / name).mkdir()
        return run(cls.assay, "keys", "new", cls.folder / name / "key.json", "--scrypt-n", "1024").stdout.strip()

    @classmethod
    def party(cls, name):
        account = cls.key(name)
        run(cls.assayd, "certificate", "issue", "--home", cls.home, "--out", cls.folder / name, "--name", name,
            "--host", "127.0.0.1")
        return account

    def faucet(self, name):
        self.assertIn("result", self.node.call("faucet", {"account": self.ids[name]}))

    def send(self, name, kind, *options, code=0):
        # The first of the ledger's nodes is down.
        done = run(self.assay, "send", kind, "--home", self.folder / name, "--ledger", "https://127.0.0.1:1", "--ledger",
                   self.node.url, *options, check=False)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout + done.stderr

    def account(self, name):
        return self.node.call("account", {"account": self.ids[name]})["result"]["account"]

    def task(self, task):
        return self.node.call("task", {"task": task})["result"]["task"]

    def post(self, label, *options):
        """The id of a task that a submitter's process has posted."""
        before = set(self.node.call("tasks")["result"]["tasks"])
        log = open(self.folder / f"{label}.log", "w")
        self.processes.append(subprocess.Popen(
            [BIN / "assay-submitter", "--home", self.folder / "submitter", "--ledger", self.node.url, "--label", label,
             "--model-file", self.folder / "model.toml", "--text", self.folder / "text", "--interval", "2", "--threads",
             "1", *options], stdout=log, stderr=log, env=ENVIRONMENT))
        log.close()
        posted = []

        def is_posted():
            posted[:] = set(self.node.call("tasks")["result"]["tasks"]) - before
            return posted
        self.assertTrue(within(90, is_posted), (self.folder / f"{label}.log").read_text())
        self.processes[-1].kill()
        self.processes.pop().wait(30)
        return posted[0]

    def quote(self, task, *options, code=0):
        done = run(self.assay, "quote", *options, "--home", self.folder / "solver", "--ledger", self.node.url, "--task",
                   task, "--json", check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def test_1_money(self):
        self.assertIn("nobody has paid this account", self.send("friend", "stake", "--tokens", "1", code=1))
        for name in ("submitter", "solver"):
            self.faucet(name)
        refused = self.send("solver", "stake", "--tokens", "5000.000001", code=1)
        self.assertIn("refused, insufficient funds: 5000.000000 tokens are free", refused)
        self.assertIn("applied in block", self.send("solver", "stake", "--tokens", "2000.5"))
        self.assertEqual(self.account("solver")["staked"], str(2000 * TOKEN + TOKEN // 2))
        pay = ("--to", self.ids["friend"], "--id", "5" * 32)
        self.send("solver", "transfer", "--tokens", "100", *pay)
        again = self.send("solver", "transfer", "--tokens", "100", *pay)
        self.assertIn("what became of this id before", again)
        self.assertEqual(self.account("friend")["available"], str(100 * TOKEN), "paid once")
        self.assertIn("client id reused", self.send("solver", "transfer", "--tokens", "101", *pay, code=1))
        told = json.loads(run(self.assay, "send", "transfer", "--home", self.folder / "friend", "--ledger",
                              self.node.url, "--to", self.ids["solver"], "--atoms", "1", "--json").stdout)
        self.assertEqual((told["kind"], told["verdict_code"], told["words"]), ("transfer", 0, "applied"))
        result = self.node.call("client_result", {"sender": self.ids["friend"], "client_id": told["client_id"]})
        self.assertEqual(result["result"]["height"], told["height"])
        # At once, from one account: whoever comes second to a nonce takes the next.
        before = int(self.account("friend")["available"])
        atom = [self.assay, "send", "transfer", "--home", self.folder / "solver", "--ledger", self.node.url, "--to",
                self.ids["friend"], "--atoms", "1"]
        racers = [subprocess.Popen(atom, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                  for _ in range(4)]
        for racer in racers:
            said = racer.communicate(timeout=60)[0]
            self.assertEqual(racer.returncode, 0, said)
        self.assertEqual(int(self.account("friend")["available"]), before + 4)
        for options, word in ((("--to", self.ids["friend"]), "--tokens or --atoms"), (("--tokens", "1"), "--to"),
                              (("--to", "3b6a", "--tokens", "1"), "64 hexadecimal"),
                              (("--to", NOBODY, "--tokens", "1,5"), "no amount of tokens"),
                              (("--to", NOBODY, "--tokens", "1", "--id", "5"), "--id")):
            self.assertIn(word, self.send("solver", "transfer", *options, code=2))

    def test_2_a_balance_is_proven_and_shown(self):
        height = self.node.call("chain_status")["result"]["head"]["height"]
        self.send("solver", "transfer", "--to", self.ids["friend"], "--tokens", "1")
        later = str(int(self.account("friend")["available"]) // TOKEN)
        for at, tokens in ((height, str(int(later) - 1)), (height + 1, later)):
            proof = self.node.call("proof", {"key": "4101" + self.ids["friend"], "height": at})["result"]
            (self.folder / "proof").write_text(json.dumps(proof))
            shown = run(self.assay, "verdict", self.folder / "proof", "--genesis", self.folder / "genesis.bin").stdout
            self.assertIn(f"height        {at}\n", shown)
            self.assertRegex(shown, rf"balance       {tokens}\.\d{{6}} tokens\n")
        self.assertEqual(self.node.call("proof", {"key": "00", "height": height + 9})["error"]["code"], -32004)

    def test_3_a_task_is_funded_and_its_quote_awarded(self):
        task = self.post("funded", "--sought", "30")
        self.assertEqual(self.task(task)["status"], "funding")
        self.assertIn("refused, unknown task", self.send("friend", "fund-task", "--task", NOBODY, "--tokens", "30", code=1))
        self.send("friend", "fund-task", "--task", task, "--tokens", "30")
        self.assertEqual(self.task(task)["status"], "open")
        self.assertEqual(self.task(task)["bids"], [])
        head = self.node.call("chain_status")["result"]["head"]["height"]
        sign = ("--sign", "--id", "6" * 32)
        self.assertIn("--valid-until", self.quote(task, *sign, code=2))
        self.assertIn("is past", self.quote(task, *sign, "--valid-until", "1", code=2))
        self.assertIn("over what the task pays", self.quote(task, "--price", "101", code=2))
        self.assertIn("there is no task", self.quote(NOBODY, code=1))
        model = (self.folder / "model.toml", "--threads", "1", "--seconds", "0")
        self.assertGreater(self.quote(task, *model, "--text", self.folder / "text")["seconds"], 0)
        self.assertIn("not the posted task's", self.quote(task, *model, "--text", self.folder / "other", code=2))
        quote = self.quote(task, *sign, "--price", "80", "--valid-until", str(head + 1000))
        self.assertEqual((quote["price"], "seconds" in quote), (str(80 * TOKEN), False))
        (self.folder / "quote.json").write_text(json.dumps(quote))
        award = ("award-quote", "--task", task, "--quote", self.folder / "quote.json")
        self.assertIn("refused, not the submitter", self.send("friend", *award, code=1))
        self.send("submitter", *award)
        self.assertIn("refused", self.send("submitter", *award, code=1))
        self.assertIn("not for sale", self.quote(task, code=2))
        claim = self.task(task)["claims"][0]
        told = self.node.call("claim", {"claim": claim})["result"]["claim"]
        self.assertEqual((told["solver"], told["price"]), (self.ids["solver"], str(80 * TOKEN)))
        self.send("solver", "abandon-claim", "--claim", claim)
        self.assertEqual(self.task(task)["status"], "refunded")
        for kind, options in (("abandon-claim", ()), ("report-contradiction",
                                                      ("--transcript-root", NOBODY, "--signature", "0" * 128)),
                              ("demand-chunk", ("--piece", "transcript/0"))):
            self.assertIn("refused, unknown claim", self.send("solver", kind, "--claim", NOBODY, *options, code=1))
        (self.folder / "transcript").write_bytes(bytes(64))
        files = ("--blob", self.folder / "transcript", "--transcript", self.folder / "transcript")
        self.assertIn("refused, unknown demand", self.send("friend", "supply-chunk", "--claim", claim, "--piece",
                                                           "transcript/0", *files, code=1))
        validator = ("--validator", NOBODY, "--tokens", "1")
        self.assertIn("refused, this chain's validators are not by stake",
                      self.send("friend", "bond-validator", *validator, "--possession", "0" * 128,
                                "--share-key", "0" * 66, "--share-proof", "0" * 162, code=1))
        self.assertIn("refused, no validator of this account", self.send("friend", "unbond-validator", *validator, code=1))

    def test_4_an_auction_is_cancelled(self):
        task = self.post("auction", "--auction", "--bid-window-s", "3600")
        self.assertIn("refused, unknown bid", self.send("solver", "withdraw-bid", "--task", task, code=1))
        self.assertIn("refused, unknown bid",
                      self.send("submitter", "award-task", "--task", task, "--solver", self.ids["solver"], code=1))
        self.assertIn("refused, not the submitter", self.send("solver", "cancel-task", "--task", task, code=1))
        self.send("submitter", "cancel-task", "--task", task)
        self.assertEqual(self.task(task)["status"], "cancelled")
        self.assertEqual(self.account("submitter")["available"], str(5000 * TOKEN), "all of it is back")

    def test_5_the_stake_is_taken_out(self):
        refused = self.send("solver", "unstake", "--tokens", "3000", code=1)
        self.assertIn("refused, insufficient stake: ", refused)
        self.assertIn("tokens are staked and back no claim", refused)
        self.send("solver", "unstake", "--tokens", "500")
        self.assertEqual(self.account("solver")["unbonding"], str(500 * TOKEN))

    def test_6_certificates_are_renewed(self):
        def fingerprint(path):
            return run("openssl", "x509", "-in", path, "-noout", "-fingerprint", "-ext", "subjectAltName").stdout
        solver, server = self.folder / "solver/tls.pem", self.home / "tls/server.pem"
        before = fingerprint(solver), fingerprint(server)
        twice = run(self.assayd, "certificate", "issue", "--home", self.home, "--out", self.folder / "solver", "--name",
                    "solver", "--host", "127.0.0.1", check=False)
        self.assertEqual(twice.returncode, 2, "a key is never overwritten")
        run(self.assayd, "certificate", "renew", "--home", self.home, "--out", self.folder / "solver", "--host",
            "solver.example")
        run(self.assayd, "certificate", "renew", "--home", self.home)
        after = fingerprint(solver), fingerprint(server)
        self.assertNotEqual(before[0], after[0])
        self.assertNotEqual(before[1], after[1])
        self.assertIn("solver.example", after[0])
        self.assertIn("127.0.0.1", after[1])
        for certificate in (solver, server):
            run("openssl", "verify", "-CAfile", self.home / "tls/authority.pem", certificate)
        self.assertEqual(self.send("solver", "stake", "--tokens", "1").count("applied"), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    options, rest = parser.parse_known_args()
    BIN = options.build / "bin"
    unittest.main(argv=[sys.argv[0], *rest])
