#include "assay/cli/genesis_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "assay/cli/terminal.hpp"
#include "assay/comet/hash.hpp"
#include "assay/comet/rpc.hpp"
#include "assay/core/checked.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/core/utf8.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "assay/protocol/apply.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kMaxGenesisBytes = std::uint64_t{1} << 20;
constexpr std::size_t kMaxCometGenesisBytes = std::size_t{16} << 20;

// Reads a table's members and remembers which, so that a misspelt one is found.
class Members {
 public:
  Members(const toml::table& table, std::string where)
      : m_table(table), m_where(std::move(where)) {}

  Result<std::string> text(const char* name) {
    m_known.push_back(name);
    const auto* found = m_table.get_as<std::string>(name);
    if (!found) return wrong(name, "is missing or no text");
    return found->get();
  }
  Result<Hash256> hash(const char* name) {
    ASSAY_TRY(const std::string digits, text(name));
    auto hash = hash_from_hex(digits);
    if (!hash) return wrong(name, "must be 64 hexadecimal digits");
    return *hash;
  }
  template <std::size_t kBytes>
  Result<std::array<std::uint8_t, kBytes>> array(const char* name) {
    ASSAY_TRY(const std::string digits, text(name));
    const auto bytes = array_from_hex<kBytes>(digits);
    if (bytes) return *bytes;
    return wrong(name, ("must be " + std::to_string(2 * kBytes) + " hexadecimal digits").c_str());
  }
  Result<std::uint64_t> number_or(const char* name, std::uint64_t fallback) {
    m_known.push_back(name);
    if (!m_table.contains(name)) return fallback;
    const auto* found = m_table.get_as<std::int64_t>(name);
    if (!found || found->get() < 0) return wrong(name, "must be a whole number from 0 on");
    return static_cast<std::uint64_t>(found->get());
  }
  // `tokens` and `atoms` together.
  Result<Amount> amount(const char* tokens_name, const char* atoms_name) {
    ASSAY_TRY(const std::uint64_t tokens, number_or(tokens_name, 0));
    ASSAY_TRY(const std::uint64_t atoms, number_or(atoms_name, 0));
    Amount sum;
    if (!checked_mul(tokens, kAtomsPerToken, sum.value) ||
        !checked_add(sum.value, atoms, sum.value))
      return wrong(tokens_name, "is more than 2^64 atoms");
    return sum;
  }
  Result<bool> flag_or(const char* name, bool fallback) {
    m_known.push_back(name);
    if (!m_table.contains(name)) return fallback;
    const auto* found = m_table.get_as<bool>(name);
    if (!found) return wrong(name, "must be true or false");
    return found->get();
  }
  void allow(const char* name) { m_known.push_back(name); }
  Status finish() const {
    for (const auto& [key, value] : m_table)
      if (std::find(m_known.begin(), m_known.end(), key.str()) == m_known.end())
        return wrong(std::string(key.str()).c_str(), "is not known here");
    return {};
  }

 private:
  [[nodiscard]] Error wrong(const char* name, const char* what) const {
    return {ErrorCode::kInvalidArgument, m_where + ": '" + name + "' " + what};
  }
  const toml::table& m_table;
  std::string m_where;
  std::vector<std::string> m_known;
};

Result<protocol::GenesisAccount> read_account(const toml::node& node, const std::string& where) {
  const toml::table* table = node.as_table();
  if (!table) return {ErrorCode::kInvalidArgument, where + " must be a table, [[accounts]]"};
  Members members(*table, where);
  protocol::GenesisAccount account;
  ASSAY_TRY(const Hash256 id, members.hash("id"));
  account.account = AccountId{id};
  ASSAY_TRY(account.amount, members.amount("tokens", "atoms"));
  ASSAY_TRY(account.staked, members.amount("staked_tokens", "staked_atoms"));
  ASSAY_TRY_STATUS(members.finish());
  return account;
}

