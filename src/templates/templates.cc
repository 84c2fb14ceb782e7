#include "templates/templates.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "base/ascii.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"

namespace docmind::templates {
namespace {

namespace json = boost::json;

constexpr std::size_t kMost = 100;
constexpr std::size_t kMostName = 64;
constexpr std::size_t kMostText = 4096;
constexpr std::uint64_t kMostBytes = 4U << 20U;  // Of the file: texts may be escaped.

// Wordings that are answered well without a chat model, too: e2e/templates asks each.
const std::vector<Template>& built_in() {
  static const std::vector<Template> ones = {
      {"Explain a term", "What is {term}?", true},
      {"Compare two terms", "What is {first}, and what is {second}?", true},
      {"How to", "How do I {task}?", true},
      {"Count", "How many {things} are there?", true},
      {"List", "List all {things}", true},
  };
  return ones;
}

bool is_built_in(std::string_view name) {
  return std::ranges::find(built_in(), name, &Template::name) != built_in().end();
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostName && is_utf8(name) && !has_control(name) &&
         name.find('/') == std::string_view::npos;
}

bool is_text(std::string_view text) {
  return text.size() <= kMostText && is_utf8(text) && text.find_first_not_of(" \t\r\n") != std::string_view::npos;
}

auto named(std::vector<Template>& all, std::string_view name) { return std::ranges::find(all, name, &Template::name); }

Error damaged(const std::filesystem::path& path) {
  return {Code::kDataLoss, sys::printable(path) + " holds no templates that can be read", "Mend it or move it away."};
}

}  // namespace

Result<> check_name(std::string_view name) {
  if (is_name(name)) return {};
  return Error{Code::kInvalidArgument, "a template's name is 1 to 64 bytes in one line without \"/\"",
               "Give it another one."};
}

Result<std::vector<Template>> Templates::read() const {
  const Result<std::string> bytes = files_.read(path_, kMostBytes);
  if (!bytes && bytes.error().code == Code::kNotFound) return std::vector<Template>();
  if (!bytes) return bytes.error();
  const Result<json::value> value = parse_json(*bytes);
  const json::value list = value ? json_member(*value, "templates") : json::value();
  if (!list.is_array() || list.get_array().size() > kMost) return damaged(path_);
  std::vector<Template> own;
  for (const json::value& one : list.get_array()) {
    Template read{std::string(json_text(json_member(one, "name"))), std::string(json_text(json_member(one, "text")))};
    const bool twice = named(own, read.name) != own.end();
    if (twice || !is_name(read.name) || !is_text(read.text)) return damaged(path_);
    own.push_back(std::move(read));
  }
  return own;
}

Result<> Templates::write(const std::vector<Template>& own) {
  json::array list;
  for (const Template& one : own) list.push_back({{"name", one.name}, {"text", one.text}});
  return files_.write_atomic(path_, to_text(json::object{{"templates", std::move(list)}}) + "\n");
}

Result<std::vector<Template>> Templates::list() const {
  const MutexLock lock(mutex_);
  std::vector<Template> own = DM_TRY(read());
  std::ranges::sort(own, {}, &Template::name);
  std::vector<Template> all = built_in();
  std::ranges::move(own, std::back_inserter(all));
  return all;
}

Result<Template> Templates::put(std::string name, std::string text) {
  DM_TRY(check_name(name));
  if (!is_text(text)) {
    return Error{Code::kInvalidArgument, "a template's text is 1 to 4096 bytes", "Write a shorter one, or some words."};
  }
  if (is_built_in(name)) {
    return Error{Code::kConflict, "the template " + name + " came with DocMind", "Choose another name."};
  }
  const MutexLock lock(mutex_);
  std::vector<Template> own = DM_TRY(read());
  Template made{std::move(name), std::move(text)};
  if (const auto there = named(own, made.name); there != own.end()) {
    *there = made;
  } else if (own.size() >= kMost) {
    return Error{Code::kResourceExhausted, "there are 100 templates already", "Remove one first."};
  } else {
    own.push_back(made);
  }
  DM_TRY(write(own));
  return made;
}

Result<Template> Templates::remove(std::string_view name) {
  if (is_built_in(name)) {
    return Error{Code::kConflict, "the template " + std::string(name) + " came with DocMind", "It stays."};
  }
  const MutexLock lock(mutex_);
  std::vector<Template> own = DM_TRY(read());
  const auto there = named(own, name);
  if (there == own.end()) {
    return Error{Code::kNotFound, "there is no template " + std::string(name), "docmind templates list shows them."};
  }
  Template gone = *there;
  own.erase(there);
  DM_TRY(write(own));
  return gone;
}

}  // namespace docmind::templates
