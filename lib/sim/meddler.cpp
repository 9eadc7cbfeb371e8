#include "internal/meddler.hpp"

#include "assay/commit/task.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/roles/solver.hpp"

namespace assay::sim {

namespace {

using protocol::ClaimView;
using protocol::TaskStatus;
using protocol::TaskView;

class Meddler final : public roles::Role {
 public:
  Meddler(const roles::RoleContext& context, std::unique_ptr<roles::Role> role,
          std::shared_ptr<SimRng> rng, MeddlerOptions options)
      : m_context(context),
        m_role(std::move(role)),
        m_rng(std::move(rng)),
        m_options(std::move(options)) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    roles::Actions actions = m_role ? m_role->on(event, now_ms) : roles::Actions{};
    const auto* update = std::get_if<roles::LedgerUpdate>(&event);
    const bool ends =
        update != nullptr && update->view->head.ledger_time.value > m_options.until_ms;
    if (update == nullptr || ends) return actions;
    Payload payload = cut_short(*update->view);
    if (!payload && m_rng->chance(m_options.chance)) payload = meddle(*update->view);
    if (payload) actions.push_back(roles::Submit{any_client_id(), std::move(*payload)});
    return actions;
  }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const override {
    return m_role ? m_role->next_deadline() : std::nullopt;
  }

 private:
  using Payload = std::optional<protocol::Payload>;

