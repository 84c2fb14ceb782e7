#include "agents/structured_reply.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"

namespace docmind::agents {
namespace {

Error refused(std::string what) { return {Code::kDataLoss, std::move(what), ""}; }

}  // namespace

Result<ReplyForm> reply_form(std::string schema, std::size_t most_bytes) {
  const boost::json::value parsed = DM_TRY(parse_json(schema));
  auto grammar = grammar::Grammar::of_schema(parsed);
  if (!grammar) return Error{Code::kInternal, "A schema of ours does not compile: " + grammar.error().message, ""};
  return ReplyForm{std::move(schema), *std::move(grammar), most_bytes};
}

Result<boost::json::value> structured_reply(llm::ChatModel& model, llm::ChatRequest request, const ReplyForm& form,
                                            const llm::Capabilities& can, llm::ChatUsage& usage, Deadline deadline,
                                            std::stop_token stop) {
  if (can.json_schema) request.schema = form.schema;
  const llm::ChatReply reply = DM_TRY(model.chat(request, nullptr, deadline, std::move(stop)));
  usage += reply.usage;
  if (reply.content.size() > form.most_bytes) {
    return refused(
        fmt::format("the chat model wrote {} bytes where {} are read", reply.content.size(), form.most_bytes));
  }
  if (reply.finish != llm::ChatFinish::kEnd) return refused("the chat model's JSON was cut");
  if (!form.grammar->validate(reply.content)) return refused("the chat model did not write the JSON it was asked for");
  return parse_json(reply.content);
}

}  // namespace docmind::agents
