#include "supervisor/message.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "base/json.h"

namespace docmind::supervisor {
namespace {

TEST(Message, AReplyBecomesAMessageAndThatWhatAModelIsShown) {
  const llm::ChatReply reply{
      .content = "再见", .reasoning = "because", .tool_calls = {{.id = "1", .name = "add", .arguments = "{broken"}}};
  const Object message = from_reply(reply, "math");
  EXPECT_EQ(
      to_text(message),
      R"({"role":"assistant","content":"再见","name":"math","tool_calls":[{"id":"1","name":"add","arguments":"{broken"}],)"
      R"("reasoning":"because"})");
  const llm::ChatMessage shown = to_chat(message);
  EXPECT_EQ(shown.role, llm::Role::kAssistant);
  EXPECT_EQ(shown.content, reply.content);
  EXPECT_EQ(shown.reasoning, reply.reasoning);
  EXPECT_EQ(shown.tool_calls, reply.tool_calls);
  EXPECT_EQ(shown.name, "math");
}

TEST(Message, RolesAreKept) {
  EXPECT_EQ(to_chat(system_message("s")).role, llm::Role::kSystem);
  EXPECT_EQ(to_chat(user_message("u", "anna")).role, llm::Role::kUser);
  EXPECT_EQ(to_chat(user_message("u", "anna")).name, "anna");
  const llm::ChatMessage answer = to_chat(tool_message({.id = "7", .name = "add", .arguments = ""}, "3"));
  EXPECT_EQ(answer.role, llm::Role::kTool);
  EXPECT_EQ(answer.tool_call_id, "7");
  EXPECT_EQ(answer.name, "add");
}

TEST(Message, TextBlocksAreJoinedAndOthersAreNotShown) {
  EXPECT_EQ(text_of(*parse_json(R"({"content":[{"type":"text","text":"a"},{"type":"image","url":"x"},"b",7,
                                   {"type":"text","text":3},{"type":"text","text":"c"}]})")),
            "abc");
}

TEST(Message, AWrongShapeCountsAsMissing) {
  for (const std::string_view odd :
       {"null", "7", "[]", R"("text")", "{}", R"({"role":1,"content":2,"name":[],"tool_calls":{},
       "tool_call_id":false,"response_metadata":"x","id":null})",
        R"({"tool_calls":[1,null,"x"],"content":""})"}) {
    const Value message = *parse_json(odd);
    EXPECT_EQ(text_of(message), "");
    EXPECT_EQ(role_of(message), "");
    EXPECT_EQ(name_of(message), "");
    EXPECT_EQ(id_of(message), "");
    EXPECT_EQ(answers_of(message), "");
    EXPECT_FALSE(is_handoff_back(message));
    EXPECT_TRUE(metadata_of(message, "x").is_null());
    for (const llm::ToolCall& call : calls_of(message)) EXPECT_EQ(call, llm::ToolCall{});
  }
}

}  // namespace
}  // namespace docmind::supervisor
