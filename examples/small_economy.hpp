// For embedded_role.cpp: who takes part, what they own, and the task that is posted.
#pragma once

#include "assay/crypto/random.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/protocol/block.hpp"
#include "assay/roles/checkers.hpp"
#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "assay/training/metering.hpp"
#include "made_up_images.hpp"

namespace examples {

inline constexpr std::uint64_t kGenesisMs = 1'700'000'000'000;  // Unix time of the first block
inline constexpr std::uint64_t kToken = assay::kAtomsPerToken;

inline assay::crypto::KeyPair new_key() {
  std::uint8_t seed[32];
  assay::crypto::SystemRng().fill(seed);
  return assay::crypto::KeyPair(assay::crypto::SecretKey(seed));
}

struct Keys {
  assay::crypto::KeyPair ledger_operator = new_key();
  assay::crypto::KeyPair submitter = new_key();
  assay::crypto::KeyPair solver = new_key();
  assay::crypto::KeyPair verifier = new_key();
};

inline assay::protocol::Genesis genesis_of(const Keys& keys) {
  using namespace assay;
  protocol::Genesis genesis;
  genesis.name = "example";
  genesis.operator_key = keys.ledger_operator.public_key();
  genesis.time_ms = kGenesisMs;
  // Available and staked: who takes part in a task backs what it says with a stake.
  const auto add = [&](const crypto::KeyPair& key, std::uint64_t tokens, std::uint64_t staked) {
    genesis.accounts.push_back(
        {AccountId(key.public_key()), Amount(tokens * kToken), Amount(staked * kToken)});
  };
  add(keys.submitter, 1'000, 0);
  add(keys.solver, 10, 1'000);
  add(keys.verifier, 200, 1'000);
  return genesis;
}

inline assay::Result<std::shared_ptr<const assay::training::Task>> small_task(
    assay::TaskPool& pool) {
  using namespace assay;
  models::ModelDescription model;
  model.network = models::Mlp{.hidden = {16}};
  model.images = {.examples = 64, .height = 8, .width = 8, .classes = 4};
  model.batch = 16;
  ASSAY_TRY(models::TaskPrograms programs, models::build(model));
  ASSAY_TRY(training::Task task,
            training::make_task(
                {.seed = 7, .steps = 40, .commit_interval = 8, .checkpoint_interval = 8},
                std::move(programs.init), std::move(programs.step), made_up_images(model), pool));
  return std::make_shared<const training::Task>(std::move(task));
}

// What the submitter offers, and how long everybody may take.
inline assay::protocol::PostTask terms_of(const assay::training::Task& task,
                                          const assay::crypto::KeyPair& solver) {
  using namespace assay;
  constexpr std::uint64_t kMinute = 60'000;
  protocol::PostTask terms;
  terms.header = task.header;
  terms.allow = {AccountId(solver.public_key())};
  terms.price = Amount(100 * kToken);
  terms.verification_fee = Amount(20 * kToken);
  terms.tax = Amount(economics::least_tax(terms.price.value));
  terms.work_units = training::work_units(task);
  terms.progress_entries = 2;
  terms.solver_stake = Amount(1'000 * kToken);
  terms.verifier_stake = Amount(200 * kToken);
  terms.challenger_bond = Amount(100 * kToken);
  terms.seats = 1;
  terms.draws = 3;
  terms.windows = {.accept_ms = 10 * kMinute,
                   .train_ms = 60 * kMinute,
                   .enlist_ms = kMinute,
                   .reveal_ms = 10 * kMinute,
                   .seal_ms = 10 * kMinute,
                   .open_ms = 10 * kMinute,
                   .challenge_ms = 5 * kMinute,
                   .challenge_reveal_ms = 10 * kMinute,
                   .stand_up_ms = kMinute,
                   .move_ms = 10 * kMinute,
                   .replay_ms = kMinute};
  return terms;
}

}  // namespace examples
