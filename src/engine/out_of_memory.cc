#include "engine/out_of_memory.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::engine {

Error out_of_memory() {
  return {Code::kUnavailable, "The memory does not suffice to go on with this model.",
          "Ask again: it is started smaller; or set engine.context or engine.batch lower, or free memory."};
}

bool ends_the_engine(const Error& error) { return error.code == Code::kUnavailable; }

std::string error_event(const Error& error) {
  if (!ends_the_engine(error)) return net::error_body(error);
  return to_text({{"error", {{"code", "out_of_memory"}, {"message", error.message}, {"hint", error.hint}}}});
}

net::Response error_reply(const Error& error) {
  net::Response reply = net::error_response(error);
  reply.body = error_event(error);
  return reply;
}

}  // namespace docmind::engine
