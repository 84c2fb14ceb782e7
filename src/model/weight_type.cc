#include "model/weight_type.h"

#include <ggml.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/check.h"
#include "model/tensor_type.h"

namespace docmind::model {
namespace {

constexpr std::array<WeightTypeFacts, 20> kTypes{{
    {WeightType::kF32, "f32", "F32", 0, GGML_TYPE_F32},
    {WeightType::kF16, "f16", "F16", 1, GGML_TYPE_F16},
    {WeightType::kBf16, "bf16", "BF16", 32, GGML_TYPE_BF16},
    {WeightType::kQ8, "q8_0", "Q8_0", 7, GGML_TYPE_Q8_0},
    {WeightType::kQ4_0, "q4_0", "Q4_0", 2, GGML_TYPE_Q4_0},
    {WeightType::kQ4_1, "q4_1", "Q4_1", 3, GGML_TYPE_Q4_1},
    {WeightType::kQ5_0, "q5_0", "Q5_0", 8, GGML_TYPE_Q5_0},
    {WeightType::kQ5_1, "q5_1", "Q5_1", 9, GGML_TYPE_Q5_1},
    {WeightType::kQ2K, "q2_k", "Q2_K", 10, GGML_TYPE_Q2_K},
    {WeightType::kQ3KS, "q3_k_s", "Q3_K_S", 11, GGML_TYPE_Q3_K},
    {WeightType::kQ3KM, "q3_k_m", "Q3_K_M", 12, GGML_TYPE_Q3_K},
    {WeightType::kQ3KL, "q3_k_l", "Q3_K_L", 13, GGML_TYPE_Q3_K},
    {WeightType::kQ4KS, "q4_k_s", "Q4_K_S", 14, GGML_TYPE_Q4_K},
    {WeightType::kQ4KM, "q4_k_m", "Q4_K_M", 15, GGML_TYPE_Q4_K},
    {WeightType::kQ5KS, "q5_k_s", "Q5_K_S", 16, GGML_TYPE_Q5_K},
    {WeightType::kQ5KM, "q5_k_m", "Q5_K_M", 17, GGML_TYPE_Q5_K},
    {WeightType::kQ6K, "q6_k", "Q6_K", 18, GGML_TYPE_Q6_K},
    {WeightType::kIq4Nl, "iq4_nl", "IQ4_NL", 25, GGML_TYPE_IQ4_NL},
    {WeightType::kIq4Xs, "iq4_xs", "IQ4_XS", 30, GGML_TYPE_IQ4_XS},
    {WeightType::kIq3S, "iq3_s", "IQ3_S", 26, GGML_TYPE_IQ3_S},
}};

bool quantised(WeightType type) {
  return type != WeightType::kF32 && type != WeightType::kF16 && type != WeightType::kBf16;
}

// The tensors of a kind are counted in their order, as the recipes speak of the n-th of them.
struct Place {
  std::size_t index = 0;
  std::size_t count = 0;
  bool in_first_eighth() const { return index < count / 8; }
  bool worth_more_bits() const { return in_first_eighth() || index >= 7 * count / 8 || (index - count / 8) % 3 == 2; }
};

std::uint32_t of_values(WeightType type, Place at, std::uint32_t heads_per_kv, std::uint32_t base) {
  switch (type) {
    case WeightType::kQ2K:
      return heads_per_kv >= 4 ? GGML_TYPE_Q4_K : GGML_TYPE_Q3_K;
    case WeightType::kQ3KM:
      return at.index < 2 ? GGML_TYPE_Q5_K : GGML_TYPE_Q4_K;
    case WeightType::kQ3KL:
      return GGML_TYPE_Q5_K;
    case WeightType::kQ4KM:
    case WeightType::kQ5KM:
      return at.worth_more_bits() ? std::uint32_t{GGML_TYPE_Q6_K} : base;
    case WeightType::kQ4KS:
      return at.index < 4 ? std::uint32_t{GGML_TYPE_Q5_K} : base;
    case WeightType::kIq4Nl:
    case WeightType::kIq4Xs:
      return heads_per_kv >= 4 ? std::uint32_t{GGML_TYPE_Q5_K} : base;
    case WeightType::kIq3S:
      return heads_per_kv >= 4 ? std::uint32_t{GGML_TYPE_Q4_K} : base;
    default:
      return base;
  }
}

std::uint32_t of_ffn_down(WeightType type, Place at, std::uint32_t base) {
  switch (type) {
    case WeightType::kQ2K:
      return GGML_TYPE_Q3_K;
    case WeightType::kQ3KM:
      return at.index < at.count / 16 ? GGML_TYPE_Q5_K : GGML_TYPE_Q4_K;
    case WeightType::kQ3KL:
      return GGML_TYPE_Q5_K;
    case WeightType::kQ4KM:
    case WeightType::kQ5KM:
      return at.worth_more_bits() ? std::uint32_t{GGML_TYPE_Q6_K} : base;
    case WeightType::kQ4KS:
    case WeightType::kIq4Nl:
    case WeightType::kIq4Xs:
      return at.in_first_eighth() ? std::uint32_t{GGML_TYPE_Q5_K} : base;
    default:
      return base;
  }
}

std::uint32_t of_attention_output(WeightType type, std::uint32_t base) {
  switch (type) {
    case WeightType::kQ2K:
      return GGML_TYPE_Q3_K;
    case WeightType::kQ3KM:
      return GGML_TYPE_Q4_K;
    case WeightType::kQ3KL:
      return GGML_TYPE_Q5_K;
    default:
      return base;
  }
}

// Of the matrix that makes the logits.
std::uint32_t of_output(std::uint32_t base, bool dominant) {
  if (base == GGML_TYPE_Q8_0) return base;
  return dominant ? GGML_TYPE_Q5_K : GGML_TYPE_Q6_K;
}

std::uint32_t fallback(std::uint32_t type) {
  switch (type) {
    case GGML_TYPE_IQ3_S:
    case GGML_TYPE_IQ4_XS:
      return GGML_TYPE_IQ4_NL;
    case GGML_TYPE_Q4_K:
      return GGML_TYPE_Q5_0;
    case GGML_TYPE_Q5_K:
      return GGML_TYPE_Q5_1;
    case GGML_TYPE_Q6_K:
      return GGML_TYPE_Q8_0;
    case GGML_TYPE_Q2_K:
    case GGML_TYPE_Q3_K:
      return GGML_TYPE_Q4_0;
    default:
      return GGML_TYPE_F16;
  }
}

std::uint32_t fitting(std::uint32_t type, std::uint64_t columns) {
  while (!row_bytes(type, columns)) type = fallback(type);
  return type;
}

bool is_kind(std::string_view name, std::string_view kind) { return name.find(kind) != std::string_view::npos; }

}  // namespace

const WeightTypeFacts& facts(WeightType type) {
  const auto it = std::ranges::find(kTypes, type, &WeightTypeFacts::type);
  DM_CHECK(it != kTypes.end());
  return *it;
}

std::span<const WeightTypeFacts> weight_types() { return kTypes; }

std::optional<WeightType> weight_type_named(std::string_view name) {
  const std::string lower = lowered(name);
  const auto it = std::ranges::find(kTypes, lower, &WeightTypeFacts::name);
  return it == kTypes.end() ? std::nullopt : std::optional(it->type);
}

std::optional<WeightType> weight_type_numbered(std::uint64_t number) {
  const auto it = std::ranges::find(kTypes, number, &WeightTypeFacts::number);
  return it == kTypes.end() ? std::nullopt : std::optional(it->type);
}

bool is_sensitive(std::string_view name) {
  return !name.ends_with("weight") || is_kind(name, "_norm.") || name == "position_embd.weight" ||
         name == "token_types.weight" || is_kind(name, "ffn_gate_inp.") || name.starts_with("cls.");
}

std::vector<std::uint32_t> recipe(WeightType type, std::span<const MatrixFacts> matrices, std::uint32_t heads_per_kv) {
  const std::uint32_t base = facts(type).base;
  if (!quantised(type)) return std::vector<std::uint32_t>(matrices.size(), base);
  std::uint64_t all = 0;
  Place values;
  Place downs;
  bool tied = true;
  for (const MatrixFacts& m : matrices) {
    all += m.elements;
    values.count += is_kind(m.name, "attn_v.") ? 1U : 0U;
    downs.count += is_kind(m.name, "ffn_down.") ? 1U : 0U;
    tied = tied && m.name != "output.weight";
  }
  std::vector<std::uint32_t> types;
  for (const MatrixFacts& m : matrices) {
    std::uint32_t chosen = base;
    if (m.name == "output.weight") {
      chosen = of_output(base, false);
    } else if (m.name == "token_embd.weight") {
      if (tied) chosen = of_output(base, m.elements / 3 > all / 4);
    } else if (is_kind(m.name, "attn_v.")) {
      chosen = of_values(type, values, heads_per_kv, base);
      ++values.index;
    } else if (is_kind(m.name, "ffn_down.")) {
      chosen = of_ffn_down(type, downs, base);
      ++downs.index;
    } else if (is_kind(m.name, "attn_output.")) {
      chosen = of_attention_output(type, base);
    }
    types.push_back(fitting(chosen, m.columns));
  }
  return types;
}

}  // namespace docmind::model
