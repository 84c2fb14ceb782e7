#include "model/unigram_tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/base64.h"

namespace docmind::model {
namespace {

const std::string kPieces = R"(["<s>",0],["<pad>",0],["</s>",0],["<unk>",0],["a",-1.5],["<mask>",0])";

std::string tokenizer(const std::string& pieces, const std::string& more = "") {
  return R"({"added_tokens":[{"id":0,"content":"<s>","special":true},{"id":6,"content":"more"}],)"
         R"("model":{"type":"Unigram","vocab":[)" +
         pieces + "]}" + more + "}";
}

const MetadataValue* find(const Metadata& all, std::string_view key) {
  const auto at = std::ranges::find(all, key, [](const auto& entry) { return std::string_view(entry.first); });
  return at == all.end() ? nullptr : &at->second;
}

TEST(UnigramTokenizer, ReadsPiecesScoresAndKinds) {
  const auto all = unigram_metadata({.tokenizer = tokenizer(kPieces)}, 8);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(std::get<std::vector<std::string>>(*find(*all, "tokenizer.ggml.tokens")),
            (std::vector<std::string>{"<s>", "<pad>", "</s>", "<unk>", "a", "<mask>", "more", "[PAD7]"}));
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(*find(*all, "tokenizer.ggml.token_type")),
            (std::vector<std::int32_t>{3, 1, 1, 2, 1, 1, 4, 5}));
  EXPECT_EQ(std::get<std::vector<float>>(*find(*all, "tokenizer.ggml.scores"))[4], -1.5F);
  EXPECT_EQ(std::get<std::uint32_t>(*find(*all, "tokenizer.ggml.mask_token_id")), 5U);
  EXPECT_EQ(find(*all, "tokenizer.ggml.precompiled_charsmap"), nullptr);
}

TEST(UnigramTokenizer, KeepsTheMapOfCharactersWhereverItStands) {
  const std::string bytes("\x04\0\0\0abcdrest", 12);
  const std::string packed = to_base64(bytes);
  for (const std::string& normaliser :
       {R"({"type":"Precompiled","precompiled_charsmap":")" + packed + "\"}",
        R"({"type":"Sequence","normalizers":[{"type":"Replace"},{"type":"Precompiled","precompiled_charsmap":")" +
            packed + "\"}]}"}) {
    const auto all = unigram_metadata({.tokenizer = tokenizer(kPieces, ",\"normalizer\":" + normaliser)}, 8);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(std::get<std::vector<std::uint8_t>>(*find(*all, "tokenizer.ggml.precompiled_charsmap")),
              std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  }
  for (const char* bad : {"\"!\"", "5", "\"QUJD\""}) {
    const std::string normaliser = std::string(R"(,"normalizer":{"precompiled_charsmap":)") + bad + "}";
    EXPECT_EQ(unigram_metadata({.tokenizer = tokenizer(kPieces, normaliser)}, 8).error().code, Code::kInvalidArgument);
  }
}

TEST(UnigramTokenizer, RefusesWhatIsBroken) {
  for (const std::string& pieces : {std::string(), std::string("5"), kPieces + R"(,["a",0])", kPieces + R"(,["",0])",
                                    kPieces + R"(,["b","0"])", kPieces + R"(,["b",1e999])", kPieces + R"(,["b"])"}) {
    EXPECT_FALSE(unigram_metadata({.tokenizer = tokenizer(pieces)}, 8)) << pieces;
  }
  EXPECT_FALSE(unigram_metadata({.tokenizer = tokenizer(kPieces)}, 5));
  EXPECT_EQ(unigram_metadata({}, 8).error().code, Code::kNotFound);
  EXPECT_FALSE(unigram_metadata({.tokenizer = "{}"}, 8));
}

}  // namespace
}  // namespace docmind::model
