#include "cache/impl/questions.h"

#include <algorithm>
#include <utility>

namespace docmind::cache {

namespace {

std::string plain_key_of(const ContentHash& scope, std::string_view plain) {
  return plain.empty() ? std::string() : key_of(scope, plain);
}

}  // namespace

void Questions::add(const Record& record, std::optional<std::uint64_t> checked) {
  const MutexLock lock(mutex_);
  if (most_ == 0) return;
  if (const auto there = by_key_.find(record.key); there != by_key_.end()) {
    if (Held& held = held_.at(there->second); held.made_ms == record.made_ms && held.question == record.question) {
      if (checked) held.checked = checked;
      return;
    }
    remove_held(there->second);
  }
  while (held_.size() >= most_) remove_held(held_.begin()->first);
  const std::int64_t id = next_++;
  Held held{.key = record.key,
            .question = record.question,
            .scope = record.scope,
            .plain_key = plain_key_of(record.scope, plain_ ? plain_(record.question) : std::string()),
            .user = record.user,
            .session = record.session,
            .made_ms = record.made_ms,
            .cited = {},
            .read = record.manifest.read,
            .checked = checked};
  for (const CitedPlace& place : record.manifest.cited) held.cited.emplace(place.document_id, place.version);
  near_.add(record.scope, id, record.space, record.vector);
  by_key_.emplace(record.key, id);
  if (!held.plain_key.empty()) by_plain_[held.plain_key].push_back(id);
  held_.emplace(id, std::move(held));
}

void Questions::remove_held(std::int64_t id) {
  const auto found = held_.find(id);
  near_.remove(found->second.scope, id);
  by_key_.erase(found->second.key);
  if (const auto same = by_plain_.find(found->second.plain_key); same != by_plain_.end()) {
    std::erase(same->second, id);
    if (same->second.empty()) by_plain_.erase(same);
  }
  held_.erase(found);
}

void Questions::remove(const std::string& key) {
  const MutexLock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) remove_held(found->second);
}

std::vector<std::int64_t> Questions::tagged(PurgeBy by, std::string_view name) const {
  const auto meant = [&](const Held& held) {
    switch (by) {
      case PurgeBy::kAll:
        return true;
      case PurgeBy::kUser:
        return held.user == name;
      case PurgeBy::kSession:
        return held.session == name;
      case PurgeBy::kDocument:
        return std::ranges::find(held.read, name) != held.read.end();
    }
    return true;
  };
  std::vector<std::int64_t> ids;
  for (const auto& [id, held] : held_) {
    if (meant(held)) ids.push_back(id);
  }
  return ids;
}

void Questions::remove_tagged(PurgeBy by, std::string_view name) {
  const MutexLock lock(mutex_);
  for (const std::int64_t id : tagged(by, name)) remove_held(id);
}

std::size_t Questions::count_tagged(PurgeBy by, std::string_view name) const {
  const MutexLock lock(mutex_);
  return tagged(by, name).size();
}

std::vector<Questions::Near> Questions::with_plain(const ContentHash& scope, std::string_view plain,
                                                   std::size_t k) const {
  std::vector<Near> out;
  const std::string key = plain_key_of(scope, plain);
  const MutexLock lock(mutex_);
  const auto same = by_plain_.find(key);
  if (same == by_plain_.end()) return out;
  for (auto id = same->second.rbegin(); id != same->second.rend() && out.size() < k; ++id) {
    const Held& held = held_.at(*id);
    out.push_back({held.key, held.question});
  }
  return out;
}

std::vector<Questions::Near> Questions::nearest(const ContentHash& scope, std::span<const float> vector,
                                                std::string_view space, std::size_t k) {
  std::vector<Near> out;
  if (vector.empty()) return out;
  const MutexLock lock(mutex_);
  for (const retrieval::Neighbour& one : near_.nearest(scope, vector, space, k)) {
    const Held& held = held_.at(one.id);
    out.push_back({held.key, held.question, one.cosine});
  }
  return out;
}

std::optional<std::uint64_t> Questions::checked(const Record& record) const {
  const MutexLock lock(mutex_);
  const auto found = by_key_.find(record.key);
  if (found == by_key_.end()) return std::nullopt;
  const Held& held = held_.at(found->second);
  return held.made_ms == record.made_ms && held.question == record.question ? held.checked : std::nullopt;
}

Result<std::vector<std::string>> Questions::outdated(library::Snapshot& at) const {
  std::map<std::string, std::string> versions;  // Of the documents met; empty: it is gone.
  const auto version = [&](const std::string& id) -> Result<std::string> {
    if (const auto known = versions.find(id); known != versions.end()) return known->second;
    const Result<library::Document> document = at.find(id);
    if (!document && document.error().code != Code::kNotFound) return document.error();
    return versions[id] = document && document->id == id ? document->version : std::string();
  };
  const MutexLock lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [id, held] : held_) {
    bool stands = true;
    for (const auto& [document, then] : held.cited) stands = stands && DM_TRY(version(document)) == then;
    for (const std::string& document : held.read) stands = stands && !DM_TRY(version(document)).empty();
    if (!stands) keys.push_back(held.key);
  }
  return keys;
}

std::size_t Questions::size() const {
  const MutexLock lock(mutex_);
  return held_.size();
}

}  // namespace docmind::cache
