#include "assay/sim/auditor.hpp"

#include "internal/model.hpp"

namespace assay::sim {

namespace {
constexpr std::uint64_t kAllEvery = 16;  // blocks: accounts that nothing should have touched
}

Auditor::Auditor() : m_model(std::make_unique<Model>()) {}
Auditor::~Auditor() = default;

Status Auditor::see(const protocol::StateReader& reader, Height height) {
  ASSAY_TRY(const auto header, reader.header(height));
  if (!header) return {ErrorCode::kIntegrity, "a block has no header"};
  if (height == Height{0}) {
    ASSAY_TRY(const protocol::Genesis genesis, reader.genesis());
    ASSAY_TRY_STATUS(m_model->genesis(genesis, *header));
  } else {
    ASSAY_TRY(const auto txs, reader.transactions(height));
    ASSAY_TRY(const auto receipts, reader.receipts(height));
    if (!txs || !receipts) return {ErrorCode::kIntegrity, "a block has no body"};
    ASSAY_TRY_STATUS(m_model->block(*header, *txs, *receipts));
  }
  ASSAY_TRY(const protocol::BlockHeader head, reader.head());
  if (head.height != height) return {};
  return m_model->compare(reader, height.value % kAllEvery == 0);
}

Status Auditor::see_end(const protocol::StateReader& reader) const {
  ASSAY_TRY_STATUS(m_model->compare(reader, true));
  return m_model->nothing_under_way();
}

std::uint64_t Auditor::posted_by(const AccountId& account) const {
  return m_model->posted_by(account);
}
Tally Auditor::tally_of(const AccountId& account) const { return m_model->tally(account); }
Auditor::Counts Auditor::counts() const { return m_model->counts; }

}  // namespace assay::sim
