// Fills a record by the names of its members, so that what its encoder makes of it can be compared
// with what the specification's tables do (spec_tables.hpp).
#pragma once

#include <string_view>

#include "assay/dispute/signed_move.hpp"
#include "assay/protocol/view.hpp"
#include "internal/state.hpp"
#include "spec_tables.hpp"

namespace assay::protocol::test {

// How the compiler spells a constant, which names enumerators and members: what follows its last
// colon. Empty for a number that no enumerator has.
template <auto Value>
consteval std::string_view name_of_constant() {
  const std::string_view all = __PRETTY_FUNCTION__;
  const std::size_t from = all.find("Value = ") + 8;
  std::string_view spelt = all.substr(from, all.find_first_of(";]", from) - from);
  if (spelt.ends_with(')')) spelt.remove_suffix(1);
  const std::size_t colon = spelt.rfind(':');
  return spelt.find(')') != std::string_view::npos ? "" : spelt.substr(colon + 1);
}

template <class E>
struct Enumerator {
  E value{};
  std::string words;  // "client id reused" for kClientIdReused
};
inline std::string words_of(std::string_view enumerator) {
  std::string words;
  for (const char c : enumerator.substr(1)) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !words.empty()) words += ' ';
    words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}
// Of all numbers below 128.
template <class E, std::size_t... I>
constexpr std::array<std::string_view, 128> names_of_numbers(std::index_sequence<I...>) {
  return {name_of_constant<static_cast<E>(I)>()...};
}
template <class E>
const std::vector<Enumerator<E>>& enumerators() {
  static const std::vector<Enumerator<E>> all = [] {
    static constexpr auto kNames = names_of_numbers<E>(std::make_index_sequence<128>());
    std::vector<Enumerator<E>> found;
    for (std::size_t i = 0; i < kNames.size(); ++i)
      if (!kNames[i].empty()) found.push_back({static_cast<E>(i), words_of(kNames[i])});
    return found;
  }();
  return all;
}

// The members of a struct, in any order: a new field is one here and one row of
// docs/spec/records.md. A struct that is not here cannot be filled.
template <auto... Member>
struct Fields {
  template <class T, class Visit>
  static void visit(T& record, const Visit& each) {
    (each(name_of_constant<Member>(), record.*Member), ...);
  }
};
template <class T>
struct Members;

using H = commit::TaskHeader;
template <>
struct Members<H>
    : Fields<&H::profile, &H::kind, &H::tier, &H::init_program, &H::step_program, &H::data_set,
             &H::seed, &H::steps, &H::commit_interval, &H::checkpoint_interval> {};
template <>
struct Members<Windows>
    : Fields<&Windows::accept_ms, &Windows::train_ms, &Windows::enlist_ms, &Windows::reveal_ms,
             &Windows::seal_ms, &Windows::open_ms, &Windows::challenge_ms,
             &Windows::challenge_reveal_ms, &Windows::stand_up_ms, &Windows::move_ms,
             &Windows::replay_ms, &Windows::bid_ms, &Windows::disclose_ms, &Windows::relay_ms> {};
using P = PostTask;
template <>
struct Members<P>
    : Fields<&P::header, &P::sale, &P::allow, &P::deny, &P::capabilities, &P::reputation_min,
             &P::copies, &P::price, &P::verification_fee, &P::tax, &P::sought, &P::bid_deposit,
             &P::solver_stake, &P::verifier_stake, &P::challenger_bond, &P::declared_harm,
             &P::relay_fee, &P::relay_stake, &P::relays, &P::relay_quorum, &P::seats, &P::draws,
             &P::force_rate, &P::work_units, &P::progress_entries, &P::pays_partial, &P::windows> {
};
using T = TaskRecord;
template <>
struct Members<T>
    : Fields<&T::id, &T::submitter, &T::terms, &T::posted_terms, &T::status, &T::reason,
             &T::deters_harm, &T::deadline, &T::ended, &T::missing, &T::funders, &T::posted,
             &T::claims, &T::unsettled, &T::bids, &T::bids_ever> {};
template <>
struct Members<Funder> : Fields<&Funder::account, &Funder::amount> {};
template <>
struct Members<ReplayTimes> : Fields<&ReplayTimes::interval_ms, &ReplayTimes::game_ms> {};
template <>
struct Members<Bid> : Fields<&Bid::task, &Bid::bidder, &Bid::price, &Bid::times, &Bid::r_commitment,
                             &Bid::has_evicted, &Bid::sequence> {};
