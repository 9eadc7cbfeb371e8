#include "assay/tensor/safetensors.hpp"

#include <gtest/gtest.h>

namespace assay::tensor {
namespace {

// A file around a header and `data_size` bytes 0, 1, 2, ...
Bytes file_of(std::string_view json, std::size_t data_size) {
  Bytes file(8);
  store_le<std::uint64_t>(file.data(), json.size());
  file.insert(file.end(), json.begin(), json.end());
  for (std::size_t i = 0; i < data_size; ++i) file.push_back(static_cast<std::uint8_t>(i));
  return file;
}

void append(Bytes& file, std::initializer_list<std::uint8_t> bytes) {
  file.insert(file.end(), bytes);
}

ErrorCode code_of(ByteView file) {
  const auto result = read_safetensors(file);
  EXPECT_FALSE(result) << "was accepted";
  return result ? ErrorCode{} : result.error().code;
}
ErrorCode code_of(std::string_view json, std::size_t data_size) {
  return code_of(file_of(json, data_size));
}

NamedTensors sample() {
  NamedTensors t;
  t.emplace("b", Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  t.emplace("a", Tensor::of<float>({2}, {-1, 0.5f}));
  t.emplace("z", Tensor::scalar<std::uint64_t>(~std::uint64_t{0}));
  t.emplace("c", Tensor::of<std::uint8_t>({3}, {7, 8, 9}));
  t.emplace("i", Tensor::of<std::int32_t>({1}, {-2}));
  t.emplace("u", Tensor::of<std::uint32_t>({1}, {3}));
  t.emplace("l", Tensor::of<std::int64_t>({1, 1}, {-4}));
  return t;
}

// Written by hand from the format's page: what other tools write, metadata and odd order included.
TEST(Safetensors, ReadsAHandWrittenFile) {
  const std::string_view json =
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[3,11]},)"
      R"("k":{"data_offsets":[0,3],"shape":[3],"dtype":"U8"}}  )";
  Bytes file = file_of(json, 3);
  append(file, {0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc1});
  const NamedTensors tensors = *read_safetensors(file);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.at("w"), Tensor::of<float>({1, 2}, {1.0f, -10.0f}));
  EXPECT_EQ(tensors.at("k"), Tensor::of<std::uint8_t>({3}, {0, 1, 2}));
  const SafetensorsIndex index = *open_safetensors(file);
  EXPECT_EQ(index.metadata.at("format"), "pt");
  EXPECT_EQ(index.entries[0].name, "k");
  EXPECT_FALSE(is_canonical_safetensors(file));
}

// INV-TEN-001.
TEST(Safetensors, WritesTheOneCanonicalFile) {
  NamedTensors t;
  t.emplace("b", Tensor::of<float>({1}, {1.0f}));
  t.emplace("a\"", Tensor::of<std::uint8_t>({1}, {5}));
  const std::string json = R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                           R"("a\"":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}})";
  Bytes expected = file_of(json + std::string((8 - json.size() % 8) % 8, ' '), 0);
  append(expected, {0x00, 0x00, 0x80, 0x3f, 0x05});
  EXPECT_EQ(*write_safetensors(t), expected);
  EXPECT_TRUE(is_canonical_safetensors(expected));
  const Bytes nothing = *write_safetensors(NamedTensors{});
  EXPECT_EQ(nothing, file_of("{}      ", 0));
  EXPECT_TRUE(read_safetensors(nothing)->empty());
}

// Origin: safetensors.numpy.save() of the format's own Python library, version 0.8.0, on the same
// tensors. So the canonical file is the one that other tools write.
TEST(Safetensors, WritesAsTheFormatsOwnLibraryDoes) {
  const std::string_view json = R"({"z":{"dtype":"U64","shape":[],"data_offsets":[0,8]},)"
                                R"("l":{"dtype":"I64","shape":[1,1],"data_offsets":[8,16]},)"
                                R"("a":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
                                R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]},)"
                                R"("u":{"dtype":"U32","shape":[1],"data_offsets":[48,52]},)"
                                R"("i":{"dtype":"I32","shape":[1],"data_offsets":[52,56]},)"
                                R"("c":{"dtype":"U8","shape":[3],"data_offsets":[56,59]}}       )";
  ASSERT_EQ(json.size(), 392u);
  Bytes expected = file_of(json, 0);
  const Bytes data = *from_hex(
      "fffffffffffffffffcffffffffffffff000080bf0000003f0000803f0000004000004040000080400000a040"
      "0000c04003000000feffffff070809");
  expected.insert(expected.end(), data.begin(), data.end());
  EXPECT_EQ(*write_safetensors(sample()), expected);
  EXPECT_EQ(*read_safetensors(expected), sample());
}

TEST(Safetensors, RoundTripsEveryDtypeAligned) {
  const NamedTensors tensors = sample();
  const Bytes file = *write_safetensors(tensors);
  EXPECT_EQ(*read_safetensors(file), tensors);
  EXPECT_TRUE(is_canonical_safetensors(file));
  const SafetensorsIndex index = *open_safetensors(file);
  for (const SafetensorsEntry& entry : index.entries)
    EXPECT_EQ(entry.offset % size_of(entry.type.dtype), 0u) << entry.name;
}

