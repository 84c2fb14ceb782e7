// Fixed texts as states: one of many literals, and the names of free properties.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/impl/builder.h"
#include "grammar/impl/prelude.h"

namespace docmind::grammar {

// One of the texts, none empty. Common beginnings are shared.
void build_choice(Builder& builder, std::vector<std::string> texts, StateId from, StateId to);

// After an opening quote: any string but these names (as written by json_quoted), and the closing quote.
void build_other_names(Builder& builder, Prelude& prelude, const std::vector<std::string>& names, StateId from,
                       StateId to);

// A value as the automaton writes it; kFlexible as kSingle.
std::string spaced_text(const boost::json::value& value, Spacing spacing);

}  // namespace docmind::grammar
