// What was done to a prompt: the `context` object of every answer.
//
// Values.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "context/window.h"

namespace docmind::context {

enum class PieceKind : std::uint8_t { kMessage, kPassage, kDocument };
std::string_view name(PieceKind kind);  // "message", "passage", "document"

// A whole piece of the request that was left out, or with bytes the middle of its text.
struct Dropped {
  PieceKind kind = PieceKind::kMessage;
  std::size_t index = 0;  // Of the request as it came.
  std::string role{};     // Of a message.
  std::string id{};       // A tool call's id, or a document's title; at most 100 bytes.
  std::uint64_t tokens = 0;
  std::uint64_t start = 0;  // Bytes [start, end) of its text; both 0: all of it.
  std::uint64_t end = 0;
};

struct Report {
  bool trimmed = false;
  Policy policy = Policy::kNewest;
  std::uint32_t limit = 0;     // The window: prompt and answer together.
  std::uint32_t reserved = 0;  // Of it for the answer.
  std::uint32_t trim_from = 0;
  std::uint64_t original_tokens = 0;
  std::uint64_t final_tokens = 0;
  bool exact = true;  // false: the model's server does not count, tokens are upper bounds.
  std::vector<Dropped> dropped{};
};

// {"trimmed","policy","limit","reserved","trim_from","original_tokens","final_tokens","exact","dropped":[{"kind","index",
// "role","id","tokens","start","end"}]}; absent fields are left out. After 100 dropped pieces one entry
// {"kind":"more","count","tokens"} stands for the rest.
boost::json::object to_json(const Report& report);

}  // namespace docmind::context
