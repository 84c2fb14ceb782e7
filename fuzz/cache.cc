#include <algorithm>
#include <filesystem>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "cache/guard/guards.h"
#include "cache/guard/normalised.h"
#include "cache/record.h"
#include "cache/server/impl/request.h"
#include "cache/server/impl/routes.h"
#include "driver.h"
#include "sys/files.h"

namespace docmind::fuzz {
namespace {

constexpr std::size_t kMostHead = 1000;

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_key(std::string_view key) { DM_CHECK(!key.empty() && key.size() <= cache::kMaxKeyBytes); }

void check_asked(const cache::Asked& asked) {
  if (const auto* reply = std::get_if<cache::AskReply>(&asked)) DM_CHECK(reply->response.status >= 400);
  if (const auto* value = std::get_if<cache::AskValue>(&asked)) check_key(value->key);
  if (const auto* change = std::get_if<cache::AskChange>(&asked)) check_key(change->change.key);
  if (const auto* all = std::get_if<cache::AskValues>(&asked)) DM_CHECK(all->keys.size() <= cache::kMostInBatch);
  if (const auto* all = std::get_if<cache::AskChanges>(&asked)) DM_CHECK(all->changes.size() <= cache::kMostInBatch);
}

const cache::Guards& guards() {
  static const cache::Guards opened = [] {
    sys::RealFiles files;
    auto with_words = cache::Guards::open(files, DOCMIND_LEXICON);
    DM_CHECK(with_words);
    return *std::move(with_words);
  }();
  return opened;
}

}  // namespace

// Requests one behind the other, as they come on a connection.
void fuzz_cache_request(std::string_view bytes) {
  std::string known;
  while (!bytes.empty()) {
    const cache::HeadRead read = cache::read_head(bytes, kMostHead);
    DM_CHECK(!(read.head && read.refused));
    DM_CHECK(read.head || read.refused || bytes.size() < kMostHead);
    if (!read.head) return;
    const cache::RequestHead& head = *read.head;
    const std::string_view lines = bytes.substr(0, head.size);
    DM_CHECK(lines.ends_with("\r\n\r\n") && lies_in(head.method, lines) && lies_in(head.target, lines));
    DM_CHECK(head.target.starts_with('/') && lies_in(head.host, lines));
    for (const auto& [name, value] : head.fields)
      DM_CHECK(!name.empty() && lies_in(name, lines) && lies_in(value, lines));
    bytes.remove_prefix(head.size);
    const std::string_view body = bytes.substr(0, std::min<std::uint64_t>(head.body, bytes.size()));
    bytes.remove_prefix(body.size());
    (void)cache::refuse_foreign(head, {}, known);
    check_asked(cache::route(head, body, {.normalise = cache::normalised}));
  }
}

// What is read is what is written for it.
void fuzz_cache_record(std::string_view bytes) {
  const auto record = cache::read_record(bytes);
  if (record) DM_CHECK(cache::write_record(*record) == bytes);
}

// Two questions, a line break between them.
void fuzz_guards(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view first = bytes.substr(0, end);
  const std::string_view second = bytes.substr(std::min(end + 1, bytes.size()));
  const cache::Reading one = guards().read(first);
  const cache::Reading two = guards().read(second);
  const cache::Difference difference = guards().difference(one, two);
  DM_CHECK(difference == guards().difference(two, one) && !cache::name_of(difference).empty());
  if (one.is_unread() || two.is_unread()) DM_CHECK(difference == cache::Difference::kUnread);
  const std::string once = cache::normalised(first);
  DM_CHECK(cache::normalised(once) == once);
}

// What follows the hash of the file of words; the hash is put right.
void fuzz_lexicon(std::string_view bytes) {
  std::string file = "DMLEXIC1";
  file += content_hash(bytes).view();
  file += bytes;
  const auto lexicon = cache::Lexicon::from_bytes(std::move(file));
  if (!lexicon) return;
  for (cache::Lexicon::Word word = 0; word < lexicon->size(); ++word) {
    (void)lexicon->flags(word);
    const cache::Lexicon::Word found = lexicon->find(lexicon->text(word));
    DM_CHECK(found == cache::Lexicon::kNoWord || lexicon->text(found) == lexicon->text(word));
    for (std::uint32_t n = 0; n < lexicon->links(word); ++n) DM_CHECK(lexicon->link(word, n).word < lexicon->size());
  }
  (void)lexicon->find("widget");
}

}  // namespace docmind::fuzz
