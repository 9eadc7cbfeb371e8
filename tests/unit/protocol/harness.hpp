// A ledger in memory with named parties, driven block by block.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "assay/commit/transcript.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/economics/splits.hpp"
#include "assay/protocol/apply.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/protocol/view.hpp"
#include "support/sample_task.hpp"
#include "support/share_keys.hpp"

namespace assay::protocol::test {

// Every verdict that any test of this program has seen (all_verdicts_test.cpp).
inline std::set<TxVerdict>& seen_verdicts() {
  static std::set<TxVerdict> seen;
  return seen;
}

inline crypto::KeyPair make_key(unsigned n) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = static_cast<std::uint8_t>(n);
  seed[1] = 0x5a;
  seed[2] = static_cast<std::uint8_t>(n >> 8);
  return crypto::KeyPair(crypto::SecretKey(seed.data()));
}

// A view as a party reads it from a node that it does not believe.
inline Result<View> proven_view(const StateReader& reader, const AccountId& id) {
  ASSAY_TRY(const BlockHeader head, reader.head());
  ASSAY_TRY(const commit::MapExcerpt excerpt, reader.view_excerpt(id));
  ASSAY_TRY(View view, read_view(head, excerpt, id));
  return ViewMemory().complete(std::move(view));
}

inline Hash256 hash_of_text(std::string_view text) { return crypto::sha256(as_bytes(text)); }

// A transcript of made-up roots and the messages about it.
struct MadeRun {
  commit::Transcript transcript;
  Hash256 salt = hash_of_text("salt");

  explicit MadeRun(std::vector<Hash256> roots) : transcript(std::move(roots)) {}
  static std::vector<Hash256> made_up(std::uint64_t entries, std::string_view name) {
    std::vector<Hash256> roots;
    for (std::uint64_t i = 0; i < entries; ++i)
      roots.push_back(hash_of_text(std::string(name) + std::to_string(i)));
    return roots;
  }
  Hash256 start_root(std::uint64_t entry) const {
    return entry == 0 ? Hash256{} : transcript.state_root(entry - 1);
  }
  commit::Path start_path(std::uint64_t entry) const {
    return entry == 0 ? commit::Path{} : transcript.path(entry - 1);
  }
};

class Net {
 public:
  explicit Net(unsigned parties = 6, std::uint64_t amount = 1'000'000,
               std::uint64_t staked = 1'000'000, std::vector<GenesisValidator> validators = {},
               std::uint64_t share_window_ms = kShareWindowMs) {
    genesis.validators = std::move(validators);
    genesis.share_window_ms = share_window_ms;
    genesis.name = "test";
    genesis.time_ms = 1'700'000'000'000;
    for (unsigned i = 0; i < parties; ++i) {
      keys.push_back(make_key(i));
      genesis.accounts.push_back({id(i), Amount{amount}, Amount{staked}});
    }
    if (genesis.validators.empty()) genesis.operator_key = keys[0].public_key();
    auto made = init_chain(store, genesis);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    EXPECT_TRUE(store.write(made->batch));
    head = made->header;
    nonces.resize(parties);
  }

  AccountId id(unsigned party) const { return AccountId{keys[party].public_key()}; }

  Envelope envelope(unsigned party, Payload payload) {
    Envelope e;
    e.chain = head.chain;
    e.sender = id(party);
    e.nonce = ++nonces[party];
    store_le(e.client_id.data(), ++clients);
    e.valid_until = Height{head.height.value + 100};
    e.payload = std::move(payload);
    return e;
  }
  Bytes tx(unsigned party, Payload payload) {
    return sign_transaction(envelope(party, std::move(payload)), keys[party]);
  }

  BlockResult block(std::vector<Bytes> transactions = {}, std::uint64_t ms = 100,
                    std::vector<Misbehaviour> misbehaviour = {}) {
    Block b;
    b.height = Height{head.height.value + 1};
    b.time_ms = head.time_ms + ms;
    b.beacon = hash_of_text("beacon" + std::to_string(b.height.value));
    b.transactions = std::move(transactions);
    b.misbehaviour = std::move(misbehaviour);
    auto result = apply(store, b);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    EXPECT_TRUE(store.write(result->batch));
    const Status audit = audit_money(store);
    EXPECT_TRUE(audit) << (audit ? "" : audit.error().message);
    head = result->header;
    for (const Receipt& receipt : result->receipts.receipts)
      seen_verdicts().insert(receipt.verdict);
    history.push_back(std::move(b));
    return std::move(*result);
  }
  Receipt send(unsigned party, Payload payload) {
    return block({tx(party, std::move(payload))}).receipts.receipts.front();
  }
  TxVerdict verdict(unsigned party, Payload payload) {
    return send(party, std::move(payload)).verdict;
  }
  // Empty blocks until `ms` of ledger time have passed.
  void wait(std::uint64_t ms) {
    for (; ms > 0; ms -= std::min<std::uint64_t>(ms, 5000))
      block({}, std::min<std::uint64_t>(ms, 5000));
  }

