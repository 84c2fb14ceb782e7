// The Model Context Protocol: what lets another program's model use this library as tools. One JSON-RPC 2.0 message in,
// at most one out; nothing is remembered between two.
//
// Pure but for the tools. Hostile input: what is no message is answered as the protocol says. A tool that fails is a
// result that says why (isError), so that the model can read it.
// Source: modelcontextprotocol.io, revisions 2024-11-05 to 2025-11-25 (initialize, ping, tools/list, tools/call).
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::server {

struct ToolResult {
  std::string text{};                // For the model.
  boost::json::object structured{};  // For programs: the objects of docs/api.md.
};
using Tool = std::function<Result<ToolResult>(const boost::json::object& arguments)>;

struct Tools {
  Tool ask;
  Tool search;
  Tool list_documents;
  Tool read_passage;
};

// Nothing for a notification, or for a reply to what was never asked.
std::optional<std::string> mcp_reply(std::string_view message, const Tools& tools);

}  // namespace docmind::server
