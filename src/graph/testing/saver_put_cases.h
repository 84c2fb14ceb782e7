// The cases of langgraph's libs/checkpoint-conformance on putting, pending writes, getting and the history of a
// channel, by their names. Included by whoever instantiates SaverConformance.
//
// Where a case has no likeness here the test says what stands for it: put() is given the id and returns none; there are
// no versions of channels and nobody who has seen them, but what is due next (docs/adr/0008-own-graph.md).
#pragma once
#include "graph/testing/saver_conformance.h"

namespace docmind::graph::testing {

// ---- put ----

// The caller chooses the id: what comes back under it is what was put.
TEST_P(SaverConformance, put_returns_config) {
  put(root_, "chosen");
  ASSERT_TRUE(get(root_, "chosen"));
  EXPECT_EQ(get(root_, "chosen")->checkpoint.id, "chosen");
}

TEST_P(SaverConformance, put_preserves_channel_values) {
  NewCheckpoint given = next(root_, "a");
  given.changed = {{"text", whole("值")},       {"number", whole(42)},
                   {"half", whole(0.5)},        {"list", whole(Array{1, "b", nullptr})},
                   {"nothing", whole(nullptr)}, {"object", whole(boost::json::object{{"k", true}})}};
  put(given);
  const auto found = get(root_);
  ASSERT_EQ(found->channels.size(), given.changed.size());
  for (const auto& [channel, piece] : given.changed) EXPECT_EQ(pieces(*found, channel), "=" + to_text(piece.value));
}

// Ours: of a channel that did not change the value is the parent's, without being put again.
TEST_P(SaverConformance, put_preserves_channel_versions) {
  put_log_of_two();
  put(root_, "c", "b");
  EXPECT_EQ(pieces(*get(root_, "c"), "log"), "=[1]+[2]");
  EXPECT_EQ(pieces(*get(root_, "a"), "log"), "=[1]");
}

// Ours: what is due next.
TEST_P(SaverConformance, put_preserves_versions_seen) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.frontier = {{"due", Array{boost::json::object{{"node", "x"}}}}};
  put(given);
  EXPECT_EQ(get(root_)->checkpoint.frontier, given.checkpoint.frontier);
}

TEST_P(SaverConformance, put_preserves_versions_seen_values) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.frontier = {{"joins", boost::json::object{{"to<a,b,", Array{"a"}}}}, {"paused", true}};
  put(given);
  put(root_, "b", "a");
  EXPECT_EQ(get(root_, "a")->checkpoint.frontier, given.checkpoint.frontier);
  EXPECT_TRUE(get(root_, "b")->checkpoint.frontier.empty());  // Each its own.
}

TEST_P(SaverConformance, put_preserves_metadata) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.metadata = {{"user", "王芳"}, {"tags", Array{1, "b"}}, {"none", nullptr}};
  given.checkpoint.source = Source::kUpdate;
  given.checkpoint.step = 7;
  put(given);
  EXPECT_EQ(get(root_)->checkpoint.metadata, given.checkpoint.metadata);
  EXPECT_EQ(get(root_)->checkpoint.source, Source::kUpdate);
  EXPECT_EQ(get(root_)->checkpoint.step, 7);
}

TEST_P(SaverConformance, put_preserves_run_id) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.run = "run-1";
  put(given);
  EXPECT_EQ(get(root_)->checkpoint.run, "run-1");
}

TEST_P(SaverConformance, put_root_namespace) {
  put({"t", ""}, "a");
  EXPECT_EQ(get({"t", ""})->place.space, "");
}

TEST_P(SaverConformance, put_child_namespace) {
  put({"t", "child:1"}, "a");
  EXPECT_EQ(get({"t", "child:1"})->place.space, "child:1");
  EXPECT_FALSE(get({"t", ""}));
  EXPECT_FALSE(get({"t", "child:2"}));
}

TEST_P(SaverConformance, put_default_namespace) {
  put({.thread = "t"}, "a");
  EXPECT_TRUE(get({"t", ""}));
}

TEST_P(SaverConformance, put_multiple_checkpoints_same_thread) {
  put(root_, "a");
  put(root_, "b", "a");
  put(root_, "c", "b");
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(get(root_, id)->checkpoint.id, id);
  EXPECT_EQ(ids_of("t"), (Ids{"c", "b", "a"}));
}

TEST_P(SaverConformance, put_multiple_threads_isolated) {
  put({"t", ""}, "same id");
  put({"u", ""}, "same id");
  put({"u", ""}, "x", "same id");
  EXPECT_EQ(ids_of("t"), (Ids{"same id"}));
  EXPECT_FALSE(get({"t", ""}, "x"));
  EXPECT_FALSE(get({"T", ""}));
}

