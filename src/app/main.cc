#include "app/run.h"

int main(int argc, char** argv) { return docmind::app::run(argc, argv); }
