#include "agents/kept_answer.h"

#include <gtest/gtest.h>

#include "agents/answer_digest.h"

namespace docmind::agents {
namespace {

Answer sample() {
  Answer answer;
  answer.text = "Die Pumpe läuft mit 40 bar. \"测试\"";
  answer.generated = true;
  answer.status = AnswerStatus::kAnswered;
  answer.query_used = "pump";
  answer.route = "hybrid";
  answer.units_read = 3;
  answer.units_total = 9;
  answer.parts = 2;
  answer.model = "m";
  Claim& claim = answer.claims.emplace_back();
  claim.text = "40 bar.";
  Citation& citation = claim.citations.emplace_back();
  citation.document = "/a/b.pdf";
  citation.document_id = "01J";
  citation.version = "ff";
  citation.page = 3;
  citation.page_label = "iii";
  citation.locator = "1 > 2";
  citation.span = {1ULL << 40U, (1ULL << 40U) + 7};
  citation.quote = "40 bar.";
  citation.before = "at";
  citation.after = "and";
  claim.citations.push_back(citation);
  claim.citations.back().page.reset();
  return answer;
}

TEST(KeptAnswer, ComesBackTheSameByteForByte) {
  const Answer answer = sample();
  const auto back = read_kept_answer(keep_answer(answer));
  ASSERT_TRUE(back);
  EXPECT_EQ(digest_of(*back), digest_of(answer));
  EXPECT_EQ(back->parts, answer.parts);
}

TEST(KeptAnswer, AnythingElseIsRefused) {
  for (const char* broken : {"", "{", "[]", "{}", "null", R"({"answer_version":2})", R"({"answer_version":"1"})"}) {
    const auto read = read_kept_answer(broken);
    ASSERT_FALSE(read) << broken;
    EXPECT_EQ(read.error().code, Code::kDataLoss);
  }
  // What is of another kind counts as not there.
  EXPECT_TRUE(read_kept_answer(R"({"answer_version":1,"claims":[7,{"citations":{}}]})"));
}

}  // namespace
}  // namespace docmind::agents
