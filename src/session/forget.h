// Takes a deleted document's words out of an answer that was kept. Pure function.
//
// Claims that cite it go, with the passages shown from it; what was dropped goes whole, since it has no source. The
// answer's partial_reason then says so. Nothing else of the answer is touched.
#pragma once
#include <string_view>

#include "base/json.h"

namespace docmind::session {

// Whether it shows a passage of the document, as a citation or as what was nearest.
bool quotes_document(const boost::json::value& answer, std::string_view document_id);

// Whether anything was taken out.
bool forget_document(boost::json::value& answer, std::string_view document_id);

// Takes the claims out that no passage bears: a model that was shown earlier turns may have them from there.
void forget_unsupported(boost::json::value& answer);

}  // namespace docmind::session
