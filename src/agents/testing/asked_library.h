// What tests of written answers begin from: a small library, a scripted chat model, and who writes with it.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "agents/ask.h"
#include "agents/replay.h"
#include "agents/testing/one_line.h"
#include "retrieval/testing/small_library.h"

namespace docmind::agents {

class AskedLibrary : public ::testing::Test {
 protected:
  // `writer`, `general`: null, they are not there.
  Answer answer_with(const Question& question, const AskOptions& options, const AnswerWriter* writer,
                     const GeneralKnowledge* general = nullptr) {
    const auto answer = ask(question, options,
                            {.library = library_.library(),
                             .index = *index_,
                             .clock = library_.clock(),
                             .rng = library_.rng(),
                             .writer = writer,
                             .general = general,
                             .supervision = supervision_,
                             .watch = watch_},
                            Deadline::never(), {});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return *answer;
  }

  // Its trace gives the same answer again, without index and model.
  void expect_replays(const Answer& answer) {
    const std::string trace = *library_.read().trace(answer.trace_id);
    const auto again = replay(trace, {.library = library_.library(), .clock = library_.clock(), .rng = library_.rng()},
                              Deadline::never(), {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_THAT(again->differences, ::testing::IsEmpty());
    EXPECT_EQ(again->answer.text, answer.text);
    EXPECT_EQ(again->answer.fallbacks, answer.fallbacks);
  }

  retrieval::SmallLibrary library_;
  std::unique_ptr<retrieval::Index> index_;  // When all is put.
  OneLine model_;
  context::TokenCounter counter_{model_};
  std::unique_ptr<exec::Pool> pool_ = *exec::Pool::open({.threads = 4});
  AnswerWriter writer_{model_, counter_, *pool_};
  GeneralKnowledge general_{model_, counter_};
  const Supervision* supervision_ = nullptr;  // Of a test that has one.
  Watch watch_{};
};

}  // namespace docmind::agents
