// Our definition of the messages beside CometBFT's, where its Go module is: every field that can be
// reached from Request and Response has the same number, name and type in both.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace assay::abci {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

// Text is bytes in our definition, which is the same on the wire.
std::string kind_of(const pb::FieldDescriptor& field) {
  std::string kind = field.is_repeated() ? "repeated " : "";
  if (field.is_packed()) kind += "packed ";
  if (field.containing_oneof() != nullptr) kind += "one of ";
  return kind + (field.type() == pb::FieldDescriptor::TYPE_STRING ? "bytes" : field.type_name());
}

std::map<int, std::string> values_of(const pb::EnumDescriptor& values) {
  std::map<int, std::string> all;
  for (int i = 0; i < values.value_count(); ++i)
    all[values.value(i)->number()] = values.value(i)->name();
  return all;
}

class Comparison {
 public:
  void compare(const pb::Descriptor& ours, const pb::Descriptor& theirs) {
    if (!m_seen.insert(ours.full_name()).second) return;
    EXPECT_EQ(ours.name(), theirs.name());
    EXPECT_EQ(ours.field_count(), theirs.field_count()) << ours.name();
    for (int i = 0; i < theirs.field_count(); ++i) {
      const pb::FieldDescriptor& their = *theirs.field(i);
      const pb::FieldDescriptor* our = ours.FindFieldByNumber(their.number());
      const std::string place = theirs.name() + "." + their.name();
      ASSERT_NE(our, nullptr) << place;
      ++fields;
      EXPECT_EQ(our->name(), their.name()) << place;
      EXPECT_EQ(kind_of(*our), kind_of(their)) << place;
      if (our->message_type() != nullptr && their.message_type() != nullptr)
        compare(*our->message_type(), *their.message_type());
      if (our->enum_type() != nullptr && their.enum_type() != nullptr) {
        EXPECT_EQ(values_of(*our->enum_type()), values_of(*their.enum_type())) << place;
      }
    }
  }
  [[nodiscard]] std::size_t messages() const { return m_seen.size(); }
  std::size_t fields = 0;

 private:
  std::set<std::string> m_seen;
};

// What protoc makes of a file and all that it imports.
void read_definition(const std::string& file, const std::vector<fs::path>& folders,
                     pb::DescriptorPool& pool) {
  const test::TemporaryFolder work;
  const fs::path out = work.path() / "set";
  std::string command = ASSAY_PROTOC " --include_imports --descriptor_set_out=" + out.string();
  for (const fs::path& folder : folders) command += " --proto_path=" + folder.string();
  ASSERT_EQ(std::system((command + " " + file).c_str()), 0);
  std::ifstream in(out, std::ios::binary);
  pb::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromIstream(&in));
  for (const pb::FileDescriptorProto& each : set.file())
    ASSERT_NE(pool.BuildFile(each), nullptr) << each.name();
}

// The newest version of a module in Go's cache that `begins` so.
fs::path module(const fs::path& folder, const std::string& begins) {
  std::set<fs::path> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().filename().string().starts_with(begins)) found.insert(entry.path());
  return found.empty() ? fs::path() : *found.rbegin();
}

TEST(Definition, IsCometBftsOwn) {
  const fs::path cache = test::first_line_of("go env GOMODCACHE 2>/dev/null");
  const fs::path comet = module(cache / "github.com/cometbft", "cometbft@v0.38.");
  const fs::path gogo = module(cache / "github.com/cosmos", "gogoproto@");
  if (comet.empty() || gogo.empty()) {
    std::puts("skipped: Go's cache holds no github.com/cometbft/cometbft@v0.38 (go mod download)");
    GTEST_SKIP();
  }

  pb::DescriptorPool ours;
  pb::DescriptorPool theirs;
  read_definition("wire.proto", {ASSAY_ABCI_FOLDER}, ours);
  read_definition("tendermint/abci/types.proto", {comet / "proto", gogo, gogo / "protobuf"},
                  theirs);
  if (HasFatalFailure()) return;

  Comparison comparison;
  for (const char* name : {"Request", "Response"})
    comparison.compare(*ours.FindMessageTypeByName(std::string("assay.abci.wire.") + name),
                       *theirs.FindMessageTypeByName(std::string("tendermint.abci.") + name));
  // No message of ours that they do not have.
  const pb::FileDescriptor& all = *ours.FindFileByName("wire.proto");
  EXPECT_EQ(comparison.messages(), static_cast<std::size_t>(all.message_type_count()));
  std::printf("%zu messages and %zu fields as in %s\n", comparison.messages(), comparison.fields,
              comet.filename().c_str());
}

}  // namespace
}  // namespace assay::abci