  StateReader read() const { return StateReader(store); }
  AccountView account(unsigned party) const { return read().account(id(party)).value(); }
  TaskView task(const TaskId& t) const { return read().task(t).value().value(); }
  ClaimView claim(const ClaimId& c) const { return read().claim(c).value().value(); }
  ClaimStatus status(const ClaimId& c) const { return claim(c).record.status; }

  Genesis genesis;
  MemoryStore store;
  BlockHeader head;
  std::vector<crypto::KeyPair> keys;
  std::vector<std::uint64_t> nonces;
  std::uint64_t clients = 0;
  std::vector<Block> history;
};

// The same blocks on another store give the same state: it follows from the blocks alone.
inline void expect_replayed_alike(const Net& net) {
  MemoryStore again;
  ASSERT_TRUE(again.write(init_chain(again, net.genesis)->batch));
  for (const Block& block : net.history) {
    const auto result = apply(again, block);
    ASSERT_TRUE(result);
    ASSERT_TRUE(again.write(result->batch));
  }
  EXPECT_EQ(StateReader(again).head().value(), net.head);
  EXPECT_TRUE(again.map() == net.store.map());
}

using assay::test::sample_auction;
using assay::test::sample_task;

struct Posted {
  TaskId task;
  ClaimId claim;
};
// Posts; the task's id.
inline TaskId post(Net& net, unsigned submitter, const PostTask& terms) {
  const Envelope e = net.envelope(submitter, terms);
  const Receipt receipt =
      net.block({sign_transaction(e, net.keys[submitter])}).receipts.receipts[0];
  EXPECT_EQ(receipt.verdict, TxVerdict::kApplied)
      << to_string(receipt.verdict) << " " << int{receipt.detail};
  return task_id_of(net.head.chain, net.id(submitter), e.client_id);
}
// Posts, and accepts with party `solver`.
inline Posted post_and_accept(Net& net, unsigned submitter, unsigned solver,
                              const PostTask& terms) {
  Posted p;
  p.task = post(net, submitter, terms);
  p.claim = claim_id_of(p.task, net.id(solver));
  EXPECT_EQ(net.verdict(solver,
                        AcceptTask{p.task, {2000, 100}, crypto::sha256(hash_of_text("r").view())}),
            TxVerdict::kApplied);
  return p;
}

// A report of the run's first `entries`.
inline ReportProgress report_of(const Posted& p, const MadeRun& run, std::uint64_t entries) {
  return {p.claim, entries,
          progress_commitment(p.claim, entries, run.transcript.state_root(entries - 1), run.salt)};
}
// Of what the claim's last report says, if there was one.
inline std::optional<ProgressProof> progress_of(const Net& net, const ClaimId& claim,
                                                const MadeRun& run) {
  const auto view = net.read().claim(claim).value();
  if (!view || view->record.progress == Hash256{}) return std::nullopt;
  const std::uint64_t entry = view->record.reported - 1;
  return ProgressProof{run.transcript.state_root(entry), run.transcript.path(entry)};
}

inline RevealTranscript reveal_of(const Net& net, const Posted& p, unsigned solver,
                                  const PostTask& terms, const MadeRun& run) {
  RevealTranscript r;
  r.claim = p.claim;
  r.transcript_root = run.transcript.root();
  r.salt = run.salt;
  const std::uint64_t last = run.transcript.size() - 1;
  r.final_state_root = run.transcript.state_root(last);
  r.final_path = run.transcript.path(last);
  commit::TaskHeader header = terms.header;
  header.steps = commit::step_of_entry(header, last);
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), net.head.chain, p.task,
                                               header, r.transcript_root);
  r.signature = net.keys[solver].sign(digest.view());
  if (terms.force_rate == 0) r.progress = progress_of(net, p.claim, run);
  return r;
}

inline CommitTranscript commitment_of(const Posted& p, const MadeRun& run) {
  return {p.claim, transcript_commitment(p.claim, run.transcript.root(), run.salt),
          run.transcript.size()};
}

