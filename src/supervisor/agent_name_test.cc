// The cases of langgraph-supervisor's tests/test_agent_name.py.
#include "supervisor/agent_name.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/json.h"

namespace docmind::supervisor {
namespace {

Value message(std::string_view json) { return *parse_json(json); }
std::string content_of(const Value& message) { return to_text(message.get_object().at("content")); }

TEST(AgentName, AddInlineAgentName) {
  EXPECT_EQ(with_inline_name(user_message("Hello")), Value(user_message("Hello")));
  EXPECT_EQ(with_inline_name(assistant_message("Hello world")), Value(assistant_message("Hello world")));
  const Value named = with_inline_name(assistant_message("Hello world", "assistant"));
  EXPECT_EQ(text_of(named), "<name>assistant</name><content>Hello world</content>");
  EXPECT_EQ(name_of(named), "assistant");
}

TEST(AgentName, AddInlineAgentNameContentBlocks) {
  EXPECT_EQ(content_of(with_inline_name(message(R"({"role":"assistant","name":"assistant","content":
                [{"type":"text","text":"Hello world"},{"type":"image","image_url":"x.jpg"}]})"))),
            R"([{"type":"text","text":"<name>assistant</name><content>Hello world</content>"},)"
            R"({"type":"image","image_url":"x.jpg"}])");
  EXPECT_EQ(content_of(with_inline_name(message(R"({"role":"assistant","name":"assistant","content":
                [{"type":"image","image_url":"x.jpg"},{"type":"file","file_url":"x.pdf"}]})"))),
            R"([{"type":"text","text":"<name>assistant</name><content></content>"},)"
            R"({"type":"image","image_url":"x.jpg"},{"type":"file","file_url":"x.pdf"}])");
}

TEST(AgentName, RemoveInlineAgentName) {
  EXPECT_EQ(without_inline_name(user_message("<name>a</name><content>b</content>")),
            Value(user_message("<name>a</name><content>b</content>")));
  for (const std::string_view untagged :
       {"", "Hello world", "<name>a</name>", "<content>b</content>", "<name>a<content>"}) {
    EXPECT_EQ(without_inline_name(assistant_message(untagged, "a")), Value(assistant_message(untagged, "a")));
  }
  const Value plain =
      without_inline_name(assistant_message("<name>assistant</name><content>Hello world</content>", "assistant"));
  EXPECT_EQ(text_of(plain), "Hello world");
  EXPECT_EQ(name_of(plain), "assistant");
}

TEST(AgentName, RemoveInlineAgentNameContentBlocks) {
  EXPECT_EQ(content_of(without_inline_name(message(R"({"role":"assistant","content":
                [{"type":"text","text":"<name>assistant</name><content>Hello world</content>"},{"type":"image"}]})"))),
            R"([{"type":"text","text":"Hello world"},{"type":"image"}])");
  EXPECT_EQ(content_of(without_inline_name(message(R"({"role":"assistant","content":
                [{"type":"text","text":"<name>assistant</name><content></content>"},{"type":"image"},{"type":"file"}]})"))),
            R"([{"type":"image"},{"type":"file"}])");
  const Value no_text = message(R"({"role":"assistant","content":[{"type":"image"}]})");
  EXPECT_EQ(without_inline_name(no_text), no_text);
}

TEST(AgentName, RemoveInlineAgentNameMultilineContent) {
  EXPECT_EQ(text_of(without_inline_name(assistant_message(
                "<name>assistant</name><content>This is\na multiline\nmessage</content>", "assistant"))),
            "This is\na multiline\nmessage");
}

}  // namespace
}  // namespace docmind::supervisor
