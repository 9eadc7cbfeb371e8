// Blobs over real TLS on loopback.
#include <gtest/gtest.h>

#include <atomic>

#include "assay/blob/blob_client.hpp"
#include "assay/blob/blob_server.hpp"
#include "assay/host/clock.hpp"
#include "assay/net/certificate.hpp"
#include "assay/net/server.hpp"
#include "support/temporary_folder.hpp"

namespace assay::blob {
namespace {

struct Store {
  test::TemporaryFolder folder;
  std::unique_ptr<host::DiskFiles> files = std::move(*host::DiskFiles::open(folder.path()));
  std::unique_ptr<BlobStore> store = std::move(*BlobStore::open(*files));
};

struct Authority {
  net::Validity validity = net::valid_for_days(host::SystemClock().unix_ms() / 1000, 1);
  net::Certified authority = std::move(*net::make_authority("test", validity));
  net::Certified leaf =
      std::move(*net::issue_certificate(authority, {"server", {"127.0.0.1"}, validity}));
};

// Serves `store`; `change` may spoil what it answers.
struct Server {
  std::unique_ptr<net::HttpsServer> server;
  std::string url;
  Server(const Authority& a, const BlobStore& store,
         std::function<void(const net::HttpRequest&, net::HttpResponse&)> change = {}) {
    net::ServerOptions options;
    options.certificate_pem = a.leaf.certificate_pem;
    options.key_pem = a.leaf.key_pem;
    auto started = net::HttpsServer::start(
        options, [&store, change](net::HttpRequest request, net::HttpsServer::Reply reply) {
          net::HttpResponse response = serve(store, request);
          if (change) change(request, response);
          reply(std::move(response));
        });
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
    url = "https://127.0.0.1:" + std::to_string(server->port());
  }
};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i ^ (i >> 9));
  return bytes;
}

constexpr std::uint64_t kMax = 64u << 20;

TEST(BlobsOverTls, ComeWholeFromAnHonestServerDespiteALyingOne) {
  const Authority authority;
  Store source, target;
  const Bytes bytes = pattern((9u << 20) + 1234);
  const BlobId id = *source.store->put(bytes);
  ASSERT_TRUE(source.store->set_name("model/x", id));
  const Server liar(authority, *source.store, [](const auto& request, net::HttpResponse& response) {
    if (response.status == 206) response.body[response.body.size() / 2] ^= 1;
    if (request.target.ends_with("/manifest")) response.body.back() ^= 1;
  });
  const Server cutter(authority, *source.store, [](const auto&, net::HttpResponse& response) {
    if (response.status == 206) response.body.resize(response.body.size() - 1);
  });
  const Server honest(authority, *source.store);
  net::ClientOptions options;
  options.authority_pem = authority.authority.certificate_pem;
  const auto http = std::move(*net::HttpsClient::create(options));
  BlobClient client(*target.store, make_get(*http, 10'000));
  EXPECT_EQ(client.fetch(id, {liar.url}, kMax).error().code, ErrorCode::kIntegrity);
  EXPECT_FALSE(target.store->has(id));
  const auto fetched = client.fetch(id, {liar.url, cutter.url, honest.url}, kMax);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(*target.store->read_all(id, kMax), bytes);
  EXPECT_EQ(client.resolve("model/x", {honest.url}, kMax)->id, id);
  EXPECT_EQ(client.fetch(BlobId{}, {honest.url}, kMax).error().code, ErrorCode::kNotFound);
}

TEST(BlobsOverTls, AServerThatDiesHalfWayIsTakenUpWhereItStopped) {
  const Authority authority;
  Store source, target;
  const Bytes bytes = pattern(12u << 20);
  const BlobId id = *source.store->put(bytes);
  net::ClientOptions options;
  options.authority_pem = authority.authority.certificate_pem;
  const auto http = std::move(*net::HttpsClient::create(options));
  BlobClient client(*target.store, make_get(*http, 10'000));
  {
    std::atomic<int> ranges{0};
    const Server dying(authority, *source.store, [&](const auto&, net::HttpResponse& response) {
      if (response.status == 206 && ranges++ >= 1)
        response = net::make_response(503, "text/plain", "");
    });
    EXPECT_EQ(client.fetch(id, {dying.url}, kMax).error().code, ErrorCode::kUnavailable);
  }
  std::atomic<std::uint64_t> sent{0};
  const Server again(authority, *source.store, [&](const auto&, net::HttpResponse& response) {
    if (response.status == 206) sent += response.body.size();
  });
  ASSERT_TRUE(client.fetch(id, {again.url}, kMax));
  EXPECT_EQ(sent, 8u << 20);
  EXPECT_TRUE(target.store->verify(id));
}

TEST(BlobsOverTls, AStrangersCertificateIsRefused) {
  const Authority authority, other;
  Store source, target;
  const BlobId id = *source.store->put(pattern(10));
  const Server server(authority, *source.store);
  net::ClientOptions options;
  options.authority_pem = other.authority.certificate_pem;
  const auto http = std::move(*net::HttpsClient::create(options));
  BlobClient client(*target.store, make_get(*http, 10'000));
  EXPECT_EQ(client.fetch(id, {server.url}, kMax).error().code, ErrorCode::kIntegrity);
}

}  // namespace
}  // namespace assay::blob
