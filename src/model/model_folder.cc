#include "model/model_folder.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "model/quantise.h"
#include "sys/files.h"
#include "sys/mapped_file.h"

namespace docmind::model {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMaxName = 100;
constexpr std::uint64_t kMaxCard = 1U << 20U;
constexpr std::string_view kEnding = ".gguf";

std::int64_t integer_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  return number != nullptr ? *number : 0;
}

Result<ModelCard> card_of(const std::string& name, const std::string& text) {
  const Result<json::value> root = parse_json(text, {.depth = 4, .bytes = kMaxCard});
  const Error broken{Code::kDataLoss, "The card of model " + name + " is damaged.",
                     "Run docmind models verify " + name + " after removing its .json file."};
  if (!root || !root->is_object()) return broken;
  const json::object& object = root->get_object();
  const auto hash = ContentHash::from_hex(json_text(json_member(object, "hash")));
  if (!hash) return broken;
  ModelCard card{.name = name,
                 .hash = *hash,
                 .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_at(object, "bytes"))),
                 .mtime_ns = integer_at(object, "mtime_ns"),
                 .source = std::string(json_text(json_member(object, "source"))),
                 .type = std::string(json_text(json_member(object, "type"))),
                 .loss = std::nullopt};
  const auto* loss = object.if_contains("loss");
  if (loss != nullptr) {
    auto report = loss_report_of(to_text(*loss));
    if (!report) return broken;
    card.loss = *std::move(report);
  }
  return card;
}

Error altered(const std::string& name) {
  return {Code::kDataLoss, "The file of model " + name + " has other bytes than when it was imported.",
          "Import it again, or remove it with docmind models rm " + name + "."};
}

}  // namespace

Result<> check_model_name(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= kMaxName && is_utf8(name) && name.front() != '.' &&
                     name.front() != '-' && !name.ends_with(kEnding) &&
                     std::ranges::none_of(name, [](char c) { return c == '/' || c == '\\' || is_control(c); });
  if (plain) return {};
  return Error{
      Code::kInvalidArgument, "That is no name for a model.",
      "Use up to 100 letters, digits, dots and dashes, without a slash and not starting with a dot or a dash."};
}

Result<ContentHash> hash_of_file(const fs::path& path, std::stop_token stop) {
  constexpr std::size_t kBlock = 8U << 20U;
  const auto file = DM_TRY(sys::MappedFile::open(path));
  Hasher hasher;
  for (std::string_view rest = file->bytes(); !rest.empty();) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "Hashing was stopped.", "Start it again."};
    const std::string_view block = rest.substr(0, kBlock);
    hasher.add(block);
    sys::MappedFile::forget(block);
    rest.remove_prefix(block.size());
  }
  return hasher.finish();
}

fs::path ModelFolder::file_of(std::string_view name) const { return folder_ / (std::string(name) + ".gguf"); }

Result<> ModelFolder::make() {
  DM_TRY(files_.make_dirs(folder_));
  std::error_code failed;  // The owner's group may use the models; nobody else sees them.
  fs::permissions(folder_, fs::perms(0750), failed);
  if (failed) return Error{Code::kUnauthorized, "The folder of models cannot be made private.", "Check its owner."};
  return {};
}

Result<> ModelFolder::check_free(const std::string& name) const {
  DM_TRY(check_model_name(name));
  if (!files_.stat(file_of(name))) return {};
  return Error{Code::kConflict, "There is a model called " + name + " already.",
               "Choose another --name, or remove it first: docmind models rm " + name};
}

Result<ModelCard> ModelFolder::card(const std::string& name) const {
  DM_TRY(check_model_name(name));
  const std::string text = DM_TRY(files_.read(folder_ / (name + ".json"), kMaxCard));
  return card_of(name, text);
}

Result<> ModelFolder::keep(const ModelCard& card) {
  json::object object{{"name", card.name},   {"file", card.name + ".gguf"}, {"hash", card.hash.hex()},
                      {"bytes", card.bytes}, {"mtime_ns", card.mtime_ns},   {"source", card.source},
                      {"type", card.type}};
  if (card.loss) object["loss"] = DM_TRY(parse_json(text_of(*card.loss)));
  return files_.write_atomic(folder_ / (card.name + ".json"), to_text(object) + "\n");
}

// The file is there: its hash, read back from the disk, and its card.
Result<ModelCard> ModelFolder::finish(ModelCard card, std::stop_token stop) {
  const fs::path file = file_of(card.name);
  DM_TRY(read_model_file(file));
  card.hash = DM_TRY(hash_of_file(file, std::move(stop)));
  const auto stat = DM_TRY(files_.stat(file));
  card.bytes = stat.size;
  card.mtime_ns = stat.mtime_ns;
  DM_TRY(keep(card));
  return card;
}

