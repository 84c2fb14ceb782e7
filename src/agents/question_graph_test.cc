// The five agents as a graph: who runs when, who is replaced by whom, and that nothing of one that was left comes back.
#include "agents/question_graph.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>

#include "base/testing/threaded_seams.h"

namespace docmind::agents {
namespace {

retrieval::Candidate candidate_of(std::int64_t unit) {
  retrieval::Candidate out;
  out.unit = unit;
  return out;
}

DraftClaim claim_of(std::string text) {
  DraftClaim out;
  out.passages.resize(1);
  out.passages.front().pieces = {std::move(text)};
  return out;
}

Evidence evidence_of(std::string text, std::int64_t unit = 1) {
  Evidence out;
  out.found.candidates.push_back(candidate_of(unit));
  out.found.units[unit].unit.text = std::move(text);
  return out;
}

Claim cited(std::string text) {
  Claim claim;
  claim.text = std::move(text);
  claim.citations.emplace_back();
  return claim;
}

// Agents that say what was done to the question: each adds its word.
Agents plain() {
  Agents out;
  out.query_router = [](std::string_view question, const Call&) -> Result<Routing> {
    return Routing{Route::kHybrid, std::string(question), ""};
  };
  out.query_planner = [](const Routing& routing, const Call&) -> Result<Plan> {
    return Plan{{{routing.question + " left", "left"}, {routing.question + " right", "right"}}};
  };
  out.retrieval_expert = [](const Part& part, Route, const Call&) -> Result<Evidence> {
    return evidence_of("found for " + part.text);
  };
  out.result_synthesizer = [](const std::vector<Evidence>& evidence, const Call&) -> Result<Draft> {
    Draft draft;
    for (const Evidence& one : evidence) {
      draft.claims.push_back(claim_of(one.found.units.at(1).unit.text));
    }
    return draft;
  };
  out.response_validator = [](const Draft& draft, const Call&) -> Result<Validated> {
    Validated validated;
    for (const DraftClaim& claim : draft.claims)
      validated.claims.push_back(cited(claim.passages.front().pieces.front()));
    return validated;
  };
  return out;
}

// What stands in: like plain(), with one part and a word that tells.
Agents least() {
  Agents out = plain();
  out.query_planner = [](const Routing& routing, const Call&) -> Result<Plan> {
    return Plan{{{routing.question, routing.question}}};
  };
  out.retrieval_expert = [](const Part& part, Route, const Call&) -> Result<Evidence> {
    return evidence_of("by keywords for " + part.text);
  };
  return out;
}

std::vector<std::string> said(const Outcome& outcome) {
  std::vector<std::string> out;
  for (const Claim& claim : outcome.validated.claims) out.push_back(claim.text);
  return out;
}

enum class Fault : std::uint8_t { kFails, kThrows, kGarbage, kHuge, kHangs };
constexpr Fault kFaults[] = {Fault::kFails, Fault::kThrows, Fault::kGarbage, Fault::kHuge, Fault::kHangs};

class QuestionGraph : public ::testing::Test {
 protected:
  QuestionGraph() : pool_(*exec::Pool::open({.threads = 8})) {
    budgets_.planning = budgets_.retrieval = budgets_.writing = budgets_.validation = std::chrono::seconds(30);
    budgets_.bytes = 4096;
  }
  void TearDown() override { release(); }

  void release() {
    if (!released_.try_wait()) released_.count_down();
  }

  Result<Outcome> run(const Agents& agents, Deadline deadline = Deadline::never(), std::stop_token stop = {}) {
    return run_agents("Q", agents, least(), budgets_, {clock_, rng_, pool_.get()}, deadline, stop);
  }

  // Wraps one of the agents: it does `fault` and, where it does come back, hands on `bad`.
  template <typename Out, typename... In>
  std::function<Result<Out>(In...)> faulty(Fault fault, Out garbage, Out huge) {
    return [=, this](In...) -> Result<Out> {
      if (fault == Fault::kFails) return Error{Code::kUnavailable, "it is gone"};
      if (fault == Fault::kThrows) throw std::runtime_error("it threw");
      if (fault == Fault::kGarbage) return garbage;
      if (fault == Fault::kHuge) return huge;
      ++hanging_;
      released_.wait();
      ++returned_;
      return garbage;
    };
  }

  Agents with_fault(std::size_t agent, Fault fault) {
    Agents out = plain();
    const std::string much(1U << 20U, 'x');
    Routing long_question;
    long_question.question = much;
    Plan many;
    many.parts.resize(1000, {"part", "part"});
    Evidence unknown;
    unknown.found.candidates.push_back(candidate_of(7));
    Draft large;
    large.claims.push_back(claim_of(much));
    Validated uncited;
    uncited.claims.emplace_back();
    switch (agent) {
      case 0:
        out.query_router = faulty<Routing, std::string_view, const Call&>(fault, {}, long_question);
        break;
      case 1:
        out.query_planner = faulty<Plan, const Routing&, const Call&>(fault, {}, many);
        break;
      case 2:
        out.retrieval_expert = faulty<Evidence, const Part&, Route, const Call&>(fault, unknown, evidence_of(much));
        break;
      case 3:
        out.result_synthesizer = faulty<Draft, const std::vector<Evidence>&, const Call&>(fault, large, large);
        break;
      default:
        out.response_validator = faulty<Validated, const Draft&, const Call&>(fault, uncited, uncited);
    }
    return out;
  }

