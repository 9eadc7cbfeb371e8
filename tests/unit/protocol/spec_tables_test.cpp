// What docs/spec says of bytes is what the encoders do: every record, event, key and enumeration,
// field by field, in order, with its width.
#include "assay/core/memory_store.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/protocol/transaction.hpp"
#include "internal/counts.hpp"
#include "internal/wire.hpp"
#include "spec_filler.hpp"

namespace assay::protocol {

// Where encode_of() finds it, as it finds encode() of what has one.
static Bytes encode(const dispute::SignedMove& move) {
  return codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move); });
}

// As part of the list, or of the record, that it stands in.
static Bytes encode(const Misbehaviour& misbehaviour) {
  const Bytes list = encode(std::span(&misbehaviour, 1));
  return {list.begin() + 4, list.end()};
}
static Bytes encode(const GenesisValidator& validator) {
  Genesis genesis;
  genesis.validators = {validator};
  const Bytes record = encode(genesis);
  return {record.end() - 8 - 186, record.end() - 8};
}

namespace {

using namespace test;

constexpr unsigned kSeeds = 48;

template <class Record>
Bytes encode_of(const Record& record) {
  if constexpr (requires { encode(record); })
    return encode(record);
  else
    return wire::bytes_of(record);
}

void expect_same(const Bytes& encoded, const Maker& by_tables, const std::string& what) {
  const Bytes& expected = by_tables.bytes();
  const auto [at, other] =
      std::mismatch(expected.begin(), expected.end(), encoded.begin(), encoded.end());
  if (at == expected.end() && other == encoded.end()) return;
  const auto offset = static_cast<std::size_t>(at - expected.begin());
  ADD_FAILURE() << what << ": from byte " << offset << " on, in or after "
                << by_tables.place_at(offset) << ", the ledger writes other bytes ("
                << encoded.size() << ") than docs/spec says (" << expected.size() << ")";
}

// True if it reads as a record again.
template <class Record>
bool is_read(const Bytes& bytes) {
  codec::Reader r(bytes);
  if constexpr (std::is_same_v<Record, Genesis>) {
    return decode_genesis(bytes).has_value();
  } else if constexpr (std::is_same_v<Record, dispute::SignedMove>) {
    (void)dispute::read_signed_move(r);
  } else {
    Record again;
    read(r, again);
  }
  return r.finish();
}

class SpecTables : public testing::Test {
 public:
  static void TearDownTestSuite() {
    if (testing::GTEST_FLAG(filter) != "*") return;
    for (const std::string& name : Spec::get().not_held())
      ADD_FAILURE() << "no test holds the table '" << name << "' of docs/spec";
  }

  template <class Record>
  static void holds(const std::string& name) {
    for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
      const Values values{seed, {}};
      Maker maker(values);
      maker.make(name, name);
      Filler filler(values);
      expect_same(encode_of(filler.of<Record>(name)), maker, name);
    }
  }

  // As many items or bytes as the tables allow are read, and one more is not.
  template <class Record>
  static void holds_limits(const std::string& name) {
    std::set<std::string> seen;
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      Values values{seed, {}};
      Maker maker(values);
      maker.make(name, name);
      for (const auto& [place, limit] : maker.limits()) {
        if (!seen.insert(place).second) continue;
        for (const std::size_t size : {limit, limit + 1}) {
          values.sizes = {{place, size}};
          Maker longer(values);
          longer.make(name, name);
          EXPECT_EQ(is_read<Record>(longer.bytes()), size == limit) << place << ": " << size;
        }
      }
      values.sizes.clear();
    }
    EXPECT_FALSE(seen.empty()) << name;
  }

  template <class E>
  static void has_numbers(const std::string& name) {
    const Table& table = Spec::get().table(name);
    const auto& codes = enumerators<E>();
    ASSERT_EQ(table.rows.size(), codes.size()) << name;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const auto& row = table.rows[i];
      EXPECT_EQ(row[0], std::to_string(static_cast<unsigned>(codes[i].value))) << name;
      std::string words = row[1];
      std::replace_if(
          words.begin(), words.end(), [](char c) { return c == '-' || c == '_'; }, ' ');
      EXPECT_EQ(words, codes[i].words) << name << " " << row[0];
      if constexpr (requires { to_string(codes[i].value); }) {
        const std::string said = to_string(codes[i].value);
        EXPECT_EQ(table.head[2] == "words" ? row[2] : said, said) << name;
      }
    }
  }
};

