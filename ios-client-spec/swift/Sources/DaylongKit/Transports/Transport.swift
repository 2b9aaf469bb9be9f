import Foundation

/// A request as every transport carries it.
public struct HTTPRequest: Sendable {
  public var method: String
  public var url: URL
  public var headers: [String: String]
  public var body: Data?
  /// Seconds until the whole answer has to be there.
  public var timeout: TimeInterval

  public init(
    method: String = "GET", url: URL, headers: [String: String] = [:], body: Data? = nil, timeout: TimeInterval = 30
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }
}

/// An answer. The names of headers are in lower case.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: [String: String]
  public var body: Data

  public init(status: Int, headers: [String: String] = [:], body: Data = Data()) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// How a server's certificate is judged.
public enum ServerTrust: Sendable, Hashable {
  /// By the system's roots.
  case system
  /// By the SHA-256 of the certificate (DER), as the pairing link carries it: 64 hexadecimal digits. Nothing else is looked at.
  case pinned(sha256: String)
}

public enum TransportError: Error, Sendable, Equatable {
  /// The address cannot be reached, or the connection broke; `detail` is for a log.
  case unreachable(detail: String)
  /// The certificate is not the pinned one. Never retried without the owner.
  case wrongCertificate
  case timedOut
  /// The server closed the WebSocket.
  case closed(code: Int, reason: String)
  /// The peer does not speak the protocol.
  case malformed(detail: String)
}

/// An open WebSocket. `receive` is called by one task at a time.
public protocol SocketConnection: AnyObject, Sendable {
  func send(_ text: String) async throws
  /// The next text message. Throws `TransportError.closed` when the server closes, and any other error when the line breaks.
  func receive() async throws -> String
  /// Idempotent; a pending `receive` throws.
  func close(code: Int, reason: String) async
}

/// What the client needs of the network: URLSession on Apple's platforms, sockets and OpenSSL on Linux.
public protocol Transport: Sendable {
  func send(_ request: HTTPRequest, trust: ServerTrust) async throws -> HTTPResponse
  func connect(to url: URL, protocols: [String], headers: [String: String], trust: ServerTrust) async throws
    -> any SocketConnection
}
