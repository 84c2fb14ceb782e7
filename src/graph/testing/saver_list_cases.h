// The cases of langgraph's libs/checkpoint-conformance on listing, deleting, copying and pruning, by their names.
// Included by whoever instantiates SaverConformance.
#pragma once
#include "graph/testing/saver_conformance.h"

namespace docmind::graph::testing {

// ---- list ----

TEST_P(SaverConformance, list_all) {
  put_three();
  put({"u", ""}, "other");
  EXPECT_EQ(ids({}), (Ids{"other", "ccc", "bb", "a"}));
}

TEST_P(SaverConformance, list_by_thread) {
  put_three();
  put({"u", ""}, "other");
  EXPECT_EQ(ids_of("t"), (Ids{"ccc", "bb", "a"}));
  EXPECT_EQ(ids_of("u"), (Ids{"other"}));
}

TEST_P(SaverConformance, list_by_namespace) {
  put_three();
  put({"t", "x:1"}, "inner");
  ListFilter filter;
  filter.space = "x:1";
  EXPECT_EQ(ids(filter), (Ids{"inner"}));
  filter.space = "";
  EXPECT_EQ(ids(filter), (Ids{"ccc", "bb", "a"}));
}

TEST_P(SaverConformance, list_multiple_namespaces) {
  put_three();
  put({"t", "x:1"}, "inner");
  put({"t", "x:1|y:2"}, "innermost");
  EXPECT_EQ(ids_of("t"), (Ids{"innermost", "inner", "ccc", "bb", "a"}));
}

TEST_P(SaverConformance, list_ordering) {
  put(root_, "b");
  put(root_, "c", "b");
  put(root_, "a", "c");
  EXPECT_EQ(ids({}), (Ids{"a", "c", "b"}));  // By when they were put, not by their ids.
}

TEST_P(SaverConformance, list_metadata_filter_single_key) {
  put_three();
  EXPECT_EQ(ids({.metadata = {{"user", "y"}}}), (Ids{"bb", "a"}));
  EXPECT_EQ(ids({.metadata = {{"source", "loop"}}}), (Ids{"bb"}));
}

TEST_P(SaverConformance, list_metadata_filter_step) {
  put_three();
  EXPECT_EQ(ids({.metadata = {{"step", 1}}}), (Ids{"a"}));
}

TEST_P(SaverConformance, list_metadata_filter_multiple_keys) {
  put_three();
  EXPECT_EQ(ids({.metadata = {{"user", "y"}, {"source", "loop"}}}), (Ids{"bb"}));
}

TEST_P(SaverConformance, list_metadata_filter_no_match) {
  put_three();
  EXPECT_TRUE(ids({.metadata = {{"user", "nobody"}}}).empty());
  EXPECT_TRUE(ids({.metadata = {{"user", nullptr}}}).empty());
  EXPECT_TRUE(ids({.metadata = {{"no such key", nullptr}}}).empty());
}

TEST_P(SaverConformance, list_metadata_custom_keys) {
  NewCheckpoint one = next(root_, "a");
  one.checkpoint.metadata = {{"语言", Array{"zh", 1}}};
  put(one);
  EXPECT_EQ(ids({.metadata = {{"语言", Array{"zh", 1}}}}), (Ids{"a"}));
  EXPECT_TRUE(ids({.metadata = {{"语言", Array{"zh"}}}}).empty());
}

TEST_P(SaverConformance, list_before) {
  put_three();
  EXPECT_EQ(ids({.before = "ccc"}), (Ids{"bb", "a"}));
  EXPECT_TRUE(ids({.before = "a"}).empty());
  EXPECT_TRUE(ids({.before = "nobody"}).empty());
}

TEST_P(SaverConformance, list_limit) {
  put_three();
  EXPECT_EQ(ids({.limit = 2}), (Ids{"ccc", "bb"}));
  EXPECT_EQ(ids({.limit = 9}).size(), 3U);
  EXPECT_TRUE(ids({.limit = 0}).empty());
}

TEST_P(SaverConformance, list_limit_plus_before) {
  put_three();
  EXPECT_EQ(ids({.before = "ccc", .limit = 1}), (Ids{"bb"}));
}

// Limits count what is found, not what is looked at.
TEST_P(SaverConformance, list_combined_thread_and_filter) {
  put_three();
  NewCheckpoint other = next({"u", ""}, "other");
  other.checkpoint.metadata = {{"user", "y"}};
  put(other);
  EXPECT_EQ(ids({.thread = "t", .metadata = {{"user", "y"}}}), (Ids{"bb", "a"}));
  EXPECT_EQ(ids({.thread = "t", .metadata = {{"user", "y"}}, .limit = 2}), (Ids{"bb", "a"}));
}

TEST_P(SaverConformance, list_empty_result) {
  EXPECT_TRUE(ids({}).empty());
  put_three();
  EXPECT_TRUE(ids_of("nobody").empty());
}

// ---- delete_thread ----

TEST_P(SaverConformance, delete_thread_removes_checkpoints) {
  put_three();
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  EXPECT_TRUE(ids_of("t").empty());
  EXPECT_FALSE(get(root_));
  EXPECT_TRUE(saver_.threads("", 10, {})->empty());
}

TEST_P(SaverConformance, delete_thread_removes_writes) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1)});
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  put(root_, "a");  // Nothing of the old one comes back with its name.
  EXPECT_TRUE(get(root_)->writes.empty());
}

