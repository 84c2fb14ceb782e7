// Which family of models a checkpoint belongs to, and the texts that lie beside its weights.
// Pure; the texts are hostile.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace docmind::model {

struct CheckpointTexts {    // Empty: there is no such file.
  std::string name{};       // For general.name.
  std::string config{};     // config.json; always there.
  std::string tokenizer{};  // tokenizer.json
  std::string tokenizer_config{};
  std::string vocabulary{};         // vocab.txt
  std::string pooling_config{};     // 1_Pooling/config.json
  std::string generation_config{};  // generation_config.json
  std::string chat_template{};      // chat_template.jinja
};

enum class Family : std::uint8_t { kBert, kXlmRoberta, kQwen3 };

// kInvalidArgument for a family that cannot be imported, and for weights quantised in a way that cannot be read (AWQ,
// GPTQ and others), with what to do instead.
Result<Family> family_of(const std::string& config);

}  // namespace docmind::model