Result<protocol::GenesisValidator> read_validator(const toml::node& node,
                                                  const std::string& where) {
  const toml::table* table = node.as_table();
  if (!table) return {ErrorCode::kInvalidArgument, where + " must be a table, [[validators]]"};
  Members members(*table, where);
  protocol::GenesisValidator validator;
  ASSAY_TRY(const Hash256 account, members.hash("account"));
  validator.account = AccountId{account};
  ASSAY_TRY(validator.key, members.hash("key"));
  ASSAY_TRY(validator.stake, members.amount("tokens", "atoms"));
  ASSAY_TRY(validator.share_key, members.array<33>("share_key"));
  ASSAY_TRY(validator.share_proof, members.array<81>("share_proof"));
  ASSAY_TRY_STATUS(members.finish());
  return validator;
}

// The tables under `name`, each by `read_one`.
template <class T>
Result<std::vector<T>> read_list(const toml::table& file, const char* name,
                                 const std::string& where, const char* one,
                                 Result<T> (*read_one)(const toml::node&, const std::string&)) {
  std::vector<T> found;
  if (!file.contains(name)) return found;
  const toml::array* list = file.get_as<toml::array>(name);
  if (!list)
    return {ErrorCode::kInvalidArgument,
            where + ": '" + name + "' must be tables, [[" + name + "]]"};
  for (const toml::node& node : *list) {
    ASSAY_TRY(found.emplace_back(),
              read_one(node, where + ": " + one + " " + std::to_string(found.size())));
  }
  return found;
}

// Of the validators in CometBFT's genesis file.
Result<Hash256> read_validators_hash(const std::filesystem::path& path) {
  ASSAY_TRY(const Bytes bytes, host::read_file(path, kMaxCometGenesisBytes));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto json = codec::parse_json(text, {.bytes_max = kMaxCometGenesisBytes});
  if (!json) return with_context(json.error(), path.string());
  const auto validators = comet::validators_of_genesis(*json);
  if (!validators) return with_context(validators.error(), path.string());
  return comet::hash_of(*validators);
}

Result<protocol::Genesis> read_table(const toml::table& file, const std::filesystem::path& path,
                                     std::uint64_t now_ms) {
  const std::string where = path.string();
  Members members(file, where);
  protocol::Genesis genesis;
  ASSAY_TRY(genesis.name, members.text("name"));
  ASSAY_TRY(const bool is_replicated, members.flag_or("replicated", false));
  if (!is_replicated) {
    ASSAY_TRY(genesis.operator_key, members.hash("operator"));
  } else if (file.contains("operator")) {
    return {ErrorCode::kInvalidArgument,
            where + ": a replicated ledger has no 'operator': CometBFT's validators order it"};
  } else if (file.contains("comet_genesis")) {
    ASSAY_TRY(const std::string name, members.text("comet_genesis"));
    ASSAY_TRY(genesis.validators_hash, read_validators_hash(path.parent_path() / name));
  }
  ASSAY_TRY(genesis.time_ms, members.number_or("time_ms", now_ms));
  if (file.contains("validators")) {
    ASSAY_TRY(genesis.share_window_ms,
              members.number_or("share_window_ms", protocol::kShareWindowMs));
  }
  members.allow("accounts");
  if (is_replicated && !file.contains("comet_genesis")) members.allow("validators");
  ASSAY_TRY_STATUS(members.finish());
  ASSAY_TRY(const auto accounts, read_list(file, "accounts", where, "account", read_account));
  ASSAY_TRY(auto validators, read_list(file, "validators", where, "validator", read_validator));
  if (!validators.empty()) {
    ASSAY_TRY(genesis, with_validators(std::move(genesis), std::move(validators)));
  }
  return with_accounts(std::move(genesis), accounts);
}

}  // namespace

