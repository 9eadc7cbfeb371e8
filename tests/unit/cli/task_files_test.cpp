// The task files in examples/tasks: each is read, and its programs are built.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "assay/cli/task_settings.hpp"

namespace assay::cli {
namespace {

class TaskFiles : public testing::TestWithParam<const char*> {};

std::string file_of(const std::string& family) {
  return std::string(ASSAY_EXAMPLE_TASKS) + "/" + family + ".toml";
}

TEST_P(TaskFiles, DescribesATask) {
  const std::string family = GetParam();
  TaskSettings s;
  s.model_file = file_of(family);
  s.text = testing::TempDir() + "task_files.txt";
  {
    std::ofstream text(s.text);
    for (int i = 0; i < 200; ++i) text << "all that is gold does not glitter. ";
  }
  SerialTaskPool pool;
  const auto prepared = prepare_task(s, pool);
  ASSERT_TRUE(prepared) << prepared.error().message;
  const models::ModelDescription& d = prepared->description;
  EXPECT_EQ(models::name_of(d.network), family == "llama"   ? "gpt"
                                        : family == "lenet" ? "cnn"
                                                            : family);
  EXPECT_GE(prepared->task->header.steps, 900U);
  EXPECT_TRUE(prepared->accuracy);
  // It says something that the family's defaults do not.
  TaskSettings plain = s;
  plain.model_file.clear();
  plain.model = family == "lenet" ? "cnn" : family;
  const auto ordinary = prepare_task(plain, pool);
  ASSERT_TRUE(ordinary) << ordinary.error().message;
  EXPECT_NE(ordinary->description, d);
}

INSTANTIATE_TEST_SUITE_P(Families, TaskFiles,
                         testing::Values("mlp", "cnn", "lenet", "resnet", "gpt", "llama"),
                         [](const auto& family) { return std::string(family.param); });

TEST(TaskFiles, AreTestedAll) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ASSAY_EXAMPLE_TASKS)) {
    EXPECT_EQ(entry.path().extension(), ".toml");
    ++count;
  }
  EXPECT_EQ(count, 6U);
}

}  // namespace
}  // namespace assay::cli
