#include "backup/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "base/json.h"
#include "base/json_members.h"
#include "base/sha256.h"

namespace docmind::backup {
namespace {

namespace json = boost::json;

Error broken(std::string what) {
  return {Code::kInvalidArgument, fmt::format("{} is damaged: {}", kManifest, what), "Use another backup."};
}

// "data/originals/x": no way out of the folder, nothing that two names could mean.
bool stays_inside(std::string_view path) {
  if (!path.starts_with(kData) && !path.starts_with(kSettings)) return false;
  if (path.ends_with('/') || path.find("//") != std::string_view::npos) return false;
  if (path.find('\0') != std::string_view::npos) return false;
  const std::filesystem::path whole(path);
  return std::ranges::none_of(whole, [](const auto& part) { return part.empty() || part == "." || part == ".."; });
}

Result<FileRecord> parse_file(const json::value& value) {
  FileRecord out;
  out.path = json_text(json_member(value, "path"));
  out.sha256 = json_text(json_member(value, "sha256"));
  out.bytes = json_count(json_member(value, "bytes"));
  if (!stays_inside(out.path)) return broken("it names the file " + json_quoted(out.path));
  if (!is_sha256(out.sha256)) return broken("the hash of " + out.path + " is none");
  return out;
}

store::Contents parse_contents(const json::value& value) {
  store::Contents out;
  out.schema = json_small(json_member(value, "schema"));
  for (const auto& table : json_object(json_member(value, "rows"))) out.rows[table.key()] = json_count(table.value());
  return out;
}

json::object object_of(const store::Contents& contents) {
  json::object rows;
  for (const auto& [table, count] : contents.rows) rows[table] = count;
  return {{"schema", contents.schema}, {"rows", std::move(rows)}};
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t all = 0;
  for (const FileRecord& file : files) all += file.bytes;
  return all;
}

std::uint64_t Manifest::rows(std::string_view database, std::string_view table) const {
  const auto found = databases.find(database);
  if (found == databases.end()) return 0;
  const auto rows = found->second.rows.find(table);
  return rows == found->second.rows.end() ? 0 : rows->second;
}

std::string to_text(const Manifest& manifest) {
  json::object databases;
  for (const auto& [name, contents] : manifest.databases) databases[name] = object_of(contents);
  json::array files;
  for (const FileRecord& file : manifest.files) {
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return docmind::to_text(json::object{{"format", kFormat},
                                       {"version", manifest.version},
                                       {"made_ms", manifest.made_ms},
                                       {"databases", std::move(databases)},
                                       {"files", std::move(files)},
                                       {"models_left_out", json::value_from(manifest.models_left_out)}}) +
         "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto value = parse_json(text, {.depth = 8, .bytes = kMaxManifestBytes});
  if (!value || !value->is_object()) return broken("it is no JSON object");
  const std::uint64_t format = json_count(json_member(*value, "format"));
  if (format == 0) return broken("it has no format");
  Manifest out;
  out.version = json_text(json_member(*value, "version"));
  if (format > kFormat) {
    return Error{Code::kConflict, fmt::format("the backup was made by a newer docmind ({})", json_quoted(out.version)),
                 "Update this program to that version."};
  }
  out.made_ms = static_cast<std::int64_t>(json_count(json_member(*value, "made_ms")));
  for (const auto& database : json_object(json_member(*value, "databases"))) {
    out.databases.emplace(database.key(), parse_contents(database.value()));
  }
  std::set<std::string_view> seen;
  for (const json::value& file : json_list(json_member(*value, "files"))) {
    out.files.push_back(DM_TRY(parse_file(file)));
  }
  for (const FileRecord& file : out.files) {
    if (!seen.insert(file.path).second) return broken("it names " + file.path + " twice");
  }
  for (const json::value& model : json_list(json_member(*value, "models_left_out"))) {
    out.models_left_out.emplace_back(json_text(model));
  }
  return out;
}

}  // namespace docmind::backup
