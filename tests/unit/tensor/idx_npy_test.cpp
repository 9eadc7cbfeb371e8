#include <gtest/gtest.h>

#include "assay/tensor/idx.hpp"
#include "assay/tensor/npy.hpp"

namespace assay::tensor {
namespace {

TEST(Idx, ReadsImagesAndLabels) {
  const Bytes images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  const TensorView view = *read_idx(images);
  EXPECT_EQ(view.type, (TensorType{DType::kU8, {2, 1, 3}}));
  EXPECT_EQ(view.as<std::uint8_t>()[5], 6);
  EXPECT_EQ(read_idx(Bytes{0, 0, 8, 1, 0, 0, 0, 1, 9})->type.shape, Shape{1});
}

TEST(Idx, RejectsWhatIsNotExact) {
  const Bytes good{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 8};
  ASSERT_TRUE(read_idx(good));
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_EQ(read_idx(ByteView(good).first(n)).error().code, ErrorCode::kMalformed) << n;
  for (std::size_t i = 0; i < 12; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::uint8_t>(1u << bit);
      EXPECT_FALSE(read_idx(bad)) << i << ", bit " << bit;
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(read_idx(longer).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(read_idx(Bytes{0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0}).error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(read_idx(Bytes{0, 0, 8, 7}).error().code, ErrorCode::kLimit);
  EXPECT_EQ(read_idx(Bytes{0, 0, 8, 0, 1}).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(read_idx(Bytes{0, 0, 8, 1, 0, 0, 0, 0}).error().code, ErrorCode::kUnsupported);
}

Bytes npy(std::string_view header, std::size_t data_size, unsigned major = 1) {
  Bytes file{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(major), 0};
  file.push_back(static_cast<std::uint8_t>(header.size()));
  file.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  if (major == 2) file.insert(file.end(), {0, 0});
  file.insert(file.end(), header.begin(), header.end());
  file.resize(file.size() + data_size, 1);
  return file;
}

// Byte for byte what numpy.save(np.array([[1, -2]], dtype='<f4')) writes, by NEP 1.
TEST(Npy, WritesAsNumpyDoes) {
  const Bytes file = write_npy(Tensor::of<float>({1, 2}, {1.0f, -2.0f}).view());
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  expected.append(127 - expected.size(), ' ');
  expected += "\n";
  expected.append("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
  EXPECT_EQ(file, to_bytes(as_bytes(expected)));
}

TEST(Npy, RoundTripsEveryDtypeAndRank) {
  const auto check = [](const Tensor& t) {
    const Bytes file = write_npy(t.view());
    EXPECT_EQ((file.size() - t.byte_count()) % 64, 0u);
    EXPECT_EQ(*read_npy(file), t);
    for (std::size_t n = 0; n < file.size(); ++n) EXPECT_FALSE(read_npy(ByteView(file).first(n)));
    Bytes longer = file;
    longer.push_back(0);
    EXPECT_EQ(read_npy(longer).error().code, ErrorCode::kMalformed);
  };
  check(Tensor::scalar<float>(1.5f));
  check(Tensor::of<std::int32_t>({2}, {-1, 1}));
  check(Tensor::of<std::uint32_t>({1, 2}, {1, 2}));
  check(Tensor::of<std::int64_t>({2, 1}, {1, -2}));
  check(Tensor::of<std::uint64_t>({1, 1, 1, 1, 1, 2}, {1, 2}));
  check(Tensor::of<std::uint8_t>({3}, {1, 2, 3}));
}

TEST(Npy, ReadsVersionTwoAndOtherSpellings) {
  EXPECT_TRUE(read_npy(npy("{'descr':'|u1','fortran_order':False,'shape':(3,)}\n", 3, 2)));
  EXPECT_TRUE(
      read_npy(npy("{\"shape\": (2, 1), \"fortran_order\": False, \"descr\": \"<i4\"} ", 8)));
  EXPECT_EQ(read_npy(npy("{'descr':'|u1','fortran_order':False,'shape':()}\n", 1))->shape(),
            Shape{});
}

// numpy's own types for decimals and small numbers: what to do stands in the error.
TEST(Npy, SaysHowToSaveOtherTypes) {
  const auto read = read_npy(npy("{'descr':'<f8','fortran_order':False,'shape':(1,)}", 8));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("astype('float32')"), std::string::npos);
}

TEST(Npy, NamesWhatIsWrong) {
  const auto code = [](std::string_view header, std::size_t data, unsigned major = 1) {
    const auto result = read_npy(npy(header, data, major));
    return result ? ErrorCode{} : result.error().code;
  };
  EXPECT_EQ(code("{'descr':'>f4','fortran_order':False,'shape':(1,)}", 4), ErrorCode::kUnsupported);
  EXPECT_EQ(code("{'descr':'<f8','fortran_order':False,'shape':(1,)}", 8), ErrorCode::kUnsupported);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':True,'shape':(1,)}", 4), ErrorCode::kUnsupported);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False,'shape':(0,)}", 0), ErrorCode::kUnsupported);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False,'shape':(1,)}", 4, 3),
            ErrorCode::kUnsupported);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False,'shape':(1)}", 4), ErrorCode::kMalformed);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False,'shape':(1 1)}", 4), ErrorCode::kMalformed);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False}", 4), ErrorCode::kMalformed);
  EXPECT_EQ(code("{'descr':'<f4','descr':'<f4','fortran_order':False,'shape':(1,)}", 4),
            ErrorCode::kMalformed);
  EXPECT_EQ(code("{'descr':'<f4','fortran_order':False,'shape':(1,)}x", 4), ErrorCode::kMalformed);
  EXPECT_EQ(code("", 0), ErrorCode::kMalformed);
  EXPECT_EQ(code("{'descr':'|u1','fortran_order':False,'shape':(1,1,1,1,1,1,1)}", 1),
            ErrorCode::kLimit);
  EXPECT_EQ(code("{'descr':'|u1','fortran_order':False,'shape':(99999999999999999999,)}", 1),
            ErrorCode::kLimit);
  EXPECT_EQ(code("{'descr':'|u1','fortran_order':False,'shape':(4294967296,4294967296)}", 1),
            ErrorCode::kLimit);
}

}  // namespace
}  // namespace assay::tensor
