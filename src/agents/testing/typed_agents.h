// The five agents, each held to its schemas: what it is given and what it hands on, as JSON, is validated at every
// call. Thread safety: as the agents'.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "agents/agent_schemas.h"
#include "agents/impl/described.h"
#include "base/json.h"
#include "grammar/grammar.h"

namespace docmind::agents {

template <typename T>
boost::json::value typed_json(const T& value);

class JsonFields {
 public:
  template <typename T>
  void operator()(std::string_view name, const T& value, Least = Least::kNone) {
    out_[name] = typed_json(value);
  }
  boost::json::object take() { return std::move(out_); }

 private:
  boost::json::object out_;
};

template <typename T>
boost::json::value typed_json(const T& value) {
  namespace json = boost::json;
  if constexpr (std::same_as<T, retrieval::TermSet>) {
    json::array out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value.test(i)) out.push_back(i);
    }
    return out;
  } else if constexpr (Named<T>) {
    return json::string(names_of(value)[static_cast<std::size_t>(value)]);
  } else if constexpr (std::same_as<T, context::Report>) {
    return context::to_json(value);
  } else if constexpr (Perhaps<T>) {
    return value ? typed_json(*value) : json::value(nullptr);
  } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
    return json::value(value);
  } else if constexpr (Listed<T>) {
    json::array out;
    for (const auto& item : value) {
      if constexpr (requires { item.second; }) {
        out.push_back(typed_json(item.second));
      } else {
        out.push_back(typed_json(item));
      }
    }
    return out;
  } else {
    JsonFields fields;
    describe(value, fields);
    return fields.take();
  }
}

class TypedAgents {
 public:
  TypedAgents() {
    for (const AgentSchema& one : agent_schemas()) {
      schemas_.push_back({one.agent, of(one.input), of(one.output)});
    }
  }

  // All of `agents`, checked. They refer to this.
  Agents around(Agents agents) {
    Agents out;
    out.query_router = [this, agent = std::move(agents.query_router)](std::string_view question, const Call& call) {
      return checked(0, RouterInput{std::string(question)}, agent(question, call));
    };
    out.query_planner = [this, agent = std::move(agents.query_planner)](const Routing& routing, const Call& call) {
      return checked(1, routing, agent(routing, call));
    };
    out.retrieval_expert = [this, agent = std::move(agents.retrieval_expert)](const Part& part, Route route,
                                                                              const Call& call) {
      return checked(2, RetrievalInput{part, route}, agent(part, route, call));
    };
    out.result_synthesizer = [this, agent = std::move(agents.result_synthesizer)](const std::vector<Evidence>& evidence,
                                                                                  const Call& call) {
      return checked(3, SynthesisInput{evidence}, agent(evidence, call));
    };
    out.response_validator = [this, agent = std::move(agents.response_validator)](const Draft& draft,
                                                                                  const Call& call) {
      return checked(4, draft, agent(draft, call));
    };
    return out;
  }

  int calls(std::size_t agent) const { return calls_.at(agent); }
  const grammar::Grammar& input(std::size_t agent) const { return *schemas_.at(agent).input; }
  const grammar::Grammar& output(std::size_t agent) const { return *schemas_.at(agent).output; }

 private:
  struct Compiled {
    std::string_view agent;
    std::shared_ptr<const grammar::Grammar> input;
    std::shared_ptr<const grammar::Grammar> output;
  };

  static std::shared_ptr<const grammar::Grammar> of(const std::string& schema) {
    auto compiled = grammar::Grammar::of_schema(*parse_json(schema));
    EXPECT_TRUE(compiled) << compiled.error().message << "\n" << schema;
    return compiled ? *compiled : nullptr;
  }

  template <typename In, typename Out>
  Result<Out> checked(std::size_t agent, const In& input, Result<Out> output) {
    ++calls_.at(agent);
    const auto hold = [&](const grammar::Grammar& schema, const std::string& text) {
      const auto valid = schema.validate(text);
      EXPECT_TRUE(valid) << schemas_[agent].agent << ": " << valid.error().message << "\n" << text;
    };
    hold(*schemas_[agent].input, to_text(typed_json(input)));
    if (output) hold(*schemas_[agent].output, to_text(typed_json(*output)));
    return output;
  }

  std::vector<Compiled> schemas_;
  std::array<std::atomic<int>, 5> calls_{};
};

}  // namespace docmind::agents
