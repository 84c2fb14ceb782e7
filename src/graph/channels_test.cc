// Channels and their reducers, named after langgraph's test_channels.py and test_messages_state.py. Whatever a run has
// come to is read back from the store as well: what was added to a list must give the same list again.
//
// Not here: add_messages(format="langchain-openai") (the graph knows no model), UntrackedValue (what shall not be saved
// belongs into no channel), and DeltaChannel's own encodings (pieces: saver_put_cases.h, history_*).
#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

using testing::text;

class ChannelTest : public testing::EngineTest {
 protected:
  // One node, which makes the writes in turn, one superstep each.
  std::shared_ptr<const Graph> writes(Channel channel, std::vector<Write> each) {
    const std::size_t steps = each.size();
    GraphBuilder builder({std::move(channel), last("step", Type::kInteger)});
    builder.node("write", [each = std::move(each)](const State& state, Context&) -> Result<Command> {
      const std::int64_t step = state.integer("step");
      const Write& write = each.at(static_cast<std::size_t>(step));
      return Command{write, {"step", step + 1}};
    });
    builder.edge(kStart, "write");
    builder.route("write", [steps](const State& state) -> Result<Route> {
      const bool more = state.integer("step") < static_cast<std::int64_t>(steps);
      return Route{.next = {std::string(more ? std::string_view("write") : kEnd)}};
    });
    return compiled(std::move(builder));
  }
  // The channel "c" after these writes to what it was, or the error's code.
  std::string after(Channel channel, Object input, std::vector<Write> each) {
    const auto graph = writes(std::move(channel), std::move(each));
    const std::string thread = "t" + std::to_string(++threads_);
    RunOptions options = on(thread);
    options.recursion_limit = 1000;
    input["step"] = 0;
    const Result<RunResult> result = engine_.run(graph, Input::values(std::move(input)), options);
    if (!result) return std::string(name(result.error().code));
    EXPECT_EQ(at(*graph, thread).values, result->values);
    return text(result->values.at("c"));
  }
  std::string merged(Array left, Value right) {
    return after(messages("c"), {{"c", std::move(left)}}, {{"c", std::move(right)}});
  }
  static Value said(std::string_view id, std::string_view words) { return Object{{"id", id}, {"text", words}}; }

  int threads_ = 0;
};

// ---- messages ----

TEST_F(ChannelTest, add_single_message) {
  EXPECT_EQ(merged({said("1", "Hello")}, Array{said("2", "Hi")}),
            R"([{"id":"1","text":"Hello"},{"id":"2","text":"Hi"}])");
}

TEST_F(ChannelTest, add_multiple_messages) {
  EXPECT_EQ(merged({said("1", "a")}, Array{said("2", "b"), said("3", "c")}),
            R"([{"id":"1","text":"a"},{"id":"2","text":"b"},{"id":"3","text":"c"}])");
}

TEST_F(ChannelTest, update_existing_message) {
  EXPECT_EQ(merged({said("1", "a"), said("2", "b")}, Array{said("1", "new")}),
            R"([{"id":"1","text":"new"},{"id":"2","text":"b"}])");
}

TEST_F(ChannelTest, missing_ids) {
  const auto graph = writes(messages("c"), {{"c", Array{Object{{"text", "no id"}}, Object{{"text", "nor here"}}}}});
  const Array all = must(engine_.run(graph, Input::values({{"step", 0}}), on("t"))).values.at("c").as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].at("id").as_string().empty());
  EXPECT_NE(all[0].at("id"), all[1].at("id"));
}

TEST_F(ChannelTest, duplicates_in_input) {
  EXPECT_EQ(merged({}, Array{said("1", "a"), said("1", "again")}), R"([{"id":"1","text":"again"}])");
}

// LangGraph leaves it in its place. Here it stands at the end: removed and added anew is how messages are put in order.
TEST_F(ChannelTest, duplicates_in_input_with_remove) {
  EXPECT_EQ(merged({said("1", "a")}, Array{remove_message("1"), said("1", "b"), said("1", "c")}),
            R"([{"id":"1","text":"c"}])");
  EXPECT_EQ(merged({said("1", "a"), said("2", "x")}, Array{remove_message("1"), said("1", "b")}),
            R"([{"id":"2","text":"x"},{"id":"1","text":"b"}])");
}

TEST_F(ChannelTest, remove_message) {
  EXPECT_EQ(merged({said("1", "a"), said("2", "b")}, Array{remove_message("2")}), R"([{"id":"1","text":"a"}])");
}

TEST_F(ChannelTest, duplicate_remove_message) {
  EXPECT_EQ(merged({said("1", "a"), said("2", "b")}, Array{remove_message("2"), remove_message("2")}),
            R"([{"id":"1","text":"a"}])");
}

TEST_F(ChannelTest, remove_nonexistent_message) {
  EXPECT_EQ(merged({said("1", "a")}, Array{remove_message("2")}), "invalid_argument");
}

TEST_F(ChannelTest, mixed_operations) {
  EXPECT_EQ(merged({said("1", "a"), said("2", "b")}, Array{said("1", "new"), remove_message("2"), said("3", "c")}),
            R"([{"id":"1","text":"new"},{"id":"3","text":"c"}])");
}

