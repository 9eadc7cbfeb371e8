"""The ledger under real CometBFT: signed transfers, a refusal, proofs, kill -9 of either, and at the end every block
applied again gives the headers that CometBFT's agreed on."""
import tempfile

from comet import find_comet, options, until
from ledger import Account, Ledger, expect


def play(node, accounts):
    node.start_app()
    status, words = node.page("readyz")
    expect(status == 503 and "CometBFT" in words, f"ready without CometBFT: {words}")
    node.start_comet()
    node.wait_for_rpc()
    until("it to be ready", lambda: node.page("readyz")[0] == 200)
    first, second = accounts
    for atoms in range(1, 6):
        expect(node.broadcast(first.transfer(node.chain, second, atoms))[:2] == (0, 0), "a transfer was refused")
    forged = bytearray(first.transfer(node.chain, second, 1))
    forged[-1] ^= 1
    expect(node.broadcast(bytes(forged))[0] != 0, "a forged transfer was taken")
    first.nonce -= 1

    print("kill -9 of the application")
    node.kill(node.app)
    node.comet_ended()
    node.start()
    expect(node.broadcast(second.transfer(node.chain, first, 7))[:2] == (0, 0), "refused after the restart")

    print("kill -9 of CometBFT; the application stays")
    node.kill(node.comet)
    node.start_comet()
    node.wait_for_rpc()
    expect(node.broadcast(first.transfer(node.chain, second, 9))[:2] == (0, 0), "refused after CometBFT's restart")
    too_much = node.broadcast(second.transfer(node.chain, first, 10**12))
    expect(too_much[0] == 0 and too_much[1] != 0, f"more than it has: {too_much}")

    print("calls to the node itself")
    transfer = second.transfer(node.chain, first, 3)
    result, error = node.call("submit_transaction", tx=transfer.hex())
    expect(error is None and result["verdict_code"] == 0 and result["height"] > 0, f"{result} {error}")
    again, _ = node.call("submit_transaction", tx=transfer.hex())
    expect(again == result, f"sent again: {again}")
    forged = second.transfer(node.chain, first, 3)
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    expect(node.call("submit_transaction", tx=forged.hex())[0]["height"] == 0, "a forged transfer was taken")
    many = [first.transfer(node.chain, second, 1).hex() for _ in range(100)]
    outcomes = node.call("submit_transactions", txs=many)[0]["outcomes"]
    expect(all(outcome["verdict_code"] == 0 for outcome in outcomes), f"of many in order: {outcomes}")
    status, _ = node.call("chain_status")
    expect(status["mode"] == "replicated", status)
    height = status["head"]["height"]
    expect(node.call("wait_block", after=height)[0]["height"] > height, "blocks do not go on")
    node.kill(node.comet)
    busy = node.call("submit_transaction", tx=first.transfer(node.chain, second, 1).hex())[1]
    expect(busy["code"] == -32028, f"without CometBFT: {busy}")
    expect(node.call("chain_status")[0]["head"]["height"] >= height, "no reads without CometBFT")
    node.start_comet()
    node.wait_for_rpc()
    until("CometBFT to be reached",
          lambda: node.call("submit_transaction", tx=first.transfer(node.chain, second, 1).hex())[1] is None)

    proof, code = node.record_of(b"?", "/proof")
    expect(code == 0 and proof, "there is no proof of absence")
    expect(node.record_of(b"?")[1] == 1, "a record that is none")
    node.check_agreement()
    node.stop()
    node.check_log()
    print(node.check_store())


def play_full_disk(node):
    print("the disk's reserve is gone: no block is begun, calls go on, and nothing is lost")
    node.more_options = ["--disk-reserve-mib", str(1 << 20)]
    node.start_app()
    height = node.call("chain_status")[0]["head"]["height"]
    node.start_comet()
    node.comet_ended()
    expect(node.call("chain_status")[0]["head"]["height"] == height, "a block was made")
    until("monitors to be told", lambda: node.page("healthz")[0] == 503 and "MiB" in node.page("healthz")[1])
    node.app.terminate()
    node.app.wait(30)
    node.more_options = []
    node.start()
    node.send_and_wait("with room again")
    height = node.check_agreement()
    node.stop()
    print(f"{height} blocks under CometBFT; {node.check_store()}")


def main():
    given = options()
    comet = find_comet(given.build)
    with tempfile.TemporaryDirectory(prefix="assay-ledger-") as folder:
        accounts = [Account(folder, number) for number in (1, 2)]
        node = Ledger(comet, given.assayd, folder, accounts)
        try:
            play(node, accounts)
            play_full_disk(node)
        finally:
            node.clean()


if __name__ == "__main__":
    main()
