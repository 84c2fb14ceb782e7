// The form of a question by which the exact layer of the cache finds it again: NFKC, case, punctuation and white space
// evened out, and nothing that could tell two questions apart.
//
// So kept are: superscripts and fractions (NFKC makes 5² of 52), signs, everything inside double quotes, the case of
// identifiers (sources.list, -T, $ENV, camelCase, Q1), of single letters, and of capitals that read as another word
// ("US", "IT"). Pure function, idempotent on its own results; time and memory grow with the bytes. Bytes that are not
// UTF-8 are returned as they are: no normal form is ill-formed, so they equal themselves alone.
#pragma once
#include <string>
#include <string_view>

namespace docmind::cache {

std::string normalised(std::string_view question);

}  // namespace docmind::cache
