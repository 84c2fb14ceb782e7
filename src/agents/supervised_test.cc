// Answers written under a supervisor: what each of the team is shown, what becomes of what the tools showed and of what
// was written, and that the plain path answers whatever goes wrong.
#include "agents/supervised.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <stdexcept>

#include "agents/replay.h"
#include "agents/testing/asked_library.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/testing/threaded_seams.h"

namespace docmind::agents {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kSails = "Where are the sails sewn by hand?";
constexpr const char* kLead = "supervisor";
constexpr const char* kFinder = "retrieval_expert";
constexpr const char* kFigures = "figures_expert";
constexpr const char* kPlain = "plain";

using Says = std::function<Result<llm::ChatReply>(const llm::ChatRequest&)>;

llm::ChatReply text(std::string words) {
  return {.content = std::move(words), .usage = {.prompt = 100, .cached = 40, .completion = 9}};
}
Says says(std::string words) {
  return [words = std::move(words)](const llm::ChatRequest&) -> Result<llm::ChatReply> { return text(words); };
}
llm::ChatReply calling(std::vector<llm::ToolCall> calls) {
  llm::ChatReply out = text("");
  out.tool_calls = std::move(calls);
  return out;
}
Says calls(std::vector<llm::ToolCall> what) {
  return [what = std::move(what)](const llm::ChatRequest&) -> Result<llm::ChatReply> { return calling(what); };
}
Says search(const std::string& query) { return calls({{"", "search", R"({"query":")" + query + R"("})"}}); }
llm::ToolCall dispatch(const std::vector<std::pair<std::string, std::string>>& tasks) {
  std::string list;
  for (const auto& [agent, task] : tasks) {
    list += (list.empty() ? "" : ",") + (R"({"agent":")" + agent) + R"(","task":")" + task + R"("})";
  }
  return {"", "dispatch", R"({"destinations":[)" + list + "]}"};
}

std::string who(const llm::ChatRequest& request) {
  const std::string& prompt = request.messages.front().content;
  if (prompt.starts_with("You lead")) return kLead;
  if (prompt.starts_with("You find places")) return kFinder;
  return prompt.starts_with("You get figures") ? kFigures : kPlain;
}

// The number of the passage that holds `words`, as a model reads it: "[9]".
std::string mark_of(std::string_view words, const llm::ChatRequest& request) {
  for (std::size_t i = 0; i < request.passages.size(); ++i) {
    if (request.passages[i].text.find(words) != std::string::npos) return "[" + std::to_string(i + 1) + "]";
  }
  for (const llm::ChatMessage& message : request.messages) {
    const std::size_t at = message.content.rfind(words);
    if (at == std::string::npos || message.role == llm::Role::kSystem) continue;
    const std::size_t mark = message.content.rfind("\n[", at);
    if (mark != std::string::npos) return message.content.substr(mark + 1, message.content.find(']', mark) - mark);
  }
  return "[0]";
}
Says cites(std::string words, std::string where) {
  return [=](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    return text(words + " " + mark_of(where, request) + ".");
  };
}

class SupervisedTest : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put(
        {"/d/boats.txt",
         {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in 1911 in Bergen."}},
          {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a loft."}}},
         "text",
         0,
         1});
    library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}}}});
    index_ = library_.index();
    toolbox_ = *Toolbox::create(library_.library(), *index_);
    supervise({});
    model_.tools = true;
    model_.line = [this](const llm::ChatRequest& request) { return next_line(request); };
    script_[kPlain] = {cites("The sails are sewn by hand", "sewn by hand")};
  }

  void supervise(SupervisionOptions options) {
    supervised_by_.emplace(Supervision{.toolbox = *toolbox_, .pool = *pool_, .options = options});
    supervision_ = &*supervised_by_;
  }

  // The last of an agent's lines is said again and again.
  Result<llm::ChatReply> next_line(const llm::ChatRequest& request) {
    Says line;
    {
      const std::lock_guard lock(mutex_);
      const std::string agent = who(request);
      const std::vector<Says>& lines = script_[agent];
      if (lines.empty()) return Error{Code::kInternal, agent + " was not to be asked"};
      std::size_t& at = said_[agent];
      line = lines[std::min(at, lines.size() - 1)];
      ++at;
    }
    return line(request);
  }

  // One passage is found at first, so that tools have something to find.
  AskOptions one_passage() const {
    AskOptions options;
    options.synthesis.tau = 0.5;
    options.retrieval.nearest = 1;
    return options;
  }
  Answer answer() { return answer_with({kSails, {}}, one_passage(), &writer_); }

  std::vector<llm::ChatRequest> asked_of(const std::string& agent) const {
    std::vector<llm::ChatRequest> out;
    for (const llm::ChatRequest& one : model_.asked) {
      if (who(one) == agent) out.push_back(one);
    }
    return out;
  }

  std::string trace_of(const Answer& answer) { return *library_.read().trace(answer.trace_id); }

  void expect_same_again(const Answer& answer) {
    const std::string trace = trace_of(answer);
    model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
      ADD_FAILURE() << "the model was asked";
      return Error{Code::kInternal, "it was asked"};
    };
    toolbox_.reset();
    index_.reset();  // So that nothing can be searched.
    const auto again = replay(trace, {.library = library_.library(), .clock = library_.clock(), .rng = library_.rng()},
                              Deadline::never(), {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_THAT(again->differences, IsEmpty());
    EXPECT_EQ(again->answer.text, answer.text);
    EXPECT_EQ(again->answer.fallbacks, answer.fallbacks);
    EXPECT_EQ(again->answer.partial_reason, answer.partial_reason);
  }

  void expect_plain_answer(const Answer& answer, std::string_view why) {
    EXPECT_EQ(answer.text, "The sails are sewn by hand.");
    EXPECT_TRUE(answer.generated);
    EXPECT_EQ(answer.status, AnswerStatus::kPartial);
    EXPECT_THAT(answer.fallbacks, Contains(AllOf(HasSubstr("supervisor: "), HasSubstr(std::string(why)))));
    EXPECT_THAT(answer.partial_reason, HasSubstr("supervisor: "));
  }

  std::unique_ptr<Toolbox> toolbox_;
  std::optional<Supervision> supervised_by_;
  std::map<std::string, std::vector<Says>> script_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> said_;
};