TEST_P(SaverConformance, delete_thread_removes_all_namespaces) {
  put(root_, "a");
  put({"t", "x:1"}, "b");
  put({"t", "x:1|y:2"}, "c");
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  EXPECT_TRUE(ids({}).empty());
}

TEST_P(SaverConformance, delete_thread_preserves_other_threads) {
  put_log_of_two();
  put({"u", ""}, "c");
  put({"tt", ""}, "d");
  ASSERT_TRUE(saver_.delete_thread("u", {}));
  EXPECT_EQ(ids({}), (Ids{"d", "b", "a"}));
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]");
}

TEST_P(SaverConformance, delete_thread_nonexistent_noop) {
  put_three();
  ASSERT_TRUE(saver_.delete_thread("unknown", {}));
  EXPECT_EQ(ids({}).size(), 3U);
}

// ---- delete_for_runs ----

TEST_P(SaverConformance, delete_for_runs_single) {
  put_three();
  ASSERT_TRUE(saver_.delete_runs({"run of bb"}, {}));
  EXPECT_EQ(ids({}), (Ids{"ccc", "a"}));
}

TEST_P(SaverConformance, delete_for_runs_multiple) {
  put_three();
  ASSERT_TRUE(saver_.delete_runs({"run of bb", "run of ccc"}, {}));
  EXPECT_EQ(ids({}), (Ids{"a"}));
  EXPECT_EQ(get(root_)->checkpoint.id, "a");  // The thread stands there then.
}

TEST_P(SaverConformance, delete_for_runs_preserves_other_runs) {
  put_log_of_two();
  ASSERT_TRUE(saver_.delete_runs({"run of a"}, {}));
  EXPECT_EQ(ids({}), (Ids{"b"}));
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]");  // It stands on what the other had put.
}

TEST_P(SaverConformance, delete_for_runs_removes_writes) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1)});
  ASSERT_TRUE(saver_.delete_runs({"run of a"}, {}));
  put(root_, "a");
  EXPECT_TRUE(get(root_)->writes.empty());
}

TEST_P(SaverConformance, delete_for_runs_empty_list_noop) {
  put_three();
  ASSERT_TRUE(saver_.delete_runs({}, {}));
  EXPECT_EQ(ids({}).size(), 3U);
}

TEST_P(SaverConformance, delete_for_runs_nonexistent_noop) {
  put_three();
  ASSERT_TRUE(saver_.delete_runs({"unknown", ""}, {}));
  EXPECT_EQ(ids({}).size(), 3U);
}

TEST_P(SaverConformance, delete_for_runs_across_namespaces) {
  put(root_, "a");
  put({"t", "x:1"}, "a");
  put({"u", "x:1"}, "a");
  put({"u", ""}, "b");
  ASSERT_TRUE(saver_.delete_runs({"run of a"}, {}));
  EXPECT_EQ(ids({}), (Ids{"b"}));
}

// ---- copy_thread ----

TEST_P(SaverConformance, copy_thread_basic) {
  put_log_of_two();
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(get({"copy", ""})->place.thread, "copy");
  EXPECT_EQ(pieces(*get({"copy", ""}), "log"), "=[1]+[2]");
}

TEST_P(SaverConformance, copy_thread_all_checkpoints) {
  put_three();
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  for (const char* id : {"a", "bb", "ccc"}) {
    ASSERT_TRUE(get({"copy", ""}, id));
    EXPECT_EQ(get({"copy", ""}, id)->checkpoint.parent, get(root_, id)->checkpoint.parent);
  }
}

