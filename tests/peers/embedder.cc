// Embeds texts by a server with /v1/embeddings: {"inputs":[{"text","spans":[[start,end]]}]} on the standard input,
// {"dimensions","embeddings":[{"vector","spans","tokens"}]} on the output. The other half of tests/peers/embeddings.py.
// usage: peers_embedder PORT MODEL WINDOW
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "base/json.h"
#include "base/json_members.h"
#include "llm/openai/http_embedder.h"
#include "sys/clock.h"

namespace {

using namespace docmind;
namespace json = boost::json;

json::array numbers(const std::vector<float>& vector) { return json::array(vector.begin(), vector.end()); }

Result<std::string> embed(const openai::HttpEmbedderOptions& options, std::string_view asked) {
  const json::value wanted = DM_TRY(parse_json(asked));
  std::vector<llm::EmbedInput> inputs;
  for (const json::value& one : json_list(json_member(wanted, "inputs"))) {
    inputs.push_back({.text = std::string(json_text(json_member(one, "text"))), .spans = {}});
    for (const json::value& span : json_list(json_member(one, "spans"))) {
      const json::array& ends = json_list(span);
      inputs.back().spans.push_back({json_count(ends.at(0)), json_count(ends.at(1))});
    }
  }
  const sys::RealClock clock;
  const auto client = DM_TRY(net::Client::open());
  const auto embedder = DM_TRY(openai::HttpEmbedder::open(options, *client, clock));
  const Deadline deadline = Deadline::in(std::chrono::minutes(5), clock);
  json::array made;
  for (const llm::Embedding& one : DM_TRY(embedder->embed(inputs, deadline, {}))) {
    json::array spans;
    for (const auto& span : one.spans) spans.push_back(numbers(span));
    made.push_back({{"vector", numbers(one.vector)}, {"spans", std::move(spans)}, {"tokens", one.tokens}});
  }
  const llm::EmbedderInfo info = DM_TRY(embedder->info(deadline, {}));
  return to_text(json::object{{"dimensions", info.dimensions}, {"embeddings", std::move(made)}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  openai::HttpEmbedderOptions options{.model = argv[2], .model_hash = "of no consequence here"};
  options.upstream.endpoint.port = static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10));
  options.window = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const auto made = embed(options, std::string(std::istreambuf_iterator<char>(std::cin), {}));
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    return 1;
  }
  std::puts(made->c_str());
  return 0;
}
