#include "engine/chat_routes.h"

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "base/json.h"
#include "engine/chat_answer.h"
#include "engine/chat_request.h"
#include "engine/embeddings_request.h"
#include "engine/generation.h"
#include "engine/grammars.h"
#include "engine/impl/answer_stream.h"
#include "engine/out_of_memory.h"
#include "engine/prompt.h"
#include "obs/log.h"
#include "text/normalise.h"

namespace docmind::engine {
namespace {

ChatTemplate::Words words_of(const VocabularyFacts& facts) {
  ChatTemplate::Words words{.begin = facts.begin_text, .end = facts.end_text, .special = {}};
  for (const SpecialToken& token : facts.special) words.special.push_back(token.text);
  return words;
}

scheduler::Priority priority_of(RequestPriority priority) {
  switch (priority) {
    case RequestPriority::kBackground:
      return scheduler::Priority::kBackground;
    case RequestPriority::kNormal:
      return scheduler::Priority::kNormal;
    case RequestPriority::kHigh:
      return scheduler::Priority::kHigh;
  }
  return scheduler::Priority::kNormal;
}

std::string hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4U) text[i] = kDigits[number & 15U];
  return text;
}

// A request that has been read: what is the same for all its answers.
struct Work {
  AnswerHead head{};
  GenerationFields fields{};
  Prompt prompt{};
  AnswerSyntax syntax{};
  std::uint32_t max_tokens = 0;
  std::uint64_t seed = 0;
  Grammars::Grammar constraint{};
  Grammars::Grammar must_be{};
  bool must_call = false;
};

}  // namespace

struct ChatRoutes::State {
  State(ChatRoutesOptions o, const ChatRoutesDeps& d, ChatTemplate t)
      : options(std::move(o)),
        deps(d),
        chat_template(std::move(t)),
        renderer(chat_template, deps.model),
        pieces(written_pieces(deps.model)),
        grammars(deps.model, pieces) {}

  Result<std::string> answer(const net::Request& request, const std::stop_token& stop);
  Result<std::string> tokenize(std::string_view body) const;
  Result<std::string> models(const std::stop_token& stop);

  Result<Work> chat_work(std::string_view body);
  Result<Work> completion_work(std::string_view body);
  Result<> complete_work(Work& work);
  Result<GenerationRequest> request_of(const Work& work, std::uint32_t index);
  scheduler::SamplingOptions sampling_of(const Work& work, std::uint32_t index) const;
  // One answer to the prompt each; on_piece gets the answer's index, too, and is called from several threads.
  using OnAnyPiece = std::function<bool(std::uint32_t, const AnswerPiece&)>;
  Result<std::vector<Answer>> answers(const Work& work, const OnAnyPiece& on_piece, const std::stop_token& stop);
  void generate(Result<Work> work, net::ResponseWriter& writer);
  void stream(const Work& work, net::ResponseWriter& writer);
  void failed(const Error& error) const { deps.log.failure(obs::Level::kWarn, "engine_request_failed", error); }

  const ChatRoutesOptions options;
  const ChatRoutesDeps deps;
  const ChatTemplate chat_template;
  const PromptRenderer renderer;
  const std::vector<std::string> pieces;
  Grammars grammars;
  std::mutex hash_mutex;
  std::string hash;  // Guarded by hash_mutex; computed when first asked for.
};

