// assayd: the ledger node in embedded mode.
#include "program.hpp"

int main(int argc, char** argv) { return assayd_main(argc, argv, assay::store::RocksStore::open); }