  SteadyClock clock_;
  LockedRng rng_{3};
  Budgets budgets_;
  std::latch released_{1};
  std::atomic<int> hanging_ = 0;
  std::atomic<int> returned_ = 0;
  std::unique_ptr<exec::Pool> pool_;  // Last: it waits for agents that were left.
};

TEST_F(QuestionGraph, PartsAreSearchedApartAndComeInTheirOrder) {
  const auto outcome = run(plain());
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(said(*outcome), (std::vector<std::string>{"found for Q left", "found for Q right"}));
  std::vector<std::string> names;
  for (const AgentRun& one : outcome->runs) names.push_back(one.name + " " + one.status);
  EXPECT_EQ(names, (std::vector<std::string>{"query_router ok", "query_planner ok", "retrieval_expert ok",
                                             "result_synthesizer ok", "response_validator ok"}));
  EXPECT_TRUE(outcome->replaced.empty());
  EXPECT_EQ(outcome->evidence.size(), 2U);
}

TEST_F(QuestionGraph, PartsAreSearchedAtTheSameTime) {
  std::latch both(2);
  Agents agents = plain();
  agents.retrieval_expert = [&](const Part& part, Route, const Call&) -> Result<Evidence> {
    both.arrive_and_wait();  // Alone it would wait for ever.
    return evidence_of(part.text);
  };
  const auto outcome = run(agents);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(said(*outcome), (std::vector<std::string>{"Q left", "Q right"}));
}

TEST_F(QuestionGraph, WhoeverFailsIsReplacedAndTheAnswerStands) {
  for (std::size_t agent = 0; agent < 5; ++agent) {
    for (const Fault fault : kFaults) {
      if (fault == Fault::kHangs) continue;
      const auto outcome = run(with_fault(agent, fault));
      ASSERT_TRUE(outcome) << kAgentNames[agent] << static_cast<int>(fault) << outcome.error().message;
      EXPECT_FALSE(said(*outcome).empty()) << kAgentNames[agent];
      ASSERT_FALSE(outcome->replaced.empty()) << kAgentNames[agent] << static_cast<int>(fault);
      EXPECT_EQ(outcome->replaced.front().agent, kAgentNames[agent]);
      EXPECT_EQ(outcome->runs[agent].status, "failed");
      EXPECT_LT(outcome->replaced.front().error.message.size(), 1000U);
    }
  }
}

TEST_F(QuestionGraph, WhoeverHangsIsLeftAndWhatItSaysLaterIsDropped) {
  for (std::size_t agent = 0; agent < 5; ++agent) {
    Duration Budgets::* const budgets[] = {&Budgets::planning, &Budgets::planning, &Budgets::retrieval,
                                           &Budgets::writing, &Budgets::validation};
    Budgets tight = budgets_;
    tight.*budgets[agent] = std::chrono::milliseconds(1);
    const auto outcome = run_agents("Q", with_fault(agent, Fault::kHangs), least(), tight, {clock_, rng_, pool_.get()},
                                    Deadline::never(), {});
    ASSERT_TRUE(outcome) << agent << outcome.error().message;
    EXPECT_FALSE(said(*outcome).empty());
    ASSERT_FALSE(outcome->replaced.empty());
    EXPECT_EQ(outcome->replaced.front().error.code, Code::kDeadlineExceeded);
  }
  EXPECT_GE(hanging_.load(), 5);
  EXPECT_EQ(returned_.load(), 0);
  release();
  pool_.reset();  // Joins them: nothing they touch is gone.
  EXPECT_EQ(returned_.load(), hanging_.load());
}

TEST_F(QuestionGraph, AReplacementThatFailsIsTheErrorOfTheWhole) {
  Agents agents = plain();
  agents.query_router = [](std::string_view, const Call&) -> Result<Routing> {
    return Error{Code::kInvalidArgument, "The question is empty.", "Ask something."};
  };
  const auto outcome = run_agents("", agents, agents, budgets_, {clock_, rng_, pool_.get()}, Deadline::never(), {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kInvalidArgument);
}

TEST_F(QuestionGraph, ACancelIsNoFaultOfAnAgent) {
  std::stop_source stop;
  Agents agents = plain();
  agents.query_planner = [&](const Routing&, const Call&) -> Result<Plan> {
    stop.request_stop();
    return Error{Code::kCancelled, "cancelled"};
  };
  const auto outcome = run(agents, Deadline::never(), stop.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kCancelled);
}

TEST_F(QuestionGraph, AThousandRunsWithFaultsEndWithAnAnswerEach) {
  SeededRng chance(11);
  int answered = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto outcome = run(with_fault(chance.next() % 5, kFaults[chance.next() % 4]));
    answered += outcome && !said(*outcome).empty() && !outcome->replaced.empty() ? 1 : 0;
  }
  EXPECT_EQ(answered, 1000);
  std::latch idle(1);  // What a step asked for and no longer needs may still wait, before this.
  ASSERT_TRUE(pool_->try_submit([&idle] { idle.count_down(); }, exec::Lane::kInteractive));
  idle.wait();
  EXPECT_EQ(pool_->waiting(), 0U);
}

}  // namespace
}  // namespace docmind::agents
