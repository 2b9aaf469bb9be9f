#if os(Linux)
  import COpenSSL
  import Foundation
  import Glibc

  /// HTTP/1.1 and WebSocket over POSIX sockets and OpenSSL, for Linux, where the package is built and tested.
  ///
  /// One connection a request, blocking calls on a thread of its own. It exists so that the rest of the package, pinning included, is
  /// tested against the real server; it is no transport for a product.
  public struct LinuxTransport: Transport {
    public init() {}

    public func send(_ request: HTTPRequest, trust: ServerTrust) async throws -> HTTPResponse {
      let line = try LineConnection(url: request.url, trust: trust, timeout: request.timeout)
      defer { line.close() }
      return try await onThread {
        try line.open()
        var headers = request.headers
        headers["Connection"] = "close"
        if let body = request.body { headers["Content-Length"] = String(body.count) }
        try line.writeHead("\(request.method) \(target(of: request.url)) HTTP/1.1", headers)
        if let body = request.body { try line.write(body) }
        let (status, answerHeaders) = try line.readHead()
        let body = try line.readBody(answerHeaders)
        return HTTPResponse(status: status, headers: answerHeaders, body: body)
      }
    }

    public func connect(to url: URL, protocols: [String], headers: [String: String], trust: ServerTrust) async throws
      -> any SocketConnection
    {
      let line = try LineConnection(url: url, trust: trust, timeout: 15)
      return try await onThread {
        do {
          try line.open()
          var all = headers
          all["Connection"] = "Upgrade"
          all["Upgrade"] = "websocket"
          all["Sec-WebSocket-Version"] = "13"
          all["Sec-WebSocket-Key"] = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
          if !protocols.isEmpty { all["Sec-WebSocket-Protocol"] = protocols.joined(separator: ", ") }
          try line.writeHead("GET \(target(of: url)) HTTP/1.1", all)
          let (status, _) = try line.readHead()
          guard status == 101 else { throw TransportError.malformed(detail: "The upgrade was answered with \(status).") }
          line.timeout = nil
          return LinuxSocket(line)
        } catch {
          line.close()
          throw error
        }
      }
    }
  }

  private func target(of url: URL) -> String {
    let components = URLComponents(url: url, resolvingAgainstBaseURL: false)
    let path = components?.percentEncodedPath ?? ""
    return (path.isEmpty ? "/" : path) + (components?.percentEncodedQuery.map { "?\($0)" } ?? "")
  }

  /// Runs a blocking call on a thread of its own: the few threads of Swift's executor are not to be held.
  private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
  }

  /// A TCP connection, with TLS where the address asks for it. Calls block; `close` from another thread ends them.
  private final class LineConnection: @unchecked Sendable {
    let url: URL
    let trust: ServerTrust
    /// Seconds that a call may wait for the peer; `nil`: for ever.
    var timeout: TimeInterval?
    private let lock = NSLock()
    private var descriptor: Int32 = -1
    private var isClosed = false
    private var ssl: OpaquePointer?
    private var context: OpaquePointer?
    private var buffered = Data()
    private let isSecure: Bool

    init(url: URL, trust: ServerTrust, timeout: TimeInterval) throws {
      guard url.host != nil else { throw TransportError.malformed(detail: "The address \(url) names no host.") }
      self.url = url
      self.trust = trust
      self.timeout = timeout
      isSecure = url.scheme == "https" || url.scheme == "wss"
    }

    deinit {
      if let ssl { SSL_free(ssl) }
      if let context { SSL_CTX_free(context) }
      if descriptor >= 0 { Glibc.close(descriptor) }
    }

    func open() throws {
      let host = url.host!.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
      var hints = addrinfo()
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      var found: UnsafeMutablePointer<addrinfo>?
      let port = String(url.port ?? (isSecure ? 443 : 80))
      guard getaddrinfo(host, port, &hints, &found) == 0, let first = found else {
        throw TransportError.unreachable(detail: "The name \(host) is not known.")
      }
      defer { freeaddrinfo(first) }
      var fault = "no address"
      var next: UnsafeMutablePointer<addrinfo>? = first
      while let one = next {
        next = one.pointee.ai_next
        let candidate = socket(one.pointee.ai_family, one.pointee.ai_socktype, one.pointee.ai_protocol)
        guard candidate >= 0 else { continue }
        if Glibc.connect(candidate, one.pointee.ai_addr, one.pointee.ai_addrlen) == 0 {
          let taken = lock.withLock { () -> Bool in
            if isClosed { return false }
            descriptor = candidate
            return true
          }
          guard taken else {
            Glibc.close(candidate)
            throw TransportError.unreachable(detail: "The connection was given up.")
          }
          // Every read and write goes through `ready`, which waits with a deadline.
          _ = fcntl(candidate, F_SETFL, fcntl(candidate, F_GETFL) | O_NONBLOCK)
          if isSecure { try handshake(host) }
          return
        }
        fault = String(cString: strerror(errno))
        Glibc.close(candidate)
      }
      throw TransportError.unreachable(detail: "\(host):\(port): \(fault)")
    }

    private func handshake(_ host: String) throws {
      guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(context) else {
        throw TransportError.unreachable(detail: "OpenSSL cannot be used.")
      }
      self.context = context
      self.ssl = ssl
      _ = daylong_require_tls12(context)
      _ = daylong_set_host_name(ssl, host)
      if trust == .system {
        SSL_CTX_set_default_verify_paths(context)
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        SSL_set1_host(ssl, host)
      }
      SSL_set_fd(ssl, descriptor)
      while true {
        let result = SSL_connect(ssl)
        if result == 1 { break }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: try ready(POLLIN)
        case SSL_ERROR_WANT_WRITE: try ready(POLLOUT)
        default:
          if SSL_get_verify_result(ssl) != Int(X509_V_OK), trust == .system { throw TransportError.wrongCertificate }
          throw TransportError.unreachable(detail: "The TLS handshake failed.")
        }
      }
      if case .pinned(let wanted) = trust {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { throw TransportError.wrongCertificate }
        defer { X509_free(certificate) }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { throw TransportError.wrongCertificate }
        let found = digest.prefix(Int(length)).map { String(format: "%02x", $0) }.joined()
        guard Fingerprint.areEqual(found, wanted) else { throw TransportError.wrongCertificate }
      }
    }

    /// Waits until the descriptor can be read or written.
    private func ready(_ events: Int32) throws {
      let waited = timeout.map { Int32($0 * 1000) } ?? -1
      while true {
        let current = lock.withLock { isClosed ? -1 : descriptor }
        guard current >= 0 else { throw TransportError.unreachable(detail: "The connection was closed.") }
        var poll = pollfd(fd: current, events: Int16(events), revents: 0)
        let count = Glibc.poll(&poll, 1, waited)
        if count > 0 { return }
        if count == 0 { throw TransportError.timedOut }
        if errno != EINTR { throw TransportError.unreachable(detail: String(cString: strerror(errno))) }
      }
    }

    func write(_ data: Data) throws {
      var rest = data[...]
      while !rest.isEmpty {
        let (written, wait) = lock.withLock { () -> (Int, Int32?) in
          guard !isClosed else { return (-1, nil) }
          return rest.withUnsafeBytes { bytes in
            if let ssl {
              let count = SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
              return count > 0 ? (Int(count), nil) : (0, waitOf(ssl, count))
            }
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            return count > 0 ? (count, nil) : (0, errno == EAGAIN ? POLLOUT : nil)
          }
        }
        if written > 0 { rest = rest.dropFirst(written) }
        else if let wait { try ready(wait) }
        else { throw TransportError.unreachable(detail: "The connection broke.") }
      }
    }

    /// What an SSL call waits for; `nil`: it failed.
    private func waitOf(_ ssl: OpaquePointer, _ result: Int32) -> Int32? {
      switch SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ: POLLIN
      case SSL_ERROR_WANT_WRITE: POLLOUT
      default: nil
      }
    }

    /// Some bytes; empty at the end of the stream.
    private func readSome() throws -> Data {
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let (count, wait) = lock.withLock { () -> (Int, Int32?) in
          guard !isClosed else { return (-1, nil) }
          if let ssl {
            let count = SSL_read(ssl, &chunk, Int32(chunk.count))
            if count > 0 { return (Int(count), nil) }
            return SSL_get_error(ssl, count) == SSL_ERROR_ZERO_RETURN ? (0, nil) : (-1, waitOf(ssl, count))
          }
          let count = recv(descriptor, &chunk, chunk.count, 0)
          return count >= 0 ? (count, nil) : (-1, errno == EAGAIN ? POLLIN : nil)
        }
        if count >= 0 { return Data(chunk.prefix(count)) }
        guard let wait else { throw TransportError.unreachable(detail: "The connection broke.") }
        try ready(wait)
      }
    }

    func read(_ count: Int) throws -> Data {
      while buffered.count < count {
        let more = try readSome()
        if more.isEmpty { throw TransportError.unreachable(detail: "The connection ended in the middle of an answer.") }
        buffered.append(more)
      }
      defer { buffered = Data(buffered.dropFirst(count)) }
      return Data(buffered.prefix(count))
    }

    private func readLine() throws -> String {
      while true {
        if let end = buffered.firstRange(of: Data("\r\n".utf8)) {
          let text = String(decoding: buffered[buffered.startIndex..<end.lowerBound], as: UTF8.self)
          buffered = Data(buffered[end.upperBound...])
          return text
        }
        if buffered.count > 65_536 { throw TransportError.malformed(detail: "A header is too long.") }
        let more = try readSome()
        if more.isEmpty { throw TransportError.unreachable(detail: "The connection ended in the middle of an answer.") }
        buffered.append(more)
      }
    }

    func writeHead(_ first: String, _ headers: [String: String]) throws {
      let host = url.port.map { "\(url.host!):\($0)" } ?? url.host!
      var lines = [first, "Host: \(host)"]
      lines += headers.map { "\($0.key): \($0.value)" }
      guard lines.allSatisfy({ !$0.contains("\r") && !$0.contains("\n") }) else {
        throw TransportError.malformed(detail: "A header holds a line break.")
      }
      try write(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    }

    func readHead() throws -> (Int, [String: String]) {
      let words = try readLine().split(separator: " ")
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        throw TransportError.malformed(detail: "The peer does not speak HTTP/1.1.")
      }
      var headers: [String: String] = [:]
      while true {
        let text = try readLine()
        if text.isEmpty { break }
        guard let colon = text.firstIndex(of: ":") else { continue }
        headers[text[..<colon].lowercased()] = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      // 100 and 103 come before the answer.
      return (100...199).contains(status) && status != 101 ? try readHead() : (status, headers)
    }

    func readBody(_ headers: [String: String]) throws -> Data {
      if headers["transfer-encoding"]?.lowercased().contains("chunked") == true {
        var body = Data()
        while true {
          let size = try readLine().split(separator: ";").first.flatMap { Int($0, radix: 16) }
          guard let size else { throw TransportError.malformed(detail: "A chunk has no size.") }
          if size == 0 {
            while try !readLine().isEmpty {}
            return body
          }
          body.append(try read(size))
          _ = try read(2)
        }
      }
      if let length = headers["content-length"].flatMap({ Int($0) }) { return try read(length) }
      var body = buffered
      buffered = Data()
      while true {
        let more = try readSome()
        if more.isEmpty { return body }
        body.append(more)
      }
    }

    /// Idempotent. Wakes a call that waits.
    func close() {
      lock.withLock {
        guard !isClosed else { return }
        isClosed = true
        if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RDWR)) }
      }
    }
  }

  /// A WebSocket (RFC 6455) over a line: text messages, without extensions.
  private final class LinuxSocket: SocketConnection, @unchecked Sendable {
    private let line: LineConnection
    private let writing = NSLock()

    init(_ line: LineConnection) { self.line = line }

    deinit { line.close() }

    func send(_ text: String) async throws {
      try await onThread { [self] in try write(opcode: 1, Data(text.utf8)) }
    }

    func receive() async throws -> String {
      try await onThread { [self] in try readMessage() }
    }

    func close(code: Int, reason: String) async {
      let status: [UInt8] = [UInt8(code >> 8 & 0xff), UInt8(code & 0xff)]
      let payload = Data(status) + Data(reason.utf8.prefix(123))
      _ = try? await onThread { [self] in try write(opcode: 8, payload) }
      line.close()
    }

    private func write(opcode: UInt8, _ payload: Data) throws {
      var frame = Data([UInt8(0x80) | opcode])
      switch payload.count {
      case ..<126: frame.append(UInt8(0x80) | UInt8(payload.count))
      case ..<65_536: frame.append(contentsOf: [UInt8(254), UInt8(payload.count >> 8), UInt8(payload.count & 0xff)] as [UInt8])
      default:
        frame.append(UInt8(255))
        frame.append(contentsOf: (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 0xff) })
      }
      let mask = (0..<4).map { _ in UInt8.random(in: .min ... .max) }
      frame.append(contentsOf: mask)
      frame.append(contentsOf: payload.enumerated().map { $1 ^ mask[$0 & 3] })
      try writing.withLock { try line.write(frame) }
    }

    private func readMessage() throws -> String {
      var message = Data()
      while true {
        let head = [UInt8](try line.read(2))
        var length = Int(head[1] & 0x7f)
        if length >= 126 {
          let bytes = try line.read(length == 126 ? 2 : 8)
          length = bytes.reduce(0) { $0 << 8 | Int($1) }
        }
        guard length <= 16 * 1_048_576 else { throw TransportError.malformed(detail: "A frame is over 16 MiB.") }
        let payload = try line.read(length)
        switch head[0] & 0x0f {
        case 0, 1, 2:
          message.append(payload)
          if head[0] & 0x80 != 0 { return String(decoding: message, as: UTF8.self) }
        case 8:
          let bytes = [UInt8](payload)
          let code = bytes.count >= 2 ? Int(bytes[0]) << 8 | Int(bytes[1]) : 1005
          try? write(opcode: 8, payload)
          line.close()
          throw TransportError.closed(code: code, reason: String(decoding: bytes.dropFirst(2), as: UTF8.self))
        case 9: try write(opcode: 10, payload)
        default: break
        }
      }
    }
  }
#endif