ChatRoutes::ChatRoutes(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatRoutes::~ChatRoutes() = default;

Result<std::unique_ptr<ChatRoutes>> ChatRoutes::open(ChatRoutesOptions options, const ChatRoutesDeps& deps) {
  ChatTemplate made = DM_TRY(ChatTemplate::open(deps.model.facts().chat_template, words_of(deps.model.vocabulary())));
  return std::unique_ptr<ChatRoutes>(
      new ChatRoutes(std::make_unique<State>(std::move(options), deps, std::move(made))));
}

void ChatRoutes::handle(const net::Request& request, net::ResponseWriter& writer) {
  const std::string route = request.method + " " + request.target.path;
  if (route == "POST /v1/chat/completions") return state_->generate(state_->chat_work(request.body), writer);
  if (route == "POST /v1/completions") return state_->generate(state_->completion_work(request.body), writer);
  Result<std::string> body = state_->answer(request, writer.stop());
  if (!body) state_->failed(body.error());
  // A client that has gone is the only reason why this fails, and then there is nobody to tell.
  (void)static_cast<bool>(
      writer.send(body ? net::json_response(200, *std::move(body)) : net::error_response(body.error())));
}

Result<std::string> ChatRoutes::State::answer(const net::Request& request, const std::stop_token& stop) {
  const std::string route = request.method + " " + request.target.path;
  if (route == "POST /tokenize") return tokenize(request.body);
  if (route == "GET /v1/models") return models(stop);
  if (route == "GET /health") return std::string(R"({"status":"ok"})");
  if (route == "POST /v1/embeddings") {
    return Error{Code::kNotFound, "This engine has a chat model, which gives no vectors.",
                 "Send texts to the engine of an embedding model."};
  }
  return Error{Code::kNotFound, "The engine has no " + route + ".", "See docs/formats/engine.md."};
}

Result<std::string> ChatRoutes::State::tokenize(std::string_view body) const {
  std::vector<std::size_t> counts;
  for (const std::string& text : DM_TRY(parse_tokenize_request(body))) {
    counts.push_back(DM_TRY(deps.model.tokenise(text::nfc(text), Specials::kText)).size());
  }
  return tokenize_body(counts);
}

Result<std::string> ChatRoutes::State::models(const std::stop_token& stop) {
  const std::lock_guard lock(hash_mutex);
  if (hash.empty() && options.model_hash) hash = DM_TRY(options.model_hash(stop));
  const CausalFacts& facts = deps.model.facts();
  const scheduler::RunnerFacts& room = deps.scheduler.facts();
  boost::json::array capabilities{"completion", "json_schema"};
  if (chat_template.has_tools()) capabilities.emplace_back("tools");
  if (chat_template.has_thinking()) capabilities.emplace_back("thinking");
  return to_text({{"object", "list"},
                  {"data",
                   {{{"id", facts.name},
                     {"object", "model"},
                     {"owned_by", "docmind"},
                     {"architecture", facts.architecture},
                     {"parameters", facts.parameters},
                     {"window", std::min(facts.window, std::min(room.window, room.cells))},
                     {"trained_window", facts.window},
                     {"vocabulary", deps.model.vocabulary().size},
                     {"chat_template", !facts.chat_template.empty()},
                     {"capabilities", std::move(capabilities)},
                     {"hash", hash}}}}});
}

Result<Work> ChatRoutes::State::chat_work(std::string_view body) {
  ChatRequest request = DM_TRY(parse_chat_request(body));
  Work work{.fields = std::move(request.fields)};
  work.head.shape = AnswerShape::kChat;
  work.must_call = request.tool_choice == ToolChoice::kRequired || request.tool_choice == ToolChoice::kNamed;
  const bool bound = work.must_call || work.fields.format != FormatKind::kText;
  // Thoughts are no JSON.
  if (bound && chat_template.has_thinking() && !request.extra.contains("enable_thinking")) {
    request.extra["enable_thinking"] = false;
  }
  const bool tools = !request.tools.empty() && request.tool_choice != ToolChoice::kNone;
  work.constraint = DM_TRY(tools ? grammars.of_tools(request) : grammars.of_format(work.fields));
  if (bound) work.must_be = work.constraint;
  work.prompt = DM_TRY(renderer.render({.messages = std::move(request.messages),
                                        .tools = tools ? &request.tools : nullptr,
                                        .extra = &request.extra,
                                        .documents = std::move(request.documents),
                                        .passages = std::move(request.passages),
                                        .document_prefix = request.document_prefix}));
  work.syntax = {.tools = tools, .thoughts = !bound, .thinking = !bound && work.prompt.thinking};
  DM_TRY(complete_work(work));
  return work;
}

Result<Work> ChatRoutes::State::completion_work(std::string_view body) {
  CompletionRequest request = DM_TRY(parse_completion_request(body));
  Work work{.fields = std::move(request.fields)};
  work.head.shape = AnswerShape::kCompletion;
  if (const auto* text = std::get_if<std::string>(&request.prompt)) {
    work.prompt = DM_TRY(renderer.tokenise(*text));
  } else {
    work.prompt.tokens = std::get<std::vector<std::int32_t>>(std::move(request.prompt));
  }
  work.constraint = work.must_be = DM_TRY(grammars.of_format(work.fields));
  DM_TRY(complete_work(work));
  return work;
}

Result<> ChatRoutes::State::complete_work(Work& work) {
  const std::string& name = deps.model.facts().name;
  if (!work.fields.model.empty() && work.fields.model != name) {
    return Error{Code::kNotFound, "This engine has another model.", "Leave out \"model\" or ask GET /v1/models."};
  }
  // What the scheduler keeps for drafts is not for prompts; a few cells more or less are nobody's business.
  constexpr std::uint32_t kSpare = 16;
  const scheduler::RunnerFacts& facts = deps.scheduler.facts();
  const std::size_t room = std::min(facts.window, facts.cells - std::min(facts.cells, kSpare));
  const std::size_t prompt = work.prompt.tokens.size();
  if (prompt >= room) {
    return Error{
        Code::kResourceExhausted,
        "The prompt has " + std::to_string(prompt) + " tokens; the model can take " + std::to_string(room - 1) + ".",
        "Send less of the conversation or of the documents; nothing is cut off silently."};
  }
  const auto left = static_cast<std::uint32_t>(room - prompt);
  if (const auto& wanted = work.fields.max_tokens; wanted && *wanted > left) {
    return Error{Code::kInvalidArgument,
                 "The prompt has " + std::to_string(prompt) + " tokens and \"max_tokens\" is " +
                     std::to_string(*wanted) + "; together the model can take " + std::to_string(room) + ".",
                 "Ask for at most " + std::to_string(left) + " tokens, or shorten the prompt."};
  }
  work.max_tokens = work.fields.max_tokens.value_or(std::min(options.max_tokens, left));
  work.seed = work.fields.sampling.seed.value_or(deps.rng.next());
  work.head.id = (work.head.shape == AnswerShape::kChat ? "chatcmpl-" : "cmpl-") + hex(deps.rng.next());
  work.head.model = name;
  work.head.created = std::chrono::floor<std::chrono::seconds>(deps.clock.wall()).time_since_epoch().count();
  return {};
}

scheduler::SamplingOptions ChatRoutes::State::sampling_of(const Work& work, std::uint32_t index) const {
  const SamplingFields& fields = work.fields.sampling;
  scheduler::SamplingOptions sampling = options.sampling;
  const auto set = [](float& value, const std::optional<double>& field) {
    if (field) value = static_cast<float>(*field);
  };
  set(sampling.temperature, fields.temperature);
  set(sampling.top_p, fields.top_p);
  set(sampling.min_p, fields.min_p);
  set(sampling.repetition, fields.repetition);
  set(sampling.presence, fields.presence);
  set(sampling.frequency, fields.frequency);
  sampling.top_k = fields.top_k.value_or(sampling.top_k);
  for (const auto& [token, bias] : fields.bias) sampling.bias.emplace_back(token, static_cast<float>(bias));
  sampling.seed = work.seed + index;
  // The probability of the token itself is only known with at least one alternative.
  if (work.fields.logprobs) sampling.alternatives = std::max(1U, *work.fields.logprobs);
  return sampling;
}

Result<GenerationRequest> ChatRoutes::State::request_of(const Work& work, std::uint32_t index) {
  GenerationRequest request;
  request.tokens = {.prompt = work.prompt.tokens,
                    .shared = work.prompt.shared,
                    .max_tokens = work.max_tokens,
                    .sampling = sampling_of(work, index),
                    .constraint = nullptr,
                    .priority = priority_of(work.fields.priority),
                    .drafting = work.fields.drafting ? scheduler::Drafting::kLookup : scheduler::Drafting::kOff,
                    .end_tokens = work.fields.ignore_end && work.constraint == nullptr ? scheduler::EndTokens::kIgnore
                                                                                       : scheduler::EndTokens::kObey,
                    .keep = work.fields.keep ? scheduler::Keep::kYes : scheduler::Keep::kNo};
  if (work.constraint) request.tokens.constraint = DM_TRY(grammars.constraint(work.constraint));
  request.stops = work.fields.stops;
  request.syntax = work.syntax;
  request.id_prefix = "call_" + work.head.id.substr(work.head.id.find('-') + 1) + "_" + std::to_string(index) + "_";
  request.report_tokens = work.fields.logprobs.has_value();
  request.alternatives = work.fields.logprobs.value_or(0);
  request.must_be = work.must_be;
  request.must_call = work.must_call;
  return request;
}

Result<std::vector<Answer>> ChatRoutes::State::answers(const Work& work, const OnAnyPiece& on_piece,
                                                       const std::stop_token& stop) {
  const Deadline deadline = Deadline::in(options.patience, deps.clock);
  std::stop_source all;  // The client's stop, and that of the first answer that fails.
  const std::stop_callback gone(stop, [&] { all.request_stop(); });
  std::vector<Result<Answer>> made(work.fields.answers, Error{Code::kCancelled, "This answer was not begun.", ""});
  const auto make = [&](std::uint32_t index) -> Result<Answer> {
    GenerationRequest request = DM_TRY(request_of(work, index));
    const auto piece = [&](const AnswerPiece& p) { return on_piece(index, p); };
    return generate_answer(deps.scheduler, pieces, std::move(request), piece, deadline, all.get_token());
  };
  const auto run = [&](std::uint32_t index) {
    try {
      made[index] = make(index);
    } catch (const std::bad_alloc&) {  // Of the standard library, from anywhere below.
      made[index] = out_of_memory();
    }
    if (!made[index]) all.request_stop();
  };
  {
    std::vector<std::jthread> others;
    for (std::uint32_t i = 1; i < work.fields.answers; ++i) others.emplace_back([&run, i] { run(i); });
    run(0);
  }
  std::vector<Answer> answers;
  const auto failed = [](const auto& each) { return !each && each.error().code != Code::kCancelled; };
  if (const auto first = std::ranges::find_if(made, failed); first != made.end()) return std::move(*first).error();
  for (auto& each : made) answers.push_back(DM_TRY(std::move(each)));
  return answers;
}

void ChatRoutes::State::generate(Result<Work> work, net::ResponseWriter& writer) {
  if (work && work->fields.stream) return stream(*work, writer);
  const auto nothing = [](std::uint32_t, const AnswerPiece&) { return true; };
  const auto made = work ? answers(*work, nothing, writer.stop()) : Result<std::vector<Answer>>(work.error());
  if (!made) failed(made.error());
  // As in handle().
  (void)static_cast<bool>(writer.send(made ? net::json_response(200, whole_body(work->head, deps.model, *made))
                                           : error_reply(made.error())));
  if (!made && ends_the_engine(made.error())) options.exhausted();
}

void ChatRoutes::State::stream(const Work& work, net::ResponseWriter& writer) {
  AnswerStream events(writer);
  struct Sent {
    bool any = false;
    std::uint32_t calls = 0;
  };
  std::vector<Sent> sent(work.fields.answers);  // Each used by its answer's thread.
  const auto send = [&](std::uint32_t index, const AnswerPiece& piece) {
    Sent& mine = sent[index];
    const PiecePlace place = std::exchange(mine.any, true) ? PiecePlace::kLater : PiecePlace::kFirst;
    const std::uint32_t before = mine.calls;
    mine.calls += static_cast<std::uint32_t>(piece.delta.calls.size());
    return events.event(piece_body(work.head, deps.model, index, place, piece, before));
  };
  const auto made = answers(work, send, writer.stop());
  if (!made) {
    failed(made.error());
    events.fail(made.error());
    if (ends_the_engine(made.error())) options.exhausted();
    return;
  }
  const AnswerCounts counts = counts_of(*made);
  for (std::uint32_t i = 0; i < made->size(); ++i) {
    if (!sent[i].any) send(i, {});  // The role, even of an empty answer.
    events.event(finish_body(work.head, i, (*made)[i], made->size() == 1 ? &counts : nullptr));
  }
  if (work.fields.include_usage) events.event(usage_body(work.head, counts));
  events.done();
}

}  // namespace docmind::engine
