#include "model/loss_report.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

// One list for both ways.
constexpr std::array<std::pair<const char*, double LossReport::*>, 7> kNumbers{
    {{"loss", &LossReport::loss},
     {"mean_cosine", &LossReport::mean_cosine},
     {"least_cosine", &LossReport::least_cosine},
     {"ranking", &LossReport::ranking},
     {"perplexity", &LossReport::perplexity},
     {"perplexity_before", &LossReport::perplexity_before},
     {"divergence", &LossReport::divergence}}};

}  // namespace

std::string text_of(const LossReport& report) {
  json::object object{{"reference", report.reference}, {"measure", report.measure}, {"samples", report.samples}};
  for (const auto& [key, member] : kNumbers) object[key] = report.*member;
  return to_text(object);
}

Result<LossReport> loss_report_of(std::string_view text) {
  const Error broken{Code::kDataLoss, "What was noted of the loss by quantising cannot be read.",
                     "Quantise the model again."};
  const Result<json::value> root = parse_json(text, {.depth = 4, .bytes = 1U << 16U});
  if (!root || !root->is_object()) return broken;
  const json::object& object = root->get_object();
  const auto* reference = object.if_contains("reference");
  const auto* measure = object.if_contains("measure");
  const auto* samples = object.if_contains("samples");
  if (reference == nullptr || !reference->is_string() || measure == nullptr || !measure->is_string() ||
      samples == nullptr || !samples->is_int64() || samples->get_int64() < 0) {
    return broken;
  }
  LossReport report{.reference = std::string(reference->get_string()),
                    .measure = std::string(measure->get_string()),
                    .samples = static_cast<std::uint64_t>(samples->get_int64())};
  for (const auto& [key, member] : kNumbers) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return broken;
    report.*member = value->to_number<double>();
  }
  return report;
}

std::string sentence_of(const LossReport& r) {
  if (r.measure == "cosine") {
    return fmt::format("cosine {:.4f} (least {:.4f}), {:.1f} % of the ten nearest stay, on {} texts against {}",
                       r.mean_cosine, r.least_cosine, 100 * r.ranking, r.samples, r.reference);
  }
  if (r.measure == "scores") {
    return fmt::format("scores differ by {:.4f} in the mean, {:.1f} % of the ten best stay, on {} pairs against {}",
                       r.loss, 100 * r.ranking, r.samples, r.reference);
  }
  return fmt::format("perplexity {:.2f} instead of {:.2f} ({:+.2f} %), KL {:.4f} nats, on {} tokens against {}",
                     r.perplexity, r.perplexity_before, 100 * r.loss, r.divergence, r.samples, r.reference);
}

}  // namespace docmind::model