TEST_F(SpecTables, HaveTheRecordsBytes) {
  holds<Profile>("profile");
  holds<Locked>("locked");
  holds<Reputation>("reputation");
  holds<TaskRecord>("task");
  holds<Bid>("bid");
  holds<ClaimRecord>("claim");
  holds<VerifierRecord>("verifier");
  holds<ChallengeRecord>("challenge");
  holds<GameRecord>("game");
  holds<Pause>("pause");
  holds<DemandRecord>("demand");
  holds<ValidatorRecord>("validator");
  holds<ValidatorSet>("validator set");
  holds<Shares>("shares");
  holds<BeaconRound>("beacon round");
  holds<DrawPool>("draw pool");
  holds<RelayRecord>("relay");
  holds<RelayRound>("relay round");
  holds<dispute::SignedMove>("signed move");
  holds<ledger::Account>("money account");
  holds<ledger::Pending>("pending transfer");
  holds<BlockHeader>("block header");
  holds<Receipt>("receipt");
  holds<Genesis>("genesis record");
  holds<GenesisValidator>("genesis validator");
  holds<Misbehaviour>("misbehaviour");
}

TEST_F(SpecTables, HaveTheRecordsLimits) {
  holds_limits<Profile>("profile");
  holds_limits<TaskRecord>("task");
  holds_limits<VerifierRecord>("verifier");
  holds_limits<RelayRound>("relay round");
  holds_limits<ChallengeRecord>("challenge");
  holds_limits<ValidatorRecord>("validator");
  holds_limits<ValidatorSet>("validator set");
  holds_limits<BeaconRound>("beacon round");
  holds_limits<DrawPool>("draw pool");
  holds_limits<dispute::SignedMove>("signed move");
  holds_limits<Genesis>("genesis record");
}

TEST_F(SpecTables, HaveTheCodesNumbersAndNames) {
  has_numbers<TxVerdict>("result");
  has_numbers<TxKind>("kind");
  has_numbers<OfferVerdict>("offer verdict");
  has_numbers<economics::TermsVerdict>("terms verdict");
  has_numbers<dispute::MoveVerdict>("move verdict");
  has_numbers<dispute::Stage>("stage");
  has_numbers<dispute::Role>("role");
  has_numbers<commit::WorkKind>("work kind");
  has_numbers<commit::AssuranceTier>("assurance tier");
  has_numbers<ledger::AccountKind>("account kind");
  has_numbers<ledger::PendingState>("pending state");
  has_numbers<internal::DeadlineKind>("deadline kind");
  has_numbers<Standing>("standing");
  has_numbers<Sale>("sale");
  has_numbers<TaskStatus>("task status");
  has_numbers<CloseReason>("close reason");
  has_numbers<ClaimStatus>("claim status");
  has_numbers<ChallengeStatus>("challenge status");
  has_numbers<Disputed>("disputed");
  has_numbers<GameStatus>("game status");
  has_numbers<DemandStatus>("demand status");
  has_numbers<MisbehaviourKind>("misbehaviour kind");
  has_numbers<PieceKind>("piece kind");
  has_numbers<BidEnd>("bid end");
  has_numbers<Awaits>("awaits");
  for (const auto& row : Spec::get().table("result").rows)
    EXPECT_EQ(row[3], is_recorded(static_cast<TxVerdict>(std::stoul(row[0]))) ? "yes" : "no")
        << row[0];
  for (const auto& row : Spec::get().table("kind").rows)
    EXPECT_EQ(row[2], std::to_string(transaction_table()[std::stoul(row[0]) - 1].payload_bytes_max))
        << row[1];
}

