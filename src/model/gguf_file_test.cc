#include "model/gguf_file.h"

#include <gtest/gtest.h>

#include "model/testing/gguf_bytes.h"

namespace docmind::model {
namespace {

// Checks that the bytes are refused, with this in the sentence.
void expect_refused(const std::string& bytes, std::string_view why) {
  const auto parsed = GgufFile::parse(bytes);
  ASSERT_FALSE(parsed) << why;
  EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
  EXPECT_NE(parsed.error().message.find(why), std::string::npos) << parsed.error().message;
  EXPECT_FALSE(parsed.error().hint.empty());
}

TEST(GgufFile, ReadsEveryTypeOfValue) {
  const std::string bytes = GgufBytes()
                                .entry("a.u8", GgufType::kU8, "\xff")
                                .entry("a.i8", GgufType::kI8, "\xff")
                                .entry("a.u16", GgufType::kU16, GgufBytes::raw(std::uint16_t{65535}))
                                .entry("a.i64", GgufType::kI64, GgufBytes::raw(std::int64_t{1} << 40))
                                .entry("a.f64", GgufType::kF64, GgufBytes::raw(0.25))
                                .u32("a.u32", 7)
                                .f32("a.f32", 0.5F)
                                .flag("a.flag", true)
                                .str("a.text", "船 and \"more\"")
                                .texts("a.texts", {"one", "", "three"})
                                .array("a.numbers", GgufType::kI32, 2, GgufBytes::raw(std::int64_t{5}))
                                .tensor("t.one", {8, 3})
                                .tensor("t.two", {32}, 8, 96)
                                .bytes() +
                            std::string(64, 'x');
  const auto file = GgufFile::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->integer("a.u8"), 255U);
  EXPECT_EQ(file->integer("a.i8"), std::nullopt);  // Negative.
  EXPECT_EQ(file->integer("a.u16"), 65535U);
  EXPECT_EQ(file->integer("a.i64"), 1ULL << 40U);
  EXPECT_EQ(file->number("a.f64"), 0.25);
  EXPECT_EQ(file->number("a.f32"), 0.5);
  EXPECT_EQ(file->flag("a.flag"), true);
  EXPECT_EQ(file->text("a.text"), "船 and \"more\"");
  EXPECT_EQ(file->texts("a.texts"), (std::vector<std::string_view>{"one", "", "three"}));
  EXPECT_EQ(file->find("a.numbers")->value.size(), 8U);
  EXPECT_EQ(file->integer("absent"), std::nullopt);
  EXPECT_EQ(file->text("a.u32"), std::nullopt);
  EXPECT_TRUE(file->texts("a.numbers").empty());
  ASSERT_EQ(file->tensors.size(), 2U);
  EXPECT_EQ(file->tensor("t.one")->elements(), 24U);
  EXPECT_EQ(file->tensor("t.one")->bytes.size(), 96U);
  EXPECT_EQ(file->tensor("t.two")->bytes.size(), 34U);  // One block of Q8_0.
  EXPECT_EQ(file->tensor("absent"), nullptr);
}

TEST(GgufFile, EveryCutIsRefused) {
  const std::string good = TinyQwen().gguf().bytes();
  ASSERT_TRUE(GgufFile::parse(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(GgufFile::parse(std::string_view(good).substr(0, size))) << size;
  }
}

TEST(GgufFile, RefusesWhatIsNoGguf) {
  expect_refused("", "not a GGUF");
  expect_refused("PK\x03\x04 something else", "not a GGUF");
  GgufBytes big_endian;
  big_endian.version = 0x03000000;
  expect_refused(big_endian.bytes(), "byte order");
  GgufBytes old;
  old.version = 1;
  expect_refused(old.bytes(), "version");
}

TEST(GgufFile, RefusesCountsBeyondTheFile) {
  for (const std::uint64_t count : {std::uint64_t{1} << 16U, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
    GgufBytes tensors;
    tensors.tensor_count = count;
    EXPECT_FALSE(GgufFile::parse(tensors.bytes()));
    GgufBytes entries;
    entries.entry_count = count;
    EXPECT_FALSE(GgufFile::parse(entries.bytes()));
    expect_refused(GgufBytes().array("a", GgufType::kU64, count, "").bytes(), "\"a\"");
    expect_refused(GgufBytes().array("a", GgufType::kText, count, "").bytes(), "\"a\"");
    expect_refused(GgufBytes().entry("a", GgufType::kText, GgufBytes::raw(count) + "x").bytes(), "\"a\"");
  }
}

TEST(GgufFile, RefusesKeysThatAreNotText) {
  for (const std::string key : {"", "a\nb", "\xff", "a\x7f"})
    expect_refused(GgufBytes().u32(key, 1).bytes(), "not text");
  expect_refused(GgufBytes().u32(std::string(257, 'k'), 1).bytes(), "not text");
  expect_refused(GgufBytes().u32("k", 1).u32("k", 1).bytes(), "twice");
  expect_refused(GgufBytes().entry("k", static_cast<GgufType>(13), "1234").bytes(), "type");
  expect_refused(GgufBytes().entry("k", GgufType::kBool, "\x02").bytes(), "yes or no");
  expect_refused(GgufBytes().array("k", GgufType::kBool, 2, std::string("\0\x05", 2)).bytes(), "yes or no");
  expect_refused(GgufBytes().array("k", GgufType::kArray, 0, "").bytes(), "array of arrays");
}

TEST(GgufFile, RefusesTensorsThatNoFileCanHold) {
  const std::uint64_t huge = std::uint64_t{1} << 33U;
  expect_refused(GgufBytes().tensor("t", {huge, huge}, 0, 0).bytes(), "shape");      // 2^66 wraps to 4.
  expect_refused(GgufBytes().tensor("t", {1ULL << 62U, 4}, 0, 0).bytes(), "shape");  // 2^64 wraps to 0.
  expect_refused(GgufBytes().tensor("t", {1ULL << 61U, 1}, 0, 0).bytes(), "shape");
  expect_refused(GgufBytes().tensor("t", {0}, 0, 0).bytes(), "shape");
  expect_refused(GgufBytes().tensor("t", {1, 1, 1, 1, 1}, 0, 0).bytes(), "dimensions");
  expect_refused(GgufBytes().tensor("t", {}, 0, 0).bytes(), "dimensions");
  expect_refused(GgufBytes().tensor("t", {1ULL << 40U}, 0, 0).bytes(), "cut off");
  for (const std::uint32_t type : {4U, 31U, 43U, 1000U, ~0U}) {  // Removed from ggml, or never there.
    expect_refused(GgufBytes().tensor("t", {32}, type, 0).bytes(), "number format");
  }
  expect_refused(GgufBytes().tensor("t", {33}, 8, 0).bytes(), "whole blocks");
  expect_refused(GgufBytes().tensor("t", {128}, 12, 0).bytes(), "whole blocks");
}

TEST(GgufFile, RefusesTensorsThatLieWrong) {
  expect_refused(GgufBytes().tensor("t", {8}).tensor("u", {8}, 0, 0).bytes(), "overlaps");
  expect_refused(GgufBytes().tensor("t", {8}).tensor("u", {8}, 0, 64).bytes(), "hole");
  expect_refused(GgufBytes().tensor("t", {8}, 0, 8).bytes(), "aligned");
  expect_refused(GgufBytes().tensor("t", {8}, 0, ~0ULL - 31).bytes(), "overlaps");
  expect_refused(GgufBytes().tensor("t", {8}).tensor("t", {8}).bytes(), "twice");
  expect_refused(GgufBytes().tensor(std::string(64, 't'), {8}).bytes(), "63 bytes");
  expect_refused(GgufBytes().tensor("", {8}).bytes(), "name of a tensor");
}

TEST(GgufFile, RefusesAnAlignmentThatIsNone) {
  for (const std::uint32_t value : {0U, 1U, 24U, 1U << 17U, ~0U}) {
    expect_refused(GgufBytes().u32("general.alignment", value).bytes(), "alignment");
  }
  expect_refused(GgufBytes().f32("general.alignment", 32).bytes(), "alignment");
  EXPECT_TRUE(GgufFile::parse(GgufBytes().u32("general.alignment", 16).bytes()));
}

}  // namespace
}  // namespace docmind::model
