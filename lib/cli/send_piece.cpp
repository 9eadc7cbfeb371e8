// `assay send demand-chunk` and `supply-chunk`: pieces named by options, and opened from files.
#include <algorithm>

#include "assay/cli/amounts.hpp"
#include "assay/cli/send.hpp"
#include "assay/graph/program.hpp"
#include "assay/host/read_file.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/pieces.hpp"

namespace assay::cli {

namespace {

using protocol::Payload;
using protocol::Piece;
using protocol::PieceKind;

constexpr std::uint64_t kBlobBytesMax = std::uint64_t{8} << 30;

// "transcript/PART", "state/ENTRY/TENSOR/CHUNK", "data-set/TENSOR/CHUNK", "init-program/RECORD".
struct Form {
  std::string_view name;
  PieceKind kind;
  std::vector<std::uint64_t Piece::*> numbers;
};
const Form kForms[] = {
    {"transcript", PieceKind::kTranscript, {&Piece::chunk}},
    {"state", PieceKind::kState, {&Piece::entry, &Piece::item, &Piece::chunk}},
    {"data-set", PieceKind::kDataSet, {&Piece::item, &Piece::chunk}},
    {"init-program", PieceKind::kInitProgram, {&Piece::item}},
    {"step-program", PieceKind::kStepProgram, {&Piece::item}},
};

Result<Piece> piece_of(const SendValues& v) {
  ASSAY_TRY(const std::string text, v.need("piece"));
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  for (const Form& form : kForms) {
    if (parts[0] != form.name || parts.size() != 1 + form.numbers.size()) continue;
    Piece piece;
    piece.kind = form.kind;
    bool is_sound = true;
    for (std::size_t i = 0; i < form.numbers.size(); ++i) {
      const auto number = parse_atoms(parts[i + 1]);
      is_sound &= number.has_value();
      if (number) piece.*form.numbers[i] = number->value;
    }
    if (is_sound) return piece;
  }
  return Error{ErrorCode::kInvalidArgument,
               "--piece is transcript/PART, state/ENTRY/TENSOR/CHUNK, data-set/TENSOR/CHUNK, "
               "init-program/RECORD or step-program/RECORD"};
}

Result<Bytes> file_of(const SendValues& v, const std::string& name) {
  ASSAY_TRY(const std::string path, v.need(name));
  return host::read_file(path, kBlobBytesMax);
}

Result<commit::Transcript> transcript_of(const SendValues& v, const std::string& name) {
  ASSAY_TRY(const Bytes bytes, file_of(v, name));
  if (bytes.empty() || bytes.size() % 32 != 0)
    return Error{ErrorCode::kMalformed, "--" + name + ": a transcript is 32 bytes an entry"};
  std::vector<Hash256> roots(bytes.size() / 32);
  for (std::size_t i = 0; i < roots.size(); ++i)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(32 * i), 32, roots[i].bytes.begin());
  return commit::Transcript(std::move(roots));
}

Result<commit::TensorChunk> chunk_of(const SendValues& v, const Piece& piece) {
  ASSAY_TRY(const Bytes file, file_of(v, "blob"));
  ASSAY_TRY(const NamedTensors tensors, tensor::read_safetensors(file));
  if (tensors.empty()) return Error{ErrorCode::kMalformed, "--blob: there are no tensors in it"};
  SerialTaskPool pool;
  return training::open_chunk(tensors, piece.item, piece.chunk, pool);
}

Result<protocol::PieceOpening> opening_of(const SendValues& v, const Piece& piece) {
  using protocol::PieceOpening;
  if (piece.kind == PieceKind::kTranscript) {
    ASSAY_TRY(const commit::Transcript transcript, transcript_of(v, "blob"));
    if (piece.chunk >= commit::part_count(transcript.size()))
      return Error{ErrorCode::kInvalidArgument, "--chunk: the transcript has no such part"};
    return PieceOpening(commit::open_part(transcript, piece.chunk));
  }
  if (piece.kind == PieceKind::kState) {
    ASSAY_TRY(const commit::Transcript transcript, transcript_of(v, "transcript"));
    if (piece.entry >= transcript.size())
      return Error{ErrorCode::kInvalidArgument, "--entry: the transcript has no such entry"};
    ASSAY_TRY(commit::TensorChunk chunk, chunk_of(v, piece));
    return PieceOpening(protocol::StateChunk{std::move(chunk), transcript.path(piece.entry)});
  }
  if (piece.kind == PieceKind::kDataSet) {
    ASSAY_TRY(commit::TensorChunk chunk, chunk_of(v, piece));
    return PieceOpening(std::move(chunk));
  }
  ASSAY_TRY(const Bytes file, file_of(v, "blob"));
  ASSAY_TRY(const graph::Program program, graph::decode_program(file));
  if (program.nodes.empty())
    return Error{ErrorCode::kMalformed, "--blob: the program has no nodes"};
  return PieceOpening(training::open_record(program, graph::program_trees(program), piece.item));
}

}  // namespace

Result<Payload> demand_chunk(const SendValues& v) {
  protocol::DemandChunk payload;
  ASSAY_TRY(payload.claim.value, v.hash("claim"));
  ASSAY_TRY(payload.piece, piece_of(v));
  return Payload(payload);
}

Result<Payload> supply_chunk(const SendValues& v) {
  ClaimId claim;
  ASSAY_TRY(claim.value, v.hash("claim"));
  ASSAY_TRY(const Piece piece, piece_of(v));
  ASSAY_TRY(protocol::PieceOpening opening, opening_of(v, piece));
  return Payload(protocol::SupplyChunk{protocol::demand_id_of(claim, piece), std::move(opening)});
}

Result<Payload> attest_data(const SendValues& v) {
  protocol::AttestData payload;
  ASSAY_TRY(payload.claim.value, v.hash("claim"));
  ASSAY_TRY(payload.data, v.hash("data"));
  ASSAY_TRY(const Piece piece, piece_of(v));
  ASSAY_TRY(payload.opening, opening_of(v, piece));
  return Payload(std::move(payload));
}

}  // namespace assay::cli