TEST_F(SpecTables, HaveEveryEvent) {
  constexpr std::size_t kKinds = std::variant_size_v<Event>;
  const Table& table = Spec::get().table("event");
  ASSERT_EQ(table.rows.size(), kKinds);
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const auto& row = table.rows[kind];
    EXPECT_EQ(row[0], std::to_string(kind + 1));
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      const Values values{seed, {}};
      Event event;
      Filler::emplace(event, kind, std::make_index_sequence<kKinds>());
      EXPECT_EQ(row[1], name_of(event));
      Filler filler(values);
      std::visit([&](auto& fields) { filler.fill(row[1], fields); }, event);
      Maker maker(values);
      maker.add(Bytes{static_cast<std::uint8_t>(kind + 1)});
      maker.make_fields(row[2], row[1]);
      expect_same(encode_of(event), maker, row[1]);
    }
  }
}

// Something under every letter.
void put_all(internal::State& state, Filler& filler, const Values& values) {
  ledger::LedgerDiff diff;
  diff.accounts[filler.of<ledger::AccountKey>("money account.key")] =
      filler.of<ledger::Account>("money account");
  diff.pendings[filler.of<ledger::PendingId>("pending transfer.id")] =
      filler.of<ledger::Pending>("pending transfer");
  diff.issued = filler.of<Amount>("S");
  state.merge(diff);
  state.put(filler.of<AccountId>("profile.account"), filler.of<Profile>("profile"));
  state.put(filler.of<AccountId>("reputation.account"), filler.of<Standing>("reputation.role"),
            filler.of<Reputation>("reputation"));
  state.put(filler.of<AccountId>("locked.account"), filler.of<Locked>("locked"));
  state.put(filler.of<TaskRecord>("task"));
  state.put(filler.of<Bid>("bid"));
  state.put(filler.of<ClaimRecord>("claim"));
  state.put(filler.of<VerifierRecord>("verifier"));
  state.put(filler.of<ChallengeRecord>("challenge"));
  state.put(filler.of<GameRecord>("game"));
  state.put(filler.of<Pause>("pause"));
  state.put(filler.of<DemandRecord>("demand"));
  state.put(filler.of<ValidatorRecord>("validator"));
  state.put(filler.of<ValidatorSet>("validator set"));
  state.put(filler.of<Shares>("shares"));
  state.put(filler.of<BeaconRound>("beacon round"));
  state.put(filler.of<DrawPool>("draw pool"));
  state.add_awaiting(filler.of<Height>("q.since"),
                     {filler.of<Awaits>("q.what"), filler.of<ClaimId>("q.claim")});
  RelayRecord relay = filler.of<RelayRecord>("relay");
  state.put(relay);
  state.put(filler.of<RelayRound>("relay round"));
  DemandRecord supplied;
  supplied.claim = filler.of<ClaimId>("y.claim");
  supplied.sequence = filler.of<std::uint32_t>("y.sequence");
  Bytes bytes;
  for (std::size_t i = 0; i < values.size("y", 1); ++i)
    bytes.push_back(filler.of<std::uint8_t>(item("y", i)));
  state.put_supplied(supplied, std::move(bytes));
  state.put_move(filler.of<GameId>("signed move.game"),
                 filler.of<std::uint32_t>("signed move.turn"),
                 encode(filler.of<dispute::SignedMove>("signed move")));
  state.put_delegate(filler.of<TaskId>("certificate.task"),
                     filler.of<AccountId>("certificate.party"),
                     filler.of<dispute::Certificate>("certificate"));
  state.set_live(filler.of<TaskId>("L.task"), true);
  state.add_part(filler.of<AccountId>("part.account"), filler.of<TaskId>("part.task"));
  internal::set_count(state.overlay(), internal::live_tasks_key(), filler.of<std::uint64_t>("l"));
  internal::set_count(state.overlay(), internal::relays_key(), filler.of<std::uint64_t>("o"));
  internal::set_count(state.overlay(),
                      internal::parts_key(filler.of<AccountId>("part.account").value.view()),
                      filler.of<std::uint64_t>("part"));
  state.add_deadline(filler.of<internal::Deadline>("D"));
  for (std::size_t i = 0; i < values.size("X", 1); ++i)
    state.erasures().add(filler.of<Height>("X.last"),
                         values.bytes(item("X", i), values.size(item("X", i), 1)));
  state.erasures().put_lists(filler.of<Height>("X.block"));
  state.set_quote_used(filler.of<AccountId>("Q.account"), filler.of<QuoteId>("Q.id"), {});
  for (std::size_t i = 0; i < values.size("first result", 1); ++i)
    state.results().add(filler.of<internal::FirstResult>(item("first result", i)));
  state.results().put_record(filler.of<Height>("first result.height"));
}

