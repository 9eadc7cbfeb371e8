#include "assay/commit/task.hpp"

#include "assay/core/contract.hpp"

namespace assay::commit {

Hash256 task_root(Sha256Function sha256, const TaskHeader& header) {
  std::array<std::uint8_t, 2 + kTaskHeaderBytes> bytes;
  codec::FixedSink sink(bytes);
  codec::BasicWriter writer(sink);
  writer.u8(kHeaderPrefix);
  writer.u8(static_cast<std::uint8_t>(Tag::kTask));
  write_task_header(writer, header);
  ASSAY_INVARIANT(!sink.overflowed() && sink.written().size() == bytes.size());
  return sha256_of(sha256, {sink.written()});
}

}  // namespace assay::commit