TEST_P(SaverConformance, copy_thread_preserves_metadata) {
  put_three();
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(to_text(get({"copy", ""})->checkpoint.metadata), R"({"user":"x","n":1})");
  EXPECT_EQ(get({"copy", ""})->checkpoint.run, "run of ccc");
  EXPECT_EQ(get({"copy", ""}, "bb")->checkpoint.source, Source::kLoop);
}

TEST_P(SaverConformance, copy_thread_preserves_namespaces) {
  put(root_, "a");
  put({"t", "x:1"}, "b");
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(get({"copy", "x:1"})->checkpoint.id, "b");
  EXPECT_EQ(get({"copy", ""})->checkpoint.id, "a");
}

TEST_P(SaverConformance, copy_thread_preserves_writes) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1), pending("task", PendingWrite::kInterrupt, "?")});
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(get({"copy", ""})->writes, get(root_)->writes);
}

TEST_P(SaverConformance, copy_thread_preserves_ordering) {
  put(root_, "b");
  put(root_, "c", "b");
  put({"t", "x:1"}, "d");
  put(root_, "a", "c");
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(ids_of("copy"), (Ids{"a", "d", "c", "b"}));
}

TEST_P(SaverConformance, copy_thread_source_unchanged) {
  put_log_of_two();
  write(root_, "b", {pending("task", 0, 1)});
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  NewCheckpoint more = next({"copy", ""}, "c", "b");
  more.changed = {{"log", added(Array{3})}};
  put(more);
  EXPECT_EQ(ids_of("t"), (Ids{"b", "a"}));
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]");
  EXPECT_EQ(get(root_)->writes.size(), 1U);
  ASSERT_TRUE(saver_.delete_thread("t", {}));  // Nor does the copy stand on it.
  EXPECT_EQ(pieces(*get({"copy", ""}), "log"), "=[1]+[2]+[3]");
}

TEST_P(SaverConformance, copy_thread_nonexistent_source) {
  ASSERT_TRUE(saver_.copy_thread("unknown", "new", {}));
  EXPECT_FALSE(get({"new", ""}));
}

// ---- prune ----

TEST_P(SaverConformance, prune_keep_latest_single_thread) {
  put_three();
  ASSERT_TRUE(saver_.prune({"t"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(ids({}), (Ids{"ccc"}));
}

TEST_P(SaverConformance, prune_keep_latest_multiple_threads) {
  put_three();
  put({"u", ""}, "d");
  put({"u", ""}, "e", "d");
  ASSERT_TRUE(saver_.prune({"t", "u"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(ids({}), (Ids{"e", "ccc"}));
}

TEST_P(SaverConformance, prune_keep_latest_across_namespaces) {
  put_three();
  put({"t", "x:1"}, "d");
  put({"t", "x:1"}, "e", "d");
  ASSERT_TRUE(saver_.prune({"t"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(ids({}), (Ids{"e", "ccc"}));
}

TEST_P(SaverConformance, prune_keep_latest_preserves_writes) {
  put(root_, "a");
  put(root_, "b", "a");
  write(root_, "a", {pending("old", 0, 1)});
  write(root_, "b", {pending("new", 0, 1)});
  ASSERT_TRUE(saver_.prune({"t"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(get(root_)->writes, (std::vector<PendingWrite>{pending("new", 0, 1)}));
}

TEST_P(SaverConformance, prune_preserves_other_threads) {
  put_three();
  put({"u", ""}, "d");
  put({"u", ""}, "e", "d");
  ASSERT_TRUE(saver_.prune({"u"}, Prune::kKeepLatest, {}));
  ASSERT_TRUE(saver_.prune({"u"}, Prune::kDeleteAll, {}));
  EXPECT_EQ(ids({}), (Ids{"ccc", "bb", "a"}));
}

TEST_P(SaverConformance, prune_empty_list_noop) {
  put_three();
  ASSERT_TRUE(saver_.prune({}, Prune::kKeepLatest, {}));
  ASSERT_TRUE(saver_.prune({}, Prune::kDeleteAll, {}));
  EXPECT_EQ(ids({}).size(), 3U);
}

TEST_P(SaverConformance, prune_nonexistent_noop) {
  put_three();
  ASSERT_TRUE(saver_.prune({"unknown"}, Prune::kKeepLatest, {}));
  ASSERT_TRUE(saver_.prune({"unknown"}, Prune::kDeleteAll, {}));
  EXPECT_EQ(ids({}).size(), 3U);
}

}  // namespace docmind::graph::testing
