#include "cache/shared/purge_journal.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/base64.h"
#include "base/json.h"

namespace docmind::cache {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMostBytes = 4U << 20U;

std::optional<std::string> tag_in(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  auto tag = from_base64(value.get_string());
  return tag ? std::optional(*std::move(tag)) : std::nullopt;
}

std::optional<PurgeReceipt> receipt_in(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr || !object->contains("tag") || !object->contains("moment")) return std::nullopt;
  const auto tag = tag_in(object->at("tag"));
  const json::string* const text = object->at("moment").if_string();
  PurgeReceipt out;
  if (!tag || text == nullptr) return std::nullopt;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), out.moment);
  if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
  out.tag = *tag;
  return out;
}

}  // namespace

PurgeJournal::PurgeJournal(std::filesystem::path path, sys::Files& files) : path_(std::move(path)), files_(files) {
  read();
}

void PurgeJournal::read() {
  const MutexLock lock(mutex_);
  const auto bytes = files_.read(path_, kMostBytes);
  if (!bytes && bytes.error().code == Code::kNotFound) return;
  const auto damaged = [&]() DM_REQUIRES(mutex_) {
    last_.reset();
    pending_ = {{next_++, std::string()}};
  };
  if (!bytes) return damaged();
  const auto value = parse_json(*bytes);
  const json::object* const object = value ? value->if_object() : nullptr;
  if (object == nullptr || !object->contains("pending") || !object->at("pending").is_array()) return damaged();
  for (const json::value& one : object->at("pending").get_array()) {
    const auto tag = tag_in(one);
    if (!tag) return damaged();
    pending_.push_back({next_++, *tag});
  }
  if (!object->contains("last")) return;
  last_ = receipt_in(object->at("last"));
  if (!last_) damaged();
}

Result<> PurgeJournal::write() {
  json::array pending;
  for (const Noted& one : pending_) pending.emplace_back(to_base64(one.tag));
  json::object out{{"pending", std::move(pending)}};
  if (last_) out["last"] = {{"tag", to_base64(last_->tag)}, {"moment", std::to_string(last_->moment)}};
  return files_.write_atomic(path_, to_text(out));
}

Result<> PurgeJournal::note(std::string_view tag) {
  const MutexLock lock(mutex_);
  if (tag.empty() || pending_.size() >= kMost) {
    pending_ = {{next_++, std::string()}};
  } else {
    // Under an id of its own, though it is noted already: the one before may be under way.
    std::erase_if(pending_, [&](const Noted& one) { return one.tag == tag; });
    pending_.push_back({next_++, std::string(tag)});
  }
  return write();
}

Result<> PurgeJournal::done(std::uint64_t id) {
  const MutexLock lock(mutex_);
  if (std::erase_if(pending_, [id](const Noted& one) { return one.id == id; }) == 0) return {};
  return write();
}

Result<> PurgeJournal::keep(PurgeReceipt last) {
  const MutexLock lock(mutex_);
  last_ = std::move(last);
  return write();
}

std::vector<PurgeJournal::Noted> PurgeJournal::pending() const {
  const MutexLock lock(mutex_);
  return pending_;
}
bool PurgeJournal::empty() const {
  const MutexLock lock(mutex_);
  return pending_.empty();
}
std::optional<PurgeReceipt> PurgeJournal::last() const {
  const MutexLock lock(mutex_);
  return last_;
}

}  // namespace docmind::cache
