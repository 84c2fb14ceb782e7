#include "model/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace docmind::model {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  static std::string file(const std::string& header, const std::string& data) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
    return bytes + header + data;
  }
  static std::string floats(std::initializer_list<float> values) {
    std::string out;
    for (const float v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
    return out;
  }
  static void expect_damaged(const std::string& bytes, std::string_view why) {
    const auto parsed = parse_safetensors(bytes);
    ASSERT_FALSE(parsed) << why;
    EXPECT_EQ(parsed.error().code, Code::kDataLoss);
    EXPECT_NE(parsed.error().message.find(why), std::string::npos) << parsed.error().message;
  }
  static std::vector<float> all(const TensorInfo& tensor) {
    std::vector<float> out(tensor.elements());
    read_floats(tensor, 0, out);
    return out;
  }
};

TEST_F(SafetensorsTest, ReadsEveryFloatFormat) {
  std::string data = floats({1.5F, -2});
  data += std::string("\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8);  // f16: 1, -2, 2^-24, infinity
  data += std::string("\x80\x3f\x40\xc0", 4);                  // bf16: 1, -3
  const std::string bytes = file(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,2],"data_offsets":[8,16]},)"
      R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]}})",
      data);
  const auto tensors = parse_safetensors(bytes);
  ASSERT_TRUE(tensors);
  ASSERT_EQ(tensors->size(), 3U);
  EXPECT_EQ((*tensors)[1].name, "b");
  EXPECT_EQ(all((*tensors)[0]), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(all((*tensors)[1]), (std::vector<float>{1, -2, 0x1p-24F, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(all((*tensors)[2]), (std::vector<float>{1, -3}));
  std::vector<float> part(2);
  read_floats((*tensors)[1], 1, part);
  EXPECT_EQ(part, (std::vector<float>{-2, 0x1p-24F}));
}

// Against the definition of E4M3: sign, 4 bits of exponent with bias 7, 3 of mantissa; 0x7f and 0xff are no numbers.
TEST_F(SafetensorsTest, ReadsAll256NumbersOfE4m3) {
  std::string data;
  for (int i = 0; i < 256; ++i) data += static_cast<char>(i);
  const std::string bytes = file(R"({"a":{"dtype":"F8_E4M3","shape":[16,16],"data_offsets":[0,256]}})", data);
  const auto tensors = parse_safetensors(bytes);
  ASSERT_TRUE(tensors);
  const std::vector<float> values = all((*tensors)[0]);
  for (std::size_t i = 0; i < 256; ++i) {
    const std::size_t exponent = (i >> 3U) & 15U;
    const double mantissa = static_cast<double>(i & 7U) / 8;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -6) : std::ldexp(1 + mantissa, static_cast<int>(exponent) - 7);
    if ((i & 0x7fU) == 0x7f) {
      EXPECT_TRUE(std::isnan(values[i]));
    } else {
      EXPECT_EQ(values[i], i < 128 ? magnitude : -magnitude) << i;
    }
  }
  EXPECT_EQ(values[0x7e], 448);
}

TEST_F(SafetensorsTest, ListsButDoesNotReadOtherNumbers) {
  const std::string ids = file(R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\0'));
  EXPECT_EQ((*parse_safetensors(ids))[0].dtype, Dtype::kOther);
  const std::string unknown = file(R"({"x":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", "12");
  EXPECT_EQ((*parse_safetensors(unknown))[0].dtype, Dtype::kOther);
  expect_damaged(file(R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,4]}})", "1234"), "another size");
}

TEST_F(SafetensorsTest, RefusesEmptyAndShortFiles) {
  expect_damaged("", "no header");
  expect_damaged("1234567", "no header");
}

TEST_F(SafetensorsTest, RefusesHeaderLongerThanFileWithoutAllocatingIt) {
  expect_damaged(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}", "longer than");
  expect_damaged(std::string("\x03\x00\x00\x00\x00\x00\x00\x00", 8) + "{}", "longer than");
}

TEST_F(SafetensorsTest, RefusesHeaderThatIsNotAnObject) {
  expect_damaged(file("[1,2]", ""), "JSON object");
  expect_damaged(file("{\"a\":", ""), "JSON object");
  expect_damaged(file(std::string(100'000, '['), ""), "JSON object");
  expect_damaged(file(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}})", ""), "JSON object");
}

TEST_F(SafetensorsTest, RefusesTruncatedData) {
  expect_damaged(file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", floats({1})), "outside");
}

TEST_F(SafetensorsTest, RefusesOffsetsThatLie) {
  const std::string two = floats({1, 2});
  for (const char* offsets : {"[8,0]", "[0,9]", "[-8,8]", "[0,18446744073709551615]", "[0.5,8]", "[0]", "\"0,8\""}) {
    const auto bytes = file(std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)") + offsets + "}}", two);
    EXPECT_FALSE(parse_safetensors(bytes)) << offsets;
  }
}

TEST_F(SafetensorsTest, RefusesShapeOfAnotherSize) {
  expect_damaged(file(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", floats({1, 2})), "another size");
  expect_damaged(file(R"({"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}})", floats({1, 2})),
                 "another size");
  expect_damaged(
      file(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}})", floats({1, 2})),
      "larger than any file");
}

TEST_F(SafetensorsTest, RefusesOverlapAndHoles) {
  expect_damaged(
      file(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          floats({1, 2})),
      "overlaps");
  expect_damaged(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", floats({1, 2})), "do not fill");
}

}  // namespace
}  // namespace docmind::model
