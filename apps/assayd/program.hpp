// The program assayd, on a disk of the caller's choosing: main.cpp gives it the machine's.
#pragma once

#include "assay/node/storage.hpp"

int assayd_main(int argc, char** argv, const assay::node::StoreOpener& open_store);
