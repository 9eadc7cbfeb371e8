// The auditor's books: blocks, transactions and what they move by themselves.
#include "internal/model.hpp"

#include "assay/core/checked.hpp"
#include "assay/protocol/horizon.hpp"

namespace assay::sim {

using protocol::ClaimStatus;

void Auditor::Model::fail(std::string what) {
  if (m_failure.empty()) m_failure = "block " + std::to_string(m_height) + ": " + std::move(what);
}

void Auditor::Model::take(Atoms& from, Atoms atoms) {
  if (from < atoms)
    fail("more is taken than is there: " + std::to_string(atoms) + " of " + std::to_string(from));
  from -= std::min(from, atoms);
}

Auditor::Model::Holding& Auditor::Model::of(const AccountId& id) {
  m_touched.insert(id);
  return m_holdings[id];
}

Auditor::Model::Task& Auditor::Model::task(const TaskId& id) {
  if (!m_tasks.contains(id)) fail("an event of an unknown task");
  return m_tasks[id];
}
Auditor::Model::Claim& Auditor::Model::claim(const ClaimId& id) {
  if (!m_claims.contains(id)) fail("an event of an unknown claim");
  return m_claims[id];
}
Auditor::Model::Challenge& Auditor::Model::challenge(const ChallengeId& id) {
  if (!m_challenges.contains(id)) fail("an event of an unknown challenge");
  return m_challenges[id];
}

Status Auditor::Model::genesis(const protocol::Genesis& genesis,
                               const protocol::BlockHeader& head) {
  m_chain = head.chain;
  m_now = head.ledger_time.value;
  for (const protocol::GenesisAccount& account : genesis.accounts) {
    of(account.account) = {account.amount.value, 0, account.staked.value, 0};
    m_tallies[account.account].before = account.amount.value + account.staked.value;
    m_issued += account.amount.value + account.staked.value;
  }
  return {};
}

Status Auditor::Model::block(const protocol::BlockHeader& header, const std::vector<Bytes>& txs,
                             const protocol::BlockReceipts& receipts) {
  m_touched.clear();
  m_height = header.height.value;
  if (header.ledger_time.value < m_now || header.ledger_time.value > m_now + 5'000)
    fail("ledger time went on by more than 5 s, or back");
  m_now = header.ledger_time.value;
  m_at_start = true;
  end_unbonding();
  for (const protocol::Event& e : receipts.block_events) event(e, nullptr);
  expect_nothing_late();
  m_at_start = false;
  if (txs.size() != receipts.receipts.size()) fail("not one receipt a transaction");
  for (std::size_t i = 0; i < std::min(txs.size(), receipts.receipts.size()); ++i)
    transaction(txs[i], receipts.receipts[i]);
  if (!m_failure.empty()) return {ErrorCode::kIntegrity, m_failure};
  return {};
}

// 21 days after it was asked for.
void Auditor::Model::end_unbonding() {
  std::erase_if(m_unbonding, [&](const Unbonding& u) {
    if (u.due > m_now) return false;
    Holding& h = of(u.who);
    take(h.unbonding, u.atoms);
    h.available += u.atoms;
    return true;
  });
}

// Whatever has a window that is over by now has ended.
void Auditor::Model::expect_nothing_late() {
  for (auto& [id, t] : m_tasks)
    if (t.stage <= Stage::kSelling && t.due <= m_now) {
      // Of a sale that left claims behind, no event tells.
      if (t.stage == Stage::kSelling && !t.claims.empty())
        end_sale(t);
      else
        fail("a task is still for sale after its window");
    }
  for (const auto& [id, c] : m_claims)
    if (!protocol::is_settled(c.status) && c.due != 0 && c.due <= m_now)
      fail("a claim is still " + std::string(to_string(c.status)) + " after its window");
  for (const auto& [id, h] : m_challenges)
    if (h.status == protocol::ChallengeStatus::kCommitted && h.due != 0 && h.due <= m_now)
      fail("a challenge is not revealed after its window, and stands");
  for (const auto& [id, d] : m_demands)
    if (d.status == protocol::DemandStatus::kOpen && d.due <= m_now)
      fail("a demand is open after its clock");
}

void Auditor::Model::transaction(ByteView bytes, const protocol::Receipt& receipt) {
  ++counts.transactions;
  if (!protocol::is_recorded(receipt.verdict) || receipt.repeated) {
    if (!receipt.events.empty()) fail("a transaction that does nothing has events");
    return;
  }
  // version, chain, sender, nonce, client id, valid until, kind, payload
  codec::Reader r(bytes);
  static_cast<void>(r.take(1 + 32));
  const AccountId from{r.hash()};
  const std::uint64_t nonce = r.u64();
  protocol::ClientId client_id{};
  const ByteView raw_id = r.take(client_id.size());
  if (raw_id.size() == client_id.size()) std::copy(raw_id.begin(), raw_id.end(), client_id.begin());
  const std::uint64_t valid_until = r.u64();
  const std::uint8_t kind = r.u8();
  const ByteView body = r.bytes(bytes.size());
  protocol::Payload payload;
  if (!r.ok() || !decode_payload(static_cast<protocol::TxKind>(kind), body, payload))
    return fail("a transaction that was recorded cannot be read");
  if (nonce <= m_nonces[from]) fail("a nonce was taken twice, or an older one");
  if (valid_until < m_height) fail("a transaction was taken after its last height");
  m_nonces[from] = nonce;
  if (receipt.verdict != protocol::TxVerdict::kApplied) {
    if (!receipt.events.empty()) fail("a refused transaction has events");
    return;
  }
  const Sent tx{from, &payload};
  if (const auto* posted = std::get_if<protocol::PostTask>(&payload))
    post(tx, *posted, protocol::task_id_of(m_chain, from, client_id));
  apply(tx);
  for (const protocol::Event& e : receipt.events) event(e, &tx);
}

// What a transaction does of itself; the rest follows from its events.
void Auditor::Model::apply(const Sent& tx) {
  change_bond(tx);
  Holding& sender = of(tx.from);
  if (const auto* p = std::get_if<protocol::Transfer>(tx.payload)) {
    take(sender.available, p->amount.value);
    of(p->to).available += p->amount.value;
    m_tallies[tx.from].given += p->amount.value;
    m_tallies[p->to].received += p->amount.value;
  } else if (const auto* stake = std::get_if<protocol::Stake>(tx.payload)) {
    take(sender.available, stake->amount.value);
    sender.staked += stake->amount.value;
  } else if (const auto* unstake = std::get_if<protocol::Unstake>(tx.payload)) {
    take(sender.staked, unstake->amount.value);
    sender.unbonding += unstake->amount.value;
    constexpr std::uint64_t kDays21 = std::uint64_t{21} * 24 * 3600 * 1000;
    m_unbonding.push_back({m_now + kDays21, tx.from, unstake->amount.value});
  } else if (const auto* fund = std::get_if<protocol::FundTask>(tx.payload)) {
    Task& t = task(fund->task);
    const Atoms left = t.terms.copies - t.claims.size();
    const Atoms least = t.stage == Stage::kSelling
                            ? left * ceil_div(t.terms.price.value, Atoms{100})
                            : ceil_div(t.missing, Atoms{protocol::kMaxFunders - t.puts.size()});
    if (fund->amount.value < least) fail("a contribution was taken that is too small");
    if (t.stage == Stage::kSelling)
      raise(t, tx.from, fund->amount.value);
    else
      put_in(t, tx.from, fund->amount.value);
  } else if (const auto* cancelled = std::get_if<protocol::CancelTask>(tx.payload)) {
    Task& t = task(cancelled->task);
    if (t.submitter != tx.from) fail("a task is cancelled by somebody else");
    cancel(t);
  } else if (const auto* bid = std::get_if<protocol::PlaceBid>(tx.payload)) {
    Task& t = task(bid->task);
    if (t.stage != Stage::kSelling) fail("a bid outside its auction");
    bool has_evicted = false;
    const bool again = std::erase_if(t.offers, [&](const Offer& o) {
                         has_evicted |= o.who == tx.from && o.has_evicted;
                         return o.who == tx.from;
                       }) > 0;
    if (!again) {
      const PutDown down{t.terms.bid_deposit.value, t.terms.solver_stake.value};
      take(sender.available, down.deposit);
      take(sender.staked, down.stake);
      m_put_down[{t.id, tx.from}] = down;
    }
    t.offers.push_back({tx.from, bid->price.value, t.offers_ever++, has_evicted});
  } else if (const auto* quote = std::get_if<protocol::AwardQuote>(tx.payload)) {
    task(quote->task).won_at[quote->quote.solver] = quote->quote.price.value;
  } else if (const auto* report = std::get_if<protocol::ReportContradiction>(tx.payload)) {
    Claim& c = claim(report->claim);
    c.reporter = tx.from;
    c.solver_lost = c.doomed = true;
  } else if (const auto* revealed = std::get_if<protocol::RevealChallenge>(tx.payload)) {
    reveal_challenge(tx, *revealed);
  } else if (const auto* opened = std::get_if<protocol::OpenSeal>(tx.payload)) {
    open_seal(tx, *opened);
  } else if (const auto* progress = std::get_if<protocol::ReportProgress>(tx.payload)) {
    claim(progress->claim).progress = progress->commitment;
  } else if (const auto* abandoned = std::get_if<protocol::AbandonClaim>(tx.payload)) {
    Claim& c = claim(abandoned->claim);
    const Task& t = task(c.task);
    if (c.solver != tx.from) fail("a claim is given up by somebody else");
    c.abandoned |= !c.cancelled;
    if (t.terms.pays_partial && c.reported > 1 && !c.cancelled)
      end_early(t, c);
    else
      c.due = m_now;  // now
  } else if (const auto* shown = std::get_if<protocol::RevealTranscript>(tx.payload)) {
    const Claim& c = claim(shown->claim);
    if (task(c.task).terms.force_rate == 0) opens_progress(c, shown->progress, shown->salt);
  } else if (const auto* disclosed = std::get_if<protocol::Disclose>(tx.payload)) {
    opens_progress(claim(disclosed->claim), disclosed->progress, disclosed->salt);
    if (disclosed->forced) claim(disclosed->claim).forced_root = disclosed->forced->state_root;
  }
}

// Whoever reported shows the state that it reported; its place in the transcript is not looked at.
void Auditor::Model::opens_progress(const Claim& c,
                                    const std::optional<protocol::ProgressProof>& proof,
                                    const Hash256& salt) {
  const bool reported = c.reported > 1;
  if (reported != proof.has_value() || c.entries < c.reported)
    return fail("a transcript stands without what was reported");
  if (reported &&
      protocol::progress_commitment(c.id, c.reported, proof->state_root, salt) != c.progress)
    fail("a transcript stands with another state than was reported");
}

void Auditor::Model::event(const protocol::Event& e, const Sent* tx) {
  using namespace protocol;
  if (const auto* moved = std::get_if<MoneyMoved>(&e)) {
    // Whom it names is looked at afterwards; how much is not believed.
    for (const ledger::AccountKey& key : {moved->transfer.debit, moved->transfer.credit})
      if (key.kind == ledger::AccountKind::kUser || key.kind == ledger::AccountKind::kStake)
        m_touched.insert(AccountId{key.owner});
  } else if (const auto* accepted = std::get_if<TaskAccepted>(&e)) {
    award(*accepted, tx);
  } else if (const auto* bid = std::get_if<BidEnded>(&e)) {
    end_offer(*bid, tx);
  } else if (const auto* ended = std::get_if<TaskEnded>(&e)) {
    end_task(*ended);
  } else if (const auto* opened = std::get_if<TaskOpened>(&e)) {
    if (task(opened->task).due != opened->deadline.value) fail("a sale has another window");
  } else if (const auto* advanced = std::get_if<ClaimAdvanced>(&e)) {
    advance(*advanced, tx);
  } else if (const auto* enlisted = std::get_if<VerifierEnlisted>(&e)) {
    enlist(*enlisted);
  } else if (const auto* committed = std::get_if<TranscriptCommitted>(&e)) {
    claim(committed->claim).entries = committed->entries;
    claim(committed->claim).committed_at = m_height;
  } else if (const auto* reported = std::get_if<ProgressReported>(&e)) {
    claim(reported->claim).reported = reported->entries;
  } else if (const auto* diverged = std::get_if<DivergenceReported>(&e)) {
    Claim& c = claim(diverged->claim);
    if (diverged->entry == 0 || diverged->entry >= (c.diverged ? c.diverged : c.entries - 1))
      fail("a divergence is reported where nothing was to be paid");
    c.diverged = diverged->entry;
  } else if (const auto* drawn = std::get_if<VerifierDrawn>(&e)) {
    claim(drawn->claim).seats[drawn->verifier].draws.push_back(drawn->entry);
  } else if (const auto* sealed = std::get_if<VerifierSealed>(&e)) {
    claim(sealed->claim).seats[sealed->verifier].sealed = true;
  } else if (const auto* disclosed = std::get_if<TranscriptDisclosed>(&e)) {
    claim(disclosed->claim).forced_entry = disclosed->forced_entry;
  } else if (const auto* hidden = std::get_if<ChallengeCommitted>(&e)) {
    commit_challenge(*hidden);
  } else if (const auto* over = std::get_if<ChallengeEnded>(&e)) {
    end_challenge(*over);
  } else if (const auto* started = std::get_if<GameStarted>(&e)) {
    start_game(*started);
  } else if (const auto* finished = std::get_if<GameFinished>(&e)) {
    end_game(*finished);
  } else if (const auto* asked = std::get_if<ChunkDemanded>(&e)) {
    demand(*asked);
  } else if (const auto* answered = std::get_if<DemandEnded>(&e)) {
    end_demand(*answered, tx);
  } else if (const auto* seat = std::get_if<RelayDrawn>(&e)) {
    draw_relay(*seat);
  } else if (const auto* word = std::get_if<DataAttested>(&e)) {
    attest(*word, tx);
  } else if (const auto* left = std::get_if<RelayLeft>(&e)) {
    leave_pool(*left, tx);
  } else if (const auto* settled = std::get_if<ClaimSettled>(&e)) {
    settle(*settled, tx);
  }
}

Atoms Auditor::Model::worth(const AccountId& id) const {
  const auto found = m_holdings.find(id);
  Atoms atoms = 0;
  if (found != m_holdings.end()) {
    const Holding& h = found->second;
    atoms = h.available + h.reserved + h.staked + h.unbonding;
  }
  const protocol::Locked put_down = locked(id);
  atoms += put_down.stakes.value + put_down.bonds.value + put_down.deposits.value +
           put_down.bonded.value;
  return atoms;
}

Tally Auditor::Model::tally(const AccountId& id) const {
  const auto found = m_tallies.find(id);
  Tally tally = found == m_tallies.end() ? Tally{} : found->second;
  tally.after = worth(id);
  for (const auto& [task_id, t] : m_tasks)
    for (const Put& put : t.puts)
      if (put.who == id && t.in_escrow) tally.consumed += put.atoms;
  return tally;
}

Status Auditor::Model::compare_one(const protocol::StateReader& reader, const AccountId& id) const {
  ASSAY_TRY(const protocol::AccountView account, reader.account(id));
  const auto found = m_holdings.find(id);
  const Holding expected = found == m_holdings.end() ? Holding{} : found->second;
  const Holding actual{account.available.value, account.reserved.value, account.staked.value,
                       account.unbonding.value};
  if (actual == expected) return compare_standing(account);
  const auto text = [](const Holding& h) {
    return std::to_string(h.available) + " free, " + std::to_string(h.reserved) + " reserved, " +
           std::to_string(h.staked) + " staked, " + std::to_string(h.unbonding) + " unbonding";
  };
  return {ErrorCode::kIntegrity, "block " + std::to_string(m_height) + ": account " +
                                     to_hex(id.value).substr(0, 8) + " has " + text(actual) +
                                     "; it should have " + text(expected)};
}

// INV-PRO-018: a task's record is there for as long as it is to be remembered, and then, as soon as
// blocks come to it, it is empty for ever.
Status Auditor::Model::compare_task(const protocol::StateReader& reader, const Task& t) {
  constexpr std::uint64_t kLateBlocksMax = 256;
  Bytes key{'T'};
  key.insert(key.end(), t.id.value.bytes.begin(), t.id.value.bytes.end());
  ASSAY_TRY(const auto record, reader.record(key));
  const std::uint64_t last = t.ended_at + protocol::horizon().ended_task_blocks;
  const bool may_be_gone = t.ended_at != 0 && m_height > last;
  const bool is_gone = record && record->empty();
  if (is_gone) counts.forgotten += m_forgotten.insert(t.id).second ? 1 : 0;
  const bool came_back = !is_gone && m_forgotten.contains(t.id);
  const bool stays = !is_gone && may_be_gone && m_height > last + kLateBlocksMax;
  if (record && (may_be_gone || !is_gone) && !came_back && !stays) return {};
  return {ErrorCode::kIntegrity, "block " + std::to_string(m_height) + ": the record of task " +
                                     to_hex(t.id.value).substr(0, 8) + " is " +
                                     (is_gone || !record ? "gone too early" : "there too long")};
}

std::uint64_t Auditor::Model::posted_by(const AccountId& id) const {
  std::uint64_t count = 0;
  for (const auto& [task_id, t] : m_tasks) count += t.submitter == id ? 1 : 0;
  return count;
}

Status Auditor::Model::compare(const protocol::StateReader& reader, bool all) {
  if (all) {
    for (const auto& [id, t] : m_tasks) ASSAY_TRY_STATUS(compare_task(reader, t));
    for (const auto& [id, holding] : m_holdings) ASSAY_TRY_STATUS(compare_one(reader, id));
    ASSAY_TRY_STATUS(compare_held(reader));
  } else {
    for (const AccountId& id : m_touched) ASSAY_TRY_STATUS(compare_one(reader, id));
  }
  ASSAY_TRY(const protocol::Totals totals, reader.totals());
  const auto wrong = [&](const char* what, Atoms actual, Atoms expected) {
    return Status{ErrorCode::kIntegrity, "block " + std::to_string(m_height) + ": " +
                                             std::to_string(actual) + " " + what +
                                             "; it should be " + std::to_string(expected)};
  };
  if (totals.burned.value != m_burned) return wrong("burned", totals.burned.value, m_burned);
  if (totals.jackpot.value != m_jackpot)
    return wrong("in the jackpot", totals.jackpot.value, m_jackpot);
  if (totals.issued.value != m_issued) return wrong("issued", totals.issued.value, m_issued);
  if (totals.treasury.value != 0) return wrong("in the treasury", totals.treasury.value, 0);
  return {};
}

// INV-SIM-006: every token is with somebody again, burned or in the jackpot.
Status Auditor::Model::nothing_under_way() const {
  for (const auto& [id, t] : m_tasks)
    if (t.stage != Stage::kEnded) return {ErrorCode::kIntegrity, "a task did not end"};
  if (!m_put_down.empty()) return {ErrorCode::kIntegrity, "a bid did not end"};
  Atoms sum = m_burned + m_jackpot;
  for (const auto& [id, h] : m_holdings) {
    if (h.reserved != 0) return {ErrorCode::kIntegrity, "money stays reserved for an ended task"};
    sum += h.available + h.staked + h.unbonding;
  }
  for (const auto& [id, relay] : m_relays) sum += relay.bond;
  if (sum != m_issued)
    return {ErrorCode::kIntegrity,
            "tokens are with nobody: " + std::to_string(sum) + " of " + std::to_string(m_issued)};
  return {};
}

}  // namespace assay::sim
