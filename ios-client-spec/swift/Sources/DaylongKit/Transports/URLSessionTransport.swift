#if canImport(Darwin)
  import CryptoKit
  import Foundation
  import Security

  /// HTTP and WebSocket by URLSession. One session for each way of trusting a server, so that a pinned certificate is never
  /// taken for another host's.
  public final class URLSessionTransport: Transport, @unchecked Sendable {
    private let lock = NSLock()
    private var sessions: [ServerTrust: URLSession] = [:]

    public init() {}

    public func send(_ request: HTTPRequest, trust: ServerTrust) async throws -> HTTPResponse {
      var urlRequest = URLRequest(url: request.url, timeoutInterval: request.timeout)
      urlRequest.httpMethod = request.method
      urlRequest.httpBody = request.body
      for (name, value) in request.headers { urlRequest.setValue(value, forHTTPHeaderField: name) }
      do {
        let (data, response) = try await session(trust).data(for: urlRequest)
        guard let http = response as? HTTPURLResponse else { throw TransportError.malformed(detail: "No HTTP answer.") }
        let headers = http.allHeaderFields.reduce(into: [String: String]()) { all, one in
          if let name = one.key as? String, let value = one.value as? String { all[name.lowercased()] = value }
        }
        return HTTPResponse(status: http.statusCode, headers: headers, body: data)
      } catch { throw Self.fault(error, trust) }
    }

    public func connect(to url: URL, protocols: [String], headers: [String: String], trust: ServerTrust) async throws
      -> any SocketConnection
    {
      var request = URLRequest(url: url)
      for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
      if !protocols.isEmpty {
        request.setValue(protocols.joined(separator: ", "), forHTTPHeaderField: "Sec-WebSocket-Protocol")
      }
      let task = session(trust).webSocketTask(with: request)
      task.maximumMessageSize = 1_048_576
      task.resume()
      return URLSessionSocket(task, trust)
    }

    private func session(_ trust: ServerTrust) -> URLSession {
      lock.withLock {
        if let known = sessions[trust] { return known }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.waitsForConnectivity = false
        let session = URLSession(configuration: configuration, delegate: PinningDelegate(trust), delegateQueue: nil)
        sessions[trust] = session
        return session
      }
    }

    static func fault(_ error: any Error, _ trust: ServerTrust) -> any Error {
      guard let error = error as? URLError else { return error }
      switch error.code {
      case .timedOut: return TransportError.timedOut
      // The delegate refuses a certificate by cancelling the challenge.
      case .cancelled where trust != .system: return TransportError.wrongCertificate
      case .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot, .secureConnectionFailed:
        return TransportError.wrongCertificate
      default: return TransportError.unreachable(detail: error.localizedDescription)
      }
    }
  }

  /// Takes the pinned certificate and no other. Without a pin the system decides.
  final class PinningDelegate: NSObject, URLSessionDelegate, Sendable {
    private let trust: ServerTrust

    init(_ trust: ServerTrust) { self.trust = trust }

    func urlSession(_ session: URLSession, didReceive challenge: URLAuthenticationChallenge) async
      -> (URLSession.AuthChallengeDisposition, URLCredential?)
    {
      guard case .pinned(let wanted) = trust,
        challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust,
        let serverTrust = challenge.protectionSpace.serverTrust
      else { return (.performDefaultHandling, nil) }
      guard let chain = SecTrustCopyCertificateChain(serverTrust) as? [SecCertificate], let leaf = chain.first else {
        return (.cancelAuthenticationChallenge, nil)
      }
      let digest = SHA256.hash(data: SecCertificateCopyData(leaf) as Data)
      let found = digest.map { String(format: "%02x", $0) }.joined()
      return Fingerprint.areEqual(found, wanted)
        ? (.useCredential, URLCredential(trust: serverTrust)) : (.cancelAuthenticationChallenge, nil)
    }
  }

  private final class URLSessionSocket: SocketConnection {
    private let task: URLSessionWebSocketTask
    private let trust: ServerTrust

    init(_ task: URLSessionWebSocketTask, _ trust: ServerTrust) {
      self.task = task
      self.trust = trust
    }

    func send(_ text: String) async throws {
      do { try await task.send(.string(text)) } catch { throw fault(error) }
    }

    func receive() async throws -> String {
      do {
        switch try await task.receive() {
        case .string(let text): return text
        case .data(let data): return String(decoding: data, as: UTF8.self)
        @unknown default: throw TransportError.malformed(detail: "A message of an unknown kind.")
        }
      } catch { throw fault(error) }
    }

    func close(code: Int, reason: String) async {
      task.cancel(with: URLSessionWebSocketTask.CloseCode(rawValue: code) ?? .normalClosure, reason: Data(reason.utf8))
    }

    private func fault(_ error: any Error) -> any Error {
      guard task.closeCode != .invalid else { return URLSessionTransport.fault(error, trust) }
      return TransportError.closed(
        code: task.closeCode.rawValue, reason: task.closeReason.map { String(decoding: $0, as: UTF8.self) } ?? "")
    }
  }
#endif
