// What a hub answers, read: the list of a repository's files, and what the headers say of one file.
//
// Pure functions; everything is hostile until it has been checked here. Source: the Hugging Face hub's protocol as its
// own clients use it: GET {endpoint}/api/models/{repo}/revision/{rev}, HEAD {endpoint}/{repo}/resolve/{rev}/{file} with
// X-Repo-Commit, X-Linked-Etag (of a large file: its SHA-256), X-Linked-Size, ETag.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace docmind::hub {

constexpr std::uint64_t kMaxListing = 16U << 20U;     // Bytes of a listing.
constexpr std::size_t kMaxFiles = 20'000;             // In a repository.
constexpr std::uint64_t kMaxFileBytes = 2ULL << 40U;  // Of one file.

struct Listing {
  std::string commit;
  std::vector<std::string> files;  // Paths, each checked.
};

// kDataLoss when it is no listing or names a path that leads out of the repository.
Result<Listing> parse_listing(std::string_view body);

struct FileFacts {
  std::string etag{};    // Without quotes and W/.
  std::string commit{};  // Empty when it was not told.
  std::uint64_t size = 0;

  // Large files have their SHA-256 as tag; small ones the hash that git gives them, which is none of the bytes alone.
  std::optional<std::string> sha256() const;
};

// What one answer on the way to a file says; redirects say it, too.
struct Told {
  std::string etag{};
  bool linked = false;  // The tag is the hub's own word, not that of the machine it sends us to.
  std::string commit{};
  std::optional<std::uint64_t> size{};
};
Result<Told> told_by(const net::Response& head);

// "bytes 5-9/10": where the bytes of a 206 begin, and how many the whole file has.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
Result<ContentRange> parse_content_range(std::string_view text);

}  // namespace docmind::hub