using C = ClaimRecord;
template <>
struct Members<C>
    : Fields<&C::id, &C::task, &C::solver, &C::status, &C::reason, &C::deadline, &C::price, &C::tax,
             &C::entries, &C::reported, &C::progress, &C::cancelled, &C::abandoned,
             &C::diverged_entry, &C::times, &C::r_commitment, &C::quote, &C::commitment,
             &C::transcript_root, &C::salt, &C::final_state_root, &C::signature, &C::beacon,
             &C::force_beacon, &C::posted_root, &C::finds_until, &C::refunds_until,
             &C::forced_entry, &C::forced_state_root, &C::enlisted, &C::sealed, &C::opened,
             &C::challenges, &C::unresolved, &C::demands, &C::demands_open, &C::demands_until,
             &C::doomed, &C::withheld, &C::fallen_entry, &C::solver_lost, &C::contradicted_by> {};
template <>
struct Members<economics::Draw> : Fields<&economics::Draw::entry, &economics::Draw::interior_step> {
};
template <>
struct Members<OpenedSeal> : Fields<&OpenedSeal::interior_root, &OpenedSeal::own_end_root,
                                    &OpenedSeal::matches, &OpenedSeal::attestation> {};
template <>
struct Members<Attestation> : Fields<&Attestation::end, &Attestation::interior> {};
template <>
struct Members<ChallengeTarget>
    : Fields<&ChallengeTarget::what, &ChallengeTarget::place, &ChallengeTarget::verifier> {};
using V = VerifierRecord;
template <>
struct Members<V> : Fields<&V::claim, &V::verifier, &V::draws, &V::seals, &V::opened, &V::lost> {};
using L = ChallengeRecord;
template <>
struct Members<L>
    : Fields<&L::id, &L::claim, &L::challenger, &L::sequence, &L::commitment, &L::committed_at,
             &L::status, &L::deadline, &L::revealed_at, &L::target, &L::entry, &L::interior_step,
             &L::start_root, &L::start_path, &L::end_root, &L::end_path, &L::queue_position,
             &L::queue_games, &L::stand_up_closed, &L::defenders> {};
template <>
struct Members<Piece> : Fields<&Piece::kind, &Piece::entry, &Piece::item, &Piece::chunk> {};
using E = DemandRecord;
template <>
struct Members<E> : Fields<&E::id, &E::claim, &E::demander, &E::sequence, &E::piece, &E::price,
                           &E::status, &E::deadline, &E::paused_before_ms, &E::paused_ms> {};
using O = RelayRecord;
template <>
struct Members<O> : Fields<&O::account, &O::bond, &O::held, &O::missed> {};
template <>
struct Members<RelaySeat> : Fields<&RelaySeat::relay, &RelaySeat::attested> {};
using K = RelayRound;
template <>
struct Members<K> : Fields<&K::claim, &K::number, &K::beacon, &K::seats> {};
using G = GameRecord;
template <>
struct Members<G>
    : Fields<&G::id, &G::challenge, &G::claim, &G::defender, &G::challenger, &G::by_attestor,
             &G::status, &G::by_clock, &G::turn, &G::on_turn, &G::turn_started, &G::deadline,
             &G::defender_bank_ms, &G::challenger_bank_ms, &G::paused_before_ms> {};
template <>
struct Members<Pause> : Fields<&Pause::full_at, &Pause::total_ms> {};
template <>
struct Members<Profile>
    : Fields<&Profile::last_nonce, &Profile::url, &Profile::certificate, &Profile::capabilities> {};
template <>
struct Members<Locked> : Fields<&Locked::stakes, &Locked::bonds, &Locked::deposits,
                                &Locked::unbonding_until, &Locked::bonded> {};
template <>
struct Members<ValidatorUnbonding>
    : Fields<&ValidatorUnbonding::amount, &ValidatorUnbonding::until> {};
using Y = ValidatorRecord;
template <>
struct Members<Y>
    : Fields<&Y::key, &Y::owner, &Y::stake, &Y::unbonding, &Y::slashed_at, &Y::share_key> {};
template <>
struct Members<Shares> : Fields<&Shares::window_ms, &Shares::rounds> {};
template <>
struct Members<ShareHolder>
    : Fields<&ShareHolder::validator, &ShareHolder::share_key, &ShareHolder::output> {};
template <>
struct Members<AwaitingClaim> : Fields<&AwaitingClaim::what, &AwaitingClaim::claim> {};
using BR = BeaconRound;
template <>
struct Members<BR> : Fields<&BR::number, &BR::opened_at, &BR::opened, &BR::value, &BR::least_stake,
                            &BR::holders, &BR::claims> {};