// What commit_challenge() hides in its commitments.
inline Hash256 commitment_to(const Net& net, const ClaimId& claim, unsigned challenger,
                             const ChallengeTarget& target) {
  return challenge_commitment({claim, target, net.id(challenger), hash_of_text("challenge")});
}

inline VerifierRecord verifier_of(const Net& net, const ClaimId& claim, unsigned verifier) {
  for (const VerifierRecord& v : net.claim(claim).verifiers)
    if (v.verifier == net.id(verifier)) return v;
  ADD_FAILURE() << "no such verifier";
  return {};
}

inline std::uint64_t interior_step_of(const Net& net, const Posted& p, unsigned verifier,
                                      std::uint32_t draw) {
  const VerifierRecord v = verifier_of(net, p.claim, verifier);
  return draw < v.draws.size() ? v.draws[draw].interior_step : 0;
}

// What a verifier that computed `own` as the end root says about its draw. A mismatch is opened on
// a challenge of the entry, which commit_challenge() commits to.
inline OpenSeal opening_of(const Net& net, const Posted& p, unsigned verifier, const MadeRun& run,
                           std::uint32_t draw, std::uint64_t entry, bool honest_match = true,
                           const Hash256& own = hash_of_text("mine"),
                           const Hash256& interior = hash_of_text("interior")) {
  OpenSeal o;
  o.claim = p.claim;
  o.draw = draw;
  o.salt = hash_of_text("seal" + std::to_string(draw));
  o.interior_root = interior;
  o.start_root = run.start_root(entry);
  o.start_path = run.start_path(entry);
  o.end_root = run.transcript.state_root(entry);
  o.end_path = run.transcript.path(entry);
  o.own_end_root = honest_match ? o.end_root : own;
  const commit::TaskHeader header = header_of(net.task(p.task).record, net.claim(p.claim).record);
  const auto sign = [&](const commit::TaskHeader& of, const Hash256& root) {
    const Hash256 digest = dispute::attestation_digest(crypto::sha256_function(), net.head.chain,
                                                       p.task, of, entry, o.start_root, root);
    return net.keys[verifier].sign(digest.view());
  };
  o.attestation = Attestation{
      sign(header, o.own_end_root),
      sign(header_up_to(header, interior_step_of(net, p, verifier, draw)), o.interior_root)};
  if (!honest_match)
    o.mismatch = MismatchProof{
        challenge_id_of(p.claim, net.id(verifier), commitment_to(net, p.claim, verifier, entry)),
        entry, hash_of_text("challenge")};
  return o;
}
inline Hash256 seal_of(const Net& net, const Posted& p, unsigned verifier, const OpenSeal& o) {
  return seal_commitment(
      {p.claim, net.id(verifier), o.draw, o.salt, o.interior_root, o.own_end_root});
}

// Commits and reveals in two blocks.
inline ChallengeId commit_challenge(Net& net, const Posted& p, unsigned challenger,
                                    const ChallengeTarget& target) {
  const Hash256 commitment = commitment_to(net, p.claim, challenger, target);
  EXPECT_EQ(net.verdict(challenger, CommitChallenge{p.claim, commitment}), TxVerdict::kApplied);
  return challenge_id_of(p.claim, net.id(challenger), commitment);
}
inline RevealChallenge challenge_reveal(const ChallengeId& id, const MadeRun& run,
                                        std::uint64_t entry) {
  return {id,
          entry,
          hash_of_text("challenge"),
          run.start_root(entry),
          run.start_path(entry),
          run.transcript.state_root(entry),
          run.transcript.path(entry)};
}

// A solver's quote, signed or not yet.
inline AwardQuote quoted(const Net& net, const TaskId& task, const PostTask& terms, unsigned solver,
                         std::uint64_t price) {
  AwardQuote award;
  award.task = task;
  award.quote.solver = net.id(solver);
  award.quote.terms = terms_digest(terms);
  award.quote.price = Amount{price};
  award.quote.times = {2000, 100};
  award.quote.r_commitment = hash_of_text("r");
  award.quote.id = QuoteId{7};
  award.quote.valid_until = Height{net.head.height.value + 20};
  return award;
}
inline AwardQuote& sign(const Net& net, AwardQuote& award, unsigned solver) {
  award.signature = net.keys[solver].sign(quote_digest(net.head.chain, award.quote).view());
  return award;
}

}  // namespace assay::protocol::test
