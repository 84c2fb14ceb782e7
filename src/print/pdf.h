// A paper as a PDF file: A4, numbered pages, an outline of its headings, every script shaped and in its direction by
// Pango, with what each glyph stands for, so that the exact words can be searched and copied.
//
// What no font has stands as a box with its code, and the last paragraph says how many there are. Loads Pango and
// keeps it: for a process of its own (child.h). Thread safety: one call at a time in a process.
// Errors: kUnavailable (no Pango, no font), kResourceExhausted (more than kMostPages), kInternal.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "print/paper.h"

namespace docmind::print {

inline constexpr std::uint32_t kMostPages = 20'000;

Result<std::string> to_pdf(const Paper& paper);

}  // namespace docmind::print
