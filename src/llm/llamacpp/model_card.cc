#include "llm/llamacpp/model_card.h"

#include <boost/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "llm/llamacpp/embeddings_wire.h"

namespace docmind::llamacpp {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxCard = 64U << 10U;

std::filesystem::path card_path(const std::filesystem::path& folder, const std::string& model_path) {
  return folder / (content_hash(model_path).hex().substr(0, 32) + ".json");
}

}  // namespace

std::optional<llm::EmbedderInfo> find_card(sys::Files& files, const std::filesystem::path& folder,
                                           const std::string& model_path, const sys::FileStat& model) {
  const auto text = files.read(card_path(folder, model_path), kMaxCard);
  if (!text) return std::nullopt;
  const auto root = parse_json(*text);
  if (!root || !root->is_object()) return std::nullopt;
  const auto same = [&](std::string_view key, const json::value& expected) {
    const auto* value = root->get_object().if_contains(key);
    return value != nullptr && *value == expected;
  };
  if (!same("size", model.size) || !same("mtime_ns", model.mtime_ns)) return std::nullopt;
  auto info = parse_models(*text);  // The rest of a card has the form of the engine's own words.
  if (!info) return std::nullopt;
  return *std::move(info);
}

Result<> write_card(sys::Files& files, const std::filesystem::path& folder, const ModelCard& card) {
  DM_TRY(files.make_dirs(folder));
  return files.write_atomic(card_path(folder, card.model_path), to_text({{"size", card.size},
                                                                         {"mtime_ns", card.mtime_ns},
                                                                         {"data",
                                                                          {{{"id", card.info.name},
                                                                            {"hash", card.info.model_hash},
                                                                            {"dimensions", card.info.dimensions},
                                                                            {"window", card.info.window}}}}}));
}

}  // namespace docmind::llamacpp