TEST_F(SupervisedTest, WhoStoodInIsTold) {
  script_[kLead] = {cites("The sails are sewn by hand in a loft", "sewn by hand")};
  Says& lead = script_[kLead].front();
  lead = [says = std::move(lead)](const llm::ChatRequest& request) {
    auto reply = says(request);
    reply->fallbacks = {"Another backend wrote it: vllm: it died"};
    return reply;
  };
  const Answer got = answer();
  EXPECT_EQ(got.text, "The sails are sewn by hand in a loft.");
  EXPECT_THAT(got.fallbacks, testing::ElementsAre("Another backend wrote it: vllm: it died"));
  expect_same_again(got);
}

TEST_F(SupervisedTest, WhatIsFoundFirstIsShownAndMayBeEnough) {
  script_[kLead] = {cites("The sails are sewn by hand in a loft", "sewn by hand")};
  const Answer got = answer();
  EXPECT_EQ(got.text, "The sails are sewn by hand in a loft.");
  EXPECT_EQ(got.status, AnswerStatus::kAnswered) << got.partial_reason;
  EXPECT_TRUE(got.generated);
  EXPECT_THAT(got.fallbacks, IsEmpty());
  ASSERT_THAT(model_.asked, SizeIs(1));  // No call more than the plain path's.
  const llm::ChatRequest& asked = model_.asked.front();
  ASSERT_THAT(asked.passages, SizeIs(1));
  EXPECT_THAT(asked.passages.front().title, HasSubstr("[1] boats.txt, page 2"));
  EXPECT_EQ(asked.messages.back().content, kSails);
  ASSERT_THAT(asked.tools, SizeIs(1));
  EXPECT_EQ(asked.tools.front().name, "dispatch");
  ASSERT_EQ(got.claims.size(), 1U);
  ASSERT_FALSE(got.claims.front().citations.empty());
  EXPECT_EQ(got.claims.front().citations.front().quote, "The sails are sewn by hand in a loft.");
  EXPECT_EQ(got.tokens.prompt, 100U);
}

