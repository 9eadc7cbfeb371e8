#include "assay/node/archive.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

constexpr std::string_view kMagic = "assay archive\n";
constexpr std::size_t kHeadBytes = kMagic.size() + 4;
constexpr std::size_t kChecksumBytes = 32;

enum class Frame : std::uint8_t { kGenesis = 1, kBlock = 2, kRecords = 3, kEnd = 4 };

class Output {
 public:
  explicit Output(const ArchiveSink& sink) : m_sink(sink) {}
  Status raw(ByteView bytes) {
    m_hasher.update(bytes);
    return m_sink(bytes);
  }
  Status frame(Frame kind, ByteView payload) {
    return raw(codec::encode([&](codec::Writer& w) {
      w.u8(static_cast<std::uint8_t>(kind));
      w.bytes(payload);
    }));
  }
  Status finish() { return m_sink(m_hasher.finish().view()); }

 private:
  const ArchiveSink& m_sink;
  crypto::Sha256 m_hasher{crypto::sha256_blocks()};
};

Status write_block(const KeyValueStore& store, Height height, bool body, Output& out) {
  ASSAY_TRY(const auto header, stored_header(store, height));
  if (!header)
    return {ErrorCode::kIntegrity, "block " + std::to_string(height.value) + " is missing"};
  Bytes lists[2];
  if (body) {
    ASSAY_TRY(const auto txs,
              store.get(protocol::block_key(protocol::kTransactionsPrefix, height)));
    ASSAY_TRY(const auto receipts,
              store.get(protocol::block_key(protocol::kReceiptsPrefix, height)));
    if (!txs || !receipts)
      return {ErrorCode::kIntegrity,
              "block " + std::to_string(height.value) + " has lost its transactions or receipts"};
    lists[0] = *txs;
    lists[1] = *receipts;
  }
  return out.frame(Frame::kBlock, codec::encode([&](codec::Writer& w) {
                     w.raw(encode(*header));
                     w.flag(body);
                     if (body)
                       for (const Bytes& list : lists) w.bytes(list);
                   }));
}

// Frames of records, each closed before it would pass kArchiveFrameBytes; their number.
Result<std::uint64_t> write_records(const KeyValueStore& store, Output& out) {
  std::uint64_t count = 0;
  Bytes payload;
  Status status;
  const Bytes prefix{protocol::kStatePrefix};
  ASSAY_TRY_STATUS(store.scan(prefix, [&](ByteView key, ByteView value) {
    const Bytes record = codec::encode([&](codec::Writer& w) {
      w.bytes(key.subspan(prefix.size()));
      w.bytes(value);
    });
    if (!payload.empty() && payload.size() + record.size() > kArchiveFrameBytes) {
      status = out.frame(Frame::kRecords, payload);
      payload.clear();
    }
    payload.insert(payload.end(), record.begin(), record.end());
    ++count;
    return bool(status);
  }));
  ASSAY_TRY_STATUS(status);
  if (!payload.empty()) ASSAY_TRY_STATUS(out.frame(Frame::kRecords, payload));
  return count;
}

Error malformed(const std::string& what) {
  return {ErrorCode::kMalformed, "the archive is not well-formed: " + what};
}

Result<ArchiveBlock> decode_block(ByteView payload) {
  codec::Reader r(payload);
  ArchiveBlock block;
  const ByteView header = r.take(kSignedHeaderBytes);
  block.has_body = r.flag();
  const ByteView transactions = block.has_body ? r.bytes(r.remaining()) : ByteView{};
  const ByteView receipts = block.has_body ? r.bytes(r.remaining()) : ByteView{};
  if (!r.finish()) return malformed("a block's bytes");
  ASSAY_TRY(block.header, decode_signed_header(header));
  if (!block.has_body) return block;
  ASSAY_TRY(block.transactions, protocol::decode_list(transactions));
  ASSAY_TRY(block.receipts, protocol::decode_list(receipts));
  return block;
}

class ArchiveReader {
 public:
  explicit ArchiveReader(ArchiveVisitor& visitor) : m_visitor(visitor) {}

  Status run(ByteView frames) {
    codec::Reader r(frames);
    while (!m_ended && r.remaining() > 0) {
      const std::uint8_t kind = r.u8();
      const ByteView payload = r.bytes(kMaxArchiveFrameBytes);
      if (!r.ok()) return malformed("a piece is too long or cut");
      ASSAY_TRY_STATUS(take(kind, payload));
    }
    if (!m_ended || !r.finish()) return malformed("it does not end where it should");
    return m_visitor.end();
  }

