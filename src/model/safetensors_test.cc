#include "model/safetensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <filesystem>

namespace docmind::model {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  std::string file(const std::string& header, const std::string& data) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
    return raw(bytes + header + data);
  }
  std::string raw(const std::string& bytes) {
    const auto path = std::filesystem::path(testing::TempDir()) /
                      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".safetensors");
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }
  static std::string floats(std::initializer_list<float> values) {
    std::string out;
    for (const float v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
    return out;
  }
  void expect_damaged(const std::string& path, std::string_view why) {
    const auto opened = Safetensors::open(path);
    ASSERT_FALSE(opened) << why;
    EXPECT_EQ(opened.error().code, Code::kDataLoss);
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
  }
};

TEST_F(SafetensorsTest, ReadsEveryFloatFormat) {
  std::string data = floats({1.5F, -2});
  data += std::string("\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8);  // f16: 1, -2, 2^-24, infinity
  data += std::string("\x80\x3f\x40\xc0", 4);                  // bf16: 1, -3
  const auto opened = Safetensors::open(file(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,2],"data_offsets":[8,16]},)"
      R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]}})",
      data));
  ASSERT_TRUE(opened);
  Safetensors& file = **opened;
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.tensors()[1].name, "b");
  EXPECT_EQ(*file.read_f32(*file.find("a")), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(*file.read_f32(*file.find("b")),
            (std::vector<float>{1, -2, 0x1p-24F, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(*file.read_f32(*file.find("c")), (std::vector<float>{1, -3}));
  EXPECT_EQ(file.find("d"), nullptr);
}

TEST_F(SafetensorsTest, ListsButDoesNotReadOtherNumbers) {
  const auto opened =
      Safetensors::open(file(R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\0')));
  ASSERT_TRUE(opened);
  const auto values = (*opened)->read_f32((*opened)->tensors()[0]);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Code::kInvalidArgument);
}

TEST_F(SafetensorsTest, RefusesAbsentFile) {
  EXPECT_EQ(Safetensors::open("/nowhere/model.safetensors").error().code, Code::kNotFound);
}

TEST_F(SafetensorsTest, RefusesEmptyAndShortFiles) {
  expect_damaged(raw(""), "no header");
  expect_damaged(raw("1234567"), "no header");
}

TEST_F(SafetensorsTest, RefusesHeaderLongerThanFileWithoutAllocatingIt) {
  expect_damaged(raw(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}"), "longer than");
  expect_damaged(raw(std::string("\x03\x00\x00\x00\x00\x00\x00\x00", 8) + "{}"), "longer than");
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
    const auto path = file(std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)") + offsets + "}}", two);
    EXPECT_FALSE(Safetensors::open(path)) << offsets;
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
