#include "model/family.h"

#include <array>
#include <cctype>

#include "model/impl/config_json.h"

namespace docmind::model {
namespace {

Error cannot_read(std::string method) {
  for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return {Code::kInvalidArgument,
          "This checkpoint is quantised with " + method + ", which cannot be converted without loss.",
          "Import the model's original checkpoint (bf16, f16 or block-scaled FP8) and choose --type q4_k_m or q8_0, or "
          "use a GGUF file of the model as it is."};
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) return false;
  }
  return text.size() <= 40;
}

}  // namespace

Result<Family> family_of(const std::string& text) {
  const ConfigJson config = DM_TRY(ConfigJson::parse(text, "config.json"));
  if (config.find("quantization_config") != nullptr) {
    const auto method = config.child("quantization_config").text("quant_method").value_or("an unnamed method");
    if (method != "fp8") return cannot_read(is_printable(method) ? method : "an unknown method");
  }
  const auto type = config.text("model_type");
  if (type == "bert") return Family::kBert;
  if (type == "xlm-roberta") return Family::kXlmRoberta;
  if (type == "qwen3") return Family::kQwen3;
  return unfit(R"(its config.json has another "model_type" than bert, xlm-roberta or qwen3)");
}

}  // namespace docmind::model
