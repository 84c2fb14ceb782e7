// What every Saver must do. A test instantiates the suite with a way to make one:
//   INSTANTIATE_TEST_SUITE_P(Memory, SaverConformance, ::testing::Values(SaverMaker{...}));
// The names are those of langgraph's libs/checkpoint-conformance where the case is the same.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/checkpoint.h"

namespace docmind::graph::testing {

// A saver with nothing in it. What it stands on goes with it.
using SaverMaker = std::function<std::shared_ptr<Saver>()>;

class SaverConformance : public ::testing::TestWithParam<SaverMaker> {
 protected:
  using Json = boost::json::value;
  using Ids = std::vector<std::string>;

  std::shared_ptr<Saver> shared_ = GetParam()();
  Saver& saver_ = *shared_;
  Place root_{"t", ""};

  static Piece whole(Json value) { return {.kind = Piece::Kind::kWhole, .value = std::move(value)}; }
  static Piece added(Json value) { return {.kind = Piece::Kind::kAdded, .value = std::move(value)}; }
  static NewCheckpoint next(const Place& place, std::string id, std::string parent = "") {
    NewCheckpoint out;
    out.place = place;
    out.checkpoint.step = static_cast<std::int64_t>(id.size());
    out.checkpoint.run = "run of " + id;
    out.checkpoint.id = std::move(id);
    out.checkpoint.parent = std::move(parent);
    return out;
  }
  void put(const NewCheckpoint& checkpoint) {
    const Result<> done = saver_.put(checkpoint, {});
    ASSERT_TRUE(done) << done.error().message;
  }
  void put(const Place& place, const std::string& id, const std::string& parent = "") { put(next(place, id, parent)); }
  // "a" and, on it, "b": a log whose last entry stands apart.
  void put_log_of_two() {
    NewCheckpoint first = next(root_, "a");
    first.changed = {{"log", whole(boost::json::array{1})}};
    put(first);
    NewCheckpoint second = next(root_, "b", "a");
    second.changed = {{"log", added(boost::json::array{2})}};
    put(second);
  }
  void write(const Place& place, const std::string& id, std::vector<PendingWrite> writes) {
    const Result<> done = saver_.put_writes(place, id, writes, {});
    ASSERT_TRUE(done) << done.error().message;
  }
  static PendingWrite pending(std::string task, std::int64_t index, Json value) {
    return {.task = std::move(task), .index = index, .path = "pull:x", .value = std::move(value)};
  }
  std::optional<SavedCheckpoint> get(const Place& place, const std::string& id = "") {
    auto found = saver_.get(place, id, {});
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : std::nullopt;
  }
  Ids ids(const ListFilter& filter) {
    Ids out;
    for (const SavedCheckpoint& one : *saver_.list(filter, {})) out.push_back(one.checkpoint.id);
    return out;
  }
  Ids ids_of(const std::string& thread) {
    ListFilter filter;
    filter.thread = thread;
    return ids(filter);
  }
  static std::string pieces(const SavedCheckpoint& saved, const std::string& channel) {
    const auto found = saved.channels.find(channel);
    if (found == saved.channels.end()) return "none";
    std::string out;
    for (const Piece& piece : found->second) {
      out += (piece.kind == Piece::Kind::kWhole ? "=" : "+") + to_text(piece.value);
    }
    return out;
  }
};

TEST_P(SaverConformance, put_roundtrip_preserves_everything) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.source = Source::kFork;
  given.checkpoint.step = -1;
  given.checkpoint.frontier = {{"due", boost::json::array{"x", 1, nullptr}}};
  given.checkpoint.metadata = {{"user", "王芳"}, {"nul", std::string_view("a\0b", 3)}, {"n", 0.5}};
  given.changed = {{"n", whole(3)}, {"text", whole("ü")}, {"空", whole(boost::json::object{{"k", nullptr}})}};
  put(given);
  const auto found = get(root_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->place.thread, "t");
  EXPECT_EQ(found->checkpoint.id, "a");
  EXPECT_EQ(found->checkpoint.parent, "");
  EXPECT_EQ(found->checkpoint.run, "run of a");
  EXPECT_EQ(found->checkpoint.source, Source::kFork);
  EXPECT_EQ(found->checkpoint.step, -1);
  EXPECT_EQ(found->checkpoint.frontier, given.checkpoint.frontier);
  EXPECT_EQ(found->checkpoint.metadata, given.checkpoint.metadata);
  EXPECT_EQ(found->channels.size(), 3U);
  EXPECT_EQ(pieces(*found, "n"), "=3");
  EXPECT_EQ(pieces(*found, "空"), R"(={"k":null})");
  EXPECT_TRUE(found->writes.empty());
}