TEST_F(SupervisedTest, AgentsWorkAtTheSameTimeAndWhatTheirToolsShowedIsCited) {
  std::latch both(2);
  const auto together = [&both](Says line) -> Says {
    return [&both, line = std::move(line)](const llm::ChatRequest& request) {
      both.arrive_and_wait();  // Alone it would wait for ever.
      return line(request);
    };
  };
  script_[kLead] = {
      calls({dispatch({{kFinder, "When was the Aurora launched?"}, {kFigures, "How long is the dough kneaded?"}})}),
      [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
        return text("The Aurora was launched in 1911 " + mark_of("launched in 1911", request) +
                    ". The sails are sewn by hand " + mark_of("sewn by hand", request) +
                    ". The Aurora was launched in 1924 " + mark_of("launched in 1911", request) + ".");
      }};
  script_[kFinder] = {together(calls({{"x", "search", R"({"query":"Aurora launched Bergen"})"},
                                      {"x", "exact_find", R"({"phrase":"larch planks"})"}})),
                      cites("The Aurora was launched in 1911", "launched in 1911")};
  script_[kFigures] = {together(calls({{"", "count", R"({"name":"ships"})"}})), says("Nothing was found.")};
  const Answer got = answer();
  EXPECT_EQ(got.text, "The Aurora was launched in 1911.\n\nThe sails are sewn by hand.") << got.partial_reason;
  ASSERT_EQ(got.claims.size(), 3U);
  ASSERT_TRUE(got.claims[0].supported) << got.claims[0].doubt;
  EXPECT_EQ(got.claims[0].citations.front().quote, "The Aurora was launched in 1911 in Bergen.");
  EXPECT_EQ(got.claims[0].citations.front().page, 1U);
  EXPECT_FALSE(got.claims[2].supported) << "a planted falsehood";
  EXPECT_THAT(got.claims[2].doubt, HasSubstr("1924"));
  EXPECT_THAT(got.fallbacks, IsEmpty());
  EXPECT_EQ(got.tokens.prompt, 600U);
  // An agent sees the question, its task and the passages, and no message of others.
  const auto finder = asked_of(kFinder);
  ASSERT_THAT(finder, SizeIs(2));
  ASSERT_THAT(finder.front().messages, SizeIs(2));
  EXPECT_THAT(finder.front().messages.back().content,
              AllOf(HasSubstr(kSails), HasSubstr("Your task: When was the Aurora launched?")));
  EXPECT_THAT(finder.front().passages, SizeIs(1));
  ASSERT_THAT(finder.back().messages, SizeIs(5)) << "both tools answered";
  // The supervisor reads what they say, with the passages, as the answer of its dispatch.
  const auto lead = asked_of(kLead);
  ASSERT_THAT(lead, SizeIs(2));
  EXPECT_EQ(lead.back().messages.back().role, llm::Role::kTool);
  EXPECT_THAT(lead.back().messages.back().content,
              AllOf(HasSubstr("retrieval_expert: The Aurora was launched"), HasSubstr("] boats.txt, page 1"),
                    HasSubstr("figures_expert: Nothing was found.")));
  const auto trace = *parse_json(trace_of(got));
  const auto& steps = json_list(json_member(json_member(trace, "supervisor"), "steps"));
  EXPECT_THAT(steps, SizeIs(9));  // Six calls of the model, three of tools.
  EXPECT_EQ(json_text(json_member(json_member(trace, "supervisor"), "end")), "answered");
  expect_same_again(got);
}