Result<protocol::Genesis> read_genesis_toml(const std::filesystem::path& path,
                                            std::uint64_t now_ms) {
  ASSAY_TRY(const Bytes bytes, host::read_file(path, kMaxGenesisBytes));
  try {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return read_table(toml::parse(text), path, now_ms);
  } catch (const toml::parse_error& e) {
    std::ostringstream out;
    out << path.string() << ":" << e.source().begin.line << ": " << e.description();
    return {ErrorCode::kInvalidArgument, out.str()};
  }
}

Result<protocol::Genesis> with_accounts(protocol::Genesis genesis,
                                        const std::vector<protocol::GenesisAccount>& accounts) {
  genesis.accounts.insert(genesis.accounts.end(), accounts.begin(), accounts.end());
  std::sort(genesis.accounts.begin(), genesis.accounts.end(),
            [](const auto& a, const auto& b) { return a.account < b.account; });
  for (std::size_t i = 1; i < genesis.accounts.size(); ++i)
    if (genesis.accounts[i].account == genesis.accounts[i - 1].account)
      return {ErrorCode::kInvalidArgument,
              "account " + to_hex(genesis.accounts[i].account.value) + " is given twice"};
  return genesis;
}

Result<protocol::Genesis> with_validators(protocol::Genesis genesis,
                                          std::vector<protocol::GenesisValidator> validators) {
  std::sort(validators.begin(), validators.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  for (std::size_t i = 1; i < validators.size(); ++i)
    if (validators[i].key == validators[i - 1].key)
      return {ErrorCode::kInvalidArgument,
              "validator " + to_hex(validators[i].key) + " is given twice"};
  genesis.validators = std::move(validators);
  genesis.validators_hash = node::first_validators_hash(genesis);
  return genesis;
}

Result<GenesisSummary> check_genesis(const protocol::Genesis& genesis) {
  if (!is_utf8(genesis.name)) return {ErrorCode::kInvalidArgument, "the chain's name is not UTF-8"};
  const MemoryStore empty;
  ASSAY_TRY(const protocol::BlockResult first, protocol::init_chain(empty, genesis));
  GenesisSummary summary{first.header.chain, first.header, hash_of(first.header), 0};
  for (const auto& a : genesis.accounts) summary.issued_atoms += a.amount.value + a.staked.value;
  for (const auto& v : genesis.validators) summary.issued_atoms += v.stake.value;
  return summary;
}

std::string describe(const protocol::Genesis& genesis, const GenesisSummary& summary,
                     bool accounts) {
  const std::string orderer = !node::is_replicated(genesis)
                                  ? to_hex(genesis.operator_key)
                                  : "none: CometBFT's chain " + node::comet_chain_id(summary.chain);
  const std::string validators =
      genesis.validators_hash == Hash256{} ? "" : "\nvalidators " + to_hex(genesis.validators_hash);
  std::string text = "name       " + genesis.name + "\nchain      " + to_hex(summary.chain.value) +
                     "\nheader     " + to_hex(summary.header_hash) + "\nstate root " +
                     to_hex(summary.header.state_root) + "\noperator   " + orderer + validators +
                     "\ntime       " + host::rfc3339(genesis.time_ms) + "\nissued     " +
                     format_tokens(summary.issued_atoms) + " tokens to " +
                     std::to_string(genesis.accounts.size()) + " accounts\n";
  if (!accounts) return text;
  Table by_stake({"validator", "of account", "stake"});
  for (const auto& v : genesis.validators)
    by_stake.row({to_hex(v.key), to_hex(v.account.value), format_tokens(v.stake.value)});
  if (!genesis.validators.empty()) text += by_stake.text();
  if (genesis.accounts.empty()) return text;
  Table table({"account", "tokens", "staked"});
  for (const auto& a : genesis.accounts)
    table.row(
        {to_hex(a.account.value), format_tokens(a.amount.value), format_tokens(a.staked.value)});
  return text + table.text();
}

}  // namespace assay::cli