 private:
  Status take(std::uint8_t kind, ByteView payload) {
    if (kind < m_last || kind == 0 || (kind == m_last && kind == 1))
      return malformed("its pieces are out of order");
    if (m_last == 0 && kind != 1) return malformed("it does not begin with a genesis record");
    m_last = kind;
    switch (static_cast<Frame>(kind)) {
      case Frame::kGenesis: {
        ASSAY_TRY(const protocol::Genesis genesis, protocol::decode_genesis(payload));
        return m_visitor.genesis(genesis);
      }
      case Frame::kBlock: {
        ASSAY_TRY(const ArchiveBlock block, decode_block(payload));
        if (block.header.header.height.value != m_blocks++)
          return malformed("its blocks are out of order");
        return m_visitor.block(block);
      }
      case Frame::kRecords: return take_records(payload);
      case Frame::kEnd: return take_end(payload);
    }
    return malformed("a piece of a kind that is not known");
  }

  Status take_records(ByteView payload) {
    codec::Reader r(payload);
    std::vector<ArchiveRecord> records;
    while (r.ok() && r.remaining() > 0) {
      const ByteView key = r.bytes(r.remaining());
      records.push_back({key, r.bytes(r.remaining())});
    }
    if (!r.finish() || records.empty()) return malformed("records' bytes");
    for (const ArchiveRecord& record : records) {
      if (m_records++ > 0 && !std::lexicographical_compare(m_last_key.begin(), m_last_key.end(),
                                                           record.key.begin(), record.key.end()))
        return malformed("its records are out of order");
      m_last_key = record.key;
    }
    return m_visitor.records(records);
  }

  Status take_end(ByteView payload) {
    codec::Reader r(payload);
    const std::uint64_t blocks = r.u64();
    const std::uint64_t records = r.u64();
    if (!r.finish() || blocks != m_blocks || records != m_records || blocks == 0)
      return malformed("it does not hold what it says at its end");
    m_ended = true;
    return {};
  }

  ArchiveVisitor& m_visitor;
  std::uint8_t m_last = 0;
  std::uint64_t m_blocks = 0;
  std::uint64_t m_records = 0;
  ByteView m_last_key;
  bool m_ended = false;
};

}  // namespace

Status write_archive(const KeyValueStore& store, const ArchiveOptions& options,
                     const ArchiveSink& sink) {
  const protocol::StateReader reader(store);
  ASSAY_TRY(const protocol::Genesis genesis, reader.genesis());
  ASSAY_TRY(const protocol::BlockHeader head, reader.head());
  ASSAY_TRY(const Height bodies_from, first_body(store));
  Output out(sink);
  ASSAY_TRY_STATUS(out.raw(codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kMagic));
    w.u32(kArchiveVersion);
  })));
  ASSAY_TRY_STATUS(out.frame(Frame::kGenesis, encode(genesis)));
  for (std::uint64_t h = 0; h <= head.height.value; ++h) {
    ASSAY_TRY_STATUS(write_block(store, Height{h}, options.bodies && h >= bodies_from.value, out));
    if (options.progress != nullptr && !options.progress->advance(h, head.height.value))
      return {ErrorCode::kUnavailable, "stopped"};
  }
  ASSAY_TRY(const std::uint64_t records, write_records(store, out));
  ASSAY_TRY_STATUS(out.frame(Frame::kEnd, codec::encode([&](codec::Writer& w) {
                               w.u64(head.height.value + 1);
                               w.u64(records);
                             })));
  return out.finish();
}

Status read_archive(ByteView bytes, ArchiveVisitor& visitor) {
  if (bytes.size() < kHeadBytes + kChecksumBytes ||
      !equal_bytes(bytes.first(kMagic.size()), as_bytes(kMagic)))
    return Error{ErrorCode::kMalformed, "this file is no archive of a ledger"};
  const auto version = load_le<std::uint32_t>(bytes.data() + kMagic.size());
  if (version != kArchiveVersion)
    return Error{ErrorCode::kUnsupported, "this archive is of version " + std::to_string(version) +
                                              ", and this program reads version " +
                                              std::to_string(kArchiveVersion)};
  const ByteView content = bytes.first(bytes.size() - kChecksumBytes);
  if (!equal_bytes(crypto::sha256(content).view(), bytes.last(kChecksumBytes)))
    return Error{ErrorCode::kMalformed,
                 "the archive is cut or damaged: its checksum does not hold; copy it again"};
  return ArchiveReader(visitor).run(content.subspan(kHeadBytes));
}

}  // namespace assay::node
