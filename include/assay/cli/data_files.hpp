// Data sets from files, each by what its name ends in: IDX (also gzipped), npy, safetensors, text.
#pragma once

#include "assay/cli/task_settings.hpp"

namespace assay::cli {

// What a model learns from, named as models/model.hpp names it, and what it is tested with.
struct DataSet {
  NamedTensors train;
  Tensor test_inputs;  // images, or windows of a text; empty: no test
  Tensor test_labels;
};

// One tensor: *.npy, *.safetensors with a single tensor or as FILE:NAME, anything else IDX; *.gz of
// all of them. Errors: of the file and its format, naming it.
[[nodiscard]] Result<Tensor> load_tensor(const std::string& name);

// settings.images and labels, or the four files of settings.data_folder, as the Debian package
// dataset-fashion-mnist names them. Errors: kInvalidArgument too if they do not belong together.
[[nodiscard]] Result<DataSet> load_images(const TaskSettings& settings);

// settings.text by settings.tokens; *.npy and *.safetensors hold tokens already. Without a test
// text the last twentieth is kept for the test.
[[nodiscard]] Result<DataSet> load_text(const TaskSettings& settings, std::uint64_t sequence);

}  // namespace assay::cli