TEST_F(ChannelTest, empty_inputs) {
  EXPECT_EQ(merged({}, Array{}), "[]");
  EXPECT_EQ(merged({}, Array{said("1", "a")}), R"([{"id":"1","text":"a"}])");
  EXPECT_EQ(merged({said("1", "a")}, Array{}), R"([{"id":"1","text":"a"}])");
}

// LangGraph takes a message alone for a list of one. Here a write is a list, so that nothing has to be guessed.
TEST_F(ChannelTest, non_list_inputs) {
  EXPECT_EQ(merged({said("1", "a")}, said("2", "b")), "invalid_argument");
  EXPECT_EQ(merged({said("1", "a")}, "text"), "invalid_argument");
}

TEST_F(ChannelTest, delete_all) {
  EXPECT_EQ(merged({said("1", "a"), said("2", "b")}, Array{remove_message("1"), remove_message("2")}), "[]");
}

TEST_F(ChannelTest, remove_all_messages) {
  EXPECT_EQ(merged({said("1", "a")}, Array{remove_all_messages()}), "[]");
  EXPECT_EQ(merged({said("1", "a")}, Array{remove_all_messages(), said("1", "b"), said("2", "c")}),
            R"([{"id":"1","text":"b"},{"id":"2","text":"c"}])");
  EXPECT_EQ(merged({said("1", "a")}, Array{said("2", "lost"), remove_all_messages(), said("3", "d")}),
            R"([{"id":"3","text":"d"}])");
}

// ---- others ----

TEST_F(ChannelTest, last_value) {
  EXPECT_EQ(after(last("c"), {}, {{"c", 3}, {"c", 4}}), "4");
  EXPECT_EQ(after(last("c", Type::kInteger), {}, {{"c", "text"}}), "invalid_argument");
}

TEST_F(ChannelTest, topic_accumulate) {
  EXPECT_EQ(after(append("c"), {{"c", Array{"a"}}}, {{"c", Array{"b", "c"}}, {"c", Array{}}, {"c", Array{"c", "d"}}}),
            R"(["a","b","c","c","d"])");
}

TEST_F(ChannelTest, binop) {
  const Fold plus = [](const Value& a, const Value& b) -> Result<Value> { return Value(a.as_int64() + b.as_int64()); };
  EXPECT_EQ(after(fold("c", plus, 0), {{"c", 1}}, {{"c", 2}, {"c", 3}}), "6");
  EXPECT_EQ(after(fold("c", plus, 0), {{"c", 1}}, {{"c", 2}, {"c", 10, Mode::kOverwrite}, {"c", 3}}), "13");
}

TEST_F(ChannelTest, delta_channel_basic_two_steps) {
  EXPECT_EQ(after(append("c"), {}, {{"c", Array{1}}, {"c", Array{2}}}), "[1,2]");
}

TEST_F(ChannelTest, delta_channel_overwrite) {
  EXPECT_EQ(after(append("c"), {}, {{"c", Array{1}}, {"c", Array{9}, Mode::kOverwrite}, {"c", Array{2}}}), "[9,2]");
}

TEST_F(ChannelTest, delta_channel_remove_message_and_replay) {
  EXPECT_EQ(after(messages("c"), {},
                  {{"c", Array{said("1", "a"), said("2", "b")}},
                   {"c", Array{said("3", "c")}},
                   {"c", Array{remove_message("1")}},
                   {"c", Array{said("1", "back")}}}),
            R"([{"id":"2","text":"b"},{"id":"3","text":"c"},{"id":"1","text":"back"}])");
}

TEST_F(ChannelTest, delta_channel_update_by_id_and_replay) {
  EXPECT_EQ(after(messages("c"), {},
                  {{"c", Array{said("1", "a")}},
                   {"c", Array{said("2", "b")}},
                   {"c", Array{said("1", "new")}},
                   {"c", Array{remove_all_messages()}},
                   {"c", Array{said("2", "only")}}}),
            R"([{"id":"2","text":"only"}])");
}

// Some whole, most of them added, over every boundary at which a list is stored whole again.
TEST_F(ChannelTest, delta_channel_snapshot_version_based) {
  std::vector<Write> each;
  Array expected;
  for (int i = 0; i < 300; ++i) {
    each.push_back({"c", Array{i}});
    expected.push_back(i);
  }
  EXPECT_EQ(after(append("c"), {}, each), text(expected));
}

TEST_F(ChannelTest, delta_channel_dict_reducer_with_deletions) {
  const Fold files = [](const Value& old, const Value& written) -> Result<Value> {
    Object out = old.as_object();
    for (const auto& [path, content] : written.as_object()) {
      if (content.is_null()) {
        out.erase(path);
      } else {
        out[path] = content;
      }
    }
    return Value(std::move(out));
  };
  const Channel channel = fold("c", files, Object{}, Type::kObject);
  EXPECT_EQ(after(channel, {}, {{"c", Object{{"a", 1}}}, {"c", Object{{"b", 2}, {"a", nullptr}}}}), R"({"b":2})");
  EXPECT_EQ(after(channel, {}, {{"c", Object{{"a", 1}}}, {"c", Object{{"z", 9}}, Mode::kOverwrite}}), R"({"z":9})");
}

}  // namespace
}  // namespace docmind::graph
