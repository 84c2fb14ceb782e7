// The model "docmind" behind OpenAI's and Anthropic's APIs: questions are answered as /api/ask answers them.
#include <boost/json.hpp>
#include <condition_variable>

#include "base/json.h"
#include "base/json_members.h"
#include "base/thread_annotations.h"
#include "exec/pool.h"
#include "exec/wait.h"
#include "server/anthropic_shapes.h"
#include "server/chat_request.h"
#include "server/impl/call.h"
#include "server/model_messages.h"
#include "server/openai_shapes.h"

namespace docmind::server {

// How one API is spoken.
struct Dialect {
  std::string_view id;  // What its answers' ids begin with.
  Result<ChatRequest> (*read)(std::string_view body);
  std::string (*whole)(const ChatReply&);
  std::string (*begin)(const ChatReply&);  // What a stream may begin with before there is an answer.
  std::string (*beat)();                   // What says that the answer is still being made.
  std::string (*stream)(const ChatReply&, const ChatRequest&);  // All that follows.
  std::string (*error)(const Error&);
  std::string (*stream_error)(const Error&);
};

namespace {

namespace json = boost::json;

std::string nothing(const ChatReply&) { return {}; }
std::string comment() { return kStillHere; }

const Dialect kChatCompletions{
    .id = "chatcmpl-",
    .read = read_chat_completion,
    .whole = chat_completion,
    .begin = nothing,
    .beat = comment,
    .stream =
        [](const ChatReply& reply, const ChatRequest& asked) {
          return chat_completion_stream(reply, asked.usage ? Usage::kIncluded : Usage::kLeftOut);
        },
    .error = openai_error,
    .stream_error = openai_stream_error,
};

const Dialect kResponses{
    .id = "resp_",
    .read = read_response_request,
    .whole = response_object,
    .begin = nothing,
    .beat = comment,
    .stream = [](const ChatReply& reply, const ChatRequest&) { return response_stream(reply); },
    .error = openai_error,
    .stream_error = response_stream_error,
};

const Dialect kMessages{
    .id = "msg_",
    .read = read_message_request,
    .whole = message_object,
    .begin = message_stream_start,
    .beat = message_stream_ping,
    .stream = [](const ChatReply& reply, const ChatRequest&) { return message_stream_rest(reply); },
    .error = anthropic_error,
    .stream_error = message_stream_error,
};

net::Response in_shape_of(const Error& error, std::string (*shape)(const Error&)) {
  net::Response response = net::error_response(error);
  response.body = shape(error);
  return response;
}

// Where the client reached us, so that links lead there.
std::string site_of(const net::Request& request) {
  const auto host = request.headers.find("Host");
  if (request.peer != net::Peer::kTcp || !host || host->empty()) return {};
  return "http://" + std::string(*host);
}

// Does the work on a thread of its own and calls beat() here whenever `every` has passed.
Result<json::value> with_beats(const std::function<Result<json::value>()>& work, Duration every, const Clock& clock,
                               const std::function<void()>& beat) {
  Mutex mutex;
  std::condition_variable_any changed;
  std::optional<Result<json::value>> done;
  const std::unique_ptr<exec::Pool> pool = DM_TRY(exec::Pool::open({.threads = 1, .queue_bound = 1}));
  DM_TRY(pool->try_submit([&] {
    Result<json::value> made = work();
    const MutexLock lock(mutex);
    done = std::move(made);
    changed.notify_all();
  }));
  for (;;) {
    {
      MutexLock lock(mutex);
      exec::wait_until(changed, lock, Deadline::in(every, clock), {}, [&] { return done.has_value(); });
      if (done) return *std::move(done);
    }
    beat();
  }
}

Result<> names_docmind(const net::Request& request) {
  const std::string model = model_in(request.body);
  if (model.empty() || model == kDocmind) return {};
  return Error{Code::kNotFound, "there is no model " + model + " at " + request.target.path,
               "Ask for docmind, or for one that GET /v1/models lists at /v1/chat/completions."};
}

}  // namespace

Routes::Reply Routes::answer_in(const Dialect& dialect, const Call& call) {
  const Result<ChatRequest> asked = dialect.read(call.request.body);
  if (!asked) return Answered(in_shape_of(asked.error(), dialect.error));
  ChatReply reply{.created = clock_.wall().time_since_epoch() / std::chrono::seconds(1), .site = site_of(call.request)};
  reply.id = std::string(dialect.id) + std::to_string(reply.created) + "-" + std::to_string(++chat_replies_);
  const auto answer = [&] { return counted_answer(asked->question, "chat", call.deadline, call.stop); };
  if (!asked->stream) {
    Result<json::value> answered = answer();
    if (!answered) return Answered(in_shape_of(answered.error(), dialect.error));
    reply.answer = *std::move(answered);
    return Answered(net::json_response(200, dialect.whole(reply)));
  }
  bool begun = false;
  const auto say = [&](std::string text) {
    if (begun) {
      (void)call.out.write(text);  // Who has gone is noticed by the stop token.
      return;
    }
    begun = true;
    (void)begin_events(call.out, dialect.begin(reply) + text);
  };
  const Result<json::value> answered = with_beats(answer, options_.heartbeat, clock_, [&] { say(dialect.beat()); });
  if (!answered && !begun) return Answered(in_shape_of(answered.error(), dialect.error));
  if (answered) reply.answer = *answered;
  say(answered ? dialect.stream(reply, *asked) : dialect.stream_error(answered.error()));
  (void)call.out.end();
  return Answered();
}

// The loaded models, and the one that answers from the documents.
Routes::Reply Routes::model_list(const Call& call) {
  json::array data = DM_TRY(models_.list(call.deadline, call.stop));
  data.push_back(docmind_model());
  return ok(json::object{{"object", "list"}, {"data", std::move(data)}});
}

Routes::Reply Routes::model(const Call& call) {
  json::array data = DM_TRY(models_.list(call.deadline, call.stop));
  data.push_back(docmind_model());
  for (const json::value& one : data) {
    if (json_text(json_member(one, "id")) == call.id) return ok(one);
  }
  return Answered(in_shape_of(
      {Code::kNotFound, "there is no model " + call.id, "GET /v1/models lists those there are."}, openai_error));
}

// The documents by one name, raw models by all others.
Routes::Reply Routes::chat_completions(const Call& call) {
  if (model_in(call.request.body) == kDocmind) return answer_in(kChatCompletions, call);
  return model_post(call);
}

Routes::Reply Routes::model_post(const Call& call) {
  Reply reply = models_.post(call.request, call.out);
  if (reply) return reply;
  return Answered(in_shape_of(reply.error(), openai_error));
}

Routes::Reply Routes::responses(const Call& call) {
  if (const auto named = names_docmind(call.request); !named) {
    return Answered(in_shape_of(named.error(), openai_error));
  }
  return answer_in(kResponses, call);
}

Routes::Reply Routes::messages(const Call& call) {
  if (names_docmind(call.request)) return answer_in(kMessages, call);
  Reply reply = model_message(call);
  if (reply) return reply;
  return Answered(in_shape_of(reply.error(), anthropic_error));
}

// A loaded model, which speaks OpenAI's API.
Routes::Reply Routes::model_message(const Call& call) {
  const net::Request asked{.method = "POST",
                           .target = {.path = "/v1/chat/completions"},
                           .body = DM_TRY(completion_request_of(call.request.body))};
  MessageWriter writer(call.out);
  Answered answered = DM_TRY(models_.post(asked, writer));
  if (answered) {
    const bool ok = answered->status == 200;
    answered->body = ok ? DM_TRY(message_of(answered->body)) : message_error_of(answered->status, answered->body);
  }
  return answered;
}

}  // namespace docmind::server
