// Asio, compiled once for the whole room.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
