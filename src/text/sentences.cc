#include "text/sentences.h"
