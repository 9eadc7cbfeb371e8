// node: archives of a ledger. Input: what (u8), the bytes: of a whole file, or of its pieces, to
// which the head and the right checksum are added. Whatever is imported is the ledger that its
// operator signed; whatever is not leaves no ledger.
#include "assay/node/archive.hpp"

#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/view.hpp"
#include "fuzz/archive_scene.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ArchiveScene kScene;
  const auto [choice, bytes] = fuzz::select({data, size}, 2);
  const Bytes file = choice == 0 ? to_bytes(bytes) : fuzz::sealed_archive(bytes);
  MemoryStore store;
  const auto head = node::import_archive(file, kScene.genesis, store);
  const auto stored = protocol::StateReader(store).head();
  ASSAY_INVARIANT(bool(head) == bool(stored));
  if (!head) return 0;
  // Nobody but the operator signs headers: it is its chain, or the beginning of it.
  ASSAY_INVARIANT(*head == *stored && head->height <= kScene.head.height);
  const auto report = node::verify_store(store, kScene.genesis, {});
  ASSAY_INVARIANT(report && report->fault_count == 0);
  return 0;
}