TEST_F(SupervisedTest, NobodySupervisesUnlessItIsAskedFor) {
  supervision_ = nullptr;
  EXPECT_EQ(answer().text, "The sails are sewn by hand.");
  ASSERT_THAT(model_.asked, SizeIs(1));
  EXPECT_EQ(who(model_.asked.front()), kPlain);
  EXPECT_THAT(model_.asked.front().tools, IsEmpty());
}

TEST_F(SupervisedTest, WeakEvidenceIsShownToNobody) {
  AskOptions strict = one_passage();
  strict.synthesis.tau = 9;
  const Answer none = answer_with({kSails, {}}, strict, &writer_);
  EXPECT_EQ(none.status, AnswerStatus::kAbstained);
  EXPECT_THAT(none.fallbacks, IsEmpty());
  EXPECT_THAT(model_.asked, IsEmpty());
}

TEST_F(SupervisedTest, AModelWithoutToolsWritesAsItDoesAndThatIsSaid) {
  model_.tools = false;
  const Answer got = answer();
  EXPECT_EQ(got.text, "The sails are sewn by hand.");
  EXPECT_EQ(got.status, AnswerStatus::kAnswered) << "nothing is wrong with the answer";
  EXPECT_THAT(got.fallbacks, Contains(HasSubstr("supervisor: the chat model's template knows no tools")));
  expect_same_again(got);
}

TEST_F(SupervisedTest, WhenItFindsNothingThePlainPathDecides) {
  script_[kLead] = {says("NOT IN THE DOCUMENTS")};
  expect_plain_answer(answer(), "found no answer");
  script_[kPlain] = {says("NOT IN THE DOCUMENTS")};
  const Answer none = answer();
  EXPECT_EQ(none.status, AnswerStatus::kAbstained) << "both say so: a right answer";
  EXPECT_THAT(none.fallbacks, IsEmpty());
}

TEST_F(SupervisedTest, TheTurnsBeforeStandBeforeTheQuestion) {
  script_[kLead] = {cites("The sails are sewn by hand in a loft", "sewn by hand")};
  const Question later{.text = kSails, .filter = {}, .history = {{.question = "Q", .answer = "A"}}};
  EXPECT_TRUE(answer_with(later, one_passage(), &writer_).generated);
  ASSERT_THAT(model_.asked.front().messages, SizeIs(4));
  EXPECT_EQ(model_.asked.front().messages[2].content, "A");
}

// ---- what goes wrong ----

struct Misbehaviour {
  std::string name;
  std::map<std::string, std::vector<Says>> script;
  std::string why;
  bool recorded = true;

  friend void PrintTo(const Misbehaviour& one, std::ostream* out) { *out << one.name; }
};

