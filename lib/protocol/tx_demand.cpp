// demand_chunk, supply_chunk: whoever cannot have a piece of what it checks asks for it here.
#include "assay/commit/piece.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

// Of the transcript as it stands now: where an error was forced, the solver that disclosed it has
// both.
bool shows(const TaskRecord& task, const ClaimRecord& claim, const Piece& piece,
           const PieceOpening& opening) {
  const Sha256Function sha256 = crypto::sha256_function();
  const commit::TaskHeader& header = task.terms.header;
  switch (piece.kind) {
    case PieceKind::kTranscript: {
      const auto* part = std::get_if<commit::TranscriptPart>(&opening);
      return part != nullptr &&
             commit::is_part(sha256, claim.transcript_root, claim.entries, piece.chunk, *part);
    }
    case PieceKind::kState: {
      const auto* state = std::get_if<StateChunk>(&opening);
      if (state == nullptr) return false;
      const auto root =
          commit::root_over(sha256, commit::Tag::kState, piece.item, piece.chunk, state->chunk);
      return root && commit::verify_entry(sha256, claim.transcript_root, claim.entries, piece.entry,
                                          *root, state->entry_path);
    }
    case PieceKind::kDataSet: {
      const auto* chunk = std::get_if<commit::TensorChunk>(&opening);
      return chunk != nullptr && commit::root_over(sha256, commit::Tag::kDataSet, piece.item,
                                                   piece.chunk, *chunk) == header.data_set;
    }
    case PieceKind::kInitProgram:
    case PieceKind::kStepProgram: {
      const auto* record = std::get_if<commit::ProgramRecord>(&opening);
      const bool is_init = piece.kind == PieceKind::kInitProgram;
      return record != nullptr &&
             commit::is_record(sha256, is_init ? header.init_program : header.step_program,
                               piece.item, *record);
    }
  }
  return false;
}

namespace {

Bytes bytes_of(const PieceOpening& opening) {
  struct {
    Bytes operator()(const commit::TranscriptPart& p) const { return p.state_roots; }
    Bytes operator()(const StateChunk& p) const { return p.chunk.bytes; }
    Bytes operator()(const commit::TensorChunk& p) const { return p.bytes; }
    Bytes operator()(const commit::ProgramRecord& p) const { return p.record; }
  } bytes;
  return std::visit(bytes, opening);
}

}  // namespace

Checked<DemandChunk> Rules::check(const Reading& r, const Sender& s, const DemandChunk& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver == s.id) return V::kSelfDealing;
  if (!takes_demands(*claim, r.now)) return V::kWrongPhase;
  TaskRecord task = r.state.need_task(claim->task);
  if (!may_be_demanded(task, *claim, p.piece)) return V::kPieceOutOfRange;
  if (r.state.demand(demand_id_of(claim->id, p.piece))) return V::kAlreadyExists;
  if (claim->demands >= kMaxDemandsPerClaim) return V::kTooManyDemands;
  if (!r.has(user_account(s.id), demand_price(*claim, p.piece).value)) return V::kInsufficientFunds;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<DemandChunk>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  DemandRecord demand;
  demand.id = demand_id_of(claim.id, t.payload.piece);
  demand.claim = claim.id;
  demand.demander = t.sender.id;
  demand.sequence = claim.demands;
  demand.piece = t.payload.piece;
  demand.price = demand_price(claim, demand.piece);
  demand.deadline = c.after(demand_ms(task.terms, claim.demands_open + 1));
  demand.paused_before_ms = c.state.pause().total_ms;
  c.put_down(user_account(t.sender.id), demand_lock(demand), demand.price.value);
  c.state.put(demand);
  c.state.add_deadline({demand.deadline, DeadlineKind::kDemand, demand.id.value});
  c.state.add_part(t.sender.id, claim.task);
  ++claim.demands;
  ++claim.demands_open;
  c.state.put(claim);
  extend_challenging(c, claim, LedgerTimeMs{demand.deadline.value + 1});
  c.emit(ChunkDemanded{demand.id, claim.id, t.sender.id, demand.piece});
}

Checked<SupplyChunk> Rules::check(const Reading& r, const Sender& s, const SupplyChunk& p) {
  std::optional<DemandRecord> demand = r.state.demand(p.demand);
  if (!demand) return V::kUnknownDemand;
  if (demand->status != DemandStatus::kOpen) return V::kWrongPhase;
  const ClaimRecord claim = r.state.need_claim(demand->claim);
  const TaskRecord task = r.state.need_task(claim.task);
  if (!shows(task, claim, demand->piece, p.opening)) return V::kWrongOpening;
  return holds(p, s, {std::move(*demand)});
}
void transition(Context& c, Proof<SupplyChunk>&& t) {
  supply_demand(c, std::move(t.found.demand), bytes_of(t.payload.opening));
}

}  // namespace assay::protocol::internal