TEST_P(SaverConformance, put_incremental_channel_update) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"log", whole(boost::json::array{1})}, {"same", whole("kept")}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"log", added(boost::json::array{2})}};
  put(second);
  NewCheckpoint third = next(root_, "c", "b");
  third.changed = {{"log", added(boost::json::array{3})}};
  put(third);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]+[3]");
  EXPECT_EQ(pieces(*get(root_), "same"), R"(="kept")");
  EXPECT_EQ(pieces(*get(root_, "a"), "log"), "=[1]");
  NewCheckpoint anew = next(root_, "d", "c");
  anew.changed = {{"log", whole(boost::json::array{1, 2, 3})}};
  put(anew);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1,2,3]");
}

TEST_P(SaverConformance, put_new_channel_added_and_channel_removed) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"old", whole(1)}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"new", whole(2)}};
  second.removed = {"old"};
  put(second);
  EXPECT_EQ(pieces(*get(root_), "old"), "none");
  EXPECT_EQ(pieces(*get(root_), "new"), "=2");
  EXPECT_EQ(pieces(*get(root_, "a"), "old"), "=1");
  NewCheckpoint third = next(root_, "c", "b");  // Gone and back in one step: an ephemeral value.
  third.changed = {{"new", whole(3)}};
  third.removed = {"new"};
  put(third);
  EXPECT_EQ(pieces(*get(root_), "new"), "=3");
}

TEST_P(SaverConformance, put_branches_share_their_past_and_nothing_else) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"log", whole(boost::json::array{"a"})}};
  put(first);
  for (const char* id : {"b", "c"}) {
    NewCheckpoint branch = next(root_, id, "a");
    branch.changed = {{"log", added(boost::json::array{id})}};
    put(branch);
  }
  EXPECT_EQ(pieces(*get(root_, "b"), "log"), R"(=["a"]+["b"])");
  EXPECT_EQ(pieces(*get(root_), "log"), R"(=["a"]+["c"])");
}

TEST_P(SaverConformance, put_namespaces_and_threads_are_isolated) {
  put(root_, "a");
  put({"t", "child:1"}, "a");
  put({"other", ""}, "x");
  EXPECT_EQ(get({"t", "child:1"})->checkpoint.id, "a");
  EXPECT_FALSE(get({"t", "child:2"}));
  EXPECT_FALSE(get({"other", ""}, "a"));
  EXPECT_EQ(get(root_)->place.space, "");
}

TEST_P(SaverConformance, put_the_same_id_twice_is_a_conflict) {
  put(root_, "a");
  const Result<> again = saver_.put(next(root_, "a"), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
}

TEST_P(SaverConformance, put_after_an_unknown_parent_leaves_nothing) {
  NewCheckpoint orphan = next(root_, "b", "nobody");
  orphan.changed = {{"n", whole(1)}};
  EXPECT_EQ(saver_.put(orphan, {}).error().code, Code::kNotFound);
  EXPECT_FALSE(get(root_));
  EXPECT_TRUE(saver_.threads("", 10, {})->empty());
}

TEST_P(SaverConformance, put_drops_the_namespaces_inside_its_own) {
  put(root_, "a");
  put({"t", "x:1"}, "b");
  put({"t", "x:1|y:2"}, "c");
  put({"t", "x:11"}, "d");
  put({"u", "x:1"}, "e");
  NewCheckpoint inside = next({"t", "x:1"}, "f", "b");
  inside.inner = Inner::kDrop;
  put(inside);
  EXPECT_EQ(ids_of("t"), (Ids{"f", "d", "b", "a"}));
  NewCheckpoint outer = next(root_, "g", "a");
  outer.inner = Inner::kDrop;
  put(outer);
  EXPECT_EQ(ids_of("t"), (Ids{"g", "a"}));
  EXPECT_EQ(ids_of("u"), (Ids{"e"}));
}

TEST_P(SaverConformance, put_writes_multiple_tasks_and_special_indexes) {
  put(root_, "a");
  const std::vector<PendingWrite> writes = {
      pending("task 1", PendingWrite::kResume, boost::json::array{1}), pending("task 1", PendingWrite::kInterrupt, "?"),
      pending("task 1", PendingWrite::kError, "failed"), pending("task 1", PendingWrite::kResult, 7),
      pending("task 2", PendingWrite::kResult, nullptr)};
  write(root_, "a", {writes[4], writes[2], writes[0], writes[3], writes[1]});
  EXPECT_EQ(get(root_)->writes, writes);  // By task, then index.
}

TEST_P(SaverConformance, put_writes_idempotent) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, "old")});
  write(root_, "a", {pending("task", 0, "new")});
  EXPECT_EQ(get(root_)->writes, (std::vector<PendingWrite>{pending("task", 0, "new")}));
}