template <>
struct Members<RelayWeight> : Fields<&RelayWeight::account, &RelayWeight::bond> {};
template <>
struct Members<DrawPool> : Fields<&DrawPool::relays> {};
template <>
struct Members<ValidatorPower> : Fields<&ValidatorPower::key, &ValidatorPower::power> {};
template <>
struct Members<ValidatorSet> : Fields<&ValidatorSet::members> {};
using R = Reputation;
template <>
struct Members<R>
    : Fields<&R::score, &R::at, &R::completed, &R::faults, &R::last_fault, &R::slashes> {};
using F = internal::FirstResult;
template <>
struct Members<F> : Fields<&F::sender, &F::client, &F::id, &F::content, &F::verdict, &F::detail> {};
using D = internal::Deadline;
template <>
struct Members<D> : Fields<&D::time, &D::kind, &D::id> {};
using M = dispute::SignedMove;
template <>
struct Members<M> : Fields<&M::turn, &M::role, &M::position_hash, &M::body, &M::by, &M::signature> {
};
template <>
struct Members<dispute::Signer> : Fields<&dispute::Signer::delegate, &dispute::Signer::stranger> {};
template <>
struct Members<dispute::Certificate>
    : Fields<&dispute::Certificate::delegate, &dispute::Certificate::valid_until,
             &dispute::Certificate::signature> {};

template <>
struct Members<ledger::AccountKey> : Fields<&ledger::AccountKey::kind, &ledger::AccountKey::owner> {
};
template <>
struct Members<ledger::Account>
    : Fields<&ledger::Account::balance, &ledger::Account::debits_pending,
             &ledger::Account::credits_pending> {};
using N = ledger::Pending;
template <>
struct Members<N> : Fields<&N::debit, &N::credit, &N::amount, &N::state, &N::posted> {};
template <>
struct Members<ledger::Transfer>
    : Fields<&ledger::Transfer::debit, &ledger::Transfer::credit, &ledger::Transfer::amount> {};

using B = BlockHeader;
template <>
struct Members<B> : Fields<&B::chain, &B::height, &B::time_ms, &B::ledger_time, &B::beacon,
                           &B::parent, &B::tx_root, &B::receipts_root, &B::state_root> {};
template <>
struct Members<Receipt> : Fields<&Receipt::id, &Receipt::verdict, &Receipt::detail,
                                 &Receipt::repeated, &Receipt::events> {};
template <>
struct Members<Genesis>
    : Fields<&Genesis::name, &Genesis::operator_key, &Genesis::time_ms, &Genesis::accounts> {};
template <>
struct Members<GenesisValidator>
    : Fields<&GenesisValidator::account, &GenesisValidator::key, &GenesisValidator::stake,
             &GenesisValidator::share_key, &GenesisValidator::share_proof> {};
template <>
struct Members<Misbehaviour>
    : Fields<&Misbehaviour::kind, &Misbehaviour::validator, &Misbehaviour::height> {};
template <>
struct Members<GenesisAccount>
    : Fields<&GenesisAccount::account, &GenesisAccount::amount, &GenesisAccount::staked> {};

template <>
struct Members<TaskPosted> : Fields<&TaskPosted::task, &TaskPosted::submitter, &TaskPosted::sale,
                                    &TaskPosted::price, &TaskPosted::work_units> {};
template <>
struct Members<TaskEnded> : Fields<&TaskEnded::task, &TaskEnded::status, &TaskEnded::reason> {};
template <>
struct Members<TaskAccepted> : Fields<&TaskAccepted::task, &TaskAccepted::claim,
                                      &TaskAccepted::solver, &TaskAccepted::price> {};
template <>
struct Members<VerifierEnlisted> : Fields<&VerifierEnlisted::claim, &VerifierEnlisted::verifier> {};
template <>
struct Members<TranscriptCommitted>
    : Fields<&TranscriptCommitted::claim, &TranscriptCommitted::commitment,
             &TranscriptCommitted::entries> {};
template <>
struct Members<TranscriptRevealed>
    : Fields<&TranscriptRevealed::claim, &TranscriptRevealed::transcript_root,
             &TranscriptRevealed::final_state_root> {};
template <>
struct Members<ClaimAdvanced> : Fields<&ClaimAdvanced::claim, &ClaimAdvanced::status> {};
template <>
struct Members<VerifierDrawn>
    : Fields<&VerifierDrawn::claim, &VerifierDrawn::verifier, &VerifierDrawn::draw,
             &VerifierDrawn::entry, &VerifierDrawn::interior_step> {};
template <>
struct Members<VerifierSealed> : Fields<&VerifierSealed::claim, &VerifierSealed::verifier> {};
template <>
struct Members<SealOpened>
    : Fields<&SealOpened::claim, &SealOpened::verifier, &SealOpened::entry, &SealOpened::matches> {
};
template <>
struct Members<ChallengeCommitted>
    : Fields<&ChallengeCommitted::challenge, &ChallengeCommitted::claim,
             &ChallengeCommitted::challenger, &ChallengeCommitted::sequence> {};
