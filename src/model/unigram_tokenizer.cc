#include "model/unigram_tokenizer.h"

#include <boost/json.hpp>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/base64.h"
#include "model/impl/config_json.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

constexpr std::int32_t kNormal = 1;  // llama_token_type
constexpr std::int32_t kUnknown = 2;
constexpr std::int32_t kControl = 3;
constexpr std::int32_t kUserDefined = 4;
constexpr std::int32_t kUnused = 5;

struct Pieces {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;
  std::unordered_map<std::string, std::uint32_t> ids;
};

Error broken_piece() { return unfit("its tokenizer.json has a broken or repeated piece"); }

Result<> read_pieces(const ConfigJson& unigram, Pieces& out) {
  const json::value* list = unigram.find("vocab");
  if (list == nullptr || !list->is_array() || list->get_array().size() > out.tokens.size()) {
    return unfit("its tokenizer.json has no vocabulary, or one beyond the model's");
  }
  std::uint32_t id = 0;
  for (const json::value& item : list->get_array()) {
    const auto* pair = item.if_array();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_number())
      return broken_piece();
    const std::string piece((*pair)[0].get_string());
    const double score = (*pair)[1].to_number<double>();
    if (piece.empty() || !std::isfinite(score) || !out.ids.emplace(piece, id).second) return broken_piece();
    out.tokens[id] = piece;
    out.scores[id] = static_cast<float>(score);
    out.types[id++] = kNormal;
  }
  return {};
}

Result<> read_added(const ConfigJson& tokenizer, Pieces& out) {
  const json::value* added = tokenizer.find("added_tokens");
  if (added == nullptr || !added->is_array()) return {};
  for (const json::value& item : added->get_array()) {
    const auto* object = item.if_object();
    const auto* content = object != nullptr ? object->if_contains("content") : nullptr;
    const auto* number = object != nullptr ? object->if_contains("id") : nullptr;
    const auto* id = number != nullptr ? number->if_int64() : nullptr;
    if (id == nullptr || *id < 0 || static_cast<std::uint64_t>(*id) >= out.tokens.size() || content == nullptr ||
        !content->is_string()) {
      return broken_piece();
    }
    const auto at = static_cast<std::uint32_t>(*id);
    const std::string text(content->get_string());
    const auto [known, fresh] = out.ids.emplace(text, at);
    if (text.empty() || known->second != at || (fresh && !out.tokens[at].empty())) return broken_piece();
    const auto* special = object->if_contains("special");
    out.tokens[at] = text;
    out.types[at] = special != nullptr && special->is_bool() && special->get_bool() ? kControl : kUserDefined;
  }
  return {};
}

// SentencePiece's map of characters, wherever it stands in the normaliser.
Result<std::vector<std::uint8_t>> read_characters(const ConfigJson& tokenizer) {
  const json::object all = tokenizer.child("normalizer").object();
  std::vector<json::object> parts;
  const auto* list = all.if_contains("normalizers");
  if (list != nullptr && list->is_array()) {
    for (const json::value& item : list->get_array()) {
      if (item.is_object()) parts.push_back(item.get_object());
    }
  } else if (!all.empty()) {
    parts.push_back(all);
  }
  std::vector<std::uint8_t> map;
  for (const json::object& part : parts) {
    const auto* packed = part.if_contains("precompiled_charsmap");
    if (packed == nullptr || packed->is_null()) continue;
    const auto bytes =
        packed->is_string() ? from_base64(std::string_view(packed->get_string())) : Result<std::string>(broken_piece());
    if (!bytes || bytes->size() < 8) return unfit("its tokenizer's character map is damaged");
    map.assign(bytes->begin(), bytes->end());
  }
  return map;
}

Result<std::uint32_t> id_of(const Pieces& pieces, const char* token) {
  const auto at = pieces.ids.find(token);
  if (at == pieces.ids.end()) return unfit(std::string("its tokenizer has no ") + token);
  return at->second;
}

}  // namespace

Result<Metadata> unigram_metadata(const CheckpointTexts& texts, std::uint32_t tokens) {
  if (texts.tokenizer.empty()) {
    return Error{Code::kNotFound, "There is no tokenizer.json beside the checkpoint.", "Download it, too."};
  }
  const ConfigJson tokenizer = DM_TRY(ConfigJson::parse(texts.tokenizer, "tokenizer.json"));
  const ConfigJson unigram = tokenizer.child("model");
  if (unigram.text("type") != "Unigram" || unigram.flag("byte_fallback", false)) {
    return unfit("its tokenizer.json is not a unigram tokenizer");
  }
  Pieces pieces{std::vector<std::string>(tokens),
                std::vector<float>(tokens, -10000.0F),
                std::vector<std::int32_t>(tokens, kUnused),
                {}};
  DM_TRY(read_pieces(unigram, pieces));
  DM_TRY(read_added(tokenizer, pieces));
  for (std::uint32_t id = 0; id < tokens; ++id) {
    if (pieces.tokens[id].empty()) pieces.tokens[id] = "[PAD" + std::to_string(id) + "]";
  }
  const std::uint32_t begin = DM_TRY(id_of(pieces, "<s>"));
  const std::uint32_t end = DM_TRY(id_of(pieces, "</s>"));
  const std::uint32_t unknown = DM_TRY(id_of(pieces, "<unk>"));
  pieces.types[unknown] = kUnknown;
  Metadata out{{"tokenizer.ggml.model", std::string("t5")},
               {"tokenizer.ggml.pre", std::string("default")},
               {"tokenizer.ggml.add_space_prefix", true},
               {"tokenizer.ggml.remove_extra_whitespaces", true},
               {"tokenizer.ggml.add_bos_token", true},
               {"tokenizer.ggml.add_eos_token", true},
               {"tokenizer.ggml.bos_token_id", begin},
               {"tokenizer.ggml.cls_token_id", begin},
               {"tokenizer.ggml.eos_token_id", end},
               {"tokenizer.ggml.seperator_token_id", end},
               {"tokenizer.ggml.unknown_token_id", unknown},
               {"tokenizer.ggml.padding_token_id", DM_TRY(id_of(pieces, "<pad>"))},
               {"tokenizer.ggml.mask_token_id", DM_TRY(id_of(pieces, "<mask>"))}};
  if (auto map = DM_TRY(read_characters(tokenizer)); !map.empty()) {
    out.emplace_back("tokenizer.ggml.precompiled_charsmap", std::move(map));
  }
  out.emplace_back("tokenizer.ggml.scores", std::move(pieces.scores));
  out.emplace_back("tokenizer.ggml.tokens", std::move(pieces.tokens));
  out.emplace_back("tokenizer.ggml.token_type", std::move(pieces.types));
  return out;
}

}  // namespace docmind::model