TEST_P(SaverConformance, put_parent_config) {
  put(root_, "a");
  put(root_, "b", "a");
  EXPECT_EQ(get(root_, "b")->checkpoint.parent, "a");
  EXPECT_EQ(get(root_, "a")->checkpoint.parent, "");
}

// ---- put_writes ----

TEST_P(SaverConformance, put_writes_basic) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, "value")});
  EXPECT_EQ(get(root_)->writes, (std::vector<PendingWrite>{pending("task", 0, "value")}));
}

TEST_P(SaverConformance, put_writes_multiple_writes_same_task) {
  put(root_, "a");
  write(root_, "a", {pending("task", 2, "v2"), pending("task", 0, "v0"), pending("task", 1, "v1")});
  EXPECT_EQ(get(root_)->writes,
            (std::vector<PendingWrite>{pending("task", 0, "v0"), pending("task", 1, "v1"), pending("task", 2, "v2")}));
}

TEST_P(SaverConformance, put_writes_multiple_tasks) {
  put(root_, "a");
  write(root_, "a", {pending("task 2", 0, "from 2")});
  write(root_, "a", {pending("task 1", 0, "from 1")});
  EXPECT_EQ(get(root_)->writes,
            (std::vector<PendingWrite>{pending("task 1", 0, "from 1"), pending("task 2", 0, "from 2")}));
}

TEST_P(SaverConformance, put_writes_preserves_task_id) {
  put(root_, "a");
  write(root_, "a", {pending("0f 任务", 0, 1)});
  EXPECT_EQ(get(root_)->writes.at(0).task, "0f 任务");
}

// Ours: a task's whole result is one write; its channels are inside.
TEST_P(SaverConformance, put_writes_preserves_channel_and_value) {
  put(root_, "a");
  const boost::json::object result{{"writes", Array{boost::json::object{{"channel", "c"}, {"value", 123}}}}};
  write(root_, "a", {pending("task", 0, result)});
  EXPECT_EQ(get(root_)->writes.at(0).value, boost::json::value(result));
}

TEST_P(SaverConformance, put_writes_task_path) {
  put(root_, "a");
  write(root_, "a", {{.task = "task", .path = "push:000001:b"}});
  EXPECT_EQ(get(root_)->writes.at(0).path, "push:000001:b");
}

TEST_P(SaverConformance, put_writes_special_channels) {
  put(root_, "a");
  write(root_, "a",
        {pending("task", PendingWrite::kError, "went wrong"), pending("task", PendingWrite::kInterrupt, "?"),
         pending("task", PendingWrite::kResume, Array{1})});
  EXPECT_EQ(get(root_)->writes, (std::vector<PendingWrite>{pending("task", PendingWrite::kResume, Array{1}),
                                                           pending("task", PendingWrite::kInterrupt, "?"),
                                                           pending("task", PendingWrite::kError, "went wrong")}));
}

// ---- get ----

TEST_P(SaverConformance, get_tuple_nonexistent_returns_none) { EXPECT_FALSE(get(root_)); }

// The latest is the one put last, whatever its id.
TEST_P(SaverConformance, get_tuple_latest_when_no_checkpoint_id) {
  put(root_, "b");
  put(root_, "a", "b");
  EXPECT_EQ(get(root_)->checkpoint.id, "a");
}

TEST_P(SaverConformance, get_tuple_specific_checkpoint_id) {
  put(root_, "a");
  put(root_, "b", "a");
  EXPECT_EQ(get(root_, "a")->checkpoint.id, "a");
}

TEST_P(SaverConformance, get_tuple_nonexistent_checkpoint_id) {
  put(root_, "a");
  EXPECT_FALSE(get(root_, "b"));
}

TEST_P(SaverConformance, get_tuple_config_structure) {
  put({"t", "x:1"}, "a");
  const auto found = get({"t", "x:1"});
  EXPECT_EQ(found->place.thread, "t");
  EXPECT_EQ(found->place.space, "x:1");
  EXPECT_EQ(found->checkpoint.id, "a");
}

TEST_P(SaverConformance, get_tuple_checkpoint_fields) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.step = -1;
  given.changed = {{"n", whole(1)}};
  put(given);
  const auto found = get(root_);
  EXPECT_EQ(found->checkpoint.step, -1);
  EXPECT_EQ(found->checkpoint.run, "run of a");
  EXPECT_EQ(found->channels.size(), 1U);
  EXPECT_TRUE(found->writes.empty());
}

