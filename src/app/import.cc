#include "app/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestId = 100;
constexpr std::size_t kDigits = 32;

imports::System system_of(const cli::ImportOptions& options) {
  return imports::system_named(options.from).value_or(imports::System::kOpenWebUi);  // Checked where arguments are.
}

// What a route of sessions takes as a name, and the same each time.
std::string session_name(const std::string& id, const imports::SystemName& system) {
  const bool plain = !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  return fmt::format("{}-{}", system.word, plain ? id : content_hash(id).hex().substr(0, kDigits));
}

net::Request post(std::string path, std::string type, std::string body) {
  net::Request request;
  request.method = "POST";
  request.target.path = std::move(path);
  request.headers.set("Content-Type", std::move(type));
  request.body = std::move(body);
  return request;
}

// RFC 7578; the boundary is none of the file's own lines, as it is made of its hash.
net::Request upload_of(const std::string& name, const std::string& bytes, const std::string& version) {
  const std::string boundary = "docmind-" + version.substr(0, kDigits);  // 70 bytes at most (RFC 2046).
  std::string quoted;
  for (const char c : name) quoted += c == '"' ? std::string("%22") : std::string(1, c);
  return post(
      "/api/documents", "multipart/form-data; boundary=" + boundary,
      fmt::format("--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n", boundary, quoted) +
          bytes + fmt::format("\r\n--{}--\r\n", boundary));
}

class Import {
 public:
  Import(cli::Api& api, const imports::SystemName& system, const cli::Surroundings& here)
      : api_(api), system_(system), here_(here) {}

  Result<> run(const imports::Found& found) {
    left_out_ = found.left_out;
    DM_TRY(look_at_library());
    for (const imports::Document& document : found.documents) DM_TRY(add(document));
    for (const imports::Chat& chat : found.chats) DM_TRY(add(chat));
    return {};
  }

  int show() const {
    if (here_.json) {
      json::array left;
      for (const imports::LeftOut& one : left_out_) left.push_back({{"what", one.what}, {"why", one.why}});
      here_.terminal.out(
          to_text(json::object{
              {"from", system_.word},
              {"documents", {{"added", documents_}, {"there", documents_there_}, {"text_only", text_only_}}},
              {"chats", {{"added", chats_}, {"there", chats_there_}}},
              {"left_out", std::move(left)}}) +
          "\n");
    } else {
      here_.terminal.out(
          fmt::format("{} documents added ({} as text alone), {} were there\n{} chats added, {} were there\n",
                      documents_, text_only_, documents_there_, chats_, chats_there_));
      for (const imports::LeftOut& one : left_out_)
        here_.terminal.err(fmt::format("left out: {}: {}\n", sys::printable(one.what), sys::printable(one.why)));
    }
    return left_out_.empty() ? cli::kOk : cli::kSomeFailed;
  }

 private:
  Result<> look_at_library() {
    net::Request request;
    request.target.path = "/api/documents";
    const auto listed = DM_TRY(parse_json(DM_TRY(api_.call(request)).body));
    for (const json::value& one : json_list(json_member(listed, "documents"))) {
      versions_.emplace(json_text(json_member(one, "version")));
      names_.emplace(json_text(json_member(one, "document")));
    }
    return {};
  }

  // An error ends the import; what one document fails with does not.
  Result<> add(const imports::Document& document) {
    const auto bytes = document.bytes();
    if (!bytes && bytes.error().code == Code::kCancelled) return bytes.error();
    if (!bytes) {  // Whatever it is, the next one may be better.
      left_out_.push_back({document.name, bytes.error().message});
      return {};
    }
    const std::string version = content_hash(*bytes).hex();
    if (versions_.contains(version)) {
      ++documents_there_;
      return {};
    }
    const std::string name = free_name(document.name);
    const auto reply = api_.call(upload_of(name, *bytes, version));
    if (!reply) return left_out(document.name, reply.error());
    const auto summary = DM_TRY(parse_json(reply->body));
    for (const json::value& failed : json_list(json_member(summary, "failed"))) {
      left_out_.push_back({document.name, std::string(json_text(json_member(failed, "error")))});
      return {};
    }
    versions_.insert(version);
    names_.insert(name);
    ++documents_;
    if (document.text_only) ++text_only_;
    here_.terminal.err(
        fmt::format("docmind: {}{}\n", sys::printable(name), document.text_only ? " (its text alone)" : ""));
    return {};
  }