  [[nodiscard]] Hash256 any_hash() {
    std::uint8_t raw[8];
    store_le(raw, m_rng->next());
    return crypto::sha256(ByteView(raw, 8));
  }
  [[nodiscard]] protocol::ClientId any_client_id() {
    const Hash256 hash = any_hash();
    protocol::ClientId id;
    std::copy_n(hash.bytes.begin(), id.size(), id.begin());
    return id;
  }
  // Mostly a part of what is there, sometimes more.
  [[nodiscard]] Amount any_part(Amount of) {
    return Amount{m_rng->below(std::min<std::uint64_t>(of.value, 4'000'000'000) / 4 + 2) +
                  (m_rng->below(16) == 0 ? of.value : 0)};
  }
  template <class List>
  [[nodiscard]] const typename List::value_type* any_of(const List& list) {
    return list.empty() ? nullptr : &list[m_rng->below(list.size())];
  }

  // Work under way that has shown progress lasts for a few blocks only, and what was done by then
  // is to be paid.
  Payload cut_short(const protocol::View& view) {
    if (!m_options.cancels) return std::nullopt;
    for (const TaskView& task : view.tasks)
      for (const ClaimView& claim : task.claims)
        if (task.record.submitter == m_context.account() && claim.record.reported > 1 &&
            claim.record.status == protocol::ClaimStatus::kTraining && m_rng->below(4) == 0)
          return protocol::CancelTask{task.record.id};
    return std::nullopt;
  }

  Payload meddle(const protocol::View& view) {
    const TaskView* task = any_of(view.tasks);
    switch (m_rng->below(8)) {
      case 0: return m_options.moves_money ? transfer(view) : std::nullopt;
      case 1: return m_options.stakes ? stake(view) : std::nullopt;
      case 2:
      case 3: return m_options.funds && task != nullptr ? fund(view, *task) : std::nullopt;
      case 4: return task != nullptr ? of_own_task(*task) : std::nullopt;
      case 5:
        if (m_options.gives_up && task != nullptr) return give_up(*task);
        [[fallthrough]];
      default: return m_options.pesters && task != nullptr ? pester(*task) : std::nullopt;
    }
  }

  // Some to accounts that never had any.
  Payload transfer(const protocol::View& view) {
    const protocol::AccountView* to = any_of(view.accounts);
    const bool is_new = to == nullptr || m_rng->below(4) == 0;
    return protocol::Transfer{is_new ? AccountId{any_hash()} : to->id,
                              any_part(view.self.available)};
  }
  Payload stake(const protocol::View& view) {
    if (m_rng->below(2) == 0) return protocol::Stake{any_part(view.self.available)};
    return protocol::Unstake{any_part(view.self.staked)};
  }
  Payload fund(const protocol::View& view, const TaskView& task) {
    const bool exact = task.record.status == TaskStatus::kFunding && m_rng->below(3) != 0;
    return protocol::FundTask{task.record.id,
                              exact ? task.record.missing
                                    : Amount{std::min<std::uint64_t>(view.self.available.value / 4,
                                                                     60 + m_rng->below(4) * 30)}};
  }

  Payload of_own_task(const TaskView& task) {
    if (task.record.submitter != m_context.account()) return std::nullopt;
    if (m_options.cancels && m_rng->below(3) == 0) return protocol::CancelTask{task.record.id};
    if (!m_options.awards) return std::nullopt;
    if (const protocol::Bid* bid = any_of(task.bids))
      return protocol::AwardTask{task.record.id, bid->bidder};
    if (m_options.quoters.empty()) return std::nullopt;
    return quote(task, *m_options.quoters[m_rng->below(m_options.quoters.size())]);
  }
  Payload give_up(const TaskView& task) {
    for (const ClaimView& claim : task.claims)
      if (claim.record.solver == m_context.account())
        return protocol::AbandonClaim{claim.record.id};
    return std::nullopt;
  }
  // What the solver would have signed for its customer.
  Payload quote(const TaskView& task, const crypto::KeyPair& key) {
    const protocol::PostTask& terms = task.record.terms;
    protocol::Quote q;
    q.solver = AccountId(key.public_key());
    q.terms = task.record.posted_terms;
    q.price = Amount{terms.price.value - m_rng->below(terms.price.value / 4)};
    q.times = protocol::longest_times(terms.windows);
    q.id = any_client_id();
    q.r_commitment = roles::quote_commitment(key, q.id);
    q.valid_until = Height{m_rng->below(8) == 0 ? 1u : 1'000'000u};
    const Hash256 digest = protocol::quote_digest(m_context.chain, q);
    return protocol::AwardQuote{task.record.id, q, key.sign(digest.view())};
  }

  Payload pester(const TaskView& task) {
    const TaskId id = task.record.id;
    const std::uint64_t price = task.record.terms.price.value;
    const ClaimView* claim = any_of(task.claims);
    switch (m_rng->below(8)) {
      case 0:
      case 1:
        return protocol::PlaceBid{id, Amount{price - m_rng->below(price / 2)},
                                  protocol::longest_times(task.record.terms.windows), any_hash()};
      case 2: return protocol::WithdrawBid{id};
      case 3:
        return protocol::AcceptTask{
            id, {1 + m_rng->below(1'000), 1 + m_rng->below(100)}, any_hash()};
      case 4: return claim != nullptr ? contradiction(task, *claim) : std::nullopt;
      case 5:
        if (claim != nullptr) return protocol::EnlistVerifier{claim->record.id};
        break;
      case 6:
        if (claim != nullptr) return protocol::DemandChunk{claim->record.id, any_piece()};
        break;
      default:
        if (claim != nullptr) return protocol::CommitChallenge{claim->record.id, any_hash()};
    }
    return std::nullopt;
  }

  protocol::Piece any_piece() {
    using protocol::PieceKind;
    const auto kind = static_cast<PieceKind>(1 + m_rng->below(5));
    const bool has_item = kind != PieceKind::kTranscript;
    const bool has_chunk = kind == PieceKind::kState || kind == PieceKind::kDataSet;
    return {kind, kind == PieceKind::kState ? m_rng->below(6) : 0, has_item ? m_rng->next() : 0,
            has_chunk ? m_rng->next() : 0};
  }

  Payload contradiction(const TaskView& task, const ClaimView& claim) {
    for (const crypto::KeyPair* key : m_options.careless) {
      if (AccountId(key->public_key()) != claim.record.solver) continue;
      const Hash256 root = any_hash();
      const Hash256 digest =
          dispute::claim_digest(crypto::sha256_function(), m_context.chain, task.record.id,
                                protocol::header_of(task.record, claim.record), root);
      return protocol::ReportContradiction{claim.record.id, root, key->sign(digest.view())};
    }
    return std::nullopt;
  }

  roles::RoleContext m_context;
  std::unique_ptr<roles::Role> m_role;
  std::shared_ptr<SimRng> m_rng;
  MeddlerOptions m_options;
};

}  // namespace

std::unique_ptr<roles::Role> make_meddler(const roles::RoleContext& context,
                                          std::unique_ptr<roles::Role> role,
                                          std::shared_ptr<SimRng> rng,
                                          const MeddlerOptions& options) {
  return std::make_unique<Meddler>(context, std::move(role), std::move(rng), options);
}

}  // namespace assay::sim
