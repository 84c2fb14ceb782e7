#include "llm/llamacpp/testing/fake_engine.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "base/base64.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/server.h"

namespace docmind::llamacpp {
namespace {

namespace json = boost::json;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

json::string vector_of(std::size_t first, std::size_t second) {
  const std::array<float, 4> vector{static_cast<float>(first), static_cast<float>(second), 0, 1};
  return json::string(to_base64({reinterpret_cast<const char*>(vector.data()), sizeof vector}));
}

// A text's vector holds its length, a span's vector its ends.
std::string embeddings(const std::string& body) {
  const json::value request = *parse_json(body);
  json::array data;
  const json::array& texts = request.at("input").as_array();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    json::array spans;
    for (const json::value& span : request.at("spans").as_array()[i].as_array()) {
      spans.emplace_back(vector_of(span.at(0).to_number<std::size_t>(), span.at(1).to_number<std::size_t>()));
    }
    data.push_back({{"index", i},
                    {"embedding", vector_of(texts[i].as_string().size(), 7)},
                    {"span_embeddings", std::move(spans)},
                    {"tokens", 3}});
  }
  return to_text({{"data", std::move(data)}});
}

// A token for each byte.
net::Response counts(const std::string& body, const std::string& mode) {
  if (mode == "uncounting") return net::json_response(404, "{}");
  const json::value request = *parse_json(body);
  json::array all;
  for (const json::value& text : request.at("texts").as_array()) all.emplace_back(text.as_string().size());
  if (mode == "miscounts") all.pop_back();
  return net::json_response(200, to_text({{"counts", std::move(all)}}));
}

net::Response answer(const net::Request& request, const std::string& model, const std::string& last) {
  const std::string mode = content(model);
  if (mode == "starved" && request.method == "POST" && last != "--small") {
    net::Response reply = net::error_response(503, {Code::kUnavailable, "no memory"});
    reply.body = R"({"error":{"code":"out_of_memory","message":"no memory here","hint":""}})";
    return reply;
  }
  if (request.target.path == "/health") return net::json_response(200, "{}");
  const std::string mark = model + ".died";
  const bool asks_for_model = request.target.path == "/v1/models";
  if (mode == (asks_for_model ? "shy" : "mortal") && content(mark).empty()) {
    std::ofstream(mark) << "once";
    kill(getpid(), SIGKILL);
  }
  if (asks_for_model) {
    return net::json_response(
        200,
        to_text({{"data", {{{"id", "fake"}, {"hash", content_hash(mode).hex()}, {"dimensions", 4}, {"window", 16}}}}}));
  }
  if (request.target.path == "/metrics") return {.body = "docmind_engine_steps_total 1\n"};
  if (request.target.path == "/tokenize") return counts(request.body, mode);
  return net::json_response(200, mode == "lie" ? content(model + ".reply") : embeddings(request.body));
}

int serve(const std::string& model, const std::string& socket, const std::string& last) {
  const std::string mode = content(model);
  sigset_t end{};
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  if (mode == "saves") pthread_sigmask(SIG_BLOCK, &end, nullptr);  // Before it has threads.
  if (mode == "crash") {
    std::cerr << "first line\nthe weights are upside down\n";
    return 3;
  }
  if (mode != "deaf") {
    const auto server = net::Server::open({}, [&](const net::Request& request, net::ResponseWriter& writer) {
      (void)static_cast<bool>(writer.send(answer(request, model, last)));
    });
    if (!server || !(*server)->listen_unix(socket)) return 1;
    if (mode != "saves") {
      while (true) pause();
    }
    int told = 0;
    sigwait(&end, &told);
    std::ofstream(model + ".saved") << "all";
    return 0;
  }
  while (true) pause();
}

}  // namespace

int fake_engine(int argc, char** argv) {
  if (argc < 6 || std::string_view(argv[1]) != "engine") return -1;
  return serve(argv[3], argv[5], argv[argc - 1]);
}

}  // namespace docmind::llamacpp

int main(int argc, char** argv) {
  const int status = docmind::llamacpp::fake_engine(argc, argv);
  if (status >= 0) return status;
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
