// Every implementation against tests/vectors/numerics/*.json, which an independent generator made.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "assay/codec/json.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/table.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using codec::Json;
using test::Buffer;

struct VectorCase {
  NodeSpec spec;
  std::vector<Buffer> operands;
  Buffer output{0};
  std::string what;
};

std::uint64_t number(const Json& j) {
  const auto* text = j.get<std::string>();
  return text != nullptr ? std::strtoull(text->c_str(), nullptr, 10) : *j.get<std::uint64_t>();
}

DType dtype_named(const std::string& name) {
  for (int i = 1; i <= 6; ++i) {
    if (name == name_of(static_cast<DType>(i))) return static_cast<DType>(i);
  }
  ADD_FAILURE() << "no dtype " << name;
  return DType::kF32;
}

OpCode op_named(const std::string& name) {
  for (const OpCode op : test::kOperators) {
    if (name == name_of(op)) return op;
  }
  ADD_FAILURE() << "no operator " << name;
  return OpCode::kConstant;
}

TensorType read_tensor(const Json& j, Buffer& out) {
  TensorType t;
  t.dtype = dtype_named(*j.find("dtype")->get<std::string>());
  for (const Json& d : *j.find("shape")->get<Json::Array>())
    t.shape.dims[t.shape.rank++] = number(d);
  out = Buffer(t.byte_count());
  const auto& bits = *j.find("bits")->get<Json::Array>();
  EXPECT_EQ(bits.size(), t.shape.elements());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    store_element(t.dtype, out.data(), i,
                  std::strtoull(bits[i].get<std::string>()->c_str(), nullptr, 16));
  }
  return t;
}

VectorCase read_case(const Json& j) {
  VectorCase c;
  c.spec.op = op_named(*j.find("op")->get<std::string>());
  for (const Json& a : *j.find("attributes")->get<Json::Array>()) {
    c.spec.attributes[c.spec.attribute_count++] = number(a);
  }
  for (const Json& operand : *j.find("operands")->get<Json::Array>()) {
    c.operands.emplace_back(0);
    c.spec.operands[c.spec.operand_count++] = read_tensor(operand, c.operands.back());
  }
  c.spec.output = read_tensor(*j.find("output"), c.output);
  c.what = test::describe(c.spec) + ": " + *j.find("note")->get<std::string>();
  return c;
}

std::vector<VectorCase> read_file(const std::string& file) {
  std::ifstream in(std::string(ASSAY_TEST_DATA) + "/numerics/" + file);
  std::stringstream text;
  text << in.rdbuf();
  const auto json = codec::parse_json(text.str());
  EXPECT_TRUE(json.has_value()) << file;
  std::vector<VectorCase> cases;
  if (!json) return cases;
  for (const Json& j : *json->find("cases")->get<Json::Array>()) cases.push_back(read_case(j));
  return cases;
}

void expect_bits(const VectorCase& c, std::uint64_t e, std::uint64_t got, const char* who) {
  EXPECT_EQ(load_element(c.spec.output.dtype, c.output.data(), e), got)
      << who << " element " << e << " of " << c.what;
}

template <class Arithmetic>
void check_definition(const VectorCase& c, const char* who) {
  MemoryAccess access{&c.spec, {}};
  for (unsigned i = 0; i < c.spec.operand_count; ++i) access.operands[i] = c.operands[i].data();
  for (std::uint64_t e = 0; e < c.spec.output.shape.elements(); ++e) {
    expect_bits(c, e, evaluate<Arithmetic>(c.spec, e, access), who);
  }
}

class VectorsTest : public testing::TestWithParam<const char*> {};

TEST_P(VectorsTest, HoldForEveryImplementation) {
  const std::vector<VectorCase> cases = read_file(GetParam());
  ASSERT_FALSE(cases.empty());
  SerialTaskPool pool;
  for (const VectorCase& c : cases) {
    ASSERT_EQ(validate(c.spec), SpecVerdict::kValid) << c.what;
    check_definition<HardwareArithmetic>(c, "hardware");
    check_definition<IntegerArithmetic>(c, "integer");
    for (const Isa isa : kAllIsas) {
      if (!is_supported(isa)) continue;
      const Buffer got = run_node(isa, c.spec, c.operands, pool);
      for (std::uint64_t e = 0; e < c.spec.output.shape.elements(); ++e) {
        expect_bits(c, e, load_element(c.spec.output.dtype, got.data(), e), name_of(isa));
      }
    }
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, VectorsTest,
                         testing::Values("pointwise.json", "reduce.json", "product.json",
                                         "pool.json", "index.json", "functions.json",
                                         "movement.json"),
                         [](const auto& file) {
                           const std::string name = file.param;
                           return name.substr(0, name.find('.'));
                         });

// The table's column of vectors has no hole.
TEST(OperatorTable, NamesVectorsThatExist) {
  std::map<std::string, std::map<OpCode, std::uint64_t>> counts;
  for (const OperatorRow& row : operator_table()) {
    const std::string file = row.vectors;
    if (file.starts_with("none: ")) continue;
    if (!counts.contains(file)) {
      for (const VectorCase& c : read_file(file))
        counts[file][c.spec.op] += c.spec.output.shape.elements();
    }
    EXPECT_GE(counts[file][row.op], 20U) << row.name << " has too few elements in " << file;
  }
}

}  // namespace
}  // namespace assay::numerics
