// For embed.cpp: one game between two players, with the claim and the moves signed, as the ledger
// would keep it (docs/spec/dispute.md).
#pragma once

#include <iostream>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/random.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "assay/player/player.hpp"

namespace examples {

class Match {
 public:
  // The defender signs its transcript; the challenger disputes `entry` of it.
  Match(const assay::training::Task& task, const assay::commit::Transcript& claimed,
        std::uint64_t entry)
      : m_defender(new_key()), m_challenger(new_key()) {
    using namespace assay;
    auto& [terms, claim, moves] = m_evidence;
    // On a ledger these are the genesis block's hash and what the transactions made.
    terms.chain = ChainId(crypto::sha256(as_bytes("an example")));
    terms.game = GameId(crypto::sha256(as_bytes("its only game")));
    terms.defender = AccountId(m_defender.public_key());
    terms.challenger = AccountId(m_challenger.public_key());
    terms.task = task.header;
    terms.entry = entry;
    if (entry > 0) terms.start_root = claimed.state_root(entry - 1);  // the last root both agree on
    terms.end_root = claimed.state_root(entry);

    claim.kind = dispute::ClaimKind::kTranscript;
    terms.task_id = TaskId(task.root());
    claim.transcript_root = claimed.root();
    claim.end_path = claimed.path(entry);
    if (entry > 0) claim.start_path = claimed.path(entry - 1);
    claim.signature =
        m_defender.sign(dispute::claim_digest(crypto::sha256_function(), terms.chain, terms.task_id,
                                              terms.task, claim.transcript_root)
                            .view());
  }

  // Until the referee decides. A party that stayed silent would lose by the clock instead.
  assay::Result<assay::dispute::Position> play(assay::player::Player& defender,
                                               assay::player::Player& challenger) {
    using namespace assay;
    dispute::Position position = dispute::start(terms());
    while (position.stage != dispute::Stage::kFinished) {
      const dispute::Role role = dispute::on_turn(position);
      const bool defends = role == dispute::Role::kDefender;
      ASSAY_TRY(std::optional<Bytes> body, (defends ? defender : challenger).next_move(position));
      if (!body) return {ErrorCode::kInternal, "a player has no move"};
      std::cout << "  " << position.turn << (defends ? " defender   " : " challenger ")
                << dispute::to_string(position.stage) << ", " << body->size() << " bytes\n";
      m_evidence.moves.push_back(
          dispute::record_move(crypto::sha256_function(), terms(), position, role, std::move(*body),
                               [&](const Hash256& digest) {
                                 return (defends ? m_defender : m_challenger).sign(digest.view());
                               }));
      const auto verdict = dispute::apply_signed(crypto::sha256_function(), crypto::ed25519_verify,
                                                 terms(), position, m_evidence.moves.back().view());
      if (verdict != dispute::MoveVerdict::kAccepted)
        return {ErrorCode::kInternal, dispute::to_string(verdict)};
    }
    return position;
  }

  [[nodiscard]] const assay::dispute::GameTerms& terms() const { return m_evidence.terms; }
  [[nodiscard]] assay::Bytes evidence() const { return assay::dispute::write_evidence(m_evidence); }

 private:
  static assay::crypto::KeyPair new_key() {
    std::uint8_t seed[32];
    assay::crypto::SystemRng().fill(seed);
    return assay::crypto::KeyPair(assay::crypto::SecretKey(seed));
  }

  assay::crypto::KeyPair m_defender;
  assay::crypto::KeyPair m_challenger;
  assay::dispute::Evidence m_evidence;
};

}  // namespace examples
