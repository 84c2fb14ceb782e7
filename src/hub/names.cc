#include "hub/names.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"

namespace docmind::hub {
namespace {

constexpr std::size_t kMaxPart = 96;
constexpr std::size_t kMaxSegment = 255;
constexpr std::size_t kMaxPath = 1024;

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPart && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

template <typename Good>
bool all_segments(std::string_view path, Good good) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (!good(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<> check_repository(std::string_view name) {
  if (std::ranges::count(name, '/') == 1 && all_segments(name, is_word)) return {};
  return Error{Code::kInvalidArgument, "That is no name of a repository.", "Write it as OWNER/NAME."};
}

Result<> check_revision(std::string_view revision) {
  if (revision.size() <= kMaxPath && all_segments(revision, is_word)) return {};
  return Error{Code::kInvalidArgument, "That is no name of a revision.", "Give a branch, a tag or a commit."};
}

Result<> check_file(std::string_view path) {
  const bool plain = path.size() <= kMaxPath && is_utf8(path) &&
                     std::ranges::none_of(path, [](char c) { return c == '\\' || is_control(c); });
  const auto good = [](std::string_view segment) {
    return !segment.empty() && segment.size() <= kMaxSegment && segment != "." && segment != "..";
  };
  if (plain && all_segments(path, good)) return {};
  return Error{Code::kInvalidArgument, "That is no name of a file in a repository.",
               "Name a file as the repository lists it, without \"..\"."};
}

bool is_commit(std::string_view text) {
  return text.size() == 40 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace docmind::hub
