#include "cache/record.h"

#include <gtest/gtest.h>

namespace docmind::cache {
namespace {

Record sample() {
  Record record;
  record.scope = content_hash("scope");
  record.key = "key";
  record.name = "docmind::ask::was ist das";
  record.question = std::string("Was\0 ist 测试 \xff", 16);
  record.space = "model";
  record.vector = {0, 1, 0x3c00, 0xffff};
  record.user = "anna";
  record.session = "one";
  record.trace_id = "01J";
  record.said = "So.";
  record.made_ms = -5;
  record.seconds = 0.25;
  record.tokens = 1ULL << 40U;
  record.manifest.cited = {{"id", "a.txt", "v", {3, 9}, content_hash("quote")}};
  record.manifest.read = {"id", "other"};
  record.manifest.renewal = Renewal::kLookAgain;
  record.manifest.best = content_hash("best");
  record.manifest.generation = 7;
  record.answer = "{}";
  return record;
}

TEST(Record, ComesBackAsItWas) {
  const auto back = read_record(write_record(sample()));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, sample());
  const auto empty = read_record(write_record({}));
  ASSERT_TRUE(empty);
  EXPECT_EQ(*empty, Record{});
}

TEST(Record, EveryTruncationAndEveryAdditionIsNoticed) {
  const std::string bytes = write_record(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto part = read_record(bytes.substr(0, size));
    ASSERT_FALSE(part) << size;
    EXPECT_EQ(part.error().code, Code::kDataLoss);
  }
  EXPECT_FALSE(read_record(bytes + '\0'));
}

TEST(Record, ARenewalThatThereIsNotIsNone) {
  std::string bytes = write_record({});
  const std::size_t renewal = bytes.size() - 4 - 8 - 32 - 4;  // Before best, generation and the answer's length.
  ASSERT_EQ(bytes[renewal], static_cast<char>(Record{}.manifest.renewal));
  bytes[renewal] = 2;
  EXPECT_FALSE(read_record(bytes));
}

// Lengths of 4 GiB and the like: refused, and nothing is allocated for them.
TEST(Record, NoBitFlipMakesItReadBeyondItsEnd) {
  const std::string bytes = write_record(sample());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string bitten = bytes;
    bitten[bit / 8] = static_cast<char>(bitten[bit / 8] ^ (1 << (bit % 8)));
    const auto read = read_record(bitten);
    if (read) {
      EXPECT_FALSE(*read == sample()) << bit;
    }
  }
}

}  // namespace
}  // namespace docmind::cache