Result<ModelCard> ModelFolder::import(const std::string& source, const std::string& name, WeightType type,
                                      WriteOptions write) {
  DM_TRY(check_free(name));
  DM_TRY(make());
  const std::stop_token stop = write.stop;
  DM_TRY(import_model(
      {.source = source, .target = file_of(name).string(), .name = name, .weights = type, .write = std::move(write)},
      files_));
  return finish({.name = name, .source = source, .type = std::string(facts(type).name)}, stop);
}

Result<ModelCard> ModelFolder::quantise(const fs::path& source, const std::string& from, const std::string& name,
                                        WeightType type, WriteOptions write) {
  DM_TRY(check_free(name));
  DM_TRY(check_before_load(source, files_, write.stop));
  DM_TRY(make());
  const std::stop_token stop = write.stop;
  DM_TRY(quantise_model({.source = source.string(),
                         .target = file_of(name).string(),
                         .name = name,
                         .weights = type,
                         .write = std::move(write)},
                        files_));
  return finish({.name = name, .source = from, .type = std::string(facts(type).name)}, stop);
}

Result<ModelCard> ModelFolder::adopt(const fs::path& file, const std::string& from, const std::string& name,
                                     std::stop_token stop) {
  DM_TRY(check_free(name));
  const ModelFile facts = DM_TRY(read_model_file(file));
  DM_TRY(make());
  DM_TRY(files_.rename(file, file_of(name)));
  return finish({.name = name, .source = from, .type = facts.quantisation}, std::move(stop));
}

Result<ModelCard> ModelFolder::verify(const std::string& name, std::stop_token stop) {
  DM_TRY(check_model_name(name));
  const fs::path file = file_of(name);
  const ModelFile facts = DM_TRY(read_model_file(file));
  Result<ModelCard> known = card(name);
  if (!known && known.error().code == Code::kNotFound) {
    return finish({.name = name, .source = "put here by hand", .type = facts.quantisation}, stop);
  }
  ModelCard kept = DM_TRY(std::move(known));
  if (DM_TRY(hash_of_file(file, std::move(stop))) != kept.hash) return altered(name);
  return kept;
}

Result<> ModelFolder::remove(const std::string& name) {
  DM_TRY(check_model_name(name));
  if (!files_.stat(file_of(name))) {
    return Error{Code::kNotFound, "There is no model called " + name + ".", "See docmind models list."};
  }
  const Result<> gone = files_.remove(folder_ / (name + ".json"));
  if (!gone && gone.error().code != Code::kNotFound) return gone;
  return files_.remove(file_of(name));
}

Result<std::vector<ListedModel>> ModelFolder::list() const {
  std::vector<ListedModel> models;
  Result<std::vector<sys::FolderEntry>> entries = files_.list(folder_);
  if (!entries && entries.error().code == Code::kNotFound) return models;
  for (const sys::FolderEntry& entry : DM_TRY(std::move(entries))) {
    if (entry.kind != sys::FileKind::kRegular || !entry.name.ends_with(kEnding)) continue;
    ListedModel model{.name = entry.name.substr(0, entry.name.size() - kEnding.size()), .card = {}, .file = {}};
    if (!check_model_name(model.name)) continue;
    if (auto stat = files_.stat(folder_ / entry.name)) model.bytes = stat->size;
    if (auto known = card(model.name)) model.card = *std::move(known);
    auto file = read_model_file(folder_ / entry.name);
    if (file) {
      model.file = *std::move(file);
    } else {
      model.why = file.error().message;
    }
    models.push_back(std::move(model));
  }
  return models;
}

Result<> check_before_load(const fs::path& file, sys::Files& files, std::stop_token stop) {
  const std::string name = file.stem().string();
  if (file.extension() != kEnding || !check_model_name(name)) return {};
  Result<ModelCard> known = ModelFolder(file.parent_path(), files).card(name);
  if (!known && (known.error().code == Code::kNotFound || known.error().code == Code::kUnauthorized)) return {};
  const ModelCard card = DM_TRY(std::move(known));
  const auto stat = DM_TRY(files.stat(file));
  if (stat.size != card.bytes) return altered(name);
  if (stat.mtime_ns == card.mtime_ns) return {};
  if (DM_TRY(hash_of_file(file, std::move(stop))) != card.hash) return altered(name);
  return {};
}

}  // namespace docmind::model
