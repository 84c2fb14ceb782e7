#include "engine/loss.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "engine/causal_model.h"
#include "engine/embed_queue.h"
#include "engine/encoder.h"
#include "engine/impl/loss_texts.h"
#include "engine/llama_runner.h"
#include "engine/rerank_queue.h"
#include "model/model_file.h"

namespace docmind::engine {
namespace {

constexpr std::size_t kNearest = 10;
constexpr std::uint32_t kStep = 64;   // Tokens computed at once.
constexpr std::size_t kTokens = 513;  // Of the fixed text: 512 predictions.

using Vectors = std::vector<std::vector<float>>;

std::uint32_t threads_of(const LossOptions& options) {
  return options.threads == 0 ? std::max(1U, std::thread::hardware_concurrency()) : options.threads;
}

Error cancelled() { return {Code::kCancelled, "Measuring the loss was stopped.", "Start it again."}; }

Result<Vectors> vectors_of(const std::string& path, std::uint32_t threads, const std::stop_token& stop) {
  const auto encoder = DM_TRY(Encoder::open({.model_path = path}));
  EmbedQueue::Contexts contexts;
  contexts.push_back(DM_TRY(EncoderContext::open(*encoder, threads)));
  EmbedQueue queue(*encoder, std::move(contexts), 1);
  std::vector<TokenisedText> texts;
  for (const std::string_view text : kLossTexts) {
    texts.push_back(DM_TRY(encoder->tokenise({.text = std::string(text), .spans = {}})));
  }
  Vectors vectors;
  for (llm::Embedding& of : DM_TRY(queue.embed(std::move(texts), Deadline::never(), stop))) {
    vectors.push_back(std::move(of.vector));
  }
  return vectors;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);  // Vectors have length 1.
}

// The places of the highest, cut at kNearest, in order of place.
std::vector<std::size_t> best_of(const std::vector<double>& scores) {
  std::vector<std::size_t> places(scores.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::sort(places, std::greater{}, [&](std::size_t i) { return scores[i]; });
  places.resize(kNearest);
  std::ranges::sort(places);
  return places;
}

// The share of the best that both have.
double kept_share(const std::vector<double>& before, const std::vector<double>& after) {
  std::vector<std::size_t> kept;
  std::ranges::set_intersection(best_of(before), best_of(after), std::back_inserter(kept));
  return static_cast<double>(kept.size()) / static_cast<double>(kNearest);
}

// How near the others are; a text is not its own neighbour.
std::vector<double> nearness_to(std::size_t i, const Vectors& vectors) {
  constexpr double kNever = -2;  // Below every cosine.
  std::vector<double> out;
  for (std::size_t j = 0; j < vectors.size(); ++j) out.push_back(j == i ? kNever : dot(vectors[i], vectors[j]));
  return out;
}

Result<model::LossReport> loss_of_vectors(const LossOptions& options, const std::stop_token& stop) {
  const Vectors before = DM_TRY(vectors_of(options.reference, threads_of(options), stop));
  const Vectors after = DM_TRY(vectors_of(options.candidate, threads_of(options), stop));
  model::LossReport report{.measure = "cosine", .samples = before.size(), .least_cosine = 1};
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double cosine = dot(before[i], after[i]);
    report.mean_cosine += cosine / static_cast<double>(before.size());
    report.least_cosine = std::min(report.least_cosine, cosine);
    report.ranking += kept_share(nearness_to(i, before), nearness_to(i, after)) / static_cast<double>(before.size());
  }
  report.loss = std::max(0.0, 1 - report.mean_cosine);
  return report;
}

constexpr std::array<std::string_view, 6> kQueries{"contract", "returns", "pump", "budget", "seals", "train"};

// One list per query: how relevant each text is, from 0 to 1.
Result<std::vector<std::vector<double>>> scores_of(const std::string& path, std::uint32_t threads,
                                                   const std::stop_token& stop) {
  const auto reranker = DM_TRY(Encoder::open({.model_path = path, .use = EncoderUse::kScores}));
  PassQueue::Contexts contexts;
  contexts.push_back(DM_TRY(EncoderContext::open(*reranker, threads)));
  RerankQueue queue(*reranker, std::move(contexts), 1);
  const std::vector<std::string> texts(kLossTexts.begin(), kLossTexts.end());
  std::vector<std::vector<double>> out;
  for (const std::string_view query : kQueries) {
    const RerankScores logits = DM_TRY(queue.score(std::string(query), texts, Deadline::never(), stop));
    std::vector<double>& scores = out.emplace_back();
    for (const float logit : logits.scores) scores.push_back(1 / (1 + std::exp(-static_cast<double>(logit))));
  }
  return out;
}

Result<model::LossReport> loss_of_scores(const LossOptions& options, const std::stop_token& stop) {
  const auto before = DM_TRY(scores_of(options.reference, threads_of(options), stop));
  const auto after = DM_TRY(scores_of(options.candidate, threads_of(options), stop));
  model::LossReport report{.measure = "scores", .samples = kQueries.size() * kLossTexts.size()};
  for (std::size_t q = 0; q < before.size(); ++q) {
    for (std::size_t i = 0; i < before[q].size(); ++i) {
      report.loss += std::abs(before[q][i] - after[q][i]) / static_cast<double>(report.samples);
    }
    report.ranking += kept_share(before[q], after[q]) / static_cast<double>(before.size());
  }
  return report;
}

// A text model that computes the fixed text step by step.
struct Writer {
  std::unique_ptr<CausalModel> model;
  std::unique_ptr<LlamaRunner> runner;