std::vector<Misbehaviour> misbehaviours() {
  const auto ask_finder = [](const std::string& task) { return calls({dispatch({{kFinder, task}})}); };
  const auto ever_new = [](std::string agent) -> Says {
    return [agent = std::move(agent),
            n = std::make_shared<std::atomic<int>>(0)](const llm::ChatRequest&) -> Result<llm::ChatReply> {
      const std::string task = "task " + std::to_string(++*n);
      if (agent == kLead) return calling({dispatch({{kFinder, task}})});
      return calling({{"", "search", R"({"query":")" + task + R"("})"}});
    };
  };
  const std::string deep(100'000, '[');
  return {
      {"TasksForEver", {{kLead, {ever_new(kLead)}}, {kFinder, {says("Nothing.")}}}, "12 calls of the model"},
      {"ToolsForEver", {{kLead, {ask_finder("t")}}, {kFinder, {ever_new(kFinder)}}}, "12 calls of the model"},
      {"TheSameTaskAgain", {{kLead, {ask_finder("t")}}, {kFinder, {says("Nothing.")}}}, "asked the same again"},
      {"AToolThatIsNotThere", {{kLead, {calls({{"", "rm_rf", "{}"}})}}}, "12 calls of the model"},
      {"AnAgentThatIsNotThere", {{kLead, {calls({dispatch({{"boss", "t"}})})}}}, "12 calls of the model"},
      {"ArgumentsThatAreNoJson", {{kLead, {calls({{"", "dispatch", "{\"destinations\": oops"}})}}}, "12 calls"},
      {"HostileArguments",
       {{kLead, {ask_finder("t")}},
        {kFinder,
         {calls({{"", "search", R"({"query":"\u0000","k":99999999999999999999})"},
                 {"", "read_page", R"({"document":"../../etc/passwd","page":1})"},
                 {"", "exact_find", "\xff\xfe{"}})}}},
       "12 calls"},
      {"DeepArguments", {{kLead, {calls({{"", "dispatch", deep}})}}}, "more than anybody reads"},
      {"AHundredCalls",
       {{kLead, {calls(std::vector<llm::ToolCall>(100, {"", "dispatch", "{}"}))}}},
       "more than anybody"},
      {"AMegabyte", {{kLead, {says(std::string(1 << 20, 'x'))}}}, "more than anybody reads", false},
      {"Nothing", {{kLead, {says("")}}}, "no passage bears out"},
      {"NothingThatIsCited", {{kLead, {says("The sails are sewn by hand.")}}}, "no passage bears out"},
      {"APassageThatIsNotThere", {{kLead, {says("The sails are sewn by hand [7].")}}}, "no passage bears out"},
      {"BrokenUtf8", {{kLead, {says("\xff\xfe [1]")}}}, "no passage bears out"},
      {"AnError",
       {{kLead, {[](const llm::ChatRequest&) -> Result<llm::ChatReply> {
           return Error{Code::kUnavailable, "it fell over"};
         }}}},
       "it fell over"},
      {"AnAgentsError",
       {{kLead, {ask_finder("t")}}, {kFinder, {[](const llm::ChatRequest&) -> Result<llm::ChatReply> {
                                       return Error{Code::kUnavailable, "it fell over"};
                                     }}}},
       "it fell over"},
      {"AThrow",
       {{kLead, {[](const llm::ChatRequest&) -> Result<llm::ChatReply> { throw std::runtime_error("boom"); }}}},
       "boom"},
  };
}

class Misbehaving : public SupervisedTest, public testing::WithParamInterface<Misbehaviour> {};

TEST_P(Misbehaving, LeavesTheAnswerToThePlainPath) {
  script_.insert(GetParam().script.begin(), GetParam().script.end());
  const Answer got = answer();
  expect_plain_answer(got, GetParam().why);
  EXPECT_LE(model_.asked.size(), 13U);
  if (GetParam().recorded) expect_same_again(got);
}

INSTANTIATE_TEST_SUITE_P(EachKind, Misbehaving, testing::ValuesIn(misbehaviours()),
                         [](const auto& info) { return info.param.name; });

TEST_F(SupervisedTest, ItsTokensAreBounded) {
  supervise({.tokens = 150});
  script_[kLead] = {calls({dispatch({{kFinder, "t"}})})};
  script_[kFinder] = {search("Aurora"), says("Nothing.")};
  const Answer got = answer();
  expect_plain_answer(got, "150 tokens are used up");
  EXPECT_EQ(got.tokens.prompt, 300U);  // What it took is counted with the plain answer's.
  EXPECT_EQ(got.tokens.computed, 180U);
}

TEST_F(SupervisedTest, WhenThePlainPathFailsTooTheDocumentsSpeak) {
  const Says broken = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kUnavailable, "gone"};
  };
  script_[kLead] = {broken};
  script_[kPlain] = {broken};
  const Answer got = answer();
  EXPECT_FALSE(got.generated);
  EXPECT_THAT(got.text, HasSubstr("sewn by hand in a loft"));
  EXPECT_EQ(got.status, AnswerStatus::kPartial);
  EXPECT_THAT(got.fallbacks, AllOf(Contains(HasSubstr("supervisor: ")), Contains(HasSubstr("result_synthesizer"))));
}

