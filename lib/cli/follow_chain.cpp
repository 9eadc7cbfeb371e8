#include "internal/follow_chain.hpp"

#include "assay/comet/hash.hpp"
#include "assay/node/trusted_header.hpp"

namespace assay::cli::internal {

namespace {

constexpr std::uint64_t kKeepEveryMs = 10'000;
constexpr std::uint64_t kDayS = std::uint64_t{24} * 3600;

std::string of_days(std::uint64_t seconds) { return std::to_string(seconds / kDayS) + " days"; }

constexpr const char* kGiveFresh =
    "; give one that others whom you trust know of: --trust-header HEIGHT:HASH; or say --trust-old";

class Follower {
 public:
  Follower(const protocol::Genesis& genesis, const TrustSettings& trust, Files& files,
           const Clock& clock, Log& log)
      : m_genesis(genesis), m_files(files), m_clock(clock), m_log(log) {
    m_options.trusting_period_s = trust.old ? 0 : node::trusting_period_s(genesis);
  }

  Status start(const TrustSettings& trust) {
    if (!trust.header.empty()) {
      if (!node::is_replicated(m_genesis))
        return {ErrorCode::kInvalidArgument,
                "--trust-header is for replicated ledgers: here the genesis record names the "
                "operator who signs headers"};
      ASSAY_TRY(m_point, node::parse_trust_point(trust.header));
    }
    if (!trust.genesis) {
      ASSAY_TRY_STATUS(start_from_file());
    }
    if (m_client || m_point) return {};
    if (m_options.trusting_period_s != 0 &&
        m_genesis.time_ms / 1000 + m_options.trusting_period_s <= m_clock.unix_ms() / 1000)
      return {ErrorCode::kInvalidArgument,
              "the genesis record is older than " + of_days(m_options.trusting_period_s) +
                  ": its validators may have taken their stakes back and show another chain" +
                  kGiveFresh};
    return {};
  }

  Result<protocol::BlockHeader> follow(ByteView bytes, const roles::AskHeader& ask) {
    ASSAY_TRY(const node::HeaderProof proof, node::decode_header_proof(bytes));
    const node::AskHeaderProof between = [&ask](Height height) -> Result<node::HeaderProof> {
      ASSAY_TRY(const Bytes found, ask(height));
      return node::decode_header_proof(found);
    };
    if (!m_client) {
      ASSAY_TRY_STATUS(begin(proof, between));
    }
    ASSAY_TRY(const node::HeaderVerdict verdict,
              m_client->follow(proof, m_clock.unix_ms(), between));
    if (verdict != node::HeaderVerdict::kValid) return refusal(verdict);
    keep(proof);
    return *m_client->head();
  }

 private:
  [[nodiscard]] std::unique_ptr<node::LightClient> make(const node::ReplicatedTrust& trust) const {
    return std::make_unique<node::LightClient>(m_genesis, trust);
  }

  [[nodiscard]] Error refusal(node::HeaderVerdict verdict) const {
    switch (verdict) {
      case node::HeaderVerdict::kWrongChain:
        return {ErrorCode::kIntegrity, "it runs another chain: check the genesis file"};
      case node::HeaderVerdict::kWrongHeight:
        return {ErrorCode::kUnavailable, "it is behind what was seen before"};
      case node::HeaderVerdict::kNotAgreed:
        return {ErrorCode::kIntegrity, std::string("CometBFT's header is not shown: ") +
                                           to_string(m_client->light_verdict())};
      default:
        return {ErrorCode::kIntegrity,
                std::string("the ledger's header is not shown: ") + to_string(verdict)};
    }
  }

