// A question that names a place in a document: a page by its number ("what is on page 3 of manual.pdf?"), a section by
// its number ("show section 2.1"). Read by rules in English and German, and only where the whole question is of such a
// form: one that merely mentions a page ("who corrected the typo on page 3?") names none. Whether there is such a
// document and place is for place_reading.h to say. Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace docmind::agents {

enum class PlaceKind : std::uint8_t { kPage, kSection };

struct AskedPlace {
  PlaceKind kind = PlaceKind::kPage;
  std::uint32_t page = 0;  // From 1; of a page.
  std::string number{};    // "2.1", "A"; of a section.
  std::string document{};  // As it is named, at most 256 bytes; empty: the one that is asked about anyway.
  std::string about{};     // What is asked about the place; empty: what stands there.
};

std::optional<AskedPlace> asked_place(std::string_view question);

}  // namespace docmind::agents
