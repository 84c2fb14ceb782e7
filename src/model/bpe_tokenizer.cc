#include "model/bpe_tokenizer.h"

#include <array>
#include <boost/json.hpp>
#include <unordered_map>
#include <utility>

#include "base/json_members.h"
#include "base/utf8.h"
#include "model/impl/config_json.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

constexpr std::int32_t kNormal = 1;  // llama_token_type
constexpr std::int32_t kControl = 3;
constexpr std::int32_t kUserDefined = 4;
constexpr std::int32_t kUnused = 5;

// Expression → the name that libllama has for it.
constexpr std::array<std::pair<std::string_view, const char*>, 1> kPreTokenizers{
    {{R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      "qwen2"}}};

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> types;
  std::unordered_map<std::string, std::uint32_t> ids;
};

std::optional<std::uint32_t> number_of(const json::value& value, std::size_t limit) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) >= limit) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

bool looks_special(std::string_view token) { return token.starts_with("<|") && token.ends_with("|>"); }

Result<> put(Vocabulary& v, std::string_view token, std::uint32_t id, std::int32_t type) {
  const auto [at, fresh] = v.ids.emplace(token, id);
  if (token.empty() || at->second != id || (fresh && !v.tokens[id].empty())) {
    return unfit("its tokenizer.json gives a token two numbers, or two tokens one");
  }
  v.tokens[id] = token;
  v.types[id] = type;
  return {};
}

Result<Vocabulary> read_vocabulary(const ConfigJson& tokenizer, const ConfigJson& bpe, std::uint32_t size) {
  Vocabulary v{std::vector<std::string>(size), std::vector<std::int32_t>(size, kUnused), {}};
  const ConfigJson words = bpe.child("vocab");
  if (words.object().empty()) return unfit("its tokenizer.json has no vocabulary");
  for (const auto& [token, number] : words.object()) {
    const auto id = number_of(number, size);
    if (!id) return unfit("its tokenizer.json has a token beyond the model's vocabulary");
    DM_TRY(put(v, token, *id, kNormal));
  }
  if (const json::value* added = tokenizer.find("added_tokens"); added != nullptr && added->is_array()) {
    for (const json::value& item : added->get_array()) {
      const auto* object = item.if_object();
      const auto* content = object != nullptr ? object->if_contains("content") : nullptr;
      const auto* number = object != nullptr ? object->if_contains("id") : nullptr;
      const auto id = number != nullptr ? number_of(*number, size) : std::nullopt;
      if (!id || content == nullptr || !content->is_string())
        return unfit("its tokenizer.json has a broken added token");
      const auto* special = object->if_contains("special");
      const bool control =
          (special != nullptr && special->is_bool() && special->get_bool()) || looks_special(content->get_string());
      DM_TRY(put(v, content->get_string(), *id, control ? kControl : kUserDefined));
    }
  }
  for (std::uint32_t id = 0; id < size; ++id) {
    if (v.tokens[id].empty()) DM_TRY(put(v, "[PAD" + std::to_string(id) + "]", id, kUnused));
  }
  return v;
}

// "a b", or ["a", "b"] in newer files.
Result<std::vector<std::string>> read_merges(const ConfigJson& bpe) {
  const json::value* list = bpe.find("merges");
  if (list == nullptr || !list->is_array()) return unfit("its tokenizer.json has no merges");
  std::vector<std::string> merges;
  merges.reserve(list->get_array().size());
  for (const json::value& item : list->get_array()) {
    std::string merge;
    if (item.is_string()) {
      merge = item.get_string();
    } else if (item.is_array() && item.get_array().size() == 2 && item.get_array()[0].is_string() &&
               item.get_array()[1].is_string()) {
      merge = std::string(item.get_array()[0].get_string()) + " " + std::string(item.get_array()[1].get_string());
    }
    const std::size_t space = merge.find(' ');
    if (space == 0 || space == std::string::npos || space + 1 == merge.size() ||
        merge.find(' ', space + 1) != std::string::npos) {
      return unfit("its tokenizer.json has a merge that is not of two parts");
    }
    merges.push_back(std::move(merge));
  }
  return merges;
}

// The parts of a "Sequence", or the thing itself.
std::vector<json::object> parts_of(const ConfigJson& tokenizer, std::string_view what, std::string_view list) {
  std::vector<json::object> parts;
  const json::object all = tokenizer.child(what).object();
  const auto* items = all.if_contains(list);
  if (items == nullptr) {
    if (!all.empty()) parts.push_back(all);
  } else if (items->is_array()) {
    for (const json::value& item : items->get_array()) {
      if (item.is_object()) parts.push_back(item.get_object());
    }
  }
  return parts;
}

Result<std::string> read_pre_tokenizer(const ConfigJson& tokenizer) {
  const auto unknown = [] {
    return Error{Code::kInvalidArgument,
                 "This checkpoint's tokenizer splits text in a way that is not known, so its tokens would be wrong.",
                 "Use a GGUF file of the model made by its own tools, or a model of the Qwen3 family."};
  };
  std::string name;
  bool bytes = false;
  for (const json::object& part : parts_of(tokenizer, "pre_tokenizer", "pretokenizers")) {
    const std::string_view type = json_text(json_member(part, "type"));
    if (type == "Split") {
      const std::string_view regex = json_text(json_member(json_member(part, "pattern"), "Regex"));
      for (const auto& [known, its_name] : kPreTokenizers) {
        if (regex == known) name = its_name;
      }
      if (name.empty() || json_text(json_member(part, "behavior")) != "Isolated" ||
          json_flag(json_member(part, "invert")))
        return unknown();
    } else if (type == "ByteLevel") {
      if (json_flag(json_member(part, "add_prefix_space")) || json_flag(json_member(part, "use_regex")))
        return unknown();
      bytes = true;
    } else {
      return unknown();
    }
  }
  if (name.empty() || !bytes) return unknown();
  return name;
}

