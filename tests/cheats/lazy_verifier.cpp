#include "cheats/lazy_verifier.hpp"

#include <map>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/roles/names.hpp"

namespace assay::cheats {

namespace {

using protocol::ClaimStatus;
using protocol::ClaimView;
using protocol::TaskView;

constexpr std::uint64_t kAgainMs = 3'000;

class LazyVerifier final : public roles::Role {
 public:
  explicit LazyVerifier(const roles::RoleContext& context) : m_context(context) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    m_now_ms = now_ms;
    if (const auto* update = std::get_if<roles::LedgerUpdate>(&event)) {
      m_view = update->view;
      for (const TaskView& task : m_view->tasks)
        for (const ClaimView& claim : task.claims) act(task, claim);
    } else if (const auto* fetch = std::get_if<roles::FetchFinished>(&event)) {
      if (fetch->bytes) m_blobs[fetch->name] = *fetch->bytes;
    }
    return std::exchange(m_actions, {});
  }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const override { return std::nullopt; }

 private:
  void act(const TaskView& task, const ClaimView& view) {
    const protocol::ClaimRecord& claim = view.record;
    const std::string id = to_hex(claim.id.value);
    const protocol::VerifierRecord* seat = nullptr;
    for (const protocol::VerifierRecord& record : view.verifiers)
      if (record.verifier == m_context.account()) seat = &record;
    if (seat == nullptr) {
      if (claim.status <= ClaimStatus::kEnlisting && claim.solver != m_context.account())
        submit("enlist/" + id, protocol::EnlistVerifier{claim.id});
      return;
    }
    if (claim.status != ClaimStatus::kSealing && claim.status != ClaimStatus::kOpening) return;
    const std::vector<Hash256> roots = transcript(claim);
    if (roots.size() != claim.entries) return;
    if (claim.status == ClaimStatus::kSealing && seat->seals.empty()) seal(claim, *seat, roots);
    if (claim.status == ClaimStatus::kOpening && !seat->seals.empty())
      open(task, claim, *seat, roots);
  }

  [[nodiscard]] std::vector<Hash256> transcript(const protocol::ClaimRecord& claim) {
    const std::string name = roles::transcript_blob(claim.id);
    const auto blob = m_blobs.find(name);
    if (blob == m_blobs.end()) {
      if (is_time("fetch/" + name))
        for (const protocol::AccountView& account : m_view->accounts)
          if (account.id == claim.solver)
            m_actions.push_back(
                roles::Fetch{name, claim.solver, account.profile.url, claim.entries * 32});
      return {};
    }
    std::vector<Hash256> roots(blob->second.size() / 32);
    for (std::size_t i = 0; i < roots.size(); ++i)
      std::copy_n(blob->second.begin() + static_cast<std::ptrdiff_t>(32 * i), 32,
                  roots[i].bytes.begin());
    return roots;
  }

  [[nodiscard]] protocol::SealParts parts(const protocol::ClaimRecord& claim, std::uint32_t draw,
                                          const Hash256& root) const {
    return {claim.id, m_context.account(), draw, crypto::sha256(as_bytes("no secret")), root, root};
  }

  void seal(const protocol::ClaimRecord& claim, const protocol::VerifierRecord& seat,
            const std::vector<Hash256>& roots) {
    protocol::Seal payload{claim.id, {}};
    for (std::uint32_t draw = 0; draw < seat.draws.size(); ++draw)
      payload.seals.push_back(
          protocol::seal_commitment(parts(claim, draw, roots[seat.draws[draw].entry])));
    submit("seal/" + to_hex(claim.id.value), std::move(payload));
  }

  void open(const TaskView& task, const protocol::ClaimRecord& claim,
            const protocol::VerifierRecord& seat, const std::vector<Hash256>& roots) {
    const commit::Transcript transcript(roots);
    for (std::uint32_t draw = 0; draw < seat.draws.size(); ++draw) {
      if (seat.opened[draw]) continue;
      const std::uint64_t entry = seat.draws[draw].entry;
      const protocol::SealParts own = parts(claim, draw, roots[entry]);
      protocol::OpenSeal payload;
      payload.claim = claim.id;
      payload.draw = draw;
      payload.salt = own.salt;
      payload.interior_root = payload.own_end_root = payload.end_root = roots[entry];
      payload.end_path = transcript.path(entry);
      if (entry > 0) {
        payload.start_root = roots[entry - 1];
        payload.start_path = transcript.path(entry - 1);
      }
      const auto sign = [&](const commit::TaskHeader& header) {
        return m_context.key.sign(
            dispute::attestation_digest(crypto::sha256_function(), m_context.chain, task.record.id,
                                        header, entry, payload.start_root, payload.end_root)
                .view());
      };
      const commit::TaskHeader header = protocol::header_of(task.record, claim);
      payload.attestation = protocol::Attestation{
          sign(header), sign(protocol::header_up_to(header, seat.draws[draw].interior_step))};
      submit("open/" + to_hex(claim.id.value) + "/" + std::to_string(draw), std::move(payload));
    }
  }

  [[nodiscard]] bool is_time(const std::string& purpose) {
    const auto [last, is_new] = m_last_ms.try_emplace(purpose, m_now_ms);
    if (!is_new && m_now_ms < last->second + kAgainMs) return false;
    last->second = m_now_ms;
    return true;
  }
  void submit(const std::string& purpose, protocol::Payload payload) {
    if (!is_time(purpose)) return;
    const Hash256 hash = crypto::sha256({m_context.account().value.view(), as_bytes(purpose)});
    protocol::ClientId id;
    std::copy_n(hash.bytes.begin(), id.size(), id.begin());
    m_actions.push_back(roles::Submit{id, std::move(payload)});
  }

  roles::RoleContext m_context;
  std::shared_ptr<const protocol::View> m_view;
  std::map<std::string, Bytes> m_blobs;
  std::map<std::string, std::uint64_t> m_last_ms;
  roles::Actions m_actions;
  std::uint64_t m_now_ms = 0;
};

}  // namespace

std::unique_ptr<roles::Role> make_lazy_verifier(const roles::RoleContext& context) {
  return std::make_unique<LazyVerifier>(context);
}

}  // namespace assay::cheats
