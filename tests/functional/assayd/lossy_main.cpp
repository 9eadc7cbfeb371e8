// assayd on a disk that loses what was not synced when the process is killed, and with small
// buffers, so that tables are written all the time. ASSAY_CUT_AFTER_SYNCS=n cuts the power in the
// sync after n.
#include <cstdlib>

#include "internal/rocks_access.hpp"
#include "program.hpp"
#include "support/lossy_file_system.hpp"

int main(int argc, char** argv) {
  const auto disk = std::make_shared<assay::test::LossyFileSystem>();
  const auto environment = rocksdb::NewCompositeEnv(disk);
  if (const char* syncs = std::getenv("ASSAY_CUT_AFTER_SYNCS")) disk->cut_after(std::atoll(syncs));
  return assayd_main(argc, argv, [&](const auto& folder, assay::store::RocksOptions options) {
    options.write_buffer_bytes = std::size_t{64} << 10;
    return assay::store::RocksAccess::open(folder, options, environment.get());
  });
}
