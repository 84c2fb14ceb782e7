#include "agents/supervised_record.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <set>
#include <utility>

#include "agents/impl/recorded_fields.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kEnds = {"not_asked", "cannot", "answered", "found_nothing", "failed"};

// ---- writing ----

json::value text_or_null(std::string_view text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object step_json(const SupervisedStep& step) {
  json::object out{{"agent", step.agent},
                   {"tool", text_or_null(step.tool)},
                   {"began", step.began},
                   {"seconds", step.seconds},
                   {"error", text_or_null(step.error)}};
  if (step.tool.empty()) {
    out["prompt"] = step.usage.prompt;
    out["reused"] = step.usage.cached;
    out["computed"] = step.usage.prompt - std::min(step.usage.prompt, step.usage.cached);
    out["completion"] = step.usage.completion;
  }
  return out;
}

json::object passage_json(const NumberedPassage& passage) {
  json::array places;
  for (const Place& place : passage.places) {
    places.push_back(json::object{{"document", place.document},
                                  {"document_id", place.document_id},
                                  {"version", place.version},
                                  {"start", place.span.start},
                                  {"end", place.span.end}});
  }
  const bool stored = passage.wording == Wording::kStored;
  return {{"number", passage.number},
          {"document", passage.document},
          {"page", passage.page ? json::value(*passage.page) : json::value(nullptr)},
          {"heading", passage.heading},
          {"text", stored ? json::value(nullptr) : json::value(passage.text)},
          {"places", std::move(places)}};
}

json::object tool_json(const ToolAnswered& tool) {
  json::array passages;
  for (const NumberedPassage& passage : tool.passages) passages.push_back(passage_json(passage));
  return {{"agent", tool.agent},
          {"tool", tool.tool},
          {"arguments", tool.arguments},
          {"note", tool.note},
          {"passages", std::move(passages)},
          {"error", text_or_null(tool.error)}};
}

// ---- reading ----

Error gone() {
  return {Code::kConflict, "A document that this answer rests on was changed or deleted since.",
          "Ask the question again: it is answered from what the library holds now."};
}

Result<NumberedPassage> passage_in(const json::value& from, library::Snapshot& at) {
  NumberedPassage out{.number = small(from, "number"),
                      .document = text(from, "document"),
                      .heading = text(from, "heading"),
                      .text = text(from, "text"),
                      .wording = json_member(from, "text").is_string() ? Wording::kOurs : Wording::kStored};
  if (const std::uint32_t page = small(from, "page"); page != 0) out.page = page;
  for (const json::value& one : json_list(json_member(from, "places"))) {
    const Place& place = out.places.emplace_back(
        Place{.document = static_cast<std::int64_t>(json_count(json_member(one, "document"))),
              .document_id = text(one, "document_id"),
              .version = text(one, "version"),
              .span = {json_count(json_member(one, "start")), json_count(json_member(one, "end"))}});
    auto stored = at.text_of_version(place.document_id, place.version, place.span);
    if (!stored && (stored.error().code == Code::kNotFound || stored.error().code == Code::kConflict ||
                    stored.error().code == Code::kInvalidArgument)) {
      return gone();
    }
    std::string words = DM_TRY(std::move(stored));
    if (out.wording == Wording::kStored) out.text = std::move(words);
  }
  return out;
}

Result<ToolAnswered> tool_in(const json::value& from, library::Snapshot& at) {
  ToolAnswered out{.agent = text(from, "agent"),
                   .tool = text(from, "tool"),
                   .arguments = text(from, "arguments"),
                   .note = text(from, "note"),
                   .error = text(from, "error")};
  for (const json::value& one : json_list(json_member(from, "passages"))) {
    out.passages.push_back(DM_TRY(passage_in(one, at)));
  }
  return out;
}

SupervisedStep step_in(const json::value& from) {
  return {.agent = text(from, "agent"),
          .tool = text(from, "tool"),
          .began = number(json_member(from, "began")),
          .seconds = number(json_member(from, "seconds")),
          .usage = {.prompt = small(from, "prompt"),
                    .cached = small(from, "reused"),
                    .completion = small(from, "completion")},
          .error = text(from, "error")};
}

}  // namespace

std::string_view name(SupervisedEnd end) { return kEnds.at(static_cast<std::size_t>(end)); }

json::object to_json(const SupervisedRecord& record) {
  json::array steps;
  for (const SupervisedStep& step : record.steps) steps.push_back(step_json(step));
  json::array tools;
  for (const ToolAnswered& tool : record.tools) tools.push_back(tool_json(tool));
  json::object out{{"end", name(record.end)},
                   {"failure", nullptr},
                   {"steps", std::move(steps)},
                   {"tools", std::move(tools)},
                   {"fallbacks", json::array(record.fallbacks.begin(), record.fallbacks.end())}};
  if (record.failure) {
    out["failure"] = {{"code", docmind::name(record.failure->code)},
                      {"message", record.failure->message},
                      {"hint", record.failure->hint}};
  }
  return out;
}

Result<SupervisedRecord> supervised_in(const json::value& recorded, library::Snapshot& at) {
  SupervisedRecord out;
  const std::string end = text(recorded, "end");
  const auto found = std::ranges::find(kEnds, std::string_view(end));
  if (found != kEnds.end()) out.end = static_cast<SupervisedEnd>(found - kEnds.begin());
  if (const json::value& failure = json_member(recorded, "failure"); failure.is_object()) {
    out.failure = Error{code_named(text(failure, "code")), text(failure, "message"), text(failure, "hint")};
  }
  for (const json::value& one : json_list(json_member(recorded, "steps"))) {
    const SupervisedStep& step = out.steps.emplace_back(step_in(one));
    out.usage += step.usage;
  }
  for (const json::value& one : json_list(json_member(recorded, "fallbacks"))) {
    if (one.is_string()) out.fallbacks.emplace_back(json_text(one));
  }
  for (const json::value& one : json_list(json_member(recorded, "tools"))) {
    out.tools.push_back(DM_TRY(tool_in(one, at)));
  }
  return out;
}

std::vector<std::int64_t> documents_in(const SupervisedRecord& record) {
  std::set<std::int64_t> keys;
  for (const ToolAnswered& tool : record.tools) {
    for (const NumberedPassage& passage : tool.passages) {
      for (const Place& place : passage.places) keys.insert(place.document);
    }
  }
  return {keys.begin(), keys.end()};
}

}  // namespace docmind::agents
