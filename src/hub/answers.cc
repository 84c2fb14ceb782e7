#include "hub/answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/json.h"
#include "base/sha256.h"
#include "hub/names.h"

namespace docmind::hub {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTag = 200;

Error broken(const std::string& what) {
  return {Code::kDataLoss, "The server's answer is not usable: " + what + ".",
          "Check that the address is a hub's, or download the files by hand and use docmind models import."};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "W/"x"" and "x" become x; what is no tag becomes nothing.
std::string tag_of(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const bool plain = text.size() <= kMaxTag && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  return plain ? std::string(text) : std::string();
}

}  // namespace

Result<Listing> parse_listing(std::string_view body) {
  const Result<json::value> root = parse_json(body, {.depth = 16, .bytes = kMaxListing});
  const json::object* object = root ? root->if_object() : nullptr;
  const json::value* commit = object != nullptr ? object->if_contains("sha") : nullptr;
  const json::value* files = object != nullptr ? object->if_contains("siblings") : nullptr;
  if (commit == nullptr || !commit->is_string() || !is_commit(commit->get_string()) || files == nullptr ||
      !files->is_array() || files->get_array().size() > kMaxFiles) {
    return broken("it is no list of a repository's files");
  }
  Listing listing{.commit = std::string(commit->get_string()), .files = {}};
  for (const json::value& file : files->get_array()) {
    const json::value* name = file.is_object() ? file.get_object().if_contains("rfilename") : nullptr;
    if (name == nullptr || !name->is_string()) return broken("it lists a file without a name");
    if (!check_file(name->get_string())) return broken("it lists a file whose name leads out of the repository");
    listing.files.emplace_back(name->get_string());
  }
  return listing;
}

std::optional<std::string> FileFacts::sha256() const {
  if (!is_sha256(etag)) return std::nullopt;
  return etag;
}

Result<Told> told_by(const net::Response& head) {
  Told told;
  const auto linked = head.headers.find("X-Linked-Etag");
  const auto plain = head.headers.find("ETag");
  told.linked = linked.has_value();
  if (linked || plain) told.etag = tag_of(linked ? *linked : *plain);
  const auto size = head.headers.find("X-Linked-Size");
  const bool is_file = head.status == 200;
  const auto length = is_file ? head.headers.find("Content-Length") : std::nullopt;
  if (size || length) {
    told.size = number_of(size ? *size : *length);
    if (!told.size || *told.size > kMaxFileBytes) return broken("the size of a file is none");
  }
  if (const auto commit = head.headers.find("X-Repo-Commit")) {
    if (!is_commit(*commit)) return broken("its commit is none");
    told.commit = *commit;
  }
  return told;
}

Result<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (text.starts_with(kUnit) && dash != text.npos && slash != text.npos && dash < slash) {
    const auto first = number_of(text.substr(kUnit.size(), dash - kUnit.size()));
    const auto last = number_of(text.substr(dash + 1, slash - dash - 1));
    const auto total = number_of(text.substr(slash + 1));
    if (first && last && total && *first <= *last && *last < *total && *last == *total - 1)
      return ContentRange{*first, *total};
  }
  return broken("it sends another part of the file than was asked for");
}

}  // namespace docmind::hub