  Result<> add(const imports::Chat& chat) {
    json::array turns;
    for (const imports::Turn& turn : chat.turns)
      turns.push_back({{"question", turn.question},
                       {"answer", turn.answer},
                       {"asked_ms", std::max<std::int64_t>(turn.asked_ms, 0)}});
    const json::object body{{"from", system_.name}, {"title", chat.title}, {"turns", std::move(turns)}};
    const auto reply = api_.call(
        post("/api/sessions/" + session_name(chat.id, system_) + "/import", "application/json", to_text(body)));
    if (reply) {
      ++chats_;
      return {};
    }
    if (reply.error().code != Code::kConflict) return left_out("chat " + chat.title, reply.error());
    ++chats_there_;
    return {};
  }

  Result<> left_out(const std::string& what, const Error& error) {
    const bool over =
        error.code == Code::kCancelled || error.code == Code::kUnavailable || error.code == Code::kUnauthorized;
    if (over) return error;
    left_out_.push_back({what, error.message});
    return {};
  }

  // No document of somebody's is written over.
  std::string free_name(const std::string& name) const {
    const auto dot = name.rfind('.');
    const std::size_t at = dot == std::string::npos || dot == 0 ? name.size() : dot;
    std::string out = name;
    for (int number = 2; names_.contains(out); ++number)
      out = fmt::format("{} ({} {}){}", name.substr(0, at), system_.word, number - 1, name.substr(at));
    return out;
  }

  cli::Api& api_;
  const imports::SystemName& system_;
  const cli::Surroundings& here_;
  std::set<std::string, std::less<>> versions_;  // In the library,
  std::set<std::string, std::less<>> names_;     // and the names there.
  std::vector<imports::LeftOut> left_out_;
  std::uint64_t documents_ = 0;
  std::uint64_t documents_there_ = 0;
  std::uint64_t text_only_ = 0;
  std::uint64_t chats_ = 0;
  std::uint64_t chats_there_ = 0;
};

}  // namespace

Result<imports::Found> find_imports(const cli::ImportOptions& options, const cli::Surroundings& here, sys::Files& files,
                                    std::stop_token stop) {
  const auto folder = (here.folder / options.path).lexically_normal();
  return imports::find(system_of(options), folder, {files, Deadline::never(), std::move(stop)});
}

int show_imports(const imports::Found& found, const cli::ImportOptions& options, const cli::Surroundings& here) {
  const imports::SystemName& system = imports::named(system_of(options));
  json::array documents;
  json::array chats;
  json::array left;
  std::string text;
  for (const imports::Document& one : found.documents) {
    documents.push_back({{"name", one.name}, {"text_only", one.text_only}});
    text += fmt::format("document  {}{}\n", sys::printable(one.name), one.text_only ? " (its text alone)" : "");
  }
  for (const imports::Chat& one : found.chats) {
    chats.push_back({{"session", session_name(one.id, system)}, {"title", one.title}, {"turns", one.turns.size()}});
    text += fmt::format("chat      {} ({} turns)\n", sys::printable(one.title), one.turns.size());
  }
  for (const imports::LeftOut& one : found.left_out) {
    left.push_back({{"what", one.what}, {"why", one.why}});
    text += fmt::format("left out  {}: {}\n", sys::printable(one.what), sys::printable(one.why));
  }
  if (text.empty()) text = "nothing to import\n";
  here.terminal.out(here.json ? to_text(json::object{{"from", system.word},
                                                     {"documents", std::move(documents)},
                                                     {"chats", std::move(chats)},
                                                     {"left_out", std::move(left)}}) +
                                    "\n"
                              : text);
  return cli::kOk;
}

int import_all(cli::Api& api, imports::Found found, const cli::ImportOptions& options, const cli::Surroundings& here) {
  Import import(api, imports::named(system_of(options)), here);
  const auto done = import.run(found);
  const int code = import.show();  // Also of what was done before it ended.
  return done ? code : cli::report(done.error(), here);
}

}  // namespace docmind::app