  // What was followed before, unless the user knows of a later header.
  Status start_from_file() {
    const auto bytes = m_files.read(kTrustedHeaderFile);
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) return {};
    if (!bytes) return bytes.error();
    const auto bad = [](ErrorCode code, const std::string& why) {
      return Status(code, std::string(kTrustedHeaderFile) + ": " + why);
    };
    const auto again =
        ": restore the file, or begin without it: --trust-genesis, better with --trust-header";
    const auto proof = node::decode_trusted_header(*bytes);
    if (!proof) return bad(proof.error().code, proof.error().message + again);
    auto client = make({{}, m_options});
    const node::HeaderVerdict verdict = client->resume(*proof, m_clock.unix_ms());
    const bool expired = verdict == node::HeaderVerdict::kNotAgreed &&
                         client->light_verdict() == comet::LightVerdict::kTrustExpired;
    if (expired && m_point) return {};
    if (expired)
      return bad(ErrorCode::kInvalidArgument,
                 "the header that was followed last is older than " +
                     of_days(m_options.trusting_period_s) +
                     ": those validators may have taken their stakes back and show another chain" +
                     kGiveFresh);
    if (verdict == node::HeaderVerdict::kWrongChain)
      return bad(ErrorCode::kIntegrity, std::string("it is another chain's") + again);
    if (verdict != node::HeaderVerdict::kValid)
      return bad(ErrorCode::kIntegrity, std::string("it does not show its header") + again);
    if (const auto* const committed = std::get_if<node::CommittedHeader>(&*proof);
        committed != nullptr && m_point) {
      const comet::Header& known = committed->next.header;
      const auto height = static_cast<std::uint64_t>(known.height);
      if (height < m_point->height.value) return {};
      // The option may stay where it is: a role that is started again goes on.
      if (height > m_point->height.value) {
        m_log.write(LogLevel::kWarning, "ledger.trust_header_unused",
                    {{"followed", std::to_string(height)},
                     {"help",
                      "--trust-header is below what was followed and is not looked at; to begin "
                      "from it add --trust-genesis"}});
      } else if (comet::hash_of(known) != m_point->hash) {
        return bad(ErrorCode::kIntegrity, "--trust-header has another hash of height " +
                                              std::to_string(height) + ": one of both is forged");
      }
      m_point.reset();
    }
    m_client = std::move(client);
    m_kept_height = m_client->head()->height;
    begun("file", *m_kept_height);
    return {};
  }

  Status begin(const node::HeaderProof& first, const node::AskHeaderProof& ask) {
    node::ReplicatedTrust trust{{}, m_options};
    const auto* const committed = std::get_if<node::CommittedHeader>(&first);
    if (m_point) return begin_at(*m_point, ask);
    if (committed != nullptr && node::is_replicated(m_genesis) &&
        m_genesis.validators_hash == Hash256{}) {
      trust.root = comet::trust_in(committed->next);
      m_log.write(LogLevel::kWarning, "ledger.validators_unknown",
                  {{"believed", to_hex(committed->next.header.validators_hash)},
                   {"help",
                    "the genesis record names no validators: those that the first node "
                    "shows are believed"}});
    }
    m_client = make(trust);
    begun("genesis", Height{0});
    return {};
  }

  Status begin_at(const node::TrustPoint& point, const node::AskHeaderProof& ask) {
    ASSAY_TRY(const node::HeaderProof proof, ask(Height{point.height.value - 1}));
    const auto* const committed = std::get_if<node::CommittedHeader>(&proof);
    if (committed == nullptr || comet::hash_of(committed->next.header) != point.hash)
      return {ErrorCode::kIntegrity, "it shows another header of height " +
                                         std::to_string(point.height.value) +
                                         " than --trust-header"};
    auto client = make({{}, m_options});
    const node::HeaderVerdict verdict = client->resume(proof, m_clock.unix_ms());
    if (verdict != node::HeaderVerdict::kValid)
      return {ErrorCode::kIntegrity,
              std::string("the header of --trust-header: ") +
                  (verdict == node::HeaderVerdict::kNotAgreed ? to_string(client->light_verdict())
                                                              : to_string(verdict))};
    m_client = std::move(client);
    begun("option", m_client->head()->height);
    return {};
  }

  void begun(const char* from, Height height) {
    m_log.write(LogLevel::kInfo, "ledger.trusted",
                {{"from", from}, {"height", std::to_string(height.value)}});
  }

  // Now and then: what was followed since is followed again.
  void keep(const node::HeaderProof& proof) {
    const Height height = node::header_of(proof).height;
    const std::uint64_t now = m_clock.monotonic_ms();
    if (m_kept_height && (*m_kept_height == height || now < m_kept_ms + kKeepEveryMs)) return;
    m_kept_height = height;
    m_kept_ms = now;
    const Status kept =
        m_files.write_atomically(kTrustedHeaderFile, node::encode_trusted_header(proof));
    if (!kept)
      m_log.write(LogLevel::kWarning, "ledger.trust_not_kept", {{"error", kept.error().message}});
  }

  protocol::Genesis m_genesis;
  Files& m_files;
  const Clock& m_clock;
  Log& m_log;
  comet::LightOptions m_options;
  std::optional<node::TrustPoint> m_point;  // to begin from
  std::unique_ptr<node::LightClient> m_client;
  std::optional<Height> m_kept_height;
  std::uint64_t m_kept_ms = 0;
};

}  // namespace

Result<roles::FollowHeader> follow_chain(const protocol::Genesis& genesis,
                                         const TrustSettings& trust, Files& files,
                                         const Clock& clock, Log& log) {
  const auto follower = std::make_shared<Follower>(genesis, trust, files, clock, log);
  ASSAY_TRY_STATUS(follower->start(trust));
  return roles::FollowHeader([follower](ByteView proof, const roles::AskHeader& ask) {
    return follower->follow(proof, ask);
  });
}

}  // namespace assay::cli::internal