TEST_F(SupervisedTest, PassagesOfToolsAreBounded) {
  supervise({.passages = 1});
  script_[kLead] = {calls({dispatch({{kFinder, "t"}})}), cites("The sails are sewn by hand", "sewn by hand")};
  script_[kFinder] = {search("dough"), search("Aurora launched"), says("Found.")};
  EXPECT_EQ(answer().status, AnswerStatus::kAnswered);
  EXPECT_THAT(asked_of(kFinder).back().messages.back().content, HasSubstr("No more passages can be shown"));
}

TEST_F(SupervisedTest, AnAgentThatHangsIsLeft) {
  StartedClock clock;
  LockedRng rng(1);
  std::latch hanging(1);
  script_[kLead] = {[&](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    clock.start();
    hanging.wait();  // Whatever its deadline says.
    return text("Too late [1].");
  }};
  supervise({.time = std::chrono::milliseconds(20)});
  const auto got = ask({kSails, {}}, one_passage(),
                       {.library = library_.library(),
                        .index = *index_,
                        .clock = clock,
                        .rng = rng,
                        .writer = &writer_,
                        .supervision = supervision_},
                       Deadline::never(), {});
  hanging.count_down();
  ASSERT_TRUE(got) << got.error().message;
  expect_plain_answer(*got, "did not return in time");
  pool_.reset();  // It has ended, and nobody hears of it.
}

TEST_F(SupervisedTest, ACancelIsNoFailure) {
  std::stop_source stop;
  script_[kLead] = {[&](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    stop.request_stop();
    return Error{Code::kCancelled, "stopped"};
  }};
  const auto got = ask({kSails, {}}, one_passage(),
                       {.library = library_.library(),
                        .index = *index_,
                        .clock = library_.clock(),
                        .rng = library_.rng(),
                        .writer = &writer_,
                        .supervision = supervision_},
                       Deadline::never(), stop.get_token());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kCancelled);
}

TEST_F(SupervisedTest, ToolsShowNothingThatTheQuestionsFilterLeavesOut) {
  script_[kLead] = {calls({dispatch({{kFinder, "t"}})}), cites("The sails are sewn by hand", "sewn by hand")};
  script_[kFinder] = {search("knead the dough"),
                      calls({{"", "read_page", R"({"document":"/d/bread.txt","page":1})"},
                             {"", "search", R"({"query":"dough","documents":["/d/bread.txt"]})"}}),
                      says("Nothing.")};
  const Answer got = answer_with({kSails, {.documents = {"/d/boats.txt"}}}, one_passage(), &writer_);
  EXPECT_EQ(got.status, AnswerStatus::kAnswered) << got.partial_reason;
  const std::vector<llm::ChatRequest> finder = asked_of(kFinder);
  for (const llm::ChatMessage& message : finder.back().messages) {
    EXPECT_THAT(message.content, Not(HasSubstr("ten minutes")));
  }
}

TEST_F(SupervisedTest, ATraceGoesWithADocumentThatAToolShowed) {
  script_[kLead] = {calls({dispatch({{kFinder, "t"}})}), cites("Knead the dough for ten minutes", "ten minutes")};
  script_[kFinder] = {search("knead the dough"), cites("Knead the dough for ten minutes", "ten minutes")};
  const Answer got = answer();
  ASSERT_EQ(got.claims.size(), 1U);
  EXPECT_EQ(got.claims.front().citations.front().document, "/d/bread.txt");
  ASSERT_TRUE(library_.library().remove_document("/d/bread.txt", Deadline::never(), {}));
  EXPECT_EQ(library_.read().trace(got.trace_id).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace docmind::agents