TEST_P(SaverConformance, get_tuple_metadata) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.metadata = {{"k", "v"}};
  put(given);
  put(root_, "b", "a");
  EXPECT_EQ(to_text(get(root_, "a")->checkpoint.metadata), R"({"k":"v"})");
  EXPECT_TRUE(get(root_)->checkpoint.metadata.empty());
}

TEST_P(SaverConformance, get_tuple_parent_config) {
  put(root_, "a");
  EXPECT_TRUE(get(root_)->checkpoint.parent.empty());
  put(root_, "b", "a");
  EXPECT_EQ(get(root_)->checkpoint.parent, "a");
}

TEST_P(SaverConformance, get_tuple_pending_writes) {
  put(root_, "a");
  put(root_, "b", "a");
  write(root_, "b", {pending("task", 0, 1)});
  EXPECT_EQ(get(root_)->writes.size(), 1U);
  EXPECT_EQ(get(root_, "b")->writes.size(), 1U);
  EXPECT_TRUE(get(root_, "a")->writes.empty());
}

TEST_P(SaverConformance, get_tuple_respects_namespace) {
  put({"t", ""}, "a");
  put({"t", "x:1"}, "b");
  EXPECT_EQ(get({"t", ""})->checkpoint.id, "a");
  EXPECT_EQ(get({"t", "x:1"})->checkpoint.id, "b");
  EXPECT_FALSE(get({"t", ""}, "b"));
}

// ---- the history of a channel: its value in pieces, from the nearest whole one on ----

TEST_P(SaverConformance, history_returns_writes_oldest_first) {
  put_history("log", {whole(Array{0}), added(Array{1}), added(Array{2}), added(Array{3})});
  EXPECT_EQ(pieces(*get(root_), "log"), "=[0]+[1]+[2]+[3]");
}

TEST_P(SaverConformance, history_seed_is_nearest_snapshot) {
  put_history("log", {whole(Array{0}), added(Array{1}), whole(Array{0, 1, 2}), added(Array{3})});
  EXPECT_EQ(pieces(*get(root_), "log"), "=[0,1,2]+[3]");
  EXPECT_EQ(pieces(*get(root_, "1"), "log"), "=[0]+[1]");
}

TEST_P(SaverConformance, history_excludes_target_pending_writes) {
  put_history("log", {whole(Array{0}), added(Array{1})});
  write(root_, "1", {pending("task", 0, Array{"extra"})});
  EXPECT_EQ(pieces(*get(root_), "log"), "=[0]+[1]");
}

TEST_P(SaverConformance, history_multi_channel) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"x", whole(Array{0})}, {"y", whole(Array{0})}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"x", added(Array{1})}, {"y", whole(Array{"anew"})}};
  put(second);
  NewCheckpoint third = next(root_, "c", "b");
  third.changed = {{"x", added(Array{2})}, {"y", added(Array{2})}};
  put(third);
  EXPECT_EQ(pieces(*get(root_), "x"), "=[0]+[1]+[2]");
  EXPECT_EQ(pieces(*get(root_), "y"), R"(=["anew"]+[2])");
}

TEST_P(SaverConformance, history_empty_channels_returns_empty) {
  put(root_, "a");
  put(root_, "b", "a");
  EXPECT_TRUE(get(root_)->channels.empty());
}

// Nothing to add to: the first addition is the whole value.
TEST_P(SaverConformance, history_walk_to_root_no_seed) {
  put_history("log", {added(Array{1}), added(Array{2})});
  const auto found = get(root_);
  ASSERT_EQ(found->channels.at("log").size(), 2U);
  EXPECT_EQ(found->channels.at("log")[0].value, boost::json::value(Array{1}));
  EXPECT_EQ(found->channels.at("log")[1].value, boost::json::value(Array{2}));
}

// A channel that was always stored whole is added to from then on.
TEST_P(SaverConformance, history_migration_plain_value_as_seed) {
  put_history("log", {whole(Array{10}), whole(Array{10, 20, 30}), added(Array{2})});
  EXPECT_EQ(pieces(*get(root_), "log"), "=[10,20,30]+[2]");
}

TEST_P(SaverConformance, history_seed_ancestor_own_writes_are_replayed) {
  put_history("log", {whole(Array{10}), whole(Array{10, 20}), added(Array{"after the seed"}), added(Array{"later"})});
  EXPECT_EQ(pieces(*get(root_, "2"), "log"), R"(=[10,20]+["after the seed"])");
  EXPECT_EQ(pieces(*get(root_), "log"), R"(=[10,20]+["after the seed"]+["later"])");
}

}  // namespace docmind::graph::testing
