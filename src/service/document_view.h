// What is shown of a document's place: its text with the span marked, and where the span's words stand on the pages.
// From the library alone, no file is opened.
//
// Spans are half-open UTF-8 bytes of the stored text (doc/document.h); boxes are page points, origin at the top left.
// Functions of a snapshot; no state. Hostile input: a span must lie in the text, on character borders, and hold 1 to
// kMostSpan bytes, else kInvalidArgument. kNotFound: no such document; kConflict: text of another version is not kept.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "doc/document.h"
#include "library/library.h"

namespace docmind::service {

inline constexpr std::uint64_t kMostSpan = 64U << 10U;
inline constexpr std::uint64_t kShownText = 2000;  // Bytes, about: around a span, or from an offset.

struct PlaceAsked {
  std::string document{};           // Id or path.
  std::string version{};            // Empty: the one that is stored.
  std::optional<doc::Span> span{};  // Absent (of text alone): from `offset`.
  std::uint64_t offset = 0;
  std::string quote{};  // Of marks: what stood there, looked for when the version is another by now.
};

struct Quad {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
};

struct MarkedPage {
  std::uint32_t page = 0;  // From 1.
  std::string label{};     // As printed; may be empty.
  float width = 0;         // In points, after rotation.
  float height = 0;
  std::vector<Quad> quads{};  // In reading order, one a line and column; none where there are no word boxes.
};

struct MovedTo {
  doc::Span span;
  std::uint32_t page = 0;  // From 1; 0 without pages.
};

struct Marks {
  std::string document_id{};
  std::string version{};              // Asked for.
  std::string stored_version{};       // In the library now.
  std::vector<MarkedPage> pages{};    // None when the version is not the stored one, or has no pages.
  std::string quote{};                // The stored bytes; of another version what was given as such.
  std::optional<MovedTo> moved_to{};  // Of another version: the one place where the quote stands now.
  bool current() const { return version == stored_version; }
};

struct TextRun {
  std::string text{};
  bool mark = false;
};

struct TextView {
  std::string document_id{};
  std::string version{};
  std::string where{};  // "page 14", with "(printed 6)" when that differs; else the path of headings; may be empty.
  std::vector<TextRun> runs{};
  doc::Span shown{};        // All runs together.
  std::uint64_t bytes = 0;  // Of the whole text.
};

Result<Marks> marks_of(library::Snapshot& at, const PlaceAsked& asked);
Result<TextView> text_of(library::Snapshot& at, const PlaceAsked& asked);

}  // namespace docmind::service
