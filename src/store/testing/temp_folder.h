// The folder of a test, for the rooms that see the store but not the system.
#pragma once
#include "sys/testing/temp_folder.h"

namespace docmind::store::testing {
using sys::TempFolder;
}
