#include "graph/impl/channels.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <unordered_map>

#include "base/json_members.h"

namespace docmind::graph::impl {
namespace {

Error misfit(const Channel& channel, std::string_view what) {
  return {Code::kInvalidArgument, "a write to the channel '" + channel.name + "' " + std::string(what),
          "Correct the node that wrote it."};
}

bool fits(Type type, const Value& value) {
  if (value.is_null()) return true;
  switch (type) {
    case Type::kAnything:
      return true;
    case Type::kBoolean:
      return value.is_bool();
    case Type::kInteger:
      return value.is_int64() || value.is_uint64();
    case Type::kNumber:
      return value.is_number();
    case Type::kText:
      return value.is_string();
    case Type::kList:
      return value.is_array();
    case Type::kObject:
      return value.is_object();
  }
  return false;
}

// JSON that is nested deeper could be written to a checkpoint, but not read back.
bool too_deep(const Value& value, int levels = 48) {
  if (value.is_array()) {
    if (levels == 0) return true;
    return std::ranges::any_of(value.get_array(), [&](const Value& item) { return too_deep(item, levels - 1); });
  }
  if (value.is_object()) {
    if (levels == 0) return true;
    return std::ranges::any_of(value.get_object(),
                               [&](const auto& field) { return too_deep(field.value(), levels - 1); });
  }
  return false;
}

bool removes_all(const Object& message) { return json_text(json_member(message, "type")) == "remove_all"; }
bool removes(const Object& message) { return json_text(json_member(message, "type")) == "remove"; }

Result<> check_message(const Channel& channel, const Value& message) {
  if (!message.is_object()) return misfit(channel, "holds a message that is no object");
  const Object& object = message.get_object();
  if (removes_all(object)) return {};
  const Value* id = object.if_contains("id");
  if (id != nullptr && !id->is_string()) return misfit(channel, "holds a message whose id is no text");
  if (json_text(json_member(object, "id")).empty()) return misfit(channel, "holds a message whose id is empty");
  return {};
}

// Positions by id are looked for only once per write, so a long conversation costs what is added and one pass.
Result<> merge_messages(const Channel& channel, const Array& written, Array& all) {
  std::unordered_map<std::string, std::size_t> place;
  std::set<std::size_t> gone;
  std::set<std::string> removed;  // By this write: once more is no mistake.
  const auto index = [&] {
    for (std::size_t i = 0; i < all.size(); ++i) place[std::string(json_text(json_member(all[i], "id")))] = i;
  };
  index();
  for (const Value& value : written) {
    DM_TRY(check_message(channel, value));
    const Object& message = value.get_object();
    if (removes_all(message)) {
      all.clear(), place.clear(), gone.clear();
      continue;
    }
    const std::string id(json_text(json_member(message, "id")));
    const auto found = place.find(id);
    if (removes(message)) {
      if (found == place.end() && removed.contains(id)) continue;
      if (found == place.end()) return misfit(channel, "removes the message '" + id + "', which is not there");
      removed.insert(id);
      gone.insert(found->second);
      place.erase(found);
    } else if (found != place.end()) {
      all[found->second] = value;
    } else {
      place[id] = all.size();
      all.push_back(value);
    }
  }
  if (gone.empty()) return {};
  Array kept;
  kept.reserve(all.size() - gone.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!gone.contains(i)) kept.push_back(std::move(all[i]));
  }
  all = std::move(kept);
  return {};
}

Result<Value> fold(const Channel& channel, const Value& old, const Value& written) {
  try {
    return channel.fold(old, written);
  } catch (const std::exception& e) {
    return Error{Code::kInternal, "the fold of the channel '" + channel.name + "' threw: " + e.what(),
                 "This is a mistake in the graph: report it."};
  }
}

Array& as_list(Value& value) {
  if (!value.is_array()) value = Array{};
  return value.get_array();
}

}  // namespace

Result<> prepare(const Plan& plan, Update& update, const NameMessage& name_message) {
  Update named;
  std::size_t n = 0;
  for (Write write : update.writes()) {
    const auto found = plan.channels.find(write.channel);
    if (found == plan.channels.end()) {
      return Error{Code::kInvalidArgument, "a write names the channel '" + write.channel + "', which is not there",
                   "Correct the node that wrote it, or add the channel to the graph."};
    }
    const Channel& channel = found->second;
    if (!fits(channel.type, write.value)) return misfit(channel, "has the wrong type");
    if (too_deep(write.value)) return misfit(channel, "is nested more than 48 deep");
    const bool list = channel.reducer == Reducer::kAppend || channel.reducer == Reducer::kMessages;
    if (list && !write.value.is_array()) return misfit(channel, "is no list");
    if (channel.reducer == Reducer::kMessages) {
      std::size_t i = 0;
      for (Value& message : write.value.get_array()) {
        if (message.is_object() && !removes_all(message.get_object()) && !removes(message.get_object()) &&
            !message.get_object().contains("id")) {
          message.get_object()["id"] = name_message(n, i);
        }
        ++i;
        DM_TRY(check_message(channel, message));
      }
    }
    named.set(std::move(write.channel), std::move(write.value), write.mode);
    ++n;
  }
  update = std::move(named);
  return {};
}