TEST_P(SaverConformance, put_writes_across_namespaces) {
  put(root_, "a");
  put({"t", "x:1"}, "a");
  write({"t", "x:1"}, "a", {pending("task", 0, 1)});
  EXPECT_TRUE(get(root_)->writes.empty());
  EXPECT_EQ(get({"t", "x:1"})->writes.size(), 1U);
}

TEST_P(SaverConformance, put_writes_cleared_on_next_checkpoint) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1)});
  put(root_, "b", "a");
  EXPECT_TRUE(get(root_)->writes.empty());
  EXPECT_TRUE(get(root_, "a")->writes.empty());
}

TEST_P(SaverConformance, put_writes_of_nothing_is_not_found) {
  EXPECT_EQ(saver_.put_writes(root_, "a", {pending("task", 0, 1)}, {}).error().code, Code::kNotFound);
}

TEST_P(SaverConformance, get_latest_and_specific_and_nonexistent) {
  EXPECT_FALSE(get(root_));
  put(root_, "b");
  put(root_, "a", "b");  // The latest is the one put last, whatever its id.
  EXPECT_EQ(get(root_)->checkpoint.id, "a");
  EXPECT_EQ(get(root_)->checkpoint.parent, "b");
  EXPECT_EQ(get(root_, "b")->checkpoint.id, "b");
  EXPECT_FALSE(get(root_, "c"));
  EXPECT_FALSE(get({"T", ""}, "a"));
}

TEST_P(SaverConformance, list_filters_and_orders) {
  EXPECT_TRUE(ids({}).empty());
  for (const char* id : {"a", "bb", "ccc"}) {
    NewCheckpoint one = next(root_, id);
    one.checkpoint.source = id == std::string("bb") ? Source::kLoop : Source::kInput;
    one.checkpoint.metadata = {{"user", id == std::string("ccc") ? "x" : "y"}, {"n", 1}};
    put(one);
  }
  put({"t", "x:1"}, "inner");
  put({"u", ""}, "other");
  ListFilter filter;
  EXPECT_EQ(ids(filter), (Ids{"other", "inner", "ccc", "bb", "a"}));
  filter.thread = "t";
  EXPECT_EQ(ids(filter), (Ids{"inner", "ccc", "bb", "a"}));
  filter.space = "";
  EXPECT_EQ(ids(filter), (Ids{"ccc", "bb", "a"}));
  filter.limit = 2;
  EXPECT_EQ(ids(filter), (Ids{"ccc", "bb"}));
  filter.before = "ccc";
  EXPECT_EQ(ids(filter), (Ids{"bb", "a"}));
  filter.limit = 1;
  EXPECT_EQ(ids(filter), (Ids{"bb"}));
  filter.limit = 9;
  filter.before = "nobody";
  EXPECT_TRUE(ids(filter).empty());
  filter.before = "";
  filter.metadata = {{"user", "y"}};
  EXPECT_EQ(ids(filter), (Ids{"bb", "a"}));
  filter.metadata = {{"user", "y"}, {"source", "loop"}};
  EXPECT_EQ(ids(filter), (Ids{"bb"}));
  filter.metadata = {{"step", 1}};
  EXPECT_EQ(ids(filter), (Ids{"a"}));
  filter.metadata = {{"user", nullptr}};
  EXPECT_TRUE(ids(filter).empty());
  filter.limit = 0;
  filter.metadata = {};
  EXPECT_TRUE(ids(filter).empty());
}