  static Result<Writer> open(const std::string& path, std::uint32_t threads) {
    Writer writer;
    writer.model = DM_TRY(CausalModel::open(path));
    writer.runner = DM_TRY(LlamaRunner::open(
        *writer.model,
        {.cells = 1024, .sequences = 1, .step_tokens = kStep, .step_outputs = kStep, .threads = threads}));
    return writer;
  }
};

// Of the logits' softmax, in nats.
double log_sum(std::span<const float> logits) {
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

struct Sums {
  double before = 0;  // Negative log likelihoods.
  double after = 0;
  double divergence = 0;
};

void add(Sums& sums, std::span<const float> before, std::span<const float> after, TokenId next) {
  const double before_sum = log_sum(before);
  const double after_sum = log_sum(after);
  const auto at = static_cast<std::size_t>(next);
  sums.before += before_sum - before[at];
  sums.after += after_sum - after[at];
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double log_p = before[i] - before_sum;
    sums.divergence += std::exp(log_p) * (log_p - (after[i] - after_sum));
  }
}

Result<std::vector<TokenId>> fixed_tokens(const CausalModel& model) {
  std::string text;
  for (const std::string_view part : kLossTexts) text += std::string(part) + "\n";
  std::vector<TokenId> tokens = DM_TRY(model.tokenise(text, Specials::kText));
  tokens.resize(std::min(tokens.size(), kTokens));
  return tokens;
}

Result<model::LossReport> loss_of_text(const LossOptions& options, const std::stop_token& stop) {
  const Writer before = DM_TRY(Writer::open(options.reference, threads_of(options)));
  const Writer after = DM_TRY(Writer::open(options.candidate, threads_of(options)));
  const std::vector<TokenId> tokens = DM_TRY(fixed_tokens(*before.model));
  if (tokens != DM_TRY(fixed_tokens(*after.model)) || tokens.size() < 2) {
    return Error{Code::kInvalidArgument, "The two files are not the same model.",
                 "Compare a model with its own source."};
  }
  const std::atomic<bool> go_on = false;
  Sums sums;
  const std::span<const TokenId> inputs = std::span(tokens).first(tokens.size() - 1);
  for (std::size_t at = 0; at < inputs.size(); at += kStep) {
    if (stop.stop_requested()) return cancelled();
    const auto part = inputs.subspan(at, std::min<std::size_t>(kStep, inputs.size() - at));
    const scheduler::Span span{0, static_cast<std::uint32_t>(at), part, static_cast<std::uint32_t>(part.size())};
    DM_TRY(before.runner->step({&span, 1}, go_on));
    DM_TRY(after.runner->step({&span, 1}, go_on));
    for (std::size_t i = 0; i < part.size(); ++i) {
      add(sums, before.runner->logits(i), after.runner->logits(i), tokens[at + i + 1]);
    }
  }
  const auto count = static_cast<double>(inputs.size());
  model::LossReport report{.measure = "perplexity", .samples = inputs.size()};
  report.perplexity = std::exp(sums.after / count);
  report.perplexity_before = std::exp(sums.before / count);
  report.divergence = sums.divergence / count;
  report.loss = report.perplexity / report.perplexity_before - 1;
  return report;
}

}  // namespace

Result<model::LossReport> measure_loss(const LossOptions& options, std::stop_token stop) {
  const model::ModelFile before = DM_TRY(model::read_model_file(options.reference));
  const model::ModelFile after = DM_TRY(model::read_model_file(options.candidate));
  if (before.architecture != after.architecture || before.parameters != after.parameters ||
      before.vocabulary != after.vocabulary) {
    return Error{Code::kInvalidArgument, "The two files are not the same model.",
                 "Compare a model with its own source."};
  }
  const auto measure = before.purpose == model::Purpose::kText        ? loss_of_text
                       : before.purpose == model::Purpose::kReranking ? loss_of_scores
                                                                      : loss_of_vectors;
  model::LossReport report = DM_TRY(measure(options, stop));
  report.reference = before.quantisation;
  return report;
}

}  // namespace docmind::engine
