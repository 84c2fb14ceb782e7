// What every Saver must do. A test instantiates the suite with a way to make one:
//   INSTANTIATE_TEST_SUITE_P(Memory, SaverConformance, ::testing::Values(SaverMaker{...}));
// The names are those of langgraph's libs/checkpoint-conformance where the case is the same; most of those lie in
// saver_put_cases.h and saver_list_cases.h, which belong to the suite.
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
  using Array = boost::json::array;
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
    first.changed = {{"log", whole(Array{1})}};
    put(first);
    NewCheckpoint second = next(root_, "b", "a");
    second.changed = {{"log", added(Array{2})}};
    put(second);
  }
  // "0", "1", ...: each with its piece of one channel, each after the one before.
  void put_history(const std::string& channel, const std::vector<Piece>& pieces) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      NewCheckpoint one = next(root_, std::to_string(i), i == 0 ? "" : std::to_string(i - 1));
      one.changed = {{channel, pieces[i]}};
      put(one);
    }
  }
  // "a", "bb" and "ccc", of steps 1 to 3; the middle one is of another source, the last of another user.
  void put_three() {
    std::string parent;
    for (const char* id : {"a", "bb", "ccc"}) {
      NewCheckpoint one = next(root_, id, parent);
      parent = id;
      one.checkpoint.source = parent == "bb" ? Source::kLoop : Source::kInput;
      one.checkpoint.metadata = {{"user", parent == "ccc" ? "x" : "y"}, {"n", 1}};
      put(one);
    }
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

TEST_P(SaverConformance, put_roundtrip) {
  NewCheckpoint given = next(root_, "a");
  given.checkpoint.source = Source::kFork;
  given.checkpoint.step = -1;
  given.checkpoint.frontier = {{"due", Array{"x", 1, nullptr}}};
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
  first.changed = {{"log", whole(Array{1})}, {"same", whole("kept")}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"log", added(Array{2})}};
  put(second);
  NewCheckpoint third = next(root_, "c", "b");
  third.changed = {{"log", added(Array{3})}};
  put(third);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1]+[2]+[3]");
  EXPECT_EQ(pieces(*get(root_), "same"), R"(="kept")");
  EXPECT_EQ(pieces(*get(root_, "a"), "log"), "=[1]");
  NewCheckpoint anew = next(root_, "d", "c");
  anew.changed = {{"log", whole(Array{1, 2, 3})}};
  put(anew);
  EXPECT_EQ(pieces(*get(root_), "log"), "=[1,2,3]");
}

TEST_P(SaverConformance, put_new_channel_added) {
  put_history("old", {whole(1)});
  NewCheckpoint second = next(root_, "b", "0");
  second.changed = {{"new", whole(2)}};
  put(second);
  EXPECT_EQ(pieces(*get(root_), "old"), "=1");
  EXPECT_EQ(pieces(*get(root_), "new"), "=2");
  EXPECT_EQ(pieces(*get(root_, "0"), "new"), "none");
}

TEST_P(SaverConformance, put_channel_removed) {
  put_history("old", {whole(1)});
  NewCheckpoint second = next(root_, "b", "0");
  second.removed = {"old"};
  put(second);
  EXPECT_EQ(pieces(*get(root_), "old"), "none");
  EXPECT_EQ(pieces(*get(root_, "0"), "old"), "=1");
}

// As an ephemeral value is.
TEST_P(SaverConformance, put_channel_removed_and_put_in_one_step) {
  put_history("now", {whole(1)});
  NewCheckpoint second = next(root_, "b", "0");
  second.removed = {"now"};
  second.changed = {{"now", whole(2)}};
  put(second);
  EXPECT_EQ(pieces(*get(root_), "now"), "=2");
}

TEST_P(SaverConformance, put_branches_share_their_past_and_nothing_else) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"log", whole(Array{"a"})}};
  put(first);
  for (const char* id : {"b", "c"}) {
    NewCheckpoint branch = next(root_, id, "a");
    branch.changed = {{"log", added(Array{id})}};
    put(branch);
  }
  EXPECT_EQ(pieces(*get(root_, "b"), "log"), R"(=["a"]+["b"])");
  EXPECT_EQ(pieces(*get(root_), "log"), R"(=["a"]+["c"])");
}

TEST_P(SaverConformance, put_the_same_id_twice_is_a_conflict) {
  put(root_, "a");
  const Result<> again = saver_.put(next(root_, "a"), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
}

TEST_P(SaverConformance, put_after_the_latest_alone) {
  const auto after_latest = [&](const Place& place, const std::string& id, const std::string& parent) {
    NewCheckpoint one = next(place, id, parent);
    one.after = After::kLatest;
    one.changed = {{"n", whole(1)}};
    const Result<> done = saver_.put(one, {});
    return done ? std::string("put") : std::string(name(done.error().code));
  };
  EXPECT_EQ(after_latest(root_, "a", "nobody"), "conflict");
  EXPECT_EQ(after_latest(root_, "a", ""), "put");
  EXPECT_EQ(after_latest(root_, "b", ""), "conflict");
  EXPECT_EQ(after_latest(root_, "b", "a"), "put");
  write(root_, "b", {pending("task", 0, 1)});
  EXPECT_EQ(after_latest(root_, "c", "a"), "conflict");
  EXPECT_EQ(after_latest({"t", "x:1"}, "c", ""), "put");  // Of its own namespace.
  EXPECT_EQ(ids_of("t"), (Ids{"c", "b", "a"}));
  EXPECT_EQ(get(root_)->writes.size(), 1U);  // What was refused has changed nothing.
  put(root_, "d", "a");                      // A branch may be put, and is the latest then.
  EXPECT_EQ(after_latest(root_, "e", "b"), "conflict");
  EXPECT_EQ(after_latest(root_, "e", "d"), "put");
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

TEST_P(SaverConformance, copy_thread_onto_another_is_a_conflict) {
  put(root_, "a");
  put({"u", ""}, "b");
  EXPECT_EQ(saver_.copy_thread("t", "u", {}).error().code, Code::kConflict);
  ASSERT_TRUE(saver_.copy_thread("unknown", "new", {}));
  EXPECT_FALSE(get({"new", ""}));
}

TEST_P(SaverConformance, prune_keep_latest_of_each_namespace_with_its_writes) {
  NewCheckpoint first = next(root_, "a");
  first.changed = {{"log", whole(Array{1})}, {"dead", whole("weight")}};
  put(first);
  NewCheckpoint second = next(root_, "b", "a");
  second.changed = {{"log", added(Array{2})}};
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
  third.changed = {{"log", added(Array{3})}};
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
