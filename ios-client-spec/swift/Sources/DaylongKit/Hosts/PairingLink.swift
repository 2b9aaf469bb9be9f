import Foundation

/// What a pairing QR holds: where the server is, the code that makes this device its own, and the certificate to trust.
///
/// Two spellings are read: `daylong://pair?url=…&code=…&fp=…` for the app, and the page's `https://HOST/pair#code=…`, which a
/// phone's camera opens; `fp` may stand behind the code there too.
public struct PairingLink: Sendable, Hashable {
  public enum Fault: Error, Sendable, Equatable {
    /// Not a link of Daylong's.
    case notAPairingLink
    /// It names no server, or one that is neither http nor https.
    case noServer
    /// The code cannot be one: ten characters of Crockford's base32.
    case noCode
    /// The fingerprint is no SHA-256. Never pair without it: somebody may have cut it off.
    case badFingerprint
  }

  /// The server's address, without a path.
  public let url: URL
  public let code: String
  /// 64 hexadecimal digits in lower case; `nil`: the system's roots decide.
  public let fingerprint: String?

  public init(url: URL, code: String, fingerprint: String? = nil) throws {
    guard let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https", url.host?.isEmpty == false else {
      throw Fault.noServer
    }
    guard let code = PairingCode.normalized(code) else { throw Fault.noCode }
    var components = URLComponents(url: url, resolvingAgainstBaseURL: false)!
    components.path = ""
    components.query = nil
    components.fragment = nil
    guard let address = components.url else { throw Fault.noServer }
    self.url = address
    self.code = code
    self.fingerprint = try fingerprint.map {
      guard let digits = Fingerprint.normalized($0) else { throw Fault.badFingerprint }
      return digits
    }
  }

  public init(_ text: String) throws {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let components = URLComponents(string: trimmed), let scheme = components.scheme?.lowercased() else {
      throw Fault.notAPairingLink
    }
    switch scheme {
    case "daylong":
      guard components.host?.lowercased() == "pair" else { throw Fault.notAPairingLink }
      let values = Self.values(of: components.queryItems)
      guard let address = values["url"].flatMap({ URL(string: $0) }) else { throw Fault.noServer }
      try self.init(url: address, code: values["code"] ?? "", fingerprint: values["fp"])
    case "http", "https":
      guard components.path == "/pair", let url = components.url else { throw Fault.notAPairingLink }
      var fragment = URLComponents()
      fragment.percentEncodedQuery = components.percentEncodedFragment
      let values = Self.values(of: fragment.queryItems)
      try self.init(url: url, code: values["code"] ?? "", fingerprint: values["fp"])
    default: throw Fault.notAPairingLink
    }
  }

  private static func values(of items: [URLQueryItem]?) -> [String: String] {
    (items ?? []).reduce(into: [:]) { values, item in values[item.name] = values[item.name] ?? item.value }
  }

  public var trust: ServerTrust { fingerprint.map { .pinned(sha256: $0) } ?? .system }
}

/// Ten characters of Crockford's base32, one use, ten minutes.
public enum PairingCode {
  private static let alphabet = Set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  /// A typed code in its one spelling: lower case, O, I, L, blanks and hyphens are forgiven. `nil` when it cannot be a code.
  public static func normalized(_ typed: String) -> String? {
    let code = String(
      typed.uppercased().filter { !$0.isWhitespace && $0 != "-" }
        .map { $0 == "O" ? "0" : $0 == "I" || $0 == "L" ? "1" : $0 })
    return code.count == 10 && code.allSatisfy(alphabet.contains) ? code : nil
  }
}