template <>
struct Members<ChallengeRevealed>
    : Fields<&ChallengeRevealed::challenge, &ChallengeRevealed::claim, &ChallengeRevealed::what,
             &ChallengeRevealed::verifier, &ChallengeRevealed::entry> {};
template <>
struct Members<ChallengeEnded> : Fields<&ChallengeEnded::challenge, &ChallengeEnded::status> {};
template <>
struct Members<GameStarted> : Fields<&GameStarted::game, &GameStarted::challenge,
                                     &GameStarted::defender, &GameStarted::challenger> {};
template <>
struct Members<GameMoved>
    : Fields<&GameMoved::game, &GameMoved::turn, &GameMoved::role, &GameMoved::stage> {};
template <>
struct Members<GameFinished>
    : Fields<&GameFinished::game, &GameFinished::status, &GameFinished::by_clock> {};
template <>
struct Members<ClaimSettled> : Fields<&ClaimSettled::claim, &ClaimSettled::status,
                                      &ClaimSettled::reason, &ClaimSettled::paid> {};
template <>
struct Members<Slashed>
    : Fields<&Slashed::account, &Slashed::claim, &Slashed::amount, &Slashed::burned> {};
template <>
struct Members<TranscriptDisclosed>
    : Fields<&TranscriptDisclosed::claim, &TranscriptDisclosed::forced_entry,
             &TranscriptDisclosed::transcript_root> {};
template <>
struct Members<JackpotPaid>
    : Fields<&JackpotPaid::claim, &JackpotPaid::finder, &JackpotPaid::amount> {};
template <>
struct Members<TaskFunded>
    : Fields<&TaskFunded::task, &TaskFunded::funder, &TaskFunded::amount, &TaskFunded::missing> {};
template <>
struct Members<TaskOpened> : Fields<&TaskOpened::task, &TaskOpened::deadline> {};
template <>
struct Members<BidPlaced> : Fields<&BidPlaced::task, &BidPlaced::bidder, &BidPlaced::price> {};
template <>
struct Members<BidEnded> : Fields<&BidEnded::task, &BidEnded::bidder, &BidEnded::how> {};
template <>
struct Members<DivergenceReported>
    : Fields<&DivergenceReported::claim, &DivergenceReported::entry> {};
template <>
struct Members<ProgressReported> : Fields<&ProgressReported::claim, &ProgressReported::entries> {};
template <>
struct Members<ClaimCancelled> : Fields<&ClaimCancelled::claim, &ClaimCancelled::entries_max> {};
template <>
struct Members<ChunkDemanded> : Fields<&ChunkDemanded::demand, &ChunkDemanded::claim,
                                       &ChunkDemanded::demander, &ChunkDemanded::piece> {};
template <>
struct Members<ValidatorSlashed> : Fields<&ValidatorSlashed::key, &ValidatorSlashed::owner,
                                          &ValidatorSlashed::height, &ValidatorSlashed::amount> {};
template <>
struct Members<ValidatorChanged> : Fields<&ValidatorChanged::key, &ValidatorChanged::power> {};
template <>
struct Members<RoundOpened> : Fields<&RoundOpened::round, &RoundOpened::input,
                                     &RoundOpened::holders, &RoundOpened::claims> {};
template <>
struct Members<ShareShown> : Fields<&ShareShown::round, &ShareShown::key> {};
template <>
struct Members<BeaconDrawn> : Fields<&BeaconDrawn::round, &BeaconDrawn::beacon> {};
template <>
struct Members<ShareWithheld> : Fields<&ShareWithheld::round, &ShareWithheld::key,
                                       &ShareWithheld::owner, &ShareWithheld::amount> {};
template <>
struct Members<DemandEnded> : Fields<&DemandEnded::demand, &DemandEnded::status> {};
template <>
struct Members<RelayDrawn>
    : Fields<&RelayDrawn::claim, &RelayDrawn::relay, &RelayDrawn::round, &RelayDrawn::seat> {};
template <>
struct Members<DataAttested>
    : Fields<&DataAttested::claim, &DataAttested::relay, &DataAttested::seats> {};
template <>
struct Members<RelayLeft> : Fields<&RelayLeft::relay, &RelayLeft::bond> {};
template <>
struct Members<DelegateNamed> : Fields<&DelegateNamed::task, &DelegateNamed::party,
                                       &DelegateNamed::delegate, &DelegateNamed::valid_until> {};
template <>
struct Members<DelegateRevoked>
    : Fields<&DelegateRevoked::task, &DelegateRevoked::party, &DelegateRevoked::delegate> {};

}  // namespace assay::protocol::test
