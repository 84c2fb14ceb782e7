// The one way in which this room says that a model file will not do.
#pragma once
#include <string>

#include "base/error.h"

namespace docmind::model {

inline Error refusal(const std::string& why) {
  return {Code::kInvalidArgument, "This model file cannot be used: " + why + ".",
          "Download it again, or import it again from its checkpoint."};
}

}  // namespace docmind::model