TEST(Safetensors, RejectsEveryCutAndEveryAddition) {
  const Bytes file = *write_safetensors(sample());
  for (std::size_t n = 0; n < file.size(); ++n)
    ASSERT_EQ(code_of(ByteView(file).first(n)), ErrorCode::kMalformed) << n;
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_EQ(code_of(longer), ErrorCode::kMalformed);
}

TEST(Safetensors, EveryChangedHeaderByteIsRejectedOrReadAsAnotherFile) {
  const NamedTensors tensors = sample();
  const Bytes file = *write_safetensors(tensors);
  const std::size_t header = 8 + static_cast<std::size_t>(load_le<std::uint64_t>(file.data()));
  for (std::size_t i = 0; i < header; ++i) {
    for (const unsigned flip : {1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 255u}) {
      Bytes bad = file;
      bad[i] ^= static_cast<std::uint8_t>(flip);
      const auto result = read_safetensors(bad);
      if (result) {
        EXPECT_FALSE(*result == tensors && is_canonical_safetensors(bad)) << i;
      } else {
        const ErrorCode code = result.error().code;
        EXPECT_TRUE(code == ErrorCode::kMalformed || code == ErrorCode::kLimit ||
                    code == ErrorCode::kUnsupported);
      }
    }
  }
}

TEST(Safetensors, NamesWhatIsWrong) {
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
    std::string text = "{\"a\":{\"dtype\":\"";
    text += dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
    return text;
  };
  EXPECT_TRUE(read_safetensors(file_of(one("U8", "[4]", "[0,4]"), 4)));
  EXPECT_TRUE(read_safetensors(file_of(one("F32", "[]", "[0,4]"), 4)));
  EXPECT_EQ(code_of(one("F16", "[2]", "[0,4]"), 4), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(one("U8", "[0]", "[0,0]"), 0), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(one("U8", "[1,1,1,1,1,1,1]", "[0,1]"), 1), ErrorCode::kLimit);
  EXPECT_EQ(code_of(one("U8", "[4294967296,4294967296]", "[0,0]"), 0), ErrorCode::kLimit);
  EXPECT_EQ(code_of(one("U8", "[4]", "[0,5]"), 5), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(one("U8", "[4]", "[1,5]"), 5), ErrorCode::kMalformed);  // a hole
  EXPECT_EQ(code_of(one("U8", "[4]", "[4,0]"), 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(one("U8", "[4]", "[0,4]"), 5), ErrorCode::kMalformed);  // trailing
  EXPECT_EQ(code_of(one("U8", "[4]", "[0,4]"), 3), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(one("U8", "[4]", "[0,4,4]"), 4), ErrorCode::kLimit);
  EXPECT_EQ(code_of(one("U8", "[-4]", "[0,4]"), 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(one("U8", "[4.0]", "[0,4]"), 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(std::string(" ").append(one("U8", "[4]", "[0,4]")), 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                    R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                    3),
            ErrorCode::kMalformed);  // an overlap
  EXPECT_EQ(code_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                    R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                    2),
            ErrorCode::kMalformed);  // a duplicate
  EXPECT_EQ(code_of(R"({"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1),
            ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"a":{"dtype":"U8","shape":[1]}})", 0), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"__metadata__":{"a":1}})", 0), ErrorCode::kMalformed);
  EXPECT_EQ(code_of("{\"" + std::string(256, 'n') + "\":{}}", 0), ErrorCode::kLimit);
  const std::string good = one("U8", "[4]", "[0,4]");
  EXPECT_EQ(code_of(good + std::string(1, '\0'), 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(good + "{}", 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of("\xef\xbb\xbf" + good, 4), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"a":[]})", 0), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"__metadata__":"a"})", 0), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"__metadata__":{"a":"b","a":"b"}})", 0), ErrorCode::kMalformed);
  Bytes huge(8, 0xff);
  EXPECT_EQ(code_of(huge), ErrorCode::kLimit);
}

// A header of 16 MiB could hold eight million values, and 450 MB of memory once read.
TEST(Safetensors, LimitsWhatAHeaderCanMakeUsAllocate) {
  std::string json = R"({"a":[0)";
  while (json.size() < kSafetensorsHeaderMax - 8) json += ",0";
  EXPECT_EQ(code_of(json + "]}", 0), ErrorCode::kLimit);
  std::map<std::string, TensorType, std::less<>> types;
  for (std::size_t i = 0; i < kSafetensorsTensorsMax; ++i) {
    std::string name = std::to_string(i);
    types[std::move(name)] = {DType::kU8, Shape{1, 1, 1, 1, 1, 1}};
  }
  const SafetensorsLayout layout = *safetensors_layout(types);
  EXPECT_EQ(open_safetensors_header(layout.header, layout.file_size)->entries.size(), types.size());
  types["one more"] = {DType::kU8, {}};
  EXPECT_EQ(safetensors_layout(types).error().code, ErrorCode::kLimit);
}

TEST(Safetensors, RefusesToWriteWhatItWouldNotRead) {
  for (const std::string& name :
       {std::string(), std::string("__metadata__"), std::string(256, 'x'), std::string("\xff")}) {
    NamedTensors t;
    t.emplace(name, Tensor::scalar<float>(1));
    EXPECT_EQ(write_safetensors(t).error().code, ErrorCode::kInvalidArgument) << name;
  }
  NamedTensors t;
  t.emplace("a", Tensor{});
  EXPECT_EQ(write_safetensors(t).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::tensor
