#include "app/kv.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "app/chat_plan.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "model/kv_size.h"
#include "model/model_file.h"
#include "sys/files.h"
#include "sys/process.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint32_t kLargestContext = 131'072;  // What the product plans for at most, unless asked for more.
constexpr auto kPatience = std::chrono::seconds(20);
constexpr double kGibibyte = 1U << 30U;

struct KvSizes {
  std::uint32_t context = 0;
  model::ModelFile file;
  model::KvShape shape;

  std::optional<std::uint64_t> per_token(model::KvType type) const { return model::kv_bytes(shape, type); }
  std::optional<double> gibibytes(model::KvType type) const {
    const auto bytes = per_token(type);
    if (!bytes) return {};
    return static_cast<double>(*bytes) * context / kGibibyte;
  }
};

Result<KvSizes> sizes_of(const cli::KvOptions& options, const KvContext& context) {
  const config::Settings::Engine& engine = context.settings.engine;
  const std::string& name = options.model.empty() ? engine.model : options.model;
  if (name.empty()) {
    return Error{Code::kInvalidArgument, "no chat model is named, and none is set",
                 "name one with --model NAME or FILE (docmind models list shows yours), or set engine.model"};
  }
  KvSizes sizes;
  sizes.file = DM_TRY(model::read_model_file(DM_TRY(find_model(context.layout, name))));
  sizes.shape = DM_TRY(model::kv_shape(sizes.file));
  sizes.context = options.context != 0  ? options.context
                  : engine.context != 0 ? engine.context
                                        : std::min(sizes.file.context, kLargestContext);
  return sizes;
}

std::string text_for_people(const KvSizes& sizes) {
  const double full = sizes.gibibytes(model::KvType::kF16).value_or(0);
  std::string out = fmt::format("{}: {} layers, {} KV heads, {} numbers in a head; {} tokens\n",
                                sys::printable(sizes.file.name.empty() ? sizes.file.architecture : sizes.file.name),
                                sizes.shape.layers, sizes.shape.kv_heads, sizes.shape.key_size, sizes.context);
  for (const model::KvType type : model::kKvTypes) {
    const auto bytes = sizes.per_token(type);
    if (!bytes) {
      out += fmt::format("{:<5} not with heads of this size\n", model::name(type));
      continue;
    }
    const double all = sizes.gibibytes(type).value_or(0);
    out += fmt::format("{:<5} {:>9} bytes a token {:>9.2f} GiB{}\n", model::name(type), *bytes, all,
                       type == model::KvType::kF16   ? ""
                       : type == model::KvType::kFp8 ? fmt::format(", {:.2f} less (vLLM alone)", full - all)
                                                     : fmt::format(", {:.2f} less", full - all));
  }
  if (sizes.context > sizes.file.context) {
    out += fmt::format("The model was trained for {} tokens: beyond them it writes nonsense.\n", sizes.file.context);
  }
  return out;
}

// Whether so much context fits here, with the settings as they are.
std::string place_for_people(const KvSizes& sizes, const KvContext& context) {
  config::Settings settings = context.settings;
  settings.engine.context = sizes.context;
  const auto asked = ask_devices(context.layout, Deadline::in(kPatience, context.clock), context.stop);
  const auto plan =
      plan_chat_model(settings, context.layout, sizes.file,
                      asked ? asked->devices : std::vector<engine::ComputeDevice>(), sys::available_memory());
  if (!plan) return fmt::format("Here: {} {}\n", plan.error().message, plan.error().hint);
  std::string out = fmt::format("Here: as {}, {:.2f} GiB of main memory in all, of {:.2f} available\n",
                                engine::name(plan->cell_type), static_cast<double>(plan->main) / kGibibyte,
                                static_cast<double>(sys::available_memory()) / kGibibyte);
  for (const engine::CardPlan& card : plan->cards) {
    out += fmt::format("      {} layers and {:.2f} GiB on {}\n", card.layers,
                       static_cast<double>(card.bytes) / kGibibyte, sys::printable(card.name));
  }
  return out;
}

json::object json_of(const KvSizes& sizes) {
  const auto fp16 = sizes.gibibytes(model::KvType::kF16);
  const auto fp8 = sizes.gibibytes(model::KvType::kFp8);
  return {{"context_length", sizes.context},
          {"bytes_per_token_fp16", json::value_from(sizes.per_token(model::KvType::kF16))},
          {"bytes_per_token_fp8", json::value_from(sizes.per_token(model::KvType::kFp8))},
          {"bytes_per_token_q8_0", json::value_from(sizes.per_token(model::KvType::kQ8))},
          {"fp16_size_gb", json::value_from(fp16)},
          {"fp8_size_gb", json::value_from(fp8)},
          {"q8_0_size_gb", json::value_from(sizes.gibibytes(model::KvType::kQ8))},
          {"memory_saved_gb", fp16.value_or(0) - fp8.value_or(0)}};
}

}  // namespace

int show_kv(const cli::KvOptions& options, const KvContext& context) {
  const auto sizes = sizes_of(options, context);
  if (!sizes) return cli::report(sizes.error(), context.here);
  context.here.terminal.out(context.here.json ? to_text(json_of(*sizes)) + "\n"
                                              : text_for_people(*sizes) + place_for_people(*sizes, context));
  return cli::kOk;
}

}  // namespace docmind::app