Result<> apply_write(const Channel& channel, const Write& write, bool touched, Value& value) {
  const bool overwrite = write.mode == Mode::kOverwrite;
  switch (channel.reducer) {
    case Reducer::kLast:
    case Reducer::kEphemeral:
      if (touched) {
        return Error{Code::kConflict, "two tasks of one superstep wrote to the channel '" + channel.name + "'",
                     "Give it a reducer (append, fold, any), or let one node write it."};
      }
      [[fallthrough]];
    case Reducer::kAny:
      value = write.value;
      return {};
    case Reducer::kAppend: {
      Array& list = as_list(value);
      if (overwrite) list.clear();
      for (const Value& item : write.value.get_array()) list.push_back(item);
      return {};
    }
    case Reducer::kMessages: {
      Array& list = as_list(value);
      if (overwrite) list.clear();
      return merge_messages(channel, write.value.get_array(), list);
    }
    case Reducer::kFold: {
      Value folded = overwrite ? write.value : DM_TRY(fold(channel, value, write.value));
      if (!fits(channel.type, folded)) return misfit(channel, "folds to the wrong type");
      value = std::move(folded);
      return {};
    }
  }
  return {};
}

Channels::Channels(const Plan& plan, Tracking tracking) : plan_(plan), tracking_(tracking) {
  for (const auto& [name, channel] : plan_.channels) {
    const bool list = channel.reducer == Reducer::kAppend || channel.reducer == Reducer::kMessages;
    if (list) (*values_)[name] = channel.initial.is_array() ? channel.initial : Value(Array{});
    if (!list && !channel.initial.is_null()) (*values_)[name] = channel.initial;
  }
}

Result<> Channels::load(const std::map<std::string, std::vector<Piece>, std::less<>>& saved) {
  for (const auto& [name, pieces] : saved) {
    const auto found = plan_.channels.find(name);
    if (found == plan_.channels.end()) continue;  // An older graph's channel: kept in the store, not used.
    const Channel& channel = found->second;
    Track track{.stored = true};
    Value value;
    Array added;  // Applied in one go: a merge by ids costs a pass over all messages.
    for (const Piece& piece : pieces) {
      const bool list = piece.value.is_array();
      if (piece.kind == Piece::Kind::kWhole) {
        value = piece.value;
        track.whole = list ? piece.value.get_array().size() : 0;
        continue;
      }
      if (!list) return Error{Code::kDataLoss, "what was added to the channel '" + name + "' is no list"};
      const Array& items = piece.value.get_array();
      added.insert(added.end(), items.begin(), items.end());
    }
    track.added = added.size();
    if (!added.empty()) {
      const Write write{.channel = name, .value = std::move(added)};
      DM_TRY(apply_write(channel, write, false, value).with("restore a checkpoint"));
    }
    if (!fits(channel.type, value)) {
      return Error{Code::kConflict, "the stored value of the channel '" + name + "' does not fit the graph",
                   "The graph has changed since: start a new thread."};
    }
    (*values_)[name] = std::move(value);
    tracks_[name] = std::move(track);
  }
  return {};
}

void Channels::end_ephemerals() {
  for (const auto& [name, channel] : plan_.channels) {
    if (channel.reducer != Reducer::kEphemeral || !values_->contains(name)) continue;
    values_->erase(name);
    changed_.erase(name);
    if (tracks_.erase(name) > 0) removed_.push_back(name);
  }
}

Result<> Channels::apply(const std::vector<const Update*>& updates, Ephemerals ephemerals) {
  if (copy_first_) values_ = std::make_shared<Object>(*values_);
  if (ephemerals == Ephemerals::kEnd) end_ephemerals();
  std::set<std::string, std::less<>> written;
  for (const Update* update : updates) {
    for (const Write& write : update->writes()) DM_TRY(apply_one(write, written));
  }
  return {};
}

Result<> Channels::apply_one(const Write& write, std::set<std::string, std::less<>>& written) {
  const Channel& channel = plan_.channels.find(write.channel)->second;  // prepare() has looked.
  const bool first = written.insert(write.channel).second;
  DM_TRY(apply_write(channel, write, !first, (*values_)[write.channel]));
  if (channel.reducer != Reducer::kEphemeral) touched_.insert(write.channel);
  if (tracking_ == Tracking::kOff) return {};
  changed_.insert(write.channel);
  track(channel, write);
  return {};
}

void Channels::track(const Channel& channel, const Write& write) {
  Track& track = tracks_[write.channel];
  const bool list = channel.reducer == Reducer::kAppend || channel.reducer == Reducer::kMessages;
  if (!list || write.mode == Mode::kOverwrite || !track.stored) {
    track.rewrite = true;
    track.additions.clear();
  } else if (!track.rewrite) {
    for (const Value& item : write.value.get_array()) track.additions.push_back(item);
  }
}

// A list is stored whole again when what was added has outgrown it, so that all its pieces together hold at most three
// times its items, and reading it touches no more additions than it has items.
Piece Channels::piece(const std::string& name, Track& track) {
  constexpr std::size_t kFewAdditions = 64;
  const Value& value = (*values_)[name];
  track.added += track.additions.size();
  if (!track.rewrite && track.added <= std::max(kFewAdditions, track.whole)) {
    return {.kind = Piece::Kind::kAdded, .value = std::exchange(track.additions, {})};
  }
  track = {.whole = value.is_array() ? value.get_array().size() : 0, .stored = true};
  return {.kind = Piece::Kind::kWhole, .value = value};
}

std::map<std::string, Piece, std::less<>> Channels::take_changes() {
  std::map<std::string, Piece, std::less<>> out;
  for (const std::string& name : changed_) out.emplace(name, piece(name, tracks_[name]));
  changed_.clear();
  return out;
}

std::vector<std::string> Channels::take_removed() { return std::exchange(removed_, {}); }

}  // namespace docmind::graph::impl
