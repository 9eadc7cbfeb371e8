#include <zlib.h>

#include <algorithm>
#include <limits>

#include "assay/host/read_file.hpp"

namespace assay::host {

namespace {

// Owns an inflater, whatever happens to the loop that uses it.
struct Inflater {
  z_stream stream{};
  bool ready = false;
  Inflater() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

Result<Bytes> gunzip(ByteView bytes, std::uint64_t limit_bytes) {
  constexpr std::size_t kFirstGuess = 4;  // of the ratio; grown by doubling
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  Inflater inflater;
  if (!inflater.ready) return {ErrorCode::kInternal, "gunzip: zlib cannot start"};
  z_stream& z = inflater.stream;

  Bytes out;
  std::size_t used = 0;
  std::size_t done = 0;
  for (int code = Z_OK; code != Z_STREAM_END;) {
    if (done == out.size()) {
      // One byte over the limit is room enough to see that it is exceeded.
      if (done > limit_bytes)
        return {ErrorCode::kLimit, "gunzip: unpacks to more than the limit of " +
                                       std::to_string(limit_bytes) + " bytes"};
      const std::uint64_t wanted =
          std::max<std::uint64_t>({64, out.size() * 2, bytes.size() * kFirstGuess});
      out.resize(static_cast<std::size_t>(limit_bytes < wanted ? limit_bytes + 1 : wanted));
    }
    const std::size_t in = std::min(bytes.size() - used, kPiece);
    const std::size_t room = std::min(out.size() - done, kPiece);
    z.next_in = const_cast<Bytef*>(bytes.data() + used);  // zlib's older signature; it only reads
    z.avail_in = static_cast<uInt>(in);
    z.next_out = out.data() + done;
    z.avail_out = static_cast<uInt>(room);
    code = inflate(&z, Z_NO_FLUSH);
    const std::size_t taken = in - z.avail_in;
    const std::size_t made = room - z.avail_out;
    used += taken;
    done += made;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return {ErrorCode::kMalformed, std::string("gunzip: ") + (z.msg ? z.msg : "not a gzip file")};
    if (code != Z_STREAM_END && taken == 0 && made == 0 && done < out.size())
      return {ErrorCode::kMalformed, "gunzip: the file ends too early; fetch it again"};
  }
  if (done > limit_bytes)
    return {ErrorCode::kLimit,
            "gunzip: unpacks to more than the limit of " + std::to_string(limit_bytes) + " bytes"};
  if (used != bytes.size())
    return {ErrorCode::kMalformed, "gunzip: " + std::to_string(bytes.size() - used) +
                                       " bytes follow the end of the member"};
  out.resize(done);
  return out;
}

Result<Bytes> read_gz_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  // Deflate never expands by more than 5 bytes in 16 KiB; the header may hold a name.
  const std::uint64_t slack = limit_bytes / 1024 + 4096;
  ASSAY_TRY(const Bytes packed, read_file(path, limit_bytes + slack));
  auto unpacked = gunzip(packed, limit_bytes);
  if (!unpacked) return with_context(std::move(unpacked).error(), path.string());
  return unpacked;
}

}  // namespace assay::host