Result<bool> read_nfc(const ConfigJson& tokenizer) {
  bool nfc = false;
  for (const json::object& part : parts_of(tokenizer, "normalizer", "normalizers")) {
    if (json_text(json_member(part, "type")) != "NFC")
      return unfit("its tokenizer changes text in a way that is not known");
    nfc = true;
  }
  return nfc;
}

// A special token is written as its text, or as an object with the text.
std::optional<std::uint32_t> special_id(const ConfigJson& config, std::string_view key, const Vocabulary& v) {
  std::string text(config.text(key).value_or(""));
  if (text.empty()) text = config.child(key).text("content").value_or("");
  const auto at = v.ids.find(text);
  return at == v.ids.end() ? std::nullopt : std::optional(at->second);
}

Result<std::string> read_chat_template(const CheckpointTexts& texts, const ConfigJson& tokenizer_config) {
  std::string found = texts.chat_template;
  const json::value* value = tokenizer_config.find("chat_template");
  if (found.empty() && value != nullptr && value->is_string()) found = value->get_string();
  if (found.empty() && value != nullptr && value->is_array()) {  // Several by name.
    for (const json::value& item : value->get_array()) {
      if (json_text(json_member(item, "name")) == "default") {
        found = json_text(json_member(item, "template"));
      }
    }
  }
  if (!is_utf8(found)) return unfit("its chat template is not UTF-8");
  return found;
}

void add_special_tokens(const ConfigJson& tokenizer_config, const ConfigJson& config, const ConfigJson& generation,
                        const Vocabulary& v, Metadata& out) {
  const auto add = [&](const char* key, std::optional<std::uint32_t> id) {
    if (id && *id < v.tokens.size()) out.emplace_back(std::string("tokenizer.ggml.") + key + "_token_id", *id);
  };
  const auto first = [](std::optional<std::uint32_t> a, std::optional<std::uint32_t> b,
                        std::optional<std::uint32_t> c) {
    return a ? a : b ? b : c;
  };
  add("bos",
      first(special_id(tokenizer_config, "bos_token", v), generation.id("bos_token_id"), config.id("bos_token_id")));
  add("eos",
      first(special_id(tokenizer_config, "eos_token", v), generation.id("eos_token_id"), config.id("eos_token_id")));
  add("padding",
      first(special_id(tokenizer_config, "pad_token", v), generation.id("pad_token_id"), config.id("pad_token_id")));
}

// All the tokens at which a generation ends.
std::vector<std::int32_t> ends_of(const ConfigJson& generation, std::size_t limit) {
  std::vector<std::int32_t> ends;
  const json::value* value = generation.find("eos_token_id");
  const auto add = [&](const json::value& item) {
    if (const auto id = number_of(item, limit)) ends.push_back(static_cast<std::int32_t>(*id));
  };
  if (value != nullptr && value->is_array()) {
    for (const json::value& item : value->get_array()) add(item);
  } else if (value != nullptr) {
    add(*value);
  }
  return ends;
}

}  // namespace

Result<Metadata> bpe_metadata(const CheckpointTexts& texts, std::uint32_t tokens) {
  if (texts.tokenizer.empty()) {
    return Error{Code::kNotFound, "There is no tokenizer.json beside the checkpoint.", "Download it, too."};
  }
  const ConfigJson tokenizer = DM_TRY(ConfigJson::parse(texts.tokenizer, "tokenizer.json"));
  const ConfigJson tokenizer_config = DM_TRY(ConfigJson::parse(texts.tokenizer_config, "tokenizer_config.json"));
  const ConfigJson config = DM_TRY(ConfigJson::parse(texts.config, "config.json"));
  const ConfigJson generation = DM_TRY(ConfigJson::parse(texts.generation_config, "generation_config.json"));
  const ConfigJson bpe = tokenizer.child("model");
  if (bpe.text("type") != "BPE" || bpe.flag("byte_fallback", false) || bpe.flag("ignore_merges", false)) {
    return unfit("its tokenizer.json is not a plain byte-pair tokenizer");
  }
  Vocabulary v = DM_TRY(read_vocabulary(tokenizer, bpe, tokens));
  Metadata out{{"tokenizer.ggml.model", std::string("gpt2")},
               {"tokenizer.ggml.pre", DM_TRY(read_pre_tokenizer(tokenizer))},
               {"docmind.tokenizer.nfc", DM_TRY(read_nfc(tokenizer))}};
  add_special_tokens(tokenizer_config, config, generation, v, out);
  out.emplace_back("tokenizer.ggml.add_bos_token", tokenizer_config.flag("add_bos_token", false));
  if (auto ends = ends_of(generation, tokens); !ends.empty())
    out.emplace_back("docmind.eos_token_ids", std::move(ends));
  if (auto chat = DM_TRY(read_chat_template(texts, tokenizer_config)); !chat.empty()) {
    out.emplace_back("tokenizer.chat_template", std::move(chat));
  }
  out.emplace_back("tokenizer.ggml.merges", DM_TRY(read_merges(bpe)));
  out.emplace_back("tokenizer.ggml.tokens", std::move(v.tokens));
  out.emplace_back("tokenizer.ggml.token_type", std::move(v.types));
  return out;
}

}  // namespace docmind::model