TEST_P(SaverConformance, list_includes_pending_writes) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1)});
  EXPECT_EQ(saver_.list({}, {})->at(0).writes.size(), 1U);
}

TEST_P(SaverConformance, threads_are_named_in_pages) {
  for (const char* thread : {"c", "a", "b"}) put({thread, ""}, "x");
  put({"b", "inner"}, "y");
  EXPECT_EQ(*saver_.threads("", 2, {}), (Ids{"a", "b"}));
  EXPECT_EQ(*saver_.threads("b", 2, {}), (Ids{"c"}));
}

TEST_P(SaverConformance, delete_thread_takes_all_of_it_and_no_other) {
  put(root_, "a");
  write(root_, "a", {pending("task", 0, 1)});
  put({"t", "x:1"}, "b");
  put({"u", ""}, "c");
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  ASSERT_TRUE(saver_.delete_thread("unknown", {}));
  EXPECT_TRUE(ids_of("t").empty());
  EXPECT_EQ(ids_of("u"), (Ids{"c"}));
  put(root_, "a");  // Nothing of the old one comes back with its name.
  EXPECT_TRUE(get(root_)->writes.empty());
}

TEST_P(SaverConformance, delete_for_runs_keeps_what_others_stand_on) {
  put_log_of_two();
  put({"u", "x:1"}, "a");
  write({"u", "x:1"}, "a", {pending("task", 0, 1)});
  ASSERT_TRUE(saver_.delete_runs({}, {}));
  ASSERT_TRUE(saver_.delete_runs({"unknown"}, {}));
  EXPECT_EQ(ids({}).size(), 3U);
  ASSERT_TRUE(saver_.delete_runs({"run of a"}, {}));
  EXPECT_EQ(ids({}), (Ids{"b"}));
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]");
}

TEST_P(SaverConformance, copy_thread_is_whole_and_apart) {
  put_log_of_two();
  write(root_, "b", {pending("task", 0, 1)});
  put({"t", "x:1"}, "c");
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(ids_of("copy"), (Ids{"c", "b", "a"}));
  EXPECT_EQ(get({"copy", ""})->writes.size(), 1U);
  EXPECT_EQ(pieces(*get({"copy", ""}), "log"), "=[1]+[2]");
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  EXPECT_EQ(pieces(*get({"copy", ""}), "log"), "=[1]+[2]");
  put({"copy", ""}, "d", "b");
  EXPECT_EQ(get({"copy", ""})->checkpoint.id, "d");
}

TEST_P(SaverConformance, copy_thread_onto_another_is_a_conflict) {
  put(root_, "a");
  put({"u", ""}, "b");
  EXPECT_EQ(saver_.copy_thread("t", "u", {}).error().code, Code::kConflict);
  ASSERT_TRUE(saver_.copy_thread("unknown", "new", {}));
  EXPECT_FALSE(get({"new", ""}));
}

TEST_P(SaverConformance, prune_keep_latest_of_each_namespace_with_its_writes) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"log", whole(boost::json::array{1})}, {"dead", whole("weight")}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"log", added(boost::json::array{2})}};
  second.removed = {"dead"};
  put(second);
  write(root_, "b", {pending("task", 0, 1)});
  put({"t", "x:1"}, "c");
  put({"t", "x:1"}, "d", "c");
  put({"u", ""}, "e");
  put({"u", ""}, "f", "e");
  ASSERT_TRUE(saver_.prune({"t", "unknown"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(ids_of("t"), (Ids{"d", "b"}));
  EXPECT_EQ(ids_of("u").size(), 2U);
  EXPECT_EQ(get(root_)->writes.size(), 1U);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]");
  NewCheckpoint third = next(root_, "g", "b");
  third.changed = {{"log", added(boost::json::array{3})}};
  put(third);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]+[3]");
}

TEST_P(SaverConformance, prune_delete_all) {
  put(root_, "a");
  put({"u", ""}, "b");
  ASSERT_TRUE(saver_.prune({"t"}, Prune::kDeleteAll, {}));
  ASSERT_TRUE(saver_.prune({}, Prune::kDeleteAll, {}));
  EXPECT_EQ(ids({}), (Ids{"b"}));
}

}  // namespace docmind::graph::testing
