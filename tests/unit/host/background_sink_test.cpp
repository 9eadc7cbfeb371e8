#include "assay/host/background_sink.hpp"

#include <gtest/gtest.h>

#include "assay/core/memory_files.hpp"

namespace assay::host {
namespace {

TEST(BackgroundSink, WritesInOrderAndFlushWaits) {
  MemoryFiles files;
  BackgroundSink sink(files);
  for (std::uint8_t i = 0; i < 100; ++i) ASSERT_TRUE(sink.write("a", Bytes{i}));
  ASSERT_TRUE(sink.write("b", Bytes{1}));
  ASSERT_TRUE(sink.remove("b"));
  ASSERT_TRUE(sink.flush());
  EXPECT_EQ(*files.read("a"), Bytes{99});
  EXPECT_FALSE(files.exists("b"));
}

TEST(BackgroundSink, DestructionWritesWhatIsQueued) {
  MemoryFiles files;
  {
    BackgroundSink sink(files);
    ASSERT_TRUE(sink.write("a", Bytes{1}));
    ASSERT_TRUE(sink.write("b", Bytes{2}));
  }
  EXPECT_TRUE(files.exists("a") && files.exists("b"));
}

class FullDisk final : public Files {
 public:
  Result<Bytes> read(const std::string&) const override { return {ErrorCode::kNotFound, "empty"}; }
  Status write_atomically(const std::string&, ByteView) override {
    return {ErrorCode::kNoSpace, "full"};
  }
  Status remove(const std::string&) override { return {}; }
  bool exists(const std::string&) const override { return false; }
  Result<std::vector<std::string>> list(const std::string&) const override {
    return std::vector<std::string>();
  }
};

TEST(BackgroundSink, AFailureIsReportedByALaterCall) {
  FullDisk disk;
  BackgroundSink sink(disk);
  EXPECT_TRUE(sink.write("a", Bytes{1}));
  EXPECT_EQ(sink.flush().error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(sink.write("b", Bytes{1}).error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace assay::host