// The keys that follow from the record: its address is a hash.
Bytes validator_key(const std::string& letter, const ValidatorRecord& record) {
  internal::Key key(static_cast<std::uint8_t>(letter[0]));
  if (letter == "v") return key.raw(record.share_key).bytes();
  if (letter == "Z") key.u64(~record.stake.value);
  return key.raw(validator_address(record.key)).bytes();
}

// What a key's fields and its record are called: as the record, or as the letter if it has no name.
// The two keys of a part have the same fields, and its account has a count of them.
std::string place_of(const std::string& letter, const std::string& record) {
  std::string name = record.substr(0, record.find(" to the end"));
  if (name.starts_with("key of ")) name = name.substr(7);
  const Table* table = Spec::get().find(name);
  if (table != nullptr && table->is_struct()) return name;
  return letter == "J" || letter == "j" || letter == "c" ? "part" : letter;
}

TEST_F(SpecTables, HaveEveryKeyAndWhatStandsUnderIt) {
  const Table& keys = Spec::get().table("letter");
  std::string letters;
  for (const auto& row : keys.rows) letters += row[0];
  std::string tables;
  for (const auto& code : enumerators<internal::Table>()) tables += static_cast<char>(code.value);
  std::sort(letters.begin(), letters.end());
  ASSERT_EQ(letters, tables);
  std::set<std::string> seen;
  for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
    const Values values{seed, {}};
    Filler filler(values);
    const MemoryStore store;
    internal::State state(store);
    put_all(state, filler, values);
    std::map<std::string, const internal::RecordTable::Record*> by_letter;
    for (const auto* record : state.overlay().changes())
      if (record->second.value()) by_letter[record->first.substr(0, 1)] = record;
    for (const auto& row : keys.rows) {
      if (!by_letter.contains(row[0])) continue;
      seen.insert(row[0]);
      const auto& [key, entry] = *by_letter[row[0]];
      const std::string place = place_of(row[0], row[2]);
      Maker key_made(values);
      key_made.add(as_bytes(row[0]));
      key_made.make_fields(row[1], place);
      if (row[0] == "Y" || row[0] == "Z" || row[0] == "v")
        EXPECT_EQ(to_bytes(as_bytes(key)),
                  validator_key(row[0], filler.of<ValidatorRecord>("validator")));
      else
        expect_same(to_bytes(as_bytes(key)), key_made, row[0] + ", key");
      Maker record_made(values);
      if (row[0] == "v")
        record_made.add(validator_address(filler.of<ValidatorRecord>("validator").key));
      else if (row[2] != "empty")
        record_made.make(row[2], place);
      expect_same(entry.value().value(), record_made, row[0]);
    }
  }
  EXPECT_EQ(seen.size(), keys.rows.size());
}

}  // namespace
}  // namespace assay::protocol
