// A server and clients on loopback under an authority made for the test.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>

#include "assay/net/certificate.hpp"
#include "assay/net/client.hpp"
#include "assay/net/server.hpp"

namespace assay::net {

class HttpsTest : public testing::Test {
 protected:
  static const Certified& authority() {
    static const Certified made = *make_authority(
        "test authority", valid_for_days(static_cast<std::uint64_t>(::time(nullptr)), 1));
    return made;
  }
  static Certified leaf(const Certified& from, std::vector<std::string> hosts) {
    return *issue_certificate(
        from,
        {"leaf", std::move(hosts), valid_for_days(static_cast<std::uint64_t>(::time(nullptr)), 1)});
  }
  static ServerOptions server_options() {
    static const Certified made = leaf(authority(), {"localhost", "127.0.0.1"});
    ServerOptions options;
    options.certificate_pem = made.certificate_pem;
    options.key_pem = made.key_pem;
    return options;
  }
  static ClientOptions client_options() {
    ClientOptions options;
    options.authority_pem = authority().certificate_pem;
    return options;
  }

  // Echoes: the method, target and body come back; "/size/N" gives N bytes.
  static void echo(HttpRequest request, const HttpsServer::Reply& reply) {
    HttpResponse response;
    response.headers.add("X-Method", request.method);
    response.headers.add("X-Target", request.target);
    if (request.target.rfind("/size/", 0) == 0)
      response.body.assign(std::stoul(request.target.substr(6)), 0x5a);
    else
      response.body = std::move(request.body);
    reply(std::move(response));
  }

  void start(const ServerOptions& options = server_options(), HttpsServer::Handler handler = echo) {
    auto started = HttpsServer::start(options, std::move(handler));
    ASSERT_TRUE(started) << started.error().message;
    m_server = *std::move(started);
    m_url.host = "127.0.0.1";
    m_url.port = m_server->port();
    m_client = *HttpsClient::create(client_options());
  }

  // What a healthy server answers.
  void expect_alive() {
    const auto response = m_client->request(m_url, {});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200u);
  }

  std::unique_ptr<HttpsServer> m_server;
  std::unique_ptr<HttpsClient> m_client;
  Url m_url;
};

}  // namespace assay::net
